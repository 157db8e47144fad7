#include "sync/hub/delivery_inside.h"

#include "storage/vault/parts.h"

#include <string.h>

#define CHUNK ((size_t)2 * TEXT_LINE_MAX) /* of a parts list, read at once */
#define ABSENT_MS 10000                   /* between two looks for blobs that were not here */

struct asking {
    const struct delivery *d;
    bool allowed;
};

/* A station may have blobs of a list that a label delivered to it names. */
static enum err may_have(void *ctx, const struct store_need *n)
{
    struct asking *a = ctx;
    struct store *s = a->d->room->store;
    struct buf text = {.max = LABEL_MAX};
    struct label l;
    if (n->kind != STORE_PARTS || a->allowed)
        return ERR_OK;
    enum err e = s->label(s, n->chain, n->seq, &text);
    if (!e)
        e = label_parse(&l, (const char *)text.p, text.len);
    if (!e)
        a->allowed = delivery_delivers(a->d, n->chain, l.to);
    buf_free(&text);
    return stick_stops(e) ? e : ERR_OK;
}

/* The list goes first: the station may not have it. */
static enum err look(struct delivery *d, struct wanted *w)
{
    struct store *s = d->room->store;
    struct asking a = {d, false};
    enum err e = s->each_need(s, &w->want.parts, may_have, &a);
    if (e)
        return e;
    if (!a.allowed || !s->size(s, &w->want.parts, &w->size)) {
        w->over = true;
        return ERR_OK;
    }
    struct wire_item item = {
        .kind = WIRE_PARTS, .lane = LANE_CONTROL, .name = w->want.parts, .size = w->size, .sent = WIRE_ASK};
    return wire_offer(d->wire, &item);
}

static enum err offer_blob(struct delivery *d, struct wanted *w, uint64_t line, const struct hash *name, uint64_t size)
{
    struct store *s = d->room->store;
    uint64_t has;
    if (w->blob < w->want.first || w->blob > w->want.last)
        return ERR_OK;
    if (!s->size(s, name, &has) || has != size) {
        if (!w->absent) {
            w->absent_line = line;
            w->absent_blob = w->blob;
        }
        w->absent = true;
        return ERR_OK;
    }
    struct wire_item item = {.kind = WIRE_BLOB, .lane = LANE_FLAGGED, .name = *name, .size = size, .sent = WIRE_ASK};
    return wire_offer(d->wire, &item);
}

/* Bytes of a list from its cursor on, whole lines. */
static enum err read_lines(struct delivery *d, const struct wanted *w, struct buf *text)
{
    struct store *s = d->room->store;
    uint64_t left = w->size - w->line;
    size_t n = left < CHUNK ? (size_t)left : CHUNK;
    enum err e = buf_reserve(text, n);
    if (!e)
        e = s->read(s, &w->want.parts, w->line, text->p, n);
    if (e)
        return e;
    const uint8_t *end = memrchr(text->p, '\n', n);
    text->len = end ? (size_t)(end - text->p) + 1 : 0;
    return text->len ? ERR_OK : err_set(ERR_DATA, "a parts list has no lines");
}

/* Some more blobs of one list are offered. */
static enum err go_on(struct delivery *d, struct wanted *w)
{
    struct buf text = {.max = CHUNK + 1};
    struct parts p = {.blobs = w->blob};
    struct hash name;
    uint64_t size;
    bool mark;
    enum err e = read_lines(d, w, &text);
    const char *start = (const char *)text.p;
    if (!e && w->line == 0)
        e = parts_open(&p, start, text.len);
    else if (!e)
        p.t = (struct text){.p = start, .end = start + text.len};
    while (!e && wire_waiting(d->wire, LANE_FLAGGED) < HUB_OFFERS_LOW && w->blob <= w->want.last) {
        const char *line = p.t.p;
        e = parts_next(&p, &mark, &name, &size);
        if (!e && !mark) {
            e = offer_blob(d, w, w->line + (uint64_t)(line - start), &name, size);
            w->blob++;
        }
    }
    if (!e || e == ERR_END)
        w->line += (uint64_t)(p.t.p - start);
    w->over = w->line >= w->size || w->blob > w->want.last;
    buf_free(&text);
    return e == ERR_END ? ERR_OK : e;
}

static enum err one(struct delivery *d, struct wanted *w)
{
    enum err e = ERR_OK;
    if (w->over && w->absent && d->room->now >= w->again && d->room->counts.objects != d->objects_seen) {
        w->line = w->absent_line;
        w->blob = w->absent_blob;
        w->over = w->absent = false;
    }
    if (w->over)
        return ERR_OK;
    if (!w->size)
        e = look(d, w);
    while (!e && !w->over && wire_waiting(d->wire, LANE_FLAGGED) < HUB_OFFERS_LOW)
        e = go_on(d, w);
    if (w->over)
        w->again = d->room->now + ABSENT_MS;
    if (e && !stick_stops(e)) {
        w->over = true; /* its list is damaged here: for verify to name */
        w->absent = false;
        e = ERR_OK;
    }
    return e;
}

enum err delivery_fill_wants(struct delivery *d)
{
    enum err e = ERR_OK;
    for (size_t i = 0; i < d->n_wants && !e; i++) {
        if (wire_waiting(d->wire, LANE_FLAGGED) >= HUB_OFFERS_LOW || wire_waiting(d->wire, LANE_CONTROL) >= 64)
            return ERR_OK;
        e = one(d, &d->wants[i]);
    }
    d->objects_seen = d->room->counts.objects;
    return e;
}

bool delivery_absent(const struct delivery *d)
{
    for (size_t i = 0; i < d->n_wants; i++)
        if (d->wants[i].absent)
            return true;
    return false;
}
