#include "sync/hub/expire.h"

#include "storage/base/clock.h"
#include "storage/base/file.h"
#include "storage/base/log.h"
#include "storage/vault/parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Whether somebody else's need of a blob keeps it. */
struct others {
    const struct expire *x;
    bool destroying;
    bool kept;
};

static enum err one_owner(void *ctx, const struct store_need *n)
{
    struct others *o = ctx;
    struct buf text = {.max = LABEL_MAX};
    struct label l;
    if (o->kept || n->kind != STORE_BLOB)
        return ERR_OK;
    enum err e = o->x->store->label(o->x->store, n->chain, n->seq, &text);
    if (!e)
        e = label_parse(&l, (const char *)text.p, text.len);
    if (e) {
        o->kept = true; /* what cannot be read may say: keep */
    } else {
        o->kept = orders_held(o->x->orders, &l.parts) ||
                  (!o->destroying && (l.retain_until == INT64_MAX || l.retain_until > o->x->as_of));
    }
    buf_free(&text);
    return stick_stops(e) ? e : ERR_OK;
}

struct gone {
    uint64_t blobs, bytes;   /* removed now */
    uint64_t all, all_bytes; /* of the list, and not here any more */
    uint64_t kept;
};

/* Removes the blobs of a list that nothing else keeps. The first one is
 * preceded by the line that says so. */
static enum err remove_list(struct expire *x, const struct hash *list, const char *order, struct gone *g)
{
    struct buf text = {.max = PARTS_MAX};
    struct parts p;
    bool mark, said = false;
    struct hash name;
    uint64_t size, freed;
    enum err e = store_read(x->store, list, PARTS_MAX, &text);
    if (!e)
        e = parts_open(&p, (const char *)text.p, text.len);
    while (!e && (e = parts_next(&p, &mark, &name, &size)) == ERR_OK) {
        struct others o = {x, order[0] != '\0', false};
        struct store_need need;
        if (mark)
            continue;
        e = x->store->look(x->store, &name, size, &need);
        g->all += need.state == STORE_REMOVED;
        g->all_bytes += need.state == STORE_REMOVED ? size : 0;
        if (e || need.state == STORE_REMOVED || (need.state != STORE_HELD && !order[0]))
            continue;
        e = x->store->each_need(x->store, &name, one_owner, &o);
        if (!e && o.kept) {
            g->kept++;
            continue;
        }
        if (!e && !said)
            e = x->store->retire(x->store, list, order, x->now);
        said = true;
        if (!e)
            e = x->store->remove(x->store, &name, &freed);
        if (!e) {
            g->all++;
            g->all_bytes += size;
            g->blobs += need.state == STORE_HELD;
            g->bytes += freed;
        }
    }
    buf_free(&text);
    return e == ERR_END ? ERR_OK : e;
}

/* One list in one transaction. */
static enum err remove_durably(struct expire *x, const struct hash *list, const char *order, struct gone *g)
{
    *g = (struct gone){0};
    enum err e = x->store->begin(x->store);
    if (e)
        return e;
    e = remove_list(x, list, order, g);
    if (e && stick_stops(e)) {
        x->store->rollback(x->store);
        return e;
    }
    enum err end = x->store->commit(x->store);
    x->lists += g->blobs > 0;
    x->blobs += g->blobs;
    x->bytes += g->bytes;
    return end ? end : e;
}

static enum err one_order(struct expire *x, const struct notice *n)
{
    struct gone g;
    if (orders_held(x->orders, &n->parts)) {
        x->held++;
        tell_line(x->tell, json_pack("{s:s, s:s, s:s}", "event", "order", "id", n->id, "state", "held"),
                  "order %s: the recording is on hold, nothing is removed", n->id);
        return ERR_OK;
    }
    enum err e = remove_durably(x, &n->parts, n->id, &g);
    if (e && !stick_stops(e)) {
        tell_line(x->tell, json_pack("{s:s, s:s, s:s}", "event", "order", "id", n->id, "state", "absent"),
                  "order %s: its parts list is not here", n->id);
        return ERR_OK;
    }
    if (!e && g.kept) {
        x->held++;
        tell_line(x->tell,
                  json_pack("{s:s, s:s, s:s, s:I}", "event", "order", "id", n->id, "state", "partly", "kept",
                            (json_int_t)g.kept),
                  "order %s: %" PRIu64 " blobs also belong to a recording on hold and stay", n->id, g.kept);
        return ERR_OK;
    }
    if (!e && x->confirm)
        e = x->confirm(x->ctx, n, g.all, g.all_bytes);
    if (!e && g.blobs) {
        x->orders_done++;
        tell_line(x->tell,
                  json_pack("{s:s, s:s, s:s, s:I, s:I}", "event", "order", "id", n->id, "state", "done", "blobs",
                            (json_int_t)g.blobs, "bytes", (json_int_t)g.bytes),
                  "order %s: %" PRIu64 " blobs destroyed (%" PRIu64 " bytes)", n->id, g.blobs, g.bytes);
    }
    return e;
}

static enum err one_label(struct expire *x, const struct label *l)
{
    struct gone g;
    if (hash_is_zero(&l->parts) || l->retain_until == INT64_MAX || l->retain_until > x->as_of)
        return ERR_OK;
    if (orders_held(x->orders, &l->parts)) {
        x->held++;
        return ERR_OK;
    }
    enum err e = remove_durably(x, &l->parts, "", &g);
    if (!e && g.blobs)
        tell_line(x->tell,
                  json_pack("{s:s, s:s, s:I, s:I, s:I}", "event", "expired", "chain", l->chain, "seq",
                            (json_int_t)l->seq, "blobs", (json_int_t)g.blobs, "bytes", (json_int_t)g.bytes),
                  "chain %s label %" PRIu64 ": retention ended, %" PRIu64 " blobs removed (%" PRIu64 " bytes)",
                  l->chain, l->seq, g.blobs, g.bytes);
    return e && !stick_stops(e) ? ERR_OK : e; /* the list is not here: nor are its blobs */
}

static enum err one_chain(void *ctx, const struct store_chain *c)
{
    struct expire *x = ctx;
    struct buf text = {.max = LABEL_MAX};
    enum err e = ERR_OK;
    for (uint64_t seq = 1; seq <= c->seq && !e; seq++) {
        struct label l;
        e = x->store->label(x->store, c->id, seq, &text);
        if (!e)
            e = label_parse(&l, (const char *)text.p, text.len);
        if (!e)
            e = one_label(x, &l);
        else if (!stick_stops(e))
            e = ERR_OK; /* damaged: for verify to name, and nothing of it is removed */
    }
    buf_free(&text);
    return e;
}

enum err expire_run(struct expire *x)
{
    enum err e = ERR_OK;
    for (size_t i = 0; i < x->orders->n && !e; i++)
        if (x->orders->all[i]->kind == NOTICE_DESTROY)
            e = one_order(x, x->orders->all[i]);
    return e ? e : x->store->each_chain(x->store, one_chain, x);
}

enum err expire_confirm(struct hub *h, const struct notice *order, uint64_t blobs, uint64_t bytes)
{
    char name[64], path[4096], parts[HASH_HEX], when[CLOCK_TEXT];
    struct buf text = {0};
    snprintf(name, sizeof name, "confirmations/%s", order->id);
    enum err e = hub_path(h, path, name);
    if (e || file_exists(path))
        return e;
    hash_hex(parts, &order->parts);
    clock_text(when, hub_now(h, order->time));
    e = buf_fmt(&text,
                "feldsher-confirmation 1\norder: %s\nhub: %s\nrecording: %s\nparts: %s\nblobs: %" PRIu64
                "\nbytes: %" PRIu64 "\ntime: %s\n",
                order->id, h->name, order->recording, parts, blobs, bytes, when);
    if (!e)
        e = sign_add(&text, NULL, h->sign);
    if (!e)
        e = file_write(path, text.p, text.len, 0600);
    if (!e)
        log_line("order %s carried out", order->id);
    buf_free(&text);
    return e;
}
