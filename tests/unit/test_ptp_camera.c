/* An MTP device as a camera: whatever devices make of the standard, the same
 * tree comes out, or it is said what cannot be had and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "drivers/ptp/code.h"
#include "drivers/ptp/session.h"
#include "tests/unit/ptp_fixture.h"

static struct fixture f;

static void take_in(unsigned quirks, size_t piece)
{
    fixture_start(&f, quirks, fixture_tree, FIXTURE_OBJECTS);
    fixture_take(&f, piece);
    if (f.opened || f.listed || f.right != FIXTURE_FILES || f.wrong || f.failed || f.files != FIXTURE_FILES)
        fail_msg("quirks %#x: opened %d (%s), listed %d, right %u, wrong %u, failed %u, files %u; %s", quirks,
                 (int)f.opened, f.why, (int)f.listed, f.right, f.wrong, f.failed, f.files, f.said);
    fixture_end(&f);
}

static void a_plain_device_gives_its_tree(void **state)
{
    (void)state;
    static const char *const sorted[] = {"DCIM/100MEDIA/A.MP4",     "DCIM/100MEDIA/B.MP4", "DCIM/100MEDIA/C.NMEA",
                                         "DCIM/100MEDIA/EMPTY.TXT", "MISC/log.txt",        "readme"};
    take_in(0, 4096);
    for (size_t i = 0; i < FIXTURE_FILES; i++)
        assert_string_equal(f.paths[i], sorted[i]);
    assert_false(f.model.open); /* its session was closed */
}

static void every_quirk_ends_in_the_same_bytes(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PTP_HARMLESS_QUIRKS; i++)
        for (size_t piece = 1000; piece < 200000; piece *= 13)
            take_in(1u << i, piece);
}

static void every_two_quirks_end_in_the_same_bytes(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PTP_HARMLESS_QUIRKS; i++)
        for (unsigned k = 0; k < i; k++) {
            unsigned quirks = 1u << i | 1u << k;
            /* a size that nobody tells is no size */
            bool nobody = quirks == (PTP_NO_DC04 | PTP_INFO_LIES);
            if (!nobody)
                take_in(quirks, 7777);
        }
}

static void a_size_that_is_not_told_is_said(void **state)
{
    (void)state;
    fixture_start(&f, PTP_NO_DC04 | PTP_INFO_LIES | PTP_NO_PROPLIST, fixture_tree, FIXTURE_OBJECTS);
    fixture_take(&f, 4096);
    assert_int_equal(f.files, 0);
    assert_int_equal(f.failed, FIXTURE_FILES);
    assert_non_null(strstr(f.told, "4 GiB"));
    fixture_end(&f);
}

static void a_file_of_several_pieces_is_read_in_any_order(void **state)
{
    (void)state;
    static const struct ptp_object big[] = {{.handle = 3, .name = "big", .size = (9u << 20) + 5}};
    static const uint64_t at[] = {0, 5u << 20, 4194303, 9u << 20, 1, (9u << 20) + 4};
    static const unsigned quirks[] = {0, PTP_NO_PARTIAL_64, PTP_NO_PARTIAL, PTP_PARTIAL_REFUSED, PTP_NO_CLASS};
    for (size_t q = 0; q < sizeof quirks / sizeof *quirks; q++) {
        fixture_start(&f, quirks[q], big, 1);
        assert_int_equal(fixture_open(&f), ERR_OK);
        assert_int_equal(fixture_read(&f, "big", 3, 65536), ERR_OK);
        assert_int_equal(f.wrong, 0);
        void *open;
        struct camera_file file = {.path = "big", .size = big[0].size};
        assert_int_equal(f.camera.open(f.camera.self, &file, &open), ERR_OK);
        for (size_t i = 0; i < (quirks[q] & (PTP_NO_PARTIAL | PTP_PARTIAL_REFUSED) ? 3 : sizeof at / sizeof *at); i++) {
            uint8_t p[64];
            size_t got;
            assert_int_equal(f.camera.read(open, at[i], p, sizeof p, &got), ERR_OK);
            assert_true(got > 0);
            for (size_t k = 0; k < got; k++)
                assert_int_equal(p[k], script_ptp_byte(&big[0], at[i] + k));
        }
        f.camera.close(open);
        fixture_end(&f);
    }
}

static void pieces_are_asked_for_and_not_the_whole(void **state)
{
    (void)state;
    take_in(0, 4096);
    assert_int_equal(f.model.seen[OP_OBJECT], 0);
    assert_int_equal(f.model.seen[OP_PARTIAL], 0);
    assert_true(f.model.seen[OP_PARTIAL_64] > 0);
    take_in(PTP_NO_PARTIAL_64, 4096);
    assert_true(f.model.seen[OP_PARTIAL] > 0);
    take_in(PTP_NO_PARTIAL, 4096);
    assert_true(f.model.seen[OP_OBJECT] > 0);
}

static void two_files_read_by_turns_do_not_mix(void **state)
{
    (void)state;
    static const unsigned quirks[] = {0, PTP_NO_PARTIAL};
    for (size_t q = 0; q < 2; q++) {
        fixture_start(&f, quirks[q], fixture_tree, FIXTURE_OBJECTS);
        assert_int_equal(fixture_open(&f), ERR_OK);
        void *open[2];
        for (size_t i = 0; i < 2; i++) {
            struct camera_file file = {.path = fixture_files[i].path, .size = fixture_tree[2 + i].size};
            assert_int_equal(f.camera.open(f.camera.self, &file, &open[i]), ERR_OK);
        }
        for (uint64_t at = 0; at < 60000; at += 30000)
            for (size_t i = 0; i < 2; i++) {
                uint8_t p[100];
                size_t got;
                assert_int_equal(f.camera.read(open[i], at, p, sizeof p, &got), ERR_OK);
                for (size_t k = 0; k < got; k++)
                    assert_int_equal(p[k], script_ptp_byte(&fixture_tree[2 + i], at + k));
            }
        f.camera.close(open[0]);
        f.camera.close(open[1]);
        fixture_end(&f);
    }
}

static enum err read_tree(const struct ptp_object *tree, size_t n, unsigned quirks)
{
    fixture_start(&f, quirks, tree, n);
    assert_int_equal(fixture_open(&f), ERR_OK);
    f.listed = f.camera.list(f.camera.self, fixture_listed, &f);
    return f.listed;
}

static void hostile_names_stay_below_the_camera(void **state)
{
    (void)state;
    static const struct ptp_object tree[] = {
        {.handle = 1, .name = "..", .folder = true},    {.handle = 2, .parent = 1, .name = "../../etc/passwd"},
        {.handle = 3, .parent = 1, .name = ""},         {.handle = 4, .parent = 1, .name = "same"},
        {.handle = 5, .parent = 1, .name = "same"},     {.handle = 6, .parent = 1, .name = "same~2"},
        {.handle = 7, .parent = 1, .name = "same"},     {.handle = 8, .parent = 1, .name = "."},
        {.handle = 9, .parent = 1, .name = "na\xefve"},
    };
    static const char *const paths[] = {"__/.._.._etc_passwd", "__/_",      "__/na\xc3\xafve", "__/same",
                                        "__/same~2",           "__/same~3", "__/same~4",       "__/unnamed"};
    assert_int_equal(read_tree(tree, 9, 0), ERR_OK);
    assert_int_equal(f.files, 8);
    for (size_t i = 0; i < 8; i++)
        assert_string_equal(f.paths[i], paths[i]);
    uint32_t handle;
    assert_int_equal(ptp_handle(&f.camera, "__/same~2", &handle), ERR_OK);
    assert_int_equal(handle, 6);
    assert_int_equal(ptp_handle(&f.camera, "__/same~4", &handle), ERR_OK);
    assert_int_equal(handle, 7);
    assert_int_equal(ptp_handle(&f.camera, "../../etc/passwd", &handle), ERR_NOINPUT);
    fixture_end(&f);
}

static void folders_that_contain_each_other_end(void **state)
{
    (void)state;
    assert_int_equal(read_tree(fixture_tree, FIXTURE_OBJECTS, PTP_LOOP), ERR_OK);
    assert_int_equal(f.files, FIXTURE_FILES);
    assert_int_equal(f.failed, 1);
    assert_non_null(strstr(f.told, "contains itself"));
    fixture_end(&f);
}

static void folders_too_deep_are_said(void **state)
{
    (void)state;
    static struct ptp_object tree[100];
    for (uint32_t i = 0; i < 100; i++)
        tree[i] = (struct ptp_object){.handle = i + 1, .parent = i, .name = "d", .folder = true};
    assert_int_equal(read_tree(tree, 100, 0), ERR_OK);
    assert_int_equal(f.failed, 1);
    assert_non_null(strstr(f.told, "too many folders"));
    fixture_end(&f);
}

static void an_absurd_count_is_no_list(void **state)
{
    (void)state;
    static const uint32_t claims[] = {4, UINT32_MAX, 1u << 30};
    for (size_t i = 0; i < 3; i++) {
        fixture_start(&f, 0, fixture_tree, FIXTURE_OBJECTS);
        f.model.claim = claims[i];
        assert_int_equal(fixture_open(&f), ERR_OK);
        f.listed = f.camera.list(f.camera.self, fixture_listed, &f);
        assert_int_equal(f.listed, ERR_OK);
        assert_int_equal(f.files, 0);
        assert_int_equal(f.failed, 1);
        fixture_end(&f);
    }
}

static void a_locked_phone_is_said_in_one_line(void **state)
{
    (void)state;
    fixture_start(&f, PTP_LOCKED, fixture_tree, FIXTURE_OBJECTS);
    assert_int_equal(fixture_open(&f), ERR_DENIED);
    assert_non_null(strstr(f.why, "unlock it"));
    fixture_end(&f);
}

static void a_busy_camera_is_not_reset(void **state)
{
    (void)state;
    fixture_start(&f, PTP_BUSY, fixture_tree, FIXTURE_OBJECTS);
    f.model.always_busy = true;
    assert_int_equal(fixture_open(&f), ERR_AGAIN);
    assert_non_null(strstr(f.why, "busy"));
    assert_int_equal(f.model.resets, 0);
    fixture_end(&f);
}

static void a_file_longer_or_shorter_than_listed_fails(void **state)
{
    (void)state;
    static const struct ptp_object tree[] = {{.handle = 3, .name = "longer", .size = 5000, .more = 3}};
    static const unsigned longer[] = {PTP_NO_DC04 | PTP_NO_PROPLIST, PTP_NO_PARTIAL};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(read_tree(tree, 1, longer[i]), ERR_OK);
        assert_int_equal(fixture_read(&f, "longer", 3, 1000), ERR_BAD);
        assert_int_equal(f.wrong, 0);
        fixture_end(&f);
    }
    static const unsigned shorter[] = {PTP_DATA_SHORT, PTP_DATA_SHORT | PTP_NO_PARTIAL, PTP_DATA_SHORT | PTP_SPLIT};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(read_tree(fixture_tree, FIXTURE_OBJECTS, shorter[i]), ERR_OK);
        assert_int_not_equal(fixture_read(&f, "DCIM/100MEDIA/A.MP4", 3, 1000), ERR_OK);
        assert_int_equal(f.wrong, 0);
        fixture_end(&f);
    }
}

static void one_bad_file_does_not_stop_the_others(void **state)
{
    (void)state;
    static const unsigned quirks[] = {0, PTP_NO_PARTIAL_64, PTP_NO_PARTIAL};
    for (size_t i = 0; i < 3; i++) {
        fixture_start(&f, quirks[i], fixture_tree, FIXTURE_OBJECTS);
        f.model.objects[3].bad = true;
        fixture_take(&f, 4096);
        assert_int_equal(f.right, FIXTURE_FILES - 1);
        assert_int_equal(f.unread, 1);
        assert_int_equal(f.wrong, 0);
        fixture_end(&f);
    }
}

static void battery_and_room_are_told(void **state)
{
    (void)state;
    struct camera_status status;
    fixture_start(&f, PTP_TWO_STORAGES, fixture_tree, FIXTURE_OBJECTS);
    assert_int_equal(fixture_open(&f), ERR_OK);
    assert_int_equal(f.camera.status(f.camera.self, &status), ERR_OK);
    assert_int_equal(status.battery, 75);
    assert_int_equal(status.total, 2000000);
    assert_int_equal(status.free, 800000);
    fixture_end(&f);
}

static void the_clock_is_read_set_and_read_again(void **state)
{
    (void)state;
    int64_t ms, t = 1764072000000; /* 2025-11-25 12:00 UTC */
    fixture_start(&f, 0, fixture_tree, FIXTURE_OBJECTS);
    assert_int_equal(fixture_open(&f), ERR_OK);
    assert_int_equal(f.camera.clock(f.camera.self, &ms), ERR_OK);
    assert_int_equal(ms, t + 365 * (int64_t)86400000);
    assert_int_equal(f.camera.set_clock(f.camera.self, t), ERR_OK);
    assert_string_equal(f.model.clock, "20251125T120000");
    assert_int_equal(f.camera.clock(f.camera.self, &ms), ERR_OK);
    assert_int_equal(ms, t);
    strcpy(f.model.clock, "20261125T170000+0500");
    assert_int_equal(f.camera.set_clock(f.camera.self, t), ERR_OK);
    assert_true(ptp_clock_has_zone(ptp_of(&f.camera)));
    assert_string_equal(f.model.clock, "20251125T120000Z");
    fixture_end(&f);
}

static void a_clock_that_cannot_be_set_is_said(void **state)
{
    (void)state;
    fixture_start(&f, PTP_CLOCK_REFUSED, fixture_tree, FIXTURE_OBJECTS);
    assert_int_equal(fixture_open(&f), ERR_OK);
    assert_int_equal(f.camera.set_clock(f.camera.self, 0), ERR_DENIED);
    assert_non_null(strstr(err_text(), "does not let its clock be set"));
    fixture_end(&f);
}

static void nothing_that_writes_leaves_this_house(void **state)
{
    (void)state;
    fixture_start(&f, 0, fixture_tree, FIXTURE_OBJECTS);
    assert_int_equal(fixture_open(&f), ERR_OK);
    struct session *s = ptp_session(ptp_of(&f.camera));
    struct session_answer a;
    uint64_t before = f.script.bytes;
    for (uint32_t code = 0; code < 0x10000; code++) {
        struct session_op op = {.code = (uint16_t)code, .n_params = 1, .params = {0x5001}};
        bool reads = (code >= 0x1001 && code <= 0x1009 && code != 0x1006) || code == 0x1014 || code == 0x1015 ||
                     code == 0x101B || code == 0x95C1 || code == 0x9803 || code == 0x9805;
        if (!reads)
            assert_int_equal(session_run(s, &op, NULL, NULL, &a), ERR_BUG);
    }
    assert_int_equal(f.script.bytes, before);
    fixture_end(&f);
}

static void a_card_pulled_out_is_said(void **state)
{
    (void)state;
    static const uint8_t removed[] = {16, 0, 0, 0, 4, 0, 5, 0x40, 0, 0, 0, 0, 1, 0, 1, 0};
    fixture_start(&f, 0, fixture_tree, FIXTURE_OBJECTS);
    assert_int_equal(fixture_open(&f), ERR_OK);
    assert_int_equal(buf_add(&f.script.event, removed, sizeof removed), ERR_OK);
    assert_int_equal(f.camera.list(f.camera.self, fixture_listed, &f), ERR_AGAIN);
    assert_non_null(strstr(err_text(), "card"));
    fixture_end(&f);
}

static void facts_tell_how_it_was_read(void **state)
{
    (void)state;
    fixture_start(&f, PTP_INFO_LIES, fixture_tree, FIXTURE_OBJECTS);
    assert_int_equal(fixture_open(&f), ERR_OK);
    void *open;
    struct camera_file file = {.path = "readme", .size = 500};
    assert_int_equal(f.camera.open(f.camera.self, &file, &open), ERR_OK);
    json_t *j = f.camera.file_facts(open), *all = f.camera.facts(f.camera.self);
    assert_int_equal(json_integer_value(json_object_get(j, "handle")), 9);
    assert_int_equal(json_integer_value(json_object_get(j, "size_info")), UINT32_MAX);
    assert_int_equal(json_integer_value(json_object_get(j, "size_property")), 500);
    assert_string_equal(json_string_value(json_object_get(j, "modified")), "20261125T073940.5Z");
    assert_string_equal(json_string_value(json_object_get(j, "read")), "partial64");
    assert_string_equal(json_string_value(json_object_get(all, "model")), "Model");
    assert_int_equal(json_array_size(json_object_get(all, "storages")), 1);
    json_decref(j);
    json_decref(all);
    struct intake_camera who;
    f.camera.describe(f.camera.self, &who);
    assert_string_equal(who.vendor, "Maker");
    assert_string_equal(who.serial, "S\\x1bN-1");
    assert_string_equal(who.volume, "00010001 LABEL");
    f.camera.close(open);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_device_gives_its_tree),
        cmocka_unit_test(every_quirk_ends_in_the_same_bytes),
        cmocka_unit_test(every_two_quirks_end_in_the_same_bytes),
        cmocka_unit_test(a_size_that_is_not_told_is_said),
        cmocka_unit_test(a_file_of_several_pieces_is_read_in_any_order),
        cmocka_unit_test(pieces_are_asked_for_and_not_the_whole),
        cmocka_unit_test(two_files_read_by_turns_do_not_mix),
        cmocka_unit_test(hostile_names_stay_below_the_camera),
        cmocka_unit_test(folders_that_contain_each_other_end),
        cmocka_unit_test(folders_too_deep_are_said),
        cmocka_unit_test(an_absurd_count_is_no_list),
        cmocka_unit_test(a_locked_phone_is_said_in_one_line),
        cmocka_unit_test(a_busy_camera_is_not_reset),
        cmocka_unit_test(a_file_longer_or_shorter_than_listed_fails),
        cmocka_unit_test(one_bad_file_does_not_stop_the_others),
        cmocka_unit_test(battery_and_room_are_told),
        cmocka_unit_test(the_clock_is_read_set_and_read_again),
        cmocka_unit_test(a_clock_that_cannot_be_set_is_said),
        cmocka_unit_test(nothing_that_writes_leaves_this_house),
        cmocka_unit_test(a_card_pulled_out_is_said),
        cmocka_unit_test(facts_tell_how_it_was_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
