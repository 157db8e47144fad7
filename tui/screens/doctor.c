#include "tui/lang/lang.h"
#include "tui/screens/screens.h"
#include "tui/screens/listing.h"

#include <stdio.h>
#include <string.h>

/* What is wrong with this station, and what to do. */
static const struct table_column columns[] = {
    {FIELD(6, "Result"), 6, 0, 0},
    {FIELD(14, "Check"), 14, 0, 0},
    {FIELD(52, "What it found"), 52, 1, 0},
};

enum { ACT_AGAIN = ACT_OWN };
static const struct key_row keys[] = {
    {K_F5, ACT_AGAIN, FIELD(14, "Again"), N_("checks again"), false},
};

static bool check_row(struct view *v, const json_t *row, char cells[][LISTING_CELL], char id[static TABLE_ID],
                      enum look *look)
{
    const char *result = desk_str(row, "result");
    bool bad = strcmp(result, "bad") == 0, warn = strcmp(result, "warn") == 0;
    const struct listing *t = v->state;
    snprintf(id, TABLE_ID, "%zu", t->table.n_rows + t->table.n_coming);
    snprintf(cells[0], LISTING_CELL, "%s", bad ? _("BAD") : warn ? _("look") : _("ok"));
    snprintf(cells[1], LISTING_CELL, "%s", _(desk_str(row, "check")));
    snprintf(cells[2], LISTING_CELL, "%s", desk_str(row, "text"));
    *look = bad ? LOOK_ALARM : warn ? LOOK_WARN : LOOK_OK;
    return true;
}

static const struct listing_kind kind = {columns, 3, N_("The checks are running"), check_row};

static void ask(struct view *v)
{
    static const char *const argv[] = {"doctor", NULL};
    listing_ask(v, argv);
}

static enum err open_doctor(struct view *v, const void *arg)
{
    (void)arg;
    listing_open(v, &kind);
    ask(v);
    return ERR_OK;
}

static void act(struct view *v, int what)
{
    const struct listing *t = v->state;
    const struct table_row *r = table_selected(&t->table);
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
    .size = sizeof(struct listing),
    .open = open_doctor,
    .paint = listing_paint,
    .act = act,
    .key = listing_key,
    .close = listing_close,
};
