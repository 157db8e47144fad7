#ifndef DRIVERS_ERASE_TELL_H
#define DRIVERS_ERASE_TELL_H

#include "drivers/erase/permit.h"

/*
 * What an erase says, a line a file on standard output, for people or as JSON
 * objects (README.md lists them). Paths and reasons come escaped.
 */
enum tell_what {
    TELL_MAY,        /* a plan: it would be read, and erased */
    TELL_HELD,       /* a plan: a hub holds it, no licence names it */
    TELL_UNLICENSED, /* a plan: no licence names it */
    TELL_ERASED,
    TELL_GONE,   /* licensed, and not on the camera any more */
    TELL_LEFT,   /* not erased, for a reason that stands */
    TELL_FAILED, /* not erased; may be tried again */
    TELL_KINDS
};

struct tell {
    bool json, progress;
    int64_t told;
    uint64_t count[TELL_KINDS];
    uint64_t erased, bytes, done; /* bytes: erased; to be read; read */
};

struct tell_line {
    enum tell_what what;
    const char *path; /* NULL: only its recording is known */
    uint64_t size;
    const char *licence, *recording; /* NULL: none */
    const char *why;                 /* NULL: none */
};

void tell_begin(struct tell *t, bool json, bool progress);
/* The camera, and how it would erase; how NULL: why it cannot. */
void tell_camera(struct tell *t, const char *serial, const char *volume, const char *how, const char *why);
void tell_licence(struct tell *t, const struct permit_licence *l);
void tell_line(struct tell *t, const struct tell_line *l);
void tell_progress(struct tell *t, uint64_t more);
void tell_summary(const struct tell *t);

#endif
