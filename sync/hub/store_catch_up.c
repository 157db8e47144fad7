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
    const char *chain;
    struct store_chain at;
    uint64_t length; /* bytes of the file that the index knows */
    uint64_t end;    /* of the last whole label */
    bool damaged;
};

/* An object that stands in objects/ is held: it was checked before. */
static enum err adopt(struct catch_up *c, const struct hash *name)
{
    uint64_t size;
    return object_size(c->dir, name, &size) ? store_index_held(c->index, c->chain, name, size) : ERR_OK;
}

static enum err adopt_blobs(struct catch_up *c, const struct label *l)
{
    struct buf text = {.max = PARTS_MAX};
    struct parts p;
    bool mark;
    struct hash name;
    uint64_t size;
    enum err e = store_expand(c->store, l->chain, l->seq, &l->parts);
    if (!e)
        e = store_read(c->store, &l->parts, PARTS_MAX, &text);
    if (!e)
        e = parts_open(&p, (const char *)text.p, text.len);
    while (!e && (e = parts_next(&p, &mark, &name, &size)) == ERR_OK)
        if (!mark)
            e = adopt(c, &name);
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
        e = adopt(c, &l->object);
    if (!e && !hash_is_zero(&l->parts))
        e = adopt(c, &l->parts);
    if (!e && !hash_is_zero(&l->parts))
        e = adopt_blobs(c, l);
    c->at.seq = l->seq;
    c->at.head = label_hash(l);
    c->end = c->length + offset + l->len;
    return e;
}

static enum err one_chain(void *ctx, const char *chain)
{
    struct catch_up *all = ctx, c = {.store = all->store, .index = all->index, .dir = all->dir, .chain = chain};
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
    if (!e && torn && !c.damaged)
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

enum err store_catch_up(struct store *s, const char *dir)
{
    struct catch_up c = {.store = s, .index = store_sqlite_index(s), .dir = dir};
    uint64_t end;
    enum err e = s->begin(s);
    if (e)
        return e;
    e = store_files_each(dir, false, one_chain, &c);
    if (!e)
        e = s->each_chain(s, without_file, &c);
    if (!e)
        e = store_files_each(dir, true, one_alarm, &c);
    if (!e)
        e = store_index_removed(c.index, &end);
    if (!e)
        e = store_files_each_retired(dir, end, &end, one_retired, &c);
    if (!e)
        e = store_index_set_removed(c.index, end);
    if (!e)
        return s->commit(s);
    s->rollback(s);
    return e;
}
