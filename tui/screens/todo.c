#include "tui/screens/todo.h"

#include "storage/base/clock.h"
#include "storage/trust/roster.h"
#include "tui/lang/lang.h"
#include "tui/widgets/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY ((int64_t)86400 * 1000)
#define SILENT (3 * DAY)     /* of a station's chain: a supervisor looks after it */
#define UNSENT_OLD (3 * DAY) /* of what waits here */
#define SHIFT ((int64_t)14 * 3600 * 1000)
#define ROSTER_OLD (30 * DAY)
#define ENDING (14 * DAY) /* of a person's access */
#define DISK_WARN 14      /* days */
#define DISK_ALARM 3
#define SPACE_ALARM ((json_int_t)2 << 30)
#define SKEW_WARN 120 /* seconds */
#define NAMES 4       /* that one line lists */

struct todo {
    const struct todo_facts *f;
    struct todo_line *out;
    size_t n;
};

static const char *str(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static json_int_t number(const json_t *o, const char *key)
{
    return json_integer_value(json_object_get(o, key));
}

static bool parse(const char *rfc3339, int64_t *ms)
{
    return clock_parse(ms, rfc3339, strlen(rfc3339));
}

void todo_time(char out[static TODO_TIME], const char *rfc3339)
{
    int64_t ms;
    struct tm tm;
    snprintf(out, TODO_TIME, "?");
    if (!parse(rfc3339, &ms))
        return;
    time_t t = (time_t)(ms / 1000);
    if (localtime_r(&t, &tm))
        strftime(out, TODO_TIME, "%Y-%m-%d %H:%M", &tm);
}

static void add(struct todo *t, enum look look, const char *screen, const char *fmt, ...) PRINTF_LIKE(4, 5);
static void add(struct todo *t, enum look look, const char *screen, const char *fmt, ...)
{
    if (t->n == TODO_MAX)
        return;
    struct todo_line *l = &t->out[t->n++];
    va_list ap;
    *l = (struct todo_line){.look = look, .screen = screen};
    va_start(ap, fmt);
    vsnprintf(l->text, sizeof l->text, fmt, ap);
    va_end(ap);
}

/* Up to NAMES of them, "a, b, c", and how many more. */
struct names {
    char text[160];
    size_t n;
};

static void name(struct names *l, const char *s)
{
    size_t len = strlen(l->text);
    if (l->n++ < NAMES)
        snprintf(l->text + len, sizeof l->text - len, "%s%s", len ? ", " : "", s);
    else if (l->n == NAMES + 1)
        snprintf(l->text + len, sizeof l->text - len, ", …");
}

static void look_at_chain(struct todo *t, const json_t *s)
{
    size_t i;
    const json_t *one;
    unsigned others = 0;
    json_array_foreach(json_object_get(s, "frozen"), i, one)
    {
        if (strcmp(str(one, "name"), str(s, "chain")) == 0)
            add(t, LOOK_ALARM, "sync", "%s",
                _("This station is frozen: another laptop writes in its name; tell a supervisor"));
        else
            others++;
    }
    if (others)
        add(t, LOOK_ALARM, "sync",
            ngettext("%u station's chain is frozen: two laptops write in one name",
                     "%u stations' chains are frozen: two laptops write in one name", others),
            others);
    if (json_array_size(json_object_get(s, "restored")))
        add(t, LOOK_WARN, "sync", "%s",
            _("This station was restored from a backup: nothing is taken in before it has met the hub"));
}

static void look_at_clock(struct todo *t, const json_t *s)
{
    json_int_t skew = number(s, "clock_skew"), off = skew < 0 ? -skew : skew;
    if (strcmp(str(s, "clock"), "behind") == 0)
        add(t, LOOK_WARN, "station", "%s", _("The clock of this laptop is behind; set it"));
    else if (strcmp(str(s, "clock"), "ahead") == 0)
        add(t, LOOK_WARN, "station", "%s", _("The clock of this laptop is more than a year ahead; set it"));
    else if (off > SKEW_WARN)
        add(t, LOOK_WARN, "station",
            ngettext("This laptop's clock and the hub's differ by %lld minute; one is wrong",
                     "This laptop's clock and the hub's differ by %lld minutes; one is wrong",
                     (unsigned long)(off / 60)),
            (long long)(off / 60));
}

static void look_at_disk(struct todo *t, const json_t *s)
{
    const json_t *left = json_object_get(s, "days_left"), *space = json_object_get(s, "free");
    json_int_t days = json_integer_value(left);
    char size[PROGRESS_TEXT];
    if (json_is_integer(left) && days <= DISK_WARN)
        add(t, days <= DISK_ALARM ? LOOK_ALARM : LOOK_WARN, "station",
            ngettext("The disk lasts for %lld more day", "The disk lasts for %lld more days", (unsigned long)days),
            (long long)days);
    else if (json_is_integer(space) && json_integer_value(space) < SPACE_ALARM) {
        progress_size(size, (uint64_t)json_integer_value(space));
        add(t, LOOK_ALARM, "station", _("Only %s of the disk are left"), size);
    }
}

/* One that is being taken in, or is in, needs nobody. */
static void look_at_camera(struct todo *t, const json_t *c)
{
    const char *state = str(c, "state"), *name = str(c, "name");
    json_int_t n = number(c, "recordings"), failed = number(c, "failed");
    char size[PROGRESS_TEXT];
    progress_size(size, (uint64_t)number(c, "bytes"));
    if (strcmp(state, "possible") == 0)
        add(t, LOOK_NORMAL, "cameras", _("%s is plugged in: say whether it is a camera"), name);
    else if (strcmp(state, "denied") == 0)
        add(t, LOOK_WARN, "doctor", _("Camera %s may not be used by this account: see what to do"), name);
    else if (strcmp(state, "stopped") == 0)
        add(t, LOOK_WARN, "cameras", _("Taking in camera %s was stopped: go on with it"), name);
    else if (strcmp(state, "done") == 0 && failed > 0)
        add(t, LOOK_WARN, "cameras",
            ngettext("%lld recording of camera %s could not be taken in",
                     "%lld recordings of camera %s could not be taken in", (unsigned long)failed),
            (long long)failed, name);
    else if (strcmp(state, "free") == 0 && n > 0)
        add(t, LOOK_NORMAL, "cameras",
            ngettext("Camera %s is plugged in: %lld recording on it, %s",
                     "Camera %s is plugged in: %lld recordings on it, %s", (unsigned long)n),
            name, (long long)n, size);
}

static void look_at_cameras(struct todo *t, const json_t *s)
{
    size_t i, intake = json_array_size(json_object_get(s, "intake"));
    const json_t *one;
    json_array_foreach(t->f->cameras, i, one)
    {
        look_at_camera(t, one);
    }
    if (intake)
        add(t, LOOK_WARN, "cameras",
            ngettext("%zu recording was taken in only in part: plug its camera in again",
                     "%zu recordings were taken in only in part: plug their cameras in again", intake),
            intake);
}

bool todo_is_open_note(const json_t *note, const json_t *status)
{
    return !str(note, "author")[0] && !json_is_string(json_object_get(note, "confirmed")) &&
           strcmp(str(note, "station"), str(status, "station")) == 0;
}

static void look_at_notes(struct todo *t, const json_t *s)
{
    size_t i, open = 0, drafts = json_array_size(t->f->drafts);
    const json_t *one;
    json_array_foreach(t->f->notes, i, one) open += todo_is_open_note(one, s);
    if (open)
        add(t, LOOK_WARN, "confirm",
            ngettext("%zu note was written while nobody was unlocked: its author confirms it",
                     "%zu notes were written while nobody was unlocked: their authors confirm them", open),
            open);
    if (drafts)
        add(t, LOOK_WARN, "drafts",
            ngettext("%zu text that was being typed is kept: go on with it", "%zu texts that were being typed are kept",
                     drafts),
            drafts);
}

static json_int_t unsent(const json_t *s)
{
    size_t i;
    const json_t *lane;
    json_int_t bytes = 0;
    json_array_foreach(json_object_get(s, "unsent_by_lane"), i, lane) bytes += json_integer_value(lane);
    return bytes;
}

static void look_at_unsent(struct todo *t, const json_t *s)
{
    json_int_t bytes = unsent(s);
    int64_t since;
    char size[PROGRESS_TEXT], when[TODO_TIME];
    if (bytes <= 0)
        return;
    progress_size(size, (uint64_t)bytes);
    if (!parse(str(s, "silent_since"), &since)) {
        add(t, LOOK_NORMAL, "sync", _("%s wait to be sent"), size);
        return;
    }
    todo_time(when, str(s, "silent_since"));
    add(t, t->f->now - since > UNSENT_OLD ? LOOK_WARN : LOOK_NORMAL, "sync",
        _("%s wait to be sent, the oldest since %s"), size, when);
}

/* A stick's text is "LEFT DUE [COURIER]"; DUE is a day or -. */
static void look_at_sticks(struct todo *t, const json_t *s)
{
    size_t i;
    const json_t *one;
    char today[CLOCK_TEXT];
    clock_text(today, t->f->now);
    json_array_foreach(json_object_get(s, "stick"), i, one)
    {
        const char *due = strchr(str(one, "text"), ' ');
        if (json_is_true(json_object_get(one, "overdue")))
            add(t, LOOK_WARN, "sync", _("Stick %s is overdue: it was to be back on %.10s"), str(one, "name"),
                due ? due + 1 : "?");
        else if (due && strncmp(due + 1, today, 10) == 0)
            add(t, LOOK_NORMAL, "sync", _("Stick %s is to be back today"), str(one, "name"));
    }
}

static void look_at_shift(struct todo *t, const json_t *s)
{
    const json_t *shift = json_object_get(s, "shift");
    const char *who = str(shift, "user");
    char when[TODO_TIME];
    int64_t since;
    if (!parse(str(shift, "since"), &since))
        return;
    todo_time(when, str(shift, "since"));
    if (strcmp(who, t->f->user) != 0)
        add(t, LOOK_NORMAL, "handover", _("The station was handed over to %s at %s, and not to you"), who, when);
    else if (t->f->now - since > SHIFT)
        add(t, LOOK_WARN, "handover", _("You took the station over at %s: hand it over when your shift ends"), when);
}

static void look_at_waiting(struct todo *t)
{
    size_t i;
    const json_t *one;
    unsigned others = 0, orders = 0, mine = 0;
    json_array_foreach(t->f->waiting, i, one)
    {
        if (strcmp(str(one, "author"), t->f->user) == 0)
            mine++;
        else if (strcmp(str(one, "type"), "request") == 0)
            others++;
        else
            orders++;
    }
    if (others)
        add(t, LOOK_WARN, "waiting",
            ngettext("%u request waits for a second person to approve it",
                     "%u requests wait for a second person to approve them", others),
            others);
    if (orders)
        add(t, LOOK_WARN, "waiting",
            ngettext("%u destruction order waits for a second signature",
                     "%u destruction orders wait for a second signature", orders),
            orders);
    if (mine)
        add(t, LOOK_NORMAL, "waiting",
            ngettext("%u request of yours waits for another supervisor",
                     "%u requests of yours wait for another supervisor", mine),
            mine);
}

static void look_at_stations(struct todo *t, const json_t *s)
{
    struct names silent = {0};
    size_t i;
    const json_t *one;
    int64_t last;
    json_array_foreach(json_object_get(s, "chains"), i, one)
    {
        if (!json_is_true(json_object_get(one, "revoked")) && parse(str(one, "last"), &last) &&
            t->f->now - last > SILENT)
            name(&silent, str(one, "station"));
    }
    if (silent.n)
        add(t, LOOK_WARN, "sync",
            ngettext("%zu station is silent for more than 3 days: %s",
                     "%zu stations are silent for more than 3 days: %s", silent.n),
            silent.n, silent.text);
}

static void look_at_custody(struct todo *t, const json_t *s)
{
    size_t bad = json_array_size(json_object_get(s, "quarantine"));
    bad += t->f->quarantined > 0 ? (size_t)t->f->quarantined : 0;
    if (bad)
        add(t, LOOK_WARN, "sync",
            ngettext("%zu thing that arrived failed a check and is quarantined",
                     "%zu things that arrived failed a check and are quarantined", bad),
            bad);
    if (t->f->held > 0)
        add(t, LOOK_NORMAL, "recordings",
            ngettext("%lld recording is on hold", "%lld recordings are on hold", (unsigned long)t->f->held),
            (long long)t->f->held);
}

/* A doctor ties what was filmed to the case. */
static void look_at_links(struct todo *t)
{
    size_t i, k;
    const json_t *one, *link;
    unsigned loose = 0;
    if (!t->f->links)
        return;
    json_array_foreach(t->f->recordings, i, one)
    {
        bool linked = json_is_string(json_object_get(one, "destroyed_under"));
        json_array_foreach(t->f->links, k, link) linked = linked || strcmp(str(link, "recording"), str(one, "id")) == 0;
        loose += !linked;
    }
    if (loose)
        add(t, LOOK_NORMAL, "recordings",
            ngettext("%u of the newest recordings is linked to no record",
                     "%u of the newest recordings are linked to no record", loose),
            loose);
}

static bool is_of_unit(const char *circles, const char *unit)
{
    char circle[CIRCLE_LEN + 16];
    for (size_t n; *circles; circles += n + (circles[n] == ',')) {
        n = strcspn(circles, ",");
        int want = snprintf(circle, sizeof circle, "records/%s", unit);
        if ((size_t)want == n && strncmp(circles, circle, n) == 0)
            return true;
    }
    return false;
}

static void look_at_users(struct todo *t, const json_t *s)
{
    struct names ending = {0}, ended = {0}, keyless = {0};
    size_t i;
    const json_t *one;
    int64_t until;
    json_array_foreach(t->f->users, i, one)
    {
        if (json_is_true(json_object_get(one, "revoked")))
            continue;
        bool limited = parse(str(one, "until"), &until), here = json_is_true(json_object_get(one, "key_here"));
        if (limited && until < t->f->now) {
            if (here)
                name(&ended, str(one, "user"));
        } else if (limited && until - t->f->now < ENDING) {
            name(&ending, str(one, "user"));
        } else if (!here && is_of_unit(str(one, "circles"), str(s, "unit"))) {
            name(&keyless, str(one, "user"));
        }
    }
    if (ended.n)
        add(t, LOOK_NORMAL, "users", _("Access has ended, and the key is still here: %s"), ended.text);
    if (ending.n)
        add(t, LOOK_WARN, "users", _("Access ends within 14 days: %s"), ending.text);
    if (keyless.n)
        add(t, LOOK_NORMAL, "users", _("Of this unit and without a key here: %s"), keyless.text);
}

static void look_at_doctor(struct todo *t)
{
    size_t i, bad = 0;
    const json_t *one;
    json_array_foreach(t->f->doctor, i, one) bad += strcmp(str(one, "result"), "bad") == 0;
    if (bad)
        add(t, LOOK_ALARM, "doctor",
            ngettext("%zu check of this station is bad", "%zu checks of this station are bad", bad), bad);
}

static void look_at_roster(struct todo *t, const json_t *s)
{
    int64_t made;
    if (parse(str(s, "roster_time"), &made) && t->f->now - made > ROSTER_OLD)
        add(t, LOOK_WARN, "sync",
            ngettext("The roster is %lld day old; sync", "The roster is %lld days old; sync",
                     (unsigned long)((t->f->now - made) / DAY)),
            (long long)((t->f->now - made) / DAY));
}

static int weight(enum look look)
{
    return look == LOOK_ALARM ? 0 : look == LOOK_WARN ? 1 : 2;
}

/* Alarms, warnings, the rest, each in the order of the rules. */
static void sort(struct todo *t)
{
    for (size_t i = 1; i < t->n; i++) {
        struct todo_line l = t->out[i];
        size_t k = i;
        for (; k > 0 && weight(t->out[k - 1].look) > weight(l.look); k--)
            t->out[k] = t->out[k - 1];
        t->out[k] = l;
    }
}

size_t todo_lines(const struct todo_facts *f, struct todo_line out[static TODO_MAX])
{
    struct todo t = {f, out, 0};
    const json_t *s = f->status;
    bool person = f->user[0] != '\0';
    look_at_chain(&t, s);
    look_at_clock(&t, s);
    look_at_disk(&t, s);
    look_at_notes(&t, s);
    look_at_cameras(&t, s);
    if (person && f->roles & ROLE_SUPERVISOR)
        look_at_waiting(&t);
    if (person && f->roles & ROLE_DOCTOR)
        look_at_links(&t);
    look_at_sticks(&t, s);
    look_at_unsent(&t, s);
    if (person && f->roles & ROLE_CREW)
        look_at_shift(&t, s);
    if (person && f->roles & (ROLE_SUPERVISOR | ROLE_ADMIN)) {
        look_at_stations(&t, s);
        look_at_custody(&t, s);
    }
    if (person && f->roles & ROLE_ADMIN) {
        look_at_doctor(&t);
        look_at_roster(&t, s);
        look_at_users(&t, s);
    }
    sort(&t);
    return t.n;
}

void todo_held(const json_t *status, char out[static TODO_TEXT])
{
    char when[TODO_TIME], since[TODO_TIME];
    out[0] = '\0';
    if (!status)
        return;
    bool receipt = str(status, "hub")[0] != '\0', silent = json_is_string(json_object_get(status, "silent_since"));
    todo_time(when, str(status, "hub_as_of"));
    todo_time(since, str(status, "silent_since"));
    if (!receipt && number(status, "labels") == 0)
        snprintf(out, TODO_TEXT, "%s", _("Nothing has been saved on this station yet"));
    else if (!receipt)
        snprintf(out, TODO_TEXT, "%s", _("The district holds nothing of this station: there is no receipt yet"));
    else if (silent)
        snprintf(out, TODO_TEXT, _("By its receipt of %s the district does not hold what was saved since %s"), when,
                 since);
    else if (unsent(status) > 0)
        snprintf(out, TODO_TEXT, _("By its receipt of %s the district holds every batch, and not yet all video"), when);
    else
        snprintf(out, TODO_TEXT, _("By its receipt of %s the district holds all that this station has saved"), when);
}
