#ifndef SYNC_HUB_STORE_MEMORY_PIECES_H
#define SYNC_HUB_STORE_MEMORY_PIECES_H

#include "sync/hub/store.h"

/* store_pieces.h in memory. */
struct store_memory_pieces {
    struct buf list;
};

void store_memory_pieces_free(struct store_memory_pieces *s);
void store_memory_pieces_held(const struct store_memory_pieces *s, const struct hash *name, uint64_t size,
                              struct partial_range held[static PARTIAL_RUNS_MAX], size_t *n);
enum err store_memory_pieces_write(struct store_memory_pieces *s, const struct hash *name, uint64_t size,
                                   uint64_t offset, const void *bytes, size_t n) MUST_USE;
/* Moves the bytes of a whole one to out. ERR_AGAIN: it is not whole. */
enum err store_memory_pieces_take(struct store_memory_pieces *s, const struct hash *name, uint64_t size,
                                  struct buf *out) MUST_USE;
void store_memory_pieces_drop(struct store_memory_pieces *s, const struct hash *name);

#endif
