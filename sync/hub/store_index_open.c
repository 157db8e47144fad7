#include "storage/base/file.h"
#include "storage/base/log.h"
#include "sync/hub/store_index_inside.h"
#include "sync/hub/store_schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum err store_index_fail(const struct store_index *x, int rc)
{
    int code = rc & 0xff;
    const char *why = x->db ? sqlite3_errmsg(x->db) : sqlite3_errstr(rc);
    if (code == SQLITE_FULL)
        return err_set(ERR_FULL, "the index hub.db cannot grow: the disk is full");
    if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
        return err_set(ERR_BAD, "the index hub.db is damaged: %s", why);
    if (code == SQLITE_BUSY)
        return err_set(ERR_AGAIN, "the index hub.db is in use: %s", why);
    if (code == SQLITE_NOMEM)
        return err_set(ERR_NOMEM, "out of memory");
    return err_set(ERR_IO, "the index hub.db: %s", why);
}

static enum err run(const struct store_index *x, const char *sql)
{
    int rc = sqlite3_exec(x->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? ERR_OK : store_index_fail(x, rc);
}

/* rc of reading one number. */
static int number(const struct store_index *x, const char *sql, int *value)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(x->db, sql, -1, &st, NULL);
    if (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW)
        *value = sqlite3_column_int(st, 0);
    int end = sqlite3_finalize(st);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : end ? end : rc;
}

/* Where there can be no log each commit waits for the disk, as before. */
static bool keeps_log(const struct store_index *x)
{
    sqlite3_stmt *st = NULL;
    bool yes = sqlite3_prepare_v2(x->db, "PRAGMA journal_mode", -1, &st, NULL) == SQLITE_OK &&
               sqlite3_step(st) == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(st, 0), "wal") == 0;
    sqlite3_finalize(st);
    return yes;
}

static enum err make_tables(struct store_index *x)
{
    enum err e = run(x, "BEGIN IMMEDIATE");
    if (!e)
        e = run(x, schema);
    if (!e)
        e = run(x, "COMMIT");
    x->version = VERSION;
    return e;
}

static enum err set_up(struct store_index *x)
{
    int open = 0;
    sqlite3_busy_timeout(x->db, 60000);
    enum err e = run(x, x->mode == STORE_INDEX_WRITE ? pragmas_writer : pragmas_reader);
    int rc = e ? SQLITE_OK : number(x, "PRAGMA user_version", &x->version);
    if (!e && rc == SQLITE_OK && x->version == 0 && x->mode == STORE_INDEX_WRITE)
        e = make_tables(x);
    if (!e && rc == SQLITE_OK && (x->version < 1 || x->version > VERSION))
        return err_set(ERR_BAD, "the index hub.db is of another version (%d)", x->version);
    if (!e && rc == SQLITE_OK)
        rc = number(x, "SELECT value FROM meta WHERE name='open'", &open);
    x->unclean = open;
    if (!e && rc != SQLITE_OK)
        e = store_index_fail(x, rc);
    if (!e && x->mode == STORE_INDEX_WRITE)
        e = run(x, "INSERT OR REPLACE INTO meta(name,value) VALUES('open',1)");
    if (!e && x->mode == STORE_INDEX_WRITE && keeps_log(x))
        e = run(x, "PRAGMA synchronous=NORMAL");
    if (!e && x->mode == STORE_INDEX_TRY)
        e = run(x, "PRAGMA cache_spill=OFF");
    return e;
}

static enum err open_file(struct store_index *x, const char *path, int flags)
{
    int rc = sqlite3_open_v2(path, &x->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    /* who only looks leaves the log where it is */
    if (rc == SQLITE_OK && x->mode != STORE_INDEX_WRITE)
        rc = sqlite3_db_config(x->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return rc == SQLITE_OK ? set_up(x) : store_index_fail(x, rc);
}

/* In a folder that cannot be written SQLite makes no log's index; without a
 * log beside it the file is all there is. */
static enum err open_unchanging(struct store_index *x, const char *path, enum err e)
{
    char uri[4 * 4096 + 32], log[4096 + 8];
    size_t n = 0;
    snprintf(log, sizeof log, "%.4000s-wal", path);
    uint64_t size = 0;
    if (strlen(path) > 4000 || (file_size(log, &size) && size))
        return e;
    n = (size_t)snprintf(uri, sizeof uri, "file:");
    for (const char *p = path; *p; p++)
        n += (size_t)snprintf(uri + n, sizeof uri - n, strchr("?#%", *p) ? "%%%02X" : "%c", (unsigned char)*p);
    snprintf(uri + n, sizeof uri - n, "?immutable=1");
    sqlite3_close(x->db);
    x->db = NULL;
    return open_file(x, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
}

enum err store_index_open(struct store_index **out, const char *path, enum store_index_mode mode)
{
    struct store_index *x = calloc(1, sizeof *x);
    *out = NULL;
    if (!x)
        return err_set(ERR_NOMEM, "out of memory");
    x->mode = mode;
    /* also a reader may have to roll back what a power cut left in the journal */
    enum err e = open_file(x, path, SQLITE_OPEN_READWRITE | (mode == STORE_INDEX_WRITE ? SQLITE_OPEN_CREATE : 0));
    if (e == ERR_IO && mode == STORE_INDEX_READ)
        e = open_unchanging(x, path, e);
    if (e)
        store_index_close(x, false);
    else
        *out = x;
    return e;
}

/* The mark goes when everything is in the file, durably. */
static enum err close_writer(struct store_index *x)
{
    enum err e = run(x, "PRAGMA synchronous=FULL; DELETE FROM meta WHERE name='open'; "
                        "PRAGMA wal_checkpoint(TRUNCATE)");
    sqlite3_busy_timeout(x->db, 0);
    if (!e && run(x, pragma_plain) != ERR_OK)
        err_clear(); /* somebody reads it: it stays as it is */
    return e;
}

void store_index_close(struct store_index *x, bool clean)
{
    if (!x)
        return;
    for (int i = 0; i < STORE_INDEX_STMTS; i++)
        sqlite3_finalize(x->st[i]);
    if (clean && x->db && x->mode == STORE_INDEX_WRITE && close_writer(x) != ERR_OK)
        log_line("hub.db: not closed cleanly");
    if (x->db && sqlite3_close(x->db) != SQLITE_OK)
        log_line("hub.db: not closed");
    free(x);
}

bool store_index_unclean(const struct store_index *x)
{
    return x->unclean;
}

enum err store_index_upgrade(struct store_index *x, bool *routes)
{
    *routes = x->version < 2;
    enum err e = *routes ? run(x, ROUTE_TABLE) : ERR_OK;
    x->version = VERSION;
    return e;
}

enum err store_index_check(struct store_index *x, void (*bad)(void *ctx, const char *why), void *ctx)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(x->db, "PRAGMA integrity_check(16)", -1, &st, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(st, 0);
        if (!text || strcmp(text, "ok") != 0)
            bad(ctx, text ? text : "out of memory");
        rc = SQLITE_OK;
    }
    sqlite3_finalize(st);
    if (rc != SQLITE_DONE)
        bad(ctx, sqlite3_errmsg(x->db));
    return ERR_OK;
}
