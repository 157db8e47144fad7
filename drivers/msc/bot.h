#ifndef DRIVERS_MSC_BOT_H
#define DRIVERS_MSC_BOT_H

#include "drivers/usb/usb.h"

/*
 * USB Mass Storage Class, Bulk-Only Transport 1.0: one command, its data, its
 * status, and how to get back into step after anything else.
 */
#define BOT_CBW 31u
#define BOT_CSW 13u

struct bot {
    struct usb u;
    uint8_t lun;
    uint32_t tag;       /* of the last command; a session begins at one that no other has used lately */
    size_t came;        /* bytes of its data that came, */
    uint32_t residue;   /* and what the device said is missing of them */
    bool residue_lies;  /* the device's residues mean nothing */
    bool in_vain;       /* nothing was understood since the last recovery: the next one resets the port */
    uint64_t resets;    /* recoveries, for the custody entry */
    enum usb_result at; /* what the transport said when BOT_OVER or BOT_TROUBLE came */
};

enum bot_result {
    BOT_DONE,    /* status 0 */
    BOT_FAILED,  /* status 1: ask for the sense */
    BOT_TROUBLE, /* out of step; the device was reset: the command may be tried again */
    BOT_OVER,    /* it is gone, or we are to stop: `at` */
};

struct bot_csw {
    uint32_t tag, residue;
    uint8_t status;
};

/* The 31 bytes of a command block wrapper (table 5.1). cdb_len 1 to 16. */
void bot_cbw(uint8_t out[static BOT_CBW], uint32_t tag, uint32_t n, bool in, uint8_t lun, const uint8_t *cdb,
             size_t cdb_len);
/* 6.3: valid (13 bytes, the signature) and its tag is ours. */
bool bot_csw(const uint8_t *p, size_t n, uint32_t tag, struct bot_csw *out);

/* One command of n bytes of data (0: none). *got: how many of them are
 * meant, by what came and what the residue says. */
enum bot_result bot_command(struct bot *b, const uint8_t *cdb, size_t cdb_len, bool in, void *p, size_t n,
                            size_t *got) MUST_USE;
/* Get Max LUN (3.2); 0 where it refuses. */
enum bot_result bot_max_lun(struct bot *b, uint8_t *max) MUST_USE;

#endif
