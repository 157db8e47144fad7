/* How a camera is told to forget one file: what goes over the cable. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/erase/delete_mtp.h"
#include "drivers/erase/delete_vendor.h"
#include "drivers/msc/msc.h"
#include "drivers/profiles/profile_inside.h"
#include "drivers/ptp/code.h"
#include "drivers/ptp/ptp.h"
#include "drivers/ptp/session.h"
#include "storage/base/bytes.h"
#include "tests/unit/script_bot.h"

#define SECTORS 64u
#define SECTOR 512u

/* A disk that takes data behind a vendor's command, too. */
struct rig {
    struct script s;
    struct script_bot bot;
    struct script_device inner;
    struct usb u;
    struct disk disk;
    uint8_t *bytes;
    bool data_comes;
    struct buf data;
};

static void out(void *self, struct script *s, const uint8_t *p, size_t n)
{
    struct rig *r = self;
    if (r->data_comes) {
        r->data_comes = false;
        assert_int_equal(buf_add(&r->data, p, n), ERR_OK);
        return;
    }
    /* the model knows no data to the device: it sees a command without any */
    uint8_t cbw[31];
    assert_int_equal(n, sizeof cbw);
    memcpy(cbw, p, sizeof cbw);
    r->data_comes = !(cbw[12] & 0x80) && bytes_le32(cbw + 8);
    if (r->data_comes)
        memset(cbw + 8, 0, 4);
    r->inner.out(r->inner.self, s, cbw, n);
}

static enum usb_result control(void *self, struct script *s, const struct usb_request *q, uint8_t *p, size_t n,
                               size_t *got)
{
    struct rig *r = self;
    return r->inner.control(r->inner.self, s, q, p, n, got);
}

static void rig_begin(struct rig *r)
{
    *r = (struct rig){0};
    r->bytes = calloc(SECTORS, SECTOR);
    assert_non_null(r->bytes);
    r->bot = (struct script_bot){
        .disk = r->bytes, .sector = SECTOR, .sectors = SECTORS, .bad = UINT64_MAX, .at = UINT32_MAX};
    r->inner = script_bot(&r->bot);
    struct script_device device = {.self = r, .out = out, .control = control};
    script_begin(&r->s, &r->u, &device);
    assert_int_equal(msc_open(&r->disk, &r->u, 0), ERR_OK);
}

static void rig_end(struct rig *r)
{
    r->disk.free(r->disk.self);
    script_end(&r->s);
    buf_free(&r->data);
    free(r->bytes);
}

static struct profile *model(const char *erase)
{
    char text[512];
    struct profile *p;
    int n = snprintf(text, sizeof text,
                     "feldsher-profile 1\nname: mine\ntitle: Mine\nspeaks: storage\nautomatic: no\nfiles: **\n"
                     "clock: none\nerase: %s\n",
                     erase);
    enum err e = profile_read(&p, "mine", text, (size_t)n);
    if (e)
        fail_msg("%s", err_text());
    return p;
}

/* A disk whose model erases so. */
static struct profile *rig_vendor(struct rig *r, struct deleter *d, struct delete_vendor *v, const char *erase)
{
    struct profile *p = model(erase);
    rig_begin(r);
    assert_true(delete_vendor(d, v, p, &r->disk));
    return p;
}

static const struct camera_file file = {"DCIM/100MEDIA/MOV_0001.MP4", 5, 0, CAMERA_FILE, ""};

static void the_command_names_another_file_or_writes(void **state)
{
    (void)state;
    struct rig r;
    struct deleter d;
    struct delete_vendor v;
    struct profile *p = rig_vendor(&r, &d, &v, "command D0 01 02 03 04 05 06 07 08 09");
    assert_string_equal(d.how, "vendor");
    assert_int_equal(d.remove(d.self, &file), ERR_OK);
    const uint8_t cdb[] = {0xd0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    assert_memory_equal(r.bot.vendor, cdb, sizeof cdb);
    assert_int_equal(r.data.len, strlen(file.path) + 2);
    assert_string_equal((const char *)r.data.p, "/DCIM/100MEDIA/MOV_0001.MP4");
    assert_int_equal(r.bot.seen[0x2a] + r.bot.seen[0x8a] + r.bot.seen[0x04] + r.bot.seen[0x42], 0);
    rig_end(&r);
    free(p);
}

static void a_pulled_or_refusing_camera_is_said_to_have_erased(void **state)
{
    (void)state;
    struct rig r;
    struct deleter d;
    struct delete_vendor v;
    struct profile *p = rig_vendor(&r, &d, &v, "command D0 00 00 00 00 00");
    r.bot.quirk = QUIRK_PHASE;
    r.bot.at = r.bot.commands;
    assert_int_equal(d.remove(d.self, &file), ERR_IO);
    script_fault(&r.s, SCRIPT_CUT, r.s.bytes + 10);
    assert_int_equal(d.remove(d.self, &file), ERR_AGAIN);
    rig_end(&r);
    free(p);
}

static void a_model_without_a_command_gets_one(void **state)
{
    (void)state;
    struct rig r;
    struct deleter d;
    struct delete_vendor v = {.len = 0};
    struct profile *p = model("none");
    rig_begin(&r);
    assert_false(delete_vendor(&d, &v, p, &r.disk));
    assert_int_equal(d.remove(d.self, &file), ERR_BUG); /* 00 is no vendor's */
    v.cdb[0] = 0x2a;
    assert_int_equal(d.remove(d.self, &file), ERR_BUG);
    assert_int_equal(r.bot.seen[0x2a], 0);
    rig_end(&r);
    free(p);
}

/* The transport is the real one; what is listed, and under which number, is ours. */
static struct session *mtp_session;
static uint32_t mtp_handle;
static enum err mtp_lists;

enum err ptp_handle(const struct camera *c, const char *path, uint32_t *handle)
{
    (void)c;
    assert_string_equal(path, file.path);
    *handle = mtp_handle;
    return mtp_lists ? err_set(mtp_lists, "nothing of this name is listed") : ERR_OK;
}

struct ptp *ptp_of(const struct camera *c)
{
    (void)c;
    return NULL;
}

struct session *ptp_session(struct ptp *p)
{
    (void)p;
    return mtp_session;
}

/* A responder that remembers the last command and answers with a code. */
struct responder {
    uint8_t command[64];
    size_t n;
    unsigned commands;
    uint16_t answer;
};

static void respond(void *self, struct script *s, const uint8_t *p, size_t n)
{
    struct responder *r = self;
    assert_in_range(n, 12, sizeof r->command);
    memcpy(r->command, p, n);
    r->n = n;
    r->commands++;
    /* length, type 3 (response), code, transaction: PIMA 15740 annex D */
    uint8_t answer[12] = {12, 0, 0, 0, 3, 0, (uint8_t)r->answer, (uint8_t)(r->answer >> 8)};
    memcpy(answer + 8, p + 8, 4);
    script_say(s, answer, sizeof answer);
}

static enum usb_result no_control(void *self, struct script *s, const struct usb_request *q, uint8_t *p, size_t n,
                                  size_t *got)
{
    (void)self;
    (void)s;
    (void)q;
    (void)p;
    (void)n;
    *got = 0;
    return USB_STALL;
}

static void another_object_or_all_of_them_go(void **state)
{
    (void)state;
    struct script s;
    struct usb u;
    struct responder r = {.answer = ANSWER_OK};
    struct script_device device = {.self = &r, .out = respond, .control = no_control};
    struct camera camera = {.self = NULL};
    struct deleter d;
    script_begin(&s, &u, &device);
    assert_int_equal(session_new(&mtp_session, &u), ERR_OK);
    session_numbers(mtp_session, true);
    delete_mtp(&d, &camera);
    assert_string_equal(d.how, "mtp");
    mtp_handle = 0x12345678;
    assert_int_equal(d.remove(d.self, &file), ERR_OK);
    const uint8_t want[] = {20, 0, 0, 0, 1, 0, 0x0b, 0x10};
    assert_int_equal(r.n, 20);
    assert_memory_equal(r.command, want, sizeof want);
    assert_int_equal(bytes_le32(r.command + 12), 0x12345678);
    assert_int_equal(bytes_le32(r.command + 16), 0);
    /* numbers that no single file has; one that is not listed */
    unsigned before = r.commands;
    mtp_handle = UINT32_MAX;
    assert_int_equal(d.remove(d.self, &file), ERR_DATA);
    mtp_handle = 0;
    assert_int_equal(d.remove(d.self, &file), ERR_DATA);
    mtp_handle = 7;
    mtp_lists = ERR_NOINPUT;
    assert_int_equal(d.remove(d.self, &file), ERR_IO);
    mtp_lists = ERR_OK;
    assert_int_equal(r.commands, before);
    /* it refuses; half of it; it is pulled out */
    static const uint16_t no[] = {ANSWER_DENIED, 0x2012, 0x200d, ANSWER_NO_OPERATION, ANSWER_NO_OBJECT};
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
        r.answer = no[i];
        assert_int_not_equal(d.remove(d.self, &file), ERR_OK);
    }
    r.answer = ANSWER_OK;
    script_fault(&s, SCRIPT_CUT, s.bytes + 25);
    assert_int_equal(d.remove(d.self, &file), ERR_AGAIN);
    session_free(mtp_session);
    script_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_command_names_another_file_or_writes),
        cmocka_unit_test(a_pulled_or_refusing_camera_is_said_to_have_erased),
        cmocka_unit_test(a_model_without_a_command_gets_one),
        cmocka_unit_test(another_object_or_all_of_them_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
