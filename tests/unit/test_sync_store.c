/* The embedded store: what power cuts and vanished or older files do to it. */
#include "tests/unit/sync_fixture.h"

#include "storage/vault/receipt.h"
#include "sync/hub/audit.h"
#include "sync/hub/receipts.h"
#include "sync/hub/store_files.h"

struct kit {
    struct post *p;
    struct store *s;
    struct item it[4];
    char labels[4200], db[200];
};

/* Four labels, the last with two blobs, imported whole. */
static struct kit *kit_new(void)
{
    struct kit *k = calloc(1, sizeof *k);
    assert_non_null(k);
    k->p = post_new();
    chain_make(k->p, k->it, 4, 0, "a", 2);
    put_all(k->p, k->it, 4);
    OK(store_sqlite_open(&k->s, k->p->hub, false));
    struct import im = import_make(k->p, k->s);
    OK(import_run(&im));
    assert_int_equal(im.labels, 4);
    OK(store_files_chain_path(k->labels, k->p->hub, k->it[0].l.chain));
    snprintf(k->db, sizeof k->db, "%s/hub.db", k->p->hub);
    return k;
}

static void kit_free(struct kit *k)
{
    k->s->close(k->s);
    chain_free(k->it, 4);
    post_free(k->p);
    free(k);
}

static void again(struct kit *k)
{
    k->s->close(k->s);
    OK(store_sqlite_open(&k->s, k->p->hub, false));
}

static struct store_chain state_of(struct kit *k)
{
    struct store_chain c;
    OK(k->s->chain(k->s, k->it[0].l.chain, &c));
    return c;
}

static enum err never(void *ctx, const struct store_need *n)
{
    (void)ctx;
    print_error("wanted: kind %d of label %llu\n", (int)n->kind, (unsigned long long)n->seq);
    return ERR_BUG;
}

static void index_lost_is_made_anew_and_says_the_same(void **state)
{
    struct kit *k = kit_new();
    (void)state;
    struct store_chain was = state_of(k), is;
    struct store_totals one, two;
    OK(k->s->totals(k->s, &one));
    k->s->close(k->s);
    assert_int_equal(unlink(k->db), 0);
    OK(store_sqlite_open(&k->s, k->p->hub, false));
    is = state_of(k);
    assert_int_equal(is.seq, 4);
    assert_true(hash_same(&is.head, &was.head));
    assert_int_equal(is.bytes, was.bytes);
    assert_true(is.changed); /* a receipt will be written for it */
    OK(k->s->totals(k->s, &two));
    assert_memory_equal(&one, &two, sizeof one);
    OK(k->s->each_wanted(k->s, k->it[0].l.chain, never, NULL));
    kit_free(k);
}

static void index_that_is_garbage_is_set_aside(void **state)
{
    struct kit *k = kit_new();
    char aside[240];
    (void)state;
    k->s->close(k->s);
    OK(file_write(k->db, "this is no database at all, but it is long enough to look at", 60, 0600));
    OK(store_sqlite_open(&k->s, k->p->hub, false));
    assert_int_equal(state_of(k).seq, 4);
    snprintf(aside, sizeof aside, "%s.damaged", k->db);
    assert_true(file_exists(aside));
    kit_free(k);
}

static void older_index_catches_up_with_the_files(void **state)
{
    struct kit *k = kit_new();
    struct item more;
    struct buf db = {0};
    (void)state;
    k->s->close(k->s);
    OK(file_read(k->db, 1 << 20, &db));
    OK(store_sqlite_open(&k->s, k->p->hub, false));
    struct hash prev = item_hash(&k->it[3]);
    item_make(k->p, &more, 0, 5, &prev, "a", 2);
    put_all(k->p, &more, 1);
    struct import im = import_make(k->p, k->s);
    OK(import_run(&im));
    k->s->close(k->s);
    OK(file_write(k->db, db.p, db.len, 0600));
    OK(store_sqlite_open(&k->s, k->p->hub, false));
    assert_int_equal(state_of(k).seq, 5);
    assert_false(state_of(k).damaged);
    OK(k->s->each_wanted(k->s, k->it[0].l.chain, never, NULL));
    buf_free(&db);
    item_free(&more);
    kit_free(k);
}

static void torn_last_label_is_cut_off(void **state)
{
    struct kit *k = kit_new();
    struct item more;
    uint64_t size, now;
    (void)state;
    assert_true(file_size(k->labels, &size));
    struct hash prev = item_hash(&k->it[3]);
    item_make(k->p, &more, 0, 5, &prev, "a", 0);
    for (size_t n = 1; n < more.text.len; n += 37) {
        k->s->close(k->s);
        int fd = open(k->labels, O_WRONLY | O_APPEND);
        assert_true(fd >= 0);
        OK(file_write_fd(fd, more.text.p, n, k->labels));
        file_close(&fd);
        OK(store_sqlite_open(&k->s, k->p->hub, false));
        assert_true(file_size(k->labels, &now));
        assert_int_equal(now, size);
        assert_false(state_of(k).damaged);
    }
    put_all(k->p, &more, 1);
    struct import im = import_make(k->p, k->s);
    OK(import_run(&im));
    assert_int_equal(state_of(k).seq, 5);
    again(k);
    assert_int_equal(state_of(k).seq, 5);
    item_free(&more);
    kit_free(k);
}

static void shortened_chain_file_takes_nothing_more(void **state)
{
    struct kit *k = kit_new();
    struct item more;
    uint64_t size;
    (void)state;
    assert_true(file_size(k->labels, &size));
    k->s->close(k->s);
    assert_int_equal(truncate(k->labels, (off_t)(size - k->it[3].text.len)), 0);
    OK(store_sqlite_open(&k->s, k->p->hub, false));
    assert_true(state_of(k).damaged);
    struct hash prev = item_hash(&k->it[3]);
    item_make(k->p, &more, 0, 5, &prev, "a", 0);
    put_all(k->p, &more, 1);
    struct import im = import_make(k->p, k->s);
    OK(import_run(&im));
    assert_int_equal(im.labels, 0);
    assert_non_null(strstr(post_why(k->p), "damaged; run `feldsher-hub verify`"));
    /* put back from a backup, it goes on */
    k->s->close(k->s);
    int fd = open(k->labels, O_WRONLY | O_APPEND);
    OK(file_write_fd(fd, k->it[3].text.p, k->it[3].text.len, k->labels));
    file_close(&fd);
    OK(store_sqlite_open(&k->s, k->p->hub, false));
    assert_false(state_of(k).damaged);
    im = import_make(k->p, k->s);
    OK(import_run(&im));
    assert_int_equal(im.labels, 1);
    item_free(&more);
    kit_free(k);
}

static void vanished_chain_file_is_not_begun_anew(void **state)
{
    struct kit *k = kit_new();
    (void)state;
    k->s->close(k->s);
    assert_int_equal(unlink(k->labels), 0);
    OK(store_sqlite_open(&k->s, k->p->hub, false));
    assert_true(state_of(k).damaged);
    kit_free(k);
}

static void flipped_label_is_not_given_out(void **state)
{
    struct kit *k = kit_new();
    struct buf text = {0};
    (void)state;
    int fd = open(k->labels, O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "X", 1, (off_t)k->it[0].text.len + 40), 1);
    file_close(&fd);
    OK(k->s->label(k->s, k->it[0].l.chain, 1, &text));
    assert_int_equal(k->s->label(k->s, k->it[0].l.chain, 2, &text), ERR_BAD);
    OK(k->s->label(k->s, k->it[0].l.chain, 3, &text));
    buf_free(&text);
    kit_free(k);
}

static void rolled_back_changes_leave_no_trace(void **state)
{
    struct kit *k = kit_new();
    struct item more;
    uint64_t size, now;
    struct buf text = {0};
    (void)state;
    assert_true(file_size(k->labels, &size));
    struct hash prev = item_hash(&k->it[3]);
    item_make(k->p, &more, 0, 5, &prev, "a", 0);
    OK(k->s->begin(k->s));
    OK(k->s->append(k->s, &more.l));
    OK(k->s->label(k->s, more.l.chain, 5, &text)); /* seen inside */
    assert_int_equal(text.len, more.text.len);
    k->s->rollback(k->s);
    assert_int_equal(state_of(k).seq, 4);
    assert_true(file_size(k->labels, &now));
    assert_int_equal(now, size);
    OK(k->s->begin(k->s));
    OK(k->s->append(k->s, &more.l));
    OK(k->s->commit(k->s));
    again(k);
    assert_int_equal(state_of(k).seq, 5);
    buf_free(&text);
    item_free(&more);
    kit_free(k);
}

static void alarm_survives_a_lost_index(void **state)
{
    struct kit *k = kit_new();
    struct hash a = {{1}}, b = {{2}};
    (void)state;
    OK(k->s->begin(k->s));
    OK(k->s->alarm(k->s, k->it[0].l.chain, 3, &a, &b));
    OK(k->s->commit(k->s));
    k->s->close(k->s);
    assert_int_equal(unlink(k->db), 0);
    OK(store_sqlite_open(&k->s, k->p->hub, false));
    assert_int_equal(state_of(k).alarm_seq, 3);
    struct store_chain c = state_of(k);
    assert_true(hash_same(&c.alarm_b, &b));
    kit_free(k);
}

static void removal_cut_short_is_finished(void **state)
{
    struct kit *k = kit_new();
    struct store_need need;
    struct item *last = &k->it[3];
    (void)state;
    /* a power cut behind the line in `removed` and the first file */
    OK(k->s->retire(k->s, &last->l.parts, "", 1768000000000));
    OK(object_remove(k->p->hub, &last->blob_name[0]));
    again(k);
    OK(k->s->look(k->s, &last->blob_name[0], last->blob[0].len, &need));
    assert_int_equal(need.state, STORE_REMOVED);
    OK(k->s->look(k->s, &last->blob_name[1], last->blob[1].len, &need));
    assert_int_equal(need.state, STORE_HELD);
    /* and a lost index knows it, too */
    k->s->close(k->s);
    assert_int_equal(unlink(k->db), 0);
    OK(store_sqlite_open(&k->s, k->p->hub, false));
    OK(k->s->look(k->s, &last->blob_name[0], last->blob[0].len, &need));
    assert_int_equal(need.state, STORE_REMOVED);
    kit_free(k);
}

static void reader_changes_nothing(void **state)
{
    struct kit *k = kit_new();
    struct store *r;
    struct store_totals t;
    struct buf one = {0}, two = {0};
    (void)state;
    k->s->close(k->s);
    OK(file_read(k->db, 1 << 20, &one));
    OK(store_sqlite_open(&r, k->p->hub, true));
    OK(r->totals(r, &t));
    assert_int_equal(t.labels, 4);
    r->close(r);
    OK(file_read(k->db, 1 << 20, &two));
    assert_int_equal(one.len, two.len);
    assert_memory_equal(one.p, two.p, one.len);
    assert_int_equal(unlink(k->db), 0);
    assert_int_equal(store_sqlite_open(&r, k->p->hub, true), ERR_NOINPUT);
    assert_false(file_exists(k->db));
    OK(store_sqlite_open(&k->s, k->p->hub, false));
    buf_free(&one);
    buf_free(&two);
    kit_free(k);
}

static void note_fault(void *ctx, const char *what, const char *why)
{
    struct buf *b = ctx;
    OK(buf_fmt(b, "%s: %s\n", what, why));
}

/* The faults that verify finds in the hub's folder. */
static const char *audit(struct kit *k, struct buf *lines)
{
    struct hub h = {.roster = k->p->roster, .pinned = true, .authority = k->p->authority.pub, .lock = -1};
    struct audit a = {.hub = &h, .fault = note_fault, .ctx = lines};
    snprintf(h.dir, sizeof h.dir, "%s", k->p->hub);
    snprintf(h.name, sizeof h.name, "hub");
    k->s->close(k->s);
    OK(store_sqlite_open(&h.store, k->p->hub, true));
    buf_clear(lines);
    enum err e = audit_run(&a);
    h.store->close(h.store);
    sodium_free(h.sign);
    sodium_free(h.link);
    OK(store_sqlite_open(&k->s, k->p->hub, false));
    assert_true(e == ERR_OK || e == ERR_BAD);
    return lines->p ? (const char *)lines->p : "";
}

static void flip(const char *path, off_t at)
{
    char c;
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &c, 1, at), 1);
    c = (char)(c ^ 1);
    assert_int_equal(pwrite(fd, &c, 1, at), 1);
    file_close(&fd);
}

static void verify_names_what_is_wrong(void **state)
{
    struct kit *k = kit_new();
    struct buf lines = {0};
    char path[4200], stray[4200];
    (void)state;
    /* this hub has no keys in its folder: those are the only faults */
    const char *clean = audit(k, &lines);
    assert_null(strstr(clean, "objects/"));
    assert_null(strstr(clean, "chain"));
    assert_null(strstr(clean, "hub.db"));
    OK(object_path(path, k->p->hub, &k->it[1].l.object));
    flip(path, 3);
    assert_non_null(strstr(audit(k, &lines), "do not match its name"));
    flip(path, 3);
    assert_int_equal(unlink(path), 0);
    assert_non_null(strstr(audit(k, &lines), "it was held, and is missing"));
    OK(file_write(path, k->it[1].batch.p, k->it[1].batch.len, 0600));
    flip(k->labels, 60);
    assert_non_null(strstr(audit(k, &lines), "label 1"));
    flip(k->labels, 60);
    snprintf(stray, sizeof stray, "%s/objects/stray", k->p->hub);
    OK(file_write(stray, "x", 1, 0600));
    assert_non_null(strstr(audit(k, &lines), "objects/stray"));
    assert_int_equal(unlink(stray), 0);
    struct hash stranger;
    OK(object_put(k->p->hub, "nobody's", 8, &stranger));
    assert_non_null(strstr(audit(k, &lines), "no label names it"));
    OK(object_remove(k->p->hub, &stranger));
    assert_null(strstr(audit(k, &lines), "objects/"));
    buf_free(&lines);
    kit_free(k);
}

static void torn_receipt_counts_as_none(void **state)
{
    struct kit *k = kit_new();
    const char *chain = k->it[0].l.chain;
    struct hub h = {.roster = k->p->roster, .sign = &k->p->sign, .lock = -1, .ask = -1};
    struct buf text = {0}, other = {0}, lines = {0};
    char path[4200];
    uint64_t n;
    (void)state;
    snprintf(h.dir, sizeof h.dir, "%s", k->p->hub);
    snprintf(h.name, sizeof h.name, "hub");
    snprintf(path, sizeof path, "%s/receipts", k->p->hub);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/receipts/%s", k->p->hub, chain);
    h.store = k->s;
    OK(receipts_renew(&h, &n));
    assert_int_equal(n, 1);
    OK(receipts_read(&h, chain, &text));
    assert_null(strstr(audit(k, &lines), "receipts/"));
    for (size_t cut = 0; cut < text.len; cut += 11) {
        assert_int_equal(truncate(path, (off_t)cut), 0);
        assert_int_equal(receipts_read(&h, chain, &other), ERR_NOINPUT);
        assert_null(strstr(audit(k, &lines), "receipts/"));
        OK(file_write(path, text.p, text.len, 0600));
    }
    OK(receipts_read(&h, chain, &other));
    flip(path, 40);
    assert_int_equal(receipts_read(&h, chain, &other), ERR_NOINPUT);
    flip(path, 40);
    OK(file_write(path, "feldsher-receipt 1\nno: thing\nsignature: x\n", 42, 0600));
    assert_non_null(strstr(audit(k, &lines), "receipts/"));
    buf_free(&text);
    buf_free(&other);
    buf_free(&lines);
    kit_free(k);
}

static void receipts_never_go_back(void **state)
{
    struct kit *k = kit_new();
    const char *chain = k->it[0].l.chain;
    struct hub h = {.roster = k->p->roster, .sign = &k->p->sign, .lock = -1, .ask = -1};
    struct buf text = {0};
    struct receipt *one = NULL, *two = NULL;
    char path[4200];
    (void)state;
    snprintf(h.dir, sizeof h.dir, "%s", k->p->hub);
    snprintf(h.name, sizeof h.name, "hub");
    snprintf(path, sizeof path, "%s/receipts", k->p->hub);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/receipts/%s", k->p->hub, chain);
    h.store = k->s;
    /* one of a clock that was ahead */
    OK(receipts_make(k->s, chain, "hub", &k->p->sign, 4000000000000, &one));
    OK(file_write(path, one->text.p, one->text.len, 0600));
    OK(receipts_fresh(&h, chain, &text));
    OK(receipt_parse(&two, (const char *)text.p, text.len));
    assert_int_equal(two->time, one->time + 1000);
    receipt_free(two);
    /* but not of a stranger's */
    receipt_free(one);
    OK(receipts_make(k->s, chain, "hub", &k->p->authority, 5000000000000, &one));
    OK(file_write(path, one->text.p, one->text.len, 0600));
    OK(receipts_fresh(&h, chain, &text));
    OK(receipt_parse(&two, (const char *)text.p, text.len));
    assert_true(two->time < 4000000000000);
    receipt_free(one);
    receipt_free(two);
    buf_free(&text);
    kit_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(index_lost_is_made_anew_and_says_the_same),
        cmocka_unit_test(index_that_is_garbage_is_set_aside),
        cmocka_unit_test(older_index_catches_up_with_the_files),
        cmocka_unit_test(torn_last_label_is_cut_off),
        cmocka_unit_test(shortened_chain_file_takes_nothing_more),
        cmocka_unit_test(vanished_chain_file_is_not_begun_anew),
        cmocka_unit_test(flipped_label_is_not_given_out),
        cmocka_unit_test(rolled_back_changes_leave_no_trace),
        cmocka_unit_test(alarm_survives_a_lost_index),
        cmocka_unit_test(removal_cut_short_is_finished),
        cmocka_unit_test(reader_changes_nothing),
        cmocka_unit_test(verify_names_what_is_wrong),
        cmocka_unit_test(torn_receipt_counts_as_none),
        cmocka_unit_test(receipts_never_go_back),
    };
    return cmocka_run_group_tests_name("sync store", tests, NULL, NULL);
}
