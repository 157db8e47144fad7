#ifndef SYNC_WIRE_FRAME_H
#define SYNC_WIRE_FRAME_H

#include "storage/base/buf.h"

#include <stdbool.h>

/*
 * Frames of a conversation: type (1 byte), length of the payload (varint),
 * payload; README.md. A varint is little-endian base 128, high bit: more
 * follows, at most 10 bytes, the shortest form alone.
 */
enum frame_type {
    FRAME_HELLO = 0x01,
    FRAME_HEADS = 0x02,
    FRAME_WANT = 0x03,
    FRAME_NOTICES = 0x04,
    FRAME_END = 0x05,
    FRAME_PING = 0x06,
    FRAME_PONG = 0x07,
    FRAME_ACK = 0x08,
    FRAME_LABEL = 0x10,
    FRAME_TEXT = 0x11,
    FRAME_OPEN = 0x12,
    FRAME_DATA = 0x13,
    FRAME_DROP = 0x14,
    FRAME_HELD = 0x20,
    FRAME_KEPT = 0x21,
    FRAME_GOOD = 0x22,
    FRAME_HAVE = 0x23,
    FRAME_LATER = 0x24,
    FRAME_BAD = 0x25,
};

#define FRAME_HEAD_MAX 11u /* type and length */
#define FRAME_VARINT_MAX 10u

/* A payload while it is read. After the first piece that is not there, or not
 * in its shortest form, bad is set and every further piece is zero. */
struct frame_read {
    const uint8_t *p, *end;
    bool bad;
};
uint8_t frame_u8(struct frame_read *r);
uint64_t frame_varint(struct frame_read *r);
/* Times and differences: zigzag. */
int64_t frame_signed(struct frame_read *r);
/* n bytes in place; NULL when they are not there. */
const uint8_t *frame_bytes(struct frame_read *r, size_t n);
/* A varint length and so many bytes, as a string of less than cap; a NUL
 * inside is bad. */
void frame_text(struct frame_read *r, char *out, size_t cap);
size_t frame_left(const struct frame_read *r);

/* Type and length at the start of n bytes: *head bytes of them. ERR_END: not
 * all of it is there; ERR_DATA: no length, or one over max. */
enum err frame_head(const uint8_t *p, size_t n, size_t max, uint8_t *type, size_t *length, size_t *head) MUST_USE;

enum err frame_put_varint(struct buf *b, uint64_t v) MUST_USE;
enum err frame_put_signed(struct buf *b, int64_t v) MUST_USE;
enum err frame_put_text(struct buf *b, const char *s) MUST_USE;
/* Appends a whole frame. */
enum err frame_put(struct buf *b, enum frame_type type, const void *payload, size_t n) MUST_USE;

#endif
