/* What a hub takes from a stick and what it refuses: the same table of cases
 * against the store in memory and the one on disk. */
#include "tests/unit/sync_fixture.h"

#include "sync/hub/receipts.h"

static uint64_t wanted;

static enum err count_wanted(void *ctx, const struct store_need *n)
{
    (void)ctx;
    (void)n;
    wanted++;
    return ERR_OK;
}

static uint64_t missing(struct store *s, const struct item *it)
{
    wanted = 0;
    OK(s->each_wanted(s, it->l.chain, count_wanted, NULL));
    return wanted;
}

static void import_whole_chain(struct post *p, struct store *s)
{
    struct item it[3];
    chain_make(p, it, 3, 0, "a", 2);
    put_all(p, it, 3);
    struct import im = import_make(p, s);
    OK(import_run(&im));
    assert_string_equal(post_why(p), "");
    assert_int_equal(im.labels, 3);
    assert_int_equal(im.objects, 3 + 1 + 2);
    assert_int_equal(head_of(s, &it[0]), 3);
    assert_int_equal(missing(s, &it[0]), 0);
    chain_free(it, 3);
}

static void second_import_takes_nothing_twice(struct post *p, struct store *s)
{
    struct item it[3];
    chain_make(p, it, 3, 0, "a", 2);
    put_all(p, it, 3);
    struct import first = import_make(p, s), again = import_make(p, s);
    OK(import_run(&first));
    struct store_totals one, two;
    OK(s->totals(s, &one));
    OK(import_run(&again));
    OK(s->totals(s, &two));
    assert_int_equal(again.labels + again.objects, 0);
    assert_memory_equal(&one, &two, sizeof one);
    assert_string_equal(post_why(p), "");
    chain_free(it, 3);
}

static void forged_label_is_refused_and_the_rest_goes_on(struct post *p, struct store *s)
{
    struct item it[3], other[1];
    chain_make(p, it, 3, 0, "a", 0);
    chain_make(p, other, 1, 1, "b", 0);
    it[1].text.p[it[1].text.len - 20] ^= 1; /* in the signature */
    put_all(p, it, 3);
    put_all(p, other, 1);
    struct import im = import_make(p, s);
    OK(import_run(&im));
    assert_non_null(strstr(post_why(p), "signature"));
    assert_int_equal(head_of(s, &it[0]), 1);
    assert_int_equal(head_of(s, &other[0]), 1);
    chain_free(it, 3);
    chain_free(other, 1);
}

static void label_of_an_unknown_chain_is_refused(struct post *p, struct store *s)
{
    struct item it[1];
    sign_new(&p->chain[0]); /* a key the roster does not know */
    chain_make(p, it, 1, 0, "a", 0);
    put_all(p, it, 1);
    struct import im = import_make(p, s);
    OK(import_run(&im));
    assert_non_null(strstr(post_why(p), "knows no such chain"));
    assert_int_equal(head_of(s, &it[0]), 0);
    chain_free(it, 1);
}

static void gap_waits_until_the_labels_between_arrive(struct post *p, struct store *s)
{
    struct item it[4];
    chain_make(p, it, 4, 0, "a", 0);
    put_labels(p, it + 2, 2);
    struct import im = import_make(p, s);
    OK(import_run(&im));
    assert_int_equal(head_of(s, &it[0]), 0);
    assert_non_null(strstr(post_why(p), "labels 1 to 2 are missing"));
    post_forget(p);
    put_all(p, it, 4);
    im = import_make(p, s);
    OK(import_run(&im));
    assert_int_equal(head_of(s, &it[0]), 4);
    assert_string_equal(post_why(p), "");
    chain_free(it, 4);
}

static void another_label_of_one_number_freezes_the_chain(struct post *p, struct store *s)
{
    struct item a[3], b[3];
    struct store_chain c;
    chain_make(p, a, 3, 0, "a", 0);
    chain_make(p, b, 3, 0, "a", 0);
    chain_free(b + 1, 2);
    struct hash prev = item_hash(&b[0]);
    item_make(p, &b[1], 0, 2, &prev, "clone", 0);
    prev = item_hash(&b[1]);
    item_make(p, &b[2], 0, 3, &prev, "clone", 0);
    put_all(p, a, 2);
    struct import im = import_make(p, s);
    OK(import_run(&im));
    put_all(p, b, 3);
    im = import_make(p, s);
    OK(import_run(&im));
    assert_int_equal(im.alarms, 1);
    assert_int_equal(im.aside, 2);
    assert_non_null(strstr(post_why(p), "cloned"));
    OK(s->chain(s, a[0].l.chain, &c));
    struct hash ours = item_hash(&a[1]), theirs = item_hash(&b[1]);
    assert_int_equal(c.seq, 2);
    assert_int_equal(c.alarm_seq, 2);
    assert_true(hash_same(&c.alarm_a, &ours));
    assert_true(hash_same(&c.alarm_b, &theirs));
    /* neither goes on */
    put_all(p, a, 3);
    im = import_make(p, s);
    OK(import_run(&im));
    assert_int_equal(head_of(s, &a[0]), 2);
    assert_int_equal(im.labels, 0);
    chain_free(a, 3);
    chain_free(b, 3);
}

static void label_behind_another_head_is_a_clone(struct post *p, struct store *s)
{
    struct item a[2], b;
    struct store_chain c;
    struct hash prev = {{7}};
    chain_make(p, a, 2, 0, "a", 0);
    put_all(p, a, 2);
    struct import im = import_make(p, s);
    OK(import_run(&im));
    item_make(p, &b, 0, 3, &prev, "clone", 0);
    put_all(p, &b, 1);
    im = import_make(p, s);
    OK(import_run(&im));
    OK(s->chain(s, a[0].l.chain, &c));
    assert_int_equal(c.alarm_seq, 2);
    assert_true(hash_same(&c.alarm_b, &prev));
    assert_int_equal(c.seq, 2);
    chain_free(a, 2);
    item_free(&b);
}

static void forged_other_label_raises_no_alarm(struct post *p, struct store *s)
{
    struct item a[2], b;
    struct store_chain c;
    chain_make(p, a, 2, 0, "a", 0);
    put_all(p, a, 2);
    struct import im = import_make(p, s);
    OK(import_run(&im));
    struct hash prev = item_hash(&a[0]);
    p->chain[0] = p->chain[1];
    item_make(p, &b, 0, 2, &prev, "forged", 0);
    buf_clear(&b.text); /* the right chain under the wrong key */
    strcpy(b.l.chain, a[0].l.chain);
    OK(label_write(&b.l, &p->chain[1], &b.text));
    OK(label_parse(&b.l, (const char *)b.text.p, b.text.len));
    put_labels(p, &b, 1);
    im = import_make(p, s);
    OK(import_run(&im));
    OK(s->chain(s, a[0].l.chain, &c));
    assert_int_equal(c.alarm_seq, 0);
    assert_int_equal(im.aside, 0);
    assert_non_null(strstr(post_why(p), "signature"));
    chain_free(a, 2);
    item_free(&b);
}

static void clones_are_kept_only_up_to_the_ceiling(struct post *p, struct store *s)
{
    struct item a[1], *b = calloc(100, sizeof *b);
    chain_make(p, a, 1, 0, "a", 0);
    put_all(p, a, 1);
    struct import im = import_make(p, s);
    OK(import_run(&im));
    chain_make(p, b, 100, 0, "clone", 0);
    put_all(p, b, 100);
    im = import_make(p, s);
    OK(import_run(&im));
    assert_int_equal(im.aside, ASIDE_LABELS_MAX);
    im = import_make(p, s);
    OK(import_run(&im));
    assert_int_equal(im.aside, 0);
    chain_free(a, 1);
    chain_free(b, 100);
    free(b);
}

static void labels_behind_a_revocation_are_set_aside(struct post *p, struct store *s)
{
    struct item it[4];
    chain_make(p, it, 4, 0, "a", 0);
    sign_roster(p, 2, true, 2);
    put_all(p, it, 4);
    struct import im = import_make(p, s);
    OK(import_run(&im));
    assert_int_equal(head_of(s, &it[0]), 2);
    assert_int_equal(im.aside, 2);
    assert_non_null(strstr(post_why(p), "revoked"));
    chain_free(it, 4);
}

static void missing_batch_is_said_until_it_arrives(struct post *p, struct store *s)
{
    struct item it[2];
    struct receipt *r;
    chain_make(p, it, 2, 0, "a", 2);
    put_labels(p, it, 2);
    put_object(p, &it[1].batch);
    put_object(p, &it[1].parts);
    put_object(p, &it[1].blob[0]);
    struct import im = import_make(p, s);
    OK(import_run(&im));
    OK(receipts_make(s, it[0].l.chain, "hub", &p->sign, 1768000000000, &r));
    OK(receipt_check(r, p->roster));
    assert_int_equal(r->labels, 2);
    assert_int_equal(r->n_missing, 1);
    assert_int_equal(r->missing[0], 1);
    assert_int_equal(r->n_parts_missing, 1);
    assert_int_equal(r->parts_missing[0], 2);
    receipt_free(r);
    put_object(p, &it[0].batch);
    put_object(p, &it[1].blob[1]);
    im = import_make(p, s);
    OK(import_run(&im));
    assert_int_equal(im.objects, 2);
    OK(receipts_make(s, it[0].l.chain, "hub", &p->sign, 1768000001000, &r));
    assert_int_equal(r->n_missing + r->n_parts_missing, 0);
    receipt_free(r);
    chain_free(it, 2);
}

static void flipped_object_is_refused_and_cleared_away(struct post *p, struct store *s)
{
    struct item it[1];
    char path[80];
    struct hash name;
    chain_make(p, it, 1, 0, "a", 1);
    put_all(p, it, 1);
    name = it[0].blob_name[0];
    stick_object(path, &name);
    it[0].blob[0].p[3] ^= 1;
    OK(stick_put(&p->stick, path, it[0].blob[0].p, it[0].blob[0].len));
    struct import im = import_make(p, s);
    OK(import_run(&im));
    assert_non_null(strstr(post_why(p), "do not match"));
    assert_int_equal(missing(s, &it[0]), 1);
    assert_false(stick_has(&p->stick, path, it[0].blob[0].len));
    chain_free(it, 1);
}

static void half_copied_object_is_refused(struct post *p, struct store *s)
{
    struct item it[1];
    char path[80];
    chain_make(p, it, 1, 0, "a", 0);
    put_all(p, it, 1);
    stick_object(path, &it[0].l.object);
    OK(stick_put(&p->stick, path, it[0].batch.p, it[0].batch.len - 1));
    struct import im = import_make(p, s);
    OK(import_run(&im));
    assert_non_null(strstr(post_why(p), "bytes instead of"));
    assert_int_equal(missing(s, &it[0]), 1);
    assert_int_equal(head_of(s, &it[0]), 1);
    chain_free(it, 1);
}

static void unlabelled_object_is_left_on_the_stick(struct post *p, struct store *s)
{
    struct item it[1];
    struct buf stray = {0};
    struct store_totals t;
    chain_make(p, it, 1, 0, "a", 0);
    put_all(p, it, 1);
    OK(buf_str(&stray, "nobody named me"));
    put_object(p, &stray);
    struct import im = import_make(p, s);
    OK(import_run(&im));
    assert_int_equal(p->refuse.n, 1);
    assert_non_null(strstr(post_why(p), "no accepted label names it"));
    OK(s->totals(s, &t));
    assert_int_equal(t.objects, 1);
    buf_free(&stray);
    chain_free(it, 1);
}

static void parts_list_that_is_no_text_is_not_kept(struct post *p, struct store *s)
{
    struct item it;
    struct hash bad;
    struct buf list = {0};
    char path[80];
    item_make(p, &it, 0, 1, NULL, "a", 0);
    OK(buf_str(&list, "feldsher-parts 1\nblob: not-a-hash 5\n"));
    bad = hash_of(list.p, list.len);
    it.l.parts = bad;
    buf_clear(&it.text);
    OK(label_write(&it.l, &p->chain[0], &it.text));
    OK(label_parse(&it.l, (const char *)it.text.p, it.text.len));
    put_labels(p, &it, 1);
    put_object(p, &it.batch);
    put_object(p, &list);
    struct import im = import_make(p, s);
    OK(import_run(&im));
    stick_object(path, &bad);
    assert_non_null(strstr(post_why(p), path));
    assert_int_equal(missing(s, &it), 1);
    buf_free(&list);
    item_free(&it);
}

/* A hostile station lists the blobs of another with a wrong size, and comes
 * first. */
static void wrong_size_in_one_list_does_not_lock_out_another(struct post *p, struct store *s)
{
    struct item theirs, mine[1];
    uint64_t size;
    chain_make(p, mine, 1, 0, "a", 1);
    item_make(p, &theirs, 1, 1, NULL, "hostile", 0);
    OK(parts_begin(&theirs.parts));
    OK(parts_blob(&theirs.parts, &mine[0].blob_name[0], 5));
    theirs.l.parts = hash_of(theirs.parts.p, theirs.parts.len);
    buf_clear(&theirs.text);
    OK(label_write(&theirs.l, &p->chain[1], &theirs.text));
    OK(label_parse(&theirs.l, (const char *)theirs.text.p, theirs.text.len));
    put_all(p, &theirs, 1);
    put_object(p, &mine[0].blob[0]);
    struct import im = import_make(p, s);
    OK(import_run(&im));
    assert_non_null(strstr(post_why(p), "bytes instead of 5"));
    put_all(p, mine, 1);
    im = import_make(p, s);
    OK(import_run(&im));
    assert_true(s->size(s, &mine[0].blob_name[0], &size));
    assert_int_equal(missing(s, &mine[0]), 0);
    assert_int_equal(missing(s, &theirs), 1);
    item_free(&theirs);
    chain_free(mine, 1);
}

static void quota_refuses_and_the_rest_goes_on(struct post *p, struct store *s)
{
    struct item it[2], other[1];
    chain_make(p, it, 2, 0, "a", 2);
    chain_make(p, other, 1, 1, "b", 0);
    put_all(p, it, 2);
    put_all(p, other, 1);
    struct import im = import_make(p, s);
    im.quota = it[0].text.len + it[1].text.len + it[0].batch.len + it[1].batch.len + it[1].parts.len + 5;
    OK(import_run(&im));
    assert_int_equal(im.over_quota, 2);
    assert_non_null(strstr(post_why(p), "over its quota"));
    assert_int_equal(missing(s, &it[0]), 2);
    assert_int_equal(missing(s, &other[0]), 0);
    post_forget(p);
    im = import_make(p, s);
    OK(import_run(&im));
    assert_int_equal(missing(s, &it[0]), 0);
    chain_free(it, 2);
    chain_free(other, 1);
}

static void labels_beyond_the_quota_are_not_accepted(struct post *p, struct store *s)
{
    struct item it[3];
    chain_make(p, it, 3, 0, "a", 0);
    put_labels(p, it, 3);
    struct import im = import_make(p, s);
    im.quota = it[0].text.len + it[1].text.len + 1;
    OK(import_run(&im));
    assert_int_equal(head_of(s, &it[0]), 2);
    assert_int_equal(im.over_quota, 1);
    chain_free(it, 3);
}

static void old_have_text_makes_a_station_no_younger(struct post *p, struct store *s)
{
    struct have h = {.station = "amb-1", .roster = 1, .time = 1766000000000};
    struct store_chain c;
    char path[64];
    roster_chain_id(h.chain, &p->chain[0].pub);
    snprintf(path, sizeof path, "have/%s", h.chain);
    for (int i = 0; i < 3; i++) {
        static const int64_t times[] = {1766000000000, 1765000000000, 1999000000000};
        static const int64_t heard[] = {1766000000000, 1766000000000, 1768000000000};
        h.time = times[i];
        OK(have_write(&h, &p->link[0]));
        OK(stick_put(&p->stick, path, h.text.p, h.text.len));
        struct import im = import_make(p, s);
        OK(import_run(&im));
        OK(s->chain(s, h.chain, &c));
        assert_int_equal(c.heard, heard[i]);
    }
    OK(have_write(&h, &p->link[1]));
    OK(stick_put(&p->stick, path, h.text.p, h.text.len));
    struct import im = import_make(p, s);
    OK(import_run(&im));
    assert_non_null(strstr(post_why(p), "signature"));
    buf_free(&h.text);
}

static void receipt_ends_before_what_it_cannot_list(struct post *p, struct store *s)
{
    struct item *it = calloc(LABELS, sizeof *it);
    struct receipt *r;
    chain_make(p, it, LABELS, 0, "a", 0);
    for (size_t i = 0; i < LABELS; i += LABELS_PER_FILE)
        put_labels(p, it + i, LABELS - i < LABELS_PER_FILE ? LABELS - i : LABELS_PER_FILE);
    struct import im = import_make(p, s);
    OK(import_run(&im));
    assert_int_equal(head_of(s, &it[0]), LABELS);
    OK(receipts_make(s, it[0].l.chain, "hub", &p->sign, 1768000000000, &r));
    assert_int_equal(r->labels, LABELS);
    assert_int_equal(r->n_missing, LABELS);
    struct hash head = item_hash(&it[LABELS - 1]);
    assert_true(hash_same(&r->head, &head));
    receipt_free(r);
    chain_free(it, LABELS);
    free(it);
}

#define CASE(fn)                                                                                                       \
    {                                                                                                                  \
#fn, fn                                                                                                        \
    }
static const struct {
    const char *name;
    void (*run)(struct post *p, struct store *s);
} cases[] = {
    CASE(import_whole_chain),
    CASE(second_import_takes_nothing_twice),
    CASE(forged_label_is_refused_and_the_rest_goes_on),
    CASE(label_of_an_unknown_chain_is_refused),
    CASE(gap_waits_until_the_labels_between_arrive),
    CASE(another_label_of_one_number_freezes_the_chain),
    CASE(label_behind_another_head_is_a_clone),
    CASE(forged_other_label_raises_no_alarm),
    CASE(clones_are_kept_only_up_to_the_ceiling),
    CASE(labels_behind_a_revocation_are_set_aside),
    CASE(missing_batch_is_said_until_it_arrives),
    CASE(flipped_object_is_refused_and_cleared_away),
    CASE(half_copied_object_is_refused),
    CASE(unlabelled_object_is_left_on_the_stick),
    CASE(parts_list_that_is_no_text_is_not_kept),
    CASE(wrong_size_in_one_list_does_not_lock_out_another),
    CASE(quota_refuses_and_the_rest_goes_on),
    CASE(labels_beyond_the_quota_are_not_accepted),
    CASE(old_have_text_makes_a_station_no_younger),
    CASE(receipt_ends_before_what_it_cannot_list),
};
#define CASES (sizeof cases / sizeof cases[0])

static void in_memory(void **state)
{
    struct post *p = post_new();
    struct store *s;
    OK(store_memory_open(&s, (uint64_t)1 << 40));
    cases[*(const size_t *)*state].run(p, s);
    s->close(s);
    post_free(p);
}

static void on_disk(void **state)
{
    struct post *p = post_new();
    struct store *s;
    OK(store_sqlite_open(&s, p->hub, false));
    cases[*(const size_t *)*state].run(p, s);
    s->close(s);
    post_free(p);
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
    return _cmocka_run_group_tests("sync import", tests, 2 * CASES, NULL, NULL);
}
