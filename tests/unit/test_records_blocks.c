#include "storage/base/file.h"
#include "storage/records/blocks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <sqlite3.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096
#define WORD "Zyzzogeton"

static const uint8_t key[BLOCK_KEY] = {1, 2, 3};
static char dir[64], path[128];
static uint64_t seed;

static int setup(void **state)
{
    (void)state;
    assert_true(sodium_init() >= 0);
    /* thousands of syncs: in memory they take no time, and mean the same */
    strcpy(dir, access("/dev/shm", W_OK) == 0 ? "/dev/shm/feldsher-unit-XXXXXX" : "/tmp/feldsher-unit-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/db", dir);
    seed = 88172645463325252;
    return 0;
}

static int teardown(void **state)
{
    char cmd[192];
    (void)state;
    snprintf(cmd, sizeof cmd, "chmod -R u+rwx %.60s; rm -rf %.60s", dir, dir);
    return system(cmd);
}

static uint64_t any(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

/* A connection of SQLite over sealed blocks. */
struct conn {
    struct blocks *b;
    sqlite3 *db;
};

static int opened(struct conn *c, const uint8_t k[static BLOCK_KEY], const char *set_up)
{
    assert_int_equal(blocks_new(&c->b, k), ERR_OK);
    int rc = sqlite3_open_v2(path, &c->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, blocks_vfs(c->b));
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(c->db, "PRAGMA locking_mode=EXCLUSIVE", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(c->db, set_up, NULL, NULL, NULL);
    return rc;
}

static void closed(struct conn *c)
{
    sqlite3_close(c->db);
    blocks_free(c->b);
}

static void run(struct conn *c, const char *sql)
{
    char *why = NULL;
    if (sqlite3_exec(c->db, sql, NULL, NULL, &why) != SQLITE_OK)
        fprintf(stderr, "%s: %s (%s)\n", sql, why, blocks_why(c->b) ? err_text() : "SQLite's own");
    assert_null(why);
}

/* The first value; -1 on an error. */
static int64_t number(struct conn *c, const char *sql)
{
    sqlite3_stmt *s;
    int64_t n = -1;
    if (sqlite3_prepare_v2(c->db, sql, -1, &s, NULL) != SQLITE_OK)
        return -1;
    if (sqlite3_step(s) == SQLITE_ROW)
        n = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return n;
}

static bool is_whole(struct conn *c)
{
    sqlite3_stmt *s;
    bool good = false;
    if (sqlite3_prepare_v2(c->db, "PRAGMA integrity_check", -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
        good = strcmp((const char *)sqlite3_column_text(s, 0), "ok") == 0;
    sqlite3_finalize(s);
    return good;
}

#define WAL "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL"
#define JOURNAL "PRAGMA journal_mode=DELETE; PRAGMA synchronous=NORMAL"
#define PERSIST "PRAGMA journal_mode=PERSIST; PRAGMA synchronous=FULL"

static void make_rows(struct conn *c, int rows)
{
    char sql[512];
    run(c, "CREATE TABLE IF NOT EXISTS t(n INTEGER PRIMARY KEY,a TEXT,b BLOB); CREATE INDEX IF NOT EXISTS i ON t(a)");
    snprintf(sql, sizeof sql,
             "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE x<%d) INSERT INTO t(a,b) "
             "SELECT '" WORD " '||hex(randomblob(40)),randomblob(100) FROM c",
             rows);
    run(c, sql);
}

static void slurp(const char *name, struct buf *out)
{
    char p[256];
    snprintf(p, sizeof p, "%s/%s", dir, name);
    assert_int_equal(file_read(p, 1 << 28, out), ERR_OK);
}

static void spit(const char *name, const struct buf *b)
{
    char p[256];
    snprintf(p, sizeof p, "%s/%s", dir, name);
    assert_int_equal(file_write_soon(p, b->p, b->len, 0600), ERR_OK);
}

static void bytes_come_back_otherwise(void **state)
{
    (void)state;
    enum { MOST = 700000 };
    uint8_t *model = calloc(1, MOST + 40000), *back = malloc(MOST + 40000), junk[20000];
    size_t size = 0, got;
    struct block_file *f = NULL;
    assert_non_null(model);
    assert_non_null(back);
    for (int i = 0; i < 6000; i++) {
        if (!f)
            assert_int_equal(block_file_open(&f, path, BLOCK_MAIN, key, NULL, i == 0), ERR_OK);
        assert_int_equal(size, block_file_size(f));
        size_t at = (size_t)any(any(3) ? size + 1 : MOST), n = (size_t)any(any(4) ? 200 : sizeof junk);
        switch (any(12)) {
        case 0:
            at = (size_t)any(size + 30000);
            assert_int_equal(block_file_truncate(f, at), ERR_OK);
            if (at < size)
                memset(model + at, 0, size - at);
            size = at;
            break;
        case 1:
            assert_int_equal(block_file_sync(f), ERR_OK);
            break;
        case 2:
            assert_int_equal(block_file_close(f), ERR_OK);
            f = NULL;
            break;
        case 3:
        case 4:
        case 5:
            assert_int_equal(block_file_read(f, back, n, at, &got), ERR_OK);
            assert_int_equal(got, at >= size ? 0 : size - at < n ? size - at : n);
            assert_memory_equal(back, model + at, n);
            break;
        default:
            if (at + n > MOST)
                break;
            randombytes_buf(junk, n);
            assert_int_equal(block_file_write(f, junk, n, at), ERR_OK);
            memcpy(model + at, junk, n);
            if (n && at + n > size)
                size = at + n;
        }
    }
    if (f)
        assert_int_equal(block_file_close(f), ERR_OK);
    assert_int_equal(block_file_open(&f, path, BLOCK_MAIN, key, NULL, false), ERR_OK);
    assert_int_equal(block_file_read(f, back, size, 0, &got), ERR_OK);
    assert_memory_equal(back, model, size);
    assert_int_equal(block_file_close(f), ERR_OK);
    free(model);
    free(back);
}

/* A file with "old" in its second block, and the same after "new" was written
 * over it: what a write changes are the page of seals and that block. */
static void before_and_after(enum block_kind kind, struct buf *before, struct buf *after)
{
    struct block_file *f;
    static uint8_t page[2 * PAGE];
    assert_int_equal(block_file_open(&f, path, kind, key, NULL, true), ERR_OK);
    memset(page, 'o', sizeof page);
    assert_int_equal(block_file_write(f, page, sizeof page, 0), ERR_OK);
    assert_int_equal(block_file_flush(f), ERR_OK);
    slurp("db", before);
    memset(page, 'n', sizeof page);
    assert_int_equal(block_file_write(f, page, PAGE, PAGE), ERR_OK);
    assert_int_equal(block_file_close(f), ERR_OK);
    slurp("db", after);
    assert_int_equal(before->len, 4 * PAGE);
    assert_int_equal(after->len, 4 * PAGE);
}

static enum err second_block(enum block_kind kind, char *first, bool *torn)
{
    struct block_file *f;
    uint8_t page[PAGE];
    size_t got = 0;
    enum err e = block_file_open(&f, path, kind, key, NULL, false);
    assert_int_equal(e, ERR_OK);
    e = block_file_read(f, page, PAGE, PAGE, &got);
    *first = (char)(got ? page[0] : 'e');
    *torn = block_file_torn(f);
    assert_int_equal(block_file_close(f), ERR_OK);
    return e;
}

static void a_kill_between_two_writes_loses_the_block(void **state)
{
    (void)state;
    struct buf before = {0}, after = {0}, mixed = {0};
    char first;
    bool torn;
    before_and_after(BLOCK_MAIN, &before, &after);
    assert_int_equal(second_block(BLOCK_MAIN, &first, &torn), ERR_OK);
    assert_int_equal(first, 'n');
    /* killed after the seal, before the block */
    assert_int_equal(buf_add(&mixed, after.p, 2 * PAGE), ERR_OK);
    assert_int_equal(buf_add(&mixed, before.p + 2 * PAGE, 2 * PAGE), ERR_OK);
    spit("db", &mixed);
    assert_int_equal(second_block(BLOCK_MAIN, &first, &torn), ERR_OK);
    assert_int_equal(first, 'o');
    /* and killed so again and again at other writes: the old one stays in force until the new one is there */
    for (int i = 0; i < 5; i++) {
        struct block_file *f;
        uint8_t page[PAGE];
        struct buf now = {0};
        memset(page, 'm', sizeof page);
        assert_int_equal(block_file_open(&f, path, BLOCK_MAIN, key, NULL, false), ERR_OK);
        assert_int_equal(block_file_write(f, page, PAGE, PAGE), ERR_OK);
        assert_int_equal(block_file_close(f), ERR_OK);
        slurp("db", &now);
        memcpy(now.p + 3 * PAGE, before.p + 3 * PAGE, PAGE);
        spit("db", &now);
        assert_int_equal(second_block(BLOCK_MAIN, &first, &torn), ERR_OK);
        assert_int_equal(first, 'o');
        buf_free(&now);
    }
    buf_free(&before);
    buf_free(&after);
    buf_free(&mixed);
}

static void a_power_cut_leaves_nonsense(void **state)
{
    (void)state;
    struct buf before = {0}, after = {0}, mixed = {0};
    char first;
    bool torn;
    /* the block reached the disk, its seal did not */
    before_and_after(BLOCK_MAIN, &before, &after);
    assert_int_equal(buf_add(&mixed, before.p, 3 * PAGE), ERR_OK);
    assert_int_equal(buf_add(&mixed, after.p + 3 * PAGE, PAGE), ERR_OK);
    spit("db", &mixed);
    assert_int_equal(second_block(BLOCK_MAIN, &first, &torn), ERR_BAD);
    assert_non_null(strstr(err_text(), "block 1 of db"));
    assert_int_equal(unlink(path), 0);
    buf_clear(&mixed);
    before_and_after(BLOCK_LOG, &before, &after);
    assert_int_equal(buf_add(&mixed, before.p, 3 * PAGE), ERR_OK);
    assert_int_equal(buf_add(&mixed, after.p + 3 * PAGE, PAGE), ERR_OK);
    spit("db", &mixed);
    assert_int_equal(second_block(BLOCK_LOG, &first, &torn), ERR_OK);
    assert_int_equal(first, 'e'); /* it was the last one, so it is not there */
    assert_true(torn);
    buf_free(&before);
    buf_free(&after);
    buf_free(&mixed);
}

static void a_flipped_bit_goes_unnoticed(void **state)
{
    (void)state;
    struct conn c;
    struct buf whole = {0}, bad = {0};
    assert_int_equal(opened(&c, key, WAL), SQLITE_OK);
    make_rows(&c, 400);
    closed(&c);
    slurp("db", &whole);
    assert_int_equal(buf_add(&bad, whole.p, whole.len), ERR_OK);
    size_t pages = whole.len / PAGE;
    for (size_t i = 0; i < pages; i++) {
        /* of a page of seals the first seal: the second one is not in force everywhere */
        size_t in = i == 0 ? (size_t)any(66) : i % 49 == 1 ? (size_t)any(42) : (size_t)any(PAGE);
        bad.p[i * PAGE + in] ^= (uint8_t)(1u << any(8));
        spit("db", &bad);
        bad.p[i * PAGE + in] = whole.p[i * PAGE + in];
        int rc = opened(&c, key, WAL);
        bool good = rc == SQLITE_OK && is_whole(&c);
        enum err why = blocks_why(c.b);
        closed(&c);
        if (good && i % 49 == 1)
            continue; /* the seal was the old one */
        assert_false(good);
        assert_int_equal(why, ERR_BAD);
    }
    spit("db", &whole);
    assert_int_equal(opened(&c, key, WAL), SQLITE_OK);
    assert_true(is_whole(&c));
    assert_int_equal(400, number(&c, "SELECT count(*) FROM t"));
    closed(&c);
    buf_free(&whole);
    buf_free(&bad);
}

static void swapped_or_cut_blocks_are_read(void **state)
{
    (void)state;
    struct conn c;
    struct buf whole = {0}, bad = {0};
    assert_int_equal(opened(&c, key, WAL), SQLITE_OK);
    make_rows(&c, 400);
    closed(&c);
    slurp("db", &whole);
    for (int round = 0; round < 20; round++) {
        buf_clear(&bad);
        assert_int_equal(buf_add(&bad, whole.p, whole.len), ERR_OK);
        size_t a = (size_t)any(20), b = 20 + (size_t)any(10);
        /* with their seals, as a thief of blocks would */
        for (size_t i = 0; i < PAGE; i++) {
            uint8_t *x = &bad.p[(2 + a) * PAGE + i], *y = &bad.p[(2 + b) * PAGE + i], z = *x;
            *x = *y;
            *y = z;
        }
        for (size_t i = 0; i < 84; i++) {
            uint8_t *x = &bad.p[PAGE + a * 84 + i], *y = &bad.p[PAGE + b * 84 + i], z = *x;
            *x = *y;
            *y = z;
        }
        spit("db", &bad);
        assert_false(opened(&c, key, WAL) == SQLITE_OK && is_whole(&c));
        assert_int_equal(blocks_why(c.b), ERR_BAD);
        closed(&c);
    }
    for (size_t keep = 1; keep < whole.len / PAGE; keep += 3) {
        buf_clear(&bad);
        assert_int_equal(buf_add(&bad, whole.p, keep * PAGE + (size_t)any(PAGE)), ERR_OK);
        spit("db", &bad);
        int rc = opened(&c, key, WAL);
        /* cut down to nothing it is an empty database, of which records_open knows that it has no version */
        bool empty = rc == SQLITE_OK && number(&c, "SELECT count(*) FROM sqlite_schema") == 0;
        assert_true(empty == (keep <= 2));
        assert_true(empty || rc != SQLITE_OK || !is_whole(&c));
        closed(&c);
    }
    buf_free(&whole);
    buf_free(&bad);
}

static void another_key_opens_it_or_harms_it(void **state)
{
    (void)state;
    struct conn c;
    struct buf before = {0}, after = {0};
    uint8_t other[BLOCK_KEY] = {1, 2, 4};
    assert_int_equal(opened(&c, key, WAL), SQLITE_OK);
    make_rows(&c, 50);
    closed(&c);
    slurp("db", &before);
    assert_int_equal(opened(&c, other, WAL), SQLITE_NOTADB);
    assert_int_equal(blocks_why(c.b), ERR_BAD);
    assert_non_null(strstr(err_text(), "does not open with this key"));
    closed(&c);
    slurp("db", &after);
    assert_int_equal(before.len, after.len);
    assert_memory_equal(before.p, after.p, before.len);
    buf_free(&before);
    buf_free(&after);
}

/* Runs SQL in a process of its own that dies without closing anything. */
static void run_and_die(const char *set_up, const char *sql)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        struct conn c;
        if (opened(&c, key, set_up) != SQLITE_OK || sqlite3_exec(c.db, sql, NULL, NULL, NULL) != SQLITE_OK)
            _exit(1);
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
}

static void the_wal_of_another_database_is_played_back(void **state)
{
    (void)state;
    struct conn c;
    struct buf wal = {0};
    run_and_die(WAL, "CREATE TABLE other(x); INSERT INTO other VALUES(1)");
    slurp("db-wal", &wal);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(opened(&c, key, WAL), SQLITE_OK);
    make_rows(&c, 50);
    closed(&c);
    spit("db-wal", &wal);
    assert_int_equal(opened(&c, key, WAL), SQLITE_OK);
    assert_true(blocks_torn(c.b));
    assert_true(is_whole(&c));
    assert_int_equal(50, number(&c, "SELECT count(*) FROM t"));
    closed(&c);
    buf_free(&wal);
}

static void a_torn_wal_takes_the_database_along(void **state)
{
    (void)state;
    struct conn c;
    struct buf db = {0}, wal = {0}, bad = {0};
    run_and_die(WAL, "CREATE TABLE t(n INTEGER PRIMARY KEY,a); INSERT INTO t(a) VALUES(randomblob(3000));"
                     "INSERT INTO t(a) VALUES(randomblob(3000)); INSERT INTO t(a) VALUES(randomblob(3000));"
                     "INSERT INTO t(a) VALUES(randomblob(3000)); INSERT INTO t(a) VALUES(randomblob(3000))");
    slurp("db", &db);
    slurp("db-wal", &wal);
    int64_t least = 5;
    for (size_t at = wal.len; at > PAGE; at -= 512 < at ? 512 : at) {
        buf_clear(&bad);
        assert_int_equal(buf_add(&bad, wal.p, wal.len), ERR_OK);
        if (any(2))
            bad.len = at; /* cut off */
        else
            memset(bad.p + at - 512, (int)any(256), 512); /* not written */
        spit("db", &db);
        spit("db-wal", &bad);
        assert_int_equal(opened(&c, key, WAL), SQLITE_OK);
        assert_true(is_whole(&c));
        int64_t n = number(&c, "SELECT count(*) FROM sqlite_schema") ? number(&c, "SELECT count(*) FROM t") : 0;
        assert_true(n >= 0 && n <= 5);
        assert_true(n == 5 || blocks_torn(c.b) || at % PAGE == 0 || bad.len == at);
        least = n < least ? n : least;
        closed(&c);
    }
    assert_int_equal(0, least);
    buf_free(&db);
    buf_free(&wal);
    buf_free(&bad);
}

static void a_torn_first_block_that_the_wal_has_is_final(void **state)
{
    (void)state;
    struct conn c;
    struct buf db = {0};
    assert_int_equal(opened(&c, key, WAL), SQLITE_OK);
    make_rows(&c, 50);
    closed(&c);
    run_and_die(WAL, "CREATE TABLE second(x); INSERT INTO second VALUES(7)");
    slurp("db", &db);
    db.p[2 * PAGE + 1000] ^= 1; /* as when the cut came while the WAL was being carried over */
    spit("db", &db);
    assert_int_equal(opened(&c, key, WAL), SQLITE_OK);
    assert_true(is_whole(&c));
    assert_int_equal(7, number(&c, "SELECT x FROM second"));
    closed(&c);
    assert_int_equal(opened(&c, key, WAL), SQLITE_OK);
    assert_true(is_whole(&c));
    closed(&c);
    buf_free(&db);
}

/* Numbers each commit, and says so when it is done; now and then a large one
 * that spills, undone or not, and VACUUM. */
static void work(int fd, const char *set_up, uint64_t from)
{
    struct conn c;
    char sql[512];
    if (opened(&c, key, set_up) != SQLITE_OK ||
        sqlite3_exec(c.db, "PRAGMA cache_size=6; PRAGMA wal_autocheckpoint=20; PRAGMA temp_store=FILE", NULL, NULL,
                     NULL) != SQLITE_OK)
        _exit(1);
    for (uint64_t i = from;; i++) {
        int rows = any(5) ? 3 : 300;
        snprintf(sql, sizeof sql,
                 "BEGIN; WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE x<%d) "
                 "INSERT INTO t(a,b) SELECT hex(randomblob(20)),randomblob(200) FROM c; "
                 "DELETE FROM t WHERE n%%7=%d AND n<(SELECT max(n)-500 FROM t); %s",
                 rows, (int)any(7), any(6) ? "" : "ROLLBACK; BEGIN; ");
        if (sqlite3_exec(c.db, sql, NULL, NULL, NULL) != SQLITE_OK)
            _exit(2);
        snprintf(sql, sizeof sql, "INSERT INTO done VALUES(%llu); COMMIT", (unsigned long long)i);
        if (sqlite3_exec(c.db, sql, NULL, NULL, NULL) != SQLITE_OK)
            _exit(3);
        if (write(fd, &i, sizeof i) != sizeof i)
            _exit(4);
        if (any(20) == 0 && sqlite3_exec(c.db, "VACUUM", NULL, NULL, NULL) != SQLITE_OK)
            _exit(5);
    }
}

static void kill_at_random(const char *set_up, int rounds)
{
    struct conn c;
    uint64_t said = 0;
    assert_int_equal(opened(&c, key, set_up), SQLITE_OK);
    make_rows(&c, 100);
    run(&c, "CREATE TABLE done(i INTEGER PRIMARY KEY)");
    closed(&c);
    for (int i = 0; i < rounds; i++) {
        int to[2], status;
        struct timespec begin, now;
        assert_int_equal(pipe(to), 0);
        pid_t pid = fork();
        if (pid == 0)
            work(to[1], set_up, said + 1);
        close(to[1]);
        (void)any(2); /* another course of the child next time */
        uint64_t commits = any(8), more;
        for (uint64_t k = 0; k < commits && read(to[0], &more, sizeof more) == sizeof more; k++)
            said = more;
        /* somewhere in what follows, at a time and not at a commit */
        long wait = (long)any(3000000);
        clock_gettime(CLOCK_MONOTONIC, &begin);
        do
            clock_gettime(CLOCK_MONOTONIC, &now);
        while ((now.tv_sec - begin.tv_sec) * 1000000000 + now.tv_nsec - begin.tv_nsec < wait);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status)); /* it had not failed before */
        while (read(to[0], &more, sizeof more) == sizeof more)
            said = more;
        close(to[0]);
        assert_int_equal(opened(&c, key, set_up), SQLITE_OK);
        assert_true(is_whole(&c));
        assert_false(blocks_torn(c.b));
        int64_t last = number(&c, "SELECT coalesce(max(i),0) FROM done");
        assert_true(last == (int64_t)said || last == (int64_t)said + 1);
        assert_int_equal(last, number(&c, "SELECT count(*) FROM done"));
        said = (uint64_t)last;
        closed(&c);
    }
}

static void a_kill_loses_a_commit_of_the_wal(void **state)
{
    (void)state;
    kill_at_random(WAL, 60);
}

static void a_kill_loses_a_commit_of_the_journal(void **state)
{
    (void)state;
    kill_at_random(JOURNAL, 40);
}

static void a_kill_loses_a_commit_of_a_journal_that_stays(void **state)
{
    (void)state;
    kill_at_random(PERSIST, 40);
}

/* A fixed course of small and large commits; says each. */
static void course(int fd, const char *set_up)
{
    struct conn c;
    static const char *const steps[] = {
        "BEGIN; INSERT INTO t(a,b) VALUES('x',randomblob(500)); INSERT INTO done VALUES(1); COMMIT",
        "BEGIN; INSERT INTO t(a,b) VALUES('y',randomblob(9000)); INSERT INTO done VALUES(2); COMMIT",
        "BEGIN; UPDATE t SET b=randomblob(300) WHERE n<30; INSERT INTO done VALUES(3); COMMIT",
        "BEGIN; DELETE FROM t WHERE n>20; INSERT INTO done VALUES(4); COMMIT",
        "BEGIN; UPDATE t SET a=hex(randomblob(60)); INSERT INTO done VALUES(5); COMMIT",
    };
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 || raise(SIGSTOP) != 0)
        _exit(1);
    if (opened(&c, key, set_up) != SQLITE_OK ||
        sqlite3_exec(c.db, "PRAGMA cache_size=6; PRAGMA wal_autocheckpoint=8", NULL, NULL, NULL) != SQLITE_OK)
        _exit(2);
    for (uint64_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        uint64_t said = i + 1;
        if (sqlite3_exec(c.db, steps[i], NULL, NULL, NULL) != SQLITE_OK || write(fd, &said, sizeof said) != sizeof said)
            _exit(3);
    }
    sqlite3_close(c.db);
    _exit(0);
}

static bool changes_a_file(long nr)
{
    return nr == SYS_pwrite64 || nr == SYS_ftruncate || nr == SYS_fdatasync || nr == SYS_fsync || nr == SYS_unlink ||
           nr == SYS_unlinkat || nr == SYS_openat;
}

/* What of each file was made durable last. */
static struct synced {
    const char *name;
    struct buf b;
} synced[] = {{"db", {0}}, {"db-wal", {0}}, {"db-journal", {0}}};
#define FILES (sizeof synced / sizeof synced[0])

static void keep_synced(pid_t pid, int fd)
{
    char link[64], target[256];
    snprintf(link, sizeof link, "/proc/%d/fd/%d", (int)pid, fd);
    ssize_t n = readlink(link, target, sizeof target - 1);
    assert_true(n > 0);
    target[n] = '\0';
    for (size_t i = 0; i < FILES; i++)
        if (strcmp(strrchr(target, '/') + 1, synced[i].name) == 0)
            slurp(synced[i].name, &synced[i].b);
}

/* The power goes: of each page written since, either what was there before or
 * what is there now reaches the disk. */
static void cut_power(void)
{
    char p[160];
    for (size_t i = 0; i < FILES; i++) {
        struct buf now = {0}, *was = &synced[i].b;
        snprintf(p, sizeof p, "%s/%s", dir, synced[i].name);
        if (!file_exists(p))
            continue;
        slurp(synced[i].name, &now);
        for (size_t at = 0; at + PAGE <= now.len; at += PAGE) {
            if (any(2))
                continue;
            if (at + PAGE <= was->len)
                memcpy(now.p + at, was->p + at, PAGE);
            else
                memset(now.p + at, 0, PAGE);
        }
        spit(synced[i].name, &now);
        buf_free(&now);
    }
}

/* Kills a traced child before its n-th change of a file; false: it came to
 * its end before that. */
static bool kill_before(pid_t pid, unsigned n)
{
    int status, syncing = -1;
    unsigned seen = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSTOPPED(status));
    assert_int_equal(ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL), 0);
    for (;;) {
        struct __ptrace_syscall_info info = {0};
        assert_int_equal(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (WIFEXITED(status)) {
            assert_int_equal(WEXITSTATUS(status), 0);
            return false;
        }
        if (!WIFSTOPPED(status) || WSTOPSIG(status) != (SIGTRAP | 0x80) ||
            ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0)
            continue;
        if (info.op == PTRACE_SYSCALL_INFO_EXIT && syncing >= 0)
            keep_synced(pid, syncing);
        syncing = info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr == SYS_fdatasync ? (int)info.entry.args[0] : -1;
        if (info.op == PTRACE_SYSCALL_INFO_ENTRY && changes_a_file((long)info.entry.nr) && ++seen == n) {
            assert_int_equal(kill(pid, SIGKILL), 0);
            assert_int_equal(waitpid(pid, &status, 0), pid);
            return true;
        }
    }
}

static void kill_at_each_write(const char *set_up, bool power)
{
    unsigned whole = 0, condemned = 0;
    struct buf start = {0};
    struct conn c;
    char other[160];
    assert_int_equal(file_remove(path), ERR_OK);
    assert_int_equal(opened(&c, key, set_up), SQLITE_OK);
    make_rows(&c, 60);
    run(&c, "CREATE TABLE done(i INTEGER PRIMARY KEY)");
    closed(&c);
    slurp("db", &start);
    bool killed = true;
    for (unsigned n = 1; killed; n++) {
        int to[2];
        uint64_t said = 0, more;
        for (int i = 0; i < 2; i++) {
            snprintf(other, sizeof other, "%s/db-%s", dir, i ? "wal" : "journal");
            assert_int_equal(file_remove(other), ERR_OK);
        }
        spit("db", &start);
        for (size_t i = 0; i < FILES; i++)
            buf_clear(&synced[i].b);
        slurp("db", &synced[0].b);
        assert_int_equal(pipe(to), 0);
        pid_t pid = fork();
        if (pid == 0)
            course(to[1], set_up);
        close(to[1]);
        killed = kill_before(pid, n);
        while (read(to[0], &more, sizeof more) == sizeof more)
            said = more;
        close(to[0]);
        if (power)
            cut_power();
        int rc = opened(&c, key, set_up);
        bool fine = rc == SQLITE_OK && is_whole(&c);
        int64_t last = fine ? number(&c, "SELECT coalesce(max(i),0) FROM done") : -1;
        if (power) { /* what is not whole is told apart by a check that failed */
            assert_true(fine || blocks_why(c.b) == ERR_BAD || blocks_torn(c.b));
            assert_true(last <= (int64_t)said + 1);
        } else {
            assert_true(fine);
            assert_false(blocks_torn(c.b));
            assert_true(last == (int64_t)said || last == (int64_t)said + 1);
        }
        whole += fine;
        condemned += !fine;
        closed(&c);
        assert_true(!killed || n < 1000);
        assert_true(killed || n > 30);
    }
    print_message("%u whole, %u condemned\n", whole, condemned);
    assert_true(whole > condemned);
    buf_free(&start);
    for (size_t i = 0; i < FILES; i++)
        buf_free(&synced[i].b);
}

static void a_kill_before_some_write_harms_the_wal(void **state)
{
    (void)state;
    kill_at_each_write(WAL, false);
}

static void a_kill_before_some_write_harms_the_journal(void **state)
{
    (void)state;
    kill_at_each_write(JOURNAL, false);
}

static void a_kill_before_some_write_harms_without_any_sync(void **state)
{
    (void)state;
    kill_at_each_write("PRAGMA journal_mode=PERSIST; PRAGMA synchronous=OFF", false);
}

static bool holds_plaintext(const char *p)
{
    struct buf b = {0};
    assert_int_equal(file_read(p, 1 << 28, &b), ERR_OK);
    bool found = b.len && (memmem(b.p, b.len, WORD, strlen(WORD)) || memmem(b.p, b.len, "SQLite format", 13) ||
                           memmem(b.p, b.len, "CREATE TABLE", 12));
    buf_free(&b);
    return found;
}

static void a_power_cut_at_some_write_is_not_noticed(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        kill_at_each_write(WAL, true);
    kill_at_each_write(JOURNAL, true);
    kill_at_each_write(PERSIST, true);
}

/* Every file of the folder, and every open one that has no name any more. */
static void look_everywhere(unsigned *nameless)
{
    char p[512], target[512];
    static const char *const folders[] = {"/proc/self/fd", NULL};
    for (int i = 0; i < 2; i++) {
        const char *folder = folders[i] ? folders[i] : dir;
        DIR *d = opendir(folder);
        assert_non_null(d);
        for (struct dirent *f; (f = readdir(d)) != NULL;) {
            snprintf(p, sizeof p, "%s/%.200s", folder, f->d_name);
            ssize_t n = readlink(p, target, sizeof target - 1);
            struct stat st;
            if (stat(p, &st) < 0 || !S_ISREG(st.st_mode) || (n > 0 && strncmp(target, dir, strlen(dir)) != 0))
                continue;
            *nameless += n > 0 && st.st_nlink == 0;
            int fd = open(p, O_RDONLY | O_CLOEXEC);
            assert_true(fd >= 0);
            struct buf b = {0};
            assert_int_equal(buf_reserve(&b, (size_t)st.st_size + 1), ERR_OK);
            ssize_t got = pread(fd, b.p, (size_t)st.st_size, 0);
            assert_int_equal(got, st.st_size);
            assert_null(memmem(b.p, (size_t)got, WORD, strlen(WORD)));
            assert_null(memmem(b.p, (size_t)got, "SQLite format", 13));
            assert_null(memmem(b.p, (size_t)got, "CREATE TABLE", 12));
            buf_free(&b);
            close(fd);
        }
        closedir(d);
    }
}

struct look {
    unsigned calls, nameless;
};

static int look_now(void *ctx)
{
    struct look *l = ctx;
    if (l->calls++ % 8 == 0)
        look_everywhere(&l->nameless);
    return 0;
}

static void plaintext_stands_on_disk_while_it_works(void **state)
{
    (void)state;
    static const char *const modes[] = {WAL, JOURNAL, PERSIST};
    for (int i = 0; i < 3; i++) {
        struct conn c;
        struct look l = {0};
        assert_int_equal(opened(&c, key, modes[i]), SQLITE_OK);
        sqlite3_progress_handler(c.db, 20000, look_now, &l);
        run(&c, "PRAGMA cache_size=10; PRAGMA temp_store=FILE");
        make_rows(&c, 4000);
        look_everywhere(&l.nameless);
        run(&c, "BEGIN; UPDATE t SET a=a||'" WORD "' WHERE n%3=0");
        look_everywhere(&l.nameless);
        run(&c, "ROLLBACK; SELECT count(*) FROM (SELECT a FROM t ORDER BY b||a)");
        run(&c, "CREATE TEMP TABLE w AS SELECT * FROM t; UPDATE w SET a=a||a");
        look_everywhere(&l.nameless);
        run(&c, "UPDATE OR REPLACE t SET n=n+1; VACUUM; DROP TABLE w");
        assert_true(is_whole(&c));
        assert_true(l.nameless > 0);
        closed(&c);
        assert_false(holds_plaintext(path));
    }
}

static void a_full_disk_is_another_error(void **state)
{
    (void)state;
    struct rlimit old, tight;
    static const char *const modes[] = {WAL, JOURNAL};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    for (int i = 0; i < 2; i++) {
        struct conn c;
        int rc = SQLITE_OK;
        int64_t rows = 0;
        assert_int_equal(opened(&c, key, modes[i]), SQLITE_OK);
        run(&c, "CREATE TABLE IF NOT EXISTS t(n INTEGER PRIMARY KEY,a,b)");
        tight = old;
        tight.rlim_cur = 123456 * (rlim_t)(i + 2);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
        while (rc == SQLITE_OK) {
            rows = number(&c, "SELECT count(*) FROM t");
            rc = sqlite3_exec(c.db, "INSERT INTO t(b) VALUES(randomblob(9000))", NULL, NULL, NULL);
        }
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
        assert_int_equal(rc & 0xff, SQLITE_FULL);
        assert_int_equal(blocks_why(c.b), ERR_FULL);
        /* there is room again */
        int64_t left = number(&c, "SELECT count(*) FROM t");
        assert_true(left == rows || left == rows + 1);
        run(&c, "INSERT INTO t(b) VALUES(randomblob(9000))");
        assert_true(is_whole(&c));
        closed(&c);
        assert_int_equal(opened(&c, key, modes[i]), SQLITE_OK);
        assert_true(is_whole(&c));
        assert_int_equal(left + 1, number(&c, "SELECT count(*) FROM t"));
        closed(&c);
    }
}

static void two_processes_have_it_open(void **state)
{
    (void)state;
    struct conn c;
    int status;
    assert_int_equal(opened(&c, key, WAL), SQLITE_OK);
    pid_t pid = fork();
    if (pid == 0) {
        struct conn other;
        int rc = opened(&other, key, WAL);
        _exit(rc == SQLITE_BUSY && blocks_why(other.b) == ERR_AGAIN ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    make_rows(&c, 10);
    closed(&c);
}

static void other_things_are_taken_for_a_database(void **state)
{
    (void)state;
    struct conn c;
    char away[160];
    struct buf text = {0};
    assert_int_equal(buf_str(&text, "no database at all\n"), ERR_OK);
    spit("db", &text);
    assert_int_equal(opened(&c, key, WAL), SQLITE_NOTADB);
    assert_int_equal(blocks_why(c.b), ERR_BAD);
    closed(&c);
    assert_int_equal(buf_reserve(&text, 3 * PAGE), ERR_OK);
    memset(text.p, 'x', 3 * PAGE);
    text.len = 3 * PAGE;
    spit("db", &text);
    assert_int_equal(opened(&c, key, WAL), SQLITE_NOTADB);
    closed(&c);
    /* a link is not followed */
    snprintf(away, sizeof away, "%s/away", dir);
    assert_int_equal(rename(path, away), 0);
    assert_int_equal(symlink(away, path), 0);
    assert_int_equal(blocks_new(&c.b, key), ERR_OK);
    struct block_file *f;
    assert_int_equal(block_file_open(&f, path, BLOCK_MAIN, key, NULL, true), ERR_IO);
    blocks_free(c.b);
    buf_free(&text);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(bytes_come_back_otherwise),
        TEST(a_kill_between_two_writes_loses_the_block),
        TEST(a_power_cut_leaves_nonsense),
        TEST(a_flipped_bit_goes_unnoticed),
        TEST(swapped_or_cut_blocks_are_read),
        TEST(another_key_opens_it_or_harms_it),
        TEST(the_wal_of_another_database_is_played_back),
        TEST(a_torn_wal_takes_the_database_along),
        TEST(a_torn_first_block_that_the_wal_has_is_final),
        TEST(a_kill_loses_a_commit_of_the_wal),
        TEST(a_kill_loses_a_commit_of_the_journal),
        TEST(a_kill_loses_a_commit_of_a_journal_that_stays),
        TEST(a_kill_before_some_write_harms_the_wal),
        TEST(a_kill_before_some_write_harms_the_journal),
        TEST(a_kill_before_some_write_harms_without_any_sync),
        TEST(a_power_cut_at_some_write_is_not_noticed),
        TEST(plaintext_stands_on_disk_while_it_works),
        TEST(a_full_disk_is_another_error),
        TEST(two_processes_have_it_open),
        TEST(other_things_are_taken_for_a_database),
    };
    return cmocka_run_group_tests_name("records blocks", tests, NULL, NULL);
}
