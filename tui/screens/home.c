#include "storage/base/clock.h"
#include "storage/trust/roster.h"
#include "tui/lang/lang.h"
#include "tui/screens/desk.h"
#include "tui/screens/dock.h"
#include "tui/screens/screens.h"
#include "tui/screens/todo.h"
#include "tui/widgets/cells.h"

#include <stdio.h>
#include <string.h>

#define DIGITS 9
#define OFTEN_AGAIN 2000 /* ms between two askings of what changes often */
#define SLOW_AGAIN 60000 /* and of what takes longer */
#define RECORDINGS_ASKED "100"
#define LINKS_ASKED "1000"
#define LINKS_MAX 1000

/* What needs doing; each line leads to where it is done. */
enum source { NOTES, WAITING, HELD, QUARANTINED, DRAFTS, RECORDINGS, LINKS, USERS, DOCTOR, SOURCES };
struct home {
    json_t *rows[SOURCES];   /* as known; NULL: not yet */
    json_t *coming[SOURCES]; /* of the answer under way */
    unsigned id[SOURCES];
    json_int_t total[SOURCES]; /* that an answer said; -1: not known */
    int64_t often_at, slow_at;
    int64_t due; /* something changed since: when to ask again; 0: nothing did */
    struct todo_line lines[TODO_MAX];
    size_t n, at, top, page;
    char held[TODO_TEXT];
    char user[NAME_LEN]; /* whose home it is */
};

enum { ACT_NOTE = ACT_OWN, ACT_CAMERAS, ACT_SYNC, ACT_HANDOVER };
static const struct key_row keys[] = {
    {K_F5, ACT_NOTE, FIELD(14, "Note"), N_("a note, sealed at once"), false},
    {K_F3, ACT_CAMERAS, FIELD(14, "Cameras"), N_("what is plugged in, and taking it in"), false},
    {K_F4, ACT_SYNC, FIELD(14, "Sync"), N_("what waits to be sent, and the links"), false},
    {K_F6, ACT_HANDOVER, FIELD(14, "Hand over"), N_("the station, from one shift to the next"), false},
};

static void make_lines(struct view *v)
{
    struct home *h = v->state;
    struct desk *d = v->desk;
    json_t *cameras = plugged_json(dock_plugged(d));
    struct todo_facts f = {.user = d->user,
                           .roles = d->roles,
                           .now = clock_wall(),
                           .status = d->status,
                           .cameras = cameras,
                           .notes = h->rows[NOTES],
                           .waiting = h->rows[WAITING],
                           .recordings = h->rows[RECORDINGS],
                           .links = h->total[LINKS] >= 0 && h->total[LINKS] <= LINKS_MAX ? h->rows[LINKS] : NULL,
                           .users = h->rows[USERS],
                           .doctor = h->rows[DOCTOR],
                           .drafts = h->rows[DRAFTS],
                           .held = h->total[HELD],
                           .quarantined = h->total[QUARANTINED]};
    h->n = todo_lines(&f, h->lines);
    json_decref(cameras);
    todo_held(d->status, h->held);
    if (h->at >= h->n)
        h->at = h->n ? h->n - 1 : 0;
    desk_paint(v);
}

static void ask(struct view *v, enum source i, const char *const argv[]);

/* Links are newer than what they link: those since the oldest are all. */
static void ask_links(struct view *v)
{
    struct home *h = v->state;
    const json_t *oldest = json_array_get(h->rows[RECORDINGS], json_array_size(h->rows[RECORDINGS]) - 1);
    const char *time = desk_str(oldest, "time");
    char since[24];
    int64_t ms;
    if (!clock_parse(&ms, time, strlen(time)))
        return;
    snprintf(since, sizeof since, "%lld", (long long)ms);
    const char *const argv[] = {"rows", "entries", "--type", "link", "--since", since, "--count", LINKS_ASKED, NULL};
    ask(v, LINKS, argv);
}

static bool take(struct view *v, const struct opener_reply *r)
{
    struct home *h = v->state;
    size_t i = 0;
    while (i < SOURCES && h->id[i] != r->id)
        i++;
    if (i == SOURCES)
        return true;
    if (r->row && json_object_get(r->row, "total")) {
        h->total[i] = desk_int(r->row, "total");
    } else if (r->row) {
        json_t *row = json_deep_copy(r->row);
        json_array_append_new(h->coming[i], row ? row : json_null());
    }
    if (!r->end)
        return true;
    h->id[i] = 0;
    /* what did not go well stays unknown; doctor ends with 1 where something is bad */
    if (r->exit_code == 0 || (i == DOCTOR && r->exit_code == 1)) {
        json_decref(h->rows[i]);
        h->rows[i] = h->coming[i];
    } else {
        json_decref(h->coming[i]);
    }
    h->coming[i] = NULL;
    if (i == RECORDINGS)
        ask_links(v);
    make_lines(v);
    return true;
}

static void ask(struct view *v, enum source i, const char *const argv[])
{
    struct home *h = v->state;
    if (h->id[i])
        return;
    h->coming[i] = json_array();
    h->id[i] = desk_ask(v, take, argv);
}

/* What changes with every entry and contact. */
static void ask_often(struct view *v)
{
    static const char *const notes[] = {"rows", "notes", "--count", "200", NULL};
    static const char *const waiting[] = {"rows", "waiting", "--count", "200", NULL};
    static const char *const held[] = {"rows", "recordings", "--filter", "held", "--count", "1", NULL};
    static const char *const quarantined[] = {"rows", "quarantine", "--count", "1", NULL};
    static const char *const drafts[] = {"draft", "list", NULL};
    struct home *h = v->state;
    unsigned roles = v->desk->roles;
    h->often_at = clock_uptime();
    h->due = 0;
    ask(v, NOTES, notes);
    ask(v, DRAFTS, drafts);
    if (roles & ROLE_SUPERVISOR)
        ask(v, WAITING, waiting);
    if (roles & (ROLE_SUPERVISOR | ROLE_ADMIN)) {
        ask(v, HELD, held);
        ask(v, QUARANTINED, quarantined);
    }
}

static void ask_seldom(struct view *v)
{
    static const char *const users[] = {"users", "list", NULL};
    static const char *const doctor[] = {"doctor", NULL};
    static const char *const recordings[] = {"rows", "recordings", "--count", RECORDINGS_ASKED, NULL};
    struct home *h = v->state;
    int64_t now = clock_uptime();
    if (h->slow_at && now - h->slow_at < SLOW_AGAIN)
        return;
    h->slow_at = now;
    if (v->desk->roles & ROLE_DOCTOR)
        ask(v, RECORDINGS, recordings);
    if (v->desk->roles & ROLE_ADMIN) {
        ask(v, USERS, users);
        ask(v, DOCTOR, doctor);
    }
}

static void ask_soon(struct view *v)
{
    struct home *h = v->state;
    int64_t now = clock_uptime();
    h->due = h->often_at + OFTEN_AGAIN;
    if (h->due > now) {
        desk_wake(v, h->due - now);
        return;
    }
    ask_often(v);
    ask_seldom(v);
}

static void tick(struct view *v, int64_t now)
{
    const struct home *h = v->state;
    if (h->due && h->due <= now && v->desk->user[0])
        ask_soon(v);
}

/* Another person is unlocked: nothing of what the one before could see stays. */
static void begin_anew(struct view *v)
{
    struct home *h = v->state;
    for (size_t i = 0; i < SOURCES; i++) {
        json_decref(h->rows[i]);
        json_decref(h->coming[i]);
        h->rows[i] = h->coming[i] = NULL;
        h->id[i] = 0; /* its answer is passed over */
        h->total[i] = -1;
    }
    snprintf(h->user, sizeof h->user, "%s", v->desk->user);
    h->slow_at = h->often_at = 0;
    h->at = 0;
    ask_often(v);
    ask_seldom(v);
    make_lines(v);
}

static enum err open_home(struct view *v, const void *arg)
{
    (void)arg;
    begin_anew(v);
    return ERR_OK;
}

static void news(struct view *v, const void *event)
{
    struct home *h = v->state;
    if (v->desk->user[0] == '\0')
        return;
    if (strcmp(h->user, v->desk->user) != 0) {
        begin_anew(v);
        return;
    }
    (void)event;
    ask_soon(v);
    make_lines(v);
}

static void go(struct view *v, const char *screen)
{
    if (!desk_show_name(v->desk, screen, NULL) && !desk_show_name(v->desk, "station", NULL))
        desk_say(v->desk, LOOK_WARN, "%s", _("This version has no screen for it"));
}

static void act(struct view *v, int what)
{
    struct home *h = v->state;
    static const char *const names[] = {"note", "cameras", "sync", "handover"};
    if (what == ACT_CHOOSE && h->n)
        go(v, h->lines[h->at].screen);
    else if (what >= ACT_OWN && what <= ACT_HANDOVER)
        go(v, names[what - ACT_OWN]);
}

static bool key(struct view *v, const struct key *k)
{
    struct home *h = v->state;
    size_t digit = (size_t)keys_digit(k);
    if (digit && digit <= h->n) {
        h->at = digit - 1;
        act(v, ACT_CHOOSE);
    } else if (k->code == K_UP && h->at > 0) {
        h->at--;
    } else if (k->code == K_DOWN && h->at + 1 < h->n) {
        h->at++;
    } else {
        return k->code == K_UP || k->code == K_DOWN || digit;
    }
    desk_paint(v);
    return true;
}

static void paint_line(const struct home *h, size_t i, const struct area *a, int row)
{
    char line[CELLS_BYTES], digit[4] = " ";
    const struct todo_line *l = &h->lines[i];
    if (i < DIGITS)
        snprintf(digit, sizeof digit, "%zu", i + 1);
    snprintf(line, sizeof line, " %s  %s%s", digit, l->look == LOOK_ALARM ? "! " : "", l->text);
    term_cell(a, row, 0, a->cols, i == h->at ? LOOK_SELECTED : l->look, CELLS_LEFT, line);
}

static void paint(struct view *v, const struct area *a)
{
    struct home *h = v->state;
    struct area in = area_part(a, 1, 1, a->rows - 1, a->cols - 2);
    size_t rows = in.rows > 5 ? (size_t)in.rows - 5 : 1;
    if (h->at < h->top)
        h->top = h->at;
    if (h->at >= h->top + rows)
        h->top = h->at - rows + 1;
    if (!v->desk->status)
        term_text(&in, 0, 1, 0, LOOK_DIM, _("Looking"));
    else if (h->n == 0)
        term_text(&in, 0, 1, 0, LOOK_OK, _("Nothing needs doing."));
    for (size_t i = h->top; i < h->n && i < h->top + rows; i++)
        paint_line(h, i, &in, (int)(i - h->top));
    if (h->n > h->top + rows)
        term_textf(&in, (int)rows, 4, 0, LOOK_DIM, _("and %zu more: Down"), h->n - h->top - rows);
    term_wrap(&in, in.rows - 3, 2, LOOK_DIM, h->held);
    term_text(&in, in.rows - 1, 0, 0, LOOK_DIM, _("A digit or Enter: there. F10 or Esc: all screens"));
}

static const char *subtitle(const struct view *v)
{
    return v->desk->user[0] ? v->desk->user : NULL;
}

static void close_home(struct view *v)
{
    struct home *h = v->state;
    for (size_t i = 0; i < SOURCES; i++) {
        json_decref(h->rows[i]);
        json_decref(h->coming[i]);
    }
}

const struct screen screen_home = {
    .name = "home",
    .title = N_("Home"),
    .about = N_("what needs doing"),
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .size = sizeof(struct home),
    .menu = '1',
    .open = open_home,
    .paint = paint,
    .act = act,
    .key = key,
    .tick = tick,
    .news = news,
    .close = close_home,
    .subtitle = subtitle,
};
