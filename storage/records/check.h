#ifndef STORAGE_RECORDS_CHECK_H
#define STORAGE_RECORDS_CHECK_H

#include "storage/records/manifest.h"

/*
 * CHECK.txt of an evidence package: how anybody checks it with sha256sum,
 * b2sum, minisign and openssl. Lines indented by four blanks are commands
 * that work as they stand, one by one, in the package's folder; each exits
 * with 0 or says what is wrong.
 */
struct check_batch {
    const struct manifest_batch *b; /* files are CHAIN-SEQ.* */
    const struct roster_station *station;
    bool signed_by_two;    /* the manifest names it; the approval itself it cannot */
    char author[NAME_LEN]; /* "" nobody was logged in */
    struct sign_public author_key;
};

struct check_receipt {
    char chain[CHAIN_ID];
    char hub[NAME_LEN];
    struct sign_public key;
};

struct check {
    const struct manifest *m;
    const char *requester;
    const struct check_batch *batches; /* [0] is the recording's */
    size_t n_batches;
    const struct check_receipt *receipts;
    size_t n_receipts;
    bool receipt_holds; /* one of them covers the recording's label and blobs */
    bool others;        /* the recording's batch names other recordings, too */
};

enum err check_text(const struct check *c, struct buf *out) MUST_USE;

#endif
