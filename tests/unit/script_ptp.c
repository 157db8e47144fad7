#include "tests/unit/script_ptp.h"

#include "drivers/ptp/code.h"
#include "storage/base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STORAGE 0x00010001u
#define SECOND 0x00020001u
#define PACKET 512u
#define JUNK 0xDEADBEEFu

static uint64_t eight(const struct ptp_object *o, uint64_t at)
{
    uint64_t x = (at / 8 + 1) * 0x9E3779B97F4A7C15u + o->handle * 0xC2B2AE3D27D4EB4Fu;
    return x ^ x >> 29;
}

void script_ptp_bytes(const struct ptp_object *o, uint64_t at, uint8_t *p, size_t n)
{
    uint8_t x[8];
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || (at + i) % 8 == 0)
            bytes_put_le64(x, eight(o, at + i));
        p[i] = x[(at + i) % 8];
    }
}

uint8_t script_ptp_byte(const struct ptp_object *o, uint64_t at)
{
    uint8_t x;
    script_ptp_bytes(o, at, &x, 1);
    return x;
}

/* --- putting datasets together --------------------------------------------- */

static void put(struct buf *b, const void *p, size_t n)
{
    assert_int_equal(buf_add(b, p, n), ERR_OK);
}

static void put8(struct buf *b, unsigned v)
{
    uint8_t x = (uint8_t)v;
    put(b, &x, 1);
}

static void put16(struct buf *b, unsigned v)
{
    uint8_t x[2];
    bytes_put_le16(x, (uint16_t)v);
    put(b, x, sizeof x);
}

static void put32(struct buf *b, uint32_t v)
{
    uint8_t x[4];
    bytes_put_le32(x, v);
    put(b, x, sizeof x);
}

static void put64(struct buf *b, uint64_t v)
{
    uint8_t x[8];
    bytes_put_le64(x, v);
    put(b, x, sizeof x);
}

static void put_text(struct buf *b, const char *s)
{
    size_t n = strlen(s);
    put8(b, n ? (unsigned)n + 1 : 0);
    for (size_t i = 0; n && i <= n; i++)
        put16(b, (uint8_t)s[i]);
}

static void put_codes(struct buf *b, const uint16_t *codes, size_t n)
{
    put32(b, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        put16(b, codes[i]);
}

/* --- messages -------------------------------------------------------------- */

static uint32_t id_told(const struct script_ptp *d)
{
    return d->quirks & PTP_JUNK_ID ? JUNK : d->id;
}

static void head(struct script_ptp *d, struct buf *b, uint32_t length, unsigned type, unsigned code)
{
    put32(b, length);
    put16(b, type);
    put16(b, code);
    put32(b, id_told(d));
}

static void answer_into(struct script_ptp *d, struct script *s, struct buf *b, unsigned code)
{
    if (d->quirks & PTP_EVENTS_IN_BULK) {
        struct buf event = {0};
        head(d, &event, 16, 4, EVENT_OBJECT_ADDED);
        put32(&event, 7);
        script_say(s, event.p, event.len);
        buf_free(&event);
    }
    head(d, b, 12, 3, code);
}

static void answer(struct script_ptp *d, struct script *s, unsigned code)
{
    struct buf b = {0};
    answer_into(d, s, &b, code);
    script_say(s, b.p, b.len);
    buf_free(&b);
}

/* Data and an answer; length: what the head says. */
static void reply(struct script_ptp *d, struct script *s, const struct buf *data, uint32_t length)
{
    struct buf b = {0};
    head(d, &b, length, 2, bytes_le16(d->command + 6));
    if (d->quirks & PTP_SPLIT) {
        script_say(s, b.p, b.len);
        buf_clear(&b);
    }
    if (data->len)
        put(&b, data->p, data->len);
    bool full = b.len % PACKET == 0;
    bool glued = d->quirks & PTP_GLUED || (full && b.len && d->quirks & PTP_NO_ZLP);
    if (glued && !(d->quirks & PTP_EVENTS_IN_BULK)) {
        head(d, &b, 12, 3, ANSWER_OK);
        script_say(s, b.p, b.len);
    } else {
        if (b.len || !(d->quirks & PTP_SPLIT))
            script_say(s, b.p, b.len);
        if (full)
            script_say(s, NULL, 0);
        answer(d, s, ANSWER_OK);
    }
    buf_free(&b);
}

static void reply_all(struct script_ptp *d, struct script *s, struct buf *data)
{
    reply(d, s, data, (uint32_t)(12 + data->len));
    buf_free(data);
}

/* --- operations ------------------------------------------------------------ */

static struct ptp_object *find(struct script_ptp *d, uint32_t handle)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->objects[i].handle == handle && (d->objects[i].shown || !(d->quirks & PTP_LISTS_FIRST)))
            return &d->objects[i];
    return NULL;
}

static void device_info(struct script_ptp *d, struct script *s)
{
    static const uint16_t plain[] = {OP_DEVICE_INFO,   OP_OPEN_SESSION,   OP_CLOSE_SESSION, OP_STORAGE_IDS,
                                     OP_STORAGE_INFO,  OP_OBJECT_HANDLES, OP_OBJECT_INFO,   OP_OBJECT,
                                     OP_PROPERTY_DESC, OP_PROPERTY,       OP_SET_PROPERTY,  0x100B};
    static const uint16_t properties[] = {PROP_BATTERY, PROP_DATE_TIME}, formats[] = {FORMAT_FOLDER, 0x3000};
    uint16_t all[32];
    size_t n = sizeof plain / sizeof *plain;
    struct buf b = {0};
    memcpy(all, plain, sizeof plain);
    if (!(d->quirks & PTP_NO_PROPLIST))
        all[n++] = OP_OBJECT_PROPLIST;
    if (!(d->quirks & PTP_NO_DC04))
        all[n++] = OP_OBJECT_PROPERTY;
    if (!(d->quirks & PTP_NO_PARTIAL))
        all[n++] = OP_PARTIAL;
    if (!(d->quirks & (PTP_NO_PARTIAL | PTP_NO_PARTIAL_64)))
        all[n++] = OP_PARTIAL_64;
    put16(&b, 100);
    put32(&b, 6);
    put16(&b, 100);
    put_text(&b, "microsoft.com: 1.0;");
    put16(&b, 0);
    put_codes(&b, all, n);
    put_codes(&b, NULL, 0);
    put_codes(&b, properties, 2);
    put_codes(&b, NULL, 0);
    put_codes(&b, formats, 2);
    put_text(&b, "Maker");
    put_text(&b, "Model");
    put_text(&b, "1.0");
    put_text(&b, "S\x1bN-1");
    reply_all(d, s, &b);
}

static void object_handles(struct script_ptp *d, struct script *s, uint32_t storage, uint32_t parent)
{
    struct buf b = {0};
    uint32_t n = 0;
    put32(&b, 0);
    for (size_t i = 0; i < d->n && storage == STORAGE; i++) {
        bool root = parent == HANDLE_ROOT || parent == 0;
        if (root ? d->quirks & PTP_ROOT_ALL || d->objects[i].parent == 0 : d->objects[i].parent == parent) {
            put32(&b, d->objects[i].handle);
            d->objects[i].shown = true;
            n++;
        }
    }
    if (d->quirks & PTP_LOOP && parent == 2) {
        put32(&b, 1);
        n++;
    }
    bytes_put_le32(b.p, d->claim && parent == HANDLE_ROOT ? d->claim : n);
    reply_all(d, s, &b);
}

static void object_info(struct script_ptp *d, struct script *s, const struct ptp_object *o)
{
    struct buf b = {0};
    uint8_t nothing[28] = {0};
    put32(&b, STORAGE);
    put16(&b, o->folder ? FORMAT_FOLDER : 0x3000);
    put16(&b, 0);
    put32(&b, d->quirks & PTP_INFO_LIES ? SIZE_UNKNOWN : o->size);
    put(&b, nothing, 26);
    put32(&b, o->parent);
    put(&b, nothing, 10);
    put_text(&b, o->name);
    put_text(&b, "20261124T220000");
    put_text(&b, "20261125T073940.5Z");
    put_text(&b, "");
    reply_all(d, s, &b);
}

static uint32_t element(struct buf *b, const struct ptp_object *o, unsigned property, unsigned type, uint64_t value,
                        const char *text)
{
    put32(b, o->handle);
    put16(b, property);
    put16(b, type);
    if (text)
        put_text(b, text);
    else if (type == 4)
        put16(b, (unsigned)value);
    else if (type == 6)
        put32(b, (uint32_t)value);
    else
        put64(b, value);
    return 1;
}

static uint32_t elements(struct script_ptp *d, struct buf *b, const struct ptp_object *o)
{
    uint32_t n = element(b, o, OBJECT_STORAGE, 6, STORAGE, NULL);
    n += element(b, o, OBJECT_FORMAT, 4, o->folder ? FORMAT_FOLDER : 0x3000, NULL);
    if (!(d->quirks & PTP_NO_DC04))
        n += element(b, o, OBJECT_SIZE, 8, o->size, NULL);
    n += element(b, o, OBJECT_PARENT, 6, o->parent, NULL);
    n += element(b, o, OBJECT_NAME, 0xFFFF, 0, o->name);
    return n + element(b, o, OBJECT_MODIFIED, 0xFFFF, 0, "20261125T073940.5Z");
}

static void proplist(struct script_ptp *d, struct script *s, uint32_t handle, uint32_t depth)
{
    struct buf b = {0};
    uint32_t n = 0;
    put32(&b, 0);
    if (depth && !(d->quirks & PTP_DEEP)) {
        buf_free(&b);
        answer(d, s, 0xA808);
        return;
    }
    for (size_t i = 0; i < d->n; i++)
        if (depth ? d->objects[i].parent == handle : d->objects[i].handle == handle)
            n += elements(d, &b, &d->objects[i]);
    bytes_put_le32(b.p, n);
    reply_all(d, s, &b);
}

/* length 0 of GetObject: all of it */
static void object_data(struct script_ptp *d, struct script *s, const struct ptp_object *o, uint64_t from, uint64_t n)
{
    struct buf b = {0};
    uint64_t all = (uint64_t)o->size + o->more;
    uint64_t left = from < all ? all - from : 0;
    n = n < left ? n : left;
    if (o->bad || d->answer_with) {
        answer(d, s, d->answer_with ? d->answer_with : ANSWER_ERROR);
        return;
    }
    assert_int_equal(buf_reserve(&b, (size_t)n + 1), ERR_OK);
    script_ptp_bytes(o, from, b.p, (size_t)n);
    b.len = (size_t)n;
    uint32_t length = d->quirks & PTP_ENDLESS ? UINT32_MAX : (uint32_t)(12 + n);
    if (d->quirks & PTP_DATA_SHORT && b.len > 1)
        b.len /= 2;
    reply(d, s, &b, length);
    buf_free(&b);
}

static void property(struct script_ptp *d, struct script *s, uint32_t code)
{
    struct buf b = {0};
    put16(&b, code);
    if (code == PROP_BATTERY) { /* a level of 0 to 4, by steps of 1 */
        put16(&b, 2);
        put(&b, "\0\0\3\1\0\4\1", 7);
    } else {
        put16(&b, 0xFFFF);
        put8(&b, 1);
        put_text(&b, "");
        put_text(&b, d->clock);
        put8(&b, 0);
    }
    reply_all(d, s, &b);
}

static void storages(struct script_ptp *d, struct script *s)
{
    struct buf b = {0};
    bool two = d->quirks & PTP_TWO_STORAGES, locked = d->quirks & PTP_LOCKED;
    put32(&b, locked ? 0 : 2);
    if (!locked) {
        put32(&b, STORAGE);
        put32(&b, two ? SECOND : 0x00020000); /* a slot without a card */
    }
    reply_all(d, s, &b);
}

static void storage_info(struct script_ptp *d, struct script *s)
{
    struct buf b = {0};
    put16(&b, 4);
    put16(&b, 2);
    put16(&b, 0);
    put64(&b, 1000000);
    put64(&b, 400000);
    put32(&b, 0);
    put_text(&b, "card");
    put_text(&b, "LABEL");
    reply_all(d, s, &b);
}

static void about_object(struct script_ptp *d, struct script *s, unsigned code, const uint32_t *p)
{
    const struct ptp_object *o = find(d, p[0]);
    bool partial = code == OP_PARTIAL || code == OP_PARTIAL_64;
    struct buf b = {0};
    if (!o)
        answer(d, s, ANSWER_NO_OBJECT);
    else if (partial && d->quirks & PTP_PARTIAL_REFUSED)
        answer(d, s, ANSWER_NO_OPERATION);
    else if (code == OP_OBJECT_INFO)
        object_info(d, s, o);
    else if (code == OP_OBJECT_PROPERTY) {
        put64(&b, o->size);
        reply_all(d, s, &b);
    } else if (o->folder)
        answer(d, s, ANSWER_NO_OBJECT);
    else if (code == OP_OBJECT)
        object_data(d, s, o, 0, UINT64_MAX);
    else if (code == OP_PARTIAL)
        object_data(d, s, o, p[1], p[2]);
    else
        object_data(d, s, o, p[1] | (uint64_t)p[2] << 32, p[3]);
}

static void in_session(struct script_ptp *d, struct script *s, unsigned code, const uint32_t *p)
{
    switch (code) {
    case OP_CLOSE_SESSION:
        d->open = false;
        for (size_t i = 0; i < d->n; i++)
            d->objects[i].shown = false;
        answer(d, s, ANSWER_OK);
        break;
    case OP_STORAGE_IDS:
        storages(d, s);
        break;
    case OP_STORAGE_INFO:
        storage_info(d, s);
        break;
    case OP_OBJECT_HANDLES:
        object_handles(d, s, p[0], p[2]);
        break;
    case OP_PROPERTY_DESC:
        property(d, s, p[0]);
        break;
    case OP_OBJECT_PROPLIST:
        if (!(d->quirks & PTP_NO_PROPLIST)) {
            proplist(d, s, p[0], p[4]);
            break;
        }
        answer(d, s, ANSWER_NO_OPERATION);
        break;
    case OP_OBJECT_INFO:
    case OP_OBJECT:
    case OP_OBJECT_PROPERTY:
    case OP_PARTIAL:
    case OP_PARTIAL_64:
        about_object(d, s, code, p);
        break;
    default:
        answer(d, s, ANSWER_NO_OPERATION);
    }
}

static void command(struct script_ptp *d, struct script *s)
{
    uint32_t p[5] = {0};
    unsigned code = bytes_le16(d->command + 6);
    for (size_t i = 0; i < 5 && 12 + 4 * i + 4 <= d->command_len; i++)
        p[i] = bytes_le32(d->command + 12 + 4 * i);
    d->id = bytes_le32(d->command + 8);
    d->seen[code]++;
    if (d->quirks & PTP_BUSY && !d->busy_said) {
        d->busy_said = !d->always_busy;
        answer(d, s, ANSWER_BUSY);
    } else if (code == OP_DEVICE_INFO && (d->open || !(d->quirks & PTP_SHY))) {
        device_info(d, s);
    } else if (code == OP_OPEN_SESSION) {
        answer(d, s, d->open ? ANSWER_SESSION_OPEN : ANSWER_OK);
        d->open = true;
    } else if (!d->open) {
        answer(d, s, ANSWER_NO_SESSION);
    } else {
        in_session(d, s, code, p);
    }
}

static void set_clock(struct script_ptp *d, struct script *s, const uint8_t *p, size_t n)
{
    d->command_len = 0;
    if (d->quirks & PTP_CLOCK_REFUSED || bytes_le32(d->command + 12) != PROP_DATE_TIME || n < 13) {
        answer(d, s, ANSWER_NO_OPERATION);
        return;
    }
    size_t letters = p[12];
    for (size_t i = 0; i < letters && i < sizeof d->clock && 13 + 2 * i < n; i++)
        d->clock[i] = (char)p[13 + 2 * i];
    answer(d, s, ANSWER_OK);
}

static void note_head(struct script_ptp *d, uint64_t at)
{
    if (d->n_heads < sizeof d->heads / sizeof d->heads[0])
        d->heads[d->n_heads++] = at;
}

static void out(void *self, struct script *s, const uint8_t *p, size_t n)
{
    struct script_ptp *d = self;
    bool sound = n >= 12 && n <= 32 + 256 && bytes_le32(p) == n;
    /* the command itself, what it brings, and the answer before it */
    if (s->bytes >= n + 12)
        note_head(d, s->bytes - n - 12);
    note_head(d, s->bytes - n);
    note_head(d, s->bytes);
    if (sound && bytes_le16(p + 4) == 2 && d->command_len) {
        set_clock(d, s, p, n);
    } else if (sound && bytes_le16(p + 4) == 1 && n <= sizeof d->command) {
        memcpy(d->command, p, n);
        d->command_len = n;
        if (bytes_le16(p + 6) != OP_SET_PROPERTY)
            command(d, s);
    } else if (n) {
        script_halt(s, true);
    }
}

static enum usb_result control(void *self, struct script *s, const struct usb_request *r, uint8_t *p, size_t n,
                               size_t *got)
{
    struct script_ptp *d = self;
    if (d->quirks & PTP_NO_CLASS)
        return USB_STALL;
    if (r->request == 0x67 && n >= 4) {
        memcpy(p, "\4\0\1\x20", 4);
        *got = 4;
        return USB_OK;
    }
    if (r->request == 0x64 && n == 6 && !(d->quirks & PTP_DEAF))
        script_forget(s);
    if (r->request == 0x66) {
        d->resets++;
        script_forget(s);
        d->open = false;
    }
    return USB_OK;
}

static void reset(void *self, struct script *s)
{
    struct script_ptp *d = self;
    script_forget(s);
    d->resets++;
    d->open = false;
}

struct script_device script_ptp(struct script_ptp *d)
{
    d->open = d->quirks & PTP_LEFT_OPEN;
    d->busy_said = false;
    d->command_len = 0;
    d->n_heads = 0;
    memset(d->seen, 0, sizeof d->seen);
    if (!d->clock[0])
        strcpy(d->clock, "20261125T120000");
    for (size_t i = 0; i < d->n; i++)
        d->objects[i].shown = false;
    return (struct script_device){d, out, control, reset};
}

void script_ptp_pipes(struct usb *u)
{
    u->pipes = (struct usb_interface){
        .class = 6, .subclass = 1, .protocol = 1, .in = 0x81, .out = 0x02, .event = 0x83, .packet = PACKET};
}
