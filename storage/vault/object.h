#ifndef STORAGE_VAULT_OBJECT_H
#define STORAGE_VAULT_OBJECT_H

#include "storage/base/buf.h"
#include "storage/seal/hash.h"
#include "storage/seal/identity.h"

/* Immutable files named by their hash under ROOT/objects, of a station, a hub
 * or a stick: objects/ab/abcdef... What is being written stands in
 * objects/tmp and is renamed when durable. */

#define OBJECT_PATH 4096

enum err object_path(char out[static OBJECT_PATH], const char *root, const struct hash *name) MUST_USE;
/* Is it there, with what size. Says nothing about its bytes. */
bool object_size(const char *root, const struct hash *name, uint64_t *size);
/* Durable: aside, fsync, rename, fsync of the directory. The name is worked
 * out. Writing what is there already is no error. */
enum err object_put(const char *root, const void *p, size_t n, struct hash *name) MUST_USE;
/* Reads at most max bytes and checks them against the name. ERR_NOINPUT
 * missing, ERR_BAD other bytes. */
enum err object_get(const char *root, const struct hash *name, size_t max, struct buf *out) MUST_USE;
/* Streams the file through the hash. ERR_NOINPUT, ERR_BAD. */
enum err object_check(const char *root, const struct hash *name, uint64_t *size) MUST_USE;
enum err object_remove(const char *root, const struct hash *name) MUST_USE;

/* A file that grows aside and becomes an object: blobs, imports. */
struct object_writer {
    const char *root;
    char tmp[OBJECT_PATH];
    int fd;
    uint64_t size;
    struct hash_state hash;
};
enum err object_begin(struct object_writer *w, const char *root) MUST_USE;
enum err object_add(struct object_writer *w, const void *p, size_t n) MUST_USE;
/* Durable under its name; expect (may be NULL): ERR_BAD and nothing kept when
 * the bytes are others. */
enum err object_commit(struct object_writer *w, const struct hash *expect, struct hash *name) MUST_USE;
/* Drops it; after a commit it does nothing. */
void object_abort(struct object_writer *w);
/* Removes what other, dead writers left in objects/tmp. The caller makes sure
 * that nobody writes now. */
enum err object_sweep(const char *root) MUST_USE;
/* Calls fn for every file under objects/ but tmp and partial: name is NULL for a file
 * whose name is no hash or that stands in the wrong folder. */
enum err object_each(const char *root, enum err (*fn)(void *ctx, const struct hash *name, const char *path),
                     void *ctx) MUST_USE;

/* zstd, then age to the recipients: an object's bytes. */
enum err object_seal(const void *plain, size_t n, const struct recipient *to, size_t n_to, struct buf *sealed) MUST_USE;
/* age, then zstd: at most max bytes of plaintext. ERR_DENIED without key. */
enum err object_open(const void *sealed, size_t n, const struct identity *ids, size_t n_ids, size_t max,
                     struct buf *plain) MUST_USE;

#endif
