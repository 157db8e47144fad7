#ifndef TUI_SCREENS_VIEW_H
#define TUI_SCREENS_VIEW_H

#include "tui/screens/screen.h"

/* A view of s on top of the others; NULL: out of memory. */
struct view *view_new(struct desk *d, const struct screen *s);
/* What it asked is forgotten. It must stand on the stack no more. */
void view_free(struct view *v);

#endif
