#ifndef DRIVERS_FAT_VISITED_H
#define DRIVERS_FAT_VISITED_H

#include "storage/base/err.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Which clusters of a volume belong to something already. Takes memory only
 * where there is something, at most FAT_VISITED_MAX: then it is full, and what
 * is new stays unmarked.
 */
enum visited_mark {
    VISITED_SEEN,   /* belongs to something */
    VISITED_SHARED, /* and something else leads to it, too */
    VISITED_CUT,    /* the last of something's own; behind it lies what it shares */
    VISITED_MARKS,
};

#define VISITED_PAGE (1u << 19) /* clusters */
#define VISITED_PAGES (1u << 13)

struct visited {
    uint8_t **page; /* VISITED_PAGES, each VISITED_MARKS planes of bits; NULL: nothing yet */
    uint32_t n;     /* pages */
    bool full;
};

enum err visited_set(struct visited *v, uint32_t cluster, enum visited_mark m) MUST_USE;
bool visited_has(const struct visited *v, uint32_t cluster, enum visited_mark m);
void visited_clear(struct visited *v);

#endif
