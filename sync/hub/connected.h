#ifndef SYNC_HUB_CONNECTED_H
#define SYNC_HUB_CONNECTED_H

#include "storage/trust/roster.h"

/*
 * DIR/connected, which a server writes again and again, for `feldsher-hub
 * stations`:
 *
 *   feldsher-connected 1
 *   connected: CHAIN TIME       a conversation, since TIME
 *   floating: CHAIN FROM TO     labels that wait for those before them
 *
 * One older than CONNECTED_AGE_S is a dead server's, and says nothing.
 */
#define CONNECTED_AGE_S 60

struct connected {
    struct buf text;
};

enum err connected_read(struct connected *c, const char *dir) MUST_USE;
void connected_free(struct connected *c);
/* Conversations of a chain, the first's time ("" when there is none), and its
 * labels that float. */
void connected_find(const struct connected *c, const char *chain, unsigned *roads, char since[static 21],
                    uint64_t *floating);

#endif
