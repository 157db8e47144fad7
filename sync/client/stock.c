#include "sync/client/stock.h"

#include "storage/vault/object.h"

static enum err head(void *ctx, uint64_t *seq)
{
    struct station *s = ctx;
    struct queue_head h;
    enum err e = queue_head(s->queue, s->chain, &h);
    *seq = h.seq;
    return e;
}

static enum err label(void *ctx, uint64_t seq, struct buf *text)
{
    struct station *s = ctx;
    return queue_label(s->queue, s->chain, seq, text);
}

static bool size_of(void *ctx, const struct hash *name, uint64_t *size)
{
    const struct station *s = ctx;
    return object_size(s->dir, name, size);
}

static enum err parts(void *ctx, const struct hash *name, struct buf *text)
{
    const struct station *s = ctx;
    return object_get(s->dir, name, PARTS_MAX, text);
}

static bool flagged(void *ctx, const struct hash *list)
{
    struct station *s = ctx;
    char hex[HASH_HEX];
    struct buf job = {0};
    hash_hex(hex, list);
    bool yes = queue_job(s->queue, "flag", hex, &job) == ERR_OK;
    buf_free(&job);
    return yes;
}

struct offers_stock stock_of(struct station *s)
{
    return (struct offers_stock){
        .ctx = s, .head = head, .label = label, .size = size_of, .parts = parts, .flagged = flagged};
}
