/* Every byte that goes over the cable while an MTP camera is taken in can be
 * the one that goes wrong: the right bytes come out or a clear failure, never
 * other bytes, and it always ends (script.c counts). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/ptp_fixture.h"

#define RANDOM_FAULTS 1000u

static struct fixture f;
static uint64_t heads[4096];
static size_t n_heads;
static unsigned whole, parts, nothing;

static uint64_t measure(unsigned quirks)
{
    fixture_start(&f, quirks, fixture_tree, FIXTURE_OBJECTS);
    fixture_take(&f, 20000);
    uint64_t bytes = f.script.bytes;
    assert_int_equal(f.right, FIXTURE_FILES);
    n_heads = f.model.n_heads;
    memcpy(heads, f.model.heads, n_heads * sizeof *heads);
    fixture_end(&f);
    assert_true(n_heads > 20 && n_heads < sizeof heads / sizeof *heads);
    whole = parts = nothing = 0;
    return bytes;
}

static void strike(unsigned quirks, enum script_fault what, uint64_t at)
{
    fixture_start(&f, quirks, fixture_tree, FIXTURE_OBJECTS);
    script_fault(&f.script, what, at);
    fixture_take(&f, 20000);
    if (f.wrong)
        fail_msg("quirks %#x: fault %d at byte %llu: %u pieces are wrong", quirks, (int)what, (unsigned long long)at,
                 f.wrong);
    if ((f.opened && !f.why[0]) || (f.unread && !f.said[0] && !f.failed))
        fail_msg("quirks %#x: fault %d at byte %llu fails without a word", quirks, (int)what, (unsigned long long)at);
    whole += f.right == FIXTURE_FILES;
    parts += f.right > 0 && f.right < FIXTURE_FILES;
    nothing += f.right == 0;
    fixture_end(&f);
}

static const enum script_fault kinds[] = {SCRIPT_CUT,  SCRIPT_STALL,  SCRIPT_SHORT,
                                          SCRIPT_LATE, SCRIPT_BROKEN, SCRIPT_LONG};
#define KINDS (sizeof kinds / sizeof kinds[0])

static void at_every_boundary(unsigned quirks)
{
    measure(quirks);
    for (size_t i = 0; i < n_heads; i++)
        for (size_t k = 0; k < KINDS; k++)
            for (uint64_t off = 0; off < 13; off += 4)
                strike(quirks, kinds[k], heads[i] + off);
}

static void at_random_bytes(unsigned quirks)
{
    uint64_t bytes = measure(quirks), x = 20261125;
    for (unsigned i = 0; i < RANDOM_FAULTS; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        for (size_t k = 0; k < KINDS; k++)
            strike(quirks, kinds[k], (x >> 33) % bytes);
    }
}

/* One bit of the 12 bytes that begin every message: of its length, kind, code and number. */
static void at_bits_of_heads(unsigned quirks)
{
    measure(quirks);
    for (size_t i = 0; i < n_heads; i++)
        for (uint64_t off = 0; off < 12; off++)
            strike(quirks, SCRIPT_FLIP, heads[i] + off);
}

static void boundaries_of_pieces_read_right_or_fail(void **state)
{
    (void)state;
    at_every_boundary(0);
    assert_true(whole > parts);
}

static void boundaries_of_whole_files_read_right_or_fail(void **state)
{
    (void)state;
    at_every_boundary(PTP_NO_PARTIAL | PTP_NO_PROPLIST | PTP_LISTS_FIRST);
}

static void boundaries_without_class_requests_read_right_or_fail(void **state)
{
    (void)state;
    at_every_boundary(PTP_NO_CLASS | PTP_NO_PARTIAL_64);
}

static void boundaries_with_heads_alone_and_junk_read_right_or_fail(void **state)
{
    (void)state;
    at_every_boundary(PTP_SPLIT | PTP_JUNK_ID | PTP_DEAF);
    at_every_boundary(PTP_GLUED | PTP_NO_ZLP | PTP_DEEP | PTP_DEAF);
}

static void a_thousand_bytes_of_pieces_read_right_or_fail(void **state)
{
    (void)state;
    at_random_bytes(0);
    assert_true(whole > parts + nothing); /* most are mended, but for the cut cable */
}

static void a_thousand_bytes_of_whole_files_read_right_or_fail(void **state)
{
    (void)state;
    at_random_bytes(PTP_NO_PARTIAL);
}

static void flipped_heads_read_right_or_fail(void **state)
{
    (void)state;
    at_bits_of_heads(0);
    at_bits_of_heads(PTP_NO_PARTIAL);
    at_bits_of_heads(PTP_SPLIT | PTP_NO_PROPLIST);
    at_bits_of_heads(PTP_GLUED | PTP_NO_PARTIAL_64);
}

static void a_pulled_cable_is_said_to_be_one(void **state)
{
    (void)state;
    uint64_t bytes = measure(0);
    for (uint64_t at = 0; at < bytes; at += bytes / 97) {
        fixture_start(&f, 0, fixture_tree, FIXTURE_OBJECTS);
        script_fault(&f.script, SCRIPT_CUT, at);
        enum err e = fixture_open(&f);
        if (!e)
            e = f.camera.list(f.camera.self, fixture_listed, &f);
        for (size_t i = 0; i < FIXTURE_FILES && !e; i++)
            e = fixture_read(&f, fixture_files[i].path, fixture_files[i].handle, 20000);
        assert_true(e == ERR_AGAIN || (e == ERR_OK && at + 100 > bytes));
        assert_int_equal(f.wrong, 0);
        fixture_end(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boundaries_of_pieces_read_right_or_fail),
        cmocka_unit_test(boundaries_of_whole_files_read_right_or_fail),
        cmocka_unit_test(boundaries_without_class_requests_read_right_or_fail),
        cmocka_unit_test(boundaries_with_heads_alone_and_junk_read_right_or_fail),
        cmocka_unit_test(a_thousand_bytes_of_pieces_read_right_or_fail),
        cmocka_unit_test(a_thousand_bytes_of_whole_files_read_right_or_fail),
        cmocka_unit_test(flipped_heads_read_right_or_fail),
        cmocka_unit_test(a_pulled_cable_is_said_to_be_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
