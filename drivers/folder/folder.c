#include "drivers/folder/folder.h"

#include "drivers/limits.h"
#include "storage/base/file.h"
#include "storage/base/grow.h"
#include "storage/base/lang.h"
#include "storage/base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BY_UUID "/dev/disk/by-uuid"

struct folder {
    int root;
    char serial[NAME_LEN];
    char volume[NAME_LEN];
};

struct folder_file {
    int fd;
    uint64_t size; /* as listed */
    int64_t mtime;
};

/* The names of one folder. */
struct names {
    struct buf text; /* each with its NUL */
    size_t *at;      /* offsets into it */
    size_t n;
    size_t cap;
};

struct walk {
    camera_list_fn *fn;
    void *ctx;
    size_t files;
    char path[CAMERA_PATH_MAX];
    size_t len;
};

static int64_t mtime_of(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
}

/* Opens without following a link and, where permitted, without a trace. */
static int open_quietly(int dir, const char *name, int flags)
{
    flags |= O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    int fd = openat(dir, name, flags | O_NOATIME);
    return fd < 0 && errno == EPERM ? openat(dir, name, flags) : fd;
}

/* What a failed call on the camera means. */
static enum err camera_errno(const char *what)
{
    bool gone = errno == ENODEV || errno == ENXIO || errno == ESTALE || errno == ENOMEDIUM || errno == ENOENT ||
                errno == ENOTDIR || errno == ELOOP;
    if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
        errno = EIO; /* nonsense from a reader; the station's disk is not full */
    return err_errno(gone ? ERR_AGAIN : ERR_IO, "%s", _(what));
}

static void describe(void *self, struct intake_camera *out)
{
    const struct folder *f = self;
    *out = (struct intake_camera){"", "", f->serial, "folder", f->volume, INT64_MIN};
}

static int by_name(const void *a, const void *b, void *text)
{
    const char *names = text;
    return strcmp(names + *(const size_t *)a, names + *(const size_t *)b);
}

static void names_free(struct names *names)
{
    buf_free(&names->text);
    free(names->at);
}

static enum err names_add(struct names *names, const char *name)
{
    size_t *at = grow(names->at, names->n, &names->cap, 64, sizeof *at);
    if (!at)
        return ERR_NOMEM;
    names->at = at;
    names->at[names->n] = names->text.len;
    enum err e = buf_add(&names->text, name, strlen(name) + 1);
    names->n += !e;
    return e;
}

static enum err tell(struct walk *w, enum camera_state state, const struct stat *st, const char *why)
{
    struct camera_file f = {
        .path = w->len ? w->path : ".",
        .size = st ? (uint64_t)st->st_size : 0,
        .mtime = st ? mtime_of(st) : INT64_MIN,
        .state = state,
        .why = why ? _(why) : NULL,
    };
    return w->fn(w->ctx, &f);
}

/* All names of the open folder dir, sorted. What cannot be read of it is told. */
static enum err read_names(struct walk *w, DIR *dir, struct names *names)
{
    struct dirent *f;
    enum err e = ERR_OK;
    while (!e && (errno = 0, f = readdir(dir)) != NULL) {
        if (strcmp(f->d_name, ".") == 0 || strcmp(f->d_name, "..") == 0)
            continue;
        if (++w->files > CAMERA_FILES_MAX)
            return err_set(ERR_DATA, "there are more than %u files on the camera", CAMERA_FILES_MAX);
        e = names_add(names, f->d_name);
    }
    if (!e && errno)
        e = tell(w, CAMERA_FAILED, NULL, strerror(errno));
    if (names->n)
        qsort_r(names->at, names->n, sizeof *names->at, by_name, names->text.p);
    return e;
}

static const char *not_taken(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFLNK:
        return N_("symbolic link");
    case S_IFIFO:
        return "fifo";
    case S_IFSOCK:
        return "socket";
    case S_IFCHR:
    case S_IFBLK:
        return "device";
    default:
        return N_("no regular file");
    }
}

static enum err walk_folder(struct walk *w, int fd, unsigned depth);

static enum err walk_one(struct walk *w, int dir, const char *name, unsigned depth)
{
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return tell(w, CAMERA_FAILED, NULL, strerror(errno));
    if (S_ISREG(st.st_mode))
        return tell(w, CAMERA_FILE, &st, "");
    if (!S_ISDIR(st.st_mode))
        return tell(w, CAMERA_NOT_TAKEN, &st, not_taken(st.st_mode));
    if (depth == CAMERA_DEPTH_MAX)
        return tell(w, CAMERA_FAILED, NULL, "too many folders inside folders");
    int fd = open_quietly(dir, name, O_DIRECTORY);
    return fd < 0 ? tell(w, CAMERA_FAILED, NULL, strerror(errno)) : walk_folder(w, fd, depth + 1);
}

/* Takes fd. */
static enum err walk_folder(struct walk *w, int fd, unsigned depth)
{
    struct names names = {0};
    DIR *dir = fdopendir(fd);
    if (!dir) {
        file_close(&fd);
        return err_set(ERR_NOMEM, "out of memory");
    }
    size_t len = w->len;
    enum err e = read_names(w, dir, &names);
    for (size_t i = 0; i < names.n && !e; i++) {
        const char *name = (const char *)names.text.p + names.at[i];
        size_t n = strlen(name), slash = len > 0;
        if (len + slash + n >= sizeof w->path) {
            e = tell(w, CAMERA_FAILED, NULL, "a path in it is too long");
            continue;
        }
        if (slash)
            w->path[len] = '/';
        memcpy(w->path + len + slash, name, n + 1);
        w->len = len + slash + n;
        e = walk_one(w, dirfd(dir), name, depth);
        w->len = len;
        w->path[len] = '\0';
    }
    names_free(&names);
    closedir(dir);
    return e;
}

static enum err list(void *self, camera_list_fn *fn, void *ctx)
{
    const struct folder *f = self;
    struct walk *w = calloc(1, sizeof *w);
    if (!w)
        return err_set(ERR_NOMEM, "out of memory");
    w->fn = fn;
    w->ctx = ctx;
    int fd = open_quietly(f->root, ".", O_DIRECTORY);
    enum err e = fd < 0 ? camera_errno("cannot read the folder") : walk_folder(w, fd, 0);
    free(w);
    return e;
}

/* Opens path below dir, one folder after the other. */
static int open_below(int dir, const char *path)
{
    char name[NAME_MAX + 1];
    int at = dir;
    for (;;) {
        size_t n = strcspn(path, "/");
        if (n == 0 || n > NAME_MAX) {
            errno = ENOENT;
            break;
        }
        memcpy(name, path, n);
        name[n] = '\0';
        int fd = open_quietly(at, name, path[n] ? O_DIRECTORY : 0);
        int saved = errno;
        if (at != dir)
            file_close(&at);
        errno = saved;
        if (fd < 0 || !path[n])
            return fd;
        at = fd;
        path += n + 1;
    }
    if (at != dir)
        file_close(&at);
    return -1;
}

/* ERR_BAD when the open file is not the listed one any more. */
static enum err check_same(const struct folder_file *f)
{
    struct stat st;
    if (fstat(f->fd, &st) < 0)
        return camera_errno("it cannot be looked at");
    if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != f->size || mtime_of(&st) != f->mtime)
        return err_set(ERR_BAD, "it changed while it was read; run offload again");
    return ERR_OK;
}

static void close_file(void *file)
{
    struct folder_file *f = file;
    if (!f)
        return;
    file_close(&f->fd);
    free(f);
}

static enum err open_file(void *self, const struct camera_file *listed, void **file)
{
    const struct folder *folder = self;
    *file = NULL;
    struct folder_file *f = malloc(sizeof *f);
    if (!f)
        return err_set(ERR_NOMEM, "out of memory");
    *f = (struct folder_file){open_below(folder->root, listed->path), listed->size, listed->mtime};
    enum err e = f->fd < 0 ? camera_errno("it cannot be opened") : check_same(f);
    if (e) {
        close_file(f);
        return e;
    }
    posix_fadvise(f->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    *file = f;
    return ERR_OK;
}

static enum err read_file(void *file, uint64_t offset, void *p, size_t n, size_t *got)
{
    const struct folder_file *f = file;
    ssize_t r;
    *got = 0;
    do
        r = pread(f->fd, p, n, (off_t)offset);
    while (r < 0 && errno == EINTR);
    if (r < 0)
        return camera_errno("it cannot be read");
    *got = (size_t)r;
    return offset >= f->size ? check_same(f) : ERR_OK;
}

static void free_folder(void *self)
{
    struct folder *f = self;
    file_close(&f->root);
    free(f);
}

/* The UUID of the volume whose root the open folder is; "" where it is none. */
static void find_volume(struct folder *f)
{
    struct stat st, up, disk;
    if (fstat(f->root, &st) < 0 || fstatat(f->root, "..", &up, 0) < 0 || st.st_dev == up.st_dev)
        return;
    DIR *d = opendir(BY_UUID);
    for (struct dirent *e; d && (e = readdir(d)) != NULL;)
        if (e->d_name[0] != '.' && strlen(e->d_name) < sizeof f->volume &&
            fstatat(dirfd(d), e->d_name, &disk, 0) == 0 && S_ISBLK(disk.st_mode) && disk.st_rdev == st.st_dev)
            strcpy(f->volume, e->d_name);
    if (d)
        closedir(d);
}

static bool is_plain(const char *s)
{
    struct buf b = {0};
    size_t n = strlen(s);
    bool plain = n == 0 || (text_escape(&b, s, n) == ERR_OK && b.len == n && memcmp(b.p, s, n) == 0);
    buf_free(&b);
    return plain;
}

enum err folder_check_serial(const char *serial)
{
    if (strlen(serial) < NAME_LEN && is_plain(serial))
        return ERR_OK;
    return err_set(ERR_USAGE, "a camera's serial number is up to %u bytes of plain text", NAME_LEN - 1);
}

enum err folder_open(struct camera *out, const char *path, const char *serial)
{
    struct stat st;
    enum err checked = folder_check_serial(serial);
    if (checked)
        return checked;
    if (stat(path, &st) < 0)
        return err_errno(ERR_NOINPUT, "cannot find %s", path);
    if (!S_ISDIR(st.st_mode))
        return err_set(ERR_DATA, "%s is no folder", path);
    struct folder *f = calloc(1, sizeof *f);
    if (!f)
        return err_set(ERR_NOMEM, "out of memory");
    strcpy(f->serial, serial);
    f->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f->root < 0) {
        enum err e = err_errno(errno == ENOENT ? ERR_NOINPUT : ERR_IO, "cannot open folder %s", path);
        free(f);
        return e;
    }
    find_volume(f);
    *out = (struct camera){.self = f,
                           .describe = describe,
                           .list = list,
                           .open = open_file,
                           .read = read_file,
                           .close = close_file,
                           .free = free_folder};
    return ERR_OK;
}
