#ifndef DRIVERS_FAT_FACTS_H
#define DRIVERS_FAT_FACTS_H

#include "drivers/camera.h"
#include "drivers/fat/reader.h"
#include "drivers/fat/partition.h"
#include "drivers/fat/tree.h"

/* A disk as a camera: what fat.c keeps of it, and what is told of it. */
#define FAT_VOLUMES_MAX 16u

struct fat {
    struct disk disk;
    struct view view;
    struct camera_name name;
    struct partition_table table;
    const char *why[PARTITIONS_MAX]; /* each: NULL, or why it is not read */
    struct volume volumes[FAT_VOLUMES_MAX];
    size_t n;
    struct tree tree;
    struct reader_ahead ahead;
};

/* As camera's facts. What the listing finds out is in it after the listing. */
json_t *facts_of_disk(struct fat *f);

#endif
