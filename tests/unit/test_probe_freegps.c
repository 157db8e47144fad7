#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "drivers/limits.h"
#include "drivers/probe/freegps.h"
#include "storage/base/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT ((int64_t)1795341600000) /* 2026-11-22T10:00:00Z */
#define LAT 432500000
#define LON 769500000

static void put_f32(uint8_t *p, float v)
{
    uint32_t bits;
    memcpy(&bits, &v, 4);
    bytes_put_le32(p, bits);
}

static void put_f64(uint8_t *p, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, 8);
    bytes_put_le64(p, bits);
}

static void put_six(uint8_t *p, uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t e, uint32_t f)
{
    const uint32_t v[] = {a, b, c, d, e, f};
    for (size_t i = 0; i < 6; i++)
        bytes_put_le32(p + 4 * i, v[i]);
}

static void begin(uint8_t p[static 256])
{
    memset(p, 0, 256);
    bytes_put_be32(p, 256);
    memcpy(p + 4, "freeGPS ", 8);
}

static void clock_first(uint8_t p[static 256], size_t base, const char *marks, float lat, float lon)
{
    begin(p);
    put_six(p + base, 10, 0, 0, 26, 11, 22);
    memcpy(p + base + 24, marks, 3);
    put_f32(p + base + 28, lat);
    put_f32(p + base + 32, lon);
}

static void a_layout_is_read_wrong(void **state)
{
    (void)state;
    uint8_t p[256];
    struct place_point out;
    static const size_t bases[] = {16, 48, 64};
    for (size_t i = 0; i < 3; i++) {
        clock_first(p, bases[i], "ANE", 4315.0f, 7657.0f);
        assert_int_equal(freegps_block(p, sizeof p, &out), FREEGPS_POINT);
        assert_true(out.time == AT && out.lat == LAT && out.lon == LON);
        clock_first(p, bases[i], "ASW", 4315.0f, 7657.0f);
        assert_int_equal(freegps_block(p, sizeof p, &out), FREEGPS_POINT);
        assert_true(out.lat == -LAT && out.lon == -LON);
        clock_first(p, bases[i], "V\0\0", 0, 0);
        assert_int_equal(freegps_block(p, sizeof p, &out), FREEGPS_NO_FIX);
    }
    begin(p); /* spread */
    put_six(p + 48, 10, 0, 0, 'A', 0, 'N');
    put_f32(p + 64, 4315.0f);
    put_six(p + 72, 0, 'E', 0, 0, 2026, 11);
    put_f32(p + 72, 7657.0f);
    bytes_put_le32(p + 96, 22);
    assert_int_equal(freegps_block(p, sizeof p, &out), FREEGPS_POINT);
    assert_true(out.time == AT && out.lat == LAT && out.lon == LON);
    begin(p); /* doubles */
    put_six(p + 16, 10, 0, 0, 'A', 0, 0);
    put_f64(p + 32, 4315.0);
    p[40] = 'N';
    put_f64(p + 48, 7657.0);
    p[56] = 'E';
    bytes_put_le32(p + 80, 26);
    bytes_put_le32(p + 84, 11);
    bytes_put_le32(p + 88, 22);
    assert_int_equal(freegps_block(p, sizeof p, &out), FREEGPS_POINT);
    assert_true(out.time == AT && out.lat == LAT && out.lon == LON);
    clock_first(p, 48, "ANE", 0, 0); /* integers */
    memcpy(p + 16, "IQS_A7", 6);
    bytes_put_le32(p + 76, LAT);
    bytes_put_le32(p + 80, LON);
    assert_int_equal(freegps_block(p, sizeof p, &out), FREEGPS_POINT);
    assert_true(out.time == AT && out.lat == LAT && out.lon == LON);
    begin(p);
    strcpy((char *)p + 52, "$GPRMC,100000.000,A,4315.0,N,07657.0,E,0.0,0.0,221126,,\r\n");
    assert_int_equal(freegps_block(p, sizeof p, &out), FREEGPS_SENTENCE);
    assert_true(out.time == AT && out.lat == LAT && out.lon == LON);
}

/* A block as a public description of one recorder shows it. */
static void a_block_of_a_real_recorder_is_read_wrong(void **state)
{
    (void)state;
    uint8_t p[256];
    static const uint8_t seen[] = {0x05, 0,   0,   0, 0x2f, 0,    0,    0,    0x03, 0,    0,    0,
                                   0x13, 0,   0,   0, 0x09, 0,    0,    0,    0x1b, 0,    0,    0,
                                   'A',  'N', 'W', 0, 0x25, 0xd1, 0x99, 0x45, 0xf1, 0x47, 0x40, 0x46};
    struct place_point out;
    begin(p);
    memcpy(p + 16, seen, sizeof seen);
    assert_int_equal(freegps_block(p, sizeof p, &out), FREEGPS_POINT);
    assert_true(out.time == 1569563223000); /* 2019-09-27T05:47:03 */
    /* 49 22.1432, 123 05.9854 */
    assert_true(out.lat > 493690500 && out.lat < 493690600 && out.lon < -1230997500 && out.lon > -1230997600);
}

static void an_encrypted_or_a_broken_block_gives_a_place(void **state)
{
    (void)state;
    uint8_t p[256];
    struct place_point out;
    clock_first(p, 48, "ANE", 0, 0);
    assert_int_equal(freegps_block(p, sizeof p, &out), FREEGPS_UNKNOWN);
    clock_first(p, 16, "ANE", 4315.0f, 7657.0f);
    memcpy(p + 44, "bGF0aXR1ZGU=", 12); /* letters where the floats are */
    assert_int_equal(freegps_block(p, sizeof p, &out), FREEGPS_UNKNOWN);
    clock_first(p, 16, "ANE", 9915.0f, 7657.0f);
    assert_int_equal(freegps_block(p, sizeof p, &out), FREEGPS_UNKNOWN);
    clock_first(p, 16, "ANE", 4375.0f, 7657.0f);
    assert_int_equal(freegps_block(p, sizeof p, &out), FREEGPS_UNKNOWN);
    clock_first(p, 16, "ANE", 4315.0f, 7657.0f);
    bytes_put_le32(p + 44, 0x7fc00000); /* not a number */
    assert_int_equal(freegps_block(p, sizeof p, &out), FREEGPS_UNKNOWN);
    bytes_put_le32(p + 44, 0x7f800000); /* infinite */
    assert_int_equal(freegps_block(p, sizeof p, &out), FREEGPS_UNKNOWN);
    clock_first(p, 16, "ANE", 4315.0f, 7657.0f);
    bytes_put_le32(p + 32, 13); /* a month */
    assert_int_equal(freegps_block(p, sizeof p, &out), FREEGPS_UNKNOWN);
    for (size_t n = 0; n < 100; n++)
        assert_int_not_equal(freegps_block(p, n, &out), FREEGPS_POINT);
    p[4] = 'F';
    assert_int_equal(freegps_block(p, sizeof p, &out), FREEGPS_NONE);
}

/* A video in memory. */
struct film {
    uint8_t *p;
    size_t n;
    unsigned reads;
};

static enum err film_read(void *ctx, uint64_t offset, void *p, size_t n, size_t *got)
{
    struct film *f = ctx;
    f->reads++;
    if (offset > f->n)
        offset = f->n;
    *got = n < f->n - offset ? n : f->n - (size_t)offset;
    *got = *got > 1000 ? 1000 : *got; /* shorter than asked is allowed */
    memcpy(p, f->p + offset, *got);
    return ERR_OK;
}

/* Returns where it begins. */
static size_t put_box(struct film *f, const char *type, const void *body, size_t n)
{
    f->p = realloc(f->p, f->n + 8 + n);
    assert_non_null(f->p);
    bytes_put_be32(f->p + f->n, (uint32_t)(8 + n));
    memcpy(f->p + f->n + 4, type, 4);
    if (n)
        memcpy(f->p + f->n + 8, body, n);
    f->n += 8 + n;
    return f->n - 8 - n;
}

/* blocks of 256 bytes a second apart, in an mdat behind pad bytes. */
static size_t put_media(struct film *f, size_t blocks, size_t pad)
{
    uint8_t *media = calloc(1, pad + 256 * blocks + 1);
    assert_non_null(media);
    for (size_t i = 0; i < blocks; i++) {
        clock_first(media + pad + 256 * i, 48, i < 2 ? "V\0\0" : "ANE", 4315.0f + (float)i / 1000, 7657.0f);
        put_six(media + pad + 256 * i + 48, 10, (uint32_t)i / 60 % 60, (uint32_t)i % 60, 26, 11, 22);
    }
    size_t at = put_box(f, "mdat", media, pad + 256 * blocks) + 8 + pad;
    free(media);
    return at;
}

static void put_table(struct film *f, size_t first, size_t blocks, uint32_t says)
{
    uint8_t *table = calloc(1, 16 + 8 * blocks);
    assert_non_null(table);
    bytes_put_be32(table, (uint32_t)(16 + 8 * blocks));
    memcpy(table + 4, "gps ", 4);
    bytes_put_be32(table + 8, 0x101);
    bytes_put_be32(table + 12, says);
    for (size_t i = 0; i < blocks; i++) {
        bytes_put_be32(table + 16 + 8 * i, (uint32_t)(first + 256 * i));
        bytes_put_be32(table + 20 + 8 * i, 256);
    }
    put_box(f, "moov", table, 16 + 8 * blocks);
    free(table);
}

static void look(struct film *f, struct track *t, uint64_t *unknown)
{
    track_init(t);
    freegps_video(&(struct probe_source){film_read, f, f->n}, t, unknown);
    free(f->p);
}

static void a_table_of_blocks_is_not_followed(void **state)
{
    (void)state;
    struct track t;
    uint64_t unknown;
    struct film f = {0};
    put_box(&f, "ftyp", "mp42", 4);
    size_t first = put_media(&f, 100, 5000);
    put_table(&f, first, 100, 100);
    look(&f, &t, &unknown);
    assert_int_equal(t.total, 98);
    assert_int_equal(unknown, 0);
    assert_int_equal(t.after, 2000);
    assert_true(t.start == AT + 2000 && t.end == AT + 99000);
    assert_int_equal(t.satellites, 0); /* the recorder's clock */
}

static void a_long_table_is_read_whole(void **state)
{
    (void)state;
    struct track t;
    uint64_t unknown;
    struct film f = {0};
    size_t first = put_media(&f, 3000, 0);
    put_table(&f, first, 3000, 3000);
    look(&f, &t, &unknown);
    assert_true(f.reads < 1000);
    assert_int_equal(t.total, FREEGPS_READ_MAX - 1); /* the first has no fix */
    assert_true(t.end == AT + 2999000);
}

static void a_count_that_lies_is_believed(void **state)
{
    (void)state;
    static const uint32_t says[] = {0xffffffff, 0x20000000, 11};
    for (size_t i = 0; i < 3; i++) {
        struct track t;
        uint64_t unknown;
        struct film f = {0};
        size_t first = put_media(&f, 10, 0);
        put_table(&f, first, 10, says[i]);
        look(&f, &t, &unknown);
        assert_int_equal(t.total, 8);
    }
}

static void blocks_without_a_table_are_not_found(void **state)
{
    (void)state;
    struct track t;
    uint64_t unknown;
    uint8_t block[256];
    struct film f = {0};
    put_media(&f, 20, 32768 - 8 - 100); /* across the end of a piece of the search */
    look(&f, &t, &unknown);
    assert_int_equal(t.total, 18);
    f = (struct film){0};
    put_box(&f, "ftyp", "qt  ", 4);
    for (int i = 0; i < 3; i++) {
        clock_first(block, 16, "ANE", 4315.0f, 7657.0f);
        put_box(&f, "free", block + 8, sizeof block - 8);
    }
    look(&f, &t, &unknown);
    assert_int_equal(t.total, 3);
    f = (struct film){0};
    memset(block, 0, sizeof block);
    memcpy(block, "GPS ", 4);
    put_box(&f, "free", block, sizeof block);
    look(&f, &t, &unknown);
    assert_int_equal(t.total, 0);
    assert_int_equal(unknown, 1);
}

static void boxes_that_lie_are_followed_for_ever(void **state)
{
    (void)state;
    struct track t;
    uint64_t unknown;
    static const uint8_t heads[][16] = {
        {0, 0, 0, 0, 'm', 'o', 'o', 'v'},                                                 /* to the end */
        {0, 0, 0, 4, 'm', 'o', 'o', 'v'},                                                 /* too short */
        {0, 0, 0, 1, 'm', 'o', 'o', 'v', 0, 0, 0, 0, 0, 0, 0, 8},                         /* too short, long */
        {0, 0, 0, 1, 'm', 'o', 'o', 'v', 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, /* beyond all */
        {0, 0, 0, 1, 'm', 'd', 'a', 't', 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
        {0xff, 0xff, 0xff, 0xff, 'm', 'o', 'o', 'v', 0xff, 0xff, 0xff, 0xff, 'g', 'p', 's', ' '}, /* an empty table */
    };
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        for (size_t n = 0; n <= 16; n++) {
            struct film f = {malloc(17), n, 0};
            assert_non_null(f.p);
            memcpy(f.p, heads[i], n);
            look(&f, &t, &unknown);
            assert_int_equal(t.total, 0);
            assert_true(f.reads < 20);
        }
    struct film f = {0};
    for (int i = 0; i < 20000; i++)
        put_box(&f, "free", "", 0);
    look(&f, &t, &unknown);
    assert_true(f.reads < 3 * BOXES_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_layout_is_read_wrong),
        cmocka_unit_test(a_block_of_a_real_recorder_is_read_wrong),
        cmocka_unit_test(an_encrypted_or_a_broken_block_gives_a_place),
        cmocka_unit_test(a_table_of_blocks_is_not_followed),
        cmocka_unit_test(a_long_table_is_read_whole),
        cmocka_unit_test(a_count_that_lies_is_believed),
        cmocka_unit_test(blocks_without_a_table_are_not_found),
        cmocka_unit_test(boxes_that_lie_are_followed_for_ever),
    };
    return cmocka_run_group_tests_name("probe freegps", tests, NULL, NULL);
}
