#include "tui/carriers.h"

#include "storage/vault/chain.h"

#include <stdio.h>
#include <string.h>

/* The entry is written when the stick is about to be loaded, which may take a while. */
#define BEFORE ((int64_t)6 * 3600 * 1000)
#define BATCHES_MAX 200 /* that are opened for one stick */

struct search {
    const struct station *s;
    const struct user *u;
    struct carrier *c;
    unsigned opened;
};

bool carriers_overdue(const char *due, int64_t now)
{
    char whole[CLOCK_TEXT];
    int64_t end;
    if (strlen(due) != 10)
        return false;
    snprintf(whole, sizeof whole, "%.10sT23:59:59Z", due);
    return clock_parse(&end, whole, strlen(whole)) && now > end;
}

static void look_into(struct search *x, const struct batch *b)
{
    size_t i;
    const json_t *entry;
    json_array_foreach(b->entries, i, entry)
    {
        const json_t *data = json_object_get(entry, "data");
        const char *type = json_string_value(json_object_get(entry, "type"));
        const char *stick = json_string_value(json_object_get(data, "stick"));
        const char *courier = json_string_value(json_object_get(data, "courier"));
        if (type && stick && courier && strcmp(type, "stick") == 0 && strcmp(stick, x->c->stick) == 0)
            snprintf(x->c->courier, sizeof x->c->courier, "%s", courier); /* the latest counts */
    }
}

static enum err one_label(void *ctx, const struct label *l)
{
    struct search *x = ctx;
    struct batch *b = NULL;
    struct buf plain = {.secret = 1};
    if (l->time > x->c->left || l->time < x->c->left - BEFORE || !hash_is_zero(&l->parts) || x->opened++ >= BATCHES_MAX)
        return ERR_OK;
    enum err e = chain_open_batch(x->s, l, x->u, &b, &plain);
    if (!e)
        look_into(x, b);
    batch_free(b);
    buf_free(&plain);
    return e == ERR_NOMEM ? e : ERR_OK;
}

struct all {
    const struct station *s;
    const struct user *u;
    carriers_fn *fn;
    void *ctx;
    int64_t now;
};

/* "TIME DUE", DUE being - where it is not said. */
static enum err one_job(void *ctx, const char *name, const char *text, size_t n)
{
    struct all *a = ctx;
    struct carrier c = {.stick = name, .left = INT64_MIN};
    struct search x = {.s = a->s, .u = a->u, .c = &c};
    enum err e = ERR_OK;
    if (n >= CLOCK_TEXT - 1 && !clock_parse(&c.left, text, CLOCK_TEXT - 1))
        c.left = INT64_MIN;
    if (n >= CLOCK_TEXT + 10)
        snprintf(c.due, sizeof c.due, "%.10s", text + CLOCK_TEXT);
    c.overdue = carriers_overdue(c.due, a->now);
    if (a->u && c.left != INT64_MIN)
        e = queue_each_label(a->s->queue, a->s->chain, 1, one_label, &x);
    err_clear();
    return e ? e : a->fn(a->ctx, &c);
}

enum err carriers_each(const struct station *s, const struct user *u, carriers_fn *fn, void *ctx)
{
    enum clock_mark mark;
    struct all a = {.s = s, .u = u, .fn = fn, .ctx = ctx, .now = station_now(s, &mark)};
    return queue_each_job(s->queue, "stick", one_job, &a);
}
