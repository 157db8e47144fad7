#include "tui/lang/lang.h"
#include "tui/screens/custody_words.h"
#include "tui/screens/errand.h"
#include "tui/screens/recording.h"
#include "tui/screens/screens.h"
#include "tui/screens/work.h"
#include "tui/widgets/cells.h"
#include "tui/widgets/table.h"
#include "tui/widgets/when.h"

#include <stdio.h>
#include <string.h>

/* What waits for a second person: requests for evidence, destruction orders. */
struct waiting {
    struct errand errand; /* first: errand.h */
    struct table list;
    unsigned ticket, asked; /* of the answer that is coming */
    json_t *rows, *coming;
};

static const struct table_column columns[] = {
    {FIELD(16, "Since"), 16, 0, CELLS_LEFT}, {FIELD(12, "What"), 12, 0, CELLS_LEFT},
    {FIELD(14, "By"), 14, 1, CELLS_LEFT},    {FIELD(11, "Recording"), 11, 0, CELLS_LEFT},
    {FIELD(20, "Why"), 20, 3, CELLS_LEFT},
};
#define COLUMNS (sizeof columns / sizeof columns[0])

enum { ACT_STOP = ACT_OWN, ACT_SHOW, ACT_SIGN, ACT_OTHER };
static const struct key_row keys[] = {
    {K_F2, ACT_STOP, NULL, N_("stop the approval that runs"), false},
    {K_F3, ACT_SHOW, FIELD(10, "Show"), N_("the recording that it is about"), true},
    {K_F4, ACT_SIGN, FIELD(10, "Approve"), N_("approve it, or sign the order as the second supervisor"), true},
    {K_F5, ACT_OTHER, FIELD(10, "Other"), N_("another person approves it here, with their passphrase"), true},
};

static bool is_order(const json_t *row)
{
    return strcmp(desk_str(row, "type"), "order") == 0;
}

static enum err add(struct waiting *s, const json_t *row)
{
    char when[WHEN_TEXT], id[9], why[CUSTODY_TEXT];
    const char *notice = desk_str(json_object_get(row, "data"), "notice");
    when_text(when, desk_str(row, "time"));
    snprintf(id, sizeof id, "%.8s", desk_str(row, "recording"));
    if (is_order(row))
        custody_line(notice, "why", why, sizeof why);
    else
        snprintf(why, sizeof why, "%s", custody_why(row));
    const char *cells[COLUMNS] = {when, is_order(row) ? _("destruction") : _("evidence"), desk_str(row, "author"), id,
                                  why};
    json_object_set_new(s->coming, desk_str(row, "id"), json_deep_copy(row));
    return table_add(&s->list, s->ticket, desk_str(row, "id"), LOOK_NORMAL, cells);
}

static bool take(struct view *v, const struct opener_reply *r)
{
    struct waiting *s = v->state;
    if (r->end) {
        /* passed over where the total has come; that may have asked for other rows already */
        if (r->id == s->asked)
            table_fail(&s->list, s->ticket);
        return false;
    }
    if (json_object_get(r->row, "total")) {
        if (!s->list.stale) { /* else the table does not take them either */
            json_t *rows = s->rows;
            s->rows = s->coming;
            s->coming = rows;
        }
        table_end(&s->list, s->ticket, (size_t)desk_int(r->row, "total"));
        return true;
    }
    enum err e = add(s, r->row);
    if (e)
        desk_say_error(v->desk, e);
    return true;
}

static void want(void *ctx, unsigned ticket, const char *text, size_t from, size_t count)
{
    struct view *v = ctx;
    struct waiting *s = v->state;
    char first[24], many[24];
    snprintf(first, sizeof first, "%zu", from);
    snprintf(many, sizeof many, "%zu", count);
    const char *argv[] = {"rows", "waiting", "--from", first, "--count", many, text[0] ? "--text" : NULL, text, NULL};
    s->ticket = ticket;
    json_object_clear(s->coming);
    s->asked = desk_ask(v, take, argv);
}

static enum err open_waiting(struct view *v, const void *arg)
{
    struct waiting *s = v->state;
    (void)arg;
    s->rows = json_object();
    s->coming = json_object();
    table_init(&s->list, columns, COLUMNS, want, v);
    s->list.empty = N_("Nothing waits for a second person");
    errand_open(v);
    table_reload(&s->list);
    return ERR_OK;
}

static void news(struct view *v, const void *event)
{
    struct waiting *s = v->state;
    const char *what = desk_str(event, "event");
    if (strcmp(what, "records") == 0 || strcmp(what, "news") == 0)
        table_reload(&s->list);
}

static const json_t *selected(const struct waiting *s)
{
    const struct table_row *r = table_selected(&s->list);
    return r ? json_object_get(s->rows, r->id) : NULL;
}

static void approve(struct view *v, int answer)
{
    struct waiting *s = v->state;
    const json_t *row = selected(s);
    if (answer == 1 && row)
        work_approve(v->desk, desk_str(row, "id"), NULL, NULL);
}

static void act(struct view *v, int what)
{
    struct waiting *s = v->state;
    const json_t *row = selected(s);
    struct recording_order o = {desk_str(row, "recording"), DEEDS};
    if (what == ACT_STOP)
        work_stop(v->desk);
    else if (!row)
        return;
    else if (what == ACT_CHOOSE)
        desk_row_menu(v);
    else if (what == ACT_SHOW)
        desk_show(v->desk, &screen_recording, &o);
    else if (is_order(row)) {
        o.deed = DEED_DESTROY;
        desk_show(v->desk, &screen_recording, &o);
    } else if (what == ACT_OTHER)
        errand_approve_by_another(v, desk_str(row, "id"));
    else
        desk_ask_yes(v, approve,
                     _("Approve it? The whole recording is read, and what was read is signed in your name: it may then "
                       "leave as evidence"));
}

static const char *refuse(struct view *v, int what)
{
    struct waiting *s = v->state;
    struct deed_person p = errand_person(v);
    if (what == ACT_STOP)
        return work_rows(v->desk) ? NULL : _("nothing runs");
    if (what == ACT_SIGN)
        return deed_refuse_second(&p, selected(s));
    return selected(s) ? NULL : _("nothing is selected");
}

static void paint(struct view *v, const struct area *a)
{
    struct waiting *s = v->state;
    int foot = work_rows(v->desk);
    struct area list = area_part(a, 0, 0, a->rows - foot, a->cols);
    struct area work = area_part(a, a->rows - foot, 0, foot, a->cols);
    table_paint(&s->list, &list);
    if (foot)
        work_paint(v->desk, &work);
}

static bool key(struct view *v, const struct key *k)
{
    struct waiting *s = v->state;
    return table_key(&s->list, k);
}

static void close_waiting(struct view *v)
{
    struct waiting *s = v->state;
    table_free(&s->list);
    json_decref(s->rows);
    json_decref(s->coming);
    errand_close(v);
}

const struct screen screen_waiting = {
    .name = "waiting",
    .title = N_("Waiting for a second person"),
    .about = N_("requests for evidence and destruction orders"),
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .size = sizeof(struct waiting),
    .open = open_waiting,
    .paint = paint,
    .act = act,
    .refuse = refuse,
    .key = key,
    .news = news,
    .close = close_waiting,
};
