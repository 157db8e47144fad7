#ifndef TUI_PLAY_PLACE_H
#define TUI_PLAY_PLACE_H

#include <stdbool.h>

/* Is there a window system to show a recording in? Without one the player
 * takes the terminal it is started from, for its keys and (where there is no
 * screen of ours either) for its picture. */
bool place_has_windows(void);

#endif
