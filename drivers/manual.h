#ifndef DRIVERS_MANUAL_H
#define DRIVERS_MANUAL_H

#include "storage/base/err.h"

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

/* The options of every program, by what getopt_long answers; they end its list. */
/* clang-format off */
#define MANUAL_OPTIONS                                                                                                 \
    {"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'v'}, {"man", no_argument, NULL, 'm'},            \
    {NULL, 0, NULL, 0}
/* clang-format on */
/* c: what getopt_long answered. *shown: main's exit code, where it was one of
 * them. ERR_USAGE: it is an option of nobody's. */
enum err manual_takes(const struct manual *m, int c, int *shown) MUST_USE;
/* ERR_USAGE: what is wrong, and where to look. */
enum err manual_usage(const struct manual *m, const char *what) MUST_USE;

#endif
