#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tui/keys.h"
#include "tui/screens/screens.h"
#include "tui/widgets/echo.h"

#include <string.h>

/* What the bytes are as keys, all in one read, the time for more being over. */
static size_t decode(const char *bytes, size_t n, struct key out[], size_t max)
{
    struct key_reader r = {0};
    size_t k = 0;
    while (n > 0) {
        size_t took = key_feed(&r, bytes, n);
        bytes += took;
        n -= took;
        while (k < max && key_next(&r, n == 0, &out[k]))
            k++;
        assert_true(took > 0 || n == 0);
    }
    assert_false(key_is_open(&r));
    return k;
}

static enum key_code one(const char *bytes)
{
    struct key k[8];
    size_t n = decode(bytes, strlen(bytes), k, 8);
    assert_int_equal(1, n);
    return k[0].code;
}

static void a_terminal_s_function_keys_are_not_known(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        enum key_code code;
    } t[] = {
        {"\033OP", K_F1},         {"\033OS", K_F4},      {"\033[11~", K_F1},    {"\033[15~", K_F5},
        {"\033[17~", K_F6},       {"\033[21~", K_F10},   {"\033[24~", K_F12},   {"\033[[A", K_F1},
        {"\033[[E", K_F5},        {"\033[A", K_UP},      {"\033OB", K_DOWN},    {"\033[C", K_RIGHT},
        {"\033OD", K_LEFT},       {"\033[H", K_HOME},    {"\033OF", K_END},     {"\033[1~", K_HOME},
        {"\033[4~", K_END},       {"\033[7~", K_HOME},   {"\033[8~", K_END},    {"\033[5~", K_PAGE_UP},
        {"\033[6~", K_PAGE_DOWN}, {"\033[3~", K_DELETE}, {"\033[2~", K_INSERT}, {"\033[Z", K_BACKTAB},
        {"\r", K_ENTER},          {"\n", K_ENTER},       {"\t", K_TAB},         {"\177", K_BACKSPACE},
        {"\b", K_BACKSPACE},      {"\033", K_ESC},       {"\033[15;2~", K_F5},  {"\033[1;5A", K_UP},
        {"\033OM", K_ENTER},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
        assert_int_equal(t[i].code, one(t[i].bytes));
    struct key k[2];
    assert_int_equal(1, decode("\033Oq", 3, k, 2)); /* the keypad's 1 in application mode */
    assert_int_equal(K_CHAR, k[0].code);
    assert_int_equal('1', k[0].c);
}

static void an_unknown_sequence_acts_as_esc_and_letters(void **state)
{
    (void)state;
    static const char *const t[] = {"\033[200~", "\033[<0;1;2M", "\033[?1;2c", "\033x",   "\033[25~", "\033[",
                                    "\033O",     "\033[1;2",     "\033O5",     "\033[[Z", "\033ы"};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
        assert_int_equal(K_NONE, one(t[i]));
    struct key k[4];
    assert_int_equal(2, decode("\033[1\033[A", 6, k, 4)); /* one broken off by the next */
    assert_int_equal(K_NONE, k[0].code);
    assert_int_equal(K_UP, k[1].code);
    char endless[200];
    memset(endless, '1', sizeof endless);
    memcpy(endless, "\033[", 2);
    struct key many[200];
    size_t n = decode(endless, sizeof endless, many, 200);
    assert_int_equal(K_NONE, many[0].code); /* the rest are plain digits again */
    assert_true(n < sizeof endless);
}

static void a_key_cut_by_a_slow_line_is_torn(void **state)
{
    (void)state;
    static const char *const t[] = {"\033[15~", "\033[[B", "\033OP", "ы", "€", "😀"};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct key_reader r = {0};
        struct key k;
        size_t n = strlen(t[i]);
        for (size_t b = 0; b + 1 < n; b++) {
            key_feed(&r, t[i] + b, 1);
            assert_false(key_next(&r, false, &k));
            assert_true(key_is_open(&r));
        }
        key_feed(&r, t[i] + n - 1, 1);
        assert_true(key_next(&r, false, &k));
        assert_true(k.code != K_NONE && k.code != K_ESC);
        assert_false(key_is_open(&r));
    }
}

static void broken_utf_8_types_something(void **state)
{
    (void)state;
    struct key k[8];
    size_t n = decode("\xff\xc3(\xe2\x82", 5, k, 8);
    for (size_t i = 0; i < n; i++)
        assert_true(k[i].code == K_NONE || (k[i].code == K_CHAR && k[i].c == '('));
    assert_true(n >= 3);
}

static void a_learnt_sequence_is_cut_by_a_shorter_one(void **state)
{
    (void)state;
    struct key_reader r = {0};
    struct key k;
    key_learn(&r, "\033[L", K_INSERT);
    key_learn(&r, "\033[L1", K_F7);
    key_learn(&r, NULL, K_F8);
    key_learn(&r, "x", K_F8);
    assert_int_equal(2, r.n_learnt);
    key_feed(&r, "\033[L1", 4);
    assert_true(key_next(&r, false, &k));
    assert_int_equal(K_F7, k.code);
    key_feed(&r, "\033[L", 3);
    assert_true(key_next(&r, false, &k));
    assert_int_equal(K_INSERT, k.code);
}

static void a_digit_typed_on_a_kazakh_layout_is_lost(void **state)
{
    (void)state;
    assert_int_equal(3, keys_digit(&(struct key){K_CHAR, '3'}));
    assert_int_equal(2, keys_digit(&(struct key){K_CHAR, 0x04d9})); /* ә stands on the 2 */
    assert_int_equal(0, keys_digit(&(struct key){K_CHAR, '0'}));
    assert_int_equal(0, keys_digit(&(struct key){K_UP, 0}));
}

static void a_held_down_key_answers_the_question_it_opened(void **state)
{
    (void)state;
    const struct key enter = {K_ENTER, 0}, two = {K_CHAR, '2'};
    struct echo e;
    echo_start(&e, &enter, 7, 1000, true);
    assert_true(echo_is(&e, &enter, 7, 1000)); /* of the same read */
    int64_t t = 1450;                          /* the keyboard begins to repeat */
    for (int i = 0; i < 100; i++, t += 33)
        assert_true(echo_is(&e, &enter, 8, t));
    assert_false(echo_is(&e, &enter, 9, t + ECHO_REPEAT)); /* let go, and pressed again */
    assert_false(echo_is(&e, &enter, 10, t + ECHO_REPEAT + 1));
    echo_start(&e, &enter, 7, 1000, true);
    assert_false(echo_is(&e, &two, 8, 1001)); /* an answer given fast is one */
    echo_start(&e, &enter, 7, 1000, false);
    assert_true(echo_is(&e, &enter, 7, 1000));
    assert_false(echo_is(&e, &enter, 8, 1001)); /* a list is no question */
}

static void two_keys_of_a_screen_are_the_same(void **state)
{
    (void)state;
    for (size_t s = 0; screens[s]; s++) {
        size_t on_row = 0;
        assert_non_null(screens[s]->paint);
        assert_non_null(screens[s]->title);
        for (size_t i = 0; i < screens[s]->n_keys; i++) {
            const struct key_row *r = &screens[s]->keys[i];
            assert_true(r->act >= ACT_OWN && r->help);
            assert_true(r->code == K_NONE || (r->code >= K_F2 && r->code <= K_F9));
            assert_true(r->code != K_NONE || r->on_row);
            assert_true(!r->label || strlen(r->label) <= KEY_LABEL);
            on_row += r->on_row;
            for (size_t k = 0; k < i; k++)
                assert_true(r->act != screens[s]->keys[k].act && (!r->code || r->code != screens[s]->keys[k].code));
        }
        assert_true(on_row <= 9 && (on_row == 0 || screens[s]->act));
        for (size_t k = 0; k < s; k++) {
            assert_string_not_equal(screens[k]->name, screens[s]->name);
            assert_true(!screens[s]->menu || screens[s]->menu != screens[k]->menu);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_terminal_s_function_keys_are_not_known),
        cmocka_unit_test(an_unknown_sequence_acts_as_esc_and_letters),
        cmocka_unit_test(a_key_cut_by_a_slow_line_is_torn),
        cmocka_unit_test(broken_utf_8_types_something),
        cmocka_unit_test(a_learnt_sequence_is_cut_by_a_shorter_one),
        cmocka_unit_test(a_digit_typed_on_a_kazakh_layout_is_lost),
        cmocka_unit_test(a_held_down_key_answers_the_question_it_opened),
        cmocka_unit_test(two_keys_of_a_screen_are_the_same),
    };
    return cmocka_run_group_tests_name("tui key", tests, NULL, NULL);
}
