#ifndef TUI_OPENER_CHANNEL_H
#define TUI_OPENER_CHANNEL_H

#include "storage/base/buf.h"

#include <jansson.h>
#include <stdbool.h>

/*
 * What the painter and its workers say to each other over a stream socket:
 * JSON objects, one a line. Where an object has "secrets": N, N bytes follow
 * its line, which are wiped wherever they lay; where it has "fd": true, a
 * descriptor came along. Nothing here waits.
 */
#define CHANNEL_LINE_MAX (8u << 20) /* a row; a manifest is the longest */
#define CHANNEL_FDS 4

struct channel {
    int fd;
    struct buf in, out; /* secret */
    size_t at;          /* what of in is taken already */
    int fds[CHANNEL_FDS];
    unsigned n_fds;
};

void channel_open(struct channel *c, int fd);
/* Closes the socket and what descriptors nobody took. */
void channel_close(struct channel *c);

/* Queues an object (consumed) and sends what can be sent. secrets: n bytes, or
 * NULL. fd: -1, or one to pass, which stays the caller's. ERR_END: the other
 * side has gone; ERR_AGAIN: a descriptor cannot go behind what still waits. */
enum err channel_send(struct channel *c, json_t *object, const char *secrets, size_t n, int fd) MUST_USE;
enum err channel_flush(struct channel *c) MUST_USE;
bool channel_waits(const struct channel *c);

/* Reads what is there. ERR_END: the other side has gone (what it said before
 * can still be taken). */
enum err channel_fill(struct channel *c) MUST_USE;
/* The next whole object; the caller frees it. secrets (may be NULL) points into
 * the channel until the next call; *fd is the caller's, or -1. ERR_AGAIN: not
 * there yet; ERR_DATA: no object. */
enum err channel_next(struct channel *c, json_t **object, const char **secrets, size_t *n, int *fd) MUST_USE;

#endif
