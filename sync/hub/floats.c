#include "sync/hub/room_inside.h"

#include <string.h>

/* The place of a number, or of the first behind it. */
static size_t place(const struct room_chain *c, uint64_t seq)
{
    size_t i = 0;
    while (i < c->n_floats && c->floats[i].seq < seq)
        i++;
    return i;
}

static enum err wait_too(struct room *r, struct floating *f, struct waiter to)
{
    for (size_t i = 0; i < f->n_to; i++)
        if (!f->to[i].desk) {
            f->to[i] = to;
            return ERR_OK;
        }
    if (f->n_to < HUB_ROADS_MAX)
        f->to[f->n_to++] = to;
    else
        room_refuse(r, to, WIRE_LATER, "it waits for those before it");
    return ERR_OK;
}

enum err floats_keep(struct room *r, const struct label *l, const uint8_t *batch, size_t n, struct waiter to)
{
    struct room_chain *c = NULL;
    struct hash h = hash_of(batch, n);
    enum err e = room_chain_make(r, l->chain, &c);
    if (e || !c)
        return e;
    if (n && !hash_same(&h, &l->object))
        n = 0; /* the receipt will say that it is missing */
    size_t i = place(c, l->seq);
    if (i < c->n_floats && c->floats[i].seq == l->seq) {
        const struct buf *held = &c->floats[i].text;
        if (held->len == l->len && memcmp(held->p, l->text, l->len) == 0)
            return wait_too(r, &c->floats[i], to);
        /* two of one number, and which one follows is not known yet */
        room_refuse(r, to, WIRE_LATER, "another one of that number waits for those before it");
        return ERR_OK;
    }
    uint64_t bytes = l->len + n;
    if (c->n_floats == WIRE_FLOATING_MAX || c->bytes + bytes > WIRE_FLOATING_BYTES ||
        r->counts.floating_bytes + bytes > HUB_FLOATING_BYTES) {
        room_refuse(r, to, WIRE_LATER, "too far ahead of its turn");
        return ERR_OK;
    }
    struct floating f = {.seq = l->seq, .to = {to}, .n_to = 1};
    e = buf_add(&f.text, l->text, l->len);
    if (!e && n)
        e = buf_add(&f.batch, batch, n);
    c->list.len = c->n_floats * sizeof f;
    if (!e)
        e = buf_reserve(&c->list, sizeof f);
    if (e) {
        buf_free(&f.text);
        buf_free(&f.batch);
        return e;
    }
    c->floats = (struct floating *)(void *)c->list.p;
    memmove(&c->floats[i + 1], &c->floats[i], (c->n_floats - i) * sizeof f);
    c->floats[i] = f;
    c->n_floats++;
    c->bytes += bytes;
    r->counts.floating++;
    r->counts.floating_bytes += bytes;
    return ERR_OK;
}

bool floats_take(struct room *r, const char *chain, uint64_t next, struct floating *out)
{
    struct room_chain *c = room_chain(r, chain);
    if (!c || c->n_floats == 0 || c->floats[0].seq > next)
        return false;
    *out = c->floats[0];
    c->n_floats--;
    memmove(&c->floats[0], &c->floats[1], c->n_floats * sizeof c->floats[0]);
    uint64_t bytes = out->text.len + out->batch.len;
    c->bytes -= bytes;
    r->counts.floating--;
    r->counts.floating_bytes -= bytes;
    return true;
}

void floats_forget(struct room_chain *c, const struct desk *d)
{
    for (size_t i = 0; i < c->n_floats; i++)
        for (size_t k = 0; k < c->floats[i].n_to; k++)
            if (c->floats[i].to[k].desk == d)
                c->floats[i].to[k].desk = NULL;
}

void floats_free(struct room *r, struct room_chain *c)
{
    struct floating f;
    while (floats_take(r, c->id, UINT64_MAX, &f)) {
        buf_free(&f.text);
        buf_free(&f.batch);
    }
    buf_free(&c->list);
    c->floats = NULL;
}
