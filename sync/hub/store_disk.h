#ifndef SYNC_HUB_STORE_DISK_H
#define SYNC_HUB_STORE_DISK_H

#include "storage/base/err.h"

#include <stddef.h>

/*
 * The file systems under a hub's folder (objects/ and chains/ may be disks of
 * their own), made durable as a whole. Opened before the first write: it tells
 * of every write that failed since.
 */
struct store_disk {
    int fds[3];
    size_t n;
};

enum err store_disk_open(struct store_disk *d, const char *dir) MUST_USE;
/* Everything written before is durable. Safe on any thread. */
enum err store_disk_flush(const struct store_disk *d) MUST_USE;
void store_disk_close(struct store_disk *d);

#endif
