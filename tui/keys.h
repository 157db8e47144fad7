#ifndef TUI_KEYS_H
#define TUI_KEYS_H

#include "tui/widgets/key.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The keys: one table, its rows beside the screens that they are for. The
 * bindings, the line at the foot of the screen, the help on F1, the menu on
 * Enter, the man page's section and the README's table are all made from it.
 *
 * F2 to F9 belong to the screens; F1, F10, F12, Esc to all of them. A letter
 * is never a binding where letters find or are typed.
 */
enum key_act {
    ACT_NONE,
    ACT_HELP, /* the frame's own */
    ACT_MENU,
    ACT_BACK,
    ACT_LOCK,
    ACT_CHOOSE,    /* Enter on the selected row: the screen's default, or the menu of its row actions */
    ACT_OWN = 100, /* a screen counts its own from here */
};

struct key_row {
    enum key_code code; /* K_NONE: only in the menu on Enter */
    int act;
    const char *label; /* FIELD(14, "..."), in the key line: at most KEY_LABEL columns in English; NULL: not there */
    const char *help;  /* N_(), a sentence without a full stop */
    bool on_row;       /* acts on the selected row: also in the menu on Enter, by digit */
};
#define KEY_LABEL 10

/* Those of all screens and of the widgets: n of each. */
struct key_group {
    const char *name;  /* "list"; NULL ends the table */
    const char *title; /* N_() */
    const struct key_row *rows;
    size_t n;
};
extern const struct key_group keys_common[]; /* [0]: the frame's own */

/* The action of a key among rows, ACT_NONE if it has none. Digits and letters
 * typed in a Russian or Kazakh layout are those of their keys. */
int keys_act(const struct key_row *rows, size_t n, const struct key *k);
/* 1 to 9 as typed on any layout, 0: another key. */
int keys_digit(const struct key *k);

/* The man page's section, in troff. */
void keys_man(void);
/* A table a screen, for README.md. */
void keys_markdown(void);

#endif
