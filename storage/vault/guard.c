#include "storage/vault/guard.h"

#include "storage/base/file.h"
#include "storage/seal/hash.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

struct names {
    char sum[4096];
    char lock[4096];
    char journal[4096];
};

static enum err name_all(struct names *n, const char *path)
{
    if (strlen(path) + sizeof "-journal" > sizeof n->sum)
        return err_set(ERR_DATA, "path too long: %.200s...", path);
    snprintf(n->sum, sizeof n->sum, "%.4080s.sum", path);
    snprintf(n->lock, sizeof n->lock, "%.4080s.lock", path);
    snprintf(n->journal, sizeof n->journal, "%.4080s-journal", path);
    return ERR_OK;
}

/* A write that was not finished: SQLite will undo it. */
static bool is_hot(const struct names *n)
{
    uint64_t size;
    return file_size(n->journal, &size) && size > 0;
}

static bool has_sum(const struct names *n)
{
    uint64_t size;
    return file_size(n->sum, &size) && size > 0;
}

static enum err put_sum(const struct names *n, const char *line, size_t len)
{
    int fd = open(n->sum, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(ERR_IO, "cannot write %s", n->sum);
    enum err e = file_write_fd(fd, line, len, n->sum);
    file_close(&fd);
    return e;
}

bool guard_is_hot(const char *path)
{
    struct names n;
    return name_all(&n, path) == ERR_OK && is_hot(&n);
}

bool guard_is_closed(const char *path)
{
    struct names n;
    return name_all(&n, path) == ERR_OK && has_sum(&n);
}

enum err guard_check(const char *path)
{
    struct names n;
    struct buf sum = {0};
    struct hash is, was;
    uint64_t size;
    enum err e = name_all(&n, path);
    if (e)
        return e;
    if (!file_exists(path))
        return err_set(ERR_BAD, "%s is gone; run `feldsher rebuild`", path);
    if (!has_sum(&n) || is_hot(&n))
        return ERR_OK;
    e = file_read(n.sum, HASH_HEX, &sum);
    bool same =
        !e && sum.len == HASH_HEX && sum.p[HASH_HEX - 1] == '\n' && hash_unhex(&was, (const char *)sum.p, HASH_HEX - 1);
    buf_free(&sum);
    if (same) {
        e = hash_file(path, &is, &size);
        same = !e && hash_same(&is, &was);
    }
    if (e && e != ERR_DATA)
        return e;
    return same ? ERR_OK
                : err_set(ERR_BAD, "%s is not as it was left: changed, flipped or put back; run `feldsher rebuild`",
                          path);
}

enum err guard_open(const char *path, int *lock)
{
    struct names n;
    *lock = -1;
    enum err e = name_all(&n, path);
    while (!e) {
        /* alone: check it; not alone: whoever came first has checked it */
        e = file_lock(n.lock, true, false, lock);
        if (!e) {
            e = file_exists(path) ? guard_check(path) : ERR_OK;
            if (!e)
                e = put_sum(&n, "", 0);
            file_close(lock);
        }
        if (e && e != ERR_AGAIN)
            return e;
        e = file_lock(n.lock, false, true, lock);
        if (e || !has_sum(&n))
            break;
        file_close(lock); /* somebody closed it in between */
    }
    return e;
}

static void leave_sum(const char *path, int *lock)
{
    struct names n;
    struct hash h;
    uint64_t size;
    char line[HASH_HEX];
    enum err e = name_all(&n, path);
    if (!e)
        e = file_lock(n.lock, true, false, lock);
    bool closed = !e && !is_hot(&n);
    if (closed)
        e = hash_file(path, &h, &size);
    if (closed && !e) {
        hash_hex(line, &h);
        line[HASH_HEX - 1] = '\n';
        e = put_sum(&n, line, sizeof line);
        if (e)
            e = put_sum(&n, "", 0);
    }
    if (e)
        err_clear(); /* somebody else has it open, or the next one looks through it */
    file_close(lock);
}

/* What went wrong before is still to be said afterwards. */
void guard_close(const char *path, int *lock, bool whole)
{
    char sentence[2048];
    if (*lock < 0)
        return;
    file_close(lock);
    snprintf(sentence, sizeof sentence, "%s", err_text());
    if (whole)
        leave_sum(path, lock);
    if (sentence[0])
        err_set(ERR_OK, "%s", sentence);
}
