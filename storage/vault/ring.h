#ifndef STORAGE_VAULT_RING_H
#define STORAGE_VAULT_RING_H

#include "storage/seal/hash.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A bounded ring of byte slices that threads work on one after the other:
 * stage 0 fills a slot, each later stage works on it where it lies, the last
 * one's slots are free again. One thread a stage; nothing is copied on the way.
 */
#define RING_SLOTS_MAX 16u
#define RING_STAGES_MAX 3u

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
    struct ring_stage {
        pthread_cond_t more;
        size_t next;  /* slot */
        size_t ready; /* slots that wait for this stage */
        bool closed;  /* no more will come to it */
    } stages[RING_STAGES_MAX];
    unsigned n_stages;
    struct ring_slot slots[RING_SLOTS_MAX];
    size_t n_slots;
    uint8_t *mem;
    bool broken;
};

/* slice: a multiple of 4096. ERR_NOMEM. */
enum err ring_init(struct ring *r, unsigned stages, size_t slots, size_t slice) MUST_USE;
/* When all threads are done with it. */
void ring_free(struct ring *r);

/* The next slot for a stage, waiting for one (stage 0 gets it empty). NULL:
 * the stage before has closed, and nothing is left; or the ring is broken. */
struct ring_slot *ring_take(struct ring *r, unsigned stage);
/* Hands the slot that ring_take gave to the next stage. */
void ring_pass(struct ring *r, unsigned stage);
/* This stage hands on no more; what it did hand on is still worked on. */
void ring_close(struct ring *r, unsigned stage);
/* Gives up: every stage is told so. */
void ring_break(struct ring *r);

#endif
