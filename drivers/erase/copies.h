#ifndef DRIVERS_ERASE_COPIES_H
#define DRIVERS_ERASE_COPIES_H

#include "storage/vault/station.h"

/*
 * Copies that stand for a hub's receipt where a licence allows it: the
 * station's own objects, and backups (with blobs) in other folders, each on a
 * medium of its own. They are read whole and compared with their names.
 */
#define COPIES_MAX 3u /* besides the station's own */

struct copies {
    const struct station *s;
    const char *dir[COPIES_MAX]; /* as given: they hold feldsher-backup/ */
    size_t n;
    /* Which medium holds a folder: two that are alike are one. ERR_DENIED: it cannot be told. */
    enum err (*medium)(const char *path, char out[static 4096]);
    uint64_t seq; /* of the label that was checked last; 0: none */
    bool held;
};

/* The whole disk behind a folder, by /sys/dev/block (a partition is no medium of its own). */
enum err copies_medium(const char *path, char out[static 4096]) MUST_USE;
/* ERR_DENIED: two of them are on one medium. Before the process limits itself. */
enum err copies_apart(const struct copies *c) MUST_USE;
/* Batch, parts list and every blob of our own label seq, in at least `copies`
 * places. ERR_DENIED with what is missing. */
enum err copies_hold(struct copies *c, uint64_t seq, unsigned copies) MUST_USE;

#endif
