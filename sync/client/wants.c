#include "sync/client/wants.h"

#include "storage/base/lang.h"
#include "storage/vault/object.h"
#include "storage/vault/parts.h"
#include "sync/limits.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct wants {
    const struct taking *in;
    struct want *list;
    size_t n;
};

static enum err add_want(void *ctx, const char *name, const char *text, size_t n)
{
    struct wants *all = ctx;
    struct want w = {.labelled = false};
    if (!hash_unhex(&w.parts, name, strlen(name)) || all->n == HAVE_WANTS_MAX)
        return ERR_OK;
    want_parse(&w.spans, text, n);
    struct want *more = reallocarray(all->list, all->n + 1, sizeof *more);
    if (!more)
        return err_set(ERR_NOMEM, "out of memory");
    all->list = more;
    more[all->n++] = w;
    return ERR_OK;
}

static int by_parts(const void *a, const void *b)
{
    const struct want *x = a, *y = b;
    return memcmp(x->parts.b, y->parts.b, HASH_LEN);
}

const struct want *wants_find(const struct want *list, size_t n, const struct hash *parts)
{
    struct want key = {.parts = *parts};
    return n ? bsearch(&key, list, n, sizeof key, by_parts) : NULL;
}

/* Rows are hints: the label must be authentic. */
static enum err find_label(void *ctx, const struct label *l)
{
    struct wants *all = ctx;
    struct want key = {.parts = l->parts};
    if (hash_is_zero(&l->parts))
        return ERR_OK;
    struct want *w = bsearch(&key, all->list, all->n, sizeof key, by_parts);
    if (!w || w->labelled || label_authentic(l, all->in->station->roster) != ERR_OK)
        return ERR_OK;
    w->labelled = true;
    memcpy(w->chain, l->chain, sizeof w->chain);
    w->seq = l->seq;
    return ERR_OK;
}

enum err wants_load(const struct taking *t, struct want **out, size_t *n)
{
    struct wants all = {.in = t};
    struct queue *q = t->station->queue;
    enum err e = queue_each_job(q, "want", add_want, &all);
    if (!e && all.n) {
        qsort(all.list, all.n, sizeof *all.list, by_parts);
        e = queue_each_label(q, NULL, 1, find_label, &all);
    }
    if (e) {
        free(all.list);
        all.list = NULL;
        all.n = 0;
    }
    *out = all.list;
    *n = all.n;
    return e;
}

enum err wants_missing(const struct taking *t, const struct want *w, wants_blob_fn *fn, void *ctx)
{
    struct buf text = {.max = PARTS_MAX};
    struct parts p;
    bool mark;
    struct hash name;
    uint64_t size, has, blob = 0;
    enum err e = object_get(t->station->dir, &w->parts, PARTS_MAX, &text);
    if (!e)
        e = parts_open(&p, (const char *)text.p, text.len);
    while (!e && (e = parts_next(&p, &mark, &name, &size)) == ERR_OK) {
        if (mark || !want_covers(&w->spans, blob++))
            continue;
        if (!object_size(t->station->dir, &name, &has) || has != size)
            e = fn(ctx, &name, size);
    }
    buf_free(&text);
    return e == ERR_END ? ERR_OK : e;
}

enum err wants_end(const struct taking *t, const struct want *w)
{
    char hex[HASH_HEX];
    hash_hex(hex, &w->parts);
    return queue_end_job(t->station->queue, "want", hex);
}

void wants_tell(const struct taking *t, const struct want *w, uint64_t taken, uint64_t missing)
{
    char hex[HASH_HEX];
    hash_hex(hex, &w->parts);
    tell_line(&t->tell,
              json_pack("{s:s, s:s, s:s, s:I, s:I}", "event", "taken", "kind", "blobs", "parts", hex, "blobs",
                        (json_int_t)taken, "missing", (json_int_t)missing),
              _("%" PRIu64 " blobs of a recording asked for taken, %" PRIu64 " still to come (parts %.16s...)"), taken,
              missing, hex);
}
