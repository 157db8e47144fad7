#include "tui/lang/lang.h"
#include "tui/screens/screens.h"
#include "tui/screens/table.h"

#include <stdio.h>
#include <string.h>

/* What is wrong with this station, and what to do. */
static const struct list_column columns[] = {
    {FIELD(6, "Result"), 6, 0, 0},
    {FIELD(14, "Check"), 14, 0, 0},
    {FIELD(52, "What it found"), 52, 1, 0},
};

enum { ACT_AGAIN = ACT_OWN };
static const struct key_row keys[] = {
    {K_F5, ACT_AGAIN, FIELD(10, "Again"), N_("checks again"), false},
};

static bool check_row(struct view *v, const json_t *row, char cells[][TABLE_CELL], char id[static LIST_ID],
                      enum look *look)
{
    const char *result = desk_str(row, "result");
    bool bad = strcmp(result, "bad") == 0, warn = strcmp(result, "warn") == 0;
    const struct table *t = v->state;
    snprintf(id, LIST_ID, "%zu", t->list.n_rows + t->list.n_coming);
    snprintf(cells[0], TABLE_CELL, "%s", bad ? _("BAD") : warn ? _("look") : _("ok"));
    snprintf(cells[1], TABLE_CELL, "%s", desk_str(row, "check"));
    snprintf(cells[2], TABLE_CELL, "%s", desk_str(row, "text"));
    *look = bad ? LOOK_ALARM : warn ? LOOK_WARN : LOOK_OK;
    return true;
}

static const struct table_kind kind = {columns, 3, N_("The checks are running"), check_row};

static void ask(struct view *v)
{
    static const char *const argv[] = {"doctor", NULL};
    table_ask(v, argv);
}

static enum err open_doctor(struct view *v, const void *arg)
{
    (void)arg;
    table_open(v, &kind);
    ask(v);
    return ERR_OK;
}

static void act(struct view *v, int what)
{
    const struct table *t = v->state;
    const struct list_row *r = list_selected(&t->list);
    if (what == ACT_AGAIN)
        ask(v);
    else if (what == ACT_CHOOSE && r)
        desk_say(v->desk, r->look, "%s", r->cells[2]); /* longer ones do not fit into the row */
}

const struct screen screen_doctor = {
    .name = "doctor",
    .title = N_("Doctor"),
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .size = sizeof(struct table),
    .open = open_doctor,
    .paint = table_paint,
    .act = act,
    .key = table_key,
    .close = table_close,
};
