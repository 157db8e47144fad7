#ifndef STORAGE_SEAL_SIGN_H
#define STORAGE_SEAL_SIGN_H

#include "storage/base/buf.h"
#include "storage/base/err.h"
#include "storage/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Ed25519 (RFC 8032) keys and signed texts. A public key's one text form is
 * minisign's ("RW..." base64 of "Ed", 8 bytes key id, 32 bytes key), so that
 * `minisign -P` takes it from a roster as it stands; the key id is the first
 * 8 bytes of the BLAKE2b-256 of the key.
 *
 * A signed text is "key: value" lines followed by one or more lines
 * "signature: [WHO ]BASE64"; each signature is over the exact bytes from the
 * magic line up to the first signature line. Split body and signature into
 * two files, and `openssl pkeyutl -verify -rawin` checks it.
 */
struct sign_public {
    uint8_t pk[32];
};

struct sign_secret {
    uint8_t seed[32];
    uint8_t sk[64]; /* libsodium's form: seed and public key */
    struct sign_public pub;
};

#define SIGN_PUBLIC_TEXT 57 /* with NUL */
#define SIGN_SIGS_MAX 4u
#define SIGN_PEM 128 /* SubjectPublicKeyInfo in PEM with NUL: for openssl */

void sign_new(struct sign_secret *k);
void sign_from_seed(struct sign_secret *k, const uint8_t seed[static 32]);
void sign_public_text(char out[static SIGN_PUBLIC_TEXT], const struct sign_public *p);
bool sign_public_parse(struct sign_public *p, const char *s, size_t n);
void sign_public_pem(char out[static SIGN_PEM], const struct sign_public *p);
bool sign_same(const struct sign_public *a, const struct sign_public *b);

void sign_bytes(uint8_t sig[static 64], const struct sign_secret *k, const void *p, size_t n);
bool sign_check(const uint8_t sig[static 64], const struct sign_public *pub, const void *p, size_t n);

struct sign_text {
    const char *body;
    size_t body_len;
    size_t n;
    struct {
        char who[NAME_LEN]; /* "" where the line names nobody */
        uint8_t sig[64];
    } sigs[SIGN_SIGS_MAX];
};

/* Finds body and signatures. Nothing but signature lines may follow the
 * first one, except lines "minisign: ..." (see minisign.h). ERR_DATA. */
enum err sign_split(struct sign_text *out, const char *text, size_t n) MUST_USE;
/* Appends a signature line over text (which holds body and perhaps earlier
 * signature lines). who may be NULL. */
enum err sign_add(struct buf *text, const char *who, const struct sign_secret *k) MUST_USE;
bool sign_text_check(const struct sign_text *t, size_t i, const struct sign_public *pub);

#endif
