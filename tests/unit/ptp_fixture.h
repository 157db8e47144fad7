#ifndef TESTS_UNIT_PTP_FIXTURE_H
#define TESTS_UNIT_PTP_FIXTURE_H

#include "drivers/ptp/ptp.h"
#include "tests/unit/script_ptp.h"

#include <stdlib.h>
#include <string.h>

/* A tree of files on a scripted MTP device, and everything of it taken in and compared. */
struct fixture {
    struct script_ptp model;
    struct script script;
    struct usb usb;
    struct camera camera;
    /* what came of it */
    enum err opened, listed;
    char why[256];
    unsigned files, failed, not_taken, right, unread, wrong; /* wrong: pieces */
    char paths[64][64];
    char said[512], told[512]; /* by reading, by listing */
};

struct expected {
    const char *path;
    uint32_t handle;
};

static const struct ptp_object fixture_tree[] = {
    {.handle = 1, .parent = 0, .name = "DCIM", .folder = true},
    {.handle = 2, .parent = 1, .name = "100MEDIA", .folder = true},
    {.handle = 3, .parent = 2, .name = "A.MP4", .size = 70001},
    {.handle = 4, .parent = 2, .name = "B.MP4", .size = 65536 - 12}, /* with its head full packets */
    {.handle = 5, .parent = 2, .name = "C.NMEA", .size = 512 * 3},   /* full packets without */
    {.handle = 6, .parent = 2, .name = "EMPTY.TXT", .size = 0},
    {.handle = 7, .parent = 0, .name = "MISC", .folder = true},
    {.handle = 8, .parent = 7, .name = "log.txt", .size = 12}, /* as long as an answer */
    {.handle = 9, .parent = 0, .name = "readme", .size = 500}, /* with its head one packet */
};
#define FIXTURE_OBJECTS (sizeof fixture_tree / sizeof fixture_tree[0])

static const struct expected fixture_files[] = {
    {"DCIM/100MEDIA/A.MP4", 3},     {"DCIM/100MEDIA/B.MP4", 4}, {"DCIM/100MEDIA/C.NMEA", 5},
    {"DCIM/100MEDIA/EMPTY.TXT", 6}, {"MISC/log.txt", 8},        {"readme", 9},
};
#define FIXTURE_FILES (sizeof fixture_files / sizeof fixture_files[0])

static inline void fixture_start(struct fixture *f, unsigned quirks, const struct ptp_object *tree, size_t n)
{
    memset(f, 0, sizeof *f);
    f->model.quirks = quirks;
    f->model.objects = malloc(n * sizeof *tree);
    assert_non_null(f->model.objects);
    memcpy(f->model.objects, tree, n * sizeof *tree);
    f->model.n = n;
    struct script_device device = script_ptp(&f->model);
    script_begin(&f->script, &f->usb, &device);
    script_ptp_pipes(&f->usb);
}

static inline void fixture_end(struct fixture *f)
{
    if (f->camera.free)
        f->camera.free(f->camera.self);
    f->camera.free = NULL;
    script_end(&f->script);
    free(f->model.objects);
}

static inline enum err fixture_open(struct fixture *f)
{
    struct ptp *p = NULL;
    struct camera_name name = {.profile = "generic-mtp"};
    f->opened = ptp_open(&p, &f->usb);
    snprintf(f->why, sizeof f->why, "%s", err_text());
    if (!f->opened)
        f->opened = ptp_camera(&f->camera, p, &name);
    return f->opened;
}

static inline enum err fixture_listed(void *ctx, const struct camera_file *c)
{
    struct fixture *f = ctx;
    unsigned n = f->files + f->failed + f->not_taken;
    if (n < 64)
        snprintf(f->paths[n], sizeof f->paths[n], "%s", c->path);
    f->files += c->state == CAMERA_FILE;
    f->failed += c->state == CAMERA_FAILED;
    f->not_taken += c->state == CAMERA_NOT_TAKEN;
    if (c->state == CAMERA_FAILED)
        snprintf(f->told, sizeof f->told, "%s: %s", c->path, c->why);
    return ERR_OK;
}

static inline const struct ptp_object *fixture_object(const struct fixture *f, uint32_t handle)
{
    for (size_t i = 0; i < f->model.n; i++)
        if (f->model.objects[i].handle == handle)
            return &f->model.objects[i];
    return NULL;
}

/* One file from end to end, in pieces of an odd size. ERR_BAD: wrong bytes. */
static inline enum err fixture_read(struct fixture *f, const char *path, uint32_t handle, size_t piece)
{
    const struct ptp_object *o = fixture_object(f, handle);
    struct camera_file file = {.path = path, .size = o ? o->size : 0};
    uint8_t *p = malloc(2 * piece), *right = p + piece;
    void *open = NULL;
    uint64_t at = 0;
    size_t got = 1;
    assert_true(o && p);
    enum err e = f->camera.open(f->camera.self, &file, &open);
    while (!e && got) {
        e = f->camera.read(open, at, p, piece, &got);
        if (got)
            script_ptp_bytes(o, at, right, got);
        if (at + got > file.size || memcmp(p, right, got) != 0)
            f->wrong++;
        at += got;
    }
    if (!e && at != file.size)
        f->wrong++;
    snprintf(f->said, sizeof f->said, "%s", err_text());
    if (open)
        f->camera.close(open);
    free(p);
    return e;
}

/* Opens, lists and reads all; counts what came right, what was said not to, and what is wrong. */
static inline void fixture_take(struct fixture *f, size_t piece)
{
    if (fixture_open(f))
        return;
    f->listed = f->camera.list(f->camera.self, fixture_listed, f);
    for (size_t i = 0; i < FIXTURE_FILES && !f->listed; i++) {
        char path[64];
        bool found = false;
        snprintf(path, sizeof path, "%s%s", f->model.quirks & PTP_TWO_STORAGES ? "00010001/" : "",
                 fixture_files[i].path);
        for (size_t k = 0; k < 64; k++)
            found = found || strcmp(f->paths[k], path) == 0;
        if (!found) {
            f->wrong += f->failed == 0;
            f->unread++;
        } else if (fixture_read(f, path, fixture_files[i].handle, piece)) {
            f->unread++;
        } else {
            f->right++;
        }
    }
}

#endif
