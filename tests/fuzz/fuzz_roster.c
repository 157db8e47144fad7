/* A roster from outside. The input is read as it stands, and once more as a
 * body that the authority with the seed 42 signed, so that the fuzzer gets
 * behind the signature. What parses can be signed anew, and reads the same. */
#include "storage/seal/minisign.h"
#include "storage/trust/roster.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void look_up(const struct roster *r)
{
    struct recipient to[4];
    size_t n;
    for (size_t i = 0; i < r->n_stations; i++) {
        const struct roster_station *s = &r->stations[i];
        must(roster_chain(r, s->chain) == s);
        must(s->revoked || roster_station(r, s->name) == s);
        (void)roster_delivers(r, s, "records evidence/u unit/u");
        if (roster_recipients(r, s->unit, ROSTER_RECORDING, to, NULL, &n) == ERR_OK)
            must(n > 0 && n <= 4);
    }
    for (size_t i = 0; i < r->n_users; i++) {
        must(roster_user_key(r, &r->users[i].sign) == &r->users[i]);
        must(r->users[i].revoked || roster_user(r, r->users[i].name) == &r->users[i]);
    }
    for (size_t i = 0; i < r->n_circles; i++)
        must(roster_circle(r, r->circles[i].name)->generation >= r->circles[i].generation);
    for (size_t i = 0; i < r->n_hubs; i++)
        must(roster_hub(r, r->hubs[i].name) == &r->hubs[i]);
}

static void sign_anew(struct roster *r, const struct sign_secret *k)
{
    struct roster *back;
    must(roster_sign(r, k) == ERR_OK);
    must(roster_parse(&back, (const char *)r->text.p, r->text.len, &k->pub) == ERR_OK);
    must(roster_sign(back, k) == ERR_OK);
    must(back->text.len == r->text.len && memcmp(back->text.p, r->text.p, r->text.len) == 0);
    roster_free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const uint8_t seed[32] = {42};
    struct sign_secret k;
    struct roster *r;
    struct buf text = {0};
    must(hash_start() == ERR_OK);
    if (roster_parse(&r, (const char *)data, n, NULL) == ERR_OK)
        look_up(r);
    roster_free(r);

    sign_from_seed(&k, seed);
    if (buf_add(&text, data, n) == ERR_OK && sign_add(&text, NULL, &k) == ERR_OK &&
        minisign_add(&text, "feldsher-roster", &k) == ERR_OK &&
        roster_parse(&r, (const char *)text.p, text.len, NULL) == ERR_OK) {
        look_up(r);
        sign_anew(r, &k);
        roster_free(r);
    }
    buf_free(&text);
    return 0;
}
