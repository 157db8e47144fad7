#ifndef DRIVERS_CAMERA_H
#define DRIVERS_CAMERA_H

#include "storage/limits.h"
#include "storage/vault/intake.h"

#include <jansson.h>

/*
 * A camera, whatever it hangs on: what is on it, and the bytes of its files.
 * Nothing here writes to one but its clock. A driver fills the callbacks in;
 * self is its own, freed by free. Paths are the camera's, relative, '/' between folders,
 * any bytes but NUL, shorter than CAMERA_PATH_MAX.
 */
enum camera_state {
    CAMERA_FILE,      /* can be taken */
    CAMERA_NOT_TAKEN, /* on purpose: a symbolic link, a device, ... */
    CAMERA_FAILED,    /* a file or folder that cannot be looked at */
};

struct camera_file {
    const char *path;
    uint64_t size;
    int64_t mtime; /* ms; INT64_MIN unknown */
    enum camera_state state;
    const char *why; /* of the latter two: "symbolic link", "Permission denied" */
};

/* An error ends the listing, which returns it. */
typedef enum err camera_list_fn(void *ctx, const struct camera_file *f);

/* Who it is; "" unknown. Plain text, what cannot be shown is escaped. */
struct camera_name {
    char vendor[NAME_LEN], product[NAME_LEN], serial[NAME_LEN], profile[NAME_LEN], volume[NAME_LEN];
};

struct camera_status {
    int battery;          /* per cent; -1 unknown */
    uint64_t free, total; /* bytes; total 0: unknown */
};

struct camera {
    void *self;
    /* Bytes that may fail alone: a sector. 0: what fails, fails whole, and a
     * file is read from its beginning to its end. */
    uint32_t grain;
    /* A file can only be sent from its beginning on: to read here and there is
     * to read all before it. */
    bool in_order;
    /* Texts live as long as the camera. */
    void (*describe)(void *self, struct intake_camera *out);
    /* Every file, sorted by path within each folder. ERR_DATA: beyond a
     * ceiling; ERR_IO, ERR_AGAIN: the camera itself cannot be read. */
    enum err (*list)(void *self, camera_list_fn *fn, void *ctx);
    /* A listed file. Errors as of intake_source, with a sentence that does
     * not name the file. */
    enum err (*open)(void *self, const struct camera_file *f, void **file);
    enum err (*read)(void *file, uint64_t offset, void *p, size_t n, size_t *got);
    void (*close)(void *file);
    void (*free)(void *self);
    /* What follows may be NULL: it cannot. */
    /* What the directory says about an open file, and how it was read, for the
     * recording's entry; of the camera: descriptors, partitions, storages. The
     * caller owns the object; NULL: out of memory. */
    json_t *(*file_facts)(void *file);
    json_t *(*facts)(void *self);
    enum err (*status)(void *self, struct camera_status *out);
    /* The camera's clock, ms since 1970 (UTC). Setting it is the only thing that is ever written. */
    enum err (*clock)(void *self, int64_t *ms);
    enum err (*set_clock)(void *self, int64_t ms);
};

#endif
