#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "storage/records/manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct manifest *m;
static struct recording recording;
static struct recording_file files[3];
static struct recording_event request;
static struct roster roster;

/* The structs own what they point to; here nobody frees it. */
static char *plain(const char *text)
{
    return (char *)(uintptr_t)text;
}

static int setup(void **state)
{
    (void)state;
    assert_int_equal(ERR_OK, hash_start());
    m = calloc(1, sizeof *m);
    assert_non_null(m);
    roster = (struct roster){.district = "almaty", .number = 7};
    recording = (struct recording){.id = "00112233445566778899",
                                   .station = "crew1",
                                   .unit = "brigade-7",
                                   .camera = plain("Vendor Cam 1"),
                                   .mode = plain("full"),
                                   .files = files,
                                   .n_files = 3};
    for (size_t i = 0; i < 3; i++)
        files[i] = (struct recording_file){.size = 10 + i, .mtime = INT64_MIN};
    files[0].path = plain("DCIM/100/MOV_0001.MP4");
    files[1].path = plain("DCIM/100/MOV_0001.nmea");
    files[2].path = plain("DCIM/100/MOV_0001.srt");
    request = (struct recording_event){.id = "aa112233445566778899", .author = "bolat"};
    request.data = json_pack("{s:s}", "why", "case 7");
    *m = (struct manifest){.roster = &roster, .recording = &recording, .request = &request, .approver = "dana"};
    m->n_batches = 2;
    for (size_t i = 0; i < 2; i++) {
        memcpy(m->batches[i].chain, "00112233445566778899aabbccddeeff", CHAIN_ID);
        m->batches[i].seq = 4 + i;
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    json_decref(request.data);
    free(m);
    return 0;
}

static const char *name_of(const char *path)
{
    files[0].path = plain(path);
    assert_int_equal(ERR_OK, manifest_names(m));
    return m->files[0].name;
}

static void a_camera_s_path_reaches_the_shell_of_a_court(void **state)
{
    (void)state;
    assert_string_equal("MOV_0001.MP4", name_of("DCIM/100/MOV_0001.MP4"));
    assert_string_equal("__id__c.MP4", name_of("DCIM/$(id)\nc.MP4"));
    assert_string_equal("_rf", name_of("a/-rf"));
    assert_string_equal("_bashrc", name_of("a/.bashrc"));
    assert_string_equal("_.", name_of("a/.."));
    assert_string_equal("recording", name_of("a/"));
    const char *kazakh = name_of("a/\xd2\x9b\xd0\xb0.mp4");
    assert_string_equal("____.mp4", kazakh);
}

static void a_name_is_longer_than_a_file_system_takes(void **state)
{
    (void)state;
    char path[400];
    memset(path, 'x', sizeof path);
    strcpy(path + 390, "end.mp4");
    const char *name = name_of(path);
    assert_true(strlen(name) <= 80);
    assert_string_equal("end.mp4", name + strlen(name) - 7);
}

static void a_recording_overwrites_a_file_of_the_package(void **state)
{
    (void)state;
    static const char *const taken[] = {"a/SHA256SUMS", "a/b2sums",      "a/manifest.json",
                                        "a/Check.TXT",  "a/roster.body", "a/keys"};
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        const char *name = name_of(taken[i]);
        assert_memory_equal("file1-", name, 6);
    }
}

static void two_files_get_one_name(void **state)
{
    (void)state;
    files[0].path = plain("a/MOV.MP4");
    files[1].path = plain("b/mov.mp4");
    files[2].path = plain("c/MOV.MP4");
    assert_int_equal(ERR_OK, manifest_names(m));
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(0, strcasecmp(m->files[i].name, m->files[k].name));
}

static void the_same_facts_give_two_manifests(void **state)
{
    (void)state;
    struct buf a = {0}, b = {0};
    assert_int_equal(ERR_OK, manifest_names(m));
    assert_int_equal(ERR_OK, manifest_write(m, &a));
    assert_int_equal(ERR_OK, manifest_write(m, &b));
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.p, b.p, a.len);
    for (size_t i = 0; i < a.len; i++)
        assert_true(a.p[i] == '\n' || (a.p[i] >= 0x20 && a.p[i] < 0x7f));
    /* any other fact gives another text */
    m->files[1].sha256[3] ^= 1;
    buf_clear(&b);
    assert_int_equal(ERR_OK, manifest_write(m, &b));
    assert_false(a.len == b.len && memcmp(a.p, b.p, a.len) == 0);
    buf_free(&a);
    buf_free(&b);
}

static void an_approved_manifest_does_not_come_back(void **state)
{
    (void)state;
    struct buf a = {0};
    struct manifest *again = calloc(1, sizeof *again);
    char approver[NAME_LEN];
    uint64_t number;
    assert_int_equal(ERR_OK, manifest_names(m));
    assert_int_equal(ERR_OK, manifest_write(m, &a));
    assert_int_equal(ERR_OK, manifest_read((const char *)a.p, a.len, again, approver, &number));
    assert_string_equal("dana", approver);
    assert_int_equal(7, number);
    assert_int_equal(2, again->n_batches);
    assert_int_equal(5, again->batches[1].seq);
    for (size_t n = 0; n + 1 < a.len; n += 7)
        assert_int_equal(ERR_DATA, manifest_read((const char *)a.p, n, again, approver, &number));
    free(again);
    buf_free(&a);
}

static void a_hostile_manifest_overruns_its_batches(void **state)
{
    (void)state;
    struct buf a = {0};
    struct manifest *again = calloc(1, sizeof *again);
    char approver[NAME_LEN];
    uint64_t number;
    assert_int_equal(ERR_OK, buf_str(&a, "{\"approver\":\"x\",\"roster\":{\"number\":1},\"batches\":[0"));
    for (unsigned i = 0; i < MANIFEST_BATCHES_MAX; i++)
        assert_int_equal(ERR_OK, buf_str(&a, ",0"));
    assert_int_equal(ERR_OK, buf_str(&a, "]}"));
    assert_int_equal(ERR_DATA, manifest_read((const char *)a.p, a.len, again, approver, &number));
    free(again);
    buf_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_camera_s_path_reaches_the_shell_of_a_court, setup, teardown),
        cmocka_unit_test_setup_teardown(a_name_is_longer_than_a_file_system_takes, setup, teardown),
        cmocka_unit_test_setup_teardown(a_recording_overwrites_a_file_of_the_package, setup, teardown),
        cmocka_unit_test_setup_teardown(two_files_get_one_name, setup, teardown),
        cmocka_unit_test_setup_teardown(the_same_facts_give_two_manifests, setup, teardown),
        cmocka_unit_test_setup_teardown(an_approved_manifest_does_not_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(a_hostile_manifest_overruns_its_batches, setup, teardown),
    };
    return cmocka_run_group_tests_name("records manifest", tests, NULL, NULL);
}
