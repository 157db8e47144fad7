/*
 * A terminal in process: a program runs under a pty, libvterm draws what it
 * writes, keys go in as a keyboard sends them. The program is the foreground
 * job of a session of its own, so that it can be stopped, continued and hung
 * up like in a shell. Nothing here sleeps: everything waits on the pty.
 *
 * One thread. Functions that return false leave a sentence in terminal_error().
 */
#ifndef TESTS_SYSTEM_TERMINAL_H
#define TESTS_SYSTEM_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <vterm.h>

#define TERMINAL_COLS_MAX 400
#define TERMINAL_ROWS_MAX 200
#define TERMINAL_ROW_BYTES (TERMINAL_COLS_MAX * 24 + 1)

struct terminal;

/* NULL: the size is not 1 to the ceilings above, or out of memory. */
struct terminal *terminal_open(int rows, int cols);
/* Ends the program (its process group) if it still runs; NULL is fine. */
void terminal_close(struct terminal *t);
const char *terminal_error(const struct terminal *t);

/* Starts ARGV (looked up in PATH) with TERM=TERM and the environment of the caller; the terminal is reset.
 * Fails while an earlier program runs. */
bool terminal_run(struct terminal *t, const char *term, char *const argv[]);

/* Waits at most MS for output or the program's end and takes in what there is; false: nothing came. */
bool terminal_read(struct terminal *t, int ms);
/* Takes in what is there already. */
void terminal_drain(struct terminal *t);

/* NAME: a letter, or F1..F12, Enter, Esc, Tab, Backspace, Up, Down, Left, Right, PgUp, PgDn, Home, End, Ins, Del,
 * Space, after any of Ctrl-, Alt-, Shift-. */
bool terminal_key(struct terminal *t, const char *name);
/* Characters as typed; *TYPED (may be NULL) is how many. */
bool terminal_type(struct terminal *t, const char *utf8, unsigned *typed);
/* The time from the last key's write to the first byte painted after it, in microseconds; -1: none within MS. */
int64_t terminal_painted(struct terminal *t, int ms);

/* Until PREDICATE(CTX) holds, looking again after every output; false: not within MS. */
bool terminal_until(struct terminal *t, bool (*predicate)(struct terminal *t, void *ctx), void *ctx, int ms);
bool terminal_wait(struct terminal *t, const char *text, int ms);
bool terminal_wait_gone(struct terminal *t, const char *text, int ms);

void terminal_size(const struct terminal *t, int *rows, int *cols);
bool terminal_resize(struct terminal *t, int rows, int cols);
/* A row's text without the blanks at its end, valid until the next call. */
const char *terminal_row(struct terminal *t, int row);
/* The first place of TEXT at or after (*ROW, *COL), within one row. */
bool terminal_find(struct terminal *t, const char *text, int *row, int *col);
/* How many columns TEXT takes from (ROW, COL) on, where it stands there; 0: it does not. */
int terminal_span(struct terminal *t, const char *text, int row, int col);
bool terminal_cell(const struct terminal *t, int row, int col, VTermScreenCell *cell);
/* The palette's red, green and blue of a cell's colour. */
void terminal_rgb(const struct terminal *t, VTermColor *c);
void terminal_cursor(const struct terminal *t, int *row, int *col, bool *visible);
bool terminal_alternate(const struct terminal *t); /* the alternate screen is shown */
unsigned terminal_bells(const struct terminal *t);
/* What the program wrote that no terminal understands, the first of it; NULL: nothing. */
const char *terminal_garbage(const struct terminal *t);
/* The tty's line discipline is as it was before the program: lines, echo, signals. */
bool terminal_cooked(const struct terminal *t);

pid_t terminal_pid(const struct terminal *t); /* 0: no program runs */
bool terminal_stopped(const struct terminal *t);
bool terminal_signal(struct terminal *t, int sig); /* to the program; CONT to its whole group */
/* The window is closed: the program is hung up. */
void terminal_hangup(struct terminal *t);
/* Waits for the program's end; *CODE: its exit code, 128 + N if a signal ended it. */
bool terminal_wait_end(struct terminal *t, int ms, int *code);

#endif
