#include "sync/hub/store_sqlite.h"

#include "storage/base/file.h"
#include "storage/base/log.h"
#include "storage/vault/object.h"
#include "sync/hub/store_files.h"
#include "sync/hub/store_group.h"
#include "sync/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Labels of one chain appended since begin, not yet in its file. */
struct pending {
    char chain[CHAIN_ID];
    uint64_t offset;
    struct buf text;
};

struct store_sqlite {
    struct store store; /* first: a struct store * is one of these */
    char dir[STORE_PATH];
    struct store_index *index;
    struct pending *pending;
    size_t n_pending;
    struct store_group group; /* objects put since begin */
    bool failed;              /* a commit went wrong half way: nothing more is written */
};

static struct store_sqlite *self(struct store *s)
{
    return (struct store_sqlite *)s;
}

struct store_index *store_sqlite_index(struct store *s)
{
    return self(s)->index;
}

static enum err begin(struct store *base)
{
    struct store_sqlite *s = self(base);
    if (s->failed)
        return err_set(ERR_IO, "the store failed before; run it again");
    return store_index_begin(s->index);
}

static void drop_pending(struct store_sqlite *s)
{
    for (size_t i = 0; i < s->n_pending; i++)
        buf_free(&s->pending[i].text);
    free(s->pending);
    s->pending = NULL;
    s->n_pending = 0;
}

static void rollback(struct store *base)
{
    drop_pending(self(base));
    store_group_drop(&self(base)->group);
    store_index_rollback(self(base)->index);
}

/* Files first, then the rows that tell of them. */
static enum err commit(struct store *base)
{
    struct store_sqlite *s = self(base);
    enum err e = store_group_settle(&s->group);
    for (size_t i = 0; i < s->n_pending && !e; i++)
        e = store_files_append(s->dir, s->pending[i].chain, s->pending[i].offset, s->pending[i].text.p,
                               s->pending[i].text.len);
    if (!e)
        e = store_index_commit(s->index);
    if (e) {
        s->failed = true; /* a file may be ahead of the index now */
        rollback(base);
        return e;
    }
    drop_pending(s);
    return ERR_OK;
}

static enum err chain(struct store *base, const char *id, struct store_chain *out)
{
    uint64_t length;
    return store_index_chain(self(base)->index, id, false, out, &length);
}

static enum err each_chain(struct store *base, store_chain_fn *fn, void *ctx)
{
    return store_index_each_chain(self(base)->index, fn, ctx);
}

static enum err append(struct store *base, const struct label *l)
{
    struct store_sqlite *s = self(base);
    struct store_chain at;
    struct pending *p = NULL;
    uint64_t length;
    enum err e = store_index_chain(s->index, l->chain, true, &at, &length);
    if (e)
        return e;
    for (size_t i = 0; i < s->n_pending; i++)
        if (strcmp(s->pending[i].chain, l->chain) == 0)
            p = &s->pending[i];
    if (!p) {
        struct pending *more = reallocarray(s->pending, s->n_pending + 1, sizeof *more);
        if (!more)
            return err_set(ERR_NOMEM, "out of memory");
        s->pending = more;
        p = &more[s->n_pending++];
        *p = (struct pending){.offset = length};
        memcpy(p->chain, l->chain, sizeof p->chain);
    }
    e = buf_add(&p->text, l->text, l->len);
    return e ? e : store_index_label(s->index, l, length);
}

static enum err label(struct store *base, const char *chain, uint64_t seq, struct buf *out)
{
    struct store_sqlite *s = self(base);
    struct hash h;
    uint64_t offset;
    size_t n;
    enum err e = store_index_find(s->index, chain, seq, &h, &offset, &n);
    if (e)
        return e;
    for (size_t i = 0; i < s->n_pending; i++)
        if (strcmp(s->pending[i].chain, chain) == 0 && offset >= s->pending[i].offset) {
            buf_clear(out);
            return buf_add(out, s->pending[i].text.p + (offset - s->pending[i].offset), n);
        }
    e = store_files_read(s->dir, chain, offset, n, out);
    struct hash is = hash_of(out->p, out->len);
    if (!e && !hash_same(&is, &h))
        e = err_set(ERR_BAD, "label %llu of chain %s is not what it was when it was accepted", (unsigned long long)seq,
                    chain);
    return e;
}

static enum err heard(struct store *base, const char *name, int64_t now)
{
    return store_index_mark(self(base)->index, STORE_INDEX_HEARD, name, now);
}

static enum err settled(struct store *base, const char *name)
{
    return store_index_mark(self(base)->index, STORE_INDEX_SETTLED, name, 0);
}

static enum err alarm_chain(struct store *base, const char *name, uint64_t seq, const struct hash *a,
                            const struct hash *b)
{
    struct store_alarm alarm = {seq, *a, *b};
    enum err e = store_files_alarm(self(base)->dir, name, &alarm);
    return e ? e : store_index_alarm(self(base)->index, name, seq, a, b);
}

static enum err aside(struct store *base, const struct label *l, const void *batch, size_t n, bool *kept)
{
    return store_files_aside(self(base)->dir, l, batch, n, kept);
}

static enum err want(struct store *base, const char *name, uint64_t seq, const struct hash *blob, uint64_t size)
{
    return store_index_need(self(base)->index, name, seq, STORE_BLOB, blob, size);
}

struct look {
    uint64_t asked;
    struct store_need *best;
};

static enum err look_one(void *ctx, const struct store_need *n)
{
    const struct look *l = ctx;
    store_rank(l->best, n, l->asked);
    return ERR_OK;
}

static enum err look(struct store *base, const struct hash *name, uint64_t size, struct store_need *need)
{
    struct look l = {size, need};
    *need = (struct store_need){.state = STORE_UNKNOWN, .name = *name};
    return store_index_each_need(self(base)->index, name, look_one, &l);
}

static enum err each_need(struct store *base, const struct hash *name, store_need_fn *fn, void *ctx)
{
    return store_index_each_need(self(base)->index, name, fn, ctx);
}

static enum err each_wanted(struct store *base, const char *chain, store_need_fn *fn, void *ctx)
{
    return store_index_each_wanted(self(base)->index, chain, fn, ctx);
}

struct taking {
    struct object_writer w;
    uint64_t left;
};

static enum err take_bytes(void *ctx, const uint8_t *bytes, size_t n)
{
    struct taking *t = ctx;
    if (n > t->left)
        return err_set(ERR_BAD, "it has more bytes than it should");
    t->left -= n;
    return object_add(&t->w, bytes, n);
}

static enum err put(struct store *base, const char *chain, const struct hash *name, uint64_t size, stick_fill *fill,
                    void *ctx)
{
    struct store_sqlite *s = self(base);
    struct taking t = {.left = size};
    uint64_t has;
    /* a file in objects/ was checked before it got its name */
    if (base->size(base, name, &has) && has == size)
        return store_index_held(s->index, chain, name, size);
    enum err e = object_begin(&t.w, s->dir);
    if (e)
        return e;
    e = fill(ctx, take_bytes, &t);
    if (!e && t.left)
        e = err_set(ERR_BAD, "it has fewer bytes than it should");
    if (!e)
        e = size > HUB_SMALL ? object_commit(&t.w, name, NULL) : store_group_add(&s->group, &t.w, name);
    if (e) {
        object_abort(&t.w);
        return e;
    }
    return store_index_held(s->index, chain, name, size);
}

static enum err get(struct store *base, const struct hash *name, sink_fn *sink, void *ctx)
{
    uint64_t size;
    enum err e = ERR_OK;
    if (store_group_has(&self(base)->group, name, &size))
        e = store_group_settle(&self(base)->group);
    return e ? e : store_files_get(self(base)->dir, name, sink, ctx);
}

static bool size_of(struct store *base, const struct hash *name, uint64_t *size)
{
    return store_group_has(&self(base)->group, name, size) || object_size(self(base)->dir, name, size);
}

static enum err retire(struct store *base, const struct hash *parts, const char *order, int64_t now)
{
    return store_files_retire(self(base)->dir, parts, order, now);
}

static enum err remove_object(struct store *base, const struct hash *name, uint64_t *freed)
{
    enum err e = object_remove(self(base)->dir, name);
    return e ? e : store_index_gone(self(base)->index, name, freed);
}

static enum err space(struct store *base, uint64_t *bytes)
{
    return file_free_space(self(base)->dir, bytes);
}

static enum err totals(struct store *base, struct store_totals *t)
{
    return store_index_totals(self(base)->index, t);
}

static void close_store(struct store *base)
{
    drop_pending(self(base));
    store_group_drop(&self(base)->group);
    store_index_close(self(base)->index);
    free(base);
}

/* A damaged index is set aside for a new one. */
static enum err open_index(struct store_index **out, const char *dir, bool read_only)
{
    char path[STORE_PATH], damaged[STORE_PATH], journal[STORE_PATH];
    enum err e = file_path(path, dir, "hub.db");
    if (!e)
        e = file_path(damaged, dir, "hub.db.damaged");
    if (!e)
        e = file_path(journal, dir, "hub.db-journal");
    if (!e && read_only && !file_exists(path))
        e = err_set(ERR_NOINPUT, "there is no index hub.db; the next import makes it anew");
    if (!e)
        e = store_index_open(out, path, read_only);
    if (e != ERR_BAD || read_only)
        return e;
    log_line("hub.db damaged, made anew from the files");
    e = file_rename(path, damaged);
    if (!e)
        e = file_remove(journal);
    return e ? e : store_index_open(out, path, false);
}

enum err store_sqlite_open(struct store **out, const char *dir, bool read_only)
{
    *out = NULL;
    struct store_sqlite *s = calloc(1, sizeof *s);
    if (!s)
        return err_set(ERR_NOMEM, "out of memory");
    s->store = (struct store){.close = close_store,
                              .begin = begin,
                              .commit = commit,
                              .rollback = rollback,
                              .chain = chain,
                              .each_chain = each_chain,
                              .append = append,
                              .label = label,
                              .heard = heard,
                              .settled = settled,
                              .alarm = alarm_chain,
                              .aside = aside,
                              .want = want,
                              .look = look,
                              .each_need = each_need,
                              .each_wanted = each_wanted,
                              .put = put,
                              .get = get,
                              .size = size_of,
                              .retire = retire,
                              .remove = remove_object,
                              .space = space,
                              .totals = totals};
    snprintf(s->dir, sizeof s->dir, "%s", dir);
    s->group.dir = s->dir;
    enum err e = open_index(&s->index, dir, read_only);
    if (!e && !read_only)
        e = store_catch_up(&s->store, dir);
    if (e)
        close_store(&s->store);
    else
        *out = &s->store;
    return e;
}
