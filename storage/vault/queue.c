#include "storage/vault/queue.h"

#include "storage/base/file.h"
#include "storage/vault/guard.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSION "1"

/* Every statement of the index, by id. */
enum stmt {
    BEGIN,
    COMMIT,
    ROLLBACK,
    LABEL_ADD,
    HEAD,
    END,
    LABEL_GET,
    LABELS_OF,
    LABELS_ALL,
    CHAINS,
    OBJECT_ADD,
    OBJECT_DROP,
    OWNER,
    OBJECTS,
    MARK_ADD,
    MARK_HAS,
    RECEIPT_SET,
    RECEIPT_GET,
    JOB_SET,
    JOB_GET,
    JOB_END,
    JOBS,
    COUNTS,
    STMTS
};

static const char *const sql[STMTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [LABEL_ADD] = "INSERT OR REPLACE INTO labels(chain,seq,hash,time,lane,offset,text) VALUES(?1,?2,?3,?4,?5,?6,?7)",
    [HEAD] = "SELECT seq,hash,time FROM labels WHERE chain=?1 ORDER BY seq DESC LIMIT 1",
    [END] = "SELECT offset+length(CAST(text AS BLOB)) FROM labels WHERE chain=?1 ORDER BY seq DESC LIMIT 1",
    [LABEL_GET] = "SELECT text FROM labels WHERE chain=?1 AND seq=?2",
    [LABELS_OF] = "SELECT text FROM labels WHERE chain=?1 AND seq>=?2 ORDER BY seq",
    [LABELS_ALL] = "SELECT text FROM labels WHERE seq>=?2 ORDER BY chain,seq",
    [CHAINS] = "WITH RECURSIVE c(chain) AS (SELECT min(chain) FROM labels UNION ALL "
               "SELECT (SELECT min(chain) FROM labels l WHERE l.chain>c.chain) FROM c WHERE c.chain IS NOT NULL) "
               "SELECT chain FROM c WHERE chain IS NOT NULL",
    [OBJECT_ADD] = "INSERT OR REPLACE INTO objects(name,size,kind,chain,seq) VALUES(?1,?2,?3,?4,?5)",
    [OBJECT_DROP] = "DELETE FROM objects WHERE name=?1",
    [OWNER] = "SELECT chain,seq,size,kind FROM objects WHERE name=?1",
    [OBJECTS] = "SELECT name,size,kind,chain,seq FROM objects ORDER BY name",
    [MARK_ADD] = "INSERT OR REPLACE INTO marks(mark,seq) VALUES(?1,?2)",
    [MARK_HAS] = "SELECT seq FROM marks WHERE mark=?1",
    [RECEIPT_SET] = "INSERT OR REPLACE INTO receipts(chain,hub,labels,text) VALUES(?1,?2,?3,?4)",
    [RECEIPT_GET] = "SELECT text FROM receipts WHERE chain=?1 ORDER BY labels DESC LIMIT 1",
    [JOB_SET] = "INSERT OR REPLACE INTO jobs(kind,name,text) VALUES(?1,?2,?3)",
    [JOB_GET] = "SELECT text FROM jobs WHERE kind=?1 AND name=?2",
    [JOB_END] = "DELETE FROM jobs WHERE kind=?1 AND name=?2",
    [JOBS] = "SELECT name,text FROM jobs WHERE kind=?1 ORDER BY name",
    [COUNTS] = "SELECT (SELECT count(*) FROM labels),(SELECT count(*) FROM objects),(SELECT count(*) FROM marks),"
               "(SELECT count(*) FROM labels WHERE chain=?1 AND seq>?2),"
               "(SELECT coalesce(sum(size),0) FROM objects WHERE chain=?1 AND seq>?2)",
};

static const char schema[] =
    "CREATE TABLE labels(chain TEXT,seq INTEGER,hash BLOB,time INTEGER,lane INTEGER,offset INTEGER,text TEXT,"
    "PRIMARY KEY(chain,seq)) WITHOUT ROWID;"
    "CREATE TABLE objects(name BLOB PRIMARY KEY,size INTEGER,kind INTEGER,chain TEXT,seq INTEGER) WITHOUT ROWID;"
    "CREATE INDEX objects_by_label ON objects(chain,seq);"
    "CREATE TABLE marks(mark BLOB PRIMARY KEY,seq INTEGER) WITHOUT ROWID;"
    "CREATE TABLE receipts(chain TEXT,hub TEXT,labels INTEGER,text TEXT,PRIMARY KEY(chain,hub)) WITHOUT ROWID;"
    "CREATE TABLE jobs(kind TEXT,name TEXT,text BLOB,PRIMARY KEY(kind,name)) WITHOUT ROWID;"
    "PRAGMA user_version=" VERSION ";";

struct queue {
    sqlite3 *db;
    sqlite3_stmt *st[STMTS];
    char path[4096];
    int lock;             /* of its guard, while it is open for writing */
    bool damaged, behind; /* behind: what the chain says was not looked at: its sum is not left */
};

static enum err fail(struct queue *q, int rc)
{
    int code = rc & 0xff;
    const char *why = q->db ? sqlite3_errmsg(q->db) : sqlite3_errstr(rc);
    if (code == SQLITE_FULL)
        return err_set(ERR_FULL, "the index queue.db cannot grow: the disk is full");
    q->damaged |= code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
    if (q->damaged)
        return err_set(ERR_BAD, "the index queue.db is damaged: %s; run `feldsher rebuild`", why);
    if (code == SQLITE_BUSY)
        return err_set(ERR_AGAIN, "the index queue.db is in use: %s", why);
    if (code == SQLITE_NOMEM)
        return err_set(ERR_NOMEM, "out of memory");
    return err_set(ERR_IO, "the index queue.db: %s", why);
}

bool queue_is_damaged(const struct queue *q)
{
    return q->damaged;
}

static sqlite3_stmt *prepare(struct queue *q, enum stmt id, enum err *e)
{
    if (!q->st[id]) {
        int rc = sqlite3_prepare_v3(q->db, sql[id], -1, SQLITE_PREPARE_PERSISTENT, &q->st[id], NULL);
        if (rc != SQLITE_OK) {
            *e = fail(q, rc);
            return NULL;
        }
    }
    sqlite3_reset(q->st[id]);
    sqlite3_clear_bindings(q->st[id]);
    *e = ERR_OK;
    return q->st[id];
}

static void bind_text(sqlite3_stmt *s, int i, const char *text)
{
    sqlite3_bind_text(s, i, text, -1, SQLITE_TRANSIENT);
}

static void bind_hash(sqlite3_stmt *s, int i, const struct hash *h)
{
    sqlite3_bind_blob(s, i, h->b, HASH_LEN, SQLITE_TRANSIENT);
}

static void bind_u64(sqlite3_stmt *s, int i, uint64_t v)
{
    sqlite3_bind_int64(s, i, (sqlite3_int64)v);
}

static bool column_hash(sqlite3_stmt *s, int i, struct hash *h)
{
    if (sqlite3_column_bytes(s, i) != HASH_LEN)
        return false;
    memcpy(h->b, sqlite3_column_blob(s, i), HASH_LEN);
    return true;
}

static bool column_chain(sqlite3_stmt *s, int i, char chain[static CHAIN_ID])
{
    const char *text = (const char *)sqlite3_column_text(s, i);
    if (!text || strlen(text) != CHAIN_ID - 1)
        return false;
    memcpy(chain, text, CHAIN_ID);
    return true;
}

/* Runs a statement that gives no rows. */
static enum err run(struct queue *q, sqlite3_stmt *s)
{
    int rc = sqlite3_step(s);
    enum err e = rc == SQLITE_DONE || rc == SQLITE_ROW ? ERR_OK : fail(q, rc);
    sqlite3_reset(s);
    return e;
}

/* One row: ERR_OK, ERR_NOINPUT none, or an error. The caller resets. */
static enum err row(struct queue *q, sqlite3_stmt *s)
{
    int rc = sqlite3_step(s);
    return rc == SQLITE_ROW ? ERR_OK : rc == SQLITE_DONE ? ERR_NOINPUT : fail(q, rc);
}

bool queue_is_closed(const char *dir)
{
    char path[4096];
    return file_path(path, dir, "queue.db") == ERR_OK && guard_is_closed(path);
}

enum err queue_check_file(const char *dir)
{
    char path[4096];
    enum err e = file_path(path, dir, "queue.db");
    return e ? e : guard_check(path);
}

static enum err set_up(struct queue *q, enum queue_mode mode)
{
    sqlite3_stmt *s = NULL;
    int version = -1;
    sqlite3_busy_timeout(q->db, 60000);
    /* TRUNCATE: the journal's file stays, see guard.h. NORMAL: rows are hints, and are made anew */
    int rc = sqlite3_exec(q->db, "PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-4096",
                          NULL, NULL, NULL);
    if (rc == SQLITE_OK && mode == QUEUE_WRITE)
        rc = sqlite3_exec(q->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v2(q->db, "PRAGMA user_version", -1, &s, NULL);
    if (rc == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
        version = sqlite3_column_int(s, 0);
    sqlite3_finalize(s);
    if (rc == SQLITE_OK && version == 0 && mode == QUEUE_WRITE) {
        rc = sqlite3_exec(q->db, schema, NULL, NULL, NULL);
        version = 1;
    }
    if (rc == SQLITE_OK && mode == QUEUE_WRITE)
        rc = sqlite3_exec(q->db, "COMMIT", NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        return fail(q, rc);
    if (version != 1)
        return err_set(ERR_BAD, "queue.db is of another version (%d); run `feldsher rebuild`", version);
    if (mode == QUEUE_WRITE) {
        char journal[4096];
        snprintf(journal, sizeof journal, "%.4080s-journal", q->path);
        int fd = open(journal, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        file_close(&fd);
    }
    return ERR_OK;
}

enum err queue_open(struct queue **out, const char *dir, enum queue_mode mode)
{
    *out = NULL;
    struct queue *q = calloc(1, sizeof *q);
    if (!q)
        return err_set(ERR_NOMEM, "out of memory");
    q->lock = -1;
    enum err e = file_path(q->path, dir, "queue.db");
    if (!e && mode == QUEUE_READ && guard_is_hot(q->path)) {
        /* who only reads cannot undo what a power cut left; the index then is behind the chain, and not as left in order */
        struct queue *writer;
        if (queue_open(&writer, dir, QUEUE_WRITE) == ERR_OK && writer)
            writer->behind = true;
        queue_close(writer);
    }
    if (!e && mode == QUEUE_WRITE)
        e = guard_open(q->path, &q->lock);
    if (!e) {
        int flags = mode == QUEUE_WRITE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
        int rc = sqlite3_open_v2(q->path, &q->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
        e = rc == SQLITE_OK ? set_up(q, mode) : fail(q, rc);
    }
    if (e)
        queue_close(q);
    else
        *out = q;
    return e;
}

void queue_close(struct queue *q)
{
    if (!q)
        return;
    for (int i = 0; i < STMTS; i++)
        sqlite3_finalize(q->st[i]);
    bool whole = q->db && sqlite3_close(q->db) == SQLITE_OK && !q->behind;
    guard_close(q->path, &q->lock, whole);
    free(q);
}

static enum err simple(struct queue *q, enum stmt id)
{
    enum err e;
    sqlite3_stmt *s = prepare(q, id, &e);
    return s ? run(q, s) : e;
}

enum err queue_begin(struct queue *q)
{
    return simple(q, BEGIN);
}

enum err queue_commit(struct queue *q)
{
    return simple(q, COMMIT);
}

void queue_rollback(struct queue *q)
{
    if (!sqlite3_get_autocommit(q->db) && simple(q, ROLLBACK) != ERR_OK)
        err_clear();
}

enum err queue_add_label(struct queue *q, const struct label *l, uint64_t offset)
{
    enum err e;
    sqlite3_stmt *s = prepare(q, LABEL_ADD, &e);
    if (!s)
        return e;
    struct hash h = label_hash(l);
    bind_text(s, 1, l->chain);
    bind_u64(s, 2, l->seq);
    bind_hash(s, 3, &h);
    sqlite3_bind_int64(s, 4, l->time);
    sqlite3_bind_int(s, 5, (int)l->lane);
    bind_u64(s, 6, offset);
    sqlite3_bind_text(s, 7, l->text, (int)l->len, SQLITE_TRANSIENT);
    return run(q, s);
}

enum err queue_head(struct queue *q, const char *chain, struct queue_head *h)
{
    enum err e;
    *h = (struct queue_head){0};
    sqlite3_stmt *s = prepare(q, HEAD, &e);
    if (!s)
        return e;
    bind_text(s, 1, chain);
    e = row(q, s);
    if (!e) {
        h->seq = (uint64_t)sqlite3_column_int64(s, 0);
        h->time = sqlite3_column_int64(s, 2);
        if (!column_hash(s, 1, &h->hash))
            e = err_set(ERR_BAD, "the index queue.db holds nonsense; run `feldsher rebuild`");
    }
    sqlite3_reset(s);
    return e == ERR_NOINPUT ? ERR_OK : e;
}

enum err queue_end(struct queue *q, const char *chain, uint64_t *offset)
{
    enum err e;
    sqlite3_stmt *s = prepare(q, END, &e);
    if (!s)
        return e;
    bind_text(s, 1, chain);
    e = row(q, s);
    *offset = e ? 0 : (uint64_t)sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    return e == ERR_NOINPUT ? ERR_OK : e;
}

/* The blob or text of column i of the present row into out. */
static enum err take_text(sqlite3_stmt *s, int i, struct buf *out)
{
    buf_clear(out);
    const void *p = sqlite3_column_blob(s, i);
    return buf_add(out, p ? p : "", (size_t)sqlite3_column_bytes(s, i));
}

enum err queue_label(struct queue *q, const char *chain, uint64_t seq, struct buf *text)
{
    enum err e;
    sqlite3_stmt *s = prepare(q, LABEL_GET, &e);
    if (!s)
        return e;
    bind_text(s, 1, chain);
    bind_u64(s, 2, seq);
    e = row(q, s);
    if (!e)
        e = take_text(s, 0, text);
    else if (e == ERR_NOINPUT)
        e = err_set(ERR_NOINPUT, "label %llu of chain %s is not here", (unsigned long long)seq, chain);
    sqlite3_reset(s);
    return e;
}

/* A statement of its own, so that fn may use the index in between. */
static enum err fresh(struct queue *q, enum stmt id, sqlite3_stmt **s)
{
    int rc = sqlite3_prepare_v2(q->db, sql[id], -1, s, NULL);
    return rc == SQLITE_OK ? ERR_OK : fail(q, rc);
}

enum err queue_each_label(struct queue *q, const char *chain, uint64_t from, queue_label_fn *fn, void *ctx)
{
    sqlite3_stmt *s = NULL;
    struct buf text = {0};
    enum err e = fresh(q, chain ? LABELS_OF : LABELS_ALL, &s);
    if (!e && chain)
        bind_text(s, 1, chain);
    if (!e)
        bind_u64(s, 2, from);
    while (!e && (e = row(q, s)) == ERR_OK) {
        struct label l;
        e = take_text(s, 0, &text);
        if (!e)
            e = label_parse(&l, (const char *)text.p, text.len);
        if (e == ERR_END || e == ERR_DATA)
            e = err_set(ERR_BAD, "the index queue.db holds a damaged label; run `feldsher rebuild`");
        if (!e)
            e = fn(ctx, &l);
    }
    sqlite3_finalize(s);
    buf_free(&text);
    return e == ERR_NOINPUT ? ERR_OK : e;
}

enum err queue_each_chain(struct queue *q, queue_chain_fn *fn, void *ctx)
{
    sqlite3_stmt *s = NULL;
    enum err e = fresh(q, CHAINS, &s);
    while (!e && (e = row(q, s)) == ERR_OK) {
        char chain[CHAIN_ID];
        struct queue_head h;
        if (!column_chain(s, 0, chain))
            e = err_set(ERR_BAD, "the index queue.db holds nonsense; run `feldsher rebuild`");
        if (!e)
            e = queue_head(q, chain, &h);
        if (!e)
            e = fn(ctx, chain, &h);
    }
    sqlite3_finalize(s);
    return e == ERR_NOINPUT ? ERR_OK : e;
}

enum err queue_add_object(struct queue *q, const struct hash *name, uint64_t size, enum queue_kind kind,
                          const char *chain, uint64_t seq)
{
    enum err e;
    sqlite3_stmt *s = prepare(q, OBJECT_ADD, &e);
    if (!s)
        return e;
    bind_hash(s, 1, name);
    bind_u64(s, 2, size);
    sqlite3_bind_int(s, 3, (int)kind);
    bind_text(s, 4, chain);
    bind_u64(s, 5, seq);
    return run(q, s);
}

enum err queue_drop_object(struct queue *q, const struct hash *name)
{
    enum err e;
    sqlite3_stmt *s = prepare(q, OBJECT_DROP, &e);
    if (!s)
        return e;
    bind_hash(s, 1, name);
    return run(q, s);
}

enum err queue_owner(struct queue *q, const struct hash *name, char chain[static CHAIN_ID], uint64_t *seq,
                     uint64_t *size, enum queue_kind *kind)
{
    enum err e;
    sqlite3_stmt *s = prepare(q, OWNER, &e);
    if (!s)
        return e;
    bind_hash(s, 1, name);
    e = row(q, s);
    if (!e && !column_chain(s, 0, chain))
        e = err_set(ERR_BAD, "the index queue.db holds nonsense; run `feldsher rebuild`");
    if (!e) {
        *seq = (uint64_t)sqlite3_column_int64(s, 1);
        *size = (uint64_t)sqlite3_column_int64(s, 2);
        *kind = (enum queue_kind)sqlite3_column_int(s, 3);
    }
    sqlite3_reset(s);
    return e;
}

enum err queue_each_object(struct queue *q, queue_object_fn *fn, void *ctx)
{
    sqlite3_stmt *s = NULL;
    enum err e = fresh(q, OBJECTS, &s);
    while (!e && (e = row(q, s)) == ERR_OK) {
        struct hash h;
        char chain[CHAIN_ID];
        if (!column_hash(s, 0, &h) || !column_chain(s, 3, chain))
            e = err_set(ERR_BAD, "the index queue.db holds nonsense; run `feldsher rebuild`");
        else
            e = fn(ctx, &h, (uint64_t)sqlite3_column_int64(s, 1), (enum queue_kind)sqlite3_column_int(s, 2), chain,
                   (uint64_t)sqlite3_column_int64(s, 4));
    }
    sqlite3_finalize(s);
    return e == ERR_NOINPUT ? ERR_OK : e;
}

enum err queue_add_mark(struct queue *q, const struct hash *mark, uint64_t seq)
{
    enum err e;
    sqlite3_stmt *s = prepare(q, MARK_ADD, &e);
    if (!s)
        return e;
    bind_hash(s, 1, mark);
    bind_u64(s, 2, seq);
    return run(q, s);
}

bool queue_has_mark(struct queue *q, const struct hash *mark, uint64_t *seq)
{
    enum err e;
    sqlite3_stmt *s = prepare(q, MARK_HAS, &e);
    if (!s)
        return false;
    bind_hash(s, 1, mark);
    bool has = row(q, s) == ERR_OK;
    if (has)
        *seq = (uint64_t)sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    return has;
}

enum err queue_set_receipt(struct queue *q, const struct receipt *r)
{
    enum err e;
    sqlite3_stmt *s = prepare(q, RECEIPT_SET, &e);
    if (!s)
        return e;
    bind_text(s, 1, r->chain);
    bind_text(s, 2, r->hub);
    bind_u64(s, 3, r->labels);
    sqlite3_bind_text(s, 4, (const char *)r->text.p, (int)r->text.len, SQLITE_TRANSIENT);
    return run(q, s);
}

enum err queue_receipt(struct queue *q, const char *chain, struct buf *text)
{
    enum err e;
    sqlite3_stmt *s = prepare(q, RECEIPT_GET, &e);
    if (!s)
        return e;
    bind_text(s, 1, chain);
    e = row(q, s);
    if (!e)
        e = take_text(s, 0, text);
    sqlite3_reset(s);
    return e;
}

enum err queue_set_job(struct queue *q, const char *kind, const char *name, const void *text, size_t n)
{
    enum err e;
    sqlite3_stmt *s = prepare(q, JOB_SET, &e);
    if (!s)
        return e;
    bind_text(s, 1, kind);
    bind_text(s, 2, name);
    sqlite3_bind_blob64(s, 3, text, n, SQLITE_TRANSIENT);
    return run(q, s);
}

enum err queue_job(struct queue *q, const char *kind, const char *name, struct buf *text)
{
    enum err e;
    sqlite3_stmt *s = prepare(q, JOB_GET, &e);
    if (!s)
        return e;
    bind_text(s, 1, kind);
    bind_text(s, 2, name);
    e = row(q, s);
    if (!e)
        e = take_text(s, 0, text);
    sqlite3_reset(s);
    return e;
}

enum err queue_end_job(struct queue *q, const char *kind, const char *name)
{
    enum err e;
    sqlite3_stmt *s = prepare(q, JOB_END, &e);
    if (!s)
        return e;
    bind_text(s, 1, kind);
    bind_text(s, 2, name);
    return run(q, s);
}

enum err queue_each_job(struct queue *q, const char *kind, queue_job_fn *fn, void *ctx)
{
    sqlite3_stmt *s = NULL;
    struct buf text = {0}, name = {0};
    enum err e = fresh(q, JOBS, &s);
    if (!e)
        bind_text(s, 1, kind);
    while (!e && (e = row(q, s)) == ERR_OK) {
        e = take_text(s, 0, &name);
        if (!e)
            e = take_text(s, 1, &text);
        if (!e)
            e = fn(ctx, (const char *)name.p, (const char *)text.p, text.len);
    }
    sqlite3_finalize(s);
    buf_free(&text);
    buf_free(&name);
    return e == ERR_NOINPUT ? ERR_OK : e;
}

enum err queue_counts(struct queue *q, const char *own_chain, struct queue_counts *c)
{
    struct buf text = {0};
    struct receipt *r = NULL;
    uint64_t held = 0;
    enum err e = queue_receipt(q, own_chain, &text);
    if (!e && receipt_parse(&r, (const char *)text.p, text.len) == ERR_OK)
        held = r->labels;
    receipt_free(r);
    buf_free(&text);
    sqlite3_stmt *s = prepare(q, COUNTS, &e);
    if (!s)
        return e;
    bind_text(s, 1, own_chain);
    bind_u64(s, 2, held);
    e = row(q, s);
    uint64_t *const into[] = {&c->labels, &c->objects, &c->marks, &c->own_unreceipted, &c->own_bytes_unreceipted};
    for (int i = 0; i < 5 && !e; i++)
        *into[i] = (uint64_t)sqlite3_column_int64(s, i);
    sqlite3_reset(s);
    return e;
}
