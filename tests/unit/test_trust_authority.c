#include "tests/unit/test_seal_tools.h"

#include "storage/base/clock.h"
#include "storage/seal/age.h"
#include "storage/seal/minisign.h"
#include "storage/seal/shares.h"
#include "storage/trust/authority.h"

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

static const char pass[] = "lusab-babad-gutih-tugad-kolom";

/* The folder "empty" is an authority at roster 1; each test works on a copy.
 * "cheap" is the same with less stretching of the passphrase. */
static int start(void **state)
{
    if (tools_setup(state) || authority_init("empty", "east", pass, strlen(pass)))
        return -1;
    struct buf file = load("empty/authority.age"), text = {0}, cheap = {0};
    assert_ok(age_open_bytes_pass(pass, strlen(pass), file.p, file.len, &text));
    assert_ok(age_seal_bytes_pass(pass, strlen(pass), 8, text.p, text.len, &cheap));
    assert_int_equal(run("cp -a empty cheap"), 0);
    save("cheap/authority.age", cheap.p, cheap.len);
    buf_free(&file);
    buf_free(&text);
    buf_free(&cheap);
    return 0;
}

static enum err open_in(struct authority **a, const char *dir)
{
    return authority_open(a, dir, pass, strlen(pass));
}

static struct authority *copy_to(const char *to)
{
    struct authority *a;
    assert_int_equal(run("cp -a cheap %s", to), 0);
    assert_ok(open_in(&a, to));
    return a;
}

static struct user *add_user(struct authority *a, const char *name, unsigned roles, const char *circles)
{
    struct user *u;
    assert_ok(authority_user(a, name, roles, circles, clock_wall(), INT64_MAX, &u));
    return u;
}

/* Gives the user every notice of the folder, as a station does; all must be
 * in order by the roster. How many there are. */
static size_t take_notices(const char *dir, const struct roster *r, struct user *u)
{
    char path[4096];
    size_t n = 0;
    snprintf(path, sizeof path, "%s/notices", dir);
    DIR *d = opendir(path);
    assert_non_null(d);
    for (struct dirent *f; (f = readdir(d)) != NULL;) {
        struct notice *notice;
        if (f->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/notices/%s", dir, f->d_name);
        struct buf text = load(path);
        assert_ok(notice_parse(&notice, (const char *)text.p, text.len));
        assert_string_equal(notice->id, f->d_name);
        assert_ok(notice_check(notice, r));
        enum err e = user_add_circle(u, notice->circle, notice->key.p, notice->key.len);
        assert_true(e == ERR_OK || e == ERR_DENIED);
        notice_free(notice);
        buf_free(&text);
        n++;
    }
    closedir(d);
    return n;
}

/* The generations of a circle that the user holds, highest first, as text. */
static const char *generations(const struct user *u, const char *circle)
{
    static char out[1024];
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; i < u->n_circles; i++)
        if (strcmp(u->circles[i].name, circle) == 0)
            n += (size_t)snprintf(out + n, sizeof out - n, "%u ", u->circles[i].generation);
    return out;
}

static bool opens(const struct user *u, const struct buf *object)
{
    struct identity *ids = calloc(USER_CIRCLES_MAX + 1, sizeof *ids);
    struct buf plain = {0};
    size_t n;
    user_identities(u, ids, &n);
    enum err e = age_open_bytes(ids, n, object->p, object->len, &plain);
    buf_free(&plain);
    free(ids);
    return e == ERR_OK;
}

static void an_authority_is_overwritten_or_open_to_others(void **state)
{
    (void)state;
    struct stat st;
    struct buf before = load("empty/authority.age");
    assert_err(ERR_CREATE, authority_init("empty", "west", pass, strlen(pass)));
    struct buf after = load("empty/authority.age");
    assert_same(&after, before.p, before.len);
    assert_int_equal(stat("empty", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(stat("empty/authority.age", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_err(ERR_DATA, authority_init("weak", "east", "password1", 9));
    assert_err(ERR_DATA, authority_init("weak", "East District", pass, strlen(pass)));
    assert_false(file_exists("weak"));
    assert_int_equal(run("mkdir remains && cp -r empty/rosters remains/"), 0);
    assert_err(ERR_CREATE, authority_init("remains", "east", pass, strlen(pass)));
    buf_free(&before);
    buf_free(&after);
}

static void an_authority_opens_with_the_wrong_secret_or_key(void **state)
{
    (void)state;
    struct authority *a;
    assert_err(ERR_DENIED, authority_open(&a, "cheap", "wrong", 5));
    assert_null(a);
    assert_err(ERR_NOINPUT, open_in(&a, "nowhere"));
    struct sign_secret other;
    struct buf pub = {0};
    sign_new(&other);
    assert_ok(minisign_public_file(&pub, "x", &other.pub));
    assert_int_equal(run("cp -a cheap swapped"), 0);
    save("swapped/authority.pub", pub.p, pub.len);
    assert_err(ERR_BAD, open_in(&a, "swapped"));
    buf_free(&pub);
}

static void stock_tools_do_not_verify_the_published_roster(void **state)
{
    (void)state;
    struct buf roster = load("empty/roster"), sig = {0};
    struct sign_text t;
    assert_ok(sign_split(&t, (const char *)roster.p, roster.len));
    assert_ok(minisign_extract((const char *)roster.p, roster.len, "feldsher-roster", &sig));
    save("body", t.body, t.body_len);
    save("body.minisig", sig.p, sig.len);
    save("sig", t.sigs[0].sig, 64);
    assert_int_equal(run("minisign -V -p empty/authority.pub -m body"), 0);
    assert_int_equal(run("openssl pkeyutl -verify -pubin -inkey empty/authority.pem -rawin -in body -sigfile sig"), 0);
    buf_free(&sig);
    buf_free(&roster);
}

/* A folder as a power cut may leave it, and what opening makes of it. */
static void a_save_cut_short_is_half_done(void **state)
{
    (void)state;
    struct authority *a = copy_to("cut");
    assert_ok(authority_unit(a, "u"));
    assert_ok(authority_save(a));
    user_free(add_user(a, "x", ROLE_CREW, "records/u"));
    assert_int_equal(run("cp -a cut before"), 0);
    assert_ok(authority_save(a));
    assert_int_equal(authority_roster(a)->number, 3);
    authority_free(a);

    /* before the roster stands: the notice must not get out */
    assert_int_equal(run("for f in cut/notices/*; do cp $f before/staged/3.${f##*/}; done; "
                         "echo torn > before/rosters/3.tmp.77; echo torn > before/staged/3.abc.tmp.77"),
                     0);
    assert_ok(open_in(&a, "before"));
    assert_int_equal(authority_roster(a)->number, 2);
    authority_free(a);
    assert_int_equal(run("test -z \"$(ls before/staged before/notices | grep -v :)\""), 0);

    /* after it stands: the rest follows */
    assert_int_equal(run("for f in cut/notices/*; do mv $f cut/staged/3.${f##*/}; done; cp cut/rosters/2 cut/roster"),
                     0);
    assert_ok(open_in(&a, "cut"));
    assert_int_equal(authority_roster(a)->number, 3);
    authority_free(a);
    assert_int_equal(
        run("cmp cut/roster cut/rosters/3 && test $(ls cut/notices | wc -l) = 1 && test -z \"$(ls cut/staged)\""), 0);
}

static void an_init_cut_short_does_not_open(void **state)
{
    (void)state;
    struct authority *a;
    assert_int_equal(run("mkdir half && cp cheap/authority.age half/"), 0);
    assert_ok(open_in(&a, "half"));
    assert_int_equal(authority_roster(a)->number, 1);
    authority_free(a);
    assert_int_equal(run("cmp half/authority.pub empty/authority.pub && cmp half/authority.pem empty/authority.pem"),
                     0);
    /* but rosters that were there and are gone are no beginning */
    assert_int_equal(run("rm half/rosters/1"), 0);
    assert_err(ERR_DATA, open_in(&a, "half"));
}

static void a_kill_makes_two_rosters_of_one_number(void **state)
{
    (void)state;
    struct authority *a = copy_to("killed");
    for (unsigned round = 0; round < 4; round++) {
        uint64_t before = authority_roster(a)->number;
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            for (unsigned i = 0; i < 1000; i++) {
                char unit[NAME_LEN];
                snprintf(unit, sizeof unit, "unit-%u-%u", round, i);
                struct user *u;
                if (authority_unit(a, unit) ||
                    authority_user(a, unit, ROLE_CREW, "records", clock_wall(), INT64_MAX, &u) ||
                    (i && authority_revoke_user(a, unit)) || authority_save(a))
                    _exit(1);
                user_free(u);
            }
            _exit(0);
        }
        struct timespec t = {.tv_nsec = 7000000 + (long)round * 3300000};
        nanosleep(&t, NULL);
        kill(child, SIGKILL);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        authority_free(a);
        assert_ok(open_in(&a, "killed"));
        uint64_t number = authority_roster(a)->number;
        assert_true(number >= before);
        for (uint64_t n = 1; n <= number; n++) {
            struct roster *r;
            char path[64];
            snprintf(path, sizeof path, "killed/rosters/%llu", (unsigned long long)n);
            assert_ok(roster_read(&r, path, &authority_roster(a)->authority));
            assert_int_equal(r->number, n);
            roster_free(r);
        }
        assert_int_equal(
            run("cmp killed/roster killed/rosters/%llu && test -z \"$(ls killed/staged)\"", (unsigned long long)number),
            0);
    }
    authority_free(a);
}

static void two_programs_sign_one_number(void **state)
{
    (void)state;
    struct authority *a = copy_to("twice"), *b;
    assert_ok(open_in(&b, "twice"));
    assert_ok(authority_unit(a, "u"));
    assert_ok(authority_unit(b, "w"));
    assert_ok(authority_save(a));
    assert_err(ERR_AGAIN, authority_save(b));
    authority_free(a);
    authority_free(b);
}

static void a_removed_member_reads_on(void **state)
{
    (void)state;
    struct authority *a = copy_to("removed");
    const struct roster *r = authority_roster(a);
    assert_ok(authority_unit(a, "u"));
    struct user *gone = add_user(a, "gone", ROLE_SUPERVISOR, "evidence,records,evidence");
    struct user *stays = add_user(a, "stays", ROLE_SUPERVISOR, "evidence");
    assert_ok(authority_save(a));
    assert_string_equal(roster_user(r, "gone")->circles, "evidence,records");
    struct buf old = {0}, new = {0};
    assert_ok(age_seal_bytes(&roster_circle(r, "evidence")->to, 1, "old", 3, &old));
    assert_true(opens(gone, &old) && opens(stays, &old));

    assert_ok(authority_revoke_user(a, "gone"));
    assert_err(ERR_NOINPUT, authority_revoke_user(a, "gone"));
    assert_ok(authority_save(a));
    assert_int_equal(roster_circle(r, "evidence")->generation, 2);
    assert_int_equal(roster_circle(r, "records")->generation, 2);
    assert_int_equal(roster_circle(r, "staff")->generation, 1);
    assert_true(roster_user(r, "gone")->revoked);
    assert_ok(age_seal_bytes(&roster_circle(r, "evidence")->to, 1, "new", 3, &new));
    /* grants of two users: 3 notices; the new generation of evidence: 1; of records, now empty: none */
    assert_int_equal(take_notices("removed", r, gone), 4);
    take_notices("removed", r, stays);
    assert_true(opens(gone, &old));
    assert_false(opens(gone, &new));
    assert_true(opens(stays, &old) && opens(stays, &new));
    assert_string_equal(generations(stays, "evidence"), "2 1 ");
    assert_string_equal(generations(gone, "evidence"), "1 ");

    /* a line that a person would sign after that is not obeyed */
    assert_false(roster_user_valid(roster_user(r, "gone"), r->time));
    buf_free(&old);
    buf_free(&new);
    user_free(gone);
    user_free(stays);
    authority_free(a);
}

static void a_change_of_circles_gives_no_key_or_keeps_one(void **state)
{
    (void)state;
    struct authority *a = copy_to("changed");
    const struct roster *r = authority_roster(a);
    assert_ok(authority_unit(a, "u"));
    struct user *x = add_user(a, "x", ROLE_CREW, "records/u"), *y = add_user(a, "y", ROLE_CREW, "records/u");
    assert_ok(authority_save(a));
    assert_ok(authority_user_change(a, "x", ROLE_SUPERVISOR, "evidence/u", INT64_MAX));
    assert_ok(authority_save(a));
    assert_int_equal(roster_user(r, "x")->roles, ROLE_SUPERVISOR);
    take_notices("changed", r, x);
    take_notices("changed", r, y);
    assert_string_equal(generations(x, "records/u"), "1 ");
    assert_string_equal(generations(x, "evidence/u"), "1 ");
    assert_string_equal(generations(y, "records/u"), "2 1 ");
    assert_string_equal(generations(y, "evidence/u"), "");

    /* whose time is over is out of the circle; whose time begins again is in */
    assert_ok(authority_user_change(a, "y", 0, NULL, r->time));
    assert_ok(authority_save(a));
    assert_int_equal(roster_circle(r, "records/u")->generation, 3);
    take_notices("changed", r, y);
    assert_string_equal(generations(y, "records/u"), "2 1 ");
    assert_ok(authority_user_change(a, "y", 0, NULL, INT64_MAX));
    assert_ok(authority_save(a));
    take_notices("changed", r, y);
    assert_string_equal(generations(y, "records/u"), "3 2 1 ");

    assert_err(ERR_NOINPUT, authority_user_change(a, "x", 0, "nowhere", INT64_MAX));
    assert_err(ERR_NOINPUT, authority_user_change(a, "z", 0, NULL, INT64_MAX));
    user_free(x);
    user_free(y);
    authority_free(a);
}

static void a_user_who_cannot_be_is_added(void **state)
{
    (void)state;
    struct authority *a = copy_to("refused");
    struct user *u;
    assert_ok(authority_unit(a, "u"));
    user_free(add_user(a, "x", ROLE_CREW, ""));
    static const struct {
        const char *name, *circles;
        unsigned roles;
        enum err want;
    } cases[] = {
        {"x", "", ROLE_CREW, ERR_CREATE},
        {"authority", "", ROLE_CREW, ERR_DATA},
        {"Y", "", ROLE_CREW, ERR_DATA},
        {"y", "", 0, ERR_DATA},
        {"y", "", 16, ERR_DATA},
        {"y", "nowhere", ROLE_CREW, ERR_NOINPUT},
        {"y", "records,,u", ROLE_CREW, ERR_NOINPUT},
        {"y", ",", ROLE_CREW, ERR_NOINPUT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_err(cases[i].want, authority_user(a, cases[i].name, cases[i].roles, cases[i].circles, 0, INT64_MAX, &u));
        assert_null(u);
    }
    assert_err(ERR_DATA, authority_user(a, "y", ROLE_CREW, "", 1000, 1000, &u));
    assert_err(ERR_DATA, authority_unit(a, "a/b"));
    assert_int_equal(authority_roster(a)->n_users, 1);
    authority_free(a);
}

static void a_large_circle_leaves_somebody_out(void **state)
{
    (void)state;
    enum { MANY = 100, REVOKED = 30 }; /* more than one notice holds of either */
    struct authority *a = copy_to("large");
    const struct roster *r = authority_roster(a);
    struct user *users[MANY];
    assert_ok(authority_unit(a, "u"));
    for (unsigned i = 0; i < MANY; i++) {
        char name[NAME_LEN];
        snprintf(name, sizeof name, "user-%u", i);
        users[i] = add_user(a, name, ROLE_CREW, "records");
    }
    assert_ok(authority_save(a));
    assert_int_equal(run("rm large/notices/*"), 0);
    assert_ok(authority_revoke_user(a, "user-0"));
    assert_ok(authority_revoke_user(a, "user-1"));
    assert_ok(authority_save(a));
    assert_int_equal(roster_circle(r, "records")->generation, 2); /* once for both */
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(take_notices("large", r, users[i]), 2);
        assert_string_equal(generations(users[i], "records"), i < 2 ? "1 " : "2 1 ");
        user_free(users[i]);
    }

    /* a newcomer gets the keys of all generations, however many */
    for (unsigned i = 2; i < REVOKED; i++) {
        char name[NAME_LEN];
        snprintf(name, sizeof name, "user-%u", i);
        assert_ok(authority_revoke_user(a, name));
        assert_ok(authority_save(a));
    }
    struct user *late = add_user(a, "late", ROLE_CREW, "records");
    assert_ok(authority_save(a));
    late->n_circles = 0;
    take_notices("large", r, late);
    assert_int_equal(late->n_circles, REVOKED);
    user_free(late);
    authority_free(a);
}

static void a_hub_changes_its_keys_under_its_name(void **state)
{
    (void)state;
    struct authority *a = copy_to("hubs");
    struct sign_secret k[3];
    for (unsigned i = 0; i < 3; i++)
        sign_new(&k[i]);
    struct roster_hub h = {.name = "hub", .sign = k[0].pub, .link = k[1].pub};
    struct buf card = {0};
    assert_ok(roster_hub_write(&card, &h));
    assert_ok(authority_hub(a, (const char *)card.p, card.len));
    strcpy(h.address, "hub.example:7000");
    buf_clear(&card);
    assert_ok(roster_hub_write(&card, &h));
    assert_ok(authority_hub(a, (const char *)card.p, card.len));
    assert_int_equal(authority_roster(a)->n_hubs, 1);
    h.sign = k[2].pub;
    buf_clear(&card);
    assert_ok(roster_hub_write(&card, &h));
    assert_err(ERR_CREATE, authority_hub(a, (const char *)card.p, card.len));
    assert_ok(authority_save(a));
    assert_string_equal(roster_hub(authority_roster(a), "hub")->address, "hub.example:7000");
    buf_free(&card);
    authority_free(a);
}

static void shares_do_not_bring_the_authority_back(void **state)
{
    (void)state;
    struct authority *a = copy_to("shared"), *b;
    const struct roster *r = authority_roster(a);
    struct share s[SHARES_N];
    assert_ok(authority_unit(a, "u"));
    struct user *x = add_user(a, "x", ROLE_CREW, "records/u");
    assert_ok(authority_save(a));
    struct buf roster = {0};
    assert_ok(buf_add(&roster, r->text.p, r->text.len));
    const char *text = (const char *)roster.p;
    assert_ok(authority_split(a, s));

    /* stock gfcombine gives the seed, and the seed the key */
    struct sign_secret k;
    for (unsigned i = 0; i < SHARES_N; i++) {
        char name[32];
        snprintf(name, sizeof name, "seed.%03u", s[i].number);
        save(name, s[i].b, sizeof s[i].b);
    }
    assert_int_equal(run("gfcombine -o joined seed.%03u seed.%03u", s[0].number, s[2].number), 0);
    struct buf seed = load("joined");
    assert_int_equal(seed.len, 32);
    sign_from_seed(&k, seed.p);
    assert_true(sign_same(&k.pub, &r->authority));
    buf_free(&seed);

    assert_err(ERR_DATA, authority_join("new", &s[1], &s[2], NULL, 0, pass, strlen(pass)));
    assert_err(ERR_DATA, authority_join("new", &s[1], &s[1], text, roster.len, pass, strlen(pass)));
    assert_err(ERR_DATA, authority_join("new", &s[1], &s[2], text, roster.len, "weak", 4));
    assert_err(ERR_CREATE, authority_join("shared", &s[1], &s[2], text, roster.len, pass, strlen(pass)));
    struct share bad = s[2];
    bad.b[5] ^= 1;
    assert_err(ERR_BAD, authority_join("new", &s[1], &bad, text, roster.len, pass, strlen(pass)));
    assert_false(file_exists("new"));

    assert_ok(authority_join("new", &s[1], &s[2], text, roster.len, pass, strlen(pass)));
    assert_ok(open_in(&b, "new"));
    assert_int_equal(authority_roster(b)->number, 2);
    assert_string_equal(authority_roster(b)->district, "east");
    assert_int_equal(run("cmp new/roster shared/roster && cmp new/authority.pub shared/authority.pub"), 0);
    /* circles go on: the next generation, and the old keys with it */
    struct user *y = add_user(b, "y", ROLE_CREW, "records/u");
    assert_memory_equal(&y->circles[0].id, &x->circles[0].id, sizeof y->circles[0].id);
    assert_ok(authority_save(b));
    assert_int_equal(authority_roster(b)->number, 3);
    user_free(x);
    user_free(y);
    buf_free(&roster);
    authority_free(a);
    authority_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_authority_is_overwritten_or_open_to_others),
        cmocka_unit_test(an_authority_opens_with_the_wrong_secret_or_key),
        cmocka_unit_test(stock_tools_do_not_verify_the_published_roster),
        cmocka_unit_test(a_save_cut_short_is_half_done),
        cmocka_unit_test(an_init_cut_short_does_not_open),
        cmocka_unit_test(a_kill_makes_two_rosters_of_one_number),
        cmocka_unit_test(two_programs_sign_one_number),
        cmocka_unit_test(a_removed_member_reads_on),
        cmocka_unit_test(a_change_of_circles_gives_no_key_or_keeps_one),
        cmocka_unit_test(a_user_who_cannot_be_is_added),
        cmocka_unit_test(a_large_circle_leaves_somebody_out),
        cmocka_unit_test(a_hub_changes_its_keys_under_its_name),
        cmocka_unit_test(shares_do_not_bring_the_authority_back),
    };
    return cmocka_run_group_tests(tests, start, tools_teardown);
}
