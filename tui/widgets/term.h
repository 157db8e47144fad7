#ifndef TUI_WIDGETS_TERM_H
#define TUI_WIDGETS_TERM_H

#include "storage/base/err.h"
#include "tui/widgets/key.h"

#include <stdbool.h>

/*
 * The terminal: the one place that knows ncurses. One thread.
 *
 * What is painted goes into ncurses' picture of the screen; term_show sends
 * what differs. A screen therefore paints all of itself whenever it has
 * changed, and nothing at all while it has not.
 */
enum look {
    LOOK_NORMAL,
    LOOK_DIM,
    LOOK_TITLE,    /* bars at top and bottom, headings of columns */
    LOOK_SELECTED, /* the row or the answer that Enter takes */
    LOOK_FIELD,    /* where one can type */
    LOOK_TYPING,   /* the field that has the caret */
    LOOK_OK,
    LOOK_WARN,
    LOOK_ALARM,
    LOOK_KEY, /* the name of a key */
    LOOKS,
};

/* A rectangle of the screen; widgets and screens paint inside theirs. */
struct area {
    int y, x, rows, cols;
};

#define TERM_ROWS 24 /* what everything must fit into */
#define TERM_COLS 80

/* What happened besides keys. */
enum term_event {
    TERM_RESIZED = 1, /* paint everything anew */
    TERM_RESUMED = 2, /* back from a suspension: paint everything anew */
    TERM_CLOSED = 4,  /* the window is gone, SIGHUP, SIGTERM, SIGINT: end */
};

/* Takes stdin and stdout over. Locales that are not UTF-8 are exchanged for
 * C.UTF-8; a TERM that terminfo does not know for linux, ansi or vt100.
 * ERR_USAGE: no terminal; ERR_NOINPUT: none of these is known here. */
enum err term_start(void) MUST_USE;
/* Gives it back as it was; twice does no harm. */
void term_stop(void);

/* Descriptors to poll for input: the keyboard and the signals. */
void term_fds(int fds[static 2]);
/* Takes what has come on them (after poll said so; while term_is_waiting also
 * KEY_WAIT ms after the last byte, sooner does no harm). A set of enum
 * term_event. */
unsigned term_read(void);
bool term_is_waiting(void);
/* The next key of what was read; false: no more. */
bool term_key(struct key *out);
/* Counts the reads that brought keys: two keys of one number came at once. */
unsigned term_burst(void);
/* Suspends, as ctrl-Z would: gives the terminal back, stops, returns after
 * SIGCONT with the terminal taken over again. */
void term_suspend(void);
/* Gives the terminal to another program of ours, which has the keys and the
 * picture until term_take; nothing is to be painted meanwhile. Both: again
 * does no harm. */
void term_lend(void);
void term_take(void);
bool term_is_lent(void);

/* The whole screen; smaller than TERM_ROWS by TERM_COLS: one line says so
 * (term_too_small paints it) and nothing else is to be painted. */
struct area term_area(void);
bool term_is_small(void);
void term_too_small(void);
int term_colours(void); /* 16, 8 or 0 */

/* Blanks the area. */
void term_clear(const struct area *a);
/* One line of text at row, column of the area, cut to width columns (0: to
 * the area's edge) with an ellipsis; s is escaped here. Outside the area
 * nothing is painted. Returns the columns painted. */
int term_text(const struct area *a, int row, int col, int width, enum look look, const char *s);
int term_textf(const struct area *a, int row, int col, int width, enum look look, const char *fmt, ...)
    PRINTF_LIKE(6, 7);
/* As term_text, but always width columns: padded, at a side (cells.h). */
void term_cell(const struct area *a, int row, int col, int width, enum look look, int side, const char *s);
/* Text broken into lines; returns the rows used, at most rows. */
int term_wrap(const struct area *a, int row, int rows, enum look look, const char *s);
/* Where the caret stands, or (-1) that none is shown. */
void term_caret(const struct area *a, int row, int col);
/* A box of rows by cols in the middle of a, blanked, with a frame; out is its
 * inside. For what stands over a screen. */
void term_box(const struct area *a, int rows, int cols, const char *title, struct area *out);
/* Part of an area. */
struct area area_part(const struct area *a, int row, int col, int rows, int cols);
/* Sends what has changed. */
void term_show(void);
/* As after a fault on the line: everything is sent anew. */
void term_redraw(void);

#endif
