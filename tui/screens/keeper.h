#ifndef TUI_SCREENS_KEEPER_H
#define TUI_SCREENS_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * When a program that ought to run always (feldsher-sync --watch) is started,
 * and started anew. Pure: what is known and the time are passed in.
 */
#define KEEPER_DEATHS 6         /* in a row, then a person has to look */
#define KEEPER_WELL 600000      /* ms: who ran so long has not died in a row */
#define KEEPER_PAUSE_MAX 300000 /* ms between two starts; 2 s at first, doubled each time */
#define KEEPER_OTHERS 5000      /* ms before looking again, where another one runs */

struct keeper {
    bool off;     /* a person ended it, or its own kind did: not started */
    bool gave_up; /* it died too often, or said that it cannot: not started */
    bool again;   /* it is being ended to be started with new settings */
    int deaths;
    int64_t next; /* not before this */
};

/* It ended, having run for so many ms. another: one that we did not start runs. */
void keeper_ended(struct keeper *k, int exit_code, int64_t ran, bool another, int64_t now);
/* Is it to be started now? needed: there is work for it. runs: one does, ours
 * or not. */
bool keeper_starts(const struct keeper *k, bool needed, bool runs, int64_t now);
/* A person wants it to run, whatever was before. */
void keeper_want(struct keeper *k);

#endif
