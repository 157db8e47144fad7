#ifndef TUI_SCREENS_MEDIA_LIST_H
#define TUI_SCREENS_MEDIA_LIST_H

#include "tui/screens/listing.h"

/* Sticks and other media that are plugged in, to choose one of. The folder is
 * the first cell; one that is read-only or another district's is dim. */
extern const struct listing_kind media_kind;
/* Looks (again). */
void media_ask(struct view *v);

#endif
