#ifndef STORAGE_VAULT_INDEX_H
#define STORAGE_VAULT_INDEX_H

#include "storage/base/pulse.h"
#include "storage/vault/label.h"
#include "storage/vault/queue.h"
#include "storage/vault/station.h"

/* From labels on disk to rows of the index. */

/* The rows of one checked label at offset of its chain's file: itself, and
 * those of its batch object, parts list, blobs and marks that are in
 * objects/; what it frees is dropped. Inside the caller's transaction. */
enum err index_label(struct queue *q, const char *dir, const struct label *l, uint64_t offset, bool own) MUST_USE;
/* Labels that stand in the chain files behind what the index knows (a power
 * cut between the label and its rows). */
enum err index_catch_up(struct station *s) MUST_USE;
enum err index_catch_up_chain(struct station *s, const char *chain) MUST_USE;
/* Every authentic label of a file from offset on into q; others are counted
 * in the log and left to verify. pulse counts bytes of labels. */
enum err index_file(struct queue *q, const char *dir, const struct roster *r, const char *own, const char *chain,
                    uint64_t offset, struct pulse *pulse) MUST_USE;
/* fn for every chain that has a labels file in dir. */
enum err index_each_chain(const char *dir, enum err (*fn)(void *ctx, const char *chain), void *ctx) MUST_USE;

#endif
