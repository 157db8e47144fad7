/*
 * records [ROWS [BATCHES]]: encrypted SQLite beside plain SQLite doing the
 * same by turns (inserts, single commits, a warm mix, cold reads, full text);
 * then, of records-SET.db with ROWS entries: catch-up, opening, searches; and
 * catch-up over BATCHES of one signed note each. One line each.
 */
#include "tests/unit/records_fixture.h"

#include "storage/records/blocks.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <time.h>

static const char *const words[] = {"patient", "давление", "қысым",    "ambulance", "головная",    "боль",
                                    "ауру",    "fracture", "перелом",  "дәрігер",   "brigade",     "вызов",
                                    "шақыру",  "hospital", "больница", "аурухана",  "refusal",     "отказ",
                                    "сердце",  "жүрек",    "breath",   "дыхание",   "температура", "fever",
                                    "кашель",  "жөтел",    "injury",   "травма",    "жарақат",     "witness"};
#define WORDS (sizeof words / sizeof words[0])

static double wall(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu(void)
{
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) + (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static int rising(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static uint64_t seed = 88172645463325252;

static uint64_t any(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

/* 12 words and a number, different each time. */
static void sentence(char out[static 512], size_t n)
{
    size_t used = 0;
    for (int i = 0; i < 12; i++) {
        size_t a = (size_t)any(WORDS) * (size_t)any(WORDS) / WORDS;
        used += (size_t)snprintf(out + used, 512 - used, "%s%s ", words[a], any(4) ? "" : "2");
    }
    snprintf(out + used, 512 - used, "no %zu", n);
}

struct side {
    const char *name;
    struct blocks *blocks;
    sqlite3 *db;
    char path[256];
    double inserts, commits, mix, cold, text;
};

static void must(struct side *s, int rc)
{
    if (rc == SQLITE_OK || rc == SQLITE_DONE || rc == SQLITE_ROW)
        return;
    fprintf(stderr, "%s: %s\n", s->name, s->db ? sqlite3_errmsg(s->db) : "cannot open");
    exit(1);
}

static void run(struct side *s, const char *sql)
{
    must(s, sqlite3_exec(s->db, sql, NULL, NULL, NULL));
}

static sqlite3_stmt *prepared(struct side *s, const char *sql)
{
    sqlite3_stmt *st;
    must(s, sqlite3_prepare_v2(s->db, sql, -1, &st, NULL));
    return st;
}

static void open_side(struct side *s)
{
    must(s, sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                            s->blocks ? blocks_vfs(s->blocks) : NULL));
    run(s, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
           "PRAGMA cache_size=-8192; PRAGMA secure_delete=OFF");
}

static void insert_some(struct side *s, size_t rows)
{
    char text[512];
    double t = wall();
    sqlite3_stmt *a = prepared(s, "INSERT INTO t(id,author,data) VALUES(randomblob(10),?1,?2)");
    sqlite3_stmt *b = prepared(s, "INSERT INTO f(rowid,text) VALUES(last_insert_rowid(),?1)");
    for (size_t i = 0; i < rows; i++) {
        if (i % 500 == 0)
            run(s, i ? "COMMIT; BEGIN" : "BEGIN");
        sentence(text, i);
        sqlite3_bind_text(a, 1, words[any(WORDS)], -1, SQLITE_STATIC);
        sqlite3_bind_text(a, 2, text, -1, SQLITE_STATIC);
        must(s, sqlite3_step(a));
        sqlite3_reset(a);
        sqlite3_bind_text(b, 1, text, -1, SQLITE_STATIC);
        must(s, sqlite3_step(b));
        sqlite3_reset(b);
    }
    run(s, "COMMIT");
    sqlite3_finalize(a);
    sqlite3_finalize(b);
    s->inserts += wall() - t;
}

static void commit_some(struct side *s, size_t n)
{
    double t = wall();
    sqlite3_stmt *a = prepared(s, "UPDATE t SET author='x' WHERE n=?1");
    for (size_t i = 0; i < n; i++) {
        sqlite3_bind_int64(a, 1, (sqlite3_int64)any(10000) + 1);
        must(s, sqlite3_step(a));
        sqlite3_reset(a);
    }
    sqlite3_finalize(a);
    s->commits += wall() - t;
}

/* Of ten: seven reads of one row, two pages of a list, one commit. */
static void mix_some(struct side *s, size_t n, size_t rows)
{
    double t = wall();
    sqlite3_stmt *one = prepared(s, "SELECT data FROM t WHERE n=?1");
    sqlite3_stmt *page = prepared(s, "SELECT n,data FROM t WHERE author=?1 ORDER BY n DESC LIMIT 20");
    sqlite3_stmt *put = prepared(s, "UPDATE t SET data=data||'.' WHERE n=?1");
    for (size_t i = 0; i < n; i++) {
        sqlite3_stmt *st = i % 10 < 7 ? one : i % 10 < 9 ? page : put;
        if (st == page)
            sqlite3_bind_text(st, 1, words[any(WORDS)], -1, SQLITE_STATIC);
        else
            sqlite3_bind_int64(st, 1, (sqlite3_int64)any(rows) + 1);
        int rc;
        while ((rc = sqlite3_step(st)) == SQLITE_ROW)
            (void)sqlite3_column_blob(st, 0);
        must(s, rc);
        sqlite3_reset(st);
    }
    sqlite3_finalize(one);
    sqlite3_finalize(page);
    sqlite3_finalize(put);
    s->mix += wall() - t;
}

static void cold_some(struct side *s, size_t n, size_t rows)
{
    sqlite3_close(s->db);
    int fd = open(s->path, O_RDONLY);
    if (fd < 0 || fsync(fd) || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED))
        exit(1);
    close(fd);
    double t = wall();
    open_side(s);
    sqlite3_stmt *one = prepared(s, "SELECT data FROM t WHERE n=?1");
    for (size_t i = 0; i < n; i++) {
        sqlite3_bind_int64(one, 1, (sqlite3_int64)any(rows) + 1);
        must(s, sqlite3_step(one));
        sqlite3_reset(one);
    }
    sqlite3_finalize(one);
    s->cold += wall() - t;
}

static void text_some(struct side *s, size_t n)
{
    double t = wall();
    sqlite3_stmt *st = prepared(s, "SELECT rowid FROM f WHERE f MATCH ?1 ORDER BY rowid DESC LIMIT 20");
    for (size_t i = 0; i < n; i++) {
        char match[128];
        snprintf(match, sizeof match, "\"%s\" \"%s\"", words[any(WORDS)], words[any(WORDS)]);
        sqlite3_bind_text(st, 1, match, -1, SQLITE_TRANSIENT);
        int rc;
        while ((rc = sqlite3_step(st)) == SQLITE_ROW)
            ;
        must(s, rc);
        sqlite3_reset(st);
    }
    sqlite3_finalize(st);
    s->text += wall() - t;
}

static void line(const char *what, double ours, double theirs, const char *budget)
{
    printf("%-34s encrypted %8.3f s  plain %8.3f s  ratio %5.2f%s\n", what, ours, theirs, ours / theirs, budget);
}

static void beside_plain(const char *dir, size_t rows)
{
    static const uint8_t key[BLOCK_KEY] = {7};
    struct side side[2] = {{.name = "encrypted"}, {.name = "plain"}};
    if (blocks_new(&side[0].blocks, key))
        exit(1);
    for (int i = 0; i < 2; i++) {
        snprintf(side[i].path, sizeof side[i].path, "%s/%s", dir, side[i].name);
        open_side(&side[i]);
        run(&side[i], "CREATE TABLE t(n INTEGER PRIMARY KEY,id BLOB,author TEXT,data TEXT);"
                      "CREATE INDEX by_id ON t(id); CREATE INDEX by_author ON t(author);"
                      "CREATE VIRTUAL TABLE f USING fts5(text,content='',detail=none)");
    }
    size_t rounds = 10;
    for (size_t k = 0; k < rounds; k++) { /* by turns, with the same numbers */
        uint64_t same = seed;
        for (int i = 0; i < 2; i++) {
            seed = same;
            insert_some(&side[i], rows / rounds);
        }
    }
    for (size_t k = 0; k < rounds; k++) {
        uint64_t same = seed;
        for (int i = 0; i < 2; i++) {
            seed = same;
            struct side *s = &side[k % 2 ? i : 1 - i];
            cold_some(s, 300, rows);
            commit_some(s, 200);
            mix_some(s, 4000, rows);
            text_some(s, 50);
        }
    }
    line("inserts, 500 a transaction", side[0].inserts, side[1].inserts, "");
    line("single commits", side[0].commits, side[1].commits, "");
    line("warm mix", side[0].mix, side[1].mix, "  (budget 1.5)");
    line("cold reads", side[0].cold, side[1].cold, "  (budget 3)");
    line("full text, two words", side[0].text, side[1].text, "");
    for (int i = 0; i < 2; i++)
        sqlite3_close(side[i].db);
    blocks_free(side[0].blocks);
}

static enum err no_row(void *ctx, const json_t *row)
{
    size_t *n = ctx;
    (void)row;
    (*n)++;
    return ERR_OK;
}

static void times(const char *what, double *ms, size_t n, const char *budget)
{
    qsort(ms, n, sizeof *ms, rising);
    printf("%-34s p50 %6.2f ms  p99 %6.2f ms  max %6.2f ms%s\n", what, ms[n / 2], ms[n * 99 / 100], ms[n - 1], budget);
}

static void search(struct records *r, const char *what, int kind)
{
    enum { N = 500 };
    double ms[N];
    size_t n = 0, rows = 0;
    for (; n < N; n++) {
        char text[64] = "";
        struct records_total total;
        struct records_query q = {.kind = RECORDS_ENTRIES, .text = text, .count = 20};
        const char *w = words[any(WORDS)];
        if (kind == 0) /* what one types, letter by letter (two bytes a letter, mostly) */
            snprintf(text, sizeof text, "%.*s", (int)(2 + any(5) * 2), w);
        else if (kind == 1)
            snprintf(text, sizeof text, "%s %s", w, words[any(WORDS)]);
        else if (kind == 2)
            snprintf(text, sizeof text, "no %d", (int)any(1000000));
        else
            q.text = NULL, q.skip = any(1000);
        double t = wall();
        if (records_find(r, &q, no_row, &rows, &total)) {
            fprintf(stderr, "%s\n", err_text());
            exit(1);
        }
        ms[n] = (wall() - t) * 1000;
    }
    times(what, ms, n, "  (budget p99 20)");
}

static void fill(struct station *s, struct district *d, size_t rows, size_t in_batch)
{
    char text[512];
    for (size_t i = 0; i < rows;) {
        json_t *all = json_array();
        for (size_t k = 0; k < in_batch && i < rows; k++, i++) {
            sentence(text, i);
            json_array_append_new(all, fixture_entry("note", json_pack("{s:s,s:b}", "text", text, "urgent", 0), NULL));
        }
        fixture_append(s, d->user, ROSTER_RECORD, all, NULL);
    }
}

static struct records *caught_up(struct station *s, struct district *d, size_t rows, const char *what)
{
    struct records *r;
    struct records_progress p;
    double t = wall(), c = cpu();
    if (records_open(&r, s, d->user))
        exit(1);
    p = fixture_catch_up(r, d->user, 256);
    t = wall() - t;
    c = cpu() - c;
    printf("%-34s %.0f batches/s (%.0f a CPU second), %.0f entries/s\n", what, (double)p.total / t, (double)p.total / c,
           (double)rows / t);
    return r;
}

int main(int argc, char **argv)
{
    size_t rows = argc > 1 ? (size_t)atol(argv[1]) : 100000, batches = argc > 2 ? (size_t)atol(argv[2]) : 5000;
    struct district *d = district_new();
    beside_plain(d->dir, rows);
    struct station *s = district_open(d);
    fill(s, d, rows, 100);
    struct records *r = caught_up(s, d, rows, "catch-up, 100 entries a batch");
    search(r, "find a beginning of a word", 0);
    search(r, "find two words", 1);
    search(r, "find a rare number", 2);
    search(r, "a page of the list", 3);
    records_close(r);
    double t = wall();
    if (records_open(&r, s, d->user))
        return 1;
    struct records_progress p = fixture_catch_up(r, d->user, 256);
    size_t n = 0;
    struct records_total total;
    struct records_query q = {.kind = RECORDS_ENTRIES, .count = 20};
    if (records_find(r, &q, no_row, &n, &total))
        return 1;
    printf("%-34s %.2f ms (%llu labels)\n", "open, catch up, first page", (wall() - t) * 1000,
           (unsigned long long)p.total);
    records_close(r);
    station_close(s);
    district_free(d);
    d = district_new();
    s = district_open(d);
    fill(s, d, batches, 1);
    records_close(caught_up(s, d, batches, "catch-up, a signed note a batch"));
    station_close(s);
    district_free(d);
    return 0;
}
