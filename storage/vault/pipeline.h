#ifndef STORAGE_VAULT_PIPELINE_H
#define STORAGE_VAULT_PIPELINE_H

#include "storage/seal/compress.h"
#include "storage/seal/hash.h"
#include "storage/seal/identity.h"
#include "storage/vault/blobs.h"
#include "storage/vault/intake.h"

/*
 * A long file on its way from a camera to durable blobs. The calling thread
 * reads and hashes the plaintext, one compresses and seals, one hashes what is
 * sealed, and one writes: of the work none has more than a third, so that two
 * cores are busy all the time, and the disk's waiting is hidden. Blobs are written past the page cache where the file
 * system permits it (they are not read again soon, and the copy into it costs
 * as much as sealing), and made durable a few at a time. Memory: two rings of
 * 4 and 8 MiB, whatever the file's size.
 */
struct pipeline {
    const struct intake_source *source;
    const struct recipient *to;
    size_t n_to;
    struct compress *compress;
    struct blobs *blobs;                        /* those before the start; the new ones are recorded here */
    struct hash_state hash;                     /* of the plaintext before the start; afterwards of all of it */
    void (*progress)(void *ctx, uint64_t done); /* may be NULL; at most four times a second */
    void *ctx;
    /* out, with an error */
    bool changed; /* the file is not what was listed, what was taken is of no use */
    bool ours;    /* not the camera failed, but our side */
};

/* Takes the file from blobs_length(blobs) to its end. ERR_AGAIN: it changed
 * (changed is set) or went away; ERR_IO: it cannot be read; ERR_FULL and
 * others: our side. In every case the blobs that became durable stand in
 * blobs and its job, and nothing is left in objects/tmp. */
enum err pipeline_run(struct pipeline *p) MUST_USE;

/* Reads exactly n bytes at offset. ERR_AGAIN: fewer are there. */
enum err pipeline_read(const struct intake_source *s, uint64_t offset, void *p, size_t n, bool *changed) MUST_USE;
/* ERR_AGAIN if the file is not as long as listed, or the camera says that it
 * changed. */
enum err pipeline_read_end(const struct intake_source *s, bool *changed) MUST_USE;

#endif
