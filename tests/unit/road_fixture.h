#ifndef TESTS_UNIT_ROAD_FIXTURE_H
#define TESTS_UNIT_ROAD_FIXTURE_H

/* A station's road and a hub made by hand, joined in memory: bytes of one
 * wire go into the other, and a clock that only the test moves. */

#include "tests/unit/station_fixture.h"

#include "storage/vault/object.h"
#include "storage/vault/parts.h"
#include "sync/client/road.h"
#include "sync/client/stock.h"

#define FIXTURE static __attribute__((unused))
#define OK(expr) ok(expr, #expr, __LINE__)
#define ITEMS 32

FIXTURE void ok(enum err e, const char *what, int line)
{
    if (e)
        print_error("line %d: %s: %d %s\n", line, what, e, err_text());
    assert_int_equal(e, ERR_OK);
}

/* What the hub gives, in this order, once it has heard the station's hello. */
struct gift {
    struct wire_item item;
    struct buf text, batch; /* bytes of an object: text */
    int answer;             /* -1: none yet */
    char why[WIRE_WHY_MAX];
};

struct hub {
    struct wire *wire;
    struct wire_hello station;
    struct gift gifts[ITEMS];
    size_t n_gifts;
    uint64_t labels[64]; /* numbers that came, in order */
    size_t n_labels;
    struct hash objects[64]; /* whole ones */
    size_t n_objects;
    size_t texts; /* rosters and notices */
    struct buf open[16];
    uint64_t open_id[16];
    size_t n_open;
    uint64_t refuse; /* this label is bad */
    struct wire_want wants[8];
    size_t n_wants;
    bool ended;
    enum wire_end why;
};

FIXTURE enum err hub_hello(void *ctx, const struct wire_hello *h)
{
    struct hub *hub = ctx;
    hub->station = *h;
    for (size_t i = 0; i < hub->n_gifts; i++)
        OK(wire_offer(hub->wire, &hub->gifts[i].item));
    return ERR_OK;
}

FIXTURE enum err hub_heads(void *ctx, const struct wire_head *list, size_t n, bool last)
{
    (void)ctx, (void)list, (void)n, (void)last;
    return ERR_OK;
}

FIXTURE enum err hub_want(void *ctx, const struct wire_want *list, size_t n)
{
    struct hub *hub = ctx;
    for (size_t i = 0; i < n; i++)
        hub->wants[hub->n_wants++] = list[i];
    return ERR_OK;
}

FIXTURE void hub_end(void *ctx, enum wire_end why, const char *text)
{
    struct hub *hub = ctx;
    (void)text;
    hub->ended = true;
    hub->why = why;
}

FIXTURE struct gift *gift_of(struct hub *hub, const struct wire_item *item)
{
    for (size_t i = 0; i < hub->n_gifts; i++) {
        const struct wire_item *g = &hub->gifts[i].item;
        if (g->kind == item->kind && g->seq == item->seq && strcmp(g->chain, item->chain) == 0 &&
            (item->kind == WIRE_LABEL || hash_same(&g->name, &item->name)))
            return &hub->gifts[i];
    }
    fail();
    return NULL;
}

FIXTURE enum err hub_load(void *ctx, const struct wire_item *item, struct buf *text, struct buf *batch)
{
    const struct gift *g = gift_of(ctx, item);
    OK(buf_add(text, g->text.p, g->text.len));
    return g->batch.len ? buf_add(batch, g->batch.p, g->batch.len) : ERR_OK;
}

FIXTURE enum err hub_read(void *ctx, const struct wire_item *item, uint64_t offset, void *p, size_t n)
{
    const struct gift *g = gift_of(ctx, item);
    memcpy(p, g->text.p + offset, n);
    return ERR_OK;
}

FIXTURE void hub_answered(void *ctx, const struct wire_item *item, enum wire_answer a, uint64_t kept, const char *why)
{
    struct gift *g = gift_of(ctx, item);
    (void)kept;
    g->answer = (int)a;
    snprintf(g->why, sizeof g->why, "%s", why);
}

FIXTURE enum err hub_take(void *ctx, uint64_t id, const struct wire_item *item, const uint8_t *text, size_t n,
                          const uint8_t *batch, size_t n_batch)
{
    struct hub *hub = ctx;
    (void)text, (void)n, (void)batch, (void)n_batch;
    if (item->kind != WIRE_LABEL)
        hub->texts++;
    else
        hub->labels[hub->n_labels++] = item->seq;
    if (item->kind == WIRE_LABEL && item->seq == hub->refuse)
        wire_answer(hub->wire, id, WIRE_BAD, 0, "it is\x1b[31m red");
    else
        wire_answer(hub->wire, id, WIRE_GOOD, 0, NULL);
    return ERR_OK;
}

FIXTURE enum err hub_open(void *ctx, uint64_t id, const struct wire_item *item,
                          struct partial_range held[static PARTIAL_RUNS_MAX], size_t *n)
{
    struct hub *hub = ctx;
    (void)held;
    *n = 0;
    hub->open_id[hub->n_open] = id;
    hub->open[hub->n_open] = (struct buf){0};
    OK(buf_reserve(&hub->open[hub->n_open], item->size));
    hub->open[hub->n_open++].len = item->size;
    return ERR_OK;
}

FIXTURE struct buf *opened(struct hub *hub, uint64_t id)
{
    size_t i = 0;
    while (i < hub->n_open && hub->open_id[i] != id)
        i++;
    assert_true(i < hub->n_open);
    return &hub->open[i];
}

FIXTURE enum err hub_write(void *ctx, uint64_t id, const struct wire_item *item, uint64_t offset, const uint8_t *p,
                           size_t n)
{
    (void)item;
    memcpy(opened(ctx, id)->p + offset, p, n);
    return ERR_OK;
}

FIXTURE enum err hub_done(void *ctx, uint64_t id, const struct wire_item *item)
{
    struct hub *hub = ctx;
    const struct buf *b = opened(hub, id);
    struct hash h = hash_of(b->p, b->len);
    assert_true(hash_same(&h, &item->name));
    hub->objects[hub->n_objects++] = h;
    wire_answer(hub->wire, id, WIRE_GOOD, 0, NULL);
    return ERR_OK;
}

FIXTURE bool hub_has(const struct hub *hub, const struct hash *name)
{
    for (size_t i = 0; i < hub->n_objects; i++)
        if (hash_same(&hub->objects[i], name))
            return true;
    return false;
}

FIXTURE struct gift *give_object(struct hub *hub, enum wire_kind kind, const struct buf *bytes, const struct hash *name)
{
    struct gift *g = &hub->gifts[hub->n_gifts++];
    static const enum lane lanes[] = {
        [WIRE_BATCH] = LANE_BATCH, [WIRE_PARTS] = LANE_CONTROL, [WIRE_BLOB] = LANE_FLAGGED};
    g->answer = -1;
    g->item = (struct wire_item){.kind = kind,
                                 .lane = kind <= WIRE_BLOB ? lanes[kind] : LANE_CONTROL,
                                 .name = name ? *name : hash_of(bytes->p, bytes->len),
                                 .size = bytes->len};
    OK(buf_add(&g->text, bytes->p, bytes->len));
    return g;
}

FIXTURE struct gift *give_label(struct hub *hub, const struct buf *text, const struct buf *batch)
{
    struct gift *g = &hub->gifts[hub->n_gifts++];
    struct label l;
    OK(label_parse(&l, (const char *)text->p, text->len));
    g->answer = -1;
    g->item = (struct wire_item){.kind = WIRE_LABEL, .lane = LANE_BATCH, .seq = l.seq};
    memcpy(g->item.chain, l.chain, sizeof l.chain);
    OK(buf_add(&g->text, text->p, text->len));
    if (batch)
        OK(buf_add(&g->batch, batch->p, batch->len));
    return g;
}

/* Station, offers, hub and the road between them. */
struct meeting {
    struct district *d;
    struct taking in;
    struct offers *offers;
    struct road *road;
    struct hub hub;
    int64_t now, wall;
    uint64_t passed; /* bytes from the hub to the station */
};

/* hub_seq, hub_roster, hub_clock: what its hello says. */
FIXTURE void meet(struct meeting *m, uint64_t hub_seq, uint64_t hub_roster, int64_t hub_clock)
{
    static const struct wire_side side = {.hello = hub_hello,
                                          .heads = hub_heads,
                                          .want = hub_want,
                                          .end = hub_end,
                                          .load = hub_load,
                                          .read = hub_read,
                                          .answered = hub_answered,
                                          .take = hub_take,
                                          .open = hub_open,
                                          .write = hub_write,
                                          .done = hub_done};
    struct road_setup s = {
        .in = &m->in, .offers = m->offers, .hub = "hub", .wall = m->wall, .lanes = (1u << LANES) - 1};
    struct wire_start w = {
        .side = side,
        .hello = {.role = WIRE_HUB, .name = "hub", .roster = hub_roster, .clock = hub_clock, .seq = hub_seq}};
    w.side.ctx = &m->hub;
    memcpy(w.hello.chain, m->in.station->chain, sizeof w.hello.chain);
    OK(wire_new(&m->hub.wire, &w, m->now));
    OK(road_new(&m->road, &s, m->now));
}

FIXTURE size_t carry(struct wire *from, struct wire *to, int64_t now, size_t cap, enum err *e)
{
    uint8_t bytes[8192];
    size_t n = 0, used;
    *e = wire_out(from, bytes, cap < sizeof bytes ? cap : sizeof bytes, now, &n);
    if (!*e && n)
        *e = wire_in(to, bytes, n, now, &used);
    return n;
}

/* Bytes go to and fro until nothing is left to say, or (cut) the hub has sent
 * so many. What the station's side of the wire ends with comes back. */
FIXTURE enum err talk(struct meeting *m, uint64_t cut)
{
    struct wire *w = road_wire(m->road);
    enum err e = ERR_OK;
    for (int still = 0; still < 60 && !e; still++) {
        size_t n = carry(w, m->hub.wire, m->now, 8192, &e);
        assert_int_equal(e, ERR_OK);
        size_t came = carry(m->hub.wire, w, m->now, cut - m->passed, &e);
        m->passed += came;
        if (!e)
            e = road_fill(m->road);
        if (n + came)
            still = 0;
        if (m->passed >= cut)
            break;
        m->now += 10;
    }
    return e;
}

FIXTURE void hang_up(struct meeting *m)
{
    road_free(m->road);
    m->road = NULL;
    wire_free(m->hub.wire);
    m->hub.wire = NULL;
    for (size_t i = 0; i < m->hub.n_gifts; i++) {
        buf_free(&m->hub.gifts[i].text);
        buf_free(&m->hub.gifts[i].batch);
    }
    for (size_t i = 0; i < m->hub.n_open; i++)
        buf_free(&m->hub.open[i]);
    memset(&m->hub, 0, sizeof m->hub);
    m->passed = 0;
}

FIXTURE struct meeting *meeting_new(void)
{
    struct meeting *m = calloc(1, sizeof *m);
    assert_non_null(m);
    m->d = district_new();
    m->in.station = district_open(m->d);
    m->in.tell.json = true;
    m->now = 1000;
    m->wall = 1768000000000;
    struct offers_stock stock = stock_of(m->in.station);
    OK(offers_new(&m->offers, &stock, m->in.station->chain));
    return m;
}

FIXTURE void meeting_free(struct meeting *m)
{
    hang_up(m);
    offers_free(m->offers);
    station_close(m->in.station);
    district_free(m->d);
    free(m);
}

FIXTURE bool job(struct meeting *m, const char *kind, const char *name, const char *text)
{
    struct buf b = {0};
    bool yes = queue_job(m->in.station->queue, kind, name, &b) == ERR_OK && (!text || strstr((const char *)b.p, text));
    buf_free(&b);
    return yes;
}

#endif
