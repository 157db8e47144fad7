#ifndef STORAGE_SEAL_PASSPHRASE_H
#define STORAGE_SEAL_PASSPHRASE_H

#include "storage/base/buf.h"
#include "storage/base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Words that anybody can type: proquints (arXiv:0901.4016), five letters for
 * 16 bits, consonant-vowel by turns: "lusab-babad-gutih-...". No list to
 * ship, the same in every language. PASSPHRASE_WORDS gives 80 bits;
 * CODE_WORDS gives 112 (a one-time enrolment code, at least 100).
 */
#define PASSPHRASE_WORDS 5u
#define CODE_WORDS 7u

enum err passphrase_words(struct buf *out, unsigned words) MUST_USE;

/* Lowers case and folds blanks and repeated hyphens of a typed proquint code,
 * so that "LUSAB babad" is "lusab-babad"; anything else is left as it is. */
enum err passphrase_code(struct buf *out, const char *typed, size_t n) MUST_USE;

/* ERR_OK, or ERR_DATA with a sentence saying what to do, for a passphrase
 * that a thief would guess: an estimate under 50 bits (length, classes,
 * repeats, runs such as abcd and qwerty, common words, years). */
enum err passphrase_check(const char *pass, size_t n) MUST_USE;

#endif
