#ifndef STORAGE_SEAL_AGE_HEADER_H
#define STORAGE_SEAL_AGE_HEADER_H

#include "storage/base/buf.h"
#include "storage/base/err.h"
#include "storage/limits.h"
#include "storage/seal/identity.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The text at the head of an age file (https://c2sp.org/age, "Header"): a
 * version line, stanzas that each wrap the file key, and a MAC under that key.
 * Only age.c uses this.
 */
#define AGE_FILE_KEY 16
#define AGE_NONCE 16

struct age_stanza {
    uint32_t args; /* offsets into the text: behind "-> " */
    uint32_t args_len;
    uint32_t body;
    uint32_t body_len; /* of the base64 lines, without the last line end */
};

struct age_header {
    struct buf text; /* lines so far, the last perhaps begun */
    size_t line;     /* where the last one starts */
    enum { AGE_VERSION, AGE_STANZA, AGE_BODY, AGE_WHOLE } at;
    size_t n;
    struct age_stanza stanza[AGE_STANZAS_MAX];
    uint8_t mac[32];
};

/* ERR_NOMEM. */
enum err age_header_new(struct age_header **out) MUST_USE;
void age_header_free(struct age_header *h);

/* Takes bytes of the file up to the end of the header, never beyond; used
 * says how many. h->at is AGE_WHOLE when all of it was there. Every line's
 * form is checked here (ERR_DATA). */
enum err age_header_take(struct age_header *h, const uint8_t *p, size_t n, size_t *used) MUST_USE;

/* The file key, by the first stanza that opens, and the MAC checked. ERR_DATA
 * or ERR_DENIED; age_header_open_pass also ERR_NOMEM. */
enum err age_header_open(uint8_t key[static AGE_FILE_KEY], const struct age_header *h, const struct identity *ids,
                         size_t n) MUST_USE;
enum err age_header_open_pass(uint8_t key[static AGE_FILE_KEY], const struct age_header *h, const char *pass,
                              size_t len) MUST_USE;

/* Appends a header that wraps key. */
enum err age_header_write(struct buf *out, const uint8_t key[static AGE_FILE_KEY], const struct recipient *to,
                          size_t n) MUST_USE;
enum err age_header_write_pass(struct buf *out, const uint8_t key[static AGE_FILE_KEY], const char *pass, size_t len,
                               unsigned log_n) MUST_USE;

/* The key of the chunks behind the header. */
void age_header_payload_key(uint8_t out[static 32], const uint8_t key[static AGE_FILE_KEY],
                            const uint8_t nonce[static AGE_NONCE]);

#endif
