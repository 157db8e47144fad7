/* Storage on USB: wrong, late, short and missing answers end in the right
 * bytes or a clear failure; nothing but reading is ever asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/msc/msc.h"
#include "drivers/msc/scsi.h"
#include "tests/unit/script_bot.h"

#define SECTORS 4096u
#define SECTOR 512u

struct rig {
    struct script s;
    struct script_bot d;
    struct usb u;
    struct disk disk;
    uint8_t *disk_bytes, *read;
};

static void rig_begin(struct rig *r)
{
    *r = (struct rig){0};
    r->disk_bytes = malloc((size_t)SECTORS * SECTOR);
    r->read = malloc((size_t)SECTORS * SECTOR);
    assert_non_null(r->disk_bytes);
    assert_non_null(r->read);
    uint32_t x = 12345;
    for (size_t i = 0; i < (size_t)SECTORS * SECTOR; i++) {
        x = x * 1664525u + 1013904223u;
        r->disk_bytes[i] = (uint8_t)(x >> 24);
    }
    r->d = (struct script_bot){.disk = r->disk_bytes,
                               .sector = SECTOR,
                               .sectors = SECTORS,
                               .bad = UINT64_MAX,
                               .attentions = 1,
                               .at = UINT32_MAX};
    struct script_device device = script_bot(&r->d);
    script_begin(&r->s, &r->u, &device);
    r->s.stop_posting_early = true;
}

static void rig_end(struct rig *r)
{
    script_end(&r->s);
    free(r->disk_bytes);
    free(r->read);
}

static bool is_reading(const struct rig *r)
{
    static const uint8_t allowed[] = {0x00, 0x03, 0x12, 0x1a, 0x25, 0x28, 0x88, 0x9e};
    for (unsigned op = 0; op < 256; op++)
        if (r->d.seen[op] && !memchr(allowed, (int)op, sizeof allowed))
            return false;
    return true;
}

/* A session as an offload has it: large reads, small ones, the end. */
static const struct {
    uint64_t first;
    uint32_t n;
} reads[] = {{0, 1}, {1, 700}, {2000, 3}, {701, 1024}, {SECTORS - 9, 9}};

/* *wrong: bytes returned as right that are not. */
static enum err session(struct rig *r, size_t *wrong)
{
    *wrong = 0;
    enum err e = msc_open(&r->disk, &r->u, 2000);
    if (e)
        return e;
    for (size_t i = 0; i < sizeof reads / sizeof reads[0] && !e; i++) {
        uint32_t good = 0;
        memset(r->read, 0xee, (size_t)SECTORS * SECTOR);
        e = r->disk.read(r->disk.self, reads[i].first, reads[i].n, r->read, &good);
        assert_true(good <= reads[i].n);
        assert_true(e || good == reads[i].n);
        for (size_t k = 0; k < (size_t)good * SECTOR; k++)
            *wrong += r->read[k] != r->disk_bytes[reads[i].first * SECTOR + k];
    }
    r->disk.free(r->disk.self);
    return e;
}

static void good_reading_fails(void **state)
{
    struct rig r;
    size_t wrong;
    (void)state;
    rig_begin(&r);
    assert_int_equal(session(&r, &wrong), ERR_OK);
    assert_int_equal(wrong, 0);
    assert_int_equal(r.s.early, 0); /* no IN was posted before the command went out */
    assert_true(is_reading(&r));
    rig_end(&r);
}

static void a_quirk_at_any_command_gives_wrong_bytes_or_hangs(void **state)
{
    struct rig r;
    size_t wrong;
    (void)state;
    rig_begin(&r);
    assert_int_equal(session(&r, &wrong), ERR_OK);
    unsigned commands = r.d.commands;
    rig_end(&r);
    for (unsigned at = 0; at < commands; at++)
        for (enum bot_quirk q = QUIRK_TAG; q < QUIRKS; q++) {
            rig_begin(&r);
            r.d.quirk = q;
            r.d.at = at;
            enum err e = session(&r, &wrong);
            assert_int_equal(wrong, 0);
            /* one fault is always outlived */
            if (e)
                fail_msg("quirk %u at command %u: %s", q, at, err_text());
            assert_true(is_reading(&r));
            rig_end(&r);
        }
}

static void a_fault_of_the_cable_gives_wrong_bytes_or_hangs(void **state)
{
    struct rig r;
    size_t wrong;
    (void)state;
    rig_begin(&r);
    assert_int_equal(session(&r, &wrong), ERR_OK);
    uint64_t bytes = r.s.bytes;
    rig_end(&r);
    srand(20261125);
    for (unsigned i = 0; i < 1000; i++) {
        /* half of them among the commands of the beginning, where little is data */
        uint64_t at = (uint64_t)rand() % (i % 2 ? bytes : 1200);
        enum script_fault f = (enum script_fault)(SCRIPT_CUT + rand() % (SCRIPT_FAULTS - SCRIPT_CUT));
        rig_begin(&r);
        script_fault(&r.s, f, at);
        enum err e = session(&r, &wrong);
        if (f == SCRIPT_FLIP)
            assert_true(wrong <= 1); /* in data: the hash of a second reading sees it */
        else
            assert_int_equal(wrong, 0);
        if (f == SCRIPT_CUT)
            assert_int_equal(e, ERR_AGAIN);
        else if (e && f != SCRIPT_FLIP)
            fail_msg("fault %u at byte %llu: %s", f, (unsigned long long)at, err_text());
        assert_true(f == SCRIPT_FLIP || is_reading(&r));
        rig_end(&r);
    }
}

static void many_faults_at_once_hang(void **state)
{
    struct rig r;
    size_t wrong;
    (void)state;
    srand(7);
    for (unsigned i = 0; i < 500; i++) {
        rig_begin(&r);
        for (unsigned k = 0; k < 6; k++)
            script_fault(&r.s, (enum script_fault)(SCRIPT_STALL + rand() % (SCRIPT_FLIP - SCRIPT_STALL)),
                         (uint64_t)rand() % 900000);
        (void)!session(&r, &wrong);
        assert_int_equal(wrong, 0);
        assert_true(is_reading(&r));
        rig_end(&r);
    }
}

static void a_bad_sector_takes_its_neighbours_along(void **state)
{
    struct rig r;
    uint32_t good = 0;
    (void)state;
    rig_begin(&r);
    r.d.bad = 1777;
    r.d.bad_times = UINT32_MAX;
    assert_int_equal(msc_open(&r.disk, &r.u, 0), ERR_OK);
    assert_int_equal(r.disk.read(r.disk.self, 1000, 1500, r.read, &good), ERR_IO);
    assert_int_equal(good, 777);
    assert_memory_equal(r.read, r.disk_bytes + 1000 * SECTOR, 777 * SECTOR);
    assert_int_equal(r.disk.read(r.disk.self, 1778, 100, r.read, &good), ERR_OK);
    assert_int_equal(good, 100);
    assert_memory_equal(r.read, r.disk_bytes + 1778 * SECTOR, 100 * SECTOR);
    r.disk.free(r.disk.self);
    rig_end(&r);
}

static void a_sector_that_can_be_read_at_last_is_given_up(void **state)
{
    struct rig r;
    uint32_t good = 0;
    struct msc_facts facts;
    (void)state;
    rig_begin(&r);
    r.d.bad = 1777;
    r.d.bad_times = 2;
    assert_int_equal(msc_open(&r.disk, &r.u, 0), ERR_OK);
    assert_int_equal(r.disk.read(r.disk.self, 1000, 1500, r.read, &good), ERR_OK);
    assert_memory_equal(r.read, r.disk_bytes + 1000 * SECTOR, 1500 * SECTOR);
    msc_facts(&r.disk, &facts);
    assert_true(facts.retries >= 2);
    assert_string_equal(facts.vendor, "Maker");
    assert_string_equal(facts.product, "Model");
    assert_false(facts.write_protected);
    r.disk.free(r.disk.self);
    rig_end(&r);
}

static void a_device_that_takes_little_at_once_is_given_up(void **state)
{
    struct rig r;
    uint32_t good = 0;
    struct msc_facts facts;
    (void)state;
    rig_begin(&r);
    r.d.most = 16384;
    assert_int_equal(msc_open(&r.disk, &r.u, 0), ERR_OK);
    assert_int_equal(r.disk.read(r.disk.self, 0, SECTORS, r.read, &good), ERR_OK);
    assert_memory_equal(r.read, r.disk_bytes, (size_t)SECTORS * SECTOR);
    msc_facts(&r.disk, &facts);
    assert_true(facts.transfer <= 16384 && facts.transfer >= 4096);
    r.disk.free(r.disk.self);
    rig_end(&r);
}

static void a_good_device_is_never_asked_for_more_at_once(void **state)
{
    struct rig r;
    uint32_t good = 0;
    struct msc_facts facts;
    (void)state;
    rig_begin(&r);
    assert_int_equal(msc_open(&r.disk, &r.u, 0), ERR_OK);
    for (unsigned i = 0; i < 40; i++)
        assert_int_equal(r.disk.read(r.disk.self, 0, SECTORS, r.read, &good), ERR_OK);
    msc_facts(&r.disk, &facts);
    assert_int_equal(facts.transfer, 1u << 20);
    assert_int_equal(facts.retries, 0);
    r.disk.free(r.disk.self);
    rig_end(&r);
}

static void residues_that_mean_nothing_are_believed(void **state)
{
    struct rig r;
    size_t wrong;
    (void)state;
    rig_begin(&r);
    r.d.residue_always = true;
    assert_int_equal(session(&r, &wrong), ERR_OK);
    assert_int_equal(wrong, 0);
    rig_end(&r);
}

static void a_medium_that_gets_ready_is_not_waited_for(void **state)
{
    struct rig r;
    size_t wrong;
    (void)state;
    rig_begin(&r);
    r.d.not_ready = 5;
    assert_int_equal(session(&r, &wrong), ERR_OK);
    rig_end(&r);
    rig_begin(&r);
    r.d.ejected = true;
    assert_int_equal(session(&r, &wrong), ERR_AGAIN);
    assert_non_null(strstr(err_text(), "no card"));
    rig_end(&r);
}

static void a_card_that_was_changed_is_read_on(void **state)
{
    struct rig r;
    uint32_t good = 0;
    (void)state;
    rig_begin(&r);
    assert_int_equal(msc_open(&r.disk, &r.u, 0), ERR_OK);
    r.d.ejected = true;
    assert_int_equal(r.disk.read(r.disk.self, 0, 8, r.read, &good), ERR_AGAIN);
    assert_int_equal(good, 0);
    r.disk.free(r.disk.self);
    rig_end(&r);
}

static void nonsense_is_claimed(void **state)
{
    struct rig r;
    uint32_t good = 0;
    (void)state;
    rig_begin(&r);
    r.d.sector = 500;
    assert_int_equal(msc_open(&r.disk, &r.u, 0), ERR_DATA);
    rig_end(&r);
    rig_begin(&r);
    r.d.claims = SECTORS * 2; /* twice of what is there */
    assert_int_equal(msc_open(&r.disk, &r.u, 0), ERR_OK);
    assert_int_equal(r.disk.read(r.disk.self, SECTORS - 4, 8, r.read, &good), ERR_IO);
    assert_int_equal(good, 4);
    assert_memory_equal(r.read, r.disk_bytes + (SECTORS - 4) * SECTOR, 4 * SECTOR);
    r.disk.free(r.disk.self);
    rig_end(&r);
    rig_begin(&r);
    r.d.claims = (uint64_t)1 << 33; /* beyond READ CAPACITY(10) */
    assert_int_equal(msc_open(&r.disk, &r.u, 0), ERR_OK);
    assert_true(r.disk.sectors == (uint64_t)1 << 33);
    assert_int_equal(r.disk.read(r.disk.self, (uint64_t)1 << 32, 1, r.read, &good), ERR_IO);
    assert_int_equal(r.d.seen[0x88] > 0, 1);
    r.disk.free(r.disk.self);
    rig_end(&r);
}

static void a_command_that_is_no_vendor_s_is_sent(void **state)
{
    struct rig r;
    const uint8_t write[16] = {0x2a}, format[16] = {0x04}, own[16] = {0xc5, 1, 2, 3};
    size_t got;
    (void)state;
    rig_begin(&r);
    assert_int_equal(msc_open(&r.disk, &r.u, 0), ERR_OK);
    assert_int_equal(msc_vendor(&r.disk, write, 10, true, NULL, 0, &got), ERR_BUG);
    assert_int_equal(msc_vendor(&r.disk, format, 6, true, NULL, 0, &got), ERR_BUG);
    assert_true(is_reading(&r));
    assert_int_equal(msc_vendor(&r.disk, own, 16, true, NULL, 0, &got), ERR_OK);
    assert_memory_equal(r.d.vendor, own, 16);
    r.disk.free(r.disk.self);
    rig_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_reading_fails),
        cmocka_unit_test(a_quirk_at_any_command_gives_wrong_bytes_or_hangs),
        cmocka_unit_test(a_fault_of_the_cable_gives_wrong_bytes_or_hangs),
        cmocka_unit_test(many_faults_at_once_hang),
        cmocka_unit_test(a_bad_sector_takes_its_neighbours_along),
        cmocka_unit_test(a_sector_that_can_be_read_at_last_is_given_up),
        cmocka_unit_test(a_device_that_takes_little_at_once_is_given_up),
        cmocka_unit_test(a_good_device_is_never_asked_for_more_at_once),
        cmocka_unit_test(residues_that_mean_nothing_are_believed),
        cmocka_unit_test(a_medium_that_gets_ready_is_not_waited_for),
        cmocka_unit_test(a_card_that_was_changed_is_read_on),
        cmocka_unit_test(nonsense_is_claimed),
        cmocka_unit_test(a_command_that_is_no_vendor_s_is_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
