#ifndef DRIVERS_MSC_MSC_H
#define DRIVERS_MSC_MSC_H

#include "drivers/disk.h"
#include "drivers/usb/usb.h"

/*
 * USB Mass Storage, Bulk-Only Transport 1.0, with the few SCSI commands that
 * read (SPC-4, SBC-3). There is no command here that writes.
 */
struct msc_facts {                                                /* for the custody entries */
    char vendor[NAME_LEN], product[NAME_LEN], revision[NAME_LEN]; /* INQUIRY */
    bool write_protected;                                         /* MODE SENSE */
    uint32_t transfer;                                            /* bytes of one command now */
    uint64_t retries, resets;
};

/* Takes u, also with an error. Waits (at most ms) for a medium that gets
 * ready. ERR_AGAIN: gone, no medium in time; ERR_DATA: it claims nonsense;
 * ERR_IO. out->self is a struct msc. */
enum err msc_open(struct disk *out, struct usb *u, unsigned ms) MUST_USE;
void msc_facts(const struct disk *d, struct msc_facts *out);
/* A vendor's own command (opcode C0 to FF, else ERR_BUG) with at most n bytes
 * of data in or out; in: the device answers. For a profile. */
enum err msc_vendor(struct disk *d, const uint8_t cdb[static 16], size_t cdb_len, bool in, void *p, size_t n,
                    size_t *got) MUST_USE;

#endif
