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

#endif
