#include "sync/hub/store_index.h"

#include "storage/base/log.h"
#include "storage/base/text.h"
#include "sync/hub/store_index_inside.h"
#include "sync/hub/store_sql.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(STMTS <= STORE_INDEX_STMTS, "more statements than there is room for");

static sqlite3_stmt *prepare(struct store_index *x, enum stmt id, enum err *e)
{
    *e = ERR_OK;
    if (!x->st[id]) {
        int rc = sqlite3_prepare_v3(x->db, sql[id], -1, SQLITE_PREPARE_PERSISTENT, &x->st[id], NULL);
        if (rc != SQLITE_OK) {
            *e = store_index_fail(x, rc);
            return NULL;
        }
    }
    sqlite3_reset(x->st[id]);
    sqlite3_clear_bindings(x->st[id]);
    return x->st[id];
}

static void bind_hash(sqlite3_stmt *st, int i, const struct hash *h)
{
    sqlite3_bind_blob(st, i, h->b, HASH_LEN, SQLITE_TRANSIENT);
}

static void bind_u64(sqlite3_stmt *st, int i, uint64_t v)
{
    sqlite3_bind_int64(st, i, (sqlite3_int64)v);
}

static void bind_text(sqlite3_stmt *st, int i, const char *text)
{
    sqlite3_bind_text(st, i, text, -1, SQLITE_TRANSIENT);
}

static void column_hash(sqlite3_stmt *st, int i, struct hash *h)
{
    *h = (struct hash){{0}};
    if (sqlite3_column_bytes(st, i) == HASH_LEN)
        memcpy(h->b, sqlite3_column_blob(st, i), HASH_LEN);
}

static void column_chain(sqlite3_stmt *st, int i, char out[static CHAIN_ID])
{
    const char *text = (const char *)sqlite3_column_text(st, i);
    snprintf(out, CHAIN_ID, "%s", text ? text : "");
}

/* Runs a statement that gives no rows. */
static enum err run(struct store_index *x, sqlite3_stmt *st)
{
    int rc = sqlite3_step(st);
    enum err e = rc == SQLITE_DONE || rc == SQLITE_ROW ? ERR_OK : store_index_fail(x, rc);
    sqlite3_reset(st);
    return e;
}

/* One row: ERR_OK, ERR_END none, or an error. The caller resets. */
static enum err row(struct store_index *x, sqlite3_stmt *st)
{
    int rc = sqlite3_step(st);
    return rc == SQLITE_ROW ? ERR_OK : rc == SQLITE_DONE ? ERR_END : store_index_fail(x, rc);
}

static enum err simple(struct store_index *x, enum stmt id)
{
    enum err e;
    sqlite3_stmt *st = prepare(x, id, &e);
    return st ? run(x, st) : e;
}

/* A statement of its own, so that a callback may use the store in between. */
static enum err fresh(struct store_index *x, enum stmt id, sqlite3_stmt **st)
{
    int rc = sqlite3_prepare_v2(x->db, sql[id], -1, st, NULL);
    return rc == SQLITE_OK ? ERR_OK : store_index_fail(x, rc);
}

enum err store_index_begin(struct store_index *x)
{
    return simple(x, BEGIN);
}

enum err store_index_commit(struct store_index *x)
{
    return simple(x, COMMIT);
}

void store_index_rollback(struct store_index *x)
{
    if (!sqlite3_get_autocommit(x->db) && simple(x, ROLLBACK) != ERR_OK)
        log_line("hub.db: rollback failed");
}

struct chain_row {
    struct store_chain c;
    uint64_t length;
    int64_t id; /* 0: no row */
};

static void read_chain(sqlite3_stmt *st, struct chain_row *r)
{
    column_chain(st, 0, r->c.id);
    r->c.seq = (uint64_t)sqlite3_column_int64(st, 1);
    column_hash(st, 2, &r->c.head);
    r->c.time = sqlite3_column_int64(st, 3);
    r->c.heard = sqlite3_column_int64(st, 4);
    r->c.bytes = (uint64_t)sqlite3_column_int64(st, 5);
    r->c.alarm_seq = (uint64_t)sqlite3_column_int64(st, 6);
    column_hash(st, 7, &r->c.alarm_a);
    column_hash(st, 8, &r->c.alarm_b);
    r->c.changed = sqlite3_column_int(st, 9);
    r->c.damaged = sqlite3_column_int(st, 10);
    r->length = (uint64_t)sqlite3_column_int64(st, 11);
    r->id = sqlite3_column_int64(st, 12);
}

static enum err chain_row(struct store_index *x, const char *chain, bool make, struct chain_row *r)
{
    enum err e;
    *r = (struct chain_row){.id = 0};
    snprintf(r->c.id, sizeof r->c.id, "%s", chain);
    sqlite3_stmt *st = make ? prepare(x, CHAIN_MAKE, &e) : NULL;
    if (st) {
        bind_text(st, 1, chain);
        e = run(x, st);
        if (e)
            return e;
    }
    st = prepare(x, CHAIN_GET, &e);
    if (!st)
        return e;
    bind_text(st, 1, chain);
    e = row(x, st);
    if (!e)
        read_chain(st, r);
    sqlite3_reset(st);
    return e == ERR_END ? ERR_OK : e;
}

enum err store_index_chain(struct store_index *x, const char *name, bool make, struct store_chain *out,
                           uint64_t *length)
{
    struct chain_row r;
    enum err e = chain_row(x, name, make, &r);
    *out = r.c;
    *length = r.length;
    return e;
}

enum err store_index_each_chain(struct store_index *x, store_chain_fn *fn, void *ctx)
{
    sqlite3_stmt *st = NULL;
    enum err e = fresh(x, CHAIN_EACH, &st);
    while (!e && (e = row(x, st)) == ERR_OK) {
        struct chain_row r;
        read_chain(st, &r);
        e = fn(ctx, &r.c);
    }
    sqlite3_finalize(st);
    return e == ERR_END ? ERR_OK : e;
}

enum err store_index_mark(struct store_index *x, enum store_index_mark m, const char *chain, int64_t value)
{
    static const enum stmt ids[] = {[STORE_INDEX_HEARD] = CHAIN_HEARD,
                                    [STORE_INDEX_SETTLED] = CHAIN_SETTLED,
                                    [STORE_INDEX_DAMAGED] = CHAIN_DAMAGED};
    struct chain_row r;
    enum err e = chain_row(x, chain, true, &r);
    sqlite3_stmt *st = e ? NULL : prepare(x, ids[m], &e);
    if (!st)
        return e;
    bind_text(st, 1, chain);
    if (m != STORE_INDEX_SETTLED)
        sqlite3_bind_int64(st, 2, value);
    return run(x, st);
}

enum err store_index_alarm(struct store_index *x, const char *chain, uint64_t seq, const struct hash *a,
                           const struct hash *b)
{
    struct chain_row r;
    enum err e = chain_row(x, chain, true, &r);
    sqlite3_stmt *st = e ? NULL : prepare(x, CHAIN_ALARM, &e);
    if (!st)
        return e;
    bind_text(st, 1, chain);
    bind_u64(st, 2, seq);
    bind_hash(st, 3, a);
    bind_hash(st, 4, b);
    return run(x, st);
}

static enum err charge(struct store_index *x, int64_t id, int64_t bytes)
{
    enum err e;
    sqlite3_stmt *st = prepare(x, CHAIN_CHARGE, &e);
    if (!st)
        return e;
    sqlite3_bind_int64(st, 1, id);
    sqlite3_bind_int64(st, 2, bytes);
    return run(x, st);
}

static enum err add_need(struct store_index *x, const struct hash *object, int64_t id, uint64_t seq,
                         enum store_kind kind, uint64_t size)
{
    enum err e;
    sqlite3_stmt *st = prepare(x, NEED_ADD, &e);
    if (!st)
        return e;
    bind_hash(st, 1, object);
    sqlite3_bind_int64(st, 2, id);
    bind_u64(st, 3, seq);
    sqlite3_bind_int(st, 4, (int)kind);
    bind_u64(st, 5, size);
    return run(x, st);
}

static enum err add_routes(struct store_index *x, int64_t id, const struct label *l)
{
    struct span all = {l->to, strlen(l->to)}, token;
    enum err e = ERR_OK;
    while (!e && span_word(&all, &token)) {
        sqlite3_stmt *st = prepare(x, ROUTE_SET, &e);
        if (!st)
            return e;
        sqlite3_bind_text(st, 1, token.p, (int)token.n, SQLITE_TRANSIENT);
        sqlite3_bind_int64(st, 2, id);
        bind_u64(st, 3, l->seq);
        e = run(x, st);
    }
    return e;
}

enum err store_index_label(struct store_index *x, const struct label *l, uint64_t offset)
{
    struct hash h = label_hash(l);
    struct chain_row r;
    enum err e = chain_row(x, l->chain, true, &r);
    sqlite3_stmt *st = e ? NULL : prepare(x, LABEL_ADD, &e);
    if (!st)
        return e;
    sqlite3_bind_int64(st, 1, r.id);
    bind_u64(st, 2, l->seq);
    bind_hash(st, 3, &h);
    bind_u64(st, 4, offset);
    bind_u64(st, 5, l->len);
    e = run(x, st);
    st = e ? NULL : prepare(x, CHAIN_HEAD, &e);
    if (!st)
        return e;
    sqlite3_bind_int64(st, 1, r.id);
    bind_u64(st, 2, l->seq);
    bind_hash(st, 3, &h);
    sqlite3_bind_int64(st, 4, l->time);
    bind_u64(st, 5, offset + l->len);
    e = run(x, st);
    if (!e)
        e = charge(x, r.id, (int64_t)l->len);
    if (!e)
        e = add_need(x, &l->object, r.id, l->seq, STORE_BATCH, l->size);
    if (!e && !hash_is_zero(&l->parts))
        e = add_need(x, &l->parts, r.id, l->seq, STORE_PARTS, 0);
    return e ? e : add_routes(x, r.id, l);
}

enum err store_index_routes(struct store_index *x, const struct label *l)
{
    struct chain_row r;
    enum err e = chain_row(x, l->chain, true, &r);
    return e ? e : add_routes(x, r.id, l);
}

enum err store_index_each_route(struct store_index *x, const char *to, store_route_fn *fn, void *ctx)
{
    sqlite3_stmt *st = NULL;
    enum err e = x->version < 2 ? err_set(ERR_NOINPUT, "the index hub.db is older; any import renews it")
                                : fresh(x, ROUTE_OF, &st);
    if (!e)
        bind_text(st, 1, to);
    while (!e && (e = row(x, st)) == ERR_OK) {
        char chain[CHAIN_ID];
        column_chain(st, 0, chain);
        e = fn(ctx, chain, (uint64_t)sqlite3_column_int64(st, 1));
    }
    sqlite3_finalize(st);
    return e == ERR_END ? ERR_OK : e;
}

enum err store_index_find(struct store_index *x, const char *chain, uint64_t seq, struct hash *h, uint64_t *offset,
                          size_t *n)
{
    enum err e;
    sqlite3_stmt *st = prepare(x, LABEL_GET, &e);
    if (!st)
        return e;
    bind_text(st, 1, chain);
    bind_u64(st, 2, seq);
    e = row(x, st);
    if (!e) {
        column_hash(st, 0, h);
        *offset = (uint64_t)sqlite3_column_int64(st, 1);
        *n = (size_t)sqlite3_column_int64(st, 2);
    }
    sqlite3_reset(st);
    if (e == ERR_END)
        return err_set(ERR_NOINPUT, "label %" PRIu64 " of chain %s is not here", seq, chain);
    return !e && *n > LABEL_MAX ? err_set(ERR_BAD, "the index hub.db holds nonsense") : e;
}

enum err store_index_need(struct store_index *x, const char *chain, uint64_t seq, enum store_kind kind,
                          const struct hash *name, uint64_t size)
{
    struct chain_row r;
    enum err e = chain_row(x, chain, true, &r);
    return e ? e : add_need(x, name, r.id, seq, kind, size);
}

static void read_need(sqlite3_stmt *st, struct store_need *n)
{
    n->kind = (enum store_kind)sqlite3_column_int(st, 0);
    n->state = (enum store_state)sqlite3_column_int(st, 1);
    column_hash(st, 2, &n->name);
    n->size = (uint64_t)sqlite3_column_int64(st, 3);
    column_chain(st, 4, n->chain);
    n->seq = (uint64_t)sqlite3_column_int64(st, 5);
}

static enum err each_row(struct store_index *x, sqlite3_stmt *st, store_need_fn *fn, void *ctx)
{
    enum err e;
    while ((e = row(x, st)) == ERR_OK) {
        struct store_need n;
        read_need(st, &n);
        e = fn(ctx, &n);
        if (e)
            break;
    }
    return e == ERR_END ? ERR_OK : e;
}

enum err store_index_each_need(struct store_index *x, const struct hash *name, store_need_fn *fn, void *ctx)
{
    sqlite3_stmt *st = NULL;
    enum err e = fresh(x, NEED_OF, &st);
    if (!e) {
        bind_hash(st, 1, name);
        e = each_row(x, st, fn, ctx);
    }
    sqlite3_finalize(st);
    return e;
}

enum err store_index_each_wanted(struct store_index *x, const char *chain, store_need_fn *fn, void *ctx)
{
    sqlite3_stmt *st = NULL;
    enum err e = fresh(x, NEED_WANTED, &st);
    if (!e) {
        bind_text(st, 1, chain);
        e = each_row(x, st, fn, ctx);
    }
    sqlite3_finalize(st);
    return e;
}

/* Runs a statement whose first parameter is an object's name. */
static enum err run_object(struct store_index *x, enum stmt id, const struct hash *name, const uint64_t *second)
{
    enum err e;
    sqlite3_stmt *st = prepare(x, id, &e);
    if (!st)
        return e;
    bind_hash(st, 1, name);
    if (second)
        bind_u64(st, 2, *second);
    return run(x, st);
}

enum err store_index_held(struct store_index *x, const char *chain, const struct hash *name, uint64_t size)
{
    struct chain_row r;
    enum err e = chain_row(x, chain, true, &r);
    sqlite3_stmt *st = e ? NULL : prepare(x, OBJECT_ADD, &e);
    if (!st)
        return e;
    bind_hash(st, 1, name);
    bind_u64(st, 2, size);
    sqlite3_bind_int64(st, 3, r.id);
    e = run(x, st);
    if (!e && sqlite3_changes(x->db) > 0)
        e = charge(x, r.id, (int64_t)size);
    if (!e)
        e = run_object(x, NEED_HELD, name, &size);
    return e ? e : run_object(x, CHAIN_TOUCH, name, NULL);
}

enum err store_index_gone(struct store_index *x, const struct hash *name, uint64_t *freed)
{
    int64_t payer = 0;
    enum err e;
    *freed = 0;
    sqlite3_stmt *st = prepare(x, OBJECT_GET, &e);
    if (!st)
        return e;
    bind_hash(st, 1, name);
    e = row(x, st);
    if (!e) {
        *freed = (uint64_t)sqlite3_column_int64(st, 0);
        payer = sqlite3_column_int64(st, 1);
    }
    sqlite3_reset(st);
    if (e == ERR_END)
        e = ERR_OK;
    if (!e && payer)
        e = charge(x, payer, -(int64_t)*freed);
    if (!e)
        e = run_object(x, OBJECT_DROP, name, NULL);
    return e ? e : run_object(x, NEED_REMOVED, name, NULL);
}

enum err store_index_each_object(struct store_index *x, store_index_object_fn *fn, void *ctx)
{
    sqlite3_stmt *st = NULL;
    enum err e = fresh(x, OBJECT_EACH, &st);
    while (!e && (e = row(x, st)) == ERR_OK) {
        struct hash name;
        column_hash(st, 0, &name);
        e = fn(ctx, &name, (uint64_t)sqlite3_column_int64(st, 1));
    }
    sqlite3_finalize(st);
    return e == ERR_END ? ERR_OK : e;
}

enum err store_index_meta(struct store_index *x, const char *name, uint64_t *value)
{
    enum err e;
    *value = 0;
    sqlite3_stmt *st = prepare(x, META_GET, &e);
    if (!st)
        return e;
    bind_text(st, 1, name);
    e = row(x, st);
    if (!e)
        *value = (uint64_t)sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    return e == ERR_END ? ERR_OK : e;
}

enum err store_index_set_meta(struct store_index *x, const char *name, uint64_t value)
{
    enum err e;
    sqlite3_stmt *st = prepare(x, META_SET, &e);
    if (!st)
        return e;
    bind_text(st, 1, name);
    bind_u64(st, 2, value);
    return run(x, st);
}

enum err store_index_totals(struct store_index *x, struct store_totals *t)
{
    enum err e;
    sqlite3_stmt *st = prepare(x, TOTALS, &e);
    if (!st)
        return e;
    e = row(x, st);
    if (!e) {
        uint64_t *const fields[] = {&t->chains, &t->labels,  &t->objects, &t->bytes,
                                    &t->wanted, &t->removed, &t->alarms};
        for (int i = 0; i < 7; i++)
            *fields[i] = (uint64_t)sqlite3_column_int64(st, i);
    }
    sqlite3_reset(st);
    return e;
}
