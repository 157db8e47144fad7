#include "tui/spend.h"

#include "storage/base/file.h"

#include <fcntl.h>
#include <unistd.h>

static const char used[] = "used: this file was good for one time; ask the administrator for a new one\n";

enum err spend_file(const char *path)
{
    char zeros[4096] = {0};
    uint64_t size;
    if (!file_size(path, &size))
        return err_set(ERR_IO, "cannot look at %s", path);
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return err_errno(ERR_IO, "cannot write %s", path);
    enum err e = ERR_OK;
    for (size_t n; size && !e; size -= n) {
        n = size < sizeof zeros ? (size_t)size : sizeof zeros;
        e = file_write_fd(fd, zeros, n, path);
    }
    if (!e)
        e = file_sync_fd(fd, path);
    if (!e && (lseek(fd, 0, SEEK_SET) < 0 || ftruncate(fd, 0) < 0))
        e = err_errno(ERR_IO, "cannot write %s", path);
    if (!e)
        e = file_write_fd(fd, used, sizeof used - 1, path);
    if (!e)
        e = file_sync_fd(fd, path);
    file_close(&fd);
    return e;
}
