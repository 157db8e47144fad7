#include "storage/base/clock.h"
#include "storage/trust/notice.h"
#include "storage/vault/label.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define T0 ((int64_t)1800000000000) /* 2027-01-15T08:00:00Z */
#define ID "00112233445566778899"
#define HEAD "feldsher-notice 1\nkind: erase\nid: " ID "\ndistrict: east\ntime: 2027-01-15T08:00:00Z\nwhy: full\n"
#define H64 "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"
#define CAMERA "camera: " H64 "\n"
#define VOLUME "volume: " H64 "\n"
#define EXPIRES "expires: 2027-02-01T00:00:00Z\n"
#define REC "0123456789abcdef0123"
#define CHAIN "00112233445566778899aabbccddeeff"
#define FILE_LINE "file: 1000 2027-01-14T10:00:00Z " H64 " " REC " " CHAIN " 7\n"

static struct sign_secret key_of(const char *name)
{
    struct hash h = hash_of(name, strlen(name));
    struct sign_secret k = {0};
    sign_from_seed(&k, h.b);
    return k;
}

static int start(void **state)
{
    (void)state;
    return hash_start() ? -1 : 0;
}

/* The notice of a body that super signed; it must be carried, whatever it says. */
static struct notice *carried(const char *body)
{
    struct buf b = {0};
    struct sign_secret k = key_of("super");
    struct notice *n;
    assert_int_equal(buf_str(&b, body), ERR_OK);
    assert_int_equal(sign_add(&b, "super", &k), ERR_OK);
    if (notice_parse(&n, (const char *)b.p, b.len) != ERR_OK)
        fail_msg("not carried: %s: %s", err_text(), body);
    buf_free(&b);
    return n;
}

static void a_licence_loses_a_member_on_its_way_through_text(void **state)
{
    (void)state;
    struct sign_secret k = key_of("super");
    struct notice n = {.kind = NOTICE_ERASE, .time = T0, .why = strdup("the camera is full")}, *back;
    struct licence_file f = {5000000000, T0 - 3600000, hash_of("x", 1), REC, CHAIN, 7};
    strcpy(n.district, "east");
    notice_new_id(n.id);
    n.licence = calloc(1, sizeof *n.licence);
    assert_non_null(n.licence);
    n.licence->camera = licence_camera(n.id, "SN-1");
    n.licence->volume = licence_volume(n.id, "");
    n.licence->expires = T0 + 86400000;
    n.licence->copies = 2;
    for (uint64_t i = 0; i < LICENCE_FILES_MAX; i++) {
        f.seq = i + 1;
        f.mtime = i % 2 ? INT64_MIN : T0;
        assert_int_equal(licence_add_file(n.licence, &f), ERR_OK);
    }
    assert_int_equal(licence_add_file(n.licence, &f), ERR_DATA);
    char *receipt = calloc(1, LICENCE_RECEIPT_MAX + 1);
    assert_non_null(receipt);
    for (size_t i = 0; i < LICENCE_RECEIPTS_MAX; i++)
        assert_int_equal(licence_add_receipt(n.licence, receipt, LICENCE_RECEIPT_MAX), ERR_OK);
    assert_int_equal(licence_add_receipt(n.licence, "x", 1), ERR_DATA);
    /* the largest that there can be is a notice still */
    assert_int_equal(notice_write(&n), ERR_OK);
    assert_int_equal(notice_sign(&n, "super", &k), ERR_OK);
    assert_int_equal(notice_parse(&back, (const char *)n.text.p, n.text.len), ERR_OK);
    assert_non_null(back->licence);
    assert_true(hash_same(&back->licence->camera, &n.licence->camera));
    assert_true(hash_same(&back->licence->volume, &n.licence->volume));
    assert_int_equal(back->licence->expires, n.licence->expires);
    assert_int_equal(back->licence->copies, 2);
    assert_int_equal(back->licence->n_files, LICENCE_FILES_MAX);
    for (size_t i = 0; i < LICENCE_FILES_MAX; i++) {
        const struct licence_file *a = &n.licence->files[i], *b = &back->licence->files[i];
        assert_true(a->size == b->size && a->mtime == b->mtime && a->seq == b->seq && hash_same(&a->proof, &b->proof));
        assert_string_equal(a->recording, b->recording);
        assert_string_equal(a->chain, b->chain);
    }
    assert_int_equal(back->licence->n_receipts, LICENCE_RECEIPTS_MAX);
    assert_memory_equal(back->licence->receipts[3].p, receipt, LICENCE_RECEIPT_MAX);
    notice_free(back);
    licence_free(n.licence);
    free(receipt);
    free(n.why);
    buf_free(&n.text);
}

static void a_licence_with_a_mistake_licenses_something(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        HEAD, /* as before there were any */
        HEAD "file: a\nfile: b\n",
        HEAD VOLUME EXPIRES FILE_LINE,
        HEAD CAMERA EXPIRES FILE_LINE,
        HEAD CAMERA VOLUME FILE_LINE,
        HEAD CAMERA VOLUME EXPIRES,
        HEAD CAMERA CAMERA VOLUME EXPIRES FILE_LINE,
        HEAD CAMERA VOLUME VOLUME EXPIRES FILE_LINE,
        HEAD CAMERA VOLUME EXPIRES EXPIRES FILE_LINE,
        HEAD CAMERA VOLUME EXPIRES FILE_LINE CAMERA,
        HEAD "camera: SN-1\n" VOLUME EXPIRES FILE_LINE,
        HEAD CAMERA "volume: -\n" EXPIRES FILE_LINE,
        HEAD CAMERA VOLUME "expires: never\n" FILE_LINE,
        HEAD CAMERA VOLUME EXPIRES "file: \n",
        HEAD CAMERA VOLUME EXPIRES "file: -1 2027-01-14T10:00:00Z " H64 " " REC " " CHAIN " 7\n",
        HEAD CAMERA VOLUME EXPIRES "file: 01 2027-01-14T10:00:00Z " H64 " " REC " " CHAIN " 7\n",
        HEAD CAMERA VOLUME EXPIRES "file: 99999999999999999999 - " H64 " " REC " " CHAIN " 7\n",
        HEAD CAMERA VOLUME EXPIRES "file: 1000 yesterday " H64 " " REC " " CHAIN " 7\n",
        HEAD CAMERA VOLUME EXPIRES "file: 1000 - 0e57 " REC " " CHAIN " 7\n",
        HEAD CAMERA VOLUME EXPIRES "file: 1000 - " H64 " 0123 " CHAIN " 7\n",
        HEAD CAMERA VOLUME EXPIRES "file: 1000 - " H64 " " REC " chain 7\n",
        HEAD CAMERA VOLUME EXPIRES "file: 1000 - " H64 " " REC " " CHAIN " 0\n",
        HEAD CAMERA VOLUME EXPIRES "file: 1000 - " H64 " " REC " " CHAIN "\n",
        HEAD CAMERA VOLUME EXPIRES "file: 1000 - " H64 " " REC " " CHAIN " 7 more\n",
        HEAD CAMERA VOLUME EXPIRES FILE_LINE "file: 1\n",
        HEAD CAMERA VOLUME EXPIRES FILE_LINE "copies: 1\n",
        HEAD CAMERA VOLUME EXPIRES FILE_LINE "copies: 5\n",
        HEAD CAMERA VOLUME EXPIRES FILE_LINE "copies: yes\n",
        HEAD CAMERA VOLUME EXPIRES FILE_LINE "copies: 2\ncopies: 2\n",
        HEAD CAMERA VOLUME EXPIRES FILE_LINE "receipt: \n",
        HEAD CAMERA VOLUME EXPIRES FILE_LINE "receipt: not base64\n",
        HEAD CAMERA VOLUME EXPIRES FILE_LINE "receipt: QUI\n",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct notice *n = carried(bodies[i]);
        if (n->licence)
            fail_msg("licenses: %s", bodies[i]);
        notice_free(n);
    }
    struct notice *n = carried(HEAD CAMERA VOLUME EXPIRES FILE_LINE "receipt: QUI=\nlater: y\n");
    assert_non_null(n->licence);
    assert_int_equal(n->licence->n_files, 1);
    assert_int_equal(n->licence->receipts[0].len, 2);
    notice_free(n);
    /* of no other kind */
    n = carried("feldsher-notice 1\nkind: hold\nid: " ID "\ndistrict: east\ntime: 2027-01-15T08:00:00Z\nwhy: x\n"
                "recording: " REC "\nparts: " H64 "\n" CAMERA VOLUME EXPIRES FILE_LINE);
    assert_null(n->licence);
    notice_free(n);
}

static void a_licence_that_could_not_be_read_is_signed(void **state)
{
    (void)state;
    struct notice n = {.kind = NOTICE_ERASE, .time = T0, .why = strdup("x")};
    strcpy(n.district, "east");
    n.licence = calloc(1, sizeof *n.licence);
    assert_non_null(n.licence);
    assert_int_equal(notice_write(&n), ERR_DATA); /* it names no file */
    licence_free(n.licence);
    free(n.why);
}

static void fingerprints_are_others_than_the_ones_by_stock_tools(void **state)
{
    (void)state;
    char line[512], hex[HASH_HEX], got[HASH_HEX + 1];
    struct hash plain = hash_of("bytes", 5), proof, camera = licence_camera(ID, "SN 1"), other;
    const struct hash *const want[] = {&camera, &proof};
    hash_hex(hex, &plain);
    assert_int_equal(licence_proof(&proof, ID, &plain, "DCIM/A.MP4"), ERR_OK);
    for (int i = 0; i < 2; i++) {
        if (i == 0)
            snprintf(line, sizeof line, "printf '%%s' '%s camera SN 1' | b2sum -l 256", ID);
        else
            snprintf(line, sizeof line, "printf '%%s' '%s file %s DCIM/A.MP4' | b2sum -l 256", ID, hex);
        FILE *p = popen(line, "r");
        assert_non_null(p);
        assert_non_null(fgets(got, sizeof got, p));
        assert_int_equal(pclose(p), 0);
        got[HASH_HEX - 1] = '\0';
        hash_hex(hex, want[i]);
        assert_string_equal(got, hex);
        hash_hex(hex, &plain);
    }
    /* another licence, name, or bytes: another fingerprint */
    assert_int_equal(licence_proof(&other, "00112233445566778898", &plain, "DCIM/A.MP4"), ERR_OK);
    assert_false(hash_same(&other, &proof));
    assert_int_equal(licence_proof(&other, ID, &plain, "DCIM/B.MP4"), ERR_OK);
    assert_false(hash_same(&other, &proof));
    camera = licence_camera(ID, "x");
    other = licence_volume(ID, "x");
    assert_false(hash_same(&other, &camera));
}

static void a_label_forgets_its_licence(void **state)
{
    (void)state;
    struct sign_secret k = key_of("station");
    for (int i = 0; i < 4; i++) {
        struct label l = {.seq = 1, .roster = 1, .object = hash_of("o", 1), .size = 9, .content = hash_of("c", 1)};
        struct label back;
        struct buf b = {0};
        roster_chain_id(l.chain, &k.pub);
        strcpy(l.to, "records unit/u");
        strcpy(l.retain_class, "records");
        l.retain_until = INT64_MAX;
        l.time = T0;
        l.count = 1;
        if (i & 1)
            l.frees = hash_of("f", 1);
        strcpy(l.licence, ID);
        l.licence_over = i & 2;
        assert_int_equal(label_write(&l, &k, &b), ERR_OK);
        assert_int_equal(label_parse(&back, (const char *)b.p, b.len), ERR_OK);
        assert_string_equal(back.licence, ID);
        assert_int_equal(back.licence_over, l.licence_over);
        assert_true(hash_same(&back.frees, &l.frees));
        /* any write of it that was cut short is seen as such */
        for (size_t n = 1; n < b.len; n++)
            assert_int_equal(label_parse(&back, (const char *)b.p, n), ERR_END);
        buf_free(&b);
    }
}

static void a_label_with_half_a_licence_is_accepted(void **state)
{
    (void)state;
    static const char *const values[] = {"", ID, ID " ", ID " began", "0011 begun", ID " begun more", "- begun"};
    struct sign_secret k = key_of("station");
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char chain[CHAIN_ID];
        struct label back;
        struct buf b = {0};
        roster_chain_id(chain, &k.pub);
        assert_int_equal(buf_fmt(&b,
                                 "feldsher-label 1\nchain: %s\nseq: 1\nprev: " H64 "\nroster: 1\nobject: " H64
                                 "\nsize: 1\ncontent: " H64 "\nparts: -\nlane: 1\nto: records\nretain: records -\n"
                                 "time: 2027-01-15T08:00:00Z\ncount: 1\nlicence: %s\n",
                                 chain, values[i]),
                         ERR_OK);
        assert_int_equal(sign_add(&b, NULL, &k), ERR_OK);
        if (label_parse(&back, (const char *)b.p, b.len) != ERR_DATA)
            fail_msg("accepted: %s", values[i]);
        buf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_licence_loses_a_member_on_its_way_through_text),
        cmocka_unit_test(a_licence_with_a_mistake_licenses_something),
        cmocka_unit_test(a_licence_that_could_not_be_read_is_signed),
        cmocka_unit_test(fingerprints_are_others_than_the_ones_by_stock_tools),
        cmocka_unit_test(a_label_forgets_its_licence),
        cmocka_unit_test(a_label_with_half_a_licence_is_accepted),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
