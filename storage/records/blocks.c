#include "storage/records/blocks.h"

#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct blocks {
    sqlite3_vfs vfs;
    sqlite3_vfs *base;        /* what is no file's bytes goes there */
    struct block_file *dirty; /* the one file that may hold something back */
    bool torn;
    enum err why;
    char sentence[512];
    char name[40];
    char folder[4096]; /* of the database: temporary files stand there */
    uint8_t key[BLOCK_KEY];
};

/* What SQLite has of an open file. */
struct open_file {
    sqlite3_file base;
    struct block_file *f;
    struct blocks *b;
    enum block_kind kind;
};

static struct open_file *of(sqlite3_file *file)
{
    return (struct open_file *)(void *)file;
}

/* Keeps the sentence of an error; io is what SQLite calls it where it has no
 * better word. */
static int told(struct blocks *b, enum err e, int io)
{
    if (e == ERR_OK)
        return SQLITE_OK;
    b->why = e;
    snprintf(b->sentence, sizeof b->sentence, "%s", err_text());
    switch (e) {
    case ERR_BAD:
        return SQLITE_IOERR_DATA;
    case ERR_FULL:
        return SQLITE_FULL;
    case ERR_NOMEM:
        return SQLITE_IOERR_NOMEM;
    case ERR_AGAIN:
        return SQLITE_BUSY;
    case ERR_OK:
    case ERR_USAGE:
    case ERR_DATA:
    case ERR_NOINPUT:
    case ERR_UNREACHABLE:
    case ERR_BUG:
    case ERR_CREATE:
    case ERR_IO:
    case ERR_DENIED:
    case ERR_END:
        break;
    }
    return io;
}

static enum err settle(struct blocks *b)
{
    enum err e = b->dirty ? block_file_flush(b->dirty) : ERR_OK;
    if (!e)
        b->dirty = NULL;
    return e;
}

static int close_file(sqlite3_file *file)
{
    struct open_file *o = of(file);
    if (o->b->dirty == o->f)
        o->b->dirty = NULL;
    o->b->torn = o->b->torn || block_file_torn(o->f);
    enum err e = block_file_close(o->f);
    o->f = NULL;
    return told(o->b, e, SQLITE_IOERR_CLOSE);
}

static int read_file(sqlite3_file *file, void *p, int n, sqlite3_int64 offset)
{
    struct open_file *o = of(file);
    size_t got;
    enum err e = block_file_read(o->f, p, (size_t)n, (uint64_t)offset, &got);
    o->b->torn = o->b->torn || block_file_torn(o->f);
    if (e == ERR_BAD && o->kind == BLOCK_MAIN && offset == 0 && n < (int)BLOCK_SIZE) {
        /* a look at the database's head before its WAL is read, which may hold that block */
        memset(p, 0, (size_t)n);
        return SQLITE_IOERR_SHORT_READ;
    }
    if (e)
        return told(o->b, e, SQLITE_IOERR_READ);
    return got < (size_t)n ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
}

static int write_file(sqlite3_file *file, const void *p, int n, sqlite3_int64 offset)
{
    struct open_file *o = of(file);
    enum err e = ERR_OK;
    if (o->kind != BLOCK_TEMP) {
        if (o->b->dirty != o->f)
            e = settle(o->b);
        if (!e)
            o->b->dirty = o->f;
    }
    if (!e)
        e = block_file_write(o->f, p, (size_t)n, (uint64_t)offset);
    return told(o->b, e, SQLITE_IOERR_WRITE);
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 size)
{
    struct open_file *o = of(file);
    enum err e = settle(o->b);
    if (!e)
        e = block_file_truncate(o->f, (uint64_t)size);
    return told(o->b, e, SQLITE_IOERR_TRUNCATE);
}

static int sync_file(sqlite3_file *file, int flags)
{
    struct open_file *o = of(file);
    enum err e = settle(o->b);
    (void)flags;
    if (!e)
        e = block_file_sync(o->f);
    return told(o->b, e, SQLITE_IOERR_FSYNC);
}

static int size_of_file(sqlite3_file *file, sqlite3_int64 *size)
{
    *size = (sqlite3_int64)block_file_size(of(file)->f);
    return SQLITE_OK;
}

/* The database is locked from its opening on, against every other process. */
static int lock_file(sqlite3_file *file, int level)
{
    (void)file;
    (void)level;
    return SQLITE_OK;
}

static int is_reserved(sqlite3_file *file, int *out)
{
    (void)file;
    *out = 0;
    return SQLITE_OK;
}

static int control_file(sqlite3_file *file, int op, void *arg)
{
    (void)arg;
    if (op == SQLITE_FCNTL_COMMIT_PHASETWO || op == SQLITE_FCNTL_SYNC)
        return told(of(file)->b, settle(of(file)->b), SQLITE_IOERR_WRITE);
    return SQLITE_NOTFOUND;
}

static int sector_of(sqlite3_file *file)
{
    (void)file;
    return (int)BLOCK_SIZE;
}

/* Not POWERSAFE_OVERWRITE: a power cut may take the whole of a block of which
 * a part was written. */
static int traits_of(sqlite3_file *file)
{
    (void)file;
    return 0;
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = size_of_file,
    .xLock = lock_file,
    .xUnlock = lock_file,
    .xCheckReservedLock = is_reserved,
    .xFileControl = control_file,
    .xSectorSize = sector_of,
    .xDeviceCharacteristics = traits_of,
};

static struct blocks *vfs_of(sqlite3_vfs *vfs)
{
    return vfs->pAppData;
}

static enum block_kind kind_of(int flags)
{
    if (flags & SQLITE_OPEN_MAIN_DB)
        return BLOCK_MAIN;
    return flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL) ? BLOCK_LOG : BLOCK_TEMP;
}

static void set_folder(struct blocks *b, const char *database)
{
    const char *slash = strrchr(database, '/');
    snprintf(b->folder, sizeof b->folder, "%.*s", slash ? (int)(slash - database) + 1 : 1, slash ? database : ".");
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    struct blocks *b = vfs_of(vfs);
    struct open_file *o = of(file);
    *o = (struct open_file){.b = b, .kind = kind_of(flags)};
    const uint8_t *parent = NULL;
    if (o->kind == BLOCK_LOG && !(flags & SQLITE_OPEN_SUPER_JOURNAL))
        parent = block_file_id(of(sqlite3_database_file_object(name))->f);
    if (o->kind == BLOCK_TEMP)
        name = b->folder;
    enum err e = block_file_open(&o->f, name, o->kind, b->key, parent, flags & SQLITE_OPEN_CREATE);
    if (e) {
        int rc = told(b, e, SQLITE_CANTOPEN);
        return e == ERR_BAD ? SQLITE_NOTADB : rc;
    }
    o->base.pMethods = &methods;
    b->torn = b->torn || block_file_torn(o->f);
    if (o->kind == BLOCK_MAIN)
        set_folder(b, name);
    if (out)
        *out = flags;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    return vfs_of(vfs)->base->xDelete(vfs_of(vfs)->base, name, sync);
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    return vfs_of(vfs)->base->xAccess(vfs_of(vfs)->base, name, flags, out);
}

static int vfs_full_name(sqlite3_vfs *vfs, const char *name, int n, char *out)
{
    return vfs_of(vfs)->base->xFullPathname(vfs_of(vfs)->base, name, n, out);
}

static int vfs_random(sqlite3_vfs *vfs, int n, char *out)
{
    (void)vfs;
    randombytes_buf(out, (size_t)n);
    return n;
}

static int vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
    return vfs_of(vfs)->base->xSleep(vfs_of(vfs)->base, microseconds);
}

static int vfs_time(sqlite3_vfs *vfs, double *days)
{
    return vfs_of(vfs)->base->xCurrentTime(vfs_of(vfs)->base, days);
}

static int vfs_last_error(sqlite3_vfs *vfs, int n, char *out)
{
    (void)vfs;
    if (n > 0)
        out[0] = '\0';
    return 0;
}

enum err blocks_new(struct blocks **out, const uint8_t key[static BLOCK_KEY])
{
    *out = NULL;
    struct blocks *b = sodium_malloc(sizeof *b);
    if (!b)
        return err_set(ERR_NOMEM, "out of memory");
    memset(b, 0, sizeof *b);
    b->base = sqlite3_vfs_find(NULL);
    memcpy(b->key, key, BLOCK_KEY);
    snprintf(b->name, sizeof b->name, "feldsher-%p", (void *)b);
    b->vfs = (sqlite3_vfs){
        .iVersion = 1,
        .szOsFile = (int)sizeof(struct open_file),
        .mxPathname = b->base ? b->base->mxPathname : 0,
        .zName = b->name,
        .pAppData = b,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_name,
        .xRandomness = vfs_random,
        .xSleep = vfs_sleep,
        .xCurrentTime = vfs_time,
        .xGetLastError = vfs_last_error,
    };
    if (!b->base || sqlite3_vfs_register(&b->vfs, 0) != SQLITE_OK) {
        sodium_free(b);
        return err_set(ERR_NOMEM, "SQLite does not take another kind of files");
    }
    *out = b;
    return ERR_OK;
}

void blocks_free(struct blocks *b)
{
    if (!b)
        return;
    sqlite3_vfs_unregister(&b->vfs);
    sodium_free(b);
}

const char *blocks_vfs(const struct blocks *b)
{
    return b->name;
}

enum err blocks_why(const struct blocks *b)
{
    return b->why ? err_set(b->why, "%s", b->sentence) : ERR_OK;
}

bool blocks_torn(const struct blocks *b)
{
    return b->torn;
}
