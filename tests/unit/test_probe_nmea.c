#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "drivers/probe/nmea.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The sentences that every description of NMEA 0183 shows. */
#define RMC "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A\r\n"
#define GGA "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n"
#define AT ((int64_t)764426119000) /* 1994-03-23T12:35:19Z */
#define LAT 481173000
#define LON 115166666

static void feed(struct nmea *m, struct track *t, const char *s)
{
    track_init(t);
    nmea_init(m, t);
    nmea_feed(m, (const uint8_t *)s, strlen(s));
    nmea_end(m);
}

static void read_all(struct track *t, const char *s)
{
    struct nmea m;
    feed(&m, t, s);
}

/* A sentence with its checksum put behind. */
static const char *sealed(char out[static 256], const char *body)
{
    unsigned sum = 0;
    for (const char *p = body; *p; p++)
        sum ^= (unsigned char)*p;
    snprintf(out, 256, "$%s*%02X\r\n", body, sum);
    return out;
}

static void assert_is(const struct track *t, uint64_t total, int64_t time, int32_t lat, int32_t lon)
{
    assert_int_equal(t->total, total);
    assert_true(t->last.time == time);
    assert_int_equal(t->last.lat, lat);
    assert_int_equal(t->last.lon, lon);
}

static void a_known_sentence_is_read_wrong(void **state)
{
    (void)state;
    struct track t;
    read_all(&t, RMC);
    assert_is(&t, 1, AT, LAT, LON);
    assert_int_equal(t.satellites, 1);
    read_all(&t, GGA);
    assert_is(&t, 1, INT64_MIN, LAT, LON);
    read_all(&t, "$GPZDA,123519,23,03,1994,00,00\n" GGA);
    assert_is(&t, 1, AT, LAT, LON);
}

static void both_sentences_of_a_moment_count_twice(void **state)
{
    (void)state;
    struct track t;
    read_all(&t, GGA RMC GGA RMC GGA);
    assert_is(&t, 2, AT, LAT, LON);
    read_all(&t, RMC GGA);
    assert_int_equal(t.total, 1);
    read_all(&t, GGA GGA GGA);
    assert_int_equal(t.total, 3);
}

static void a_hemisphere_a_talker_or_a_fraction_is_lost(void **state)
{
    (void)state;
    struct track t;
    char s[256];
    read_all(&t, sealed(s, "GNRMC,235959.250,A,3351.1234,S,07041.5000,W,0.0,0.0,311299,,,A"));
    assert_is(&t, 1, 946684799250, -338520566, -706916666);
    read_all(&t, sealed(s, "BDRMC,000000.00,A,0000.0001,N,17959.9999,E,,,010100,,"));
    assert_is(&t, 1, 946684800000, 16, 1799999983);
}

static void years_of_two_digits_fall_into_the_wrong_century(void **state)
{
    (void)state;
    struct track t;
    char s[256];
    read_all(&t, sealed(s, "GPRMC,000000,A,4807.038,N,01131.000,E,,,010179,,"));
    assert_true(t.last.time == 3439756800000); /* 2079 */
    read_all(&t, sealed(s, "GPRMC,000000,A,4807.038,N,01131.000,E,,,010180,,"));
    assert_true(t.last.time == 315532800000); /* 1980 */
}

static void junk_is_taken_for_a_position(void **state)
{
    (void)state;
    static const char *const junk[] = {
        "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6B\r\n", /* checksum */
        "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6\n",
        "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*GG\n",
        "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4\n", /* cut off */
        "$GPRMC,123519,V,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W\n",
        "$GPRMC,123519,A,9107.038,N,01131.000,E,022.4,084.4,230394,003.1,W\n",
        "$GPRMC,123519,A,4867.038,N,01131.000,E,022.4,084.4,230394,003.1,W\n",
        "$GPRMC,123519,A,4807.038,X,01131.000,E,022.4,084.4,230394,003.1,W\n",
        "$GPRMC,123519,A,4807.038,N,18131.000,E,022.4,084.4,230394,003.1,W\n",
        "$GPRMC,123519,A,-4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W\n",
        "$GPRMC,123519,A,0000.000,N,00000.000,E,022.4,084.4,230394,003.1,W\n",
        "$GPRMC,243519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W\n",
        "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,300294,003.1,W\n",
        "$GPRMC,12x519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W\n",
        "$GPRMC,,,,,,,,,,,\n",
        "$GPGGA,123519,4807.038,N,01131.000,E,0,08,0.9,545.4,M,46.9,M,,\n", /* no fix */
        "$GPGGA,123519,4807.038,N,01131.000,E,,08\n",
        "GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W\n",
        "$$$$$$\n$*\n$,\n$GPRMC\n$GPRMC,\n",
        "",
    };
    struct track t;
    for (size_t i = 0; i < sizeof junk / sizeof junk[0]; i++) {
        read_all(&t, junk[i]);
        if (t.total)
            print_error("%s\n", junk[i]);
        assert_int_equal(t.total, 0);
    }
    /* and what is between junk is found */
    struct nmea m;
    feed(&m, &t, "[12:35:19] " RMC "$GPRMC,rubbish\n\n\r\n\x01\x02\xff" RMC);
    assert_int_equal(t.total, 2);
    assert_int_equal(m.bad, 1);
}

static void a_long_line_swallows_the_next(void **state)
{
    (void)state;
    struct track t;
    char s[2000];
    memset(s, 'x', sizeof s);
    strcpy(s + 1000, "\n" RMC);
    read_all(&t, s);
    assert_int_equal(t.total, 1);
    /* and one that holds a sentence somewhere is passed over whole */
    memset(s, 'x', sizeof s);
    strcpy(s + 1000, RMC);
    read_all(&t, s);
    assert_int_equal(t.total, 0);
}

static void it_matters_how_the_file_is_cut(void **state)
{
    (void)state;
    const char *s = GGA RMC "junk" RMC "$GPRMC,1";
    struct nmea m;
    struct track whole, cut;
    read_all(&whole, s);
    for (size_t step = 1; step < 20; step++) {
        track_init(&cut);
        nmea_init(&m, &cut);
        for (size_t i = 0, n = strlen(s); i < n; i += step)
            nmea_feed(&m, (const uint8_t *)s + i, step < n - i ? step : n - i);
        nmea_end(&m);
        assert_int_equal(cut.total, whole.total);
        assert_int_equal(cut.total, 2);
    }
}

static void the_time_before_the_first_position_is_lost(void **state)
{
    (void)state;
    char log[4096] = "", s[256];
    for (int i = 0; i < 12; i++)
        strcat(log, sealed(s, "GPRMC,,V,,,,,,,,,,N"));
    struct track t;
    for (int i = 0; i < 3; i++) {
        char body[128];
        snprintf(body, sizeof body, "GPRMC,10000%d.%d,A,4314.5,N,07657.0,E,,,221126,,", i / 2, i % 2 * 5);
        strcat(log, sealed(s, body));
    }
    read_all(&t, log);
    assert_int_equal(t.total, 3);
    assert_int_equal(t.after, 6000); /* twelve of them, two a second */
    assert_true(t.start == 1795341600000 && t.end == 1795341601000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_sentence_is_read_wrong),
        cmocka_unit_test(both_sentences_of_a_moment_count_twice),
        cmocka_unit_test(a_hemisphere_a_talker_or_a_fraction_is_lost),
        cmocka_unit_test(years_of_two_digits_fall_into_the_wrong_century),
        cmocka_unit_test(junk_is_taken_for_a_position),
        cmocka_unit_test(a_long_line_swallows_the_next),
        cmocka_unit_test(it_matters_how_the_file_is_cut),
        cmocka_unit_test(the_time_before_the_first_position_is_lost),
    };
    return cmocka_run_group_tests_name("probe nmea", tests, NULL, NULL);
}
