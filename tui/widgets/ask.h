#ifndef TUI_WIDGETS_ASK_H
#define TUI_WIDGETS_ASK_H

#include "tui/widgets/edit.h"
#include "tui/widgets/term.h"

/*
 * A question that stands over the screen: yes or no, one of several, or, for
 * what cannot be undone, a word to type. "No" is what Enter takes first. The
 * key that opened it does nothing as long as it is held down.
 */
#define ASK_ANSWERS 9
#define ASK_TEXT 600
#define ASK_WORD 64

struct ask {
    char text[ASK_TEXT];
    const char *answers[ASK_ANSWERS]; /* translated; their digits are 1 to 9 */
    bool off[ASK_ANSWERS];            /* shown, but cannot be chosen */
    size_t n;
    size_t at;
    char word[ASK_WORD]; /* "": none to type */
    char typed[ASK_WORD];
    struct edit edit;
};

#define ASK_OPEN -2  /* no answer yet */
#define ASK_LEAVE -1 /* Esc */

void ask_yes_no(struct ask *a, const char *text);                 /* 0 no, 1 yes */
void ask_word(struct ask *a, const char *text, const char *word); /* 1 when typed and Enter */
void ask_choice(struct ask *a, const char *text, const char *const answers[], size_t n);
/* The answer's index, ASK_OPEN, or ASK_LEAVE. */
int ask_key(struct ask *a, const struct key *k);
void ask_paint(struct ask *a, const struct area *screen);

#endif
