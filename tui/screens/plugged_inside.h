#ifndef TUI_SCREENS_PLUGGED_INSIDE_H
#define TUI_SCREENS_PLUGGED_INSIDE_H

#include "tui/screens/plugged.h"

/* Between plugged.c and plugged_usb.c. "" and 0 where a member is missing or of another type. */
const char *plugged_str(const json_t *row, const char *member);
uint64_t plugged_number(const json_t *row, const char *member);
/* A free place, or that of a camera that was taken out again; NULL: there is none. */
struct plugged_camera *plugged_place(struct plugged *p);
void plugged_forget(struct plugged_camera *c);
/* Nothing is known of an offload. */
void plugged_clear(struct plugged_camera *c);
/* A row of `device`, of `cameras` or of the dock; true: something is another now. */
bool plugged_see_device(struct plugged *p, const json_t *row);

#endif
