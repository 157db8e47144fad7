#include "sync/client/road_inside.h"

#include "storage/base/file.h"
#include "storage/vault/intake.h"
#include "storage/vault/object.h"
#include "storage/vault/parts.h"
#include "sync/client/standing.h"
#include "sync/folder/stick.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum err road_answer(struct road *r, uint64_t id, const struct wire_item *item, enum err e)
{
    char why[WIRE_WHY_MAX];
    r->news.events++;
    snprintf(why, sizeof why, "%s", err_text());
    if (e == ERR_OK || e == ERR_AGAIN) {
        wire_answer(r->wire, id, e ? WIRE_HAVE : WIRE_GOOD, 0, NULL);
        return ERR_OK;
    }
    if (e == ERR_FULL) {
        r->in->full = true;
        wire_answer(r->wire, id, WIRE_LATER, 0, "the station's disk is full");
        return ERR_OK;
    }
    if (stick_stops(e)) {
        wire_answer(r->wire, id, WIRE_LATER, 0, "the station is in trouble");
        return err_set(e, "%s", why);
    }
    wire_answer(r->wire, id, WIRE_BAD, 0, why);
    return road_refuse(r, item, false, why);
}

/* After a receipt or a roster: how do we stand now? */
static enum err look_around(struct road *r)
{
    struct receipt *best;
    enum err e = standing_check(r->in);
    if (!e)
        e = standing_receipt(r->in, &best);
    if (!e && best)
        e = offers_receipt(r->offers, best);
    if (!e)
        receipt_free(best);
    r->news.revoked = standing_revoked(r->in);
    if (r->news.revoked)
        wire_finish(r->wire, WIRE_END_REVOKED, "this station is revoked by the newest roster");
    return e;
}

enum err road_text(struct road *r, uint64_t id, const struct wire_item *item, const uint8_t *p, size_t n)
{
    bool had = r->in->receipt_news;
    enum err e = ERR_OK, look = ERR_OK;
    if (item->kind == WIRE_ROSTER) {
        e = taking_roster(r->in, (const char *)p, n);
        r->news.roster = r->news.roster || !e;
        if (!e)
            look = look_around(r);
        if (!e && !look)
            look = road_label_retry(r);
    } else if (item->kind == WIRE_NOTICE) {
        e = taking_notice(r->in, (const char *)p, n);
    } else if (item->kind == WIRE_RECEIPT) {
        r->in->receipt_news = false;
        e = taking_receipt(r->in, (const char *)p, n, NULL, NULL);
        bool ours = r->in->receipt_news;
        r->in->receipt_news = had || ours;
        r->news.receipt = r->news.receipt || ours;
        if (ours)
            look = look_around(r);
    } else {
        wire_answer(r->wire, id, WIRE_LATER, 0, "a station keeps no confirmations");
        return ERR_OK;
    }
    if (look)
        return look;
    return road_answer(r, id, item, e);
}

static enum err find_need(void *ctx, const struct label *l)
{
    struct road *r = ctx;
    uint64_t size;
    if (hash_is_zero(&l->parts) || !taking_delivered(r->in, l) || object_size(r->in->station->dir, &l->parts, &size))
        return ERR_OK;
    struct need n = {.name = l->parts, .kind = QUEUE_OBJ_PARTS, .seq = l->seq};
    memcpy(n.chain, l->chain, sizeof n.chain);
    return needs_add(&r->needs, &n);
}

/* Whether a label that is here names it; which, for parts lists of labels that
 * were here before, takes a walk over them, once. */
static enum err look_up(struct road *r, const struct wire_item *item, struct need **out)
{
    enum err e = ERR_OK;
    *out = needs_find(&r->needs, &item->name);
    if (!*out && item->kind == WIRE_PARTS && !r->needs_known) {
        r->needs_known = true;
        e = queue_each_label(r->in->station->queue, NULL, 1, find_need, r);
        *out = needs_find(&r->needs, &item->name);
    }
    if (*out && (*out)->size && (*out)->size != item->size)
        e = err_set(ERR_DATA, "it has another size than its parts list says");
    return e;
}

struct expecting {
    struct road *r;
    size_t want;
};

static enum err expect_blob(void *ctx, const struct hash *name, uint64_t size)
{
    struct expecting *x = ctx;
    const struct want *w = &x->r->wants[x->want];
    struct need n = {.name = *name, .size = size, .kind = QUEUE_OBJ_BLOB, .seq = w->seq, .want = x->want};
    memcpy(n.chain, w->chain, sizeof n.chain);
    x->r->progress[x->want].missing++;
    return needs_add(&x->r->needs, &n);
}

enum err road_expect(struct road *r, size_t want)
{
    struct expecting x = {r, want};
    r->progress[want] = (struct road_want){0};
    enum err e = wants_missing(r->in, &r->wants[want], expect_blob, &x);
    if (e == ERR_NOINPUT || e == ERR_BAD || e == ERR_DATA) {
        r->progress[want].missing = UINT64_MAX; /* its list is yet to come */
        err_clear();
        return ERR_OK;
    }
    if (e || r->progress[want].missing)
        return e;
    e = wants_end(r->in, &r->wants[want]);
    if (!e)
        wants_tell(r->in, &r->wants[want], 0, 0);
    return e;
}

/* May it come? ERR_OK; otherwise it was answered, or *e ends all. */
static bool may_come(struct road *r, uint64_t id, const struct wire_item *item, enum err *e)
{
    const struct station *s = r->in->station;
    struct need *need;
    uint64_t has;
    *e = ERR_OK;
    if (item->kind == WIRE_CONFIRMATION) {
        wire_answer(r->wire, id, WIRE_LATER, 0, "a station keeps no confirmations");
        return false;
    }
    if (item->kind > WIRE_BLOB)
        return true;
    if (object_size(s->dir, &item->name, &has) && has == item->size) {
        wire_answer(r->wire, id, WIRE_HAVE, 0, NULL);
        return false;
    }
    if (item->kind == WIRE_BATCH && r->n_loose < ROAD_LOOSE_MAX)
        return true;
    if (item->kind == WIRE_BATCH) {
        wire_answer(r->wire, id, WIRE_LATER, 0, "too many batches came without their labels");
        return false;
    }
    *e = look_up(r, item, &need);
    if (!*e && !need) {
        wire_answer(r->wire, id, WIRE_LATER, 0, "nothing here asks for it");
        return false;
    }
    if (!*e && item->kind == WIRE_BLOB)
        *e = intake_space(s, item->size);
    if (*e)
        *e = road_answer(r, id, item, *e);
    else
        return true;
    return false;
}

enum err road_take_open(struct road *r, uint64_t id, const struct wire_item *item,
                        struct partial_range held[static PARTIAL_RUNS_MAX], size_t *n)
{
    const char *dir = r->in->station->dir;
    enum err e;
    *n = 0;
    r->news.events++;
    if (!may_come(r, id, item, &e))
        return e;
    struct road_open *o = calloc(1, sizeof *o);
    if (!o)
        return err_set(ERR_NOMEM, "out of memory");
    o->id = id;
    e = partial_ranges(dir, &item->name, item->size, held, n);
    if (!e)
        e = partial_open(&o->p, dir, &item->name, item->size);
    if (e) {
        free(o);
        *n = 0;
        return road_answer(r, id, item, e);
    }
    o->next = r->open;
    r->open = o;
    return ERR_OK;
}

static struct road_open **find_open(struct road *r, uint64_t id)
{
    struct road_open **at = &r->open;
    while (*at && (*at)->id != id)
        at = &(*at)->next;
    return at;
}

static void close_open(struct road_open **at)
{
    struct road_open *o = *at;
    *at = o->next;
    partial_close(&o->p);
    free(o);
}

enum err road_take_write(struct road *r, uint64_t id, const struct wire_item *item, uint64_t offset, const uint8_t *p,
                         size_t n)
{
    struct road_open **at = find_open(r, id);
    if (!*at)
        return ERR_OK; /* was answered */
    r->news.events++;
    enum err e = partial_write(&(*at)->p, offset, p, n);
    if (!e)
        return ERR_OK;
    close_open(at);
    if (e != ERR_DATA)
        return road_answer(r, id, item, e);
    /* in more pieces than are kept: from the beginning, the next time */
    wire_answer(r->wire, id, WIRE_LATER, 0, "it came in too many pieces");
    return partial_drop(r->in->station->dir, &item->name);
}

void road_take_gone(struct road *r, uint64_t id)
{
    struct road_open **at = find_open(r, id);
    if (*at)
        close_open(at);
}

/* The whole of a clear text, out of its pieces. */
static enum err take_text(struct road *r, uint64_t id, const struct wire_item *item, struct object_writer *w)
{
    struct buf text = {.max = ROSTER_MAX};
    enum err e = file_read(w->tmp, ROSTER_MAX, &text);
    object_abort(w);
    struct hash name = {{0}};
    if (!e)
        name = hash_of(text.p, text.len);
    if (!e && !hash_same(&name, &item->name))
        e = err_set(ERR_BAD, "its bytes do not match its hash");
    e = e ? road_answer(r, id, item, e) : road_text(r, id, item, text.p, text.len);
    buf_free(&text);
    return e;
}

static enum err took_blob(struct road *r, const struct need *need)
{
    struct road_want *p = &r->progress[need->want];
    const struct want *w = &r->wants[need->want];
    p->taken++;
    p->missing -= p->missing > 0;
    if (p->missing)
        return ERR_OK;
    enum err e = wants_end(r->in, w);
    if (!e)
        wants_tell(r->in, w, p->taken, 0);
    return e;
}

/* A parts list that is no list is of no use to anybody. */
static enum err check_parts(const struct road *r, const struct hash *name)
{
    struct buf text = {.max = PARTS_MAX};
    struct parts p;
    bool mark;
    struct hash blob;
    uint64_t size;
    enum err e = object_get(r->in->station->dir, name, PARTS_MAX, &text);
    if (!e)
        e = parts_open(&p, (const char *)text.p, text.len);
    while (!e)
        e = parts_next(&p, &mark, &blob, &size);
    buf_free(&text);
    return e == ERR_END ? ERR_OK : e;
}

static enum err took(struct road *r, const struct wire_item *item)
{
    struct queue *q = r->in->station->queue;
    r->in->taken.objects++;
    r->in->taken.bytes += item->size;
    if (item->kind == WIRE_BATCH) {
        r->loose[r->n_loose++] = item->name;
        return road_label_retry(r);
    }
    const struct need *found = needs_find(&r->needs, &item->name);
    if (!found)
        return ERR_OK;
    const struct need need = *found;
    enum err e = queue_add_object(q, &item->name, item->size, need.kind, need.chain, need.seq);
    needs_drop(&r->needs, &item->name);
    if (!e && item->kind == WIRE_BLOB)
        return took_blob(r, &need);
    const struct want *w = wants_find(r->wants, r->n_wants, &item->name);
    if (!e && w && w->labelled)
        e = road_expect(r, (size_t)(w - r->wants));
    return e;
}

enum err road_take_done(struct road *r, uint64_t id, const struct wire_item *item)
{
    struct road_open **at = find_open(r, id);
    struct object_writer w;
    if (!*at)
        return ERR_OK;
    enum err e = partial_finish(&(*at)->p, &w);
    uint64_t has;
    close_open(at);
    if (e == ERR_AGAIN && (item->kind > WIRE_BLOB || !object_size(r->in->station->dir, &item->name, &has))) {
        wire_answer(r->wire, id, WIRE_LATER, 0, "another conversation dropped it");
        return ERR_OK;
    }
    if (e)
        return road_answer(r, id, item, e);
    if (item->kind > WIRE_BLOB)
        return take_text(r, id, item, &w);
    e = object_commit(&w, &item->name, NULL);
    if (e)
        object_abort(&w);
    if (!e && item->kind == WIRE_PARTS && (e = check_parts(r, &item->name)) != ERR_OK && !stick_stops(e) &&
        object_remove(r->in->station->dir, &item->name) != ERR_OK)
        e = ERR_IO;
    if (e)
        return road_answer(r, id, item, e);
    e = took(r, item);
    return e ? e : road_answer(r, id, item, ERR_OK);
}

void road_take_end(struct road *r)
{
    while (r->open)
        close_open(&r->open);
    struct station *s = r->in->station;
    for (size_t i = 0; i < r->n_loose; i++) {
        char chain[CHAIN_ID];
        uint64_t seq, size;
        enum queue_kind kind;
        /* its label may have come meanwhile by another conversation, or by a stick */
        if (queue_owner(s->queue, &r->loose[i], chain, &seq, &size, &kind) == ERR_NOINPUT &&
            object_remove(s->dir, &r->loose[i]) != ERR_OK)
            err_clear(); /* a file that no label names: harmless */
    }
}
