#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tui/widgets/sheet.h"

#include <locale.h>
#include <string.h>

static char memory[4096];
static struct sheet s;

static void type(const char *text)
{
    for (; *text; text++)
        assert_true(sheet_key(&s, &(struct key){.code = *text == '\n' ? K_ENTER : K_CHAR, .c = (uint32_t)*text}));
}

static void press(enum key_code code)
{
    sheet_key(&s, &(struct key){.code = code});
}

static void begin(const char *text)
{
    sheet_init(&s, memory, sizeof memory);
    s.cols = 10;
    s.rows = 4;
    type(text);
}

static void stands_at(size_t line, int column)
{
    int c;
    assert_int_equal(line, sheet_caret(&s.edit, 10, &c));
    assert_int_equal(column, c);
}

static void the_caret_stands_beside_its_letter(void **state)
{
    (void)state;
    begin("");
    stands_at(0, 0);
    begin("abc");
    stands_at(0, 3);
    begin("abc\n");
    stands_at(1, 0);
    begin("abc\n\nd");
    stands_at(2, 1);
    begin("0123456789"); /* just full */
    stands_at(0, 10);
    begin("0123456789a"); /* broken where there is no blank */
    stands_at(1, 1);
    begin("aaaa bbbb cccc");
    stands_at(1, 4);
    press(K_HOME);
    stands_at(0, 0);
    press(K_END);
    stands_at(1, 4);
}

static void up_and_down_leave_the_line_that_is_seen(void **state)
{
    (void)state;
    begin("aaaa bbbb cccc dddd ee\nf");
    stands_at(3, 1);
    press(K_UP);
    stands_at(2, 1);
    press(K_UP);
    stands_at(1, 1);
    press(K_UP);
    press(K_UP);
    press(K_UP);
    stands_at(0, 0);
    press(K_PAGE_DOWN);
    stands_at(3, 0);
    press(K_DOWN);
    stands_at(3, 1); /* the end */
    begin("0123456789abcdefghij\nx");
    press(K_UP);
    stands_at(1, 1);
    press(K_END);
    stands_at(1, 10);
    press(K_UP);
    stands_at(0, 9); /* not behind the break: that is the line below */
}

static void a_text_grows_beyond_its_memory(void **state)
{
    (void)state;
    char small[16];
    sheet_init(&s, small, sizeof small);
    for (int i = 0; i < 40; i++)
        sheet_key(&s, &(struct key){.code = K_CHAR, .c = 0x44f});
    assert_int_equal(14, strlen(small));
    press(K_BACKSPACE);
    assert_int_equal(12, strlen(small));
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_caret_stands_beside_its_letter),
        cmocka_unit_test(up_and_down_leave_the_line_that_is_seen),
        cmocka_unit_test(a_text_grows_beyond_its_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
