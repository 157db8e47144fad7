#ifndef TUI_MEDIA_H
#define TUI_MEDIA_H

#include "storage/base/err.h"
#include "storage/limits.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What is plugged in and mounted and may travel: file systems of disks below
 * /media, /run/media and /mnt, or whose device says that it is removable, or
 * that hold feldsher/link (sync/README.md).
 */
struct medium {
    const char *folder;
    const char *kind;        /* "vfat" */
    uint64_t free, size;     /* bytes */
    bool writable;           /* by this account */
    bool removable;          /* its device says so */
    char stick[NAME_LEN];    /* label of a stick of ours; "": it is none */
    char district[NAME_LEN]; /* of that stick */
    bool backup;             /* a whole backup of a station lies on it */
};

/* One folder looked at, mounted or not. */
void media_look(const char *folder, const char *kind, struct medium *out);
/* What fn returns ends it when it is an error, and comes back. */
typedef enum err media_fn(void *ctx, const struct medium *m);
enum err media_each(media_fn *fn, void *ctx) MUST_USE;

#endif
