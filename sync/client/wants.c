#include "sync/client/wants.h"

#include "storage/base/file.h"
#include "storage/vault/intake.h"
#include "storage/vault/object.h"
#include "storage/vault/parts.h"
#include "sync/limits.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A parts list that a job asks for, and a label that names it. */
struct want {
    struct hash parts;
    bool labelled;
    char chain[CHAIN_ID];
    uint64_t seq;
};

struct wants {
    struct client *c;
    struct want *list;
    size_t n;
};

static enum err add_want(void *ctx, const char *name, const char *text, size_t n)
{
    struct wants *all = ctx;
    struct want w = {.labelled = false};
    (void)text;
    (void)n;
    if (!hash_unhex(&w.parts, name, strlen(name)) || all->n == HAVE_WANTS_MAX)
        return ERR_OK;
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

/* Rows are hints: the label must be authentic. */
static enum err find_label(void *ctx, const struct label *l)
{
    struct wants *all = ctx;
    struct want key = {.parts = l->parts};
    if (hash_is_zero(&l->parts))
        return ERR_OK;
    struct want *w = bsearch(&key, all->list, all->n, sizeof key, by_parts);
    if (!w || w->labelled || label_authentic(l, all->c->station->roster) != ERR_OK)
        return ERR_OK;
    w->labelled = true;
    memcpy(w->chain, l->chain, sizeof w->chain);
    w->seq = l->seq;
    return ERR_OK;
}

struct progress {
    uint64_t taken, missing;
};

static enum err take_blob(struct client *c, const struct want *w, const struct hash *name, uint64_t size,
                          struct progress *p)
{
    char path[80];
    uint64_t has;
    if (object_size(c->station->dir, name, &has) && has == size)
        return ERR_OK;
    stick_object(path, name);
    if (!stick_has(&c->stick, path, size)) {
        p->missing++;
        return ERR_OK;
    }
    enum err e = intake_space(c->station, size);
    if (!e)
        e = client_take_object(c, name, size, true);
    if (!e)
        e = queue_add_object(c->station->queue, name, size, QUEUE_OBJ_BLOB, w->chain, w->seq);
    if (e) {
        p->missing++;
        return client_refuse(c, path, e);
    }
    p->taken++;
    return ERR_OK;
}

static enum err take_parts(struct client *c, const struct want *w, struct buf *text)
{
    const char *dir = c->station->dir;
    enum err e = object_get(dir, &w->parts, PARTS_MAX, text);
    if (e != ERR_NOINPUT && e != ERR_BAD)
        return e;
    e = client_take_object(c, &w->parts, PARTS_MAX, false);
    if (!e)
        e = object_get(dir, &w->parts, PARTS_MAX, text);
    return e ? e : queue_add_object(c->station->queue, &w->parts, text->len, QUEUE_OBJ_PARTS, w->chain, w->seq);
}

static enum err take_want(struct client *c, const struct want *w)
{
    struct buf text = {.max = PARTS_MAX};
    struct parts p;
    struct progress got = {0};
    char hex[HASH_HEX], path[80];
    bool mark;
    struct hash name;
    uint64_t size;
    hash_hex(hex, &w->parts);
    stick_object(path, &w->parts);
    enum err e = take_parts(c, w, &text);
    if (!e)
        e = parts_open(&p, (const char *)text.p, text.len);
    if (e) {
        buf_free(&text);
        return e == ERR_NOINPUT ? ERR_OK : client_refuse(c, path, e);
    }
    while (!e && (e = parts_next(&p, &mark, &name, &size)) == ERR_OK)
        if (!mark)
            e = take_blob(c, w, &name, size, &got);
    buf_free(&text);
    if (e == ERR_END && got.missing == 0)
        e = queue_end_job(c->station->queue, "want", hex);
    else if (e == ERR_END || e == ERR_DATA)
        e = e == ERR_END ? ERR_OK : client_refuse(c, path, e);
    if (!e && (got.taken || got.missing == 0))
        tell_line(&c->tell,
                  json_pack("{s:s, s:s, s:s, s:I, s:I}", "event", "taken", "kind", "blobs", "parts", hex, "blobs",
                            (json_int_t)got.taken, "missing", (json_int_t)got.missing),
                  "%" PRIu64 " blobs of a recording asked for taken, %" PRIu64 " still to come (parts %.16s...)",
                  got.taken, got.missing, hex);
    return e;
}

enum err wants_take(struct client *c)
{
    struct wants all = {.c = c};
    enum err e = queue_each_job(c->station->queue, "want", add_want, &all);
    if (!e && all.n) {
        qsort(all.list, all.n, sizeof *all.list, by_parts);
        e = queue_each_label(c->station->queue, NULL, 1, find_label, &all);
    }
    for (size_t i = 0; i < all.n && !e; i++)
        if (all.list[i].labelled)
            e = take_want(c, &all.list[i]);
    free(all.list);
    if (e == ERR_FULL) {
        c->full = true;
        tell_line(&c->tell, json_pack("{s:s, s:s}", "event", "full", "why", err_text()),
                  "this station's disk is full: %s; blobs stay on the stick", err_text());
        e = ERR_OK;
    }
    return e;
}
