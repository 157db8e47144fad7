#ifndef STORAGE_VAULT_PARTS_H
#define STORAGE_VAULT_PARTS_H

#include "storage/base/buf.h"
#include "storage/base/text.h"
#include "storage/seal/hash.h"

/* The clear list of a recording's blobs; format in storage/README.md. */

enum err parts_begin(struct buf *text) MUST_USE;
enum err parts_blob(struct buf *text, const struct hash *name, uint64_t size) MUST_USE;
enum err parts_mark(struct buf *text, const struct hash *mark) MUST_USE;

struct parts {
    struct text t;
    uint64_t blobs; /* returned so far */
    uint64_t bytes; /* sum of their sizes */
};

enum err parts_open(struct parts *p, const char *text, size_t n) MUST_USE;
/* Next line that this version knows: *mark says whether it is a mark (name
 * only) or a blob (0 < size <= BLOB_SEALED_MAX). ERR_END behind the last. */
enum err parts_next(struct parts *p, bool *mark, struct hash *name, uint64_t *size) MUST_USE;

#endif
