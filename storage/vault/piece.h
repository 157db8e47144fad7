#ifndef STORAGE_VAULT_PIECE_H
#define STORAGE_VAULT_PIECE_H

#include "storage/seal/compress.h"
#include "storage/vault/aside.h"
#include "storage/vault/claim.h"
#include "storage/vault/intake.h"

/*
 * One file of a camera on its way into blobs: a recording or a sidecar. A
 * short one (up to a blob) is read into memory, sealed and set aside; a long
 * one goes through the pipeline, with a job that lets it go on.
 */

/* What all pieces of an intake share. */
struct piece_room {
    struct station *s;
    const char *camera; /* serial or volume, "" unknown */
    struct recipient to[4];
    size_t n_to;
    struct compress *compress[2]; /* by kind */
    struct aside aside;
    struct buf bytes; /* a short file's plaintext */
    struct claims jobs;
    void (*progress)(void *ctx, uint64_t done);
    void *ctx;
    bool camera_failed; /* the last error is the camera's or the file's, not ours */
};

struct piece {
    const struct intake_source *source;
    enum compress_kind kind;
    bool whole;                /* a short one whose bytes are in the room already */
    struct hash fast;          /* marks; see mark.h */
    struct hash full, content; /* zero: none */
    struct hash ends, copy;
    uint64_t holes; /* bytes that could not be read */
    struct hash plain;
    struct blobs blobs;
    uint64_t read;
    uint64_t resumed_from;
};

bool piece_is_short(const struct intake_source *f);

/* Takes the fast mark. */
enum err piece_begin(struct piece_room *room, struct piece *p, const struct intake_source *source,
                     enum compress_kind kind) MUST_USE;
/* Finds what blobs of it an interrupted run left. ERR_AGAIN: another intake is at work on it. */
enum err piece_resume(struct piece_room *room, struct piece *p) MUST_USE;
/* Reads it once: hash and marks are known afterwards. A long one's blobs are
 * durable then; a short one waits in the room for piece_seal. */
enum err piece_read(struct piece_room *room, struct piece *p) MUST_USE;
/* Seals a short one and sets its blob aside; for a long one does nothing. */
enum err piece_seal(struct piece_room *room, struct piece *p) MUST_USE;
/* Gives up a long one's blobs and job. */
enum err piece_drop(struct piece *p) MUST_USE;
void piece_free(struct piece *p);

#endif
