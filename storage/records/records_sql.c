#include "storage/records/records_sql.h"

#include "storage/base/bytes.h"

#include <stdio.h>
#include <string.h>

#define STRING_(x) #x
#define STRING(x) STRING_(x)
#define WORDS_MAX 16u
#define LETTERS 10 /* of a word that the full text has beginnings of ready */

/* A row's pos is its label's time in seconds and, in the lower 22 bits, a
 * count: so order of pos is order of time, for the full text's tables, too.
 * Those hold no text of their own, and no places in it: rows alone. */
static const char schema[] =
    "CREATE TABLE meta(name TEXT PRIMARY KEY,value) WITHOUT ROWID;"
    "CREATE TABLE chains(n INTEGER PRIMARY KEY,chain TEXT UNIQUE,station TEXT,seq INTEGER,hash BLOB);"
    "CREATE TABLE entries(pos INTEGER PRIMARY KEY,id BLOB,chain INTEGER,seq INTEGER,n INTEGER,type TEXT,time INTEGER,"
    "mark TEXT,author TEXT,unit TEXT,recording BLOB,about BLOB,data TEXT);"
    "CREATE UNIQUE INDEX entries_by_label ON entries(chain,seq,n);"
    "CREATE INDEX entries_by_id ON entries(id);"
    "CREATE INDEX entries_by_type ON entries(type);"
    "CREATE INDEX entries_by_author ON entries(author) WHERE author IS NOT NULL;"
    "CREATE INDEX entries_by_recording ON entries(recording,type) WHERE recording IS NOT NULL;"
    "CREATE INDEX entries_by_about ON entries(about,type) WHERE about IS NOT NULL;"
    "CREATE TABLE recordings(pos INTEGER PRIMARY KEY,id BLOB UNIQUE,chain INTEGER,seq INTEGER,n INTEGER,time INTEGER,"
    "mark TEXT,station TEXT,unit TEXT,camera TEXT,mode TEXT,path TEXT,size INTEGER,mtime INTEGER,hash BLOB,parts BLOB,"
    "blobs BLOB);"
    "CREATE INDEX recordings_by_label ON recordings(chain,seq);"
    "CREATE INDEX recordings_by_unit ON recordings(unit);"
    "CREATE INDEX recordings_by_camera ON recordings(camera);"
    "CREATE TABLE holds(recording BLOB PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TABLE orders(parts BLOB PRIMARY KEY,id BLOB) WITHOUT ROWID;"
    "CREATE INDEX orders_by_id ON orders(id);"
    "CREATE TABLE closed(chain INTEGER,seq INTEGER,state INTEGER,PRIMARY KEY(chain,seq)) WITHOUT ROWID;"
    "CREATE TABLE faults(chain INTEGER,seq INTEGER,n INTEGER,time INTEGER,recording BLOB,why TEXT,tried INTEGER,"
    "PRIMARY KEY(chain,seq,n)) WITHOUT ROWID;"
    "CREATE INDEX faults_by_recording ON faults(recording) WHERE recording IS NOT NULL;"
    "CREATE VIRTUAL TABLE recordings_text USING fts5(text,content='',detail=none,columnsize=0,prefix='1 2 3 4 5 6 7 8 "
    "9 10',"
    "tokenize='unicode61 remove_diacritics 0');"
    "CREATE VIRTUAL TABLE entries_text USING fts5(text,content='',detail=none,columnsize=0,prefix='1 2 3 4 5 6 7 8 9 "
    "10',"
    "tokenize='unicode61 remove_diacritics 0');"
    "PRAGMA user_version=" STRING(RECORDS_SQL_VERSION) ";";

static const char *const sql[SQL_STMTS] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_META_GET] = "SELECT value FROM meta WHERE name=?1",
    [SQL_META_SET] = "INSERT OR REPLACE INTO meta(name,value) VALUES(?1,?2)",
    [SQL_CHAINS] = "SELECT n,chain,station,seq,hash FROM chains ORDER BY n",
    [SQL_CHAIN_ADD] = "INSERT INTO chains(n,chain,station,seq) VALUES(?1,?2,?3,0)",
    [SQL_CHAIN_HEAD] = "UPDATE chains SET seq=?2,hash=?3 WHERE n=?1",
    [SQL_LAST_POS] = "SELECT pos FROM entries WHERE pos<?1 ORDER BY pos DESC LIMIT 1",
    [SQL_ENTRY_ADD] = "INSERT INTO entries(pos,id,chain,seq,n,type,time,mark,author,unit,recording,about,data) "
                      "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)",
    [SQL_ENTRY_TEXT] = "INSERT INTO entries_text(rowid,text) VALUES(?1,?2)",
    [SQL_RECORDING_ADD] = "INSERT INTO recordings(pos,id,chain,seq,n,time,mark,station,unit,camera,mode,path,size,"
                          "mtime,hash,parts,blobs) "
                          "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17)",
    [SQL_RECORDING_ID] = "SELECT r.pos,r.chain,r.seq,r.n,r.time,c.chain,r.path,r.camera,r.unit,r.station,r.mode "
                         "FROM recordings r JOIN chains c ON c.n=r.chain WHERE r.id=?1",
    [SQL_RECORDING_DROP] = "DELETE FROM recordings WHERE pos=?1",
    [SQL_RECORDING_TEXT] = "INSERT INTO recordings_text(rowid,text) VALUES(?1,?2)",
    [SQL_RECORDING_UNTEXT] = "INSERT INTO recordings_text(recordings_text,rowid,text) VALUES('delete',?1,?2)",
    [SQL_CLOSED_ADD] = "INSERT OR REPLACE INTO closed(chain,seq,state) VALUES(?1,?2,?3)",
    [SQL_CLOSED_DROP] = "DELETE FROM closed WHERE chain=?1 AND seq=?2",
    [SQL_CLOSED_AGAIN] = "SELECT chain,seq FROM closed WHERE (chain,seq)>(?1,?2) AND state<>?3 ORDER BY chain,seq "
                         "LIMIT ?4",
    [SQL_CLOSED_COUNT] = "SELECT count(*),sum(state<>?1) FROM closed",
    [SQL_FAULT_ADD] =
        "INSERT OR REPLACE INTO faults(chain,seq,n,time,recording,why,tried) VALUES(?1,?2,?3,?4,?5,?6,?7)",
    [SQL_FAULT_DROP] = "DELETE FROM faults WHERE chain=?1 AND seq=?2 AND n=-1",
    [SQL_FAULT_AGAIN] = "SELECT chain,seq FROM faults WHERE (chain,seq)>(?1,?2) AND n=-1 AND tried<>?3 "
                        "ORDER BY chain,seq LIMIT ?4",
    [SQL_FAULT_COUNT] = "SELECT count(*),sum(n=-1 AND tried<>?1) FROM faults",
    [SQL_HOLDS_CLEAR] = "DELETE FROM holds",
    [SQL_HOLD_ADD] = "INSERT OR REPLACE INTO holds(recording) VALUES(?1)",
    [SQL_HOLD_DROP] = "DELETE FROM holds WHERE recording=?1",
    [SQL_ORDERS_CLEAR] = "DELETE FROM orders",
    [SQL_ORDER_ADD] = "INSERT OR REPLACE INTO orders(parts,id) VALUES(?1,?2)",
    [SQL_FIND_RECORDING] = "SELECT id,chain,seq FROM recordings WHERE id>=?1 AND id<=?2 ORDER BY id LIMIT 9",
    [SQL_FIND_ENTRY] = "SELECT e.recording,r.chain,r.seq FROM entries e JOIN recordings r ON r.id=e.recording "
                       "WHERE e.id>=?1 AND e.id<=?2 AND e.type=?3 ORDER BY e.id LIMIT 9",
    [SQL_POSITIONS] = "SELECT c.chain,p.seq FROM ("
                      "SELECT ?1 AS chain,?2 AS seq UNION "
                      "SELECT e.chain,e.seq FROM entries e WHERE e.recording IN "
                      "(SELECT id FROM recordings WHERE chain=?1 AND seq=?2) UNION "
                      "SELECT f.chain,f.seq FROM faults f WHERE f.recording IN "
                      "(SELECT id FROM recordings WHERE chain=?1 AND seq=?2)"
                      ") p JOIN chains c ON c.n=p.chain ORDER BY c.chain,p.seq",
    [SQL_CONFIRMED] = "SELECT author FROM entries WHERE about=?1 AND type='confirm' ORDER BY pos LIMIT 1",
    [SQL_FTS5] = "SELECT fts5(?1)",
    [SQL_CHECK] = "PRAGMA quick_check(1)",
};

static const struct {
    const char *columns, *from, *text, *text_alone, *order;
} tables[TABLES] = {
    [TABLE_RECORDINGS] = {"SELECT p.id,p.time,p.mark,p.station,p.unit,p.camera,p.mode,p.path,p.size,p.mtime,p.hash,"
                          "p.chain,p.seq,p.parts,EXISTS(SELECT 1 FROM holds h WHERE h.recording=p.id),"
                          "(SELECT o.id FROM orders o WHERE o.parts=p.parts),"
                          "EXISTS(SELECT 1 FROM entries f WHERE f.recording=p.id AND f.type='flag'),p.blobs",
                          " FROM recordings p WHERE 1",
                          " FROM recordings_text x CROSS JOIN recordings p ON p.pos=x.rowid "
                          "WHERE recordings_text MATCH ?",
                          " FROM recordings_text WHERE recordings_text MATCH ?", " ORDER BY p.pos DESC"},
    [TABLE_ENTRIES] = {"SELECT p.id,p.type,p.time,p.mark,p.author,p.unit,p.chain,p.seq,p.recording,p.data",
                       " FROM entries p WHERE 1",
                       " FROM entries_text x CROSS JOIN entries p ON p.pos=x.rowid WHERE entries_text MATCH ?",
                       " FROM entries_text WHERE entries_text MATCH ?", " ORDER BY p.pos DESC"},
    [TABLE_FAULTS] = {"SELECT p.chain,p.seq,p.time,p.recording,p.why", " FROM faults p WHERE 1", NULL, NULL,
                      " ORDER BY p.time DESC,p.chain,p.seq DESC,p.n"},
};

#define WAITING                                                                                                        \
    "p.type IN ('request','order') AND "                                                                               \
    "NOT EXISTS(SELECT 1 FROM entries a WHERE a.about=p.id AND a.type IN ('approve','export')) AND "                   \
    "NOT EXISTS(SELECT 1 FROM orders o WHERE o.id=p.about)"

static const char *const conds[CONDS] = {
    [COND_POS_FROM] = "p.pos>=?",
    [COND_POS_TO] = "p.pos<?",
    [COND_UNIT] = "p.unit=?",
    [COND_STATION] = "p.station=?",
    [COND_STATION_OF_CHAIN] = "p.chain IN (SELECT n FROM chains WHERE station=?)",
    [COND_CAMERA] = "p.camera=?",
    [COND_AUTHOR] = "p.author=?",
    [COND_TYPE] = "p.type=?",
    [COND_ID] = "p.id=?",
    [COND_ID_FROM] = "p.id>=?",
    [COND_ID_TO] = "p.id<=?",
    [COND_RECORDING] = "p.recording=?",
    [COND_HELD] = "p.id IN (SELECT recording FROM holds)",
    [COND_FLAGGED] = "p.id IN (SELECT recording FROM entries WHERE type='flag')",
    [COND_WAITING] = WAITING,
};

enum err records_sql_fail(struct records_sql *q, int rc)
{
    int code = rc & 0xff;
    const char *why = q->db ? sqlite3_errmsg(q->db) : sqlite3_errstr(rc);
    bool ours = code == SQLITE_IOERR || code == SQLITE_NOTADB || code == SQLITE_CANTOPEN || code == SQLITE_FULL ||
                code == SQLITE_BUSY;
    enum err e = ours && q->blocks ? blocks_why(q->blocks) : ERR_OK;
    if (e)
        return e == ERR_NOINPUT ? ERR_IO : e;
    if (code == SQLITE_FULL)
        return err_set(ERR_FULL, "%s cannot grow: the disk is full", q->name);
    if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_CONSTRAINT || code == SQLITE_SCHEMA ||
        code == SQLITE_ERROR)
        return err_set(ERR_BAD, "%s is damaged: %s", q->name, why);
    if (code == SQLITE_BUSY)
        return err_set(ERR_AGAIN, "%s is in use: %s", q->name, why);
    if (code == SQLITE_NOMEM)
        return err_set(ERR_NOMEM, "out of memory");
    return err_set(ERR_IO, "%s: %s", q->name, why);
}

sqlite3_stmt *records_sql(struct records_sql *q, enum records_stmt id, enum err *e)
{
    if (!q->st[id]) {
        int rc = sqlite3_prepare_v3(q->db, sql[id], -1, SQLITE_PREPARE_PERSISTENT, &q->st[id], NULL);
        if (rc != SQLITE_OK) {
            *e = records_sql_fail(q, rc);
            return NULL;
        }
    }
    sqlite3_reset(q->st[id]);
    sqlite3_clear_bindings(q->st[id]);
    *e = ERR_OK;
    return q->st[id];
}

enum err records_sql_run(struct records_sql *q, sqlite3_stmt *s)
{
    int rc = sqlite3_step(s);
    enum err e = rc == SQLITE_DONE || rc == SQLITE_ROW ? ERR_OK : records_sql_fail(q, rc);
    sqlite3_reset(s);
    return e;
}

enum err records_sql_row(struct records_sql *q, sqlite3_stmt *s)
{
    int rc = sqlite3_step(s);
    return rc == SQLITE_ROW ? ERR_OK : rc == SQLITE_DONE ? ERR_NOINPUT : records_sql_fail(q, rc);
}

enum err records_sql_simple(struct records_sql *q, enum records_stmt id)
{
    enum err e;
    sqlite3_stmt *s = records_sql(q, id, &e);
    return s ? records_sql_run(q, s) : e;
}

enum err records_sql_number(struct records_sql *q, sqlite3_stmt *s, int64_t *out)
{
    enum err e = records_sql_row(q, s);
    *out = e ? 0 : sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    return e == ERR_NOINPUT ? ERR_OK : e;
}

void records_sql_text(sqlite3_stmt *s, int i, const char *text)
{
    if (text && text[0])
        sqlite3_bind_text(s, i, text, -1, SQLITE_TRANSIENT);
}

void records_sql_blob(sqlite3_stmt *s, int i, const void *p, size_t n)
{
    sqlite3_bind_blob(s, i, p, (int)n, SQLITE_TRANSIENT);
}

void records_sql_id(sqlite3_stmt *s, int i, const char *id)
{
    uint8_t raw[10];
    if (id && bytes_unhex(raw, sizeof raw, id, strlen(id)))
        records_sql_blob(s, i, raw, sizeof raw);
}

enum err records_sql_search(struct records_sql *q, enum records_table t, bool text, const enum records_cond *c,
                            size_t n, bool rows, sqlite3_stmt **out)
{
    struct buf b = {.max = 8192};
    *out = NULL;
    enum err e = buf_str(&b, rows ? tables[t].columns : "SELECT count(*) FROM (SELECT 1");
    if (!e)
        e = buf_str(&b, !text ? tables[t].from : rows || n ? tables[t].text : tables[t].text_alone);
    for (size_t i = 0; i < n && !e; i++)
        e = buf_fmt(&b, " AND %s", conds[c[i]]);
    if (!e && rows)
        e = buf_str(&b, text ? " ORDER BY x.rowid DESC" : tables[t].order);
    if (!e)
        e = buf_str(&b, rows ? " LIMIT ? OFFSET ?" : " LIMIT ?)");
    int rc = e ? SQLITE_OK : sqlite3_prepare_v2(q->db, (const char *)b.p, -1, out, NULL);
    buf_free(&b);
    return e ? e : rc == SQLITE_OK ? ERR_OK : records_sql_fail(q, rc);
}

struct words {
    struct buf *out;
    unsigned n;
    enum err e;
};

/* A longer beginning would be looked for in all words one by one: of a word
 * of letters alone, which may stand in every second row, the rest is let go. */
static int cut_word(const char *word, int n)
{
    int letters = 0;
    for (int i = 0; i < n; i++)
        if (word[i] >= '0' && word[i] <= '9')
            return n;
    for (int i = 0; i < n; i++)
        if (((unsigned char)word[i] & 0xc0u) != 0x80u && letters++ == LETTERS)
            return i;
    return n;
}

static int take_word(void *ctx, int flags, const char *word, int n, int from, int to)
{
    struct words *w = ctx;
    (void)flags;
    (void)from;
    (void)to;
    if (w->n++ < WORDS_MAX && !w->e)
        w->e = buf_fmt(w->out, "%s\"%.*s\"*", w->out->len ? " " : "", cut_word(word, n), word);
    return w->e ? SQLITE_NOMEM : SQLITE_OK;
}

enum err records_sql_words(struct records_sql *q, const char *text, struct buf *out)
{
    static const char *options[] = {"remove_diacritics", "0"};
    fts5_api *api = NULL;
    fts5_tokenizer tokenizer;
    void *kind = NULL;
    Fts5Tokenizer *t = NULL;
    struct words w = {.out = out};
    enum err e;
    sqlite3_stmt *s = records_sql(q, SQL_FTS5, &e);
    if (!s)
        return e;
    sqlite3_bind_pointer(s, 1, (void *)&api, "fts5_api_ptr", NULL);
    e = records_sql_row(q, s);
    sqlite3_reset(s);
    if (e || !api)
        return e ? e : err_set(ERR_BUG, "this SQLite has no full-text search");
    int rc = api->xFindTokenizer(api, "unicode61", &kind, &tokenizer);
    if (rc == SQLITE_OK)
        rc = tokenizer.xCreate(kind, options, 2, &t);
    if (rc == SQLITE_OK) {
        rc = tokenizer.xTokenize(t, &w, FTS5_TOKENIZE_QUERY, text, (int)strlen(text), take_word);
        tokenizer.xDelete(t);
    }
    return w.e ? w.e : rc == SQLITE_OK ? ERR_OK : records_sql_fail(q, rc);
}

/* After a torn WAL or journal SQLite is asked whether all is well. */
static enum err look_over(struct records_sql *q)
{
    enum err e;
    sqlite3_stmt *s = blocks_torn(q->blocks) ? records_sql(q, SQL_CHECK, &e) : NULL;
    if (!s)
        return ERR_OK;
    e = records_sql_row(q, s);
    if (!e && strcmp((const char *)sqlite3_column_text(s, 0), "ok") != 0)
        e = err_set(ERR_BAD, "%s is damaged: %s", q->name, (const char *)sqlite3_column_text(s, 0));
    sqlite3_reset(s);
    return e;
}

static enum err set_up(struct records_sql *q)
{
    sqlite3_stmt *s = NULL;
    int version = -1;
    /* temporary files are sealed like the others: they need not stay in memory */
    int rc = sqlite3_exec(q->db,
                          "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
                          "PRAGMA cache_size=-8192; PRAGMA temp_store=FILE; PRAGMA secure_delete=OFF; "
                          "PRAGMA journal_size_limit=8388608; PRAGMA trusted_schema=OFF",
                          NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v2(q->db, "PRAGMA user_version", -1, &s, NULL);
    if (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        version = sqlite3_column_int(s, 0);
        rc = SQLITE_OK;
    }
    sqlite3_finalize(s);
    if (rc == SQLITE_OK && version == 0) {
        rc = sqlite3_exec(q->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        if (rc == SQLITE_OK)
            rc = sqlite3_exec(q->db, schema, NULL, NULL, NULL);
        if (rc == SQLITE_OK)
            rc = sqlite3_exec(q->db, "COMMIT", NULL, NULL, NULL);
        version = RECORDS_SQL_VERSION;
    }
    if (rc != SQLITE_OK)
        return records_sql_fail(q, rc);
    if (version != RECORDS_SQL_VERSION)
        return err_set(ERR_BAD, "%s is of another version (%d)", q->name, version);
    return look_over(q);
}

enum err records_sql_open(struct records_sql *q, const char *path, const char *name,
                          const uint8_t key[static BLOCK_KEY])
{
    *q = (struct records_sql){.name = name};
    enum err e = blocks_new(&q->blocks, key);
    if (e)
        return e;
    int rc = sqlite3_open_v2(path, &q->db,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                             blocks_vfs(q->blocks));
    return rc == SQLITE_OK ? set_up(q) : records_sql_fail(q, rc);
}

void records_sql_close(struct records_sql *q)
{
    for (int i = 0; i < SQL_STMTS; i++)
        sqlite3_finalize(q->st[i]);
    sqlite3_close(q->db);
    blocks_free(q->blocks);
    *q = (struct records_sql){0};
}
