#ifndef SYNC_HUB_DISK_H
#define SYNC_HUB_DISK_H

#include "storage/base/err.h"

#include <stdbool.h>

/* The thread that waits for the disk, so that the one that serves need not:
 * one job at a time. */
struct disk;

typedef enum err disk_job(void *ctx);

enum err disk_start(struct disk **out) MUST_USE;
/* Waits for the job that runs. NULL is fine. */
void disk_stop(struct disk *d);
/* Becomes readable when a job is done. */
int disk_fd(const struct disk *d);
bool disk_idle(const struct disk *d);
/* Only when idle. ctx belongs to the job until disk_done says so. */
void disk_run(struct disk *d, disk_job *job, void *ctx);
/* true: the job is done, and *e is what it returned, with its sentence. */
bool disk_done(struct disk *d, enum err *e);

#endif
