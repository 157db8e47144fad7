/* What both stores promise to a server: a commit in steps, objects in pieces,
 * parts of objects, and where labels go. */
#include "tests/unit/sync_fixture.h"

struct kit {
    struct post *p;
    struct store *s;
    bool disk;
    struct item it[4]; /* labels 1 to 4 of amb-1, the last with two blobs; nothing of it is in the store */
};

static void again(struct kit *k)
{
    if (!k->disk)
        return;
    k->s->close(k->s);
    OK(store_sqlite_open(&k->s, k->p->hub, false));
}

static void steps(struct kit *k)
{
    OK(k->s->flush(k->s));
    OK(k->s->place(k->s));
    OK(k->s->flush(k->s));
    OK(k->s->finish(k->s));
}

static enum err push(void *ctx, sink_fn *sink, void *sink_ctx)
{
    const struct buf *b = ctx;
    return sink(sink_ctx, b->p, b->len);
}

static enum store_state state_of(struct kit *k, const struct hash *name, uint64_t size)
{
    struct store_need need;
    OK(k->s->look(k->s, name, size, &need));
    return need.state;
}

/* A piece of one of its buffers, which is the object named by its hash. */
static enum err piece(struct kit *k, const struct buf *b, size_t from, size_t to)
{
    struct hash name = hash_of(b->p, b->len);
    return k->s->piece(k->s, &name, b->len, from, b->p + from, to - from);
}

static size_t held(struct kit *k, const struct buf *b)
{
    struct partial_range r[PARTIAL_RUNS_MAX];
    struct hash name = hash_of(b->p, b->len);
    size_t n, sum = 0;
    OK(k->s->pieces(k->s, &name, b->len, r, &n));
    for (size_t i = 0; i < n; i++)
        sum += r[i].to - r[i].from;
    return sum;
}

static enum err join(struct kit *k, const struct buf *b)
{
    struct hash name = hash_of(b->p, b->len);
    return k->s->join(k->s, k->it[0].l.chain, &name, b->len);
}

static void assert_object(struct kit *k, const struct buf *b)
{
    struct hash name = hash_of(b->p, b->len);
    struct buf got = {0}, part = {0};
    uint64_t size;
    assert_true(k->s->size(k->s, &name, &size));
    assert_int_equal(size, b->len);
    OK(k->s->get(k->s, &name, buf_sink, &got));
    assert_int_equal(got.len, b->len);
    assert_memory_equal(got.p, b->p, b->len);
    OK(buf_reserve(&part, b->len));
    for (size_t at = 0; at < b->len; at += 7) {
        OK(k->s->read(k->s, &name, at, part.p, b->len - at));
        assert_memory_equal(part.p, b->p + at, b->len - at);
        assert_int_equal(k->s->read(k->s, &name, at, part.p, b->len - at + 1), ERR_BAD);
    }
    buf_free(&got);
    buf_free(&part);
}

/* All four labels with all that belongs to them, not committed. */
static void put_everything(struct kit *k)
{
    OK(k->s->begin(k->s));
    for (size_t i = 0; i < 4; i++) {
        struct item *it = &k->it[i];
        OK(k->s->append(k->s, &it->l));
        OK(k->s->put(k->s, it->l.chain, &it->l.object, it->batch.len, push, &it->batch));
    }
    struct item *last = &k->it[3];
    OK(k->s->put(k->s, last->l.chain, &last->l.parts, last->parts.len, push, &last->parts));
    OK(store_expand(k->s, last->l.chain, last->l.seq, &last->l.parts));
    for (int i = 0; i < 2; i++) {
        OK(piece(k, &last->blob[i], 0, last->blob[i].len));
        OK(join(k, &last->blob[i]));
    }
}

static enum err never(void *ctx, const struct store_need *n)
{
    (void)ctx;
    print_error("wanted: kind %d of label %llu\n", (int)n->kind, (unsigned long long)n->seq);
    return ERR_BUG;
}

static void assert_everything(struct kit *k)
{
    struct buf text = {0};
    for (size_t i = 0; i < 4; i++) {
        OK(k->s->label(k->s, k->it[i].l.chain, i + 1, &text));
        assert_int_equal(text.len, k->it[i].l.len);
        assert_memory_equal(text.p, k->it[i].l.text, text.len);
        assert_object(k, &k->it[i].batch);
    }
    assert_object(k, &k->it[3].parts);
    assert_object(k, &k->it[3].blob[0]);
    assert_object(k, &k->it[3].blob[1]);
    assert_int_equal(head_of(k->s, &k->it[0]), 4);
    OK(k->s->each_wanted(k->s, k->it[0].l.chain, never, NULL));
    buf_free(&text);
}

static void everything_can_be_read_between_any_two_steps(struct kit *k)
{
    put_everything(k);
    assert_everything(k);
    OK(k->s->flush(k->s));
    assert_everything(k);
    OK(k->s->place(k->s));
    assert_everything(k);
    OK(k->s->flush(k->s));
    assert_everything(k);
    OK(k->s->finish(k->s));
    assert_everything(k);
    again(k);
    assert_everything(k);
}

static void commit_in_one_is_the_same(struct kit *k)
{
    put_everything(k);
    OK(k->s->commit(k->s));
    assert_everything(k);
    again(k);
    assert_everything(k);
}

static void steps_follow_one_another_without_end(struct kit *k)
{
    for (size_t i = 0; i < 4; i++) {
        OK(k->s->begin(k->s));
        OK(k->s->append(k->s, &k->it[i].l));
        OK(k->s->put(k->s, k->it[i].l.chain, &k->it[i].l.object, k->it[i].batch.len, push, &k->it[i].batch));
        steps(k);
    }
    OK(k->s->begin(k->s));
    steps(k); /* of nothing */
    again(k);
    assert_int_equal(head_of(k->s, &k->it[0]), 4);
}

/* As a server does it for pieces alone. */
static void flush_in_the_middle_of_a_transaction_harms_nothing(struct kit *k)
{
    OK(k->s->begin(k->s));
    for (size_t i = 0; i < 4; i++) {
        OK(k->s->append(k->s, &k->it[i].l));
        OK(k->s->flush(k->s));
    }
    steps(k);
    again(k);
    assert_int_equal(head_of(k->s, &k->it[0]), 4);
}

static void object_comes_in_pieces(struct kit *k)
{
    struct item *last = &k->it[3];
    struct buf *b = &last->blob[0];
    OK(k->s->begin(k->s));
    for (size_t i = 0; i < 4; i++)
        OK(k->s->append(k->s, &k->it[i].l));
    OK(k->s->put(k->s, last->l.chain, &last->l.parts, last->parts.len, push, &last->parts));
    OK(store_expand(k->s, last->l.chain, last->l.seq, &last->l.parts));
    steps(k);
    assert_int_equal(state_of(k, &last->blob_name[0], b->len), STORE_WANTED);
    OK(piece(k, b, 20, b->len));
    assert_int_equal(held(k, b), b->len - 20);
    again(k); /* found again */
    assert_int_equal(held(k, b), b->len - 20);
    OK(k->s->begin(k->s));
    assert_int_equal(join(k, b), ERR_AGAIN); /* not whole */
    OK(piece(k, b, 5, 25));
    OK(piece(k, b, 0, 5));
    assert_int_equal(held(k, b), b->len);
    assert_int_equal(state_of(k, &last->blob_name[0], b->len), STORE_WANTED);
    OK(join(k, b));
    assert_int_equal(state_of(k, &last->blob_name[0], b->len), STORE_HELD);
    assert_object(k, b);
    steps(k);
    assert_int_equal(held(k, b), 0);
    again(k);
    assert_int_equal(state_of(k, &last->blob_name[0], b->len), STORE_HELD);
    assert_int_equal(state_of(k, &last->blob_name[1], last->blob[1].len), STORE_WANTED);
    assert_object(k, b);
}

struct refusals {
    size_t n;
    struct store_refused last, first;
};

static enum err one_refused(void *ctx, const char *chain, const struct store_refused *r)
{
    struct refusals *all = ctx;
    assert_int_equal(strlen(chain), CHAIN_ID - 1);
    if (all->n++ == 0)
        all->first = *r;
    all->last = *r;
    return ERR_OK;
}

static struct refusals refusals(struct kit *k, const char *chain)
{
    struct refusals all = {0};
    OK(k->s->each_refused(k->s, chain, one_refused, &all));
    return all;
}

static void wrong_pieces_are_found_and_gone(struct kit *k)
{
    struct buf *b = &k->it[0].batch;
    OK(k->s->begin(k->s));
    OK(k->s->append(k->s, &k->it[0].l));
    OK(k->s->piece(k->s, &k->it[0].l.object, b->len, 3, "evil", 4));
    OK(piece(k, b, 0, b->len));
    assert_int_equal(join(k, b), ERR_BAD);
    assert_int_equal(held(k, b), 0);
    assert_int_equal(refusals(k, k->it[0].l.chain).n, 1);
    assert_int_equal(state_of(k, &k->it[0].l.object, b->len), STORE_WANTED);
    OK(piece(k, b, 0, b->len));
    OK(join(k, b));
    steps(k);
    again(k);
    assert_object(k, b);
}

static void pieces_of_what_is_held_are_dropped(struct kit *k)
{
    struct buf *b = &k->it[0].batch;
    OK(k->s->begin(k->s));
    OK(k->s->append(k->s, &k->it[0].l));
    OK(piece(k, b, 0, 9)); /* one road is still at it */
    OK(k->s->put(k->s, k->it[0].l.chain, &k->it[0].l.object, b->len, push, b));
    steps(k);
    OK(k->s->begin(k->s));
    OK(join(k, b));
    steps(k);
    assert_int_equal(held(k, b), 0);
    again(k);
    assert_object(k, b);
    struct store_chain at;
    OK(k->s->chain(k->s, k->it[0].l.chain, &at));
    assert_int_equal(at.bytes, b->len + k->it[0].l.len); /* paid once */
}

static void object_that_two_roads_bring_is_joined_once(struct kit *k)
{
    struct buf *b = &k->it[0].batch;
    OK(k->s->begin(k->s));
    OK(k->s->append(k->s, &k->it[0].l));
    OK(piece(k, b, 0, b->len));
    OK(join(k, b));
    OK(join(k, b)); /* in the same group */
    OK(k->s->put(k->s, k->it[0].l.chain, &k->it[0].l.object, b->len, push, b));
    steps(k);
    again(k);
    assert_object(k, b);
}

static void pieces_beyond_the_size_or_in_too_many_places_are_refused(struct kit *k)
{
    struct buf *b = &k->it[0].batch;
    assert_int_equal(k->s->piece(k->s, &k->it[0].l.object, b->len, b->len, "x", 1), ERR_DATA);
    for (size_t i = 0; i < PARTIAL_RUNS_MAX; i++)
        OK(piece(k, b, 2 * i, 2 * i + 1));
    assert_int_equal(piece(k, b, 2 * PARTIAL_RUNS_MAX, 2 * PARTIAL_RUNS_MAX + 1), ERR_DATA);
    assert_int_equal(held(k, b), PARTIAL_RUNS_MAX);
    OK(piece(k, b, 1, 2));
    OK(piece(k, b, 2 * PARTIAL_RUNS_MAX, 2 * PARTIAL_RUNS_MAX + 1));
}

static void nothing_is_read_of_what_is_not_here(struct kit *k)
{
    struct hash nobody = hash_of("nobody", 6);
    char c;
    assert_int_equal(k->s->read(k->s, &nobody, 0, &c, 1), ERR_NOINPUT);
    assert_int_equal(k->s->get(k->s, &nobody, NULL, NULL), ERR_NOINPUT);
}

struct routes {
    size_t n;
    char chain[4][CHAIN_ID];
    uint64_t last[4];
};

static enum err one_route(void *ctx, const char *chain, uint64_t last)
{
    struct routes *r = ctx;
    assert_true(r->n < 4);
    memcpy(r->chain[r->n], chain, CHAIN_ID);
    r->last[r->n++] = last;
    return ERR_OK;
}

static struct routes routes_of(struct kit *k, const char *to)
{
    struct routes r = {0};
    OK(k->s->each_route(k->s, to, one_route, &r));
    return r;
}

static void item_to(struct kit *k, struct item *it, int who, uint64_t seq, const struct hash *prev, const char *to)
{
    item_make(k->p, it, who, seq, prev, "r", 0);
    snprintf(it->l.to, sizeof it->l.to, "%s", to);
    buf_clear(&it->text);
    OK(label_write(&it->l, &k->p->chain[who], &it->text));
    OK(label_parse(&it->l, (const char *)it->text.p, it->text.len));
}

static void routes_say_where_labels_go_and_which_is_last(struct kit *k)
{
    struct item it[4];
    assert_int_equal(routes_of(k, "unit/office").n, 0);
    item_to(k, &it[0], 0, 1, NULL, "records records/office unit/office");
    struct hash prev = item_hash(&it[0]);
    item_to(k, &it[1], 0, 2, &prev, "records");
    prev = item_hash(&it[1]);
    item_to(k, &it[2], 0, 3, &prev, "unit/office-2 evidence");
    item_to(k, &it[3], 1, 1, NULL, "records");
    OK(k->s->begin(k->s));
    for (size_t i = 0; i < 4; i++)
        OK(k->s->append(k->s, &it[i].l));
    for (int pass = 0; pass < 2; pass++) { /* within the transaction, and behind it */
        struct routes r = routes_of(k, "unit/office");
        assert_int_equal(r.n, 1);
        assert_string_equal(r.chain[0], it[0].l.chain);
        assert_int_equal(r.last[0], 1);
        r = routes_of(k, "records");
        assert_int_equal(r.n, 2);
        assert_int_equal(r.last[0] + r.last[1], 3); /* 2 of one chain, 1 of the other */
        r = routes_of(k, "evidence");
        assert_int_equal(r.last[0], 3);
        assert_int_equal(routes_of(k, "unit/off").n, 0);
        assert_int_equal(routes_of(k, "unit").n, 0);
        if (pass == 0)
            steps(k);
        again(k);
    }
    chain_free(it, 4);
}

static void refusals_are_listed_newest_last_and_each_once(struct kit *k)
{
    const char *a = k->it[0].l.chain;
    char b[CHAIN_ID];
    roster_chain_id(b, &k->p->chain[1].pub);
    assert_int_equal(refusals(k, NULL).n, 0);
    OK(k->s->refused(k->s, a, "label 7", "the signature is not its station's", "text", 4));
    OK(k->s->refused(k->s, b, "label 9", "another", NULL, 0));
    OK(k->s->refused(k->s, a, "object 0000000000000000000000000000000000000000000000000000000000000000", "wrong", "x",
                     1));
    OK(k->s->refused(k->s, a, "label 7", "again", "text", 4));
    again(k);
    assert_int_equal(refusals(k, NULL).n, 3);
    struct refusals all = refusals(k, a);
    assert_int_equal(all.n, 2);
    assert_memory_equal(all.first.what, "object 0000", 11);
    assert_string_equal(all.first.why, "wrong");
    assert_string_equal(all.last.what, "label 7");
    assert_string_equal(all.last.why, "again");
    assert_true(all.last.time > 1700000000000);
    assert_int_equal(k->s->refused(k->s, a, "../alarm", "x", NULL, 0), ERR_BUG);
    assert_int_equal(k->s->refused(k->s, a, "label x", "x", NULL, 0), ERR_BUG);
}

static void refusals_are_capped_and_the_newest_stay(struct kit *k)
{
    const char *a = k->it[0].l.chain;
    for (unsigned i = 1; i <= ASIDE_LABELS_MAX + 10; i++) {
        char what[40];
        snprintf(what, sizeof what, "label %u", i);
        OK(k->s->refused(k->s, a, what, "no", "bytes", 5));
    }
    struct refusals all = refusals(k, a);
    assert_int_equal(all.n, ASIDE_LABELS_MAX);
    assert_string_equal(all.first.what, "label 11");
}

static void words_of_another_side_are_one_clean_line(struct kit *k)
{
    static const char *const words[] = {"two\nlines", "\x1b[2Jgone", "\xff\xfe", "",
                                        "feldsher-quarantine 1\nlabel 1: x"};
    const char *a = k->it[0].l.chain;
    char long_why[2000];
    memset(long_why, 'y', sizeof long_why);
    long_why[sizeof long_why - 1] = '\0';
    for (size_t i = 0; i < 5; i++) {
        char what[40];
        snprintf(what, sizeof what, "label %zu", i + 1);
        OK(k->s->refused(k->s, a, what, words[i], NULL, 0));
    }
    OK(k->s->refused(k->s, a, "label 6", long_why, NULL, 0));
    again(k);
    struct refusals all = refusals(k, a);
    assert_int_equal(all.n, 6);
    assert_string_equal(all.first.why, "two\\x0alines");
    assert_int_equal(strlen(all.last.why), 200);
}

static void label_set_aside_is_listed(struct kit *k)
{
    bool kept;
    OK(k->s->begin(k->s));
    OK(k->s->aside(k->s, &k->it[0].l, NULL, 0, &kept));
    OK(k->s->alarm(k->s, k->it[0].l.chain, 2, &k->it[0].l.object, &k->it[1].l.object));
    OK(k->s->aside(k->s, &k->it[1].l, NULL, 0, &kept));
    OK(k->s->aside(k->s, &k->it[1].l, NULL, 0, &kept));
    assert_false(kept);
    OK(k->s->commit(k->s));
    again(k);
    struct refusals all = refusals(k, k->it[0].l.chain);
    assert_int_equal(all.n, 2);
    assert_string_equal(all.first.what, "label 1");
    assert_non_null(strstr(all.first.why, "revocation"));
    assert_non_null(strstr(all.last.why, "cloned"));
}

struct test {
    const char *name;
    void (*run)(struct kit *k);
};
#define CASE(f)                                                                                                        \
    {                                                                                                                  \
#f, f                                                                                                          \
    }
static const struct test cases[] = {
    CASE(everything_can_be_read_between_any_two_steps),
    CASE(commit_in_one_is_the_same),
    CASE(steps_follow_one_another_without_end),
    CASE(flush_in_the_middle_of_a_transaction_harms_nothing),
    CASE(object_comes_in_pieces),
    CASE(wrong_pieces_are_found_and_gone),
    CASE(pieces_of_what_is_held_are_dropped),
    CASE(object_that_two_roads_bring_is_joined_once),
    CASE(pieces_beyond_the_size_or_in_too_many_places_are_refused),
    CASE(nothing_is_read_of_what_is_not_here),
    CASE(routes_say_where_labels_go_and_which_is_last),
    CASE(refusals_are_listed_newest_last_and_each_once),
    CASE(refusals_are_capped_and_the_newest_stay),
    CASE(words_of_another_side_are_one_clean_line),
    CASE(label_set_aside_is_listed),
};
#define CASES (sizeof cases / sizeof cases[0])

static void run_case(size_t i, bool disk)
{
    struct kit k = {.p = post_new(), .disk = disk};
    if (disk)
        OK(store_sqlite_open(&k.s, k.p->hub, false));
    else
        OK(store_memory_open(&k.s, (uint64_t)1 << 40));
    chain_make(k.p, k.it, 4, 0, "a", 2);
    cases[i].run(&k);
    chain_free(k.it, 4);
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
    return _cmocka_run_group_tests("sync store steps", tests, 2 * CASES, NULL, NULL);
}
