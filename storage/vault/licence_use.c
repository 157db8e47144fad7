#include "storage/vault/licence_use.h"

#include "storage/vault/chain.h"
#include "storage/vault/index.h"

#include <string.h>

struct search {
    const struct station *s;
    licence_use_fn *fn;
    void *ctx;
    bool own;
};

static enum err look(void *ctx, const struct label *l, uint64_t offset, const char *damage)
{
    const struct search *w = ctx;
    (void)offset;
    if (damage)
        return w->own ? err_set(ERR_BAD, "this station's chain is damaged, and which licences it used cannot be told; "
                                         "run feldsher verify")
                      : ERR_OK;
    if (!l->licence[0])
        return ERR_OK;
    enum err e = label_authentic(l, w->s->roster);
    if (e)
        return e == ERR_NOMEM ? e : ERR_OK;
    struct licence_use u = {.seq = l->seq, .time = l->time, .over = l->licence_over};
    memcpy(u.licence, l->licence, sizeof u.licence);
    memcpy(u.chain, l->chain, sizeof u.chain);
    return w->fn(w->ctx, &u);
}

static enum err look_through(void *ctx, const char *chain)
{
    struct search *w = ctx;
    char path[4096];
    bool torn;
    w->own = strcmp(chain, w->s->chain) == 0;
    enum err e = chain_path(path, w->s->dir, chain);
    return e ? e : chain_read(path, 0, look, w, &torn);
}

enum err licence_use_each(const struct station *s, licence_use_fn *fn, void *ctx)
{
    struct search w = {s, fn, ctx, false};
    return index_each_chain(s->dir, look_through, &w);
}

bool licence_hub_is_silent(const struct station *s, const char *chain, int64_t now)
{
    struct buf text = {.max = RECEIPT_MAX};
    struct receipt *r = NULL;
    struct label l;
    int64_t heard = INT64_MAX; /* nothing known: no silence either */
    if (queue_receipt(s->queue, chain, &text) == ERR_OK &&
        receipt_parse(&r, (const char *)text.p, text.len) == ERR_OK) {
        if (receipt_check(r, s->roster) == ERR_OK && strcmp(r->chain, chain) == 0)
            heard = r->time;
    } else if (queue_label(s->queue, chain, 1, &text) == ERR_OK &&
               label_parse(&l, (const char *)text.p, text.len) == ERR_OK && label_authentic(&l, s->roster) == ERR_OK) {
        heard = l.time;
    }
    receipt_free(r);
    buf_free(&text);
    err_clear();
    return heard < now - LICENCE_SILENCE;
}
