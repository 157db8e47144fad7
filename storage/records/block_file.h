#ifndef STORAGE_RECORDS_BLOCK_FILE_H
#define STORAGE_RECORDS_BLOCK_FILE_H

#include "storage/records/block_disk.h"

/*
 * A file of sealed blocks (block_disk.h), read and written at any offset like
 * a plain one; small writes are put together in memory. One process and one
 * thread at a time.
 *
 * A power cut may leave blocks that no seal fits: of a log (journal, WAL) they
 * read as zeros, where SQLite stops its recovery; of a database they are
 * ERR_BAD.
 */
struct block_file;

/* ERR_NOINPUT: not there and not to be made; ERR_AGAIN: another process has
 * it; ERR_BAD: another key, another version, or no such file; ERR_FULL,
 * ERR_IO. key and parent (the id of the database that a log belongs to; NULL:
 * none) are copied. */
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
/* A block (or the head) of this log was passed over since no seal fits. */
bool block_file_torn(const struct block_file *f);

#endif
