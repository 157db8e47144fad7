#ifndef DRIVERS_DOCK_SURVEY_H
#define DRIVERS_DOCK_SURVEY_H

#include "storage/base/err.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * What is plugged in: every volume mounted below /media, /run/media or /mnt
 * that has a DCIM folder, and what is named besides (folders, images): files
 * are listed, none is opened. And every device on USB that could be a camera:
 * nothing is read from it.
 */
#define SURVEY_FROM_MAX 16

struct survey {
    const char *dir;                   /* the station: its models, its admitted cameras; where there is none: none */
    const char *from[SURVEY_FROM_MAX]; /* folders that count as cameras, DCIM or not */
    size_t n_from;
    bool json;
    bool watch; /* goes on: says everything anew when something is mounted or unmounted */
    const volatile sig_atomic_t *stop;
};

/* Limits the process for good. One that cannot be read is said and passed
 * over. ERR_NOINPUT: a folder of from is not there (not with watch). */
enum err survey_run(const struct survey *s) MUST_USE;

#endif
