#ifndef STORAGE_TRUST_ROSTER_H
#define STORAGE_TRUST_ROSTER_H

#include "storage/base/buf.h"
#include "storage/base/err.h"
#include "storage/limits.h"
#include "storage/seal/hash.h"
#include "storage/seal/identity.h"
#include "storage/seal/sign.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The authority's signed list of who is who; format in storage/README.md. */

#define CHAIN_ID 33 /* 32 hex digits and NUL */

enum role { ROLE_CREW = 1, ROLE_DOCTOR = 2, ROLE_SUPERVISOR = 4, ROLE_ADMIN = 8 };
enum station_kind { STATION_CREW, STATION_SUPERVISOR };

struct roster_circle {
    char name[CIRCLE_LEN];
    unsigned generation;
    struct recipient to;
};

struct roster_hub {
    char name[NAME_LEN];
    struct sign_public sign;
    struct sign_public link;
    char address[256]; /* "" where there is none */
};

struct roster_station {
    char name[NAME_LEN];
    char unit[NAME_LEN];
    enum station_kind kind;
    char chain[CHAIN_ID];
    struct sign_public key;
    struct sign_public link;
    bool revoked;
    uint64_t last_seq;     /* revoked: last label accepted; 0 with zero hash: none */
    struct hash last_hash; /* zero when unknown: up to last_seq whatever its hash */
    int64_t revoked_at;
};

struct roster_user {
    char name[NAME_LEN];
    struct sign_public sign;
    struct recipient to;
    unsigned roles; /* of enum role */
    int64_t since;
    int64_t until; /* INT64_MAX: open */
    bool revoked;
    int64_t revoked_at;
    char *circles; /* comma-separated, "" for none */
};

struct roster {
    char district[NAME_LEN];
    struct sign_public authority;
    uint64_t number;
    int64_t time;
    char (*units)[NAME_LEN];
    size_t n_units;
    struct roster_circle *circles; /* sorted by name, then generation rising */
    size_t n_circles;
    struct roster_hub *hubs;
    size_t n_hubs;
    struct roster_station *stations; /* revoked ones too */
    size_t n_stations;
    struct roster_user *users; /* revoked ones too */
    size_t n_users;
    struct buf text; /* as signed */
    bool sorted;     /* lookups may halve; see roster_index */
    uint32_t *by_chain;
    uint32_t *by_key;
};

/* Parses and checks the signature against authority; NULL: against the key
 * that stands in the text (for pinning at first sight). The caller owns the
 * result. ERR_DATA malformed, ERR_BAD signed by another key or flipped. */
enum err roster_parse(struct roster **out, const char *text, size_t n, const struct sign_public *authority) MUST_USE;
/* Reads a file and parses it. */
enum err roster_read(struct roster **out, const char *path, const struct sign_public *authority) MUST_USE;
void roster_free(struct roster *r);

/* Writes text and signature from the members (text is replaced). Arrays may
 * be in any order; the text is sorted so that equal rosters have equal text. */
enum err roster_sign(struct roster *r, const struct sign_secret *authority) MUST_USE;

/* Appends a copy (to, circles included). Several users may have one name if
 * all but one are revoked. ERR_DATA beyond a ceiling of limits.h. */
enum err roster_add_unit(struct roster *r, const char *name) MUST_USE;
enum err roster_add_circle(struct roster *r, const struct roster_circle *c) MUST_USE;
enum err roster_add_hub(struct roster *r, const struct roster_hub *h) MUST_USE;
enum err roster_add_station(struct roster *r, const struct roster_station *s) MUST_USE;
enum err roster_add_user(struct roster *r, const struct roster_user *u) MUST_USE;
/* Sorts the arrays (pointers into them move) and makes lookups fast; without
 * it they walk. ERR_DATA for two of one name in force, two of one circle and
 * generation, of one chain key, or of one person's signing key.
 * roster_parse and roster_sign do it. */
enum err roster_index(struct roster *r) MUST_USE;

/* A hub's card, by which it tells the authority about itself: "feldsher-hub 1"
 * and the roster's line "hub: NAME SIGNKEY LINKKEY ADDRESS|-". */
enum err roster_hub_write(struct buf *out, const struct roster_hub *h) MUST_USE;
enum err roster_hub_read(struct roster_hub *h, const char *text, size_t n) MUST_USE;

void roster_chain_id(char out[static CHAIN_ID], const struct sign_public *key);
/* NULL where there is none. Stations by chain also find revoked ones. */
const struct roster_station *roster_chain(const struct roster *r, const char *chain);
/* The station in force of that name, not a revoked one. */
const struct roster_station *roster_station(const struct roster *r, const char *name);
/* The user in force of that name; else the one revoked last. */
const struct roster_user *roster_user(const struct roster *r, const char *name);
/* Revoked ones too. */
const struct roster_user *roster_user_key(const struct roster *r, const struct sign_public *key);
const struct roster_hub *roster_hub(const struct roster *r, const char *name);
/* The generation in force. */
const struct roster_circle *roster_circle(const struct roster *r, const char *name);
/* In force at that time: not revoked by then, between since and until. A wall
 * clock may stand before a revocation that the roster holds already: for "now"
 * pass the station's logical clock, or look at ->revoked as well. */
bool roster_user_valid(const struct roster_user *u, int64_t at);
bool roster_user_in(const struct roster_user *u, const char *circle);
/* Whoever is to have a circle's key: its users not revoked, and in force after
 * that time. The caller frees *to. */
enum err roster_members(const struct roster *r, const char *circle, int64_t at, struct recipient **to,
                        size_t *n) MUST_USE;

/* What a recording of a unit is sealed to: records/UNIT, records,
 * evidence/UNIT, evidence for its batch; evidence/UNIT and evidence for its
 * blobs. Circles that the roster does not have are left out; ERR_DENIED when
 * none is left. to holds at least 4; names (may be NULL) gets the circles'
 * names. */
enum roster_seal { ROSTER_RECORD, ROSTER_RECORDING, ROSTER_BLOB };
enum err roster_recipients(const struct roster *r, const char *unit, enum roster_seal what,
                           struct recipient to[static 4], const char *names[4], size_t *n) MUST_USE;

/* Is a label with these circles and units (`to`) for this station? Its own
 * unit (unit/U, records/U, evidence/U), and for a supervisor's station every
 * circle of the district. */
bool roster_delivers(const struct roster *r, const struct roster_station *s, const char *to);

#endif
