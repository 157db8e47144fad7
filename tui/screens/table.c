#include "tui/screens/table.h"

#include "storage/base/clock.h"
#include "tui/lang/lang.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

void table_open(struct view *v, const struct table_kind *kind)
{
    struct table *t = v->state;
    t->kind = kind;
    list_init(&t->list, kind->columns, kind->n_columns, NULL, NULL);
    t->list.empty = kind->empty;
}

static bool take(struct view *v, const struct opener_reply *r)
{
    struct table *t = v->state;
    char cells[LIST_COLUMNS][TABLE_CELL] = {{0}}, id[LIST_ID] = "";
    const char *p[LIST_COLUMNS];
    enum look look = LOOK_NORMAL;
    if (r->end) {
        t->asking = false;
        t->failed = r->exit_code != 0;
        list_end(&t->list, 0, 0);
        return false;
    }
    if (!t->kind->row(v, r->row, cells, id, &look))
        return true;
    for (size_t i = 0; i < LIST_COLUMNS; i++)
        p[i] = cells[i];
    enum err e = list_add(&t->list, 0, id, look, p);
    if (e)
        desk_say_error(v->desk, e);
    return true;
}

void table_ask(struct view *v, const char *const argv[])
{
    struct table *t = v->state;
    if (t->asking)
        return;
    list_reload(&t->list);
    t->asking = desk_ask(v, take, argv) != 0;
}

void table_paint(struct view *v, const struct area *a)
{
    struct table *t = v->state;
    list_paint(&t->list, a);
}

bool table_key(struct view *v, const struct key *k)
{
    struct table *t = v->state;
    return list_key(&t->list, k);
}

void table_close(struct view *v)
{
    struct table *t = v->state;
    list_free(&t->list);
}

const char *table_selected(const struct view *v)
{
    const struct table *t = v->state;
    const struct list_row *r = list_selected(&t->list);
    return r ? r->id : NULL;
}

void table_when(char out[static TABLE_WHEN], const char *utc)
{
    int64_t ms;
    struct tm tm;
    out[0] = '\0';
    if (!clock_parse(&ms, utc, strlen(utc)))
        return;
    time_t t = (time_t)(ms / 1000);
    if (localtime_r(&t, &tm))
        strftime(out, TABLE_WHEN, "%Y-%m-%d %H:%M", &tm);
}
