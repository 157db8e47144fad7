#ifndef DRIVERS_ERASE_LISTING_H
#define DRIVERS_ERASE_LISTING_H

#include "drivers/camera.h"

#include <signal.h>

/* What is on the camera, kept. */
struct listing_file {
    const char *path; /* into paths, once all are there */
    size_t at;
    uint64_t size;
    int64_t mtime;
    bool twice; /* another one has the same path: which of them is meant nobody knows */
};

struct listing {
    struct buf paths;
    struct listing_file *files; /* as the camera lists them */
    size_t n, cap;
    uint64_t unread; /* files and folders that cannot be looked at */
};

/* Lists the camera anew. Errors as of camera.list. The caller frees, also then. */
enum err listing_read(struct listing *l, const struct camera *c, const volatile sig_atomic_t *stop) MUST_USE;
void listing_free(struct listing *l);
struct camera_file listing_camera_file(const struct listing_file *f);

#endif
