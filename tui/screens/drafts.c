#include "tui/lang/lang.h"
#include "tui/screens/desk.h"
#include "tui/screens/screens.h"
#include "tui/screens/todo.h"
#include "tui/widgets/table.h"
#include "tui/widgets/page.h"

#include <stdio.h>
#include <string.h>

/*
 * What was being typed when the screens locked or died: kept sealed to its
 * author. One that has a screen of its own name is gone on with there; the
 * others can be read, and thrown away.
 */
struct drafts {
    struct table list;
    unsigned asked; /* the request that fills it */
    struct page page;
    bool reading;
    char name[NAME_LEN]; /* being read, or to be dropped */
};

enum { ACT_GO_ON = ACT_OWN, ACT_READ, ACT_DROP };
static const struct key_row keys[] = {
    {K_F2, ACT_GO_ON, FIELD(14, "Go on"), N_("goes on typing it"), true},
    {K_F3, ACT_READ, FIELD(14, "Read"), N_("reads it; Esc goes back"), true},
    {K_F8, ACT_DROP, FIELD(14, "Discard"), N_("throws it away"), true},
};
static const struct table_column columns[] = {
    {FIELD(16, "Kept"), 16, 0, 0},
    {FIELD(24, "Text for"), 24, 1, 0},
    {FIELD(30, "Typed"), 30, 1, 0},
};

/* "note-18f2": the screen that stands in front of the hyphen. */
static const struct screen *screen_of(const char *name)
{
    size_t n = strcspn(name, "-");
    for (size_t i = 0; screens[i]; i++)
        if (strlen(screens[i]->name) == n && strncmp(screens[i]->name, name, n) == 0)
            return screens[i];
    return NULL;
}

static bool take(struct view *v, const struct opener_reply *r)
{
    struct drafts *d = v->state;
    char when[TODO_TIME];
    if (r->id != d->asked)
        return true; /* asked anew meanwhile */
    if (r->end) {
        table_end(&d->list, 0, 0);
        desk_paint(v);
        return false;
    }
    const char *name = desk_str(r->row, "draft");
    bool anonymous = json_is_true(json_object_get(r->row, "anonymous"));
    todo_time(when, desk_str(r->row, "time"));
    const struct screen *s = screen_of(name);
    const char *cells[] = {when, s ? _(s->title) : name, anonymous ? _("while nobody was unlocked") : _("by you")};
    enum err e = name[0] ? table_add(&d->list, 0, name, LOOK_NORMAL, cells) : ERR_OK;
    if (e)
        desk_say_error(v->desk, e);
    return true;
}

static void reload(struct view *v)
{
    static const char *const argv[] = {"draft", "list", NULL};
    struct drafts *d = v->state;
    table_reload(&d->list);
    d->asked = desk_ask(v, take, argv);
}

static enum err open_drafts(struct view *v, const void *arg)
{
    struct drafts *d = v->state;
    (void)arg;
    table_init(&d->list, columns, sizeof columns / sizeof columns[0], NULL, NULL);
    d->list.empty = N_("Nothing that was being typed is kept");
    reload(v);
    return ERR_OK;
}

static bool take_text(struct view *v, const struct opener_reply *r)
{
    struct drafts *d = v->state;
    if (!r->row)
        return false;
    page_clear(&d->page);
    page_text(&d->page, desk_str(r->row, "text"));
    d->reading = true;
    desk_paint(v);
    return true;
}

static bool dropped(struct view *v, const struct opener_reply *r)
{
    if (r->end)
        reload(v);
    return false;
}

static void drop(struct view *v, int answer)
{
    struct drafts *d = v->state;
    const char *const argv[] = {"draft", "drop", d->name, NULL};
    if (answer == 1)
        desk_ask(v, dropped, argv);
}

static const char *refuse(struct view *v, int what)
{
    struct drafts *d = v->state;
    const struct table_row *r = table_selected(&d->list);
    if (what == ACT_GO_ON && r && screen_of(r->id) != &screen_note)
        return _("open the same question again: it stands there");
    return NULL;
}

static void act(struct view *v, int what)
{
    struct drafts *d = v->state;
    const struct table_row *r = table_selected(&d->list);
    if (!r)
        return;
    snprintf(d->name, sizeof d->name, "%s", r->id);
    const char *const show[] = {"draft", "show", d->name, NULL};
    if (what == ACT_CHOOSE)
        desk_row_menu(v);
    else if (what == ACT_GO_ON)
        desk_show(v->desk, &screen_note, d->name);
    else if (what == ACT_READ)
        desk_ask(v, take_text, show);
    else if (what == ACT_DROP)
        desk_ask_yes(v, drop, _("Throw away what was typed?"));
}

static bool key(struct view *v, const struct key *k)
{
    struct drafts *d = v->state;
    if (!d->reading)
        return table_key(&d->list, k);
    if (k->code == K_ESC || k->code == K_ENTER) {
        d->reading = false;
        desk_paint(v);
        return true;
    }
    return page_key(&d->page, k);
}

static void paint(struct view *v, const struct area *a)
{
    struct drafts *d = v->state;
    struct area text = area_part(a, 0, 1, a->rows, a->cols - 2);
    if (d->reading)
        page_paint(&d->page, &text);
    else
        table_paint(&d->list, a);
}

static void news(struct view *v, const void *event)
{
    if (!event && v->desk->top == v)
        reload(v);
}

static void close_drafts(struct view *v)
{
    struct drafts *d = v->state;
    table_free(&d->list);
    page_free(&d->page);
}

const struct screen screen_drafts = {
    .name = "drafts",
    .title = N_("Kept texts"),
    .about = N_("what was being typed when the screens locked"),
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .size = sizeof(struct drafts),
    .open = open_drafts,
    .paint = paint,
    .act = act,
    .refuse = refuse,
    .key = key,
    .news = news,
    .close = close_drafts,
};
