#ifndef DRIVERS_DISK_H
#define DRIVERS_DISK_H

#include "storage/base/err.h"

#include <stdint.h>

/*
 * Numbered sectors that can be read, and nothing else: a storage device on
 * USB, or an image of one.
 */
struct disk {
    void *self;
    uint32_t sector;  /* bytes: a power of two, 512 to 4096 */
    uint64_t sectors; /* as it claims */
    /* n sectors from first on. *good: how many at p are right. ERR_IO: the one
     * behind those cannot be read (tried again already); ERR_AGAIN: the device
     * is gone, or we are to stop. */
    enum err (*read)(void *self, uint64_t first, uint32_t n, void *p, uint32_t *good);
    void (*free)(void *self);
};

#endif
