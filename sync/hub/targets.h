#ifndef SYNC_HUB_TARGETS_H
#define SYNC_HUB_TARGETS_H

#include "sync/folder/have.h"
#include "sync/folder/walk.h"
#include "sync/hub/hub.h"

/* Stations that an export serves, and what of each chain they lack. */
struct route {
    char chain[CHAIN_ID];
    bool own;      /* the station's own chain: everything of it is for it */
    uint64_t from; /* first label it lacks */
    uint64_t upto; /* last one it gets; below from: none */
};

struct target {
    const struct roster_station *station;
    struct have *have; /* NULL: named, nothing known */
    struct route *routes;
    size_t n_routes;
};

struct targets {
    struct target *list;
    size_t n;
    uint64_t bytes; /* of have texts kept */
    size_t revoked; /* have texts of stations revoked since, passed over */
};

/* From have/ on the stick; a have text that is not its station's is refused. */
enum err targets_read(struct targets *t, struct walk *w, const struct roster *r) MUST_USE;
/* One more by name, unless it is among them. ERR_NOINPUT. */
enum err targets_name(struct targets *t, const struct roster *r, const char *name) MUST_USE;
/* Works out every target's routes. */
enum err targets_route(struct targets *t, struct store *s, const struct roster *r) MUST_USE;
void targets_free(struct targets *t);

#endif
