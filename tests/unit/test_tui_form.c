#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tui/widgets/ask.h"
#include "tui/widgets/cells.h"
#include "tui/widgets/form.h"
#include "tui/widgets/progress.h"

#include "storage/base/text.h"
#include "storage/seal/hash.h"

#include <locale.h>
#include <string.h>

static int start(void **state)
{
    (void)state;
    return setlocale(LC_CTYPE, "C.UTF-8") && hash_start() == ERR_OK ? 0 : -1;
}

static void edit_type(struct edit *e, const char *s)
{
    uint32_t c = 0;
    for (size_t n; *s && (n = text_letter(s, strlen(s), &c)) > 0; s += n)
        assert_true(edit_key(e, &(struct key){K_CHAR, c}));
}

static bool edit_press(struct edit *e, enum key_code code)
{
    return edit_key(e, &(struct key){code, 0});
}

static void the_caret_stops_inside_a_letter(void **state)
{
    (void)state;
    char p[32];
    struct edit e;
    edit_init(&e, p, sizeof p, false);
    edit_type(&e, "aя日");
    edit_type(&e, "e\u0301");
    assert_int_equal(9, e.len);
    edit_press(&e, K_LEFT);
    assert_int_equal(6, e.caret); /* in front of the e with its accent */
    edit_press(&e, K_LEFT);
    edit_press(&e, K_LEFT);
    assert_int_equal(1, e.caret);
    edit_press(&e, K_DELETE);
    assert_string_equal("a日e\u0301", p);
    edit_press(&e, K_END);
    edit_press(&e, K_BACKSPACE);
    assert_string_equal("a日", p);
    edit_press(&e, K_HOME);
    edit_type(&e, "x");
    assert_string_equal("xa日", p);
    assert_true(edit_press(&e, K_BACKSPACE) &&
                edit_press(&e, K_BACKSPACE)); /* at the beginning: nothing, and no leak */
    assert_int_equal(0, e.caret);
}

static void more_is_typed_than_there_is_room_for(void **state)
{
    (void)state;
    char p[6];
    struct edit e;
    edit_init(&e, p, sizeof p, false);
    edit_type(&e, "яяяя");
    assert_string_equal("яя", p);
    edit_set(&e, "abяяя");
    assert_string_equal("abя", p);
}

static void lines_are_edited_as_one(void **state)
{
    (void)state;
    char p[64];
    struct edit e;
    edit_init(&e, p, sizeof p, true);
    edit_type(&e, "abcd");
    assert_true(edit_press(&e, K_ENTER));
    edit_type(&e, "ef");
    assert_string_equal("abcd\nef", p);
    assert_true(edit_press(&e, K_UP));
    assert_int_equal(2, e.caret);
    assert_false(edit_press(&e, K_UP)); /* out of the field */
    edit_press(&e, K_END);
    assert_int_equal(4, e.caret);
    assert_true(edit_press(&e, K_DOWN));
    assert_int_equal(7, e.caret);
    assert_false(edit_press(&e, K_DOWN));
    edit_press(&e, K_HOME);
    assert_int_equal(5, e.caret);
    edit_press(&e, K_BACKSPACE);
    assert_string_equal("abcdef", p);
}

static const struct form_field fields[] = {
    {.name = "head", .label = "Station", .kind = FORM_SHOWN},
    {.name = "who", .label = "Who", .kind = FORM_TEXT, .needed = true},
    {.name = "pass", .label = "Passphrase", .kind = FORM_SECRET},
    {.name = "what", .label = "What", .kind = FORM_CHOICE, .choices = {"one", "two", "three"}},
    {.name = "when", .label = "When", .kind = FORM_DATE},
};

static enum form_answer press(struct form *f, enum key_code code)
{
    return form_key(f, &(struct key){code, 0});
}

static void type(struct form *f, const char *s)
{
    for (; *s; s++)
        form_key(f, &(struct key){K_CHAR, (unsigned char)*s});
}

static void a_form_is_done_before_its_last_field(void **state)
{
    (void)state;
    struct form f;
    assert_int_equal(ERR_OK, form_init(&f, fields, 5));
    assert_int_equal(1, f.at); /* nothing can be typed into the first */
    assert_string_equal("\"Who\" is empty; it is needed", form_problem(&f));
    type(&f, "aigul");
    assert_int_equal(FORM_TAKEN, press(&f, K_ENTER));
    type(&f, "secret");
    assert_int_equal(6, form_secret(&f, "pass")->len);
    assert_string_equal("secret", form_secret(&f, "pass")->p);
    press(&f, K_BACKSPACE);
    assert_int_equal(5, form_secret(&f, "pass")->len);
    assert_int_equal(FORM_TAKEN, press(&f, K_DOWN));
    assert_int_equal(FORM_CHANGED, press(&f, K_LEFT));
    assert_int_equal(2, form_choice(&f, "what"));
    type(&f, "2x");
    assert_int_equal(1, form_choice(&f, "what"));
    assert_int_equal(FORM_TAKEN, press(&f, K_ENTER));
    assert_int_equal(FORM_DONE, press(&f, K_ENTER));
    assert_null(form_problem(&f));
    assert_int_equal(FORM_NOT_MINE, press(&f, K_ESC));
    assert_int_equal(FORM_NOT_MINE, press(&f, K_F5));
    press(&f, K_TAB); /* round */
    assert_int_equal(1, f.at);
    press(&f, K_UP);
    assert_int_equal(1, f.at);
    form_wipe(&f, "pass");
    assert_int_equal(0, form_secret(&f, "pass")->len);
    form_free(&f);
}

static void a_date_needs_signs_or_takes_a_wrong_day(void **state)
{
    (void)state;
    struct form f;
    assert_int_equal(ERR_OK, form_init(&f, fields, 5));
    form_set(&f, "who", "x");
    form_go(&f, "when");
    type(&f, "20261122");
    assert_string_equal("2026-11-22", form_text(&f, "when"));
    assert_null(form_problem(&f));
    type(&f, "1005x7");
    assert_string_equal("2026-11-22 10:05", form_text(&f, "when"));
    assert_null(form_problem(&f));
    static const char *const wrong[] = {"2026-02-30", "2026-1", "2026-11-22 25:00", "2026-11-22 1"};
    for (size_t i = 0; i < 4; i++) {
        form_set(&f, "when", wrong[i]);
        assert_non_null(form_problem(&f));
    }
    form_free(&f);
}

static void a_passphrase_in_the_wrong_layout_goes_unnoticed(void **state)
{
    (void)state;
    struct form f;
    assert_int_equal(ERR_OK, form_init(&f, fields, 5));
    form_set(&f, "pass", "lusab");
    assert_false(form_is_cyrillic(&f, "pass"));
    form_set(&f, "pass", "lusф");
    assert_true(form_is_cyrillic(&f, "pass"));
    form_free(&f);
}

static int answer(struct ask *a, enum key_code code, char c)
{
    return ask_key(a, &(struct key){code, (unsigned char)c});
}

static void enter_says_yes(void **state)
{
    (void)state;
    struct ask a;
    ask_yes_no(&a, "Erase?");
    assert_int_equal(0, answer(&a, K_ENTER, 0));
    assert_int_equal(1, answer(&a, K_CHAR, '2'));
    assert_int_equal(ASK_OPEN, answer(&a, K_CHAR, '3'));
    assert_int_equal(ASK_OPEN, answer(&a, K_DOWN, 0));
    assert_int_equal(1, answer(&a, K_ENTER, 0));
    assert_int_equal(ASK_LEAVE, answer(&a, K_ESC, 0));
    ask_word(&a, "Erase?", "BWC-1");
    assert_int_equal(ASK_OPEN, answer(&a, K_ENTER, 0));
    for (const char *s = "bwc-1"; *s; s++) {
        assert_int_equal(ASK_OPEN, answer(&a, K_ENTER, 0));
        assert_int_equal(ASK_OPEN, answer(&a, K_CHAR, *s));
    }
    assert_int_equal(1, answer(&a, K_ENTER, 0));
    static const char *const two[] = {"first", "second"};
    ask_choice(&a, "", two, 2);
    a.off[0] = true;
    assert_int_equal(ASK_OPEN, answer(&a, K_CHAR, '1'));
    assert_int_equal(ASK_OPEN, answer(&a, K_ENTER, 0));
    answer(&a, K_DOWN, 0);
    assert_int_equal(1, answer(&a, K_ENTER, 0));
}

static void speed_is_that_of_long_ago(void **state)
{
    (void)state;
    struct progress p;
    progress_start(&p, 0, 100000);
    assert_int_equal(-1, progress_left(&p));
    for (int64_t t = 250; t <= 20000; t += 250)
        progress_set(&p, t, (uint64_t)t, 100000); /* 1,000 a second */
    assert_int_equal(20, progress_percent(&p));
    assert_in_range(progress_speed(&p), 990, 1010);
    assert_in_range(progress_left(&p), 79, 81);
    for (int64_t t = 20250; t <= 40000; t += 250)
        progress_set(&p, t, 20000, 100000); /* and stands */
    assert_int_equal(0, progress_speed(&p));
    assert_int_equal(-1, progress_left(&p));
    progress_set(&p, 41000, 100000, 100000);
    assert_int_equal(100, progress_percent(&p));
    progress_set(&p, 42000, 10, 50); /* another one */
    assert_int_equal(20, progress_percent(&p));
    progress_set(&p, 43000, 10, 0);
    assert_int_equal(-1, progress_percent(&p));
    char text[PROGRESS_TEXT];
    progress_size(text, 999999);
    assert_string_equal("1.0 MB", text);
    progress_time(text, 3900);
    assert_string_equal("1 h 05 min", text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_caret_stops_inside_a_letter),
        cmocka_unit_test(more_is_typed_than_there_is_room_for),
        cmocka_unit_test(lines_are_edited_as_one),
        cmocka_unit_test(a_form_is_done_before_its_last_field),
        cmocka_unit_test(a_date_needs_signs_or_takes_a_wrong_day),
        cmocka_unit_test(a_passphrase_in_the_wrong_layout_goes_unnoticed),
        cmocka_unit_test(enter_says_yes),
        cmocka_unit_test(speed_is_that_of_long_ago),
    };
    return cmocka_run_group_tests_name("tui form", tests, start, NULL);
}
