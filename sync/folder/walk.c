#include "sync/folder/walk.h"

#include "storage/base/file.h"
#include "storage/base/lang.h"
#include "sync/limits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opens a folder of the stick without following links; NULL with *e set, or
 * with ERR_OK where there is none. */
static DIR *open_folder(const struct walk *w, const char *folder, enum err *e)
{
    char rest[STICK_NAME_MAX];
    *e = ERR_OK;
    if (w->stick->fd < 0)
        return NULL;
    /* "." opened anew: a duplicate would share its place in the listing */
    int fd = openat(w->stick->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    snprintf(rest, sizeof rest, "%s", folder);
    char *save = NULL;
    for (char *part = strtok_r(rest, "/", &save); part && fd >= 0; part = strtok_r(NULL, "/", &save)) {
        int next = openat(fd, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int saved = errno;
        close(fd);
        errno = saved;
        fd = next;
    }
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    if (d)
        return d;
    int saved = errno;
    file_close(&fd);
    if (saved == ENOTDIR || saved == ELOOP)
        *e = refuse_item(w->refuse, folder, "it is a symbolic link or no folder; not followed");
    else if (saved != ENOENT) {
        char why[128];
        snprintf(why, sizeof why, _("cannot read this folder: %s"), strerror(saved));
        *e = refuse_item(w->refuse, folder, why);
    }
    return NULL;
}

static bool is_part(const char *name)
{
    size_t n = strlen(name);
    return n > 5 && strcmp(name + n - 5, ".part") == 0;
}

static enum err visit(struct walk *w, DIR *d, const char *folder, const char *name, enum walk_kind kind, walk_fn *fn,
                      void *ctx)
{
    char path[STICK_NAME_MAX + 256];
    struct stat st;
    snprintf(path, sizeof path, "%s%s%s", folder, *folder ? "/" : "", name);
    if (fstatat(dirfd(d), name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? ERR_OK : refuse_item(w->refuse, path, "cannot look at it");
    if (S_ISLNK(st.st_mode))
        return refuse_item(w->refuse, path, "it is a symbolic link; not followed");
    if (S_ISDIR(st.st_mode) && kind == WALK_FILE)
        return refuse_item(w->refuse, path, "a folder stands where only files belong; not opened");
    if (S_ISREG(st.st_mode) && kind == WALK_FOLDER)
        return refuse_item(w->refuse, path, "a file stands where only folders belong");
    if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
        return refuse_item(w->refuse, path, "it is a device, fifo or socket; not opened");
    if (strlen(path) >= STICK_NAME_MAX)
        return refuse_item(w->refuse, path, "its name is too long");
    return fn(ctx, path, name, (uint64_t)st.st_size);
}

enum err walk_folder(struct walk *w, const char *folder, enum walk_kind kind, walk_fn *fn, void *ctx)
{
    enum err e;
    DIR *d = open_folder(w, folder, &e);
    if (!d)
        return e;
    while (!e) {
        errno = 0;
        struct dirent *f = readdir(d);
        if (!f && errno)
            e = refuse_item(w->refuse, folder, "this folder cannot be read to its end");
        if (!f)
            break;
        if (strcmp(f->d_name, ".") == 0 || strcmp(f->d_name, "..") == 0 || is_part(f->d_name))
            continue;
        if (w->left == 0) {
            e = refuse_item(w->refuse, folder, "too many files on the stick; the rest of this folder is not looked at");
            break;
        }
        w->left--;
        e = visit(w, d, folder, f->d_name, kind, fn, ctx);
    }
    closedir(d);
    return e == ERR_END ? ERR_OK : e;
}

struct objects {
    struct walk *walk;
    const char *sub;
    walk_object_fn *fn;
    void *ctx;
};

static enum err object_file(void *ctx, const char *path, const char *name, uint64_t size)
{
    const struct objects *o = ctx;
    struct hash h;
    if (!hash_unhex(&h, name, strlen(name)) || strncmp(name, o->sub, 2) != 0)
        return refuse_item(o->walk->refuse, path, "its name is no hash, or not of this folder");
    return o->fn(o->ctx, path, &h, size);
}

static enum err object_folder(void *ctx, const char *path, const char *name, uint64_t size)
{
    struct objects *o = ctx;
    (void)size;
    if (strlen(name) != 2 || strspn(name, "0123456789abcdef") != 2)
        return refuse_item(o->walk->refuse, path, "no folder of objects has such a name; not opened");
    o->sub = name;
    return walk_folder(o->walk, path, WALK_FILE, object_file, o);
}

enum err walk_objects(struct walk *w, walk_object_fn *fn, void *ctx)
{
    struct objects o = {.walk = w, .fn = fn, .ctx = ctx};
    return walk_folder(w, "objects", WALK_FOLDER, object_folder, &o);
}

static enum err top_entry(void *ctx, const char *path, const char *name, uint64_t size)
{
    static const char *const ours[] = {"link",    "roster",   "have",    "labels",
                                       "objects", "receipts", "notices", "confirmations"};
    struct walk *w = ctx;
    (void)size;
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (strcmp(name, ours[i]) == 0)
            return ERR_OK;
    return refuse_item(w->refuse, path, "nothing of ours has that name; not opened");
}

enum err walk_top(struct walk *w)
{
    return walk_folder(w, "", WALK_EITHER, top_entry, w);
}
