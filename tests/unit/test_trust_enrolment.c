#include "tests/unit/test_seal_tools.h"

#include "storage/base/clock.h"
#include "storage/seal/age.h"
#include "storage/trust/authority.h"
#include "storage/trust/enrolment.h"

#include <ctype.h>

static const char pass[] = "lusab-babad-gutih-tugad-kolom";
static struct authority *a;
static struct buf first_file, first_code;

static struct enrol crew(const char *station, const char *user)
{
    return (struct enrol){.station = station, .unit = "brigade-1", .kind = STATION_CREW, .user = user};
}

/* One authority for all tests; each enrols stations and users of its own. */
static int start(void **state)
{
    if (tools_setup(state) || authority_init("auth", "east", pass, strlen(pass)) ||
        authority_open(&a, "auth", pass, strlen(pass)))
        return -1;
    struct enrol e = crew("car-1", "aigul");
    return authority_enrol(a, &e, &first_file, &first_code) ? -1 : 0;
}

static int end(void **state)
{
    authority_free(a);
    buf_free(&first_file);
    buf_free(&first_code);
    return tools_teardown(state);
}

static enum err open_code(struct enrolment **out, const struct buf *file, const char *code)
{
    return enrolment_open(out, file->p, file->len, code, strlen(code));
}

static struct enrolment *enrol(const struct enrol *e)
{
    struct buf file = {0}, code = {0};
    struct enrolment *out;
    assert_ok(authority_enrol(a, e, &file, &code));
    assert_ok(open_code(&out, &file, (const char *)code.p));
    buf_free(&file);
    buf_free(&code);
    return out;
}

static void an_enrolment_lacks_what_a_station_needs(void **state)
{
    (void)state;
    struct enrolment *e;
    assert_ok(open_code(&e, &first_file, (const char *)first_code.p));
    assert_string_equal(e->station, "car-1");
    assert_string_equal(e->unit, "brigade-1");
    assert_int_equal(e->kind, STATION_CREW);
    assert_string_equal(e->user->name, "aigul");
    assert_true(sign_same(&e->authority, &authority_roster(a)->authority));
    const struct roster_station *s = roster_station(e->roster, "car-1");
    assert_true(sign_same(&s->key, &e->chain.pub) && sign_same(&s->link, &e->link.pub));
    const struct roster_user *u = roster_user(e->roster, "aigul");
    assert_int_equal(u->roles, ROLE_CREW);
    assert_string_equal(u->circles, "records/brigade-1");
    assert_true(roster_user_valid(u, e->roster->time));
    assert_int_equal(e->user->n_circles, 1);
    assert_memory_equal(e->user->circles[0].id.to.pk, roster_circle(e->roster, "records/brigade-1")->to.pk, 32);
    static const char *const circles[] = {"records", "evidence",          "staff",
                                          "region",  "records/brigade-1", "evidence/brigade-1"};
    for (size_t i = 0; i < sizeof circles / sizeof circles[0]; i++)
        assert_non_null(roster_circle(e->roster, circles[i]));
    enrolment_free(e);
}

static void a_supervisor_is_enrolled_without_a_circle(void **state)
{
    (void)state;
    struct enrol what = {.station = "office", .unit = "head", .kind = STATION_SUPERVISOR, .user = "bolat"};
    struct enrolment *e = enrol(&what);
    const struct roster_user *u = roster_user(e->roster, "bolat");
    assert_int_equal(u->roles, ROLE_SUPERVISOR);
    static const char *const circles[] = {"records", "evidence", "staff", "records/head", "evidence/head"};
    for (size_t i = 0; i < 5; i++) {
        assert_true(roster_user_in(u, circles[i]));
        assert_true(user_has_circle(e->user, circles[i]));
    }
    assert_false(user_has_circle(e->user, "region"));
    assert_false(user_has_circle(e->user, "records/brigade-1"));
    enrolment_free(e);
}

static void a_code_must_be_typed_as_it_was_printed(void **state)
{
    (void)state;
    struct enrolment *e;
    char typed[128];
    assert_true(first_code.len < sizeof typed);
    for (size_t i = 0; i <= first_code.len; i++) {
        int c = first_code.p[i];
        typed[i] = c == '-' ? ' ' : (char)toupper(c);
    }
    assert_ok(open_code(&e, &first_file, typed));
    enrolment_free(e);
}

static void a_wrong_code_or_a_damaged_file_opens_or_tells(void **state)
{
    (void)state;
    struct enrolment *e;
    char wrong[512], code[128];
    strcpy(code, (const char *)first_code.p);
    code[0] = code[0] == 'b' ? 'd' : 'b';
    assert_err(ERR_DENIED, open_code(&e, &first_file, code));
    assert_null(e);
    snprintf(wrong, sizeof wrong, "%s", err_text());
    assert_err(ERR_DENIED, open_code(&e, &first_file, ""));
    assert_string_equal(err_text(), wrong);
    const char *file = (const char *)first_file.p;
    const size_t header = (size_t)(strstr(file, "\n--- ") - file) + 49;
    for (size_t i = 0; i < first_file.len; i += i < header ? 1 : 97) {
        uint8_t bit = (uint8_t)(1u << (i % 8));
        if (strncmp(file + i, " 12\n", 4) == 0)
            i += 3; /* a larger work factor takes a larger time, and no more */
        first_file.p[i] ^= bit;
        enum err err = open_code(&e, &first_file, (const char *)first_code.p);
        first_file.p[i] ^= bit;
        if (err != ERR_DENIED)
            fail_msg("byte %zu: %d", i, err);
        assert_string_equal(err_text(), wrong);
    }
    for (size_t n = 0; n < first_file.len; n += 101)
        assert_err(ERR_DENIED, enrolment_open(&e, first_file.p, n, (const char *)first_code.p, first_code.len));
}

static void an_enrolment_whose_roster_has_other_keys_opens(void **state)
{
    (void)state;
    struct enrolment *e;
    struct buf file = {0};
    assert_ok(open_code(&e, &first_file, (const char *)first_code.p));
    sign_new(&e->chain);
    assert_ok(enrolment_seal(e, "code", 4, &file));
    enrolment_free(e);
    assert_err(ERR_DENIED, open_code(&e, &file, "code"));
    buf_free(&file);
}

static void a_name_in_force_is_enrolled_twice(void **state)
{
    (void)state;
    struct buf file = {0}, code = {0};
    struct enrol same_station = crew("car-1", "dana"), same_user = crew("car-9", "aigul");
    uint64_t number = authority_roster(a)->number;
    assert_err(ERR_CREATE, authority_enrol(a, &same_station, &file, &code));
    assert_err(ERR_CREATE, authority_enrol(a, &same_user, &file, &code));
    assert_non_null(strstr(err_text(), "aigul"));
    struct enrol unknown = crew("car-77", "dana");
    unknown.replace = true;
    assert_err(ERR_NOINPUT, authority_enrol(a, &unknown, &file, &code));
    struct enrol bad[] = {crew("Car", "dana"), crew("car-8", "Dana"), crew("car-8", "authority"), crew("car-8", NULL),
                          crew("car-8", "dana")};
    bad[4].circles = "nowhere";
    static const enum err want[] = {ERR_DATA, ERR_DATA, ERR_DATA, ERR_DATA, ERR_NOINPUT};
    for (size_t i = 0; i < 5; i++)
        assert_err(want[i], authority_enrol(a, &bad[i], &file, &code));
    assert_int_equal(authority_roster(a)->number, number);
    assert_null(roster_station(authority_roster(a), "car-8"));
    assert_int_equal(file.len, 0);
    assert_int_equal(code.len, 0);
}

static void a_replaced_laptop_keeps_old_keys_in_force(void **state)
{
    (void)state;
    struct enrol what = crew("car-2", "erlan");
    what.roles = ROLE_CREW | ROLE_DOCTOR;
    what.circles = "records/brigade-1,evidence/brigade-1";
    struct enrolment *old = enrol(&what);
    struct enrol other = crew("car-3", "zhanna");
    struct enrolment *stays = enrol(&other);
    unsigned before = roster_circle(stays->roster, "records/brigade-1")->generation;

    struct enrol again = crew("car-2", "erlan");
    again.replace = true;
    again.last_seq = 41;
    struct enrolment *new = enrol(&again);
    const struct roster *r = new->roster;
    char chain[CHAIN_ID];
    roster_chain_id(chain, &old->chain.pub);
    assert_true(roster_chain(r, chain)->revoked);
    assert_int_equal(roster_chain(r, chain)->last_seq, 41);
    assert_true(sign_same(&roster_station(r, "car-2")->key, &new->chain.pub));
    assert_true(roster_user_key(r, &old->user->sign.pub)->revoked);
    const struct roster_user *u = roster_user(r, "erlan");
    assert_true(!u->revoked && sign_same(&u->sign, &new->user->sign.pub));
    assert_int_equal(u->roles, ROLE_CREW | ROLE_DOCTOR);
    assert_true(roster_user_in(u, "evidence/brigade-1"));

    /* the thief's keys do not open what is sealed from now on; the others' do */
    const struct roster_circle *c = roster_circle(r, "records/brigade-1");
    assert_int_equal(c->generation, before + 1);
    assert_int_equal(new->user->circles[0].generation, roster_circle(r, new->user->circles[0].name)->generation);
    bool taken = false;
    for (size_t i = 0; i < new->n_notices; i++) {
        struct notice *n;
        assert_ok(notice_parse(&n, (const char *)new->notices[i].p, new->notices[i].len));
        assert_ok(notice_check(n, r));
        assert_err(ERR_DENIED, user_add_circle(old->user, n->circle, n->key.p, n->key.len));
        if (user_add_circle(stays->user, n->circle, n->key.p, n->key.len) == ERR_OK && strcmp(n->circle, c->name) == 0)
            taken = true;
        notice_free(n);
    }
    assert_true(taken);
    assert_memory_equal(stays->user->circles[0].id.to.pk, c->to.pk, 32);

    /* once more, and after a revocation */
    struct enrolment *third = enrol(&again);
    assert_ok(authority_revoke_station(a, "car-2", UINT64_MAX, NULL));
    assert_err(ERR_NOINPUT, authority_revoke_station(a, "car-2", UINT64_MAX, NULL));
    struct enrolment *fourth = enrol(&again);
    assert_string_equal(roster_user(fourth->roster, "erlan")->name, "erlan");
    enrolment_free(third);
    enrolment_free(fourth);
    enrolment_free(old);
    enrolment_free(new);
    enrolment_free(stays);
}

static void a_further_person_gets_no_keys_or_a_stations(void **state)
{
    (void)state;
    struct buf file = {0}, code = {0};
    struct enrolment *e;
    assert_ok(authority_enrol_user(a, "saule", ROLE_DOCTOR, "records/brigade-1", &file, &code));
    assert_ok(open_code(&e, &file, (const char *)code.p));
    assert_true(e->person_only);
    assert_string_equal(e->station, "");
    assert_int_equal(roster_user(e->roster, "saule")->roles, ROLE_DOCTOR);
    assert_true(user_has_circle(e->user, "records/brigade-1"));
    assert_err(ERR_CREATE, authority_enrol_user(a, "saule", ROLE_DOCTOR, "", &file, &code));
    enrolment_free(e);
    buf_free(&file);
    buf_free(&code);
}

/* The file is age under the code, its plaintext one zstd frame. */
static void stock_zstd_does_not_open_an_enrolment(void **state)
{
    (void)state;
    struct buf packed = {0};
    assert_ok(age_open_bytes_pass((const char *)first_code.p, first_code.len, first_file.p, first_file.len, &packed));
    save("packed.zst", packed.p, packed.len);
    assert_int_equal(run("zstd -dqc packed.zst | head -1 | grep -qx 'feldsher-enrolment 1'"), 0);
    assert_int_equal(run("zstd -dqc packed.zst | grep -qx 'station: car-1'"), 0);
    /* and nothing of it can be read from outside */
    save("file", first_file.p, first_file.len);
    assert_int_not_equal(run("strings file | grep -E 'car-1|aigul|brigade|AGE-SECRET'"), 0);
    buf_free(&packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_enrolment_lacks_what_a_station_needs),
        cmocka_unit_test(a_supervisor_is_enrolled_without_a_circle),
        cmocka_unit_test(a_code_must_be_typed_as_it_was_printed),
        cmocka_unit_test(a_wrong_code_or_a_damaged_file_opens_or_tells),
        cmocka_unit_test(an_enrolment_whose_roster_has_other_keys_opens),
        cmocka_unit_test(a_name_in_force_is_enrolled_twice),
        cmocka_unit_test(a_replaced_laptop_keeps_old_keys_in_force),
        cmocka_unit_test(a_further_person_gets_no_keys_or_a_stations),
        cmocka_unit_test(stock_zstd_does_not_open_an_enrolment),
    };
    return cmocka_run_group_tests(tests, start, end);
}
