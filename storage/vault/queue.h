#ifndef STORAGE_VAULT_QUEUE_H
#define STORAGE_VAULT_QUEUE_H

#include "storage/vault/label.h"
#include "storage/vault/receipt.h"

/*
 * queue.db: the plain SQLite index of labels, objects, marks, receipts and
 * jobs of a station. Rows are hints: whoever acts on one checks the signature
 * or the hash it stands for. No personal data. One connection a process; all
 * of its SQL stands in queue.c.
 */
struct queue;

enum queue_mode { QUEUE_READ, QUEUE_WRITE };

/* Opens DIR/queue.db, making it when absent (QUEUE_WRITE). ERR_BAD: it is
 * damaged or of another version: rebuild. */
enum err queue_open(struct queue **out, const char *dir, enum queue_mode mode) MUST_USE;
/* The last process to close it leaves its hash in queue.db.sum. */
void queue_close(struct queue *q);
/* SQLite met damage in it since it was opened: rebuild. */
bool queue_is_damaged(const struct queue *q);
/* ERR_BAD with a sentence when the file is not as it was left, or SQLite
 * finds it damaged. Before queue_open. */
enum err queue_check_file(const char *dir) MUST_USE;
/* Its last writer closed it in order: it cannot be behind by a power cut. */
bool queue_is_closed(const char *dir);

enum err queue_begin(struct queue *q) MUST_USE;
enum err queue_commit(struct queue *q) MUST_USE;
void queue_rollback(struct queue *q);

/* labels: text is kept, so that a damaged chain file can be compared */
enum err queue_add_label(struct queue *q, const struct label *l, uint64_t offset) MUST_USE;
struct queue_head {
    uint64_t seq; /* 0: empty chain */
    struct hash hash;
    int64_t time;
};
enum err queue_head(struct queue *q, const char *chain, struct queue_head *h) MUST_USE;
/* Where the last label that the index knows ends in the chain's file. */
enum err queue_end(struct queue *q, const char *chain, uint64_t *offset) MUST_USE;
/* One label's text: ERR_NOINPUT. */
enum err queue_label(struct queue *q, const char *chain, uint64_t seq, struct buf *text) MUST_USE;
/* Labels in order of chain and seq; chain NULL: all; from seq. fn gets the
 * parsed label. */
typedef enum err queue_label_fn(void *ctx, const struct label *l);
enum err queue_each_label(struct queue *q, const char *chain, uint64_t from, queue_label_fn *fn, void *ctx) MUST_USE;
typedef enum err queue_chain_fn(void *ctx, const char *chain, const struct queue_head *head);
enum err queue_each_chain(struct queue *q, queue_chain_fn *fn, void *ctx) MUST_USE;

/* objects that were durable here once (verify names those that vanished) */
enum queue_kind { QUEUE_OBJ_BATCH, QUEUE_OBJ_PARTS, QUEUE_OBJ_BLOB };
enum err queue_add_object(struct queue *q, const struct hash *name, uint64_t size, enum queue_kind kind,
                          const char *chain, uint64_t seq) MUST_USE;
enum err queue_drop_object(struct queue *q, const struct hash *name) MUST_USE;
/* Which label a blob, parts list or batch belongs to; ERR_NOINPUT. */
enum err queue_owner(struct queue *q, const struct hash *name, char chain[static CHAIN_ID], uint64_t *seq,
                     uint64_t *size, enum queue_kind *kind) MUST_USE;
typedef enum err queue_object_fn(void *ctx, const struct hash *name, uint64_t size, enum queue_kind kind,
                                 const char *chain, uint64_t seq);
enum err queue_each_object(struct queue *q, queue_object_fn *fn, void *ctx) MUST_USE;

/* marks: keyed fingerprints of cameras' files that are held already */
enum err queue_add_mark(struct queue *q, const struct hash *mark, uint64_t seq) MUST_USE;
bool queue_has_mark(struct queue *q, const struct hash *mark, uint64_t *seq);

/* receipts: the latest of each chain and hub, as checked when it arrived */
enum err queue_set_receipt(struct queue *q, const struct receipt *r) MUST_USE;
/* The text of the one that holds most of chain; ERR_NOINPUT. */
enum err queue_receipt(struct queue *q, const char *chain, struct buf *text) MUST_USE;

/* jobs: small texts by kind and name ("intake" FINGERPRINT, "want" PARTS,
 * "stick" LABEL, "frozen" CHAIN, "restored" CHAIN, "quarantine" NAME, "shift" last, "clock" ...) */
enum err queue_set_job(struct queue *q, const char *kind, const char *name, const void *text, size_t n) MUST_USE;
enum err queue_job(struct queue *q, const char *kind, const char *name, struct buf *text) MUST_USE;
enum err queue_end_job(struct queue *q, const char *kind, const char *name) MUST_USE;
typedef enum err queue_job_fn(void *ctx, const char *name, const char *text, size_t n);
enum err queue_each_job(struct queue *q, const char *kind, queue_job_fn *fn, void *ctx) MUST_USE;

struct queue_counts {
    uint64_t labels, objects, marks, own_unreceipted, own_bytes_unreceipted;
};
enum err queue_counts(struct queue *q, const char *own_chain, struct queue_counts *c) MUST_USE;

#endif
