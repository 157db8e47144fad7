#ifndef STORAGE_VAULT_INTAKE_H
#define STORAGE_VAULT_INTAKE_H

#include "storage/vault/chain.h"

#include <jansson.h>

/*
 * From a camera's file to sealed blobs in one pass: read once; hash, compress,
 * seal, name; write aside, fsync, rename, fsync the directory; append. A file
 * longer than a blob keeps two cores busy (pipeline.h), and when it is
 * interrupted it goes on behind its last durable blob after its beginning was
 * read again and proven the same. Shorter ones are gathered and made durable
 * together.
 */
#define INTAKE_FILE_MAX ((uint64_t)128 << 30) /* with its sidecars: its entry must fit a batch */
#define INTAKE_PATH_MAX 4096u
#define INTAKE_SIDECARS_MAX 62u /* of the camera; one more may be made */

/* Bytes of one file; implemented by a camera. read returns at most n bytes
 * from offset in *got (0: end); it is always asked for a byte behind the end.
 * Errors: ERR_IO (this file fails), ERR_AGAIN (the camera or the file is
 * gone, or the user stops), ERR_BAD (the file is not what was listed: size or
 * time changed). */
struct intake_source {
    enum err (*read)(void *ctx, uint64_t offset, void *p, size_t n, size_t *got);
    void *ctx;
    const char *path; /* on the camera; any bytes but NUL, not empty */
    uint64_t size;    /* as listed */
    int64_t mtime;    /* ms; INT64_MIN unknown */
    /* Further members of the file's entry, asked for once its last byte was
     * read (holes, retries, what the directory said): a new object, NULL: out
     * of memory. May be NULL itself. */
    json_t *(*facts)(void *ctx);
    /* Bytes that could not be read and were handed out as zeros, of what was
     * read last of each place. May be NULL: none. */
    uint64_t (*holes)(void *ctx);
    bool in_order; /* to read here and there is to read all before it: it is known by its beginning */
};

struct intake_camera {
    const char *vendor, *product, *serial, *profile, *volume; /* "" unknown */
    int64_t clock;                                            /* the camera's own, ms; INT64_MIN unknown */
};

enum intake_result {
    INTAKE_STORED,
    INTAKE_RESUMED, /* stored, going on from durable blobs */
    INTAKE_KNOWN,   /* held already, not stored twice */
};

struct intake_file {
    const struct intake_source *recording;
    const struct intake_source *sidecars;
    size_t n_sidecars; /* at most INTAKE_SIDECARS_MAX */
    /* One more, made out of the others, which have been read by then and are
     * not held yet; facts are asked for later. It lives as long as they do.
     * NULL: none. May be NULL itself. */
    const struct intake_source *(*made)(void *ctx);
    void *ctx;
};

struct intake_report {
    enum intake_result result;
    char id[ENTRY_ID]; /* of the recording's entry; "" when known */
    uint64_t bytes;    /* of plaintext read */
    uint64_t resumed_from;
    bool durable; /* nothing is gathered any more: this one, without an error, and all before are in the chain */
    bool lost;    /* with an error: those gathered before were dropped */
    bool stop;    /* with an error: our side failed, the next file would fare no better */
};

struct intake;
/* Several work at a station at a time, one a camera (by serial and volume;
 * ERR_AGAIN). What dead ones left is cleared away. camera's texts must live as
 * long. progress may be NULL: called at most about four times a second with
 * the bytes done of the present file. */
enum err intake_new(struct intake **out, struct station *s, const struct intake_camera *camera,
                    void (*progress)(void *ctx, uint64_t done), void *ctx) MUST_USE;
/* Takes one recording. One with holes is stored, and is known again when it is
 * offered with as many; with fewer, or whole, it is stored anew.
 * Short ones are gathered: they are in the chain once a
 * later report says durable or intake_flush has ended well, and are not stored
 * when one of these fails. Of a known recording the sidecars are not looked
 * at: offer them on their own. ERR_IO: the camera's file cannot be read;
 * ERR_AGAIN: it or the camera vanished, or it changed while it was read;
 * ERR_DATA: beyond a ceiling; ERR_FULL: stop, nothing finished is lost. The
 * sentence of the first three calls the file "it". */
enum err intake_file(struct intake *in, const struct intake_file *f, struct intake_report *r) MUST_USE;
/* Appends what is gathered. */
enum err intake_flush(struct intake *in) MUST_USE;
/* The same in the middle of a read of intake_file, before a long pause: what
 * can be finished is, the rest stays gathered. */
enum err intake_pause(struct intake *in) MUST_USE;
/* Without a flush, what is gathered is dropped (and will be taken in anew). */
void intake_free(struct intake *in);
/* ERR_FULL with a sentence when bytes of recordings would not fit above
 * RESERVE_RECORDS. */
enum err intake_space(const struct station *s, uint64_t bytes) MUST_USE;

#endif
