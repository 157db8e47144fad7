/* Have texts: what a station says it has and wants. */
#include "tests/unit/sync_fixture.h"

static struct have *sample(struct post *p)
{
    struct have *h = calloc(1, sizeof *h);
    struct hash x = {{1}}, y = {{2}};
    assert_non_null(h);
    strcpy(h->station, "amb-1");
    roster_chain_id(h->chain, &p->chain[0].pub);
    h->roster = 7;
    h->time = 1765000000000;
    OK(have_add_head(h, "ffffffffffffffffffffffffffffffff", 9, &x));
    OK(have_add_head(h, "00000000000000000000000000000000", 4, &y));
    OK(have_add_notice(h, "ffffffffffffffffffff"));
    OK(have_add_notice(h, "0123456789abcdef0123"));
    OK(have_add_want(h, &y, NULL));
    struct want_spans some = {.n = 0};
    want_add(&some, 3, 5);
    want_add(&some, 9, 9);
    OK(have_add_want(h, &x, &some));
    OK(have_write(h, &p->link[0]));
    return h;
}

static void written_text_reads_back(void **state)
{
    struct post *p = post_new();
    struct have *h = sample(p), *r;
    (void)state;
    OK(have_parse(&r, (const char *)h->text.p, h->text.len));
    OK(have_check(r, p->roster));
    assert_string_equal(r->station, "amb-1");
    assert_int_equal(r->roster, 7);
    assert_int_equal(r->time, 1765000000000);
    assert_int_equal(have_head(r, "ffffffffffffffffffffffffffffffff")->seq, 9);
    assert_int_equal(have_head(r, "00000000000000000000000000000000")->seq, 4);
    assert_null(have_head(r, "11111111111111111111111111111111"));
    assert_null(have_head(r, "too long to be the id of any chain in the world"));
    assert_true(have_notice(r, "0123456789abcdef0123"));
    assert_false(have_notice(r, "0000000000abcdef0123"));
    assert_int_equal(r->n_wants, 2);
    assert_int_equal(r->wants[0].spans.n, 2);
    assert_int_equal(r->wants[0].spans.span[1].first, 9);
    assert_int_equal(r->wants[1].spans.n, 0);
    assert_int_equal(r->wants[0].parts.b[0], 1);
    have_free(r);
    have_free(h);
    post_free(p);
}

static void every_flipped_bit_is_seen(void **state)
{
    struct post *p = post_new();
    struct have *h = sample(p);
    (void)state;
    for (size_t bit = 0; bit < 8 * h->text.len; bit++) {
        struct have *r = NULL;
        h->text.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        enum err e = have_parse(&r, (const char *)h->text.p, h->text.len);
        if (!e)
            e = have_check(r, p->roster);
        if (!e)
            print_error("bit %zu not seen\n", bit);
        assert_true(e == ERR_DATA || e == ERR_BAD);
        have_free(r);
        h->text.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t n = 0; n < h->text.len; n++) {
        struct have *r;
        assert_true(have_parse(&r, (const char *)h->text.p, n) != ERR_OK);
    }
    have_free(h);
    post_free(p);
}

static void signature_of_another_station_is_bad(void **state)
{
    struct post *p = post_new();
    struct have *h = sample(p);
    (void)state;
    OK(have_write(h, &p->link[1]));
    assert_int_equal(have_check(h, p->roster), ERR_BAD);
    OK(have_write(h, &p->chain[0])); /* the chain's key is not the link's */
    assert_int_equal(have_check(h, p->roster), ERR_BAD);
    strcpy(h->station, "office-1");
    OK(have_write(h, &p->link[0]));
    assert_int_equal(have_check(h, p->roster), ERR_BAD);
    have_free(h);
    post_free(p);
}

static void revoked_station_is_denied(void **state)
{
    struct post *p = post_new();
    struct have *h = sample(p);
    (void)state;
    sign_roster(p, 2, true, 0);
    assert_int_equal(have_check(h, p->roster), ERR_DENIED);
    have_free(h);
    post_free(p);
}

static void refused(struct post *p, const char *body)
{
    struct buf text = {0};
    struct have *r;
    OK(buf_str(&text, body));
    OK(sign_add(&text, NULL, &p->link[0]));
    enum err e = have_parse(&r, (const char *)text.p, text.len);
    if (e != ERR_DATA)
        print_error("taken: %s", body);
    assert_int_equal(e, ERR_DATA);
    buf_free(&text);
}

#define CHAIN "00112233445566778899aabbccddeeff"
#define HASH_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define BEGIN "feldsher-have 1\nstation: amb-1\nchain: " CHAIN "\nroster: 1\ntime: 2026-11-22T10:00:00Z\n"

static void malformed_lines_are_refused(void **state)
{
    struct post *p = post_new();
    (void)state;
    refused(p, "feldsher-have 1\nstation: amb-1\n");
    refused(p, BEGIN "station: amb-1\n");
    refused(p, BEGIN "head: " CHAIN " 0 " HASH_A "\n");
    refused(p, BEGIN "head: " CHAIN " 1\n");
    refused(p, BEGIN "head: " CHAIN " 1 " HASH_A " more\n");
    refused(p, BEGIN "head: " CHAIN " 1 " HASH_A "\nhead: " CHAIN " 2 " HASH_A "\n");
    refused(p, BEGIN "notice: 0123456789abcdef012\n");
    refused(p, BEGIN "notice: 0123456789abcdef0123\nnotice: 0123456789abcdef0122\n");
    refused(p, BEGIN "want: " HASH_A "a\n");
    refused(p, BEGIN "want: " HASH_A " 5-3\n");
    refused(p, BEGIN "want: " HASH_A " 5\n");
    refused(p, BEGIN "want: " HASH_A "\nwant: " HASH_A "\n");
    refused(p, "feldsher-have 1\nstation: Amb 1\nchain: " CHAIN "\nroster: 1\ntime: 2026-11-22T10:00:00Z\n");
    refused(p, "feldsher-receipt 1\nstation: amb-1\nchain: " CHAIN "\nroster: 1\ntime: 2026-11-22T10:00:00Z\n");
    post_free(p);
}

static void lines_of_a_later_version_are_passed_over(void **state)
{
    struct post *p = post_new();
    struct buf text = {0};
    struct have *r;
    (void)state;
    OK(buf_str(&text, "feldsher-have 2\nstation: amb-1\nmood: fine\nchain: " CHAIN
                      "\nroster: 1\ntime: 2026-11-22T10:00:00Z\n"));
    OK(sign_add(&text, NULL, &p->link[0]));
    OK(have_parse(&r, (const char *)text.p, text.len));
    have_free(r);
    buf_free(&text);
    post_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_text_reads_back),
        cmocka_unit_test(every_flipped_bit_is_seen),
        cmocka_unit_test(signature_of_another_station_is_bad),
        cmocka_unit_test(revoked_station_is_denied),
        cmocka_unit_test(malformed_lines_are_refused),
        cmocka_unit_test(lines_of_a_later_version_are_passed_over),
    };
    return cmocka_run_group_tests_name("sync have", tests, NULL, NULL);
}
