#include "sync/hub/room_inside.h"

#include "sync/hub/receipts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROUP_MAX (4 * HUB_GROUP) /* changes: more would keep everybody waiting for one commit */
#define NOTED_MAX 64u             /* of what was not taken, in so many ms: */
#define NOTED_MS 60000

static size_t count(const struct buf *list, size_t one)
{
    return list->len / one;
}

static void *at(const struct buf *list, size_t i, size_t one)
{
    return list->p + i * one;
}

enum err room_open(struct room *r)
{
    r->in = calloc(1, sizeof *r->in);
    if (!r->in)
        return err_set(ERR_NOMEM, "out of memory");
    r->in->paused = r->store == NULL;
    return ERR_OK;
}

static void drop_accepted(struct room_inside *in)
{
    for (size_t i = 0; i < count(&in->accepted, sizeof(struct accepted)); i++)
        free(((struct accepted *)at(&in->accepted, i, sizeof(struct accepted)))->to);
    buf_clear(&in->accepted);
}

/* Forgets the transaction's lists. */
static void clear(struct room_inside *in)
{
    drop_accepted(in);
    buf_clear(&in->answers);
    buf_clear(&in->changed);
    buf_clear(&in->fresh);
    in->open = in->urgent = in->failed = false;
    in->changes = 0;
    in->step = ROOM_IDLE;
}

void room_close(struct room *r)
{
    struct room_inside *in = r->in;
    if (!in)
        return;
    if (in->open && r->store)
        r->store->rollback(r->store);
    clear(in);
    for (size_t i = 0; i < in->n_chains; i++)
        floats_free(r, in->chains[i]);
    for (size_t i = 0; i < in->n_chains; i++)
        free(in->chains[i]);
    gather_free_all(r);
    free(in->chains);
    buf_free(&in->answers);
    buf_free(&in->accepted);
    buf_free(&in->changed);
    buf_free(&in->fresh);
    buf_free(&in->heard);
    free(in);
    r->in = NULL;
}

bool room_usable(const struct room *r)
{
    return r->store && !r->in->paused && !r->in->failed;
}

struct accept room_accept(const struct room *r)
{
    return (struct accept){r->store, r->roster, r->quota};
}

bool room_busy(const struct room *r)
{
    return r->in->step != ROOM_IDLE;
}

uint64_t room_unflushed(const struct room *r)
{
    return r->in->unflushed;
}

bool room_ready(const struct room *r)
{
    return room_usable(r) && r->in->step == ROOM_IDLE && r->in->changes < GROUP_MAX;
}

enum err room_begin(struct room *r)
{
    struct room_inside *in = r->in;
    if (!room_usable(r) || in->step != ROOM_IDLE)
        return err_set(ERR_AGAIN, "the hub is writing");
    if (in->open)
        return ERR_OK;
    enum err e = r->store->begin(r->store);
    in->open = e == ERR_OK;
    return e ? room_fail(r, e) : ERR_OK;
}

void room_touch(struct room *r, bool urgent)
{
    if (r->in->changes++ == 0)
        r->in->since = r->now;
    r->in->urgent = r->in->urgent || urgent;
}

enum err room_fail(struct room *r, enum err e)
{
    if (!r->in->failed)
        snprintf(r->in->why, sizeof r->in->why, "%s", err_text());
    r->in->failed = true;
    return e == ERR_AGAIN ? ERR_IO : e; /* "not now" it must not mean */
}

enum err room_answer(struct room *r, struct waiter to, enum wire_answer a, bool urgent)
{
    struct answer one = {to, a, urgent ? r->now : 0};
    if (r->in->open)
        return buf_add(&r->in->answers, &one, sizeof one);
    r->counts.have += a == WIRE_HAVE;
    r->counts.good += a == WIRE_GOOD;
    if (to.desk)
        wire_answer(to.desk->wire, to.id, a, 0, "");
    return ERR_OK;
}

void room_refuse(struct room *r, struct waiter to, enum wire_answer a, const char *why)
{
    r->counts.later += a == WIRE_LATER;
    r->counts.bad += a == WIRE_BAD;
    if (to.desk)
        wire_answer(to.desk->wire, to.id, a, 0, why);
}

void room_forget(struct room *r, const struct desk *d)
{
    struct room_inside *in = r->in;
    for (size_t i = 0; i < count(&in->answers, sizeof(struct answer)); i++) {
        struct answer *a = at(&in->answers, i, sizeof *a);
        if (a->to.desk == d)
            a->to.desk = NULL;
    }
    for (size_t i = 0; i < in->n_chains; i++)
        floats_forget(in->chains[i], d);
}

enum err room_changed(struct room *r, const char *chain)
{
    struct buf *list = &r->in->changed;
    for (size_t i = count(list, CHAIN_ID); i-- > 0;)
        if (memcmp(at(list, i, CHAIN_ID), chain, CHAIN_ID) == 0)
            return ERR_OK;
    return buf_add(list, chain, CHAIN_ID);
}

enum err room_heard(struct room *r, const char *chain, int64_t time)
{
    struct buf *list = &r->in->heard;
    struct heard one = {.time = time};
    for (size_t i = count(list, sizeof one); i-- > 0;) {
        struct heard *h = at(list, i, sizeof *h);
        if (strcmp(h->chain, chain) == 0) {
            h->time = time > h->time ? time : h->time;
            return ERR_OK;
        }
    }
    if (list->len == 0)
        r->in->heard_since = r->now;
    memcpy(one.chain, chain, sizeof one.chain);
    return buf_add(list, &one, sizeof one);
}

static enum err touched(void *ctx, const struct store_need *n)
{
    return room_changed(ctx, n->chain);
}

enum err room_fresh(struct room *r, const struct hash *name, uint64_t size, bool urgent)
{
    enum err e = buf_add(&r->in->fresh, name, sizeof *name);
    if (!e)
        e = r->store->each_need(r->store, name, touched, r);
    r->counts.objects++;
    r->counts.bytes += size;
    room_touch(r, urgent);
    return e;
}

void room_refused(struct room *r, const char *chain, const char *what, const char *why, const void *p, size_t n)
{
    char text[WIRE_WHY_MAX];
    snprintf(text, sizeof text, "%s", why);
    if (r->calls.refused)
        r->calls.refused(r->calls.ctx, chain, what, text);
    if (r->in->noted >= NOTED_MAX && r->now < r->in->noted_since + NOTED_MS)
        return; /* a flood of them is not worth the disk's time */
    if (r->now >= r->in->noted_since + NOTED_MS) {
        r->in->noted = 0;
        r->in->noted_since = r->now;
    }
    r->in->noted++;
    if (r->store->refused(r->store, chain, what, text, p, n) != ERR_OK)
        err_clear(); /* it was said to its station all the same */
}

static size_t place(const struct room_inside *in, const char *id)
{
    size_t lo = 0, hi = in->n_chains;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (strcmp(in->chains[mid]->id, id) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

struct room_chain *room_chain(const struct room *r, const char *id)
{
    size_t i = place(r->in, id);
    return i < r->in->n_chains && strcmp(r->in->chains[i]->id, id) == 0 ? r->in->chains[i] : NULL;
}

enum err room_chain_make(struct room *r, const char *id, struct room_chain **out)
{
    struct room_inside *in = r->in;
    *out = room_chain(r, id);
    if (*out)
        return ERR_OK;
    struct room_chain **more = in->chains;
    if ((in->n_chains & (in->n_chains - 1)) == 0) {
        more = reallocarray(in->chains, in->n_chains ? 2 * in->n_chains : 1, sizeof *more);
        if (!more)
            return err_set(ERR_NOMEM, "out of memory");
        in->chains = more;
    }
    struct room_chain *c = calloc(1, sizeof *c);
    if (!c)
        return err_set(ERR_NOMEM, "out of memory");
    memcpy(c->id, id, sizeof c->id);
    size_t i = place(in, id);
    memmove(&more[i + 1], &more[i], (in->n_chains - i) * sizeof(struct room_chain *));
    more[i] = *out = c;
    in->n_chains++;
    return ERR_OK;
}

int64_t room_due(const struct room *r)
{
    const struct room_inside *in = r->in;
    int64_t due = INT64_MAX, one;
    if (in->failed)
        return r->now;
    if (in->step != ROOM_IDLE || !room_usable(r))
        return INT64_MAX;
    if (in->changes)
        due = in->urgent || in->changes >= HUB_GROUP ? r->now : in->since + HUB_COMMIT_MS;
    else if (in->open) /* something was only looked at, an answer waits */
        due = r->now;
    if (in->unflushed) {
        one = in->unflushed >= HUB_FLUSH_BYTES / 4 ? r->now : in->unflushed_since + HUB_FLUSH_MS;
        due = one < due ? one : due;
    }
    if (in->heard.len) {
        one = in->heard_since + HUB_FLUSH_MS;
        due = one < due ? one : due;
    }
    return due;
}

static uint64_t prefix(const struct spans *s)
{
    return s->n && s->v[0].from == 0 ? s->v[0].to : 0;
}

static void flush_begins(struct room *r)
{
    for (struct desk *d = r->in->desks; d; d = d->next)
        for (size_t i = 0; i < d->n_open; i++)
            d->open[i].flushing = prefix(&d->open[i].have);
    r->in->unflushed = 0;
}

static void flushed(struct room *r)
{
    for (struct desk *d = r->in->desks; d; d = d->next)
        for (size_t i = 0; i < d->n_open; i++) {
            struct opened *o = &d->open[i];
            if (o->flushing <= o->kept)
                continue;
            o->kept = o->flushing;
            wire_answer(d->wire, o->id, WIRE_KEPT, o->kept, "");
        }
}

static enum err write_heard(struct room *r)
{
    struct room_inside *in = r->in;
    enum err e = ERR_OK;
    for (size_t i = 0; i < count(&in->heard, sizeof(struct heard)) && !e; i++) {
        const struct heard *h = at(&in->heard, i, sizeof *h);
        struct store_chain c;
        e = r->store->chain(r->store, h->chain, &c);
        if (!e && h->time > c.heard)
            e = r->store->heard(r->store, h->chain, h->time);
    }
    if (!e)
        buf_clear(&in->heard);
    return e;
}

/* Nothing of the transaction is acknowledged. */
static enum err failed(struct room *r, enum err e)
{
    struct room_inside *in = r->in;
    char why[1024];
    snprintf(why, sizeof why, "%s", err_text());
    if (in->open && r->store)
        r->store->rollback(r->store);
    for (size_t i = 0; i < count(&in->answers, sizeof(struct answer)); i++) {
        const struct answer *a = at(&in->answers, i, sizeof *a);
        if (a->to.desk)
            wire_finish(a->to.desk->wire, WIRE_END_LATER, "the hub could not make it durable");
    }
    for (struct desk *d = in->desks; d; d = d->next)
        if (d->n_open || d->paused)
            wire_finish(d->wire, WIRE_END_LATER, "the hub could not make it durable");
    clear(in);
    in->paused = true;
    r->counts.commits_failed++;
    return err_set(e == ERR_AGAIN || e == ERR_OK ? ERR_IO : e, "%s", why);
}

static void count_commit(struct room *r)
{
    uint64_t ms = r->now > r->in->began ? (uint64_t)(r->now - r->in->began) : 0;
    r->counts.commits++;
    r->counts.commit_ms += ms;
    if (ms > r->counts.commit_ms_max)
        r->counts.commit_ms_max = ms;
}

/* Durable: the answers, and who is to know. The lists are taken out first,
 * since who is told may change something. */
static void settle(struct room *r)
{
    struct room_inside *in = r->in;
    struct buf answers = in->answers, accepted = in->accepted, changed = in->changed;
    in->answers = in->accepted = in->changed = (struct buf){0};
    clear(in);
    count_commit(r);
    for (size_t i = 0; i < count(&answers, sizeof(struct answer)); i++) {
        const struct answer *a = at(&answers, i, sizeof *a);
        r->counts.good += a->a == WIRE_GOOD;
        r->counts.have += a->a == WIRE_HAVE;
        if (a->urgent_since && (uint64_t)(r->now - a->urgent_since) > r->counts.urgent_ms_max)
            r->counts.urgent_ms_max = (uint64_t)(r->now - a->urgent_since);
        if (a->to.desk)
            wire_answer(a->to.desk->wire, a->to.id, a->a, 0, "");
    }
    flushed(r);
    for (size_t i = 0; i < count(&accepted, sizeof(struct accepted)); i++) {
        const struct accepted *a = at(&accepted, i, sizeof *a);
        if (r->calls.accepted)
            r->calls.accepted(r->calls.ctx, a->chain, a->seq, a->to, a->urgent);
        free(a->to);
    }
    for (size_t i = 0; i < count(&changed, CHAIN_ID) && r->calls.changed; i++)
        r->calls.changed(r->calls.ctx, at(&changed, i, CHAIN_ID));
    buf_free(&answers);
    buf_free(&accepted);
    buf_free(&changed);
}

static enum err start(struct room *r)
{
    struct room_inside *in = r->in;
    enum err e = ERR_OK;
    if (in->failed)
        return failed(r, err_set(ERR_IO, "the store failed: %s", in->why));
    if (in->heard.len) {
        e = room_begin(r);
        if (!e)
            e = write_heard(r);
        if (e)
            return failed(r, e);
    }
    in->began = r->now;
    flush_begins(r);
    in->step = in->open ? ROOM_FIRST : ROOM_PIECES;
    return ERR_AGAIN;
}

static enum err finish(struct room *r, enum err e)
{
    if (!e)
        e = r->store->finish(r->store);
    if (e)
        return failed(r, e);
    settle(r);
    return ERR_OK;
}

enum err room_commit(struct room *r, enum err result)
{
    struct room_inside *in = r->in;
    enum err e = result;
    switch (in->step) {
    case ROOM_IDLE:
        return start(r);
    case ROOM_PIECES:
        in->step = ROOM_IDLE;
        if (e || in->failed)
            return failed(r, e ? e : ERR_IO);
        flushed(r);
        return ERR_OK;
    case ROOM_FIRST:
        if (e || in->fresh.len == 0) /* labels alone are durable by now */
            return finish(r, e);
        in->step = ROOM_SECOND;
        e = r->store->place(r->store);
        return e ? failed(r, e) : ERR_AGAIN;
    case ROOM_SECOND:
        return finish(r, e);
    }
    return ERR_BUG;
}

void room_pause(struct room *r)
{
    struct room_inside *in = r->in;
    if (in->open && r->store)
        r->store->rollback(r->store);
    clear(in);
    in->paused = true;
    r->store = NULL;
}

void room_resume(struct room *r)
{
    r->in->paused = r->store == NULL;
}

struct room_text *room_text_new(const void *p, size_t n)
{
    struct room_text *t = calloc(1, sizeof *t);
    if (!t || buf_add(&t->text, p, n) != ERR_OK) {
        free(t);
        return NULL;
    }
    t->users = 1;
    t->name = hash_of(p, n);
    return t;
}

void room_text_free(struct room_text *t)
{
    if (!t || --t->users)
        return;
    buf_free(&t->text);
    free(t);
}

enum err room_receipt(struct room *r, const char *chain, struct buf *text)
{
    struct room_chain *c = NULL;
    struct receipt *made = NULL;
    if (!room_usable(r) || r->in->open || !r->sign)
        return ERR_AGAIN; /* it may not tell of what is not durable yet */
    enum err e = room_chain_make(r, chain, &c);
    if (e || !c)
        return e;
    if (!c->signed_known && r->calls.signed_before)
        c->signed_at = r->calls.signed_before(r->calls.ctx, chain);
    c->signed_known = true;
    /* a station takes it for newer only if its time, in seconds, is later */
    int64_t time = c->signed_at + 1000 > r->wall ? c->signed_at + 1000 : r->wall;
    if (time > r->wall + ROOM_RECEIPT_AHEAD && c->signed_at < r->wall + 2 * ROOM_RECEIPT_AHEAD)
        return ERR_AGAIN;
    e = receipts_make(r->store, chain, r->name, r->sign, time, &made);
    if (!e && made) {
        c->signed_at = time;
        r->counts.receipts++;
        buf_clear(text);
        e = buf_add(text, made->text.p, made->text.len);
    }
    if (!e && r->calls.signed_now)
        r->calls.signed_now(r->calls.ctx, made);
    receipt_free(made);
    return e;
}

size_t room_floats(const struct room *r, const char *chain, struct wire_span out[static WIRE_FLOATS_MAX])
{
    const struct room_chain *c = room_chain(r, chain);
    size_t n = 0;
    for (size_t i = 0; c && i < c->n_floats; i++) {
        uint64_t seq = c->floats[i].seq;
        if (n && out[n - 1].to + 1 == seq)
            out[n - 1].to = seq;
        else if (n < WIRE_FLOATS_MAX)
            out[n++] = (struct wire_span){seq, seq};
        else
            break;
    }
    return n;
}
