#ifndef TUI_SCREENS_BARS_H
#define TUI_SCREENS_BARS_H

#include "tui/screens/desk.h"

/* What stands around every screen: the station at the top, the title, the
 * message, the keys at the bottom. */
void bars_status(const struct desk *d, const struct area *line);
void bars_title(const struct view *v, const struct area *line);
void bars_keys(const struct view *v, const struct area *lines);
int bars_keys_rows(const struct view *v, int cols); /* 1, or 2 where the words are long */
/* Rows that the message needs: 0 to 3. */
int bars_message_rows(const struct desk *d, int cols);
void bars_message(const struct desk *d, const struct area *lines);

#endif
