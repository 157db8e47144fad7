#include "storage/vault/batch.h"
#include "tui/lang/lang.h"
#include "tui/screens/desk.h"
#include "tui/screens/screens.h"
#include "tui/screens/todo.h"
#include "tui/widgets/cells.h"
#include "tui/widgets/table.h"
#include "tui/widgets/page.h"

#include <stdio.h>
#include <string.h>

#define LIST_ROWS 8

/*
 * Notes that were written while nobody was unlocked: whoever wrote one reads
 * it and says so.
 */
struct confirm {
    struct table list;
    unsigned asked;   /* the request that fills it */
    struct page page; /* the whole text of the selected one */
    json_t *notes;    /* by ID */
    char shown[TABLE_ID];
    bool reading; /* the page has the keys */
    char id[ENTRY_ID];
};

enum { ACT_CONFIRM = ACT_OWN, ACT_READ };
static const struct key_row keys[] = {
    {K_F2, ACT_CONFIRM, FIELD(14, "Mine"), N_("I wrote this note: signs it with my name"), true},
    {K_F3, ACT_READ, FIELD(14, "Read"), N_("reads the text to its end; Esc goes back"), true},
};
static const struct table_column columns[] = {
    {FIELD(16, "Written"), 16, 0, 0},
    {FIELD(8, "Urgent"), 8, 0, 0},
    {FIELD(46, "Text"), 46, 1, 0},
};

static const char *text_of(const json_t *note)
{
    return desk_str(json_object_get(note, "data"), "text");
}

static bool take(struct view *v, const struct opener_reply *r)
{
    struct confirm *c = v->state;
    char when[TODO_TIME], line[200];
    if (r->id != c->asked)
        return true; /* asked anew meanwhile */
    if (r->end) {
        table_end(&c->list, 0, 0);
        desk_paint(v);
        return false;
    }
    if (!todo_is_open_note(r->row, v->desk->status) || !desk_str(r->row, "id")[0])
        return true;
    todo_time(when, desk_str(r->row, "time"));
    cells_copy(line, sizeof line, text_of(r->row), strcspn(text_of(r->row), "\n"));
    bool urgent = json_is_true(json_object_get(json_object_get(r->row, "data"), "urgent"));
    const char *cells[] = {when, urgent ? _("urgent") : "", line};
    enum err e = table_add(&c->list, 0, desk_str(r->row, "id"), LOOK_NORMAL, cells);
    if (e)
        desk_say_error(v->desk, e);
    else
        json_object_set_new(c->notes, desk_str(r->row, "id"), json_deep_copy(r->row));
    return true;
}

static void reload(struct view *v)
{
    static const char *const argv[] = {"rows", "notes", "--count", "1000", NULL};
    struct confirm *c = v->state;
    table_reload(&c->list);
    json_object_clear(c->notes);
    c->asked = desk_ask(v, take, argv);
}

static enum err open_confirm(struct view *v, const void *arg)
{
    struct confirm *c = v->state;
    (void)arg;
    c->notes = json_object();
    table_init(&c->list, columns, sizeof columns / sizeof columns[0], NULL, NULL);
    c->list.empty = N_("No note waits for its author");
    if (!c->notes)
        return err_set(ERR_NOMEM, "out of memory");
    reload(v);
    return ERR_OK;
}

static bool confirmed(struct view *v, const struct opener_reply *r)
{
    if (r->end && r->exit_code == 0) {
        desk_say(v->desk, LOOK_OK, "%s", _("Confirmed: the note has your name and signature now"));
        desk_refresh(v->desk);
        reload(v);
    }
    return false;
}

static void confirm(struct view *v, int answer)
{
    struct confirm *c = v->state;
    const char *const argv[] = {"note", "confirm", c->id, NULL};
    if (answer == 1)
        desk_ask(v, confirmed, argv);
}

static void act(struct view *v, int what)
{
    struct confirm *c = v->state;
    const struct table_row *r = table_selected(&c->list);
    if (!r)
        return;
    if (what == ACT_CHOOSE) {
        desk_row_menu(v);
    } else if (what == ACT_READ) {
        c->reading = true;
        c->page.top = 0;
        desk_paint(v);
    } else if (what == ACT_CONFIRM) {
        char text[200];
        snprintf(c->id, sizeof c->id, "%s", r->id);
        snprintf(text, sizeof text, _("Did you, %s, write this note? Your signature goes to the chain and stays."),
                 v->desk->user);
        desk_ask_yes(v, confirm, text);
    }
}

static bool key(struct view *v, const struct key *k)
{
    struct confirm *c = v->state;
    if (!c->reading)
        return table_key(&c->list, k);
    if (k->code == K_ESC || k->code == K_ENTER) {
        c->reading = false;
        desk_paint(v);
        return true;
    }
    return page_key(&c->page, k);
}

/* The text below the list is that of the selected note. */
static void fill(struct confirm *c)
{
    const struct table_row *r = table_selected(&c->list);
    const char *id = r ? r->id : "";
    if (strcmp(id, c->shown) == 0)
        return;
    snprintf(c->shown, sizeof c->shown, "%s", id);
    page_clear(&c->page);
    page_text(&c->page, text_of(json_object_get(c->notes, id)));
}

static void paint(struct view *v, const struct area *a)
{
    struct confirm *c = v->state;
    struct area list = area_part(a, 0, 0, LIST_ROWS, a->cols);
    struct area text = area_part(a, LIST_ROWS + 1, 1, a->rows - LIST_ROWS - 1, a->cols - 2),
                all = area_part(a, 0, 1, a->rows, a->cols - 2);
    fill(c);
    if (c->reading) {
        page_paint(&c->page, &all);
        return;
    }
    table_paint(&c->list, &list);
    page_paint(&c->page, &text);
}

static void close_confirm(struct view *v)
{
    struct confirm *c = v->state;
    table_free(&c->list);
    page_free(&c->page);
    json_decref(c->notes);
}

const struct screen screen_confirm = {
    .name = "confirm",
    .title = N_("Notes to confirm"),
    .about = N_("written while nobody was unlocked"),
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .size = sizeof(struct confirm),
    .open = open_confirm,
    .paint = paint,
    .act = act,
    .key = key,
    .close = close_confirm,
};
