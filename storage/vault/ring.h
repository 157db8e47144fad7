#ifndef STORAGE_VAULT_RING_H
#define STORAGE_VAULT_RING_H

#include "storage/seal/hash.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A bounded queue of byte slices between two threads, one that fills and one
 * that drains. A slice is filled and read where it lies, so nothing is copied
 * on the way.
 */
#define RING_SLOTS_MAX 16u

struct ring_slot {
    uint8_t *p; /* slice bytes, aligned for direct input and output */
    size_t n;
    bool end;                 /* a blob ends behind these bytes; then: */
    uint64_t length;          /* of the blob's plaintext */
    struct hash prefix;       /* of the file's plaintext up to there */
    struct hash_state sealed; /* of the sealed bytes, where these are such */
};

struct ring {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    struct ring_slot slots[RING_SLOTS_MAX];
    size_t n_slots;
    size_t slice;
    uint8_t *mem;
    size_t first;
    size_t filled;
    bool closed;
    bool broken;
};

/* slice: a multiple of 4096. ERR_NOMEM. */
enum err ring_init(struct ring *r, size_t slots, size_t slice) MUST_USE;
/* When both threads are done with it. */
void ring_free(struct ring *r);

/* For the filling thread. The slot to fill next, waiting for one; NULL when
 * the drainer has given up. */
struct ring_slot *ring_room(struct ring *r);
/* Hands the slot that ring_room gave to the drainer. */
void ring_put(struct ring *r);
/* No more will come; what is in it is still drained. */
void ring_close(struct ring *r);

/* For the draining thread. The oldest slot, waiting for one; NULL when the
 * ring is closed and empty. */
struct ring_slot *ring_next(struct ring *r);
/* Done with the slot that ring_next gave. */
void ring_done(struct ring *r);
/* Gives up: ring_room answers NULL from now on. */
void ring_break(struct ring *r);

#endif
