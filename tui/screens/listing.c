#include "tui/screens/listing.h"

#include "storage/base/clock.h"
#include "tui/lang/lang.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

void listing_open(struct view *v, const struct listing_kind *kind)
{
    struct listing *t = v->state;
    t->kind = kind;
    table_init(&t->table, kind->columns, kind->n_columns, NULL, NULL);
    t->table.empty = kind->empty;
}

static bool take(struct view *v, const struct opener_reply *r)
{
    struct listing *t = v->state;
    char cells[TABLE_COLUMNS][LISTING_CELL] = {{0}}, id[TABLE_ID] = "";
    const char *p[TABLE_COLUMNS];
    enum look look = LOOK_NORMAL;
    if (r->end) {
        t->asking = false;
        t->failed = r->exit_code != 0;
        table_end(&t->table, 0, 0);
        return false;
    }
    if (!t->kind->row(v, r->row, cells, id, &look))
        return true;
    for (size_t i = 0; i < TABLE_COLUMNS; i++)
        p[i] = cells[i];
    enum err e = table_add(&t->table, 0, id, look, p);
    if (e)
        desk_say_error(v->desk, e);
    return true;
}

void listing_ask(struct view *v, const char *const argv[])
{
    struct listing *t = v->state;
    if (t->asking)
        return;
    table_reload(&t->table);
    t->asking = desk_ask(v, take, argv) != 0;
}

void listing_paint(struct view *v, const struct area *a)
{
    struct listing *t = v->state;
    table_paint(&t->table, a);
}

bool listing_key(struct view *v, const struct key *k)
{
    struct listing *t = v->state;
    return table_key(&t->table, k);
}

void listing_close(struct view *v)
{
    struct listing *t = v->state;
    table_free(&t->table);
}

const char *listing_selected(const struct view *v)
{
    const struct listing *t = v->state;
    const struct table_row *r = table_selected(&t->table);
    return r ? r->id : NULL;
}

void listing_when(char out[static LISTING_WHEN], const char *utc)
{
    int64_t ms;
    struct tm tm;
    out[0] = '\0';
    if (!clock_parse(&ms, utc, strlen(utc)))
        return;
    time_t t = (time_t)(ms / 1000);
    if (localtime_r(&t, &tm))
        strftime(out, LISTING_WHEN, "%Y-%m-%d %H:%M", &tm);
}
