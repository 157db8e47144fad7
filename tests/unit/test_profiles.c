#include "drivers/profiles/profile_inside.h"
#include "storage/base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/feldsher-profiles.XXXXXX";

static const char disk[] = "feldsher-profile 1\n"                 /* 1 */
                           "name: test\n"                         /* 2 */
                           "title: A disk\n"                      /* 3 */
                           "speaks: storage\n"                    /* 4 */
                           "usb: 1234:abCD\n"                     /* 5 */
                           "proof: folder DCIM\n"                 /* 6 */
                           "proof: label BODY*\n"                 /* 7 */
                           "automatic: yes\n"                     /* 8 */
                           "# a remark: with a colon\n"           /* 9 */
                           "\n"                                   /* 10 */
                           "files: DCIM/**/*.MP4\n"               /* 11 */
                           "sidecars: nmea gpx\n"                 /* 12 */
                           "names: {device:4}_{YYYY}{MM}{DD}_*\n" /* 13 */
                           "names zone: +05:00\n"                 /* 14 */
                           "erase: command C1 00 00 00 00 00\n";  /* 15 */

static const char bare[] = "feldsher-profile 1\n" /* 1 */
                           "name: test\n"         /* 2 */
                           "title: Any disk\n"    /* 3 */
                           "speaks: storage\n"    /* 4 */
                           "usb: 1234:0001\n"     /* 5 */
                           "automatic: no\n"      /* 6 */
                           "files: **\n";         /* 7 */

static const char dialect[] = "feldsher-profile 1\n"                         /* 1 */
                              "name: test\n"                                 /* 2 */
                              "title: A recorder\n"                          /* 3 */
                              "speaks: ascii\n"                              /* 4 */
                              "usb: 4255:0001\n"                             /* 5 */
                              "automatic: yes\n"                             /* 6 */
                              "command hello: @Ver;8;00000000;#\n"           /* 7 */
                              "command device: @Gdv;8;12345678;#\n"          /* 8 */
                              "command set-clock: @Sdt;8;{YYYY}{MM}{DD};#\n" /* 9 */
                              "command set-clock: @Stm;6;{hh}{mm};#\n"       /* 10 */
                              "command unlock: @Pwd;6;{secret};#\n"          /* 11 */
                              "command disk: @ATH;8;12345678;#\n"            /* 12 */
                              "says ok: OK\n"                                /* 13 */
                              "clock: dialect local\n"                       /* 14 */
                              "lock: 6\n"                                    /* 15 */
                              "becomes: 4255:1000\n"                         /* 16 */
                              "label: device\n"                              /* 17 */
                              "files: **\n";                                 /* 18 */

/* text with line replaced (text 0: taken away). */
static void spoil(struct buf *out, const char *text, unsigned line, const char *with)
{
    unsigned at = 1;
    buf_clear(out);
    for (const char *p = text; *p; at++) {
        size_t n = strcspn(p, "\n") + 1;
        if (at != line)
            assert_int_equal(buf_add(out, p, n), ERR_OK);
        else if (with)
            assert_int_equal(buf_fmt(out, "%s\n", with), ERR_OK);
        p += n;
    }
}

static void a_good_profile_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {disk, bare, dialect};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct profile *p;
        if (profile_read(&p, "test", texts[i], strlen(texts[i])))
            fail_msg("%s", err_text());
        free(p);
    }
}

/* As other systems' editors leave it. */
static void a_mark_cr_or_a_missing_end_of_line_refuses_it(void **state)
{
    (void)state;
    struct buf b = {0};
    struct profile *p;
    assert_int_equal(buf_str(&b, "\xef\xbb\xbf"), ERR_OK);
    for (const char *s = disk; *s; s++)
        assert_int_equal(*s == '\n' ? buf_str(&b, "\r\n") : buf_add(&b, s, 1), ERR_OK);
    assert_int_equal(profile_read(&p, "test", b.p, b.len), ERR_OK);
    assert_string_equal(p->title, "A disk");
    free(p);
    assert_int_equal(profile_read(&p, "test", disk, strlen(disk) - 1), ERR_OK);
    free(p);
    buf_free(&b);
}

static void a_mistake_passes_or_its_line_is_not_said(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned line;
        const char *with; /* NULL: the line is taken away */
        unsigned says;    /* the line of the sentence */
    } cases[] = {
        {disk, 1, "feldsher-profile 2", 1},
        {disk, 1, "feldsher-roster 1", 1},
        {disk, 2, "name: other", 2},
        {disk, 2, NULL, 14},
        {disk, 3, NULL, 14},
        {disk, 3, "title:", 3},
        {disk, 4, NULL, 14},
        {disk, 4, "speaks: usb", 4},
        {disk, 4, "speaks storage", 4},
        {disk, 5, "usb: 1234", 5},
        {disk, 5, "usb: 1234:", 5},
        {disk, 5, "usb: 0x1234:0001", 5},
        {disk, 5, "usb: 12g4:0001", 5},
        {disk, 5, "ubs: 1234:0001", 5},
        {disk, 6, "proof: folder", 6},
        {disk, 6, "proof: folder A/B", 6},
        {disk, 6, "proof: answer", 7}, /* the last of its lines */
        {disk, 7, "proof: model X", 7},
        {disk, 7, "proof: colour red", 7},
        {disk, 8, "automatic: maybe", 8},
        {disk, 8, NULL, 14},
        {disk, 8, "automatic: yes\nautomatic: yes", 9},
        {disk, 10, "\tx: y", 10},
        {disk, 10, "interface: 08", 10},
        {disk, 10, "interface: * * *", 10},
        {disk, 10, "interface: 08 06 50 01", 10},
        {disk, 10, "interface: 8 6 50", 10},
        {disk, 10, "lock: 6", 10},
        {disk, 10, "becomes: 1234:0001", 10},
        {disk, 10, "command hello: @Ver;8;00000000;#", 10},
        {disk, 10, "says ok: OK", 10},
        {disk, 10, "battery: 10", 10},
        {disk, 10, "clock: dialect utc", 10},
        {disk, 10, "clock: ptp utc", 10},
        {disk, 10, "clock: none utc", 10},
        {disk, 10, "label: device", 10},
        {disk, 10, "label: mine", 10},
        {disk, 11, NULL, 14},
        {disk, 11, "files: /DCIM", 11},
        {disk, 11, "files: DCIM\\*", 11},
        {disk, 12, "sidecars: .nmea", 12},
        {disk, 12, "sidecars: NMEA", 12},
        {disk, 13, "names: {device", 13},
        {disk, 13, "names: {secret}", 13},
        {disk, 13, "names: {device}_*", 14}, /* a zone, and no time */
        {disk, 14, NULL, 13},
        {disk, 14, "names zone: almaty", 14},
        {disk, 15, "erase: command 04 00 00 00 00 00", 15}, /* FORMAT UNIT */
        {disk, 15, "erase: command 2A 00 00 00 00 00 00 00 00 00", 15},
        {disk, 15, "erase: command BF 00 00 00 00 00", 15},
        {disk, 15, "erase: command C1 00", 15},
        {disk, 15, "erase: command C1 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00", 15},
        {disk, 15, "erase: command", 15},
        {disk, 15, "erase: mtp", 15},
        {disk, 15, "erase: all", 15},
        {bare, 6, "automatic: yes", 6}, /* by its ids alone */
        {bare, 4, "speaks: mtp\nbattery: 10", 5},
        {dialect, 4, NULL, 6},
        {dialect, 5, NULL, 4},
        {dialect, 6, "automatic: yes\nproof: folder DCIM", 7},
        {dialect, 7, NULL, 4},
        {dialect, 7, "command hello: Ver;8;00000000;#", 7},
        {dialect, 7, "command hello: @Ver;8;00000000;", 7},
        {dialect, 7, "command hello: @Ver;8;{secret};#", 7},
        {dialect, 7, "command hello: @Ver;8;{YYYY}0000;#", 7},
        {dialect, 7, "command hello: @Ver;8;0000000000000000000000000000000000000000000000000000000000;#", 7},
        {dialect, 7, "command hello: 7E 7E 00 01", 7},
        {dialect, 7, "command hallo: @Ver;8;00000000;#", 7},
        {dialect, 8, NULL, 16}, /* label: device has nothing to compare with */
        {dialect, 9, NULL, 9},
        {dialect, 9, "command clock: @Gtm;8;00000000;#", 9},
        {dialect, 11, NULL, 14},
        {dialect, 11, "command unlock: @Pwd;6;123456;#", 11},
        {dialect, 12, NULL, 4},
        {dialect, 13, "says ok: O K", 13},
        {dialect, 13, "says ok: 012345678901234567890123456789012", 13},
        {dialect, 14, NULL, 4},
        {dialect, 14, "clock: none", 4},
        {dialect, 14, "clock: dialect", 14},
        {dialect, 14, "clock: dialect here", 14},
        {dialect, 14, "clock: ptp utc", 14},
        {dialect, 15, NULL, 11},
        {dialect, 15, "lock: 0", 15},
        {dialect, 15, "lock: 65", 15},
        {dialect, 15, "lock: six", 15},
        {dialect, 16, "battery: 10", 16}, /* and nobody asks for it */
        {dialect, 16, "battery: 101", 16},
        {dialect, 18, "files: **\nerase: mtp", 19},
    };
    struct buf b = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct profile *p = NULL;
        char line[32];
        spoil(&b, cases[i].text, cases[i].line, cases[i].with);
        snprintf(line, sizeof line, "line %u", cases[i].says);
        enum err e = profile_read(&p, "test", b.p, b.len);
        size_t n = strlen(line);
        if (e != ERR_DATA || strncmp(err_text(), line, n) != 0 || (err_text()[n] != ':' && err_text()[n] != ' '))
            fail_msg("case %zu (%s): %s", i, cases[i].with ? cases[i].with : "a line taken away",
                     e ? err_text() : "it passes");
        assert_null(p);
    }
    buf_free(&b);
}

static struct profile *good(const char *text)
{
    struct profile *p;
    if (profile_read(&p, "test", text, strlen(text)))
        fail_msg("%s", err_text());
    return p;
}

static void ids_alone_make_a_candidate_of_it_or_a_camera(void **state)
{
    (void)state;
    struct profile *p = good(dialect);
    uint8_t interface = 99;
    struct usb_seen seen = {.vendor_id = 0x4255, .product_id = 1, .n_interfaces = 2};
    seen.interfaces[0] = (struct usb_interface){.number = 0, .class = 3, .in = 0x81, .out = 1};
    seen.interfaces[1] = (struct usb_interface){.number = 4, .class = 0xff, .in = 0x81, .out = 1};
    assert_true(profile_may_be(p, &seen, &interface));
    assert_int_equal(interface, 4);
    seen.interfaces[1].out = 0; /* spoken to by control requests: another family */
    assert_false(profile_may_be(p, &seen, &interface));
    seen.interfaces[1] =
        (struct usb_interface){.number = 4, .class = 8, .subclass = 6, .protocol = 0x50, .in = 0x81, .out = 1};
    assert_false(profile_may_be(p, &seen, &interface)); /* a disk is not spoken to */
    assert_false(profile_becomes(p, &seen, &interface));
    seen.product_id = 0x1000;
    assert_true(profile_becomes(p, &seen, &interface));
    free(p);
    p = good(disk);
    assert_false(profile_may_be(p, &seen, &interface));
    assert_false(profile_becomes(p, &seen, &interface));
    seen.vendor_id = 0x1234;
    seen.product_id = 0xabcd;
    assert_true(profile_may_be(p, &seen, &interface));
    free(p);
}

static enum err has_folder(void *ctx, const char *folder, bool *has)
{
    *has = strcmp(folder, "DCIM") == 0;
    return *(enum err *)ctx;
}

static void half_of_a_proof_is_one(void **state)
{
    (void)state;
    struct profile *p = good(disk);
    enum err e = ERR_OK;
    bool proven;
    struct profile_evidence is = {
        .label = "bodycam7", .vendor = "", .model = "", .extension = "", .has = has_folder, .ctx = &e};
    assert_int_equal(profile_prove(p, &is, &proven), ERR_OK);
    assert_true(proven);
    is.label = "";
    assert_int_equal(profile_prove(p, &is, &proven), ERR_OK);
    assert_false(proven);
    is.label = "BODY";
    is.has = NULL;
    assert_int_equal(profile_prove(p, &is, &proven), ERR_OK);
    assert_false(proven);
    is.has = has_folder;
    e = ERR_IO;
    assert_int_equal(profile_prove(p, &is, &proven), ERR_IO);
    free(p);
    p = good(dialect); /* its answer proves it, not its disk */
    assert_int_equal(profile_prove(p, &is, &proven), ERR_OK);
    assert_false(proven);
    free(p);
}

static void a_sidecar_is_left_behind_or_a_stranger_taken(void **state)
{
    (void)state;
    struct profile *p = good(disk);
    assert_true(profile_takes(p, "DCIM/100/A.MP4"));
    assert_true(profile_takes(p, "DCIM/100/A.NMEA"));
    assert_true(profile_takes(p, "DCIM/100/A.MP4.gpx"));
    assert_false(profile_takes(p, "DCIM/100/A.srt"));
    assert_false(profile_takes(p, "notes/A.nmea"));
    assert_false(profile_takes(p, "DCIM/100/A"));
    assert_false(profile_takes(p, "nmea"));
    assert_false(profile_takes(p, ""));
    free(p);
}

static void a_name_is_read_with_its_folder_or_in_another_zone(void **state)
{
    (void)state;
    struct profile *p = good(disk);
    struct profile_said said;
    profile_read_name(p, "DCIM/10_0/AB12_20261125_x.y.MP4", &said);
    assert_string_equal(said.device, "AB12");
    assert_string_equal(said.officer, "");
    assert_true(said.start == (int64_t)(1795564800 - 5 * 3600) * 1000); /* midnight, five hours east */
    profile_read_name(p, "DCIM/AB12_20261125", &said);
    assert_true(said.start == INT64_MIN);
    assert_string_equal(said.device, "");
    free(p);
}

static void a_command_that_is_no_vendors_own_may_erase(void **state)
{
    (void)state;
    struct profile *p = good(disk), *none = good(dialect);
    uint8_t cdb[16] = {1};
    size_t n;
    assert_true(profile_erase_command(p, cdb, &n));
    assert_int_equal(n, 6);
    assert_int_equal(cdb[0], 0xc1);
    assert_false(profile_erase_command(none, cdb, &n));
    free(p);
    free(none);
}

/* Every file of drivers/profiles is in the program, and is a good one. */
static void a_profile_of_ours_is_not_compiled_in(void **state)
{
    (void)state;
    struct profiles *all;
    unsigned files = 0, loaded = 0;
    if (profiles_load(&all, NULL))
        fail_msg("%s", err_text());
    DIR *d = opendir("drivers/profiles");
    assert_non_null(d);
    for (struct dirent *f; (f = readdir(d)) != NULL;) {
        char name[256];
        const char *dot = strstr(f->d_name, ".profile");
        if (!dot || dot[8])
            continue;
        files++;
        snprintf(name, sizeof name, "%.*s", (int)(dot - f->d_name), f->d_name);
        if (!profiles_find(all, name))
            fail_msg("%s", f->d_name);
    }
    closedir(d);
    for (const struct profile *p = NULL; (p = profiles_next(all, p)) != NULL;)
        loaded++;
    assert_true(files >= 4);
    assert_int_equal(loaded, files);
    profiles_free(all);
}

static void put(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/profiles/%s", dir, name);
    assert_int_equal(file_write(path, text, strlen(text), 0600), ERR_OK);
}

static void a_stations_own_profile_comes_second(void **state)
{
    (void)state;
    struct profiles *all;
    struct buf b = {0};
    put("test.profile", disk);
    put("ignored.txt", "x");
    spoil(&b, disk, 2, "name: generic-storage");
    put("generic-storage.profile", (const char *)b.p);
    buf_free(&b);
    if (profiles_load(&all, dir))
        fail_msg("%s", err_text());
    const struct profile *p = profiles_next(all, NULL);
    assert_string_equal(profile_name(p), "generic-storage");
    assert_string_equal(profile_title(p), "A disk");
    p = profiles_next(all, p);
    assert_string_equal(profile_name(p), "test");
    unsigned n = 0;
    for (; p; p = profiles_next(all, p))
        n += strcmp(profile_name(p), "generic-storage") == 0;
    assert_int_equal(n, 0); /* ours of that name is gone */
    profiles_free(all);
}

static void a_file_with_a_mistake_is_passed_over_in_silence_or_stops_the_others(void **state)
{
    (void)state;
    struct profiles *all;
    char path[256], expect[300];
    put("amba-ascii.profile", "feldsher-profile 1\nname: amba-ascii\nspeaks: french\n");
    snprintf(path, sizeof path, "%s/profiles/amba-ascii.profile", dir);
    snprintf(expect, sizeof expect, "%s: line 3: ", path);
    assert_int_equal(profiles_load(&all, dir), ERR_OK);
    assert_non_null(profiles_refused(all, 0));
    assert_memory_equal(profiles_refused(all, 0), expect, strlen(expect));
    assert_null(profiles_refused(all, 1));
    assert_null(profiles_find(all, "amba-ascii")); /* not ours instead, either */
    assert_non_null(profiles_find(all, "amba-binary"));
    assert_non_null(profiles_find(all, "test"));
    profiles_free(all);
    assert_int_equal(profile_check(path), ERR_DATA);
    assert_memory_equal(err_text(), expect, strlen(expect));
    unlink(path);
    snprintf(path, sizeof path, "%s/profiles/test.profile", dir);
    assert_int_equal(profile_check(path), ERR_OK);
    assert_int_equal(profile_check(dir), ERR_DATA);
    assert_int_equal(profile_check("/nowhere/x.profile"), ERR_NOINPUT);
}

static int start(void **state)
{
    char path[256];
    (void)state;
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof path, "%s/profiles", dir);
    return mkdir(path, 0700);
}

static int end(void **state)
{
    static const char *const files[] = {"profiles/test.profile", "profiles/ignored.txt",
                                        "profiles/generic-storage.profile", "profiles", ""};
    char path[256];
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        remove(path);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_profile_is_refused),
        cmocka_unit_test(a_mark_cr_or_a_missing_end_of_line_refuses_it),
        cmocka_unit_test(a_mistake_passes_or_its_line_is_not_said),
        cmocka_unit_test(ids_alone_make_a_candidate_of_it_or_a_camera),
        cmocka_unit_test(half_of_a_proof_is_one),
        cmocka_unit_test(a_sidecar_is_left_behind_or_a_stranger_taken),
        cmocka_unit_test(a_name_is_read_with_its_folder_or_in_another_zone),
        cmocka_unit_test(a_command_that_is_no_vendors_own_may_erase),
        cmocka_unit_test(a_profile_of_ours_is_not_compiled_in),
        cmocka_unit_test(a_stations_own_profile_comes_second),
        cmocka_unit_test(a_file_with_a_mistake_is_passed_over_in_silence_or_stops_the_others),
    };
    return cmocka_run_group_tests_name("profiles", tests, start, end);
}
