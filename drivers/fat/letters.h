#ifndef DRIVERS_FAT_LETTERS_H
#define DRIVERS_FAT_LETTERS_H

#include "storage/base/buf.h"

#include <stdbool.h>

/*
 * Names on a FAT or exFAT volume as UTF-8 of ours. A backslash, which no such
 * name can hold, is our sign of escape: control characters, '/' and '\' are
 * \xHH, halves of a surrogate pair \uHHHH, and "." and ".." are \x2e and
 * \x2e\x2e. So no name leads out of its folder, and different ones stay
 * different. Short names are in code page 866, which DOS and Windows have where
 * Russian or Kazakh is spoken; ASCII is the same in all.
 */

/* UTF-16. */
enum err letters_long(struct buf *out, const uint16_t *units, size_t n) MUST_USE;
/* 8 + 3 bytes; lower: bits 3 and 4 of the entry's byte 12, base and extension
 * are in lower case. */
enum err letters_short(struct buf *out, const uint8_t raw[static 11], uint8_t lower) MUST_USE;
/* A volume's label without the blanks behind it. */
enum err letters_label(struct buf *out, const uint8_t raw[static 11]) MUST_USE;

#endif
