#include "sync/hub/import.h"

#include "sync/folder/have.h"
#include "sync/folder/labels.h"
#include "sync/hub/accept.h"
#include "sync/limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct importing {
    struct import *im;
    struct accept accept;
    struct walk walk;
    unsigned group;       /* changes since begin */
    enum store_kind last; /* objects up to this kind are taken in this round */
};

/* A station's own word about when it was alive, never later than now. */
static enum err spoke(struct importing *in, const struct store_chain *at, int64_t when)
{
    int64_t t = when < in->im->now ? when : in->im->now;
    return t > at->heard ? in->im->store->heard(in->im->store, at->id, t) : ERR_OK;
}

/* One chain of the stick. */
struct arriving {
    struct importing *in;
    const struct roster_station *station;
    struct store_chain at;
    uint64_t accepted;
    int64_t spoke; /* time of the last label accepted; 0: none */
    uint64_t gap;  /* first label that does not follow; 0: none */
    bool stopped;  /* why nothing more is accepted was said */
};

static enum err settle(struct importing *in)
{
    in->group = 0;
    enum err e = in->im->store->commit(in->im->store);
    return e ? e : in->im->store->begin(in->im->store);
}

/* Every HUB_GROUP changes become durable together. */
static enum err next(struct importing *in)
{
    return ++in->group < HUB_GROUP ? ERR_OK : settle(in);
}

/* An object whose bytes do not match its name is worth nothing to anybody;
 * while it stands there at its right size its sender does not write it again. */
static enum err refuse_object(struct importing *in, const char *path, enum err e)
{
    char why[300];
    snprintf(why, sizeof why, "%s", err_text());
    if (e == ERR_BAD && stick_remove(in->im->stick, path) == ERR_OK)
        snprintf(why, sizeof why, "its bytes do not match its name; removed, so that it is written again");
    return stick_stops(e) ? e : refuse_item(in->im->refuse, path, why);
}

static enum err refuse(struct importing *in, const char *name, enum err e)
{
    return stick_stops(e) ? e : refuse_item(in->im->refuse, name, err_text());
}

/* Wrong bytes are kept for looking at, where the station's name is known. */
static enum err quarantine_object(struct importing *in, const char *path, const struct store_need *need)
{
    struct import *im = in->im;
    struct buf bytes = {.max = ASIDE_BYTES_MAX};
    char what[80] = "object ";
    hash_hex(what + 7, &need->name);
    enum err e = stick_read(im->stick, path, ASIDE_BYTES_MAX, &bytes);
    if (e)
        buf_clear(&bytes);
    if (!stick_stops(e))
        e = im->store->refused(im->store, need->chain, what, "its bytes do not match its name", bytes.p, bytes.len);
    buf_free(&bytes);
    return e;
}

static enum err quarantine_label(struct importing *in, const struct label *l, const char *file)
{
    struct import *im = in->im;
    char what[40], why[300];
    snprintf(what, sizeof what, "label %" PRIu64, l->seq);
    snprintf(why, sizeof why, "%s", err_text());
    enum err e = im->store->refused(im->store, l->chain, what, why, l->text, l->len);
    return e ? e : refuse_item(im->refuse, file, why);
}

/* Keeps a label that is not accepted, with its batch if the stick has it. */
static enum err set_aside(struct arriving *a, const struct label *l)
{
    struct import *im = a->in->im;
    struct buf batch = {.max = BATCH_SEALED_MAX};
    char path[80];
    bool kept = false;
    stick_object(path, &l->object);
    enum err e = stick_read(im->stick, path, l->size, &batch);
    struct hash h = hash_of(batch.p, batch.len);
    if (stick_stops(e)) {
        buf_free(&batch);
        return e;
    }
    if (e || batch.len != l->size || !hash_same(&h, &l->object))
        buf_clear(&batch);
    e = im->store->aside(im->store, l, batch.p, batch.len, &kept);
    im->aside += kept;
    buf_free(&batch);
    return e;
}

/* Two validly signed labels of one number. */
static enum err cloned(struct arriving *a, const struct label *l, const char *file, const struct accept_clone *c)
{
    struct import *im = a->in->im;
    enum err e = a->stopped ? ERR_OK : refuse_item(im->refuse, file, err_text());
    a->stopped = true;
    if (!e && !a->at.alarm_seq) {
        e = im->store->alarm(im->store, a->at.id, c->seq, &c->held, &c->other);
        a->at.alarm_seq = c->seq;
        im->alarms++;
        tell_line(im->tell,
                  json_pack("{s:s, s:s, s:s, s:I}", "event", "alarm", "station", a->station->name, "chain", a->at.id,
                            "seq", (json_int_t)c->seq),
                  "ALARM: station %s is cloned: two labels %" PRIu64 " of chain %s; the chain is frozen, both are kept",
                  a->station->name, c->seq, a->at.id);
    }
    return e ? e : set_aside(a, l);
}

/* Said once a chain: nothing more of it is accepted now. */
static enum err stop(struct arriving *a, const char *file)
{
    bool said = a->stopped;
    a->stopped = true;
    return said ? ERR_OK : refuse_item(a->in->im->refuse, file, err_text());
}

static enum err accept(struct arriving *a, const struct label *l)
{
    enum err e = accept_append(&a->in->accept, l);
    if (e)
        return e;
    a->at.seq = l->seq;
    a->at.head = label_hash(l);
    a->spoke = l->time;
    a->at.bytes += l->len;
    a->accepted++;
    return next(a->in);
}

static enum err one_label(void *ctx, const struct label *l, const char *file)
{
    struct arriving *a = ctx;
    struct import *im = a->in->im;
    enum accept_verdict v;
    struct accept_clone c;
    enum err e = accept_judge(&a->in->accept, &a->at, l, &v, &c);
    if (e)
        return e;
    switch (v) {
    case ACCEPT_KNOWN:
        im->known++;
        return ERR_OK;
    case ACCEPT_CLONED:
        return a->stopped && l->seq > a->at.seq ? ERR_OK : cloned(a, l, file, &c);
    case ACCEPT_REVOKED:
    case ACCEPT_FROZEN:
        e = stop(a, file);
        return e ? e : set_aside(a, l);
    case ACCEPT_BAD:
        return quarantine_label(a->in, l, file);
    case ACCEPT_EARLY:
        if (!a->stopped && !a->gap)
            a->gap = l->seq;
        return ERR_OK;
    case ACCEPT_QUOTA:
        im->over_quota += !a->stopped;
        return stop(a, file);
    case ACCEPT_NEXT:
        break;
    }
    return a->stopped ? ERR_OK : accept(a, l);
}

static enum err one_chain(void *ctx, const char *path, const char *name, uint64_t size)
{
    struct importing *in = ctx;
    struct import *im = in->im;
    struct arriving a = {.in = in};
    (void)size;
    a.station = strlen(name) == CHAIN_ID - 1 ? roster_chain(im->roster, name) : NULL;
    if (!a.station)
        return refuse_item(im->refuse, path, "the roster knows no such chain");
    enum err e = im->store->chain(im->store, name, &a.at);
    if (e)
        return e;
    if (a.at.damaged)
        return refuse_item(im->refuse, path, "this hub's own file of that chain is damaged; run `feldsher-hub verify`");
    e = labels_each(&in->walk, name, one_label, &a);
    im->labels += a.accepted;
    if (!e && a.gap > a.at.seq + 1 && !a.stopped) {
        char why[120];
        snprintf(why, sizeof why, "labels %" PRIu64 " to %" PRIu64 " are missing; those behind them wait", a.at.seq + 1,
                 a.gap - 1);
        e = refuse_item(im->refuse, path, why);
    }
    if (!e && a.accepted)
        tell_line(im->tell,
                  json_pack("{s:s, s:s, s:s, s:s, s:I, s:I}", "event", "taken", "kind", "labels", "station",
                            a.station->name, "chain", name, "labels", (json_int_t)a.accepted, "head",
                            (json_int_t)a.at.seq),
                  "station %s: %" PRIu64 " labels taken, up to %" PRIu64, a.station->name, a.accepted, a.at.seq);
    return !e && a.spoke ? spoke(in, &a.at, a.spoke) : e;
}

struct stick_file {
    const struct stick *stick;
    const char *path;
    uint64_t size;
};

static enum err fill_from_stick(void *ctx, sink_fn *sink, void *sink_ctx)
{
    const struct stick_file *f = ctx;
    return stick_stream(f->stick, f->path, f->size, sink, sink_ctx);
}

/* A parts list is read whole and checked before it is kept. */
static enum err take_parts(struct importing *in, const char *path, const struct store_need *need)
{
    struct buf text = {.max = PARTS_MAX};
    enum err e = stick_read(in->im->stick, path, PARTS_MAX, &text);
    if (!e)
        e = accept_parts(&in->accept, need, &text);
    buf_free(&text);
    return e;
}

/* What an object needs to be taken. */
static enum err may_take(struct importing *in, const struct store_need *need, uint64_t size)
{
    enum err e = accept_room(&in->accept, need, size);
    in->im->over_quota += e == ERR_DATA;
    return e;
}

static enum err take(struct importing *in, const char *path, const struct store_need *need, uint64_t size)
{
    struct import *im = in->im;
    struct stick_file f = {im->stick, path, size};
    enum err e = may_take(in, need, size);
    if (!e)
        e = need->kind == STORE_PARTS ? take_parts(in, path, need)
                                      : im->store->put(im->store, need->chain, &need->name, size, fill_from_stick, &f);
    if (e == ERR_BAD && (e = quarantine_object(in, path, need)) == ERR_OK)
        e = err_set(ERR_BAD, "its bytes do not match its name");
    if (e)
        return refuse_object(in, path, e);
    im->objects++;
    im->bytes += size;
    return next(in);
}

static enum err one_object(void *ctx, const char *path, const struct hash *name, uint64_t size)
{
    struct importing *in = ctx;
    struct import *im = in->im;
    struct store_need need;
    char why[120];
    enum err e = im->store->look(im->store, name, size, &need);
    if (e)
        return e;
    if (need.state == STORE_WANTED)
        return need.kind <= in->last ? take(in, path, &need, size) : ERR_OK;
    if (in->last != STORE_BLOB)
        return ERR_OK; /* said in the last round */
    if (need.state == STORE_OTHER_SIZE) {
        snprintf(why, sizeof why, "it has %" PRIu64 " bytes instead of %" PRIu64, size, need.size);
        return refuse_item(im->refuse, path, why);
    }
    if (need.state == STORE_UNKNOWN)
        return refuse_item(im->refuse, path, "no accepted label names it; left where it is");
    im->known++;
    return ERR_OK;
}

/* Parts lists tell which blobs are wanted, so all of them come first. What the
 * walk itself refuses is said in the second round. */
static enum err objects(struct importing *in, enum store_kind last)
{
    struct refuse mute = {.tell = in->im->tell, .n = STICK_REFUSED_LISTED};
    struct walk walk = in->walk;
    in->last = last;
    if (last != STORE_BLOB)
        walk.refuse = &mute;
    enum err e = walk_objects(&walk, one_object, in);
    if (last == STORE_BLOB)
        in->walk.left = walk.left;
    return e;
}

/* A have text tells when its station spoke last; an old stick does not make
 * that younger. */
static enum err one_have(void *ctx, const char *path, const char *name, uint64_t size)
{
    struct importing *in = ctx;
    struct import *im = in->im;
    struct buf text = {.max = HAVE_MAX};
    struct store_chain at;
    struct have *h = NULL;
    (void)name;
    (void)size;
    enum err e = stick_read(im->stick, path, HAVE_MAX, &text);
    if (!e)
        e = have_parse(&h, (const char *)text.p, text.len);
    if (!e)
        e = have_check(h, im->roster);
    if (e) {
        e = e == ERR_DENIED ? ERR_OK : refuse(in, path, e);
    } else {
        e = im->store->chain(im->store, h->chain, &at);
        if (!e)
            e = spoke(in, &at, h->time);
    }
    have_free(h);
    buf_free(&text);
    return e;
}

enum err import_run(struct import *im)
{
    struct importing in = {.im = im, .accept = {im->store, im->roster, im->quota}};
    in.walk = (struct walk){.stick = im->stick, .refuse = im->refuse, .left = STICK_ENTRIES_MAX};
    enum err e = im->store->begin(im->store);
    if (e)
        return e;
    e = walk_folder(&in.walk, "have", WALK_FILE, one_have, &in);
    if (!e)
        e = walk_folder(&in.walk, "labels", WALK_FOLDER, one_chain, &in);
    /* an object is put only when what names it is durable: a power cut leaves
     * none that nobody knows */
    if (!e)
        e = settle(&in);
    if (!e)
        e = objects(&in, STORE_PARTS);
    if (!e)
        e = settle(&in);
    if (!e)
        e = objects(&in, STORE_BLOB);
    /* what came before trouble with our disk is worth keeping */
    char why[1024];
    snprintf(why, sizeof why, "%s", err_text());
    enum err end = im->store->commit(im->store);
    if (e)
        return err_set(e, "%s", why);
    return end;
}
