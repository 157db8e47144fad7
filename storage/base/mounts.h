#ifndef STORAGE_BASE_MOUNTS_H
#define STORAGE_BASE_MOUNTS_H

#include "storage/base/buf.h"

#include <stdbool.h>

/* What is mounted, by /proc/self/mountinfo (proc(5)). */
#define MOUNTS_PATH "/proc/self/mountinfo"
#define MOUNTS_BYTES ((size_t)1 << 20)

struct mount {
    char *folder;
    const char *kind; /* "vfat" */
};

/* All of it from an open descriptor, whose place does not matter, NUL-ended;
 * text is cleared first. ERR_IO. */
enum err mounts_read(int fd, struct buf *text) MUST_USE;
/* The next of the text, which is cut up; *rest: the text at first. Lines that
 * are none are passed over. false: no more. */
bool mounts_next(char **rest, struct mount *out);
/* Below /media, /run/media or /mnt, as desktops and crews mount them, or /mnt. */
bool mounts_is_removable(const char *folder);

#endif
