#include "tests/unit/test_seal_tools.h"

#include "storage/seal/passphrase.h"

static enum err check(const char *s)
{
    return passphrase_check(s, strlen(s));
}

static void generated_words_are_refused(void **state)
{
    (void)state;
    for (int i = 0; i < 2000; i++) {
        struct buf b = {.secret = 1};
        assert_ok(passphrase_words(&b, PASSPHRASE_WORDS));
        assert_int_equal(PASSPHRASE_WORDS * 6 - 1, b.len);
        assert_ok(passphrase_check((const char *)b.p, b.len));
        buf_free(&b);
    }
}

static void generated_words_are_no_proquints_or_repeat(void **state)
{
    (void)state;
    struct buf a = {0}, b = {0};
    assert_ok(passphrase_words(&a, CODE_WORDS));
    assert_ok(passphrase_words(&b, CODE_WORDS));
    assert_int_equal(CODE_WORDS * 6 - 1, a.len);
    for (size_t i = 0; i < a.len; i++) {
        const char *set = i % 6 == 5 ? "-" : i % 6 % 2 ? "aiou" : "bdfghjklmnprstvz";
        assert_non_null(strchr(set, a.p[i]));
    }
    assert_memory_not_equal(a.p, b.p, a.len);
    buf_free(&a);
    buf_free(&b);
    /* every letter comes up at every place */
    bool seen[5][128] = {{0}};
    for (int i = 0; i < 3000; i++) {
        struct buf w = {0};
        assert_ok(passphrase_words(&w, 1));
        for (int k = 0; k < 5; k++)
            seen[k][w.p[k]] = true;
        buf_free(&w);
    }
    for (int k = 0; k < 5; k++) {
        unsigned n = 0;
        for (int c = 0; c < 128; c++)
            n += seen[k][c];
        assert_int_equal(k % 2 ? 4 : 16, n);
    }
}

static void code_is(const char *typed, const char *want)
{
    struct buf b = {0};
    assert_ok(passphrase_code(&b, typed, strlen(typed)));
    assert_string_equal(want, b.p ? (const char *)b.p : "");
    buf_free(&b);
}

static void a_typed_code_is_not_recognised(void **state)
{
    (void)state;
    code_is("lusab-babad", "lusab-babad");
    code_is("LUSAB babad", "lusab-babad");
    code_is("  Lusab --  Babad-gutih \r\n", "lusab-babad-gutih");
    code_is("lusab\tbabad", "lusab-babad");
}

static void another_passphrase_is_changed(void **state)
{
    (void)state;
    code_is("Lusab Babax", "Lusab Babax");
    code_is("lusabbabad", "lusabbabad");
    code_is("LUSAB babad!", "LUSAB babad!");
    code_is(" Two  Words-- ", " Two  Words-- ");
    code_is("lusab-baba", "lusab-baba");
    code_is("\xd0\xb6\xd1\x83\xd0\xba", "\xd0\xb6\xd1\x83\xd0\xba");
    code_is("", "");
    code_is(" - ", " - ");
    struct buf b = {0};
    assert_ok(passphrase_code(&b, "a\0b", 3));
    assert_same(&b, "a\0b", 3);
    buf_free(&b);
}

static void a_guessable_passphrase_is_accepted(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "a",
        "password",
        "password12345",
        "Password12345!",
        "P@ssw0rd2026!",
        "qwertyqwertyqwerty",
        "qwertyuiop[]",
        "111111111111",
        "1111111111111111111111111111",
        "123456789012345678901234567890",
        "Astana2026!",
        "Astana-Almaty-2025",
        "almatyalmaty",
        "abcdefghijklmnopqrstuvwxyz",
        "zyxwvutsrqponmlk",
        "1qaz2wsx3edc",
        "iloveyou",
        "letmein123",
        "admin",
        "Feldsher2024",
        "feldsherfeldsher1",
        "hospital 12",
        "ambulance103",
        "babab-babab-babab-babab-babab",
        "lusab-babad-gutih",
        "01.01.1980",
        "19800101",
        "24121991",
        "+77011234567",
        "Nursultan1997",
        "Marina1985",
        "qwerty123456789",
        "asdfghjkl;'",
        "zxcvbnm,./",
        "passwordpassword",
        "\xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c", /* пароль */
        "\xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c"
        "12345",
        "\xd0\xb9\xd1\x86\xd1\x83\xd0\xba\xd0\xb5\xd0\xbd\xd0\xb3\xd1\x88\xd1\x89\xd0\xb7", /* йцукенгшщз */
        "\xd0\x90\xd1\x81\xd1\x82\xd0\xb0\xd0\xbd\xd0\xb0"
        "2026!", /* Астана2026! */
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "abababababababababababababab",
        "            ",
        "Tr0ub4dor&3",
        "sunshine2023",
        "Summer2025!",
        "qazwsxedcrfv",
        "1q2w3e4r5t6y",
        "q1w2e3r4t5y6",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (check(bad[i]) != ERR_DATA)
            fail_msg("accepted: %s", bad[i]);
        assert_non_null(strchr(err_text(), ';')); /* it says what to do */
        assert_null(strchr(err_text(), '\n'));
        if (strlen(bad[i]) > 4)
            assert_null(strstr(err_text(), bad[i])); /* and never repeats it */
    }
}

static void a_strong_passphrase_is_refused(void **state)
{
    (void)state;
    static const char *const good[] = {
        "lusab-babad-gutih-tugad",
        "LUSAB babad gutih tugad",
        "correct horse battery staple",
        "kX9$mQ2!vL7@",
        "xkqvzbtrwmplgd",
        "purple elephants rarely whistle at noon",
        "8f3b1c9e7a2d4065f1",
        "W7#rz!Tq4&bN",
        ("\xd1\x81\xd0\xb8\xd0\xbd\xd0\xb8\xd0\xb9 \xd1\x82\xd1\x80\xd0\xb0\xd0\xba\xd1\x82\xd0\xbe\xd1\x80 "
         "\xd0\xbf\xd0\xbe\xd1\x91\xd1\x82 \xd0\xbf\xd0\xbe\xd0\xb4 \xd0\xb4\xd0\xbe\xd0\xb6\xd0\xb4\xd1\x91\xd0\xbc"),
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (check(good[i]) != ERR_OK)
            fail_msg("refused: %s: %s", good[i], err_text());
}

static void what_cannot_be_typed_is_accepted(void **state)
{
    (void)state;
    assert_err(ERR_DATA, check("kX9$mQ2!vL7@\x80\x81"));
    assert_err(ERR_DATA, check("kX9$mQ2!vL7@\n8f3b1c9e"));
    assert_err(ERR_DATA, passphrase_check("kX9$mQ2!\0vL7@kX9", 16));
    char *longer = malloc(2000);
    assert_non_null(longer);
    memset(longer, 'a', 2000);
    for (int i = 0; i < 2000; i++)
        longer[i] = "kX9$mQ2!vL7@8f3b1c"[i * i % 17];
    assert_err(ERR_DATA, passphrase_check(longer, 2000));
    assert_ok(passphrase_check(longer, 1024));
    memset(longer, 'a', 2000);
    assert_err(ERR_DATA, passphrase_check(longer, 1024));
    free(longer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generated_words_are_refused),
        cmocka_unit_test(generated_words_are_no_proquints_or_repeat),
        cmocka_unit_test(a_typed_code_is_not_recognised),
        cmocka_unit_test(another_passphrase_is_changed),
        cmocka_unit_test(a_guessable_passphrase_is_accepted),
        cmocka_unit_test(a_strong_passphrase_is_refused),
        cmocka_unit_test(what_cannot_be_typed_is_accepted),
    };
    return cmocka_run_group_tests_name("seal passphrase", tests, tools_setup, tools_teardown);
}
