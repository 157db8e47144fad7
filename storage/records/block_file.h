#ifndef STORAGE_RECORDS_BLOCK_FILE_H
#define STORAGE_RECORDS_BLOCK_FILE_H

#include "storage/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One file of sealed blocks, read and written at any offset like a plain one.
 * One process and one thread at a time.
 *
 * On disk pages of 4096 bytes: a head ("feldsher-blocks\n", version, kind,
 * file id of 16 random bytes, keyed BLAKE2b-256 of these and of the parent's
 * id), then groups of one page of seals and the 48 blocks behind it. A block
 * has two seals of 42 bytes: nonce (24), tag (16), length of its plaintext and
 * a serial number (2, little-endian; 13 and 3 bits). XChaCha20-Poly1305, with
 * file id, block number and those 2 bytes authenticated. Writing a block puts
 * its new seal in the place of the one not in force, and then the block:
 * whichever write was the last before a kill, one of the two fits. Only the
 * last block is shorter than 4096. A power cut may leave blocks that no seal
 * fits: of a log (journal, WAL) they read as zeros, where SQLite stops its
 * recovery, of a database they are ERR_BAD.
 */
#define BLOCK_SIZE 4096u
#define BLOCK_KEY 32
#define BLOCK_ID 16

enum block_kind {
    BLOCK_MAIN, /* a database: locked against other processes while open */
    BLOCK_LOG,  /* its journal or WAL: bound to the database's id */
    BLOCK_TEMP, /* path is a folder; under a key that nobody keeps, without a name */
};

struct block_file;

/* ERR_NOINPUT: not there and not to be made; ERR_AGAIN: another process has
 * it; ERR_BAD: another key, another version, or no such file; ERR_FULL,
 * ERR_IO. key and parent (NULL: none) are copied. */
enum err block_file_open(struct block_file **out, const char *path, enum block_kind kind,
                         const uint8_t key[static BLOCK_KEY], const uint8_t *parent, bool create) MUST_USE;
/* Writes what is held back, closes, wipes. The file is closed in any case. */
enum err block_file_close(struct block_file *f) MUST_USE;
/* Its id, for the files that hang on it. */
const uint8_t *block_file_id(const struct block_file *f);

/* Bytes behind the end are zeros; *got is how many were before it. ERR_BAD: a
 * block fails its check. */
enum err block_file_read(struct block_file *f, void *p, size_t n, uint64_t offset, size_t *got) MUST_USE;
/* May be held back in memory until flush. */
enum err block_file_write(struct block_file *f, const void *p, size_t n, uint64_t offset) MUST_USE;
/* What is held back is given to the system: it survives this process. */
enum err block_file_flush(struct block_file *f) MUST_USE;
/* And is durable. */
enum err block_file_sync(struct block_file *f) MUST_USE;
enum err block_file_truncate(struct block_file *f, uint64_t size) MUST_USE;
uint64_t block_file_size(const struct block_file *f);
/* Something is held back. */
bool block_file_dirty(const struct block_file *f);
/* A block (or the head) of this log was passed over since no seal fits. */
bool block_file_torn(const struct block_file *f);

#endif
