#include "drivers/fat/view.h"

#include "drivers/limits.h"

#include <stdlib.h>
#include <string.h>

enum err view_make(struct view *v, const struct disk *d)
{
    *v = (struct view){.disk = d, .at = UINT64_MAX};
    if (d->sector < 512 || d->sector > 4096 || (d->sector & (d->sector - 1)) != 0)
        return err_set(ERR_DATA, "it claims sectors of %u bytes, which no disk has", d->sector);
    v->size = d->sectors > UINT64_MAX / d->sector ? UINT64_MAX - d->sector + 1 : d->sectors * d->sector;
    v->one = malloc(d->sector);
    return v->one ? ERR_OK : err_set(ERR_NOMEM, "out of memory");
}

void view_drop(struct view *v)
{
    free(v->one);
    v->one = NULL;
}

/* A part of one sector. */
static enum err read_part(struct view *v, uint64_t offset, uint8_t *p, size_t n)
{
    uint32_t sector = v->disk->sector, got = 0;
    uint64_t number = offset / sector;
    if (v->at != number) {
        v->at = UINT64_MAX;
        enum err e = v->disk->read(v->disk->self, number, 1, v->one, &got);
        if (e)
            return e;
        v->at = number;
    }
    memcpy(p, v->one + offset % sector, n);
    return ERR_OK;
}

enum err view_read(struct view *v, uint64_t offset, void *p, size_t n, size_t *good)
{
    uint8_t *out = p;
    uint32_t sector = v->disk->sector;
    enum err e = ERR_OK;
    *good = 0;
    while (*good < n && !e) {
        uint64_t at = offset + *good;
        size_t left = n - *good;
        if (offset > UINT64_MAX - n || at >= v->size)
            return err_set(ERR_IO, "it lies behind the end of the disk");
        size_t head = sector - (size_t)(at % sector);
        if (head == sector && left >= sector) {
            uint64_t there = (v->size - at) / sector;
            uint64_t want = left / sector < there ? left / sector : there;
            uint32_t ask = want > FAT_AHEAD / sector ? FAT_AHEAD / sector : (uint32_t)want, got = 0;
            e = v->disk->read(v->disk->self, at / sector, ask, out + *good, &got);
            *good += (size_t)(got > ask ? ask : got) * sector;
            if (!e && got < ask)
                return err_set(ERR_IO, "it cannot be read");
        } else {
            size_t part = left < head ? left : head;
            e = read_part(v, at, out + *good, part);
            *good += e ? 0 : part;
        }
    }
    return e;
}
