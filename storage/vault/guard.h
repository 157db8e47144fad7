#ifndef STORAGE_VAULT_GUARD_H
#define STORAGE_VAULT_GUARD_H

#include "storage/base/err.h"

#include <stdbool.h>

/*
 * The hash that the last writer of an index leaves beside it: PATH.sum, so
 * that a single bit that changes while nobody has the index open is seen,
 * even in bytes that SQLite does not use. Writers hold PATH.lock shared while
 * they have it open, and PATH.sum is empty then; a power cut leaves it empty,
 * and then SQLite's own recovery must do. All three files stay where they are
 * once made, so that a confined program needs no right to make others.
 */

/* Before opening PATH for writing: ERR_BAD when it is not as it was left (the
 * lock is not held then). Otherwise the sum is emptied and *lock is held. */
enum err guard_open(const char *path, int *lock) MUST_USE;
/* After closing it: the last one leaves the sum. whole: it was closed without
 * an error. Releases *lock. */
void guard_close(const char *path, int *lock, bool whole);
/* A write was cut off in the middle: SQLite undoes it when it may write. */
bool guard_is_hot(const char *path);
/* The last writer closed it in order: a sum stands. */
bool guard_is_closed(const char *path);
/* For verify: changes nothing. ERR_BAD as above, or when PATH is gone. */
enum err guard_check(const char *path) MUST_USE;

#endif
