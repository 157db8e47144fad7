#include "tui/lang/lang.h"
#include "tui/screens/screens.h"
#include "tui/screens/table.h"

#include <stdio.h>

/* Sticks on their way, and what was refused: two lists. */
static const struct list_column stick_columns[] = {
    {FIELD(20, "Stick"), 20, 1, 0},
    {FIELD(17, "Left"), 17, 0, 0},
    {FIELD(10, "Due"), 10, 0, 0},
    {FIELD(22, "Carried by"), 22, 2, 0},
};

static bool stick_row(struct view *v, const json_t *row, char cells[][TABLE_CELL], char id[static LIST_ID],
                      enum look *look)
{
    char when[TABLE_WHEN];
    bool late = json_is_true(json_object_get(row, "overdue"));
    (void)v;
    table_when(when, desk_str(row, "left"));
    snprintf(id, LIST_ID, "%s", desk_str(row, "stick"));
    snprintf(cells[0], TABLE_CELL, "%s", id);
    snprintf(cells[1], TABLE_CELL, "%s", when);
    snprintf(cells[2], TABLE_CELL, "%s", desk_str(row, "due"));
    if (late)
        snprintf(cells[3], TABLE_CELL, _("OVERDUE: %s"), desk_str(row, "courier"));
    else
        snprintf(cells[3], TABLE_CELL, "%s", desk_str(row, "courier"));
    *look = late ? LOOK_ALARM : LOOK_NORMAL;
    return true;
}

static const struct table_kind sticks = {
    stick_columns, sizeof stick_columns / sizeof stick_columns[0],
    N_("No stick is on its way: everything that left by stick is held by the district"), stick_row};

static enum err open_sticks(struct view *v, const void *arg)
{
    static const char *const argv[] = {"sticks", NULL};
    (void)arg;
    table_open(v, &sticks);
    table_ask(v, argv);
    return ERR_OK;
}

const struct screen screen_sticks = {
    .name = "sticks",
    .title = N_("Sticks on their way"),
    .size = sizeof(struct table),
    .open = open_sticks,
    .paint = table_paint,
    .key = table_key,
    .close = table_close,
};

static const struct list_column refused_columns[] = {
    {FIELD(30, "What"), 30, 1, 0},
    {FIELD(44, "Why"), 44, 3, 0},
};

/* `status` has them in one member. */
static void fill(struct view *v)
{
    struct table *t = v->state;
    const json_t *all = json_object_get(v->desk->status, "quarantine"), *one;
    size_t i;
    list_reload(&t->list);
    json_array_foreach(all, i, one)
    {
        const char *cells[] = {desk_str(one, "name"), desk_str(one, "text")};
        enum err e = list_add(&t->list, 0, cells[0], LOOK_WARN, cells);
        if (e)
            desk_say_error(v->desk, e);
    }
    list_end(&t->list, 0, 0);
}

static const struct table_kind refused = {refused_columns, 2, N_("Nothing was refused or set aside"), NULL};

static enum err open_refused(struct view *v, const void *arg)
{
    (void)arg;
    table_open(v, &refused);
    fill(v);
    return ERR_OK;
}

static void act(struct view *v, int what)
{
    const struct table *t = v->state;
    const struct list_row *r = list_selected(&t->list);
    if (what == ACT_CHOOSE && r)
        desk_say(v->desk, LOOK_WARN, "%s: %s", r->cells[0], r->cells[1]);
}

static void news(struct view *v, const void *event)
{
    if (!event)
        fill(v);
}

const struct screen screen_refused = {
    .name = "refused",
    .title = N_("Refused or set aside"),
    .size = sizeof(struct table),
    .open = open_refused,
    .paint = table_paint,
    .act = act,
    .key = table_key,
    .news = news,
    .close = table_close,
};
