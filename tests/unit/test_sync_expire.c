/* What a hub removes and what it never removes: the same table of cases
 * against the store in memory and the one on disk. */
#include "tests/unit/sync_fixture.h"

#include "sync/hub/expire.h"

#define DAY ((int64_t)86400000)
#define UNTIL 1790000000000 /* retention of the fixture's labels */

struct kit {
    struct post *p;
    struct store *s;
    struct item it[2]; /* the second with two blobs */
    struct orders orders;
    struct expire x;
    unsigned confirmed;
    uint64_t confirmed_blobs;
};

static enum err confirm(void *ctx, const struct notice *order, uint64_t blobs, uint64_t bytes)
{
    struct kit *k = ctx;
    (void)order;
    (void)bytes;
    k->confirmed++;
    k->confirmed_blobs = blobs;
    return ERR_OK;
}

/* A notice about the recording of the second label. */
static void notice(struct kit *k, enum notice_kind kind, int64_t time)
{
    struct notice *n = calloc(1, sizeof *n);
    assert_non_null(n);
    n->kind = kind;
    snprintf(n->id, sizeof n->id, "%020llx", (unsigned long long)(1 + k->orders.n));
    n->time = time;
    strcpy(n->recording, "0123456789abcdef0123");
    n->parts = k->it[1].l.parts;
    n->why = strdup("");
    n->basis = strdup("");
    OK(orders_add(&k->orders, n));
}

static void run_at(struct kit *k, int64_t as_of)
{
    k->x = (struct expire){.store = k->s,
                           .orders = &k->orders,
                           .tell = &k->p->tell,
                           .as_of = as_of,
                           .now = 1768000000000,
                           .confirm = confirm,
                           .ctx = k};
    OK(expire_run(&k->x));
}

static unsigned held(struct kit *k)
{
    uint64_t size;
    return (unsigned)k->s->size(k->s, &k->it[1].blob_name[0], &size) +
           (unsigned)k->s->size(k->s, &k->it[1].blob_name[1], &size);
}

static void blobs_go_when_their_retention_ends(struct kit *k)
{
    uint64_t size;
    run_at(k, UNTIL - 1);
    assert_int_equal(held(k), 2);
    run_at(k, UNTIL);
    assert_int_equal(held(k), 0);
    assert_int_equal(k->x.blobs, 2);
    assert_true(k->s->size(k->s, &k->it[0].l.object, &size)); /* never a batch */
    assert_true(k->s->size(k->s, &k->it[1].l.object, &size));
    assert_true(k->s->size(k->s, &k->it[1].l.parts, &size)); /* nor a parts list */
    run_at(k, UNTIL + DAY);
    assert_int_equal(k->x.blobs, 0);
}

static void removed_blobs_are_not_taken_in_again(struct kit *k)
{
    struct store_chain before, after;
    run_at(k, UNTIL);
    OK(k->s->chain(k->s, k->it[0].l.chain, &before));
    struct import im = import_make(k->p, k->s);
    OK(import_run(&im));
    OK(k->s->chain(k->s, k->it[0].l.chain, &after));
    assert_int_equal(im.objects, 0);
    assert_int_equal(k->p->refuse.n, 0);
    assert_int_equal(before.bytes, after.bytes);
    assert_int_equal(after.bytes, k->it[0].text.len + k->it[1].text.len + k->it[0].batch.len + k->it[1].batch.len +
                                      k->it[1].parts.len);
}

static void held_recording_is_never_removed(struct kit *k)
{
    notice(k, NOTICE_HOLD, 1000);
    notice(k, NOTICE_DESTROY, 2000);
    run_at(k, UNTIL + DAY);
    assert_int_equal(held(k), 2);
    assert_int_equal(k->confirmed, 0);
    assert_int_equal(k->x.held, 2);
}

static void released_recording_is_removed(struct kit *k)
{
    notice(k, NOTICE_HOLD, 1000);
    notice(k, NOTICE_RELEASE, 2000);
    run_at(k, UNTIL + DAY);
    assert_int_equal(held(k), 0);
}

static void hold_after_a_release_holds(struct kit *k)
{
    notice(k, NOTICE_HOLD, 1000);
    notice(k, NOTICE_RELEASE, 2000);
    notice(k, NOTICE_HOLD, 3000);
    run_at(k, UNTIL + DAY);
    assert_int_equal(held(k), 2);
}

static void order_destroys_before_retention_ends_and_is_confirmed(struct kit *k)
{
    notice(k, NOTICE_DESTROY, 1000);
    run_at(k, 0);
    assert_int_equal(held(k), 0);
    assert_int_equal(k->confirmed, 1);
    assert_int_equal(k->confirmed_blobs, 2);
    /* a confirmation that a power cut took counts the same when it comes anew */
    run_at(k, 0);
    assert_int_equal(k->confirmed_blobs, 2);
    assert_int_equal(k->x.blobs, 0);
}

static void order_for_a_list_not_here_is_not_confirmed(struct kit *k)
{
    notice(k, NOTICE_DESTROY, 1000);
    k->orders.all[0]->parts = (struct hash){{9}};
    run_at(k, 0);
    assert_int_equal(k->confirmed, 0);
    assert_int_equal(held(k), 2);
}

/* A blob that a second label keeps longer, and one that lists a blob of a
 * recording on hold. */
static void blob_stays_while_any_label_keeps_it(struct kit *k)
{
    struct item other;
    item_make(k->p, &other, 1, 1, NULL, "b", 0);
    OK(parts_begin(&other.parts));
    OK(parts_blob(&other.parts, &k->it[1].blob_name[0], k->it[1].blob[0].len));
    other.l.parts = hash_of(other.parts.p, other.parts.len);
    other.l.retain_until = UNTIL + 100 * DAY;
    buf_clear(&other.text);
    OK(label_write(&other.l, &k->p->chain[1], &other.text));
    OK(label_parse(&other.l, (const char *)other.text.p, other.text.len));
    put_all(k->p, &other, 1);
    struct import im = import_make(k->p, k->s);
    OK(import_run(&im));
    run_at(k, UNTIL + DAY);
    assert_int_equal(held(k), 1);
    run_at(k, UNTIL + 101 * DAY);
    assert_int_equal(held(k), 0);
    item_free(&other);
}

static void order_spares_what_a_held_recording_shares(struct kit *k)
{
    struct item other;
    item_make(k->p, &other, 1, 1, NULL, "b", 0);
    OK(parts_begin(&other.parts));
    OK(parts_blob(&other.parts, &k->it[1].blob_name[0], k->it[1].blob[0].len));
    other.l.parts = hash_of(other.parts.p, other.parts.len);
    buf_clear(&other.text);
    OK(label_write(&other.l, &k->p->chain[1], &other.text));
    OK(label_parse(&other.l, (const char *)other.text.p, other.text.len));
    put_all(k->p, &other, 1);
    struct import im = import_make(k->p, k->s);
    OK(import_run(&im));
    notice(k, NOTICE_DESTROY, 1000);
    notice(k, NOTICE_HOLD, 2000);
    strcpy(k->orders.all[1]->recording, "ffffffffffffffffffff");
    k->orders.all[1]->parts = other.l.parts;
    run_at(k, 0);
    assert_int_equal(held(k), 1);
    assert_int_equal(k->confirmed, 0);
    item_free(&other);
}

static void open_retention_never_ends(struct kit *k)
{
    struct item more;
    uint64_t size;
    struct hash prev = item_hash(&k->it[1]);
    item_make(k->p, &more, 0, 3, &prev, "c", 1);
    more.l.retain_until = INT64_MAX;
    buf_clear(&more.text);
    OK(label_write(&more.l, &k->p->chain[0], &more.text));
    OK(label_parse(&more.l, (const char *)more.text.p, more.text.len));
    put_all(k->p, &more, 1);
    struct import im = import_make(k->p, k->s);
    OK(import_run(&im));
    run_at(k, INT64_MAX - 1);
    assert_true(k->s->size(k->s, &more.blob_name[0], &size));
    assert_int_equal(held(k), 0);
    item_free(&more);
}

#define CASE(fn)                                                                                                       \
    {                                                                                                                  \
#fn, fn                                                                                                        \
    }
static const struct {
    const char *name;
    void (*run)(struct kit *k);
} cases[] = {
    CASE(blobs_go_when_their_retention_ends),
    CASE(removed_blobs_are_not_taken_in_again),
    CASE(held_recording_is_never_removed),
    CASE(released_recording_is_removed),
    CASE(hold_after_a_release_holds),
    CASE(order_destroys_before_retention_ends_and_is_confirmed),
    CASE(order_for_a_list_not_here_is_not_confirmed),
    CASE(blob_stays_while_any_label_keeps_it),
    CASE(order_spares_what_a_held_recording_shares),
    CASE(open_retention_never_ends),
};
#define CASES (sizeof cases / sizeof cases[0])

static void run_case(size_t i, bool disk)
{
    struct kit k = {.p = post_new()};
    if (disk)
        OK(store_sqlite_open(&k.s, k.p->hub, false));
    else
        OK(store_memory_open(&k.s, (uint64_t)1 << 40));
    chain_make(k.p, k.it, 2, 0, "a", 2);
    put_all(k.p, k.it, 2);
    struct import im = import_make(k.p, k.s);
    OK(import_run(&im));
    assert_int_equal(held(&k), 2);
    cases[i].run(&k);
    orders_free(&k.orders);
    chain_free(k.it, 2);
    k.s->close(k.s);
    post_free(k.p);
}

static void in_memory(void **state)
{
    run_case(*(const size_t *)*state, false);
}

static void on_disk(void **state)
{
    run_case(*(const size_t *)*state, true);
}

int main(void)
{
    static struct CMUnitTest tests[2 * CASES];
    static size_t number[CASES];
    static char names[2 * CASES][96];
    for (size_t i = 0; i < 2 * CASES; i++) {
        number[i / 2] = i / 2;
        snprintf(names[i], sizeof names[i], "%s: %s", i % 2 ? "disk" : "memory", cases[i / 2].name);
        tests[i] = (struct CMUnitTest){names[i], i % 2 ? on_disk : in_memory, NULL, NULL, &number[i / 2]};
    }
    return _cmocka_run_group_tests("sync expire", tests, 2 * CASES, NULL, NULL);
}
