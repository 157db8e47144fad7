#ifndef STORAGE_BASE_BYTES_H
#define STORAGE_BASE_BYTES_H

#include "storage/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An integer to bytes by shifts, never by a cast. */
void bytes_put_le16(uint8_t p[static 2], uint16_t v);
void bytes_put_le32(uint8_t p[static 4], uint32_t v);
void bytes_put_le64(uint8_t p[static 8], uint64_t v);
/* And back. */
uint32_t bytes_le32(const uint8_t p[static 4]);

void bytes_put_be32(uint8_t p[static 4], uint32_t v);
void bytes_put_be64(uint8_t p[static 8], uint64_t v);
/* And back. */
uint32_t bytes_be32(const uint8_t p[static 4]);
uint64_t bytes_be64(const uint8_t p[static 8]);
uint16_t bytes_le16(const uint8_t p[static 2]);
uint32_t bytes_le32(const uint8_t p[static 4]);
uint64_t bytes_le64(const uint8_t p[static 8]);

/* Lower-case hexadecimal; out holds 2 * n + 1. */
void bytes_hex(char *out, const uint8_t *p, size_t n);
/* Exactly 2 * n lower-case digits; false otherwise. */
bool bytes_unhex(uint8_t *out, size_t n, const char *hex, size_t hex_len);

/* Standard base64. Padded or not is the caller's choice and is enforced:
 * the decoder accepts only the canonical text of the bytes (no white space,
 * trailing bits zero). out holds BYTES_B64(n); n_out is the decoded length. */
#define BYTES_B64(n) (((n) + 2) / 3 * 4 + 1)
void bytes_b64(char *out, const uint8_t *p, size_t n, bool pad);
bool bytes_unb64(uint8_t *out, size_t cap, size_t *n_out, const char *s, size_t len, bool pad);

/* A decimal number without sign, leading zeros or blanks, at most max. */
bool bytes_decimal(uint64_t *out, const char *s, size_t len, uint64_t max);

#endif
