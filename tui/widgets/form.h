#ifndef TUI_WIDGETS_FORM_H
#define TUI_WIDGETS_FORM_H

#include "storage/base/err.h"
#include "tui/secret.h"
#include "tui/widgets/edit.h"
#include "tui/widgets/term.h"

/*
 * A form: labelled fields below each other. Tab, Down and Enter go to the
 * next field, Up and Shift-Tab back; Enter in the last one is FORM_DONE, and
 * the screen checks and sends. In a choice Left and Right (or its digit)
 * choose. Fields are a static table; what is typed is the form's.
 */
#define FORM_FIELDS 16
#define FORM_TEXT_MAX 1024
#define FORM_LINES_MAX 8192
#define FORM_CHOICES 9

enum form_kind {
    FORM_TEXT,
    FORM_SECRET, /* locked memory; shown as dots, no more than 12 */
    FORM_CHOICE, /* of choices[] */
    FORM_DATE,   /* 2026-11-22 or 2026-11-22 10:00: digits alone are typed; form_problem names a wrong one */
    FORM_LINES,  /* several lines: Enter begins one, Tab leaves */
    FORM_SHOWN,  /* nothing to type: form_set says what */
};

struct form_field {
    const char *name;  /* of the program */
    const char *label; /* N_(), at most FORM_LABEL columns in English */
    enum form_kind kind;
    bool needed;                           /* form_problem when empty */
    const char *help;                      /* N_(), one line below the form while the caret is here; or NULL */
    const char *choices[FORM_CHOICES + 1]; /* N_(); ends with NULL */
};
#define FORM_LABEL 24

enum form_answer {
    FORM_NOT_MINE, /* the key was not for it */
    FORM_TAKEN,
    FORM_CHANGED, /* taken, and a value is another */
    FORM_DONE,    /* Enter in the last field */
};

struct form {
    const struct form_field *fields;
    size_t n;
    size_t at; /* field with the caret */
    struct {
        struct edit edit;
        struct secret *secret;
        int choice; /* index */
    } v[FORM_FIELDS];
    int top;
    char problem[200];
};

/* Everything empty, choices on their first. ERR_NOMEM. */
enum err form_init(struct form *f, const struct form_field *fields, size_t n) MUST_USE;
/* Wipes secrets. */
void form_free(struct form *f);

enum form_answer form_key(struct form *f, const struct key *k);
void form_paint(struct form *f, const struct area *a);
int form_rows(const struct form *f); /* that it needs, help line included */

void form_set(struct form *f, const char *name, const char *text);
const char *form_text(const struct form *f, const char *name); /* "" when empty; lives as long as the form */
const struct secret *form_secret(const struct form *f, const char *name);
int form_choice(const struct form *f, const char *name);
void form_choose(struct form *f, const char *name, int choice);
void form_go(struct form *f, const char *name);
/* Empties a field: the secret that was wrong. */
void form_wipe(struct form *f, const char *name);
/* The first field that is empty and needed or is no date, as a sentence
 * (translated), with the caret set there; NULL: all well. */
const char *form_problem(struct form *f);
/* Cyrillic letters among what is typed in this field, which a passphrase of
 * Latin words does not have: the layout is the wrong one. Says no more. */
bool form_is_cyrillic(const struct form *f, const char *name);

#endif
