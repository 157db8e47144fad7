#ifndef STORAGE_TRUST_ENROLMENT_H
#define STORAGE_TRUST_ENROLMENT_H

#include "storage/trust/roster.h"
#include "storage/trust/user.h"

/*
 * The file that makes a laptop a station: age under a one-time code; its
 * plaintext is zstd of a clear text "feldsher-enrolment 1": station, unit,
 * kind, district, authority, chain-seed, link-seed, user, user-sign-seed,
 * user-identity, circle lines (NAME GENERATION AGE-SECRET-KEY-1... one a
 * generation), notice lines (base64), and the roster (base64). What does not
 * fit one line goes on in lines "more: BASE64".
 */
struct enrolment {
    bool person_only; /* a further user for stations that are enrolled already: no station, unit, kind, seeds */
    char station[NAME_LEN];
    char unit[NAME_LEN];
    enum station_kind kind;
    struct sign_public authority;
    struct sign_secret chain;
    struct sign_secret link;
    struct user *user; /* with circles */
    struct roster *roster;
    struct buf *notices; /* n_notices signed texts */
    size_t n_notices;
};

/* Appends to file. */
enum err enrolment_seal(const struct enrolment *e, const char *code, size_t code_len, struct buf *file) MUST_USE;
/* The code as typed: case, blanks and hyphens do not matter.
 * A wrong code, a used file and a damaged one are the same ERR_DENIED. */
enum err enrolment_open(struct enrolment **out, const void *file, size_t n, const char *code, size_t code_len) MUST_USE;
void enrolment_free(struct enrolment *e);

#endif
