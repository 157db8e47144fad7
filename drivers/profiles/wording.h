#ifndef DRIVERS_PROFILES_WORDING_H
#define DRIVERS_PROFILES_WORDING_H

#include "drivers/profiles/zone.h"
#include "storage/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What stands where in a file's name, or in a question of a dialect:
 *
 *     {device:8}_{officer}_{YYYY}{MM}{DD}{hh}{mm}{ss}_*
 *
 * {device} and {officer}: letters, digits and '-', as many as are said, else up
 * to the letter that the pattern names next. Times: as many digits as letters.
 * '*' anything up to the letter that comes next, '?' one letter, any other
 * letter itself (A-Z and a-z are the same). {secret} only in questions.
 */
#define WORDING_PIECES_MAX 48u

enum wording_kind {
    WORDING_LITERAL,
    WORDING_DEVICE,
    WORDING_OFFICER,
    WORDING_YEAR,
    WORDING_MONTH,
    WORDING_DAY,
    WORDING_HOUR,
    WORDING_MINUTE,
    WORDING_SECOND,
    WORDING_SECRET,
    WORDING_ONE,
    WORDING_ANY,
};

struct wording_piece {
    enum wording_kind kind;
    size_t at, n; /* LITERAL: in the text. Others: n letters, 0: up to the next piece */
};

struct wording {
    char text[256];
    size_t n_pieces;
    struct wording_piece pieces[WORDING_PIECES_MAX];
};

/* NULL: out is one. Else what is wrong with it, not translated yet. question:
 * times and {secret} may be in it, device, officer and stars may not. */
const char *wording_parse(struct wording *out, const char *s, size_t n, bool question);
bool wording_has(const struct wording *w, enum wording_kind kind);

struct wording_read {
    char device[NAME_LEN], officer[NAME_LEN]; /* "" not in it */
    struct zone_digits at;                    /* year 0: not in it */
};
/* false: the name is not of that form, or its date does not exist. */
bool wording_read(const struct wording *w, const char *s, size_t n, struct wording_read *out);
/* The question with at and secret (may be NULL) put in; 0: it does not fit. */
size_t wording_fill(const struct wording *w, const struct zone_digits *at, const void *secret, size_t secret_n,
                    char *out, size_t cap);

#endif
