#ifndef TUI_SCREENS_CUSTODY_WORDS_H
#define TUI_SCREENS_CUSTODY_WORDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * What the rows of `recordings show --json` mean, in words for people
 * (translated). Pure.
 */
#define CUSTODY_TEXT 512

/* What an event of the custody was: "held: nobody may destroy it". */
void custody_what(const json_t *event, char *out, size_t cap);
/* Its reason, "" where none was given. */
const char *custody_why(const json_t *event);
/* Where a recording's blobs are, by receipt: for a list, at most
 * CUSTODY_WHERE columns; and as a sentence. */
#define CUSTODY_WHERE 12
const char *custody_where(const json_t *row);
void custody_where_text(const json_t *row, char *out, size_t cap);
/* "H" held, "!" flagged, "D" under a destruction order. */
const char *custody_mark(const json_t *row);

/* A line "key: value" of a signed text; "" where it has none. */
void custody_line(const char *text, const char *key, char *out, size_t cap);

#endif
