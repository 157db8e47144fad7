#ifndef DRIVERS_MANUAL_H
#define DRIVERS_MANUAL_H

#include <stddef.h>

/* What a program prints of itself for --help and --man. */
struct manual_option {
    const char *option, *help;
};

struct manual {
    const char *program, *title; /* "feldsher-dock", "FELDSHER-DOCK" */
    const char *brief;           /* half a sentence */
    const char *usage;           /* its lines, each ended */
    const char *synopsis;        /* the same behind the program's first name, for roff */
    const char *about, *lines;   /* what it does, what it prints */
    const struct manual_option *options;
    size_t n_options;
    const char *status, *see_also;
};

/* Both return main's exit code. */
int manual_help(const struct manual *m);
int manual_page(const struct manual *m);

#endif
