/*
 * chain [N]: time to save one note of 1 KiB durably (chain_append) beside a
 * durable SQLite insert of the same bytes, and batches a second of a rebuild,
 * on one station in a temporary folder. Prints one line each.
 */
#include "tests/unit/station_fixture.h"

#include "storage/vault/rebuild.h"

#include <sqlite3.h>
#include <sys/resource.h>
#include <time.h>

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

static void report(const char *what, double *ms, size_t n)
{
    qsort(ms, n, sizeof *ms, rising);
    printf("%-34s p50 %6.2f ms  p99 %6.2f ms  max %6.2f ms\n", what, ms[n / 2], ms[n * 99 / 100], ms[n - 1]);
}

int main(int argc, char **argv)
{
    size_t n = argc > 1 ? (size_t)atol(argv[1]) : 3000;
    double *ours = calloc(n, sizeof *ours), *theirs = calloc(n, sizeof *theirs);
    char word[1025], path[4096];
    sqlite3 *db;
    sqlite3_stmt *insert;
    if (!ours || !theirs)
        return 1;
    struct district *d = district_new();
    struct station *s = district_open(d);
    for (size_t i = 0; i < sizeof word - 1; i++)
        word[i] = (char)('a' + (i * 7 + i / 26) % 26);
    word[sizeof word - 1] = '\0';
    snprintf(path, sizeof path, "%s/peer.db", d->dir);
    if (sqlite3_open(path, &db) || sqlite3_exec(db, "PRAGMA synchronous=FULL; CREATE TABLE t(note TEXT)", 0, 0, 0) ||
        sqlite3_prepare_v2(db, "INSERT INTO t VALUES(?)", -1, &insert, NULL))
        return 1;
    for (size_t i = 0; i < n; i++) { /* by turns, so that both meet the same disk */
        char id[ENTRY_ID];
        uint64_t seq;
        batch_entry_id(id);
        json_t *e = json_pack("[{s:s,s:s,s:{s:s}}]", "id", id, "type", "note", "data", "note", word);
        struct append a = {
            .entries = e, .author = d->user, .seal = ROSTER_RECORD, .lane = LANE_BATCH, .retain_class = "records"};
        double t = wall();
        if (chain_append(s, &a, &seq))
            return fprintf(stderr, "%s\n", err_text()), 1;
        ours[i] = (wall() - t) * 1000;
        json_decref(e);
        t = wall();
        sqlite3_bind_text(insert, 1, word, -1, SQLITE_STATIC);
        if (sqlite3_step(insert) != SQLITE_DONE)
            return 1;
        sqlite3_reset(insert);
        theirs[i] = (wall() - t) * 1000;
    }
    report("save a note of 1 KiB (append)", ours, n);
    report("the same bytes, SQLite, durable", theirs, n);
    printf("%-34s %.2f\n", "ratio of the medians", ours[n / 2] / theirs[n / 2]);
    station_close(s);
    if (station_open(&s, d->station, STATION_READ_ONLY))
        return 1;
    double t = wall(), c = cpu();
    if (rebuild_queue(d->station, s, NULL))
        return fprintf(stderr, "%s\n", err_text()), 1;
    t = wall() - t;
    c = cpu() - c;
    printf("%-34s %.0f batches/s (%.0f a CPU second)\n", "rebuild", (double)n / t, (double)n / c);
    station_close(s);
    sqlite3_finalize(insert);
    sqlite3_close(db);
    district_free(d);
    free(ours);
    free(theirs);
    return 0;
}
