#ifndef STORAGE_TRUST_AUTHORITY_H
#define STORAGE_TRUST_AUTHORITY_H

#include "storage/trust/notice.h"
#include "storage/trust/roster.h"
#include "storage/trust/user.h"

/*
 * The authority's folder, kept off the stations:
 *
 *   authority.age    age, passphrase: "feldsher-authority 1", district, seed
 *   authority.pub    minisign public key, to be published
 *   authority.pem    the same for openssl
 *   roster           in force; rosters/N every one ever signed
 *   notices/ID       circle notices for the hub and the stations
 *   staged/N.ID      notices of a roster N that is being written
 *   lock             one program at a time
 *
 * A circle's secret key of generation N is BLAKE2b-256 keyed with the seed
 * over "feldsher-circle NAME N", so that the seed (on paper, 2 of 3) restores
 * everything: the authority can open what its circles can. It is the last
 * way back when all members have lost their passphrases, and said plainly in
 * the README's security table.
 */
struct authority;

/* ERR_CREATE if there is one already, ERR_DATA for a weak passphrase. */
enum err authority_init(const char *dir, const char *district, const char *pass, size_t pass_len) MUST_USE;
/* ERR_DENIED on a wrong passphrase. */
enum err authority_open(struct authority **out, const char *dir, const char *pass, size_t pass_len) MUST_USE;
void authority_free(struct authority *a);
const struct roster *authority_roster(const struct authority *a);

/* Changes below sign and write roster N+1 (once, by authority_save; after an
 * error nothing is written, and the authority is to be opened anew). */

/* Makes unit, its circles records/UNIT and evidence/UNIT, and the district's
 * (records, evidence, staff, region) where they are not there yet. */
enum err authority_unit(struct authority *a, const char *unit) MUST_USE;
/* From the text that `feldsher-hub init` wrote (roster_hub_write). A known
 * name may change its address, not its keys: ERR_CREATE. */
enum err authority_hub(struct authority *a, const char *card, size_t n) MUST_USE;
/* Adds a user with new keys; circles comma-separated. The user's secret keys
 * and circles' keys go to *out (freed by the caller); the circles' keys also
 * go out as circle notices for this user. */
enum err authority_user(struct authority *a, const char *name, unsigned roles, const char *circles, int64_t since,
                        int64_t until, struct user **out) MUST_USE;
/* Changes roles (0: as they are), circles (NULL: as they are), dates. Each
 * removed circle gets a new generation, sealed to those who stay, as a circle
 * notice; the key of an added one goes out as a notice for this user. */
enum err authority_user_change(struct authority *a, const char *name, unsigned roles, const char *circles,
                               int64_t until) MUST_USE;
enum err authority_revoke_user(struct authority *a, const char *name) MUST_USE;
/* last: the last label accepted (number, hash or zero). */
enum err authority_revoke_station(struct authority *a, const char *name, uint64_t last_seq,
                                  const struct hash *last_hash) MUST_USE;

struct enrol {
    const char *station;
    const char *unit;
    enum station_kind kind;
    const char *user; /* first user; made if the roster has none of that name */
    unsigned roles;
    /* NULL: by kind. Crew: records/UNIT. Supervisor: records, evidence, staff,
     * records/UNIT, evidence/UNIT. A replaced user keeps roles (0) and circles. */
    const char *circles;
    bool replace;      /* an enrolled station of that name is revoked first (replaced laptop) */
    uint64_t last_seq; /* with replace: last label accepted; UINT64_MAX: all */
};

/* Makes the station's keys, adds station and user to the roster, saves, and
 * gives the enrolment file's bytes (age under code, written by the caller)
 * and the code. An existing user of another station is enrolled with new
 * personal keys only if revoked; otherwise ERR_CREATE: ask to use another name. */
enum err authority_enrol(struct authority *a, const struct enrol *e, struct buf *file, struct buf *code) MUST_USE;
/* The same for a person alone, who gets new keys: a file that any station of
 * the district takes, however many persons it has already. */
enum err authority_enrol_user(struct authority *a, const char *name, unsigned roles, const char *circles,
                              struct buf *file, struct buf *code) MUST_USE;
/* Signs the roster with number + 1 and writes it and the notices durably. */
enum err authority_save(struct authority *a) MUST_USE;

/* The seed as shares (three of them), and back into a new folder with the
 * newest roster that a station or hub holds. Without one it cannot go on,
 * for numbers never go back: ERR_DATA. ERR_BAD: the shares are not of the
 * authority that signed it. */
struct share;
enum err authority_split(const struct authority *a, struct share *shares) MUST_USE;
enum err authority_join(const char *dir, const struct share *x, const struct share *y, const char *roster, size_t n,
                        const char *pass, size_t pass_len) MUST_USE;

#endif
