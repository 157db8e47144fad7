#ifndef STORAGE_SEAL_SHARES_H
#define STORAGE_SEAL_SHARES_H

#include "storage/base/buf.h"
#include "storage/base/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Shamir's sharing, 2 of 3, over GF(2^8) as libgfshare does it, so that stock
 * `gfcombine` joins FILE.NNN, where NNN is the share's number (1 to 255).
 */
#define SHARES_N 3u
#define SHARES_LEN 32u

struct share {
    uint8_t number;
    uint8_t b[SHARES_LEN];
};

void shares_split(struct share out[static SHARES_N], const uint8_t secret[static SHARES_LEN]);
/* ERR_DATA if the two have the same number. */
enum err shares_join(uint8_t secret[static SHARES_LEN], const struct share *a, const struct share *b) MUST_USE;

/* For paper: "feldsher-share 1", number, hex in groups of four, a check of
 * each line; how to join without us. */
enum err shares_paper(struct buf *out, const char *district, const struct share *s) MUST_USE;
/* Reads paper text or, for exactly SHARES_LEN bytes, a raw share whose number
 * the caller took from the file's name (0: none, ERR_DATA). */
enum err shares_read(struct share *out, uint8_t number, const void *p, size_t n) MUST_USE;

#endif
