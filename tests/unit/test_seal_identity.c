#include "tests/unit/test_seal_tools.h"

#include "storage/seal/identity.h"

#include <ctype.h>

/* from the specification */
static const char secret_text[] = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
static const char public_text[] = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

static enum err parse_identity(const char *s)
{
    struct identity id;
    return identity_parse(&id, s, strlen(s));
}

static enum err parse_recipient(const char *s)
{
    struct recipient r;
    return recipient_parse(&r, s, strlen(s));
}

static void the_specification_and_we_disagree(void **state)
{
    (void)state;
    struct identity id;
    char text[IDENTITY_TEXT], pub[RECIPIENT_TEXT];
    assert_ok(identity_parse(&id, secret_text, strlen(secret_text)));
    for (size_t i = 0; i < 32; i++)
        assert_int_equal(0x42, id.sk[i]);
    identity_text(text, &id);
    assert_string_equal(secret_text, text);
    recipient_text(pub, &id.to);
    assert_string_equal(public_text, pub);
    struct recipient r;
    assert_ok(recipient_parse(&r, public_text, strlen(public_text)));
    assert_memory_equal(id.to.pk, r.pk, 32);
}

static void age_keygen_and_we_disagree(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        assert_int_equal(0, run("rm -f k; age-keygen -o k && age-keygen -y k > pub"));
        struct buf k = load("k"), pub = load("pub");
        struct identity ids[2];
        size_t n;
        assert_ok(identity_file(ids, 2, &n, (const char *)k.p, k.len));
        assert_int_equal(1, n);
        char text[RECIPIENT_TEXT];
        recipient_text(text, &ids[0].to);
        assert_int_equal(RECIPIENT_TEXT, pub.len);
        assert_memory_equal(text, pub.p, RECIPIENT_TEXT - 1);
        buf_free(&k);
        buf_free(&pub);

        struct identity ours;
        char ours_text[IDENTITY_TEXT];
        identity_new(&ours);
        identity_text(ours_text, &ours);
        save("ours", ours_text, strlen(ours_text));
        assert_int_equal(0, run("age-keygen -y ours > pub"));
        pub = load("pub");
        recipient_text(text, &ours.to);
        assert_memory_equal(text, pub.p, RECIPIENT_TEXT - 1);
        buf_free(&pub);
    }
}

static void a_mistyped_character_is_accepted(void **state)
{
    (void)state;
    char text[IDENTITY_TEXT];
    for (size_t i = 0; i < strlen(secret_text); i++)
        for (int c = 1; c < 128; c++) {
            strcpy(text, secret_text);
            if (text[i] == (char)c)
                continue;
            text[i] = (char)c;
            assert_err(ERR_DATA, parse_identity(text));
            if (i < strlen(public_text) && public_text[i] != (char)c) {
                strcpy(text, public_text);
                text[i] = (char)c;
                assert_err(ERR_DATA, parse_recipient(text));
            }
        }
}

static void case_is_mixed_or_turned_over(void **state)
{
    (void)state;
    char text[IDENTITY_TEXT];
    strcpy(text, secret_text);
    for (char *p = text; *p; p++)
        *p = (char)tolower(*p);
    assert_err(ERR_DATA, parse_identity(text));
    memcpy(text, "AGE-SECRET-KEY-", 15);
    assert_err(ERR_DATA, parse_identity(text));
    assert_non_null(strstr(err_text(), "case"));
    strcpy(text, public_text);
    for (char *p = text; *p; p++)
        *p = (char)toupper(*p);
    assert_err(ERR_DATA, parse_recipient(text));
    memcpy(text, "age", 3);
    assert_err(ERR_DATA, parse_recipient(text));
}

static void a_longer_or_shorter_text_is_accepted(void **state)
{
    (void)state;
    char text[128];
    for (size_t n = 0; n < strlen(secret_text); n++) {
        struct identity id;
        assert_err(ERR_DATA, identity_parse(&id, secret_text, n));
    }
    snprintf(text, sizeof text, "%sQ", secret_text);
    assert_err(ERR_DATA, parse_identity(text));
    snprintf(text, sizeof text, "%s ", public_text);
    assert_err(ERR_DATA, parse_recipient(text));
    snprintf(text, sizeof text, " %s", public_text);
    assert_err(ERR_DATA, parse_recipient(text));
    assert_err(ERR_DATA, parse_recipient(secret_text));
    assert_err(ERR_DATA, parse_identity(public_text));
}

/* Another implementation of the checksum, to make wrong texts with a right one. */
static uint32_t polymod(const char *hrp, const char *digits)
{
    static const char charset[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    uint8_t v[256];
    size_t n = 0;
    for (const char *p = hrp; *p; p++)
        v[n++] = (uint8_t)(*p >> 5);
    v[n++] = 0;
    for (const char *p = hrp; *p; p++)
        v[n++] = (uint8_t)(*p & 31);
    for (const char *p = digits; *p; p++)
        v[n++] = (uint8_t)(strchr(charset, *p) - charset);
    uint32_t chk = 1;
    for (size_t i = 0; i < n; i++) {
        uint32_t top = chk >> 25;
        chk = (chk & 0x1ffffff) << 5 ^ v[i];
        chk ^= (top & 1 ? 0x3b6a57b2u : 0) ^ (top & 2 ? 0x26508e6du : 0) ^ (top & 4 ? 0x1ea119fau : 0) ^
               (top & 8 ? 0x3d4233ddu : 0) ^ (top & 16 ? 0x2a1462b3u : 0);
    }
    return chk;
}

static void padding_bits_are_free_to_choose(void **state)
{
    (void)state;
    static const char charset[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    for (int last = 0; last < 32; last++) {
        char digits[64], text[128];
        memset(digits, 'q', 51);
        digits[51] = charset[last];
        strcpy(digits + 52, "qqqqqq");
        uint32_t sum = polymod("age", digits) ^ 1;
        for (int i = 0; i < 6; i++)
            digits[52 + i] = charset[sum >> (5 * (5 - i)) & 31];
        snprintf(text, sizeof text, "age1%s", digits);
        assert_err(last % 16 ? ERR_DATA : ERR_OK, parse_recipient(text));
    }
}

static void a_bad_line_of_an_identity_file_is_passed_over(void **state)
{
    (void)state;
    struct identity ids[2];
    size_t n;
    char text[512];
    snprintf(text, sizeof text, "# created\n\n%s\r\n#\n%s", secret_text, secret_text);
    assert_ok(identity_file(ids, 2, &n, text, strlen(text)));
    assert_int_equal(2, n);
    assert_err(ERR_DATA, identity_file(ids, 1, &n, text, strlen(text)));
    snprintf(text, sizeof text, "# created\n\n%s\n %s\n", secret_text, secret_text);
    assert_err(ERR_DATA, identity_file(ids, 2, &n, text, strlen(text)));
    assert_non_null(strstr(err_text(), "line 4"));
    assert_null(strstr(err_text(), "GFPYY")); /* a message shows no secret */
    assert_err(ERR_DATA, identity_file(ids, 2, &n, "# nothing\n", 10));
    assert_err(ERR_DATA, identity_file(ids, 2, &n, "", 0));
    assert_err(ERR_DATA, identity_file(ids, 2, &n, public_text, strlen(public_text)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_specification_and_we_disagree),
        cmocka_unit_test(age_keygen_and_we_disagree),
        cmocka_unit_test(a_mistyped_character_is_accepted),
        cmocka_unit_test(case_is_mixed_or_turned_over),
        cmocka_unit_test(a_longer_or_shorter_text_is_accepted),
        cmocka_unit_test(padding_bits_are_free_to_choose),
        cmocka_unit_test(a_bad_line_of_an_identity_file_is_passed_over),
    };
    return cmocka_run_group_tests_name("seal identity", tests, tools_setup, tools_teardown);
}
