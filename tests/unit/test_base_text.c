/* Texts from outside, shown in one harmless line: whole, or as much as fits. */
#include "storage/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *from, *to;
} shown[] = {
    {"", ""},
    {"Камера 7", "Камера 7"},
    {"a\033[2Jb\n", "a\\x1b[2Jb\\x0a"},
    {"C:\\x", "C:\\\\x"},
    {"\u202egpj.exe", "\\u{202e}gpj.exe"},
    {"\xff\xd0", "\\xff\\xd0"}, /* no letter, and half of one */
    {"\U000e0001\x7f", "\\u{e0001}\\x7f"},
    {"\xed\xa0\x80", "\\xed\\xa0\\x80"}, /* half of a pair */
};
#define SHOWN (sizeof shown / sizeof shown[0])

static void a_name_moves_the_cursor(void **state)
{
    (void)state;
    for (size_t i = 0; i < SHOWN; i++) {
        struct buf b = {0};
        char all[64];
        size_t n = strlen(shown[i].from);
        assert_int_equal(text_escape(&b, shown[i].from, n), ERR_OK);
        assert_string_equal((const char *)b.p, shown[i].to);
        text_escape_cut(all, sizeof all, shown[i].from, n);
        assert_string_equal(all, shown[i].to);
        buf_free(&b);
    }
}

/* Cut at any length: as many whole letters and escapes as there is room for. */
static void a_cut_leaves_half_a_letter(void **state)
{
    static const char text[] = "ab\\ы\u202e日\033😀\xff"
                               "z";
    static const char *const pieces[] = {"a", "b", "\\\\", "ы", "\\u{202e}", "日", "\\x1b", "😀", "\\xff", "z"};
    (void)state;
    for (size_t cap = 1; cap < 48; cap++) {
        char want[64] = "", cut[64];
        for (size_t i = 0; i < sizeof pieces / sizeof pieces[0] && strlen(want) + strlen(pieces[i]) < cap; i++)
            strcat(want, pieces[i]);
        memset(cut, 'X', sizeof cut);
        text_escape_cut(cut, cap, text, strlen(text));
        assert_string_equal(cut, want);
        assert_int_equal(cut[cap], 'X');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_moves_the_cursor),
        cmocka_unit_test(a_cut_leaves_half_a_letter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
