#include "sync/hub/store_disk.h"

#include "storage/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err add(struct store_disk *d, const char *path)
{
    struct stat st, known;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? ERR_OK : err_errno(ERR_IO, "cannot open folder %s", path);
    enum err e = fstat(fd, &st) < 0 ? err_errno(ERR_IO, "cannot look at %s", path) : ERR_OK;
    for (size_t i = 0; i < d->n && !e; i++)
        if (fstat(d->fds[i], &known) == 0 && known.st_dev == st.st_dev) {
            close(fd);
            return ERR_OK;
        }
    if (e)
        close(fd);
    else
        d->fds[d->n++] = fd;
    return e;
}

enum err store_disk_open(struct store_disk *d, const char *dir)
{
    static const char *const folders[] = {"objects", "chains"};
    *d = (struct store_disk){.n = 0};
    enum err e = add(d, dir);
    for (size_t i = 0; i < 2 && !e; i++) {
        char path[4096];
        e = file_path(path, dir, folders[i]);
        if (!e)
            e = add(d, path);
    }
    if (e)
        store_disk_close(d);
    return e;
}

enum err store_disk_flush(const struct store_disk *d)
{
    for (size_t i = 0; i < d->n; i++)
        while (syncfs(d->fds[i]) < 0)
            if (errno != EINTR)
                return err_errno(ERR_IO, "cannot make the hub's files durable");
    return ERR_OK;
}

void store_disk_close(struct store_disk *d)
{
    while (d->n)
        file_close(&d->fds[--d->n]);
}
