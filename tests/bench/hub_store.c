/*
 * hub_store [GROUPS]: a hub's store takes groups of 256 labels of 256
 * stations, each with its small batch, one commit a group: how long each step
 * holds the main thread or the disk. Prints one line each.
 */
#include "tests/unit/sync_fixture.h"

#include <time.h>

#define STATIONS 256u

static double wall(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int rising(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double report(const char *what, double *ms, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += ms[i];
    qsort(ms, n, sizeof *ms, rising);
    printf("%-34s p50 %6.2f ms  p99 %6.2f ms  max %6.2f ms\n", what, ms[n / 2], ms[n * 99 / 100], ms[n - 1]);
    return sum;
}

static enum err push(void *ctx, sink_fn *sink, void *sink_ctx)
{
    const struct buf *b = ctx;
    return sink(sink_ctx, b->p, b->len);
}

/* The next label of a station, as if it had come. Not timed. */
static void next(struct post *p, struct item *it, struct sign_secret *key, bool first)
{
    struct hash prev = first ? (struct hash){{0}} : item_hash(it);
    uint64_t seq = first ? 1 : it->l.seq + 1;
    p->chain[0] = *key;
    if (!first)
        item_free(it);
    item_make(p, it, 0, seq, &prev, "a note of three hundred bytes or so", 0);
}

int main(int argc, char **argv)
{
    enum { APPLY, FLUSH, PLACE, AGAIN, FINISH, STEPS };
    static const char *const names[] = {"apply (main)", "flush (disk)", "place (main)", "flush (disk)",
                                        "finish (main)"};
    static struct sign_secret keys[STATIONS];
    static struct item it[STATIONS];
    size_t n = argc > 1 ? (size_t)atol(argv[1]) : 100;
    struct post *p = post_new();
    struct store *s;
    double *ms[STEPS], total = 0;
    for (size_t i = 0; i < STATIONS; i++)
        sign_new(&keys[i]);
    for (size_t i = 0; i < STEPS; i++)
        assert_non_null(ms[i] = calloc(n, sizeof **ms));
    OK(store_sqlite_open(&s, p->hub, false));
    for (size_t g = 0; g < n; g++) {
        for (size_t i = 0; i < STATIONS; i++)
            next(p, &it[i], &keys[i], g == 0);
        double t[STEPS + 1];
        t[0] = wall();
        OK(s->begin(s));
        for (size_t i = 0; i < STATIONS; i++) {
            OK(s->append(s, &it[i].l));
            OK(s->put(s, it[i].l.chain, &it[i].l.object, it[i].batch.len, push, &it[i].batch));
        }
        t[1] = wall();
        OK(s->flush(s));
        t[2] = wall();
        OK(s->place(s));
        t[3] = wall();
        OK(s->flush(s));
        t[4] = wall();
        OK(s->finish(s));
        t[5] = wall();
        for (size_t i = 0; i < STEPS; i++)
            ms[i][g] = 1e3 * (t[i + 1] - t[i]);
    }
    for (size_t i = 0; i < STEPS; i++)
        total += report(names[i], ms[i], n);
    printf("%zu labels of %u stations with their batches: %.0f a second\n", n * STATIONS, STATIONS,
           (double)(n * STATIONS) / total * 1e3);
    double close = wall();
    s->close(s);
    printf("close %.1f ms\n", 1e3 * (wall() - close));
    for (size_t i = 0; i < STEPS; i++)
        free(ms[i]);
    chain_free(it, STATIONS);
    post_free(p);
    return 0;
}
