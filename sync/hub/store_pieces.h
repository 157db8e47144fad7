#ifndef SYNC_HUB_STORE_PIECES_H
#define SYNC_HUB_STORE_PIECES_H

#include "storage/vault/partial.h"

/*
 * Objects that come in pieces, with the files of those written to last kept
 * open: looking for them anew costs a walk through the folder. All roads of
 * one hub write through this one.
 */
struct store_pieces {
    const char *dir;
    struct store_piece *list;
    size_t n, cap;
    size_t files_max; /* kept open */
    uint64_t clock;
};

void store_pieces_init(struct store_pieces *s, const char *dir);
void store_pieces_close(struct store_pieces *s);
enum err store_pieces_held(struct store_pieces *s, const struct hash *name, uint64_t size,
                           struct partial_range held[static PARTIAL_RUNS_MAX], size_t *n) MUST_USE;
enum err store_pieces_write(struct store_pieces *s, const struct hash *name, uint64_t size, uint64_t offset,
                            const void *p, size_t n) MUST_USE;
/* partial_finish, and partial_drop. */
enum err store_pieces_finish(struct store_pieces *s, const struct hash *name, uint64_t size,
                             struct object_writer *w) MUST_USE;
enum err store_pieces_drop(struct store_pieces *s, const struct hash *name) MUST_USE;

#endif
