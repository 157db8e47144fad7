#include "tui/lang/lang.h"
#include "tui/screens/screens.h"
#include "tui/screens/listing.h"

#include <stdio.h>

/* Sticks on their way, and what was refused: two lists. */
static const struct table_column stick_columns[] = {
    {FIELD(20, "Stick"), 20, 1, 0},
    {FIELD(17, "Left"), 17, 0, 0},
    {FIELD(10, "Due"), 10, 0, 0},
    {FIELD(22, "Carried by"), 22, 2, 0},
};

static bool stick_row(struct view *v, const json_t *row, char cells[][LISTING_CELL], char id[static TABLE_ID],
                      enum look *look)
{
    char when[LISTING_WHEN];
    bool late = json_is_true(json_object_get(row, "overdue"));
    (void)v;
    listing_when(when, desk_str(row, "left"));
    snprintf(id, TABLE_ID, "%s", desk_str(row, "stick"));
    snprintf(cells[0], LISTING_CELL, "%s", id);
    snprintf(cells[1], LISTING_CELL, "%s", when);
    snprintf(cells[2], LISTING_CELL, "%s", desk_str(row, "due"));
    if (late)
        snprintf(cells[3], LISTING_CELL, _("OVERDUE: %s"), desk_str(row, "courier"));
    else
        snprintf(cells[3], LISTING_CELL, "%s", desk_str(row, "courier"));
    *look = late ? LOOK_ALARM : LOOK_NORMAL;
    return true;
}

static const struct listing_kind sticks = {
    stick_columns, sizeof stick_columns / sizeof stick_columns[0],
    N_("No stick is on its way: everything that left by stick is held by the district"), stick_row};

static enum err open_sticks(struct view *v, const void *arg)
{
    static const char *const argv[] = {"sticks", NULL};
    (void)arg;
    listing_open(v, &sticks);
    listing_ask(v, argv);
    return ERR_OK;
}

const struct screen screen_sticks = {
    .name = "sticks",
    .title = N_("Sticks on their way"),
    .size = sizeof(struct listing),
    .open = open_sticks,
    .paint = listing_paint,
    .key = listing_key,
    .close = listing_close,
};

static const struct table_column refused_columns[] = {
    {FIELD(30, "What"), 30, 1, 0},
    {FIELD(44, "Why"), 44, 3, 0},
};

/* `status` has them in one member. */
static void fill(struct view *v)
{
    struct listing *t = v->state;
    const json_t *all = json_object_get(v->desk->status, "quarantine"), *one;
    size_t i;
    table_reload(&t->table);
    json_array_foreach(all, i, one)
    {
        const char *cells[] = {desk_str(one, "name"), desk_str(one, "text")};
        enum err e = table_add(&t->table, 0, cells[0], LOOK_WARN, cells);
        if (e)
            desk_say_error(v->desk, e);
    }
    table_end(&t->table, 0, 0);
}

static const struct listing_kind refused = {refused_columns, 2, N_("Nothing was refused or set aside"), NULL};

static enum err open_refused(struct view *v, const void *arg)
{
    (void)arg;
    listing_open(v, &refused);
    fill(v);
    return ERR_OK;
}

static void act(struct view *v, int what)
{
    const struct listing *t = v->state;
    const struct table_row *r = table_selected(&t->table);
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
    .size = sizeof(struct listing),
    .locked = true,
    .open = open_refused,
    .paint = listing_paint,
    .act = act,
    .key = listing_key,
    .news = news,
    .close = listing_close,
};
