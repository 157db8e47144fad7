#ifndef DRIVERS_FAT_TREE_H
#define DRIVERS_FAT_TREE_H

#include "drivers/camera.h"
#include "drivers/fat/level.h"
#include "drivers/limits.h"

/*
 * The folders of one or several volumes. Those from a root to where we are
 * stay in memory (FAT_TREE_MAX in all), each read once; files asked for in the
 * order of their paths find theirs there.
 */
struct tree {
    struct volume *volumes;
    size_t n_volumes;
    bool numbered; /* a volume's paths begin with its number */
    struct level level[CAMERA_DEPTH_MAX + 1];
    size_t depth; /* levels */
    uint64_t entries;
    char path[CAMERA_PATH_MAX];
};

void tree_clear(struct tree *t);
/* As camera's list. */
enum err tree_list(struct tree *t, camera_list_fn *fn, void *ctx) MUST_USE;
/* The file or folder of a path and the folder that it is in; both live until
 * the next call. ERR_AGAIN: there is none. */
enum err tree_find(struct tree *t, const char *path, struct level **in, const struct record **r) MUST_USE;

#endif
