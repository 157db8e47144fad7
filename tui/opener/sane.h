#ifndef TUI_OPENER_SANE_H
#define TUI_OPENER_SANE_H

#include <stdbool.h>
#include <termios.h>

/*
 * The terminal as it was before the screens took it: for a process that
 * outlives a killed painter, which cannot give it back itself.
 */
struct sane {
    int tty; /* -1: none */
    struct termios was;
};

#define SANE_FD 4 /* where the starter is given the terminal */

/* Looks at the terminal on SANE_FD, if it is one. */
void sane_keep(struct sane *s);
/* Puts its settings back and leaves the other screen (xterm's 1049, DECTCEM,
 * DECCKM and SGR 0: what ncurses switches, on whatever terminal we run). */
void sane_restore(const struct sane *s);

#endif
