#ifndef DRIVERS_FAT_GPT_H
#define DRIVERS_FAT_GPT_H

#include "drivers/fat/partition.h"

/* The partitions of a GUID partition table, from its copy where the first is
 * damaged; *found: there is one. ERR_AGAIN, ERR_NOMEM. */
enum err gpt_read(struct partition_table *t, struct view *v, bool *found) MUST_USE;
/* CRC-32 as in IEEE 802.3, going on from crc (0 at first). */
uint32_t gpt_crc(uint32_t crc, const void *p, size_t n);

#endif
