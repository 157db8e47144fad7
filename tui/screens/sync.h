#ifndef TUI_SCREENS_SYNC_H
#define TUI_SCREENS_SYNC_H

#include "tui/screens/screen.h"

/* What a lane carries, translated; "" beyond the last. */
const char *sync_lane(size_t lane);
/* The limits may be others: v is a view of the screen "sync". */
void sync_ask_limits(struct view *v);

#endif
