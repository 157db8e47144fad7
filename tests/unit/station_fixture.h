#ifndef TESTS_UNIT_STATION_FIXTURE_H
#define TESTS_UNIT_STATION_FIXTURE_H

/* A district, a hub and one or two stations in a temporary folder, made
 * through the library without the authority's folder (no passphrase work but
 * the user's own). */

#include "storage/base/file.h"
#include "storage/seal/hash.h"
#include "storage/vault/chain.h"
#include "storage/vault/station.h"
#include "storage/vault/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PASS "lusab-babad-gutih-tugad-mudof"

struct district {
    char dir[64];
    struct sign_secret authority, chain, link, hub, hub_link;
    struct user *user;
    struct identity circle[4];
    struct roster roster;
    char station[128];
};

static void district_free(struct district *d)
{
    char cmd[256];
    user_free(d->user);
    struct roster *r = malloc(sizeof *r);
    assert_non_null(r);
    *r = d->roster;
    roster_free(r);
    snprintf(cmd, sizeof cmd, "chmod -R u+rwx %s; rm -rf %s", d->dir, d->dir);
    if (system(cmd) != 0)
        fprintf(stderr, "cannot remove %s\n", d->dir);
    free(d);
}

static struct district *district_new(void)
{
    static const char *const names[4] = {"evidence", "evidence/brigade-1", "records", "records/brigade-1"};
    struct district *d = calloc(1, sizeof *d);
    struct roster *r = &d->roster;
    assert_int_equal(hash_start(), ERR_OK);
    strcpy(d->dir, "/tmp/feldsher-unit-XXXXXX");
    assert_non_null(mkdtemp(d->dir));
    sign_new(&d->authority);
    sign_new(&d->chain);
    sign_new(&d->link);
    sign_new(&d->hub);
    sign_new(&d->hub_link);
    assert_int_equal(user_new(&d->user, "nurse"), ERR_OK);
    strcpy(r->district, "demo");
    r->authority = d->authority.pub;
    r->number = 1;
    r->time = 1760000000000;
    r->n_units = 1;
    r->units = calloc(1, sizeof *r->units);
    strcpy(r->units[0], "brigade-1");
    r->n_circles = 4;
    r->circles = calloc(4, sizeof *r->circles);
    for (int i = 0; i < 4; i++) {
        struct user_circle *c = &d->user->circles[d->user->n_circles++];
        identity_new(&d->circle[i]);
        strcpy(r->circles[i].name, names[i]);
        r->circles[i].generation = 1;
        r->circles[i].to = d->circle[i].to;
        strcpy(c->name, names[i]);
        c->generation = 1;
        c->id = d->circle[i];
    }
    r->n_hubs = 1;
    r->hubs = calloc(1, sizeof *r->hubs);
    strcpy(r->hubs[0].name, "hub");
    r->hubs[0].sign = d->hub.pub;
    r->hubs[0].link = d->hub_link.pub;
    r->n_stations = 1;
    r->stations = calloc(1, sizeof *r->stations);
    strcpy(r->stations[0].name, "amb-1");
    strcpy(r->stations[0].unit, "brigade-1");
    r->stations[0].key = d->chain.pub;
    r->stations[0].link = d->link.pub;
    roster_chain_id(r->stations[0].chain, &d->chain.pub);
    r->n_users = 1;
    r->users = calloc(1, sizeof *r->users);
    strcpy(r->users[0].name, "nurse");
    r->users[0].sign = d->user->sign.pub;
    r->users[0].to = d->user->id.to;
    r->users[0].roles = ROLE_CREW;
    r->users[0].since = 1700000000000;
    r->users[0].until = INT64_MAX;
    r->users[0].circles = strdup("records/brigade-1");
    assert_int_equal(roster_sign(r, &d->authority), ERR_OK);
    snprintf(d->station, sizeof d->station, "%.60s/amb-1", d->dir);
    struct enrolment *e = calloc(1, sizeof *e);
    strcpy(e->station, "amb-1");
    strcpy(e->unit, "brigade-1");
    e->authority = d->authority.pub;
    e->chain = d->chain;
    e->link = d->link;
    e->user = d->user;
    assert_int_equal(roster_parse(&e->roster, (const char *)r->text.p, r->text.len, NULL), ERR_OK);
    enum err err = station_init(d->station, e, PASS, strlen(PASS));
    if (err)
        fprintf(stderr, "station_init: %s\n", err_text());
    assert_int_equal(err, ERR_OK);
    roster_free(e->roster);
    free(e);
    return d;
}

__attribute__((unused)) static struct station *district_open(struct district *d)
{
    struct station *s;
    enum err e = station_open(&s, d->station, STATION_CHAIN_KEY | STATION_LINK_KEY);
    if (e)
        fprintf(stderr, "station_open: %s\n", err_text());
    assert_int_equal(e, ERR_OK);
    return s;
}

/* Appends one entry; the chain's number of it. */
__attribute__((unused)) static uint64_t district_append(struct station *s, const char *type, const struct user *author)
{
    char id[ENTRY_ID];
    uint64_t seq = 0;
    batch_entry_id(id);
    json_t *entries = json_pack("[{s:s,s:s,s:{s:s}}]", "id", id, "type", type, "data", "note", "a plain word");
    struct append a = {
        .entries = entries, .author = author, .seal = ROSTER_RECORD, .lane = LANE_BATCH, .retain_class = "records"};
    enum err e = chain_append(s, &a, &seq);
    if (e)
        fprintf(stderr, "chain_append: %s\n", err_text());
    assert_int_equal(e, ERR_OK);
    json_decref(entries);
    return seq;
}

__attribute__((unused)) static void district_fault(void *ctx, const char *what, const char *why)
{
    struct buf *b = ctx;
    assert_int_equal(buf_fmt(b, "%s: %s\n", what, why), ERR_OK);
}

/* Number of faults that verify finds; their lines in *lines if not NULL. */
__attribute__((unused)) static uint64_t district_verify(struct district *d, struct buf *lines)
{
    struct buf own = {0};
    struct verify_totals t;
    enum err e = verify_station(d->station, NULL, district_fault, lines ? lines : &own, NULL, &t);
    assert_true(e == ERR_OK || e == ERR_BAD);
    if (!lines && own.len)
        fprintf(stderr, "%s", (const char *)own.p);
    buf_free(&own);
    return t.faults;
}

#endif
