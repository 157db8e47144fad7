#ifndef DRIVERS_PROBE_LAUNCHER_H
#define DRIVERS_PROBE_LAUNCHER_H

#include "drivers/probe/probe.h"

#include <sys/types.h>

/*
 * A process that was forked before the program limited itself, and so may
 * still start others: one feldsher-probe at a time, each anew, with nothing
 * but a socket and /dev/null. It does what a byte says, and ends with the
 * program that it belongs to, as the probe ends with it.
 */
struct launcher {
    int fd;
    pid_t pid;
};

/* path: of the program; it is not looked at. */
enum err launcher_start(struct launcher *l, const char *path) MUST_USE;
/* Starts one; *fd is its socket, the caller's to close. ERR_AGAIN: the
 * launcher is gone or cannot. */
enum err launcher_run(const struct launcher *l, enum probe_kind kind, int *fd) MUST_USE;
/* Ends it, if it has not ended by itself, and tells waitpid's status. */
enum err launcher_end(const struct launcher *l, int *status) MUST_USE;
void launcher_stop(struct launcher *l);

#endif
