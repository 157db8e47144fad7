#ifndef TUI_SCREENS_CONF_H
#define TUI_SCREENS_CONF_H

#include "storage/base/err.h"

/*
 * How the screens of a station are set: screens.conf in its folder, clear
 * text, "feldsher-screens-conf 1" and lines "idle-minutes: N" and
 * "language: en|ru|kk". No line, no file: the default. It is not in sums:
 * whoever may write it may as well watch the screen.
 */
#define SCREENS_IDLE 5 /* minutes without a key before the screens lock themselves */
#define SCREENS_IDLE_MAX 60
#define SCREENS_CONF "screens.conf"

struct screens_conf {
    int idle_minutes; /* 1 to SCREENS_IDLE_MAX */
    char language[3]; /* "": as the environment says */
};

/* ERR_DATA: a line of it is wrong, and is passed over: s is good in any case. */
enum err screens_conf_read(const char *dir, struct screens_conf *s) MUST_USE;
/* Durable; lines that this version does not know stay. ERR_USAGE: a value that
 * cannot be. */
enum err screens_conf_write(const char *dir, const struct screens_conf *s) MUST_USE;

#endif
