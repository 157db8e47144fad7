#ifndef DRIVERS_FAT_FAT_H
#define DRIVERS_FAT_FAT_H

#include "drivers/camera.h"
#include "drivers/disk.h"

/*
 * The FAT16, FAT32 and exFAT volumes of a disk, read only, as a camera. MBR,
 * GPT or no partition table. One volume: its paths as they are; several: each
 * in a folder of its number, as Linux numbers partitions. FAT12 is refused.
 *
 * Times: FAT has the camera's local time without a zone; mtime is that time
 * as if it were UTC, whatever zone the station is in. exFAT's, where it says
 * its zone, is UTC. The facts hold both as they are on the card.
 *
 * A file that cannot be had as a whole is listed as a file with the size that
 * its folder says, and told as failed besides, with the place and the reason;
 * reading it hands out what there is and then ERR_IO, from the place (`damage`
 * in its facts) to the end. So is a file that has its place in common with
 * another, which can be read. Is there nothing at all, or do damaged files
 * claim more bytes than the card holds, it only fails. After ERR_IO the same
 * offset asked for again is another try.
 *
 * Deleted entries are never listed as files. Facts about what is wrong are
 * complete after a listing.
 */

/* Takes d, also with an error. name: copied; its volume is filled in: the
 * serial number as `blkid` prints it. ERR_DATA: no volume that can be read. */
enum err fat_camera(struct camera *out, struct disk *d, const struct camera_name *name) MUST_USE;
/* Is there a folder of this name in the first volume's root? For profiles. */
enum err fat_has(const struct camera *c, const char *folder, bool *has) MUST_USE;
/* The label of the first volume; "" none. */
const char *fat_label(const struct camera *c);

#endif
