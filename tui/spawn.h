#ifndef TUI_SPAWN_H
#define TUI_SPAWN_H

#include "storage/base/err.h"

#include <stdbool.h>
#include <sys/types.h>

/* Runs another program of ours, found beside this one, else in $PATH, with
 * our stdin, stdout and stderr, and waits. argv[0] is its name, the last
 * pointer (at most SPAWN_ARGS_MAX in front of it) NULL. *exit_code: what it returned; it has said itself what went
 * wrong. ERR_NOINPUT: it is not installed; ERR_AGAIN: a signal ended it. */
#define SPAWN_ARGS_MAX 31
enum err spawn_run(const char *const argv[], int *exit_code) MUST_USE;

/* Becomes it, in a fork; returns only with err_text. */
void spawn_become(const char *const argv[]);

/* The same in two steps. fd (else -1) is its descriptor SPAWN_FD, everything
 * of ours that is close-on-exec is closed there. spawn_wait takes *pid. */
#define SPAWN_FD 3
enum err spawn_start(const char *const argv[], int fd, pid_t *pid) MUST_USE;
enum err spawn_wait(const char *program, pid_t pid, int *exit_code) MUST_USE;

/* Is it installed where spawn_run would look? */
bool spawn_can(const char *program);

#endif
