#include "storage/vault/claim.h"

#include "storage/base/bytes.h"
#include "storage/base/clock.h"
#include "storage/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#define LOOK_AGAIN 20 /* ms */

void claims_init(struct claims *c)
{
    c->fd = -1;
}

enum err claims_open(struct claims *c, const char *root)
{
    char path[4096];
    enum err e = file_path(path, root, "objects/tmp/.claims");
    if (!e && (c->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0)
        e = err_errno(ERR_IO, "cannot open lock %s", path);
    return e;
}

void claims_close(struct claims *c)
{
    file_close(&c->fd);
}

/* The lock of an open file, not of a process: two intakes in one are two. */
static struct flock byte_of(const struct hash *mark, short type)
{
    return (struct flock){
        .l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)(bytes_le64(mark->b) & INT64_MAX >> 1), .l_len = 1};
}

enum err claims_take(struct claims *c, const struct hash *mark, int ms)
{
    int64_t until = clock_uptime() + ms;
    struct flock l = byte_of(mark, F_WRLCK);
    while (fcntl(c->fd, F_OFD_SETLK, &l) < 0) {
        if (errno != EAGAIN && errno != EACCES && errno != EINTR)
            return err_errno(ERR_IO, "cannot lock what is taken in");
        if (errno != EINTR && clock_uptime() >= until)
            return err_set(ERR_AGAIN, "another offload is taking it in at this moment; run offload again");
        poll(NULL, 0, ms ? LOOK_AGAIN : 0);
    }
    return ERR_OK;
}

bool claims_is_taken(const struct claims *c, const struct hash *mark)
{
    struct flock l = byte_of(mark, F_WRLCK);
    return fcntl(c->fd, F_OFD_GETLK, &l) == 0 && l.l_type != F_UNLCK;
}

void claims_give_all(struct claims *c)
{
    struct flock all = {.l_type = F_UNLCK, .l_whence = SEEK_SET};
    if (c->fd >= 0 && fcntl(c->fd, F_OFD_SETLK, &all) < 0)
        err_clear();
}
