#include "sync/hub/receipts.h"

#include "storage/base/file.h"
#include "storage/base/log.h"
#include "sync/limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum err add_number(uint64_t **list, size_t *n, uint64_t seq)
{
    if (*n && (*list)[*n - 1] == seq)
        return ERR_OK;
    if (*n == RECEIPT_MISSING_MAX)
        return ERR_FULL;
    if ((*n & (*n - 1)) == 0) {
        uint64_t *more = reallocarray(*list, *n ? 2 * *n : 1, sizeof *more);
        if (!more)
            return err_set(ERR_NOMEM, "out of memory");
        *list = more;
    }
    (*list)[(*n)++] = seq;
    return ERR_OK;
}

static enum err add_missing(void *ctx, const struct store_need *n)
{
    struct receipt *r = ctx;
    enum err e = n->kind == STORE_BATCH ? add_number(&r->missing, &r->n_missing, n->seq)
                                        : add_number(&r->parts_missing, &r->n_parts_missing, n->seq);
    if (e != ERR_FULL)
        return e;
    r->labels = n->seq - 1;
    return ERR_END;
}

/* A list may hold numbers of the label that did not fit. */
static void cut(uint64_t *list, size_t *n, uint64_t labels)
{
    while (*n && list[*n - 1] > labels)
        (*n)--;
}

static enum err head_of(struct store *s, const char *chain, struct receipt *r, const struct store_chain *at)
{
    struct buf text = {.max = LABEL_MAX};
    r->head = at->head;
    if (r->labels == at->seq || r->labels == 0) {
        if (r->labels == 0)
            r->head = (struct hash){{0}};
        return ERR_OK;
    }
    enum err e = s->label(s, chain, r->labels, &text);
    r->head = hash_of(text.p, text.len);
    buf_free(&text);
    return e;
}

enum err receipts_make(struct store *s, const char *chain, const char *hub, const struct sign_secret *key, int64_t now,
                       struct receipt **out)
{
    struct store_chain at;
    *out = NULL;
    struct receipt *r = calloc(1, sizeof *r);
    if (!r)
        return err_set(ERR_NOMEM, "out of memory");
    enum err e = s->chain(s, chain, &at);
    if (!e) {
        snprintf(r->chain, sizeof r->chain, "%s", chain);
        snprintf(r->hub, sizeof r->hub, "%s", hub);
        r->labels = at.seq;
        r->time = now;
        r->alarm_seq = at.alarm_seq;
        r->alarm_a = at.alarm_a;
        r->alarm_b = at.alarm_b;
        e = s->each_wanted(s, chain, add_missing, r);
    }
    if (!e || e == ERR_END) {
        cut(r->missing, &r->n_missing, r->labels);
        cut(r->parts_missing, &r->n_parts_missing, r->labels);
        e = head_of(s, chain, r, &at);
    }
    if (!e)
        e = receipt_write(r, key);
    if (e)
        receipt_free(r);
    else
        *out = r;
    return e;
}

/* Without a key only its form is looked at. */
static bool whole(const struct hub *h, const char *chain, const struct receipt *r)
{
    return strcmp(r->chain, chain) == 0 && (!h->sign || sign_text_check(&r->sig, 0, &h->sign->pub));
}

static enum err read_kept(const struct hub *h, const char *chain, struct buf *text, int64_t *time)
{
    char name[64], path[4096];
    struct receipt *r = NULL;
    snprintf(name, sizeof name, "receipts/%s", chain);
    enum err e = hub_path(h, path, name);
    if (!e)
        e = file_read(path, RECEIPT_MAX, text);
    if (!e)
        e = receipt_parse(&r, (const char *)text->p, text->len);
    if (!e && !whole(h, chain, r))
        e = ERR_BAD;
    *time = e ? 0 : r->time;
    receipt_free(r);
    return e == ERR_DATA || e == ERR_BAD ? err_set(ERR_NOINPUT, "the receipt of chain %s is damaged", chain) : e;
}

enum err receipts_read(const struct hub *h, const char *chain, struct buf *text)
{
    int64_t time;
    return read_kept(h, chain, text, &time);
}

/* A station takes a receipt for newer only if its time is later, so ours
 * never goes back, whatever the clock does. */
static int64_t next_time(const struct hub *h, const char *chain)
{
    struct buf text = {.max = RECEIPT_MAX};
    int64_t time;
    if (read_kept(h, chain, &text, &time) != ERR_OK)
        err_clear();
    buf_free(&text);
    return hub_now(h, time ? time + 1000 : 0);
}

static enum err write_receipt(struct hub *h, const char *chain, bool soon, struct buf *text)
{
    char name[64], path[4096];
    struct receipt *r;
    enum err e = receipts_make(h->store, chain, h->name, h->sign, next_time(h, chain), &r);
    if (e || !r)
        return e;
    snprintf(name, sizeof name, "receipts/%s", chain);
    e = hub_path(h, path, name);
    if (!e)
        e = soon ? file_write_soon(path, r->text.p, r->text.len, 0600) : file_write(path, r->text.p, r->text.len, 0600);
    if (!e && text) {
        buf_clear(text);
        e = buf_add(text, r->text.p, r->text.len);
    }
    if (!e)
        log_line("receipt for %s: %" PRIu64 " labels, %zu and %zu incomplete", chain, r->labels, r->n_missing,
                 r->n_parts_missing);
    receipt_free(r);
    return e;
}

struct renewing {
    struct hub *hub;
    uint64_t n;
};

static enum err renew(void *ctx, const struct store_chain *c)
{
    struct renewing *r = ctx;
    if (!c->changed || c->damaged)
        return ERR_OK;
    enum err e = write_receipt(r->hub, c->id, true, NULL);
    if (!e)
        e = r->hub->store->settled(r->hub->store, c->id);
    r->n += e == ERR_OK;
    return e;
}

enum err receipts_renew(struct hub *h, uint64_t *n)
{
    struct renewing r = {.hub = h};
    enum err e = h->store->begin(h->store);
    if (e)
        return e;
    e = h->store->each_chain(h->store, renew, &r);
    *n = r.n;
    if (!e && r.n)
        e = h->store->flush(h->store); /* of all of them */
    if (!e)
        return h->store->commit(h->store);
    h->store->rollback(h->store);
    return e;
}

enum err receipts_fresh(struct hub *h, const char *chain, struct buf *text)
{
    struct store_chain at;
    enum err e = h->store->chain(h->store, chain, &at);
    if (!e && at.damaged)
        return err_set(ERR_NOINPUT, "this hub's own file of chain %s is damaged; run `feldsher-hub verify`", chain);
    return e ? e : write_receipt(h, chain, false, text);
}
