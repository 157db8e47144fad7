#ifndef TUI_SCREENS_PLUGGED_USB_H
#define TUI_SCREENS_PLUGGED_USB_H

#include "tui/screens/plugged.h"

/* A device; serial: of its descriptors. NULL: there is none. */
struct plugged_camera *plugged_find_usb(struct plugged *p, const char *port, const char *serial);
/* A row of `dock`. The camera whose offload ended by it; NULL: none. */
struct plugged_camera *plugged_dock_row(struct plugged *p, const json_t *row, int64_t now);
/* The dock has ended: nothing is under way in it. */
void plugged_dock_end(struct plugged *p, enum plugged_dock next);

#endif
