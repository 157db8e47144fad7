#ifndef TUI_SCREENS_TODO_H
#define TUI_SCREENS_TODO_H

#include "tui/widgets/term.h"

#include <jansson.h>
#include <stdint.h>

/*
 * What needs doing, out of what the station's commands say. Pure: the same
 * facts give the same lines. Nothing is said that the facts do not say: what is
 * not known (NULL, -1) has no line.
 */
#define TODO_MAX 24
#define TODO_TEXT 256

struct todo_facts {
    const char *user;         /* who is unlocked; "": nobody */
    unsigned roles;           /* of that person: enum role */
    int64_t now;              /* ms */
    const json_t *status;     /* `status --json` */
    const json_t *cameras;    /* plugged_json() */
    const json_t *notes;      /* arrays of rows: `rows notes` */
    const json_t *waiting;    /* `rows waiting`: requests, destruction orders with one signature */
    const json_t *recordings; /* the newest */
    const json_t *links;      /* every entry "link" since the oldest of these */
    const json_t *users;      /* `users --json` */
    const json_t *doctor;     /* `doctor --json` */
    const json_t *drafts;     /* `draft list` */
    json_int_t held;          /* recordings on hold */
    json_int_t quarantined;   /* batches and entries that no projection takes */
};

struct todo_line {
    enum look look;       /* LOOK_ALARM, LOOK_WARN, LOOK_NORMAL */
    char text[TODO_TEXT]; /* a sentence, translated, without a full stop */
    const char *screen;   /* where it is done */
};

/* The most urgent first; returns how many. */
size_t todo_lines(const struct todo_facts *f, struct todo_line out[static TODO_MAX]);
/* What the district holds, by a receipt or not at all: a sentence. */
void todo_held(const json_t *status, char out[static TODO_TEXT]);

/* A note that nobody signed, written here, that waits for its author. */
bool todo_is_open_note(const json_t *note, const json_t *status);

#define TODO_TIME 17
/* "2026-11-22 10:00", this place's time; "?" for what is no time. */
void todo_time(char out[static TODO_TIME], const char *rfc3339);

#endif
