#ifndef STORAGE_SEAL_MINISIGN_H
#define STORAGE_SEAL_MINISIGN_H

#include "storage/seal/sign.h"

/*
 * minisign's signature files (prehashed "ED" signatures with the global
 * signature over the trusted comment), as stock minisign 0.11 writes and
 * checks them. comment: one line of printable text, no LF.
 */
enum err minisign_write(struct buf *out, const struct sign_secret *k, const char *comment, const void *p,
                        size_t n) MUST_USE;
/* ERR_BAD if it does not verify, ERR_DATA if malformed. Reads legacy "Ed" and
 * prehashed "ED" signatures. comment (may be NULL) gets the trusted comment. */
enum err minisign_check(const char *sig, size_t sig_len, const struct sign_public *pub, const void *p, size_t n,
                        struct buf *comment) MUST_USE;
/* The two lines of a .pub file, comment included. */
enum err minisign_public_file(struct buf *out, const char *comment, const struct sign_public *pub) MUST_USE;

/*
 * A signed text that a court checks with minisign alone (the roster): after
 * its signature lines stands "minisign: BASE64 BASE64", the second and fourth
 * line of a .minisig over the text's body with the trusted comment COMMENT.
 */
enum err minisign_add(struct buf *text, const char *comment, const struct sign_secret *k) MUST_USE;
/* Gives back the .minisig file that belongs to the text's body; ERR_NOINPUT
 * if the text has no such line. */
enum err minisign_extract(const char *text, size_t n, const char *comment, struct buf *minisig) MUST_USE;

#endif
