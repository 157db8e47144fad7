#ifndef SYNC_CLIENT_NEEDS_H
#define SYNC_CLIENT_NEEDS_H

#include "storage/vault/queue.h"

/* Objects that this station may take, because a label that is here names
 * them: found by name. */
struct need {
    struct hash name;
    uint64_t size; /* 0: not known yet (a parts list) */
    enum queue_kind kind;
    char chain[CHAIN_ID]; /* the label */
    uint64_t seq;
    size_t want; /* a blob: number of what asks for it */
    enum { NEED_FREE, NEED_SET, NEED_GONE } state;
};

struct needs {
    struct need *v;
    size_t cap, used; /* used: set or gone */
};

/* Replaces one of that name. ERR_NOMEM. */
enum err needs_add(struct needs *s, const struct need *n) MUST_USE;
/* NULL: nothing needs it. Valid until the next needs_add. */
struct need *needs_find(const struct needs *s, const struct hash *name);
void needs_drop(struct needs *s, const struct hash *name);
void needs_free(struct needs *s);

#endif
