#ifndef DRIVERS_FAT_BOOT_H
#define DRIVERS_FAT_BOOT_H

#include "drivers/fat/view.h"
#include "drivers/fat/wrong.h"

/*
 * Where things are in a volume, as its boot sector says. Sources: Microsoft's
 * "FAT: General Overview of On-Disk Format" 1.03 and "exFAT file system
 * specification" 1.00. The number of clusters decides what FAT it is; only a
 * volume without a 16-bit FAT size is FAT32 whatever it has.
 */
enum boot_type { BOOT_FAT16, BOOT_FAT32, BOOT_EXFAT };

struct boot {
    enum boot_type type;
    uint32_t sector, cluster; /* bytes */
    uint64_t bytes;           /* of the volume, as claimed */
    uint32_t clusters;        /* numbered from 2 */
    uint64_t heap;            /* where cluster 2 is; this and what follows in bytes from the volume's beginning */
    uint64_t fat[2];          /* the FATs in the order in which they are to be believed */
    unsigned fats;            /* 1 or 2 */
    uint64_t fat_bytes;       /* of one */
    uint64_t root_at;         /* FAT16: the fixed root folder */
    uint32_t root_bytes;
    uint32_t root;     /* others: its first cluster */
    uint32_t serial;   /* 0: none */
    uint8_t label[11]; /* FAT: in a code page, filled with blanks */
    uint32_t active;   /* the one FAT that counts where they are no mirrors; UINT32_MAX */
};

const char *boot_type_name(enum boot_type t); /* "fat16", "fat32", "exfat" */
/* One sector. False: *why it is none; NULL: it does not even look like one. */
bool boot_parse(struct boot *b, const uint8_t p[static 512], struct wrong *wrong, const char **why);
/* The sum over an exFAT's boot region, going on from sum (0 at first); first: this is its first sector. */
uint32_t boot_sum(uint32_t sum, const uint8_t *p, size_t n, bool first);
/* The volume at start (bytes of the disk), from the copy of its boot sector
 * where that is damaged. *why: NULL, or why there is none. ERR_AGAIN. */
enum err boot_read(struct boot *b, struct view *v, uint64_t start, struct wrong *wrong, const char **why) MUST_USE;

#endif
