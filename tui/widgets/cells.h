#ifndef TUI_WIDGETS_CELLS_H
#define TUI_WIDGETS_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Text in columns of a screen. Pure but for wcwidth, which asks the locale
 * (LC_CTYPE must be a UTF-8 one). A wide letter takes two cells, a combining
 * one none. Text from outside (names of files, of cameras, notes) goes through
 * cells_escape first; it then is UTF-8 without anything that moves a cursor.
 */
#define CELLS_ELLIPSIS "…"
#define CELLS_BYTES 1024 /* of one line on the screen, NUL included */

enum cells_side { CELLS_LEFT, CELLS_RIGHT, CELLS_MIDDLE };

/* Control characters, direction marks and broken UTF-8 as \xHH or \u{HHHH},
 * as storage/base/text.h; backslashes stand as they are. Always ends with NUL;
 * what does not fit into cap bytes is left off between two characters. */
void cells_escape(char *out, size_t cap, const char *s);
/* The first n bytes of s, or as many letters of them as fit. */
void cells_copy(char *out, size_t cap, const char *s, size_t n);
/* Columns of s; escaped text. */
int cells_width(const char *s);
/* The next letter with the combining ones that belong to it: its bytes (0 at
 * the end), *width its columns. */
size_t cells_letter(const char *s, int *width);
/* s in exactly width columns: padded with blanks, or cut with an ellipsis. */
void cells_fit(char *out, size_t cap, const char *s, int width, enum cells_side side);
/* Bytes of s that go into a line of width columns, broken at a blank where
 * there is one or behind a newline; *next: bytes to go on from. */
size_t cells_line(const char *s, int width, size_t *next);
/* Does s contain find, whatever the case of either? An empty one: yes. */
bool cells_find(const char *s, const char *find);
/* Appends one Unicode letter as UTF-8; false: no room for it and the NUL. */
bool cells_put(char *s, size_t cap, uint32_t c);
/* Takes the last letter off, with its combining ones. */
void cells_chop(char *s);

#endif
