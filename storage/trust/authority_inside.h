#ifndef STORAGE_TRUST_AUTHORITY_INSIDE_H
#define STORAGE_TRUST_AUTHORITY_INSIDE_H

#include "storage/trust/authority.h"

/* What the files of the authority share; nobody else includes it. */

/* A circle's key that goes to one user with the next roster. */
struct grant {
    char user[NAME_LEN];
    char circle[CIRCLE_LEN];
};

/* Lives in locked memory. */
struct authority {
    char dir[4096];
    char district[NAME_LEN];
    struct sign_secret key;
    struct roster *roster;
    char (*renewed)[CIRCLE_LEN]; /* circles with a new generation since the last save */
    size_t n_renewed;
    struct grant *grants;
    size_t n_grants;
};

/* Never before the roster in force. */
int64_t authority_now(const struct authority *a);

/* fn gets each entry's name in the folder DIR/sub; no folder is no entry. */
typedef enum err authority_file_fn(void *ctx, const char *name);
enum err authority_each_file(const struct authority *a, const char *sub, authority_file_fn *fn, void *ctx) MUST_USE;
/* DIR/sub/name */
enum err authority_path(char out[static 4096], const struct authority *a, const char *sub, const char *name) MUST_USE;

/* authority_circle.c. The next name of a comma-separated list: false behind
 * the last, or for one that is empty or too long. */
bool authority_circle_next(const char **list, char name[static CIRCLE_LEN]);
/* The first generation where there is none; the next one
 * (once a save); the key to one user; all generations into u; the notices for
 * all that into staged/. */
enum err authority_circle_make(struct authority *a, const char *name) MUST_USE;
enum err authority_circle_renew(struct authority *a, const char *name) MUST_USE;
/* Every circle of a comma-separated list. */
enum err authority_circle_renew_all(struct authority *a, const char *circles) MUST_USE;
enum err authority_circle_grant(struct authority *a, const char *user, const char *circle) MUST_USE;
enum err authority_circle_keys(const struct authority *a, const char *circles, struct user *u) MUST_USE;
enum err authority_circle_stage(const struct authority *a) MUST_USE;

/* The list sorted, each name once, each in the roster; "" for none. */
enum err authority_circle_list(const struct authority *a, const char *circles, struct buf *out) MUST_USE;

/* authority_change.c: a user with new keys and the circles' keys, for
 * enrolment. circles: as authority_circle_list wrote them. */
enum err authority_add_user(struct authority *a, const char *name, unsigned roles, const char *circles, int64_t since,
                            int64_t until, struct user **out) MUST_USE;

#endif
