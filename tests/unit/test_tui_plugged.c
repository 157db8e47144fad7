#include "tui/screens/plugged.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct plugged p;

static int fresh(void **state)
{
    (void)state;
    plugged_free(&p);
    memset(&p, 0, sizeof p);
    return 0;
}

static bool row(const char *text)
{
    json_t *j = json_loads(text, 0, NULL);
    assert_non_null(j);
    bool news = plugged_camera_row(&p, j);
    json_decref(j);
    return news;
}

static bool camera(const char *path, const char *volume, int recordings)
{
    char text[512];
    snprintf(
        text, sizeof text,
        "{\"event\":\"camera\",\"path\":\"%s\",\"name\":\"%s\",\"volume\":\"%s\",\"recordings\":%d,\"bytes\":1000}",
        path, path + 1, volume, recordings);
    return row(text);
}

static bool survey_ends(void)
{
    return row("{\"event\":\"surveyed\",\"cameras\":1}");
}

static void offload_row(struct plugged_camera *c, const char *text, int64_t now)
{
    json_t *j = json_loads(text, 0, NULL);
    assert_non_null(j);
    plugged_offload_row(c, j, now);
    json_decref(j);
}

static void a_camera_comes_and_goes(void **state)
{
    char text[80];
    (void)state;
    assert_true(camera("/card", "AB-12", 3));
    assert_false(camera("/card", "AB-12", 3));
    assert_true(survey_ends());
    assert_int_equal(plugged_here(&p), 1);
    plugged_status(&p, text, sizeof text);
    assert_string_equal(text, "card");
    assert_true(survey_ends());
    assert_int_equal(plugged_here(&p), 0);
    assert_null(plugged_find(&p, "/card"));
    plugged_status(&p, text, sizeof text);
    assert_string_equal(text, "");
}

static void one_that_was_taken_in_stays_to_be_read_until_another_card_comes(void **state)
{
    (void)state;
    camera("/card", "AB-12", 3);
    survey_ends();
    struct plugged_camera *c = plugged_find(&p, "/card");
    assert_true(plugged_wait(&p, c));
    assert_ptr_equal(plugged_take(&p), c);
    offload_row(c, "{\"event\":\"summary\",\"stored\":3,\"known\":0,\"failed\":0,\"not_taken\":0,\"bytes\":9}", 1);
    plugged_offload_end(&p, c, 0, "", false);
    survey_ends();
    assert_non_null(plugged_find(&p, "/card"));
    assert_false(plugged_wait(&p, c));
    camera("/card", "CD-34", 5);
    assert_int_equal(plugged_find(&p, "/card")->state, PLUGGED_FREE);
    assert_int_equal(plugged_find(&p, "/card")->stored, 0);
}

static void the_number_is_remembered_by_the_volume(void **state)
{
    (void)state;
    camera("/media/A", "AB-12", 3);
    survey_ends();
    plugged_serial(&p, plugged_find(&p, "/media/A"), "BWC-7");
    survey_ends(); /* taken out */
    camera("/media/B", "AB-12", 3);
    assert_string_equal(plugged_find(&p, "/media/B")->serial, "BWC-7");
    camera("/media/C", "XX-99", 3);
    assert_string_equal(plugged_find(&p, "/media/C")->serial, "");
    plugged_serial(&p, plugged_find(&p, "/media/B"), "BWC-8");
    camera("/media/D", "AB-12", 3);
    assert_string_equal(plugged_find(&p, "/media/D")->serial, "BWC-8");
}

static void one_is_taken_in_at_a_time_in_the_order_asked(void **state)
{
    (void)state;
    camera("/a", "", 1);
    camera("/b", "", 1);
    camera("/c", "", 1);
    survey_ends();
    struct plugged_camera *b = plugged_find(&p, "/b"), *c = plugged_find(&p, "/c"), *a = plugged_find(&p, "/a");
    assert_true(plugged_wait(&p, b));
    assert_true(plugged_wait(&p, a));
    assert_true(plugged_wait(&p, c));
    assert_false(plugged_wait(&p, a));
    assert_ptr_equal(plugged_take(&p), b);
    assert_null(plugged_take(&p));
    assert_int_equal(plugged_waiting(&p), 2);
    plugged_offload_end(&p, b, 0, "", false);
    assert_ptr_equal(plugged_take(&p), a);
    plugged_offload_end(&p, a, 74, "no room left", false);
    plugged_wait_no_more(&p);
    assert_null(plugged_take(&p));
    assert_int_equal(c->state, PLUGGED_FREE);
}

static struct plugged_camera *taken(void)
{
    camera("/card", "", 2);
    survey_ends();
    plugged_wait(&p, plugged_find(&p, "/card"));
    return plugged_take(&p);
}

static void progress_is_counted_and_shown(void **state)
{
    char text[80];
    (void)state;
    struct plugged_camera *c = taken();
    offload_row(c, "{\"event\":\"found\",\"recordings\":2,\"bytes\":1000}", 0);
    offload_row(c, "{\"event\":\"progress\",\"recording\":2,\"recordings\":2,\"done\":500,\"bytes\":1000,\"rate\":9}",
                1000);
    assert_int_equal(c->at, 2);
    assert_int_equal(progress_percent(&c->progress), 50);
    plugged_status(&p, text, sizeof text);
    assert_string_equal(text, "card 50 %");
    plugged_standing(&p, c, text, sizeof text);
    assert_string_equal(text, "being taken in 50 %");
}

static void failures_are_kept_with_their_reasons(void **state)
{
    char text[PLUGGED_TEXT];
    (void)state;
    struct plugged_camera *c = taken();
    offload_row(c, "{\"event\":\"recording\",\"result\":\"stored\",\"path\":\"a\",\"size\":7}", 1);
    offload_row(c, "{\"event\":\"recording\",\"result\":\"known\",\"path\":\"b\"}", 1);
    offload_row(c, "{\"event\":\"recording\",\"result\":\"failed\",\"path\":\"c\",\"why\":\"gone\"}", 1);
    offload_row(c, "{\"event\":\"recording\",\"result\":\"not taken\",\"path\":\"d\",\"why\":\"a link\"}", 1);
    assert_int_equal(c->stored + c->known + c->failed + c->not_taken, 4);
    assert_int_equal(c->stored_bytes, 7);
    offload_row(c, "{\"event\":\"summary\",\"stored\":1,\"known\":1,\"failed\":1,\"not_taken\":1,\"bytes\":7}", 1);
    plugged_offload_end(&p, c, 75, "", false);
    assert_int_equal(c->state, PLUGGED_DONE);
    assert_int_equal(json_array_size(c->faults), 2);
    plugged_standing(&p, c, text, sizeof text);
    assert_string_equal(text, "1 failed");
}

static void what_ends_too_soon_says_that_it_goes_on(void **state)
{
    char text[PLUGGED_TEXT];
    (void)state;
    struct plugged_camera *c = taken();
    plugged_offload_end(&p, c, 75, "stopped; run offload again, it goes on where it stopped", true);
    plugged_result(&p, c, text, sizeof text);
    assert_int_equal(c->state, PLUGGED_STOPPED);
    assert_non_null(strstr(text, "it was stopped here"));
    assert_non_null(strstr(text, "F2 goes on"));
    plugged_wait(&p, c);
    plugged_take(&p);
    plugged_offload_end(&p, c, 75, "it was ended; what it had done stays, try again", false);
    plugged_result(&p, c, text, sizeof text);
    assert_non_null(strstr(text, "it was ended"));
    assert_null(strstr(text, "try again"));
}

static void a_full_disk_says_how_much_is_needed(void **state)
{
    static const char full[] = "cannot write: the disk is full; for the 3 recordings that are left 700.0 MB are needed";
    char text[PLUGGED_TEXT];
    (void)state;
    struct plugged_camera *c = taken();
    plugged_offload_end(&p, c, 74, full, false);
    plugged_result(&p, c, text, sizeof text);
    assert_non_null(strstr(text, "700.0 MB are needed"));
}

static void more_cameras_than_places_and_odd_rows_do_no_harm(void **state)
{
    char path[32];
    (void)state;
    for (int i = 0; i < 3 * PLUGGED_MAX; i++) {
        snprintf(path, sizeof path, "/card%d", i);
        camera(path, "", i);
    }
    survey_ends();
    assert_int_equal(plugged_here(&p), PLUGGED_MAX);
    assert_false(row("{\"event\":\"camera\"}"));
    assert_false(row("{\"event\":\"else\",\"path\":7}"));
    assert_false(row("{\"event\":\"camera\",\"path\":\"/card0\",\"recordings\":-4,\"bytes\":1000}") &&
                 p.c[0].recordings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_camera_comes_and_goes, fresh),
        cmocka_unit_test_setup(one_that_was_taken_in_stays_to_be_read_until_another_card_comes, fresh),
        cmocka_unit_test_setup(the_number_is_remembered_by_the_volume, fresh),
        cmocka_unit_test_setup(one_is_taken_in_at_a_time_in_the_order_asked, fresh),
        cmocka_unit_test_setup(progress_is_counted_and_shown, fresh),
        cmocka_unit_test_setup(failures_are_kept_with_their_reasons, fresh),
        cmocka_unit_test_setup(what_ends_too_soon_says_that_it_goes_on, fresh),
        cmocka_unit_test_setup(a_full_disk_says_how_much_is_needed, fresh),
        cmocka_unit_test_setup(more_cameras_than_places_and_odd_rows_do_no_harm, fresh),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    plugged_free(&p);
    return failed;
}
