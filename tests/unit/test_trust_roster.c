#include "storage/base/clock.h"
#include "storage/base/file.h"
#include "storage/seal/minisign.h"
#include "storage/trust/roster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define T0 ((int64_t)1800000000000)

static struct sign_secret authority;

static struct sign_secret key_of(unsigned n)
{
    uint8_t seed[32] = {(uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), 77};
    struct sign_secret k;
    sign_from_seed(&k, seed);
    return k;
}

/* Good until the next call. */
static const struct sign_public *pub_of(unsigned n)
{
    static struct sign_public pub;
    pub = key_of(n).pub;
    return &pub;
}

static struct recipient to_of(unsigned n)
{
    struct recipient r;
    memcpy(r.pk, key_of(n).pub.pk, sizeof r.pk);
    return r;
}

static void add_circle(struct roster *r, const char *name, unsigned generation)
{
    struct roster_circle c = {.generation = generation, .to = to_of(1000 + generation)};
    strcpy(c.name, name);
    assert_int_equal(roster_add_circle(r, &c), ERR_OK);
}

static void add_station(struct roster *r, const char *name, const char *unit, enum station_kind kind, unsigned key)
{
    struct roster_station s = {.kind = kind, .key = key_of(key).pub, .link = key_of(key + 500000).pub};
    strcpy(s.name, name);
    strcpy(s.unit, unit);
    roster_chain_id(s.chain, &s.key);
    assert_int_equal(roster_add_station(r, &s), ERR_OK);
}

static void add_user(struct roster *r, const char *name, unsigned roles, const char *circles, unsigned key)
{
    char copy[256];
    strcpy(copy, circles);
    struct roster_user u = {
        .sign = key_of(key).pub, .to = to_of(key), .roles = roles, .since = T0, .until = INT64_MAX, .circles = copy};
    strcpy(u.name, name);
    assert_int_equal(roster_add_user(r, &u), ERR_OK);
}

static struct roster *fresh(uint64_t number)
{
    struct roster *r = calloc(1, sizeof *r);
    assert_non_null(r);
    strcpy(r->district, "east");
    r->number = number;
    r->time = T0;
    return r;
}

/* One of everything. */
static struct roster *small(void)
{
    struct roster *r = fresh(7);
    assert_int_equal(roster_add_unit(r, "brigade-2"), ERR_OK);
    assert_int_equal(roster_add_unit(r, "brigade-1"), ERR_OK);
    add_circle(r, "records/brigade-1", 2);
    add_circle(r, "records/brigade-1", 1);
    add_circle(r, "records", 1);
    add_circle(r, "evidence", 1);
    add_circle(r, "evidence/brigade-1", 1);
    struct roster_hub h = {.sign = key_of(1).pub, .link = key_of(2).pub};
    strcpy(h.name, "hub");
    strcpy(h.address, "hub.example:7000");
    assert_int_equal(roster_add_hub(r, &h), ERR_OK);
    add_station(r, "car-2", "brigade-2", STATION_CREW, 10);
    add_station(r, "car-1", "brigade-1", STATION_CREW, 11);
    add_station(r, "office", "brigade-1", STATION_SUPERVISOR, 12);
    add_station(r, "car-1", "brigade-1", STATION_CREW, 13);
    r->stations[3].revoked = true;
    r->stations[3].revoked_at = T0;
    r->stations[3].last_seq = UINT64_MAX;
    add_user(r, "aigul", ROLE_CREW | ROLE_DOCTOR, "records/brigade-1", 20);
    add_user(r, "bolat", ROLE_SUPERVISOR, "evidence,records", 21);
    r->users[1].until = T0 + 1000000;
    add_user(r, "aigul", ROLE_CREW, "", 22);
    r->users[2].revoked = true;
    r->users[2].revoked_at = T0 + 5000;
    return r;
}

static struct roster *signed_small(void)
{
    struct roster *r = small();
    assert_int_equal(roster_sign(r, &authority), ERR_OK);
    return r;
}

static struct roster *parse_ok(const struct buf *text)
{
    struct roster *r;
    assert_int_equal(roster_parse(&r, (const char *)text->p, text->len, &authority.pub), ERR_OK);
    return r;
}

/* Signs body lines that roster_sign would never write. */
static enum err parse_signed_body(const char *body)
{
    struct buf b = {0};
    struct roster *r;
    assert_int_equal(buf_str(&b, body), ERR_OK);
    assert_int_equal(sign_add(&b, NULL, &authority), ERR_OK);
    assert_int_equal(minisign_add(&b, "feldsher-roster", &authority), ERR_OK);
    enum err e = roster_parse(&r, (const char *)b.p, b.len, NULL);
    roster_free(r);
    buf_free(&b);
    return e;
}

static void a_roster_loses_a_member_on_its_way_through_text(void **state)
{
    (void)state;
    struct roster *r = signed_small(), *back = parse_ok(&r->text);
    assert_string_equal(back->district, "east");
    assert_int_equal(back->number, 7);
    assert_int_equal(back->time, T0);
    assert_int_equal(back->n_units, 2);
    assert_int_equal(back->n_circles, 5);
    assert_int_equal(back->n_stations, 4);
    assert_int_equal(back->n_users, 3);
    assert_string_equal(roster_hub(back, "hub")->address, "hub.example:7000");
    const struct roster_user *u = roster_user(back, "bolat");
    assert_int_equal(u->roles, ROLE_SUPERVISOR);
    assert_int_equal(u->until, T0 + 1000000);
    assert_memory_equal(u->to.pk, to_of(21).pk, 32);
    assert_true(roster_user_in(u, "evidence"));
    assert_false(roster_user_in(u, "evidenc"));
    assert_false(roster_user_in(u, "evidence/brigade-1"));
    assert_int_equal(roster_circle(back, "records/brigade-1")->generation, 2);
    roster_free(back);
    roster_free(r);
}

static void the_same_roster_gets_two_texts(void **state)
{
    (void)state;
    struct roster *r = signed_small(), *back = parse_ok(&r->text);
    assert_int_equal(roster_sign(back, &authority), ERR_OK);
    assert_int_equal(back->text.len, r->text.len);
    assert_memory_equal(back->text.p, r->text.p, r->text.len);
    roster_free(back);
    roster_free(r);
}

static void a_flipped_bit_is_accepted(void **state)
{
    (void)state;
    struct roster *r = signed_small(), *bad;
    for (size_t i = 0; i < r->text.len; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            r->text.p[i] ^= (uint8_t)(1u << bit);
            enum err pinned = roster_parse(&bad, (const char *)r->text.p, r->text.len, &authority.pub);
            if (pinned != ERR_BAD && pinned != ERR_DATA)
                fail_msg("byte %zu bit %u: %d", i, bit, pinned);
            enum err unpinned = roster_parse(&bad, (const char *)r->text.p, r->text.len, NULL);
            if (unpinned != ERR_BAD && unpinned != ERR_DATA)
                fail_msg("byte %zu bit %u, key of the text: %d", i, bit, unpinned);
            r->text.p[i] ^= (uint8_t)(1u << bit);
        }
    roster_free(r);
}

static void a_truncated_or_lengthened_roster_is_accepted(void **state)
{
    (void)state;
    struct roster *r = signed_small(), *bad;
    for (size_t n = 0; n < r->text.len; n++)
        assert_int_not_equal(roster_parse(&bad, (const char *)r->text.p, n, NULL), ERR_OK);
    static const char *const more[] = {"\n", "x: y\n", "signature: ", "minisign: x y\n", "\xff"};
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        struct buf b = {0};
        assert_int_equal(buf_add(&b, r->text.p, r->text.len), ERR_OK);
        assert_int_equal(buf_str(&b, more[i]), ERR_OK);
        assert_int_not_equal(roster_parse(&bad, (const char *)b.p, b.len, NULL), ERR_OK);
        buf_free(&b);
    }
    roster_free(r);
}

static void a_roster_of_another_authority_is_obeyed(void **state)
{
    (void)state;
    struct sign_secret other = key_of(99);
    struct roster *r = small(), *bad;
    assert_int_equal(roster_sign(r, &other), ERR_OK);
    assert_int_equal(roster_parse(&bad, (const char *)r->text.p, r->text.len, &authority.pub), ERR_BAD);
    assert_null(bad);
    assert_int_equal(roster_parse(&bad, (const char *)r->text.p, r->text.len, NULL), ERR_OK);
    roster_free(bad);
    roster_free(r);
}

static void a_roster_with_two_minisign_lines_or_none_is_accepted(void **state)
{
    (void)state;
    struct roster *r = small(), *bad;
    assert_int_equal(roster_sign(r, &authority), ERR_OK);
    const char *text = (const char *)r->text.p, *mini = strstr(text, "\nminisign: ");
    assert_int_not_equal(roster_parse(&bad, text, (size_t)(mini + 1 - text), NULL), ERR_OK);
    struct buf twice = {0};
    assert_int_equal(buf_add(&twice, text, r->text.len), ERR_OK);
    assert_int_equal(buf_str(&twice, mini + 1), ERR_OK);
    assert_int_not_equal(roster_parse(&bad, (const char *)twice.p, twice.len, NULL), ERR_OK);
    buf_free(&twice);
    roster_free(r);
}

static void an_unknown_line_is_lost_or_refused(void **state)
{
    (void)state;
    struct roster *r = signed_small(), *back;
    struct buf b = {0};
    const char *text = (const char *)r->text.p, *sig = strstr(text, "signature: ");
    assert_int_equal(buf_str(&b, "feldsher-roster 3\n"), ERR_OK);
    assert_int_equal(buf_add(&b, strchr(text, '\n') + 1, (size_t)(sig - strchr(text, '\n') - 1)), ERR_OK);
    assert_int_equal(buf_str(&b, "observatory: of a later version\n"), ERR_OK);
    assert_int_equal(sign_add(&b, NULL, &authority), ERR_OK);
    assert_int_equal(minisign_add(&b, "feldsher-roster", &authority), ERR_OK);
    assert_int_equal(roster_parse(&back, (const char *)b.p, b.len, &authority.pub), ERR_OK);
    assert_int_equal(back->text.len, b.len);
    assert_memory_equal(back->text.p, b.p, b.len);
    roster_free(back);
    buf_free(&b);
    roster_free(r);
}

static void a_malformed_line_is_accepted(void **state)
{
    (void)state;
    char key[SIGN_PUBLIC_TEXT], k2[SIGN_PUBLIC_TEXT], to[RECIPIENT_TEXT], head[512], body[4096];
    sign_public_text(key, &authority.pub);
    sign_public_text(k2, pub_of(3));
    struct recipient rcp = to_of(4);
    recipient_text(to, &rcp);
    snprintf(head, sizeof head,
             "feldsher-roster 1\ndistrict: east\nauthority: %s\nnumber: 1\ntime: "
             "2027-01-15T08:00:00Z\n",
             key);
    assert_int_equal(parse_signed_body(head), ERR_OK);
    /* $K, $L: keys, $R: recipient */
    static const char *const lines[] = {
        "district: east",
        "number: 2",
        "time: 2027-01-15T08:00:00Z",
        "unit: Brigade",
        "unit: a b",
        "unit: ",
        "unit: -a",
        "unit: a\nunit: a",
        "unit: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "circle: records $R",
        "circle: records 0 $R",
        "circle: records 01 $R",
        "circle: records -1 $R",
        "circle: records 1 $Rq",
        "circle: a/b/c 1 $R",
        "circle: records 1 $R\ncircle: records 1 $R",
        "circle: records 1  $R",
        "circle: records 1 $R ",
        "hub: h $K $L",
        "hub: h $K $L a b",
        "hub: h $K $L -\nhub: h $L $K -",
        "station: s u tank $K $L",
        "station: s u station $K",
        "station: s u station $K $L\nstation: s u station $L $K",
        "station: s u station $K $L\nstation: t u station $K $L",
        "station: s u station $K $L\nrevoked-station: s u station $K $L 5 - 2027-01-15T08:00:00Z",
        "revoked-station: s u station $K $L 5 2027-01-15T08:00:00Z",
        "revoked-station: s u station $K $L 18446744073709551616 - 2027-01-15T08:00:00Z",
        "user: u $K $R crew 2027-01-15T08:00:00Z -",
        "user: u $K $R boss 2027-01-15T08:00:00Z - -",
        "user: u $K $R crew,crew 2027-01-15T08:00:00Z - -",
        "user: u $K $R crew, 2027-01-15T08:00:00Z - -",
        "user: u $K $R crew 2027-02-30T08:00:00Z - -",
        "user: u $K $R crew 2027-01-15T08:00:00Z never -",
        "user: u $K $R crew 2027-01-15T08:00:00Z - a,,b",
        "user: u $K $R crew 2027-01-15T08:00:00Z - a,",
        "user: authority $K $R crew 2027-01-15T08:00:00Z - -",
        "user: u $K $R crew 2027-01-15T08:00:00Z - -\nuser: u $L $R crew 2027-01-15T08:00:00Z - -",
        "user: u $K $R crew 2027-01-15T08:00:00Z - -\nuser: w $K $R crew 2027-01-15T08:00:00Z - -",
        "user: u $K $R crew 2027-01-15T08:00:00Z - -\nrevoked-user: w $K 2027-01-15T08:00:00Z",
        "revoked-user: u $K 2027-01-15T08:00:00Z\nrevoked-user: u $K 2027-01-15T08:00:01Z",
        "revoked-user: u $K",
        "no colon",
        "unit:x",
        "unit: a\r",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct buf b = {0};
        assert_int_equal(buf_str(&b, head), ERR_OK);
        for (const char *p = lines[i]; *p; p++) {
            bool mark = *p == '$';
            const char *put = mark ? (p[1] == 'K' ? key : p[1] == 'L' ? k2 : to) : p;
            assert_int_equal(buf_add(&b, put, mark ? strlen(put) : 1), ERR_OK);
            p += mark;
        }
        assert_int_equal(buf_str(&b, "\n"), ERR_OK);
        assert_true(b.len < sizeof body);
        memcpy(body, b.p, b.len + 1);
        buf_free(&b);
        if (parse_signed_body(body) != ERR_DATA)
            fail_msg("accepted: %s", lines[i]);
    }
    for (unsigned missing = 1; missing < 5; missing++) {
        char *p = body;
        unsigned line = 0;
        for (const char *h = head; *h; h++) {
            if (line != missing)
                *p++ = *h;
            line += *h == '\n';
        }
        *p = '\0';
        assert_int_equal(parse_signed_body(body), ERR_DATA);
    }
}

static void a_roster_is_signed_that_nobody_could_read(void **state)
{
    (void)state;
    struct roster *r = fresh(0);
    assert_int_equal(roster_sign(r, &authority), ERR_DATA);
    r->number = 1;
    add_user(r, "nobody", 0, "", 1);
    assert_int_equal(roster_sign(r, &authority), ERR_DATA);
    r->users[0].roles = ROLE_CREW;
    assert_int_equal(roster_sign(r, &authority), ERR_OK);
    add_station(r, "car", "unit", STATION_CREW, 5);
    strcpy(r->stations[0].unit, "u\nunit: x");
    assert_int_equal(roster_sign(r, &authority), ERR_DATA);
    strcpy(r->stations[0].unit, "unit");
    struct roster_hub h = {.name = "hub", .sign = key_of(6).pub, .link = key_of(7).pub, .address = "a:1\nunit: x"};
    assert_int_equal(roster_add_hub(r, &h), ERR_OK);
    assert_int_equal(roster_sign(r, &authority), ERR_DATA);
    roster_free(r);
}

static void two_of_one_key_or_name_are_signed(void **state)
{
    (void)state;
    struct roster *r = small();
    add_station(r, "car-2", "brigade-2", STATION_CREW, 30);
    assert_int_equal(roster_sign(r, &authority), ERR_DATA);
    roster_free(r);
    r = small();
    add_user(r, "dana", ROLE_CREW, "", 21);
    assert_int_equal(roster_sign(r, &authority), ERR_DATA);
    roster_free(r);
    r = small();
    assert_int_equal(roster_add_unit(r, "brigade-1"), ERR_OK);
    assert_int_equal(roster_sign(r, &authority), ERR_DATA);
    roster_free(r);
}

static void a_revoked_station_or_user_passes_for_one_in_force(void **state)
{
    (void)state;
    struct roster *made = signed_small(), *r = parse_ok(&made->text);
    char chain[CHAIN_ID];
    roster_chain_id(chain, pub_of(11));
    assert_string_equal(roster_station(r, "car-1")->chain, chain);
    roster_chain_id(chain, pub_of(13));
    const struct roster_station *s = roster_chain(r, chain);
    assert_true(s->revoked);
    assert_true(s->last_seq == UINT64_MAX);
    assert_null(roster_chain(r, "00000000000000000000000000000000"));
    assert_null(roster_station(r, "car-3"));

    const struct roster_user *u = roster_user(r, "aigul");
    assert_false(u->revoked);
    assert_true(sign_same(&u->sign, pub_of(20)));
    const struct roster_user *old = roster_user_key(r, pub_of(22));
    assert_true(old->revoked);
    assert_int_equal(old->roles, ROLE_CREW);
    assert_true(roster_user_valid(old, T0 + 4999));
    assert_false(roster_user_valid(old, T0 + 5000));
    assert_false(roster_user_valid(old, T0 - 1));
    assert_true(roster_user_valid(roster_user(r, "bolat"), T0 + 999999));
    assert_false(roster_user_valid(roster_user(r, "bolat"), T0 + 1000000));
    assert_null(roster_user(r, "zhanna"));
    roster_free(r);
    roster_free(made);
}

static void lookups_need_the_sorted_order(void **state)
{
    (void)state;
    struct roster *r = small(), *sorted = signed_small();
    assert_string_equal(roster_station(r, "car-1")->chain, roster_station(sorted, "car-1")->chain);
    assert_true(sign_same(&roster_user(r, "aigul")->sign, &roster_user(sorted, "aigul")->sign));
    assert_int_equal(roster_circle(r, "records/brigade-1")->generation, 2);
    for (unsigned key = 10; key < 14; key++) {
        char chain[CHAIN_ID];
        roster_chain_id(chain, pub_of(key));
        assert_string_equal(roster_chain(r, chain)->name, roster_chain(sorted, chain)->name);
    }
    roster_free(r);
    roster_free(sorted);
}

static void a_recording_is_sealed_to_others_than_it_should(void **state)
{
    (void)state;
    struct roster *r = signed_small();
    struct recipient to[4];
    const char *names[4];
    size_t n;
    assert_int_equal(roster_recipients(r, "brigade-1", ROSTER_RECORDING, to, names, &n), ERR_OK);
    assert_int_equal(n, 4);
    assert_string_equal(names[0], "records/brigade-1");
    assert_string_equal(names[1], "records");
    assert_string_equal(names[2], "evidence/brigade-1");
    assert_string_equal(names[3], "evidence");
    assert_memory_equal(to[0].pk, to_of(1002).pk, 32);
    assert_int_equal(roster_recipients(r, "brigade-1", ROSTER_BLOB, to, names, &n), ERR_OK);
    assert_int_equal(n, 2);
    assert_string_equal(names[0], "evidence/brigade-1");
    assert_int_equal(roster_recipients(r, "brigade-1", ROSTER_RECORD, to, NULL, &n), ERR_OK);
    assert_int_equal(n, 2);
    assert_int_equal(roster_recipients(r, "brigade-2", ROSTER_BLOB, to, names, &n), ERR_OK);
    assert_int_equal(n, 1);
    struct roster *none = fresh(1);
    assert_int_equal(roster_recipients(none, "brigade-1", ROSTER_BLOB, to, names, &n), ERR_DENIED);
    roster_free(none);
    roster_free(r);
}

static void a_circle_counts_somebody_who_is_out(void **state)
{
    (void)state;
    struct roster *r = small();
    struct recipient *to;
    size_t n;
    add_user(r, "dana", ROLE_CREW, "records/brigade-1,evidence", 23);
    add_user(r, "gone", ROLE_CREW, "records/brigade-1", 24);
    r->users[r->n_users - 1].revoked = true;
    assert_int_equal(roster_members(r, "records/brigade-1", T0, &to, &n), ERR_OK);
    assert_int_equal(n, 2);
    free(to);
    assert_int_equal(roster_members(r, "evidence", T0, &to, &n), ERR_OK);
    assert_int_equal(n, 2);
    free(to);
    assert_int_equal(roster_members(r, "evidence", T0 + 1000000, &to, &n), ERR_OK); /* one's time is over */
    assert_int_equal(n, 1);
    assert_memory_equal(to[0].pk, to_of(23).pk, 32);
    free(to);
    roster_free(r);
}

static void a_label_is_delivered_to_the_wrong_station(void **state)
{
    (void)state;
    struct roster *r = signed_small();
    static const struct {
        const char *to;
        bool car1, car2, office;
    } cases[] = {
        {"unit/brigade-1", true, false, true},
        {"unit/brigade-2", false, true, false},
        {"records/brigade-1 records", true, false, true},
        {"evidence/brigade-1", true, false, true},
        {"evidence", false, false, true},
        {"records/brigade-2", false, true, false}, /* no such circle in this roster */
        {"unit/brigade-10", false, false, false},
        {"unknown", false, false, false},
        {"", false, false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(roster_delivers(r, roster_station(r, "car-1"), cases[i].to), cases[i].car1);
        assert_int_equal(roster_delivers(r, roster_station(r, "car-2"), cases[i].to), cases[i].car2);
        assert_int_equal(roster_delivers(r, roster_station(r, "office"), cases[i].to), cases[i].office);
    }
    roster_free(r);
}

static void a_district_of_3000_stations_is_slow_or_lossy(void **state)
{
    (void)state;
    struct roster *r = fresh(1);
    char name[NAME_LEN], circle[CIRCLE_LEN];
    for (unsigned i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "unit-%u", i / 2);
        if (i % 2 == 0) {
            assert_int_equal(roster_add_unit(r, name), ERR_OK);
            snprintf(circle, sizeof circle, "records/%s", name);
            add_circle(r, circle, 1);
        }
        char station[NAME_LEN];
        snprintf(station, sizeof station, "car-%u", i);
        add_station(r, station, name, STATION_CREW, 10000 + i);
        for (unsigned k = 0; k < 2; k++) {
            char user[NAME_LEN];
            snprintf(user, sizeof user, "user-%u-%u", i, k);
            snprintf(circle, sizeof circle, "records/%s", name);
            add_user(r, user, ROLE_CREW, circle, 100000 + 2 * i + k);
        }
    }
    assert_int_equal(roster_sign(r, &authority), ERR_OK);
    int64_t start = clock_uptime();
    struct roster *back = parse_ok(&r->text);
    int64_t parsed = clock_uptime();
    for (size_t i = 0; i < r->n_stations; i++) {
        assert_string_equal(roster_chain(back, r->stations[i].chain)->name, r->stations[i].name);
        assert_string_equal(roster_station(back, r->stations[i].name)->chain, r->stations[i].chain);
    }
    print_message("%zu bytes parsed in %d ms, looked up in %d ms\n", r->text.len, (int)(parsed - start),
                  (int)(clock_uptime() - parsed));
    assert_int_equal(back->n_users, 6000);
    roster_free(back);
    roster_free(r);
}

static void a_hubs_card_reaches_the_roster_changed(void **state)
{
    (void)state;
    struct roster_hub h = {.sign = key_of(1).pub, .link = key_of(2).pub}, back;
    struct buf card = {0};
    strcpy(h.name, "hub-2");
    assert_int_equal(roster_hub_write(&card, &h), ERR_OK);
    assert_int_equal(roster_hub_read(&back, (const char *)card.p, card.len), ERR_OK);
    assert_string_equal(back.name, "hub-2");
    assert_string_equal(back.address, "");
    assert_true(sign_same(&back.sign, &h.sign) && sign_same(&back.link, &h.link));
    for (size_t n = 0; n < card.len; n++)
        assert_int_equal(roster_hub_read(&back, (const char *)card.p, n), ERR_DATA);
    buf_free(&card);
}

/* The other side of the format. */
static void stock_minisign_and_openssl_do_not_verify_a_roster(void **state)
{
    (void)state;
    char dir[] = "/tmp/feldsher-roster-XXXXXX", path[4096], key[SIGN_PUBLIC_TEXT], pem[SIGN_PEM], cmd[8192];
    assert_non_null(mkdtemp(dir));
    struct roster *r = signed_small();
    struct buf sig = {0};
    struct sign_text t;
    sign_public_text(key, &authority.pub);
    sign_public_pem(pem, &authority.pub);
    assert_int_equal(minisign_extract((const char *)r->text.p, r->text.len, "feldsher-roster", &sig), ERR_OK);
    assert_int_equal(sign_split(&t, (const char *)r->text.p, r->text.len), ERR_OK);
    const struct {
        const char *name;
        const void *p;
        size_t n;
    } files[] = {{"roster", r->text.p, r->text.len},
                 {"body", t.body, t.body_len},
                 {"body.minisig", sig.p, sig.len},
                 {"key.pem", pem, strlen(pem)}};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        assert_int_equal(file_path(path, dir, files[i].name), ERR_OK);
        assert_int_equal(file_write(path, files[i].p, files[i].n, 0600), ERR_OK);
    }
    snprintf(
        cmd, sizeof cmd,
        "cd %s && minisign -Vq -P %s -m body >/dev/null && "
        "sed -n '/^signature: /q;p' roster | cmp - body && "
        "sed -n 's/^signature: \\(.* \\)\\?//p' roster | base64 -d > sig && "
        "openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in body -sigfile sig >/dev/null && cd / && rm -r %s",
        dir, key, dir);
    assert_int_equal(system(cmd), 0); /* NOLINT: our own text */
    buf_free(&sig);
    roster_free(r);
}

static int start(void **state)
{
    (void)state;
    if (hash_start())
        return -1;
    authority = key_of(42);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_roster_loses_a_member_on_its_way_through_text),
        cmocka_unit_test(the_same_roster_gets_two_texts),
        cmocka_unit_test(a_flipped_bit_is_accepted),
        cmocka_unit_test(a_truncated_or_lengthened_roster_is_accepted),
        cmocka_unit_test(a_roster_of_another_authority_is_obeyed),
        cmocka_unit_test(a_roster_with_two_minisign_lines_or_none_is_accepted),
        cmocka_unit_test(an_unknown_line_is_lost_or_refused),
        cmocka_unit_test(a_malformed_line_is_accepted),
        cmocka_unit_test(a_roster_is_signed_that_nobody_could_read),
        cmocka_unit_test(two_of_one_key_or_name_are_signed),
        cmocka_unit_test(a_revoked_station_or_user_passes_for_one_in_force),
        cmocka_unit_test(lookups_need_the_sorted_order),
        cmocka_unit_test(a_recording_is_sealed_to_others_than_it_should),
        cmocka_unit_test(a_circle_counts_somebody_who_is_out),
        cmocka_unit_test(a_label_is_delivered_to_the_wrong_station),
        cmocka_unit_test(a_district_of_3000_stations_is_slow_or_lossy),
        cmocka_unit_test(a_hubs_card_reaches_the_roster_changed),
        cmocka_unit_test(stock_minisign_and_openssl_do_not_verify_a_roster),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
