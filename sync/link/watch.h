#ifndef SYNC_LINK_WATCH_H
#define SYNC_LINK_WATCH_H

#include "storage/base/err.h"

#include <poll.h>
#include <stddef.h>

/*
 * Notices, without asking again and again, that a network may have come or
 * gone (rtnetlink) and that something was mounted (/proc/self/mountinfo). Open
 * it before the program limits itself.
 */
struct watch;

#define WATCH_UP 1u    /* carrier, an address or a route came; or events were lost, so that one may have */
#define WATCH_DOWN 2u  /* one of them went */
#define WATCH_MOUNT 4u /* something was mounted or unmounted */
#define WATCH_FDS 2u

/* Where the system has one of the two and not the other, that one is watched. */
enum err watch_open(struct watch **out) MUST_USE;
void watch_free(struct watch *w);

/* Descriptors and events to wait for; how many. */
size_t watch_poll(const struct watch *w, struct pollfd set[static WATCH_FDS]);
/* What has happened since it was asked last: WATCH_ bits, 0 nothing. */
unsigned watch_read(struct watch *w);

/* Calls for each mounted folder that holds a folder feldsher with a file link
 * in it, so may be a stick of ours. Opens /proc/self/mountinfo. An error from
 * each ends it and is returned. */
enum err watch_sticks(enum err (*each)(void *ctx, const char *folder), void *ctx) MUST_USE;

#endif
