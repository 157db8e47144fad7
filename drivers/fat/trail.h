#ifndef DRIVERS_FAT_TRAIL_H
#define DRIVERS_FAT_TRAIL_H

#include "drivers/fat/volume.h"

/*
 * The clusters of one file or folder in their order, looked over once before
 * they are read: how far they lead, and what is wrong with them.
 */
enum trail_fault {
    TRAIL_WHOLE,
    TRAIL_ENDS,    /* the end mark, before the size is reached */
    TRAIL_CYCLIC,  /* it leads back into itself */
    TRAIL_BAD,     /* to a cluster marked as bad */
    TRAIL_FREE,    /* through a cluster marked as free */
    TRAIL_NOWHERE, /* to a number that no cluster has */
    TRAIL_UNREAD,  /* through a part of the FAT that cannot be read */
};

#define TRAIL_NONE UINT64_MAX
#define TRAIL_MARKS 1024u

struct trail {
    struct volume *volume;
    uint64_t fixed; /* FAT16's root folder: its offset on the disk, no clusters; else TRAIL_NONE */
    uint32_t first;
    bool contiguous; /* exFAT: the FAT says nothing of it */
    uint64_t need;   /* clusters that its size asks for; TRAIL_NONE: a folder's, to the end mark */
    uint64_t most;   /* clusters that are looked at: need, or what the largest folder has */
    uint64_t length; /* those that can be read, at most need */
    enum trail_fault fault;
    uint64_t beyond; /* clusters behind need; only counted by trail_claim, else 1 for some */
    uint64_t fragments;
    uint64_t shared;      /* the first one that belongs to something else, too; TRAIL_NONE */
    uint64_t cut;         /* survey: behind it lies what the listing found to be another's; TRAIL_NONE */
    uint64_t unallocated; /* exFAT: how many the bitmap calls free */
    uint64_t index;       /* the one found last, and */
    uint32_t cluster;     /* its number */
    uint32_t *marks;      /* the numbers of every step-th one */
    uint32_t n_marks;
    uint64_t step;
};

/* bytes: TRAIL_NONE: a folder. Nothing is asked of the disk. */
void trail_begin(struct trail *t, struct volume *v, uint32_t first, bool contiguous, uint64_t bytes);
/* Looks it over and marks its clusters as belonging to something: where it
 * meets another's, shared is set and the rest is not looked at (length is what
 * it claims). For the listing; once for each entry. keep: remembers places, so
 * that reading from anywhere is quick; then trail_end, also after an error. */
enum err trail_claim(struct trail *t, bool keep) MUST_USE;
/* Looks it over without marking. */
enum err trail_survey(struct trail *t, bool keep) MUST_USE;
void trail_end(struct trail *t);
/* Bytes from offset on. *good as of view_read; behind the length ERR_IO. */
enum err trail_read(struct trail *t, uint64_t offset, void *p, size_t n, size_t *good) MUST_USE;
/* How many bytes can be read. */
uint64_t trail_bytes(const struct trail *t);
/* Where on the disk the byte at offset lies. */
enum err trail_place(struct trail *t, uint64_t offset, uint64_t *place) MUST_USE;
/* Why it is not whole, as half a sentence; "" it is. */
const char *trail_fault_text(enum trail_fault f);

#endif
