#ifndef SYNC_HUB_HUB_H
#define SYNC_HUB_HUB_H

#include "storage/base/confine.h"
#include "storage/trust/roster.h"
#include "sync/folder/tell.h"
#include "sync/hub/store.h"

/*
 * A hub's folder, opened:
 *
 *   hub.conf            feldsher-hub-conf 1: name, address, quota (bytes a
 *                       station), authority (pinned by the first roster)
 *   hub.card            what `feldsher authority hub A --add` takes
 *   keys/               sign.key, link.key (feldsher-key 1, mode 0600)
 *   roster, notices/ID  as signed
 *   receipts/CHAIN      the last receipt of each chain
 *   confirmations/ID    answers to destruction orders
 *   lock, lock.ask      whose turn it is (hub_lock.h)
 *   and the store's files (store_files.h)
 */
struct hub {
    char dir[4096];
    char name[NAME_LEN];
    char address[256];
    uint64_t quota;
    bool pinned;
    struct sign_public authority; /* if pinned */
    struct roster *roster;        /* NULL before the first one */
    struct roster *former;        /* the one before, until the next one comes: who points into it can turn to the new */
    struct sign_secret *sign;
    struct sign_secret *link;
    struct store *store;
    int lock, ask;
    struct tell tell;
};

enum hub_open {
    HUB_KEYS = 1,   /* sign and link key */
    HUB_ROSTER = 2, /* ERR_NOINPUT without one */
    HUB_ALONE = 4,  /* nobody writes now; waits until a server gives way (ERR_AGAIN: in vain) */
    HUB_WRITE = 8,  /* alone, and the store may be written */
    HUB_STORE = 16,
    HUB_NET = 32,   /* sockets stay allowed */
    HUB_SERVE = 64, /* as a server, which gives way: does not wait for the lock (ERR_AGAIN) */
};

/* Makes a hub. ERR_CREATE: DIR holds something already. */
enum err hub_init(const char *dir, const char *name, const char *address) MUST_USE;
/* Opens, and limits this process for good to dir and the further paths. */
enum err hub_open(struct hub **out, const char *dir, unsigned flags, const struct confine_path *further,
                  size_t n) MUST_USE;
void hub_close(struct hub *h);

/* A server: keys, roster, store and sockets. ERR_AGAIN: another server runs,
 * or somebody is at work on it. */
enum err hub_serve_open(struct hub **out, const char *dir, const struct confine_path *further, size_t n) MUST_USE;
/* Does somebody wait for it? Cheap; to be asked a few times a second. */
bool hub_asked(const struct hub *h);
/* Closes the store (store NULL) and gives up the lock. What is not committed
 * is lost. */
void hub_yield(struct hub *h);
/* Takes the lock again, and reads conf, roster and store anew; also after a
 * failed commit, behind hub_yield. ERR_AGAIN while somebody holds it or asks.
 * Whatever the error, it can be called again. If there is a newer roster,
 * ->former is the old one. */
enum err hub_resume(struct hub *h) MUST_USE;

/* DIR/NAME */
enum err hub_path(const struct hub *h, char out[static 4096], const char *name) MUST_USE;

/* The first roster pins its authority (*pinned); later ones must be signed by
 * it and higher. ERR_AGAIN: not higher than ours. */
enum err hub_take_roster(struct hub *h, const char *text, size_t n, bool *pinned) MUST_USE;
/* Kept if its signatures are good now; id gets its number. ERR_AGAIN: known. */
enum err hub_take_notice(struct hub *h, const char *text, size_t n, char id[static 21]) MUST_USE;

/* Our clock, in ms, but not before roster and t (0: none). */
int64_t hub_now(const struct hub *h, int64_t t);

#endif
