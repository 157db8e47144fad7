#ifndef TUI_COMMAND_H
#define TUI_COMMAND_H

#include "tui/secret.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What `feldsher` can be told: a table, its rows beside the functions that
 * they name (commands/). The parser, --help and the man page are made from it.
 */
#define COMMAND_OPTIONS_MAX 12
#define COMMAND_AGAIN_MAX 16 /* options given again, in one command line */

struct command_option {
    const char *name;  /* "why" for --why; NULL ends the row */
    const char *value; /* "TEXT"; "TEXT...": it may be given again, command_each has them all; NULL: a switch */
    const char *help;
};

struct call;
struct user;
struct records_position;

struct command {
    const char *name;
    const char *sub;  /* NULL: the command has no second word */
    const char *args; /* "ID DIR", "[DIR]", "SHARE..."; "" for none */
    int min, max;     /* of args; max -1: any number */
    const char *help; /* one line */
    enum err (*run)(struct call *c);
    struct command_option options[COMMAND_OPTIONS_MAX];
    bool by_default; /* of its group, when the second word is left out */
    bool spawns;     /* runs another program, which limits itself */
    bool hidden;     /* no business of a person's: not in the help */
};

struct command_group {
    const char *title;
    const struct command *rows;
    size_t n;
};

/* One invocation. Points into argv. */
struct call {
    const struct command *command;
    const char *dir;  /* of the station: -C, $FELDSHER_DIR or ~/.feldsher */
    const char *user; /* --user, or NULL */
    const char *lang; /* --lang, or NULL */
    bool json;
    char **args;
    int n_args;
    const char *values[COMMAND_OPTIONS_MAX]; /* as command->options; "" for a switch that is given */
    struct {
        size_t option; /* of the table */
        const char *value;
    } again[COMMAND_AGAIN_MAX]; /* what repeating options were given besides the first */
    size_t n_again;
    struct secret_source *secrets;
    struct user *unlocked; /* by the screens already; NULL: a passphrase is asked. Taken over by session_unlock */
    const char *typed;     /* secrets that a person typed into the screens, a line each; else NULL */
    size_t typed_n;
    const struct records_position *at; /* where its recording stands, as the screens know; none: to be found out */
    size_t n_at;
    int exit_code; /* where a command went well and still has something to say by it */
    enum { CALL_RUN, CALL_HELP, CALL_MAN, CALL_VERSION, CALL_NOTHING } what;
    const char *topic; /* of help: a command's first word, or NULL */
    char home[4096];
    const char *passphrase_file;
};

/* Fills c from a command line; args are moved to the front of argv. ERR_USAGE
 * with a sentence. */
enum err command_parse(struct call *c, int argc, char **argv) MUST_USE;
/* Value of an option of the table; NULL: not given. */
const char *command_option(const struct call *c, const char *name);
bool command_has(const struct call *c, const char *name);
/* Value number i, from 0, of an option that repeats; NULL: no more. */
const char *command_each(const struct call *c, const char *name, size_t i);
/* ERR_USAGE: an option that must be there is not. */
enum err command_need(const struct call *c, const char *name, const char **value) MUST_USE;

/* Help of everything, or (topic) of one command, on stdout. ERR_USAGE: no
 * such command. */
enum err command_help(const char *topic) MUST_USE;
/* The man page in troff. */
void command_man(void);

#endif
