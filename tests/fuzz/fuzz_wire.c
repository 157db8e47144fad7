/* A conversation from both sides: bytes of the input are split into pieces and
 * given to a station's machine and to a hub's, between their own output. The
 * sides behind them take, refuse, say "not now" and offer as the input says.
 * What is checked: nothing beyond an object is written, ids are answered once,
 * what may be kept stays bounded. */

#include "sync/limits.h"
#include "sync/wire/frame.h"
#include "sync/wire/wire.h"

#include <stdlib.h>
#include <string.h>

#define CHAIN "00112233445566778899aabbccddeeff"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

struct end {
    struct wire *w;
    const uint8_t *p; /* decisions */
    size_t n;
    uint64_t last_id; /* highest taken, plus 1 */
    uint64_t open;
};

static uint8_t decide(struct end *e)
{
    if (!e->n)
        return 0;
    e->n--;
    return *e->p++;
}

static enum err on_hello(void *ctx, const struct wire_hello *h)
{
    (void)ctx;
    if (h->n_floats > WIRE_FLOATS_MAX || strcmp(h->chain, CHAIN) != 0)
        abort();
    return ERR_OK;
}

static enum err on_heads(void *ctx, const struct wire_head *list, size_t n, bool last)
{
    (void)last;
    (void)list;
    (void)n;
    return decide(ctx) == 1 ? ERR_AGAIN : ERR_OK;
}

static enum err on_want(void *ctx, const struct wire_want *list, size_t n)
{
    (void)ctx;
    for (size_t i = 0; i < n; i++)
        if (list[i].last < list[i].first)
            abort();
    return ERR_OK;
}

static enum err on_notices(void *ctx, const char (*ids)[NOTICE_ID], size_t n, bool last)
{
    (void)ctx;
    (void)last;
    for (size_t i = 0; i < n; i++)
        if (strlen(ids[i]) != NOTICE_ID - 1)
            abort();
    return ERR_OK;
}

static enum err on_load(void *ctx, const struct wire_item *item, struct buf *text, struct buf *batch)
{
    (void)item;
    (void)batch;
    return decide(ctx) & 1 ? buf_add(text, "feldsher-notice 1\n", 18) : err_set(ERR_NOINPUT, "gone");
}

static enum err on_read(void *ctx, const struct wire_item *item, uint64_t offset, void *p, size_t n)
{
    if (offset + n > item->size || n > WIRE_FRAME_MAX)
        abort();
    memset(p, 7, n);
    return decide(ctx) == 3 ? err_set(ERR_BAD, "damaged") : ERR_OK;
}

static void answer(struct end *e, uint64_t id)
{
    uint8_t d = decide(e);
    if (d < 5)
        wire_answer(e->w, id, (enum wire_answer)d, 17, "why");
}

static enum err on_take(void *ctx, uint64_t id, const struct wire_item *item, const uint8_t *text, size_t n,
                        const uint8_t *batch, size_t n_batch)
{
    struct end *e = ctx;
    struct label l;
    (void)batch;
    if (n_batch > WIRE_INLINE_MAX || (item->kind == WIRE_LABEL && label_parse(&l, (const char *)text, n) != ERR_OK))
        abort();
    if (decide(e) == 9)
        return ERR_AGAIN;
    e->last_id = id + 1;
    answer(e, id);
    return ERR_OK;
}

static enum err on_open(void *ctx, uint64_t id, const struct wire_item *item,
                        struct partial_range held[static PARTIAL_RUNS_MAX], size_t *n)
{
    struct end *e = ctx;
    uint8_t d = decide(e);
    if (d == 9)
        return ERR_AGAIN;
    e->last_id = id + 1;
    if (d == 1 && item->size > 40) {
        held[0] = (struct partial_range){0, 10};
        held[1] = (struct partial_range){20, item->size};
        *n = 2;
    }
    answer(e, id);
    return ERR_OK;
}

static enum err on_write(void *ctx, uint64_t id, const struct wire_item *item, uint64_t offset, const uint8_t *p,
                         size_t n)
{
    struct end *e = ctx;
    (void)p;
    if (id >= e->last_id || offset > item->size || n > item->size - offset)
        abort();
    return decide(e) == 9 ? ERR_AGAIN : ERR_OK;
}

static enum err on_done(void *ctx, uint64_t id, const struct wire_item *item)
{
    struct end *e = ctx;
    (void)item;
    if (decide(e) == 9)
        return ERR_AGAIN;
    answer(e, id);
    return ERR_OK;
}

static enum err make(struct end *e, enum wire_role role)
{
    struct wire_start s = {.side = {.ctx = e,
                                    .hello = on_hello,
                                    .heads = on_heads,
                                    .want = on_want,
                                    .notices = on_notices,
                                    .load = on_load,
                                    .read = on_read,
                                    .take = on_take,
                                    .open = on_open,
                                    .write = on_write,
                                    .done = on_done}};
    static const struct wire_head heads[2] = {{.seq = 5}, {.seq = 300}};
    static const char notices[1][NOTICE_ID] = {"0123456789abcdef0123"};
    s.hello.role = role;
    memcpy(s.hello.chain, CHAIN, sizeof CHAIN);
    memcpy(s.hello.name, "one", 4);
    s.heads = heads;
    s.n_heads = role == WIRE_STATION ? 2 : 0;
    s.notices = notices;
    s.n_notices = decide(e) & 1;
    return wire_new(&e->w, &s, 0);
}

static void offer(struct end *e)
{
    uint8_t d = decide(e);
    struct wire_item item = {.kind = (enum wire_kind)(d % WIRE_KINDS),
                             .lane = (enum lane)(d / 8 % LANES),
                             .size = (uint64_t)decide(e) * 37 + 1,
                             .sent = d & 64    ? WIRE_ASK
                                     : d & 128 ? 20
                                               : 0};
    memcpy(item.chain, CHAIN, sizeof CHAIN);
    if (wire_offer(e->w, &item) != ERR_OK)
        err_clear();
}

/* Bytes of `from`'s output, or of the input, to `to`. */
static bool give(struct end *to, const uint8_t *p, size_t n, int64_t now, struct buf *left)
{
    size_t used = 0;
    if (buf_add(left, p, n) != ERR_OK)
        return false;
    enum err e = wire_in(to->w, left->p, left->len, now, &used);
    if (used > left->len)
        abort();
    memmove(left->p, left->p + used, left->len - used);
    left->len -= used;
    return e == ERR_OK && left->len < (1u << 20);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    static uint8_t out[4096];
    struct end ends[2] = {{.p = p, .n = n}, {.p = p, .n = n / 2}};
    struct buf left[2] = {{0}, {0}};
    bool alive[2] = {true, true};
    struct wire_status s;
    int64_t now = 0;
    if (n < 4 || make(&ends[0], WIRE_STATION) != ERR_OK || make(&ends[1], WIRE_HUB) != ERR_OK) {
        wire_free(ends[0].w);
        return 0;
    }
    for (size_t at = 0; at + 2 <= n && (alive[0] || alive[1]);) {
        unsigned side = p[at] & 1, what = p[at] >> 1 & 3;
        size_t some = p[at + 1], made;
        at += 2;
        now += p[at - 2] >> 3;
        if (what == 0)
            offer(&ends[side]);
        if (what == 1 && alive[side]) { /* straight from the input */
            some = some < n - at ? some : n - at;
            alive[side] = give(&ends[side], p + at, some, now, &left[side]);
            at += some;
        } else if (wire_out(ends[side].w, out, 1 + some * 16, now, &made) == ERR_OK && alive[!side]) {
            alive[!side] = give(&ends[!side], out, made, now, &left[!side]);
        }
        if (what == 2)
            wire_ping(ends[side].w);
        if (what == 3 && some < 4)
            wire_lanes(ends[side].w, (unsigned)some);
        wire_status(ends[side].w, &s);
        if (s.flying > s.sent || s.unanswered > WIRE_UNANSWERED_MAX)
            abort();
        if (wire_next(ends[side].w, now) < 0)
            abort();
    }
    for (int i = 0; i < 2; i++) {
        wire_free(ends[i].w);
        buf_free(&left[i]);
    }
    return 0;
}
