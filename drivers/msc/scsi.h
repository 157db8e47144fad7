#ifndef DRIVERS_MSC_SCSI_H
#define DRIVERS_MSC_SCSI_H

#include "drivers/msc/bot.h"

/*
 * The SCSI commands that Feldsher knows: those that look (SPC-4, SBC-3). There
 * is none here that writes, formats, or moves a medium.
 */
enum scsi_key { /* SPC-4, table 43 */
                SCSI_NO_SENSE = 0,
                SCSI_RECOVERED = 1,
                SCSI_NOT_READY = 2,
                SCSI_MEDIUM = 3,
                SCSI_HARDWARE = 4,
                SCSI_ILLEGAL = 5,
                SCSI_ATTENTION = 6,
                SCSI_ABORTED = 11,
};

struct scsi_sense {
    uint8_t key, asc, ascq;
};

struct scsi_inquiry {
    uint8_t type; /* 0: a disk */
    bool removable;
    char vendor[9], product[17], revision[5]; /* as sent, without the blanks behind */
};

/* Decoding, pure. false: too short, or nonsense. */
bool scsi_read_inquiry(struct scsi_inquiry *out, const uint8_t *p, size_t n);
bool scsi_read_sense(struct scsi_sense *out, const uint8_t *p, size_t n);
bool scsi_read_capacity10(const uint8_t *p, size_t n, uint64_t *last, uint32_t *size);
bool scsi_read_capacity16(const uint8_t *p, size_t n, uint64_t *last, uint32_t *size);
bool scsi_read_protected(const uint8_t *p, size_t n, bool *protected);

/* One command each, tried once. BOT_FAILED: *sense says why; NULL where none is wanted. */
enum bot_result scsi_inquiry(struct bot *b, struct scsi_inquiry *out, struct scsi_sense *sense) MUST_USE;
enum bot_result scsi_is_ready(struct bot *b, struct scsi_sense *sense) MUST_USE;
enum bot_result scsi_capacity(struct bot *b, uint64_t *sectors, uint32_t *size, struct scsi_sense *sense) MUST_USE;
enum bot_result scsi_is_protected(struct bot *b, bool *protected, struct scsi_sense *sense) MUST_USE;
/* n sectors of that size. BOT_DONE only when every byte came. */
enum bot_result scsi_read(struct bot *b, uint64_t first, uint32_t n, uint32_t size, void *p,
                          struct scsi_sense *sense) MUST_USE;
/* A vendor's own: opcode C0 to FF, checked by the caller. */
enum bot_result scsi_vendor(struct bot *b, const uint8_t *cdb, size_t cdb_len, bool in, void *p, size_t n, size_t *got,
                            struct scsi_sense *sense) MUST_USE;

#endif
