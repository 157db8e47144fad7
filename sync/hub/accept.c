#include "sync/hub/accept.h"

#include "storage/vault/parts.h"

#include <inttypes.h>
#include <string.h>

static enum err bad(enum err e, enum accept_verdict *v)
{
    *v = ACCEPT_BAD;
    return stick_stops(e) ? e : ERR_OK;
}

static enum err clone(const struct accept *a, const struct label *l, enum accept_verdict *v, struct accept_clone *c,
                      struct accept_clone found)
{
    const struct roster_station *st = roster_chain(a->roster, l->chain);
    *v = ACCEPT_CLONED;
    *c = found;
    (void)err_set(ERR_BAD, "another label %" PRIu64 " of this chain is held: station %s was cloned; set aside",
                  found.seq, st ? st->name : l->chain);
    return ERR_OK;
}

/* Its number is held: the same label, or a clone's. */
static enum err judge_known(const struct accept *a, const struct label *l, enum accept_verdict *v,
                            struct accept_clone *c)
{
    struct buf mine = {.max = LABEL_MAX};
    enum err e = a->store->label(a->store, l->chain, l->seq, &mine);
    bool same = !e && mine.len == l->len && memcmp(mine.p, l->text, l->len) == 0;
    struct hash held = hash_of(mine.p, mine.len), other = label_hash(l);
    buf_free(&mine);
    if (e)
        return bad(e, v);
    *v = ACCEPT_KNOWN;
    if (same)
        return ERR_OK;
    e = label_authentic(l, a->roster);
    if (e && e != ERR_DENIED)
        return bad(e, v);
    return clone(a, l, v, c, (struct accept_clone){l->seq, held, other});
}

static enum err over_quota(const struct accept *a, const char *chain)
{
    const struct roster_station *st = roster_chain(a->roster, chain);
    return err_set(ERR_DATA, "station %s is over its quota of %" PRIu64 " bytes; raise it in hub.conf",
                   st ? st->name : chain, a->quota);
}

static bool fits(const struct accept *a, const struct store_chain *at, uint64_t size)
{
    return at->bytes <= a->quota && a->quota - at->bytes >= size;
}

enum err accept_judge(const struct accept *a, const struct store_chain *at, const struct label *l,
                      enum accept_verdict *v, struct accept_clone *c)
{
    if (l->seq <= at->seq)
        return judge_known(a, l, v, c);
    enum err e = label_authentic(l, a->roster);
    if (e && e != ERR_DENIED)
        return bad(e, v);
    *v = ACCEPT_REVOKED;
    if (e)
        return ERR_OK;
    if (at->alarm_seq) {
        const struct roster_station *st = roster_chain(a->roster, l->chain);
        *v = ACCEPT_FROZEN;
        (void)err_set(ERR_DATA, "station %s was cloned, its chain is frozen at label %" PRIu64 "; set aside",
                      st ? st->name : l->chain, at->seq);
        return ERR_OK;
    }
    *v = ACCEPT_EARLY;
    if (l->seq > at->seq + 1)
        return ERR_OK;
    if (!hash_same(&l->prev, &at->head)) {
        if (at->seq)
            return clone(a, l, v, c, (struct accept_clone){at->seq, at->head, l->prev});
        return bad(err_set(ERR_BAD, "label 1 names a label before it"), v);
    }
    *v = ACCEPT_NEXT;
    if (!fits(a, at, l->len)) {
        *v = ACCEPT_QUOTA;
        (void)over_quota(a, l->chain);
    }
    return ERR_OK;
}

enum err accept_append(const struct accept *a, const struct label *l)
{
    uint64_t size;
    enum err e = a->store->append(a->store, l);
    /* its parts list may have come by another label or before a power cut */
    if (!e && !hash_is_zero(&l->parts) && a->store->size(a->store, &l->parts, &size)) {
        e = store_expand(a->store, l->chain, l->seq, &l->parts);
        if (e && !stick_stops(e))
            e = ERR_OK; /* that list is for verify to name */
    }
    return e;
}

enum err accept_room(const struct accept *a, const struct store_need *need, uint64_t size)
{
    struct store_chain at;
    uint64_t room;
    enum err e = a->store->chain(a->store, need->chain, &at);
    if (!e && !fits(a, &at, size))
        return over_quota(a, need->chain);
    if (!e && need->kind == STORE_BLOB) {
        e = a->store->space(a->store, &room);
        if (!e && (room < RESERVE_RECORDS || room - RESERVE_RECORDS < size))
            e = err_set(ERR_FULL, "the hub's disk is full: the rest of the blobs stays where it is");
    }
    return e;
}

static enum err check(const struct buf *text)
{
    struct parts p;
    bool mark;
    struct hash name;
    uint64_t size;
    enum err e = parts_open(&p, (const char *)text->p, text->len);
    while (!e)
        e = parts_next(&p, &mark, &name, &size);
    return e == ERR_END ? ERR_OK : e;
}

struct expanding {
    struct store *store;
    const struct buf *text;
};

static enum err expand(void *ctx, const struct store_need *n)
{
    const struct expanding *x = ctx;
    return n->kind == STORE_PARTS ? store_expand_text(x->store, n->chain, n->seq, x->text) : ERR_OK;
}

static enum err push(void *ctx, sink_fn *sink, void *sink_ctx)
{
    const struct buf *text = ctx;
    return sink(sink_ctx, text->p, text->len);
}

enum err accept_parts(const struct accept *a, const struct store_need *need, const struct buf *text)
{
    struct buf bytes = *text;
    struct expanding x = {a->store, text};
    enum err e = check(text);
    if (!e)
        e = a->store->put(a->store, need->chain, &need->name, text->len, push, &bytes);
    return e ? e : a->store->each_need(a->store, &need->name, expand, &x);
}
