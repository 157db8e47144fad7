#ifndef DRIVERS_ERASE_DELETE_VENDOR_H
#define DRIVERS_ERASE_DELETE_VENDOR_H

#include "drivers/disk.h"
#include "drivers/erase/deleter.h"
#include "drivers/profiles/profile.h"

/*
 * A profile's vendor command over mass storage: its CDB as the profile has it,
 * with the file's path as data: from the volume's root, "/DCIM/A.MP4", ended
 * by a NUL. The camera erases the file itself; no block is ever written.
 */
struct delete_vendor {
    struct disk *disk;
    uint8_t cdb[16];
    size_t len;
};

/* v and disk (msc_open's) must live as long. false: the profile has no command. */
bool delete_vendor(struct deleter *out, struct delete_vendor *v, const struct profile *p, struct disk *disk);

#endif
