#include "tests/unit/test_seal_tools.h"

#include "storage/seal/minisign.h"

static const char comment[] = "manifest of case 12, \xd0\x90\xd1\x81\xd1\x82\xd0\xb0\xd0\xbd\xd0\xb0";

static struct sign_secret key;

static int setup(void **state)
{
    int r = tools_setup(state);
    sign_new(&key);
    return r;
}

/* Stock minisign's public key: its key id is random. */
static struct sign_public stock_public(void)
{
    struct buf f = load("stock.pub");
    const char *line = strchr((const char *)f.p, '\n') + 1;
    uint8_t raw[42];
    size_t len;
    assert_int_equal(0, sodium_base642bin(raw, sizeof raw, line, 56, NULL, &len, NULL, sodium_base64_VARIANT_ORIGINAL));
    struct sign_public p;
    memcpy(p.pk, raw + 10, 32);
    buf_free(&f);
    return p;
}

static void stock_minisign_refuses_ours(void **state)
{
    (void)state;
    char pub[SIGN_PUBLIC_TEXT];
    sign_public_text(pub, &key.pub);
    static const size_t sizes[] = {0, 1, 1000, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint8_t *p = noise(sizes[i]);
        struct buf sig = {0};
        assert_ok(minisign_write(&sig, &key, comment, p, sizes[i]));
        save("f", p, sizes[i]);
        save("f.sig", sig.p, sig.len);
        assert_int_equal(0, run("minisign -V -P %s -m f -x f.sig", pub));
        assert_int_equal(0, run("minisign -V -Q -P %s -m f -x f.sig > said", pub));
        struct buf said = load("said");
        assert_memory_equal(comment, said.p, strlen(comment));
        buf_free(&said);
        save("f", "other", 5);
        assert_int_not_equal(0, run("minisign -V -P %s -m f -x f.sig", pub));
        struct buf again = {0};
        assert_ok(minisign_check((const char *)sig.p, sig.len, &key.pub, p, sizes[i], &again));
        assert_same(&again, comment, strlen(comment));
        buf_free(&again);
        buf_free(&sig);
        free(p);
    }
    struct buf file = {0};
    assert_ok(minisign_public_file(&file, "district 7", &key.pub));
    save("our.pub", file.p, file.len);
    save("f", "x", 1);
    struct buf sig = {0};
    assert_ok(minisign_write(&sig, &key, "c", "x", 1));
    save("f.minisig", sig.p, sig.len);
    assert_int_equal(0, run("minisign -V -p our.pub -m f"));
    buf_free(&file);
    buf_free(&sig);
}

static void we_refuse_stock_minisign_s(void **state)
{
    (void)state;
    save("f", "some words", 10);
    assert_int_equal(0, run("minisign -G -f -W -p stock.pub -s stock.key"));
    struct sign_public pub = stock_public();
    static const char *const how[] = {"", "-l", "-t 'a trusted comment'"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(0, run("rm -f f.minisig; minisign -S %s -s stock.key -m f", how[i]));
        struct buf sig = load("f.minisig"), said = {0};
        assert_ok(minisign_check((const char *)sig.p, sig.len, &pub, "some words", 10, &said));
        if (i == 2)
            assert_same(&said, "a trusted comment", 17);
        assert_err(ERR_BAD, minisign_check((const char *)sig.p, sig.len, &pub, "same words", 10, NULL));
        assert_err(ERR_BAD, minisign_check((const char *)sig.p, sig.len, &key.pub, "some words", 10, NULL));
        buf_free(&sig);
        buf_free(&said);
    }
}

static void a_flipped_bit_or_a_missing_end_is_overlooked(void **state)
{
    (void)state;
    struct buf sig = {0};
    assert_ok(minisign_write(&sig, &key, "c", "f", 1));
    const char *text = (const char *)sig.p;
    size_t first = (size_t)(strchr(text, '\n') + 1 - text); /* what stands above is untrusted */
    for (size_t i = first * 8; i < (sig.len - 1) * 8; i++) {
        sig.p[i / 8] ^= (uint8_t)(1 << i % 8);
        enum err e = minisign_check(text, sig.len, &key.pub, "f", 1, NULL);
        /* stock minisign checks the key id's bytes; the key itself says it better */
        size_t b64 = i / 8 - first;
        bool id = b64 >= 2 && b64 <= 13;
        assert_true(e == ERR_BAD || e == ERR_DATA || id);
        sig.p[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    for (size_t n = 0; n + 1 < sig.len; n++)
        assert_true(minisign_check(text, n, &key.pub, "f", 1, NULL) != ERR_OK);
    assert_ok(minisign_check(text, sig.len - 1, &key.pub, "f", 1, NULL));
    assert_ok(buf_str(&sig, "\n"));
    assert_err(ERR_DATA, minisign_check((const char *)sig.p, sig.len, &key.pub, "f", 1, NULL));
    buf_free(&sig);
}

static void a_comment_of_two_lines_is_signed(void **state)
{
    (void)state;
    struct buf out = {0};
    assert_err(ERR_BUG, minisign_write(&out, &key, "a\nb", "f", 1));
    assert_err(ERR_BUG, minisign_write(&out, &key, "a\rb", "f", 1));
    assert_err(ERR_BUG, minisign_write(&out, &key, "\xff", "f", 1));
    assert_err(ERR_BUG, minisign_public_file(&out, "a\nb", &key.pub));
    char *longer = calloc(1, 10000);
    assert_non_null(longer);
    memset(longer, 'c', 9999);
    assert_err(ERR_BUG, minisign_write(&out, &key, longer, "f", 1));
    assert_int_equal(0, out.len);
    free(longer);
    buf_free(&out);
}

static void a_court_cannot_check_a_roster_with_minisign(void **state)
{
    (void)state;
    static const char body[] = "feldsher-roster 1\nnumber: 3\n";
    struct buf text = {0}, sig = {0};
    assert_ok(buf_str(&text, body));
    assert_ok(sign_add(&text, NULL, &key));
    assert_err(ERR_NOINPUT, minisign_extract((const char *)text.p, text.len, "roster 3", &sig));
    assert_ok(minisign_add(&text, "roster 3", &key));
    assert_ok(minisign_extract((const char *)text.p, text.len, "roster 3", &sig));

    char pub[SIGN_PUBLIC_TEXT];
    sign_public_text(pub, &key.pub);
    save("body", body, strlen(body));
    save("sig", sig.p, sig.len);
    assert_int_equal(0, run("minisign -V -P %s -m body -x sig", pub));
    assert_ok(minisign_check((const char *)sig.p, sig.len, &key.pub, body, strlen(body), NULL));
    struct sign_text t;
    assert_ok(sign_split(&t, (const char *)text.p, text.len));
    assert_int_equal(strlen(body), t.body_len);
    assert_true(sign_text_check(&t, 0, &key.pub));

    buf_clear(&sig);
    assert_ok(minisign_extract((const char *)text.p, text.len, "roster 4", &sig));
    assert_err(ERR_BAD, minisign_check((const char *)sig.p, sig.len, &key.pub, body, strlen(body), NULL));
    buf_clear(&sig);
    text.len -= 3;
    assert_ok(buf_str(&text, "\n"));
    assert_err(ERR_DATA, minisign_extract((const char *)text.p, text.len, "roster 3", &sig));
    buf_free(&text);
    buf_free(&sig);
}

static void a_minisign_line_is_added_to_an_unsigned_text(void **state)
{
    (void)state;
    struct buf text = {0};
    assert_err(ERR_DATA, minisign_add(&text, "c", &key));
    assert_ok(buf_str(&text, "feldsher-roster 1\n"));
    assert_err(ERR_DATA, minisign_add(&text, "c", &key));
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stock_minisign_refuses_ours),
        cmocka_unit_test(we_refuse_stock_minisign_s),
        cmocka_unit_test(a_flipped_bit_or_a_missing_end_is_overlooked),
        cmocka_unit_test(a_comment_of_two_lines_is_signed),
        cmocka_unit_test(a_court_cannot_check_a_roster_with_minisign),
        cmocka_unit_test(a_minisign_line_is_added_to_an_unsigned_text),
    };
    return cmocka_run_group_tests_name("seal minisign", tests, setup, tools_teardown);
}
