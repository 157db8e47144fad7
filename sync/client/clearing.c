#include "sync/client/clearing.h"

#include "storage/vault/object.h"
#include "storage/vault/parts.h"
#include "sync/client/standing.h"
#include "sync/folder/have.h"
#include "sync/limits.h"

#include <stdlib.h>
#include <string.h>

struct clearing {
    struct client *c;
    struct buf wanted; /* hashes of parts lists, one behind the other */
    uint64_t removed, bytes;
};

/* Whoever signed it, what a have text asks for stays. */
static enum err one_have(void *ctx, const char *path, const char *name, uint64_t size)
{
    struct clearing *k = ctx;
    struct buf text = {.max = HAVE_MAX};
    struct have *h = NULL;
    (void)name;
    (void)size;
    enum err e = stick_read(&k->c->stick, path, HAVE_MAX, &text);
    if (!e)
        e = have_parse(&h, (const char *)text.p, text.len);
    for (size_t i = 0; !e && i < h->n_wants; i++)
        e = buf_add(&k->wanted, h->wants[i].parts.b, HASH_LEN);
    have_free(h);
    buf_free(&text);
    return stick_stops(e) ? e : ERR_OK;
}

static bool is_wanted(const struct clearing *k, const struct hash *parts)
{
    for (size_t i = 0; i < k->wanted.len; i += HASH_LEN)
        if (memcmp(k->wanted.p + i, parts->b, HASH_LEN) == 0)
            return true;
    return false;
}

static enum err clear_list(struct clearing *k, const struct hash *list)
{
    struct buf text = {.max = PARTS_MAX};
    struct parts p;
    bool mark;
    struct hash name;
    uint64_t size;
    char path[80];
    enum err e = object_get(k->c->in.station->dir, list, PARTS_MAX, &text);
    if (!e)
        e = parts_open(&p, (const char *)text.p, text.len);
    while (!e && (e = parts_next(&p, &mark, &name, &size)) == ERR_OK) {
        stick_object(path, &name);
        if (mark || !stick_has(&k->c->stick, path, size))
            continue;
        e = stick_remove(&k->c->stick, path);
        if (e)
            break;
        k->removed++;
        k->bytes += size;
    }
    buf_free(&text);
    return stick_stops(e) ? e : ERR_OK;
}

static enum err clear_held(struct clearing *k, const struct receipt *r)
{
    const struct station *s = k->c->in.station;
    struct buf text = {0};
    enum err e = ERR_OK;
    for (uint64_t seq = 1; seq <= r->labels && !e; seq++) {
        struct label l;
        if (!receipt_holds_parts(r, seq))
            continue;
        e = queue_label(s->queue, s->chain, seq, &text);
        if (!e)
            e = label_parse(&l, (const char *)text.p, text.len);
        if (!e && !hash_is_zero(&l.parts) && !is_wanted(k, &l.parts))
            e = clear_list(k, &l.parts);
        else if (!stick_stops(e))
            e = ERR_OK;
    }
    buf_free(&text);
    return e;
}

enum err clearing_run(struct client *c, uint64_t *removed, uint64_t *bytes)
{
    struct clearing k = {.c = c};
    struct receipt *r;
    enum err e = standing_receipt(&c->in, &r);
    if (!e && r)
        e = walk_folder(&c->walk, "have", WALK_FILE, one_have, &k);
    if (!e && r)
        e = clear_held(&k, r);
    receipt_free(r);
    buf_free(&k.wanted);
    *removed = k.removed;
    *bytes = k.bytes;
    return e;
}
