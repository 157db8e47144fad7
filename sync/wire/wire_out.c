#include "sync/wire/wire_inside.h"

#include "storage/base/bytes.h"

#include <string.h>

#define HEADS_AT_ONCE 256u
#define NOTICES_AT_ONCE 384u
#define ASKED_AT_ONCE 16u /* objects asked about ahead of their turn */

enum err wire_put_heads(struct wire *w, size_t most, struct buf *out, bool *last)
{
    size_t n = w->n_heads - w->heads_out < most ? w->n_heads - w->heads_out : most;
    *last = w->heads_out + n == w->n_heads;
    uint8_t flag = *last;
    enum err e = buf_add(out, &flag, 1);
    for (size_t i = 0; i < n && !e; i++) {
        e = buf_add(out, w->heads[w->heads_out + i].chain, 8);
        if (!e)
            e = frame_put_varint(out, w->heads[w->heads_out + i].seq);
    }
    w->heads_out += n;
    return e;
}

/* Heads that did not fit into the first flight, and our notices' ids. */
static enum err put_lists(struct wire *w, bool *put)
{
    struct buf p = {0};
    bool last;
    enum err e = ERR_OK;
    *put = false;
    if (w->heads_out < w->n_heads) {
        *put = true;
        e = wire_put_heads(w, HEADS_AT_ONCE, &p, &last);
        if (!e)
            e = frame_put(&w->frame, FRAME_HEADS, p.p, p.len);
    } else if (w->notices_asked) {
        size_t n = w->n_notices - w->notices_out;
        n = n < NOTICES_AT_ONCE ? n : NOTICES_AT_ONCE;
        uint8_t flag = w->notices_out + n == w->n_notices;
        *put = true;
        e = buf_add(&p, &flag, 1);
        for (size_t i = 0; i < n && !e; i++) {
            uint8_t id[10];
            if (!bytes_unhex(id, sizeof id, w->notices[w->notices_out + i], NOTICE_ID - 1))
                e = err_set(ERR_BUG, "a notice's number is none");
            if (!e)
                e = buf_add(&p, id, sizeof id);
        }
        w->notices_out += n;
        w->notices_asked = !flag;
        if (!e)
            e = frame_put(&w->frame, FRAME_NOTICES, p.p, p.len);
    }
    buf_free(&p);
    return e;
}

static enum err put_ack(struct wire *w, int64_t now)
{
    struct buf p = {0};
    enum err e = frame_put_varint(&p, w->received);
    if (!e)
        e = frame_put_varint(&p, (uint64_t)(now > w->elicited_at ? now - w->elicited_at : 0));
    if (!e)
        e = wire_put_control(w, FRAME_ACK, &p, false);
    w->told = w->received;
    w->ack_at = INT64_MAX;
    buf_free(&p);
    return e;
}

static enum err put_pong(struct wire *w)
{
    struct buf p = {0};
    enum err e = frame_put_varint(&p, w->pong_token);
    if (!e)
        e = wire_put_control(w, FRAME_PONG, &p, false);
    w->pong = false;
    buf_free(&p);
    return e;
}

static bool in_one_piece(const struct wire_item *item)
{
    return item->kind == WIRE_LABEL || (item->kind >= WIRE_ROSTER && item->size <= WIRE_INLINE_MAX);
}

/* A label or a short text into one frame. */
static enum err put_whole(struct wire *w, const struct wire_item *item)
{
    struct buf text = {0}, batch = {0}, p = {0};
    struct compact context = w->out_context;
    uint8_t kind = (uint8_t)item->kind;
    enum err e = w->side.load ? w->side.load(w->side.ctx, item, &text, &batch) : ERR_BUG;
    if (!e &&
        (batch.len > WIRE_INLINE_MAX || (item->kind != WIRE_LABEL && (text.len == 0 || text.len > WIRE_INLINE_MAX))))
        e = err_set(ERR_BUG, "an item is longer than was said");
    if (!e && item->kind == WIRE_LABEL)
        e = compact_write(&context, w->hello.chain, text.p, text.len, batch.p, batch.len, &p);
    else if (!e)
        e = buf_add(&p, &kind, 1);
    if (!e && item->kind != WIRE_LABEL)
        e = buf_add(&p, text.p, text.len);
    if (!e)
        e = frame_put(&w->frame, item->kind == WIRE_LABEL ? FRAME_LABEL : FRAME_TEXT, p.p, p.len);
    if (!e)
        w->out_context = context;
    buf_free(&text);
    buf_free(&batch);
    buf_free(&p);
    return e;
}

static enum err put_open(struct wire *w, const struct given *g)
{
    struct buf p = {0};
    const uint8_t head[3] = {(uint8_t)g->item.kind, (uint8_t)g->item.lane, g->asked};
    enum err e = buf_add(&p, head, sizeof head);
    if (!e)
        e = buf_add(&p, g->item.name.b, HASH_LEN);
    if (!e)
        e = frame_put_varint(&p, g->item.size);
    if (!e)
        e = frame_put(&w->frame, FRAME_OPEN, p.p, p.len);
    buf_free(&p);
    return e;
}

/* The first that waits in a lane begins. */
static enum err begin(struct wire *w, enum lane lane)
{
    struct waiting *q = &w->waiting[lane];
    struct wire_item item = q->v[q->first];
    uint64_t id;
    q->first = (q->first + 1) % q->cap;
    q->n--;
    struct given *g = ring_push(&w->given, &id);
    if (!g)
        return err_set(ERR_NOMEM, "out of memory");
    g->item = item;
    enum err e;
    if (in_one_piece(&item)) {
        e = put_whole(w, &item);
        g->high = 1;
    } else {
        g->object = true;
        g->asked = item.sent > 0;
        w->open++;
        if (item.sent != WIRE_ASK) {
            uint64_t from = item.sent < item.size ? item.sent : item.size;
            g->high = from;
            if (from < item.size)
                spans_add(&g->plan, from, item.size);
        }
        e = put_open(w, g);
    }
    if (e == ERR_NOMEM)
        return e;
    if (e) { /* ours is damaged or gone: the next may go */
        w->open -= g->object;
        ring_pop(&w->given);
        if (w->side.answered)
            w->side.answered(w->side.ctx, &item, WIRE_BAD, 0, err_text());
    }
    return ERR_OK;
}

/* Our copy of an open object failed: no more of it comes. */
static enum err put_drop(struct wire *w, uint64_t id)
{
    struct buf p = {0};
    enum err e = frame_put_varint(&p, id);
    if (!e)
        e = frame_put(&w->frame, FRAME_DROP, p.p, p.len);
    buf_free(&p);
    return e;
}

/* A piece of an object into one frame. */
static enum err put_data(struct wire *w, uint64_t id, struct given *g, size_t most)
{
    struct buf p = {0};
    struct partial_range *next = &g->plan.v[0];
    size_t n = next->to - next->from < most ? (size_t)(next->to - next->from) : most;
    uint64_t from = next->from;
    enum err e = frame_put_varint(&p, id);
    if (!e)
        e = frame_put_varint(&p, from);
    if (!e)
        e = buf_reserve(&p, n);
    if (!e) {
        e = w->side.read ? w->side.read(w->side.ctx, &g->item, from, p.p + p.len, n) : ERR_BUG;
        p.len += n;
        if (e && e != ERR_NOMEM) {
            buf_free(&p);
            char why[WIRE_WHY_MAX];
            strncpy(why, err_text(), sizeof why - 1);
            why[sizeof why - 1] = '\0';
            wire_settle_given(w, id, WIRE_BAD, why);
            return put_drop(w, id);
        }
    }
    if (!e)
        e = frame_put(&w->frame, FRAME_DATA, p.p, p.len);
    buf_free(&p);
    if (e)
        return e;
    next->from += n;
    g->high = next->from > g->high ? next->from : g->high;
    if (!spans_add(&g->out, from, from + n))
        return err_set(ERR_BUG, "an object went out in too many pieces");
    if (next->from == next->to) {
        g->plan.n--;
        memmove(&g->plan.v[0], &g->plan.v[1], g->plan.n * sizeof g->plan.v[0]);
    }
    return ERR_OK;
}

/* The first object of a lane that has something to go out; how much of the
 * lane's is known to go out, and how many wait for word of what is held. */
static struct given *sending(struct wire *w, enum lane lane, uint64_t *id, uint64_t *ready, size_t *asked)
{
    struct given *first = NULL;
    *ready = 0;
    *asked = 0;
    for (size_t i = 0; i < w->given.n && w->open; i++) {
        struct given *g = ring_at(&w->given, w->given.id + i);
        if (!g || g->answered || !g->object || g->item.lane != lane)
            continue;
        *asked += g->asked && g->plan.n == 0;
        *ready += spans_bytes(&g->plan);
        if (g->plan.n && !first) {
            first = g;
            *id = w->given.id + i;
        }
    }
    return first;
}

static bool may_begin(const struct wire *w, const struct wire_item *item)
{
    return w->given.n < WIRE_UNANSWERED_MAX && (in_one_piece(item) || w->open < WIRE_OPEN_MAX);
}

/* The next thing of one lane into w->frame. */
static enum err from_lane(struct wire *w, enum lane lane, int64_t now)
{
    uint64_t id = 0, ready, window = pace_window(&w->pace, now), flying = wire_flying(w);
    size_t asked;
    const struct waiting *q = &w->waiting[lane];
    struct given *g = w->open ? sending(w, lane, &id, &ready, &asked) : NULL;
    if (!w->open)
        ready = asked = 0;
    const struct wire_item *next = q->n && may_begin(w, &q->v[q->first]) ? &q->v[q->first] : NULL;
    bool ask = next && !in_one_piece(next) && next->sent > 0;
    if (!g && !next)
        return ERR_OK;
    if (flying >= window)
        w->full = true;
    else if (flying <= window - window / 4)
        w->full = false;
    if (flying >= window || (w->full && lane != LANE_URGENT)) {
        w->narrow = true;
        return ERR_OK;
    }
    /* what must be asked about is, while what went before still goes out */
    if (ask && asked < ASKED_AT_ONCE && ready < 2 * window)
        return begin(w, lane);
    if (g) {
        size_t most = pace_frame(&w->pace, now), room = (size_t)(window - flying);
        return put_data(w, id, g, room < WIRE_FRAME_MIN ? WIRE_FRAME_MIN : room < most ? room : most);
    }
    return ask ? ERR_OK : begin(w, lane);
}

static enum err next_frame(struct wire *w, int64_t now)
{
    w->narrow = false;
    for (unsigned lane = 0; lane < LANES; lane++) {
        enum err e = ERR_OK;
        bool put = false;
        if (lane == LANE_CONTROL && wire_flying(w) < pace_window(&w->pace, now))
            e = put_lists(w, &put);
        /* an item that turned out to be damaged leaves no frame: the next */
        while (!e && !put && (w->lanes & (1u << lane)) && w->frame.len == 0) {
            size_t before = w->waiting[lane].n, open = w->open;
            e = from_lane(w, (enum lane)lane, now);
            if (w->waiting[lane].n == before && w->open == open)
                break;
        }
        if (e || w->frame.len)
            return e;
    }
    return ERR_OK;
}

/* Takes bytes that are ready; true when some were. */
static bool drain(struct buf *b, size_t *at, uint8_t *p, size_t cap, size_t *n)
{
    size_t some = b->len - *at < cap - *n ? b->len - *at : cap - *n;
    if (!some)
        return false;
    memcpy(p + *n, b->p + *at, some);
    *n += some;
    *at += some;
    if (*at == b->len) {
        *at = 0;
        b->len = 0;
        if (b->cap > 4096)
            buf_free(b);
    }
    return true;
}

/* The next frame is made ready, of the most urgent kind. false: nothing. */
static enum err make_ready(struct wire *w, int64_t now, bool *some)
{
    enum err e = ERR_OK;
    if (w->finishing) {
        w->finished = true;
    } else if (w->elicited > w->told && now >= w->ack_at) {
        e = put_ack(w, now);
    } else if (w->pong) {
        e = put_pong(w);
    } else {
        e = next_frame(w, now);
        if (!e && w->frame.len)
            w->eliciting = UINT64_MAX;
    }
    *some = w->control.len > w->control_at || w->frame.len > w->frame_at;
    return e;
}

enum err wire_out(struct wire *w, uint8_t *p, size_t cap, int64_t now, size_t *n)
{
    enum err e = ERR_OK;
    bool idle = false, was_waiting = wire_flying(w) > 0 || w->ping_token != w->ping_seen;
    *n = 0;
    while (*n < cap && !w->finished && !e) {
        bool some;
        if (w->frame_at == 0 && drain(&w->control, &w->control_at, p, cap, n)) {
            w->run.open = w->run.open && w->control.len > 0;
            continue;
        }
        if (drain(&w->frame, &w->frame_at, p, cap, n))
            continue;
        e = make_ready(w, now, &some);
        if (!some) {
            idle = !w->narrow;
            break;
        }
    }
    w->sent += *n;
    if (w->eliciting == UINT64_MAX && w->control.len == 0 && w->frame.len == 0)
        w->eliciting = w->sent;
    if (*n) {
        pace_sent(&w->pace, *n, idle, now);
        if (!was_waiting || w->ask)
            w->waits = now;
        w->ask = false;
    }
    return e;
}

int64_t wire_next(const struct wire *w, int64_t now)
{
    int64_t at = w->elicited > w->told ? w->ack_at : INT64_MAX;
    if (w->control.len || w->frame.len || w->pong || (w->finishing && !w->finished))
        return now;
    if (w->narrow && w->pace.drain_until > now && w->pace.drain_until < at)
        at = w->pace.drain_until;
    return at;
}
