#ifndef STORAGE_SEAL_IDENTITY_H
#define STORAGE_SEAL_IDENTITY_H

#include "storage/base/buf.h"
#include "storage/base/err.h"

#include <stdint.h>

/* X25519 recipients and identities in age's Bech32 texts (C2SP age: "age1...",
 * "AGE-SECRET-KEY-1..."). */
struct recipient {
    uint8_t pk[32];
};

struct identity {
    uint8_t sk[32];
    struct recipient to;
};

#define RECIPIENT_TEXT 63 /* with NUL */
#define IDENTITY_TEXT 75

void identity_new(struct identity *id);
void identity_from_secret(struct identity *id, const uint8_t sk[static 32]);
void recipient_text(char out[static RECIPIENT_TEXT], const struct recipient *r);
enum err recipient_parse(struct recipient *r, const char *s, size_t n) MUST_USE;
void identity_text(char out[static IDENTITY_TEXT], const struct identity *id);
enum err identity_parse(struct identity *id, const char *s, size_t n) MUST_USE;

/* The identities of an age identity file (one a line; '#' and empty lines
 * passed over), at most max. ERR_DATA with the line number. */
enum err identity_file(struct identity *ids, size_t max, size_t *n, const char *text, size_t len) MUST_USE;

#endif
