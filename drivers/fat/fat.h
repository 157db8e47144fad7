#ifndef DRIVERS_FAT_FAT_H
#define DRIVERS_FAT_FAT_H

#include "drivers/camera.h"
#include "drivers/disk.h"

/*
 * The FAT16, FAT32 and exFAT volumes of a disk, read only, as a camera. MBR,
 * GPT or no partition table. One volume: its paths as they are; several: each
 * in a folder of its number. Deleted entries are never listed as files.
 */

/* Takes d, also with an error. name: copied; its volume is filled in: the
 * serial number as `blkid` prints it. ERR_DATA: no volume that can be read. */
enum err fat_camera(struct camera *out, struct disk *d, const struct camera_name *name) MUST_USE;
/* Is there a folder of this name in the first volume's root? For profiles. */
enum err fat_has(const struct camera *c, const char *folder, bool *has) MUST_USE;
/* The label of the first volume; "" none. */
const char *fat_label(const struct camera *c);

#endif
