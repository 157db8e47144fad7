#include "sync/hub/room_inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The desk's judgement of labels. */

struct bytes {
    const uint8_t *p;
    size_t n;
};

static enum err push(void *ctx, sink_fn *sink, void *sink_ctx)
{
    const struct bytes *b = ctx;
    return sink(sink_ctx, b->p, b->n);
}

/* The batch that came with a label: what is wrong with it does not hold the
 * label up, the receipt says that it is missing. */
static enum err take_batch(struct room *r, const struct label *l, const uint8_t *batch, size_t n)
{
    struct store_need need;
    struct bytes bytes = {batch, n};
    struct accept a = room_accept(r);
    struct hash h = hash_of(batch, n);
    if (n == 0)
        return ERR_OK;
    if (n != l->size || !hash_same(&h, &l->object)) {
        char what[8 + HASH_HEX] = "object ";
        hash_hex(what + strlen(what), &l->object);
        room_refused(r, l->chain, what, "its bytes do not match its name", batch, n);
        return ERR_OK;
    }
    enum err e = r->store->look(r->store, &l->object, n, &need);
    if (e || need.state != STORE_WANTED)
        return e;
    if (accept_room(&a, &need, n) != ERR_OK)
        return ERR_OK;
    e = room_begin(r);
    if (e)
        return e;
    e = r->store->put(r->store, need.chain, &l->object, n, push, &bytes);
    if (e == ERR_FULL)
        return ERR_OK;
    return e ? e : room_fresh(r, &l->object, n, l->lane == LANE_URGENT);
}

static enum err note_accepted(struct room *r, const struct label *l)
{
    struct accepted one = {.seq = l->seq, .to = strdup(l->to), .urgent = l->lane == LANE_URGENT};
    memcpy(one.chain, l->chain, sizeof one.chain);
    enum err e = one.to ? buf_add(&r->in->accepted, &one, sizeof one) : err_set(ERR_NOMEM, "out of memory");
    if (e)
        free(one.to);
    return e;
}

static enum err next_label(struct desk *d, const struct label *l, const uint8_t *batch, size_t n, struct waiter to)
{
    struct room *r = d->room;
    struct accept a = room_accept(r);
    bool urgent = l->lane == LANE_URGENT;
    bool own = strcmp(l->chain, d->chain) == 0;
    enum err e = room_begin(r);
    if (!e)
        e = accept_append(&a, l);
    if (!e)
        e = take_batch(r, l, batch, n);
    if (!e)
        e = room_heard(r, l->chain, own || l->time > r->wall ? r->wall : l->time);
    if (!e)
        e = note_accepted(r, l);
    if (!e)
        e = room_changed(r, l->chain);
    if (!e)
        e = room_answer(r, to, WIRE_GOOD, urgent);
    room_touch(r, urgent);
    r->counts.labels++;
    return e;
}

static enum err set_aside(struct room *r, const struct label *l, const uint8_t *batch, size_t n)
{
    struct hash h = hash_of(batch, n);
    bool kept = false;
    if (n != l->size || !hash_same(&h, &l->object))
        n = 0;
    enum err e = r->store->aside(r->store, l, batch, n, &kept);
    r->counts.aside += kept;
    return e;
}

static enum err raise_alarm(struct room *r, const struct store_chain *at, const struct accept_clone *c)
{
    if (at->alarm_seq)
        return ERR_OK;
    enum err e = room_begin(r);
    if (!e)
        e = r->store->alarm(r->store, at->id, c->seq, &c->held, &c->other);
    if (!e)
        e = room_changed(r, at->id);
    room_touch(r, true);
    r->counts.alarms++;
    if (r->calls.alarm)
        r->calls.alarm(r->calls.ctx, at->id, c->seq);
    return e;
}

/* Judges one label and does what follows. again: the same may be asked of the
 * next one that floats. */
static enum err one_label(struct desk *d, const struct label *l, const uint8_t *batch, size_t n, struct waiter to,
                          struct store_chain *at)
{
    struct room *r = d->room;
    struct accept a = room_accept(r);
    struct accept_clone c;
    enum accept_verdict v;
    char why[WIRE_WHY_MAX], what[32];
    enum err e = accept_judge(&a, at, l, &v, &c);
    snprintf(why, sizeof why, "%s", err_text());
    if (e)
        return e;
    switch (v) {
    case ACCEPT_NEXT:
        e = next_label(d, l, batch, n, to);
        at->seq = l->seq;
        at->head = label_hash(l);
        return e;
    case ACCEPT_KNOWN:
        r->counts.given_labels++;
        e = take_batch(r, l, batch, n);
        return e ? e : room_answer(r, to, WIRE_HAVE, l->lane == LANE_URGENT);
    case ACCEPT_EARLY:
        return floats_keep(r, l, batch, n, to);
    case ACCEPT_CLONED:
        e = raise_alarm(r, at, &c);
        at->alarm_seq = at->alarm_seq ? at->alarm_seq : c.seq;
        break;
    case ACCEPT_QUOTA:
        room_refuse(r, to, WIRE_LATER, why);
        return ERR_OK;
    case ACCEPT_BAD:
        snprintf(what, sizeof what, "label %" PRIu64, l->seq);
        room_refused(r, d->chain, what, why, l->text, l->len); /* of whoever sent it: who made it is not known */
        room_refuse(r, to, WIRE_BAD, why);
        return ERR_OK;
    case ACCEPT_FROZEN:
    case ACCEPT_REVOKED:
        break;
    }
    if (!e)
        e = set_aside(r, l, batch, n);
    room_refuse(r, to, WIRE_BAD, why);
    return e;
}

/* Those that waited for the label just taken. */
static enum err land(struct desk *d, struct store_chain *at)
{
    struct floating f;
    enum err e = ERR_OK;
    while (!e && floats_take(d->room, at->id, at->seq + 1, &f)) {
        struct label l;
        e = label_parse(&l, (const char *)f.text.p, f.text.len);
        if (!e)
            e = d->room->store->chain(d->room->store, at->id, at);
        if (!e)
            e = one_label(d, &l, f.batch.p, f.batch.len, f.to[0], at);
        for (size_t i = 1; i < f.n_to && !e; i++)
            e = room_answer(d->room, f.to[i], WIRE_HAVE, false);
        buf_free(&f.text);
        buf_free(&f.batch);
    }
    return e;
}

enum err desk_label(struct desk *d, uint64_t id, const uint8_t *text, size_t n, const uint8_t *batch, size_t n_batch)
{
    struct room *r = d->room;
    struct label l;
    struct store_chain at;
    struct waiter to = {d, id};
    enum err e = label_parse(&l, (const char *)text, n);
    if (!e && l.len != n)
        e = ERR_DATA;
    if (e == ERR_END || e == ERR_DATA)
        return err_set(ERR_DATA, "what should be a label is none");
    if (!room_ready(r))
        return desk_pause(d);
    if (!e)
        e = r->store->chain(r->store, l.chain, &at);
    if (!e && at.damaged) {
        room_refuse(r, to, WIRE_LATER, "this hub's own file of that chain is damaged");
        return ERR_OK;
    }
    if (!e)
        e = one_label(d, &l, batch, n_batch, to, &at);
    if (!e)
        e = land(d, &at);
    return e ? room_fail(r, e) : ERR_OK;
}
