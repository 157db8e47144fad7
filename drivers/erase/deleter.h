#ifndef DRIVERS_ERASE_DELETER_H
#define DRIVERS_ERASE_DELETER_H

#include "drivers/camera.h"

/*
 * How one camera forgets a file. No other program has any of these.
 */
struct deleter {
    void *self;
    const char *how; /* "mtp", "vendor"; for the custody entries */
    /* Of a listed file. ERR_AGAIN: the camera is gone, and whether the file is
     * nobody knows; ERR_DENIED, ERR_IO: it did not, with a sentence that does
     * not name the file. NULL: the camera offers no way; why says it. */
    enum err (*remove)(void *self, const struct camera_file *f);
    const char *why;
    bool lists_anew; /* a listing afterwards tells what is there, not what was */
};

#endif
