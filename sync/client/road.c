#include "sync/client/road_inside.h"

#include "storage/base/clock.h"
#include "storage/base/file.h"
#include "storage/base/lang.h"
#include "storage/base/text.h"
#include "storage/vault/object.h"
#include "sync/client/standing.h"
#include "sync/folder/stick.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void item_name(char out[static HASH_HEX + CHAIN_ID], const struct wire_item *item)
{
    char hex[HASH_HEX];
    hash_hex(hex, &item->name);
    if (item->kind == WIRE_LABEL)
        snprintf(out, HASH_HEX + CHAIN_ID, "hub/%s/%" PRIu64, item->chain, item->seq);
    else
        snprintf(out, HASH_HEX + CHAIN_ID, "hub/%s", hex);
}

enum err road_refuse(struct road *r, const struct wire_item *item, bool theirs, const char *why)
{
    char name[HASH_HEX + CHAIN_ID], text[512];
    struct buf shown = {.max = 4096};
    item_name(name, item);
    enum err e = text_escape(&shown, why, strlen(why));
    if (!e)
        snprintf(text, sizeof text, "%s%s", theirs ? "the hub refused it: " : "",
                 shown.p ? (const char *)shown.p : "no reason given");
    buf_free(&shown);
    if (e)
        return e;
    r->news.refused++;
    tell_line(&r->in->tell, json_pack("{s:s, s:s, s:s}", "event", "refused", "name", name, "why", text),
              _("refused: %s: %s"), name, text);
    return queue_set_job(r->in->station->queue, "quarantine", name, text, strlen(text));
}

struct names {
    struct buf list; /* NUL-ended, one behind the other */
};

static enum err add_name(void *ctx, const char *name, const char *text, size_t n)
{
    struct names *all = ctx;
    (void)text;
    (void)n;
    return strncmp(name, "hub/", 4) == 0 ? buf_add(&all->list, name, strlen(name) + 1) : ERR_OK;
}

enum err road_forget(struct taking *t)
{
    struct names all = {0};
    enum err e = queue_each_job(t->station->queue, "quarantine", add_name, &all);
    for (size_t i = 0; i < all.list.len && !e; i += strlen((char *)all.list.p + i) + 1)
        e = queue_end_job(t->station->queue, "quarantine", (char *)all.list.p + i);
    buf_free(&all.list);
    return e;
}

/* A restored backup, or a disk that was put back: the hub holds more of our
 * chain than we do, so nothing may be appended before the rest is here. The
 * time is the hub's, since that is what its receipts bear. */
static enum err hub_is_ahead(struct road *r, const struct wire_hello *h)
{
    struct station *s = r->in->station;
    struct queue_head head;
    struct buf job = {0};
    char when[CLOCK_TEXT], text[128];
    enum err e = queue_head(s->queue, s->chain, &head);
    if (e || h->seq <= head.seq || queue_job(s->queue, "restored", s->chain, &job) == ERR_OK) {
        buf_free(&job);
        return e;
    }
    err_clear();
    clock_text(when, h->clock - 1000);
    snprintf(text, sizeof text, "%s the hub holds %" PRIu64 " labels of this station, here are %" PRIu64, when, h->seq,
             head.seq);
    return queue_set_job(s->queue, "restored", s->chain, text, strlen(text));
}

static enum err compare_clocks(struct road *r, const struct wire_hello *h)
{
    struct queue *q = r->in->station->queue;
    char text[32];
    /* it said hello half a round trip after our side of TLS was done */
    r->news.skew = r->wall + (int64_t)(r->rtt / 2) - h->clock;
    int64_t off = r->news.skew < 0 ? -r->news.skew : r->news.skew;
    if (off <= ROAD_SKEW_MAX)
        return queue_end_job(q, "clock", "hub");
    snprintf(text, sizeof text, "%+" PRId64, r->news.skew / 1000);
    return queue_set_job(q, "clock", "hub", text, strlen(text));
}

static enum err hello(void *ctx, const struct wire_hello *h)
{
    struct road *r = ctx;
    const struct roster *roster = r->in->station->roster;
    if (h->role != WIRE_HUB || strcmp(h->name, r->hub) != 0)
        return err_set(ERR_DATA, "it says that it is %.63s, but has the key of hub %s", h->name, r->hub);
    r->news.met = true;
    r->news.events++;
    enum err e = compare_clocks(r, h);
    if (!e)
        e = hub_is_ahead(r, h);
    if (!e)
        e = offers_hello(r->way, h);
    if (!e && h->roster < roster->number) {
        struct wire_item item = {.kind = WIRE_ROSTER,
                                 .lane = LANE_CONTROL,
                                 .name = hash_of(roster->text.p, roster->text.len),
                                 .size = roster->text.len,
                                 .sent = roster->text.len > WIRE_INLINE_MAX ? WIRE_ASK : 0};
        e = wire_offer(r->wire, &item);
    }
    return e;
}

static int by_id(const void *a, const void *b)
{
    const struct road_notice *x = a, *y = b;
    return memcmp(x->id, y->id, NOTICE_ID);
}

static enum err hub_notices(void *ctx, const char (*ids)[NOTICE_ID], size_t n, bool last)
{
    struct road *r = ctx;
    for (size_t i = 0; i < n; i++) {
        struct road_notice key;
        memcpy(key.id, ids[i], NOTICE_ID);
        struct road_notice *mine = r->n_notices ? bsearch(&key, r->notices, r->n_notices, sizeof key, by_id) : NULL;
        if (mine)
            mine->theirs = true;
    }
    r->notices_known = r->notices_known || last;
    return ERR_OK;
}

static enum err offer_notices(struct road *r)
{
    enum err e = ERR_OK;
    for (; r->notices_known && r->next_notice < r->n_notices && !e; r->next_notice++) {
        const struct road_notice *n = &r->notices[r->next_notice];
        struct wire_item item = {.kind = WIRE_NOTICE, .lane = LANE_CONTROL, .name = n->name, .size = n->size};
        e = n->theirs ? ERR_OK : wire_offer(r->wire, &item);
        if (e == ERR_AGAIN)
            return ERR_OK; /* the lane is full: the next time */
    }
    return e;
}

static void end(void *ctx, enum wire_end why, const char *text)
{
    struct road *r = ctx;
    r->news.ended = true;
    r->news.why = why;
    snprintf(r->news.text, sizeof r->news.text, "%s", text);
}

/* The text of a notice or a roster of ours by its hash. */
static enum err own_text(const struct road *r, const struct wire_item *item, struct buf *out)
{
    const struct station *s = r->in->station;
    char name[64], path[4096];
    enum err e = err_set(ERR_NOINPUT, "it is not here any more");
    if (item->kind == WIRE_ROSTER)
        e = buf_add(out, s->roster->text.p, s->roster->text.len);
    for (size_t i = 0; item->kind == WIRE_NOTICE && i < r->n_notices; i++)
        if (hash_same(&r->notices[i].name, &item->name)) {
            snprintf(name, sizeof name, "notices/%s", r->notices[i].id);
            e = file_path(path, s->dir, name);
            if (!e)
                e = file_read(path, NOTICE_MAX, out);
            break;
        }
    struct hash now = {{0}};
    if (!e)
        now = hash_of(out->p, out->len);
    if (!e && !hash_same(&now, &item->name))
        e = err_set(ERR_NOINPUT, "a newer one is here");
    return e;
}

/* A short batch goes with its label, when it is whole here. */
static enum err own_label(const struct road *r, uint64_t seq, struct buf *text, struct buf *batch)
{
    const struct station *s = r->in->station;
    struct label l;
    enum err e = queue_label(s->queue, s->chain, seq, text);
    if (!e)
        e = label_parse(&l, (const char *)text->p, text->len);
    if (!e && l.size <= WIRE_INLINE_MAX && object_get(s->dir, &l.object, WIRE_INLINE_MAX, batch) != ERR_OK) {
        buf_clear(batch);
        err_clear();
    }
    return e == ERR_END ? err_set(ERR_BAD, "label %" PRIu64 " is damaged in the index; run `feldsher rebuild`", seq)
                        : e;
}

static enum err load(void *ctx, const struct wire_item *item, struct buf *text, struct buf *batch)
{
    struct road *r = ctx;
    enum err e = item->kind == WIRE_LABEL ? own_label(r, item->seq, text, batch) : own_text(r, item, text);
    r->own_fault = e != ERR_OK;
    return e;
}

static enum err read_object(struct road *r, const struct wire_item *item, uint64_t offset, void *p, size_t n)
{
    char path[OBJECT_PATH];
    if (r->source.fd < 0 || !hash_same(&r->source.name, &item->name)) {
        file_close(&r->source.fd);
        enum err e = object_path(path, r->in->station->dir, &item->name);
        if (e)
            return e;
        r->source.fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (r->source.fd < 0)
            return err_set(ERR_NOINPUT, "it is not in this station's folder; run `feldsher verify`");
        r->source.name = item->name;
    }
    for (size_t done = 0; done < n;) {
        ssize_t got = pread(r->source.fd, (char *)p + done, n - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return err_set(ERR_BAD, "this station's copy is damaged, not sent; run `feldsher verify`");
        done += (size_t)got;
    }
    return ERR_OK;
}

static enum err read_item(void *ctx, const struct wire_item *item, uint64_t offset, void *p, size_t n)
{
    struct road *r = ctx;
    struct buf text = {.max = ROSTER_MAX};
    enum err e = ERR_OK;
    if (item->kind == WIRE_ROSTER || item->kind == WIRE_NOTICE) {
        e = own_text(r, item, &text);
        if (!e && (offset > text.len || n > text.len - offset))
            e = err_set(ERR_BUG, "more of a text was asked for than there is");
        if (!e && text.p)
            memcpy(p, text.p + offset, n);
        buf_free(&text);
    } else {
        e = read_object(r, item, offset, p, n);
    }
    r->own_fault = e != ERR_OK;
    return e;
}

static void answered(void *ctx, const struct wire_item *item, enum wire_answer a, uint64_t kept, const char *why)
{
    struct road *r = ctx;
    bool own = r->own_fault;
    (void)kept;
    r->own_fault = false;
    r->news.events++;
    if (a == WIRE_KEPT)
        return;
    r->news.given += a == WIRE_GOOD;
    r->news.later += a == WIRE_LATER;
    if (item->kind <= WIRE_BLOB)
        offers_answered(r->way, item, a, why);
    if (a == WIRE_BAD && road_refuse(r, item, !own, why) != ERR_OK)
        wire_finish(r->wire, WIRE_END_LATER, err_text());
}

static enum err add_notice(void *ctx, const struct notice *n)
{
    struct road *r = ctx;
    struct road_notice *more = reallocarray(r->notices, r->n_notices + 1, sizeof *more);
    if (!more)
        return err_set(ERR_NOMEM, "out of memory");
    r->notices = more;
    struct road_notice *one = &more[r->n_notices++];
    *one = (struct road_notice){.name = hash_of(n->text.p, n->text.len), .size = n->text.len};
    memcpy(one->id, n->id, NOTICE_ID);
    return ERR_OK;
}

struct heads {
    const char *own;
    struct wire_head *v;
    size_t n;
};

static enum err add_head(void *ctx, const char *chain, const struct queue_head *head)
{
    struct heads *all = ctx;
    if (head->seq == 0 || strcmp(chain, all->own) == 0 || all->n == WIRE_HEADS_MAX)
        return ERR_OK;
    struct wire_head *more = reallocarray(all->v, all->n + 1, sizeof *more);
    if (!more)
        return err_set(ERR_NOMEM, "out of memory");
    all->v = more;
    for (size_t i = 0; i < 8; i++) {
        unsigned byte = 0;
        sscanf(chain + 2 * i, "%2x", &byte);
        more[all->n].chain[i] = (uint8_t)byte;
    }
    more[all->n++].seq = head->seq;
    return ERR_OK;
}

/* What goes into the first flight besides the hello. */
struct flight {
    struct heads heads;
    struct wire_want *wants;
    size_t n_wants;
    char (*notices)[NOTICE_ID];
};

static enum err add_wants(struct road *r, struct flight *f)
{
    enum err e = wants_load(r->in, &r->wants, &r->n_wants);
    r->progress = e ? NULL : calloc(r->n_wants + 1, sizeof *r->progress);
    f->wants = e ? NULL : calloc(r->n_wants + 1, WANT_SPANS_MAX * sizeof *f->wants);
    if (!e && (!r->progress || !f->wants))
        e = err_set(ERR_NOMEM, "out of memory");
    for (size_t i = 0; r->wants && f->wants && i < r->n_wants && !e; i++) {
        const struct want *w = &r->wants[i];
        if (w->labelled)
            e = road_expect(r, i);
        if (!(r->lanes & (1u << LANE_FLAGGED)) || (w->labelled && r->progress[i].missing == 0 && !e))
            continue;
        for (size_t k = 0; k < (w->spans.n ? w->spans.n : 1) && f->n_wants < WIRE_WANTS_MAX; k++)
            f->wants[f->n_wants++] = (struct wire_want){.parts = w->parts,
                                                        .first = w->spans.n ? w->spans.span[k].first : 0,
                                                        .last = w->spans.n ? w->spans.span[k].last : UINT64_MAX};
    }
    return e;
}

static enum err collect(struct road *r, struct flight *f)
{
    const struct station *s = r->in->station;
    f->heads.own = s->chain;
    enum err e = queue_each_chain(s->queue, add_head, &f->heads);
    if (!e)
        e = station_each_notice(s, add_notice, r);
    if (!e && r->notices)
        qsort(r->notices, r->n_notices, sizeof *r->notices, by_id);
    f->notices = e ? NULL : calloc(r->n_notices + 1, sizeof *f->notices);
    if (!e && !f->notices)
        e = err_set(ERR_NOMEM, "out of memory");
    for (size_t i = 0; r->notices && f->notices && i < r->n_notices && !e; i++)
        memcpy(f->notices[i], r->notices[i].id, NOTICE_ID);
    return e ? e : add_wants(r, f);
}

/* Nothing here is taken in halves: what is busy is trouble like any other. */
static enum err not_again(enum err e)
{
    return e == ERR_AGAIN ? ERR_IO : e;
}

static enum err take(void *ctx, uint64_t id, const struct wire_item *item, const uint8_t *text, size_t n,
                     const uint8_t *batch, size_t n_batch)
{
    struct road *r = ctx;
    return not_again(item->kind == WIRE_LABEL ? road_label(r, id, text, n, batch, n_batch)
                                              : road_text(r, id, item, text, n));
}

static enum err take_open(void *ctx, uint64_t id, const struct wire_item *item,
                          struct partial_range held[static PARTIAL_RUNS_MAX], size_t *n)
{
    return not_again(road_take_open(ctx, id, item, held, n));
}

static enum err take_write(void *ctx, uint64_t id, const struct wire_item *item, uint64_t offset, const uint8_t *p,
                           size_t n)
{
    return not_again(road_take_write(ctx, id, item, offset, p, n));
}

static enum err take_done(void *ctx, uint64_t id, const struct wire_item *item)
{
    return not_again(road_take_done(ctx, id, item));
}

static void take_gone(void *ctx, uint64_t id, const struct wire_item *item)
{
    (void)item;
    road_take_gone(ctx, id);
}

static enum err start(struct road *r, const struct road_setup *s, const struct flight *f, int64_t now)
{
    const struct station *st = r->in->station;
    struct queue_head head;
    enum err e = queue_head(st->queue, st->chain, &head);
    if (e)
        return e;
    struct wire_start w = {
        .side = {.ctx = r,
                 .hello = hello,
                 .notices = hub_notices,
                 .end = end,
                 .load = load,
                 .read = read_item,
                 .answered = answered,
                 .take = take,
                 .open = take_open,
                 .write = take_write,
                 .done = take_done,
                 .gone = take_gone},
        .hello =
            {.role = WIRE_STATION, .roster = st->roster->number, .clock = s->wall, .seq = head.seq, .head = head.hash},
        .heads = f->heads.v,
        .n_heads = f->heads.n,
        .wants = f->wants,
        .n_wants = f->n_wants,
        .notices = (const char(*)[NOTICE_ID])f->notices,
        .n_notices = r->n_notices,
        .rate = s->rate,
        .rtt = s->rtt,
    };
    memcpy(w.hello.chain, st->chain, sizeof w.hello.chain);
    memcpy(w.hello.name, st->name, sizeof w.hello.name);
    e = wire_new(&r->wire, &w, now);
    if (!e)
        e = offers_begin(r->offers, &r->way);
    if (!e)
        wire_lanes(r->wire, s->lanes);
    return e;
}

enum err road_new(struct road **out, const struct road_setup *s, int64_t now)
{
    *out = NULL;
    struct flight f = {.n_wants = 0};
    struct road *r = calloc(1, sizeof *r);
    if (!r)
        return err_set(ERR_NOMEM, "out of memory");
    r->in = s->in;
    r->offers = s->offers;
    r->rtt = s->rtt;
    r->wall = s->wall;
    r->lanes = s->lanes;
    r->source.fd = -1;
    snprintf(r->hub, sizeof r->hub, "%s", s->hub);
    enum err e = collect(r, &f);
    if (!e)
        e = start(r, s, &f, now);
    if (!e)
        e = road_fill(r);
    free(f.heads.v);
    free(f.wants);
    free(f.notices);
    if (e) {
        road_free(r);
        return e;
    }
    *out = r;
    return ERR_OK;
}

void road_free(struct road *r)
{
    if (!r)
        return;
    if (r->way)
        offers_end(r->way, r->wire);
    road_label_end(r);
    road_take_end(r);
    wire_free(r->wire);
    file_close(&r->source.fd);
    needs_free(&r->needs);
    free(r->notices);
    free(r->wants);
    free(r->progress);
    free(r);
}

struct wire *road_wire(struct road *r)
{
    return r->wire;
}

struct road_news *road_news(struct road *r)
{
    return &r->news;
}

enum err road_fill(struct road *r)
{
    enum err e = offer_notices(r);
    return e ? e : offers_fill(r->way, r->wire);
}
