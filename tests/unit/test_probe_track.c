#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "drivers/probe/moment.h"
#include "drivers/probe/track.h"

#include <string.h>

static void add(struct track *t, int64_t i)
{
    track_add(t, &(struct place_point){1000 + i, (int32_t)(i * 3 - 1000), (int32_t)(-i * 7)});
}

/* Of any number of points: the first, the last, in order, evenly spread, and
 * no more than there is room for. */
static void thinning_loses_an_end_or_leaves_a_gap(void **state)
{
    (void)state;
    struct place_point p[TRACK_POINTS_MAX];
    for (int64_t total = 1; total < 5000; total += total < 600 ? 1 : 97) {
        struct track t;
        track_init(&t);
        for (int64_t i = 0; i < total; i++)
            add(&t, i);
        size_t n = track_points(&t, p);
        assert_true(n <= TRACK_POINTS_MAX &&
                    n >= (total < TRACK_POINTS_MAX / 2 ? (size_t)total : TRACK_POINTS_MAX / 2));
        assert_int_equal(p[0].time, 1000);
        assert_int_equal(p[n - 1].time, 1000 + total - 1);
        int64_t widest = 0;
        for (size_t i = 1; i < n; i++) {
            assert_true(p[i].time > p[i - 1].time);
            widest = p[i].time - p[i - 1].time > widest ? p[i].time - p[i - 1].time : widest;
        }
        assert_true(widest <= 2 * (int64_t)t.stride);
        assert_int_equal(t.total, total);
        assert_true(t.start == 1000 && t.end == 1000 + total - 1);
        assert_int_equal(t.south, -1000);
        assert_int_equal(t.north, (total - 1) * 3 - 1000);
        assert_int_equal(t.west, -(total - 1) * 7);
        assert_int_equal(t.east, 0);
    }
}

static void points_without_time_give_the_track_one(void **state)
{
    (void)state;
    struct track t;
    track_init(&t);
    track_add(&t, &(struct place_point){INT64_MIN, 1, 1});
    assert_true(t.start == INT64_MIN && t.end == INT64_MIN);
    track_add(&t, &(struct place_point){5, 1, 1});
    track_add(&t, &(struct place_point){INT64_MIN, 1, 1});
    assert_true(t.start == 5 && t.end == 5);
}

static void a_place_is_parsed_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *s;
        int64_t lat, lon; /* 1e-7; 0, 0: refused */
    } rows[] = {
        {"+43.2567+076.9286/", 432567000, 769286000},
        {"+43.2567+076.9286+850.000/", 432567000, 769286000},
        {"-33.8567-070.6512/", -338567000, -706512000},
        {"+4315.402+07655.716/", 432567000, 769286000},
        {"+431524.12+0765542.96/", 432567000, 769286000},
        {"+43+076/", 430000000, 760000000},
        {"+90.0+180.0/", 900000000, 1800000000},
        {"+90.1+180.0/", 0, 0},
        {"43.2567+076.9286/", 0, 0},
        {"+43.2567", 0, 0},
        {"+43.2567+", 0, 0},
        {"+43.25.67+076.9286/", 0, 0},
        {"+4361.0+07655.0/", 0, 0},
        {"+430061+0765542/", 0, 0},
        {"+1+2/", 0, 0},
        {"+00.0000+000.0000/", 0, 0},
        {"+99999999999999999999+076/", 0, 0},
        {"", 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct place_point p = {0};
        bool good = degrees_iso6709(rows[i].s, strlen(rows[i].s), &p);
        if (good != (rows[i].lat != 0) || (good && (p.lat != rows[i].lat || p.lon != rows[i].lon)))
            print_error("%s: %d %d\n", rows[i].s, p.lat, p.lon);
        assert_true(good == (rows[i].lat != 0));
        assert_true(!good || (p.lat == rows[i].lat && p.lon == rows[i].lon && p.time == INT64_MIN));
    }
}

static void a_time_is_parsed_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *s;
        int64_t ms; /* -1: refused */
    } rows[] = {
        {"2026-11-22T10:00:00Z", 1795341600000},
        {"2026-11-22 10:00:00", 1795341600000},
        {"2026-11-22T10:00:00.000000Z", 1795341600000},
        {"2026-11-22T10:00:00.1239Z", 1795341600123},
        {"2026-11-22T15:00:00+0500", 1795341600000},
        {"2026-11-22T15:45:00+05:45", 1795341600000},
        {"2026-11-22T05:00:00-05", 1795341600000},
        {"2026-11-22T10:00:60Z", 1795341660000},
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01T00:00:00+01", -1},
        {"2200-01-01T00:00:00Z", -1},
        {"1969-12-31T23:59:59Z", -1},
        {"2026-11-22", -1},
        {"2026-11-22T10:00", -1},
        {"2026-11-22T10:00:00+5", -1},
        {"2026-11-22T10:00:00+05:4", -1},
        {"2026-11-22T10:00:00ZZ", -1},
        {"2026-11-31T10:00:00Z", -1},
        {"", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ms = -1;
        bool good = moment_parse(&ms, rows[i].s, strlen(rows[i].s));
        if (ms != rows[i].ms)
            print_error("%s: %lld\n", rows[i].s, (long long)ms);
        assert_true(ms == rows[i].ms && good == (ms != -1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thinning_loses_an_end_or_leaves_a_gap),
        cmocka_unit_test(points_without_time_give_the_track_one),
        cmocka_unit_test(a_place_is_parsed_wrong),
        cmocka_unit_test(a_time_is_parsed_wrong),
    };
    return cmocka_run_group_tests_name("probe track", tests, NULL, NULL);
}
