/* Pictures in half-blocks: the colours, the proportions, the file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tui/poster.h"
#include "tui/widgets/picture.h"

/* xterm's own table, the other way round. */
static void colour_of(unsigned n, uint8_t rgb[static 3])
{
    static const uint8_t levels[] = {0, 95, 135, 175, 215, 255};
    if (n >= 232) {
        rgb[0] = rgb[1] = rgb[2] = (uint8_t)(8 + 10 * (n - 232));
        return;
    }
    rgb[0] = levels[(n - 16) / 36];
    rgb[1] = levels[(n - 16) / 6 % 6];
    rgb[2] = levels[(n - 16) % 6];
}

static unsigned apart(const uint8_t a[static 3], const uint8_t b[static 3])
{
    unsigned sum = 0;
    for (int i = 0; i < 3; i++)
        sum += (unsigned)((a[i] - b[i]) * (a[i] - b[i]));
    return sum;
}

static void a_colour_is_not_the_nearest_one(void **state)
{
    (void)state;
    for (unsigned v = 0; v < 1u << 24; v += 997) {
        uint8_t want[3] = {(uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v}, got[3], other[3];
        unsigned n = picture_colour(want);
        assert_in_range(n, 16, 255);
        colour_of(n, got);
        for (unsigned k = 16; k < 256; k++) {
            colour_of(k, other);
            assert_true(apart(want, got) <= apart(want, other));
        }
    }
}

static void a_picture_leaves_its_area_or_its_proportions(void **state)
{
    const struct picture wide = {160, 90, NULL}, tall = {10, 200, NULL}, dot = {1, 1, NULL};
    int w, h;
    (void)state;
    picture_fit(&wide, 21, 78, &w, &h);
    assert_int_equal(h, 42);
    assert_int_equal(w, 74);
    picture_fit(&wide, 40, 78, &w, &h);
    assert_int_equal(w, 78);
    assert_int_equal(h, 43);
    picture_fit(&tall, 21, 78, &w, &h);
    assert_int_equal(h, 42);
    assert_int_equal(w, 2);
    picture_fit(&dot, 1, 1, &w, &h);
    assert_true(w == 1 && h >= 1 && h <= 2);
}

static void a_dot_is_not_the_mean_of_its_pixels(void **state)
{
    const uint8_t rgb[] = {0, 0, 0, 100, 50, 10, 200, 100, 20, 100, 50, 10};
    const struct picture p = {2, 2, rgb};
    uint8_t out[3];
    (void)state;
    picture_dot(&p, 0, 0, 1, 1, out);
    assert_memory_equal(out, ((uint8_t[]){100, 50, 10}), 3);
    picture_dot(&p, 1, 1, 2, 2, out);
    assert_memory_equal(out, rgb + 9, 3);
    picture_dot(&p, 3, 3, 4, 4, out); /* larger than it is */
    assert_memory_equal(out, rgb + 9, 3);
}

static enum err parse(const char *head, size_t pixels)
{
    struct poster p = {0};
    uint8_t zero[64] = {0};
    assert_int_equal(buf_str(&p.bytes, head), ERR_OK);
    assert_int_equal(buf_add(&p.bytes, zero, pixels), ERR_OK);
    enum err e = poster_parse(&p);
    if (!e)
        assert_int_equal(p.bytes.p + p.bytes.len - p.rgb, 3 * p.w * p.h);
    poster_free(&p);
    return e;
}

static void a_file_that_is_no_picture_is_shown(void **state)
{
    (void)state;
    assert_int_equal(parse("P6\n2 3\n255\n", 18), ERR_OK);
    assert_int_equal(parse("P6\n2 3\n255\n", 17), ERR_DATA);
    assert_int_equal(parse("P6\n2 3\n255\n", 19), ERR_DATA);
    assert_int_equal(parse("P5\n2 3\n255\n", 18), ERR_DATA);
    assert_int_equal(parse("P6\n0 3\n255\n", 0), ERR_DATA);
    assert_int_equal(parse("P6\n257 1\n255\n", 60), ERR_DATA);
    assert_int_equal(parse("P6\n-2 3\n255\n", 18), ERR_DATA);
    assert_int_equal(parse("P6\n2 3\n65535\n", 36), ERR_DATA);
    assert_int_equal(parse("P6\n2", 0), ERR_DATA);
    assert_int_equal(parse("", 0), ERR_DATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_colour_is_not_the_nearest_one),
        cmocka_unit_test(a_picture_leaves_its_area_or_its_proportions),
        cmocka_unit_test(a_dot_is_not_the_mean_of_its_pixels),
        cmocka_unit_test(a_file_that_is_no_picture_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
