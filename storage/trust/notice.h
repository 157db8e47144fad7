#ifndef STORAGE_TRUST_NOTICE_H
#define STORAGE_TRUST_NOTICE_H

#include "storage/trust/licence.h"
#include "storage/trust/roster.h"

/* Signed orders; format in storage/README.md. */

enum notice_kind {
    NOTICE_HOLD,    /* blocks destruction and retention; one signature of a supervisor or admin */
    NOTICE_RELEASE, /* ends the hold of the same recording; supervisor */
    NOTICE_ADMIT,   /* a member gives a user a circle's key; any user who is in the circle by the roster */
    NOTICE_CIRCLE,  /* the authority gives a generation to its members */
    NOTICE_DESTROY, /* two different supervisors */
    NOTICE_ERASE,   /* erase licence; supervisor */
    NOTICE_UNKNOWN, /* a kind that this version does not know: kept and passed on, never obeyed */
};

#define NOTICE_ID 21 /* 20 hex digits and NUL */

struct notice {
    enum notice_kind kind;
    char id[NOTICE_ID];
    char district[NAME_LEN];
    int64_t time;
    char recording[NOTICE_ID]; /* "" where the kind has none */
    struct hash parts;         /* zero where the kind has none */
    char circle[CIRCLE_LEN];
    unsigned generation;
    char user[NAME_LEN];
    char *why; /* "" where there is none */
    char *basis;
    struct buf key;          /* the age file of admit and circle */
    struct licence *licence; /* of erase; NULL: it licenses nothing (malformed, of another version) */
    struct sign_text sig;    /* points into text */
    struct buf text;
};

/* Parses; says nothing about who signed. ERR_DATA. The caller frees. */
enum err notice_parse(struct notice **out, const char *text, size_t n) MUST_USE;
void notice_free(struct notice *n);

/* Whether the signatures are those that its kind needs, of roster users whose
 * role permits it and who were in force at the notice's time. ERR_OK: to be
 * obeyed. ERR_BAD: wrong key, wrong district, flipped. ERR_DENIED: signed by
 * somebody without the role, or (destroy) by one person alone. */
enum err notice_check(const struct notice *n, const struct roster *r) MUST_USE;

void notice_new_id(char out[static NOTICE_ID]);
/* Makes the unsigned text from the members (id is made when ""). */
enum err notice_write(struct notice *n) MUST_USE;
/* Adds a signature; who is the user's name or "authority". */
enum err notice_sign(struct notice *n, const char *who, const struct sign_secret *k) MUST_USE;
const char *notice_kind_text(enum notice_kind k);

#endif
