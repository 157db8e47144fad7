#include "sync/hub/delivery_inside.h"

#include "storage/base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECEIPT_SMALL 1024u /* a longer one takes at most a twentieth of the link */
#define RECEIPT_RATE 8000u  /* bytes a second, while the link's rate is not known */

enum err delivery_new(struct delivery **out, struct room *r, const struct roster_station *station)
{
    *out = NULL;
    struct delivery *d = calloc(1, sizeof *d);
    if (!d)
        return err_set(ERR_NOMEM, "out of memory");
    d->room = r;
    d->station = *station;
    *out = d;
    return ERR_OK;
}

void delivery_free(struct delivery *d)
{
    if (!d)
        return;
    room_text_free(d->roster_text);
    buf_free(&d->notices);
    buf_free(&d->receipt);
    free(d->heads);
    free(d->routes);
    free(d->wants);
    free(d);
}

void delivery_bind(struct delivery *d, struct wire *w)
{
    d->wire = w;
}

enum err delivery_hello(struct delivery *d, const struct wire_hello *h)
{
    const struct room_chain *c = room_chain(d->room, d->station.chain);
    d->met = true;
    d->seq = h->seq;
    d->roster = h->roster;
    d->receipt_wanted = true;
    d->confirmation = c ? c->confirmed : 0;
    return ERR_OK;
}

static int by_chain(const void *a, const void *b)
{
    const struct wire_head *x = a, *y = b;
    return memcmp(x->chain, y->chain, sizeof x->chain);
}

enum err delivery_heads(struct delivery *d, const struct wire_head *list, size_t n, bool last)
{
    if (d->heads_known)
        return err_set(ERR_DATA, "it says twice what it has");
    if (d->n_heads + n > d->cap_heads) {
        size_t cap = d->n_heads + n;
        struct wire_head *more = reallocarray(d->heads, cap, sizeof *more);
        if (!more)
            return err_set(ERR_NOMEM, "out of memory");
        d->heads = more;
        d->cap_heads = cap;
    }
    if (n)
        memcpy(d->heads + d->n_heads, list, n * sizeof *list);
    d->n_heads += n;
    if (last && d->n_heads)
        qsort(d->heads, d->n_heads, sizeof *d->heads, by_chain);
    d->heads_known = d->stale = last;
    return ERR_OK;
}

enum err delivery_want(struct delivery *d, const struct wire_want *list, size_t n)
{
    struct wanted *more = n ? reallocarray(d->wants, d->n_wants + n, sizeof *more) : d->wants;
    if (n && !more)
        return err_set(ERR_NOMEM, "out of memory");
    d->wants = more;
    for (size_t i = 0; i < n; i++)
        more[d->n_wants++] = (struct wanted){.want = list[i]};
    return ERR_OK;
}

static enum err lacks(struct delivery *d, const char *id)
{
    return buf_add(&d->notices, id, NOTICE_ID);
}

/* Both lists rise: what of ours stands before the station's next one, it
 * lacks. */
enum err delivery_notices(struct delivery *d, const char (*ids)[NOTICE_ID], size_t n, bool last)
{
    const struct room *r = d->room;
    enum err e = ERR_OK;
    for (size_t i = 0; i < n && !e; i++) {
        while (!e && d->seen_notice < r->n_notices && strcmp(r->notices[d->seen_notice], ids[i]) < 0)
            e = lacks(d, r->notices[d->seen_notice++]);
        if (d->seen_notice < r->n_notices && strcmp(r->notices[d->seen_notice], ids[i]) == 0)
            d->seen_notice++;
    }
    while (last && !e && d->seen_notice < r->n_notices)
        e = lacks(d, r->notices[d->seen_notice++]);
    return e;
}

enum err delivery_notice(struct delivery *d, const char *id)
{
    return lacks(d, id);
}

enum err delivery_roster(struct delivery *d)
{
    const struct roster_station *st = roster_chain(d->room->roster, d->station.chain);
    if (st)
        d->station = *st;
    d->stale = d->heads_known; /* it may have another unit now */
    return ERR_OK;
}

void delivery_changed(struct delivery *d)
{
    d->receipt_wanted = true;
}

void delivery_resumed(struct delivery *d)
{
    d->stale = d->heads_known;
    d->receipt_wanted = true;
}

bool delivery_waits(const struct delivery *d)
{
    return (d->receipt_wanted && !d->receipt_flies) || delivery_blocked(d) || delivery_absent(d);
}

static enum err offer(struct delivery *d, const struct wire_item *item)
{
    return wire_offer(d->wire, item);
}

/* One receipt at a time: the next says all that was learnt meanwhile. */
static enum err fill_receipt(struct delivery *d)
{
    struct wire_status st;
    if (!d->receipt_wanted || d->receipt_flies || d->room->now < d->receipt_next)
        return ERR_OK;
    enum err e = room_receipt(d->room, d->station.chain, &d->receipt);
    if (e == ERR_AGAIN)
        return ERR_OK;
    if (e)
        return e;
    wire_status(d->wire, &st);
    uint64_t rate = st.rate ? st.rate : RECEIPT_RATE;
    if (d->receipt.len > RECEIPT_SMALL)
        d->receipt_next = d->room->now + (int64_t)((uint64_t)d->receipt.len * 20000 / rate);
    struct wire_item item = {.kind = WIRE_RECEIPT,
                             .lane = d->receipt.len <= WIRE_INLINE_MAX ? LANE_URGENT : LANE_CONTROL,
                             .name = hash_of(d->receipt.p, d->receipt.len),
                             .size = d->receipt.len};
    e = offer(d, &item);
    d->receipt_wanted = e == ERR_AGAIN;
    d->receipt_flies = !e;
    return e == ERR_AGAIN ? ERR_OK : e;
}

static enum err fill_roster(struct delivery *d)
{
    const struct room *r = d->room;
    if (d->roster_text || !r->roster_text || d->roster >= r->roster->number)
        return ERR_OK;
    uint64_t size = r->roster_text->text.len;
    struct wire_item item = {.kind = WIRE_ROSTER,
                             .lane = LANE_CONTROL,
                             .name = r->roster_text->name,
                             .size = size,
                             .sent = size > DELIVERY_ASK_ABOVE ? WIRE_ASK : 0};
    enum err e = offer(d, &item);
    if (e)
        return e == ERR_AGAIN ? ERR_OK : e;
    d->roster = r->roster->number;
    d->roster_text = r->roster_text;
    d->roster_text->users++;
    return ERR_OK;
}

/* A text that is read where it lies: item->chain holds a notice's id, seq a
 * confirmation's number. Of the station's side nothing of these is told. */
static enum err text_of(struct delivery *d, const struct wire_item *item, struct buf *text)
{
    const struct room_calls *c = &d->room->calls;
    if (item->kind == WIRE_NOTICE && c->notice_text)
        return c->notice_text(c->ctx, item->chain, text);
    if (item->kind == WIRE_CONFIRMATION && c->confirmation)
        return c->confirmation(c->ctx, (size_t)item->seq, text);
    const struct buf *from = item->kind == WIRE_RECEIPT                    ? &d->receipt
                             : item->kind == WIRE_ROSTER && d->roster_text ? &d->roster_text->text
                                                                           : NULL;
    buf_clear(text);
    return from ? buf_add(text, from->p, from->len) : err_set(ERR_NOINPUT, "a text is not here any more");
}

static enum err fill_notices(struct delivery *d)
{
    struct buf text = {.max = NOTICE_MAX};
    enum err e = ERR_OK;
    while (!e && d->at_notice < d->notices.len / NOTICE_ID && wire_waiting(d->wire, LANE_CONTROL) < HUB_OFFERS_LOW) {
        struct wire_item item = {.kind = WIRE_NOTICE, .lane = LANE_CONTROL};
        memcpy(item.chain, d->notices.p + d->at_notice++ * (size_t)NOTICE_ID, NOTICE_ID);
        if (text_of(d, &item, &text) != ERR_OK || text.len == 0)
            continue; /* gone or damaged: for verify to name */
        item.name = hash_of(text.p, text.len);
        item.size = text.len;
        e = offer(d, &item);
    }
    if (d->at_notice && d->at_notice == d->notices.len / NOTICE_ID) {
        buf_free(&d->notices);
        d->at_notice = 0;
    }
    buf_free(&text);
    return e;
}

static enum err fill_confirmations(struct delivery *d)
{
    const struct room *r = d->room;
    enum err e = ERR_OK;
    while (!e && d->confirmation < r->n_confirmations && wire_waiting(d->wire, LANE_CONTROL) < HUB_OFFERS_LOW) {
        const struct room_confirmation *c = &r->confirmations[d->confirmation];
        struct wire_item item = {
            .kind = WIRE_CONFIRMATION, .lane = LANE_CONTROL, .name = c->name, .size = c->size, .seq = d->confirmation};
        d->confirmation++;
        if (delivery_delivers(d, c->chain, c->to))
            e = offer(d, &item);
    }
    return e;
}

enum err delivery_fill(struct delivery *d)
{
    enum err e = ERR_OK;
    if (!d->met || !room_usable(d->room))
        return ERR_OK;
    if (d->stale)
        e = delivery_routes(d);
    d->stale = d->stale && e;
    if (!e)
        e = fill_receipt(d);
    if (!e)
        e = delivery_fill_labels(d, LANE_URGENT);
    if (!e)
        e = delivery_fill_labels(d, LANE_BATCH);
    if (!e)
        e = fill_roster(d);
    if (!e)
        e = fill_notices(d);
    if (!e)
        e = fill_confirmations(d);
    if (!e)
        e = delivery_fill_wants(d);
    return e;
}

enum err delivery_load(struct delivery *d, const struct wire_item *item, struct buf *text, struct buf *batch)
{
    return item->kind == WIRE_LABEL ? delivery_load_label(d, item, text, batch) : text_of(d, item, text);
}

enum err delivery_read(struct delivery *d, const struct wire_item *item, uint64_t offset, void *p, size_t n)
{
    struct store *s = d->room->store;
    struct buf text = {.max = ROSTER_MAX};
    if (item->kind <= WIRE_BLOB)
        return s ? s->read(s, &item->name, offset, p, n) : err_set(ERR_AGAIN, "the hub's store is closed");
    enum err e = text_of(d, item, &text);
    if (!e && (offset > text.len || n > text.len - offset))
        e = err_set(ERR_NOINPUT, "a text is not what it was");
    if (!e)
        memcpy(p, text.p + offset, n);
    buf_free(&text);
    return e;
}

void delivery_answered(struct delivery *d, const struct wire_item *item, enum wire_answer a, const char *why)
{
    struct room_chain *c;
    if (a == WIRE_KEPT)
        return;
    switch (item->kind) {
    case WIRE_LABEL:
        delivery_label_answered(d, item, a, why);
        break;
    case WIRE_RECEIPT:
        d->receipt_flies = false;
        break;
    case WIRE_ROSTER:
        room_text_free(d->roster_text);
        d->roster_text = NULL;
        break;
    case WIRE_CONFIRMATION:
        if ((a == WIRE_GOOD || a == WIRE_HAVE) && room_chain_make(d->room, d->station.chain, &c) == ERR_OK &&
            c->confirmed <= item->seq)
            c->confirmed = (size_t)item->seq + 1;
        break;
    case WIRE_BATCH:
    case WIRE_PARTS:
    case WIRE_BLOB:
    case WIRE_NOTICE:
    case WIRE_KINDS:
        break;
    }
    if (a == WIRE_BAD)
        log_line("%s refused what it was given: kind %d", d->station.chain, (int)item->kind);
}
