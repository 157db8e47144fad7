#ifndef DRIVERS_FAT_PARTITION_H
#define DRIVERS_FAT_PARTITION_H

#include "drivers/fat/view.h"
#include "drivers/fat/wrong.h"
#include "drivers/limits.h"

/*
 * The partitions of a disk: MBR with its chain of logical ones, or GPT (UEFI
 * 2.10, chapter 5), or none at all. Numbers are those that Linux gives.
 */
enum partition_scheme { PARTITION_NONE, PARTITION_MBR, PARTITION_GPT };

struct partition {
    unsigned number;       /* 0: the whole disk */
    uint64_t first, bytes; /* both in bytes; they may lie behind the disk's end */
    uint8_t type;          /* MBR */
    uint8_t guid[16];      /* GPT: its type, as on the disk */
};

struct partition_table {
    enum partition_scheme scheme;
    struct partition at[PARTITIONS_MAX];
    size_t n;
    struct wrong wrong;
};

const char *partition_scheme_name(enum partition_scheme s); /* "none", "mbr", "gpt" */
/* A disk without a table is one partition of number 0. ERR_AGAIN, ERR_NOMEM;
 * what cannot be read is only noted in wrong. */
enum err partition_read(struct partition_table *t, struct view *v) MUST_USE;
/* Adds one; beyond PARTITIONS_MAX it is noted. */
void partition_add(struct partition_table *t, const struct partition *p);

#endif
