#ifndef SYNC_HUB_HUB_LOCK_H
#define SYNC_HUB_HUB_LOCK_H

#include "sync/hub/hub.h"

/*
 * Who may change a hub's folder: whoever holds DIR/lock. A server holds it for
 * weeks; who else wants it holds DIR/lock.ask from its first moment to its
 * last, and the server, which looks there often, gives way. Both are flocks: a
 * kill gives them up.
 */

/* A verb's way: asks, and waits up to wait_ms; says on stderr that it waits
 * when that takes long. ERR_AGAIN: in vain. */
enum err hub_lock_take(struct hub *h, int64_t wait_ms) MUST_USE;
/* A server's, which does not ask: ERR_AGAIN when somebody else holds it or
 * asks. */
enum err hub_lock_serve(struct hub *h) MUST_USE;
bool hub_lock_asked(const struct hub *h);
/* Gives up both. */
void hub_lock_give(struct hub *h);

#endif
