#ifndef SYNC_HUB_STORE_H
#define SYNC_HUB_STORE_H

#include "storage/vault/partial.h"
#include "sync/folder/stick.h"
#include "sync/hub/store_types.h"

/*
 * What a hub keeps: chains of labels, and the objects that labels need. Two
 * stores stand behind this one struct of callbacks: the embedded one (SQLite
 * index, files) and its twin in memory, which tests run the same logic on.
 *
 * A label NEEDS its batch object, its parts list, and the blobs of that list.
 * A need is wanted until an object of that name and size is held; held; or
 * removed, when a period of retention or a destruction order took the bytes.
 *
 * Changes stand between begin and commit; after commit they survive a power
 * cut. Labels appended are in their file before the index knows them, and an
 * object's bytes are in place before its row: whatever instant the power
 * goes, opening the store anew brings the index up to the files.
 */
struct store {
    void (*close)(struct store *s);
    enum err (*begin)(struct store *s);
    enum err (*commit)(struct store *s);
    /* commit in its steps, for who must not wait for the disk: flush, place,
     * flush, finish. flush may run on another thread, while here only what
     * reads is called, and piece. The first flush makes labels durable, and the
     * bytes of objects; place gives objects their names; after the second flush
     * all of it is durable; finish commits the index, which catches up by
     * itself otherwise. Pieces are durable after any flush. An error: nothing
     * is; roll back, and open the store anew, as after a failed commit. */
    enum err (*flush)(struct store *s);
    enum err (*place)(struct store *s);
    enum err (*finish)(struct store *s);
    void (*rollback)(struct store *s);

    /* A chain never heard of is all zeros but its id. */
    enum err (*chain)(struct store *s, const char *id, struct store_chain *out);
    enum err (*each_chain)(struct store *s, store_chain_fn *fn, void *ctx);
    /* The caller has checked signature, number and prev. Wants its batch and
     * parts list. */
    enum err (*append)(struct store *s, const struct label *l);
    /* The text, replacing what is in out. ERR_NOINPUT, ERR_BAD damaged. */
    enum err (*label)(struct store *s, const char *chain, uint64_t seq, struct buf *out);
    /* Chains with labels for one name of their `to` ("records/unit", "unit/unit"). */
    enum err (*each_route)(struct store *s, const char *to, store_route_fn *fn, void *ctx);
    enum err (*heard)(struct store *s, const char *chain, int64_t now);
    enum err (*settled)(struct store *s, const char *chain); /* its receipt is written */

    /* Freezes a chain: label seq exists as a and as b. */
    enum err (*alarm)(struct store *s, const char *chain, uint64_t seq, const struct hash *a, const struct hash *b);
    /* Keeps a label that was not accepted, and its batch's bytes (n 0: not
     * there), up to ASIDE_LABELS_MAX and ASIDE_BYTES_MAX a chain. kept: false
     * beyond that, and for one that is kept already. */
    enum err (*aside)(struct store *s, const struct label *l, const void *batch, size_t n, bool *kept);

    /* Notes why something of a chain was not taken: what is "label N" or
     * "object HASH". The newest ASIDE_LABELS_MAX of a chain stay, and the bytes
     * as far as ASIDE_BYTES_MAX goes (n 0: what was kept of it stays). Needs no
     * transaction. Labels set aside are noted by aside. */
    enum err (*refused)(struct store *s, const char *chain, const char *what, const char *why, const void *bytes,
                        size_t n);
    /* Of one chain, or (NULL) of all, oldest first. */
    enum err (*each_refused)(struct store *s, const char *chain, store_refused_fn *fn, void *ctx);

    /* Label seq needs this blob. */
    enum err (*want)(struct store *s, const char *chain, uint64_t seq, const struct hash *blob, uint64_t size);
    /* How an object of that name and size stands; need (filled unless
     * unknown) is one that wants it, if any does. */
    enum err (*look)(struct store *s, const struct hash *name, uint64_t size, struct store_need *need);
    /* Every label that needs it. */
    enum err (*each_need)(struct store *s, const struct hash *name, store_need_fn *fn, void *ctx);
    /* What a chain still wants, by rising label. */
    enum err (*each_wanted)(struct store *s, const char *chain, store_need_fn *fn, void *ctx);

    /* Takes the bytes that fill pushes, if they have that name and size;
     * ERR_BAD if not. Charged to chain. */
    enum err (*put)(struct store *s, const char *chain, const struct hash *name, uint64_t size, stick_fill *fill,
                    void *ctx);
    /* An object that comes in pieces, by one road or several: what is held of
     * it (storage/vault/partial.h); one piece more; and, when it is whole, the
     * same as put. Pieces need no transaction, join does. They belong to no
     * chain and are not counted before join. join: ERR_BAD the bytes are not
     * those of name; they are noted as refused. */
    enum err (*pieces)(struct store *s, const struct hash *name, uint64_t size,
                       struct partial_range held[static PARTIAL_RUNS_MAX], size_t *n);
    enum err (*piece)(struct store *s, const struct hash *name, uint64_t size, uint64_t offset, const void *p,
                      size_t n);
    enum err (*join)(struct store *s, const char *chain, const struct hash *name, uint64_t size);
    /* Part of a held object, for sending; not checked. ERR_NOINPUT. */
    enum err (*read)(struct store *s, const struct hash *name, uint64_t offset, void *p, size_t n);
    /* Pushes the bytes and checks them. ERR_NOINPUT, ERR_BAD. */
    enum err (*get)(struct store *s, const struct hash *name, sink_fn *sink, void *ctx);
    bool (*size)(struct store *s, const struct hash *name, uint64_t *size);
    /* Says, durably and before the first remove, that the blobs of a parts
     * list go: order is a destruction order's id, "" for retention. */
    enum err (*retire)(struct store *s, const struct hash *parts, const char *order, int64_t now);
    /* Removes the bytes; everybody's need of it becomes removed. */
    enum err (*remove)(struct store *s, const struct hash *name, uint64_t *freed);
    /* Bytes that objects may still take. */
    enum err (*space)(struct store *s, uint64_t *bytes);
    enum err (*totals)(struct store *s, struct store_totals *t);
};

/* DIR/hub.db, chains/, objects/, quarantine/, removed. Opened for writing,
 * the index catches up with the files, and is made anew if it is missing or
 * damaged. read_only: changes nothing; ERR_NOINPUT without an index. */
enum err store_sqlite_open(struct store **out, const char *dir, bool read_only) MUST_USE;
/* space: bytes that objects may take. */
enum err store_memory_open(struct store **out, uint64_t space) MUST_USE;

/* What one more need says of an object of that size, best first: wanted, held,
 * removed, another size. For stores. */
void store_rank(struct store_need *best, const struct store_need *n, uint64_t size);
/* Whole object in memory, at most max bytes. */
enum err store_read(struct store *s, const struct hash *name, uint64_t max, struct buf *out) MUST_USE;
/* Every blob of a parts list that is held becomes a need of label seq. A list
 * that is no parts text is ERR_DATA. */
enum err store_expand(struct store *s, const char *chain, uint64_t seq, const struct hash *parts) MUST_USE;
enum err store_expand_text(struct store *s, const char *chain, uint64_t seq, const struct buf *text) MUST_USE;

#endif
