#ifndef STORAGE_TRUST_USER_H
#define STORAGE_TRUST_USER_H

#include "storage/trust/circle.h"
#include "storage/trust/roster.h"

/* A person's secret keys while unlocked, and the circles' keys that they
 * open. Lives in locked memory; made and freed here alone. */
#define USER_CIRCLES_MAX 1024u

struct user {
    char name[NAME_LEN];
    struct identity id;
    struct sign_secret sign;
    size_t n_circles;
    struct user_circle circles[USER_CIRCLES_MAX];
};

/* New keys for a name (hash_start came before). */
enum err user_new(struct user **out, const char *name) MUST_USE;
void user_free(struct user *u);

/* keys/USER.age: write (passphrase checked for strength by the caller) and
 * open. A missing user and a wrong passphrase are the same ERR_DENIED. */
enum err user_seal(const struct user *u, const char *pass, size_t pass_len, struct buf *age_file) MUST_USE;
enum err user_open(struct user **out, const char *name, const void *age_file, size_t n, const char *pass,
                   size_t pass_len) MUST_USE;

/* Opens a circle file (keys/circles/NAME.N.age, or the key of a notice) and
 * adds what is in it. ERR_DENIED if it is not for this user. Beyond
 * USER_CIRCLES_MAX the oldest generations are left out. */
enum err user_add_circle(struct user *u, const char *circle, const void *age_file, size_t n) MUST_USE;
/* Adds one key; one that is there already does no harm. */
void user_add_key(struct user *u, const struct user_circle *c);
/* The identities of all circles that the user opens, and the user's own:
 * what age_open_new takes, the likeliest first. ids holds USER_CIRCLES_MAX + 1. */
void user_identities(const struct user *u, struct identity *ids, size_t *n);
bool user_has_circle(const struct user *u, const char *circle);

/* A circle file for members: generation first, then the older ones that the
 * user holds. */
enum err user_circle_file(const struct user *u, const char *circle, const struct recipient *to, size_t n_to,
                          struct buf *age_file) MUST_USE;

#endif
