#include "sync/folder/stick.h"

#include "storage/base/file.h"
#include "storage/base/text.h"
#include "storage/seal/passphrase.h"
#include "sync/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

bool stick_stops(enum err e)
{
    return e == ERR_IO || e == ERR_FULL || e == ERR_NOMEM || e == ERR_BUG;
}

void stick_object(char out[static 80], const struct hash *name)
{
    char hex[HASH_HEX];
    hash_hex(hex, name);
    snprintf(out, 80, "objects/%.2s/%s", hex, hex);
}

/* Trouble with reading a stick, by errno. */
static enum err unread(const char *name)
{
    if (errno == ENOENT)
        return err_set(ERR_NOINPUT, "%s is not on the stick", name);
    if (errno == ELOOP || errno == ENOTDIR)
        return err_set(ERR_DATA, "a symbolic link or a file stands where a folder belongs; not followed");
    return err_errno(ERR_AGAIN, "cannot read it from the stick");
}

/* Trouble with writing a stick, by errno. */
static enum err unwritten(const struct stick *s, const char *name)
{
    if (errno == ELOOP || errno == ENOTDIR || errno == EISDIR || errno == ENOTEMPTY || errno == EEXIST)
        return err_set(ERR_DATA, "something that is no file of ours stands at %s", name);
    return err_errno(ERR_IO, "cannot write %s/%s", s->root, name);
}

/* Opens the folder that holds name, one step after the other, making what is
 * missing if asked; *base is the last part of name. errno tells of failure. */
static int open_parent(const struct stick *s, const char *name, bool make, const char **base)
{
    char part[STICK_NAME_MAX];
    int fd = s->fd < 0 ? -1 : fcntl(s->fd, F_DUPFD_CLOEXEC, 0);
    if (s->fd < 0)
        errno = ENOENT;
    const char *slash;
    for (*base = name; fd >= 0 && (slash = strchr(*base, '/')) != NULL; *base = slash + 1) {
        size_t n = (size_t)(slash - *base);
        if (n >= sizeof part) {
            close(fd);
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy(part, *base, n);
        part[n] = '\0';
        int next = openat(fd, part, FOLDER_FLAGS);
        if (next < 0 && errno == ENOENT && make && (mkdirat(fd, part, 0755) == 0 || errno == EEXIST))
            next = openat(fd, part, FOLDER_FLAGS);
        int saved = errno;
        close(fd);
        errno = saved;
        fd = next;
    }
    return fd;
}

enum err stick_file(const struct stick *s, const char *name, int *fd, uint64_t *size)
{
    const char *base;
    struct stat st;
    *fd = -1;
    *size = 0;
    int parent = open_parent(s, name, false, &base);
    if (parent < 0)
        return unread(name);
    enum err e = ERR_OK;
    if (fstatat(parent, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
        e = unread(name);
    else if (S_ISLNK(st.st_mode))
        e = err_set(ERR_DATA, "it is a symbolic link; not followed");
    else if (!S_ISREG(st.st_mode)) /* opening a device or fifo may already do something */
        e = err_set(ERR_DATA, "it is not a regular file");
    if (!e && (*fd = openat(parent, base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)) < 0)
        e = unread(name);
    if (!e && fstat(*fd, &st) < 0)
        e = unread(name);
    if (!e && !S_ISREG(st.st_mode))
        e = err_set(ERR_DATA, "it is not a regular file");
    if (e)
        file_close(fd);
    else
        *size = (uint64_t)st.st_size;
    close(parent);
    return e;
}

/* Pushes the bytes of an open file into sink; more than max is ERR_DATA. */
static enum err push(int fd, uint64_t max, uint64_t *got, sink_fn *sink, void *ctx)
{
    uint8_t chunk[65536];
    for (*got = 0;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(ERR_AGAIN, "cannot read it from the stick");
        if (n == 0)
            return ERR_OK;
        if ((uint64_t)n > max - *got)
            return err_set(ERR_DATA, "it has more than the %llu bytes allowed", (unsigned long long)max);
        *got += (uint64_t)n;
        enum err e = sink(ctx, chunk, (size_t)n);
        if (e)
            return e;
    }
}

enum err stick_read(const struct stick *s, const char *name, uint64_t max, struct buf *out)
{
    int fd;
    uint64_t size;
    buf_clear(out);
    enum err e = stick_file(s, name, &fd, &size);
    if (!e && size > max)
        e = err_set(ERR_DATA, "it has %llu bytes, %llu are allowed", (unsigned long long)size, (unsigned long long)max);
    if (!e)
        e = buf_reserve(out, (size_t)size);
    if (!e)
        e = push(fd, max, &size, buf_sink, out);
    file_close(&fd);
    return e;
}

enum err stick_stream(const struct stick *s, const char *name, uint64_t size, sink_fn *sink, void *ctx)
{
    int fd;
    uint64_t has, got = 0;
    enum err e = stick_file(s, name, &fd, &has);
    if (!e && has != size)
        e = err_set(ERR_DATA, "it has %llu bytes instead of %llu", (unsigned long long)has, (unsigned long long)size);
    if (!e)
        e = push(fd, size, &got, sink, ctx);
    if (!e && got != size)
        e = err_set(ERR_DATA, "it became shorter while it was read");
    file_close(&fd);
    return e;
}

bool stick_has(const struct stick *s, const char *name, uint64_t size)
{
    const char *base;
    struct stat st;
    int parent = open_parent(s, name, false, &base);
    if (parent < 0)
        return false;
    bool has =
        fstatat(parent, base, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size == size;
    close(parent);
    return has;
}

struct target {
    int fd;
    const char *path; /* for the sentence */
};

static enum err to_file(void *ctx, const uint8_t *bytes, size_t n)
{
    const struct target *t = ctx;
    return file_write_fd(t->fd, bytes, n, t->path);
}

/* Fills parent/PART and makes its bytes durable. */
static enum err fill_aside(const struct stick *s, int parent, const char *part, const char *name, stick_fill *fill,
                           void *ctx)
{
    char path[4096 + STICK_NAME_MAX];
    snprintf(path, sizeof path, "%s/%s", s->root, name);
    if (unlinkat(parent, part, 0) < 0 && errno != ENOENT)
        return unwritten(s, name);
    struct target t = {.path = path};
    t.fd = openat(parent, part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (t.fd < 0)
        return unwritten(s, name);
    enum err e = fill(ctx, to_file, &t);
    if (!e)
        e = file_sync_fd(t.fd, path);
    if (close(t.fd) < 0 && !e)
        e = err_errno(ERR_IO, "cannot close %s", path);
    return e;
}

enum err stick_write(struct stick *s, const char *name, stick_fill *fill, void *ctx)
{
    char part[STICK_NAME_MAX];
    const char *base;
    int parent = open_parent(s, name, true, &base);
    if (parent < 0)
        return unwritten(s, name);
    enum err e = ERR_OK;
    int n = snprintf(part, sizeof part, "%s.part", base);
    if (n < 0 || (size_t)n >= sizeof part)
        e = err_set(ERR_DATA, "name too long: %.100s...", base);
    if (!e)
        e = fill_aside(s, parent, part, name, fill, ctx);
    if (!e && renameat(parent, part, parent, base) < 0)
        e = unwritten(s, name);
    if (e)
        unlinkat(parent, part, 0);
    close(parent);
    return e;
}

static enum err fill_span(void *ctx, sink_fn *sink, void *sink_ctx)
{
    const struct span *bytes = ctx;
    return sink(sink_ctx, (const uint8_t *)bytes->p, bytes->n);
}

enum err stick_put(struct stick *s, const char *name, const void *p, size_t n)
{
    struct span bytes = {p, n};
    return stick_write(s, name, fill_span, &bytes);
}

enum err stick_remove(const struct stick *s, const char *name)
{
    const char *base;
    int parent = open_parent(s, name, false, &base);
    if (parent < 0)
        return errno == ENOENT ? ERR_OK : unwritten(s, name);
    enum err e = ERR_OK;
    if (unlinkat(parent, base, 0) < 0 && errno != ENOENT)
        e = unwritten(s, name);
    close(parent);
    return e;
}

enum err stick_sync(const struct stick *s)
{
    if (s->fd >= 0 && syncfs(s->fd) < 0)
        return err_errno(ERR_IO, "cannot make %s durable", s->root);
    return ERR_OK;
}

enum err stick_space(const struct stick *s, uint64_t *bytes, uint64_t *unit)
{
    char folder[4096];
    struct statvfs v;
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(s->root, '/') - s->root), s->root);
    if (statvfs(folder, &v) < 0)
        return err_errno(ERR_IO, "cannot ask for the free space of %s", folder);
    *bytes = (uint64_t)v.f_bavail * v.f_frsize;
    *unit = v.f_frsize ? v.f_frsize : 1;
    return ERR_OK;
}

static bool read_link(struct stick *s)
{
    struct buf text = {0};
    struct text t;
    struct field f;
    unsigned version;
    bool good = stick_read(s, "link", LINK_MAX, &text) == ERR_OK &&
                text_open(&t, "link", &version, (const char *)text.p, text.len) == ERR_OK;
    s->label[0] = s->district[0] = '\0';
    enum err e = ERR_OK;
    while (good && (e = text_next(&t, &f)) == ERR_OK) {
        if (span_is(f.key, "stick"))
            good = span_copy(f.value, s->label, sizeof s->label) && text_is_name(s->label, false);
        else if (span_is(f.key, "district"))
            good = span_copy(f.value, s->district, sizeof s->district) && text_is_name(s->district, false);
    }
    buf_free(&text);
    err_clear();
    return good && e == ERR_END && s->label[0] && s->district[0];
}

static enum err open_root(struct stick *s)
{
    s->fd = open(s->root, FOLDER_FLAGS);
    if (s->fd >= 0 || errno == ENOENT)
        return ERR_OK;
    if (errno == ENOTDIR || errno == ELOOP)
        return err_set(ERR_DATA, "%s is a symbolic link or no folder; not followed", s->root);
    return err_errno(ERR_UNREACHABLE, "cannot open %s", s->root);
}

enum err stick_open(struct stick *s, const char *folder)
{
    struct stat st;
    *s = (struct stick){.fd = -1};
    if (stat(folder, &st) < 0)
        return err_errno(ERR_UNREACHABLE, "the folder %s is not there", folder);
    if (!S_ISDIR(st.st_mode))
        return err_set(ERR_UNREACHABLE, "%s is not a folder", folder);
    enum err e = file_path(s->root, folder, "feldsher");
    if (!e)
        e = open_root(s);
    if (!e && s->fd >= 0)
        s->linked = read_link(s);
    return e;
}

enum err stick_make(struct stick *s, const char *label, const char *district)
{
    struct buf words = {0}, text = {0};
    if (s->linked && strcmp(s->district, district) != 0)
        return err_set(ERR_DENIED, "the stick %s belongs to district %s, not to %s; take another one", s->label,
                       s->district, district);
    if (s->fd < 0) {
        if (mkdir(s->root, 0755) < 0 && errno != EEXIST)
            return err_errno(ERR_IO, "cannot make folder %s", s->root);
        enum err e = open_root(s);
        if (e || s->fd < 0)
            return e ? e : err_set(ERR_IO, "folder %s vanished", s->root);
    }
    if (s->linked && (!label || strcmp(s->label, label) == 0))
        return ERR_OK;
    enum err e = label ? ERR_OK : passphrase_words(&words, 2);
    if (!e)
        snprintf(s->label, sizeof s->label, "%s", label ? label : (const char *)words.p);
    if (!e)
        e = buf_fmt(&text, "feldsher-link 1\nstick: %s\ndistrict: %s\n", s->label, district);
    if (!e)
        e = stick_put(s, "link", text.p, text.len);
    if (!e) {
        snprintf(s->district, sizeof s->district, "%s", district);
        s->linked = true;
    }
    buf_free(&words);
    buf_free(&text);
    return e;
}

void stick_close(struct stick *s)
{
    file_close(&s->fd);
}
