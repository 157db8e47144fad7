#ifndef STORAGE_BASE_TEXT_H
#define STORAGE_BASE_TEXT_H

#include "storage/base/buf.h"
#include "storage/base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Reading the house's clear texts (labels, rosters, notices, receipts, ...):
 * a magic line "feldsher-NAME N", then lines "key: value", each ended by one
 * LF. Strict: no CR, no NUL, no control character, valid UTF-8, no line over
 * TEXT_LINE_MAX bytes, no empty key. Pieces point into the text.
 */
struct text {
    const char *p;
    const char *end;
    unsigned line; /* of the field last returned, from 1 */
    bool comments; /* set behind text_open: lines that are empty or begin with '#' are passed over */
};

struct span {
    const char *p;
    size_t n;
};

struct field {
    struct span key;
    struct span value;
    const char *start; /* of the line */
};

/* Checks the magic line; version gets its number (1 to 999999). */
enum err text_open(struct text *t, const char *name, unsigned *version, const char *p, size_t n) MUST_USE;
/* The next field, ERR_END behind the last, ERR_DATA with line number. */
enum err text_next(struct text *t, struct field *f) MUST_USE;

bool span_is(struct span s, const char *str);
/* Cuts the first blank-separated word off s; false when s is empty. */
bool span_word(struct span *s, struct span *word);
/* Copies into a fixed array of cap bytes with NUL; false when it does not fit. */
bool span_copy(struct span s, char *out, size_t cap);

/* A name of ours (unit, station, user, circle, district): 1 to 63 of
 * [a-z0-9-], where allow_slash also one '/' between two of these. */
bool text_is_name(const char *s, bool allow_slash);

/* Length of the valid UTF-8 sequence at bytes (RFC 3629), 0 if there is none;
 * *cp what it means. */
size_t text_letter(const void *bytes, size_t n, uint32_t *cp);
bool text_is_utf8(const char *s, size_t n);

/* Appends s for a terminal or a one-line message: control characters, invalid
 * UTF-8, line and direction marks appear as \xHH or \u{HHHH}; a backslash as
 * \\. Whatever a file name holds, the terminal sees one harmless line. */
enum err text_escape(struct buf *out, const char *s, size_t n) MUST_USE;
/* The same into a fixed array of cap bytes with NUL: as much as fits, no letter
 * and no escape in halves. */
void text_escape_cut(char *out, size_t cap, const char *s, size_t n);

#endif
