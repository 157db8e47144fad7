#ifndef SYNC_HUB_GATHER_H
#define SYNC_HUB_GATHER_H

#include "sync/hub/room.h"
#include "sync/wire/spans.h"

/* A text that comes in pieces and stays in memory until it is whole: a parts
 * list, a roster, a long notice. It survives the conversation, not the room. */
struct gathered {
    struct gathered *next;
    struct hash name;
    uint64_t size;
    struct spans have;
    uint8_t *bytes;
    unsigned users;
    int64_t used; /* when a conversation let it go */
};

/* ERR_FULL: too much is half here already. */
enum err gather_open(struct room *r, const struct hash *name, uint64_t size, struct gathered **out) MUST_USE;
enum err gather_write(struct room *r, struct gathered *g, uint64_t offset, const uint8_t *p, size_t n) MUST_USE;
/* One user less; over: nobody needs it any more. */
void gather_close(struct room *r, struct gathered *g, bool over);
void gather_free_all(struct room *r);

#endif
