#include "sync/hub/export.h"

#include "storage/base/file.h"
#include "storage/vault/parts.h"
#include "sync/folder/labels.h"
#include "sync/hub/orders.h"
#include "sync/hub/receipts.h"
#include "sync/hub/targets.h"
#include "sync/limits.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct exporting {
    struct export *x;
    struct store *store;
    const struct roster *roster;
    struct targets targets;
    const struct target *target;
    const struct route *route;
    enum lane lane;
    struct buf text;
};

struct stored {
    struct store *store;
    struct hash name;
};

static enum err fill_from_store(void *ctx, sink_fn *sink, void *sink_ctx)
{
    const struct stored *o = ctx;
    return o->store->get(o->store, &o->name, sink, sink_ctx);
}

/* An object if this hub holds it. */
static enum err put_object(struct exporting *in, enum lane lane, const struct hash *name, bool *held)
{
    struct stored o = {in->store, *name};
    uint64_t size;
    *held = in->store->size(in->store, name, &size);
    return *held ? load_object(in->x->load, lane, name, size, fill_from_store, &o) : ERR_OK;
}

static enum err put_notices(struct exporting *in)
{
    struct orders all;
    enum err e = orders_read(&all, in->x->hub->dir, in->roster);
    for (size_t i = 0; i < all.n && !e; i++) {
        const struct notice *n = all.all[i];
        bool lacking = false;
        char path[64];
        for (size_t k = 0; k < in->targets.n && !lacking; k++)
            lacking = !in->targets.list[k].have || !have_notice(in->targets.list[k].have, n->id);
        snprintf(path, sizeof path, "notices/%s", n->id);
        if (lacking)
            e = load_text(in->x->load, LANE_CONTROL, path, n->text.p, n->text.len);
    }
    orders_free(&all);
    return e;
}

static enum err put_receipt(struct exporting *in, const char *chain, bool fresh)
{
    struct buf text = {.max = RECEIPT_MAX};
    char path[STICK_NAME_MAX];
    enum err e = fresh ? receipts_fresh(in->x->hub, chain, &text) : receipts_read(in->x->hub, chain, &text);
    snprintf(path, sizeof path, "receipts/%s.%s", chain, in->x->hub->name);
    if (!e)
        e = load_text(in->x->load, LANE_CONTROL, path, text.p, text.len);
    buf_free(&text);
    return e == ERR_NOINPUT ? ERR_OK : e;
}

/* A receipt of its own chain with the time now: it tells a station that was
 * restored that its hub has seen it. Those of the others as they are. */
static enum err put_receipts(struct exporting *in, const struct target *t)
{
    enum err e = put_receipt(in, t->station->chain, true);
    for (size_t i = 0; i < t->n_routes && !e; i++)
        if (!t->routes[i].own)
            e = put_receipt(in, t->routes[i].chain, false);
    return e;
}

static enum err put_confirmations(struct exporting *in)
{
    char folder[4096], path[4096], name[STICK_NAME_MAX];
    enum err e = hub_path(in->x->hub, folder, "confirmations");
    DIR *d = e ? NULL : opendir(folder);
    if (!d)
        return e ? e : errno == ENOENT ? ERR_OK : err_errno(ERR_IO, "cannot read %s", folder);
    for (struct dirent *f; !e && (f = readdir(d)) != NULL;) {
        if (strlen(f->d_name) != NOTICE_ID - 1)
            continue;
        snprintf(name, sizeof name, "confirmations/%s.%s", f->d_name, in->x->hub->name);
        e = file_path(path, folder, f->d_name);
        if (!e)
            e = file_read(path, NOTICE_MAX, &in->text);
        if (!e)
            e = load_text(in->x->load, LANE_CONTROL, name, in->text.p, in->text.len);
    }
    closedir(d);
    return e;
}

static enum err stored_label(void *ctx, uint64_t seq, struct buf *out)
{
    struct exporting *in = ctx;
    enum err e = in->store->label(in->store, in->route->chain, seq, &in->text);
    return e ? e : buf_add(out, in->text.p, in->text.len);
}

static enum err put_labels(struct exporting *in)
{
    const struct route *r = in->route;
    return r->from <= r->upto ? labels_put(in->x->load, r->chain, r->from, r->upto, stored_label, in) : ERR_OK;
}

/* Objects of the labels that are delivered, of one lane. */
static enum err put_objects(struct exporting *in)
{
    const struct route *r = in->route;
    enum err e = ERR_OK;
    bool held;
    for (uint64_t seq = r->from; seq <= r->upto && !e; seq++) {
        struct label l;
        e = in->store->label(in->store, r->chain, seq, &in->text);
        if (!e)
            e = label_parse(&l, (const char *)in->text.p, in->text.len);
        if (e || (!r->own && !roster_delivers(in->roster, in->target->station, l.to)))
            continue;
        bool urgent = l.lane == LANE_URGENT;
        if (in->lane == LANE_CONTROL && !hash_is_zero(&l.parts))
            e = put_object(in, LANE_CONTROL, &l.parts, &held);
        else if (in->lane != LANE_CONTROL && urgent == (in->lane == LANE_URGENT))
            e = put_object(in, in->lane, &l.object, &held);
    }
    return e;
}

static enum err each_route(struct exporting *in, enum err (*fn)(struct exporting *in))
{
    enum err e = ERR_OK;
    for (size_t i = 0; i < in->targets.n && !e; i++) {
        in->target = &in->targets.list[i];
        for (size_t k = 0; k < in->target->n_routes && !e; k++) {
            in->route = &in->target->routes[k];
            e = fn(in);
        }
        /* a label that our own file does not give any more is verify's to
         * name; the other stations get theirs */
        if (e == ERR_BAD || e == ERR_DATA)
            e = refuse_item(in->x->load->refuse, in->target->station->name, err_text());
    }
    return e;
}

struct asking {
    const struct exporting *in;
    bool allowed;
};

/* A station may have blobs whose label is delivered to it. */
static enum err may_have(void *ctx, const struct store_need *n)
{
    struct asking *a = ctx;
    const struct exporting *in = a->in;
    struct buf text = {.max = LABEL_MAX};
    struct label l;
    if (n->kind != STORE_PARTS || a->allowed)
        return ERR_OK;
    enum err e = in->store->label(in->store, n->chain, n->seq, &text);
    if (!e)
        e = label_parse(&l, (const char *)text.p, text.len);
    if (!e)
        a->allowed =
            strcmp(n->chain, in->target->station->chain) == 0 || roster_delivers(in->roster, in->target->station, l.to);
    buf_free(&text);
    return stick_stops(e) ? e : ERR_OK;
}

static enum err put_want(struct exporting *in, const struct have_want *want)
{
    const struct hash *list = &want->parts;
    struct asking a = {in, false};
    struct buf text = {.max = PARTS_MAX};
    struct parts p;
    bool mark, held;
    struct hash name;
    uint64_t size, absent = 0, blob = 0;
    char path[80];
    stick_object(path, list);
    enum err e = in->store->each_need(in->store, list, may_have, &a);
    if (!e && !a.allowed) {
        char why[160];
        snprintf(why, sizeof why, "station %s asks for its blobs, and no label held here delivers them to it",
                 in->target->station->name);
        return refuse_item(in->x->load->refuse, path, why);
    }
    if (!e)
        e = put_object(in, LANE_CONTROL, list, &held);
    if (!e)
        e = store_read(in->store, list, PARTS_MAX, &text);
    if (!e)
        e = parts_open(&p, (const char *)text.p, text.len);
    while (!e && (e = parts_next(&p, &mark, &name, &size)) == ERR_OK) {
        held = true;
        if (!mark && want_covers(&want->spans, blob++))
            e = put_object(in, LANE_FLAGGED, &name, &held);
        absent += !held;
    }
    buf_free(&text);
    in->x->absent += absent;
    if (absent)
        tell_line(&in->x->hub->tell,
                  json_pack("{s:s, s:s, s:s, s:I}", "event", "absent", "station", in->target->station->name, "path",
                            path, "blobs", (json_int_t)absent),
                  "station %s asks for a recording of which %" PRIu64 " blobs are not here", in->target->station->name,
                  absent);
    return e == ERR_END || e == ERR_NOINPUT || e == ERR_DATA || e == ERR_BAD ? ERR_OK : e;
}

static enum err put_wants(struct exporting *in)
{
    enum err e = ERR_OK;
    for (size_t i = 0; i < in->targets.n && !e; i++) {
        in->target = &in->targets.list[i];
        for (size_t k = 0; in->target->have && k < in->target->have->n_wants && !e; k++)
            e = put_want(in, &in->target->have->wants[k]);
    }
    return e;
}

static enum err put_all(struct exporting *in)
{
    static const enum lane lanes[] = {LANE_URGENT, LANE_BATCH, LANE_CONTROL};
    const struct buf *roster = &in->roster->text;
    uint64_t reserve = in->x->load->reserve;
    in->x->load->reserve = 0; /* it is kept free for receipts */
    enum err e = load_text(in->x->load, LANE_CONTROL, "roster", roster->p, roster->len);
    if (!e)
        e = put_notices(in);
    for (size_t i = 0; i < in->targets.n && !e; i++)
        e = put_receipts(in, &in->targets.list[i]);
    if (!e)
        e = put_confirmations(in);
    in->x->load->reserve = reserve;
    if (!e)
        e = each_route(in, put_labels);
    for (size_t i = 0; i < sizeof lanes / sizeof lanes[0] && !e; i++) {
        in->lane = lanes[i];
        e = each_route(in, put_objects);
    }
    return e ? e : put_wants(in);
}

/* Clearing a full stick: blobs that this hub holds have arrived. */
struct clearing {
    struct exporting *in;
    bool wanted; /* of the blob looked at */
    uint64_t removed, bytes;
};

static enum err is_wanted(void *ctx, const struct store_need *n)
{
    struct clearing *k = ctx;
    const struct exporting *in = k->in;
    struct buf text = {.max = LABEL_MAX};
    struct label l;
    if (k->wanted || n->kind != STORE_BLOB)
        return ERR_OK;
    enum err e = in->store->label(in->store, n->chain, n->seq, &text);
    if (!e)
        e = label_parse(&l, (const char *)text.p, text.len);
    for (size_t i = 0; !e && i < in->targets.n; i++) {
        const struct have *h = in->targets.list[i].have;
        for (size_t w = 0; h && w < h->n_wants; w++)
            k->wanted = k->wanted || hash_same(&h->wants[w].parts, &l.parts);
    }
    buf_free(&text);
    k->wanted = k->wanted || e; /* what cannot be told stays */
    return stick_stops(e) ? e : ERR_OK;
}

static enum err clear_object(void *ctx, const char *path, const struct hash *name, uint64_t size)
{
    struct clearing *k = ctx;
    const struct exporting *in = k->in;
    struct store_need need;
    enum err e = in->store->look(in->store, name, size, &need);
    if (e || need.state != STORE_HELD || need.kind != STORE_BLOB)
        return e;
    k->wanted = false;
    e = in->store->each_need(in->store, name, is_wanted, k);
    if (!e && !k->wanted) {
        e = stick_remove(in->x->stick, path);
        k->removed += e == ERR_OK;
        k->bytes += e ? 0 : size;
    }
    return stick_stops(e) ? e : ERR_OK;
}

/* Puts everything; on a full stick, makes room and does it again. */
static enum err fill(struct exporting *in)
{
    struct clearing k = {.in = in};
    struct refuse mute = {.tell = &in->x->hub->tell, .n = STICK_REFUSED_LISTED};
    struct walk walk = *in->x->walk;
    struct load *load = in->x->load, first;
    char size[TELL_SIZE];
    enum err e = put_all(in);
    if (e || !load->full)
        return e;
    walk.refuse = &mute;
    e = walk_objects(&walk, clear_object, &k);
    if (e || k.removed == 0)
        return e;
    tell_size(size, k.bytes);
    tell_line(
        &in->x->hub->tell,
        json_pack("{s:s, s:I, s:I}", "event", "cleared", "blobs", (json_int_t)k.removed, "bytes", (json_int_t)k.bytes),
        "room made on the stick: %" PRIu64 " blobs that this hub holds removed (%s)", k.removed, size);
    first = *load;
    in->x->absent = 0;
    e = load_begin(load, in->x->stick, load->refuse, false);
    if (!e)
        e = put_all(in);
    load_merge(load, &first);
    return e;
}

enum err export_run(struct export *x, const char *const *names, size_t n)
{
    struct exporting in = {.x = x, .store = x->hub->store, .roster = x->hub->roster};
    enum err e = targets_read(&in.targets, x->walk, in.roster);
    for (size_t i = 0; i < n && !e; i++)
        e = targets_name(&in.targets, in.roster, names[i]);
    if (!e && in.targets.n == 0 && in.targets.revoked == 0 && x->walk->refuse->n == 0)
        e = err_set(ERR_NOINPUT, "no station's have text stands on this stick; name stations with --station NAME");
    if (!e)
        e = targets_route(&in.targets, in.store, in.roster);
    if (!e)
        e = fill(&in);
    x->targets = in.targets.n;
    targets_free(&in.targets);
    buf_free(&in.text);
    return e;
}
