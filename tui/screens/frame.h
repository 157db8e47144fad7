#ifndef TUI_SCREENS_FRAME_H
#define TUI_SCREENS_FRAME_H

#include "storage/base/err.h"

#include <stddef.h>

/*
 * The loop of the screens and what stands around each of them: the status
 * line, the title, the message line, the line of keys. Sleeps in poll until a
 * key, a reply, a signal, or the next minute of the clock.
 */

struct frame_options {
    const char *dir;
    const char *const *from; /* ends with NULL */
    int idle;                /* seconds; 0: as the station is set (tui/screens_conf.h) */
    const char *lang;        /* given on the command line; NULL: as the station is set */
};

/* Until the person ends them or the terminal is gone. ERR_USAGE: there is no
 * terminal; errors of starting the opener. */
enum err frame_run(const struct frame_options *o) MUST_USE;

#endif
