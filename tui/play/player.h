#ifndef TUI_PLAY_PLAYER_H
#define TUI_PLAY_PLAYER_H

#include "storage/base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Plays one recording, asked for piece by piece, until its end, until the
 * person ends it or until the opener hangs up. */
struct player_options {
    int fd;              /* a stream socket to the opener: wire.h */
    const char *title;   /* of the window; NULL */
    const char *start;   /* where: seconds, "1:30", "50%"; NULL: the beginning */
    const char *library; /* MPV_LIBRARY */
    const char *video; /* mpv's name of where to show it; NULL: by what there is. "null": nowhere, as fast as it goes */
    bool report;       /* what was played, as a JSON object, on stdout */
};

/* Limits the program for ever (cage.h). ERR_UNREACHABLE: libmpv, or anything
 * that could show it, is missing; ERR_DATA: it is no video that libmpv knows;
 * ERR_USAGE: start; and ask_error's. */
enum err player_run(const struct player_options *o) MUST_USE;

/* The keys, for help and man page. */
struct player_key {
    const char *keys; /* mpv's names, blanks between; the first ones are shown */
    const char *command;
    const char *shown, *help; /* NULL: not shown */
};
extern const struct player_key player_keys[];
extern const size_t player_n_keys;

#endif
