#ifndef TUI_SCREENS_UNSAVED_H
#define TUI_SCREENS_UNSAVED_H

#include "storage/limits.h"
#include "tui/screens/desk.h"

/*
 * Keeps what is being typed as a draft, sealed to its author (or, while nobody
 * is unlocked, to everybody with a key here): at most one write in
 * UNSAVED_PAUSE, one more when the view goes. A view has one for its text:
 *
 *     open:   unsaved_begin, unsaved_find
 *     key:    unsaved_typed, once the text is another
 *     tick:   unsaved_tick
 *     close:  unsaved_close
 *     done:   unsaved_drop
 */
#define UNSAVED_PAUSE 5000 /* ms */

struct unsaved {
    char name[NAME_LEN]; /* of the draft: "note" */
    char user[NAME_LEN]; /* its author, whoever is unlocked when it is written; "": nobody */
    bool changed;        /* since it was written */
    bool written;        /* there is one, or may be */
    bool over;           /* dropped: nothing is kept any more */
    int64_t at;          /* of the last writing; clock_uptime() */
};

/* While nobody is unlocked the draft has a name of its own, NAME-TIME: two
 * persons' do not take each other's place. */
void unsaved_begin(struct unsaved *k, const struct view *v, const char *name);
/* Asks for a draft of an earlier time: a row with "text", and the end. Only
 * while somebody is unlocked. */
void unsaved_find(struct unsaved *k, struct view *v, desk_fn *fn);
/* Of that row: one that nobody had signed is this person's from now on. */
void unsaved_found(struct unsaved *k, struct view *v, const json_t *row);
void unsaved_typed(struct unsaved *k, struct view *v, int64_t now);
void unsaved_tick(struct unsaved *k, struct view *v, int64_t now, const char *text);
/* Keeps what is not kept yet. */
void unsaved_close(struct unsaved *k, struct view *v, const char *text);
/* The text is saved elsewhere, or thrown away. */
void unsaved_drop(struct unsaved *k, struct view *v);

#endif
