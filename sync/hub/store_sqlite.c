#include "sync/hub/store_sqlite.h"

#include "storage/base/file.h"
#include "storage/base/log.h"
#include "storage/vault/object.h"
#include "sync/hub/store_disk.h"
#include "sync/hub/store_files.h"
#include "sync/hub/store_group.h"
#include "sync/hub/store_pieces.h"
#include "sync/hub/store_refused.h"
#include "sync/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WRONG_BYTES "its bytes do not match its name"

/* Labels of one chain appended since begin. */
struct pending {
    char chain[CHAIN_ID];
    uint64_t offset;
    struct buf text;
    size_t written; /* of them, to its file */
};

struct store_sqlite {
    struct store store; /* first: a struct store * is one of these */
    char dir[STORE_PATH];
    struct store_index *index;
    struct pending *pending;
    size_t n_pending;
    struct store_group group; /* objects put since begin */
    struct store_pieces pieces;
    struct store_disk disk;
    bool touched; /* something that stood there already became held: it may not be durable */
    bool lost;    /* a flush failed: what was written since the last may be gone */
    bool failed;  /* a commit went wrong half way: nothing more is written */
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

/* Takes back what was written and is not committed. What is placed stays,
 * labels and objects: they are accepted, and the next opening catches up. But
 * when the disk lost bytes, what can be read back may not be on it. */
static enum err undo(struct store_sqlite *s)
{
    enum err e = ERR_OK;
    bool stay = s->group.placed && !s->lost;
    for (size_t i = 0; i < s->n_pending; i++) {
        const struct pending *p = &s->pending[i];
        if (p->written && !stay && store_files_cut(s->dir, p->chain, p->offset) != ERR_OK)
            e = ERR_IO;
    }
    drop_pending(s);
    store_group_drop(&s->group, s->lost);
    if (s->lost) {
        store_pieces_close(&s->pieces);
        if (partial_sweep(s->dir, INT64_MIN) != ERR_OK)
            e = ERR_IO;
    }
    s->lost = s->touched = false;
    return e;
}

static void rollback(struct store *base)
{
    struct store_sqlite *s = self(base);
    s->failed = s->failed || s->lost || s->group.placed;
    if (undo(s) != ERR_OK)
        s->failed = true;
    store_index_rollback(s->index);
}

static enum err write_labels(struct store_sqlite *s)
{
    enum err e = ERR_OK;
    for (size_t i = 0; i < s->n_pending && !e; i++) {
        struct pending *p = &s->pending[i];
        if (p->written < p->text.len)
            e = store_files_append(s->dir, p->chain, p->offset + p->written, p->text.p + p->written,
                                   p->text.len - p->written);
        if (!e)
            p->written = p->text.len;
    }
    return e;
}

/* Labels are durable before an object gets the name that they give it: a power
 * cut leaves none that nobody knows. */
static enum err flush(struct store *base)
{
    struct store_sqlite *s = self(base);
    enum err e = write_labels(s);
    if (e)
        return e;
    e = store_disk_flush(&s->disk);
    s->lost = s->lost || e;
    return e;
}

static enum err place(struct store *base)
{
    struct store_sqlite *s = self(base);
    enum err e = store_group_place(&s->group);
    s->failed = s->failed || e;
    return e;
}

/* Files first, then the rows that tell of them. */
static enum err finish(struct store *base)
{
    struct store_sqlite *s = self(base);
    enum err e = store_index_commit(s->index);
    if (e) {
        s->failed = true; /* the files are ahead of the index now */
        return e;
    }
    drop_pending(s);
    store_group_drop(&s->group, false);
    s->touched = false;
    return ERR_OK;
}

static enum err commit(struct store *base)
{
    struct store_sqlite *s = self(base);
    bool objects = s->group.n > 0;
    enum err e = objects || s->n_pending || s->touched ? flush(base) : ERR_OK;
    if (!e && objects)
        e = place(base);
    if (!e && objects)
        e = flush(base);
    if (!e)
        e = finish(base);
    if (e) {
        char why[1024];
        snprintf(why, sizeof why, "%s", err_text());
        s->failed = true;
        rollback(base);
        return err_set(e, "%s", why);
    }
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

static enum err refused(struct store *base, const char *name, const char *what, const char *why, const void *bytes,
                        size_t n)
{
    return store_refused_add(self(base)->dir, name, what, why, bytes, n);
}

static enum err aside(struct store *base, const struct label *l, const void *batch, size_t n, bool *kept)
{
    struct store_chain at;
    char what[40];
    enum err e = store_files_aside(self(base)->dir, l, batch, n, kept);
    if (!e && *kept)
        e = base->chain(base, l->chain, &at);
    snprintf(what, sizeof what, "label %llu", (unsigned long long)l->seq);
    return e || !*kept ? e : refused(base, l->chain, what, store_refused_aside(at.alarm_seq), NULL, 0);
}

struct each_refused {
    const char *dir;
    store_refused_fn *fn;
    void *ctx;
};

static enum err refused_of(void *ctx, const char *chain)
{
    const struct each_refused *x = ctx;
    return store_refused_each(x->dir, chain, x->fn, x->ctx);
}

static enum err each_refused(struct store *base, const char *chain, store_refused_fn *fn, void *ctx)
{
    struct each_refused x = {self(base)->dir, fn, ctx};
    return chain ? refused_of(&x, chain) : store_files_each(x.dir, true, refused_of, &x);
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

static enum err already_there(struct store_sqlite *s, const char *chain, const struct hash *name, uint64_t size)
{
    s->touched = true;
    return store_index_held(s->index, chain, name, size);
}

static enum err put(struct store *base, const char *chain, const struct hash *name, uint64_t size, stick_fill *fill,
                    void *ctx)
{
    struct store_sqlite *s = self(base);
    struct taking t = {.left = size};
    uint64_t has;
    /* a file in objects/ was checked before it got its name */
    if (base->size(base, name, &has) && has == size)
        return already_there(s, chain, name, size);
    enum err e = object_begin(&t.w, s->dir);
    if (e)
        return e;
    e = fill(ctx, take_bytes, &t);
    if (!e && t.left)
        e = err_set(ERR_BAD, "it has fewer bytes than it should");
    if (!e)
        e = size > HUB_SMALL ? object_commit(&t.w, name, NULL) : store_group_add(&s->group, &t.w, name, false);
    if (e) {
        object_abort(&t.w);
        return e;
    }
    return store_index_held(s->index, chain, name, size);
}

static enum err pieces(struct store *base, const struct hash *name, uint64_t size,
                       struct partial_range held[static PARTIAL_RUNS_MAX], size_t *n)
{
    return store_pieces_held(&self(base)->pieces, name, size, held, n);
}

static enum err piece(struct store *base, const struct hash *name, uint64_t size, uint64_t offset, const void *p,
                      size_t n)
{
    return store_pieces_write(&self(base)->pieces, name, size, offset, p, n);
}

static enum err join(struct store *base, const char *chain, const struct hash *name, uint64_t size)
{
    struct store_sqlite *s = self(base);
    struct object_writer w;
    uint64_t has;
    enum err e;
    if (base->size(base, name, &has) && has == size) {
        uint64_t grouped;
        e = store_group_has(&s->group, name, &grouped) ? ERR_OK : store_pieces_drop(&s->pieces, name);
        return e ? e : already_there(s, chain, name, size);
    }
    e = store_pieces_finish(&s->pieces, name, size, &w);
    if (e)
        return e;
    e = store_group_add(&s->group, &w, name, size > 0);
    if (!e)
        return store_index_held(s->index, chain, name, size);
    if (e == ERR_BAD && store_refused_move(s->dir, chain, name, w.tmp, size, WRONG_BYTES) != ERR_OK)
        err_clear(); /* then they are not kept */
    object_abort(&w);
    return e == ERR_BAD ? err_set(ERR_BAD, WRONG_BYTES) : e;
}

static enum err read_part(struct store *base, const struct hash *name, uint64_t offset, void *p, size_t n)
{
    char path[OBJECT_PATH];
    enum err e = store_group_file(&self(base)->group, name, path);
    return e ? e : store_files_part(path, offset, p, n);
}

static enum err get(struct store *base, const struct hash *name, sink_fn *sink, void *ctx)
{
    char path[OBJECT_PATH];
    enum err e = store_group_file(&self(base)->group, name, path);
    return e ? e : store_files_get(path, name, sink, ctx);
}

static bool size_of(struct store *base, const struct hash *name, uint64_t *size)
{
    return store_group_has(&self(base)->group, name, size) || object_size(self(base)->dir, name, size);
}

static enum err each_route(struct store *base, const char *to, store_route_fn *fn, void *ctx)
{
    return store_index_each_route(self(base)->index, to, fn, ctx);
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
    struct store_sqlite *s = self(base);
    if (s->index)
        rollback(base);
    store_pieces_close(&s->pieces);
    store_index_close(s->index, !s->failed);
    store_disk_close(&s->disk);
    free(s);
}

/* A damaged index is set aside for a new one. */
static enum err open_index(struct store_index **out, const char *dir, enum store_index_mode mode)
{
    static const char *const logs[] = {"hub.db-journal", "hub.db-wal", "hub.db-shm"};
    char path[STORE_PATH], damaged[STORE_PATH];
    enum err e = file_path(path, dir, "hub.db");
    if (!e)
        e = file_path(damaged, dir, "hub.db.damaged");
    if (!e && mode != STORE_INDEX_WRITE && !file_exists(path))
        e = err_set(ERR_NOINPUT, "there is no index hub.db; the next import makes it anew");
    if (!e)
        e = store_index_open(out, path, mode);
    if (e != ERR_BAD || mode != STORE_INDEX_WRITE)
        return e;
    log_line("hub.db damaged, made anew from the files");
    e = file_rename(path, damaged);
    for (size_t i = 0; i < sizeof logs / sizeof logs[0] && !e; i++) {
        char log[STORE_PATH];
        e = file_path(log, dir, logs[i]);
        if (!e)
            e = file_remove(log);
    }
    return e ? e : store_index_open(out, path, mode);
}

static enum err open_store(struct store **out, const char *dir, enum store_index_mode mode)
{
    *out = NULL;
    struct store_sqlite *s = calloc(1, sizeof *s);
    if (!s)
        return err_set(ERR_NOMEM, "out of memory");
    s->store = (struct store){.close = close_store,
                              .begin = begin,
                              .commit = commit,
                              .flush = flush,
                              .place = place,
                              .finish = finish,
                              .rollback = rollback,
                              .chain = chain,
                              .each_chain = each_chain,
                              .append = append,
                              .label = label,
                              .each_route = each_route,
                              .heard = heard,
                              .settled = settled,
                              .alarm = alarm_chain,
                              .aside = aside,
                              .refused = refused,
                              .each_refused = each_refused,
                              .want = want,
                              .look = look,
                              .each_need = each_need,
                              .each_wanted = each_wanted,
                              .put = put,
                              .pieces = pieces,
                              .piece = piece,
                              .join = join,
                              .read = read_part,
                              .get = get,
                              .size = size_of,
                              .retire = retire,
                              .remove = remove_object,
                              .space = space,
                              .totals = totals};
    snprintf(s->dir, sizeof s->dir, "%s", dir);
    s->group.dir = s->dir;
    store_pieces_init(&s->pieces, s->dir);
    enum err e = mode == STORE_INDEX_WRITE ? store_disk_open(&s->disk, dir) : ERR_OK;
    if (!e)
        e = open_index(&s->index, dir, mode);
    if (!e && mode == STORE_INDEX_WRITE) {
        /* what it adopts may be a killed writer's, not durable yet */
        s->touched = store_index_unclean(s->index);
        e = store_catch_up(&s->store, dir, false);
    }
    if (!e && mode == STORE_INDEX_TRY)
        e = store_catch_up(&s->store, dir, true);
    if (e)
        close_store(&s->store);
    else
        *out = &s->store;
    return e;
}

enum err store_sqlite_open(struct store **out, const char *dir, bool read_only)
{
    return open_store(out, dir, read_only ? STORE_INDEX_READ : STORE_INDEX_WRITE);
}

enum err store_sqlite_open_trial(struct store **out, const char *dir)
{
    enum err e = open_store(out, dir, STORE_INDEX_READ);
    if (e || !store_index_unclean(self(*out)->index))
        return e;
    struct store *plain = *out;
    if (open_store(out, dir, STORE_INDEX_TRY) == ERR_OK) {
        plain->close(plain);
    } else { /* a folder that cannot be written: as it stands */
        err_clear();
        *out = plain;
    }
    return ERR_OK;
}
