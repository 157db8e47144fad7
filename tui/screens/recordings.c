#include "tui/lang/lang.h"
#include "tui/screens/custody_words.h"
#include "tui/screens/errand.h"
#include "tui/screens/prompt.h"
#include "tui/screens/recording.h"
#include "tui/screens/screens.h"
#include "tui/screens/work.h"
#include "tui/widgets/cells.h"
#include "tui/widgets/progress.h"
#include "tui/widgets/table.h"
#include "tui/widgets/when.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define WEEK ((time_t)7 * 86400)

enum filter { EVERY, HERE, AWAY, HELD, FLAGGED, TODAY, THIS_WEEK, UNIT, FILTERS };

struct recordings {
    struct errand errand; /* first: errand.h */
    struct table list;
    unsigned ticket, asked; /* of the answer that is coming */
    json_t *rows, *coming;  /* objects of rows by ID: of the answer that is here, and that comes */
    enum filter filter;
    bool busy;
};

static const struct table_column columns[] = {
    {FIELD(16, "Taken in"), 16, 0, CELLS_LEFT},
    {FIELD(10, "Unit"), 10, 1, CELLS_LEFT},
    {FIELD(8, "Camera"), 8, 1, CELLS_LEFT},
    {FIELD(9, "Size"), 9, 0, CELLS_RIGHT},
    {FIELD(12, "File"), 12, 4, CELLS_LEFT},
    {FIELD(12, "Where"), 12, 0, CELLS_LEFT},
    {"", 1, 0, CELLS_LEFT},
};
#define COLUMNS (sizeof columns / sizeof columns[0])

enum {
    ACT_STOP = ACT_OWN,
    ACT_SHOW,
    ACT_PLAY,
    ACT_PULL,
    ACT_VERIFY,
    ACT_EVIDENCE,
    ACT_HOLD,
    ACT_FLAG,
    ACT_LINK,
    ACT_DESTROY,
    ACT_FILTER,
    ACT_WAITING,
    ACT_ROOM,
};
static const struct key_row keys[] = {
    {K_F2, ACT_STOP, NULL, N_("stop the check, export or viewing that runs"), false},
    {K_F3, ACT_SHOW, FIELD(10, "Show"), N_("everything about it"), true},
    {K_F4, ACT_PLAY, FIELD(10, "View"), N_("view it; its custody says so"), true},
    {K_F5, ACT_VERIFY, FIELD(10, "Check"), N_("check it against its entry"), true},
    {K_NONE, ACT_PULL, NULL, N_("ask the hub for it"), true},
    {K_NONE, ACT_EVIDENCE, NULL, N_("evidence for a court"), true},
    {K_NONE, ACT_HOLD, NULL, N_("hold, or end the hold"), true},
    {K_NONE, ACT_FLAG, NULL, N_("flag it: it goes first"), true},
    {K_NONE, ACT_LINK, NULL, N_("link it to a record"), true},
    {K_NONE, ACT_DESTROY, NULL, N_("destroy it, by two persons"), true},
    {K_F6, ACT_FILTER, FIELD(10, "Filter"), N_("show those that are held, flagged, not here, of today, of the unit"),
     false},
    {K_F7, ACT_WAITING, FIELD(10, "Waiting"), N_("what waits for a second person's approval or signature"), false},
    {K_F8, ACT_ROOM, FIELD(10, "Room"), N_("make room: remove here what the hub holds, or what an order names"), false},
};

static enum look look_of(const json_t *row)
{
    if (desk_str(row, "destroyed_under")[0])
        return LOOK_DIM;
    return json_is_true(json_object_get(row, "held")) ? LOOK_WARN : LOOK_NORMAL;
}

static enum err add(struct recordings *s, const json_t *row)
{
    char when[WHEN_TEXT], size[PROGRESS_TEXT];
    const char *path = desk_str(row, "path"), *slash = strrchr(path, '/');
    when_text(when, desk_str(row, "time"));
    progress_size(size, (uint64_t)desk_int(row, "size"));
    const char *cells[COLUMNS] = {when,
                                  desk_str(row, "unit"),
                                  desk_str(row, "camera"),
                                  size,
                                  slash ? slash + 1 : path,
                                  custody_where(row),
                                  custody_mark(row)};
    json_object_set_new(s->coming, desk_str(row, "id"), json_deep_copy(row));
    return table_add(&s->list, s->ticket, desk_str(row, "id"), look_of(row), cells);
}

static bool take(struct view *v, const struct opener_reply *r)
{
    struct recordings *s = v->state;
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
        s->list.more = json_is_true(json_object_get(r->row, "more"));
        table_end(&s->list, s->ticket, (size_t)desk_int(r->row, "total"));
        return true;
    }
    enum err e = add(s, r->row);
    if (e)
        desk_say_error(v->desk, e);
    return true;
}

/* The words of the filter behind `rows recordings`. */
static size_t filter_words(const struct view *v, const char *argv[], char since[static 24])
{
    static const char *const words[FILTERS] = {
        [HERE] = "here", [AWAY] = "away", [HELD] = "held", [FLAGGED] = "flagged"};
    const struct recordings *s = v->state;
    size_t n = 0;
    time_t now = time(NULL), from = now - WEEK;
    struct tm tm;
    if (s->filter == TODAY && localtime_r(&now, &tm)) {
        tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
        from = mktime(&tm);
    }
    snprintf(since, 24, "%" PRId64, (int64_t)from * 1000);
    if (words[s->filter]) {
        argv[n++] = "--filter";
        argv[n++] = words[s->filter];
    } else if (s->filter == TODAY || s->filter == THIS_WEEK) {
        argv[n++] = "--since";
        argv[n++] = since;
    } else if (s->filter == UNIT) {
        argv[n++] = "--unit";
        argv[n++] = desk_str(v->desk->status, "unit");
    }
    return n;
}

static void want(void *ctx, unsigned ticket, const char *text, size_t from, size_t count)
{
    struct view *v = ctx;
    struct recordings *s = v->state;
    char first[24], many[24], since[24];
    snprintf(first, sizeof first, "%zu", from);
    snprintf(many, sizeof many, "%zu", count);
    const char *argv[12] = {"rows", "recordings", "--from", first, "--count", many};
    size_t n = 6 + filter_words(v, argv + 6, since);
    if (text[0]) {
        argv[n++] = "--text";
        argv[n++] = text;
    }
    s->ticket = ticket;
    json_object_clear(s->coming);
    s->asked = desk_ask(v, take, argv);
}

static enum err open_recordings(struct view *v, const void *arg)
{
    struct recordings *s = v->state;
    (void)arg;
    s->rows = json_object();
    s->coming = json_object();
    table_init(&s->list, columns, COLUMNS, want, v);
    s->list.empty = N_("No recordings: plug a camera in and take them off it, or F6 and another filter");
    errand_open(v);
    table_reload(&s->list);
    return ERR_OK;
}

/* The chain has grown; or work has ended, which may have moved blobs. */
static void news(struct view *v, const void *event)
{
    struct recordings *s = v->state;
    const char *what = desk_str(event, "event");
    bool was = s->busy;
    s->busy = desk_is_busy(v->desk);
    if (strcmp(what, "records") == 0 || strcmp(what, "news") == 0 || (was && !s->busy))
        table_reload(&s->list);
}

static const json_t *selected(const struct recordings *s)
{
    const struct table_row *r = table_selected(&s->list);
    return r ? json_object_get(s->rows, r->id) : NULL;
}

static void filter_chosen(struct view *v, int answer)
{
    struct recordings *s = v->state;
    if (answer == FILTERS) {
        desk_show(v->desk, &screen_waiting, NULL);
        return;
    }
    s->filter = (enum filter)answer;
    s->list.at = s->list.top = 0;
    s->list.id[0] = '\0';
    table_reload(&s->list);
}

static const char *const filters[FILTERS] = {
    [EVERY] = N_("all of them"),
    [HERE] = N_("all of it is here"),
    [AWAY] = N_("not here, or not all of it"),
    [HELD] = N_("held"),
    [FLAGGED] = N_("flagged"),
    [TODAY] = N_("taken in today"),
    [THIS_WEEK] = N_("taken in in the last seven days"),
    [UNIT] = N_("of this unit"),
};

static void ask_filter(struct view *v)
{
    const char *answers[FILTERS + 1];
    for (size_t i = 0; i < FILTERS; i++)
        answers[i] = _(filters[i]);
    answers[FILTERS] = _("waiting for a second person");
    desk_ask_choice(v, filter_chosen, _("Which recordings?"), answers, FILTERS + 1);
}

static const struct form_field room_fields[] = {
    {.name = "days", .label = N_("Older than, days"), .help = N_("empty: of any age")},
};

static enum prompt_next send_room(struct view *v, const struct form *f)
{
    const char *days = form_text(f, "days");
    if (strspn(days, "0123456789") != strlen(days)) {
        desk_say(v->desk, LOOK_WARN, "%s", _("A number of days, in digits"));
        return PROMPT_STAY;
    }
    return work_purge(v->desk, days) ? PROMPT_CLOSE : PROMPT_STAY;
}

static void ask_room(struct view *v)
{
    prompt_open(v->desk,
                &(struct prompt_order){.view = v,
                                       .title = _("Make room"),
                                       .text = _("Removes from this disk what a receipt says the hub holds, and what a "
                                                 "destruction order names. Held recordings stay; entries always do."),
                                       .fields = room_fields,
                                       .n = 1,
                                       .done = send_room});
}

static enum deed deed_of(const json_t *row, int act)
{
    switch (act) {
    case ACT_PLAY:
        return DEED_PLAY;
    case ACT_PULL:
        return DEED_PULL;
    case ACT_VERIFY:
        return DEED_VERIFY;
    case ACT_EVIDENCE:
        return DEED_REQUEST;
    case ACT_HOLD:
        return json_is_true(json_object_get(row, "held")) ? DEED_RELEASE : DEED_HOLD;
    case ACT_FLAG:
        return DEED_FLAG;
    case ACT_LINK:
        return DEED_LINK;
    case ACT_DESTROY:
        return DEED_DESTROY;
    default:
        return DEEDS;
    }
}

static void show(struct view *v, const json_t *row, enum deed d)
{
    desk_show(v->desk, &screen_recording, &(struct recording_order){desk_str(row, "id"), d});
}

static void act(struct view *v, int what)
{
    struct recordings *s = v->state;
    const json_t *row = selected(s);
    if (what == ACT_FILTER)
        ask_filter(v);
    else if (what == ACT_WAITING)
        desk_show(v->desk, &screen_waiting, NULL);
    else if (what == ACT_ROOM)
        ask_room(v);
    else if (what == ACT_STOP)
        work_stop(v->desk);
    else if (!row)
        return;
    else if (what == ACT_CHOOSE)
        desk_row_menu(v);
    else if (what == ACT_SHOW || what == ACT_EVIDENCE)
        show(v, row, DEEDS);
    else if (what == ACT_DESTROY) /* its custody says who has signed already */
        show(v, row, DEED_DESTROY);
    else
        errand_start(v, deed_of(row, what), row);
}

static const char *refuse(struct view *v, int what)
{
    struct recordings *s = v->state;
    const json_t *row = selected(s);
    struct deed_person p = errand_person(v);
    enum deed d = deed_of(row, what);
    if (what == ACT_STOP)
        return work_rows(v->desk) ? NULL : _("nothing runs");
    return d == DEEDS ? NULL : deed_refuse(d, &p, row);
}

static void paint(struct view *v, const struct area *a)
{
    struct recordings *s = v->state;
    int foot = work_rows(v->desk);
    struct area list = area_part(a, 0, 0, a->rows - foot, a->cols);
    struct area work = area_part(a, a->rows - foot, 0, foot, a->cols);
    table_paint(&s->list, &list);
    if (foot)
        work_paint(v->desk, &work);
}

static bool key(struct view *v, const struct key *k)
{
    struct recordings *s = v->state;
    return table_key(&s->list, k);
}

static void close_recordings(struct view *v)
{
    struct recordings *s = v->state;
    table_free(&s->list);
    json_decref(s->rows);
    json_decref(s->coming);
    errand_close(v);
}

static const char *subtitle(const struct view *v)
{
    const struct recordings *s = v->state;
    return s->filter == EVERY ? NULL : _(filters[s->filter]);
}

const struct screen screen_recordings = {
    .name = "recordings",
    .title = N_("Recordings"),
    .about = N_("find, see, verify, fetch, hand on"),
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .size = sizeof(struct recordings),
    .menu = '3',
    .open = open_recordings,
    .paint = paint,
    .act = act,
    .refuse = refuse,
    .key = key,
    .news = news,
    .close = close_recordings,
    .subtitle = subtitle,
};
