#ifndef SYNC_FOLDER_ARGS_H
#define SYNC_FOLDER_ARGS_H

#include "storage/base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * A program's command line as a table. The parser, --help and --man (troff)
 * are made from it; --help, --version and --man need no row.
 */
struct args;

struct args_option {
    const char *name;  /* "link" for --link */
    char letter;       /* 'C' for -C; 0: none */
    const char *value; /* "FOLDER"; NULL: a switch */
    const char *help;
};

struct args_command {
    const char *name;     /* NULL: the program's only one */
    const char *operands; /* "DIR FILE...": the last with dots may repeat */
    const char *options;  /* names it takes, blank-separated; '!' behind one: it must be given */
    const char *help;
    enum err (*run)(const struct args *a);
};

struct args_program {
    const char *name;
    const char *summary; /* one line */
    const char *about;   /* paragraphs separated by an empty line */
    const char *exits;   /* paragraphs: exit status */
    const char *see;     /* "feldsher(1)" */
    const struct args_option *options;
    size_t n_options;
    const struct args_command *commands;
    size_t n_commands;
};

#define ARGS_OPERANDS_MAX 4096u

/* Parses, runs, reports; what main returns. */
int args_main(const struct args_program *p, int argc, char **argv);

/* For run. */
size_t args_count(const struct args *a);
const char *args_operand(const struct args *a, size_t i);
bool args_has(const struct args *a, const char *option);
/* Value of the option's occurrence i from 0; NULL when there is none. */
const char *args_value(const struct args *a, const char *option, size_t i);

#endif
