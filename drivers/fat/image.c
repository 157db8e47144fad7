#include "drivers/fat/image.h"

#include "storage/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR 512u

struct image {
    int fd;
    uint32_t sector;
};

static enum err read_once(const struct image *m, uint64_t offset, uint8_t *p, size_t n, size_t *got)
{
    *got = 0;
    while (*got < n) {
        ssize_t r = pread(m->fd, p + *got, n - *got, (off_t)(offset + *got));
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0 && (errno == ENODEV || errno == ENXIO || errno == ENOMEDIUM || errno == ESTALE))
            return err_errno(ERR_AGAIN, "it is gone");
        if (r < 0)
            return err_errno(ERR_IO, "it cannot be read");
        if (r == 0)
            return err_set(ERR_IO, "it is shorter than it was");
        *got += (size_t)r;
    }
    return ERR_OK;
}

/* A block device answers a large request that touches a bad sector with
 * nothing, and what lies before it could be read: then one sector at a time. */
static enum err read_sectors(void *self, uint64_t first, uint32_t n, void *p, uint32_t *good)
{
    const struct image *m = self;
    size_t got;
    enum err e = read_once(m, first * m->sector, p, (size_t)n * m->sector, &got);
    *good = (uint32_t)(got / m->sector);
    while (e == ERR_IO && *good < n) {
        uint8_t *to = (uint8_t *)p + (size_t)*good * m->sector;
        enum err one = read_once(m, (first + *good) * m->sector, to, m->sector, &got);
        if (one)
            return one;
        *good += 1;
    }
    return *good == n ? ERR_OK : e;
}

static void free_image(void *self)
{
    struct image *m = self;
    file_close(&m->fd);
    free(m);
}

static enum err measure(struct image *m, const char *path, uint64_t *sectors)
{
    struct stat st;
    uint64_t bytes = 0;
    if (fstat(m->fd, &st) < 0)
        return err_errno(ERR_IO, "cannot look at %s", path);
    if (S_ISREG(st.st_mode)) {
        bytes = st.st_size > 0 ? (uint64_t)st.st_size : 0;
    } else if (S_ISBLK(st.st_mode)) {
        int size = 0;
        if (ioctl(m->fd, BLKGETSIZE64, &bytes) < 0 || ioctl(m->fd, BLKSSZGET, &size) < 0)
            return err_errno(ERR_IO, "cannot ask the disk %s for its size", path);
        if (size != 512 && size != 1024 && size != 2048 && size != 4096)
            return err_set(ERR_DATA, "the disk %s claims sectors of %d bytes, which no camera has", path, size);
        m->sector = (uint32_t)size;
    } else {
        return err_set(ERR_DATA, "%s is neither a disk image nor a disk; name one of them, or a folder", path);
    }
    *sectors = bytes / m->sector;
    return *sectors ? ERR_OK : err_set(ERR_DATA, "%s is empty: there is no disk image in it", path);
}

enum err image_open(struct disk *out, const char *path)
{
    uint64_t sectors = 0;
    struct image *m = malloc(sizeof *m);
    if (!m)
        return err_set(ERR_NOMEM, "out of memory");
    m->sector = SECTOR;
    /* a fifo must not make us wait; it is refused below */
    m->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (m->fd < 0) {
        enum err e = errno == ENOENT || errno == ENOTDIR ? ERR_NOINPUT
                     : errno == EACCES || errno == EPERM ? ERR_DENIED
                     : errno == ENXIO || errno == ENODEV ? ERR_DATA
                     : errno == ENOMEDIUM                ? ERR_AGAIN
                                                         : ERR_IO;
        free(m);
        return err_errno(e, "cannot open %s", path);
    }
    enum err e = measure(m, path, &sectors);
    if (e) {
        free_image(m);
        return e;
    }
    posix_fadvise(m->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    *out = (struct disk){m, m->sector, sectors, read_sectors, free_image};
    return ERR_OK;
}
