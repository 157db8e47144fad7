#ifndef SYNC_FOLDER_STICK_H
#define SYNC_FOLDER_STICK_H

#include "storage/base/buf.h"
#include "storage/limits.h"
#include "storage/seal/hash.h"

#include <stdbool.h>

/*
 * FOLDER/feldsher: a stick, or any folder that travels. Whoever had it may
 * have put anything there, so names (paths under feldsher/, '/' between
 * folders) are opened folder by folder, no symbolic link is ever followed,
 * and only regular files are read.
 *
 * What goes wrong with the stick while it is READ is ERR_NOINPUT (not there),
 * ERR_DATA (not a regular file, too large, other size, a link) or ERR_AGAIN
 * (unreadable), never ERR_IO or ERR_FULL: these are left to the disk of
 * whoever reads, see stick_stops. WRITING to it: ERR_FULL, ERR_IO (stop) or
 * ERR_DATA (that name is occupied by something hostile, the next may do).
 */
struct stick {
    char root[4096]; /* FOLDER/feldsher */
    int fd;          /* of root; -1: nothing there yet */
    bool linked;     /* it has a good link file: */
    char label[NAME_LEN];
    char district[NAME_LEN];
};

/* ERR_UNREACHABLE: FOLDER is not there. Without FOLDER/feldsher it is an
 * empty stick (fd -1). ERR_DATA: FOLDER/feldsher is no folder. A link file
 * that is not readable as one counts as none. */
enum err stick_open(struct stick *s, const char *folder) MUST_USE;
/* Makes FOLDER/feldsher and its link file where they are not. label may be
 * NULL for a new stick: one is made up. ERR_DENIED: the stick belongs to
 * another district. */
enum err stick_make(struct stick *s, const char *label, const char *district) MUST_USE;
void stick_close(struct stick *s);

/* Is e trouble of our own disk, memory or program rather than of one item of
 * the stick, so that going on with the next makes no sense? */
bool stick_stops(enum err e);

/* Path of an object: objects/ab/abcdef... */
void stick_object(char out[static 80], const struct hash *name);

/* Opens a regular file for reading. The caller closes *fd. */
enum err stick_file(const struct stick *s, const char *name, int *fd, uint64_t *size) MUST_USE;
/* A whole file of at most max bytes; out is cleared first. */
enum err stick_read(const struct stick *s, const char *name, uint64_t max, struct buf *out) MUST_USE;
/* Streams a file of exactly size bytes into sink; the sink's errors pass. */
enum err stick_stream(const struct stick *s, const char *name, uint64_t size, sink_fn *sink, void *ctx) MUST_USE;
/* Is there a regular file with that size? */
bool stick_has(const struct stick *s, const char *name, uint64_t size);

/* Writes NAME.part, makes it durable, renames it. fill pushes the bytes into
 * the sink it is given; when it fails nothing stays. The folder entry is
 * durable after stick_sync. The stick must be made. */
typedef enum err stick_fill(void *ctx, sink_fn *sink, void *sink_ctx);
enum err stick_write(struct stick *s, const char *name, stick_fill *fill, void *ctx) MUST_USE;
enum err stick_put(struct stick *s, const char *name, const void *p, size_t n) MUST_USE;
/* Absence is no error. */
enum err stick_remove(const struct stick *s, const char *name) MUST_USE;
enum err stick_sync(const struct stick *s) MUST_USE;
/* Bytes free, and the unit in which files take them. */
enum err stick_space(const struct stick *s, uint64_t *bytes, uint64_t *unit) MUST_USE;

#endif
