#ifndef TUI_SCREENS_CODE_H
#define TUI_SCREENS_CODE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A one-time code while it is typed: words of five letters, in any case, with
 * blanks or hyphens or nothing between them, under a Latin or a Cyrillic
 * layout. Pure.
 */
struct code {
    unsigned words; /* whole ones */
    bool whole;     /* all words, and no letter more */
    bool odd;       /* something in it that no code has */
};

void code_look(struct code *c, const char *typed);
/* The code in its one form, Latin letters and hyphens, at most cap bytes with
 * NUL; what no code has is left as it is. Returns its bytes. */
size_t code_plain(char *out, size_t cap, const char *typed);

#endif
