#include "sync/client/road_inside.h"

#include "storage/vault/object.h"
#include "sync/folder/stick.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static struct wire_item item_of(const struct label *l)
{
    struct wire_item item = {.kind = WIRE_LABEL, .seq = l->seq};
    memcpy(item.chain, l->chain, sizeof item.chain);
    return item;
}

/* What stays of the label is in the chain: its parts list may come now. */
static enum err took_label(struct road *r, const struct label *l)
{
    uint64_t size;
    for (size_t i = 0; i < r->n_loose; i++)
        if (hash_same(&r->loose[i], &l->object)) {
            r->loose[i] = r->loose[--r->n_loose];
            break;
        }
    if (hash_is_zero(&l->parts) || !taking_delivered(r->in, l))
        return ERR_OK;
    struct need n = {.name = l->parts, .kind = QUEUE_OBJ_PARTS, .seq = l->seq};
    memcpy(n.chain, l->chain, sizeof n.chain);
    const struct want *found = wants_find(r->wants, r->n_wants, &l->parts);
    if (found && !found->labelled) {
        struct want *w = &r->wants[found - r->wants];
        w->labelled = true;
        memcpy(w->chain, l->chain, sizeof w->chain);
        w->seq = l->seq;
    }
    if (!object_size(r->in->station->dir, &l->parts, &size))
        return needs_add(&r->needs, &n);
    return found ? road_expect(r, (size_t)(found - r->wants)) : ERR_OK;
}

/* ERR_END: not yet, it is to wait. */
static enum err try_label(struct road *r, const struct label *l, const uint8_t *batch, size_t n_batch)
{
    struct station *s = r->in->station;
    struct queue_head head;
    uint64_t size;
    bool own = strcmp(l->chain, s->chain) == 0, ours = taking_delivered(r->in, l);
    enum err e = queue_head(s->queue, l->chain, &head);
    if (e)
        return e;
    if (own && l->seq <= head.seq) {
        e = taking_compare(r->in, l);
        return e ? e : err_set(ERR_AGAIN, "it is here");
    }
    if (l->seq > head.seq + 1 || !roster_chain(s->roster, l->chain))
        return ERR_END;
    e = label_authentic(l, s->roster);
    if (e)
        return e;
    struct hash name = {{0}};
    if (n_batch)
        name = hash_of(batch, n_batch);
    if (n_batch && (n_batch != l->size || !hash_same(&name, &l->object)))
        return err_set(ERR_BAD, "the batch that came with label %" PRIu64 " is another one", l->seq);
    if (ours && l->seq > head.seq && !object_size(s->dir, &l->object, &size)) {
        if (!n_batch)
            return ERR_END;
        e = object_put(s->dir, batch, n_batch, &name);
        r->in->taken.objects += !e;
        r->in->taken.bytes += e ? 0 : n_batch;
    }
    if (!e)
        e = taking_label(r->in, l);
    return e ? e : took_label(r, l);
}

static enum err wait(struct road *r, uint64_t id, const struct label *l, const uint8_t *batch, size_t n_batch)
{
    if (r->n_waiting == ROAD_WAITING_MAX) {
        wire_answer(r->wire, id, WIRE_LATER, 0, "too many labels wait for those before them");
        return ERR_OK;
    }
    struct road_waiting *w = &r->waiting[r->n_waiting];
    *w = (struct road_waiting){.id = id};
    enum err e = buf_add(&w->text, l->text, l->len);
    if (!e && n_batch)
        e = buf_add(&w->batch, batch, n_batch);
    if (e) {
        buf_free(&w->text);
        buf_free(&w->batch);
        return e;
    }
    r->n_waiting++;
    return ERR_OK;
}

static void drop(struct road *r, size_t i)
{
    buf_free(&r->waiting[i].text);
    buf_free(&r->waiting[i].batch);
    r->waiting[i] = r->waiting[--r->n_waiting];
}

enum err road_label_retry(struct road *r)
{
    bool again = true;
    while (again) {
        again = false;
        for (size_t i = 0; i < r->n_waiting && !again; i++) {
            struct road_waiting *w = &r->waiting[i];
            struct label l;
            uint64_t id = w->id;
            enum err e = label_parse(&l, (const char *)w->text.p, w->text.len);
            if (!e)
                e = try_label(r, &l, w->batch.p, w->batch.len);
            if (e == ERR_END)
                continue;
            struct wire_item item = item_of(&l);
            drop(r, i);
            e = road_answer(r, id, &item, e);
            if (e)
                return e;
            again = true;
        }
    }
    return ERR_OK;
}

enum err road_label(struct road *r, uint64_t id, const uint8_t *text, size_t n, const uint8_t *batch, size_t n_batch)
{
    struct label l;
    enum err e = label_parse(&l, (const char *)text, n);
    if (e)
        return e == ERR_END ? err_set(ERR_DATA, "a label is cut short") : e;
    struct wire_item item = item_of(&l);
    e = try_label(r, &l, batch, n_batch);
    if (e == ERR_END)
        return wait(r, id, &l, batch, n_batch);
    bool took = e == ERR_OK;
    e = road_answer(r, id, &item, e);
    return e || !took || !r->n_waiting ? e : road_label_retry(r);
}

size_t road_waits(const struct road *r)
{
    return r->n_waiting;
}

void road_tire(struct road *r)
{
    while (r->n_waiting) {
        wire_answer(r->wire, r->waiting[0].id, WIRE_LATER, 0, "what it waits for did not come");
        drop(r, 0);
    }
}

void road_label_end(struct road *r)
{
    while (r->n_waiting)
        drop(r, 0);
}
