#ifndef TUI_SECRET_H
#define TUI_SECRET_H

#include "storage/base/err.h"
#include "storage/limits.h"

#include <stddef.h>

/*
 * Passphrases and codes: from the terminal (/dev/tty, echo off, put back when
 * a signal comes), or line by line from a file in the order in which they are
 * asked. They live in locked memory and are wiped.
 */
struct secret {
    size_t len;
    char p[PASSPHRASE_MAX + 1]; /* with NUL */
};

struct secret_source;

/* path NULL: the terminal. The file is read at once. */
enum err secret_open(struct secret_source **out, const char *path) MUST_USE;
/* Lines from memory, copied. */
enum err secret_open_text(struct secret_source **out, const char *lines, size_t n) MUST_USE;
void secret_close(struct secret_source *s);

/* Asks "PROMPT: ". ERR_USAGE: there is no terminal and no file; ERR_NOINPUT:
 * the file has no more lines. The caller frees. */
enum err secret_ask(struct secret_source *s, const char *prompt, struct secret **out) MUST_USE;
/* A new passphrase: asked twice at the terminal, where an empty answer gives
 * generated words and shows them. Weak ones: ERR_DATA from a file; asked
 * again at the terminal. */
enum err secret_new(struct secret_source *s, const char *prompt, struct secret **out) MUST_USE;
void secret_free(struct secret *p);

/* Calls fn with the secret as it was typed and, while that answers ERR_DENIED,
 * with what the same keys type under the other layouts (tui/layout.h); at most
 * SECRET_TRIES times, for each try is a stretching. What fn said first stands. */
#define SECRET_TRIES 4
typedef enum err secret_try_fn(void *ctx, const char *p, size_t n);
enum err secret_try(const struct secret *typed, secret_try_fn *fn, void *ctx) MUST_USE;

#endif
