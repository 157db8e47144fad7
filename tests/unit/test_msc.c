/* Storage on USB: wrong, late, short and missing answers end in the right
 * bytes or a clear failure; nothing but reading is ever asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/msc/msc.h"
#include "drivers/msc/scsi.h"
#include "tests/unit/chance.h"
#include "tests/unit/script_bot.h"

#define SECTORS 4096u
#define SECTOR 512u

struct rig {
    struct script s;
    struct script_bot d;
    struct usb u;
    struct disk disk;
    uint8_t *disk_bytes, *read;
    enum usb_result (*send)(void *self, const void *p, size_t n, size_t *sent, unsigned ms);
    unsigned sent[256]; /* opcodes, before the cable could bend them */
};

static uint8_t card[(size_t)SECTORS * SECTOR], taken[(size_t)SECTORS * SECTOR];

static int fill(void **state)
{
    uint32_t x = 12345;
    (void)state;
    for (size_t i = 0; i < sizeof card; i++) {
        x = x * 1664525u + 1013904223u;
        card[i] = (uint8_t)(x >> 24);
    }
    return 0;
}

static struct rig *sending; /* struct usb has one self, and that is the script's */

static enum usb_result send_and_note(void *self, const void *p, size_t n, size_t *sent, unsigned ms)
{
    assert_int_equal(n, BOT_CBW); /* no data ever go out */
    sending->sent[((const uint8_t *)p)[15]]++;
    return sending->send(self, p, n, sent, ms);
}

static void rig_begin(struct rig *r)
{
    *r = (struct rig){.disk_bytes = card, .read = taken};
    r->d = (struct script_bot){.disk = r->disk_bytes,
                               .sector = SECTOR,
                               .sectors = SECTORS,
                               .bad = UINT64_MAX,
                               .attentions = 1,
                               .at = UINT32_MAX};
    struct script_device device = script_bot(&r->d);
    script_begin(&r->s, &r->u, &device);
    r->s.stop_posting_early = true;
    r->send = r->u.send;
    r->u.send = send_and_note;
    sending = r;
}

static void rig_end(struct rig *r)
{
    script_end(&r->s);
}

static void rig_open(struct rig *r)
{
    assert_int_equal(msc_open(&r->disk, &r->u, 0), ERR_OK);
}

static void rig_close(struct rig *r)
{
    r->disk.free(r->disk.self);
    rig_end(r);
}

/* At once; every byte is right. */
static void rig_read_all(struct rig *r)
{
    uint32_t good = 0;
    assert_int_equal(r->disk.read(r->disk.self, 0, SECTORS, r->read, &good), ERR_OK);
    assert_memory_equal(r->read, card, sizeof card);
}

static bool is_reading(const struct rig *r)
{
    static const uint8_t allowed[] = {0x00, 0x03, 0x12, 0x1a, 0x25, 0x28, 0x88, 0x9e};
    for (unsigned op = 0; op < 256; op++)
        if (r->sent[op] && !memchr(allowed, (int)op, sizeof allowed))
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
        memset(r->read, 0xee, (size_t)reads[i].n * SECTOR);
        e = r->disk.read(r->disk.self, reads[i].first, reads[i].n, r->read, &good);
        assert_true(good <= reads[i].n);
        assert_true(e || good == reads[i].n);
        if (memcmp(r->read, r->disk_bytes + reads[i].first * SECTOR, (size_t)good * SECTOR) != 0)
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
    assert_int_equal(r.d.resets, 0);
    assert_true(is_reading(&r));
    rig_end(&r);
}

/* A session without a fault: what goes over the cable, and how much work it is. */
static void measure(struct rig *r)
{
    size_t wrong;
    rig_begin(r);
    assert_int_equal(session(r, &wrong), ERR_OK);
    rig_end(r);
}

/* After one fault: the right bytes, or a clear failure (only where the device is
 * gone, or wrong may be clear), without much more work than before. */
static void expect(struct rig *r, const struct rig *whole, enum err allowed, const char *what, uint64_t at)
{
    size_t wrong;
    enum err e = session(r, &wrong);
    if (wrong || (e && e != allowed) || !is_reading(r) || r->s.transfers > 2 * whole->s.transfers + 200)
        fail_msg("%s at %llu: %zu bytes wrong, error %d (%s), %llu transfers", what, (unsigned long long)at, wrong, e,
                 e ? err_text() : "", (unsigned long long)r->s.transfers);
}

static void a_quirk_at_any_command_gives_wrong_bytes_or_hangs(void **state)
{
    struct rig r, whole;
    char what[32];
    (void)state;
    measure(&whole);
    for (unsigned at = 0; at < whole.d.commands; at++)
        for (enum bot_quirk q = QUIRK_TAG; q < QUIRKS; q++) {
            rig_begin(&r);
            r.d.quirk = q;
            r.d.at = at;
            snprintf(what, sizeof what, "quirk %u", q);
            expect(&r, &whole, ERR_OK, what, at); /* one is always outlived */
            rig_end(&r);
        }
}

static void fault_at(const struct rig *whole, enum script_fault f, uint64_t at)
{
    struct rig r;
    char what[32];
    snprintf(what, sizeof what, "fault %u", f);
    rig_begin(&r);
    script_fault(&r.s, f, at);
    expect(&r, whole, f == SCRIPT_CUT ? ERR_AGAIN : ERR_OK, what, at);
    rig_end(&r);
}

/* The first and the last byte of each command, of its data and of its status,
 * and a byte inside. */
static void a_fault_at_any_boundary_gives_wrong_bytes_or_hangs(void **state)
{
    struct rig whole;
    (void)state;
    measure(&whole);
    assert_true(whole.s.n_moved < sizeof whole.s.moved / sizeof whole.s.moved[0]);
    for (size_t i = 0; i < whole.s.n_moved; i++)
        for (enum script_fault f = SCRIPT_CUT; f < SCRIPT_FAULTS; f++) {
            const struct script_moved *m = &whole.s.moved[i];
            if (f == SCRIPT_FLIP)
                continue;
            fault_at(&whole, f, m->at);
            fault_at(&whole, f, m->at + m->n / 2);
            fault_at(&whole, f, m->at + m->n - 1);
        }
}

/* Each of so many bytes meets every fault. */
static void at_random_bytes(unsigned n, enum chance kind)
{
    struct rig whole;
    measure(&whole);
    chance_begin(kind);
    for (unsigned i = 0; i < n; i++) {
        uint64_t at = chance_below(whole.s.bytes);
        for (enum script_fault f = SCRIPT_CUT; f < SCRIPT_FAULTS; f++)
            if (f != SCRIPT_FLIP)
                fault_at(&whole, f, at);
    }
}

static void a_fault_at_a_random_byte_gives_wrong_bytes_or_hangs(void **state)
{
    (void)state;
    at_random_bytes(1000, CHANCE_FIXED);
}

static void a_fault_at_a_byte_of_today_gives_wrong_bytes_or_hangs(void **state)
{
    (void)state;
    at_random_bytes(200, CHANCE_NEW);
}

/* The cable's own check (CRC16) finds bits that flip. Behind its back: whatever
 * is flipped in a status or in an answer is found by us. In a command it can
 * make the device read another place, and in data it is a bit of the data: BOT has
 * nothing that would show it. What is promised is that it ends, that nothing but
 * reading was asked for, and that only this one command's bytes are wrong: the
 * second reading before anything is erased does not agree with the first. */
static void a_flipped_bit_is_not_found(void **state)
{
    struct rig r, whole;
    (void)state;
    measure(&whole);
    for (size_t i = 0; i < whole.s.n_moved; i++) {
        const struct script_moved *m = &whole.s.moved[i];
        bool is_data = m->in && m->n >= SECTOR, is_command = !m->in;
        for (size_t k = 0; k < m->n; k += is_data ? m->n / 7 + 1 : 1) {
            size_t wrong;
            rig_begin(&r);
            script_fault(&r.s, SCRIPT_FLIP, m->at + k);
            enum err e = session(&r, &wrong);
            bool is_place = is_command && k >= 17 && k < 21;
            if (wrong > (is_data ? 1 : is_place ? 120u << 10 : 0))
                fail_msg("byte %zu of transfer %zu: %zu bytes wrong, error %d", k, i, wrong, e);
            assert_true(is_reading(&r));
            assert_true(r.s.transfers <= 2 * whole.s.transfers + 200);
            rig_end(&r);
        }
    }
}

static void many_faults_at_once_hang(void **state)
{
    struct rig r;
    size_t wrong;
    (void)state;
    chance_begin(CHANCE_NEW);
    for (unsigned i = 0; i < 500; i++) {
        rig_begin(&r);
        for (unsigned k = 0; k < 6; k++)
            script_fault(&r.s, (enum script_fault)(SCRIPT_STALL + chance_below(SCRIPT_FLIP - SCRIPT_STALL)),
                         chance_below(900000));
        (void)!session(&r, &wrong);
        assert_int_equal(wrong, 0);
        assert_true(is_reading(&r));
        assert_true(r.s.transfers < 2000);
        rig_end(&r);
    }
}

static void a_device_that_stops_answering_counts_as_worn_out(void **state)
{
    struct rig r, whole;
    size_t wrong;
    (void)state;
    measure(&whole);
    for (unsigned at = 1; at < whole.d.commands; at++) {
        rig_begin(&r);
        r.d.dies = at;
        enum err e = session(&r, &wrong);
        assert_int_equal(wrong, 0);
        /* while it is opened it is none of ours; later it is not a bad sector that would be filled up */
        assert_true(e == ERR_AGAIN || (e == ERR_IO && at < 12));
        assert_true(r.s.transfers < whole.s.transfers + 120); /* each may last seconds */
        rig_end(&r);
    }
}

static void a_class_reset_that_changes_nothing_is_repeated_for_ever(void **state)
{
    struct rig r, whole;
    (void)state;
    measure(&whole);
    for (unsigned at = 0; at < whole.d.commands; at++) {
        rig_begin(&r);
        r.d.stubborn = true;
        r.d.quirk = QUIRK_HANG;
        r.d.at = at;
        expect(&r, &whole, ERR_OK, "stubborn hang", at);
        rig_end(&r);
    }
}

static void a_card_that_is_slow_after_a_reset_is_given_up(void **state)
{
    struct rig r, whole;
    (void)state;
    measure(&whole);
    for (unsigned at = 0; at < whole.d.commands; at++) {
        rig_begin(&r);
        r.d.stubborn = true; /* so that the port is reset */
        r.d.slow = 5;
        r.d.quirk = QUIRK_HANG;
        r.d.at = at;
        expect(&r, &whole, ERR_OK, "slow after a reset", at);
        rig_end(&r);
    }
}

/* "The medium may have changed", after a reset of ours: it has not, or it has. */
static void another_card_is_read_on_after_a_reset(void **state)
{
    struct rig r;
    uint32_t good = 0;
    (void)state;
    for (unsigned other = 0; other < 2; other++) {
        rig_begin(&r);
        r.d.changed = true;
        rig_open(&r);
        assert_int_equal(r.disk.read(r.disk.self, 100, 200, r.read, &good), ERR_OK);
        r.d.quirk = QUIRK_HANG;
        r.d.at = r.d.commands;
        if (other) {
            card[299 * SECTOR] ^= 1;
            assert_int_equal(r.disk.read(r.disk.self, 300, 200, r.read, &good), ERR_AGAIN);
            assert_int_equal(good, 0);
            assert_non_null(strstr(err_text(), "card was taken out"));
            card[299 * SECTOR] ^= 1;
        } else {
            assert_int_equal(r.disk.read(r.disk.self, 300, 200, r.read, &good), ERR_OK);
            assert_memory_equal(r.read, card + 300 * SECTOR, 200 * SECTOR);
        }
        rig_close(&r);
    }
}

static void a_second_unit_s_disk_is_not_found(void **state)
{
    struct rig r;
    size_t wrong;
    (void)state;
    rig_begin(&r);
    r.d.units = 3; /* three CD-ROMs with somebody's driver before it */
    assert_int_equal(session(&r, &wrong), ERR_OK);
    assert_int_equal(wrong, 0);
    rig_end(&r);
}

static void a_capacity_that_changes_is_believed(void **state)
{
    struct rig r;
    (void)state;
    rig_begin(&r);
    r.d.fickle = true;
    assert_int_equal(msc_open(&r.disk, &r.u, 0), ERR_DATA);
    rig_end(&r);
}

/* One bad sector among many costs few commands, and what is behind it is read fast again. */
static void a_bad_sector_makes_all_reading_slow(void **state)
{
    struct rig r, whole;
    uint32_t good = 0;
    (void)state;
    rig_begin(&whole);
    rig_open(&whole);
    assert_int_equal(whole.disk.read(whole.disk.self, 0, SECTORS, whole.read, &good), ERR_OK);
    rig_close(&whole);
    rig_begin(&r);
    r.d.bad = 1777;
    r.d.bad_times = 8; /* it is read at last */
    rig_open(&r);
    rig_read_all(&r);
    assert_true(r.d.commands < whole.d.commands + 2 * 8 + 10);
    rig_close(&r);
}

static void a_device_that_says_no_to_much_at_once_is_given_up(void **state)
{
    struct rig r;
    (void)state;
    rig_begin(&r);
    r.d.most = 65536;
    r.d.refuses_more = true;
    rig_open(&r);
    rig_read_all(&r);
    assert_true(r.d.commands < SECTORS * SECTOR / 32768 + 40);
    rig_close(&r);
}

/* A cable that is touched now and then makes nothing slow for good. */
static void trouble_now_and_then_ends_in_a_crawl(void **state)
{
    struct rig r;
    uint32_t good = 0;
    struct msc_facts facts;
    (void)state;
    rig_begin(&r);
    rig_open(&r);
    for (unsigned i = 0; i < 400; i++) {
        if (i % 20 == 0 && i < 200) {
            r.d.quirk = QUIRK_TAG;
            r.d.at = r.d.commands;
        }
        assert_int_equal(r.disk.read(r.disk.self, 0, SECTORS, r.read, &good), ERR_OK);
    }
    msc_facts(&r.disk, &facts);
    assert_true(facts.transfer >= 120u << 10);
    assert_true(facts.resets >= 10 && facts.resets < 40);
    rig_close(&r);
}

static void a_bad_sector_takes_its_neighbours_along(void **state)
{
    struct rig r;
    uint32_t good = 0;
    (void)state;
    rig_begin(&r);
    r.d.bad = 1777;
    r.d.bad_times = UINT32_MAX;
    rig_open(&r);
    assert_int_equal(r.disk.read(r.disk.self, 1000, 1500, r.read, &good), ERR_IO);
    assert_int_equal(good, 777);
    assert_memory_equal(r.read, r.disk_bytes + 1000 * SECTOR, 777 * SECTOR);
    assert_int_equal(r.disk.read(r.disk.self, 1778, 100, r.read, &good), ERR_OK);
    assert_int_equal(good, 100);
    assert_memory_equal(r.read, r.disk_bytes + 1778 * SECTOR, 100 * SECTOR);
    rig_close(&r);
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
    rig_open(&r);
    assert_int_equal(r.disk.read(r.disk.self, 1000, 1500, r.read, &good), ERR_OK);
    assert_memory_equal(r.read, r.disk_bytes + 1000 * SECTOR, 1500 * SECTOR);
    msc_facts(&r.disk, &facts);
    assert_true(facts.retries >= 2);
    assert_string_equal(facts.vendor, "Maker");
    assert_string_equal(facts.product, "Model");
    assert_false(facts.write_protected);
    rig_close(&r);
}

static void a_device_that_takes_little_at_once_is_given_up(void **state)
{
    struct rig r;
    uint32_t good = 0;
    struct msc_facts facts;
    (void)state;
    rig_begin(&r);
    r.d.most = 16384;
    rig_open(&r);
    assert_int_equal(r.disk.read(r.disk.self, 0, SECTORS, r.read, &good), ERR_OK);
    assert_memory_equal(r.read, r.disk_bytes, (size_t)SECTORS * SECTOR);
    msc_facts(&r.disk, &facts);
    assert_true(facts.transfer <= 16384 && facts.transfer >= 4096);
    rig_close(&r);
}

static void a_good_device_is_never_asked_for_more_at_once(void **state)
{
    struct rig r;
    uint32_t good = 0;
    struct msc_facts facts;
    (void)state;
    rig_begin(&r);
    rig_open(&r);
    for (unsigned i = 0; i < 40; i++)
        assert_int_equal(r.disk.read(r.disk.self, 0, SECTORS, r.read, &good), ERR_OK);
    msc_facts(&r.disk, &facts);
    assert_int_equal(facts.transfer, 1u << 20);
    assert_int_equal(facts.retries, 0);
    rig_close(&r);
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
    rig_open(&r);
    r.d.ejected = true;
    assert_int_equal(r.disk.read(r.disk.self, 0, 8, r.read, &good), ERR_AGAIN);
    assert_int_equal(good, 0);
    rig_close(&r);
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
    rig_open(&r);
    assert_int_equal(r.disk.read(r.disk.self, SECTORS - 4, 8, r.read, &good), ERR_IO);
    assert_int_equal(good, 4);
    assert_memory_equal(r.read, r.disk_bytes + (SECTORS - 4) * SECTOR, 4 * SECTOR);
    rig_close(&r);
    rig_begin(&r);
    r.d.claims = (uint64_t)1 << 33; /* beyond READ CAPACITY(10) */
    rig_open(&r);
    assert_true(r.disk.sectors == (uint64_t)1 << 33);
    assert_int_equal(r.disk.read(r.disk.self, (uint64_t)1 << 32, 1, r.read, &good), ERR_IO);
    assert_int_equal(r.d.seen[0x88] > 0, 1);
    rig_close(&r);
}

static void a_command_that_is_no_vendor_s_is_sent(void **state)
{
    struct rig r;
    const uint8_t write[16] = {0x2a}, format[16] = {0x04}, own[16] = {0xc5, 1, 2, 3};
    size_t got;
    (void)state;
    rig_begin(&r);
    rig_open(&r);
    assert_int_equal(msc_vendor(&r.disk, write, 10, true, NULL, 0, &got), ERR_BUG);
    assert_int_equal(msc_vendor(&r.disk, format, 6, true, NULL, 0, &got), ERR_BUG);
    assert_true(is_reading(&r));
    assert_int_equal(msc_vendor(&r.disk, own, 16, true, NULL, 0, &got), ERR_OK);
    assert_memory_equal(r.d.vendor, own, 16);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_reading_fails),
        cmocka_unit_test(a_quirk_at_any_command_gives_wrong_bytes_or_hangs),
        cmocka_unit_test(a_fault_at_any_boundary_gives_wrong_bytes_or_hangs),
        cmocka_unit_test(a_fault_at_a_random_byte_gives_wrong_bytes_or_hangs),
        cmocka_unit_test(a_fault_at_a_byte_of_today_gives_wrong_bytes_or_hangs),
        cmocka_unit_test(a_flipped_bit_is_not_found),
        cmocka_unit_test(many_faults_at_once_hang),
        cmocka_unit_test(a_device_that_stops_answering_counts_as_worn_out),
        cmocka_unit_test(a_class_reset_that_changes_nothing_is_repeated_for_ever),
        cmocka_unit_test(a_card_that_is_slow_after_a_reset_is_given_up),
        cmocka_unit_test(another_card_is_read_on_after_a_reset),
        cmocka_unit_test(a_second_unit_s_disk_is_not_found),
        cmocka_unit_test(a_capacity_that_changes_is_believed),
        cmocka_unit_test(a_bad_sector_takes_its_neighbours_along),
        cmocka_unit_test(a_bad_sector_makes_all_reading_slow),
        cmocka_unit_test(a_device_that_says_no_to_much_at_once_is_given_up),
        cmocka_unit_test(trouble_now_and_then_ends_in_a_crawl),
        cmocka_unit_test(a_sector_that_can_be_read_at_last_is_given_up),
        cmocka_unit_test(a_device_that_takes_little_at_once_is_given_up),
        cmocka_unit_test(a_good_device_is_never_asked_for_more_at_once),
        cmocka_unit_test(residues_that_mean_nothing_are_believed),
        cmocka_unit_test(a_medium_that_gets_ready_is_not_waited_for),
        cmocka_unit_test(a_card_that_was_changed_is_read_on),
        cmocka_unit_test(nonsense_is_claimed),
        cmocka_unit_test(a_command_that_is_no_vendor_s_is_sent),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}
