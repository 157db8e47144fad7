#ifndef DRIVERS_PTP_NAMING_H
#define DRIVERS_PTP_NAMING_H

#include "storage/base/buf.h"

/*
 * Names that a device gave its objects, as names in a path: a slash becomes
 * "_", "." and ".." become "_" and "__", none becomes "unnamed". Of those that
 * are the same in one folder the first keeps its name, in the order of their
 * handles, and the others become "NAME~2", "NAME~3", skipping what is there.
 */
struct naming {
    size_t at; /* of the name in the buffer, with NUL */
    uint32_t handle;
    size_t index; /* the caller's */
};

/* Appends the safe form of name and its NUL. */
enum err naming_add(struct buf *names, const char *name, size_t *at) MUST_USE;
/* Makes n of them unique, which moves some in names, and sorts them by name. */
enum err naming_settle(struct naming *all, size_t n, struct buf *names) MUST_USE;

#endif
