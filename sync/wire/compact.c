#include "sync/wire/compact.h"

#include "storage/base/bytes.h"
#include "storage/catalog/retention.h"
#include "sync/limits.h"
#include "sync/wire/frame.h"

#include <string.h>

enum {
    HAS_CHAIN = 1,  /* of another chain than our own, or the last one's */
    FOLLOWS = 2,    /* on the label before: number and prev are left out */
    SAME = 4,       /* `to` and class of the label before */
    HAS_OBJECT = 8, /* object and size; without it the batch stands at the end */
    HAS_PARTS = 16,
    HAS_FREES = 32,
    HAS_UNTIL = 64, /* the period is not the catalog's */
    WHOLE = 128,    /* the text as it is */
    FLAGS = 256
};

static void remember(struct compact *c, const struct label *l)
{
    c->any = true;
    memcpy(c->chain, l->chain, sizeof c->chain);
    c->seq = l->seq;
    c->roster = l->roster;
    c->time = l->time;
    c->hash = label_hash(l);
    memcpy(c->to, l->to, sizeof c->to);
    memcpy(c->retain_class, l->retain_class, sizeof c->retain_class);
}

static const char *expected_chain(const struct compact *c, const char *own)
{
    return c->any ? c->chain : own;
}

static enum err put_hash(struct buf *out, const struct hash *h)
{
    return buf_add(out, h->b, HASH_LEN);
}

static enum err put_chain(struct buf *out, const char *chain)
{
    uint8_t id[16];
    if (!bytes_unhex(id, sizeof id, chain, strlen(chain)))
        return err_set(ERR_DATA, "a label's chain is no chain's id");
    return buf_add(out, id, sizeof id);
}

/* The members that are not worked out, in their order. */
static enum err put_members(const struct compact *c, const struct label *l, unsigned flags, struct buf *out)
{
    uint8_t lane = (uint8_t)l->lane;
    enum err e = ERR_OK;
    if (!(flags & FOLLOWS)) {
        e = frame_put_varint(out, l->seq);
        if (!e)
            e = put_hash(out, &l->prev);
    }
    if (!e)
        e = frame_put_varint(out, l->roster);
    if (!e)
        e = buf_add(out, &lane, 1);
    if (!e)
        e = put_hash(out, &l->content);
    if (!e && (flags & HAS_OBJECT)) {
        e = put_hash(out, &l->object);
        if (!e)
            e = frame_put_varint(out, l->size);
    }
    if (!e && (flags & HAS_PARTS))
        e = put_hash(out, &l->parts);
    if (!e && (flags & HAS_FREES))
        e = put_hash(out, &l->frees);
    if (!e)
        e = frame_put_signed(out, (l->time - c->time) / 1000);
    if (!e)
        e = frame_put_varint(out, l->count);
    if (!e && !(flags & SAME)) {
        e = frame_put_text(out, l->to);
        if (!e)
            e = frame_put_text(out, l->retain_class);
    }
    if (!e && (flags & HAS_UNTIL))
        e = frame_put_varint(out, l->retain_until == INT64_MAX ? 0 : (uint64_t)(l->retain_until / 1000) + 1);
    return e ? e : buf_add(out, l->sig.sigs[0].sig, 64);
}

/* Does the text hold nothing but what the members say? */
static bool is_plain(const struct label *l)
{
    struct buf again = {.max = LABEL_MAX};
    bool plain = l->sig.n == 1 && !l->sig.sigs[0].who[0] && !l->licence[0] &&
                 (l->retain_until == INT64_MAX || l->retain_until >= 0) &&
                 label_join(l, l->sig.sigs[0].sig, &again) == ERR_OK && again.len == l->len &&
                 memcmp(again.p, l->text, l->len) == 0;
    buf_free(&again);
    return plain;
}

static bool follows(const struct compact *c, const struct label *l)
{
    return c->any && strcmp(c->chain, l->chain) == 0 && l->seq == c->seq + 1 && hash_same(&l->prev, &c->hash);
}

enum err compact_write(struct compact *c, const char *own, const void *text, size_t len, const void *batch, size_t n,
                       struct buf *out)
{
    struct label l;
    enum err e = label_parse(&l, text, len);
    if (e || l.len != len)
        return err_set(ERR_DATA, "what should be a label is none");
    if (n) {
        struct hash h = hash_of(batch, n);
        if (n != l.size || !hash_same(&h, &l.object))
            return err_set(ERR_DATA, "the batch of label %llu is damaged; run `feldsher verify`",
                           (unsigned long long)l.seq);
    }
    unsigned flags = n ? 0 : HAS_OBJECT;
    if (!is_plain(&l))
        flags |= WHOLE;
    else
        flags |= (strcmp(expected_chain(c, own), l.chain) ? HAS_CHAIN : 0u) | (follows(c, &l) ? FOLLOWS : 0u) |
                 (hash_is_zero(&l.parts) ? 0u : HAS_PARTS) | (hash_is_zero(&l.frees) ? 0u : HAS_FREES) |
                 (retention_until(l.retain_class, l.time) != l.retain_until ? HAS_UNTIL : 0u) |
                 (c->any && strcmp(c->to, l.to) == 0 && strcmp(c->retain_class, l.retain_class) == 0 ? SAME : 0u);
    e = frame_put_varint(out, flags);
    if (!e && (flags & WHOLE)) {
        e = frame_put_varint(out, len);
        if (!e)
            e = buf_add(out, text, len);
    } else {
        if (!e && (flags & HAS_CHAIN))
            e = put_chain(out, l.chain);
        if (!e)
            e = put_members(c, &l, flags, out);
    }
    if (!e)
        e = buf_add(out, batch, n);
    if (!e)
        remember(c, &l);
    return e;
}

static void get_hash(struct frame_read *r, struct hash *h)
{
    const uint8_t *p = frame_bytes(r, HASH_LEN);
    if (p)
        memcpy(h->b, p, HASH_LEN);
}

static void get_members(const struct compact *c, struct frame_read *r, unsigned flags, struct label *l)
{
    if (flags & FOLLOWS) {
        r->bad = r->bad || !c->any;
        l->seq = c->seq + 1;
        l->prev = c->hash;
    } else {
        l->seq = frame_varint(r);
        get_hash(r, &l->prev);
    }
    l->roster = frame_varint(r);
    l->lane = frame_u8(r);
    get_hash(r, &l->content);
    if (flags & HAS_OBJECT) {
        get_hash(r, &l->object);
        l->size = frame_varint(r);
    }
    if (flags & HAS_PARTS)
        get_hash(r, &l->parts);
    if (flags & HAS_FREES)
        get_hash(r, &l->frees);
    int64_t seconds = frame_signed(r);
    if (seconds > INT64_MAX / 2000 || seconds < -(INT64_MAX / 2000))
        r->bad = true;
    else
        l->time = c->time + seconds * 1000;
    uint64_t count = frame_varint(r);
    l->count = (uint32_t)count;
    r->bad = r->bad || count > UINT32_MAX || l->time < 0 || l->time > INT64_MAX / 2 || ((flags & SAME) && !c->any);
    if (flags & SAME) {
        memcpy(l->to, c->to, sizeof l->to);
        memcpy(l->retain_class, c->retain_class, sizeof l->retain_class);
    } else {
        frame_text(r, l->to, sizeof l->to);
        frame_text(r, l->retain_class, sizeof l->retain_class);
    }
    l->retain_until = retention_until(l->retain_class, l->time);
    if (flags & HAS_UNTIL) {
        uint64_t until = frame_varint(r);
        r->bad = r->bad || until > INT64_MAX / 2000;
        l->retain_until = until && !r->bad ? (int64_t)(until - 1) * 1000 : INT64_MAX;
    }
}

static enum err get_whole(struct frame_read *r, struct buf *text)
{
    uint64_t len = frame_varint(r);
    const uint8_t *p = len <= LABEL_MAX ? frame_bytes(r, (size_t)len) : NULL;
    return p ? buf_add(text, p, (size_t)len) : ERR_OK;
}

enum err compact_read(const struct compact *c, const char *own, const uint8_t *payload, size_t len, struct buf *text,
                      const uint8_t **batch, size_t *n, struct compact *next)
{
    struct frame_read r = {payload, payload + len, false};
    struct label l = {.time = 0};
    uint64_t flags = frame_varint(&r);
    const uint8_t *sig = NULL;
    enum err e = ERR_OK;
    buf_clear(text);
    if (flags >= FLAGS)
        r.bad = true;
    if (!r.bad && (flags & WHOLE)) {
        e = get_whole(&r, text);
    } else if (!r.bad) {
        memcpy(l.chain, expected_chain(c, own), sizeof l.chain);
        const uint8_t *id = flags & HAS_CHAIN ? frame_bytes(&r, 16) : NULL;
        if (id)
            bytes_hex(l.chain, id, 16);
        get_members(c, &r, (unsigned)flags, &l);
        sig = frame_bytes(&r, 64);
    }
    if (r.bad)
        return err_set(ERR_DATA, "a label's frame makes no sense");
    *batch = r.p;
    *n = frame_left(&r);
    if (!e && ((*n != 0) == ((flags & HAS_OBJECT) != 0) || *n > WIRE_INLINE_MAX))
        e = err_set(ERR_DATA, "a label came with a batch that it should not have, or without one");
    if (!e && sig) {
        if (*n) {
            l.object = hash_of(*batch, *n);
            l.size = *n;
        }
        e = label_join(&l, sig, text);
    }
    /* read again as what it is now: nothing but a well-formed label goes on */
    if (!e && (label_parse(&l, (const char *)text->p, text->len) != ERR_OK || l.len != text->len))
        e = err_set(ERR_DATA, "a label's frame makes no label");
    if (!e)
        remember(next, &l);
    return e;
}
