#ifndef DRIVERS_FAT_VOLUME_H
#define DRIVERS_FAT_VOLUME_H

#include "drivers/fat/boot.h"
#include "drivers/fat/visited.h"
#include "storage/limits.h"

/*
 * One volume while it is open: its boot sector's words, its FAT through a
 * small memory of pages, and what was noticed while it was read.
 */
#define VOLUME_PAGES 512u
#define VOLUME_PAGE 8192u /* bytes of a FAT, or of the bitmap */
#define VOLUME_ID 10u     /* "1A2B-3C4D" with NUL */

struct volume_page {
    uint8_t *p;
    uint64_t number; /* UINT64_MAX: none */
    uint32_t bad;    /* a bit for each 512 bytes that no FAT has */
};

/* What an entry of the FAT says of the cluster behind. */
enum volume_link {
    VOLUME_NEXT,
    VOLUME_END,
    VOLUME_BAD,     /* marked as a bad place */
    VOLUME_FREE,    /* free */
    VOLUME_NOWHERE, /* a number that no cluster has */
    VOLUME_UNREAD,  /* the FAT cannot be read there */
};

struct volume_counts {
    uint64_t deleted;                                                  /* entries of deleted files and folders */
    uint64_t orphans;                                                  /* long names that belong to no entry */
    uint64_t broken;                                                   /* entries that make no sense */
    uint64_t truncated, cyclic, shared, longer, unallocated, checksum; /* files and folders */
    uint64_t folders, files;
};

struct volume {
    struct view *view;
    struct boot boot;
    unsigned number; /* of its partition */
    uint64_t start;  /* bytes */
    char id[VOLUME_ID], label[NAME_LEN];
    bool label_found; /* in the root folder, which comes before the boot sector */
    struct volume_page fat[VOLUME_PAGES];
    struct volume_page bitmap;
    uint32_t bitmap_first; /* exFAT: its first cluster; 0: none found */
    uint64_t bitmap_bytes;
    uint64_t bitmap_index; /* of the cluster of it that was asked for last */
    uint32_t bitmap_cluster;
    uint32_t upcase_first;
    struct visited visited;
    struct volume_counts counts;
    uint64_t claimed; /* bytes of files that cannot be whole, of which there are not more than the volume holds */
    bool listed;
    struct wrong wrong;
};

/* v must live as long. *why: NULL, or why there is no volume. ERR_AGAIN, ERR_NOMEM. */
enum err volume_open(struct volume *out, struct view *v, unsigned number, uint64_t start, const char **why) MUST_USE;
void volume_close(struct volume *v);
bool volume_has(const struct volume *v, uint32_t cluster);
/* Where the cluster begins, in bytes of the disk. */
uint64_t volume_place(const struct volume *v, uint32_t cluster);
/* ERR_AGAIN, ERR_NOMEM. */
enum err volume_next(struct volume *v, uint32_t cluster, uint32_t *next, enum volume_link *link) MUST_USE;
/* exFAT: does the bitmap say so? False where it cannot be read. */
enum err volume_is_free(struct volume *v, uint32_t cluster, bool *is_free) MUST_USE;
/* Clusters that are free; *known false: it would take too long. */
enum err volume_free(struct volume *v, uint64_t *clusters, bool *known) MUST_USE;

#endif
