#ifndef STORAGE_VAULT_STATION_H
#define STORAGE_VAULT_STATION_H

#include "storage/base/clock.h"
#include "storage/base/confine.h"
#include "storage/trust/enrolment.h"
#include "storage/trust/notice.h"
#include "storage/trust/user.h"
#include "storage/vault/queue.h"

/*
 * A station folder, opened. Programs of one station meet here and nowhere
 * else. What a program may hold is asked for by flags.
 */
enum station_open {
    STATION_CHAIN_KEY = 1, /* station.key: appends (feldsher, feldsher-dock) */
    STATION_LINK_KEY = 2,  /* link.key (feldsher-sync) */
    STATION_READ_ONLY = 4, /* verify: changes nothing, heals nothing */
};

struct station {
    char dir[4096];
    char name[NAME_LEN];
    char unit[NAME_LEN];
    enum station_kind kind;
    char district[NAME_LEN];
    char chain[CHAIN_ID];
    struct sign_public authority;
    struct roster *roster;    /* the highest-numbered valid one of roster and notices/roster-*; never NULL */
    struct sign_secret *key;  /* NULL unless asked for */
    struct sign_secret *link; /* NULL unless asked for */
    struct queue *queue;      /* NULL when read-only and damaged */
    bool read_only;           /* asked for, or the folder allows no more: what is here can be read */
    uint8_t mark_key[32];     /* keys the marks; with STATION_CHAIN_KEY */
};

/* Makes a station from its enrolment. dir must not exist, or be empty, or be
 * the station of that name under older keys (then it goes on under the new
 * ones: ERR_OK; its old chain stays). ERR_DENIED if it is enrolled with these
 * keys already. */
enum err station_init(const char *dir, const struct enrolment *e, const char *pass, size_t pass_len) MUST_USE;

/* ERR_NOINPUT: no station there. A damaged roster is passed over for the best
 * other copy; a damaged queue.db is set aside and rebuilt (not read-only). */
enum err station_open(struct station **out, const char *dir, unsigned flags) MUST_USE;
void station_close(struct station *s);

/* Limits this process for good to what feldsher-dock and feldsher-sync need of
 * the folder (objects, chain, notices, log, the index; not keys/), and to the
 * further paths; sockets only where a link needs them. After station_open. */
enum err station_confine(const struct station *s, const struct confine_path *further, size_t n,
                         enum confine_net net) MUST_USE;
/* The same for feldsher-dock, which reads cameras' secrets in the keyring. */
enum err station_confine_keys(const struct station *s, const struct confine_path *further, size_t n,
                              enum confine_net net, enum confine_keys keys) MUST_USE;

/* The time now as far as it can be believed: the wall clock, unless it is
 * behind or far ahead of roster, chain and receipts. ms since 1970. */
int64_t station_now(const struct station *s, enum clock_mark *mark);

/* keys/NAME.age, its circle files and the circle notices that reach it. A
 * wrong passphrase and an unknown user are one ERR_DENIED. Revoked or expired
 * users are ERR_DENIED too. */
enum err station_unlock(const struct station *s, const char *user, const char *pass, size_t pass_len,
                        struct user **out) MUST_USE;
/* Names of the users who have a key here, each NUL-ended, in out. */
enum err station_users(const struct station *s, struct buf *out, size_t *n) MUST_USE;

/* Durable replace of a file under the folder that `sums` covers. */
enum err station_put(const struct station *s, const char *name, const void *p, size_t n, mode_t mode) MUST_USE;
/* ERR_OK if sums allows the file's bytes; ERR_BAD. fn is called for each that
 * does not match or is missing. */
enum err station_sums(const struct station *s, void (*fn)(void *ctx, const char *name, const char *what),
                      void *ctx) MUST_USE;

/* A roster that arrived: ERR_OK taken, ERR_AGAIN not higher than ours (no
 * harm), ERR_BAD wrong key or flipped, ERR_DATA. Reloads s->roster. */
enum err station_take_roster(struct station *s, const char *text, size_t n) MUST_USE;
/* A notice that arrived: kept in notices/ID if its signatures are good now;
 * ERR_BAD, ERR_DENIED, ERR_DATA otherwise; ERR_AGAIN known already. */
enum err station_take_notice(struct station *s, const char *text, size_t n) MUST_USE;
/* A receipt that arrived: checked, kept in chain/ if it says more (or newer). */
enum err station_take_receipt(struct station *s, const char *text, size_t n) MUST_USE;

/* Every valid notice (checked now), in order of time. */
typedef enum err station_notice_fn(void *ctx, const struct notice *n);
enum err station_each_notice(const struct station *s, station_notice_fn *fn, void *ctx) MUST_USE;
/* Is the recording held (a hold later than any release)? */
bool station_on_hold(const struct station *s, const char *recording);
/* The id of the destruction order that names these parts; false: none. */
bool station_destroyed(const struct station *s, const struct hash *parts, char order[static NOTICE_ID]);

#endif
