#ifndef SYNC_HUB_ORDERS_H
#define SYNC_HUB_ORDERS_H

#include "storage/trust/notice.h"

/* The notices of a hub that are valid now, in order of time. */
struct orders {
    struct notice **all;
    size_t n;
};

/* Reads dir/notices; what is not valid (now) is left to verify. */
enum err orders_read(struct orders *o, const char *dir, const struct roster *r) MUST_USE;
/* Takes a notice over; for tests and for orders_read. */
enum err orders_add(struct orders *o, struct notice *n) MUST_USE;
void orders_free(struct orders *o);

/* Is a recording with that parts list on hold (held later than released)? */
bool orders_held(const struct orders *o, const struct hash *parts);
/* The destruction order that names the list; NULL: none. */
const struct notice *orders_destroy(const struct orders *o, const struct hash *parts);

#endif
