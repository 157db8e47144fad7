/* The embedded store and whatever ends it early: kills and power cuts between
 * any two steps, a disk that fails, a folder that cannot be written, readers
 * beside it, an index of version 1. */
#include "tests/unit/sync_fixture.h"

#include "sync/hub/audit.h"
#include "sync/hub/store_files.h"
#include "sync/hub/store_sqlite.h"

#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>

struct kit {
    struct post *p;
    struct store *s;
    struct item it[8]; /* 0 to 3: labels 1 to 4 of amb-1; 4 to 7: of office-1; the last of each with two blobs */
    char db[200];
};

/* The first two labels of amb-1 stand committed. */
static struct kit *kit_new(void)
{
    struct kit *k = calloc(1, sizeof *k);
    assert_non_null(k);
    k->p = post_new();
    chain_make(k->p, k->it, 4, 0, "a", 2);
    chain_make(k->p, k->it + 4, 4, 1, "b", 2);
    snprintf(k->db, sizeof k->db, "%s/hub.db", k->p->hub);
    OK(store_sqlite_open(&k->s, k->p->hub, false));
    OK(k->s->begin(k->s));
    OK(k->s->append(k->s, &k->it[0].l));
    OK(k->s->append(k->s, &k->it[1].l));
    OK(k->s->commit(k->s));
    return k;
}

static void kit_free(struct kit *k)
{
    if (k->s)
        k->s->close(k->s);
    chain_free(k->it, 8);
    post_free(k->p);
    free(k);
}

static void close_it(struct kit *k)
{
    k->s->close(k->s);
    k->s = NULL;
}

static void open_it(struct kit *k)
{
    OK(store_sqlite_open(&k->s, k->p->hub, false));
}

static void again(struct kit *k)
{
    close_it(k);
    open_it(k);
}

static enum err push(void *ctx, sink_fn *sink, void *sink_ctx)
{
    const struct buf *b = ctx;
    return sink(sink_ctx, b->p, b->len);
}

static enum err put(struct kit *k, const struct item *it, const struct buf *b)
{
    struct hash name = hash_of(b->p, b->len);
    struct buf bytes = *b;
    return k->s->put(k->s, it->l.chain, &name, b->len, push, &bytes);
}

static enum err join(struct kit *k, const struct item *it, const struct buf *b)
{
    struct hash name = hash_of(b->p, b->len);
    enum err e = k->s->piece(k->s, &name, b->len, b->len / 2, b->p + b->len / 2, b->len - b->len / 2);
    if (!e)
        e = k->s->piece(k->s, &name, b->len, 0, b->p, b->len / 2);
    return e ? e : k->s->join(k->s, it->l.chain, &name, b->len);
}

/* Labels 3 and 4 of one chain, all of the other, and everything they need. */
static enum err work(struct kit *k)
{
    enum err e = k->s->begin(k->s);
    for (size_t i = 0; i < 8 && !e; i++) {
        struct item *it = &k->it[i];
        if (i >= 2)
            e = k->s->append(k->s, &it->l);
        if (!e)
            e = i % 2 ? put(k, it, &it->batch) : join(k, it, &it->batch);
        if (!e && it->parts.len)
            e = put(k, it, &it->parts);
        if (!e && it->parts.len)
            e = store_expand(k->s, it->l.chain, it->l.seq, &it->l.parts);
        for (int b = 0; b < 2 && !e; b++)
            if (it->blob[b].len)
                e = join(k, it, &it->blob[b]);
    }
    return e;
}

static enum err never(void *ctx, const struct store_need *n)
{
    (void)ctx;
    print_error("wanted: kind %d of label %llu\n", (int)n->kind, (unsigned long long)n->seq);
    return ERR_BUG;
}

static void assert_all(struct kit *k)
{
    for (size_t i = 0; i < 8; i += 4) {
        assert_int_equal(head_of(k->s, &k->it[i]), 4);
        OK(k->s->each_wanted(k->s, k->it[i].l.chain, never, NULL));
    }
}

static void note_fault(void *ctx, const char *what, const char *why)
{
    /* this hub has no keys in its folder */
    if (strncmp(what, "keys/", 5) != 0 && strcmp(what, "hub.card") != 0)
        OK(buf_fmt(ctx, "%s: %s\n", what, why));
}

/* verify's faults, of the folder as it lies there. */
static void assert_verifies(struct kit *k)
{
    struct buf lines = {0};
    struct hub h = {.roster = k->p->roster, .pinned = true, .authority = k->p->authority.pub, .lock = -1};
    struct audit a = {.hub = &h, .fault = note_fault, .ctx = &lines};
    snprintf(h.dir, sizeof h.dir, "%s", k->p->hub);
    snprintf(h.name, sizeof h.name, "hub");
    OK(store_sqlite_open_trial(&h.store, k->p->hub));
    enum err e = audit_run(&a);
    h.store->close(h.store);
    assert_true(e == ERR_OK || e == ERR_BAD);
    if (lines.len)
        print_error("%s", (const char *)lines.p);
    assert_int_equal(lines.len, 0);
    buf_free(&lines);
}

/* Runs fn in a child that is killed behind it. */
static void killed(void (*fn)(struct kit *k, int arg), struct kit *k, int arg)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        fn(k, arg);
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void must(enum err e)
{
    if (e) {
        fprintf(stderr, "%s\n", err_text());
        _exit(1);
    }
}

/* Stops behind so many steps of a commit. */
static void steps(struct kit *k, int n)
{
    must(store_sqlite_open(&k->s, k->p->hub, false));
    must(work(k));
    if (n > 0)
        must(k->s->flush(k->s));
    if (n > 1)
        must(k->s->place(k->s));
    if (n > 2)
        must(k->s->flush(k->s));
    if (n > 3)
        must(k->s->finish(k->s));
}

static void kill_between_any_two_steps_loses_nothing_and_leaves_no_fault(void **state)
{
    (void)state;
    for (int n = 0; n <= 4; n++) {
        struct kit *k = kit_new();
        close_it(k);
        killed(steps, k, n);
        assert_verifies(k);
        open_it(k);
        /* from the first flush on the labels stand */
        assert_int_equal(head_of(k->s, &k->it[0]), n > 0 ? 4 : 2);
        assert_int_equal(head_of(k->s, &k->it[4]), n > 0 ? 4 : 0);
        /* and once they are placed, the objects */
        uint64_t size;
        assert_int_equal(object_size(k->p->hub, &k->it[7].l.object, &size), n > 1);
        if (n > 1)
            assert_all(k);
        assert_verifies(k);
        if (n == 0) { /* the senders send again; pieces that came need not */
            OK(work(k));
            OK(k->s->commit(k->s));
            assert_all(k);
        }
        again(k);
        assert_int_equal(head_of(k->s, &k->it[0]), 4);
        kit_free(k);
    }
}

static void copy(const char *from, const char *to)
{
    struct buf b = {.max = 1 << 24};
    enum err e = file_read(from, b.max, &b);
    if (e == ERR_NOINPUT)
        e = file_remove(to);
    else if (!e)
        e = file_write(to, b.p, b.len, 0600);
    must(e);
    buf_free(&b);
}

static void copy_index(struct kit *k, bool back)
{
    static const char *const ends[] = {"", "-wal"};
    char path[220], side[240];
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s%s", k->db, ends[i]);
        snprintf(side, sizeof side, "%s.side%s", k->db, ends[i]);
        copy(back ? side : path, back ? path : side);
    }
    snprintf(path, sizeof path, "%s-shm", k->db);
    if (back)
        must(file_remove(path));
}

/* when 0: the index as it was at opening; 1: behind the labels' commit */
static void committed_and_the_index_lost(struct kit *k, int when)
{
    must(store_sqlite_open(&k->s, k->p->hub, false));
    if (when == 0)
        copy_index(k, false);
    must(k->s->begin(k->s));
    for (size_t i = 2; i < 8; i++)
        must(k->s->append(k->s, &k->it[i].l));
    must(k->s->commit(k->s));
    if (when == 1)
        copy_index(k, false);
    must(k->s->begin(k->s));
    for (size_t i = 0; i < 8; i++) {
        struct item *it = &k->it[i];
        must(put(k, it, &it->batch));
        if (!it->parts.len)
            continue;
        must(put(k, it, &it->parts));
        must(store_expand(k->s, it->l.chain, it->l.seq, &it->l.parts));
        must(join(k, it, &it->blob[0]));
        must(join(k, it, &it->blob[1]));
    }
    must(k->s->commit(k->s));
}

static void power_cut_takes_commits_from_the_index_and_the_files_bring_them_back(void **state)
{
    (void)state;
    for (int when = 0; when < 2; when++) {
        struct kit *k = kit_new();
        struct buf before = {0}, after = {0};
        close_it(k);
        killed(committed_and_the_index_lost, k, when);
        copy_index(k, true);
        OK(file_read(k->db, 1 << 24, &before));
        assert_verifies(k); /* looks, and changes nothing */
        OK(file_read(k->db, 1 << 24, &after));
        assert_int_equal(before.len, after.len);
        assert_memory_equal(before.p, after.p, before.len);
        open_it(k);
        assert_all(k);
        again(k);
        assert_all(k);
        assert_verifies(k);
        buf_free(&before);
        buf_free(&after);
        kit_free(k);
    }
}

/* During the first flush any beginning of the new labels may be durable. */
static void power_cut_in_a_flush_leaves_any_beginning_of_the_labels(void **state)
{
    (void)state;
    for (size_t cut = 0; cut < 8; cut++) {
        struct kit *k = kit_new();
        char path[STORE_PATH];
        uint64_t from, size;
        OK(store_files_chain_path(path, k->p->hub, k->it[0].l.chain));
        assert_true(file_size(path, &from));
        close_it(k);
        killed(steps, k, 1);
        assert_true(file_size(path, &size));
        assert_int_equal(truncate(path, (off_t)(from + (size - from) * cut / 8)), 0);
        OK(store_files_chain_path(path, k->p->hub, k->it[4].l.chain));
        assert_int_equal(unlink(path), 0); /* its name was not durable */
        assert_verifies(k);
        open_it(k);
        uint64_t head = head_of(k->s, &k->it[0]);
        assert_true(head == 2 || head == 3);
        assert_int_equal(head_of(k->s, &k->it[4]), 0);
        /* all goes on from there */
        OK(k->s->begin(k->s));
        for (size_t i = head; i < 8; i++)
            OK(k->s->append(k->s, &k->it[i].l));
        OK(k->s->commit(k->s));
        again(k);
        assert_int_equal(head_of(k->s, &k->it[0]), 4);
        kit_free(k);
    }
}

static void rolled_back_labels_that_were_flushed_are_cut_off(void **state)
{
    struct kit *k = kit_new();
    char path[STORE_PATH];
    uint64_t before, after;
    (void)state;
    OK(store_files_chain_path(path, k->p->hub, k->it[0].l.chain));
    assert_true(file_size(path, &before));
    OK(work(k));
    OK(k->s->flush(k->s));
    k->s->rollback(k->s);
    assert_true(file_size(path, &after));
    assert_int_equal(before, after);
    assert_int_equal(head_of(k->s, &k->it[0]), 2);
    assert_verifies(k);
    OK(work(k));
    OK(k->s->commit(k->s));
    assert_all(k);
    again(k);
    assert_all(k);
    kit_free(k);
}

static void rolled_back_join_needs_no_byte_again(void **state)
{
    struct kit *k = kit_new();
    struct item *it = &k->it[0];
    uint64_t size;
    (void)state;
    OK(k->s->begin(k->s));
    OK(join(k, it, &it->batch));
    k->s->rollback(k->s);
    assert_false(k->s->size(k->s, &it->l.object, &size));
    OK(k->s->begin(k->s));
    OK(k->s->join(k->s, it->l.chain, &it->l.object, it->batch.len));
    OK(k->s->commit(k->s));
    assert_true(object_size(k->p->hub, &it->l.object, &size));
    kit_free(k);
}

static void closing_in_the_middle_is_a_rollback(void **state)
{
    struct kit *k = kit_new();
    (void)state;
    OK(work(k));
    OK(k->s->flush(k->s));
    again(k);
    assert_int_equal(head_of(k->s, &k->it[0]), 2);
    assert_verifies(k);
    OK(work(k));
    OK(k->s->commit(k->s));
    assert_all(k);
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

static void full_disk_at_the_labels_undoes_the_whole_commit(void **state)
{
    struct kit *k = kit_new();
    char path[STORE_PATH];
    uint64_t before, after;
    (void)state;
    OK(store_files_chain_path(path, k->p->hub, k->it[0].l.chain));
    assert_true(file_size(path, &before));
    OK(work(k));
    limit_size(before + 100);
    assert_int_equal(k->s->commit(k->s), ERR_FULL);
    limit_size(0);
    assert_true(file_size(path, &after));
    assert_int_equal(before, after);
    assert_int_equal(k->s->begin(k->s), ERR_IO); /* to be opened anew */
    again(k);
    assert_int_equal(head_of(k->s, &k->it[0]), 2);
    assert_verifies(k);
    OK(work(k)); /* whose pieces were kept */
    OK(k->s->commit(k->s));
    assert_all(k);
    kit_free(k);
}

static void index_that_cannot_grow_is_caught_up_later(void **state)
{
    struct kit *k = kit_new();
    (void)state;
    OK(work(k));
    OK(k->s->flush(k->s));
    OK(k->s->place(k->s));
    OK(k->s->flush(k->s));
    limit_size(4096);
    enum err e = k->s->finish(k->s);
    limit_size(0);
    assert_int_not_equal(e, ERR_OK);
    k->s->rollback(k->s);
    assert_int_not_equal(k->s->begin(k->s), ERR_OK);
    again(k);
    assert_all(k);
    assert_verifies(k);
    kit_free(k);
}

static void clean_close_leaves_the_index_alone_and_plain(void **state)
{
    struct kit *k = kit_new();
    char path[220];
    struct buf b = {0};
    (void)state;
    OK(work(k));
    OK(k->s->commit(k->s));
    close_it(k);
    snprintf(path, sizeof path, "%s-wal", k->db);
    assert_false(file_exists(path));
    snprintf(path, sizeof path, "%s-shm", k->db);
    assert_false(file_exists(path));
    OK(file_read(k->db, 1 << 24, &b));
    assert_int_equal(b.p[18], 1); /* no log, by SQLite's file format */
    buf_free(&b);
    kit_free(k);
}

static void readers_look_while_a_writer_is_at_work(void **state)
{
    struct kit *k = kit_new();
    struct store *r;
    struct store_totals t;
    (void)state;
    OK(work(k));
    OK(store_sqlite_open(&r, k->p->hub, true));
    OK(r->totals(r, &t));
    assert_int_equal(t.labels, 2);
    OK(k->s->commit(k->s));
    OK(r->totals(r, &t));
    assert_int_equal(t.labels, 8);
    /* the writer closes, and opens anew, beside a reader */
    again(k);
    assert_all(k);
    OK(r->totals(r, &t));
    assert_int_equal(t.labels, 8);
    r->close(r);
    again(k);
    close_it(k);
    char path[220];
    snprintf(path, sizeof path, "%s-wal", k->db);
    assert_false(file_exists(path));
    kit_free(k);
}

static void sql(struct kit *k, const char *text)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(k->db, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void folder_that_cannot_be_written_is_read_all_the_same(void **state)
{
    static const char *const modes[] = {"PRAGMA journal_mode=TRUNCATE", "PRAGMA journal_mode=WAL"};
    struct kit *k = kit_new();
    char cmd[300];
    (void)state;
    OK(work(k));
    OK(k->s->commit(k->s));
    close_it(k);
    for (size_t i = 0; i < 2; i++) {
        sql(k, modes[i]); /* a writer that closed beside a reader leaves the second */
        snprintf(cmd, sizeof cmd, "chmod -R a+rX,a-w %s && chmod a+x %s", k->p->hub, k->p->dir);
        assert_int_equal(system(cmd), 0);
        pid_t child = fork();
        if (child == 0) {
            struct store *r;
            struct store_totals t;
            if (geteuid() == 0 && setuid(65534) < 0)
                _exit(2);
            must(store_sqlite_open(&r, k->p->hub, true));
            must(r->totals(r, &t));
            r->close(r);
            must(store_sqlite_open_trial(&r, k->p->hub));
            r->close(r);
            _exit(t.labels == 8 ? 0 : 3);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        snprintf(cmd, sizeof cmd, "chmod -R u+w %s", k->p->hub);
        assert_int_equal(system(cmd), 0);
    }
    open_it(k);
    assert_all(k);
    kit_free(k);
}

static enum err count_route(void *ctx, const char *chain, uint64_t last)
{
    uint64_t *sum = ctx;
    (void)chain;
    *sum += last;
    return ERR_OK;
}

static void index_of_version_1_is_brought_up_in_place(void **state)
{
    struct kit *k = kit_new();
    struct store *r;
    struct store_totals t;
    uint64_t sum = 0;
    (void)state;
    OK(work(k));
    OK(k->s->commit(k->s));
    close_it(k);
    sql(k, "DROP TABLE route; PRAGMA user_version=1");
    /* a reader takes it as it is */
    OK(store_sqlite_open(&r, k->p->hub, true));
    OK(r->totals(r, &t));
    assert_int_equal(t.labels, 8);
    assert_int_equal(r->each_route(r, "records", count_route, &sum), ERR_NOINPUT);
    r->close(r);
    open_it(k);
    OK(k->s->each_route(k->s, "records", count_route, &sum));
    assert_int_equal(sum, 8);
    assert_all(k);
    again(k);
    sum = 0;
    OK(k->s->each_route(k->s, "unit/brigade-1", count_route, &sum));
    assert_int_equal(sum, 8);
    kit_free(k);
}

static void index_made_anew_knows_the_routes(void **state)
{
    struct kit *k = kit_new();
    uint64_t sum = 0;
    (void)state;
    OK(work(k));
    OK(k->s->commit(k->s));
    close_it(k);
    assert_int_equal(unlink(k->db), 0);
    open_it(k);
    OK(k->s->each_route(k->s, "records/brigade-1", count_route, &sum));
    assert_int_equal(sum, 8);
    assert_all(k);
    kit_free(k);
}

static void damaged_index_with_a_log_is_set_aside_whole(void **state)
{
    struct kit *k = kit_new();
    char path[220];
    (void)state;
    close_it(k);
    killed(steps, k, 4);
    snprintf(path, sizeof path, "%s-wal", k->db);
    assert_true(file_exists(path));
    OK(file_write(k->db, "this is no database at all, but it is long enough to look at", 60, 0600));
    OK(file_write(path, "nor is this a log, however long it may go on and on", 51, 0600));
    open_it(k);
    assert_all(k);
    kit_free(k);
}

static uint64_t refused_bytes(struct kit *k, const char *what)
{
    char path[300];
    uint64_t size = 0;
    snprintf(path, sizeof path, "%s/quarantine/%s/%s.refused", k->p->hub, k->it[0].l.chain, what);
    return file_size(path, &size) ? size : 0;
}

static void refused_bytes_are_kept_up_to_the_ceiling_and_go_with_their_line(void **state)
{
    struct kit *k = kit_new();
    const char *a = k->it[0].l.chain;
    uint8_t *big = calloc(1, ASIDE_BYTES_MAX);
    (void)state;
    assert_non_null(big);
    OK(k->s->refused(k->s, a, "label 1", "x", "12345", 5));
    assert_int_equal(refused_bytes(k, "label-1"), 5);
    OK(k->s->refused(k->s, a, "label 1", "again, without bytes", NULL, 0));
    assert_int_equal(refused_bytes(k, "label-1"), 5);
    OK(k->s->refused(k->s, a, "label 2", "x", big, ASIDE_BYTES_MAX / 2));
    OK(k->s->refused(k->s, a, "label 3", "x", big, ASIDE_BYTES_MAX / 2 - 8192));
    assert_int_equal(refused_bytes(k, "label-1"), 5);
    assert_int_equal(refused_bytes(k, "label-2"), ASIDE_BYTES_MAX / 2);
    OK(k->s->refused(k->s, a, "label 4", "x", big, 100000)); /* the oldest go */
    assert_int_equal(refused_bytes(k, "label-1"), 0);
    assert_int_equal(refused_bytes(k, "label-2"), 0);
    assert_int_equal(refused_bytes(k, "label-4"), 100000);
    OK(k->s->refused(k->s, a, "label 5", "x", big, ASIDE_BYTES_MAX)); /* never fits */
    assert_int_equal(refused_bytes(k, "label-5"), 0);
    for (unsigned i = 6; i < 6 + ASIDE_LABELS_MAX; i++) {
        char what[40];
        snprintf(what, sizeof what, "label %u", i);
        OK(k->s->refused(k->s, a, what, "x", "12", 2));
    }
    assert_int_equal(refused_bytes(k, "label-4"), 0);
    assert_int_equal(refused_bytes(k, "label-6"), 2);
    assert_verifies(k);
    free(big);
    kit_free(k);
}

static void wrong_bytes_that_came_in_pieces_are_kept_to_look_at(void **state)
{
    struct kit *k = kit_new();
    struct item *it = &k->it[0];
    char hex[HASH_HEX];
    (void)state;
    hash_hex(hex, &it->l.object);
    OK(k->s->begin(k->s));
    OK(k->s->piece(k->s, &it->l.object, it->batch.len, 0, "evil", 4));
    assert_int_equal(join(k, it, &it->batch), ERR_BAD);
    OK(k->s->commit(k->s));
    assert_int_equal(refused_bytes(k, hex), it->batch.len);
    assert_verifies(k);
    kit_free(k);
}

static enum err count_refused(void *ctx, const char *chain, const struct store_refused *r)
{
    size_t *n = ctx;
    (void)chain;
    (void)r;
    (*n)++;
    return ERR_OK;
}

static void torn_reasons_count_as_none_and_begin_anew(void **state)
{
    struct kit *k = kit_new();
    const char *a = k->it[0].l.chain;
    char path[300];
    uint64_t size;
    size_t n;
    (void)state;
    OK(k->s->refused(k->s, a, "label 1", "x", NULL, 0));
    OK(k->s->refused(k->s, a, "label 2", "x", NULL, 0));
    snprintf(path, sizeof path, "%s/quarantine/%s/reasons", k->p->hub, a);
    assert_true(file_size(path, &size));
    for (uint64_t cut = 0; cut < size; cut += 5) {
        assert_int_equal(truncate(path, (off_t)cut), 0);
        n = 0;
        OK(k->s->each_refused(k->s, NULL, count_refused, &n));
        assert_true(n < 2);
        assert_verifies(k);
        OK(k->s->refused(k->s, a, "label 1", "x", NULL, 0));
        OK(k->s->refused(k->s, a, "label 2", "x", NULL, 0));
        n = 0;
        OK(k->s->each_refused(k->s, NULL, count_refused, &n));
        assert_int_equal(n, 2);
    }
    kit_free(k);
}

struct flusher {
    struct store *s;
    enum err e;
};

static void *flush_often(void *arg)
{
    struct flusher *f = arg;
    for (int i = 0; i < 20 && !f->e; i++)
        f->e = f->s->flush(f->s);
    return NULL;
}

static void pieces_come_and_labels_are_read_while_another_thread_flushes(void **state)
{
    struct kit *k = kit_new();
    struct item *last = &k->it[3];
    struct buf text = {0};
    struct store_need need;
    pthread_t thread;
    (void)state;
    OK(work(k));
    struct flusher f = {.s = k->s};
    assert_int_equal(pthread_create(&thread, NULL, flush_often, &f), 0);
    for (int i = 0; i < 2000; i++) {
        struct hash name = hash_of(&i, sizeof i);
        OK(k->s->piece(k->s, &name, 1000, (uint64_t)i % 900, "0123456789", 10));
        OK(k->s->label(k->s, last->l.chain, 1 + (uint64_t)i % 4, &text));
        OK(k->s->look(k->s, &last->l.object, last->batch.len, &need));
        buf_clear(&text);
        OK(k->s->get(k->s, &last->l.object, buf_sink, &text));
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    OK(f.e);
    OK(k->s->place(k->s));
    OK(k->s->flush(k->s));
    OK(k->s->finish(k->s));
    assert_all(k);
    again(k);
    assert_all(k);
    buf_free(&text);
    kit_free(k);
}

#define MANY 300
static void many_objects(struct kit *k, int unused)
{
    static uint8_t bytes[MANY][400];
    static struct hash names[MANY];
    struct rlimit few = {100, 100};
    (void)unused;
    if (setrlimit(RLIMIT_NOFILE, &few) < 0)
        _exit(1);
    must(store_sqlite_open(&k->s, k->p->hub, false));
    for (size_t i = 0; i < MANY; i++) {
        randombytes_buf(bytes[i], sizeof bytes[i]);
        names[i] = hash_of(bytes[i], sizeof bytes[i]);
    }
    for (size_t at = 0; at < sizeof bytes[0]; at += 50)
        for (size_t i = 0; i < MANY; i++) /* from behind and from before */
            must(k->s->piece(k->s, &names[i], sizeof bytes[i], i % 2 ? at : sizeof bytes[i] - 50 - at,
                             bytes[i] + (i % 2 ? at : sizeof bytes[i] - 50 - at), 50));
    must(k->s->begin(k->s));
    for (size_t i = 0; i < MANY; i++)
        must(k->s->join(k->s, k->it[0].l.chain, &names[i], sizeof bytes[i]));
    must(k->s->commit(k->s));
    for (size_t i = 0; i < MANY; i++) {
        uint8_t got[sizeof bytes[0]];
        must(k->s->read(k->s, &names[i], 0, got, sizeof got));
        must(memcmp(got, bytes[i], sizeof got) == 0 ? ERR_OK : err_set(ERR_BAD, "other bytes"));
    }
}

static void more_objects_than_files_may_be_open_come_in_pieces(void **state)
{
    struct kit *k = kit_new();
    (void)state;
    close_it(k);
    killed(many_objects, k, 0);
    open_it(k);
    kit_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kill_between_any_two_steps_loses_nothing_and_leaves_no_fault),
        cmocka_unit_test(power_cut_takes_commits_from_the_index_and_the_files_bring_them_back),
        cmocka_unit_test(power_cut_in_a_flush_leaves_any_beginning_of_the_labels),
        cmocka_unit_test(rolled_back_labels_that_were_flushed_are_cut_off),
        cmocka_unit_test(rolled_back_join_needs_no_byte_again),
        cmocka_unit_test(closing_in_the_middle_is_a_rollback),
        cmocka_unit_test(full_disk_at_the_labels_undoes_the_whole_commit),
        cmocka_unit_test(index_that_cannot_grow_is_caught_up_later),
        cmocka_unit_test(clean_close_leaves_the_index_alone_and_plain),
        cmocka_unit_test(readers_look_while_a_writer_is_at_work),
        cmocka_unit_test(folder_that_cannot_be_written_is_read_all_the_same),
        cmocka_unit_test(index_of_version_1_is_brought_up_in_place),
        cmocka_unit_test(index_made_anew_knows_the_routes),
        cmocka_unit_test(damaged_index_with_a_log_is_set_aside_whole),
        cmocka_unit_test(refused_bytes_are_kept_up_to_the_ceiling_and_go_with_their_line),
        cmocka_unit_test(wrong_bytes_that_came_in_pieces_are_kept_to_look_at),
        cmocka_unit_test(torn_reasons_count_as_none_and_begin_anew),
        cmocka_unit_test(pieces_come_and_labels_are_read_while_another_thread_flushes),
        cmocka_unit_test(more_objects_than_files_may_be_open_come_in_pieces),
    };
    return cmocka_run_group_tests_name("sync store cut", tests, NULL, NULL);
}
