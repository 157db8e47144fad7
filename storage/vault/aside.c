#include "storage/vault/aside.h"

#include "storage/base/bytes.h"
#include "storage/base/file.h"
#include "storage/base/grow.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FEW 4u /* up to so many are synced one by one */

#define MARK_ZEROS (HASH_LEN - 8) /* no fingerprint begins so */

void aside_init(struct aside *a, struct queue *q, const char *root)
{
    struct hash mark = {0};
    *a = (struct aside){.fd = -1};
    bytes_put_le64(mark.b + MARK_ZEROS, (uint64_t)getpid());
    blobs_init(&a->blobs, q, root, &mark);
}

bool aside_is_mark(const struct hash *mark, bool *over)
{
    static const struct hash zero;
    uint64_t pid = bytes_le64(mark->b + MARK_ZEROS);
    if (memcmp(mark->b, zero.b, MARK_ZEROS) != 0)
        return false;
    /* 0: of an earlier version, which worked alone; ours: of a process that had our number */
    *over = pid == 0 || pid > INT32_MAX || pid == (uint64_t)getpid() || (kill((pid_t)pid, 0) < 0 && errno == ESRCH);
    return true;
}

static enum err tmp_path(char out[static OBJECT_PATH], const struct aside *a, size_t i)
{
    char folder[OBJECT_PATH];
    enum err e = file_path(folder, a->blobs.root, "objects/tmp");
    return e ? e : file_path(out, folder, a->tmp[i]);
}

void aside_cut(struct aside *a, size_t n)
{
    for (size_t i = a->blobs.n; i > n; i--) {
        char path[OBJECT_PATH];
        if (tmp_path(path, a, i - 1) == ERR_OK)
            unlink(path);
    }
    if (a->blobs.n > n)
        a->blobs.n = n;
}

void aside_free(struct aside *a)
{
    aside_drop(a);
    blobs_free(&a->blobs);
    free(a->tmp);
    a->tmp = NULL;
}

enum err aside_open(struct aside *a)
{
    char path[OBJECT_PATH];
    if (a->fd >= 0)
        return ERR_OK;
    enum err e = file_path(path, a->blobs.root, "objects/tmp");
    if (!e && (a->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        e = err_errno(ERR_IO, "cannot open folder %s", path);
    return e;
}

static enum err remember(struct aside *a, const struct object_writer *w, const struct blob *b)
{
    const char *name = strrchr(w->tmp, '/');
    if (!name || strlen(name + 1) >= sizeof a->tmp[0])
        return err_set(ERR_BUG, "a file set aside has the name %s", w->tmp);
    char(*tmp)[sizeof a->tmp[0]] = grow(a->tmp, a->blobs.n, &a->cap, 64, sizeof *tmp);
    if (!tmp)
        return ERR_NOMEM;
    a->tmp = tmp;
    strcpy(a->tmp[a->blobs.n], name + 1);
    return blobs_add(&a->blobs, b);
}

enum err aside_keep(struct aside *a, struct object_writer *w, uint64_t length, struct blob *out)
{
    *out = (struct blob){.name = hash_end(&w->hash), .length = length, .size = w->size};
    int fd = w->fd;
    w->fd = -1;
    enum err e = close(fd) < 0 ? err_errno(ERR_IO, "cannot close %s", w->tmp) : ERR_OK;
    if (!e)
        e = remember(a, w, out);
    if (e)
        object_abort(w);
    return e;
}

enum err aside_put(struct aside *a, const void *p, size_t n, struct hash *name)
{
    struct object_writer w;
    struct blob b;
    enum err e = aside_open(a);
    if (e)
        return e;
    e = object_begin(&w, a->blobs.root);
    if (!e)
        e = object_add(&w, p, n);
    if (e)
        object_abort(&w);
    else
        e = aside_keep(a, &w, 0, &b);
    if (!e)
        *name = b.name;
    return e;
}

static enum err sync_all(const struct aside *a)
{
    while (syncfs(a->fd) < 0)
        if (errno != EINTR)
            return err_errno(ERR_IO, "cannot make objects in %s durable", a->blobs.root);
    return ERR_OK;
}

static enum err sync_one(const struct aside *a, size_t i)
{
    char path[OBJECT_PATH];
    enum err e = tmp_path(path, a, i);
    int fd = e ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (!e && fd < 0)
        e = err_errno(ERR_IO, "cannot open %s", path);
    if (!e)
        e = file_sync_fd(fd, path);
    file_close(&fd);
    return e;
}

static enum err place(struct aside *a, size_t i, bool sync)
{
    char from[OBJECT_PATH], to[OBJECT_PATH], folder[OBJECT_PATH];
    enum err e = tmp_path(from, a, i);
    if (!e)
        e = object_path(to, a->blobs.root, &a->blobs.v[i].name);
    if (e)
        return e;
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(to, '/') - to), to);
    if (rename(from, to) < 0) {
        if (errno != ENOENT)
            return err_errno(ERR_IO, "cannot rename to %s", to);
        e = file_mkdirs(folder, 0700);
        if (!e && rename(from, to) < 0)
            e = err_errno(ERR_IO, "cannot rename to %s", to);
    }
    return e || !sync ? e : file_sync_dir(folder);
}

enum err aside_commit(struct aside *a)
{
    bool few = a->blobs.n <= FEW;
    enum err e = blobs_write(&a->blobs, 0);
    if (!e && !few)
        e = sync_all(a);
    for (size_t i = 0; i < a->blobs.n && few && !e; i++)
        e = sync_one(a, i);
    while (a->placed < a->blobs.n && !e) {
        e = place(a, a->placed, few);
        a->placed += !e;
    }
    if (!e && !few)
        e = sync_all(a);
    return e;
}

static void forget(struct aside *a)
{
    file_close(&a->fd);
    a->blobs.n = 0;
    a->placed = 0;
}

enum err aside_end(struct aside *a)
{
    enum err e = blobs_end(&a->blobs);
    forget(a);
    return e;
}

void aside_drop(struct aside *a)
{
    aside_cut(a, a->placed);
    if (blobs_drop(&a->blobs) != ERR_OK)
        err_clear();
    forget(a);
}
