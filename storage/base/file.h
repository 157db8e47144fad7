#ifndef STORAGE_BASE_FILE_H
#define STORAGE_BASE_FILE_H

#include "storage/base/buf.h"
#include "storage/base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Files that survive a power cut. All functions deal with EINTR and short
 * transfers, look at every return of write, fsync, close and rename, and set
 * the sentence of the error with the path in it.
 */

/* path = dir "/" name; ERR_DATA if it does not fit PATH_MAX. */
enum err file_path(char out[static 4096], const char *dir, const char *name) MUST_USE;

/* Reads a whole regular file of at most max bytes into out (cleared first).
 * ERR_NOINPUT if it is not there, ERR_DATA if it is larger or not regular. */
enum err file_read(const char *path, size_t max, struct buf *out) MUST_USE;

/* Durable replace: PATH.tmp.PID, write, fsync, rename, fsync the directory. */
enum err file_write(const char *path, const void *bytes, size_t n, mode_t mode) MUST_USE;

/* Replaces without waiting for the disk: durable with the next flush of the
 * file system. A power cut before that leaves the old bytes, the new ones, or
 * a beginning of them. */
enum err file_write_soon(const char *path, const void *bytes, size_t n, mode_t mode) MUST_USE;

/* As file_write, but fails with ERR_CREATE if the path exists (link, not
 * rename). */
enum err file_create(const char *path, const void *bytes, size_t n, mode_t mode) MUST_USE;

enum err file_write_fd(int fd, const void *bytes, size_t n, const char *path) MUST_USE;
enum err file_sync_fd(int fd, const char *path) MUST_USE;
enum err file_sync_dir(const char *dir) MUST_USE;
/* rename and fsync of the target's directory */
enum err file_rename(const char *from, const char *to) MUST_USE;
/* Removes; absence is no error. */
enum err file_remove(const char *path) MUST_USE;
/* mkdir -p with mode for what is made, each durable; exists is no error. */
enum err file_mkdirs(const char *path, mode_t mode) MUST_USE;
bool file_exists(const char *path);
/* Nothing there, or a folder without anything in it. */
bool file_is_empty_dir(const char *path);
/* Size of a regular file; false if there is none. */
bool file_size(const char *path, uint64_t *size);

/* Bytes that this process may still write to the file system of path. */
enum err file_free_space(const char *path, uint64_t *bytes) MUST_USE;

/* Opens (making) a lock file and locks it: exclusive or shared, waiting or
 * not (ERR_AGAIN). The descriptor holds the lock until closed. */
enum err file_lock(const char *path, bool exclusive, bool wait, int *fd) MUST_USE;

/* Closes *fd once and sets it to -1; for -1 does nothing. Only for
 * descriptors whose bytes are synced already or were only read. */
void file_close(int *fd);

#endif
