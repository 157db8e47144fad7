#ifndef SYNC_HUB_DESK_H
#define SYNC_HUB_DESK_H

#include "sync/hub/room.h"

/*
 * The taking side of one conversation. The rules are accept.h's, the same as
 * of a stick:
 *
 *   label     accepted if its chain signed it, its number is the next and its
 *             prev our head. A number too high floats, unanswered, until the
 *             gap closes. Two of one number: alarm, set aside, BAD. Behind a
 *             revocation: set aside, BAD. Over the quota: LATER.
 *   object    taken if an accepted label needs it with that size; unknown
 *             LATER, another size BAD, held HAVE. A parts list is checked
 *             before it counts.
 *   roster, notice   given to the room's calls.
 *
 * GOOD is said when a commit made it durable, KEPT when a flush did.
 */
struct desk;

enum err desk_new(struct desk **out, struct room *r, const struct roster_station *station) MUST_USE;
void desk_free(struct desk *d);
/* Where answers go; before any call of the wire's. */
void desk_bind(struct desk *d, struct wire *w);

/* The hub's hello to that station, from the store as it is. */
enum err desk_hello(struct desk *d, struct wire_hello *h) MUST_USE;

/* The taking calls of struct wire_side. */
enum err desk_take(struct desk *d, uint64_t id, const struct wire_item *item, const uint8_t *text, size_t n,
                   const uint8_t *batch, size_t n_batch) MUST_USE;
enum err desk_open(struct desk *d, uint64_t id, const struct wire_item *item,
                   struct partial_range held[static PARTIAL_RUNS_MAX], size_t *n) MUST_USE;
enum err desk_write(struct desk *d, uint64_t id, const struct wire_item *item, uint64_t offset, const uint8_t *p,
                    size_t n) MUST_USE;
enum err desk_done(struct desk *d, uint64_t id, const struct wire_item *item) MUST_USE;

void desk_gone(struct desk *d, uint64_t id);

/* The most urgent lane of the objects that are arriving; LANES: none is. */
enum lane desk_lane(const struct desk *d);
bool desk_paused(const struct desk *d);

#endif
