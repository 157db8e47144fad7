/* Which blobs of a parts list a station asks for. */
#include "storage/vault/want.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void parse(struct want_spans *w, const char *text)
{
    want_parse(w, text, strlen(text));
}

static void without_a_line_it_is_everything(void **state)
{
    struct want_spans w;
    (void)state;
    parse(&w, "restored");
    assert_int_equal(w.n, 0);
    assert_true(want_covers(&w, 0) && want_covers(&w, UINT64_MAX));
}

static void lines_that_make_no_sense_are_passed_over(void **state)
{
    static const char *const bad[] = {
        "x\nblobs: ",    "x\nblobs: 5",    "x\nblobs: 5-", "x\nblobs: -5",
        "x\nblobs: 7-5", "x\nblobs: 1-2 ", "x\nblobs:1-2", "x\nblobs: 99999999999999999999-1"};
    struct want_spans w;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        parse(&w, bad[i]);
        assert_int_equal(w.n, 0);
    }
}

static void what_is_written_is_read(void **state)
{
    struct want_spans w = {.n = 0}, again;
    struct buf text = {0};
    (void)state;
    want_add(&w, 3, 5);
    want_add(&w, 4, 4); /* is there */
    want_add(&w, 9, 9);
    assert_int_equal(want_write(&text, "someone", &w), ERR_OK);
    assert_string_equal((const char *)text.p, "someone\nblobs: 3-5\nblobs: 9-9");
    want_parse(&again, (const char *)text.p, text.len);
    assert_int_equal(again.n, 2);
    assert_true(want_covers(&again, 5) && want_covers(&again, 9));
    assert_false(want_covers(&again, 2) || want_covers(&again, 6));
    buf_free(&text);
}

static void too_many_pieces_become_everything(void **state)
{
    struct want_spans w = {.n = 0}, again;
    struct buf text = {0};
    (void)state;
    for (uint64_t i = 0; i <= WANT_SPANS_MAX; i++)
        want_add(&w, 10 * i, 10 * i);
    assert_true(want_covers(&w, 3));
    assert_int_equal(want_write(&text, "x", &w), ERR_OK);
    want_parse(&again, (const char *)text.p, text.len);
    assert_true(want_covers(&again, 3));
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_line_it_is_everything),
        cmocka_unit_test(lines_that_make_no_sense_are_passed_over),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(too_many_pieces_become_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
