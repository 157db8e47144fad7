#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "storage/base/buf.h"
#include "storage/base/clock.h"
#include "storage/trust/roster.h"
#include "tui/screens/todo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct todo_line lines[TODO_MAX];
static size_t n;

static json_t *json(const char *text)
{
    json_t *j = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(j);
    return j;
}

static int64_t ms(const char *when)
{
    int64_t t;
    assert_true(clock_parse(&t, when, strlen(when)));
    return t;
}

static const char quiet[] =
    "{\"station\":\"amb-1\",\"unit\":\"brigade-1\",\"chain\":\"c1\",\"labels\":4,\"unsent_by_lane\":[0,0,0,0,0],"
    "\"hub\":\"hub-1\",\"hub_as_of\":\"2026-11-22T09:00:00Z\",\"hub_labels\":4,\"silent_since\":null,"
    "\"free\":500000000000,\"days_left\":200,\"clock_skew\":0,\"roster_time\":\"2026-11-20T00:00:00Z\","
    "\"clock\":\"ok\",\"chains\":[],\"shift\":null,\"stick\":[],\"intake\":[],\"frozen\":[],\"restored\":[],"
    "\"quarantine\":[]}";

/* The quiet status with members of `with` in place of its own. */
static struct todo_facts facts(unsigned roles, const char *with)
{
    json_t *status = json(quiet), *change = json(with);
    json_object_update(status, change);
    json_decref(change);
    return (struct todo_facts){.user = "nurse",
                               .roles = roles,
                               .now = ms("2026-11-22T10:00:00Z"),
                               .status = status,
                               .held = -1,
                               .quarantined = -1};
}

static void tell(struct todo_facts *f)
{
    n = todo_lines(f, lines);
    json_t *status = NULL;
    memcpy(&status, &f->status, sizeof status);
    json_decref(status);
    f->status = NULL;
}

static const struct todo_line *line(const char *part)
{
    for (size_t i = 0; i < n; i++)
        if (strstr(lines[i].text, part))
            return &lines[i];
    return NULL;
}

static void says(const char *part, enum look look, const char *screen)
{
    const struct todo_line *l = line(part);
    if (!l) {
        fail_msg("no line has \"%s\"", part);
        return;
    }
    assert_int_equal(look, l->look);
    assert_string_equal(screen, l->screen);
}

static void a_quiet_station_is_given_work(void **state)
{
    (void)state;
    static const unsigned roles[] = {ROLE_CREW, ROLE_DOCTOR, ROLE_SUPERVISOR, ROLE_ADMIN, 15};
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        struct todo_facts f = facts(roles[i], "{}");
        tell(&f);
        assert_int_equal(0, n);
    }
    struct todo_facts nothing = {.user = "", .held = -1, .quarantined = -1};
    assert_int_equal(0, todo_lines(&nothing, lines));
}

static void a_frozen_station_goes_on_as_if_nothing_were(void **state)
{
    (void)state;
    struct todo_facts f = facts(ROLE_CREW, "{\"days_left\":9,\"frozen\":[{\"name\":\"c1\",\"text\":\"x\"}]}");
    tell(&f);
    assert_int_equal(2, n);
    assert_int_equal(LOOK_ALARM, lines[0].look); /* though the disk comes later in the list of rules, too */
    says("This station is frozen", LOOK_ALARM, "sync");
    says("9 more days", LOOK_WARN, "station");
    f = facts(ROLE_SUPERVISOR, "{\"frozen\":[{\"name\":\"c7\",\"text\":\"x\"},{\"name\":\"c8\",\"text\":\"x\"}]}");
    tell(&f);
    assert_int_equal(1, n);
    says("2 stations' chains are frozen", LOOK_ALARM, "sync");
}

static void a_disk_runs_full_unsaid(void **state)
{
    (void)state;
    static const struct {
        const char *with, *part;
        enum look look;
    } cases[] = {{"{\"days_left\":14}", "14 more days", LOOK_WARN},
                 {"{\"days_left\":3}", "3 more days", LOOK_ALARM},
                 {"{\"days_left\":1}", "1 more day", LOOK_ALARM},
                 {"{\"days_left\":0}", "0 more days", LOOK_ALARM},
                 {"{\"days_left\":null,\"free\":1300000000}", "Only 1.3 GB", LOOK_ALARM}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct todo_facts f = facts(ROLE_CREW, cases[i].with);
        tell(&f);
        assert_int_equal(1, n);
        says(cases[i].part, cases[i].look, "station");
    }
    struct todo_facts f = facts(ROLE_CREW, "{\"days_left\":15}");
    tell(&f);
    assert_int_equal(0, n);
}

static void a_camera_that_is_plugged_in_is_forgotten(void **state)
{
    (void)state;
    struct todo_facts f = facts(ROLE_CREW, "{\"intake\":[{\"name\":\"ab\",\"text\":\"\"}]}");
    json_t *cameras = json("[{\"name\":\"BWC-1\",\"recordings\":1,\"bytes\":3000000,\"state\":\"free\"},"
                           "{\"name\":\"EMPTY\",\"recordings\":0,\"bytes\":0,\"state\":\"free\"},"
                           "{\"name\":\"BWC-2\",\"recordings\":2,\"bytes\":9,\"state\":\"taken\"},"
                           "{\"name\":\"BWC-3\",\"recordings\":2,\"bytes\":9,\"state\":\"waits\"},"
                           "{\"name\":\"BWC-4\",\"recordings\":2,\"bytes\":9,\"state\":\"done\",\"failed\":0},"
                           "{\"name\":\"BWC-5\",\"recordings\":2,\"bytes\":9,\"state\":\"done\",\"failed\":2},"
                           "{\"name\":\"BWC-6\",\"recordings\":2,\"bytes\":9,\"state\":\"stopped\"}]");
    f.cameras = cameras;
    tell(&f);
    assert_int_equal(4, n);
    says("BWC-1 is plugged in: 1 recording on it, 3.0 MB", LOOK_NORMAL, "cameras");
    says("1 recording was taken in only in part", LOOK_WARN, "cameras");
    says("2 recordings of camera BWC-5 could not be taken in", LOOK_WARN, "cameras");
    says("Taking in camera BWC-6 was stopped", LOOK_WARN, "cameras");
    json_decref(cameras);
}

static void what_waits_to_be_sent_is_called_held(void **state)
{
    (void)state;
    char text[TODO_TEXT];
    struct todo_facts f = facts(
        ROLE_CREW, "{\"unsent_by_lane\":[0,300,0,0,4200000],\"silent_since\":\"2026-11-21T05:00:00Z\",\"labels\":9}");
    todo_held(f.status, text);
    assert_string_equal(
        "By its receipt of 2026-11-22 09:00 the district does not hold what was saved since 2026-11-21 05:00", text);
    tell(&f);
    says("4.2 MB wait to be sent, the oldest since 2026-11-21 05:00", LOOK_NORMAL, "sync");
    f = facts(ROLE_CREW, "{\"unsent_by_lane\":[0,0,0,0,9],\"silent_since\":\"2026-11-18T05:00:00Z\"}");
    tell(&f);
    says("wait to be sent", LOOK_WARN, "sync");
    f = facts(ROLE_CREW, "{\"unsent_by_lane\":[0,0,0,0,9]}");
    todo_held(f.status, text);
    assert_non_null(strstr(text, "not yet all video"));
    tell(&f);
    says("9 B wait to be sent", LOOK_NORMAL, "sync");
    f = facts(ROLE_CREW, "{\"hub\":null,\"hub_as_of\":null}");
    todo_held(f.status, text);
    assert_non_null(strstr(text, "no receipt yet"));
    tell(&f);
    f = facts(ROLE_CREW, "{}");
    todo_held(f.status, text);
    assert_string_equal("By its receipt of 2026-11-22 09:00 the district holds all that this station has saved", text);
    tell(&f);
    todo_held(NULL, text);
    assert_string_equal("", text);
}

static void a_note_that_nobody_signed_stays_so(void **state)
{
    (void)state;
    struct todo_facts f = facts(ROLE_CREW, "{}");
    json_t *notes = json("[{\"id\":\"1\",\"author\":\"\",\"station\":\"amb-1\",\"confirmed\":null},"
                         "{\"id\":\"2\",\"author\":\"\",\"station\":\"amb-1\",\"confirmed\":\"nurse\"},"
                         "{\"id\":\"3\",\"author\":\"\",\"station\":\"amb-2\",\"confirmed\":null},"
                         "{\"id\":\"4\",\"author\":\"nurse\",\"station\":\"amb-1\",\"confirmed\":null}]");
    json_t *drafts = json("[{\"draft\":\"note\",\"anonymous\":false}]");
    f.notes = notes;
    f.drafts = drafts;
    tell(&f);
    assert_int_equal(2, n);
    says("1 note was written while nobody was unlocked", LOOK_WARN, "confirm");
    says("1 text that was being typed is kept", LOOK_WARN, "drafts");
    json_decref(notes);
    json_decref(drafts);
}

static void a_shift_is_not_handed_over(void **state)
{
    (void)state;
    struct todo_facts f = facts(ROLE_CREW, "{\"shift\":{\"user\":\"driver\",\"since\":\"2026-11-22T08:00:00Z\"}}");
    tell(&f);
    says("handed over to driver at 2026-11-22 08:00, and not to you", LOOK_NORMAL, "handover");
    f = facts(ROLE_CREW, "{\"shift\":{\"user\":\"nurse\",\"since\":\"2026-11-22T08:00:00Z\"}}");
    tell(&f);
    assert_int_equal(0, n);
    f = facts(ROLE_CREW, "{\"shift\":{\"user\":\"nurse\",\"since\":\"2026-11-21T08:00:00Z\"}}");
    tell(&f);
    says("hand it over when your shift ends", LOOK_WARN, "handover");
    f = facts(ROLE_SUPERVISOR, "{\"shift\":{\"user\":\"driver\",\"since\":\"2026-11-21T08:00:00Z\"}}");
    tell(&f);
    assert_int_equal(0, n);
}

static void a_stick_does_not_come_back(void **state)
{
    (void)state;
    struct todo_facts f =
        facts(ROLE_CREW, "{\"stick\":[{\"name\":\"s-1\",\"text\":\"2026-11-18 2026-11-20\",\"overdue\":true},"
                         "{\"name\":\"s-2\",\"text\":\"2026-11-20 2026-11-22\"},"
                         "{\"name\":\"s-3\",\"text\":\"2026-11-20 2026-11-25\"},"
                         "{\"name\":\"s-4\",\"text\":\"2026-11-20 -\"}]}");
    tell(&f);
    assert_int_equal(2, n);
    says("Stick s-1 is overdue: it was to be back on 2026-11-20", LOOK_WARN, "sync");
    says("Stick s-2 is to be back today", LOOK_NORMAL, "sync");
}

static void one_who_asked_is_sent_to_approve(void **state)
{
    (void)state;
    json_t *waiting = json("[{\"type\":\"request\",\"author\":\"nurse\"},{\"type\":\"request\",\"author\":\"head\"},"
                           "{\"type\":\"destroy\",\"author\":\"head\"}]");
    struct todo_facts f = facts(ROLE_SUPERVISOR, "{}");
    f.waiting = waiting;
    f.held = 2;
    f.quarantined = 1;
    tell(&f);
    assert_int_equal(5, n);
    says("1 request waits for a second person", LOOK_WARN, "waiting");
    says("1 destruction order waits for a second signature", LOOK_WARN, "waiting");
    says("1 request of yours waits", LOOK_NORMAL, "waiting");
    says("2 recordings are on hold", LOOK_NORMAL, "recordings");
    says("1 thing that arrived", LOOK_WARN, "sync");
    f = facts(ROLE_CREW, "{}");
    f.waiting = waiting;
    tell(&f);
    assert_int_equal(0, n);
    json_decref(waiting);
}

static void a_recording_of_no_case_is_forgotten(void **state)
{
    (void)state;
    json_t *recordings = json("[{\"id\":\"r1\"},{\"id\":\"r2\"},{\"id\":\"r3\",\"destroyed_under\":\"n1\"}]");
    json_t *links = json("[{\"recording\":\"r2\"}]");
    struct todo_facts f = facts(ROLE_DOCTOR, "{}");
    f.recordings = recordings;
    tell(&f);
    assert_int_equal(0, n); /* which are linked is not known */
    f = facts(ROLE_DOCTOR, "{}");
    f.recordings = recordings;
    f.links = links;
    tell(&f);
    assert_int_equal(1, n);
    says("1 of the newest recordings is linked to no record", LOOK_NORMAL, "recordings");
    json_decref(recordings);
    json_decref(links);
}

static void a_silent_station_is_not_missed(void **state)
{
    (void)state;
    struct todo_facts f = facts(
        ROLE_SUPERVISOR, "{\"chains\":[{\"station\":\"amb-2\",\"last\":\"2026-11-18T00:00:00Z\",\"revoked\":false},"
                         "{\"station\":\"amb-3\",\"last\":\"2026-11-22T00:00:00Z\",\"revoked\":false},"
                         "{\"station\":\"amb-4\",\"last\":null,\"revoked\":false},"
                         "{\"station\":\"amb-5\",\"last\":\"2026-11-01T00:00:00Z\",\"revoked\":true}]}");
    tell(&f);
    assert_int_equal(1, n);
    says("1 station is silent for more than 3 days: amb-2", LOOK_WARN, "sync");
}

static void an_ending_access_surprises_the_administrator(void **state)
{
    (void)state;
    json_t *users = json(
        "[{\"user\":\"a\",\"until\":\"2026-11-30T00:00:00Z\",\"revoked\":false,\"key_here\":true,\"circles\":\"\"},"
        "{\"user\":\"b\",\"until\":\"2026-11-01T00:00:00Z\",\"revoked\":false,\"key_here\":true,\"circles\":\"\"},"
        "{\"user\":\"c\",\"until\":null,\"revoked\":false,\"key_here\":false,\"circles\":\"staff,records/brigade-1\"},"
        "{\"user\":\"d\",\"until\":null,\"revoked\":false,\"key_here\":false,\"circles\":\"records/brigade-11\"},"
        "{\"user\":\"e\",\"until\":\"2026-11-30T00:00:00Z\",\"revoked\":true,\"key_here\":true,\"circles\":\"\"}]");
    json_t *doctor = json("[{\"check\":\"space\",\"result\":\"ok\"},{\"check\":\"sums\",\"result\":\"bad\"}]");
    struct todo_facts f = facts(ROLE_ADMIN, "{\"roster_time\":\"2026-10-01T00:00:00Z\"}");
    f.users = users;
    f.doctor = doctor;
    tell(&f);
    assert_int_equal(5, n);
    says("Access ends within 14 days: a", LOOK_WARN, "users");
    says("the key is still here: b", LOOK_NORMAL, "users");
    says("without a key here: c", LOOK_NORMAL, "users");
    says("1 check of this station is bad", LOOK_ALARM, "doctor");
    says("The roster is 52 days old", LOOK_WARN, "sync");
    json_decref(users);
    json_decref(doctor);
}

static void more_names_than_fit_run_over(void **state)
{
    (void)state;
    struct buf text = {0};
    assert_int_equal(ERR_OK, buf_str(&text, "{\"chains\":["));
    for (size_t i = 0; i < 40; i++)
        assert_int_equal(
            ERR_OK, buf_fmt(&text, "%s{\"station\":\"%060zu\",\"last\":\"2026-11-01T00:00:00Z\"}", i ? "," : "", i));
    assert_int_equal(ERR_OK, buf_str(&text, "]}"));
    struct todo_facts f = facts(ROLE_SUPERVISOR, (const char *)text.p);
    buf_free(&text);
    tell(&f);
    says("40 stations are silent", LOOK_WARN, "sync");
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quiet_station_is_given_work),
        cmocka_unit_test(a_frozen_station_goes_on_as_if_nothing_were),
        cmocka_unit_test(a_disk_runs_full_unsaid),
        cmocka_unit_test(a_camera_that_is_plugged_in_is_forgotten),
        cmocka_unit_test(what_waits_to_be_sent_is_called_held),
        cmocka_unit_test(a_note_that_nobody_signed_stays_so),
        cmocka_unit_test(a_shift_is_not_handed_over),
        cmocka_unit_test(a_stick_does_not_come_back),
        cmocka_unit_test(one_who_asked_is_sent_to_approve),
        cmocka_unit_test(a_recording_of_no_case_is_forgotten),
        cmocka_unit_test(a_silent_station_is_not_missed),
        cmocka_unit_test(an_ending_access_surprises_the_administrator),
        cmocka_unit_test(more_names_than_fit_run_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
