#include "storage/trust/notice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define T0 ((int64_t)1800000000000) /* 2027-01-15T08:00:00Z */
#define REVOKED (T0 + 100000)
#define ENDS (T0 + 200000)

static struct sign_secret authority;
static struct roster *roster;

static struct sign_secret key_of(const char *name)
{
    struct hash h = hash_of(name, strlen(name));
    struct sign_secret k = {0};
    sign_from_seed(&k, h.b);
    return k;
}

static void add_user(const char *name, const char *key, unsigned roles, const char *circles, int64_t revoked)
{
    char copy[256];
    struct sign_secret k = key_of(key);
    strcpy(copy, circles);
    struct roster_user u = {.sign = k.pub,
                            .roles = roles,
                            .since = T0,
                            .until = ENDS,
                            .revoked = revoked != 0,
                            .revoked_at = revoked,
                            .circles = copy};
    strcpy(u.name, name);
    memcpy(u.to.pk, u.sign.pk, sizeof u.to.pk);
    assert_int_equal(roster_add_user(roster, &u), ERR_OK);
}

static int start(void **state)
{
    (void)state;
    if (hash_start())
        return -1;
    authority = key_of("authority");
    roster = calloc(1, sizeof *roster);
    if (!roster)
        return -1;
    strcpy(roster->district, "east");
    roster->number = 3;
    roster->time = T0;
    add_user("crew", "crew", ROLE_CREW, "records/u", 0);
    add_user("doctor", "doctor", ROLE_DOCTOR, "records/u", 0);
    add_user("super", "super", ROLE_SUPERVISOR, "evidence,records", 0);
    add_user("super2", "super2", ROLE_SUPERVISOR, "", 0);
    add_user("admin", "admin", ROLE_ADMIN, "", 0);
    add_user("gone", "gone", ROLE_SUPERVISOR, "evidence", REVOKED);
    add_user("moved", "moved", ROLE_SUPERVISOR, "", 0);
    add_user("moved", "moved-old", ROLE_SUPERVISOR, "", REVOKED);
    return roster_sign(roster, &authority) ? -1 : 0;
}

static int end(void **state)
{
    (void)state;
    roster_free(roster);
    return 0;
}

static struct notice *unsigned_notice(enum notice_kind kind, int64_t at)
{
    struct notice *n = calloc(1, sizeof *n);
    if (!n)
        abort();
    n->kind = kind;
    n->time = at;
    strcpy(n->district, "east");
    bool about_circle = kind == NOTICE_ADMIT || kind == NOTICE_CIRCLE;
    if (!about_circle)
        n->why = strdup("a complaint, \xd0\xb4\xd0\xb5\xd0\xbb\xd0\xbe 17");
    if (kind == NOTICE_DESTROY)
        n->basis = strdup("article 5");
    if (kind == NOTICE_HOLD || kind == NOTICE_RELEASE || kind == NOTICE_DESTROY) {
        strcpy(n->recording, "0123456789abcdef0123");
        n->parts = hash_of("parts", 5);
    }
    if (about_circle) {
        strcpy(n->circle, "evidence");
        n->generation = 2;
        if (kind == NOTICE_ADMIT)
            strcpy(n->user, "doctor");
        assert_int_equal(buf_str(&n->key, "any bytes"), ERR_OK);
    }
    return n;
}

static struct notice *signed_notice(enum notice_kind kind, int64_t at, const char *a, const char *b)
{
    struct notice *n = unsigned_notice(kind, at);
    struct sign_secret k = key_of(a);
    assert_int_equal(notice_write(n), ERR_OK);
    assert_int_equal(notice_sign(n, a, &k), ERR_OK);
    if (b) {
        k = key_of(b);
        assert_int_equal(notice_sign(n, b, &k), ERR_OK);
    }
    return n;
}

static void a_notice_loses_a_member_on_its_way_through_text(void **state)
{
    (void)state;
    for (enum notice_kind kind = NOTICE_HOLD; kind < NOTICE_UNKNOWN; kind++) {
        struct notice *n = signed_notice(kind, T0 + 1000, "super", NULL), *back;
        assert_int_equal(notice_parse(&back, (const char *)n->text.p, n->text.len), ERR_OK);
        assert_int_equal(back->kind, kind);
        assert_string_equal(back->id, n->id);
        assert_int_equal(strlen(back->id), 20);
        assert_int_equal(back->time, T0 + 1000);
        assert_string_equal(back->why, n->why ? n->why : "");
        assert_string_equal(back->basis, n->basis ? n->basis : "");
        assert_string_equal(back->recording, n->recording);
        assert_true(hash_same(&back->parts, &n->parts));
        assert_string_equal(back->circle, n->circle);
        assert_int_equal(back->generation, n->generation);
        assert_string_equal(back->user, n->user);
        assert_int_equal(back->key.len, n->key.len);
        assert_int_equal(back->text.len, n->text.len);
        notice_free(back);
        notice_free(n);
    }
}

static void a_flipped_bit_is_obeyed(void **state)
{
    (void)state;
    struct notice *n = signed_notice(NOTICE_DESTROY, T0 + 1000, "super", "super2"), *bad;
    assert_int_equal(notice_check(n, roster), ERR_OK);
    for (size_t i = 0; i < n->text.len; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            n->text.p[i] ^= (uint8_t)(1u << bit);
            enum err e = notice_parse(&bad, (const char *)n->text.p, n->text.len);
            if (!e) {
                e = notice_check(bad, roster);
                notice_free(bad);
            }
            if (e != ERR_BAD && e != ERR_DATA)
                fail_msg("byte %zu bit %u: %d", i, bit, e);
            n->text.p[i] ^= (uint8_t)(1u << bit);
        }
    for (size_t len = 0; len < n->text.len; len++) {
        enum err e = notice_parse(&bad, (const char *)n->text.p, len);
        if (!e) { /* cut behind the first signature */
            e = notice_check(bad, roster);
            notice_free(bad);
        }
        assert_int_not_equal(e, ERR_OK);
    }
    notice_free(n);
}

/* Who may sign what, at a time when all are in force, and later. */
static void somebody_without_the_role_is_obeyed(void **state)
{
    (void)state;
    static const struct {
        enum notice_kind kind;
        const char *a, *b;
        enum err want;
    } cases[] = {
        {NOTICE_HOLD, "crew", NULL, ERR_DENIED},
        {NOTICE_HOLD, "doctor", NULL, ERR_DENIED},
        {NOTICE_HOLD, "super", NULL, ERR_OK},
        {NOTICE_HOLD, "admin", NULL, ERR_OK},
        {NOTICE_HOLD, "gone", NULL, ERR_OK},
        {NOTICE_HOLD, "authority", NULL, ERR_DENIED},
        {NOTICE_HOLD, "stranger", NULL, ERR_BAD},
        {NOTICE_HOLD, "super", "crew", ERR_DENIED},
        {NOTICE_HOLD, "super", "stranger", ERR_BAD},
        {NOTICE_RELEASE, "crew", NULL, ERR_DENIED},
        {NOTICE_RELEASE, "doctor", NULL, ERR_DENIED},
        {NOTICE_RELEASE, "super", NULL, ERR_OK},
        {NOTICE_RELEASE, "admin", NULL, ERR_DENIED},
        {NOTICE_RELEASE, "authority", NULL, ERR_DENIED},
        {NOTICE_ADMIT, "crew", NULL, ERR_DENIED},
        {NOTICE_ADMIT, "super", NULL, ERR_OK},
        {NOTICE_ADMIT, "super2", NULL, ERR_DENIED},
        {NOTICE_ADMIT, "admin", NULL, ERR_DENIED},
        {NOTICE_ADMIT, "authority", NULL, ERR_DENIED},
        {NOTICE_CIRCLE, "authority", NULL, ERR_OK},
        {NOTICE_CIRCLE, "super", NULL, ERR_DENIED},
        {NOTICE_CIRCLE, "authority", "super", ERR_DENIED},
        {NOTICE_DESTROY, "super", NULL, ERR_DENIED},
        {NOTICE_DESTROY, "super", "super2", ERR_OK},
        {NOTICE_DESTROY, "super", "admin", ERR_DENIED},
        {NOTICE_DESTROY, "crew", "super", ERR_DENIED},
        {NOTICE_DESTROY, "authority", "super", ERR_DENIED},
        {NOTICE_DESTROY, "super", "stranger", ERR_BAD},
        {NOTICE_ERASE, "super", NULL, ERR_OK},
        {NOTICE_ERASE, "admin", NULL, ERR_DENIED},
        {NOTICE_ERASE, "crew", NULL, ERR_DENIED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct notice *n = signed_notice(cases[i].kind, T0 + 1000, cases[i].a, cases[i].b);
        enum err e = notice_check(n, roster);
        if (e != cases[i].want)
            fail_msg("%s by %s and %s: %d", notice_kind_text(cases[i].kind), cases[i].a, cases[i].b ? cases[i].b : "-",
                     e);
        notice_free(n);
    }
}

static void a_user_out_of_force_is_obeyed(void **state)
{
    (void)state;
    static const struct {
        const char *who;
        int64_t at;
        enum err want;
    } cases[] = {
        {"super", T0 - 1000, ERR_DENIED},     {"super", T0, ERR_OK},
        {"super", ENDS - 1000, ERR_OK},       {"super", ENDS, ERR_DENIED},
        {"gone", REVOKED - 1000, ERR_OK},     {"gone", REVOKED, ERR_DENIED},
        {"gone", REVOKED + 1000, ERR_DENIED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct notice *n = signed_notice(NOTICE_HOLD, cases[i].at, cases[i].who, NULL);
        assert_int_equal(notice_check(n, roster), cases[i].want);
        notice_free(n);
    }
}

static void keys_of_a_replaced_laptop_sign_on(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        int64_t at;
        enum err want;
    } cases[] = {
        {"moved", REVOKED + 1000, ERR_OK},
        {"moved-old", REVOKED - 1000, ERR_OK},
        {"moved-old", REVOKED + 1000, ERR_DENIED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct notice *n = unsigned_notice(NOTICE_HOLD, cases[i].at);
        struct sign_secret k = key_of(cases[i].key);
        assert_int_equal(notice_write(n), ERR_OK);
        assert_int_equal(notice_sign(n, "moved", &k), ERR_OK);
        assert_int_equal(notice_check(n, roster), cases[i].want);
        notice_free(n);
    }
}

static void one_person_signs_as_two(void **state)
{
    (void)state;
    struct notice *n = signed_notice(NOTICE_DESTROY, T0, "super", NULL), *back;
    struct sign_secret k = key_of("super");
    assert_int_equal(notice_sign(n, "super", &k), ERR_DENIED);
    /* under another's name */
    assert_int_equal(notice_sign(n, "super2", &k), ERR_OK);
    assert_int_equal(notice_check(n, roster), ERR_BAD);
    notice_free(n);

    /* a copied signature line */
    n = signed_notice(NOTICE_DESTROY, T0, "super", NULL);
    const char *line = strstr((const char *)n->text.p, "signature: ");
    char copy[256];
    strcpy(copy, line);
    assert_int_equal(buf_str(&n->text, copy), ERR_OK);
    assert_int_equal(notice_parse(&back, (const char *)n->text.p, n->text.len), ERR_OK);
    assert_int_equal(notice_check(back, roster), ERR_DENIED);
    notice_free(back);
    notice_free(n);

    /* old and new keys of one person */
    n = signed_notice(NOTICE_DESTROY, REVOKED - 1000, "moved", NULL);
    k = key_of("moved-old");
    assert_int_equal(sign_add(&n->text, "moved", &k), ERR_OK);
    assert_int_equal(notice_parse(&back, (const char *)n->text.p, n->text.len), ERR_OK);
    assert_int_equal(notice_check(back, roster), ERR_DENIED);
    notice_free(back);
    notice_free(n);
}

static void the_second_signer_cannot_sign_what_arrived(void **state)
{
    (void)state;
    struct notice *n = signed_notice(NOTICE_DESTROY, T0, "super", NULL), *arrived;
    struct sign_secret k = key_of("super2");
    assert_int_equal(notice_parse(&arrived, (const char *)n->text.p, n->text.len), ERR_OK);
    assert_int_equal(notice_check(arrived, roster), ERR_DENIED);
    assert_int_equal(notice_sign(arrived, "super2", &k), ERR_OK);
    assert_int_equal(notice_check(arrived, roster), ERR_OK);
    notice_free(arrived);
    notice_free(n);
}

static void a_notice_of_another_district_is_obeyed(void **state)
{
    (void)state;
    struct notice *n = unsigned_notice(NOTICE_HOLD, T0);
    struct sign_secret k = key_of("super");
    strcpy(n->district, "west");
    assert_int_equal(notice_write(n), ERR_OK);
    assert_int_equal(notice_sign(n, "super", &k), ERR_OK);
    assert_int_equal(notice_check(n, roster), ERR_BAD);
    notice_free(n);
}

static enum err parse_body(const char *body, struct notice **out)
{
    struct buf b = {0};
    struct sign_secret k = key_of("super");
    assert_int_equal(buf_str(&b, body), ERR_OK);
    assert_int_equal(sign_add(&b, "super", &k), ERR_OK);
    enum err e = notice_parse(out, (const char *)b.p, b.len);
    buf_free(&b);
    return e;
}

#define HEAD "feldsher-notice 1\nkind: hold\nid: 00112233445566778899\ndistrict: east\ntime: 2027-01-15T08:00:00Z\n"
#define PARTS "parts: 0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8\n"

static void a_kind_of_a_later_version_is_lost_or_obeyed(void **state)
{
    (void)state;
    struct notice *n;
    assert_int_equal(parse_body("feldsher-notice 2\nkind: amnesty\nid: 00112233445566778899\ndistrict: east\n"
                                "time: 2027-01-15T08:00:00Z\nwhy: unknown\ncircle: NOT OURS\n",
                                &n),
                     ERR_OK);
    assert_int_equal(n->kind, NOTICE_UNKNOWN);
    assert_string_equal(n->circle, "");
    assert_int_equal(notice_check(n, roster), ERR_DENIED);
    notice_free(n);
    assert_int_equal(parse_body(HEAD "why: x\nrecording: 0123456789abcdef0123\n" PARTS "later: y\n", &n), ERR_OK);
    assert_int_equal(notice_check(n, roster), ERR_OK);
    notice_free(n);
    assert_int_equal(parse_body("feldsher-notice 1\nkind: erase\nid: 00112233445566778899\ndistrict: east\n"
                                "time: 2027-01-15T08:00:00Z\nwhy: full\nrecording: of a later form\nfile: a\nfile: b\n",
                                &n),
                     ERR_OK);
    notice_free(n);
}

static void a_malformed_notice_is_accepted(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "feldsher-notice 1\n",
        "feldsher-notice 0\nkind: hold\n",
        HEAD,
        HEAD "why: x\nrecording: 0123456789abcdef0123\n",
        HEAD "why: x\n" PARTS,
        HEAD "recording: 0123456789abcdef0123\n" PARTS,
        HEAD "why: \nrecording: 0123456789abcdef0123\n" PARTS,
        HEAD "why: x\nwhy: y\nrecording: 0123456789abcdef0123\n" PARTS,
        HEAD "why: x\nrecording: 0123456789abcdef0123\n" PARTS PARTS,
        HEAD "why: x\nrecording: 0123456789ABCDEF0123\n" PARTS,
        HEAD "why: x\nrecording: 0123456789abcdef012\n" PARTS,
        HEAD "why: x\nrecording: 0123456789abcdef0123\n" PARTS "circle: records\n",
        HEAD "kind: release\nwhy: x\nrecording: 0123456789abcdef0123\n" PARTS,
        HEAD "why: x\x01\nrecording: 0123456789abcdef0123\n" PARTS,
        "feldsher-notice 1\nid: 00112233445566778899\nkind: hold\n",
        "feldsher-notice 1\nkind: admit\nid: 00112233445566778899\ndistrict: east\ntime: 2027-01-15T08:00:00Z\n"
        "circle: records\ngeneration: 1\nuser: -\nkey: AAAA\n",
        "feldsher-notice 1\nkind: admit\nid: 00112233445566778899\ndistrict: east\ntime: 2027-01-15T08:00:00Z\n"
        "circle: records\ngeneration: 0\nuser: a\nkey: AAAA\n",
        "feldsher-notice 1\nkind: admit\nid: 00112233445566778899\ndistrict: east\ntime: 2027-01-15T08:00:00Z\n"
        "circle: records\ngeneration: 1\nuser: a\nkey: AAA\n",
        "feldsher-notice 1\nkind: admit\nid: 00112233445566778899\ndistrict: east\ntime: 2027-01-15T08:00:00Z\n"
        "circle: Records\ngeneration: 1\nuser: a\nkey: AAAA\n",
        "feldsher-notice 1\nkind: admit\nid: 00112233445566778899\ndistrict: east\ntime: 2027-01-15T08:00:00Z\n"
        "circle: records\ngeneration: 1\nuser: a\nkey: \n",
        "feldsher-roster 1\nkind: hold\n",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct notice *n;
        if (parse_body(bodies[i], &n) != ERR_DATA)
            fail_msg("accepted: %s", bodies[i]);
        assert_null(n);
    }
    struct notice *n;
    static const char unsigned_text[] = HEAD "why: x\nrecording: 0123456789abcdef0123\n" PARTS;
    assert_int_equal(notice_parse(&n, unsigned_text, strlen(unsigned_text)), ERR_DATA);
}

static void a_line_is_smuggled_in_through_a_reason(void **state)
{
    (void)state;
    static const char *const reasons[] = {"x\nobserver: y", "x\n", "", "x\x1b[2J", "\xff"};
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        struct notice *n = unsigned_notice(NOTICE_HOLD, T0);
        free(n->why);
        n->why = strdup(reasons[i]);
        assert_int_equal(notice_write(n), ERR_DATA);
        notice_free(n);
    }
    struct notice *n = unsigned_notice(NOTICE_UNKNOWN, T0);
    assert_int_equal(notice_write(n), ERR_BUG);
    notice_free(n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_notice_loses_a_member_on_its_way_through_text),
        cmocka_unit_test(a_flipped_bit_is_obeyed),
        cmocka_unit_test(somebody_without_the_role_is_obeyed),
        cmocka_unit_test(a_user_out_of_force_is_obeyed),
        cmocka_unit_test(keys_of_a_replaced_laptop_sign_on),
        cmocka_unit_test(one_person_signs_as_two),
        cmocka_unit_test(the_second_signer_cannot_sign_what_arrived),
        cmocka_unit_test(a_notice_of_another_district_is_obeyed),
        cmocka_unit_test(a_kind_of_a_later_version_is_lost_or_obeyed),
        cmocka_unit_test(a_malformed_notice_is_accepted),
        cmocka_unit_test(a_line_is_smuggled_in_through_a_reason),
    };
    return cmocka_run_group_tests(tests, start, end);
}
