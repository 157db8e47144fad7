#ifndef DRIVERS_DOCK_WATCH_H
#define DRIVERS_DOCK_WATCH_H

#include "storage/base/err.h"

#include <signal.h>
#include <stdbool.h>

/*
 * Takes in every camera as it is plugged in, several at once, with nobody
 * logged in: a process for each (offload.h), which limits itself and waits
 * for its camera when it is pulled out. What is no camera is told and left
 * alone. One watch works at a station.
 */
struct watch {
    const char *dir;
    bool json, quiet, progress;
    const volatile sig_atomic_t *stop;
};

/* Until it is stopped; then lets those under way finish their slice. */
enum err watch_run(const struct watch *w) MUST_USE;

#endif
