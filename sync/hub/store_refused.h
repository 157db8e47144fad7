#ifndef SYNC_HUB_STORE_REFUSED_H
#define SYNC_HUB_STORE_REFUSED_H

#include "storage/base/buf.h"
#include "storage/seal/hash.h"
#include "sync/hub/store_types.h"

/*
 * Why things were not taken, of one chain:
 *
 *   quarantine/CHAIN/reasons       feldsher-quarantine 1: "label N: TIME WHY"
 *                                  and "object HASH: TIME WHY", oldest first
 *   quarantine/CHAIN/NAME.refused  the bytes: label-N or HASH (what they
 *                                  should have been)
 *
 * Not waited for: a power cut may take the last of them. A damaged file counts
 * as none.
 */
struct store_refused_list {
    struct buf list; /* of struct store_refused, at most ASIDE_LABELS_MAX */
};

/* The line, in place of an older one of the same; dropped gets what went for
 * it ("" nothing). ERR_BUG: what is of another form. */
enum err store_refused_note(struct store_refused_list *l, const char *what, const char *why, int64_t now,
                            struct store_refused *dropped) MUST_USE;
size_t store_refused_count(const struct store_refused_list *l);
const struct store_refused *store_refused_at(const struct store_refused_list *l, size_t i);
void store_refused_free(struct store_refused_list *l);
/* What is said of a label that is set aside. */
const char *store_refused_aside(bool cloned);

/* The same on a hub's disk. */
enum err store_refused_add(const char *dir, const char *chain, const char *what, const char *why, const void *bytes,
                           size_t n) MUST_USE;
/* Moves a file there, if there is room for its bytes. */
enum err store_refused_move(const char *dir, const char *chain, const struct hash *object, const char *file,
                            uint64_t size, const char *why) MUST_USE;
enum err store_refused_each(const char *dir, const char *chain, store_refused_fn *fn, void *ctx) MUST_USE;

#endif
