#ifndef STORAGE_SEAL_HASH_H
#define STORAGE_SEAL_HASH_H

#include "storage/base/err.h"

#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* BLAKE2b-256, unkeyed (RFC 7693; `b2sum -l 256`), and SHA-256 for packages. */
#define HASH_LEN 32
#define HASH_HEX 65 /* with NUL */

struct hash {
    uint8_t b[HASH_LEN];
};

struct hash_state {
    crypto_generichash_state s;
};

/* libsodium started once; every program calls it first. */
enum err hash_start(void) MUST_USE;

void hash_init(struct hash_state *s);
void hash_add(struct hash_state *s, const void *p, size_t n);
struct hash hash_end(struct hash_state *s);
struct hash hash_of(const void *p, size_t n);
/* Keyed BLAKE2b-256, key of 32 bytes. */
struct hash hash_keyed(const uint8_t key[static 32], const void *p, size_t n);
bool hash_same(const struct hash *a, const struct hash *b);
bool hash_is_zero(const struct hash *h);
void hash_hex(char out[static HASH_HEX], const struct hash *h);
bool hash_unhex(struct hash *h, const char *s, size_t n);
/* Hash and size of a regular file, read once. */
enum err hash_file(const char *path, struct hash *h, uint64_t *size) MUST_USE;

#endif
