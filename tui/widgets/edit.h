#ifndef TUI_WIDGETS_EDIT_H
#define TUI_WIDGETS_EDIT_H

#include "tui/widgets/key.h"

/*
 * A line, or lines, of text being typed. Pure. The memory is the caller's
 * (locked, where it is a secret), cap bytes with NUL; the text is UTF-8.
 */
struct edit {
    char *p;
    size_t cap;
    size_t len;
    size_t caret; /* bytes, always in front of a letter or at the end */
    bool lines;   /* Enter begins a new line */
};

void edit_init(struct edit *e, char *p, size_t cap, bool lines);
/* As much of s as fits; the caret at the end. */
void edit_set(struct edit *e, const char *s);
/* Wipes the text. */
void edit_clear(struct edit *e);
/* True: the key was for it. Of control characters only the newline is taken. */
bool edit_key(struct edit *e, const struct key *k);

#endif
