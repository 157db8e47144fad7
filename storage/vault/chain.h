#ifndef STORAGE_VAULT_CHAIN_H
#define STORAGE_VAULT_CHAIN_H

#include "storage/vault/batch.h"
#include "storage/vault/label.h"
#include "storage/vault/station.h"

/*
 * The truth of a station: chain/CHAIN.labels, only ever appended to.
 */
struct append {
    json_t *entries;           /* array; not consumed */
    const struct user *author; /* NULL: nobody is logged in */
    const char *unit;          /* whose circles; NULL: the station's own unit */
    enum roster_seal seal;     /* which circles may read it */
    unsigned lane;
    const struct hash *parts; /* NULL: none. Its text and blobs must be durable objects already */
    const struct hash *frees; /* NULL: none */
    const char *licence;      /* an erase licence that is begun, or (licence_over) used up; NULL: none */
    bool licence_over;
    const char *retain_class;
};

/*
 * The one append: locks the chain (waiting), cuts off a label that a power
 * cut left incomplete, reads the head, seals, writes the object durably,
 * appends the label, fdatasync (the commit), indexes, unlocks. seq gets the
 * label's number. ERR_DENIED: the chain is frozen (cloned, revoked) or the
 * station was restored and has not met its hub yet. ERR_BAD: the end of the
 * chain is damaged in a way that is no power cut; nothing was changed.
 */
enum err chain_append(struct station *s, const struct append *a, uint64_t *seq) MUST_USE;

/* A label of another station (or of ours, after a restore) that arrived:
 * checked for number, prev and signature against the head; appended with its
 * object named in the index. ERR_AGAIN: known already. ERR_DATA gap. ERR_BAD:
 * signature, or another label with that number (clone). The batch object must
 * be in objects/ already. */
enum err chain_take(struct station *s, const char *text, size_t n) MUST_USE;

/* Reads a labels file from offset on; fn gets each label with its place behind
 * that offset, or (l NULL) the place and a reason for a damaged stretch. A
 * torn last label is passed over: *torn. */
typedef enum err chain_fn(void *ctx, const struct label *l, uint64_t offset, const char *damage);
enum err chain_read(const char *path, uint64_t offset, chain_fn *fn, void *ctx, bool *torn) MUST_USE;
enum err chain_path(char out[static 4096], const char *dir, const char *chain) MUST_USE;

/* A batch opened: object, hash of the plaintext against the label's content,
 * chain and seq against the header, author's key against the roster. */
enum err chain_open_batch(const struct station *s, const struct label *l, const struct user *u, struct batch **out,
                          struct buf *plain) MUST_USE;

#endif
