#ifndef TUI_SCREENS_AUTHORITY_DECREE_H
#define TUI_SCREENS_AUTHORITY_DECREE_H

#include "tui/widgets/form.h"

/*
 * What the district's authority does, as data: a form, and how a command line
 * of `feldsher authority` is made of it.
 */
#define DECREE_WORDS 40
#define DECREE_FIELDS 9

enum decree_kind {
    DECREE_FOUND,
    DECREE_JOIN,
    DECREE_ENROL,
    DECREE_REPLACE,
    DECREE_PERSON,
    DECREE_CHANGE,
    DECREE_REVOKE_STATION,
    DECREE_REVOKE_PERSON,
    DECREE_UNIT,
    DECREE_HUB,
    DECREE_ROSTER,
    DECREE_SPLIT,
    DECREES,
};

struct decree {
    const char *title;   /* N_() */
    const char *sub;     /* second word of the command */
    const char *switch_; /* "--replace", or NULL */
    struct form_field fields[DECREE_FIELDS];
    size_t n;
    const char *options[DECREE_FIELDS]; /* of each field: "--unit"; "": an argument; NULL: not of the command line */
};

extern const struct decree decrees[DECREES];

/* Words of the command, NULL-ended, pointing into the form and into folder.
 * Empty fields are left out. folder NULL: the form has it. */
void decree_words(const struct decree *d, const struct form *f, const char *folder,
                  const char *words[static DECREE_WORDS]);
/* The passphrase to send, NULL: the decree needs none. */
const struct secret *decree_secret(const struct decree *d, const struct form *f);
/* What is wrong with what is typed, translated; NULL: nothing. */
const char *decree_problem(const struct decree *d, struct form *f);

#endif
