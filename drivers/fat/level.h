#ifndef DRIVERS_FAT_LEVEL_H
#define DRIVERS_FAT_LEVEL_H

#include "drivers/fat/record.h"
#include "drivers/fat/trail.h"

/* One folder of a volume in memory, sorted by name. No two names are the
 * same: a later one of two gets "\2" behind it, which no name can have. */
struct level {
    struct volume *volume;
    struct record *at;
    size_t n, cap;
    struct buf names;
    struct trail trail; /* of the folder itself */
    bool root;
    size_t path;     /* length of its path */
    size_t next;     /* where the listing is */
    const char *why; /* NULL, or what of it is missing, */
    uint64_t place;  /* first at this byte of it */
};

/* Reads a volume's root (r NULL) or folder r. claim: for the listing, once
 * for each folder: its clusters are marked and what is noticed is counted.
 * *taken: false where it is another folder's double. memory: at most so much
 * is used. ERR_AGAIN, ERR_NOMEM; what cannot be read is in why. */
enum err level_load(struct level *l, struct volume *v, const struct record *r, bool claim, size_t memory,
                    bool *taken) MUST_USE;
void level_drop(struct level *l);
size_t level_memory(const struct level *l);
const char *level_name(const struct level *l, size_t i);
/* n bytes of a name; NULL: it is not there. */
const struct record *level_find(const struct level *l, const char *name, size_t n);

#endif
