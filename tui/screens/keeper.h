#ifndef TUI_SCREENS_KEEPER_H
#define TUI_SCREENS_KEEPER_H

#include "storage/limits.h"
#include "tui/screens/desk.h"

/*
 * Keeps what is being typed as a draft, sealed to its author (or, while nobody
 * is unlocked, to everybody with a key here): at most one write in
 * KEEPER_PAUSE, one more when the view goes. A view has one for its text:
 *
 *     open:   keeper_begin, keeper_find
 *     key:    keeper_typed, once the text is another
 *     tick:   keeper_tick
 *     close:  keeper_close
 *     done:   keeper_drop
 */
#define KEEPER_PAUSE 5000 /* ms */

struct keeper {
    char name[NAME_LEN]; /* of the draft: "note" */
    bool changed;        /* since it was written */
    bool written;        /* there is one, or may be */
    bool over;           /* dropped: nothing is kept any more */
    int64_t at;          /* of the last writing; clock_uptime() */
};

void keeper_begin(struct keeper *k, const char *name);
/* Asks for a draft of an earlier time: a row with "text", and the end. Only
 * while somebody is unlocked. */
void keeper_find(struct keeper *k, struct view *v, desk_fn *fn);
void keeper_typed(struct keeper *k, struct view *v, int64_t now, const char *text);
void keeper_tick(struct keeper *k, struct view *v, int64_t now, const char *text);
/* Keeps what is not kept yet. */
void keeper_close(struct keeper *k, struct view *v, const char *text);
/* The text is saved elsewhere, or thrown away. */
void keeper_drop(struct keeper *k, struct view *v);

#endif
