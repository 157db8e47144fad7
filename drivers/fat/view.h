#ifndef DRIVERS_FAT_VIEW_H
#define DRIVERS_FAT_VIEW_H

#include "drivers/disk.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * A disk read by bytes, from any offset. One sector is remembered, so that
 * small things that lie side by side are read once.
 */
struct view {
    const struct disk *disk;
    uint64_t size; /* bytes */
    uint8_t *one;  /* a sector */
    uint64_t at;   /* its number; UINT64_MAX none */
};

/* d must live as long. ERR_DATA: its sector is none. */
enum err view_make(struct view *v, const struct disk *d) MUST_USE;
void view_drop(struct view *v);
/* *good: how many of the n bytes at p are right. ERR_IO: the one behind those
 * cannot be read, or lies behind the disk's end; ERR_AGAIN. */
enum err view_read(struct view *v, uint64_t offset, void *p, size_t n, size_t *good) MUST_USE;

#endif
