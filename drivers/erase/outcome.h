#ifndef DRIVERS_ERASE_OUTCOME_H
#define DRIVERS_ERASE_OUTCOME_H

#include "drivers/erase/permit.h"

/*
 * What an erase says, a line a file on standard output, for people or as JSON
 * objects (README.md lists them). Paths and reasons come escaped.
 */
enum outcome_what {
    OUTCOME_MAY,        /* a plan: it would be read, and erased */
    OUTCOME_HELD,       /* a plan: a hub holds it, no licence names it */
    OUTCOME_UNLICENSED, /* a plan: no licence names it */
    OUTCOME_ERASED,
    OUTCOME_GONE,   /* licensed, and not on the camera any more */
    OUTCOME_LEFT,   /* not erased, for a reason that stands */
    OUTCOME_FAILED, /* not erased; may be tried again */
    OUTCOME_KINDS
};

struct outcome {
    bool json, progress;
    int64_t told;
    uint64_t count[OUTCOME_KINDS];
    uint64_t erased, bytes, done; /* bytes: erased; to be read; read */
};

struct outcome_line {
    enum outcome_what what;
    const char *path; /* NULL: only its recording is known */
    uint64_t size;
    const char *licence, *recording; /* NULL: none */
    const char *why;                 /* NULL: none */
};

void outcome_begin(struct outcome *t, bool json, bool progress);
/* The camera, and how it would erase; how NULL: why it cannot. */
void outcome_camera(struct outcome *t, const char *serial, const char *volume, const char *how, const char *why);
void outcome_licence(struct outcome *t, const struct permit_licence *l);
void outcome_line(struct outcome *t, const struct outcome_line *l);
void outcome_progress(struct outcome *t, uint64_t more);
void outcome_summary(const struct outcome *t);

#endif
