#ifndef STORAGE_VAULT_BLOBS_H
#define STORAGE_VAULT_BLOBS_H

#include "storage/vault/queue.h"

/*
 * The blobs of one file of a camera while it is taken in, and the job in the
 * index that lets an interrupted one go on. Blob number i holds the plaintext
 * from i * BLOB_PLAIN_MAX on; all but the last hold BLOB_PLAIN_MAX bytes.
 *
 * The job is a text "feldsher-intake 1": "time: T", then a line "blob: NAME
 * SIZE LENGTH PREFIX" each, PREFIX being the hash of the file's plaintext up
 * to the blob's end. Its name is the file's fast mark; behind every 128 blobs
 * it goes on under MARK.1, MARK.2, ... A blob stands in it before it appears
 * in objects/, so none is ever lost sight of.
 */
struct blob {
    struct hash name;
    struct hash prefix;
    uint64_t length; /* of plaintext */
    uint64_t size;   /* sealed */
};

struct blobs {
    struct queue *queue;
    const char *root;
    struct hash mark;
    struct blob *v;
    size_t n;
    size_t cap;
    size_t rows; /* of the job; 0: there is none */
};

#define BLOBS_JOB "intake"
#define BLOBS_JOB_AGE ((int64_t)60 * 86400 * 1000) /* an interrupted file is waited for so long */

void blobs_init(struct blobs *b, struct queue *q, const char *root, const struct hash *mark);
void blobs_free(struct blobs *b);
/* Adds one, without a word in the job yet. */
enum err blobs_add(struct blobs *b, const struct blob *blob) MUST_USE;
/* Writes those from number first on into the job, durably. */
enum err blobs_write(struct blobs *b, size_t first) MUST_USE;
/* Plaintext bytes in them. */
uint64_t blobs_length(const struct blobs *b);

/* Takes up what the job of a file of size bytes left, as far as its objects
 * are there, whole by their size; those behind a gap are removed. */
enum err blobs_resume(struct blobs *b, uint64_t size) MUST_USE;
/* Ends the job: its blobs stand in the chain now. Inside a transaction or not. */
enum err blobs_end(struct blobs *b) MUST_USE;
/* Ends the job, if there is one, and removes the blobs that no label names. */
enum err blobs_drop(struct blobs *b) MUST_USE;

/* Removes an object unless a label names it. */
enum err blobs_remove(struct queue *q, const char *root, const struct hash *name) MUST_USE;

/* Drops every job that will not be resumed: older than BLOBS_JOB_AGE at now
 * (ms), unreadable, or that over(ctx, mark) calls settled. */
enum err blobs_sweep(struct queue *q, const char *root, int64_t now, bool (*over)(void *ctx, const struct hash *mark),
                     void *ctx) MUST_USE;

#endif
