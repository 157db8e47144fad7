#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "storage/records/recording.h"

#include <string.h>

static struct recording r[4];
static struct recording *by_id[4];
static struct recording_event events[2];
static struct recording_list list;

static int setup(void **state)
{
    (void)state;
    static const char *const ids[] = {"1111aaaa000000000000", "1111aabb000000000000", "2222000000000000000f",
                                      "ffff0000000000000000"};
    memset(r, 0, sizeof r);
    for (size_t i = 0; i < 4; i++) {
        memcpy(r[i].id, ids[i], ENTRY_ID);
        memcpy(r[i].chain, "00112233445566778899aabbccddeeff", CHAIN_ID);
        r[i].seq = i < 2 ? 1 : i;
        by_id[i] = &r[i];
    }
    memset(events, 0, sizeof events);
    strcpy(events[0].type, "request");
    strcpy(events[0].id, "abcdef00000000000000");
    strcpy(events[1].type, "approve");
    strcpy(events[1].id, "abcd0000000000000000");
    r[2].events = events;
    r[2].n_events = 2;
    list = (struct recording_list){.r = r, .by_id = by_id, .n = 4};
    return 0;
}

static enum err find(const char *id, const struct recording **out)
{
    err_clear();
    return recording_find(&list, id, out);
}

static void an_ambiguous_beginning_picks_a_recording(void **state)
{
    (void)state;
    const struct recording *out;
    assert_int_equal(ERR_NOINPUT, find("1111", &out));
    assert_non_null(strstr(err_text(), "2 recordings"));
    assert_int_equal(ERR_NOINPUT, find("1111aa", &out));
    assert_int_equal(ERR_OK, find("1111aaa", &out));
    assert_ptr_equal(&r[0], out);
    assert_int_equal(ERR_OK, find("1111aabb000000000000", &out));
    assert_ptr_equal(&r[1], out);
    assert_int_equal(ERR_OK, find("ffff", &out));
    assert_ptr_equal(&r[3], out);
}

static void no_id_picks_a_recording(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",     "2",     "222",  "2223", "0000", "2222000000000000000f0",
                                        "22Z2", "2222 ", "../.."};
    const struct recording *out;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(ERR_NOINPUT, find(wrong[i], &out));
        assert_true(err_text()[0]);
    }
    list.n = 0;
    assert_int_equal(ERR_NOINPUT, find("2222", &out));
}

static void an_approval_is_taken_for_a_request(void **state)
{
    (void)state;
    const struct recording *out;
    const struct recording_event *v;
    assert_int_equal(ERR_OK, recording_event(&list, "request", "abcd", &v, &out));
    assert_ptr_equal(&events[0], v);
    assert_ptr_equal(&r[2], out);
    assert_int_equal(ERR_NOINPUT, recording_event(&list, "request", "abcd0", &v, &out));
    assert_int_equal(ERR_NOINPUT, recording_event(&list, "export", "abcd", &v, &out));
}

static void recordings_of_two_batches_are_purged_as_one(void **state)
{
    (void)state;
    assert_int_equal(2, recording_group(&list, 0));
    assert_int_equal(3, recording_group(&list, 2));
    assert_int_equal(4, recording_group(&list, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_ambiguous_beginning_picks_a_recording, setup),
        cmocka_unit_test_setup(no_id_picks_a_recording, setup),
        cmocka_unit_test_setup(an_approval_is_taken_for_a_request, setup),
        cmocka_unit_test_setup(recordings_of_two_batches_are_purged_as_one, setup),
    };
    return cmocka_run_group_tests_name("records recording", tests, NULL, NULL);
}
