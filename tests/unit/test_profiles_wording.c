#include "drivers/profiles/glob.h"
#include "drivers/profiles/wording.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static bool takes(const char *pattern, const char *path)
{
    assert_null(glob_mistake(pattern, strlen(pattern)));
    return glob_takes(pattern, path, strlen(path));
}

static void a_recording_is_passed_over_for_its_folder_or_its_letters(void **state)
{
    (void)state;
    assert_true(takes("DCIM/**/*.MP4", "DCIM/100MEDIA/MOV_0001.mp4"));
    assert_true(takes("DCIM/**/*.MP4", "dcim/a/b/c/d/x.Mp4"));
    assert_true(takes("DCIM/**/*.MP4", "DCIM/x.MP4"));
    assert_true(takes("**", "a/b/c"));
    assert_true(takes("**/*.MP4", "x.MP4"));
    assert_true(takes("**/DCIM/**/*.MP4", "1/DCIM/x.MP4"));
    assert_true(takes("**/a/**/b/c", "x/a/y/a/b/z/b/c"));
    assert_true(takes("DCIM/???MEDIA/*", "DCIM/100MEDIA/x"));
    assert_true(takes("*a*b*c*", "xxaxxbaxbxxcx"));
}

static void a_file_that_is_none_is_taken(void **state)
{
    (void)state;
    assert_false(takes("DCIM/**/*.MP4", "x/DCIM/y.MP4"));
    assert_false(takes("DCIM/**/*.MP4", "DCIM/x.MP4/y.txt"));
    assert_false(takes("DCIM/*.MP4", "DCIM/a/x.MP4"));
    assert_false(takes("DCIM/???MEDIA/*", "DCIM/1000MEDIA/x"));
    assert_false(takes("*.MP4", "x.MP4.tmp"));
    assert_false(takes("**/a/b", "a/b/c"));
    assert_false(takes("DCIM", "DCIM/x"));
    assert_false(takes("DCIM/x", "DCIM"));
    assert_false(takes("?", ""));
}

static void a_pattern_of_stars_takes_time_without_end(void **state)
{
    (void)state;
    char pattern[201], path[4001];
    for (size_t i = 0; i < 200; i++)
        pattern[i] = i % 2 ? '*' : 'a';
    pattern[200] = '\0';
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    path[sizeof path - 2] = 'b';
    assert_true(glob_takes(pattern, path, 4000));
    pattern[199] = 'c';
    assert_false(glob_takes(pattern, path, 4000));
    for (size_t i = 0; i < 198; i += 3)
        memcpy(pattern + i, "**/", 3);
    strcpy(pattern + 198, "c");
    for (size_t i = 1; i < 4000; i += 2)
        path[i] = '/';
    assert_false(glob_takes(pattern, path, 4000));
}

static void a_pattern_of_paths_with_a_mistake_is_taken_for_one(void **state)
{
    (void)state;
    static const char *const bad[] = {"",       "/DCIM/*",  "DCIM//x",    "DCIM/",          "DCIM/../x",
                                      "./DCIM", "DCIM/**x", "DCIM/x**/y", "DCIM\\**\\*.MP4"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (!glob_mistake(bad[i], strlen(bad[i])))
            fail_msg("\"%s\" passes", bad[i]);
}

static struct wording form(const char *s)
{
    struct wording w;
    const char *mistake = wording_parse(&w, s, strlen(s), false);
    if (mistake)
        fail_msg("%s: %s", s, mistake);
    return w;
}

static bool reads(const char *pattern, const char *name, struct wording_read *out)
{
    struct wording w = form(pattern);
    return wording_read(&w, name, strlen(name), out);
}

static void a_name_says_another_device_officer_or_time(void **state)
{
    (void)state;
    struct wording_read r;
    assert_true(
        reads("{device:8}_{officer:6}_{YYYY}{MM}{DD}{hh}{mm}{ss}_*", "BC012345_K00017_20261125073005_0001", &r));
    assert_string_equal(r.device, "BC012345");
    assert_string_equal(r.officer, "K00017");
    assert_true(r.at.year == 2026 && r.at.month == 11 && r.at.day == 25);
    assert_true(r.at.hour == 7 && r.at.minute == 30 && r.at.second == 5);
    assert_true(reads("{device}_{officer}_{YY}{MM}{DD}_{hh}{mm}*", "a-1_b_260102_0304xx", &r));
    assert_string_equal(r.device, "a-1");
    assert_string_equal(r.officer, "b");
    assert_true(r.at.year == 2026 && r.at.month == 1 && r.at.day == 2 && r.at.hour == 3 && r.at.minute == 4);
    assert_true(reads("VID_?*_{device}", "vid_x-y_Z9", &r));
    assert_string_equal(r.device, "Z9");
    assert_int_equal(r.at.year, 0);
    assert_true(reads("MOV_{YYYY}-{MM}-{DD}", "mov_2024-02-29", &r));
}

static void a_name_of_another_form_is_read_all_the_same(void **state)
{
    (void)state;
    struct wording_read r;
    static const char *const none[] = {
        "",
        "BC012345",
        "BC012345_K00017_20261125073005",        /* a letter short */
        "BC01234_K00017_20261125073005_1",       /* a device too short */
        "BC012345_K00017_20261325073005_1",      /* month 13 */
        "BC012345_K00017_20260230073005_1",      /* 30 February */
        "BC012345_K00017_20261125243005_1",      /* hour 24 */
        "BC012345_K00017_2026112507300x_1",      /* no digit */
        "BC01/345_K00017_20261125073005_1",      /* no letter of an id */
        "BC012345-K00017_20261125073005_1",      /* another sign between */
        "BC012345_K00017_20261125073005_1\xff_", /* fine: the star takes anything */
    };
    for (size_t i = 0; i + 1 < sizeof none / sizeof none[0]; i++)
        if (reads("{device:8}_{officer:6}_{YYYY}{MM}{DD}{hh}{mm}{ss}_*", none[i], &r))
            fail_msg("\"%s\" is read", none[i]);
    assert_true(reads("{device:8}_{officer:6}_{YYYY}{MM}{DD}{hh}{mm}{ss}_*", none[10], &r));
    assert_false(reads("{YYYY}{MM}{DD}", "202611251", &r));
    char longer[200];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_false(reads("{device}", longer, &r));
}

static void a_form_of_names_with_a_mistake_is_taken_for_one(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "{",
        "}",
        "{device",
        "{devise}",
        "{device:0}",
        "{device:}",
        "{device:64}",
        "{device:08}",
        "{YYYY:4}",
        "{device}{YYYY}{MM}{DD}",
        "*{device}",
        "{device}_{device}",
        "{YYYY}{MM}",
        "{hh}{mm}{ss}",
        "{secret}",
        "{YYYY}{YY}{MM}{DD}",
        "{}",
        "{ device}",
    };
    struct wording w;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (!wording_parse(&w, bad[i], strlen(bad[i]), false))
            fail_msg("\"%s\" passes", bad[i]);
    char longer[300];
    memset(longer, 'a', sizeof longer);
    assert_non_null(wording_parse(&w, longer, sizeof longer, false));
    for (size_t i = 0; i < 250; i += 2)
        memcpy(longer + i, "?a", 2);
    assert_non_null(wording_parse(&w, longer, 250, false));
}

static void a_question_is_filled_in_wrongly_or_beyond_its_room(void **state)
{
    (void)state;
    struct wording w;
    char out[64];
    const struct zone_digits at = {2026, 1, 2, 3, 4, 5};
    const char *date = "@Sdt;8;{YYYY}{MM}{DD};#", *unlock = "@Pwd;6;{secret};#";
    assert_null(wording_parse(&w, date, strlen(date), true));
    assert_int_equal(wording_fill(&w, &at, NULL, 0, out, sizeof out), 17);
    assert_memory_equal(out, "@Sdt;8;20260102;#", 17);
    assert_int_equal(wording_fill(&w, &at, NULL, 0, out, 16), 0);
    assert_null(wording_parse(&w, unlock, strlen(unlock), true));
    assert_int_equal(wording_fill(&w, &at, "123\0;#", 6, out, sizeof out), 15);
    assert_memory_equal(out, "@Pwd;6;123\0;#;#", 15);
    assert_non_null(wording_parse(&w, "@A;{device}#", 12, true));
    assert_non_null(wording_parse(&w, "@A;{officer}#", 13, true));
}

static void a_zone_moves_a_moment_by_another_time(void **state)
{
    (void)state;
    struct zone z;
    struct zone_digits d = {2026, 11, 25, 3, 0, 0}, back;
    int64_t ms = 0, other = 0;
    setenv("TZ", "Europe/Berlin", 1);
    zone_start();
    assert_true(zone_parse(&z, "utc", 3) && zone_moment(&z, &d, &ms));
    assert_true(ms == (int64_t)1795575600 * 1000);
    assert_true(zone_parse(&z, "+05:00", 6) && zone_moment(&z, &d, &other));
    assert_true(other == ms - 5 * 3600000);
    assert_true(zone_digits(&z, other, &back) && back.hour == 3 && back.day == 25);
    assert_true(zone_parse(&z, "-03:30", 6) && zone_moment(&z, &d, &other));
    assert_true(other == ms + 12600000);
    assert_true(zone_parse(&z, "local", 5) && zone_moment(&z, &d, &other));
    assert_true(other == ms - 3600000);
    d.month = 7;
    assert_true(zone_moment(&z, &d, &ms));
    assert_true(zone_digits(&z, ms, &back) && back.hour == 3 && back.month == 7 && back.day == 25);
    d.year = 1999;
    assert_false(zone_moment(&z, &d, &ms));
    assert_false(zone_digits(&z, INT64_MIN, &back));
    assert_false(zone_digits(&z, INT64_MAX, &back));
    static const char *const bad[] = {"", "UTC", "+5:00", "+05:60", "+15:00", "05:00", "+05:00 ", "loca"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(zone_parse(&z, bad[i], strlen(bad[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_recording_is_passed_over_for_its_folder_or_its_letters),
        cmocka_unit_test(a_file_that_is_none_is_taken),
        cmocka_unit_test(a_pattern_of_stars_takes_time_without_end),
        cmocka_unit_test(a_pattern_of_paths_with_a_mistake_is_taken_for_one),
        cmocka_unit_test(a_name_says_another_device_officer_or_time),
        cmocka_unit_test(a_name_of_another_form_is_read_all_the_same),
        cmocka_unit_test(a_form_of_names_with_a_mistake_is_taken_for_one),
        cmocka_unit_test(a_question_is_filled_in_wrongly_or_beyond_its_room),
        cmocka_unit_test(a_zone_moves_a_moment_by_another_time),
    };
    return cmocka_run_group_tests_name("profiles wording", tests, NULL, NULL);
}
