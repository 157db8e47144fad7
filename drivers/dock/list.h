#ifndef DRIVERS_DOCK_LIST_H
#define DRIVERS_DOCK_LIST_H

#include "drivers/camera.h"

/*
 * What is on a camera, as recordings: a file, and its sidecars, which are
 * .nmea .gpx .srt .log .json .thm files (in any case) of the same folder and
 * stem. A sidecar without a recording is one itself.
 */
struct list_file {
    size_t path; /* offset into paths */
    size_t stem; /* bytes of the path up to the last dot of the name */
    uint64_t size;
    int64_t mtime;
    bool sidecar;
};

struct list {
    struct buf paths; /* each with its NUL */
    struct list_file *files;
    size_t n;
    size_t cap;
};

/* A recording: files[first], and behind it n_sidecars others. */
struct list_recording {
    size_t first;
    size_t n_sidecars;
};

void list_free(struct list *l);
/* Copies. ERR_NOMEM. */
enum err list_add(struct list *l, const struct camera_file *f) MUST_USE;
/* Sorts by folder and stem, recordings before their sidecars; after the last list_add. */
void list_sort(struct list *l);
/* The recording that begins at file number *at (0 at first), which moves to
 * the next; false behind the last. */
bool list_next(const struct list *l, size_t *at, struct list_recording *r);
const char *list_path(const struct list *l, size_t file);

#endif
