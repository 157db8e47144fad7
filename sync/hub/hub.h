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
    struct sign_secret *sign;
    struct sign_secret *link;
    struct store *store;
    int lock;
    struct tell tell;
};

enum hub_open {
    HUB_KEYS = 1,   /* sign and link key */
    HUB_ROSTER = 2, /* ERR_NOINPUT without one */
    HUB_ALONE = 4,  /* nobody writes now (ERR_AGAIN otherwise) */
    HUB_WRITE = 8,  /* alone, and the store may be written */
    HUB_STORE = 16,
};

/* Makes a hub. ERR_CREATE: DIR holds something already. */
enum err hub_init(const char *dir, const char *name, const char *address) MUST_USE;
/* Opens, and limits this process for good to dir and the further paths. */
enum err hub_open(struct hub **out, const char *dir, unsigned flags, const struct confine_path *further,
                  size_t n) MUST_USE;
void hub_close(struct hub *h);

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
