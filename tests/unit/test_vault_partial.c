/* Objects that come in pieces: any order, any number of roads, and a stop
 * anywhere. */
#include "storage/vault/partial.h"

#include "storage/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define OK(expr) assert_ok(expr, #expr, __FILE__, __LINE__)
#define SIZE ((size_t)100000)

static void assert_ok(enum err e, const char *what, const char *file, int line)
{
    if (e)
        print_error("%s:%d: %s: %d %s\n", file, line, what, e, err_text());
    _assert_true(e == ERR_OK, what, file, line);
}

struct kit {
    char root[64];
    uint8_t bytes[SIZE];
    struct hash name;
};

static struct kit *kit_new(void)
{
    struct kit *k = calloc(1, sizeof *k);
    assert_non_null(k);
    OK(hash_start());
    strcpy(k->root, "/tmp/feldsher-partial-XXXXXX");
    assert_non_null(mkdtemp(k->root));
    uint32_t x = 1;
    for (size_t i = 0; i < SIZE; i++) {
        x = x * 1664525 + 1013904223;
        k->bytes[i] = (uint8_t)(x >> 24);
    }
    k->name = hash_of(k->bytes, SIZE);
    return k;
}

static void kit_free(struct kit *k)
{
    char cmd[96];
    snprintf(cmd, sizeof cmd, "rm -rf %s", k->root);
    assert_int_equal(system(cmd), 0);
    free(k);
}

static void open_one(struct kit *k, struct partial *p)
{
    OK(partial_open(p, k->root, &k->name, SIZE));
}

static enum err put(struct kit *k, struct partial *p, size_t from, size_t to)
{
    return partial_write(p, from, k->bytes + from, to - from);
}

static size_t ranges(struct kit *k, struct partial_range r[static PARTIAL_RUNS_MAX])
{
    size_t n;
    OK(partial_ranges(k->root, &k->name, SIZE, r, &n));
    return n;
}

static void assert_held(struct kit *k, size_t n, const size_t *ends)
{
    struct partial_range r[PARTIAL_RUNS_MAX];
    assert_int_equal(ranges(k, r), n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(r[i].from, ends[2 * i]);
        assert_int_equal(r[i].to, ends[2 * i + 1]);
    }
}
#define HELD(k, ...) assert_held(k, sizeof((size_t[]){__VA_ARGS__}) / sizeof(size_t) / 2, (size_t[]){__VA_ARGS__})

static void run_path(struct kit *k, char out[static 200], const char *end)
{
    char hex[HASH_HEX];
    hash_hex(hex, &k->name);
    snprintf(out, 200, "%s/objects/partial/%s%s", k->root, hex, end);
}

static void put_run(struct kit *k, size_t from, size_t to)
{
    char path[200], end[32];
    snprintf(end, sizeof end, ".%zu", from);
    run_path(k, path, end);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    OK(file_write_fd(fd, k->bytes + from, to - from, path));
    file_close(&fd);
}

static size_t files(struct kit *k)
{
    char cmd[128];
    size_t n = 0;
    snprintf(cmd, sizeof cmd, "ls %s/objects/partial | wc -l", k->root);
    FILE *f = popen(cmd, "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%zu", &n), 1);
    pclose(f);
    return n;
}

/* It becomes the object, and nothing is left of it. */
static void assert_becomes(struct kit *k, struct partial *p)
{
    struct object_writer w;
    struct hash name;
    uint64_t size;
    assert_true(partial_whole(p));
    OK(partial_finish(p, &w));
    OK(object_commit(&w, &k->name, &name));
    partial_close(p);
    OK(object_check(k->root, &k->name, &size));
    assert_int_equal(size, SIZE);
    assert_int_equal(files(k), 0);
    OK(object_remove(k->root, &k->name));
}

static void pieces_in_any_order_make_the_object(void **state)
{
    static const unsigned char orders[][4] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {2, 0, 3, 1}, {1, 3, 0, 2}};
    struct kit *k = kit_new();
    (void)state;
    for (size_t o = 0; o < sizeof orders / sizeof orders[0]; o++) {
        struct partial p;
        open_one(k, &p);
        for (size_t i = 0; i < 4; i++) {
            size_t at = orders[o][i] * SIZE / 4;
            assert_false(partial_whole(&p));
            OK(put(k, &p, at, at + SIZE / 4));
        }
        HELD(k, 0, SIZE);
        assert_becomes(k, &p);
    }
    kit_free(k);
}

static void nothing_is_made_by_a_look(void **state)
{
    struct kit *k = kit_new();
    struct partial p;
    char path[200];
    (void)state;
    open_one(k, &p);
    assert_false(partial_whole(&p));
    assert_int_equal(partial_prefix(&p), 0);
    assert_held(k, 0, NULL);
    OK(partial_sweep(k->root, 0));
    OK(partial_drop(k->root, &k->name));
    partial_close(&p);
    snprintf(path, sizeof path, "%s/objects", k->root);
    assert_false(file_exists(path));
    kit_free(k);
}

static void empty_object_is_whole_at_once(void **state)
{
    struct kit *k = kit_new();
    struct partial p;
    struct object_writer w;
    struct hash name = hash_of("", 0), is;
    (void)state;
    OK(partial_open(&p, k->root, &name, 0));
    assert_true(partial_whole(&p));
    OK(partial_finish(&p, &w));
    OK(object_commit(&w, &name, &is));
    kit_free(k);
}

static void bytes_held_are_passed_over(void **state)
{
    struct kit *k = kit_new();
    struct partial p;
    uint8_t *wrong = malloc(SIZE);
    (void)state;
    assert_non_null(wrong);
    memset(wrong, 'x', SIZE);
    open_one(k, &p);
    OK(put(k, &p, 1000, 2000));
    OK(put(k, &p, 5000, 6000));
    OK(put(k, &p, 500, 7000)); /* over both, and the gaps around them */
    HELD(k, 500, 7000);
    OK(partial_write(&p, 500, wrong, 6500));
    OK(partial_write(&p, 600, wrong, 0));
    HELD(k, 500, 7000);
    OK(put(k, &p, 0, SIZE));
    assert_becomes(k, &p);
    free(wrong);
    kit_free(k);
}

static void two_handles_write_one_object_in_turns(void **state)
{
    struct kit *k = kit_new();
    struct partial a, b;
    struct object_writer w;
    (void)state;
    open_one(k, &a);
    open_one(k, &b);
    for (size_t at = 0; at < SIZE / 2; at += 1000) {
        OK(put(k, at % 2000 ? &a : &b, at, at + 1000));
        OK(put(k, at % 3000 ? &b : &a, SIZE / 2 + at, SIZE / 2 + at + 1000));
        assert_true(partial_prefix(&a) >= at + 1000);
        assert_true(partial_prefix(&b) >= at + 1000);
    }
    assert_true(partial_whole(&a));
    assert_true(partial_whole(&b));
    assert_int_equal(files(k), 2);
    assert_becomes(k, &b);
    /* the other one finds that it went, and begins anew */
    assert_int_equal(partial_finish(&a, &w), ERR_AGAIN);
    OK(put(k, &a, 0, SIZE));
    assert_becomes(k, &a);
    kit_free(k);
}

static void handle_of_a_dropped_object_begins_anew(void **state)
{
    struct kit *k = kit_new();
    struct partial p;
    (void)state;
    open_one(k, &p);
    OK(put(k, &p, 0, 5000));
    OK(put(k, &p, 9000, 9500));
    OK(partial_drop(k->root, &k->name));
    assert_int_equal(partial_prefix(&p), 0);
    OK(put(k, &p, 5000, 6000));
    HELD(k, 5000, 6000);
    OK(put(k, &p, 0, SIZE));
    assert_becomes(k, &p);
    kit_free(k);
}

static void more_places_than_can_be_are_refused_until_a_gap_closes(void **state)
{
    struct kit *k = kit_new();
    struct partial p;
    (void)state;
    open_one(k, &p);
    for (size_t i = 0; i < PARTIAL_RUNS_MAX; i++)
        OK(put(k, &p, i * 1000, i * 1000 + 500));
    assert_int_equal(put(k, &p, 50000, 50001), ERR_DATA);
    assert_int_equal(put(k, &p, 7600, 7601), ERR_DATA);
    OK(put(k, &p, 7500, 7600)); /* growing is no new place */
    OK(put(k, &p, 3500, 4000)); /* nor is closing a gap */
    OK(put(k, &p, 50000, 50001));
    HELD(k, 0, 500, 1000, 1500, 2000, 2500, 3000, 4500, 5000, 5500, 6000, 6500, 7000, 7600, 50000, 50001);
    assert_int_equal(put(k, &p, 60000, 60001), ERR_DATA);
    OK(put(k, &p, 0, SIZE));
    assert_becomes(k, &p);
    kit_free(k);
}

static void first_byte_always_has_a_place(void **state)
{
    struct kit *k = kit_new();
    struct partial p;
    (void)state;
    open_one(k, &p);
    for (size_t i = 1; i < PARTIAL_RUNS_MAX; i++)
        OK(put(k, &p, i * 1000, i * 1000 + 500));
    assert_int_equal(put(k, &p, 50000, 50001), ERR_DATA);
    OK(put(k, &p, 0, 100));
    assert_int_equal(put(k, &p, 50000, 50001), ERR_DATA);
    OK(put(k, &p, 0, SIZE));
    assert_becomes(k, &p);
    kit_free(k);
}

static void small_pieces_from_behind_need_no_more_files(void **state)
{
    struct kit *k = kit_new();
    struct partial p;
    (void)state;
    open_one(k, &p);
    for (size_t at = SIZE; at; at -= 500) {
        OK(put(k, &p, at - 500, at));
        assert_true(p.n <= PARTIAL_RUNS_MAX);
        HELD(k, at - 500, SIZE);
    }
    assert_becomes(k, &p);
    kit_free(k);
}

static void bytes_beyond_the_size_are_refused(void **state)
{
    struct kit *k = kit_new();
    struct partial p;
    (void)state;
    open_one(k, &p);
    assert_int_equal(partial_write(&p, SIZE, "x", 1), ERR_DATA);
    assert_int_equal(partial_write(&p, SIZE - 1, "xx", 2), ERR_DATA);
    assert_int_equal(partial_write(&p, UINT64_MAX, "xx", 2), ERR_DATA);
    OK(partial_write(&p, SIZE, "", 0));
    assert_held(k, 0, NULL);
    OK(put(k, &p, SIZE - 1, SIZE));
    HELD(k, SIZE - 1, SIZE);
    partial_close(&p);
    kit_free(k);
}

static void wrong_bytes_are_found_at_commit_and_gone(void **state)
{
    struct kit *k = kit_new();
    struct partial p;
    struct object_writer w;
    (void)state;
    open_one(k, &p);
    OK(partial_write(&p, 70000, "not what stands there", 21));
    OK(put(k, &p, 0, SIZE));
    OK(partial_finish(&p, &w));
    assert_int_equal(object_commit(&w, &k->name, NULL), ERR_BAD);
    assert_int_equal(files(k), 0);
    open_one(k, &p);
    OK(put(k, &p, 0, SIZE));
    assert_becomes(k, &p);
    kit_free(k);
}

/* What a kill between any two steps of finish leaves. */
static void finish_cut_short_goes_on(void **state)
{
    struct kit *k = kit_new();
    struct partial p;
    (void)state;
    for (int step = 0; step < 5; step++) {
        open_one(k, &p);
        OK(put(k, &p, 0, 30000));
        OK(put(k, &p, 60000, SIZE));
        OK(put(k, &p, 30001, 60000));
        OK(put(k, &p, 30000, 30001)); /* the first now reaches into the third's place */
        partial_close(&p);
        if (step >= 1)
            put_run(k, 0, 45000); /* some of the next appended */
        if (step >= 2)
            put_run(k, 0, 60000); /* all of it, its file still there */
        if (step >= 3)
            put_run(k, 0, SIZE); /* the last one, too */
        if (step >= 4) {
            char path[200];
            run_path(k, path, ".30001");
            assert_int_equal(unlink(path), 0);
        }
        HELD(k, 0, SIZE);
        open_one(k, &p);
        assert_becomes(k, &p);
    }
    kit_free(k);
}

static void kill_behind_finish_loses_nothing(void **state)
{
    struct kit *k = kit_new();
    struct partial p;
    int status;
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        struct object_writer w;
        if (partial_open(&p, k->root, &k->name, SIZE) != ERR_OK || put(k, &p, 50000, SIZE) != ERR_OK ||
            put(k, &p, 0, 50000) != ERR_OK || partial_finish(&p, &w) != ERR_OK)
            _exit(1);
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    OK(object_sweep(k->root)); /* as the next start does */
    open_one(k, &p);
    assert_becomes(k, &p);
    kit_free(k);
}

static void limit_size(rlim_t n)
{
    struct rlimit l;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &l), 0);
    l.rlim_cur = n ? n : l.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

static void full_disk_is_said_and_what_went_in_is_kept(void **state)
{
    struct kit *k = kit_new();
    struct partial p;
    struct object_writer w;
    (void)state;
    open_one(k, &p);
    OK(put(k, &p, 60000, SIZE));
    limit_size(40000);
    assert_int_equal(put(k, &p, 0, 60000), ERR_FULL);
    limit_size(0);
    HELD(k, 0, 40000, 60000, SIZE);
    OK(put(k, &p, 0, 60000));
    /* and in the middle of finish */
    limit_size(70000);
    assert_int_equal(partial_finish(&p, &w), ERR_FULL);
    limit_size(0);
    HELD(k, 0, SIZE);
    partial_close(&p);
    open_one(k, &p);
    assert_becomes(k, &p);
    kit_free(k);
}

static void first_byte_that_does_not_fit_leaves_no_place(void **state)
{
    struct kit *k = kit_new();
    struct partial p;
    struct rlimit l;
    (void)state;
    open_one(k, &p);
    OK(put(k, &p, 0, 10));
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &l), 0);
    struct rlimit none = {0, l.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    for (size_t i = 1; i < 20; i++)
        assert_int_equal(put(k, &p, i * 1000, i * 1000 + 10), ERR_FULL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
    HELD(k, 0, 10);
    OK(put(k, &p, 0, SIZE));
    assert_becomes(k, &p);
    kit_free(k);
}

static void hostile_names_are_passed_over(void **state)
{
    static const char *const names[] = {".01",    ".-1", ".+5",    ".1x", "", ".", ".99999999999999999999",
                                        ".0.tmp", ".7/", ".100000"};
    struct kit *k = kit_new();
    struct partial p;
    char path[200], target[100];
    (void)state;
    open_one(k, &p);
    OK(put(k, &p, 0, 10));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        run_path(k, path, names[i]);
        if (path[strlen(path) - 1] == '/')
            assert_int_equal(mkdir(path, 0700), 0);
        else
            OK(file_write(path, k->bytes, 1000, 0600));
    }
    snprintf(target, sizeof target, "%s/outside", k->root);
    OK(file_write(target, k->bytes, SIZE, 0600));
    run_path(k, path, ".100");
    assert_int_equal(symlink(target, path), 0);
    run_path(k, path, ".200");
    assert_int_equal(mkfifo(path, 0600), 0);
    HELD(k, 0, 10);
    open_one(k, &p);
    assert_int_equal(p.n, 1);
    /* not written through either */
    assert_int_equal(partial_write(&p, 100, "evil", 4), ERR_IO);
    assert_int_equal(partial_write(&p, 200, "evil", 4), ERR_IO);
    struct buf same = {0};
    OK(file_read(target, SIZE, &same));
    assert_memory_equal(same.p, k->bytes, SIZE);
    buf_free(&same);
    partial_close(&p);
    kit_free(k);
}

static void folder_that_is_a_link_is_not_entered(void **state)
{
    struct kit *k = kit_new();
    struct partial p;
    char path[200], target[100];
    (void)state;
    snprintf(target, sizeof target, "%s/elsewhere", k->root);
    snprintf(path, sizeof path, "%s/objects", k->root);
    assert_int_equal(mkdir(target, 0700), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    strcat(path, "/partial");
    assert_int_equal(symlink(target, path), 0);
    assert_int_equal(partial_open(&p, k->root, &k->name, SIZE), ERR_IO);
    assert_int_equal(partial_sweep(k->root, 0), ERR_IO);
    kit_free(k);
}

static void sweep_takes_what_is_old_and_nothing_else(void **state)
{
    struct kit *k = kit_new();
    struct partial p;
    char path[200], stray[200];
    (void)state;
    open_one(k, &p);
    OK(put(k, &p, 0, 10));
    OK(put(k, &p, 100, 110));
    partial_close(&p);
    run_path(k, path, ".0");
    snprintf(stray, sizeof stray, "%s/objects/partial/stray", k->root);
    OK(file_write(stray, "x", 1, 0600));
    struct timespec old[2] = {{.tv_sec = time(NULL) - 7200}, {.tv_sec = time(NULL) - 7200}};
    assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
    assert_int_equal(utimensat(AT_FDCWD, stray, old, 0), 0);
    OK(partial_sweep(k->root, 8000));
    HELD(k, 0, 10, 100, 110);
    OK(partial_sweep(k->root, 3600));
    HELD(k, 100, 110);
    assert_false(file_exists(stray));
    OK(partial_drop(k->root, &k->name));
    assert_int_equal(files(k), 0);
    kit_free(k);
}

static enum err count_object(void *ctx, const struct hash *name, const char *path)
{
    unsigned *n = ctx;
    (void)path;
    *n += name ? 1 : 1000;
    return ERR_OK;
}

static void pieces_are_no_objects(void **state)
{
    struct kit *k = kit_new();
    struct partial p;
    struct hash other;
    unsigned n = 0;
    (void)state;
    open_one(k, &p);
    OK(put(k, &p, 0, SIZE));
    OK(object_put(k->root, "x", 1, &other));
    OK(object_each(k->root, count_object, &n));
    assert_int_equal(n, 1);
    uint64_t size;
    assert_false(object_size(k->root, &k->name, &size));
    partial_close(&p);
    kit_free(k);
}

static void another_size_claimed_harms_only_itself(void **state)
{
    struct kit *k = kit_new();
    struct partial right, wrong;
    struct object_writer w;
    (void)state;
    open_one(k, &right);
    OK(put(k, &right, 0, 60000));
    OK(partial_open(&wrong, k->root, &k->name, 50000));
    assert_true(partial_whole(&wrong));
    OK(partial_finish(&wrong, &w));
    assert_int_equal(object_commit(&w, &k->name, NULL), ERR_BAD);
    OK(put(k, &right, 0, SIZE));
    assert_becomes(k, &right);
    kit_free(k);
}

/* A plain memory of what was written. */
struct model {
    uint8_t bytes[SIZE], has[SIZE];
};

static void assert_like_model(struct kit *k, const struct model *m)
{
    struct partial_range r[PARTIAL_RUNS_MAX];
    size_t n = ranges(k, r), at = 0;
    for (size_t i = 0; i <= n; i++) {
        size_t from = i < n ? r[i].from : SIZE, to = i < n ? r[i].to : SIZE;
        assert_true(i == 0 || i == n || from > at);
        for (; at < from; at++)
            assert_false(m->has[at]);
        for (; at < to; at++)
            assert_true(m->has[at]);
    }
}

/* After a refused write its first bytes may be there. */
static void follow(struct kit *k, struct model *m, size_t from, size_t n)
{
    struct partial_range r[PARTIAL_RUNS_MAX];
    size_t held = ranges(k, r);
    assert_true(held == PARTIAL_RUNS_MAX || (held == PARTIAL_RUNS_MAX - 1 && r[0].from));
    for (size_t i = 0; i < held; i++)
        for (size_t at = r[i].from; at < r[i].to; at++)
            if (at >= from && at < from + n) {
                m->bytes[at] = k->bytes[at];
                m->has[at] = 1;
            }
}

static void one_schedule(struct kit *k, struct model *m, unsigned *seed)
{
    struct partial p[3];
    struct object_writer w;
    memset(m, 0, sizeof *m);
    for (int i = 0; i < 3; i++)
        open_one(k, &p[i]);
    for (unsigned steps = 5 + (unsigned)rand_r(seed) % 40; steps; steps--) {
        struct partial *one = &p[rand_r(seed) % 3];
        size_t from = (size_t)rand_r(seed) % SIZE, n = (size_t)rand_r(seed) % (rand_r(seed) % 4 ? 3000 : SIZE);
        n = n < SIZE - from ? n : SIZE - from;
        unsigned what = (unsigned)rand_r(seed) % 8;
        if (what == 0) {
            partial_close(one);
            open_one(k, one);
        } else if (what == 1) { /* on from where it stands */
            from = partial_prefix(one);
            n = n < SIZE - from ? n : SIZE - from;
        }
        enum err e = put(k, one, from, from + n);
        if (e) {
            assert_int_equal(e, ERR_DATA);
            follow(k, m, from, n);
        } else {
            memcpy(m->bytes + from, k->bytes + from, n);
            memset(m->has + from, 1, n);
        }
        assert_like_model(k, m);
    }
    OK(put(k, &p[0], 0, SIZE));
    assert_true(partial_whole(&p[1]));
    OK(partial_finish(&p[2], &w));
    assert_int_equal(pread(w.fd, m->bytes, SIZE, 0), SIZE);
    assert_memory_equal(m->bytes, k->bytes, SIZE);
    struct hash h = hash_end(&w.hash);
    assert_true(hash_same(&h, &k->name));
    object_abort(&w);
    for (int i = 0; i < 3; i++)
        partial_close(&p[i]);
    assert_int_equal(files(k), 0);
}

static void thousand_random_schedules_agree_with_a_plain_memory(void **state)
{
    struct kit *k = kit_new();
    struct model *m = malloc(sizeof *m);
    const char *given = getenv("FELDSHER_SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
    (void)state;
    assert_non_null(m);
    for (int i = 0; i < 1000; i++) {
        unsigned now = seed + (unsigned)i;
        if (i == 0)
            print_message("schedules from seed %u (FELDSHER_SEED)\n", seed);
        one_schedule(k, m, &now);
    }
    free(m);
    kit_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_in_any_order_make_the_object),
        cmocka_unit_test(nothing_is_made_by_a_look),
        cmocka_unit_test(empty_object_is_whole_at_once),
        cmocka_unit_test(bytes_held_are_passed_over),
        cmocka_unit_test(two_handles_write_one_object_in_turns),
        cmocka_unit_test(handle_of_a_dropped_object_begins_anew),
        cmocka_unit_test(more_places_than_can_be_are_refused_until_a_gap_closes),
        cmocka_unit_test(first_byte_always_has_a_place),
        cmocka_unit_test(small_pieces_from_behind_need_no_more_files),
        cmocka_unit_test(bytes_beyond_the_size_are_refused),
        cmocka_unit_test(wrong_bytes_are_found_at_commit_and_gone),
        cmocka_unit_test(finish_cut_short_goes_on),
        cmocka_unit_test(kill_behind_finish_loses_nothing),
        cmocka_unit_test(full_disk_is_said_and_what_went_in_is_kept),
        cmocka_unit_test(first_byte_that_does_not_fit_leaves_no_place),
        cmocka_unit_test(hostile_names_are_passed_over),
        cmocka_unit_test(folder_that_is_a_link_is_not_entered),
        cmocka_unit_test(sweep_takes_what_is_old_and_nothing_else),
        cmocka_unit_test(pieces_are_no_objects),
        cmocka_unit_test(another_size_claimed_harms_only_itself),
        cmocka_unit_test(thousand_random_schedules_agree_with_a_plain_memory),
    };
    return cmocka_run_group_tests_name("vault partial", tests, NULL, NULL);
}
