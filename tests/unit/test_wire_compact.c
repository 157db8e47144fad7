/* Labels in short: what comes out is what went in, to the byte. */

#include "sync/limits.h"
#include "sync/wire/compact.h"
#include "storage/base/text.h"
#include "station_fixture.h"
#include "storage/vault/object.h"

static void ok(enum err e)
{
    if (e)
        print_error("error %d: %s\n", e, err_text());
    assert_int_equal(e, ERR_OK);
}

struct made {
    struct sign_secret key;
    char chain[CHAIN_ID];
    struct hash prev;
    uint64_t seq;
};

static void make_key(struct made *m)
{
    memset(m, 0, sizeof *m);
    assert_int_equal(hash_start(), ERR_OK);
    sign_new(&m->key);
    roster_chain_id(m->chain, &m->key.pub);
}

static void make_label(struct made *m, struct label *l, const void *batch, size_t n, struct buf *text)
{
    struct label again;
    memcpy(l->chain, m->chain, CHAIN_ID);
    l->seq = ++m->seq;
    l->prev = m->prev;
    l->object = l->content = hash_of(batch, n);
    l->size = n;
    buf_clear(text);
    ok(label_write(l, &m->key, text));
    ok(label_parse(&again, (const char *)text->p, text->len));
    m->prev = label_hash(&again);
}

static struct label plain(void)
{
    struct label l = {.roster = 5, .lane = 1, .time = 1765000000000, .count = 1, .retain_until = INT64_MAX};
    strcpy(l.to, "records/brigade-1 records unit/brigade-1");
    strcpy(l.retain_class, "nothing-known");
    return l;
}

/* Through both ends; size gets the payload's bytes. */
static void through(struct compact *out, struct compact *in, const char *own, const struct buf *text, const void *batch,
                    size_t n, size_t *size)
{
    struct buf payload = {0}, back = {0};
    const uint8_t *b;
    size_t nb;
    struct compact next;
    ok(compact_write(out, own, text->p, text->len, batch, n, &payload));
    ok(compact_read(in, own, payload.p, payload.len, &back, &b, &nb, &next));
    *in = next;
    assert_int_equal(back.len, text->len);
    assert_memory_equal(back.p, text->p, text->len);
    assert_int_equal(nb, n);
    if (n)
        assert_memory_equal(b, batch, n);
    *size = payload.len - n;
    /* cut anywhere it is refused, or another label: never read beyond */
    for (size_t i = 0; i < payload.len - n; i++) {
        uint8_t *short_one = malloc(i + 1);
        assert_non_null(short_one);
        memcpy(short_one, payload.p, i);
        enum err e = compact_read(in, own, short_one, i, &back, &b, &nb, &next);
        assert_true(e == ERR_DATA || e == ERR_OK);
        free(short_one);
    }
    buf_free(&payload);
    buf_free(&back);
}

static void labels_come_back_to_the_byte(void **state)
{
    (void)state;
    struct made m, other;
    struct compact out = {0}, in = {0};
    struct buf text = {0};
    struct label l = plain();
    uint8_t batch[900];
    size_t size;
    make_key(&m);
    make_key(&other);
    randombytes_buf(batch, sizeof batch);
    make_label(&m, &l, batch, sizeof batch, &text);
    through(&out, &in, m.chain, &text, batch, sizeof batch, &size);
    l.time += 61000;
    make_label(&m, &l, batch, 100, &text);
    through(&out, &in, m.chain, &text, batch, 100, &size);
    assert_in_range(size, 90, 112); /* the second of a row costs content, signature and a few bytes */
    l = plain();                    /* without its batch; with parts, frees, a period of its own, in the past */
    l.parts = hash_of("p", 1);
    l.frees = hash_of("f", 1);
    l.retain_until = 1765000001000;
    l.time = 1000000000000;
    l.count = 4000;
    l.lane = 0;
    make_label(&m, &l, batch, sizeof batch, &text);
    through(&out, &in, m.chain, &text, NULL, 0, &size);
    m.seq += 5; /* a gap: number and prev are said */
    make_label(&m, &l, batch, 50, &text);
    through(&out, &in, m.chain, &text, batch, 50, &size);
    make_label(&other, &l, batch, 50, &text); /* another chain */
    through(&out, &in, m.chain, &text, batch, 50, &size);
    make_label(&m, &l, batch, 50, &text);
    through(&out, &in, m.chain, &text, batch, 50, &size);
    buf_free(&text);
}

static void a_label_that_says_more_goes_as_it_is(void **state)
{
    (void)state;
    struct made m;
    struct compact out = {0}, in = {0};
    struct buf text = {0}, more = {0};
    struct label l = plain();
    size_t size;
    make_key(&m);
    make_label(&m, &l, "b", 1, &text);
    /* an unknown member before the signature, signed anew */
    const char *sig = strstr((const char *)text.p, "signature: ");
    assert_non_null(sig);
    ok(buf_add(&more, text.p, (size_t)(sig - (const char *)text.p)));
    ok(buf_str(&more, "colour: green\n"));
    ok(sign_add(&more, NULL, &m.key));
    through(&out, &in, m.chain, &more, "b", 1, &size);
    assert_in_range(size, more.len, more.len + 8);
    buf_free(&text);
    buf_free(&more);
}

static void a_batch_that_is_another_is_not_sent(void **state)
{
    (void)state;
    struct made m;
    struct compact out = {0};
    struct buf text = {0}, payload = {0};
    struct label l = plain();
    make_key(&m);
    make_label(&m, &l, "batch", 5, &text);
    assert_int_equal(compact_write(&out, m.chain, text.p, text.len, "bitch", 5, &payload), ERR_DATA);
    assert_int_equal(compact_write(&out, m.chain, text.p, text.len - 1, "batch", 5, &payload), ERR_DATA);
    assert_false(out.any);
    buf_free(&text);
    buf_free(&payload);
}

static void random_payloads_are_refused_or_labels(void **state)
{
    (void)state;
    struct compact in = {0}, next;
    struct buf text = {0};
    const uint8_t *b;
    size_t n;
    for (unsigned i = 0; i < 20000; i++) {
        uint8_t p[300];
        struct label l;
        randombytes_buf(p, sizeof p);
        p[0] &= 0x7f;
        size_t len = randombytes_uniform(sizeof p);
        if (compact_read(&in, "00112233445566778899aabbccddeeff", p, len, &text, &b, &n, &next) == ERR_OK)
            ok(label_parse(&l, (const char *)text.p, text.len));
    }
    buf_free(&text);
}

/* The budget: 1 KiB of form data, two circles, signed: at most 1.3 KiB sealed
 * and labelled on the wire. Form text as a nurse types it. */
static void a_note_of_one_kib_stays_small(void **state)
{
    (void)state;
    static const char *const words[] = {"давление", "жалобы",      "на",      "боли",   "в",     "груди",
                                        "пульс",    "температура", "36.6",    "вызов",  "18:42", "адрес",
                                        "ауыл",     "науқас",      "жағдайы", "тұрақты"};
    struct district *d = district_new();
    struct station *s = district_open(d);
    struct buf form = {0}, text = {0}, batch = {0}, payload = {0};
    struct compact out = {0};
    struct label l;
    char id[ENTRY_ID];
    uint64_t seq = 0;
    while (form.len < 1024)
        ok(buf_fmt(&form, "%s ", words[randombytes_uniform(16)]));
    form.p[1020] = '\0';
    while (!text_is_utf8((const char *)form.p, strlen((const char *)form.p)))
        form.p[strlen((const char *)form.p) - 1] = '\0';
    batch_entry_id(id);
    json_t *entries = json_pack("[{s:s,s:s,s:{s:s}}]", "id", id, "type", "record", "data", "notes", form.p);
    const struct append a = {
        .entries = entries, .author = d->user, .seal = ROSTER_RECORD, .lane = LANE_BATCH, .retain_class = "records"};
    ok(chain_append(s, &a, &seq));
    ok(queue_label(s->queue, s->chain, seq, &text));
    ok(label_parse(&l, (const char *)text.p, text.len));
    ok(object_get(s->dir, &l.object, BATCH_SEALED_MAX, &batch));
    ok(compact_write(&out, s->chain, text.p, text.len, batch.p, batch.len, &payload));
    printf("a note of 1 KiB: %zu bytes on the wire, %zu of them sealed\n", payload.len + 4, batch.len);
    assert_in_range(payload.len + 4, 500, 1331);
    json_decref(entries);
    buf_free(&form);
    buf_free(&text);
    buf_free(&batch);
    buf_free(&payload);
    station_close(s);
    district_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_come_back_to_the_byte),        cmocka_unit_test(a_label_that_says_more_goes_as_it_is),
        cmocka_unit_test(a_batch_that_is_another_is_not_sent), cmocka_unit_test(random_payloads_are_refused_or_labels),
        cmocka_unit_test(a_note_of_one_kib_stays_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
