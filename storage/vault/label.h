#ifndef STORAGE_VAULT_LABEL_H
#define STORAGE_VAULT_LABEL_H

#include "storage/trust/notice.h"

/* The clear, signed text over a batch; format in storage/README.md. */

enum lane { LANE_URGENT, LANE_BATCH, LANE_CONTROL, LANE_FLAGGED, LANE_BLOB, LANES };

struct label {
    char chain[CHAIN_ID];
    uint64_t seq;
    struct hash prev;
    uint64_t roster;
    struct hash object;
    uint64_t size;
    struct hash content;
    struct hash parts; /* zero: none */
    unsigned lane;
    char to[LABEL_TO_MAX * CIRCLE_LEN]; /* blank-separated */
    char retain_class[NAME_LEN];
    int64_t retain_until; /* INT64_MAX: open */
    int64_t time;
    uint32_t count;
    struct hash frees;       /* zero: none */
    char licence[NOTICE_ID]; /* an erase licence that this station begins to use here; "": none */
    bool licence_over;       /* it has used it up here */
    const char *text;        /* parsed: into the caller's bytes; length of the whole label */
    size_t len;
    struct sign_text sig;
};

/* Parses the label at the start of p; the label ends with its signature line
 * (l->len). ERR_DATA: a complete but malformed label. ERR_END: nothing, or a
 * strict beginning of a label (a write cut short). Does not check the
 * signature. */
enum err label_parse(struct label *l, const char *p, size_t n) MUST_USE;
/* ERR_BAD unless key signed it. */
enum err label_check(const struct label *l, const struct sign_public *key) MUST_USE;
/* Hash of the whole text, what the next label names as prev. */
struct hash label_hash(const struct label *l);
/* Appends the text with signature to out. */
enum err label_write(const struct label *l, const struct sign_secret *key, struct buf *out) MUST_USE;
/* The same with a signature that somebody made: what stands in the label that
 * was signed, if the members are all it says. */
enum err label_join(const struct label *l, const uint8_t sig[static 64], struct buf *out) MUST_USE;
/* Beginning of a label that became damaged inside a file of labels: how many
 * bytes to pass over to the next magic line (n when there is none). */
size_t label_skip(const char *p, size_t n);
/* The key with which a chain signs: roster_chain, and for a revoked station
 * whether this label is still within what the revocation accepts. ERR_NOINPUT
 * chain unknown; ERR_DENIED after the revocation; ERR_BAD signature. */
enum err label_authentic(const struct label *l, const struct roster *r) MUST_USE;

#endif
