#ifndef SYNC_HUB_DELIVERY_INSIDE_H
#define SYNC_HUB_DELIVERY_INSIDE_H

#include "sync/hub/delivery.h"
#include "sync/hub/room_inside.h"

/* What delivery.c, delivery_labels.c and delivery_wants.c share; nobody else
 * includes it. */

#define DELIVERY_ASK_ABOVE 16384u /* of a longer object the station is asked first what it has */

/* Labels of one chain on their way to the station: next up to upto. */
struct route {
    char chain[CHAIN_ID];
    bool own; /* everything of it is for the station */
    uint64_t next, upto;
    uint64_t urgent;    /* those up to here go in lane 0 */
    int64_t not_before; /* looked at again; by the room's clock */
    bool blocked;       /* the next one's batch is not here yet */
    bool refused;       /* the station takes no more of it */
};

struct wanted {
    struct wire_want want;
    uint64_t size;                     /* of the list; 0: not looked at yet */
    uint64_t line;                     /* byte of the list where the next line begins */
    uint64_t blob;                     /* its number */
    uint64_t absent_line, absent_blob; /* of the first that is not here */
    bool absent;
    bool over;     /* read to its end, or not for this station */
    int64_t again; /* when those absent are looked for again */
};

struct delivery {
    struct room *room;
    struct wire *wire;
    struct roster_station station; /* as in the roster when it came */
    bool met, heads_known, stale;
    uint64_t seq;            /* of its own chain, at the station */
    uint64_t roster;         /* number of the highest it has, or was offered */
    struct wire_head *heads; /* rising */
    size_t n_heads, cap_heads;
    struct route *routes; /* by chain */
    size_t n_routes, cap_routes, at_route;
    struct wanted *wants;
    size_t n_wants, at_want;
    struct buf notices;            /* ids that it lacks: char[NOTICE_ID] each */
    size_t at_notice, seen_notice; /* offered; compared with the station's list */
    size_t confirmation;           /* next of the room's list */
    struct room_text *roster_text; /* on its way */
    struct buf receipt;            /* on its way */
    bool receipt_wanted, receipt_flies;
    int64_t receipt_next;  /* not before */
    uint64_t objects_seen; /* room's count when something absent was last looked for */
};

/* delivery_labels.c */
enum err delivery_routes(struct delivery *d) MUST_USE; /* finds the chains */
enum err delivery_fill_labels(struct delivery *d, enum lane lane) MUST_USE;
enum err delivery_load_label(struct delivery *d, const struct wire_item *item, struct buf *text,
                             struct buf *batch) MUST_USE;
void delivery_label_answered(struct delivery *d, const struct wire_item *item, enum wire_answer a, const char *why);
bool delivery_blocked(const struct delivery *d);
/* Is a label of that chain, with that `to`, delivered to the station? */
bool delivery_delivers(const struct delivery *d, const char *chain, const char *to);

/* delivery_wants.c */
enum err delivery_fill_wants(struct delivery *d) MUST_USE;
bool delivery_absent(const struct delivery *d);

#endif
