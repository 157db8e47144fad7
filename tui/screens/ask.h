#ifndef TUI_SCREENS_ASK_H
#define TUI_SCREENS_ASK_H

#include "tui/screens/desk.h"
#include "tui/widgets/ask.h"

/* What screen_ask is opened with: desk_ask_yes and its like make it. */
struct ask_order {
    struct view *view;
    desk_answer_fn *fn;
    const char *text;
    const char *word;           /* NULL: none to type */
    const char *const *answers; /* n of them; none and no word: yes or no */
    const char *const *why;     /* NULL, or why each cannot be chosen */
    size_t n;
};

#endif
