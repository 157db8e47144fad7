#ifndef TUI_SCREENS_SYNC_H
#define TUI_SCREENS_SYNC_H

#include <stddef.h>

/* What a lane carries, translated; "" beyond the last. */
const char *sync_lane(size_t lane);

#endif
