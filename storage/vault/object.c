#include "storage/vault/object.h"

#include "storage/base/file.h"
#include "storage/limits.h"
#include "storage/seal/age.h"
#include "storage/seal/compress.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum err object_path(char out[static OBJECT_PATH], const char *root, const struct hash *name)
{
    char hex[HASH_HEX];
    hash_hex(hex, name);
    int n = snprintf(out, OBJECT_PATH, "%s/objects/%.2s/%s", root, hex, hex);
    return n > 0 && n < OBJECT_PATH ? ERR_OK : err_set(ERR_DATA, "path too long: %.200s...", root);
}

bool object_size(const char *root, const struct hash *name, uint64_t *size)
{
    char path[OBJECT_PATH];
    struct stat st;
    if (object_path(path, root, name) || lstat(path, &st) < 0 || !S_ISREG(st.st_mode))
        return false;
    *size = (uint64_t)st.st_size;
    return true;
}

enum err object_begin(struct object_writer *w, const char *root)
{
    static atomic_uint serial;
    char dir[OBJECT_PATH];
    w->root = root;
    w->fd = -1;
    w->size = 0;
    hash_init(&w->hash);
    int n = snprintf(dir, sizeof dir, "%s/objects/tmp", root);
    if (n < 0 || n >= (int)sizeof dir - 40)
        return err_set(ERR_DATA, "path too long: %.200s...", root);
    snprintf(w->tmp, sizeof w->tmp, "%.4000s/%ld.%u", dir, (long)getpid(), atomic_fetch_add(&serial, 1));
    int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    w->fd = open(w->tmp, flags, 0600);
    if (w->fd < 0 && errno == ENOENT) {
        enum err e = file_mkdirs(dir, 0700);
        if (e)
            return e;
        w->fd = open(w->tmp, flags, 0600);
    }
    if (w->fd < 0 && errno == EEXIST && unlink(w->tmp) == 0) /* a dead process had our number */
        w->fd = open(w->tmp, flags, 0600);
    if (w->fd < 0) {
        enum err e = err_errno(ERR_IO, "cannot write into %s", dir);
        w->tmp[0] = '\0';
        return e;
    }
    return ERR_OK;
}

enum err object_add(struct object_writer *w, const void *p, size_t n)
{
    hash_add(&w->hash, p, n);
    w->size += n;
    return file_write_fd(w->fd, p, n, w->tmp);
}

enum err object_commit(struct object_writer *w, const struct hash *expect, struct hash *name)
{
    char path[OBJECT_PATH], dir[OBJECT_PATH];
    struct hash h = hash_end(&w->hash);
    enum err e = ERR_OK;
    if (expect && !hash_same(&h, expect))
        e = err_set(ERR_BAD, "the bytes of an object do not match its name");
    if (!e)
        e = object_path(path, w->root, &h);
    if (!e)
        e = file_sync_fd(w->fd, w->tmp);
    if (!e) {
        int fd = w->fd;
        w->fd = -1;
        if (close(fd) < 0)
            e = err_errno(ERR_IO, "cannot close %s", w->tmp);
    }
    if (!e) {
        snprintf(dir, sizeof dir, "%.*s", (int)(strrchr(path, '/') - path), path);
        if (rename(w->tmp, path) < 0 && errno == ENOENT) {
            e = file_mkdirs(dir, 0700);
            if (!e && rename(w->tmp, path) < 0)
                e = err_errno(ERR_IO, "cannot rename to %s", path);
        } else if (!file_exists(path)) {
            e = err_errno(ERR_IO, "cannot rename to %s", path);
        }
    }
    if (!e) {
        w->tmp[0] = '\0';
        e = file_sync_dir(dir);
    }
    if (e)
        object_abort(w);
    else if (name)
        *name = h;
    return e;
}

void object_abort(struct object_writer *w)
{
    file_close(&w->fd);
    if (w->tmp[0])
        unlink(w->tmp);
    w->tmp[0] = '\0';
}

enum err object_put(const char *root, const void *p, size_t n, struct hash *name)
{
    struct object_writer w;
    enum err e = object_begin(&w, root);
    if (!e)
        e = object_add(&w, p, n);
    if (!e)
        e = object_commit(&w, NULL, name);
    if (e)
        object_abort(&w);
    return e;
}

enum err object_get(const char *root, const struct hash *name, size_t max, struct buf *out)
{
    char path[OBJECT_PATH];
    enum err e = object_path(path, root, name);
    if (!e)
        e = file_read(path, max, out);
    if (e == ERR_DATA)
        return err_set(ERR_BAD, "object %s is larger than it can be", path);
    if (e)
        return e;
    struct hash h = hash_of(out->p, out->len);
    return hash_same(&h, name) ? ERR_OK : err_set(ERR_BAD, "object %s: its bytes do not match its name", path);
}

enum err object_check(const char *root, const struct hash *name, uint64_t *size)
{
    char path[OBJECT_PATH];
    struct hash h;
    enum err e = object_path(path, root, name);
    if (!e)
        e = hash_file(path, &h, size);
    if (!e && !hash_same(&h, name))
        e = err_set(ERR_BAD, "object %s: its bytes do not match its name", path);
    return e;
}

enum err object_remove(const char *root, const struct hash *name)
{
    char path[OBJECT_PATH];
    enum err e = object_path(path, root, name);
    return e ? e : file_remove(path);
}

enum err object_sweep(const char *root)
{
    char path[OBJECT_PATH];
    int n = snprintf(path, sizeof path, "%s/objects/tmp", root);
    DIR *d = n > 0 && n < (int)sizeof path ? opendir(path) : NULL;
    if (!d)
        return errno == ENOENT ? ERR_OK : err_errno(ERR_IO, "cannot read %s", path);
    enum err e = ERR_OK;
    for (struct dirent *f; (f = readdir(d)) != NULL;)
        if (f->d_name[0] != '.' && unlinkat(dirfd(d), f->d_name, 0) < 0 && errno != ENOENT)
            e = err_errno(ERR_IO, "cannot clear %s", path);
    closedir(d);
    return e;
}

static enum err each_in(const char *path, const char *sub, enum err (*fn)(void *, const struct hash *, const char *),
                        void *ctx)
{
    DIR *d = opendir(path);
    if (!d)
        return err_errno(ERR_IO, "cannot read folder %s", path);
    enum err e = ERR_OK;
    for (struct dirent *f; !e && (f = readdir(d)) != NULL;) {
        char file[OBJECT_PATH];
        struct hash h;
        if (strcmp(f->d_name, ".") == 0 || strcmp(f->d_name, "..") == 0)
            continue;
        e = file_path(file, path, f->d_name);
        if (!e) {
            bool named = hash_unhex(&h, f->d_name, strlen(f->d_name)) && memcmp(f->d_name, sub, 2) == 0;
            e = fn(ctx, named ? &h : NULL, file);
        }
    }
    closedir(d);
    return e;
}

enum err object_each(const char *root, enum err (*fn)(void *, const struct hash *, const char *), void *ctx)
{
    char objects[OBJECT_PATH], sub[OBJECT_PATH];
    enum err e = file_path(objects, root, "objects");
    if (e)
        return e;
    DIR *d = opendir(objects);
    if (!d)
        return errno == ENOENT ? ERR_OK : err_errno(ERR_IO, "cannot read folder %s", objects);
    for (struct dirent *f; !e && (f = readdir(d)) != NULL;) {
        struct stat st;
        if (f->d_name[0] == '.')
            continue;
        e = file_path(sub, objects, f->d_name);
        bool folder = !e && lstat(sub, &st) == 0 && S_ISDIR(st.st_mode);
        if (folder && (strcmp(f->d_name, "tmp") == 0 || strcmp(f->d_name, "partial") == 0))
            continue;
        if (folder && strlen(f->d_name) == 2)
            e = each_in(sub, f->d_name, fn, ctx);
        else if (!e)
            e = fn(ctx, NULL, sub);
    }
    closedir(d);
    return e;
}

enum err object_seal(const void *plain, size_t n, const struct recipient *to, size_t n_to, struct buf *sealed)
{
    struct buf packed = {.secret = 1};
    enum err e = compress_bytes(COMPRESS_TEXT, plain, n, &packed);
    if (!e)
        e = age_seal_bytes(to, n_to, packed.p, packed.len, sealed);
    buf_free(&packed);
    return e;
}

enum err object_open(const void *sealed, size_t n, const struct identity *ids, size_t n_ids, size_t max,
                     struct buf *plain)
{
    struct buf packed = {.secret = 1};
    enum err e = buf_reserve(&packed, n); /* at once: growing would copy and wipe it many times */
    if (!e)
        e = age_open_bytes(ids, n_ids, sealed, n, &packed);
    if (!e)
        e = decompress_bytes(packed.p, packed.len, max, plain);
    buf_free(&packed);
    return e;
}
