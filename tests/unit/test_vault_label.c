#include "storage/vault/label.h"
#include "storage/vault/parts.h"
#include "storage/vault/receipt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct sign_secret key;

static void write_one(struct buf *out, bool frees)
{
    struct label l = {.seq = 7,
                      .roster = 3,
                      .size = 812,
                      .lane = LANE_BATCH,
                      .retain_until = 1900000000000,
                      .time = 1790000000000,
                      .count = 2};
    roster_chain_id(l.chain, &key.pub);
    l.prev = hash_of("a", 1);
    l.object = hash_of("b", 1);
    l.content = hash_of("c", 1);
    l.parts = hash_of("d", 1);
    if (frees)
        l.frees = hash_of("e", 1);
    strcpy(l.to, "records/brigade-1 records unit/brigade-1");
    strcpy(l.retain_class, "evidence");
    assert_int_equal(label_write(&l, &key, out), ERR_OK);
}

static void label_reads_back(void **state)
{
    (void)state;
    for (int frees = 0; frees < 2; frees++) {
        struct buf b = {0};
        struct label l;
        write_one(&b, frees);
        assert_int_equal(label_parse(&l, (const char *)b.p, b.len), ERR_OK);
        assert_int_equal(l.len, b.len);
        assert_int_equal(l.seq, 7);
        assert_int_equal(l.time, 1790000000000);
        assert_string_equal(l.to, "records/brigade-1 records unit/brigade-1");
        assert_int_equal(hash_is_zero(&l.frees), !frees);
        assert_int_equal(label_check(&l, &key.pub), ERR_OK);
        buf_free(&b);
    }
}

static void label_with_any_bit_flipped_is_refused(void **state)
{
    (void)state;
    struct buf b = {0};
    struct label l;
    write_one(&b, true);
    for (size_t i = 0; i < b.len * 8; i++) {
        b.p[i / 8] ^= (uint8_t)(1 << i % 8);
        if (label_parse(&l, (const char *)b.p, b.len) == ERR_OK && l.len == b.len)
            assert_int_equal(label_check(&l, &key.pub), ERR_BAD);
        b.p[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    buf_free(&b);
}

/* A power cut leaves a beginning: that and nothing else may be cut off. */
static void torn_label_is_told_from_damage(void **state)
{
    (void)state;
    struct buf b = {0};
    struct label l;
    write_one(&b, true);
    for (size_t n = 0; n < b.len; n++)
        assert_int_equal(label_parse(&l, (const char *)b.p, n), ERR_END);
    for (size_t i = 0; i < 8; i++) { /* the last line feed */
        b.p[b.len - 1] ^= (uint8_t)(1 << i);
        assert_int_equal(label_parse(&l, (const char *)b.p, b.len), ERR_DATA);
        b.p[b.len - 1] ^= (uint8_t)(1 << i);
    }
    char *sig = strstr((char *)b.p, "\nsignature: ");
    sig[3] = 'x';
    assert_int_equal(label_parse(&l, (const char *)b.p, b.len), ERR_DATA);
    sig[3] = 'i';
    write_one(&b, false); /* a torn label with another behind it is damage */
    memmove(b.p + 100, b.p + 300, b.len - 300);
    assert_int_equal(label_parse(&l, (const char *)b.p, b.len - 200), ERR_DATA);
    buf_free(&b);
}

static void unknown_member_is_kept_and_signed(void **state)
{
    (void)state;
    struct buf b = {0}, more = {0};
    struct label l;
    write_one(&b, false);
    const char *sig = strstr((char *)b.p, "signature: ");
    assert_int_equal(buf_add(&more, b.p, (size_t)(sig - (char *)b.p)), ERR_OK);
    assert_int_equal(buf_str(&more, "colour: blue\n"), ERR_OK);
    assert_int_equal(sign_add(&more, NULL, &key), ERR_OK);
    assert_int_equal(label_parse(&l, (const char *)more.p, more.len), ERR_OK);
    assert_int_equal(label_check(&l, &key.pub), ERR_OK);
    buf_free(&b);
    buf_free(&more);
}

static void label_without_or_with_double_member_is_refused(void **state)
{
    (void)state;
    static const char *const members[] = {"chain: ", "seq: ",  "prev: ", "roster: ", "object: ", "size: ", "content: ",
                                          "parts: ", "lane: ", "to: ",   "retain: ", "time: ",   "count: "};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        for (int twice = 0; twice < 2; twice++) {
            struct buf b = {0}, cut = {0};
            struct label l;
            write_one(&b, false);
            const char *text = (const char *)b.p;
            const char *sig = strstr(text, "signature: ");
            char find[32];
            snprintf(find, sizeof find, "\n%s", members[i]);
            const char *at = strstr(text, find) + 1;
            const char *end = strchr(at, '\n') + 1;
            assert_int_equal(buf_add(&cut, text, (size_t)((twice ? end : at) - text)), ERR_OK);
            if (twice)
                assert_int_equal(buf_add(&cut, at, (size_t)(end - at)), ERR_OK);
            assert_int_equal(buf_add(&cut, end, (size_t)(sig - end)), ERR_OK);
            assert_int_equal(sign_add(&cut, NULL, &key), ERR_OK);
            assert_int_equal(label_parse(&l, (const char *)cut.p, cut.len), ERR_DATA);
            buf_free(&b);
            buf_free(&cut);
        }
}

static void parts_refuse_nonsense(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "feldsher-parts 1",
        "feldsher-parts 0\n",
        "feldsher-part 1\n",
        "feldsher-parts 1\nblob: xy 3\n",
        "feldsher-parts 1\nblob: 0000000000000000000000000000000000000000000000000000000000000000 0\n",
        "feldsher-parts 1\nblob: 0000000000000000000000000000000000000000000000000000000000000000 99999999999\n",
        "feldsher-parts 1\nblob: 0000000000000000000000000000000000000000000000000000000000000000 07\n",
        "feldsher-parts 1\nblob: 0000000000000000000000000000000000000000000000000000000000000000 7 7\n",
        "feldsher-parts 1\nmark: 00000000000000000000000000000000000000000000000000000000000000\n",
        "feldsher-parts 1\nnocolon\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct parts p;
        bool mark;
        struct hash name;
        uint64_t size;
        enum err e = parts_open(&p, bad[i], strlen(bad[i]));
        while (!e)
            e = parts_next(&p, &mark, &name, &size);
        assert_int_equal(e, ERR_DATA);
    }
    struct buf b = {0};
    struct parts p;
    bool mark;
    struct hash h = hash_of("x", 1), name;
    uint64_t size;
    assert_int_equal(parts_begin(&b), ERR_OK);
    assert_int_equal(parts_blob(&b, &h, 8388608), ERR_OK);
    assert_int_equal(parts_mark(&b, &h), ERR_OK);
    assert_int_equal(buf_str(&b, "later: member\n"), ERR_OK);
    assert_int_equal(parts_open(&p, (const char *)b.p, b.len), ERR_OK);
    assert_int_equal(parts_next(&p, &mark, &name, &size), ERR_OK);
    assert_true(!mark && size == 8388608 && hash_same(&h, &name));
    assert_int_equal(parts_next(&p, &mark, &name, &size), ERR_OK);
    assert_true(mark);
    assert_int_equal(parts_next(&p, &mark, &name, &size), ERR_END);
    buf_free(&b);
}

static void receipt_holds_what_it_says_and_no_more(void **state)
{
    (void)state;
    uint64_t missing[] = {3, 9}, parts[] = {4};
    struct receipt r = {.labels = 10,
                        .missing = missing,
                        .n_missing = 2,
                        .parts_missing = parts,
                        .n_parts_missing = 1,
                        .alarm_seq = 11,
                        .time = 1790000000000};
    struct receipt *back;
    roster_chain_id(r.chain, &key.pub);
    strcpy(r.hub, "hub");
    r.head = hash_of("h", 1);
    assert_int_equal(receipt_write(&r, &key), ERR_OK);
    assert_int_equal(receipt_parse(&back, (const char *)r.text.p, r.text.len), ERR_OK);
    for (uint64_t seq = 0; seq < 13; seq++) {
        bool held = seq >= 1 && seq <= 10 && seq != 3 && seq != 9;
        assert_int_equal(receipt_holds(back, seq), held);
        assert_int_equal(receipt_holds_parts(back, seq), held && seq != 4);
    }
    struct roster_hub hub = {.name = "hub", .sign = key.pub};
    struct roster roster = {.hubs = &hub, .n_hubs = 1};
    assert_int_equal(receipt_check(back, &roster), ERR_OK);
    receipt_free(back);
    for (size_t i = 0; i < r.text.len * 8; i++) {
        r.text.p[i / 8] ^= (uint8_t)(1 << i % 8);
        if (receipt_parse(&back, (const char *)r.text.p, r.text.len) == ERR_OK) {
            assert_int_not_equal(receipt_check(back, &roster), ERR_OK);
            receipt_free(back);
        }
        r.text.p[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    buf_free(&r.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(label_reads_back),
        cmocka_unit_test(label_with_any_bit_flipped_is_refused),
        cmocka_unit_test(torn_label_is_told_from_damage),
        cmocka_unit_test(unknown_member_is_kept_and_signed),
        cmocka_unit_test(label_without_or_with_double_member_is_refused),
        cmocka_unit_test(parts_refuse_nonsense),
        cmocka_unit_test(receipt_holds_what_it_says_and_no_more),
    };
    if (hash_start())
        return 1;
    sign_new(&key);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
