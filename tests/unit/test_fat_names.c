/* Names and folders that lie. */
#include "tests/unit/fat_card.h"

#include "drivers/fat/letters.h"
#include "drivers/fat/stamp.h"
#include "drivers/limits.h"

#define LIST(card, text) assert_string_equal(card_list(card), text)

/* FAT: entry i on: a long name in UTF-16 and its short entry; the next free entry. */
static uint32_t put_long(const struct card *c, uint32_t folder, uint32_t i, const uint16_t *name, uint32_t n,
                         const char *short_name, uint32_t first, uint32_t size)
{
    uint32_t pieces = (n + 12) / 13;
    for (uint32_t k = pieces; k-- > 0;) {
        uint16_t units[13];
        for (uint32_t u = 0; u < 13; u++) {
            uint32_t at = 13 * k + u;
            units[u] = at < n ? name[at] : at == n ? 0 : 0xffff;
        }
        card_long(c, folder, i++, (k + 1) | (k + 1 == pieces ? 0x40u : 0),
                  record_short_sum((const uint8_t *)short_name), units);
    }
    card_entry(c, folder, i++, short_name, 0x20, first, size);
    return i;
}

static void assert_long(const uint16_t *units, size_t n, const char *want)
{
    struct buf b = {0};
    assert_int_equal(letters_long(&b, units, n), ERR_OK);
    assert_string_equal((const char *)b.p, want);
    buf_free(&b);
}
#define LONG(want, ...) assert_long((const uint16_t[]){__VA_ARGS__}, sizeof((uint16_t[]){__VA_ARGS__}) / 2, want)

static void no_long_name_leads_out_of_its_folder(void **state)
{
    (void)state;
    LONG("\\x2e\\x2e", '.', '.');
    LONG("\\x2e", '.');
    LONG("...", '.', '.', '.');
    LONG("..a", '.', '.', 'a');
    LONG("a\\x2fb", 'a', '/', 'b');
    LONG("a\\x5cx2fb", 'a', '\\', 'x', '2', 'f', 'b');
    LONG("\\x00\\x1b[2J\\x0a\\x7f", 0, 27, '[', '2', 'J', 10, 127);
    LONG("\xd0\x96", 0x416);
    LONG("\xe2\x82\xac", 0x20ac);
    LONG("\xf0\x9f\x93\xb9", 0xd83d, 0xdcf9);
    LONG("\\ud83d", 0xd83d);
    LONG("\\udcf9\\ud83d", 0xdcf9, 0xd83d);
    LONG("\\ud83da", 0xd83d, 'a');
}

static void assert_short(const char *raw, uint8_t lower, const char *want)
{
    struct buf b = {0};
    assert_int_equal(letters_short(&b, (const uint8_t *)raw, lower), ERR_OK);
    assert_string_equal((const char *)b.p, want);
    buf_free(&b);
}

static void short_names_are_in_code_page_866(void **state)
{
    (void)state;
    assert_short("MOV_0001MP4", 0, "MOV_0001.MP4");
    assert_short("MOV_0001MP4", 0x18, "mov_0001.mp4");
    assert_short("MOV_0001MP4", 0x10, "MOV_0001.mp4");
    assert_short("A          ", 8, "a");
    assert_short("\x8f\x90\x88\x82\x85\x92  TXT", 0, "ПРИВЕТ.TXT");
    assert_short("\x8f\x90\x88\x82\x85\x92  TXT", 0x18, "привет.txt");
    assert_short("\xf0\xf1\xfc     \xb0\xdf\xff", 0, "Ёё№.░▀\xc2\xa0");
    assert_short("\x05         A", 0, "х.  A"); /* 0xe5 */
    assert_short("           ", 0, "\\x20");
    assert_short("..         ", 0, "\\x2e\\x2e");
    assert_short("A/B\\C   D\x01 ", 0, "A\\x2fB\\x5cC.D\\x01");
}

static void long_name_of_every_length_up_to_255(void **state)
{
    (void)state;
    for (uint32_t n = 1; n <= 255; n += n < 30 ? 1 : 15) {
        struct card *c = card_fat32(100);
        uint16_t name[255];
        char want[300];
        for (uint32_t i = 0; i < n; i++)
            name[i] = (uint16_t)('a' + i % 26);
        card_chain(c, 2, 2);
        uint32_t next = put_long(c, 2, 0, name, n, "ABCDEF~1   ", 0, 0);
        assert_true(next <= 32);
        card_open(c);
        strcpy(want, "file ");
        for (uint32_t i = 0; i < n; i++)
            want[5 + i] = (char)name[i];
        strcpy(want + 5 + n, " 0\n");
        LIST(c, want);
        card_free(c);
    }
}

static void long_name_that_fits_nothing_leaves_the_short_one(void **state)
{
    static const uint16_t name[20] = {'l', 'o', 'n', 'g', ' ', 'n', 'a', 'm', 'e', ' ',
                                      'o', 'f', ' ', '2', '0', ' ', 'l', 'e', 't', 't'};
    (void)state;
    for (int damage = 0; damage < 9; damage++) {
        struct card *c = card_fat32(100);
        uint32_t next = put_long(c, 2, 1, name, 20, "LONGNA~1MP4", 0, 0);
        uint8_t *root = card_cluster(c, 2), *last = root + 32, *first = root + 64, *entry = root + 96;
        card_entry(c, 2, 0, "A       MP4", 0x20, 0, 0);
        card_entry(c, 2, next, "Z       MP4", 0x20, 0, 0);
        switch (damage) {
        case 0: /* none */
            break;
        case 1: /* a piece is missing at its beginning */
            memmove(last, first, 32);
            first[0] = 0xe5;
            break;
        case 2: /* in another order */
            last[0] = 0x41;
            first[0] = 2;
            break;
        case 3:
            last[13] ^= 1;
            break;
        case 4:
            first[13] ^= 1;
            break;
        case 5: /* the short name was changed by a program that knows no long ones */
            entry[2] = 'X';
            break;
        case 6:
            last[0] = 0x40;
            break;
        case 7:
            last[0] = 0x40 | 21;
            break;
        default: /* without its last piece */
            last[0] = 2;
        }
        card_open(c);
        LIST(c, damage == 0   ? "file A.MP4 0\nfile Z.MP4 0\nfile long name of 20 lett 0\n"
                : damage == 5 ? "file A.MP4 0\nfile LOXGNA~1.MP4 0\nfile Z.MP4 0\n"
                              : "file A.MP4 0\nfile LONGNA~1.MP4 0\nfile Z.MP4 0\n");
        json_t *o = c->camera.facts(c->camera.self);
        json_t *found = json_object_get(json_array_get(json_object_get(o, "volumes"), 0), "found");
        assert_int_equal(json_integer_value(json_object_get(found, "orphaned_long_names")), damage ? 1 : 0);
        json_decref(o);
        card_free(c);
    }
}

static void two_files_of_one_name_are_both_there(void **state)
{
    (void)state;
    struct card *c = card_fat32(100);
    card_entry(c, 2, 0, "A       MP4", 0x20, 10, 1);
    card_entry(c, 2, 1, "B       MP4", 0x20, 11, 2);
    card_entry(c, 2, 2, "A       MP4", 0x20, 12, 3);
    card_entry(c, 2, 3, "A       MP4", 0x20, 13, 4);
    card_entry(c, 2, 4, "A       MP5", 0x20, 14, 5);
    for (uint32_t i = 10; i < 15; i++) {
        card_chain(c, i, 1);
        card_cluster(c, i)[0] = (uint8_t)i;
    }
    card_open(c);
    LIST(c, "file A.MP4 1\nfile A.MP4\\2 3\nfile A.MP4\\3 4\nfile A.MP5 5\nfile B.MP4 2\n");
    uint8_t p[8];
    size_t got;
    void *f = card_file_open(c, "A.MP4\\3", 4, CARD_MTIME);
    assert_int_equal(c->camera.read(f, 0, p, sizeof p, &got), ERR_OK);
    assert_int_equal(got, 4);
    assert_int_equal(p[0], 13);
    c->camera.close(f);
    card_free(c);
}

static void folders_inside_themselves_end(void **state)
{
    (void)state;
    struct card *c = card_fat32(100);
    card_entry(c, 2, 0, "SELF       ", 0x10, 10, 0);
    card_entry(c, 2, 1, "ROOT       ", 0x10, 2, 0);
    card_entry(c, 2, 2, "TWIN       ", 0x10, 10, 0);
    card_entry(c, 2, 3, "ZERO       ", 0x10, 0, 0);
    card_chain(c, 10, 1);
    card_entry(c, 10, 0, ".          ", 0x10, 10, 0);
    card_entry(c, 10, 1, "..         ", 0x10, 0, 0);
    card_entry(c, 10, 2, "AGAIN      ", 0x10, 10, 0);
    card_entry(c, 10, 3, "F       MP4", 0x20, 0, 0);
    card_open(c);
    LIST(c, "failed ROOT: it is another folder's or file's place, too: a folder inside itself, or a damaged entry\n"
            "failed SELF/AGAIN: it is another folder's or file's place, too: a folder inside itself, or a damaged "
            "entry\n"
            "file SELF/F.MP4 0\n"
            "failed TWIN: it is another folder's or file's place, too: a folder inside itself, or a damaged entry\n"
            "failed ZERO: its chain of clusters leads nowhere\n");
    card_free(c);
}

/* n empty files: A00.MP4, A01.MP4, ... */
static void put_empty(const struct card *c, uint32_t folder, char letter, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        char name[12];
        snprintf(name, sizeof name, "%c%02u     MP4", letter, i % 100);
        card_entry(c, folder, i, name, 0x20, 0, 0);
    }
}

static void folder_whose_chain_is_damaged_is_read_so_far(void **state)
{
    (void)state;
    struct card *c = card_fat32(100);
    card_entry(c, 2, 0, "D          ", 0x10, 10, 0);
    card_entry(c, 2, 1, "E          ", 0x10, 20, 0);
    card_chain(c, 10, 2);
    card_link(c, 11, 10); /* cyclic */
    card_link(c, 20, 11); /* into D */
    put_empty(c, 10, 'D', 16);
    put_empty(c, 20, 'E', 16);
    card_entry(c, 11, 0, "D16     MP4", 0x20, 0, 0);
    card_open(c);
    const char *text = card_list(c);
    assert_non_null(strstr(text, "file D/D16.MP4 0\n"));
    assert_non_null(strstr(text, "file E/E15.MP4 0\n"));
    assert_null(strstr(text, "E/D16"));
    assert_non_null(strstr(text, "failed E: the rest of it is another's place, too (byte 512)\n"));
    /* as the listing cut them, they stay cut */
    void *f = card_file_open(c, "E/E15.MP4", 0, CARD_MTIME);
    c->camera.close(f);
    void *none = NULL;
    struct camera_file wrong = {"E/D16.MP4", 0, CARD_MTIME, CAMERA_FILE, ""};
    assert_int_equal(c->camera.open(c->camera.self, &wrong, &none), ERR_AGAIN);
    card_free(c);
}

static void sector_of_a_folder_that_cannot_be_read_costs_its_files_alone(void **state)
{
    (void)state;
    struct card *c = card_fat32(100);
    card_chain(c, 2, 3);
    put_empty(c, 2, 'F', 48);
    c->bad_from = c->heap + 1;
    c->bad_to = c->heap + 2;
    card_open(c);
    const char *text = card_list(c);
    assert_non_null(strstr(text, "failed .: a part of it cannot be read (byte 512)\n"));
    assert_non_null(strstr(text, "F15.MP4"));
    assert_null(strstr(text, "F16.MP4"));
    assert_null(strstr(text, "F31.MP4"));
    assert_non_null(strstr(text, "F32.MP4"));
    assert_non_null(strstr(text, "F47.MP4"));
    card_free(c);
}

static void folders_deeper_than_the_ceiling_are_named(void **state)
{
    (void)state;
    struct card *c = card_fat32(200);
    char want[600] = "failed ";
    uint32_t folder = 2;
    for (uint32_t i = 0; i < CAMERA_DEPTH_MAX + 1; i++) {
        card_entry(c, folder, 0, "D          ", 0x10, 10 + i, 0);
        card_chain(c, 10 + i, 1);
        folder = 10 + i;
        strcat(want, i ? "/D" : "D");
    }
    card_entry(c, folder, 0, "F       MP4", 0x20, 0, 0);
    strcat(want, ": too many folders inside folders\n");
    card_open(c);
    LIST(c, want);
    card_free(c);
}

static void path_that_is_too_long_is_named(void **state)
{
    (void)state;
    struct card *c = card_fat32(200);
    uint16_t name[255];
    uint32_t folder = 2, from = 10;
    for (uint32_t i = 0; i < 255; i++)
        name[i] = 0x2603; /* three bytes each */
    for (uint32_t i = 0; i < 6; i++, from += 4) {
        uint32_t next = put_long(c, folder, 0, name, 255, "SNOW~1     ", from, 0);
        card_chain(c, folder, 2);
        card_entry(c, folder, next - 1, "SNOW~1     ", 0x10, from, 0);
        folder = from;
        card_chain(c, folder, 2);
    }
    card_open(c);
    const char *text = card_list(c);
    assert_non_null(strstr(text, ": a path in it is too long\n"));
    card_free(c);
}

static void folder_larger_than_any_is_cut(void **state)
{
    (void)state;
    struct card *c = card_fat32(5000);
    const uint32_t most = FAT_FOLDER_MAX / S;
    card_entry(c, 2, 0, "D          ", 0x10, 10, 0);
    card_chain(c, 10, most + 100);
    for (uint32_t i = 0; i < most + 100; i++)
        memset(card_cluster(c, 10 + i), 0xe5, S);
    card_entry(c, 10 + most - 1, 15, "LAST    MP4", 0x20, 0, 0);
    card_entry(c, 10 + most, 0, "BEHIND  MP4", 0x20, 0, 0);
    card_open(c);
    LIST(c, "failed D: it is larger than a folder can be (byte 2097152)\nfile D/LAST.MP4 0\n");
    card_free(c);
}

static void deleted_files_are_counted_and_labels_are_no_files(void **state)
{
    (void)state;
    struct card *c = card_fat32(100);
    card_entry(c, 2, 0, "ROOTLABEL  ", 0x08, 0, 0);
    card_entry(c, 2, 1,
               "\xe5"
               "ELETED MP4",
               0x20, 10, 5);
    card_entry(c, 2, 2, "A       MP4", 0x20, 0, 0);
    card_entry(c, 2, 4, "AFTER   MP4", 0x20, 0, 0); /* behind the end */
    card_open(c);
    LIST(c, "file A.MP4 0\n");
    assert_string_equal(fat_label(&c->camera), "ROOTLABEL");
    struct intake_camera who;
    c->camera.describe(c->camera.self, &who);
    assert_string_equal(who.volume, "1234-5678");
    assert_string_equal(who.serial, "SN");
    json_t *o = c->camera.facts(c->camera.self);
    json_t *found = json_object_get(json_array_get(json_object_get(o, "volumes"), 0), "found");
    assert_int_equal(json_integer_value(json_object_get(found, "deleted_entries")), 1);
    json_decref(o);
    card_free(c);
    c = card_fat32(100);
    card_open(c);
    assert_string_equal(fat_label(&c->camera), "BOOTLABEL");
    card_free(c);
}

static void a_folder_is_found_by_its_name_for_profiles(void **state)
{
    (void)state;
    struct card *c = card_fat32(100);
    bool has;
    card_entry(c, 2, 0, "DCIM       ", 0x10, 10, 0);
    card_entry(c, 2, 1, "A          ", 0x20, 0, 0);
    card_open(c);
    assert_int_equal(fat_has(&c->camera, "DCIM", &has), ERR_OK);
    assert_true(has);
    assert_int_equal(fat_has(&c->camera, "A", &has), ERR_OK);
    assert_false(has);
    assert_int_equal(fat_has(&c->camera, "DCI", &has), ERR_OK);
    assert_false(has);
    card_free(c);
}

static void another_card_in_the_same_camera_is_noticed(void **state)
{
    (void)state;
    struct card *c = card_fat32(100);
    void *f;
    card_entry(c, 2, 0, "A       MP4", 0x20, 0, 0);
    card_entry(c, 2, 1, "D          ", 0x10, 10, 0);
    card_chain(c, 10, 1);
    card_open(c);
    const struct {
        const char *path;
        uint64_t size;
        int64_t mtime;
        enum err e;
    } all[] = {{"A.MP4", 1, CARD_MTIME, ERR_BAD},       {"A.MP4", 0, CARD_MTIME + 2000, ERR_BAD},
               {"B.MP4", 0, CARD_MTIME, ERR_AGAIN},     {"A.MP4/B", 0, CARD_MTIME, ERR_AGAIN},
               {"D", 0, CARD_MTIME, ERR_BAD},           {"", 0, CARD_MTIME, ERR_AGAIN},
               {"/A.MP4", 0, CARD_MTIME, ERR_AGAIN},    {"D/", 0, CARD_MTIME, ERR_AGAIN},
               {"D/../A.MP4", 0, CARD_MTIME, ERR_AGAIN}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct camera_file listed = {all[i].path, all[i].size, all[i].mtime, CAMERA_FILE, ""};
        assert_int_equal(c->camera.open(c->camera.self, &listed, &f), all[i].e);
        assert_null(f);
    }
    card_free(c);
}

static void times_that_make_no_sense_are_unknown(void **state)
{
    (void)state;
    const struct stamp none = {0}, ok = {46 << 9 | 11 << 5 | 25, 12 << 11 | 34 << 5 | 28, 0, 0};
    assert_int_equal(stamp_ms(&none), INT64_MIN);
    assert_int_equal(stamp_ms(&ok), CARD_MTIME);
    struct stamp s = ok;
    s.tens = 199;
    assert_int_equal(stamp_ms(&s), CARD_MTIME + 1990);
    s.tens = 200;
    assert_int_equal(stamp_ms(&s), INT64_MIN);
    s = ok;
    s.zone = 0x80 | 20; /* +05:00 */
    assert_int_equal(stamp_ms(&s), CARD_MTIME - 5 * 3600000);
    s.zone = 0x80 | (0x7f & -14); /* -03:30 */
    assert_int_equal(stamp_ms(&s), CARD_MTIME + 3 * 3600000 + 1800000);
    s.zone = 20; /* not valid */
    assert_int_equal(stamp_ms(&s), CARD_MTIME);
    const struct stamp first = {1 << 5 | 1, 0, 0, 0}, leap = {20 << 9 | 2 << 5 | 29, 0, 0, 0};
    assert_int_equal(stamp_ms(&first), 315532800000);
    assert_int_equal(stamp_ms(&leap), 951782400000);
    const struct stamp bad[] = {{46 << 9 | 13 << 5 | 1, 0, 0, 0},
                                {46 << 9 | 4 << 5 | 31, 0, 0, 0},
                                {46 << 9 | 11 << 5 | 25, 24 << 11, 0, 0},
                                {46 << 9 | 11 << 5 | 25, 60 << 5, 0, 0},
                                {46 << 9 | 11 << 5 | 25, 30, 0, 0}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(stamp_ms(&bad[i]), INT64_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_long_name_leads_out_of_its_folder),
        cmocka_unit_test(short_names_are_in_code_page_866),
        cmocka_unit_test(long_name_of_every_length_up_to_255),
        cmocka_unit_test(long_name_that_fits_nothing_leaves_the_short_one),
        cmocka_unit_test(two_files_of_one_name_are_both_there),
        cmocka_unit_test(folders_inside_themselves_end),
        cmocka_unit_test(folder_whose_chain_is_damaged_is_read_so_far),
        cmocka_unit_test(sector_of_a_folder_that_cannot_be_read_costs_its_files_alone),
        cmocka_unit_test(folders_deeper_than_the_ceiling_are_named),
        cmocka_unit_test(path_that_is_too_long_is_named),
        cmocka_unit_test(folder_larger_than_any_is_cut),
        cmocka_unit_test(deleted_files_are_counted_and_labels_are_no_files),
        cmocka_unit_test(a_folder_is_found_by_its_name_for_profiles),
        cmocka_unit_test(another_card_in_the_same_camera_is_noticed),
        cmocka_unit_test(times_that_make_no_sense_are_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
