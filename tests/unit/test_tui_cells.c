#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tui/widgets/cells.h"

#include <locale.h>
#include <string.h>

static int use_utf8(void **state)
{
    (void)state;
    return setlocale(LC_CTYPE, "C.UTF-8") ? 0 : -1;
}

static const char *fit(const char *s, int width, enum cells_side side)
{
    static char out[CELLS_BYTES];
    cells_fit(out, sizeof out, s, width, side);
    return out;
}

static const char *escape(const char *s)
{
    static char out[CELLS_BYTES];
    cells_escape(out, sizeof out, s);
    return out;
}

static void columns_do_not_stand_below_each_other(void **state)
{
    (void)state;
    static const char *const t[] = {"",     "a", "камера",   "қазақша", "日本語", "e\u0301e\u0301",
                                    "a日b", "😀", "шлагбаум", "日"};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
        for (int width = 0; width < 12; width++)
            for (int side = CELLS_LEFT; side <= CELLS_MIDDLE; side++)
                assert_int_equal(width, cells_width(fit(t[i], width, (enum cells_side)side)));
    assert_string_equal("кам…", fit("камера", 4, CELLS_LEFT));
    assert_string_equal("  ab", fit("ab", 4, CELLS_RIGHT));
    assert_string_equal(" ab ", fit("ab", 4, CELLS_MIDDLE));
    assert_string_equal("日… ", fit("日本語", 4, CELLS_LEFT)); /* the second wide letter has one column left */
    assert_string_equal("e\u0301…", fit("e\u0301e\u0301e\u0301", 2, CELLS_LEFT));
}

static void a_file_name_moves_the_cursor_or_turns_the_line(void **state)
{
    (void)state;
    assert_string_equal("a\\x1b[2Jb", escape("a\033[2Jb"));
    assert_string_equal("a\\x0ab", escape("a\nb"));
    assert_string_equal("\\u{202e}gpj.exe", escape("\u202egpj.exe"));
    assert_string_equal("\\u{200f}x", escape("\u200fx"));
    assert_string_equal("\\xff", escape("\xff"));
    assert_string_equal("\\u{009b}1m", escape("\xc2\x9b"
                                              "1m"));
    assert_string_equal("C:\\x", escape("C:\\x")); /* what came escaped stays as it is */
    assert_string_equal("ы\\", escape("ы\\"));
    assert_string_equal(" \u0301a", escape("\u0301a")); /* nothing to stand on */
    char little[6];
    cells_escape(little, sizeof little, "ab\u202e");
    assert_string_equal("ab\\u{", little);
    cells_escape(little, sizeof little, "ыыы");
    assert_string_equal("ыы", little); /* not half a letter */
}

static void a_line_breaks_in_a_letter_or_loses_one(void **state)
{
    (void)state;
    const char *s = "Ключ не подошёл: 日本語日本語日本語 e\u0301\u0301 abc\nnext";
    for (int width = 1; width < 40; width++) {
        size_t all = 0, next;
        for (const char *p = s; *p; p += next) {
            size_t n = cells_line(p, width, &next);
            assert_true(next > 0 && n <= next && next - n <= 1);
            int w = 0, most = 0;
            for (size_t i = 0, k; i < n && (k = cells_letter(p + i, &w)) > 0; i += k)
                most += w;
            assert_true(most <= width || width < 2);
            assert_true((p[next] & 0xc0) != 0x80);
            all += next;
        }
        assert_int_equal(strlen(s), all);
    }
    size_t next;
    assert_int_equal(3, cells_line("abc defg", 5, &next));
    assert_int_equal(4, next);
    assert_int_equal(3, cells_line("abc\n\ndef", 5, &next));
    assert_int_equal(4, next);
}

static void finding_minds_the_case(void **state)
{
    (void)state;
    assert_true(cells_find("Бригада 7", "БРИ"));
    assert_true(cells_find("ӘБДІ", "әбді"));
    assert_true(cells_find("abc", ""));
    assert_true(cells_find("abcd", "CD"));
    assert_false(cells_find("abc", "abd"));
    assert_false(cells_find("", "a"));
}

static void a_typed_letter_is_torn(void **state)
{
    (void)state;
    char s[8] = "";
    static const uint32_t letters[] = {'a', 0x44f, 0x20ac};
    for (size_t i = 0; i < 3; i++)
        assert_true(cells_put(s, sizeof s, letters[i]));
    assert_string_equal("aя€", s);
    assert_false(cells_put(s, sizeof s, 0x44f)); /* no room for two bytes and the NUL */
    cells_chop(s);
    assert_string_equal("aя", s);
    assert_true(cells_put(s, sizeof s, 0x1f600));
    assert_string_equal("aя😀", s);
    for (int i = 0; i < 5; i++)
        cells_chop(s);
    assert_string_equal("", s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_do_not_stand_below_each_other),
        cmocka_unit_test(a_file_name_moves_the_cursor_or_turns_the_line),
        cmocka_unit_test(a_line_breaks_in_a_letter_or_loses_one),
        cmocka_unit_test(finding_minds_the_case),
        cmocka_unit_test(a_typed_letter_is_torn),
    };
    return cmocka_run_group_tests_name("tui cells", tests, use_utf8, NULL);
}
