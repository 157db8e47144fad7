#ifndef DRIVERS_DOCK_READING_H
#define DRIVERS_DOCK_READING_H

#include "drivers/camera.h"
#include "drivers/dock/kept.h"
#include "storage/base/buf.h"

#include <signal.h>

/*
 * One file of a camera while it is taken in, whatever happens to the camera:
 * places that cannot be read become holes of zeros, and a camera that is
 * pulled out is waited for; then the file goes on where it was, once the end
 * of what was read of it has been read again and is the same.
 */
#define READING_OVERLAP (1u << 20) /* bytes that are read again */
#define READING_HOLES_MAX 4096u    /* of one file */

/* What all files of one camera share. */
struct reading_camera {
    struct camera *camera;
    /* Waits for it, opens it anew and counts `opened`; NULL: nobody waits.
     * ERR_AGAIN: stopped. */
    enum err (*again)(void *ctx);
    bool (*gone)(void *ctx); /* it is unplugged, not merely silent */
    void *ctx;
    uint64_t opened; /* how often it was: a handle of before is worth nothing */
    const volatile sig_atomic_t *stop;
    struct reading *readings; /* those that are open: their handles end with the camera */
};

/* Of every place that is read again the last reading counts. */
struct reading_hole {
    uint64_t offset, length;
};

struct reading {
    struct reading_camera *on;
    struct reading *next;
    struct camera_file file; /* its path is the caller's, and lives as long */
    void *handle;
    uint64_t opened;
    bool failed;   /* the last error was the camera's or the file's */
    uint8_t *tail; /* the last bytes that were read in a row, before `at` */
    size_t tail_len;
    uint64_t at;
    struct reading_hole *holes; /* in order, apart from each other */
    size_t n_holes;
    uint64_t retries; /* pieces that were asked for again in parts */
    uint64_t waits;   /* times that the camera was away */
    struct kept kept; /* if reading_keep was called */
    bool no_pieces;   /* the camera did not give one that was asked for once more */
};

/* Errors as of camera.open. */
enum err reading_open(struct reading *r, struct reading_camera *on, const struct camera_file *f) MUST_USE;
/* As intake_source.read. */
enum err reading_read(void *reading, uint64_t offset, void *p, size_t n, size_t *got);
void reading_close(struct reading *r);
/* From now on its ends are kept for reading_piece. */
void reading_keep(struct reading *r);
/* A piece of what was read, once more: as it was kept, or from the camera, where
 * it is still here and can be read here and there; nobody waits for one. *got
 * 0: it is not to be had. Never an error. */
enum err reading_piece(void *reading, uint64_t offset, void *p, size_t n, size_t *got);
/* Bytes that are holes now. */
uint64_t reading_missing(const struct reading *r);
/* "found" (what the directory says), "holes", "retries", "waits". */
json_t *reading_facts(const struct reading *r);

#endif
