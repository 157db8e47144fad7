/* The machine of a conversation, two of them back to back. */

#include "sync/limits.h"
#include "sync/wire/wire.h"
#include "storage/base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CHAIN "00112233445566778899aabbccddeeff"
#define OBJECTS 64u

static void ok(enum err e)
{
    if (e)
        print_error("error %d: %s\n", e, err_text());
    assert_int_equal(e, ERR_OK);
}

struct thing {
    struct hash name;
    struct buf bytes;
    uint64_t written;
};

/* One side: what it has to give, what it took. */
struct end {
    struct wire *w;
    struct thing give[OBJECTS], take[OBJECTS];
    size_t n_give, n_take;
    uint64_t ids[OBJECTS];
    char order[4096]; /* kinds as they were taken, a letter each */
    char answers[4096];
    unsigned again; /* so many calls are answered with "not now" */
    bool met, hold; /* hold: nothing is answered */
    bool later;     /* whatever is opened is put off */
    enum wire_end ended;
    struct buf label, batch;
    size_t heads, wants, notices;
};

static struct thing *find(struct thing *v, size_t n, const struct hash *name)
{
    for (size_t i = 0; i < n; i++)
        if (hash_same(&v[i].name, name))
            return &v[i];
    return NULL;
}

static enum err on_hello(void *ctx, const struct wire_hello *h)
{
    struct end *e = ctx;
    e->met = true;
    assert_string_equal(h->chain, CHAIN);
    return ERR_OK;
}

static enum err on_load(void *ctx, const struct wire_item *item, struct buf *text, struct buf *batch)
{
    struct end *e = ctx;
    if (item->kind == WIRE_LABEL) {
        ok(buf_add(text, e->label.p, e->label.len));
        ok(buf_add(batch, e->batch.p, e->batch.len));
        return ERR_OK;
    }
    struct thing *t = find(e->give, e->n_give, &item->name);
    return t ? buf_add(text, t->bytes.p, t->bytes.len) : err_set(ERR_NOINPUT, "it is gone");
}

static enum err on_read(void *ctx, const struct wire_item *item, uint64_t offset, void *p, size_t n)
{
    struct end *e = ctx;
    struct thing *t = find(e->give, e->n_give, &item->name);
    if (!t)
        return err_set(ERR_NOINPUT, "it is gone");
    assert_true(offset + n <= t->bytes.len);
    memcpy(p, t->bytes.p + offset, n);
    return ERR_OK;
}

static void on_answered(void *ctx, const struct wire_item *item, enum wire_answer a, uint64_t kept, const char *why)
{
    struct end *e = ctx;
    (void)item;
    (void)kept;
    (void)why;
    size_t n = strlen(e->answers);
    assert_true(n + 2 < sizeof e->answers);
    e->answers[n] = "kghlb"[a];
}

static bool not_now(struct end *e)
{
    if (!e->again)
        return false;
    e->again--;
    return true;
}

static void note(struct end *e, char c)
{
    size_t n = strlen(e->order);
    assert_true(n + 2 < sizeof e->order);
    e->order[n] = c;
}

static enum err on_take(void *ctx, uint64_t id, const struct wire_item *item, const uint8_t *text, size_t n,
                        const uint8_t *batch, size_t n_batch)
{
    struct end *e = ctx;
    if (not_now(e))
        return ERR_AGAIN;
    note(e, item->kind == WIRE_LABEL ? 'L' : 'T');
    if (item->kind == WIRE_LABEL) {
        buf_clear(&e->label);
        buf_clear(&e->batch);
        ok(buf_add(&e->label, text, n));
        ok(buf_add(&e->batch, batch, n_batch));
    }
    if (!e->hold)
        wire_answer(e->w, id, WIRE_GOOD, 0, NULL);
    return ERR_OK;
}

static enum err on_open(void *ctx, uint64_t id, const struct wire_item *item,
                        struct partial_range held[static PARTIAL_RUNS_MAX], size_t *n)
{
    struct end *e = ctx;
    if (not_now(e))
        return ERR_AGAIN;
    struct thing *t = find(e->take, e->n_take, &item->name);
    note(e, "LBPVRNCX"[item->kind]);
    if (e->later) {
        wire_answer(e->w, id, WIRE_LATER, 0, "nothing here names it yet");
        return ERR_OK;
    }
    if (t && t->written == item->size) {
        wire_answer(e->w, id, WIRE_HAVE, 0, NULL);
        return ERR_OK;
    }
    if (!t) {
        assert_true(e->n_take < OBJECTS);
        t = &e->take[e->n_take++];
        t->name = item->name;
        ok(buf_reserve(&t->bytes, item->size));
        t->bytes.len = item->size;
    }
    if (t->written) {
        held[0] = (struct partial_range){0, t->written};
        *n = 1;
    }
    return ERR_OK;
}

static struct thing *take_of(struct end *e, const struct wire_item *item)
{
    struct thing *t = find(e->take, e->n_take, &item->name);
    if (!t)
        fail_msg("bytes of an object that was not opened");
    return t ? t : e->take;
}

static enum err on_write(void *ctx, uint64_t id, const struct wire_item *item, uint64_t offset, const uint8_t *p,
                         size_t n)
{
    struct end *e = ctx;
    (void)id;
    if (not_now(e))
        return ERR_AGAIN;
    struct thing *t = take_of(e, item);
    memcpy(t->bytes.p + offset, p, n);
    return ERR_OK;
}

static enum err on_done(void *ctx, uint64_t id, const struct wire_item *item)
{
    struct end *e = ctx;
    if (not_now(e))
        return ERR_AGAIN;
    struct thing *t = take_of(e, item);
    struct hash h = hash_of(t->bytes.p, t->bytes.len);
    bool good = hash_same(&h, &item->name);
    t->written = item->size;
    wire_answer(e->w, id, good ? WIRE_GOOD : WIRE_BAD, 0, good ? NULL : "other bytes");
    return ERR_OK;
}

static enum err on_heads(void *ctx, const struct wire_head *list, size_t n, bool last)
{
    (void)list;
    (void)last;
    ((struct end *)ctx)->heads += n;
    return ERR_OK;
}

static enum err on_want(void *ctx, const struct wire_want *list, size_t n)
{
    (void)list;
    ((struct end *)ctx)->wants += n;
    return ERR_OK;
}

static enum err on_notices(void *ctx, const char (*ids)[NOTICE_ID], size_t n, bool last)
{
    (void)ids;
    (void)last;
    ((struct end *)ctx)->notices += n;
    return ERR_OK;
}

static void on_end(void *ctx, enum wire_end why, const char *text)
{
    (void)text;
    ((struct end *)ctx)->ended = why;
}

static struct wire_start start_of(struct end *e, enum wire_role role)
{
    struct wire_start s = {.side = {e, on_hello, on_heads, on_want, on_notices, on_end, on_load, on_read, on_answered,
                                    on_take, on_open, on_write, on_done, NULL}};
    s.hello.role = role;
    snprintf(s.hello.chain, sizeof s.hello.chain, CHAIN);
    snprintf(s.hello.name, sizeof s.hello.name, role == WIRE_HUB ? "hub-1" : "amb-1");
    return s;
}

static void add(struct end *e, enum wire_kind kind, enum lane lane, size_t size, uint64_t sent)
{
    struct thing *t = &e->give[e->n_give++];
    assert_true(e->n_give <= OBJECTS);
    ok(buf_reserve(&t->bytes, size));
    randombytes_buf(t->bytes.p, size);
    t->bytes.len = size;
    t->name = hash_of(t->bytes.p, size);
    struct wire_item item = {.kind = kind, .lane = lane, .name = t->name, .size = size, .sent = sent};
    ok(wire_offer(e->w, &item));
}

static void offer_label(struct end *e, size_t batch)
{
    struct sign_secret key;
    struct label l = {.seq = 7, .roster = 3, .lane = 1, .time = 1765000000000, .count = 1};
    sign_new(&key);
    snprintf(l.chain, sizeof l.chain, CHAIN);
    snprintf(l.to, sizeof l.to, "records/brigade-1 unit/brigade-1");
    snprintf(l.retain_class, sizeof l.retain_class, "records");
    l.retain_until = 1790000000000;
    ok(buf_reserve(&e->batch, batch));
    randombytes_buf(e->batch.p, batch);
    e->batch.len = batch;
    l.object = hash_of(e->batch.p, batch);
    l.size = batch;
    ok(label_write(&l, &key, &e->label));
    struct wire_item item = {.kind = WIRE_LABEL, .lane = LANE_BATCH, .seq = 7};
    snprintf(item.chain, sizeof item.chain, CHAIN);
    ok(wire_offer(e->w, &item));
}

/* Moves up to step bytes each way until nothing moves; false: an error came. */
static bool pump(struct end *a, struct end *b, size_t step, int64_t *now)
{
    static struct buf pipe[2];
    struct end *const ends[2] = {a, b};
    buf_clear(&pipe[0]);
    buf_clear(&pipe[1]);
    for (unsigned still = 0; still < 200; still++) {
        for (int i = 0; i < 2; i++) {
            uint8_t p[8192];
            size_t n, used;
            ok(wire_out(ends[i]->w, p, step < sizeof p ? step : sizeof p, *now, &n));
            still = n ? 0 : still;
            ok(buf_add(&pipe[i], p, n));
            if (pipe[i].len || ends[!i]->again == 0) {
                enum err e = wire_in(ends[!i]->w, pipe[i].p, pipe[i].len, *now, &used);
                if (e)
                    return false;
                still = used ? 0 : still;
                if (used)
                    memmove(pipe[i].p, pipe[i].p + used, pipe[i].len - used);
                pipe[i].len -= used;
            }
        }
        *now += 1;
    }
    return true;
}

struct two {
    struct end a, b;
    int64_t now;
};

static struct two *two_new(void)
{
    struct two *t = calloc(1, sizeof *t);
    assert_non_null(t);
    ok(hash_start());
    t->now = 1000;
    struct wire_start a = start_of(&t->a, WIRE_STATION), b = start_of(&t->b, WIRE_HUB);
    ok(wire_new(&t->a.w, &a, t->now));
    ok(wire_new(&t->b.w, &b, t->now));
    return t;
}

static void end_free(struct end *e)
{
    wire_free(e->w);
    for (size_t i = 0; i < OBJECTS; i++) {
        buf_free(&e->give[i].bytes);
        buf_free(&e->take[i].bytes);
    }
    buf_free(&e->label);
    buf_free(&e->batch);
}

static void two_free(struct two *t)
{
    end_free(&t->a);
    end_free(&t->b);
    free(t);
}

static void everything_arrives(void **state)
{
    (void)state;
    static const size_t steps[] = {1, 7, 100, 8192};
    for (size_t i = 0; i < 4; i++) {
        struct two *t = two_new();
        struct buf label = {0};
        offer_label(&t->a, 1100);
        ok(buf_add(&label, t->a.label.p, t->a.label.len));
        add(&t->a, WIRE_PARTS, LANE_CONTROL, 700, 0);
        add(&t->a, WIRE_BLOB, LANE_BLOB, 300000, 0);
        add(&t->a, WIRE_BLOB, LANE_BLOB, 100001, WIRE_ASK);
        add(&t->b, WIRE_RECEIPT, LANE_URGENT, 330, 0);
        add(&t->b, WIRE_ROSTER, LANE_CONTROL, 50000, WIRE_ASK);
        assert_true(pump(&t->a, &t->b, steps[i], &t->now));
        assert_true(t->a.met && t->b.met);
        assert_string_equal(t->a.answers, "gggg");
        assert_string_equal(t->b.answers, "gg");
        assert_int_equal(t->b.n_take, 3);
        assert_int_equal(t->a.n_take, 1);
        assert_int_equal(t->b.label.len, label.len);
        assert_memory_equal(t->b.label.p, label.p, label.len);
        struct wire_status s;
        wire_status(t->a.w, &s);
        assert_true(s.quiet && s.answered && s.unanswered == 0 && s.flying == 0);
        assert_int_equal(s.waits_since, INT64_MAX);
        wire_status(t->b.w, &s);
        assert_true(s.quiet && s.answered);
        buf_free(&label);
        two_free(t);
    }
}

static void what_the_side_cannot_take_now_is_given_again(void **state)
{
    (void)state;
    struct two *t = two_new();
    offer_label(&t->a, 900);
    add(&t->a, WIRE_PARTS, LANE_CONTROL, 700, 0);
    add(&t->a, WIRE_BLOB, LANE_BLOB, 70000, 0);
    t->b.again = 23;
    assert_true(pump(&t->a, &t->b, 1000, &t->now));
    assert_int_equal(t->b.again, 0);
    assert_string_equal(t->a.answers, "ggg");
    assert_string_equal(t->b.order, "LPV");
    two_free(t);
}

static void the_lowest_lane_goes_first_in_the_middle_of_a_blob(void **state)
{
    (void)state;
    struct two *t = two_new();
    uint8_t p[4096];
    size_t n, used;
    add(&t->a, WIRE_BLOB, LANE_BLOB, 2000000, 0);
    for (int i = 0; i < 40; i++) {
        for (int k = 0; k < 2; k++) {
            struct end *from = k ? &t->b : &t->a, *to = k ? &t->a : &t->b;
            ok(wire_out(from->w, p, sizeof p, t->now, &n));
            ok(wire_in(to->w, p, n, t->now, &used));
            assert_int_equal(used, n);
        }
        t->now += 10;
    }
    assert_string_equal(t->b.order, "V");
    offer_label(&t->a, 900);
    assert_true(pump(&t->a, &t->b, 4096, &t->now));
    assert_string_equal(t->b.order, "VL");
    assert_string_equal(t->a.answers, "gg");
    two_free(t);
}

static void an_object_goes_on_where_the_other_side_says(void **state)
{
    (void)state;
    struct two *t = two_new();
    struct wire_status s;
    add(&t->a, WIRE_BLOB, LANE_BLOB, 200000, 150000);
    struct thing *there = &t->b.take[t->b.n_take++];
    there->name = t->a.give[0].name;
    ok(buf_reserve(&there->bytes, 200000));
    there->bytes.len = 200000;
    there->written = 140000;
    memcpy(there->bytes.p, t->a.give[0].bytes.p, 140000);
    assert_true(pump(&t->a, &t->b, 8192, &t->now));
    assert_string_equal(t->a.answers, "g");
    wire_status(t->a.w, &s);
    assert_in_range(s.sent, 60000, 61500);
    two_free(t);
}

static void what_is_there_is_not_sent_again(void **state)
{
    (void)state;
    struct two *t = two_new();
    struct wire_status s;
    add(&t->a, WIRE_BLOB, LANE_BLOB, 4000000, WIRE_ASK);
    struct thing *there = &t->b.take[t->b.n_take++];
    there->name = t->a.give[0].name;
    there->written = 4000000;
    assert_true(pump(&t->a, &t->b, 8192, &t->now));
    assert_string_equal(t->a.answers, "h");
    wire_status(t->a.w, &s);
    assert_in_range(s.sent, 50, 300);
    two_free(t);
}

static void a_missing_object_of_ours_stops_nothing(void **state)
{
    (void)state;
    struct two *t = two_new();
    add(&t->a, WIRE_BLOB, LANE_BLOB, 50000, 0);
    add(&t->a, WIRE_BLOB, LANE_BLOB, 50000, 0);
    t->a.give[0].name.b[0] ^= 1; /* offered under a name that is not there */
    assert_true(pump(&t->a, &t->b, 8192, &t->now));
    assert_string_equal(t->a.answers, "bg");
    struct wire_status s;
    wire_status(t->b.w, &s);
    assert_true(s.answered);
    two_free(t);
}

static void goodbye_is_the_last_word(void **state)
{
    (void)state;
    struct two *t = two_new();
    struct wire_status s;
    wire_finish(t->b.w, WIRE_END_REVOKED, "this station is revoked");
    add(&t->b, WIRE_RECEIPT, LANE_URGENT, 100, 0);
    assert_true(pump(&t->a, &t->b, 8192, &t->now));
    assert_int_equal(t->a.ended, WIRE_END_REVOKED);
    wire_status(t->a.w, &s);
    assert_true(s.ended);
    assert_string_equal(t->a.order, "");
    two_free(t);
}

static void who_asks_and_never_reads_is_sent_away(void **state)
{
    (void)state;
    struct two *t = two_new();
    uint8_t frame[64] = {0x12, 3 + 32 + 1, WIRE_BLOB, LANE_BLOB, 1}, hello[512];
    size_t n, used;
    enum err e = ERR_OK;
    ok(wire_out(t->a.w, hello, sizeof hello, t->now, &n));
    ok(wire_in(t->b.w, hello, n, t->now, &used));
    frame[5 + 32] = 100; /* its size; the side answers at once that it has it */
    struct thing *there = &t->b.take[t->b.n_take++];
    there->written = 100;
    for (unsigned i = 0; i < 200000 && !e; i++) {
        t->b.order[0] = '\0';
        there->name.b[0] = frame[5] = (uint8_t)(i % 2 ? 1 : 2);
        e = wire_in(t->b.w, frame, 5 + 32 + 1, t->now, &used);
        if (i % 2)
            wire_ping(t->b.w); /* breaks the row of equal answers, which takes no room */
    }
    assert_int_equal(e, ERR_OK); /* answers alike, in a row: a few bytes */
    two_free(t);
    t = two_new();
    ok(wire_out(t->a.w, hello, sizeof hello, t->now, &n));
    ok(wire_in(t->b.w, hello, n, t->now, &used));
    t->b.later = true;
    e = ERR_OK;
    for (unsigned i = 0; i < 200000 && !e; i++) {
        t->b.order[0] = '\0';
        frame[6]++;
        e = wire_in(t->b.w, frame, 5 + 32 + 1, t->now, &used);
    }
    assert_int_equal(e, ERR_DATA);
    two_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_arrives),
        cmocka_unit_test(what_the_side_cannot_take_now_is_given_again),
        cmocka_unit_test(the_lowest_lane_goes_first_in_the_middle_of_a_blob),
        cmocka_unit_test(an_object_goes_on_where_the_other_side_says),
        cmocka_unit_test(what_is_there_is_not_sent_again),
        cmocka_unit_test(a_missing_object_of_ours_stops_nothing),
        cmocka_unit_test(goodbye_is_the_last_word),
        cmocka_unit_test(who_asks_and_never_reads_is_sent_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
