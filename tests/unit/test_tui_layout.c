#include "tui/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <locale.h>
#include <wchar.h>

#include <cmocka.h>

static bool reads(const char *typed, const char *want)
{
    char out[256];
    size_t n;
    for (size_t i = 0; layout_reading(typed, strlen(typed), i, out, sizeof out, &n); i++)
        if (strcmp(out, want) == 0)
            return n == strlen(want);
    return false;
}

static void a_word_in_the_wrong_layout_is_read_by_its_keys(void **state)
{
    (void)state;
    assert_true(reads("ыефегы", "status"));
    assert_true(reads("СЩВУ", "CODE"));
    assert_true(reads("--рудз", "--help"));
    assert_true(reads("өөрудз", "--help"));
    assert_true(reads("әқәұ", "2029"));
    assert_true(reads("ntktajy", "телефон"));
    assert_true(reads("3fkvfns", "іалматы"));
    assert_true(reads("кошкаә", "кошка2"));
    assert_true(reads("абв 123", "f,d 123"));
}

static void the_first_reading_is_what_was_typed_and_none_comes_twice(void **state)
{
    static const char *const texts[] = {"status", "ыефегы", "123", "", "а1", "😀", "\xff\xfe", "mixed смесь"};
    (void)state;
    for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++) {
        char out[LAYOUT_READINGS + 1][64];
        size_t n, count = 0;
        while (layout_reading(texts[t], strlen(texts[t]), count, out[count], 64, &n)) {
            for (size_t k = 0; k < count; k++)
                assert_string_not_equal(out[k], out[count]);
            count++;
        }
        assert_in_range(count, 1, LAYOUT_READINGS);
        assert_string_equal(out[0], texts[t]);
    }
    assert_false(reads("mixed смесь", "mixed cvtcm"));
}

static void a_reading_that_does_not_fit_is_none(void **state)
{
    char out[8];
    size_t n;
    (void)state;
    assert_true(layout_reading("абвгде", 12, 1, out, 7, &n));
    assert_false(layout_reading("абвгде", 12, 1, out, 6, &n));
    assert_false(layout_reading("абвгде", 12, 0, out, 8, &n));
    assert_false(layout_reading("abcdef", 6, 1, out, 8, &n));
}

/* ckbcomp prints the console keymap of a layout from xkeyboard-config's own
 * files: "keycode 16 = +U+0439 +U+0419 ..." */
static void the_tables_are_those_of_xkb(void **state)
{
    static const char *const layouts[] = {"us", "ru -variant winkeys", "kz"};
    uint32_t map[3][64][2] = {0};
    (void)state;
    if (system("command -v ckbcomp >/dev/null 2>&1") != 0)
        skip();
    for (size_t l = 0; l < 3; l++) {
        char command[128], line[4096];
        snprintf(command, sizeof command, "ckbcomp -model pc105 -layout %s 2>/dev/null", layouts[l]);
        FILE *p = popen(command, "r");
        assert_non_null(p);
        while (fgets(line, sizeof line, p)) {
            unsigned key;
            char *save = NULL;
            if (sscanf(line, "keycode %u =", &key) != 1 || key >= 64)
                continue;
            char *word = strtok_r(strchr(line, '=') + 1, " ", &save);
            for (unsigned shift = 0; word && shift < 2; shift++, word = strtok_r(NULL, " ", &save)) {
                word += *word == '+';
                if (strncmp(word, "U+", 2) == 0)
                    map[l][key][shift] = (uint32_t)strtoul(word + 2, NULL, 16);
            }
        }
        pclose(p);
    }
    unsigned seen = 0;
    for (unsigned key = 0; key < 64; key++)
        for (unsigned shift = 0; shift < 2; shift++)
            for (unsigned l = 1; l < 3; l++) {
                char typed[16], want[16];
                if (!map[0][key][shift] || !map[l][key][shift])
                    continue;
                snprintf(typed, sizeof typed, "%lc", (wint_t)map[l][key][shift]);
                snprintf(want, sizeof want, "%lc", (wint_t)map[0][key][shift]);
                if (!reads(typed, want) && strcmp(typed, want) != 0)
                    fail_msg("key %u: layout %s has %s where us has %s", key, layouts[l], typed, want);
                seen++;
            }
    assert_in_range(seen, 180, 200);
}

static void two_alphabets_in_one_text_show(void **state)
{
    (void)state;
    assert_true(layout_mixed("абc", 5));
    assert_false(layout_mixed("абв 1", 8));
    assert_false(layout_mixed("abc 1", 5));
}

static void one_letter_finds_its_us_key(void **state)
{
    (void)state;
    assert_int_equal(layout_us(U'ф'), 'a');
    assert_int_equal(layout_us(U'ә'), '2');
    assert_int_equal(layout_us(U'Қ'), ')');
    assert_int_equal(layout_us('q'), 'q');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_in_the_wrong_layout_is_read_by_its_keys),
        cmocka_unit_test(the_first_reading_is_what_was_typed_and_none_comes_twice),
        cmocka_unit_test(a_reading_that_does_not_fit_is_none),
        cmocka_unit_test(the_tables_are_those_of_xkb),
        cmocka_unit_test(two_alphabets_in_one_text_show),
        cmocka_unit_test(one_letter_finds_its_us_key),
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
