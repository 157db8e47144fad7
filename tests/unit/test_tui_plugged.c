#include "tui/screens/plugged_usb.h"
#include "tui/screens/plugged_words.h"

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

static bool device(const char *port, const char *serial, const char *state)
{
    char text[512];
    snprintf(text, sizeof text,
             "{\"event\":\"device\",\"port\":\"%s\",\"ids\":\"12ab:34cd\",\"vendor\":\"V\",\"product\":\"P\","
             "\"serial\":\"%s\",\"speed\":\"high\",\"state\":\"%s\",\"profile\":\"amba\"}",
             port, serial, state);
    return row(text);
}

static struct plugged_camera *dock(const char *text)
{
    json_t *j = json_loads(text, 0, NULL);
    assert_non_null(j);
    struct plugged_camera *c = plugged_dock_row(&p, j, 1000);
    json_decref(j);
    return c;
}

static void taking(const char *port, const char *number)
{
    char text[400];
    snprintf(text, sizeof text,
             "{\"event\":\"taking\",\"port\":\"%s\",\"vendor\":\"V\",\"product\":\"P\",\"serial\":\"%s\",\"profile\":"
             "\"amba\",\"volume\":\"AB\",\"battery\":40,\"free\":5,\"size\":9,\"clock\":null,\"camera\":\"%s\"}",
             port, number, number);
    assert_null(dock(text));
}

static void dock_says(const char *event, const char *port, const char *more)
{
    char text[400];
    snprintf(text, sizeof text, "{\"event\":\"%s\",\"camera\":\"N\",\"port\":\"%s\"%s}", event, port, more);
    dock(text);
}

static void a_device_is_known_by_port_and_number(void **state)
{
    char text[PLUGGED_TEXT];
    (void)state;
    assert_true(device("1-1", "S", "automatic"));
    assert_true(device("1-2", "S", "possible"));
    assert_false(device("1-1", "S", "automatic"));
    assert_false(device("1-3", "S", "none"));
    survey_ends();
    assert_int_equal(plugged_here(&p), 2);
    plugged_standing(&p, plugged_find_usb(&p, "1-2", "S"), text, sizeof text);
    assert_string_equal(text, "is it a camera? F2");
    assert_null(plugged_find(&p, "")); /* no card has that path */
    device("1-1", "S", "denied");
    assert_false(plugged_wait(&p, plugged_find_usb(&p, "1-1", "S")));
    survey_ends();
    assert_int_equal(plugged_here(&p), 1);
}

static void two_with_one_number_are_taken_in_at_once_and_told_apart(void **state)
{
    (void)state;
    device("1-1", "S", "automatic");
    device("1-2", "S", "automatic");
    survey_ends();
    taking("1-1", "N");
    taking("1-2", "N");
    struct plugged_camera *a = plugged_find_usb(&p, "1-1", "S"), *b = plugged_find_usb(&p, "1-2", "S");
    assert_int_equal(plugged_docked(&p), 2);
    dock_says("progress", "1-1", ",\"recording\":1,\"recordings\":2,\"done\":20,\"bytes\":100");
    dock_says("progress", "1-2", ",\"recording\":1,\"recordings\":2,\"done\":70,\"bytes\":100");
    assert_int_equal(progress_percent(&a->progress), 20);
    assert_int_equal(progress_percent(&b->progress), 70);
    assert_int_equal(a->told.battery, 40);
    assert_null(plugged_taken(&p)); /* nobody asked for them: what is asked for has its own turn */
    assert_ptr_equal(dock("{\"event\":\"ended\",\"port\":\"1-2\",\"serial\":\"S\",\"exit\":0}"), b);
    assert_int_equal(b->state, PLUGGED_DONE);
    assert_int_equal(a->state, PLUGGED_TAKEN);
    assert_int_equal(plugged_out(&p), 1);
}

static void one_that_is_pulled_out_comes_back_at_another_port(void **state)
{
    char text[PLUGGED_TEXT];
    (void)state;
    device("1-1", "S", "automatic");
    survey_ends();
    taking("1-1", "N");
    struct plugged_camera *c = plugged_find_usb(&p, "1-1", "S");
    dock_says("waiting", "1-1", ",\"why\":\"gone\"");
    dock("{\"event\":\"left\",\"port\":\"1-1\",\"serial\":\"S\"}");
    survey_ends();
    plugged_standing(&p, c, text, sizeof text);
    assert_string_equal(text, "pulled out: plug it in");
    device("1-1", "OTHER", "possible"); /* another one at its port is another one */
    device("2-4", "S", "automatic");
    survey_ends();
    assert_ptr_equal(plugged_find_usb(&p, "2-4", "S"), c);
    assert_ptr_not_equal(plugged_find_usb(&p, "1-1", "OTHER"), c);
    dock_says("back", "1-1", "");
    dock_says("progress", "1-1", ",\"recording\":1,\"recordings\":2,\"done\":30,\"bytes\":100");
    assert_int_equal(progress_percent(&c->progress), 30);
    assert_false(c->away);
    assert_ptr_equal(dock("{\"event\":\"ended\",\"port\":\"1-1\",\"serial\":\"S\",\"exit\":0}"), c);
    assert_int_equal(plugged_here(&p), 2);
}

static void a_recorder_that_becomes_a_disk_stays_one_camera(void **state)
{
    (void)state;
    device("1-1", "S", "automatic");
    survey_ends();
    taking("1-1", "N");
    struct plugged_camera *c = plugged_find_usb(&p, "1-1", "S");
    device("1-1", "DISK", "possible");
    survey_ends();
    assert_int_equal(plugged_here(&p), 1);
    assert_int_equal(c->right, PLUGGED_AUTOMATIC);
    dock("{\"event\":\"ended\",\"port\":\"1-1\",\"serial\":\"S\",\"exit\":0}");
    device("1-1", "DISK", "possible");
    survey_ends();
    assert_int_equal(plugged_here(&p), 1);
    assert_int_equal(c->state, PLUGGED_DONE);
}

static void one_that_could_not_be_opened_says_what_to_do(void **state)
{
    char text[PLUGGED_TEXT];
    (void)state;
    device("1-1", "S", "automatic");
    survey_ends();
    dock_says("failed", "1-1", ",\"why\":\"it is locked; enter its secret\"");
    struct plugged_camera *c = dock("{\"event\":\"ended\",\"port\":\"1-1\",\"serial\":\"S\",\"exit\":77}");
    assert_non_null(c);
    plugged_standing(&p, c, text, sizeof text);
    assert_string_equal(text, "not taken in: see below");
    plugged_result(&p, c, text, sizeof text);
    assert_string_equal(text, "it is locked; enter its secret");
    assert_true(plugged_is_for_all(c));
    assert_true(plugged_wait(&p, c));
    assert_ptr_equal(plugged_take(&p), c);
}

static void the_dock_may_speak_before_the_survey_and_end_before_its_cameras(void **state)
{
    (void)state;
    taking("1-1", "N"); /* nobody has looked yet */
    survey_ends();
    assert_int_equal(plugged_docked(&p), 1);
    plugged_dock_end(&p, PLUGGED_ANOTHER);
    assert_int_equal(plugged_docked(&p), 0);
    assert_int_equal(p.c[0].state, PLUGGED_STOPPED);
    dock_says("progress", "1-1", ",\"done\":1,\"bytes\":2"); /* of nobody any more */
    assert_int_equal(p.c[0].state, PLUGGED_STOPPED);
    dock("{\"event\":\"ended\",\"port\":7,\"serial\":null,\"exit\":\"x\"}");
    dock("{\"event\":\"taking\",\"port\":\"\"}");
    dock("{\"event\":\"taking\",\"port\":\"0123456789012345678901234567890123456789\"}");
    dock("{\"event\":\"left\"}");
    dock("{}");
    assert_int_equal(plugged_docked(&p), 0);
}

static void a_card_that_is_whole_and_comes_again_as_it_was_is_not_counted(void **state)
{
    (void)state;
    camera("/card", "AB-12", 3);
    survey_ends();
    plugged_wait(&p, plugged_find(&p, "/card"));
    plugged_offload_end(&p, plugged_take(&p), 0, "", false);
    survey_ends(); /* taken out */
    camera("/elsewhere", "AB-12", 3);
    survey_ends();
    assert_int_equal(plugged_find(&p, "/elsewhere")->state, PLUGGED_DONE);
    assert_int_equal(plugged_out(&p), 0);
    camera("/elsewhere", "AB-12", 4);
    assert_int_equal(plugged_out(&p), 1);
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
        cmocka_unit_test_setup(a_device_is_known_by_port_and_number, fresh),
        cmocka_unit_test_setup(two_with_one_number_are_taken_in_at_once_and_told_apart, fresh),
        cmocka_unit_test_setup(one_that_is_pulled_out_comes_back_at_another_port, fresh),
        cmocka_unit_test_setup(a_recorder_that_becomes_a_disk_stays_one_camera, fresh),
        cmocka_unit_test_setup(one_that_could_not_be_opened_says_what_to_do, fresh),
        cmocka_unit_test_setup(the_dock_may_speak_before_the_survey_and_end_before_its_cameras, fresh),
        cmocka_unit_test_setup(a_card_that_is_whole_and_comes_again_as_it_was_is_not_counted, fresh),
        cmocka_unit_test_setup(more_cameras_than_places_and_odd_rows_do_no_harm, fresh),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    plugged_free(&p);
    return failed;
}
