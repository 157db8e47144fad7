/* What a station may spend, link.conf, and the day's use on disk. */
#include "sync/client/settings.h"
#include "sync/client/usage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define ALL ((1u << LANES) - 1)
#define VIDEO (1u << LANE_BLOB)
#define URGENT (1u << LANE_URGENT)

static enum err parse(struct settings *s, const char *lines)
{
    char text[1024];
    snprintf(text, sizeof text, "feldsher-link-conf 1\n%s", lines);
    return settings_parse(s, "link.conf", text, strlen(text));
}

static void without_settings_only_video_minds_the_meter(void **state)
{
    struct budget b;
    (void)state;
    budget_default(&b);
    assert_int_equal(budget_lanes(&b, &(struct budget_now){.metered = BUDGET_UNKNOWN}), ALL);
    assert_int_equal(budget_lanes(&b, &(struct budget_now){.metered = BUDGET_IS_FREE}), ALL);
    assert_int_equal(budget_lanes(&b, &(struct budget_now){.metered = BUDGET_COSTS}), ALL & ~VIDEO);
    b.metered_unknown = true;
    assert_int_equal(budget_lanes(&b, &(struct budget_now){.metered = BUDGET_UNKNOWN}), ALL & ~VIDEO);
    b.metered = BUDGET_METERED_NO;
    assert_int_equal(budget_lanes(&b, &(struct budget_now){.metered = BUDGET_COSTS}), ALL);
}

static void a_spent_day_leaves_the_urgent_lane(void **state)
{
    struct settings s;
    (void)state;
    assert_int_equal(parse(&s, "bytes-per-day: 1000\n"), ERR_OK);
    assert_int_equal(budget_lanes(&s.budget, &(struct budget_now){.used = 999}), ALL);
    assert_int_equal(budget_lanes(&s.budget, &(struct budget_now){.used = 1000}), URGENT);
    /* labels go in order: what stands before an urgent one goes with it */
    assert_int_equal(budget_lanes(&s.budget, &(struct budget_now){.used = 1000, .urgent = true}),
                     URGENT | 1u << LANE_BATCH);
    assert_string_equal(budget_why(&s.budget, &(struct budget_now){.used = 1000}, LANE_BATCH),
                        "the bytes of this day are used up");
}

static void hours_go_over_midnight(void **state)
{
    struct settings s;
    (void)state;
    assert_int_equal(parse(&s, "hours: 22:00-06:30\nlane 4: hours\nlane 3: never\n"), ERR_OK);
    const struct {
        unsigned minute;
        bool may;
    } cases[] = {{22 * 60, true},     {23 * 60 + 59, true}, {0, true},
                 {6 * 60 + 29, true}, {6 * 60 + 30, false}, {720, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(!budget_why(&s.budget, &(struct budget_now){.minute = cases[i].minute}, LANE_BLOB),
                         cases[i].may);
    assert_non_null(budget_why(&s.budget, &(struct budget_now){.minute = 0}, LANE_FLAGGED));
    assert_int_equal(budget_next(&s.budget, 720), 600);
    assert_int_equal(budget_next(&s.budget, 23 * 60), 60);
}

static void a_mistake_is_named_with_its_line(void **state)
{
    static const char *const bad[] = {
        "hub: nowhere\n",      "hours: 25:00-26:00\n", "hours: 1:00-2:00\n",  "rate: fast\n",           "rate: \n",
        "metered: maybe\n",    "lane 5: always\n",     "lane 4: sometimes\n", "metered-unknown: ask\n", "colour: red\n",
        "bytes-per-day: -1\n",
    };
    struct settings s;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char two[256];
        snprintf(two, sizeof two, "rate: 5\n%s", bad[i]);
        assert_int_equal(parse(&s, two), ERR_DATA);
        assert_non_null(strstr(err_text(), "link.conf, line 3"));
    }
    assert_int_equal(parse(&s, "hours: 22:00-06:00\n"), ERR_DATA);
    assert_int_equal(parse(&s, "lane 4: hours\n"), ERR_DATA);
    assert_int_equal(settings_parse(&s, "link.conf", "hub: a:1\n", 9), ERR_DATA);
}

static void every_setting_is_read(void **state)
{
    struct settings s;
    (void)state;
    assert_int_equal(parse(&s, "hub: hub.example:7433\nhub: [::1]:7433\nrate: 64000\nmetered: yes\n"
                               "metered-unknown: yes\nlane 4: always\n"),
                     ERR_OK);
    assert_int_equal(s.n_hubs, 2);
    assert_string_equal(s.hubs[1], "[::1]:7433");
    assert_int_equal(s.budget.rate, 64000);
    assert_int_equal(s.budget.metered, BUDGET_METERED_YES);
    assert_true(s.budget.metered_unknown);
    assert_int_equal(s.budget.lanes[LANE_BLOB], BUDGET_ALWAYS);
}

static void a_clock_set_back_gives_no_day_anew(void **state)
{
    struct budget_used u = {.n = 0};
    (void)state;
    budget_spend(&u, 100, 500);
    budget_spend(&u, 101, 70); /* set on by a day */
    assert_int_equal(budget_used(&u, 101), 70);
    assert_int_equal(budget_used(&u, 100), 570); /* and back */
    budget_spend(&u, 100, 30);
    assert_int_equal(budget_used(&u, 100), 600);
    assert_int_equal(budget_used(&u, 99), 600);
    assert_int_equal(budget_used(&u, 101), 0); /* what was spent before is not spent again */
    for (int64_t day = 200; day < 250; day++)
        budget_spend(&u, day, 1);
    assert_int_equal(budget_used(&u, 249), 1);
    assert_true(u.n <= BUDGET_DAYS);
}

static void the_rate_is_kept(void **state)
{
    struct budget_rate r = {.rate = 8000};
    uint64_t went = 0;
    (void)state;
    for (int64_t now = 1; now <= 10000; now++) {
        uint64_t may = budget_may(&r, now, 2048);
        budget_went(&r, may);
        went += may;
    }
    assert_in_range(went, 79000, 86000);
    assert_true(budget_wait(&r, 2048) > 0);
    struct budget_rate none = {.rate = 0};
    assert_int_equal(budget_may(&none, 5, 123456), 123456);
    assert_int_equal(budget_wait(&none, 123456), 0);
}

static void the_days_use_survives_a_restart(void **state)
{
    char dir[] = "/tmp/feldsher-usage-XXXXXX", path[64], cmd[64];
    struct usage u;
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/log", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(usage_open(&u, dir), ERR_OK);
    assert_int_equal(usage_spend(&u, 20000, 1000, 1000), ERR_OK);   /* not written at once */
    assert_int_equal(usage_spend(&u, 20000, 300000, 2000), ERR_OK); /* enough to be */
    assert_int_equal(usage_spend(&u, 20000, 5, 3000), ERR_OK);
    struct usage again;
    assert_int_equal(usage_open(&again, dir), ERR_OK);
    assert_int_equal(budget_used(&again.days, 20000), 301000);
    assert_int_equal(usage_spend(&u, 20000, 0, INT64_MAX), ERR_OK);
    assert_int_equal(usage_open(&again, dir), ERR_OK);
    assert_int_equal(budget_used(&again.days, 20000), 301005);
    snprintf(path, sizeof path, "%s/log/sync.usage", dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("nonsense", f);
    fclose(f);
    assert_int_equal(usage_open(&again, dir), ERR_OK);
    assert_int_equal(budget_used(&again.days, 20000), 0);
    snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
    assert_int_equal(system(cmd), 0);
}

/* What link.conf becomes, or the error. */
static enum err change(struct buf *out, const char *text, const char *const changes[], size_t n)
{
    buf_clear(out);
    return settings_change(text, text ? strlen(text) : 0, changes, n, out);
}

static void a_changed_setting_stands_where_it_stood_and_others_stay(void **state)
{
    static const char text[] = "feldsher-link-conf 1\nhub: a:1\nrate: 5\nhub: b:2\nmetered: yes\n";
    static const char *const two[] = {"hub: c:3 d:4", "lane 4: never"}, *const gone[] = {"hub:", "rate: "};
    struct buf out = {0};
    (void)state;
    assert_int_equal(change(&out, text, two, 2), ERR_OK);
    assert_string_equal((const char *)out.p,
                        "feldsher-link-conf 1\nhub: c:3\nhub: d:4\nrate: 5\nmetered: yes\nlane 4: never\n");
    assert_int_equal(change(&out, text, gone, 2), ERR_OK);
    assert_string_equal((const char *)out.p, "feldsher-link-conf 1\nmetered: yes\n");
    assert_int_equal(change(&out, NULL, two + 1, 1), ERR_OK);
    assert_string_equal((const char *)out.p, "feldsher-link-conf 1\nlane 4: never\n");
    buf_free(&out);
}

static void a_change_that_is_none_is_refused(void **state)
{
    static const char *const bad[] = {"rate", ": 5", "rate: 5\nhub: evil:1"};
    struct buf out = {0};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(change(&out, NULL, &bad[i], 1), ERR_USAGE);
    buf_free(&out);
}

static void nothing_is_written_that_its_reader_refuses(void **state)
{
    char dir[] = "/tmp/feldsher-settings.XXXXXX", path[64];
    static const char *const good[] = {"rate: 1000"}, *const bad[] = {"hours: 22:00-06:00"};
    struct settings s;
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/link.conf", dir);
    assert_int_equal(settings_write(dir, bad, 1), ERR_DATA); /* no lane keeps to them */
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(settings_write(dir, good, 1), ERR_OK);
    assert_int_equal(settings_write(dir, bad, 1), ERR_DATA);
    assert_int_equal(settings_read(&s, dir), ERR_OK);
    assert_int_equal(s.budget.rate, 1000);
    unlink(path);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_settings_only_video_minds_the_meter),
        cmocka_unit_test(a_spent_day_leaves_the_urgent_lane),
        cmocka_unit_test(hours_go_over_midnight),
        cmocka_unit_test(a_mistake_is_named_with_its_line),
        cmocka_unit_test(every_setting_is_read),
        cmocka_unit_test(a_clock_set_back_gives_no_day_anew),
        cmocka_unit_test(the_rate_is_kept),
        cmocka_unit_test(the_days_use_survives_a_restart),
        cmocka_unit_test(a_changed_setting_stands_where_it_stood_and_others_stay),
        cmocka_unit_test(a_change_that_is_none_is_refused),
        cmocka_unit_test(nothing_is_written_that_its_reader_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
