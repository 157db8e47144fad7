#ifndef STORAGE_TRUST_LICENCE_H
#define STORAGE_TRUST_LICENCE_H

#include "storage/base/text.h"
#include "storage/seal/hash.h"
#include "storage/trust/roster.h"

/*
 * What an erase licence (a notice of kind erase) says besides its id, time and
 * reason: which files of which camera may go, until when, and the receipts by
 * which they are held. A notice is clear text that everybody carries, and a
 * camera's serial, a file's name and a video's hash are not everybody's: they
 * stand here as fingerprints, salted with the notice's id, that only who has
 * the camera, or the file itself, can work out. Format in storage/README.md.
 */
#define LICENCE_FILES_MAX 2000u    /* of one notice: it stays below NOTICE_MAX */
#define LICENCE_RECEIPTS_MAX 32u   /* one a chain */
#define LICENCE_RECEIPT_MAX 12000u /* bytes: in base64 it fits a line */
#define LICENCE_COPIES_MIN 2u
#define LICENCE_COPIES_MAX 4u
#define LICENCE_ID 21 /* as NOTICE_ID */

struct licence_file {
    uint64_t size;
    int64_t mtime;     /* as found; ms, whole seconds; INT64_MIN unknown */
    struct hash proof; /* licence_proof of its bytes and its path */
    char recording[LICENCE_ID];
    char chain[CHAIN_ID]; /* the label that its recording stands in */
    uint64_t seq;
};

struct licence {
    struct hash camera, volume; /* licence_camera, licence_volume */
    int64_t expires;
    unsigned copies; /* where no hub is heard of: so many verified copies will do; 0: only a receipt does */
    struct licence_file *files;
    size_t n_files;
    struct buf *receipts; /* as signed; nothing is said about them */
    size_t n_receipts;
};

void licence_free(struct licence *l);
/* Copies; the receipt's bytes too. ERR_DATA: beyond a ceiling. */
enum err licence_add_file(struct licence *l, const struct licence_file *f) MUST_USE;
enum err licence_add_receipt(struct licence *l, const void *text, size_t n) MUST_USE;

/* BLAKE2b-256 of "ID camera SERIAL" and "ID volume VOLUME" ("" where there is none). */
struct hash licence_camera(const char *id, const char *serial);
struct hash licence_volume(const char *id, const char *volume);
/* BLAKE2b-256 of "ID file HASH PATH": HASH of the file's bytes, PATH as the
 * entry has it, escaped. ERR_NOMEM. */
enum err licence_proof(struct hash *out, const char *id, const struct hash *plain, const char *path) MUST_USE;

/* One line of a notice of kind erase; *l is made at the first that is a
 * licence's, *seen is 0 at first. Malformed ones spoil it. ERR_NOMEM. */
enum err licence_read(struct licence **l, unsigned *seen, const struct field *f) MUST_USE;
/* Behind the last line: what is spoilt, or lacks a line, is no licence (of
 * another version, perhaps: such a notice is passed on): *l becomes NULL. */
void licence_end(struct licence **l, unsigned seen);
enum err licence_write(const struct licence *l, struct buf *out) MUST_USE;

#endif
