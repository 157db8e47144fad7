#include "sync/hub/store_sqlite.h"

#include "storage/base/file.h"
#include "storage/base/log.h"
#include "storage/vault/chain.h"
#include "storage/vault/object.h"
#include "storage/vault/parts.h"
#include "sync/hub/store_files.h"

#include <inttypes.h>
#include <string.h>

struct catch_up {
    struct store *store;
    struct store_index *index;
    const char *dir;
    bool trial; /* no file is changed */
    const char *chain;
    struct store_chain at;
    uint64_t length; /* bytes of the file that the index knows */
    uint64_t end;    /* of the last whole label */
    bool damaged;
};

/* An object that stands in objects/ is held: it was checked before. */
static enum err adopt(struct catch_up *c, const char *chain, const struct hash *name)
{
    uint64_t size;
    return object_size(c->dir, name, &size) ? store_index_held(c->index, chain, name, size) : ERR_OK;
}

static enum err adopt_blobs(struct catch_up *c, const char *chain, uint64_t seq, const struct hash *list)
{
    struct buf text = {.max = PARTS_MAX};
    struct parts p;
    bool mark;
    struct hash name;
    uint64_t size;
    enum err e = store_expand(c->store, chain, seq, list);
    if (!e)
        e = store_read(c->store, list, PARTS_MAX, &text);
    if (!e)
        e = parts_open(&p, (const char *)text.p, text.len);
    while (!e && (e = parts_next(&p, &mark, &name, &size)) == ERR_OK)
        if (!mark)
            e = adopt(c, chain, &name);
    buf_free(&text);
    /* not here yet, or for verify to name */
    return e == ERR_END || e == ERR_NOINPUT || e == ERR_DATA || e == ERR_BAD ? ERR_OK : e;
}

static enum err one_label(void *ctx, const struct label *l, uint64_t offset, const char *damage)
{
    struct catch_up *c = ctx;
    if (damage || strcmp(l->chain, c->chain) != 0 || l->seq != c->at.seq + 1 || !hash_same(&l->prev, &c->at.head)) {
        c->damaged = true;
        return ERR_END;
    }
    enum err e = store_index_label(c->index, l, c->length + offset);
    if (!e)
        e = adopt(c, l->chain, &l->object);
    if (!e && !hash_is_zero(&l->parts))
        e = adopt(c, l->chain, &l->parts);
    if (!e && !hash_is_zero(&l->parts))
        e = adopt_blobs(c, l->chain, l->seq, &l->parts);
    c->at.seq = l->seq;
    c->at.head = label_hash(l);
    c->end = c->length + offset + l->len;
    return e;
}

static enum err one_chain(void *ctx, const char *chain)
{
    struct catch_up *all = ctx,
                    c = {
                        .store = all->store, .index = all->index, .dir = all->dir, .trial = all->trial, .chain = chain};
    char path[STORE_PATH];
    uint64_t size = 0;
    bool torn = false;
    enum err e = store_index_chain(c.index, chain, false, &c.at, &c.length);
    if (!e)
        e = store_files_chain_path(path, c.dir, chain);
    if (e || (file_size(path, &size) && size == c.length))
        return e || !c.at.damaged ? e : store_index_mark(c.index, STORE_INDEX_DAMAGED, chain, false);
    c.end = c.length;
    c.damaged = size < c.length;
    if (!c.damaged) {
        e = chain_read(path, c.length, one_label, &c, &torn);
        if (e == ERR_END)
            e = ERR_OK;
    }
    if (!e && torn && !c.damaged && !c.trial)
        e = store_files_cut(c.dir, chain, c.end);
    if (!e)
        e = store_index_mark(c.index, STORE_INDEX_DAMAGED, chain, c.damaged);
    log_line("chain %s: caught up to %" PRIu64 "%s%s", chain, c.at.seq, torn ? ", unfinished label cut off" : "",
             c.damaged ? ", its file is damaged behind that" : "");
    return e;
}

static enum err one_alarm(void *ctx, const char *chain)
{
    struct catch_up *c = ctx;
    struct store_alarm a;
    struct store_chain at;
    enum err e = c->store->chain(c->store, chain, &at);
    if (e || at.alarm_seq)
        return e;
    e = store_files_read_alarm(c->dir, chain, &a);
    if (!e)
        e = store_index_alarm(c->index, chain, a.seq, &a.held, &a.other);
    return e == ERR_NOINPUT || e == ERR_BAD ? ERR_OK : e;
}

/* Blobs of a retired list are removed, wherever the work was cut short. */
static enum err one_retired(void *ctx, const struct hash *list, const char *order)
{
    struct catch_up *c = ctx;
    struct buf text = {.max = PARTS_MAX};
    struct parts p;
    bool mark;
    struct hash name;
    uint64_t size, freed, has;
    (void)order;
    enum err e = store_read(c->store, list, PARTS_MAX, &text);
    if (!e)
        e = parts_open(&p, (const char *)text.p, text.len);
    while (!e && (e = parts_next(&p, &mark, &name, &size)) == ERR_OK)
        if (!mark && !object_size(c->dir, &name, &has))
            e = store_index_gone(c->index, &name, &freed);
    buf_free(&text);
    return e == ERR_END || e == ERR_NOINPUT || e == ERR_DATA || e == ERR_BAD ? ERR_OK : e;
}

/* A chain that the index knows and whose file is gone. */
static enum err without_file(void *ctx, const struct store_chain *at)
{
    struct catch_up *c = ctx;
    char path[STORE_PATH];
    enum err e = store_files_chain_path(path, c->dir, at->id);
    return !e && at->seq && !file_exists(path) ? store_index_mark(c->index, STORE_INDEX_DAMAGED, at->id, true) : e;
}

/* What the index lost of objects that came before: their bytes are in place. */
static enum err one_wanted(void *ctx, const struct store_need *n)
{
    struct catch_up *c = ctx;
    uint64_t size;
    if (!object_size(c->dir, &n->name, &size) || (n->size && n->size != size))
        return ERR_OK;
    enum err e = store_index_held(c->index, n->chain, &n->name, size);
    return !e && n->kind == STORE_PARTS ? adopt_blobs(c, n->chain, n->seq, &n->name) : e;
}

static enum err wanted_of(void *ctx, const struct store_chain *at)
{
    const struct catch_up *c = ctx;
    return c->store->each_wanted(c->store, at->id, one_wanted, ctx);
}

static enum err one_route(void *ctx, const struct label *l, uint64_t offset, const char *damage)
{
    const struct catch_up *c = ctx;
    if (offset >= c->length)
        return ERR_END; /* new to the index: its routes come with it */
    return damage || strcmp(l->chain, c->chain) != 0 ? ERR_OK : store_index_routes(c->index, l);
}

static enum err routes_of(void *ctx, const struct store_chain *at)
{
    struct catch_up *c = ctx;
    struct store_chain same;
    char path[STORE_PATH];
    bool torn;
    c->chain = at->id;
    enum err e = store_index_chain(c->index, at->id, false, &same, &c->length);
    if (!e)
        e = store_files_chain_path(path, c->dir, at->id);
    if (!e && file_exists(path))
        e = chain_read(path, 0, one_route, c, &torn);
    return e == ERR_END ? ERR_OK : e;
}

static enum err catch_up(struct catch_up *c)
{
    struct store *s = c->store;
    uint64_t end;
    bool routes;
    enum err e = store_index_upgrade(c->index, &routes);
    if (!e && routes)
        e = s->each_chain(s, routes_of, c);
    if (!e)
        e = store_files_each(c->dir, false, one_chain, c);
    if (!e && store_index_unclean(c->index))
        e = s->each_chain(s, wanted_of, c);
    if (!e)
        e = s->each_chain(s, without_file, c);
    if (!e)
        e = store_files_each(c->dir, true, one_alarm, c);
    if (!e)
        e = store_index_meta(c->index, "removed", &end);
    if (!e)
        e = store_files_each_retired(c->dir, end, &end, one_retired, c);
    return e ? e : store_index_set_meta(c->index, "removed", end);
}

enum err store_catch_up(struct store *s, const char *dir, bool trial)
{
    struct catch_up c = {.store = s, .index = store_sqlite_index(s), .dir = dir, .trial = trial};
    enum err e = s->begin(s);
    if (e)
        return e;
    e = catch_up(&c);
    if (!e && trial)
        return ERR_OK;
    if (!e)
        return s->commit(s);
    s->rollback(s);
    return e;
}
