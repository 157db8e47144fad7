#ifndef DRIVERS_FAT_RECORD_H
#define DRIVERS_FAT_RECORD_H

#include "drivers/fat/stamp.h"
#include "storage/base/buf.h"

#include <stdbool.h>

/*
 * What a folder says, 32 bytes after 32 bytes: FAT's entries with their long
 * names, exFAT's sets of entries. Pure: bytes in, files out.
 */
#define RECORD_BYTES 32u
#define RECORD_UNITS 255u   /* UTF-16 units of a name */
#define RECORD_SET 19u      /* entries of an exFAT set */
#define RECORD_FOLDER 0x10u /* of the attributes */

struct record {
    uint64_t name; /* where its name begins in the names; it ends with NUL */
    uint64_t size, valid;
    uint32_t first;
    uint32_t position;   /* in its folder, in entries: of the short entry, of an exFAT's first one */
    uint16_t attributes; /* as they are */
    bool contiguous;     /* exFAT: NoFatChain */
    bool bad_sum;        /* exFAT: the set's checksum is wrong */
    uint8_t short_name[11], lower;
    struct stamp created, modified, accessed;
};

enum record_what {
    RECORD_NOTHING,
    RECORD_FILE, /* a file or a folder */
    RECORD_LABEL,
    RECORD_BITMAP,
    RECORD_UPCASE,
    RECORD_DELETED,
    RECORD_ORPHAN, /* a file under its short name: its long one fits nothing */
    RECORD_BROKEN, /* exFAT: a set that makes no sense */
    RECORD_CUT,    /* exFAT: it ended before this entry, which is to be fed again */
    RECORD_END,    /* nothing follows */
};

struct record_reader {
    bool exfat;
    uint16_t units[20 * 13];
    uint8_t left;    /* FAT: long entries that are still to come */
    uint8_t n_units; /* FAT: 13 each */
    uint8_t sum;     /* FAT: the short name's that they all must bear */
    bool orphan;     /* a long name was thrown away */
    uint8_t set[RECORD_SET * RECORD_BYTES];
    uint32_t got, want; /* exFAT: entries of the set */
    uint32_t position;
};

/* An entry at number position of its folder. RECORD_FILE, RECORD_ORPHAN: *out,
 * its name appended to names with NUL (name is where). RECORD_LABEL: names got
 * the label. RECORD_BITMAP, RECORD_UPCASE: first and size; attributes bit 0:
 * which FAT it goes with. Position is always set. An error is names's. */
enum err record_feed(struct record_reader *r, const uint8_t p[static RECORD_BYTES], uint32_t position,
                     struct record *out, struct buf *names, enum record_what *what) MUST_USE;
/* What comes next does not follow what came before. True: something was cut. */
bool record_break(struct record_reader *r);

/* Checksums: of a short name; of an exFAT set. */
uint8_t record_short_sum(const uint8_t name[static 11]);
uint16_t record_set_sum(const uint8_t *p, size_t n);

#endif
