#ifndef DRIVERS_DOCK_ARGUMENTS_H
#define DRIVERS_DOCK_ARGUMENTS_H

#include "drivers/dock/models.h"
#include "drivers/dock/offload.h"
#include "drivers/dock/survey.h"
#include "drivers/dock/watch.h"

/* The command line. */
enum verb { VERB_OFFLOAD, VERB_WATCH, VERB_CAMERAS, VERB_ADMIT, VERB_FORGET, VERB_STOP, VERB_MODELS };

struct arguments {
    enum verb verb;
    struct offload offload;
    struct watch watch;
    struct survey survey;
    struct models models;
    const char *profile; /* of admit; NULL: the one that fits */
    int shown;           /* help or the like was printed: main's exit code; -1: it was not */
};

/* stop goes into each of them. ERR_USAGE. */
enum err arguments_read(struct arguments *a, int argc, char **argv, const volatile sig_atomic_t *stop) MUST_USE;

#endif
