#ifndef SYNC_CLIENT_WANTS_H
#define SYNC_CLIENT_WANTS_H

#include "storage/vault/want.h"
#include "sync/client/taking.h"

/* Parts lists whose blobs the jobs "want" ask for. */
struct want {
    struct hash parts;
    struct want_spans spans;
    bool labelled; /* an authentic label names it: */
    char chain[CHAIN_ID];
    uint64_t seq;
};

/* Every job, in order of parts. The caller frees *out. */
enum err wants_load(const struct taking *t, struct want **out, size_t *n) MUST_USE;
/* The one of these that asks for a list; NULL. */
const struct want *wants_find(const struct want *list, size_t n, const struct hash *parts);

/* Calls fn for each blob that w asks for and that is not here with its size.
 * ERR_NOINPUT: the parts list is not here; ERR_BAD, ERR_DATA: it is no good. */
typedef enum err wants_blob_fn(void *ctx, const struct hash *name, uint64_t size);
enum err wants_missing(const struct taking *t, const struct want *w, wants_blob_fn *fn, void *ctx) MUST_USE;
/* All that w asks for is here: ends its job. */
enum err wants_end(const struct taking *t, const struct want *w) MUST_USE;
/* Says how far one has come. */
void wants_tell(const struct taking *t, const struct want *w, uint64_t taken, uint64_t missing);

#endif
