#include "drivers/msc/scsi.h"

#include "storage/base/bytes.h"

#include <string.h>

enum { /* SPC-4 and SBC-3; nothing else is ever sent */
       TEST_UNIT_READY = 0x00,
       REQUEST_SENSE = 0x03,
       INQUIRY = 0x12,
       MODE_SENSE_6 = 0x1a,
       READ_CAPACITY_10 = 0x25,
       READ_10 = 0x28,
       READ_16 = 0x88,
       SERVICE_ACTION_IN_16 = 0x9e, /* with action 0x10: READ CAPACITY(16) */
};

static void copy_text(char *out, const uint8_t *p, size_t n)
{
    memcpy(out, p, n);
    out[n] = '\0';
    while (n && (out[n - 1] == ' ' || out[n - 1] == '\0'))
        out[--n] = '\0';
}

bool scsi_read_inquiry(struct scsi_inquiry *out, const uint8_t *p, size_t n)
{
    *out = (struct scsi_inquiry){0};
    if (n < 36)
        return false;
    out->type = p[0] & 0x1f;
    out->removable = p[1] & 0x80;
    copy_text(out->vendor, p + 8, 8);
    copy_text(out->product, p + 16, 16);
    copy_text(out->revision, p + 32, 4);
    return (p[0] & 0xe0) == 0; /* 4.x: a unit is connected */
}

/* Fixed format (70h, 71h) and descriptor format (72h, 73h): SPC-4, 4.5. */
bool scsi_read_sense(struct scsi_sense *out, const uint8_t *p, size_t n)
{
    uint8_t code = n ? p[0] & 0x7f : 0;
    *out = (struct scsi_sense){0};
    if ((code == 0x70 || code == 0x71) && n >= 14)
        *out = (struct scsi_sense){p[2] & 0x0f, p[12], p[13]};
    else if ((code == 0x72 || code == 0x73) && n >= 4)
        *out = (struct scsi_sense){p[1] & 0x0f, p[2], p[3]};
    else
        return false;
    return true;
}

bool scsi_read_capacity10(const uint8_t *p, size_t n, uint64_t *last, uint32_t *size)
{
    if (n < 8)
        return false;
    *last = bytes_be32(p);
    *size = bytes_be32(p + 4);
    return true;
}

bool scsi_read_capacity16(const uint8_t *p, size_t n, uint64_t *last, uint32_t *size)
{
    if (n < 12)
        return false;
    *last = bytes_be64(p);
    *size = bytes_be32(p + 8);
    return true;
}

bool scsi_read_protected(const uint8_t *p, size_t n, bool *protected)
{
    if (n < 4)
        return false;
    *protected = p[2] & 0x80;
    return true;
}

/* A failed command's reason; where even that cannot be had there is none. */
static enum bot_result with_sense(struct bot *b, enum bot_result e, struct scsi_sense *sense)
{
    const uint8_t cdb[6] = {REQUEST_SENSE, 0, 0, 0, 18, 0};
    uint8_t p[18] = {0};
    size_t got;
    if (sense)
        *sense = (struct scsi_sense){0};
    if (e != BOT_FAILED || !sense)
        return e;
    enum bot_result asked = bot_command(b, cdb, sizeof cdb, true, p, sizeof p, &got);
    if (asked == BOT_OVER || asked == BOT_TROUBLE)
        return asked;
    if (asked == BOT_DONE && !scsi_read_sense(sense, p, got))
        *sense = (struct scsi_sense){0};
    return BOT_FAILED;
}

/* Answers that are too short to mean anything count as refused. */
static enum bot_result answered(bool good, enum bot_result e)
{
    return e == BOT_DONE && !good ? BOT_FAILED : e;
}

/* A command with an answer of a known length: what came and what the device says
 * about that must agree, or its residues mean nothing. */
static enum bot_result ask_whole(struct bot *b, const uint8_t *cdb, size_t cdb_len, uint8_t *p, size_t n, size_t *got)
{
    bool lied = b->residue_lies;
    b->residue_lies = true;
    enum bot_result e = bot_command(b, cdb, cdb_len, true, p, n, got);
    b->residue_lies = lied || (e == BOT_DONE && b->came == n && b->residue != 0);
    return e;
}

enum bot_result scsi_inquiry(struct bot *b, struct scsi_inquiry *out, struct scsi_sense *sense)
{
    const uint8_t cdb[6] = {INQUIRY, 0, 0, 0, 36, 0};
    uint8_t p[36] = {0};
    size_t got;
    enum bot_result e = ask_whole(b, cdb, sizeof cdb, p, sizeof p, &got);
    return with_sense(b, answered(scsi_read_inquiry(out, p, got), e), sense);
}

enum bot_result scsi_is_ready(struct bot *b, struct scsi_sense *sense)
{
    const uint8_t cdb[6] = {TEST_UNIT_READY};
    size_t got;
    return with_sense(b, bot_command(b, cdb, sizeof cdb, true, NULL, 0, &got), sense);
}

static enum bot_result capacity16(struct bot *b, uint64_t *last, uint32_t *size)
{
    const uint8_t cdb[16] = {SERVICE_ACTION_IN_16, 0x10, [13] = 32};
    uint8_t p[32] = {0};
    size_t got;
    enum bot_result e = ask_whole(b, cdb, sizeof cdb, p, sizeof p, &got);
    return answered(scsi_read_capacity16(p, got, last, size), e);
}

enum bot_result scsi_capacity(struct bot *b, uint64_t *sectors, uint32_t *size, struct scsi_sense *sense)
{
    const uint8_t cdb[10] = {READ_CAPACITY_10};
    uint8_t p[8] = {0};
    uint64_t last = 0;
    size_t got;
    enum bot_result e = ask_whole(b, cdb, sizeof cdb, p, sizeof p, &got);
    e = answered(scsi_read_capacity10(p, got, &last, size), e);
    if (e == BOT_DONE && last == UINT32_MAX)
        e = capacity16(b, &last, size);
    *sectors = last == UINT64_MAX ? 0 : last + 1;
    return with_sense(b, e, sense);
}

enum bot_result scsi_is_protected(struct bot *b, bool *protected, struct scsi_sense *sense)
{
    const uint8_t cdb[6] = {MODE_SENSE_6, 0, 0x3f, 0, 192, 0};
    uint8_t p[192] = {0};
    size_t got;
    enum bot_result e = bot_command(b, cdb, sizeof cdb, true, p, sizeof p, &got);
    return with_sense(b, answered(scsi_read_protected(p, got, protected), e), sense);
}

enum bot_result scsi_read(struct bot *b, uint64_t first, uint32_t n, uint32_t size, void *p, struct scsi_sense *sense)
{
    uint8_t cdb[16] = {READ_10};
    size_t len = 10, want = (size_t)n * size, got;
    if (first + n > UINT32_MAX || n > UINT16_MAX) {
        len = 16;
        cdb[0] = READ_16;
        bytes_put_be64(cdb + 2, first);
        bytes_put_be32(cdb + 10, n);
    } else {
        bytes_put_be32(cdb + 2, (uint32_t)first);
        cdb[7] = (uint8_t)(n >> 8);
        cdb[8] = (uint8_t)n;
    }
    enum bot_result e = bot_command(b, cdb, len, true, p, want, &got);
    return with_sense(b, answered(got == want, e), sense);
}

enum bot_result scsi_vendor(struct bot *b, const uint8_t *cdb, size_t cdb_len, bool in, void *p, size_t n, size_t *got,
                            struct scsi_sense *sense)
{
    return with_sense(b, bot_command(b, cdb, cdb_len, in, p, n, got), sense);
}
