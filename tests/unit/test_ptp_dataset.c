/* What a PTP device says of itself, cut off at every byte and bent: nothing is
 * read behind its end, and nonsense is no dataset. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/ptp/dataset.h"
#include "drivers/ptp/naming.h"

static uint8_t bytes[4096];
static size_t len;

static void put(uint64_t v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bytes[len++] = (uint8_t)(v >> (8 * i));
}

static void put_text(const char *s)
{
    size_t n = strlen(s);
    put(n ? n + 1 : 0, 1);
    for (size_t i = 0; n && i <= n; i++)
        put((uint8_t)s[i], 2);
}

static void put_device(void)
{
    len = 0;
    put(100, 2);
    put(6, 4);
    put(100, 2);
    put_text("ext");
    put(0, 2);
    put(2, 4);
    put(0x1001, 2);
    put(0x9805, 2);
    put(0, 4);
    put(1, 4);
    put(0x5001, 2);
    put(0, 4);
    put(0, 4);
    put_text("Maker");
    put_text("Model");
    put_text("1.0");
    put_text("SN");
}

/* A copy of exactly n bytes, so that a sanitizer sees what is read behind it. */
static uint8_t *cut_off(size_t n)
{
    uint8_t *p = malloc(n ? n : 1);
    assert_non_null(p);
    memcpy(p, bytes, n);
    return p;
}

static void device_info_cut_anywhere_is_none_or_has_no_more(void **state)
{
    (void)state;
    static struct device_info d;
    put_device();
    assert_true(dataset_device(&d, bytes, len));
    assert_string_equal(d.manufacturer, "Maker");
    assert_string_equal(d.serial, "SN");
    assert_true(dataset_has(&d.operations, 0x9805));
    assert_false(dataset_has(&d.operations, 0x9804));
    size_t needed = len - (1 + 12) - (1 + 8) - (1 + 6);
    for (size_t n = 0; n < len; n++) {
        uint8_t *p = cut_off(n);
        assert_int_equal(dataset_device(&d, p, n), n >= needed);
        assert_string_equal(d.serial, "");
        free(p);
    }
}

static void lists_longer_than_their_dataset_are_none(void **state)
{
    (void)state;
    static struct device_info d;
    static const uint32_t counts[] = {3000, 0x7FFFFFFF, 0x80000000, UINT32_MAX, 14};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        put_device();
        for (size_t k = 0; k < 4; k++)
            bytes[2 + 4 + 2 + 9 + 2 + k] = (uint8_t)(counts[i] >> (8 * k));
        assert_false(dataset_device(&d, bytes, len) && dataset_has(&d.operations, 0x9805) && d.serial[0]);
    }
}

static void storage_info_cut_anywhere_is_none_or_has_no_more(void **state)
{
    (void)state;
    static struct storage_info s;
    len = 0;
    put(4, 2);
    put(2, 2);
    put(1, 2);
    put(1ull << 40, 8);
    put(5, 8);
    put(0, 4);
    put_text("card");
    put_text("LABEL");
    assert_true(dataset_storage(&s, bytes, len));
    assert_true(s.total == 1ull << 40 && s.free == 5 && s.access == 1);
    assert_string_equal(s.label, "LABEL");
    for (size_t n = 0; n < len; n++) {
        uint8_t *p = cut_off(n);
        assert_int_equal(dataset_storage(&s, p, n), n >= 26);
        free(p);
    }
}

static void object_info_cut_anywhere_is_none_or_has_no_more(void **state)
{
    (void)state;
    static struct object_info o;
    len = 0;
    put(0x10001, 4);
    put(0x300B, 2);
    put(1, 2);
    put(UINT32_MAX, 4);
    put(0, 8);
    put(0, 8);
    put(0, 8);
    put(0, 2);
    put(7, 4);
    put(0, 8);
    put(0, 2);
    size_t name = len;
    put_text("A.MP4");
    size_t needed = len;
    put_text("20261125T073940");
    put_text("20261125T073941");
    assert_int_equal(name, 52); /* as the standard has it */
    assert_true(dataset_object(&o, bytes, len));
    assert_true(o.parent == 7 && o.size == UINT32_MAX && o.protection == 1 && o.format == 0x300B);
    assert_string_equal(o.name, "A.MP4");
    assert_string_equal(o.modified, "20261125T073941");
    for (size_t n = 0; n < len; n++) {
        uint8_t *p = cut_off(n);
        assert_int_equal(dataset_object(&o, p, n), n >= needed);
        free(p);
    }
}

static void elements_cut_anywhere_wait_for_more(void **state)
{
    (void)state;
    static struct dataset_element e;
    static const struct {
        uint16_t type;
        uint64_t value;
        size_t size;
    } numbers[] = {{1, 0xFF, 1},   {2, 0xFF, 1},        {3, 0x8000, 2},
                   {4, 0x8000, 2}, {5, 0xFFFFFFFFu, 4}, {6, 0xFFFFFFFFu, 4},
                   {7, 5, 8},      {8, UINT64_MAX, 8},  {0x4006, 1 | 9ull << 32, 8}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        len = 0;
        put(9, 4);
        put(0xDC04, 2);
        put(numbers[i].type, 2);
        put(numbers[i].value, numbers[i].size);
        for (size_t n = 0; n < len; n++) {
            uint8_t *p = cut_off(n);
            assert_int_equal(dataset_element(&e, p, n), 0);
            free(p);
        }
        assert_int_equal(dataset_element(&e, bytes, len), len);
        assert_int_equal(e.value.is_number, numbers[i].type < 0x4000);
        bool negative = numbers[i].type & 1 && numbers[i].size < 8;
        if (e.value.is_number)
            assert_true(negative ? (int64_t)e.value.number < 0 : e.value.number == numbers[i].value);
    }
}

static void types_and_arrays_that_cannot_be_are_nonsense(void **state)
{
    (void)state;
    static struct dataset_element e;
    static const uint16_t types[] = {0, 11, 0x4000, 0x400B, 0x8001, 0xFFFE};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        len = 0;
        put(9, 4);
        put(0xDC04, 2);
        put(types[i], 2);
        put(0, 8);
        assert_int_equal(dataset_element(&e, bytes, len), -1);
    }
    len = 0;
    put(9, 4);
    put(0xDC04, 2);
    put(0x4008, 2);
    put(0x20000000, 4);
    assert_int_equal(dataset_element(&e, bytes, len), -1);
}

static void texts_become_utf8_whatever_they_hold(void **state)
{
    (void)state;
    static char text[PTP_TEXT_MAX];
    struct dataset d = {(const uint8_t *)"\x06\x3D\xD8\x00\xDE\x00\xD8\x41\x00\x00\x00\x42\x00", 13, false};
    dataset_text(&d, text); /* a pair, half a pair, A, NUL, B */
    assert_string_equal(text, "\xF0\x9F\x98\x80\xEF\xBF\xBD"
                              "A");
    uint8_t longest[1 + 510];
    memset(longest, 0xFE, sizeof longest);
    longest[0] = 255;
    d = (struct dataset){longest, sizeof longest, false};
    dataset_text(&d, text);
    assert_int_equal(strlen(text), 765);
    d = (struct dataset){longest, sizeof longest - 1, false};
    dataset_text(&d, text);
    assert_true(d.bad && text[0] == '\0');
}

static void property_descriptions_cut_anywhere_are_none(void **state)
{
    (void)state;
    static struct property_desc d;
    len = 0;
    put(0x5001, 2);
    put(2, 2);
    put(1, 1);
    put(0, 1);
    put(80, 1);
    put(1, 1);
    put(10, 1);
    put(90, 1);
    put(1, 1);
    assert_true(dataset_property(&d, bytes, len));
    assert_true(d.settable && d.range && d.low == 10 && d.high == 90 && d.now.number == 80);
    for (size_t n = 0; n < 7; n++) {
        uint8_t *p = cut_off(n);
        assert_false(dataset_property(&d, p, n));
        free(p);
    }
    assert_true(dataset_property(&d, bytes, 9) && !d.range);
}

static void arrays_have_a_ceiling_and_an_end(void **state)
{
    (void)state;
    size_t n;
    len = 0;
    put(2, 4);
    put(7, 4);
    put(8, 4);
    assert_ptr_equal(dataset_array32(bytes, len, 2, &n), bytes + 4);
    assert_int_equal(n, 2);
    assert_null(dataset_array32(bytes, len, 1, &n));
    for (size_t i = 0; i < len; i++)
        assert_null(dataset_array32(bytes, i, 10, &n));
    bytes[3] = 0x80;
    assert_null(dataset_array32(bytes, len, SIZE_MAX, &n));
}

static void times_are_told_apart_from_nonsense(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
        bool zone;
    } good[] = {
        {"20261125T073940", 1795592380000, false},         {"20261125T073940.5", 1795592380500, false},
        {"20261125T073940.0Z", 1795592380000, true},       {"20261125T123940+0500", 1795592380000, true},
        {"20261125T033940.123-0400", 1795592380100, true}, {"19691231T235959Z", -1000, true},
    };
    static const char *const bad[] = {"",
                                      "20261125",
                                      "20261325T073940",
                                      "20260231T073940",
                                      "20261125T243940",
                                      "20261125T076040",
                                      "20261125 073940",
                                      "2026112xT073940",
                                      "20261125T073940X",
                                      "20261125T073940+05",
                                      "20261125T073940+9900",
                                      "20261125T073940.",
                                      "00000000T000000"};
    bool zone;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(dataset_time(good[i].text, &zone) == good[i].ms);
        assert_int_equal(zone, good[i].zone);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_true(dataset_time(bad[i], &zone) == INT64_MIN);
    char text[20];
    dataset_time_text(text, -1000, true);
    assert_string_equal(text, "19691231T235959Z");
    dataset_time_text(text, 1795592380999, false);
    assert_string_equal(text, "20261125T073940");
    dataset_time_text(text, INT64_MAX, false);
    assert_string_equal(text, "");
}

static void many_of_one_name_all_get_their_own(void **state)
{
    (void)state;
    static struct naming all[3000];
    struct buf names = {0};
    for (size_t i = 0; i < 3000; i++) {
        all[i] = (struct naming){.handle = (uint32_t)(3000 - i), .index = i};
        assert_int_equal(naming_add(&names, i % 2 ? "n" : "n~2", &all[i].at), ERR_OK);
    }
    assert_int_equal(naming_settle(all, 3000, &names), ERR_OK);
    for (size_t i = 1; i < 3000; i++)
        assert_true(strcmp((char *)names.p + all[i - 1].at, (char *)names.p + all[i].at) < 0);
    buf_free(&names);
    assert_int_equal(naming_settle(NULL, 0, &names), ERR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(device_info_cut_anywhere_is_none_or_has_no_more),
        cmocka_unit_test(lists_longer_than_their_dataset_are_none),
        cmocka_unit_test(storage_info_cut_anywhere_is_none_or_has_no_more),
        cmocka_unit_test(object_info_cut_anywhere_is_none_or_has_no_more),
        cmocka_unit_test(elements_cut_anywhere_wait_for_more),
        cmocka_unit_test(types_and_arrays_that_cannot_be_are_nonsense),
        cmocka_unit_test(texts_become_utf8_whatever_they_hold),
        cmocka_unit_test(property_descriptions_cut_anywhere_are_none),
        cmocka_unit_test(arrays_have_a_ceiling_and_an_end),
        cmocka_unit_test(times_are_told_apart_from_nonsense),
        cmocka_unit_test(many_of_one_name_all_get_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
