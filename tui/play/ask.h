#ifndef TUI_PLAY_ASK_H
#define TUI_PLAY_ASK_H

#include "storage/base/err.h"
#include "tui/play/wire.h"

#include <stdatomic.h>
#include <stdbool.h>

/*
 * The player's side of wire.h: a file of which pieces are asked for. One
 * thread at a time may read; ask_end may be called by any.
 */
struct ask {
    int fd;
    uint64_t size, at;
    atomic_int failed; /* an enum wire_code, or ASK_GONE; 0 while all is well */
    atomic_bool ended; /* by us */
};
#define ASK_GONE (-1) /* the opener hung up, or made no sense */

/* Asks for the file's size. Errors: what ask_error says. */
enum err ask_begin(struct ask *a, int fd) MUST_USE;
/* At most n bytes from a->at on, which moves; 0 at the end; -1: failed. */
int64_t ask_read(struct ask *a, void *p, uint64_t n);
/* Hangs up: a read that waits returns. */
void ask_end(struct ask *a);
/* The error behind a->failed, with a sentence; ERR_OK: none. */
enum err ask_error(const struct ask *a) MUST_USE;

#endif
