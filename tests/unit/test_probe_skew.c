#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "drivers/probe/skew.h"

#include <stdio.h>
#include <string.h>

#define NO INT64_MIN
#define S ((int64_t)1000)
#define M (60 * S)
#define H (60 * M)
#define D (24 * H)
#define T ((int64_t)1795341600000) /* 2026-11-22T10:00:00Z: when all of these really began */
#define WEEKS (1024 * 7 * D)
#define LEN (10 * M + 7 * S) /* how long they are */

/* How much the camera's clock was wrong, and what comes of it. A start is told from T. */
struct row {
    const char *name;
    struct skew_clocks in;
    int64_t start, skew, zone;
    const char *source, *start_source;
};

#define ALL(off) T + (off), T + (off), T + (off) + LEN

static const struct row rows[] = {
    {"all agree, nobody to ask", {ALL(0), LEN, NO, 0, NO, NO, 0}, 0, NO, 0, "", "name"},
    {"the name alone", {T, NO, NO, -1, NO, 0, NO, NO, 0}, 0, NO, 0, "", "name"},
    {"the container alone", {NO, T, NO, LEN, NO, 0, NO, NO, 0}, 0, NO, 0, "", "container"},
    {"the file system's end", {NO, NO, T + LEN, LEN, NO, 0, NO, NO, 0}, 0, NO, 0, "", "modified"},
    {"nothing at all", {NO, NO, NO, -1, NO, 0, NO, NO, 1}, NO, NO, 0, "", ""},
    {"an unset container", {NO, 0, T + LEN, LEN, NO, 0, NO, NO, 0}, 0, NO, 0, "", "modified"},
    {"a container of 1904", {NO, -2082844800000, T + LEN, LEN, NO, 0, NO, NO, 0}, 0, NO, 0, "", "modified"},
    {"satellites alone", {NO, NO, NO, -1, T + 30 * S, 30 * S, NO, NO, 0}, 0, NO, 0, "", "gps"},

    {"right by the clock", {ALL(0), LEN, NO, 0, T + 5 * H, T + 5 * H, 1}, 0, 0, 0, "clock", "name"},
    {"40 s ahead", {ALL(40 * S), LEN, NO, 0, T + 5 * H + 40 * S, T + 5 * H, 1}, 0, 40 * S, 0, "clock", "name"},
    {"minutes behind", {ALL(-7 * M), LEN, NO, 0, T + D - 7 * M, T + D, 1}, 0, -7 * M, 0, "clock", "name"},
    {"three years behind", {ALL(-1100 * D), LEN, NO, 0, T + D - 1100 * D, T + D, 1}, 0, -1100 * D, 0, "clock", "name"},
    {"at its birth in 2012",
     {ALL(-5438 * D), LEN, NO, 0, T + D - 5438 * D, T + D, 1},
     0,
     -5438 * D,
     0,
     "clock",
     "name"},
    {"local time, +5", {ALL(5 * H), LEN, NO, 0, T + D + 5 * H, T + D, 1}, 0, 5 * H, 5 * H, "clock", "name"},
    {"local time and 30 s",
     {ALL(5 * H + 30 * S), LEN, NO, 0, T + D + 5 * H + 30 * S, T + D, 1},
     0,
     5 * H + 30 * S,
     5 * H,
     "clock",
     "name"},
    {"half an hour's zone",
     {ALL(-3 * H - 30 * M), LEN, NO, 0, T + D - 3 * H - 30 * M, T + D, 1},
     0,
     -3 * H - 30 * M,
     -3 * H - 30 * M,
     "clock",
     "name"},
    {"three quarters'",
     {ALL(5 * H + 45 * M), LEN, NO, 0, T + D + 5 * H + 45 * M, T + D, 1},
     0,
     5 * H + 45 * M,
     5 * H + 45 * M,
     "clock",
     "name"},
    {"no zone: a quarter nobody has",
     {ALL(5 * H + 15 * M), LEN, NO, 0, T + D + 5 * H + 15 * M, T + D, 1},
     0,
     5 * H + 15 * M,
     0,
     "clock",
     "name"},
    {"no zone: hours and ten minutes",
     {ALL(5 * H + 10 * M), LEN, NO, 0, T + D + 5 * H + 10 * M, T + D, 1},
     0,
     5 * H + 10 * M,
     0,
     "clock",
     "name"},
    {"no zone: fifteen hours", {ALL(15 * H), LEN, NO, 0, T + D + 15 * H, T + D, 1}, 0, 15 * H, 0, "clock", "name"},
    {"our own clock is not trusted", {ALL(40 * S), LEN, NO, 0, T + D + 40 * S, T + D, 0}, 40 * S, NO, 0, "", "name"},

    {"the clock was set since: its words are ahead of it",
     {ALL(2000 * D), LEN, NO, 0, T + D, T + D, 1},
     2000 * D,
     NO,
     0,
     "",
     "name"},
    {"a local name, a clock in UTC",
     {T + 5 * H, T, NO, LEN, NO, 0, T + 20 * M, T + 20 * M, 1},
     0,
     0,
     0,
     "clock",
     "container"},

    {"satellites and a right camera", {ALL(0), LEN, T + 12 * S, 12 * S, NO, NO, 0}, 0, 0, 0, "gps", "gps"},
    {"satellites and local time", {ALL(6 * H), LEN, T, 0, NO, NO, 0}, 0, 6 * H, 6 * H, "gps", "gps"},
    {"satellites and years", {ALL(-900 * D), LEN, T, 0, NO, NO, 0}, 0, -900 * D, 0, "gps", "gps"},
    {"satellites say more than a clock that was set since",
     {ALL(-900 * D), LEN, T, 0, T + D, T + D, 1},
     0,
     -900 * D,
     0,
     "gps",
     "gps"},
    {"a late first position: the clock is more exact",
     {ALL(40 * S), LEN, T + 3 * M, 0, T + D + 40 * S, T + D, 1},
     0,
     40 * S,
     0,
     "clock",
     "name"},
    {"a position is never early: the clock has drifted",
     {ALL(40 * S), LEN, T, 0, T + D + 10 * S, T + D, 1},
     0,
     40 * S,
     0,
     "gps",
     "gps"},
    {"1,024 weeks, by our clock", {ALL(0), LEN, T - WEEKS, 0, NO, T + D, 1}, 0, 0, 0, "gps", "gps"},
    {"2,048 weeks, by our clock", {ALL(0), LEN, T - 2 * WEEKS, 0, NO, T + D, 1}, 0, 0, 0, "gps", "gps"},
    {"1,024 weeks, by the camera's words", {ALL(5 * H), LEN, T - WEEKS, 0, NO, NO, 0}, 0, 5 * H, 5 * H, "gps", "gps"},
    {"satellites of next year", {ALL(0), LEN, T + 400 * D, 0, T + D, T + D, 1}, 0, 0, 0, "clock", "name"},
};

static void a_start_or_a_skew_is_worked_out_wrong(void **state)
{
    (void)state;
    int bad = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *r = &rows[i];
        struct skew s;
        skew_work_out(&r->in, &s);
        int64_t start = r->start == NO ? NO : T + r->start;
        if (s.start == start && s.skew == r->skew && s.zone == r->zone && strcmp(s.source, r->source) == 0 &&
            strcmp(s.start_source, r->start_source) == 0)
            continue;
        bad++;
        print_error("%s: start %+lld s, skew %lld s (zone %lld s), %s, %s\n", r->name, (long long)(s.start - T) / 1000,
                    (long long)s.skew / 1000, (long long)s.zone / 1000, s.source, s.start_source);
    }
    assert_int_equal(bad, 0);
}

/* The container's time in each of the two ways, against each of the other words, in each zone. */
static void an_end_is_taken_for_a_beginning(void **state)
{
    (void)state;
    static const int64_t lengths[] = {30 * S, 3 * M, LEN, 29 * M, 61 * M};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
        for (int64_t zone = -12 * H; zone <= 14 * H; zone += 30 * M)
            for (int is_end = 0; is_end < 2; is_end++)
                for (int has_name = 0; has_name < 2; has_name++) {
                    /* the other word is in a zone, the container in UTC; FAT rounds to 2 s */
                    struct skew_clocks c = {.name = has_name ? T + zone : NO,
                                            .container = is_end ? T + lengths[i] : T,
                                            .modified = T + zone + lengths[i] + 2 * S,
                                            .duration = lengths[i],
                                            .gps = NO,
                                            .camera = NO,
                                            .asked = NO};
                    struct skew s;
                    skew_work_out(&c, &s);
                    int64_t start = has_name ? T + zone : T;
                    if (s.start != start)
                        print_error("length %lld s, zone %lld min, end %d, name %d: %+lld s\n",
                                    (long long)lengths[i] / 1000, (long long)zone / 60000, is_end, has_name,
                                    (long long)(s.start - start) / 1000);
                    assert_true(s.start == start);
                }
}

static void words_that_differ_are_not_noticed(void **state)
{
    (void)state;
    struct skew s;
    struct skew_clocks c = {T, NO, NO, LEN, NO, 0, NO, NO, 0};
    skew_work_out(&c, &s);
    assert_true(s.apart == -1);
    c.container = T + LEN; /* the end: they agree */
    skew_work_out(&c, &s);
    assert_true(s.apart == 0);
    c.modified = T + LEN + 5 * H;
    skew_work_out(&c, &s);
    assert_true(s.apart == 5 * H);
}

/* Whatever is said, nothing overflows (the sanitizers look). */
static void extremes_overflow(void **state)
{
    (void)state;
    static const int64_t v[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, T, INT64_MAX - 1, INT64_MAX};
    struct skew s;
    for (size_t i = 0; i < 8; i++)
        for (size_t k = 0; k < 8; k++)
            for (size_t m = 0; m < 8; m++) {
                struct skew_clocks c = {v[i], v[k], v[m], v[m], v[k], v[i], v[i], v[k], (int)(m % 2)};
                skew_work_out(&c, &s);
                assert_non_null(s.source);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_start_or_a_skew_is_worked_out_wrong),
        cmocka_unit_test(an_end_is_taken_for_a_beginning),
        cmocka_unit_test(words_that_differ_are_not_noticed),
        cmocka_unit_test(extremes_overflow),
    };
    return cmocka_run_group_tests_name("probe skew", tests, NULL, NULL);
}
