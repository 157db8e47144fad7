#include "storage/vault/partial.h"

#include "storage/base/bytes.h"
#include "storage/base/clock.h"
#include "storage/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 65536u

static enum err folder_path(char out[static OBJECT_PATH], const char *root)
{
    return file_path(out, root, "objects/partial");
}

static enum err run_path(char out[static OBJECT_PATH], const char *root, const struct hash *name, uint64_t from)
{
    char hex[HASH_HEX];
    hash_hex(hex, name);
    int n = snprintf(out, OBJECT_PATH, "%s/objects/partial/%s.%" PRIu64, root, hex, from);
    return n > 0 && n < OBJECT_PATH ? ERR_OK : err_set(ERR_DATA, "path too long: %.200s...", root);
}

/* NULL and ERR_OK: there is no such folder yet. */
static enum err open_folder(const char *root, DIR **out)
{
    char path[OBJECT_PATH];
    *out = NULL;
    enum err e = folder_path(path, root);
    if (e)
        return e;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? ERR_OK : err_errno(ERR_IO, "cannot read folder %s", path);
    *out = fdopendir(fd);
    if (*out)
        return ERR_OK;
    close(fd);
    return err_set(ERR_NOMEM, "out of memory");
}

/* fn for every file that is named like a run of the object. */
typedef enum err run_fn(void *ctx, int dir, const char *file, uint64_t from);
static enum err each_run(const char *root, const struct hash *name, run_fn *fn, void *ctx)
{
    char hex[HASH_HEX];
    DIR *d;
    enum err e = open_folder(root, &d);
    if (!d)
        return e;
    hash_hex(hex, name);
    for (struct dirent *f; !e && (f = readdir(d)) != NULL;) {
        const char *digits = f->d_name + HASH_HEX;
        uint64_t from;
        if (strncmp(f->d_name, hex, HASH_HEX - 1) == 0 && f->d_name[HASH_HEX - 1] == '.' &&
            bytes_decimal(&from, digits, strlen(digits), INT64_MAX))
            e = fn(ctx, dirfd(d), f->d_name, from);
    }
    closedir(d);
    return e;
}

bool partial_range_add(struct partial_range list[static PARTIAL_RUNS_MAX], size_t *n, uint64_t from, uint64_t to)
{
    size_t at = 0, behind;
    while (at < *n && list[at].to < from)
        at++;
    for (behind = at; behind < *n && list[behind].from <= to; behind++) {
        from = list[behind].from < from ? list[behind].from : from;
        to = list[behind].to > to ? list[behind].to : to;
    }
    if (behind == at && *n == PARTIAL_RUNS_MAX)
        return false;
    memmove(&list[at + 1], &list[behind], (*n - behind) * sizeof *list);
    list[at] = (struct partial_range){from, to};
    *n = *n - (behind - at) + 1;
    return true;
}

struct ranges {
    uint64_t size;
    struct partial_range *list;
    size_t *n;
};

static void add_file(const struct ranges *r, uint64_t from, const struct stat *st)
{
    if (!S_ISREG(st->st_mode) || st->st_size <= 0 || from >= r->size)
        return;
    uint64_t left = r->size - from, n = (uint64_t)st->st_size;
    /* without a place for it, less is said to be held than is */
    (void)partial_range_add(r->list, r->n, from, from + (n < left ? n : left));
}

static enum err range_of(void *ctx, int dir, const char *file, uint64_t from)
{
    struct stat st;
    if (fstatat(dir, file, &st, AT_SYMLINK_NOFOLLOW) == 0)
        add_file(ctx, from, &st);
    return ERR_OK;
}

enum err partial_ranges(const char *root, const struct hash *name, uint64_t size,
                        struct partial_range out[static PARTIAL_RUNS_MAX], size_t *n)
{
    struct ranges r = {size, out, n};
    *n = 0;
    return each_run(root, name, range_of, &r);
}

/* Where run i ends. One that somebody removed holds nothing. */
static uint64_t run_end(const struct partial *p, size_t i)
{
    struct stat st;
    if (fstat(p->runs[i].fd, &st) < 0 || st.st_nlink == 0 || st.st_size <= 0)
        return p->runs[i].from;
    uint64_t left = p->size - p->runs[i].from, n = (uint64_t)st.st_size;
    return p->runs[i].from + (n < left ? n : left);
}

void partial_held(const struct partial *p, struct partial_range out[static PARTIAL_RUNS_MAX], size_t *n)
{
    *n = 0;
    for (size_t i = 0; i < p->n; i++)
        if (run_end(p, i) > p->runs[i].from)
            (void)partial_range_add(out, n, p->runs[i].from, run_end(p, i));
}

static void forget_run(struct partial *p, size_t i)
{
    file_close(&p->runs[i].fd);
    p->n--;
    memmove(&p->runs[i], &p->runs[i + 1], (p->n - i) * sizeof p->runs[0]);
}

static void add_run(struct partial *p, uint64_t from, int fd)
{
    size_t at = p->n++;
    for (; at && p->runs[at - 1].from > from; at--)
        p->runs[at] = p->runs[at - 1];
    p->runs[at].from = from;
    p->runs[at].fd = fd;
}

void partial_close(struct partial *p)
{
    while (p->n)
        file_close(&p->runs[--p->n].fd);
}

static enum err write_at(const struct partial *p, int fd, const uint8_t *bytes, size_t n, uint64_t at)
{
    while (n) {
        ssize_t w = pwrite(fd, bytes, n, (off_t)at);
        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0)
            return err_errno(ERR_IO, "cannot write into %s/objects/partial", p->root);
        bytes += w;
        n -= (size_t)w;
        at += (uint64_t)w;
    }
    return ERR_OK;
}

static enum err copy_by_hand(const struct partial *p, int from, uint64_t at, int to, uint64_t end, uint64_t n)
{
    uint8_t chunk[CHUNK];
    enum err e = ERR_OK;
    while (n && !e) {
        ssize_t got = pread(from, chunk, n < sizeof chunk ? (size_t)n : sizeof chunk, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(ERR_IO, "cannot read in %s/objects/partial", p->root);
        if (got == 0)
            return err_set(ERR_IO, "a file in %s/objects/partial became shorter", p->root);
        e = write_at(p, to, chunk, (size_t)got, end);
        at += (uint64_t)got;
        end += (uint64_t)got;
        n -= (uint64_t)got;
    }
    return e;
}

static enum err copy_bytes(const struct partial *p, int from, uint64_t at, int to, uint64_t end, uint64_t n)
{
    while (n) {
        off_t in = (off_t)at, out = (off_t)end;
        ssize_t got = copy_file_range(from, &in, to, &out, (size_t)n, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) /* not every file system can; by hand it works, or tells why not */
            return copy_by_hand(p, from, at, to, end, n);
        at += (uint64_t)got;
        end += (uint64_t)got;
        n -= (uint64_t)got;
    }
    return ERR_OK;
}

/* Makes run i + 1, which begins within run i or at its end, a part of it. Both
 * hold the bytes until the file is gone. */
static enum err join_next(struct partial *p, size_t i)
{
    char path[OBJECT_PATH];
    uint64_t end = run_end(p, i), next = p->runs[i + 1].from, next_end = run_end(p, i + 1);
    enum err e = run_path(path, p->root, &p->name, next);
    if (!e && next_end > end)
        e = copy_bytes(p, p->runs[i + 1].fd, end - next, p->runs[i].fd, end - p->runs[i].from, next_end - end);
    if (!e)
        e = file_remove(path);
    if (!e)
        forget_run(p, i + 1);
    return e;
}

static void forget_empty(struct partial *p)
{
    for (size_t i = p->n; i-- > 0;)
        if (run_end(p, i) == p->runs[i].from)
            forget_run(p, i);
}

/* One file fewer, where two touch. The pair whose second is smallest beside
 * its first: so a byte is copied a few times at most, whatever the order in
 * which pieces come (descending ones of 512 bytes to 64 MiB: 14 times). */
static enum err make_room(struct partial *p)
{
    size_t best = p->n;
    double least = 0;
    for (size_t i = 0; i + 1 < p->n; i++) {
        double first = (double)(run_end(p, i) - p->runs[i].from);
        double ratio = (double)(run_end(p, i + 1) - p->runs[i + 1].from) / first;
        if (p->runs[i + 1].from <= run_end(p, i) && (best == p->n || ratio < least)) {
            best = i;
            least = ratio;
        }
    }
    return best < p->n ? join_next(p, best)
                       : err_set(ERR_DATA, "an object came in more than %u places at once", PARTIAL_RUNS_MAX);
}

/* As few files as can be. */
static enum err join_all(struct partial *p)
{
    enum err e = ERR_OK;
    forget_empty(p);
    for (size_t i = 0; i + 1 < p->n && !e;)
        if (p->runs[i + 1].from <= run_end(p, i))
            e = join_next(p, i);
        else
            i++;
    return e;
}

static enum err open_run(void *ctx, int dir, const char *file, uint64_t from)
{
    struct partial *p = ctx;
    struct stat st;
    if (from >= p->size || fstatat(dir, file, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
        return ERR_OK; /* empty: a kill before its first byte */
    forget_empty(p);
    enum err e = p->n == PARTIAL_RUNS_MAX ? make_room(p) : ERR_OK;
    if (e)
        return e == ERR_DATA ? ERR_OK : e; /* what has no place is not held */
    int fd = openat(dir, file, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? ERR_OK : err_errno(ERR_IO, "cannot open %s/objects/partial/%s", p->root, file);
    add_run(p, from, fd);
    return ERR_OK;
}

static enum err look_again(struct partial *p)
{
    partial_close(p);
    enum err e = each_run(p->root, &p->name, open_run, p);
    if (e)
        partial_close(p);
    return e;
}

enum err partial_open(struct partial *p, const char *root, const struct hash *name, uint64_t size)
{
    *p = (struct partial){.root = root, .name = *name, .size = size};
    return look_again(p);
}

/* Number of the run that ends at offset; p->n: none does. */
static size_t growing(const struct partial *p, uint64_t offset)
{
    size_t i = 0;
    while (i < p->n && (p->runs[i].from >= offset || run_end(p, i) != offset))
        i++;
    return i;
}

/* The run to write to at offset, which none holds: the one that ends there, or
 * a new one. */
static enum err run_at(struct partial *p, uint64_t offset, int *fd, uint64_t *at)
{
    char path[OBJECT_PATH], folder[OBJECT_PATH];
    struct stat st;
    size_t i = growing(p, offset);
    if (i < p->n) {
        *fd = p->runs[i].fd;
        *at = offset - p->runs[i].from;
        return ERR_OK;
    }
    forget_empty(p);
    /* a place for the first byte stays: behind any other, bytes can be added */
    bool first = offset == 0 || (p->n && p->runs[0].from == 0);
    enum err e = p->n >= PARTIAL_RUNS_MAX - !first ? make_room(p) : ERR_OK;
    if (!e)
        e = run_path(path, p->root, &p->name, offset);
    if (!e)
        e = folder_path(folder, p->root);
    if (e)
        return e;
    int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    *fd = open(path, flags, 0600);
    if (*fd < 0 && errno == ENOENT) {
        e = file_mkdirs(folder, 0700);
        if (e)
            return e;
        *fd = open(path, flags, 0600);
    }
    if (*fd < 0 || fstat(*fd, &st) < 0)
        e = err_errno(ERR_IO, "cannot write into %s", folder);
    else if (!S_ISREG(st.st_mode))
        e = err_set(ERR_IO, "%s is not a regular file; remove it", path);
    if (e) {
        file_close(fd);
        return e;
    }
    *at = 0;
    add_run(p, offset, *fd);
    return ERR_OK;
}

/* Bytes from offset on that are held (*held), or that are not. */
static uint64_t stretch(const struct partial *p, uint64_t offset, bool *held)
{
    struct partial_range list[PARTIAL_RUNS_MAX];
    size_t n;
    partial_held(p, list, &n);
    *held = false;
    for (size_t i = 0; i < n; i++) {
        *held = list[i].from <= offset && offset < list[i].to;
        if (*held)
            return list[i].to - offset;
        if (list[i].from > offset)
            return list[i].from - offset;
    }
    return UINT64_MAX;
}

enum err partial_write(struct partial *p, uint64_t offset, const void *bytes, size_t n)
{
    const uint8_t *from = bytes;
    if (offset > p->size || n > p->size - offset)
        return err_set(ERR_DATA, "bytes behind the end of an object of %" PRIu64, p->size);
    while (n) {
        bool held;
        int fd;
        uint64_t at, there = stretch(p, offset, &held);
        enum err e = ERR_OK;
        if (!held && growing(p, offset) == p->n) {
            e = look_again(p); /* others may have begun one meanwhile */
            there = stretch(p, offset, &held);
        }
        size_t now = there < n ? (size_t)there : n;
        if (!e && !held)
            e = run_at(p, offset, &fd, &at);
        if (!e && !held)
            e = write_at(p, fd, from, now, at);
        if (e)
            return e;
        from += now;
        offset += now;
        n -= now;
    }
    return ERR_OK;
}

uint64_t partial_prefix(const struct partial *p)
{
    struct partial_range list[PARTIAL_RUNS_MAX];
    size_t n;
    partial_held(p, list, &n);
    if (n && list[0].from == 0 && list[0].to == p->size)
        return p->size;
    if (partial_ranges(p->root, &p->name, p->size, list, &n) != ERR_OK)
        err_clear();
    return n && list[0].from == 0 ? list[0].to : 0;
}

bool partial_whole(const struct partial *p)
{
    return partial_prefix(p) == p->size;
}

static enum err hash_run(const struct partial *p, int fd, struct hash_state *hash)
{
    uint8_t chunk[CHUNK];
    for (uint64_t at = 0; at < p->size;) {
        uint64_t left = p->size - at;
        ssize_t n = pread(fd, chunk, left < sizeof chunk ? (size_t)left : sizeof chunk, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(ERR_IO, "cannot read in %s/objects/partial", p->root);
        if (n == 0)
            return err_set(ERR_IO, "a file in %s/objects/partial became shorter", p->root);
        hash_add(hash, chunk, (size_t)n);
        at += (uint64_t)n;
    }
    return ERR_OK;
}

static enum err remove_run(void *ctx, int dir, const char *file, uint64_t from)
{
    const bool *first = ctx; /* the run at 0, too */
    if ((from || *first) && unlinkat(dir, file, 0) < 0 && errno != ENOENT && errno != EISDIR)
        return err_errno(ERR_IO, "cannot remove objects/partial/%s", file);
    return ERR_OK;
}

/* The first run takes in the others and is the writer's file where it stands:
 * a kill before the commit finds it whole. */
enum err partial_finish(struct partial *p, struct object_writer *w)
{
    bool first = false;
    if (p->size == 0)
        return object_begin(w, p->root);
    enum err e = look_again(p);
    if (!e)
        e = join_all(p);
    if (e)
        return e;
    if (p->n == 0 || p->runs[0].from || run_end(p, 0) != p->size)
        return err_set(ERR_AGAIN, "pieces of an object went meanwhile");
    *w = (struct object_writer){.root = p->root, .fd = -1, .size = p->size};
    e = run_path(w->tmp, p->root, &p->name, 0);
    /* written for another size, it may be longer */
    if (!e && ftruncate(p->runs[0].fd, (off_t)p->size) < 0)
        e = err_errno(ERR_IO, "cannot cut %s", w->tmp);
    hash_init(&w->hash);
    if (!e)
        e = hash_run(p, p->runs[0].fd, &w->hash);
    if (!e)
        e = each_run(p->root, &p->name, remove_run, &first);
    if (e)
        return e;
    w->fd = p->runs[0].fd;
    p->runs[0].fd = -1;
    partial_close(p);
    return ERR_OK;
}

enum err partial_drop(const char *root, const struct hash *name)
{
    bool first = true;
    return each_run(root, name, remove_run, &first);
}

enum err partial_sweep(const char *root, int64_t age_s)
{
    DIR *d;
    enum err e = open_folder(root, &d);
    if (!d)
        return e;
    int64_t now = clock_wall() / 1000;
    for (struct dirent *f; (f = readdir(d)) != NULL;) {
        struct stat st;
        if (strcmp(f->d_name, ".") == 0 || strcmp(f->d_name, "..") == 0)
            continue;
        if (fstatat(dirfd(d), f->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && now - (int64_t)st.st_mtime > age_s &&
            unlinkat(dirfd(d), f->d_name, 0) < 0 && errno != ENOENT && errno != EISDIR)
            e = err_errno(ERR_IO, "cannot clear objects/partial of %s", root);
    }
    closedir(d);
    return e;
}
