#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "drivers/probe/gpx.h"

#include <stdlib.h>
#include <string.h>

#define HEAD "<?xml version=\"1.0\"?><gpx version=\"1.1\" xmlns=\"http://www.topografix.com/GPX/1/1\"><trk><trkseg>"
#define TAIL "</trkseg></trk></gpx>"
#define AT ((int64_t)1795341600000)

static void read_all(struct track *t, const char *s)
{
    struct gpx g;
    track_init(t);
    gpx_init(&g, t);
    gpx_feed(&g, (const uint8_t *)s, strlen(s));
}

static void a_point_is_read_wrong(void **state)
{
    (void)state;
    static const char *const same[] = {
        HEAD "<trkpt lat=\"43.25671239\" lon=\"-76.5\"><ele>1</ele><time>2026-11-22T10:00:00Z</time></trkpt>" TAIL,
        HEAD "<trkpt\n\tlon='-76.5'\r\n lat = '43.25671239' >\n<time>\n 2026-11-22T15:00:00+05:00 </time></trkpt>" TAIL,
        HEAD "<gpx:trkpt lat=\"+43.25671239\" lon=\"-76.50\"><gpx:time>2026-11-22T04:30:00.000-05:30</gpx:time>"
             "</gpx:trkpt>" TAIL,
        HEAD "<!-- <trkpt lat=\"1\" lon=\"1\"/> --><![CDATA[<trkpt lat=\"1\" lon=\"1\"/>]]]><trkpt title=\"a>b\" "
             "lat=\"43.25671239\" lon=\"-76.5\"><time a='1'>2026-11-22T10:00:00</time><extensions/></trkpt>" TAIL,
        /* the end tag is missing: the next point ends it */
        "<trkpt lat=\"43.25671239\" lon=\"-76.5\"><time>2026-11-22T10:00:00Z</time><trkpt lat=\"x\" lon=\"1\"/>",
    };
    struct track t;
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        read_all(&t, same[i]);
        if (t.total != 1)
            print_error("%s\n", same[i]);
        assert_int_equal(t.total, 1);
        assert_int_equal(t.last.lat, 432567123);
        assert_int_equal(t.last.lon, -765000000);
        assert_true(t.last.time == AT);
    }
}

static void junk_is_taken_for_a_point(void **state)
{
    (void)state;
    static const char *const junk[] = {
        "",
        "plain text",
        "<trkpt",
        "<trkpt>",
        "<trkpt lat=\"43\" lon=\"76\">", /* cut off */
        "<trkpt lat=\"43\"/>",
        "<trkpt lat=\"91\" lon=\"76\"/>",
        "<trkpt lat=\"43\" lon=\"181\"/>",
        "<trkpt lat=\"1e1\" lon=\"76\"/>",
        "<trkpt lat=\"43\" lon=\"nan\"/>",
        "<trkpt lat=\"0\" lon=\"0\"/>",
        "<trkpt lat=43 lon=76/>",
        "<wpt lat=\"43\" lon=\"76\"/><rtept lat=\"43\" lon=\"76\"/>",
        "<!DOCTYPE gpx [<!ENTITY a \"b\">]><trkpt lat=\"43\" lon=\"76\"/>",
        "<trkpt lat=\"&a;\" lon=\"76\"/>",
        "<!--><trkpt lat=\"43\" lon=\"76\"/>",
    };
    struct track t;
    for (size_t i = 0; i < sizeof junk / sizeof junk[0]; i++) {
        read_all(&t, junk[i]);
        if (t.total)
            print_error("%s\n", junk[i]);
        assert_int_equal(t.total, 0);
    }
}

static void a_bad_time_takes_the_place_with_it(void **state)
{
    (void)state;
    static const char *const times[] = {"",
                                        "yesterday",
                                        "2026-13-01T00:00:00Z",
                                        "2026-02-29T00:00:00Z",
                                        "2026-11-22T10:00:00+99:00",
                                        "2026-11-22T10:00:00Zx",
                                        "1926-11-22T10:00:00Z",
                                        "2026-11-22T10:00:00Z00000000000000000000000000000000000000000000000000000000"};
    struct track t;
    char s[512];
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        strcpy(s, "<trkpt lat=\"43\" lon=\"76\"><time>");
        strcat(s, times[i]);
        strcat(s, "</time></trkpt>");
        read_all(&t, s);
        assert_int_equal(t.total, 1);
        assert_true(t.last.time == INT64_MIN);
    }
    /* and the time of one point is not the next one's */
    read_all(&t,
             "<trkpt lat=\"43\" lon=\"76\"><time>2026-11-22T10:00:00Z</time></trkpt><trkpt lat=\"43\" lon=\"76\"/>");
    assert_int_equal(t.total, 2);
    assert_true(t.start == AT && t.last.time == INT64_MIN);
}

static void a_long_tag_runs_over(void **state)
{
    (void)state;
    struct track t;
    static char s[20000];
    memset(s, 'x', sizeof s - 1);
    memcpy(s, "<trkpt lat=\"43\" lon=\"76\" a=\"", 28);
    strcpy(s + 10000, "\"><trkpt lat=\"43\" lon=\"76\"/>");
    read_all(&t, s);
    assert_int_equal(t.total, 1); /* the second */
}

static void it_matters_how_the_file_is_cut(void **state)
{
    (void)state;
    const char *s = HEAD "<trkpt lat=\"43\" lon=\"76\"><time>2026-11-22T10:00:00Z</time></trkpt><!-- x -->"
                         "<trkpt lat=\"44\" lon=\"77\"/>" TAIL;
    for (size_t step = 1; step < 30; step++) {
        struct track t;
        struct gpx g;
        track_init(&t);
        gpx_init(&g, &t);
        for (size_t i = 0, n = strlen(s); i < n; i += step)
            gpx_feed(&g, (const uint8_t *)s + i, step < n - i ? step : n - i);
        assert_int_equal(t.total, 2);
        assert_true(t.start == AT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_point_is_read_wrong),
        cmocka_unit_test(junk_is_taken_for_a_point),
        cmocka_unit_test(a_bad_time_takes_the_place_with_it),
        cmocka_unit_test(a_long_tag_runs_over),
        cmocka_unit_test(it_matters_how_the_file_is_cut),
    };
    return cmocka_run_group_tests_name("probe gpx", tests, NULL, NULL);
}
