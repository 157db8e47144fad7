/* What is said of a recording's contents, whatever stands in its entry. */

#include "tui/contents.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct says {
    const char *row, *begins, *clock, *video, *place;
};

static void assert_says(const struct says *s)
{
    char text[CONTENTS_TEXT];
    json_t *row = json_loads(s->row, 0, NULL);
    assert_non_null(row);
    contents_begins(text, row, contents_start(row));
    assert_string_equal(text, s->begins);
    contents_clock(text, row);
    assert_string_equal(text, s->clock);
    contents_video(text, row);
    assert_string_equal(text, s->video);
    contents_place(text, row);
    assert_string_equal(text, s->place);
    json_decref(row);
}

static void a_fact_is_said_wrong(void **state)
{
    (void)state;
    static const struct says all[] = {
        {"{\"skew\":{\"skew\":3600000,\"source\":\"gps\",\"start\":\"2026-11-22T10:00:00Z\",\"start_source\":\"gps\"},"
         "\"media\":{\"duration\":3725.6,\"streams\":[{\"codec\":\"h264\",\"width\":640,\"height\":360},"
         "{\"codec\":\"aac\"}],\"track\":{\"total\":2,\"points\":[[null,-43.2567,76.9286]]}}}",
         "2026-11-22T10:00:00Z (by the satellites)", "1:00:00 ahead (by the satellites)", "1:02:06, h264 640x360, aac",
         "-43.25670, 76.92860; 2 positions in all"},
        {"{\"skew\":{\"skew\":-1500,\"source\":\"clock\",\"start\":\"T\",\"start_source\":\"name\"},"
         "\"media\":{\"duration\":1,\"track\":{\"total\":1,\"points\":[[null,0.5,-0.5]]}}}",
         "T (by its name)", "0:00:02 behind (by the station's clock)", "0:00:01", "0.50000, -0.50000"},
        {"{\"skew\":{\"skew\":5000,\"source\":\"gps\",\"word\":\"modified\"}}", "", "", "", ""},
        {"{\"skew\":{\"start\":\"T\",\"start_source\":\"modified\"}}", "", "", "", ""},
        {"{\"skew\":{\"start\":\"T\",\"start_source\":\"modified\"},\"media\":{\"duration\":2}}",
         "T (by the time of its file)", "", "0:00:02", ""},
        {"{\"name_says\":{\"start\":\"T\"}}", "T (by its name)", "", "", ""},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        assert_says(&all[i]);
}

static void an_entry_of_nonsense_is_more_than_nothing(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "{}",
        "{\"media\":null,\"skew\":[1]}",
        "{\"media\":{\"duration\":1e300,\"streams\":{\"codec\":\"x\"},\"track\":[[[1,2,3]]]},\"skew\":{\"skew\":1.5}}",
        "{\"media\":{\"duration\":-1,\"streams\":[1,\"h264\",{\"codec\":5,\"width\":7}],\"track\":{\"points\":[[1,2]]}}"
        ","
        "\"skew\":{\"skew\":9223372036854775807,\"start\":7}}",
        "{\"media\":{\"track\":{\"points\":[[0,91,0]]}},\"skew\":{\"skew\":-9223372036854775807,\"start\":\"\"}}",
        "{\"media\":{\"track\":{\"points\":[[0,0,-181]]}}}",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_says(&(struct says){rows[i], "", "", "", ""});
    /* the longest that there can be */
    char text[CONTENTS_TEXT], codec[400];
    memset(codec, 'c', sizeof codec - 1);
    codec[sizeof codec - 1] = '\0';
    json_t *one = json_pack("{s:s,s:i,s:i}", "codec", codec, "width", INT32_MAX, "height", INT32_MAX);
    json_t *row = json_pack("{s:{s:f,s:[OOOOO]}}", "media", "duration", 9e8, "streams", one, one, one, one, one);
    contents_video(text, row);
    assert_true(strlen(text) < CONTENTS_TEXT - 1);
    json_decref(one);
    json_decref(row);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fact_is_said_wrong),
        cmocka_unit_test(an_entry_of_nonsense_is_more_than_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
