#include "sync/wire/wire_inside.h"

#include "storage/base/bytes.h"
#include "storage/base/text.h"

#include <stdio.h>
#include <string.h>

#define ACK_BYTES 16384u /* so many bytes are acknowledged without waiting */
#define ACK_MS_FIRST 50
#define IDS_MAX ((size_t)20) /* bytes of id and offset before an object's own */
#define ACK_MS_MIN 10u
#define ACK_MS_MAX 250u

static enum err nonsense(const char *what)
{
    return err_set(ERR_DATA, "the other side sent %s that makes no sense", what);
}

static void elicit(struct wire *w, int64_t now)
{
    uint64_t wait = w->pace.rtt / 4;
    wait = wait < ACK_MS_MIN ? ACK_MS_MIN : wait > ACK_MS_MAX ? ACK_MS_MAX : wait;
    w->elicited = w->received;
    w->elicited_at = now;
    if (w->ack_at == INT64_MAX)
        w->ack_at = now + (w->pace.rtt ? (int64_t)wait : ACK_MS_FIRST);
    if (w->received - w->told >= ACK_BYTES)
        w->ack_at = now;
}

static enum err on_hello(struct wire *w, struct frame_read *r)
{
    struct wire_hello h = {0};
    uint64_t version = frame_varint(r);
    h.role = frame_u8(r) == WIRE_HUB ? WIRE_HUB : WIRE_STATION;
    const uint8_t *id = frame_bytes(r, 16);
    if (id)
        bytes_hex(h.chain, id, 16);
    frame_text(r, h.name, sizeof h.name);
    h.roster = frame_varint(r);
    h.clock = frame_signed(r);
    h.seq = frame_varint(r);
    const uint8_t *head = frame_bytes(r, HASH_LEN);
    if (head)
        memcpy(h.head.b, head, HASH_LEN);
    h.n_notices = frame_varint(r);
    const uint8_t *digest = frame_bytes(r, sizeof h.notices);
    if (digest)
        memcpy(h.notices, digest, sizeof h.notices);
    h.n_floats = (size_t)frame_varint(r);
    if (r->bad || h.n_floats > WIRE_FLOATS_MAX)
        return nonsense("a hello");
    for (size_t i = 0; i < h.n_floats; i++) {
        h.floats[i].from = frame_varint(r);
        uint64_t more = frame_varint(r);
        h.floats[i].to = h.floats[i].from + more;
        if (h.floats[i].to < h.floats[i].from)
            r->bad = true;
    }
    /* what a later version adds stands behind, and is passed over */
    if (r->bad || version == 0 || h.role == w->hello.role || strcmp(h.chain, w->hello.chain) != 0 ||
        !text_is_name(h.name, false) || h.seq > INT64_MAX || h.roster > INT64_MAX)
        return nonsense("a hello");
    w->met = true;
    w->peer = h.role;
    w->notices_asked = h.n_notices != w->n_notices || memcmp(h.notices, w->hello.notices, sizeof h.notices) != 0;
    return w->side.hello ? w->side.hello(w->side.ctx, &h) : ERR_OK;
}

static enum err on_heads(struct wire *w, struct frame_read *r)
{
    struct wire_head list[512];
    size_t n = 0;
    bool last = frame_u8(r) != 0;
    while (!r->bad && frame_left(r)) {
        if (n == sizeof list / sizeof list[0])
            return nonsense("a list of heads");
        const uint8_t *id = frame_bytes(r, 8);
        list[n].seq = frame_varint(r);
        if (id && !r->bad)
            memcpy(list[n++].chain, id, 8);
    }
    w->heads_in += n;
    if (r->bad || w->peer != WIRE_STATION || w->heads_in > WIRE_HEADS_MAX)
        return nonsense("a list of heads");
    return w->side.heads ? w->side.heads(w->side.ctx, list, n, last) : ERR_OK;
}

static enum err on_want(struct wire *w, struct frame_read *r)
{
    struct wire_want list[128];
    size_t n = 0;
    while (!r->bad && frame_left(r)) {
        if (n == sizeof list / sizeof list[0])
            return nonsense("a list of wants");
        const uint8_t *parts = frame_bytes(r, HASH_LEN);
        list[n].first = frame_varint(r);
        uint64_t count = frame_varint(r);
        if (!parts || r->bad)
            break;
        memcpy(list[n].parts.b, parts, HASH_LEN);
        list[n].last = count ? list[n].first + (count - 1) : UINT64_MAX;
        r->bad = r->bad || list[n].last < list[n].first;
        n++;
    }
    w->wants_in += n;
    if (r->bad || w->peer != WIRE_STATION || w->wants_in > WIRE_WANTS_MAX)
        return nonsense("a list of wants");
    return w->side.want ? w->side.want(w->side.ctx, list, n) : ERR_OK;
}

static enum err on_notices(struct wire *w, struct frame_read *r)
{
    char ids[512][NOTICE_ID];
    size_t n = 0;
    bool last = frame_u8(r) != 0;
    while (!r->bad && frame_left(r)) {
        const uint8_t *id = n < sizeof ids / sizeof ids[0] ? frame_bytes(r, 10) : NULL;
        if (!id)
            return nonsense("a list of notices");
        bytes_hex(ids[n++], id, 10);
    }
    w->notices_in += n;
    if (r->bad || w->notices_in > WIRE_NOTICES_MAX)
        return nonsense("a list of notices");
    return w->side.notices ? w->side.notices(w->side.ctx, (const char(*)[NOTICE_ID])ids, n, last) : ERR_OK;
}

static enum err on_end(struct wire *w, struct frame_read *r)
{
    char text[WIRE_WHY_MAX];
    uint8_t why = frame_u8(r);
    frame_text(r, text, sizeof text);
    if (r->bad)
        return nonsense("a goodbye");
    w->peer_ended = true;
    if (w->side.end)
        w->side.end(w->side.ctx, why > WIRE_END_PROTOCOL ? WIRE_END_LATER : (enum wire_end)why, text);
    return ERR_OK;
}

static enum err on_ack(struct wire *w, struct frame_read *r, int64_t now)
{
    uint64_t acked = frame_varint(r), held = frame_varint(r);
    if (r->bad || acked > w->sent || acked < w->pace.acked)
        return nonsense("an acknowledgement");
    pace_acked(&w->pace, acked, held, now);
    return ERR_OK;
}

/* Room for one more item that comes. */
static struct taken *take_new(struct wire *w, uint64_t *id)
{
    ring_settle(&w->taken, wire_taken_over);
    return w->taken.n < WIRE_UNANSWERED_MAX ? ring_push(&w->taken, id) : NULL;
}

/* The side's word on something that came in one piece. */
static enum err taken_whole(struct wire *w, enum err e)
{
    if (e)
        ring_pop(&w->taken); /* it will come again, or nothing will */
    return e;
}

static enum err on_label(struct wire *w, const uint8_t *p, size_t n)
{
    struct buf text = {.max = LABEL_MAX};
    struct compact next;
    struct label l;
    const uint8_t *batch;
    size_t n_batch;
    uint64_t id;
    enum err e = compact_read(&w->in_context, w->hello.chain, p, n, &text, &batch, &n_batch, &next);
    if (!e)
        e = label_parse(&l, (const char *)text.p, text.len);
    struct taken *t = e ? NULL : take_new(w, &id);
    if (!e && !t)
        e = nonsense("more unanswered items than agreed");
    if (!e && t) {
        t->item = (struct wire_item){.kind = WIRE_LABEL, .lane = l.lane == LANE_URGENT ? LANE_URGENT : LANE_BATCH};
        memcpy(t->item.chain, l.chain, sizeof l.chain);
        t->item.seq = l.seq;
        t->item.size = n_batch;
        const struct wire_item item = t->item;
        e = taken_whole(w, w->side.take ? w->side.take(w->side.ctx, id, &item, text.p, text.len, batch, n_batch)
                                        : ERR_DATA);
    }
    if (!e)
        w->in_context = next;
    buf_free(&text);
    return e;
}

static enum err on_text(struct wire *w, struct frame_read *r)
{
    uint64_t id;
    uint8_t kind = frame_u8(r);
    size_t n = frame_left(r);
    const uint8_t *p = frame_bytes(r, n);
    if (!p || r->bad || kind < WIRE_ROSTER || kind >= WIRE_KINDS || n == 0 || n > WIRE_INLINE_MAX)
        return nonsense("a text");
    struct taken *t = take_new(w, &id);
    if (!t)
        return nonsense("more unanswered items than agreed");
    t->item = (struct wire_item){.kind = (enum wire_kind)kind, .lane = LANE_CONTROL, .name = hash_of(p, n), .size = n};
    const struct wire_item item = t->item;
    return taken_whole(w, w->side.take ? w->side.take(w->side.ctx, id, &item, p, n, NULL, 0) : ERR_DATA);
}

static uint64_t most_of(enum wire_kind kind)
{
    static const uint64_t most[WIRE_KINDS] = {
        [WIRE_BATCH] = BATCH_SEALED_MAX,  [WIRE_PARTS] = PARTS_MAX,   [WIRE_BLOB] = BLOB_SEALED_MAX,
        [WIRE_ROSTER] = ROSTER_MAX,       [WIRE_NOTICE] = NOTICE_MAX, [WIRE_RECEIPT] = RECEIPT_MAX,
        [WIRE_CONFIRMATION] = NOTICE_MAX,
    };
    return most[kind];
}

/* All of an object is there: the side is told, once. */
static enum err tell_done(struct wire *w, uint64_t id)
{
    struct taken *t = ring_at(&w->taken, id);
    w->undone = false;
    if (!t || t->answered || t->done || !spans_whole(&t->have, t->item.size))
        return ERR_OK;
    const struct wire_item item = t->item;
    enum err e = w->side.done ? w->side.done(w->side.ctx, id, &item) : ERR_DATA;
    t = ring_at(&w->taken, id);
    if (!e && t)
        t->done = true;
    w->undone = e == ERR_AGAIN;
    w->data_id = id;
    return e;
}

static enum err put_held(struct wire *w, uint64_t id, const struct spans *have)
{
    struct buf p = {0};
    enum err e = frame_put_varint(&p, id);
    for (size_t i = 0; i < have->n && !e; i++) {
        e = frame_put_varint(&p, have->v[i].from);
        if (!e)
            e = frame_put_varint(&p, have->v[i].to - have->v[i].from);
    }
    if (!e)
        e = wire_put_control(w, FRAME_HELD, &p, false);
    buf_free(&p);
    return e;
}

static enum err on_open(struct wire *w, struct frame_read *r)
{
    struct partial_range held[PARTIAL_RUNS_MAX];
    struct wire_item item = {0};
    size_t n = 0;
    uint64_t id;
    uint8_t kind = frame_u8(r), lane = frame_u8(r), tell = frame_u8(r);
    const uint8_t *name = frame_bytes(r, HASH_LEN);
    item.size = frame_varint(r);
    if (r->bad || !name || kind <= WIRE_LABEL || kind >= WIRE_KINDS || lane >= LANES || item.size == 0 ||
        item.size > most_of((enum wire_kind)kind))
        return nonsense("an object");
    item.kind = (enum wire_kind)kind;
    item.lane = (enum lane)lane;
    memcpy(item.name.b, name, HASH_LEN);
    struct taken *t = w->taken_open < WIRE_OPEN_MAX ? take_new(w, &id) : NULL;
    if (!t)
        return nonsense("more open objects than agreed");
    t->item = item;
    t->object = true;
    w->taken_open++;
    enum err e = w->side.open ? w->side.open(w->side.ctx, id, &item, held, &n) : ERR_DATA;
    t = ring_at(&w->taken, id);
    if (e || !t) {
        w->taken_open--;
        return taken_whole(w, e ? e : ERR_BUG);
    }
    if (t->answered)
        return ERR_OK;
    for (size_t i = 0; i < n; i++)
        spans_add(&t->have, held[i].from, held[i].to < item.size ? held[i].to : item.size);
    if (tell || t->have.n)
        e = put_held(w, id, &t->have);
    if (!e && spans_whole(&t->have, item.size)) {
        w->data_id = id;
        w->undone = true; /* told with the next step: this frame is dealt with */
    }
    return e;
}

static enum err on_drop(struct wire *w, struct frame_read *r)
{
    uint64_t id = frame_varint(r);
    struct taken *t = ring_at(&w->taken, id);
    if (r->bad || id >= w->taken.id + w->taken.n || (t && !t->object))
        return nonsense("what it gives up");
    if (!t || t->answered)
        return ERR_OK;
    const struct wire_item item = t->item;
    t->answered = true;
    w->taken_open--;
    if (w->side.gone)
        w->side.gone(w->side.ctx, id, &item);
    return ERR_OK;
}

static enum err on_held(struct wire *w, struct frame_read *r)
{
    struct spans have = {.n = 0};
    uint64_t id = frame_varint(r);
    struct given *g = ring_at(&w->given, id);
    while (!r->bad && frame_left(r)) {
        uint64_t from = frame_varint(r), n = frame_varint(r);
        if (r->bad || from + n < from || !spans_add(&have, from, from + n))
            return nonsense("what it holds");
    }
    if (r->bad || id >= w->given.id + w->given.n)
        return nonsense("what it holds");
    if (!g || g->answered || !g->object || !g->asked)
        return ERR_OK;
    g->asked = false;
    for (size_t i = 0; i < g->out.n; i++)
        if (!spans_add(&have, g->out.v[i].from, g->out.v[i].to))
            return nonsense("what it holds");
    spans_rest(&have, g->item.size, &g->plan);
    return ERR_OK;
}

static enum err on_kept(struct wire *w, struct frame_read *r)
{
    uint64_t id = frame_varint(r), kept = frame_varint(r);
    if (r->bad || id >= w->given.id + w->given.n)
        return nonsense("an answer");
    struct given *g = ring_at(&w->given, id);
    if (g && !g->answered && w->side.answered) {
        const struct wire_item item = g->item;
        w->side.answered(w->side.ctx, &item, WIRE_KEPT, kept < item.size ? kept : item.size, "");
    }
    return ERR_OK;
}

static enum err on_run(struct wire *w, struct frame_read *r, enum wire_answer a)
{
    uint64_t id = frame_varint(r), more = frame_varint(r), end = w->given.id + w->given.n;
    if (r->bad || id >= end || more >= end - id)
        return nonsense("an answer");
    for (uint64_t i = 0; i <= more; i++)
        wire_settle_given(w, id + i, a, "");
    return ERR_OK;
}

static enum err on_no(struct wire *w, struct frame_read *r, enum wire_answer a)
{
    char why[WIRE_WHY_MAX];
    uint64_t id = frame_varint(r);
    frame_text(r, why, sizeof why);
    if (r->bad || id >= w->given.id + w->given.n)
        return nonsense("an answer");
    wire_settle_given(w, id, a, why);
    return ERR_OK;
}

static enum err on_ping(struct wire *w, struct frame_read *r, bool answer)
{
    uint64_t token = frame_varint(r);
    if (r->bad || (answer && token > w->ping_token))
        return nonsense("a sign of life");
    if (answer && token > w->ping_seen)
        w->ping_seen = token;
    if (!answer) {
        w->pong = true;
        w->pong_token = token;
    }
    return ERR_OK;
}

static enum err on_frame(struct wire *w, uint8_t type, const uint8_t *p, size_t n, int64_t now)
{
    struct frame_read r = {p, p + n, false};
    if (!w->met && type != FRAME_HELLO && type != FRAME_END)
        return nonsense("something before its hello");
    switch (type) {
    case FRAME_HELLO:
        return w->met ? nonsense("a second hello") : on_hello(w, &r);
    case FRAME_HEADS:
        return on_heads(w, &r);
    case FRAME_WANT:
        return on_want(w, &r);
    case FRAME_NOTICES:
        return on_notices(w, &r);
    case FRAME_END:
        return on_end(w, &r);
    case FRAME_PING:
    case FRAME_PONG:
        return on_ping(w, &r, type == FRAME_PONG);
    case FRAME_ACK:
        return on_ack(w, &r, now);
    case FRAME_LABEL:
        return on_label(w, p, n);
    case FRAME_TEXT:
        return on_text(w, &r);
    case FRAME_OPEN:
        return on_open(w, &r);
    case FRAME_DROP:
        return on_drop(w, &r);
    case FRAME_HELD:
        return on_held(w, &r);
    case FRAME_KEPT:
        return on_kept(w, &r);
    case FRAME_GOOD:
        return on_run(w, &r, WIRE_GOOD);
    case FRAME_HAVE:
        return on_run(w, &r, WIRE_HAVE);
    case FRAME_LATER:
        return on_no(w, &r, WIRE_LATER);
    case FRAME_BAD:
        return on_no(w, &r, WIRE_BAD);
    default:
        return ERR_OK; /* of a later version */
    }
}

static bool elicits(uint8_t type)
{
    return type == FRAME_HELLO || type == FRAME_HEADS || type == FRAME_WANT || type == FRAME_NOTICES ||
           (type >= FRAME_LABEL && type <= FRAME_DROP);
}

/* The head of a data frame: its bytes go on to the side as they come. */
static enum err begin_data(struct wire *w, const uint8_t *p, size_t n, size_t length, size_t *used)
{
    struct frame_read r = {p, p + (n < length ? n : length), false};
    uint64_t id = frame_varint(&r), offset = frame_varint(&r);
    if (r.bad && n < length && n < IDS_MAX)
        return ERR_END;
    *used = (size_t)(r.p - p);
    const struct taken *t = ring_at(&w->taken, id);
    size_t left = length - *used;
    if (r.bad || id >= w->taken.id + w->taken.n || left == 0)
        return nonsense("bytes of an object");
    if (t && !t->answered && (!t->object || offset > t->item.size || left > t->item.size - offset))
        return nonsense("bytes beyond an object");
    w->data = true;
    w->data_id = id;
    w->data_offset = offset;
    w->data_left = left;
    return ERR_OK;
}

static enum err take_data(struct wire *w, const uint8_t *p, size_t n, int64_t now)
{
    struct taken *t = ring_at(&w->taken, w->data_id);
    if (t && !t->answered) {
        const struct wire_item item = t->item;
        enum err e = w->side.write ? w->side.write(w->side.ctx, w->data_id, &item, w->data_offset, p, n) : ERR_DATA;
        if (e)
            return e;
        t = ring_at(&w->taken, w->data_id);
        if (t && !t->answered && !spans_add(&t->have, w->data_offset, w->data_offset + n))
            return nonsense("an object in too many pieces");
    }
    w->data_offset += n;
    w->data_left -= n;
    w->data = w->data_left > 0;
    w->received += n;
    elicit(w, now);
    return ERR_OK;
}

/* One step over p; *used may be 0 with ERR_END: more bytes are needed. */
static enum err step(struct wire *w, const uint8_t *p, size_t n, int64_t now, size_t *used)
{
    uint8_t type;
    size_t length, head;
    *used = 0;
    if (w->undone)
        return tell_done(w, w->data_id);
    if (w->data) {
        if (n == 0)
            return ERR_END;
        *used = n < w->data_left ? n : w->data_left;
        enum err e = take_data(w, p, *used, now);
        if (e)
            *used = 0;
        else if (!w->data)
            w->undone = true;
        return e;
    }
    enum err e = n ? frame_head(p, n, WIRE_PAYLOAD_MAX, &type, &length, &head) : ERR_END;
    if (e)
        return e;
    if (!w->met && length > 4096)
        return nonsense("a hello");
    if (type == FRAME_DATA && w->met) {
        e = begin_data(w, p + head, n - head, length, used);
        if (!e) {
            *used += head;
            w->received += *used;
        }
        return e;
    }
    if (n - head < length)
        return ERR_END;
    e = on_frame(w, type, p + head, length, now);
    if (e)
        return e;
    *used = head + length;
    w->received += *used;
    if (elicits(type))
        elicit(w, now);
    return ERR_OK;
}

/* Steps over p as far as they go; the rest is the caller's. */
static enum err steps(struct wire *w, const uint8_t *p, size_t n, int64_t now, size_t *used)
{
    enum err e = ERR_OK;
    *used = 0;
    while (!e && !w->peer_ended) {
        size_t one;
        e = step(w, p + *used, n - *used, now, &one);
        *used += one;
    }
    return e == ERR_END ? ERR_OK : e;
}

/* What was left of an earlier call goes first, and with it so much of the new
 * bytes as its frame needs. */
static enum err rest_first(struct wire *w, const uint8_t *p, size_t n, int64_t now, size_t *used)
{
    enum err e = ERR_OK;
    *used = 0;
    while (!e && w->in.len) {
        size_t done = 0, add = n - *used < 4096 ? n - *used : 4096;
        size_t room = w->in.max - w->in.len;
        add = add < room ? add : room;
        size_t before = w->in.len;
        if (!w->in_ready) {
            e = buf_add(&w->in, p + *used, add);
            if (e)
                return e;
            *used += add;
        }
        e = steps(w, w->in.p, w->in.len, now, &done);
        if (done >= before) {
            /* the rest of the new bytes is read where it lies */
            *used -= w->in.len - done;
            buf_free(&w->in);
            w->in.max = WIRE_PAYLOAD_MAX + FRAME_HEAD_MAX;
            w->in_ready = false;
            break;
        }
        if (done) {
            memmove(w->in.p, w->in.p + done, w->in.len - done);
            w->in.len -= done;
        }
        w->in_ready = e == ERR_AGAIN;
        if (e || (!done && add == 0))
            break;
    }
    return e;
}

enum err wire_in(struct wire *w, const uint8_t *p, size_t n, int64_t now, size_t *used)
{
    size_t more = 0;
    *used = 0;
    if (w->peer_ended || w->finishing) { /* nothing it says now changes anything */
        *used = n;
        return ERR_OK;
    }
    if (n)
        w->heard = now;
    enum err e = rest_first(w, p, n, now, used);
    if (!e && !w->in.len) {
        e = steps(w, p + *used, n - *used, now, &more);
        *used += more;
        /* a frame's beginning is kept here until its end comes */
        if (!e && !w->peer_ended && *used < n) {
            e = buf_add(&w->in, p + *used, n - *used);
            *used = n;
        }
    }
    if (w->peer_ended)
        *used = n;
    if ((!e || e == ERR_AGAIN) && w->control.len - w->control_at > WIRE_CONTROL_MAX)
        e = err_set(ERR_DATA, "the other side asks on and on, and does not read the answers");
    if (e == ERR_AGAIN)
        return ERR_OK;
    if (e)
        wire_finish(w, e == ERR_DATA || e == ERR_BAD ? WIRE_END_PROTOCOL : WIRE_END_LATER, err_text());
    return e;
}
