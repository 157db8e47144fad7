#include "sync/client/outbox.h"

#include "storage/base/file.h"
#include "storage/vault/object.h"
#include "storage/vault/parts.h"
#include "sync/client/standing.h"
#include "sync/folder/have.h"
#include "sync/folder/labels.h"
#include "sync/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct outbox {
    struct client *c;
    struct load *load;
    struct receipt *receipt; /* NULL: none yet */
    struct queue_head head;
    uint64_t from; /* first label that the receipt does not hold whole */
    enum lane lane;
    struct buf text, parts;
};

/* One object of ours on its way out, checked as it goes. */
struct outgoing {
    const char *dir;
    struct hash name;
    uint64_t size;
};

static enum err send_bytes(int fd, const struct outgoing *o, sink_fn *sink, void *ctx)
{
    uint8_t chunk[65536];
    struct hash_state state;
    uint64_t sent = 0;
    hash_init(&state);
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(ERR_BAD, "this station's copy cannot be read");
        if (n == 0)
            break;
        hash_add(&state, chunk, (size_t)n);
        sent += (uint64_t)n;
        enum err e = sink(ctx, chunk, (size_t)n);
        if (e)
            return e;
    }
    struct hash h = hash_end(&state);
    if (sent != o->size || !hash_same(&h, &o->name))
        return err_set(ERR_BAD, "this station's copy is damaged, not sent; run `feldsher verify`");
    return ERR_OK;
}

static enum err fill_object(void *ctx, sink_fn *sink, void *sink_ctx)
{
    const struct outgoing *o = ctx;
    char path[OBJECT_PATH];
    enum err e = object_path(path, o->dir, &o->name);
    if (e)
        return e;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return err_set(ERR_NOINPUT, "it is not in this station's folder; run `feldsher verify`");
    e = send_bytes(fd, o, sink, sink_ctx);
    file_close(&fd);
    return e;
}

static enum err put_object(struct outbox *b, const struct hash *name, uint64_t size)
{
    struct outgoing o = {b->c->in.station->dir, *name, size};
    return load_object(b->load, b->lane, name, size, fill_object, &o);
}

static enum err own_label(void *ctx, uint64_t seq, struct buf *out)
{
    struct outbox *b = ctx;
    enum err e = queue_label(b->c->in.station->queue, b->c->in.station->chain, seq, &b->text);
    return e ? e : buf_add(out, b->text.p, b->text.len);
}

static enum err put_notice(void *ctx, const struct notice *n)
{
    struct outbox *b = ctx;
    char path[64];
    snprintf(path, sizeof path, "notices/%s", n->id);
    return load_text(b->load, LANE_CONTROL, path, n->text.p, n->text.len);
}

static enum err put_control(struct outbox *b)
{
    const struct buf *roster = &b->c->in.station->roster->text;
    uint64_t unheld = b->receipt ? b->receipt->labels + 1 : 1;
    enum err e = load_text(b->load, LANE_CONTROL, "roster", roster->p, roster->len);
    if (!e)
        e = station_each_notice(b->c->in.station, put_notice, b);
    if (!e && unheld <= b->head.seq)
        e = labels_put(b->load, b->c->in.station->chain, unheld, b->head.seq, own_label, b);
    return e;
}

/* Blobs of the list l names. One that is not here is passed over without a
 * word when it was destroyed by order. */
static enum err put_blobs(struct outbox *b, const struct label *l)
{
    const struct station *s = b->c->in.station;
    struct parts p;
    bool mark;
    struct hash name;
    uint64_t size, has;
    char path[80], order[NOTICE_ID];
    stick_object(path, &l->parts);
    enum err e = object_get(s->dir, &l->parts, PARTS_MAX, &b->parts);
    if (!e)
        e = parts_open(&p, (const char *)b->parts.p, b->parts.len);
    if (e)
        return client_refuse(b->c, path, e);
    int destroyed = -1; /* not asked yet */
    while (!e && (e = parts_next(&p, &mark, &name, &size)) == ERR_OK) {
        if (mark)
            continue;
        if (!object_size(s->dir, &name, &has)) {
            if (destroyed < 0)
                destroyed = station_destroyed(s, &l->parts, order);
            if (destroyed)
                continue;
        }
        e = put_object(b, &name, size);
    }
    return e == ERR_END ? ERR_OK : e == ERR_DATA ? client_refuse(b->c, path, e) : e;
}

static bool flagged(const struct outbox *b, const struct hash *parts)
{
    char hex[HASH_HEX];
    struct buf job = {0};
    hash_hex(hex, parts);
    bool yes = queue_job(b->c->in.station->queue, "flag", hex, &job) == ERR_OK;
    buf_free(&job);
    return yes;
}

static enum err put_of_label(struct outbox *b, const struct label *l)
{
    bool held = b->receipt && receipt_holds(b->receipt, l->seq);
    bool held_parts = hash_is_zero(&l->parts) || (b->receipt && receipt_holds_parts(b->receipt, l->seq));
    if (b->lane == LANE_URGENT || b->lane == LANE_BATCH)
        return !held && (l->lane == LANE_URGENT) == (b->lane == LANE_URGENT) ? put_object(b, &l->object, l->size)
                                                                             : ERR_OK;
    if (held_parts)
        return ERR_OK;
    if (b->lane == LANE_CONTROL) {
        uint64_t size;
        char path[80];
        stick_object(path, &l->parts);
        if (!object_size(b->c->in.station->dir, &l->parts, &size))
            return refuse_item(&b->c->refuse, path,
                               "this parts list is not in the station's folder; run `feldsher verify`");
        return put_object(b, &l->parts, size);
    }
    return flagged(b, &l->parts) == (b->lane == LANE_FLAGGED) ? put_blobs(b, l) : ERR_OK;
}

/* Label by label instead of in one query: copying takes long, and others
 * append meanwhile. */
static enum err put_lane(struct outbox *b)
{
    const struct station *s = b->c->in.station;
    struct buf text = {0};
    enum err e = ERR_OK;
    for (uint64_t seq = b->from; seq <= b->head.seq && !e; seq++) {
        struct label l;
        e = queue_label(s->queue, s->chain, seq, &text);
        if (!e)
            e = label_parse(&l, (const char *)text.p, text.len);
        if (!e)
            e = put_of_label(b, &l);
    }
    buf_free(&text);
    if (e == ERR_NOINPUT || e == ERR_DATA || e == ERR_END)
        return err_set(ERR_BAD, "the index queue.db lacks labels of this station; run `feldsher rebuild`");
    return e;
}

enum err outbox_fill(struct client *c, struct load *load, uint64_t *sent)
{
    static const enum lane order[] = {LANE_URGENT, LANE_BATCH, LANE_CONTROL, LANE_FLAGGED, LANE_BLOB};
    struct outbox b = {.c = c, .load = load, .from = 1, .parts = {.max = PARTS_MAX}};
    *sent = 0;
    enum err e = standing_receipt(&c->in, &b.receipt);
    if (!e)
        e = queue_head(c->in.station->queue, c->in.station->chain, &b.head);
    if (b.receipt) {
        b.from = b.receipt->labels + 1;
        if (b.receipt->n_missing && b.receipt->missing[0] < b.from)
            b.from = b.receipt->missing[0];
        if (b.receipt->n_parts_missing && b.receipt->parts_missing[0] < b.from)
            b.from = b.receipt->parts_missing[0];
    }
    if (!e)
        e = put_control(&b);
    for (size_t i = 0; i < sizeof order / sizeof order[0] && !e; i++) {
        b.lane = order[i];
        e = put_lane(&b);
    }
    if (!e && b.head.seq >= b.from)
        *sent = b.head.seq - b.from + 1;
    receipt_free(b.receipt);
    buf_free(&b.text);
    buf_free(&b.parts);
    return e;
}

static enum err have_chain(void *ctx, const char *chain, const struct queue_head *head)
{
    return have_add_head(ctx, chain, head->seq, &head->hash);
}

static enum err have_notice_id(void *ctx, const struct notice *n)
{
    return have_add_notice(ctx, n->id);
}

static enum err have_job(void *ctx, const char *name, const char *text, size_t n)
{
    struct hash parts;
    struct want_spans spans;
    want_parse(&spans, text, n);
    for (size_t i = 0; i < spans.n; i++)
        if (spans.span[i].last > INT64_MAX)
            spans.n = 0;
    return hash_unhex(&parts, name, strlen(name)) ? have_add_want(ctx, &parts, &spans) : ERR_OK;
}

enum err outbox_have(struct client *c)
{
    const struct station *s = c->in.station;
    struct have h = {.roster = s->roster->number};
    enum clock_mark mark;
    char path[STICK_NAME_MAX];
    snprintf(h.station, sizeof h.station, "%s", s->name);
    snprintf(h.chain, sizeof h.chain, "%s", s->chain);
    h.time = station_now(s, &mark);
    enum err e = queue_each_chain(s->queue, have_chain, &h);
    if (!e)
        e = station_each_notice(s, have_notice_id, &h);
    if (!e)
        e = queue_each_job(s->queue, "want", have_job, &h);
    if (!e)
        e = have_write(&h, s->link);
    snprintf(path, sizeof path, "have/%s", s->chain);
    if (!e)
        e = stick_put(&c->stick, path, h.text.p, h.text.len);
    buf_free(&h.text);
    free(h.heads);
    free(h.notices);
    free(h.wants);
    if (e == ERR_FULL || e == ERR_DATA)
        return refuse_item(&c->refuse, path, err_text());
    return e;
}
