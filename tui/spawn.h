#ifndef TUI_SPAWN_H
#define TUI_SPAWN_H

#include "storage/base/err.h"

#include <stdbool.h>

/* Runs another program of ours, found beside this one, else in $PATH, with
 * our stdin, stdout and stderr, and waits. argv[0] is its name, the last
 * pointer (at most SPAWN_ARGS_MAX in front of it) NULL. *exit_code: what it returned; it has said itself what went
 * wrong. ERR_NOINPUT: it is not installed; ERR_AGAIN: a signal ended it. */
#define SPAWN_ARGS_MAX 31
enum err spawn_run(const char *const argv[], int *exit_code) MUST_USE;

/* Becomes it, in a fork; returns only with err_text. */
void spawn_become(const char *const argv[]);

/* Is it installed where spawn_run would look? */
bool spawn_can(const char *program);

#endif
