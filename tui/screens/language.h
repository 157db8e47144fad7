#ifndef TUI_SCREENS_LANGUAGE_H
#define TUI_SCREENS_LANGUAGE_H

#include "tui/screens/desk.h"

/* The next of Kazakh, Russian and English, at once and for everything; the
 * station keeps it where there is one. */
void language_next(struct view *v);
/* Keeps the present one: a station that has just been made. */
void language_keep(struct view *v);

#endif
