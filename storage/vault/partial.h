#ifndef STORAGE_VAULT_PARTIAL_H
#define STORAGE_VAULT_PARTIAL_H

#include "storage/vault/object.h"

/*
 * An object that is not whole yet: runs of its bytes in files
 * ROOT/objects/partial/HASH.OFFSET (decimal), each growing at its end. The
 * files are all there is to know, so a kill loses nothing that was written;
 * after a power cut a run may hold wrong bytes, which the hash of the whole
 * finds. Several handles may write to one object, by different roads, in turns:
 * what is there already is passed over.
 */
#define PARTIAL_RUNS_MAX 8u

struct partial_range {
    uint64_t from, to; /* to: behind the last byte */
};

/* Puts from..to among ranges that rise, touching and overlapping ones made one.
 * false: no place for one more. */
bool partial_range_add(struct partial_range list[static PARTIAL_RUNS_MAX], size_t *n, uint64_t from, uint64_t to);

/* What is held, rising, neither touching nor overlapping. None: n 0. */
enum err partial_ranges(const char *root, const struct hash *name, uint64_t size,
                        struct partial_range out[static PARTIAL_RUNS_MAX], size_t *n) MUST_USE;

struct partial {
    const char *root;
    struct hash name;
    uint64_t size;
    struct {
        uint64_t from;
        int fd;
    } runs[PARTIAL_RUNS_MAX];
    size_t n;
};

/* Opens what is there; makes nothing yet. root stays the caller's. */
enum err partial_open(struct partial *p, const char *root, const struct hash *name, uint64_t size) MUST_USE;
void partial_close(struct partial *p);
/* Not durable by itself. ERR_DATA: beyond the size, or one run too many
 * (these bytes are not kept). ERR_FULL, ERR_IO. */
enum err partial_write(struct partial *p, uint64_t offset, const void *bytes, size_t n) MUST_USE;
/* What it holds itself, without a look at the folder. */
void partial_held(const struct partial *p, struct partial_range out[static PARTIAL_RUNS_MAX], size_t *n);
bool partial_whole(const struct partial *p);
/* Bytes held from the beginning on. */
uint64_t partial_prefix(const struct partial *p);
/* Of a whole one: puts the runs together into a writer, all bytes added and
 * hashed, for object_commit or a group; the runs are closed. The writer's file
 * is the first run where it stands, so that a kill before the commit loses
 * nothing. The bytes may be wrong: that is for the commit to find. ERR_AGAIN:
 * another road finished or dropped it meanwhile. */
enum err partial_finish(struct partial *p, struct object_writer *w) MUST_USE;
/* Removes whatever there is of it. */
enum err partial_drop(const char *root, const struct hash *name) MUST_USE;
/* Removes what nobody wrote to for age_s seconds, whatever its name. */
enum err partial_sweep(const char *root, int64_t age_s) MUST_USE;

#endif
