#ifndef DRIVERS_ERASE_VISIT_H
#define DRIVERS_ERASE_VISIT_H

#include "drivers/erase/copies.h"

#include <signal.h>
#include <stdbool.h>

/* One run of the program: station, camera, erase. */
struct visit {
    const char *dir;
    const char *camera;             /* serial number, or port */
    const char *from;               /* a folder or an image in its place: for a plan; NULL: on USB */
    const char *volume;             /* with from; "" not told */
    const char *licence;            /* NULL: any */
    const char *copies[COPIES_MAX]; /* folders with backups */
    size_t n_copies;
    bool plan, json, progress;
    const volatile sig_atomic_t *stop;
};

/* incomplete as of erase_run. */
enum err visit_run(const struct visit *v, bool *incomplete) MUST_USE;

#endif
