#ifndef DRIVERS_DOCK_OFFLOAD_H
#define DRIVERS_DOCK_OFFLOAD_H

#include "storage/base/err.h"

#include <signal.h>
#include <stdbool.h>

/* Takes everything that is on a camera into a station. */
struct offload {
    const char *dir;    /* the station */
    const char *from;   /* folder, mount or image; NULL: on USB */
    const char *camera; /* from: its serial number, "" unknown; else serial number or port, "": the only one */
    bool json;
    bool quiet;
    bool progress; /* as JSON, too */
    bool no_wait;  /* a camera that is pulled out is not waited for */
    /* What is plugged in there, if it is admitted or proves itself; rows name
     * the camera, for several are taken in at once. NULL: camera says which. */
    const char *port;
    const volatile sig_atomic_t *stop; /* not 0: finish at the next slice */
};

/* Limits the process for good before it looks at the camera. *incomplete:
 * some recordings failed; the rest is in. ERR_AGAIN: it was stopped, too. */
enum err offload_run(const struct offload *o, bool *incomplete) MUST_USE;

#endif
