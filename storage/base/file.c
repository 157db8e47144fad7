#include "storage/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum err file_path(char out[static 4096], const char *dir, const char *name)
{
    int n = snprintf(out, 4096, "%s/%s", dir, name);
    if (n < 0 || n >= 4096)
        return err_set(ERR_DATA, "path too long: %.200s...", dir);
    return ERR_OK;
}

/* The folder that holds path. */
static void parent(char out[static 4096], const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) : 1;
    if (n == 0)
        n = 1;
    if (n > 4095)
        n = 4095;
    memcpy(out, slash ? path : ".", n);
    out[n] = '\0';
}

void file_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

enum err file_read(const char *path, size_t max, struct buf *out)
{
    buf_clear(out);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return err_errno(errno == ENOENT || errno == ENOTDIR ? ERR_NOINPUT : ERR_IO, "cannot open %s", path);
    struct stat st;
    enum err e = ERR_OK;
    if (fstat(fd, &st) < 0)
        e = err_errno(ERR_IO, "cannot look at %s", path);
    else if (!S_ISREG(st.st_mode))
        e = err_set(ERR_DATA, "%s is not a regular file", path);
    else if (st.st_size < 0 || (uint64_t)st.st_size > max)
        e = err_set(ERR_DATA, "%s is larger than the %zu bytes allowed", path, max);
    if (!e)
        e = buf_reserve(out, (size_t)st.st_size);
    while (!e) {
        uint8_t chunk[16384];
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            e = err_errno(ERR_IO, "cannot read %s", path);
        else if (n == 0)
            break;
        else if ((size_t)n > max - out->len)
            e = err_set(ERR_DATA, "%s is larger than the %zu bytes allowed", path, max);
        else
            e = buf_add(out, chunk, (size_t)n);
        explicit_bzero(chunk, out->secret ? sizeof chunk : 0);
    }
    file_close(&fd);
    return e;
}

enum err file_write_fd(int fd, const void *bytes, size_t n, const char *path)
{
    const uint8_t *p = bytes;
    while (n) {
        ssize_t w = write(fd, p, n);
        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0)
            return err_errno(ERR_IO, "cannot write %s", path);
        p += w;
        n -= (size_t)w;
    }
    return ERR_OK;
}

enum err file_sync_fd(int fd, const char *path)
{
    while (fsync(fd) < 0)
        if (errno != EINTR)
            return err_errno(ERR_IO, "cannot make %s durable", path);
    return ERR_OK;
}

enum err file_sync_dir(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(ERR_IO, "cannot open folder %s", dir);
    enum err e = ERR_OK;
    /* some file systems cannot sync a folder and say EINVAL: nothing to do there */
    if (fsync(fd) < 0 && errno != EINVAL)
        e = err_errno(ERR_IO, "cannot make folder %s durable", dir);
    file_close(&fd);
    return e;
}

static enum err write_aside(char tmp[static 4096], const char *path, const void *bytes, size_t n, mode_t mode,
                            bool durable)
{
    int len = snprintf(tmp, 4096, "%s.tmp.%ld", path, (long)getpid());
    if (len < 0 || len >= 4096)
        return err_set(ERR_DATA, "path too long: %.200s...", path);
    int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return err_errno(ERR_IO, "cannot write %s", path);
    enum err e = file_write_fd(fd, bytes, n, path);
    if (!e && durable)
        e = file_sync_fd(fd, path);
    if (close(fd) < 0 && !e)
        e = err_errno(ERR_IO, "cannot close %s", path);
    if (e)
        unlink(tmp);
    return e;
}

enum err file_write(const char *path, const void *bytes, size_t n, mode_t mode)
{
    char tmp[4096];
    enum err e = write_aside(tmp, path, bytes, n, mode, true);
    if (e)
        return e;
    e = file_rename(tmp, path);
    if (e)
        unlink(tmp);
    return e;
}

enum err file_write_soon(const char *path, const void *bytes, size_t n, mode_t mode)
{
    char tmp[4096];
    enum err e = write_aside(tmp, path, bytes, n, mode, false);
    if (!e && rename(tmp, path) < 0) {
        e = err_errno(ERR_IO, "cannot rename to %s", path);
        unlink(tmp);
    }
    return e;
}

enum err file_create(const char *path, const void *bytes, size_t n, mode_t mode)
{
    char tmp[4096], dir[4096];
    enum err e = write_aside(tmp, path, bytes, n, mode, true);
    if (e)
        return e;
    /* RENAME_NOREPLACE also works where hard links do not (FAT) */
    if (renameat2(AT_FDCWD, tmp, AT_FDCWD, path, RENAME_NOREPLACE) < 0) {
        if (errno == EINVAL && !file_exists(path) && rename(tmp, path) == 0)
            errno = 0;
        else
            e = err_errno(errno == EEXIST ? ERR_CREATE : ERR_IO, "cannot create %s", path);
    }
    if (e) {
        unlink(tmp);
        return e;
    }
    parent(dir, path);
    return file_sync_dir(dir);
}

enum err file_rename(const char *from, const char *to)
{
    char dir[4096];
    if (rename(from, to) < 0)
        return err_errno(ERR_IO, "cannot rename to %s", to);
    parent(dir, to);
    return file_sync_dir(dir);
}

enum err file_remove(const char *path)
{
    if (unlink(path) < 0 && errno != ENOENT)
        return err_errno(ERR_IO, "cannot remove %s", path);
    return ERR_OK;
}

enum err file_mkdirs(const char *path, mode_t mode)
{
    char part[4096];
    size_t n = strlen(path);
    if (n >= sizeof part)
        return err_set(ERR_DATA, "path too long: %.200s...", path);
    for (size_t i = 1; i <= n; i++) {
        if (i < n && path[i] != '/')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, mode) == 0) {
            char dir[4096];
            parent(dir, part);
            enum err e = file_sync_dir(dir);
            if (e)
                return e;
        } else if (errno != EEXIST) {
            int saved = errno;
            struct stat st; /* a read-only parent answers EROFS for a folder that is there */
            if (stat(part, &st) == 0 && S_ISDIR(st.st_mode))
                continue;
            errno = saved;
            return err_errno(ERR_CREATE, "cannot make folder %s", part);
        }
    }
    return ERR_OK;
}

bool file_exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

bool file_is_empty_dir(const char *path)
{
    DIR *d = opendir(path);
    if (!d)
        return errno == ENOENT;
    unsigned n = 0;
    while (n < 3 && readdir(d))
        n++;
    closedir(d);
    return n < 3;
}

bool file_size(const char *path, uint64_t *size)
{
    struct stat st;
    if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
        return false;
    *size = (uint64_t)st.st_size;
    return true;
}

enum err file_free_space(const char *path, uint64_t *bytes)
{
    struct statvfs v;
    if (statvfs(path, &v) < 0)
        return err_errno(ERR_IO, "cannot ask for the free space of %s", path);
    *bytes = (uint64_t)v.f_bavail * v.f_frsize;
    return ERR_OK;
}

enum err file_lock(const char *path, bool exclusive, bool wait, int *fd)
{
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd < 0 && (errno == EROFS || errno == EACCES))
        *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0)
        return err_errno(ERR_IO, "cannot open lock %s", path);
    while (flock(*fd, (exclusive ? LOCK_EX : LOCK_SH) | (wait ? 0 : LOCK_NB)) < 0) {
        if (errno == EINTR)
            continue;
        bool busy = errno == EWOULDBLOCK;
        enum err e = busy ? err_set(ERR_AGAIN, "another program is at work on it: %s", path)
                          : err_errno(ERR_IO, "cannot lock %s", path);
        file_close(fd);
        return e;
    }
    return ERR_OK;
}
