/* What other programs see of feldsher-sync. */
#include "storage/base/file.h"
#include "sync/client/report.h"
#include "tui/link_state.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct desk {
    char dir[64];
    struct tell tell;
    struct reporter r;
    struct report s;
};

static struct desk *desk_new(void)
{
    struct desk *d = calloc(1, sizeof *d);
    char path[80];
    assert_non_null(d);
    strcpy(d->dir, "/tmp/feldsher-report-XXXXXX");
    assert_non_null(mkdtemp(d->dir));
    snprintf(path, sizeof path, "%s/log", d->dir);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(reporter_open(&d->r, d->dir, &d->tell), ERR_OK);
    d->s.n_links = 1;
    strcpy(d->s.links[0].to, "hub.example:7443");
    return d;
}

static void desk_free(struct desk *d)
{
    char cmd[80];
    reporter_close(&d->r);
    snprintf(cmd, sizeof cmd, "rm -rf %s", d->dir);
    assert_int_equal(system(cmd), 0);
    free(d);
}

static json_t *written(const struct desk *d)
{
    json_t *all = link_state_json(d->dir);
    assert_true(json_is_object(all));
    return all;
}

static json_int_t given(const struct desk *d)
{
    json_t *all = written(d);
    json_int_t n = json_integer_value(json_object_get(all, "given"));
    json_decref(all);
    return n;
}

static void it_is_written_when_something_changed_and_not_too_often(void **state)
{
    struct desk *d = desk_new();
    struct stat a, b;
    char path[80];
    int64_t again;
    (void)state;
    d->s.given = 1;
    reporter_show(&d->r, &d->s, 1000, false, &again);
    assert_int_equal(again, INT64_MAX);
    assert_int_equal(given(d), 1);
    d->s.given = 2;
    reporter_show(&d->r, &d->s, 1010, false, &again);
    assert_int_equal(again, 1000 + REPORT_EVERY);
    assert_int_equal(given(d), 1);
    reporter_show(&d->r, &d->s, again, false, &again);
    assert_int_equal(given(d), 2);
    snprintf(path, sizeof path, "%s/log/sync.status", d->dir);
    assert_int_equal(stat(path, &a), 0);
    reporter_show(&d->r, &d->s, 100000, false, &again);
    assert_int_equal(again, INT64_MAX);
    assert_int_equal(stat(path, &b), 0);
    assert_int_equal(a.st_ino, b.st_ino); /* nothing changed, nothing written */
    desk_free(d);
}

static bool running(const struct desk *d)
{
    json_t *all = written(d);
    bool yes = json_is_true(json_object_get(all, "running"));
    json_decref(all);
    return yes;
}

static void a_dead_process_is_not_said_to_run(void **state)
{
    struct desk *d = desk_new();
    int64_t again;
    int status;
    (void)state;
    reporter_show(&d->r, &d->s, 1000, true, &again);
    assert_true(running(d));
    pid_t pid = fork();
    if (pid == 0) {
        struct reporter r;
        bool done = reporter_open(&r, d->dir, &d->tell) == ERR_OK;
        reporter_show(&r, &d->s, 1000, true, &again);
        _exit(done ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_false(running(d));
    d->s.ended = true;
    reporter_show(&d->r, &d->s, 5000, true, &again);
    assert_false(running(d));
    desk_free(d);
}

static void another_process_with_the_same_number_is_no_sign_of_life(void **state)
{
    struct desk *d = desk_new();
    int64_t again;
    (void)state;
    d->r.start++; /* as if this number had been another's before */
    reporter_show(&d->r, &d->s, 1000, true, &again);
    assert_false(running(d));
    desk_free(d);
}

static void the_rate_measured_last_is_remembered(void **state)
{
    struct desk *d = desk_new();
    int64_t again;
    (void)state;
    assert_int_equal(reporter_rate(d->dir), 0);
    d->s.n_links = 2;
    d->s.links[0].rate = 8000;
    d->s.links[1].rate = 500;
    reporter_show(&d->r, &d->s, 1000, true, &again);
    assert_int_equal(reporter_rate(d->dir), 8500);
    desk_free(d);
}

static void a_status_that_is_nonsense_is_none(void **state)
{
    struct desk *d = desk_new();
    char path[80];
    (void)state;
    snprintf(path, sizeof path, "%s/log/sync.status", d->dir);
    assert_int_equal(file_write(path, "[1,2", 4, 0600), ERR_OK);
    json_t *all = link_state_json(d->dir);
    assert_true(json_is_null(all));
    json_decref(all);
    assert_int_equal(reporter_rate(d->dir), 0);
    desk_free(d);
}

static void times_are_short(void **state)
{
    char text[32];
    (void)state;
    reporter_time(text, 59);
    assert_string_equal(text, "59 s");
    reporter_time(text, 121);
    assert_string_equal(text, "3 min");
    reporter_time(text, 33600);
    assert_string_equal(text, "10 h");
    reporter_time(text, UINT64_MAX / 2);
    assert_non_null(strstr(text, "days"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_written_when_something_changed_and_not_too_often),
        cmocka_unit_test(a_dead_process_is_not_said_to_run),
        cmocka_unit_test(another_process_with_the_same_number_is_no_sign_of_life),
        cmocka_unit_test(the_rate_measured_last_is_remembered),
        cmocka_unit_test(a_status_that_is_nonsense_is_none),
        cmocka_unit_test(times_are_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
