#ifndef SYNC_FOLDER_WALK_H
#define SYNC_FOLDER_WALK_H

#include "sync/folder/tell.h"
#include "sync/folder/stick.h"

/* Listing a stick's folders in bounded memory and time. */
enum walk_kind { WALK_FILE, WALK_FOLDER, WALK_EITHER };

/* One contact's patience: names left to look at, and where refusals go. */
struct walk {
    const struct stick *stick;
    struct refuse *refuse;
    uint64_t left; /* STICK_ENTRIES_MAX at first */
};

/* Calls fn for each entry of one folder ("" for feldsher/ itself) of the kind
 * asked for; not deeper. Passed over: NAME.part. Refused by name: symbolic
 * links, fifos, devices, and entries of the other kind. A folder that is not
 * there has no entries. path is the entry's path under feldsher/, name its
 * last part: any bytes. fn returns an error to stop; ERR_END leaves this one
 * folder quietly. Too many names are one refusal and no error. */
typedef enum err walk_fn(void *ctx, const char *path, const char *name, uint64_t size);
enum err walk_folder(struct walk *w, const char *folder, enum walk_kind kind, walk_fn *fn, void *ctx) MUST_USE;

/* Every file objects/ab/HASH; others are refused. */
typedef enum err walk_object_fn(void *ctx, const char *path, const struct hash *name, uint64_t size);
enum err walk_objects(struct walk *w, walk_object_fn *fn, void *ctx) MUST_USE;

/* Refuses what does not belong directly under feldsher/. */
enum err walk_top(struct walk *w) MUST_USE;

#endif
