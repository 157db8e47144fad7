#ifndef SYNC_CLIENT_PROGRESS_H
#define SYNC_CLIENT_PROGRESS_H

#include "storage/seal/hash.h"

/* How far objects went out, by name: a table that lives as long as a process. */
enum progress_state {
    PROGRESS_NONE,
    PROGRESS_GOING, /* offered in a conversation that still runs: owner */
    PROGRESS_SOME,  /* a part went out, or all, without a last word */
    PROGRESS_LATER, /* the hub wants it another time */
    PROGRESS_DONE,  /* the hub has it */
    PROGRESS_BAD,   /* the hub refused it, or our copy is damaged */
};

struct progress_of {
    struct hash name;
    enum progress_state state;
    uint64_t sent;
    const void *owner;
};

struct progress {
    struct progress_of *v; /* open addressing; state NONE is a free place */
    size_t cap, n;
};

/* NULL: nothing is known of it. */
struct progress_of *progress_find(const struct progress *t, const struct hash *name);
/* Finds or makes it, with state SOME and nothing sent. ERR_NOMEM. */
enum err progress_add(struct progress *t, const struct hash *name, struct progress_of **out) MUST_USE;
void progress_free(struct progress *t);

#endif
