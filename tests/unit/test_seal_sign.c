#include "tests/unit/test_seal_tools.h"

#include "storage/seal/sign.h"

static const char body[] = "feldsher-label 1\nseq: 7\nnote: \xd2\x9b\xd0\xb0\n";

static struct buf signed_text(const struct sign_secret *k, unsigned times)
{
    struct buf b = {0};
    assert_ok(buf_str(&b, body));
    for (unsigned i = 0; i < times; i++)
        assert_ok(sign_add(&b, i % 2 ? "brigade-7" : NULL, k));
    return b;
}

static enum err split(const char *text)
{
    struct sign_text t;
    return sign_split(&t, text, strlen(text));
}

static void openssl_refuses_our_signature(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct sign_secret k;
        sign_new(&k);
        struct buf b = signed_text(&k, 1);
        struct sign_text t;
        assert_ok(sign_split(&t, (const char *)b.p, b.len));
        char pem[SIGN_PEM];
        sign_public_pem(pem, &k.pub);
        save("key.pem", pem, strlen(pem));
        save("body", t.body, t.body_len);
        save("sig", t.sigs[0].sig, 64);
        assert_int_equal(0, run("openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in body -sigfile sig"));
        assert_int_not_equal(0, run("openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in sig -sigfile sig"));
        buf_free(&b);
    }
}

static void we_refuse_openssl_s_signature(void **state)
{
    (void)state;
    save("body", body, strlen(body));
    assert_int_equal(0, run("openssl genpkey -algorithm ed25519 -out k.pem"
                            " && openssl pkeyutl -sign -inkey k.pem -rawin -in body -out sig"
                            " && openssl pkey -in k.pem -outform DER -out k.der"));
    struct buf der = load("k.der"), sig = load("sig");
    struct sign_secret k;
    assert_int_equal(48, der.len); /* RFC 8410: the seed is last */
    sign_from_seed(&k, der.p + 16);
    assert_int_equal(64, sig.len);
    assert_true(sign_check(sig.p, &k.pub, body, strlen(body)));
    uint8_t ours[64];
    sign_bytes(ours, &k, body, strlen(body));
    assert_memory_equal(sig.p, ours, 64);
    buf_free(&der);
    buf_free(&sig);
}

static void several_signers_disturb_each_other(void **state)
{
    (void)state;
    struct sign_secret a, b;
    sign_new(&a);
    sign_new(&b);
    struct buf text = {0};
    assert_ok(buf_str(&text, body));
    assert_ok(sign_add(&text, "aigul", &a));
    assert_ok(sign_add(&text, "boris", &b));
    assert_ok(sign_add(&text, NULL, &a));
    struct sign_text t;
    assert_ok(sign_split(&t, (const char *)text.p, text.len));
    assert_int_equal(3, t.n);
    assert_int_equal(strlen(body), t.body_len);
    assert_string_equal("aigul", t.sigs[0].who);
    assert_string_equal("boris", t.sigs[1].who);
    assert_string_equal("", t.sigs[2].who);
    assert_true(sign_text_check(&t, 0, &a.pub));
    assert_true(sign_text_check(&t, 1, &b.pub));
    assert_true(sign_text_check(&t, 2, &a.pub));
    assert_false(sign_text_check(&t, 0, &b.pub));
    assert_false(sign_text_check(&t, 3, &a.pub));
    assert_true(sign_same(&a.pub, &a.pub));
    assert_false(sign_same(&a.pub, &b.pub));
    buf_free(&text);
}

static void a_flipped_bit_is_overlooked(void **state)
{
    (void)state;
    struct sign_secret k;
    sign_new(&k);
    struct buf b = signed_text(&k, 1);
    for (size_t i = 0; i < b.len * 8; i++) {
        b.p[i / 8] ^= (uint8_t)(1 << i % 8);
        struct sign_text t;
        enum err e = sign_split(&t, (const char *)b.p, b.len);
        assert_true(e == ERR_DATA || (e == ERR_OK && (t.n != 1 || !sign_text_check(&t, 0, &k.pub))));
        b.p[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    for (size_t n = 0; n < b.len; n++) {
        struct sign_text t;
        assert_err(ERR_DATA, sign_split(&t, (const char *)b.p, n));
    }
    buf_free(&b);
}

static void lines_between_or_behind_signatures_are_accepted(void **state)
{
    (void)state;
    struct sign_secret k;
    sign_new(&k);
    struct buf b = signed_text(&k, 1);
    const char *text = (const char *)b.p, *sig = text + strlen(body);
    char t[1024];
    assert_ok(split(text));
    snprintf(t, sizeof t, "%sseq: 8\n", text);
    assert_err(ERR_DATA, split(t));
    snprintf(t, sizeof t, "%s\n", text);
    assert_err(ERR_DATA, split(t));
    snprintf(t, sizeof t, "%sseq: 8\n%s", text, sig);
    assert_err(ERR_DATA, split(t));
    snprintf(t, sizeof t, "%sminisign: x y\n", text);
    assert_ok(split(t));
    assert_err(ERR_DATA, split(sig));
    assert_err(ERR_DATA, split(body));
    assert_err(ERR_DATA, split(""));
    snprintf(t, sizeof t, "%s%s%s%s%s", text, sig, sig, sig, sig);
    assert_err(ERR_DATA, split(t));
    snprintf(t, sizeof t, "%ssignature: Not-A-Name %s", body, sig + 11);
    assert_err(ERR_DATA, split(t));
    snprintf(t, sizeof t, "%ssignature: two names %s", body, sig + 11);
    assert_err(ERR_DATA, split(t));
    snprintf(t, sizeof t, "%ssignature:  %s", body, sig + 11);
    assert_err(ERR_DATA, split(t));
    snprintf(t, sizeof t, "%ssignature: \n", body);
    assert_err(ERR_DATA, split(t));
    buf_free(&b);
}

static void more_signatures_than_allowed_are_added(void **state)
{
    (void)state;
    struct sign_secret k;
    sign_new(&k);
    struct buf b = signed_text(&k, SIGN_SIGS_MAX);
    size_t len = b.len;
    assert_err(ERR_DATA, sign_add(&b, NULL, &k));
    assert_int_equal(len, b.len);
    buf_free(&b);
    struct buf cut = {0};
    assert_ok(buf_str(&cut, "feldsher-label 1"));
    assert_err(ERR_BUG, sign_add(&cut, NULL, &k));
    assert_ok(buf_str(&cut, "\n"));
    assert_err(ERR_BUG, sign_add(&cut, "no name", &k));
    assert_ok(sign_add(&cut, "name", &k));
    buf_free(&cut);
}

static void a_public_key_has_two_texts(void **state)
{
    (void)state;
    struct sign_secret k;
    struct sign_public p;
    char text[SIGN_PUBLIC_TEXT];
    sign_new(&k);
    sign_public_text(text, &k.pub);
    assert_int_equal(SIGN_PUBLIC_TEXT - 1, strlen(text));
    assert_memory_equal("RW", text, 2);
    assert_true(sign_public_parse(&p, text, strlen(text)));
    assert_true(sign_same(&p, &k.pub));
    for (size_t i = 0; i < strlen(text); i++)
        for (int bit = 0; bit < 8; bit++) {
            text[i] = (char)(text[i] ^ 1 << bit);
            assert_false(sign_public_parse(&p, text, SIGN_PUBLIC_TEXT - 1));
            text[i] = (char)(text[i] ^ 1 << bit);
        }
    assert_false(sign_public_parse(&p, text, strlen(text) - 4));
    assert_false(sign_public_parse(&p, "", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(openssl_refuses_our_signature),
        cmocka_unit_test(we_refuse_openssl_s_signature),
        cmocka_unit_test(several_signers_disturb_each_other),
        cmocka_unit_test(a_flipped_bit_is_overlooked),
        cmocka_unit_test(lines_between_or_behind_signatures_are_accepted),
        cmocka_unit_test(more_signatures_than_allowed_are_added),
        cmocka_unit_test(a_public_key_has_two_texts),
    };
    return cmocka_run_group_tests_name("seal sign", tests, tools_setup, tools_teardown);
}
