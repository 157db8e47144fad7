#include "sync/wire/wire_inside.h"

#include "storage/base/bytes.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_HEADS 64u /* go out before anything else */

void *ring_at(const struct ring *r, uint64_t id)
{
    if (id < r->id || id - r->id >= r->n)
        return NULL;
    return (char *)r->v + (r->first + (size_t)(id - r->id)) % r->cap * r->size;
}

static bool grow(struct ring *r)
{
    size_t cap = r->cap ? 2 * r->cap : 8;
    char *v = reallocarray(NULL, cap, r->size);
    if (!v)
        return false;
    for (size_t i = 0; i < r->n; i++)
        memcpy(v + i * r->size, (char *)r->v + (r->first + i) % r->cap * r->size, r->size);
    free(r->v);
    r->v = v;
    r->cap = cap;
    r->first = 0;
    return true;
}

void *ring_push(struct ring *r, uint64_t *id)
{
    if (r->n == r->cap && !grow(r))
        return NULL;
    *id = r->id + r->n++;
    void *one = ring_at(r, *id);
    return one ? memset(one, 0, r->size) : NULL;
}

void ring_pop(struct ring *r)
{
    r->n--;
}

void ring_settle(struct ring *r, bool (*over)(const void *one))
{
    while (r->n && over(ring_at(r, r->id))) {
        r->first = (r->first + 1) % r->cap;
        r->id++;
        r->n--;
    }
    if (r->n == 0) {
        free(r->v);
        r->v = NULL;
        r->cap = r->first = 0;
    }
}

void ring_end(struct ring *r)
{
    free(r->v);
}

bool wire_given_over(const void *one)
{
    assert(one);
    return ((const struct given *)one)->answered;
}

bool wire_taken_over(const void *one)
{
    assert(one);
    return ((const struct taken *)one)->answered;
}

void wire_notices_digest(uint8_t out[static 8], const char (*ids)[NOTICE_ID], size_t n)
{
    struct hash_state s;
    hash_init(&s);
    for (size_t i = 0; i < n; i++)
        hash_add(&s, ids[i], NOTICE_ID - 1);
    struct hash h = hash_end(&s);
    memcpy(out, h.b, 8);
}

const char *wire_end_text(enum wire_end why)
{
    static const char *const texts[] = {
        [WIRE_END_DONE] = "done",       [WIRE_END_LATER] = "later",   [WIRE_END_UNKNOWN] = "unknown",
        [WIRE_END_REVOKED] = "revoked", [WIRE_END_CLONED] = "cloned", [WIRE_END_PROTOCOL] = "protocol",
    };
    return (size_t)why < sizeof texts / sizeof texts[0] ? texts[why] : "later";
}

uint64_t wire_flying(const struct wire *w)
{
    return w->eliciting > w->pace.acked ? w->sent - w->pace.acked : 0;
}

enum err wire_put_control(struct wire *w, enum frame_type type, const struct buf *payload, bool elicits)
{
    enum err e = frame_put(&w->control, type, payload->p, payload->len);
    w->run.open = false;
    if (!e && elicits)
        w->eliciting = UINT64_MAX; /* known when it went out */
    return e;
}

static enum err put_hello(struct wire *w)
{
    struct buf p = {0};
    uint8_t id[16] = {0};
    const struct wire_hello *h = &w->hello;
    uint8_t role = (uint8_t)h->role;
    enum err e = frame_put_varint(&p, 1);
    if (!e && !bytes_unhex(id, sizeof id, h->chain, strlen(h->chain)))
        e = err_set(ERR_BUG, "a conversation needs a chain");
    if (!e)
        e = buf_add(&p, &role, 1);
    if (!e)
        e = buf_add(&p, id, sizeof id);
    if (!e)
        e = frame_put_text(&p, h->name);
    if (!e)
        e = frame_put_varint(&p, h->roster);
    if (!e)
        e = frame_put_signed(&p, h->clock);
    if (!e)
        e = frame_put_varint(&p, h->seq);
    if (!e)
        e = buf_add(&p, h->head.b, HASH_LEN);
    if (!e)
        e = frame_put_varint(&p, h->n_notices);
    if (!e)
        e = buf_add(&p, h->notices, sizeof h->notices);
    if (!e)
        e = frame_put_varint(&p, h->n_floats);
    for (size_t i = 0; i < h->n_floats && !e; i++) {
        e = frame_put_varint(&p, h->floats[i].from);
        if (!e)
            e = frame_put_varint(&p, h->floats[i].to - h->floats[i].from);
    }
    if (!e)
        e = wire_put_control(w, FRAME_HELLO, &p, true);
    buf_free(&p);
    return e;
}

static enum err put_wants(struct wire *w, const struct wire_want *v, size_t n)
{
    struct buf p = {0};
    enum err e = ERR_OK;
    for (size_t i = 0; i < n && i < WIRE_WANTS_MAX && !e; i++) {
        e = buf_add(&p, v[i].parts.b, HASH_LEN);
        if (!e)
            e = frame_put_varint(&p, v[i].first);
        if (!e)
            e = frame_put_varint(&p, v[i].last == UINT64_MAX ? 0 : v[i].last - v[i].first + 1);
        if (!e && (p.len > 4096 || i + 1 == n || i + 1 == WIRE_WANTS_MAX)) {
            e = wire_put_control(w, FRAME_WANT, &p, true);
            buf_clear(&p);
        }
    }
    buf_free(&p);
    return e;
}

static enum err copy_lists(struct wire *w, const struct wire_start *s)
{
    if (s->n_heads > WIRE_HEADS_MAX || s->n_notices > WIRE_NOTICES_MAX)
        return err_set(ERR_BUG, "more heads or notices than a conversation holds");
    w->heads = reallocarray(NULL, s->n_heads + 1, sizeof *w->heads);
    w->notices = reallocarray(NULL, s->n_notices + 1, sizeof *w->notices);
    if (!w->heads || !w->notices)
        return err_set(ERR_NOMEM, "out of memory");
    if (s->n_heads)
        memcpy(w->heads, s->heads, s->n_heads * sizeof *w->heads);
    if (s->n_notices)
        memcpy(w->notices, s->notices, s->n_notices * sizeof *w->notices);
    w->n_heads = s->n_heads;
    w->n_notices = s->n_notices;
    w->hello.n_notices = s->n_notices;
    wire_notices_digest(w->hello.notices, s->notices, s->n_notices);
    return ERR_OK;
}

enum err wire_new(struct wire **out, const struct wire_start *s, int64_t now)
{
    *out = NULL;
    struct wire *w = calloc(1, sizeof *w);
    if (!w)
        return err_set(ERR_NOMEM, "out of memory");
    w->side = s->side;
    w->hello = s->hello;
    w->lanes = (1u << LANES) - 1;
    w->given.size = sizeof(struct given);
    w->taken.size = sizeof(struct taken);
    w->ack_at = INT64_MAX;
    w->waits = w->heard = now;
    w->in.max = WIRE_PAYLOAD_MAX + FRAME_HEAD_MAX;
    w->control.max = 64u << 20;
    pace_init(&w->pace, s->rate, s->rtt, now);
    enum err e = copy_lists(w, s);
    if (!e)
        e = put_hello(w);
    if (!e)
        e = put_wants(w, s->wants, s->n_wants);
    if (!e && w->hello.role == WIRE_STATION && w->n_heads <= FIRST_HEADS) {
        struct buf p = {0};
        bool last;
        e = wire_put_heads(w, FIRST_HEADS, &p, &last);
        if (!e)
            e = wire_put_control(w, FRAME_HEADS, &p, true);
        buf_free(&p);
    }
    if (e) {
        wire_free(w);
        return e;
    }
    *out = w;
    return ERR_OK;
}

void wire_free(struct wire *w)
{
    if (!w)
        return;
    for (size_t i = 0; i < LANES; i++)
        free(w->waiting[i].v);
    ring_end(&w->given);
    ring_end(&w->taken);
    free(w->heads);
    free(w->notices);
    buf_free(&w->in);
    buf_free(&w->control);
    buf_free(&w->frame);
    free(w);
}

enum err wire_offer(struct wire *w, const struct wire_item *item)
{
    struct waiting *q = &w->waiting[item->lane];
    if (q->n == WIRE_OFFERS_MAX)
        return err_set(ERR_AGAIN, "more waits already");
    if (q->n == q->cap) {
        size_t cap = q->cap ? 2 * q->cap : 4;
        struct wire_item *v = reallocarray(NULL, cap, sizeof *v);
        if (!v)
            return err_set(ERR_NOMEM, "out of memory");
        for (size_t i = 0; i < q->n; i++)
            v[i] = q->v[(q->first + i) % q->cap];
        free(q->v);
        q->v = v;
        q->cap = cap;
        q->first = 0;
    }
    q->v[(q->first + q->n++) % q->cap] = *item;
    return ERR_OK;
}

size_t wire_waiting(const struct wire *w, enum lane lane)
{
    return w->waiting[lane].n;
}

void wire_settle_given(struct wire *w, uint64_t id, enum wire_answer a, const char *why)
{
    struct given *g = ring_at(&w->given, id);
    if (!g || g->answered)
        return;
    g->answered = true;
    w->open -= g->object;
    struct wire_item item = g->item;
    item.sent = g->high;
    ring_settle(&w->given, wire_given_over);
    if (w->side.answered)
        w->side.answered(w->side.ctx, &item, a, a == WIRE_GOOD ? item.size : 0, why);
}

/* One answer, joined to the one before where it says the same of the next id. */
static enum err put_run(struct wire *w, enum frame_type type, uint64_t id)
{
    struct buf p = {0};
    if (w->run.open && w->run.type == type && w->run.first + w->run.count == id && w->run.at >= w->control_at) {
        w->control.len = w->run.at;
        w->run.count++;
    } else {
        w->run.type = type;
        w->run.first = id;
        w->run.count = 1;
        w->run.at = w->control.len;
    }
    enum err e = frame_put_varint(&p, w->run.first);
    if (!e)
        e = frame_put_varint(&p, w->run.count - 1);
    if (!e)
        e = frame_put(&w->control, type, p.p, p.len);
    w->run.open = !e;
    buf_free(&p);
    return e;
}

void wire_answer(struct wire *w, uint64_t id, enum wire_answer a, uint64_t kept, const char *why)
{
    static const enum frame_type types[] = {[WIRE_KEPT] = FRAME_KEPT,
                                            [WIRE_GOOD] = FRAME_GOOD,
                                            [WIRE_HAVE] = FRAME_HAVE,
                                            [WIRE_LATER] = FRAME_LATER,
                                            [WIRE_BAD] = FRAME_BAD};
    struct taken *t = ring_at(&w->taken, id);
    struct buf p = {0};
    char text[WIRE_WHY_MAX];
    enum err e = ERR_OK;
    if (!t || t->answered || w->finishing)
        return;
    if (a == WIRE_GOOD || a == WIRE_HAVE) {
        e = put_run(w, types[a], id);
    } else {
        snprintf(text, sizeof text, "%s", why ? why : "");
        e = frame_put_varint(&p, id);
        if (!e)
            e = a == WIRE_KEPT ? frame_put_varint(&p, kept) : frame_put_text(&p, text);
        if (!e)
            e = wire_put_control(w, types[a], &p, false);
        buf_free(&p);
    }
    if (e)
        wire_finish(w, WIRE_END_LATER, "out of memory");
    if (a != WIRE_KEPT) {
        t->answered = true;
        w->taken_open -= t->object;
    }
}

void wire_lanes(struct wire *w, unsigned mask)
{
    w->lanes = mask;
}

void wire_ping(struct wire *w)
{
    struct buf p = {0};
    if (w->ping_seen != w->ping_token || w->finishing)
        return;                   /* one is under way */
    w->ask = wire_flying(w) == 0; /* what was awaited already is waited for since then */
    w->ping_token++;
    if (frame_put_varint(&p, w->ping_token) != ERR_OK || wire_put_control(w, FRAME_PING, &p, false) != ERR_OK)
        w->ping_token--;
    buf_free(&p);
}

void wire_finish(struct wire *w, enum wire_end why, const char *text)
{
    struct buf p = {0};
    char short_text[WIRE_WHY_MAX];
    uint8_t code = (uint8_t)why;
    if (w->finishing)
        return;
    snprintf(short_text, sizeof short_text, "%s", text ? text : "");
    if (buf_add(&p, &code, 1) == ERR_OK && frame_put_text(&p, short_text) == ERR_OK &&
        wire_put_control(w, FRAME_END, &p, false) == ERR_OK)
        w->finishing = true;
    else
        w->finishing = w->finished = true;
    buf_free(&p);
}

void wire_status(const struct wire *w, struct wire_status *s)
{
    bool quiet = w->control.len == w->control_at && w->frame.len == w->frame_at && w->given.n == 0 &&
                 w->heads_out == w->n_heads && (!w->notices_asked || w->notices_out == w->n_notices);
    for (size_t i = 0; i < LANES; i++)
        quiet = quiet && w->waiting[i].n == 0;
    bool waits = wire_flying(w) > 0 || w->ping_token != w->ping_seen || !w->met;
    *s = (struct wire_status){
        .met = w->met,
        .ended = w->peer_ended || w->finished,
        .quiet = quiet,
        .answered = true,
        .rate = pace_rate(&w->pace),
        .rtt = w->pace.rtt,
        .sent = w->sent,
        .received = w->received,
        .flying = wire_flying(w),
        .unanswered = 0,
        .waits_since = !waits                ? INT64_MAX
                       : w->waits > w->heard ? w->waits
                                             : w->heard,
        .heard = w->heard,
    };
    for (size_t i = 0; i < w->given.n; i++)
        s->unanswered += !wire_given_over(ring_at(&w->given, w->given.id + i));
    for (size_t i = 0; i < w->taken.n; i++)
        s->answered = s->answered && wire_taken_over(ring_at(&w->taken, w->taken.id + i));
}

void wire_each(const struct wire *w, void (*fn)(void *ctx, const struct wire_item *item, bool begun), void *ctx)
{
    for (size_t i = 0; i < w->given.n; i++) {
        const struct given *g = ring_at(&w->given, w->given.id + i);
        assert(g);
        struct wire_item item = g->item;
        if (g->answered)
            continue;
        if (!g->object || g->high || !g->asked)
            item.sent = g->high;
        fn(ctx, &item, true);
    }
    for (size_t lane = 0; lane < LANES; lane++)
        for (size_t i = 0; i < w->waiting[lane].n; i++)
            fn(ctx, &w->waiting[lane].v[(w->waiting[lane].first + i) % w->waiting[lane].cap], false);
}
