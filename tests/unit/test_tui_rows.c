#include "tui/opener/rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The query of these words, NULL at their end; they live on in *keep. */
static enum err query(struct records_query *q, enum rows_where *where, json_t **keep, ...)
{
    va_list words;
    *keep = json_array();
    va_start(words, keep);
    for (const char *w; (w = va_arg(words, const char *)) != NULL;)
        json_array_append_new(*keep, json_string(w));
    va_end(words);
    return rows_query(*keep, q, where);
}

static void a_question_is_read_with_all_that_narrows_it(void **state)
{
    struct records_query q;
    enum rows_where where;
    json_t *keep;
    (void)state;
    assert_int_equal(query(&q, &where, &keep, "rows", "recordings", "--filter", "held,flagged,away", "--unit", "b-7",
                           "--since", "1000", "--from", "256", "--count", "64", "--text", "MOV", NULL),
                     ERR_OK);
    assert_int_equal(q.kind, RECORDS_RECORDINGS);
    assert_int_equal(q.only, RECORDS_HELD | RECORDS_FLAGGED);
    assert_int_equal(where, ROWS_AWAY);
    assert_string_equal(q.unit, "b-7");
    assert_string_equal(q.text, "MOV");
    assert_int_equal(q.from, 1000);
    assert_int_equal(q.skip, 256);
    assert_int_equal(q.count, 64);
    json_decref(keep);
}

static void what_rows_do_not_know_is_refused(void **state)
{
    static const char *const bad[][4] = {{"rows", "everything"},
                                         {"rows", "recordings", "--filter", "loud"},
                                         {"rows", "recordings", "--filter", "held,,here"},
                                         {"rows", "notes", "--filter", "here"},
                                         {"rows", "recordings", "--count", "-1"},
                                         {"rows", "recordings", "--count", "1001"},
                                         {"rows", "recordings", "--colour", "red"},
                                         {"rows", "recordings", "--unit"}};
    struct records_query q;
    enum rows_where where;
    json_t *keep;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(query(&q, &where, &keep, bad[i][0], bad[i][1], bad[i][2], bad[i][3], NULL), ERR_USAGE);
        json_decref(keep);
    }
}

static bool there(enum rows_where where, const char *text)
{
    json_t *row = json_loads(text, 0, NULL);
    bool yes = rows_are_there(where, row);
    json_decref(row);
    return yes;
}

static void here_is_all_of_it_and_away_is_anything_less(void **state)
{
    (void)state;
    assert_true(there(ROWS_HERE, "{\"here\":3,\"blobs\":3}"));
    assert_false(there(ROWS_AWAY, "{\"here\":3,\"blobs\":3}"));
    assert_true(there(ROWS_AWAY, "{\"here\":2,\"blobs\":3}"));
    assert_false(there(ROWS_HERE, "{\"here\":2,\"blobs\":3}"));
    assert_true(there(ROWS_HERE, "{\"here\":0,\"blobs\":0}"));
    assert_true(there(ROWS_ANYWHERE, "{\"here\":0,\"blobs\":3}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_is_read_with_all_that_narrows_it),
        cmocka_unit_test(what_rows_do_not_know_is_refused),
        cmocka_unit_test(here_is_all_of_it_and_away_is_anything_less),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
