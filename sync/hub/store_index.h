#ifndef SYNC_HUB_STORE_INDEX_H
#define SYNC_HUB_STORE_INDEX_H

#include "sync/hub/store.h"

/* hub.db: rows about the hub's files, and all of the hub's SQL. Rows are
 * changed inside a transaction. Calls from a callback into the same index are
 * fine. */
struct store_index;

/* How it is opened. */
enum store_index_mode {
    STORE_INDEX_READ,
    STORE_INDEX_WRITE,
    STORE_INDEX_TRY, /* to change and roll back: nothing reaches the file */
};

/* ERR_BAD: damaged, or of another version. */
enum err store_index_open(struct store_index **out, const char *path, enum store_index_mode mode) MUST_USE;
/* clean: every commit succeeded. */
void store_index_close(struct store_index *x, bool clean);
/* The writer before did not close it: its last changes may be lost. */
bool store_index_unclean(const struct store_index *x);
/* Brings the tables up to this version, in the running transaction. routes:
 * those of the labels that are known are to be added. */
enum err store_index_upgrade(struct store_index *x, bool *routes) MUST_USE;
enum err store_index_begin(struct store_index *x) MUST_USE;
enum err store_index_commit(struct store_index *x) MUST_USE;
void store_index_rollback(struct store_index *x);
/* What SQLite finds wrong, a sentence each. */
enum err store_index_check(struct store_index *x, void (*bad)(void *ctx, const char *why), void *ctx) MUST_USE;

/* length: bytes of the chain's file that the index knows. make: a row where
 * there is none. */
enum err store_index_chain(struct store_index *x, const char *name, bool make, struct store_chain *out,
                           uint64_t *length) MUST_USE;
enum err store_index_each_chain(struct store_index *x, store_chain_fn *fn, void *ctx) MUST_USE;
enum store_index_mark { STORE_INDEX_HEARD, STORE_INDEX_SETTLED, STORE_INDEX_DAMAGED };
enum err store_index_mark(struct store_index *x, enum store_index_mark m, const char *chain, int64_t value) MUST_USE;
enum err store_index_alarm(struct store_index *x, const char *chain, uint64_t seq, const struct hash *a,
                           const struct hash *b) MUST_USE;

/* A label that stands (or will) in its chain's file at offset, its needs of
 * batch and parts list, and where it goes. */
enum err store_index_label(struct store_index *x, const struct label *l, uint64_t offset) MUST_USE;
/* Where it goes, alone. */
enum err store_index_routes(struct store_index *x, const struct label *l) MUST_USE;
enum err store_index_each_route(struct store_index *x, const char *to, store_route_fn *fn, void *ctx) MUST_USE;
/* ERR_NOINPUT. */
enum err store_index_find(struct store_index *x, const char *chain, uint64_t seq, struct hash *h, uint64_t *offset,
                          size_t *n) MUST_USE;

enum err store_index_need(struct store_index *x, const char *chain, uint64_t seq, enum store_kind kind,
                          const struct hash *name, uint64_t size) MUST_USE;
enum err store_index_each_need(struct store_index *x, const struct hash *name, store_need_fn *fn, void *ctx) MUST_USE;
enum err store_index_each_wanted(struct store_index *x, const char *chain, store_need_fn *fn, void *ctx) MUST_USE;

/* An object whose bytes are in place, charged to chain; one that is gone. */
enum err store_index_held(struct store_index *x, const char *chain, const struct hash *name, uint64_t size) MUST_USE;
enum err store_index_gone(struct store_index *x, const struct hash *name, uint64_t *freed) MUST_USE;
typedef enum err store_index_object_fn(void *ctx, const struct hash *name, uint64_t size);
enum err store_index_each_object(struct store_index *x, store_index_object_fn *fn, void *ctx) MUST_USE;

/* Numbers by name, 0 where there is none. "removed": bytes of the file
 * `removed` that the rows know. */
enum err store_index_meta(struct store_index *x, const char *name, uint64_t *value) MUST_USE;
enum err store_index_set_meta(struct store_index *x, const char *name, uint64_t value) MUST_USE;
enum err store_index_totals(struct store_index *x, struct store_totals *t) MUST_USE;

#endif
