#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "drivers/probe/said.h"
#include "drivers/probe/talk.h"
#include "drivers/probe/track.h"

#include <stdio.h>
#include <string.h>

static struct probe_facts hear(const char *json, enum err want)
{
    struct probe_facts f = {.start = INT64_MIN, .gps_start = INT64_MIN, .duration = -1};
    assert_int_equal(said_facts(json, strlen(json), &f), want);
    return f;
}

static void what_is_true_is_dropped(void **state)
{
    (void)state;
    struct probe_facts f = hear(
        "{\"container\":\"mov,mp4\",\"start\":1795341600000,\"duration\":61.5,\"make\":\"Новатек\",\"model\":\"X 1\","
        "\"streams\":[{\"kind\":\"video\",\"codec\":\"h264\",\"width\":1920,\"height\":1080,\"rate\":29.97},"
        "{\"kind\":\"audio\",\"codec\":\"aac\",\"sample_rate\":48000,\"channels\":2}],\"unknown_blocks\":3,"
        "\"track\":{\"source\":\"nmea\",\"clock\":\"satellites\",\"total\":900,\"after\":2000,"
        "\"bounds\":[43.0,76.0,43.5,76.5],\"points\":[[1795341602000,43.0,76.0],[null,43.25,76.25],"
        "[1795341700000,43.5,76.5]]},\"why\":\"\"}",
        ERR_OK);
    assert_string_equal(f.why, "");
    assert_true(f.start == 1795341600000 && f.gps_start == 1795341602000 && f.gps_after == 2000);
    assert_true(f.duration > 61.49 && f.duration < 61.51);
    json_t *want = json_loads(
        "{\"container\":\"mov,mp4\",\"start\":\"2026-11-22T10:00:00Z\",\"duration\":61.5,\"make\":\"Новатек\","
        "\"model\":\"X 1\",\"streams\":[{\"kind\":\"video\",\"codec\":\"h264\",\"width\":1920,\"height\":1080,"
        "\"rate\":29.97},{\"kind\":\"audio\",\"codec\":\"aac\",\"sample_rate\":48000,\"channels\":2}],"
        "\"unknown_blocks\":3,\"track\":{\"source\":\"nmea\",\"clock\":\"satellites\",\"total\":900,"
        "\"start\":\"2026-11-22T10:00:02Z\",\"end\":\"2026-11-22T10:01:40Z\",\"bounds\":[43.0,76.0,43.5,76.5],"
        "\"points\":[[1795341602000,43.0,76.0],[null,43.25,76.25],[1795341700000,43.5,76.5]]}}",
        0, NULL);
    assert_non_null(want);
    assert_true(json_equal(want, f.media));
    json_decref(want);
    probe_facts_free(&f);
}

/* Each alone: the member is gone, nothing else is. */
static void a_lie_is_believed(void **state)
{
    (void)state;
    static const char *const lies[] = {
        "\"container\":7",
        "\"container\":\"\"",
        "\"container\":\"a b\"",
        "\"container\":\"\\u001b[31m\"",
        "\"container\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
        "\"make\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
        "\"make\":[\"x\"]",
        "\"start\":-1",
        "\"start\":9999999999999999",
        "\"start\":\"2026-11-22T10:00:00Z\"",
        "\"start\":1.5",
        "\"duration\":-1",
        "\"duration\":1e300",
        "\"duration\":\"60\"",
        "\"streams\":[]",
        "\"streams\":{\"0\":1}",
        "\"unknown_blocks\":0",
        "\"unknown_blocks\":100000000000",
        "\"track\":[]",
        "\"track\":{}",
        "\"track\":{\"source\":\"me\",\"clock\":\"satellites\",\"points\":[[1,2,3]]}",
        "\"track\":{\"source\":\"gpx\",\"clock\":\"mine\",\"points\":[[1,2,3]]}",
        "\"track\":{\"source\":\"gpx\",\"clock\":\"satellites\",\"points\":[]}",
        "\"track\":{\"source\":\"gpx\",\"clock\":\"satellites\",\"points\":[[1,91,3],[1,2,181],[-1,2,3]]}",
        "\"track\":{\"source\":\"gpx\",\"clock\":\"satellites\",\"points\":[[1,2],[1,2,3,4],[\"1\",2,3],null]}",
        "\"surprise\":{\"a\":[1,2,3]}",
        "\"poster\":\"P6\"",
    };
    char json[1024];
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        snprintf(json, sizeof json, "{%s,\"why\":\"\"}", lies[i]);
        struct probe_facts f = hear(json, ERR_OK);
        if (f.media)
            print_error("%s\n", json);
        assert_null(f.media);
        assert_true(f.start == INT64_MIN && f.gps_start == INT64_MIN && f.duration < 0);
        snprintf(json, sizeof json, "{\"model\":\"true\",%s,\"why\":\"\"}", lies[i]);
        f = hear(json, ERR_OK);
        assert_int_equal(json_object_size(f.media), 1);
        probe_facts_free(&f);
    }
}

static void what_makes_no_sense_is_taken(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "{",
        "[]",
        "7",
        "{\"why\":\"\"} x",
        "{\"why\":\"\",\"why\":\"\"}",
        "{\"make\":\"\xff\"}",
        "{\"make\":\"a\\u0000b\"}",
        "{\"why\":\"rm -rf\"}",
        "{\"duration\":1e999}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct probe_facts f = hear(bad[i], ERR_DATA);
        assert_null(f.media);
    }
    /* nesting is bounded by the reader */
    static char deep[60000];
    memset(deep, '[', sizeof deep - 1);
    hear(deep, ERR_DATA);
}

static void more_than_there_may_be_is_kept(void **state)
{
    (void)state;
    static char json[60000];
    strcpy(json, "{\"streams\":[{}");
    for (int i = 0; i < 100; i++)
        strcat(json, ",{\"kind\":\"video\",\"width\":70000,\"height\":-1,\"rate\":0}");
    strcat(json, "],\"track\":{\"source\":\"gpx\",\"clock\":\"recorder\",\"points\":[[1,2,3]");
    for (int i = 0; i < 1000; i++)
        strcat(json, ",[5,2,3]");
    strcat(json, "]}}");
    struct probe_facts f = hear(json, ERR_OK);
    const json_t *streams = json_object_get(f.media, "streams");
    assert_int_equal(json_array_size(streams), 16);
    assert_int_equal(json_object_size(json_array_get(streams, 1)), 1);
    assert_int_equal(json_array_size(json_object_get(json_object_get(f.media, "track"), "points")), TRACK_POINTS_MAX);
    assert_true(f.gps_start == INT64_MIN); /* the recorder's own time proves nothing */
    probe_facts_free(&f);
}

static void a_camera_speaks_to_the_terminal(void **state)
{
    (void)state;
    struct probe_facts f = hear("{\"make\":\"\\u001b]0;x\\u0007\\u202e\",\"why\":\"broken\"}", ERR_OK);
    const char *s = json_string_value(json_object_get(f.media, "make"));
    assert_non_null(s);
    assert_null(strpbrk(s, "\x1b\x07"));
    assert_null(strstr(s, "\xe2\x80\xae"));
    assert_string_equal(f.why, talk_sentence("broken"));
    probe_facts_free(&f);
}

static void a_sentence_is_cut_within_a_letter(void **state)
{
    (void)state;
    char long_one[1000] = "", why[PROBE_WHY_LEN];
    for (int i = 0; i < 300; i++)
        strcat(long_one, i ? "ж" : "x");
    said_why(why, long_one);
    assert_int_equal(strlen(why), 255);
    said_why(why, long_one + 1);
    assert_int_equal(strlen(why), 254);
    said_why(why, "a\xff");
    assert_string_equal(why, "a");
}

static void a_picture_is_not_what_it_says(void **state)
{
    (void)state;
    static char p[PROBE_POSTER_MAX];
    static const struct {
        const char *head;
        size_t pixels;
        bool good;
    } rows[] = {
        {"P6\n160 96\n255\n", 160 * 96, true},
        {"P6\n1 1\n255\n", 1, true},
        {"P6\n161 95\n255\n", 161 * 95, false},
        {"P6\n96 97\n255\n", 96 * 97, false},
        {"P6\n2 2\n255\n", 5, false},
        {"P6\n2 2\n255\n", 3, false},
        {"P6\n0 2\n255\n", 0, false},
        {"P6\n2 2\n65535\n", 4, false},
        {"P5\n2 2\n255\n", 4, false},
        {"P6\n2 2\n", 0, false},
        {"P6 2 2 255\n", 4, false},
        {"P6\n-2 -2\n255\n", 4, false},
        {"P6\n02 2\n255\n", 4, false},
        {"P6\n2 2 \n255\n", 4, false},
        {"P6\n4294967297 1\n255\n", 1, false},
        {"", 0, false},
        {"P6\n# c\n2 2\n255\n", 4, false},
        {"P6\n2", 0, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n = strlen(rows[i].head);
        memcpy(p, rows[i].head, n);
        assert_true(n + 3 * rows[i].pixels <= sizeof p);
        assert_true(said_poster(p, n + 3 * rows[i].pixels) == rows[i].good);
    }
}

static void a_message_beyond_its_ceiling_is_read(void **state)
{
    (void)state;
    static const uint32_t most[] = {PROBE_PIECE_MAX, PROBE_FACTS_MAX, PROBE_POSTER_MAX, 0};
    struct talk_head h;
    uint8_t p[TALK_HEAD];
    for (uint32_t what = 0; what < 4; what++) {
        talk_put_head(p, &(struct talk_head){(enum talk)what, most[what], 1});
        assert_true(talk_get_head(&h, p) && h.length == most[what] && h.what == what && h.offset == 1);
        talk_put_head(p, &(struct talk_head){(enum talk)what, most[what] + 1, 1});
        assert_false(talk_get_head(&h, p));
    }
    talk_put_head(p, &(struct talk_head){(enum talk)4, 0, 0});
    assert_false(talk_get_head(&h, p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_true_is_dropped),         cmocka_unit_test(a_lie_is_believed),
        cmocka_unit_test(what_makes_no_sense_is_taken),    cmocka_unit_test(more_than_there_may_be_is_kept),
        cmocka_unit_test(a_camera_speaks_to_the_terminal), cmocka_unit_test(a_sentence_is_cut_within_a_letter),
        cmocka_unit_test(a_picture_is_not_what_it_says),   cmocka_unit_test(a_message_beyond_its_ceiling_is_read),
    };
    return cmocka_run_group_tests_name("probe said", tests, NULL, NULL);
}
