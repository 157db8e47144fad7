/* When a program that ought to run always is started, and when it is given up. */
#include "tui/screens/keeper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void it_is_started_once_and_only_where_there_is_work(void **state)
{
    struct keeper k = {0};
    (void)state;
    assert_false(keeper_starts(&k, false, false, 0));
    assert_true(keeper_starts(&k, true, false, 0));
    assert_false(keeper_starts(&k, true, true, 0)); /* whoever started it */
}

static void a_death_is_followed_by_a_growing_pause_and_the_sixth_by_a_person(void **state)
{
    struct keeper k = {0};
    int64_t now = 1000, before = 0;
    (void)state;
    for (int i = 1; i < KEEPER_DEATHS; i++) {
        keeper_ended(&k, 75, 100, false, now);
        assert_false(keeper_starts(&k, true, false, now));
        assert_true(k.next - now > before);
        assert_true(k.next - now <= KEEPER_PAUSE_MAX);
        before = k.next - now;
        now = k.next;
        assert_true(keeper_starts(&k, true, false, now));
    }
    keeper_ended(&k, 75, 100, false, now);
    assert_true(k.gave_up);
    assert_false(keeper_starts(&k, true, false, INT64_MAX));
    keeper_want(&k);
    assert_true(keeper_starts(&k, true, false, now));
}

static void who_ran_well_has_not_died_in_a_row(void **state)
{
    struct keeper k = {0};
    (void)state;
    for (int i = 0; i < 3 * KEEPER_DEATHS; i++)
        keeper_ended(&k, 70, KEEPER_WELL, false, 0);
    assert_false(k.gave_up);
    assert_int_equal(k.deaths, 1);
}

static void what_cannot_go_better_is_not_tried_again(void **state)
{
    static const int codes[] = {64, 65, 66, 77};
    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        struct keeper k = {0};
        keeper_ended(&k, codes[i], 10, false, 0);
        assert_true(k.gave_up);
    }
}

static void who_is_asked_to_end_stays_ended(void **state)
{
    struct keeper k = {0};
    (void)state;
    keeper_ended(&k, 0, 5000, false, 0);
    assert_true(k.off);
    assert_false(k.gave_up);
    assert_false(keeper_starts(&k, true, false, INT64_MAX));
}

static void with_new_settings_it_comes_back_at_once(void **state)
{
    struct keeper k = {.again = true};
    (void)state;
    assert_false(keeper_starts(&k, true, false, 10)); /* the old one is ending */
    keeper_ended(&k, 0, 5000, false, 10);
    assert_true(keeper_starts(&k, true, false, 10));
}

static void another_ones_start_is_no_death_of_ours(void **state)
{
    struct keeper k = {0};
    (void)state;
    keeper_ended(&k, 75, 10, true, 0);
    assert_int_equal(k.deaths, 0);
    assert_false(keeper_starts(&k, true, false, KEEPER_OTHERS - 1));
    assert_true(keeper_starts(&k, true, false, KEEPER_OTHERS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_started_once_and_only_where_there_is_work),
        cmocka_unit_test(a_death_is_followed_by_a_growing_pause_and_the_sixth_by_a_person),
        cmocka_unit_test(who_ran_well_has_not_died_in_a_row),
        cmocka_unit_test(what_cannot_go_better_is_not_tried_again),
        cmocka_unit_test(who_is_asked_to_end_stays_ended),
        cmocka_unit_test(with_new_settings_it_comes_back_at_once),
        cmocka_unit_test(another_ones_start_is_no_death_of_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
