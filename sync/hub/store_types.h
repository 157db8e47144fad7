#ifndef SYNC_HUB_STORE_TYPES_H
#define SYNC_HUB_STORE_TYPES_H

#include "storage/vault/label.h"

/* What a store tells of: chains, needs, totals. See store.h. */

enum store_kind { STORE_BATCH, STORE_PARTS, STORE_BLOB };

enum store_state {
    STORE_UNKNOWN, /* no label needs that object */
    STORE_WANTED,  /* one does, and it is not here */
    STORE_HELD,
    STORE_REMOVED,
    STORE_OTHER_SIZE, /* needed, with another size than asked about */
};

struct store_need {
    enum store_kind kind;
    enum store_state state;
    struct hash name;
    uint64_t size; /* 0 for a parts list: not known before it is here */
    char chain[CHAIN_ID];
    uint64_t seq;
};

struct store_chain {
    char id[CHAIN_ID];
    uint64_t seq; /* of the last label; 0: none */
    struct hash head;
    int64_t time;       /* of the last label, by its station's clock */
    int64_t heard;      /* when its station spoke last, as far as we know; 0: never */
    uint64_t bytes;     /* labels and objects held, charged to it */
    uint64_t alarm_seq; /* cloned: two labels of that number; 0: no alarm */
    struct hash alarm_a, alarm_b;
    bool changed; /* since its last receipt */
    bool damaged; /* its file does not agree with the index: nothing may be appended */
};

struct store_totals {
    uint64_t chains, labels, objects, bytes, wanted, removed, alarms;
};

/* What a chain's station sent and the hub did not take. */
struct store_refused {
    char what[80]; /* "label N", "object HASH" */
    int64_t time;  /* by the hub's clock */
    char why[256]; /* another side's words may be in it: escape before showing */
};

/* chain has labels delivered to a circle or unit, the last of them is last. */
typedef enum err store_route_fn(void *ctx, const char *chain, uint64_t last);
typedef enum err store_refused_fn(void *ctx, const char *chain, const struct store_refused *r);
typedef enum err store_chain_fn(void *ctx, const struct store_chain *c);
typedef enum err store_need_fn(void *ctx, const struct store_need *n);

#endif
