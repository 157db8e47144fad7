#include "sync/hub/talk.h"

#include "storage/base/log.h"
#include "sync/hub/delivery.h"
#include "sync/hub/desk.h"

#include <stdlib.h>
#include <string.h>

struct talk {
    struct room *room;
    struct wire *wire;
    struct desk *desk;
    struct delivery *delivery;
    char chain[CHAIN_ID], station[NAME_LEN];
};

static enum err on_hello(void *ctx, const struct wire_hello *h)
{
    struct talk *t = ctx;
    if (h->role != WIRE_STATION)
        return err_set(ERR_DATA, "two hubs do not converse");
    return delivery_hello(t->delivery, h);
}

static enum err on_heads(void *ctx, const struct wire_head *list, size_t n, bool last)
{
    return delivery_heads(((struct talk *)ctx)->delivery, list, n, last);
}

static enum err on_want(void *ctx, const struct wire_want *list, size_t n)
{
    return delivery_want(((struct talk *)ctx)->delivery, list, n);
}

static enum err on_notices(void *ctx, const char (*ids)[NOTICE_ID], size_t n, bool last)
{
    return delivery_notices(((struct talk *)ctx)->delivery, ids, n, last);
}

static void on_end(void *ctx, enum wire_end why, const char *text)
{
    const struct talk *t = ctx;
    (void)text;
    if (why != WIRE_END_DONE)
        log_line("%s ended: %s", t->chain, wire_end_text(why));
}

static enum err on_load(void *ctx, const struct wire_item *item, struct buf *text, struct buf *batch)
{
    return delivery_load(((struct talk *)ctx)->delivery, item, text, batch);
}

static enum err on_read(void *ctx, const struct wire_item *item, uint64_t offset, void *p, size_t n)
{
    return delivery_read(((struct talk *)ctx)->delivery, item, offset, p, n);
}

static void on_answered(void *ctx, const struct wire_item *item, enum wire_answer a, uint64_t kept, const char *why)
{
    (void)kept;
    delivery_answered(((struct talk *)ctx)->delivery, item, a, why);
}

static enum err on_take(void *ctx, uint64_t id, const struct wire_item *item, const uint8_t *text, size_t n,
                        const uint8_t *batch, size_t n_batch)
{
    return desk_take(((struct talk *)ctx)->desk, id, item, text, n, batch, n_batch);
}

static enum err on_open(void *ctx, uint64_t id, const struct wire_item *item,
                        struct partial_range held[static PARTIAL_RUNS_MAX], size_t *n)
{
    return desk_open(((struct talk *)ctx)->desk, id, item, held, n);
}

static enum err on_write(void *ctx, uint64_t id, const struct wire_item *item, uint64_t offset, const uint8_t *p,
                         size_t n)
{
    return desk_write(((struct talk *)ctx)->desk, id, item, offset, p, n);
}

static enum err on_done(void *ctx, uint64_t id, const struct wire_item *item)
{
    return desk_done(((struct talk *)ctx)->desk, id, item);
}

static void on_gone(void *ctx, uint64_t id, const struct wire_item *item)
{
    (void)item;
    desk_gone(((struct talk *)ctx)->desk, id);
}

enum err talk_new(struct talk **out, struct room *r, const struct roster_station *station, uint64_t rate, uint64_t rtt)
{
    *out = NULL;
    struct talk *t = calloc(1, sizeof *t);
    if (!t)
        return err_set(ERR_NOMEM, "out of memory");
    t->room = r;
    memcpy(t->chain, station->chain, sizeof t->chain);
    memcpy(t->station, station->name, sizeof t->station);
    struct wire_start start = {.side = {.ctx = t,
                                        .hello = on_hello,
                                        .heads = on_heads,
                                        .want = on_want,
                                        .notices = on_notices,
                                        .end = on_end,
                                        .load = on_load,
                                        .read = on_read,
                                        .answered = on_answered,
                                        .take = on_take,
                                        .open = on_open,
                                        .write = on_write,
                                        .done = on_done,
                                        .gone = on_gone},
                               .notices = r->notices,
                               .n_notices = r->n_notices,
                               .rate = rate,
                               .rtt = rtt};
    enum err e = desk_new(&t->desk, r, station);
    if (!e)
        e = delivery_new(&t->delivery, r, station);
    if (!e)
        e = desk_hello(t->desk, &start.hello);
    if (!e)
        e = wire_new(&t->wire, &start, r->now);
    if (e) {
        talk_free(t);
        return e;
    }
    desk_bind(t->desk, t->wire);
    delivery_bind(t->delivery, t->wire);
    *out = t;
    return ERR_OK;
}

void talk_free(struct talk *t)
{
    if (!t)
        return;
    desk_free(t->desk);
    delivery_free(t->delivery);
    wire_free(t->wire);
    free(t);
}

struct wire *talk_wire(struct talk *t)
{
    return t->wire;
}

const char *talk_chain(const struct talk *t)
{
    return t->chain;
}

const char *talk_station(const struct talk *t)
{
    return t->station;
}

enum err talk_fill(struct talk *t)
{
    return delivery_fill(t->delivery);
}

enum err talk_label(struct talk *t, const char *chain, uint64_t seq, bool urgent)
{
    return delivery_label(t->delivery, chain, seq, urgent);
}

enum err talk_roster(struct talk *t)
{
    return delivery_roster(t->delivery);
}

enum err talk_notice(struct talk *t, const char *id)
{
    return delivery_notice(t->delivery, id);
}

void talk_changed(struct talk *t)
{
    delivery_changed(t->delivery);
}

bool talk_waits(const struct talk *t)
{
    return delivery_waits(t->delivery);
}

void talk_pause(struct talk *t)
{
    wire_lanes(t->wire, 0);
}

void talk_resume(struct talk *t)
{
    wire_lanes(t->wire, (1u << LANES) - 1);
    delivery_resumed(t->delivery);
}

enum lane talk_lane(const struct talk *t)
{
    return desk_lane(t->desk);
}

bool talk_paused(const struct talk *t)
{
    return desk_paused(t->desk);
}
