#ifndef DRIVERS_DOCK_HALT_H
#define DRIVERS_DOCK_HALT_H

#include "storage/base/err.h"

#include <stdbool.h>

/*
 * The order to stop taking in one camera, to the dock that runs at a station:
 * an empty file that it finds within a second. No signal: a process number
 * that somebody noted may be another's by now.
 */

/* port: where the camera was when it began. ERR_NOINPUT: no dock runs at this
 * station; ERR_USAGE: it is no port. */
enum err halt_run(const char *dir, const char *port, bool json) MUST_USE;
/* For the dock: is there an order for this port? It is gone then. */
bool halt_take(const char *dir, const char *port);
/* The file that a running dock holds locked. */
enum err halt_lock_path(char out[static 4096], const char *dir) MUST_USE;

#endif
