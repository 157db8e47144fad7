#ifndef STORAGE_VAULT_INTAKE_H
#define STORAGE_VAULT_INTAKE_H

#include "storage/vault/chain.h"

/*
 * From a camera's file to sealed blobs in one pass: read once; hash, compress,
 * seal, name; write aside, fsync, rename, fsync the directory; append. Two
 * threads: one reads and hashes, one seals and writes. An interrupted file
 * goes on behind its last durable blob after its beginning was read again and
 * proven the same.
 */

/* Bytes of one file; implemented by a camera. read returns at most n bytes
 * from offset in *got (0: end). Errors: ERR_IO (this file fails), ERR_AGAIN
 * (the camera is gone). */
struct intake_source {
    enum err (*read)(void *ctx, uint64_t offset, void *p, size_t n, size_t *got);
    void *ctx;
    const char *path; /* on the camera; any bytes but NUL */
    uint64_t size;    /* as listed */
    int64_t mtime;    /* ms; INT64_MIN unknown */
};

struct intake_camera {
    const char *vendor, *product, *serial, *profile, *volume; /* "" unknown */
    int64_t clock; /* the camera's own, ms; INT64_MIN unknown */
};

enum intake_result {
    INTAKE_STORED,
    INTAKE_RESUMED, /* stored, going on from durable blobs */
    INTAKE_KNOWN,   /* held already, not stored twice */
};

struct intake_file {
    const struct intake_source *recording;
    const struct intake_source *sidecars;
    size_t n_sidecars;
};

struct intake_report {
    enum intake_result result;
    char id[ENTRY_ID]; /* of the recording's entry; "" when known */
    uint64_t bytes;    /* of plaintext read */
    uint64_t resumed_from;
};

struct intake;
/* progress may be NULL: called at most about four times a second with the
 * bytes done of the present file. */
enum err intake_new(struct intake **out, struct station *s, const struct intake_camera *camera,
                    void (*progress)(void *ctx, uint64_t done), void *ctx) MUST_USE;
/* Takes one recording. Small ones are gathered: their entries are durable
 * after the next intake_flush at the latest, and before that they are not
 * reported as stored by the station. ERR_IO: the camera's file cannot be read
 * (the next may be tried); ERR_AGAIN: the camera or the file vanished, or it
 * changed while it was read; ERR_FULL: stop, nothing finished is lost. */
enum err intake_file(struct intake *in, const struct intake_file *f, struct intake_report *r) MUST_USE;
/* Appends what is gathered. */
enum err intake_flush(struct intake *in) MUST_USE;
/* Without a flush, what is gathered is dropped (and will be taken in anew). */
void intake_free(struct intake *in);
/* ERR_FULL with a sentence when bytes of recordings would not fit above
 * RESERVE_RECORDS. */
enum err intake_space(const struct station *s, uint64_t bytes) MUST_USE;

#endif
