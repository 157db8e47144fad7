#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tui/widgets/table.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

static int use_utf8(void **state)
{
    (void)state;
    return setlocale(LC_CTYPE, "C.UTF-8") ? 0 : -1;
}

static const struct table_column columns[] = {{"a", 8, 1, 0}, {"b", 8, 0, 0}};

/* A source of so many rows, whose row i is called "r" and i + shift; it
 * answers when it is told to. */
struct source {
    struct table list;
    size_t rows, shift, asked;
    unsigned ticket;
    size_t from, count;
    char text[TABLE_FIND];
};

static void want(void *ctx, unsigned ticket, const char *text, size_t from, size_t count)
{
    struct source *s = ctx;
    s->asked++;
    s->ticket = ticket;
    s->from = from;
    s->count = count;
    snprintf(s->text, sizeof s->text, "%s", text);
}

static void reply(struct source *s)
{
    unsigned ticket = s->ticket;
    for (size_t i = s->from; i < s->from + s->count && i < s->rows; i++) {
        char id[24];
        snprintf(id, sizeof id, "r%zu", i + s->shift);
        const char *cells[] = {id, NULL};
        assert_int_equal(ERR_OK, table_add(&s->list, ticket, id, LOOK_NORMAL, cells));
    }
    table_end(&s->list, ticket, s->rows);
}

static void begin(struct source *s, size_t rows)
{
    *s = (struct source){.rows = rows};
    table_init(&s->list, columns, 2, want, s);
    table_reload(&s->list);
    s->list.page = 20;
    reply(s);
}

static void press(struct table *l, enum key_code code)
{
    assert_true(table_key(l, &(struct key){code, 0}));
}

static void type(struct table *l, const char *s)
{
    for (; *s; s++)
        assert_true(table_key(l, &(struct key){K_CHAR, (unsigned char)*s}));
}

static void is_selected(const struct table *l, const char *id)
{
    assert_non_null(table_selected(l));
    assert_string_equal(id, table_selected(l)->id);
    assert_true(l->at >= l->top && l->at < l->top + l->page);
}

static void a_million_rows_are_held_or_asked_one_by_one(void **state)
{
    (void)state;
    struct source s;
    begin(&s, 1000000);
    assert_int_equal(1, s.asked);
    assert_true(s.list.n_rows <= TABLE_WINDOW);
    is_selected(&s.list, "r0");
    press(&s.list, K_END);
    assert_null(table_selected(&s.list)); /* not here yet */
    assert_int_equal(2, s.asked);
    reply(&s);
    is_selected(&s.list, "r999999");
    assert_int_equal(999980, s.list.top);
    press(&s.list, K_HOME);
    reply(&s);
    is_selected(&s.list, "r0");
    for (int i = 0; i < 1000; i++) {
        size_t before = s.asked;
        press(&s.list, K_DOWN);
        if (s.asked > before)
            reply(&s);
        assert_non_null(table_selected(&s.list));
    }
    is_selected(&s.list, "r1000");
    assert_true(s.asked < 20);
    table_free(&s.list);
}

static void a_held_down_key_asks_more_than_one_question_at_a_time(void **state)
{
    (void)state;
    struct source s;
    begin(&s, 1000000);
    for (int i = 0; i < 5000; i++)
        press(&s.list, K_PAGE_DOWN);
    assert_int_equal(2, s.asked);
    reply(&s); /* long out of view: the next question is where the person is now */
    assert_int_equal(3, s.asked);
    reply(&s);
    is_selected(&s.list, "r100000");
    table_free(&s.list);
}

static void new_rows_move_the_selection(void **state)
{
    (void)state;
    struct source s;
    begin(&s, 1000);
    for (int i = 0; i < 5; i++)
        press(&s.list, K_DOWN);
    is_selected(&s.list, "r5");
    size_t line = s.list.at - s.list.top;
    s.shift = (size_t)-3; /* three came in at the top */
    s.rows += 3;
    table_reload(&s.list);
    reply(&s);
    is_selected(&s.list, "r5");
    assert_int_equal(8, s.list.at);
    assert_int_equal(line, s.list.at - s.list.top);
    s.rows = 2; /* and it is gone */
    table_reload(&s.list);
    reply(&s);
    assert_non_null(table_selected(&s.list));
    assert_int_equal(1, s.list.at);
    s.rows = 0;
    table_reload(&s.list);
    reply(&s);
    assert_null(table_selected(&s.list));
    press(&s.list, K_DOWN);
    press(&s.list, K_END);
    press(&s.list, K_PAGE_UP);
    assert_null(table_selected(&s.list));
    table_free(&s.list);
}

static void an_answer_to_what_was_typed_before_is_shown(void **state)
{
    (void)state;
    struct source s;
    begin(&s, 1000);
    type(&s.list, "a");
    assert_string_equal("a", s.text);
    unsigned old = s.ticket;
    type(&s.list, "bc");
    reply(&s); /* to "a" */
    assert_string_equal("abc", s.text);
    assert_int_equal(0, s.list.n_coming);
    const char *cells[] = {"x", "x"};
    assert_int_equal(ERR_OK, table_add(&s.list, old, "x", LOOK_NORMAL, cells));
    assert_int_equal(0, s.list.n_coming);
    s.rows = 1;
    reply(&s);
    assert_int_equal(1, s.list.total);
    assert_true(table_key(&s.list, &(struct key){K_ESC, 0})); /* all letters go */
    assert_string_equal("", s.text);
    assert_false(table_key(&s.list, &(struct key){K_ESC, 0})); /* the screen's */
    table_fail(&s.list, s.ticket);
    assert_int_equal(1, s.list.total); /* what was here stays */
    table_free(&s.list);
}

static void fill(struct table *l, const char *const names[], size_t n)
{
    table_reload(l);
    for (size_t i = 0; i < n; i++) {
        const char *cells[] = {names[i], i % 2 ? "odd" : "even"};
        assert_int_equal(ERR_OK, table_add(l, 0, names[i], LOOK_NORMAL, cells));
    }
    table_end(l, 0, 0);
}

static void a_held_list_finds_in_one_column_alone(void **state)
{
    (void)state;
    static const char *const names[] = {"Aigul", "Berik", "Aliya", "Dana"};
    static const char *const later[] = {"Zarina", "Aigul", "Aliya"};
    struct table l;
    table_init(&l, columns, 2, NULL, NULL);
    l.page = 20;
    fill(&l, names, 4);
    assert_int_equal(4, l.total);
    type(&l, "ALI");
    assert_int_equal(1, l.total);
    is_selected(&l, "Aliya");
    press(&l, K_ESC);
    assert_int_equal(4, l.total);
    is_selected(&l, "Aliya"); /* where the person was */
    type(&l, "odd");
    assert_int_equal(2, l.total);
    assert_true(table_key(&l, &(struct key){K_BACKSPACE, 0}));
    press(&l, K_ESC);
    type(&l, "li");
    is_selected(&l, "Aliya");
    fill(&l, later, 3);
    is_selected(&l, "Aliya");
    assert_int_equal(1, l.total);
    assert_true(table_key(&l, &(struct key){K_CHAR, ' '})); /* nothing has "li " */
    assert_null(table_selected(&l));
    table_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_million_rows_are_held_or_asked_one_by_one),
        cmocka_unit_test(a_held_down_key_asks_more_than_one_question_at_a_time),
        cmocka_unit_test(new_rows_move_the_selection),
        cmocka_unit_test(an_answer_to_what_was_typed_before_is_shown),
        cmocka_unit_test(a_held_list_finds_in_one_column_alone),
    };
    return cmocka_run_group_tests_name("tui table", tests, use_utf8, NULL);
}
