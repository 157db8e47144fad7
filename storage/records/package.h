#ifndef STORAGE_RECORDS_PACKAGE_H
#define STORAGE_RECORDS_PACKAGE_H

#include "storage/base/buf.h"
#include "storage/seal/hash.h"
#include "storage/seal/sign.h"

#include <stdbool.h>

/*
 * The folder of an evidence package while it is written: aside, as DIR.part,
 * every file synced; package_publish renames it when it is whole. What a
 * killed writer left as DIR.part is removed by the next one.
 */
#define PACKAGE_NAME 160
#define PACKAGE_FILES_MAX 8192u

struct package {
    char dir[4096];
    char part[4096];
    struct package_entry {
        char name[PACKAGE_NAME];
        uint8_t sha256[32];
        struct hash blake2b;
    } * files;
    size_t n;
    bool made; /* the part folder is ours to remove */
};

/* ERR_CREATE: DIR is there and not an empty folder, or DIR.part is somebody's. */
enum err package_begin(struct package *p, const char *dir) MUST_USE;
/* A whole small file. name: at most one folder deep. */
enum err package_put(struct package *p, const char *name, const void *bytes, size_t n) MUST_USE;
enum err package_str(struct package *p, const char *name, const char *text) MUST_USE;
/* A signed text as NAME, and its body and bare signature as STEM.body and
 * STEM.sig for openssl. */
enum err package_signed(struct package *p, const char *stem, const char *extension, const char *text,
                        size_t n) MUST_USE;

/* A large file, written as it comes: sink is a sink_fn with the stream as its
 * context. After an error it is closed. */
struct package_stream {
    struct package *p;
    struct package_entry *entry;
    int fd;
    uint64_t size;
    struct hash_state blake2b;
    crypto_hash_sha256_state sha256;
};
enum err package_stream_open(struct package_stream *w, struct package *p, const char *name) MUST_USE;
enum err package_stream_add(void *stream, const uint8_t *bytes, size_t n);
enum err package_stream_close(struct package_stream *w, enum err so_far) MUST_USE;

/* SHA256SUMS over what is there, its signature by k (stock minisign), B2SUMS
 * over all of that. Nothing may be added afterwards. */
enum err package_sums(struct package *p, const char *comment, const struct sign_secret *k) MUST_USE;
/* Makes it visible under its name. */
enum err package_publish(struct package *p) MUST_USE;
/* Removes what was not published. */
void package_end(struct package *p);

#endif
