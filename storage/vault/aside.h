#ifndef STORAGE_VAULT_ASIDE_H
#define STORAGE_VAULT_ASIDE_H

#include "storage/vault/blobs.h"
#include "storage/vault/object.h"

/*
 * Small objects set aside in objects/tmp until there are enough of them to be
 * made durable together: two waits for the disk, not two for each. Their job
 * in the index bears a mark that is no file's and names this process; what a
 * dead one's names and no label does is removed at the next start.
 */
struct aside {
    struct blobs blobs;
    char (*tmp)[64];
    size_t cap;
    size_t placed; /* under their names already, from the first on */
    int fd;        /* objects/tmp, opened before the first is written: it tells of every failed write since */
};

void aside_init(struct aside *a, struct queue *q, const char *root);
/* Is it such a mark? *over: its process works here no more. A number used
 * again by another program keeps it until that has ended, too. */
bool aside_is_mark(const struct hash *mark, bool *over);
/* Removes what was not committed. */
void aside_free(struct aside *a);

/* Before writing one with object_begin. */
enum err aside_open(struct aside *a) MUST_USE;
/* Takes over a file to which everything was added; on an error too. length:
 * of its plaintext. */
enum err aside_keep(struct aside *a, struct object_writer *w, uint64_t length, struct blob *out) MUST_USE;
/* All of it in one. */
enum err aside_put(struct aside *a, const void *p, size_t n, struct hash *name) MUST_USE;
/* Drops those behind the first n. */
void aside_cut(struct aside *a, size_t n);

/* Durable, under their names, in the job. The caller ends it by aside_end once
 * a label names them, or gives them up by aside_drop. */
enum err aside_commit(struct aside *a) MUST_USE;
enum err aside_end(struct aside *a) MUST_USE;
void aside_drop(struct aside *a);

#endif
