#ifndef STORAGE_RECORDS_RECORDS_SQL_H
#define STORAGE_RECORDS_RECORDS_SQL_H

#include "storage/base/buf.h"
#include "storage/records/blocks.h"

#include <sqlite3.h>

/* All SQL of records-SET.db: its schema, its statements by id, the pieces of
 * its searches, and what every use of them shares. */

#define RECORDS_SQL_VERSION 1

enum records_stmt {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_META_GET,
    SQL_META_SET,
    SQL_CHAINS,
    SQL_CHAIN_ADD,
    SQL_CHAIN_HEAD,
    SQL_LAST_POS,
    SQL_ENTRY_ADD,
    SQL_ENTRY_TEXT,
    SQL_RECORDING_ADD,
    SQL_RECORDING_ID,
    SQL_RECORDING_DROP,
    SQL_RECORDING_TEXT,
    SQL_RECORDING_UNTEXT,
    SQL_CLOSED_ADD,
    SQL_CLOSED_DROP,
    SQL_CLOSED_AGAIN,
    SQL_CLOSED_COUNT,
    SQL_FAULT_ADD,
    SQL_FAULT_DROP,
    SQL_FAULT_AGAIN,
    SQL_FAULT_COUNT,
    SQL_HOLDS_CLEAR,
    SQL_HOLD_ADD,
    SQL_HOLD_DROP,
    SQL_ORDERS_CLEAR,
    SQL_ORDER_ADD,
    SQL_FIND_RECORDING,
    SQL_FIND_ENTRY,
    SQL_POSITIONS,
    SQL_CONFIRMED,
    SQL_FTS5,
    SQL_CHECK,
    SQL_STMTS
};

struct records_sql {
    struct blocks *blocks;
    sqlite3 *db;
    sqlite3_stmt *st[SQL_STMTS];
    const char *name; /* of the file, for messages */
};

/* Opens, checks the version, makes the tables of a new one. name must outlive
 * it. ERR_BAD, ERR_AGAIN, ERR_FULL, ERR_IO, ERR_NOMEM; close after an error. */
enum err records_sql_open(struct records_sql *q, const char *path, const char *name,
                          const uint8_t key[static BLOCK_KEY]) MUST_USE;
void records_sql_close(struct records_sql *q);

/* What a result code of SQLite is to us, with the sentence; the VFS's own
 * reason where there is one. */
enum err records_sql_fail(struct records_sql *q, int rc);
/* The statement, reset, without bindings; NULL: *e. */
sqlite3_stmt *records_sql(struct records_sql *q, enum records_stmt id, enum err *e);
/* Runs one that gives no rows. */
enum err records_sql_run(struct records_sql *q, sqlite3_stmt *s) MUST_USE;
/* One row: ERR_OK, ERR_NOINPUT none. The caller resets. */
enum err records_sql_row(struct records_sql *q, sqlite3_stmt *s) MUST_USE;
enum err records_sql_simple(struct records_sql *q, enum records_stmt id) MUST_USE;
/* A bound number's first column, 0 for no row. */
enum err records_sql_number(struct records_sql *q, sqlite3_stmt *s, int64_t *out) MUST_USE;

void records_sql_text(sqlite3_stmt *s, int i, const char *text); /* NULL or "": NULL */
void records_sql_blob(sqlite3_stmt *s, int i, const void *p, size_t n);
/* 20 hex digits as 10 bytes; anything else is NULL. */
void records_sql_id(sqlite3_stmt *s, int i, const char *id);

/* A search, put together: where it looks, and what narrows it. Bound in this
 * order: the words (with text), a value for each condition that has one, the
 * most rows, and (with rows) how many to leave out before. Without rows it
 * gives their number alone, no higher than the most. */
enum records_table { TABLE_RECORDINGS, TABLE_ENTRIES, TABLE_FAULTS, TABLES };
enum records_cond {
    COND_POS_FROM,
    COND_POS_TO,
    COND_UNIT,
    COND_STATION,
    COND_STATION_OF_CHAIN,
    COND_CAMERA,
    COND_AUTHOR,
    COND_TYPE,
    COND_ID,
    COND_ID_FROM,
    COND_ID_TO,
    COND_RECORDING,
    COND_HELD,    /* no value */
    COND_FLAGGED, /* no value */
    COND_WAITING, /* no value */
    CONDS
};
enum err records_sql_search(struct records_sql *q, enum records_table t, bool text, const enum records_cond *c,
                            size_t n, bool rows, sqlite3_stmt **out) MUST_USE;

/* Words of a text as the index has them, each as a query for its beginnings;
 * empty when there is none. */
enum err records_sql_words(struct records_sql *q, const char *text, struct buf *out) MUST_USE;

#endif
