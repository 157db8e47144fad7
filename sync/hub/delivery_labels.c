#include "sync/hub/delivery_inside.h"

#include <stdlib.h>
#include <string.h>

#define LATER_MS 5000                         /* a label that the station could not take yet */
#define BLOCKED_MS 200                        /* between two looks for a batch that is on its way */
#define BATCH_WAIT_MS ((int64_t)86400 * 1000) /* a label waits at most so long for its batch */
#define URGENT_LOOK 64u                       /* so many last labels of a chain are looked through for urgent ones */

bool delivery_delivers(const struct delivery *d, const char *chain, const char *to)
{
    return strcmp(chain, d->station.chain) == 0 || roster_delivers(d->room->roster, &d->station, to);
}

static size_t place(const struct delivery *d, const char *chain)
{
    size_t lo = 0, hi = d->n_routes;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (strcmp(d->routes[mid].chain, chain) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* Its last label at the station, as its list of heads said. */
static uint64_t head_of(const struct delivery *d, const char *chain)
{
    uint8_t id[8];
    size_t lo = 0, hi = d->n_heads;
    for (size_t i = 0; i < sizeof id; i++) {
        const char hex[3] = {chain[2 * i], chain[2 * i + 1], '\0'};
        id[i] = (uint8_t)strtoul(hex, NULL, 16);
    }
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = memcmp(d->heads[mid].chain, id, sizeof id);
        if (c == 0)
            return d->heads[mid].seq;
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return 0;
}

static enum err route(struct delivery *d, const char *chain, struct route **out)
{
    size_t i = place(d, chain);
    if (i < d->n_routes && strcmp(d->routes[i].chain, chain) == 0) {
        *out = &d->routes[i];
        return ERR_OK;
    }
    if (d->n_routes == d->cap_routes) {
        size_t cap = d->cap_routes ? 2 * d->cap_routes : 4;
        struct route *more = reallocarray(d->routes, cap, sizeof *more);
        if (!more)
            return err_set(ERR_NOMEM, "out of memory");
        d->routes = more;
        d->cap_routes = cap;
    }
    memmove(&d->routes[i + 1], &d->routes[i], (d->n_routes - i) * sizeof d->routes[0]);
    d->n_routes++;
    bool own = strcmp(chain, d->station.chain) == 0;
    d->routes[i] = (struct route){.own = own, .next = (own ? d->seq : head_of(d, chain)) + 1};
    memcpy(d->routes[i].chain, chain, CHAIN_ID);
    *out = &d->routes[i];
    return ERR_OK;
}

/* What came behind the last label that a revocation accepts stays here. */
static uint64_t allowed(const struct delivery *d, const char *chain, uint64_t seq)
{
    const struct roster_station *of = roster_chain(d->room->roster, chain);
    return of && of->revoked && of->last_seq < seq ? of->last_seq : seq;
}

/* The last urgent one among the last labels of a route. */
static enum err look_for_urgent(struct delivery *d, struct route *r)
{
    struct store *s = d->room->store;
    struct buf text = {.max = LABEL_MAX};
    struct label l;
    enum err e = ERR_OK;
    for (uint64_t seq = r->upto, n = 0; seq >= r->next && n < URGENT_LOOK && !r->urgent; seq--, n++) {
        e = s->label(s, r->chain, seq, &text);
        if (!e)
            e = label_parse(&l, (const char *)text.p, text.len);
        if (e)
            break;
        if (l.lane == LANE_URGENT && delivery_delivers(d, l.chain, l.to))
            r->urgent = seq;
    }
    buf_free(&text);
    return stick_stops(e) ? e : ERR_OK;
}

static enum err one_route(void *ctx, const char *chain, uint64_t last)
{
    struct delivery *d = ctx;
    struct store_chain c;
    struct route *r = NULL;
    if (strcmp(chain, d->station.chain) == 0)
        return ERR_OK;
    enum err e = d->room->store->chain(d->room->store, chain, &c);
    if (e || c.damaged)
        return e;
    last = allowed(d, chain, last);
    e = route(d, chain, &r);
    if (!e && r && last > r->upto) {
        r->upto = last;
        e = look_for_urgent(d, r);
    }
    return e;
}

/* Of its own chain, what the station has lost. */
static enum err own_route(struct delivery *d)
{
    struct store_chain c;
    struct route *r = NULL;
    enum err e = d->room->store->chain(d->room->store, d->station.chain, &c);
    if (e || c.damaged || d->seq >= c.seq)
        return e;
    size_t before = d->n_routes;
    e = route(d, d->station.chain, &r);
    if (!e && r && d->n_routes > before) /* only what it lacked when it came */
        r->upto = c.seq;
    return e;
}

enum err delivery_routes(struct delivery *d)
{
    static const char *const of_unit[] = {"unit", "records", "evidence"};
    const struct roster *ro = d->room->roster;
    struct store *s = d->room->store;
    char name[CIRCLE_LEN];
    enum err e = own_route(d);
    for (unsigned i = 0; i < 3 && !e; i++) {
        struct buf to = {0};
        e = buf_fmt(&to, "%s/%s", of_unit[i], d->station.unit);
        if (!e)
            e = s->each_route(s, (const char *)to.p, one_route, d);
        buf_free(&to);
    }
    name[0] = '\0';
    for (size_t i = 0; d->station.kind == STATION_SUPERVISOR && i < ro->n_circles && !e; i++) {
        if (strcmp(ro->circles[i].name, name) == 0)
            continue; /* another generation of it */
        memcpy(name, ro->circles[i].name, sizeof name);
        e = s->each_route(s, name, one_route, d);
    }
    return e;
}

enum err delivery_label(struct delivery *d, const char *chain, uint64_t seq, bool urgent)
{
    struct route *r = NULL;
    if (!d->heads_known || strcmp(chain, d->station.chain) == 0)
        return ERR_OK;
    seq = allowed(d, chain, seq);
    enum err e = route(d, chain, &r);
    if (e || !r)
        return e;
    r->upto = seq > r->upto ? seq : r->upto;
    r->urgent = urgent && seq > r->urgent ? seq : r->urgent;
    return ERR_OK;
}

static enum err offer_object(struct delivery *d, enum wire_kind kind, enum lane lane, const struct hash *name,
                             uint64_t size)
{
    struct wire_item item = {
        .kind = kind, .lane = lane, .name = *name, .size = size, .sent = size > DELIVERY_ASK_ABOVE ? WIRE_ASK : 0};
    return wire_offer(d->wire, &item);
}

/* Has a label's batch still a chance to come soon? */
static bool on_its_way(const struct delivery *d, const struct route *r, const struct label *l)
{
    int64_t age = d->room->wall - l->time;
    return !r->own && age < BATCH_WAIT_MS && age > -BATCH_WAIT_MS;
}

/* The next label of a route, with what belongs to it: its batch before it. */
static enum err offer_next(struct delivery *d, struct route *r, enum lane lane)
{
    struct store *s = d->room->store;
    struct buf text = {.max = LABEL_MAX};
    struct label l;
    uint64_t size;
    enum err e = s->label(s, r->chain, r->next, &text);
    if (!e)
        e = label_parse(&l, (const char *)text.p, text.len);
    if (e) {
        buf_free(&text);
        r->refused = !stick_stops(e); /* our own copy is damaged: for verify to name */
        return r->refused ? ERR_OK : e;
    }
    struct wire_item item = {.kind = WIRE_LABEL, .lane = lane, .seq = r->next};
    memcpy(item.chain, r->chain, sizeof item.chain);
    bool for_it = delivery_delivers(d, l.chain, l.to);
    bool held = for_it && s->size(s, &l.object, &size);
    if (for_it && !held && on_its_way(d, r, &l)) {
        r->blocked = true;
        r->not_before = d->room->now + BLOCKED_MS;
        buf_free(&text);
        return ERR_OK;
    }
    r->blocked = false;
    if (held && size > WIRE_INLINE_MAX)
        e = offer_object(d, WIRE_BATCH, lane, &l.object, size);
    if (!e)
        e = wire_offer(d->wire, &item);
    if (!e && for_it && !hash_is_zero(&l.parts) && s->size(s, &l.parts, &size))
        e = offer_object(d, WIRE_PARTS, LANE_CONTROL, &l.parts, size);
    buf_free(&text);
    r->next++;
    return e;
}

static bool has_work(const struct delivery *d, const struct route *r, enum lane lane)
{
    return !r->refused && r->next <= r->upto && d->room->now >= r->not_before &&
           (lane == LANE_URGENT) == (r->next <= r->urgent);
}

/* A chain after the other, one label each, so that none waits for all of
 * another. */
enum err delivery_fill_labels(struct delivery *d, enum lane lane)
{
    enum err e = ERR_OK;
    for (size_t idle = 0; !e && idle < d->n_routes;) {
        struct route *r = &d->routes[d->at_route++ % d->n_routes];
        if (wire_waiting(d->wire, lane) >= HUB_OFFERS_LOW ||
            wire_waiting(d->wire, LANE_CONTROL) >= WIRE_OFFERS_MAX - HUB_OFFERS_LOW)
            break;
        if (!has_work(d, r, lane)) {
            idle++;
            continue;
        }
        idle = 0;
        e = offer_next(d, r, lane);
    }
    return e;
}

bool delivery_blocked(const struct delivery *d)
{
    for (size_t i = 0; i < d->n_routes; i++)
        if (d->routes[i].next <= d->routes[i].upto && (d->routes[i].blocked || d->routes[i].not_before > d->room->now))
            return true;
    return false;
}

enum err delivery_load_label(struct delivery *d, const struct wire_item *item, struct buf *text, struct buf *batch)
{
    struct store *s = d->room->store;
    struct label l;
    uint64_t size;
    if (!room_usable(d->room))
        return err_set(ERR_AGAIN, "the hub's store is closed");
    enum err e = s->label(s, item->chain, item->seq, text);
    if (!e)
        e = label_parse(&l, (const char *)text->p, text->len);
    if (e || !delivery_delivers(d, l.chain, l.to) || !s->size(s, &l.object, &size) || size > WIRE_INLINE_MAX)
        return e;
    if (store_read(s, &l.object, WIRE_INLINE_MAX, batch) != ERR_OK)
        buf_clear(batch); /* damaged here: for verify to name */
    return ERR_OK;
}

void delivery_label_answered(struct delivery *d, const struct wire_item *item, enum wire_answer a, const char *why)
{
    (void)why;
    size_t i = place(d, item->chain);
    if (i == d->n_routes || strcmp(d->routes[i].chain, item->chain) != 0)
        return;
    struct route *r = &d->routes[i];
    if (a == WIRE_BAD)
        r->refused = true;
    if (a == WIRE_LATER) {
        r->next = item->seq < r->next ? item->seq : r->next;
        r->not_before = d->room->now + LATER_MS;
    }
}
