#ifndef DRIVERS_FAT_IMAGE_H
#define DRIVERS_FAT_IMAGE_H

#include "drivers/disk.h"

/* A raw disk image, or a block device, opened for reading. ERR_NOINPUT,
 * ERR_DENIED, ERR_IO; ERR_DATA: neither, or empty. */
enum err image_open(struct disk *out, const char *path) MUST_USE;

#endif
