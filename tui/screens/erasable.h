#ifndef TUI_SCREENS_ERASABLE_H
#define TUI_SCREENS_ERASABLE_H

/* What may be erased on a camera, and why not: screen_erasable, opened with this. */
struct erasable_order {
    const char *serial; /* the camera's number, copied */
};

#endif
