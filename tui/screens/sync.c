#include "tui/screens/sync.h"

#include "storage/vault/label.h"
#include "tui/lang/lang.h"
#include "tui/screens/keepers.h"
#include "tui/screens/screens.h"
#include "tui/screens/listing.h"
#include "tui/widgets/cells.h"
#include "tui/widgets/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/*
 * What is held by the district, what waits and why, how the links stand. What
 * "held" says comes from a receipt; the rest is what feldsher-sync believes.
 */
enum { ACT_WATCH = ACT_OWN, ACT_MEET, ACT_PLAN, ACT_LOAD, ACT_STICKS, ACT_REFUSED, ACT_LIMITS };
static const struct key_row keys[] = {
    {K_F2, ACT_WATCH, FIELD(14, "Start/stop"), N_("starts or ends the program that keeps the link"), false},
    {K_F3, ACT_MEET, FIELD(14, "Meet now"), N_("one contact with the hub, now"), false},
    {K_F4, ACT_PLAN, FIELD(14, "Plan"), N_("what a contact would carry, how long it takes, what stays"), false},
    {K_F5, ACT_LOAD, FIELD(14, "Load stick"), N_("gives a stick along with a courier"), false},
    {K_F6, ACT_STICKS, FIELD(14, "Sticks"), N_("sticks on their way, who has them, when they are due"), false},
    {K_F7, ACT_REFUSED, FIELD(14, "Refused"), N_("what was refused or set aside, and why"), false},
    {K_F8, ACT_LIMITS, FIELD(14, "Limits"), N_("hub, bytes a day, hours, metered links, which lane goes when"), false},
};

#define LABELS 24
static const char *const labels[] = {
    FIELD(24, "Held by the district"), FIELD(24, "Silent since"),        FIELD(24, "Keeping the link"),
    FIELD(24, "Used today"),           FIELD(24, "Sticks on their way"), FIELD(24, "Refused, set aside"),
};
enum { HELD, SILENT, KEEPING, USED, STICKS, REFUSED };

/* By lane; LANES of them. */
static const char *const lanes[] = {
    FIELD(24, "urgent notes"),       FIELD(24, "records"),          FIELD(24, "lists and orders"),
    FIELD(24, "flagged recordings"), FIELD(24, "other recordings"),
};

const char *sync_lane(size_t lane)
{
    return lane < LANES ? _(lanes[lane]) : "";
}

struct line {
    const struct area *a;
    int row;
};

static void pair(struct line *l, int label, enum look look, const char *text)
{
    term_cell(l->a, l->row, 0, LABELS, LOOK_DIM, CELLS_LEFT, _(labels[label]));
    term_text(l->a, l->row++, LABELS + 1, 0, look, text);
}

static void paint_held(struct line *l, const json_t *status)
{
    char text[CELLS_BYTES], when[LISTING_WHEN];
    unsigned long long n = (unsigned long long)desk_int(status, "hub_labels");
    unsigned long long from = (unsigned long long)desk_int(status, "unsent_from_label");
    listing_when(when, desk_str(status, "hub_as_of"));
    if (desk_str(status, "hub")[0])
        snprintf(text, sizeof text,
                 ngettext("since %s: %llu save, hub %s", "since %s: %llu saves, hub %s", (unsigned long)n), when, n,
                 desk_str(status, "hub"));
    else
        snprintf(text, sizeof text, "%s", _("nothing yet: there is no receipt"));
    pair(l, HELD, LOOK_NORMAL, text);
    listing_when(when, desk_str(status, "silent_since"));
    if (from)
        snprintf(text, sizeof text, _("%s: no receipt for save %llu and later"), when, from);
    else
        snprintf(text, sizeof text, "%s", _("nothing is withheld"));
    pair(l, SILENT, from ? LOOK_WARN : LOOK_OK, text);
}

static void paint_keeper(struct line *l, const struct desk *d)
{
    const char *why = keepers_why_not(d);
    struct area beside = area_part(l->a, l->row, LABELS + 1, 2, l->a->cols - LABELS - 1);
    if (!keepers_runs(d) && why) {
        term_cell(l->a, l->row, 0, LABELS, LOOK_DIM, CELLS_LEFT, _(labels[KEEPING]));
        l->row += term_wrap(&beside, 0, 2, LOOK_WARN, why);
        return;
    }
    if (keepers_runs(d))
        pair(l, KEEPING, LOOK_OK,
             keepers_is_ours(d) ? _("yes, started by these screens") : _("yes, started by another program"));
    else
        pair(l, KEEPING, LOOK_WARN, _("about to start"));
}

/* Counted by feldsher-sync while it runs, else by the index. */
static void paint_lanes(struct line *l, const struct desk *d)
{
    const json_t *link = keepers_link(d), *left = json_object_get(link, "left");
    const json_t *bytes = json_object_get(d->status, "unsent_by_lane");
    const json_t *items = json_object_get(d->status, "unsent_items_by_lane");
    bool live = json_is_true(json_object_get(link, "running")) && json_array_size(left) == LANES;
    l->row++;
    term_cell(l->a, l->row, 0, l->a->cols, LOOK_TITLE, CELLS_LEFT, _("To give"));
    term_cell(l->a, l->row, LABELS + 1, 10, LOOK_TITLE, CELLS_RIGHT, _("Items"));
    term_cell(l->a, l->row++, LABELS + 12, 12, LOOK_TITLE, CELLS_RIGHT, _("Size"));
    for (size_t i = 0; i < LANES; i++) {
        const json_t *one = json_array_get(left, i);
        json_int_t n = live ? desk_int(one, "items") : json_integer_value(json_array_get(items, i));
        json_int_t size = live ? desk_int(one, "bytes") : json_integer_value(json_array_get(bytes, i));
        const char *stays = live ? desk_str(one, "withheld") : "";
        char text[PROGRESS_TEXT], count[24];
        progress_size(text, (uint64_t)size);
        snprintf(count, sizeof count, "%" JSON_INTEGER_FORMAT, n);
        enum look look = n && i == 0 ? LOOK_ALARM : n ? LOOK_NORMAL : LOOK_DIM;
        term_cell(l->a, l->row, 0, LABELS, look, CELLS_LEFT, sync_lane(i));
        term_cell(l->a, l->row, LABELS + 1, 10, look, CELLS_RIGHT, count);
        term_cell(l->a, l->row, LABELS + 12, 12, look, CELLS_RIGHT, text);
        if (n && stays[0])
            term_textf(l->a, l->row, LABELS + 26, 0, LOOK_WARN, _("stays: %s"), stays);
        l->row++;
    }
    l->row++;
}

static void paint_link(struct line *l, const json_t *one)
{
    char when[LISTING_WHEN], rate[PROGRESS_TEXT], text[CELLS_BYTES];
    const char *state = desk_str(one, "state"), *error = desk_str(one, "error");
    bool connected = strcmp(state, "connected") == 0, pausing = strcmp(state, "pausing") == 0;
    listing_when(when, desk_str(one, "since"));
    progress_size(rate, (uint64_t)desk_int(one, "rate"));
    snprintf(text, sizeof text,
             connected ? _("connected since %s")
             : pausing ? _("pausing since %s")
                       : _("dialling since %s"),
             when);
    term_cell(l->a, l->row, 0, LABELS, LOOK_NORMAL, CELLS_LEFT, desk_str(one, "to"));
    term_text(l->a, l->row++, LABELS + 1, 0, connected ? LOOK_OK : LOOK_WARN, text);
    if (connected)
        term_textf(l->a, l->row++, LABELS + 1, 0, LOOK_DIM, _("%s/s, round trip %lld ms"), rate,
                   (long long)desk_int(one, "rtt"));
    if (!connected && error[0])
        term_text(l->a, l->row++, LABELS + 1, 0, LOOK_WARN, error);
}

static void paint_rest(struct line *l, const struct desk *d, const json_t *limits)
{
    const json_t *link = keepers_link(d), *sticks = json_object_get(d->status, "stick");
    char text[CELLS_BYTES], used[PROGRESS_TEXT], most[PROGRESS_TEXT];
    size_t n = json_array_size(sticks), late = 0, i;
    const json_t *one;
    json_array_foreach(sticks, i, one)
    {
        late += json_is_true(json_object_get(one, "overdue"));
    }
    progress_size(used, (uint64_t)desk_int(link, "used_today"));
    progress_size(most, (uint64_t)desk_int(limits, "bytes_per_day"));
    if (desk_int(limits, "bytes_per_day"))
        snprintf(text, sizeof text, _("%s of %s"), used, most);
    else
        snprintf(text, sizeof text, "%s", used);
    pair(l, USED, LOOK_NORMAL, text);
    if (late)
        snprintf(text, sizeof text, _("%zu, OVERDUE: %zu"), n, late);
    else
        snprintf(text, sizeof text, "%zu", n);
    pair(l, STICKS, late ? LOOK_ALARM : LOOK_NORMAL, text);
    n = json_array_size(json_object_get(d->status, "quarantine"));
    snprintf(text, sizeof text, "%zu", n);
    pair(l, REFUSED, n ? LOOK_WARN : LOOK_NORMAL, text);
}

struct sync {
    json_t *limits; /* `sync --settings` */
    unsigned met;   /* the contact whose end was said */
};

static void paint(struct view *v, const struct area *a)
{
    const struct sync *s = v->state;
    const struct desk *d = v->desk;
    const json_t *links = json_object_get(keepers_link(d), "links");
    struct area in = area_part(a, 0, 1, a->rows, a->cols - 2);
    struct line l = {&in, 0};
    if (!d->status) {
        term_text(&in, 0, 0, 0, LOOK_DIM, _("The station is being asked"));
        return;
    }
    paint_held(&l, d->status);
    paint_keeper(&l, d);
    paint_lanes(&l, d);
    for (size_t i = 0; keepers_runs(d) && i < json_array_size(links); i++)
        paint_link(&l, json_array_get(links, i));
    paint_rest(&l, d, s->limits);
}

static bool take_limits(struct view *v, const struct opener_reply *r)
{
    struct sync *s = v->state;
    if (!r->end) {
        json_decref(s->limits);
        s->limits = json_deep_copy(r->row);
    }
    return false;
}

void sync_ask_limits(struct view *v)
{
    static const char *const argv[] = {"sync", "--settings", NULL};
    desk_ask(v, take_limits, argv);
}

static enum err open_sync(struct view *v, const void *arg)
{
    struct sync *s = v->state;
    const struct desk_job *meeting = desk_job_find(v->desk, "meet");
    (void)arg;
    s->met = meeting && !meeting->running ? meeting->id : 0;
    sync_ask_limits(v);
    desk_refresh(v->desk);
    return ERR_OK;
}

static void close_sync(struct view *v)
{
    struct sync *s = v->state;
    json_decref(s->limits);
}

static void meet(struct desk *d)
{
    static const char *const argv[] = {"sync", "--once", NULL};
    if (keepers_runs(d))
        desk_say(d, LOOK_OK, "%s", _("The link is kept already: whatever is new goes by itself"));
    else if (desk_job(d, "meet", argv))
        desk_say(d, LOOK_OK, "%s", _("Meeting the hub"));
}

static void act(struct view *v, int what)
{
    static const char *const names[] = {
        [ACT_PLAN - ACT_OWN] = "plan",       [ACT_LOAD - ACT_OWN] = "load",     [ACT_STICKS - ACT_OWN] = "sticks",
        [ACT_REFUSED - ACT_OWN] = "refused", [ACT_LIMITS - ACT_OWN] = "limits",
    };
    struct desk *d = v->desk;
    if (what == ACT_WATCH && keepers_runs(d))
        keepers_stop(d);
    else if (what == ACT_WATCH)
        keepers_start(d);
    else if (what == ACT_MEET)
        meet(d);
    else if (what >= ACT_PLAN && what <= ACT_LIMITS)
        desk_show_name(d, names[what - ACT_OWN], NULL);
}

static const char *refuse(struct view *v, int what)
{
    if ((what == ACT_WATCH || what == ACT_MEET) && !keepers_runs(v->desk) &&
        !desk_str(v->desk->status, "hub_address")[0])
        return _("No hub's address is known: set one under the limits, or use a stick");
    return NULL;
}

static void news(struct view *v, const void *event)
{
    struct sync *s = v->state;
    const struct desk_job *meeting = desk_job_find(v->desk, "meet");
    bool ended = meeting && !meeting->running && meeting->id != s->met;
    (void)event;
    if (ended)
        s->met = meeting->id;
    if (ended && meeting->exit_code == 0)
        desk_say(v->desk, LOOK_OK, "%s", _("The contact is over; a receipt covers everything"));
    desk_paint(v);
}

const struct screen screen_sync = {
    .name = "sync",
    .title = N_("Sync"),
    .about = N_("what goes to the district, by link and by stick"),
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .size = sizeof(struct sync),
    .menu = '4',
    .locked = true,
    .open = open_sync,
    .paint = paint,
    .act = act,
    .refuse = refuse,
    .news = news,
    .close = close_sync,
};
