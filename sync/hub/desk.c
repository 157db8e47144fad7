#include "sync/hub/room_inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum err desk_new(struct desk **out, struct room *r, const struct roster_station *station)
{
    *out = NULL;
    struct desk *d = calloc(1, sizeof *d);
    if (!d)
        return err_set(ERR_NOMEM, "out of memory");
    d->room = r;
    memcpy(d->chain, station->chain, sizeof d->chain);
    memcpy(d->station, station->name, sizeof d->station);
    d->next = r->in->desks;
    if (d->next)
        d->next->prev = d;
    r->in->desks = d;
    *out = d;
    return ERR_OK;
}

static void forget_open(struct desk *d, size_t i, bool over)
{
    if (d->open[i].text)
        gather_close(d->room, d->open[i].text, over);
    d->open[i] = d->open[--d->n_open];
    if (d->n_open == 0) {
        free(d->open);
        d->open = NULL;
        d->cap_open = 0;
    }
}

void desk_free(struct desk *d)
{
    if (!d)
        return;
    struct room *r = d->room;
    while (d->n_open)
        forget_open(d, d->n_open - 1, false);
    room_forget(r, d);
    if (room_heard(r, d->chain, r->wall) != ERR_OK)
        err_clear(); /* "silent since" stays a little older */
    if (d->prev)
        d->prev->next = d->next;
    else
        r->in->desks = d->next;
    if (d->next)
        d->next->prev = d->prev;
    free(d);
}

void desk_bind(struct desk *d, struct wire *w)
{
    d->wire = w;
}

enum err desk_hello(struct desk *d, struct wire_hello *h)
{
    struct room *r = d->room;
    struct store_chain c;
    if (!room_usable(r))
        return err_set(ERR_AGAIN, "the hub is busy with something else; come back");
    enum err e = r->store->chain(r->store, d->chain, &c);
    if (!e)
        e = room_heard(r, d->chain, r->wall);
    if (e)
        return e;
    *h = (struct wire_hello){.role = WIRE_HUB, .roster = r->roster->number, .clock = r->wall, .seq = c.seq};
    h->head = c.head;
    snprintf(h->chain, sizeof h->chain, "%s", d->chain);
    snprintf(h->name, sizeof h->name, "%s", r->name);
    h->n_notices = r->n_notices;
    h->n_floats = room_floats(r, d->chain, h->floats);
    return ERR_OK;
}

/* Not now: the frame comes again after the commit. */
enum err desk_pause(struct desk *d)
{
    d->paused = true;
    return ERR_AGAIN;
}

static bool fresh(const struct room *r, const struct hash *name)
{
    const struct hash *list = (const void *)r->in->fresh.p;
    for (size_t i = 0; i < r->in->fresh.len / sizeof *list; i++)
        if (hash_same(&list[i], name))
            return true;
    return false;
}

static enum err take_text(struct desk *d, uint64_t id, enum wire_kind kind, const void *text, size_t n)
{
    struct room *r = d->room;
    struct waiter to = {d, id};
    enum err e = ERR_DENIED;
    (void)err_set(ERR_DENIED, "a hub takes no such thing from a station");
    if (kind == WIRE_ROSTER && r->calls.roster)
        e = r->calls.roster(r->calls.ctx, text, n);
    else if (kind == WIRE_NOTICE && r->calls.notice)
        e = r->calls.notice(r->calls.ctx, text, n);
    r->counts.good += e == ERR_OK;
    r->counts.have += e == ERR_AGAIN;
    if (e == ERR_OK || e == ERR_AGAIN)
        wire_answer(d->wire, id, e ? WIRE_HAVE : WIRE_GOOD, 0, "");
    else
        room_refuse(r, to, stick_stops(e) ? WIRE_LATER : WIRE_BAD, stick_stops(e) ? "the hub's disk" : err_text());
    return ERR_OK;
}

enum err desk_take(struct desk *d, uint64_t id, const struct wire_item *item, const uint8_t *text, size_t n,
                   const uint8_t *batch, size_t n_batch)
{
    d->paused = false;
    return item->kind == WIRE_LABEL ? desk_label(d, id, text, n, batch, n_batch)
                                    : take_text(d, id, item->kind, text, n);
}

static enum err add_open(struct desk *d, uint64_t id, const struct wire_item *item, struct opened **out)
{
    if (d->n_open == d->cap_open) {
        size_t cap = d->cap_open ? 2 * d->cap_open : 4;
        struct opened *more = reallocarray(d->open, cap, sizeof *more);
        if (!more)
            return err_set(ERR_NOMEM, "out of memory");
        d->open = more;
        d->cap_open = cap;
    }
    *out = &d->open[d->n_open++];
    **out = (struct opened){.id = id, .item = *item};
    return ERR_OK;
}

static size_t give_ranges(const struct spans *have, struct partial_range *held)
{
    size_t n = have->n < PARTIAL_RUNS_MAX ? have->n : PARTIAL_RUNS_MAX;
    memcpy(held, have->v, n * sizeof held[0]);
    return n;
}

static enum err open_text(struct desk *d, uint64_t id, const struct wire_item *item, const char *chain,
                          struct partial_range *held, size_t *n)
{
    struct gathered *g;
    struct opened *o;
    enum err e = gather_open(d->room, &item->name, item->size, &g);
    if (e == ERR_FULL) {
        room_refuse(d->room, (struct waiter){d, id}, WIRE_LATER, err_text());
        return ERR_OK;
    }
    if (!e)
        e = add_open(d, id, item, &o);
    if (e)
        return e;
    o->text = g;
    snprintf(o->chain, sizeof o->chain, "%s", chain);
    *n = give_ranges(&g->have, held);
    return ERR_OK;
}

static enum err open_pieces(struct desk *d, uint64_t id, const struct wire_item *item, const char *chain,
                            struct partial_range *held, size_t *n)
{
    struct store *s = d->room->store;
    struct opened *o;
    enum err e = s->pieces(s, &item->name, item->size, held, n);
    if (!e)
        e = add_open(d, id, item, &o);
    if (e)
        return e;
    snprintf(o->chain, sizeof o->chain, "%s", chain);
    for (size_t i = 0; i < *n; i++)
        if (!spans_add(&o->have, held[i].from, held[i].to))
            break;
    return ERR_OK;
}

/* A batch, parts list or blob, if a label needs it. */
static enum err open_object(struct desk *d, uint64_t id, const struct wire_item *item, struct partial_range *held,
                            size_t *n)
{
    struct room *r = d->room;
    struct waiter to = {d, id};
    struct store_need need;
    struct accept a = room_accept(r);
    char why[WIRE_WHY_MAX];
    if (!room_usable(r))
        return desk_pause(d);
    enum err e = r->store->look(r->store, &item->name, item->size, &need);
    if (e)
        return e;
    switch (need.state) {
    case STORE_UNKNOWN:
        room_refuse(r, to, WIRE_LATER, "no accepted label names it");
        return ERR_OK;
    case STORE_OTHER_SIZE:
        snprintf(why, sizeof why, "it has %" PRIu64 " bytes instead of %" PRIu64, item->size, need.size);
        room_refuse(r, to, WIRE_BAD, why);
        return ERR_OK;
    case STORE_HELD:
        if (fresh(r, &item->name))
            return desk_pause(d); /* it is said when that is durable */
        break;
    case STORE_REMOVED:
        break;
    case STORE_WANTED:
        e = accept_room(&a, &need, item->size);
        if (e == ERR_DATA || e == ERR_FULL) {
            room_refuse(r, to, WIRE_LATER, err_text());
            return ERR_OK;
        }
        if (e)
            return e;
        return need.kind == STORE_PARTS ? open_text(d, id, item, need.chain, held, n)
                                        : open_pieces(d, id, item, need.chain, held, n);
    }
    r->counts.given_objects++;
    r->counts.have++;
    wire_answer(d->wire, id, WIRE_HAVE, 0, "");
    return ERR_OK;
}

enum err desk_open(struct desk *d, uint64_t id, const struct wire_item *item,
                   struct partial_range held[static PARTIAL_RUNS_MAX], size_t *n)
{
    const struct room *r = d->room;
    d->paused = false;
    if (item->kind == WIRE_ROSTER && r->roster_text && hash_same(&item->name, &r->roster_text->name)) {
        wire_answer(d->wire, id, WIRE_HAVE, 0, "");
        return ERR_OK;
    }
    if (item->kind == WIRE_ROSTER || item->kind == WIRE_NOTICE)
        return open_text(d, id, item, d->chain, held, n);
    if (item->kind == WIRE_RECEIPT || item->kind == WIRE_CONFIRMATION || item->kind == WIRE_LABEL)
        return take_text(d, id, item->kind, NULL, 0);
    return open_object(d, id, item, held, n);
}

/* NULL: it was answered meanwhile. */
static struct opened *find(struct desk *d, uint64_t id)
{
    if (d->last_open < d->n_open && d->open[d->last_open].id == id)
        return &d->open[d->last_open];
    for (size_t i = 0; i < d->n_open; i++)
        if (d->open[i].id == id) {
            d->last_open = i;
            return &d->open[i];
        }
    return NULL;
}

static void close_item(struct desk *d, struct opened *o, bool over)
{
    forget_open(d, (size_t)(o - d->open), over);
}

enum err desk_write(struct desk *d, uint64_t id, const struct wire_item *item, uint64_t offset, const uint8_t *p,
                    size_t n)
{
    struct room *r = d->room;
    struct opened *o = find(d, id);
    d->paused = false;
    if (!o)
        return ERR_OK;
    if (!o->text && !room_usable(r))
        return desk_pause(d);
    enum err e = o->text ? gather_write(r, o->text, offset, p, n)
                         : r->store->piece(r->store, &item->name, item->size, offset, p, n);
    if (!e && !o->text) {
        if (r->in->unflushed == 0)
            r->in->unflushed_since = r->now;
        r->in->unflushed += n;
        r->counts.pieces_bytes += n;
        if (!spans_add(&o->have, offset, offset + n))
            err_clear(); /* KEPT says less, then */
    }
    if (e == ERR_FULL || e == ERR_DATA) {
        room_refuse(r, (struct waiter){d, id}, WIRE_LATER,
                    e == ERR_FULL ? "the hub's disk is full" : "it comes in too many pieces");
        close_item(d, o, false);
        return ERR_OK;
    }
    return e;
}

/* A text that needs no store, whole. */
static enum err done_text(struct desk *d, struct opened *o)
{
    struct hash h = hash_of(o->text->bytes, (size_t)o->text->size);
    uint64_t id = o->id;
    struct gathered *g = o->text;
    enum err e = ERR_OK;
    if (hash_same(&h, &g->name))
        e = take_text(d, id, o->item.kind, g->bytes, (size_t)g->size);
    else
        room_refuse(d->room, (struct waiter){d, id}, WIRE_BAD, "its bytes do not match its name");
    close_item(d, o, true);
    return e;
}

/* Everything of a batch, a list or a blob is here: into the transaction. */
static enum err join(struct desk *d, const struct opened *o, const struct store_need *need)
{
    struct room *r = d->room;
    struct accept a = room_accept(r);
    enum err e = accept_room(&a, need, o->item.size);
    if (e)
        return e == ERR_DATA ? ERR_FULL : e;
    e = room_begin(r);
    if (e)
        return e;
    if (!o->text)
        return r->store->join(r->store, need->chain, &o->item.name, o->item.size);
    struct buf text = {.p = o->text->bytes, .len = (size_t)o->text->size};
    struct hash h = hash_of(text.p, text.len);
    if (!hash_same(&h, &o->item.name))
        return err_set(ERR_BAD, "its bytes do not match its name");
    return accept_parts(&a, need, &text);
}

static enum err done_object(struct desk *d, struct opened *o)
{
    struct room *r = d->room;
    struct waiter to = {d, o->id};
    struct store_need need;
    enum err e = r->store->look(r->store, &o->item.name, o->item.size, &need);
    if (e)
        return e;
    if (need.state == STORE_HELD || need.state == STORE_REMOVED) {
        e = room_answer(r, to, WIRE_HAVE, o->item.lane == LANE_URGENT);
        close_item(d, o, true);
        return e;
    }
    if (need.state != STORE_WANTED) {
        room_refuse(r, to, WIRE_LATER, "no accepted label names it");
        close_item(d, o, false);
        return ERR_OK;
    }
    e = join(d, o, &need);
    if (e == ERR_OK) {
        e = room_fresh(r, &o->item.name, o->item.size, o->item.lane == LANE_URGENT);
        if (!e)
            e = room_answer(r, to, WIRE_GOOD, o->item.lane == LANE_URGENT);
    } else if (e == ERR_BAD || e == ERR_DATA) {
        char why[WIRE_WHY_MAX], what[8 + HASH_HEX] = "object ";
        snprintf(why, sizeof why, "%s", err_text());
        hash_hex(what + strlen(what), &o->item.name);
        room_refused(r, need.chain, what, why, o->text ? o->text->bytes : NULL, o->text ? (size_t)o->text->size : 0);
        room_refuse(r, to, WIRE_BAD, why);
        e = ERR_OK;
    } else if (e == ERR_FULL || e == ERR_AGAIN || e == ERR_NOINPUT) {
        room_refuse(r, to, WIRE_LATER, err_text());
        e = ERR_OK;
    }
    close_item(d, o, true);
    return e;
}

enum err desk_done(struct desk *d, uint64_t id, const struct wire_item *item)
{
    struct room *r = d->room;
    struct opened *o = find(d, id);
    d->paused = false;
    if (!o)
        return ERR_OK;
    if (item->kind == WIRE_ROSTER || item->kind == WIRE_NOTICE)
        return done_text(d, o);
    if (!room_ready(r))
        return desk_pause(d);
    enum err e = done_object(d, o);
    return e ? room_fail(r, e) : ERR_OK;
}

void desk_gone(struct desk *d, uint64_t id)
{
    struct opened *o = find(d, id);
    if (o)
        close_item(d, o, false);
}

enum lane desk_lane(const struct desk *d)
{
    enum lane best = LANES;
    for (size_t i = 0; i < d->n_open; i++)
        best = d->open[i].item.lane < best ? d->open[i].item.lane : best;
    return best;
}

bool desk_paused(const struct desk *d)
{
    return d->paused;
}
