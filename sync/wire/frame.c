#include "sync/wire/frame.h"

#include <string.h>

size_t frame_left(const struct frame_read *r)
{
    return (size_t)(r->end - r->p);
}

uint8_t frame_u8(struct frame_read *r)
{
    if (r->bad || r->p == r->end) {
        r->bad = true;
        return 0;
    }
    return *r->p++;
}

uint64_t frame_varint(struct frame_read *r)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < FRAME_VARINT_MAX; i++) {
        uint8_t b = frame_u8(r);
        if (r->bad || (i == 9 && b > 1) || (i && b == 0))
            break;
        v |= (uint64_t)(b & 0x7f) << (7 * i);
        if (!(b & 0x80))
            return v;
    }
    r->bad = true;
    return 0;
}

int64_t frame_signed(struct frame_read *r)
{
    uint64_t v = frame_varint(r);
    return v & 1 ? -(int64_t)(v >> 1) - 1 : (int64_t)(v >> 1);
}

const uint8_t *frame_bytes(struct frame_read *r, size_t n)
{
    if (r->bad || frame_left(r) < n) {
        r->bad = true;
        return NULL;
    }
    const uint8_t *p = r->p;
    r->p += n;
    return p;
}

void frame_text(struct frame_read *r, char *out, size_t cap)
{
    uint64_t n = frame_varint(r);
    const uint8_t *p = n < cap ? frame_bytes(r, (size_t)n) : NULL;
    out[0] = '\0';
    if (!p || memchr(p, 0, (size_t)n)) {
        r->bad = true;
        return;
    }
    memcpy(out, p, (size_t)n);
    out[n] = '\0';
}

enum err frame_head(const uint8_t *p, size_t n, size_t max, uint8_t *type, size_t *length, size_t *head)
{
    struct frame_read r = {p, p + n, false};
    *type = frame_u8(&r);
    uint64_t len = frame_varint(&r);
    if (r.bad && n < FRAME_HEAD_MAX && (n < 2 || (p[n - 1] & 0x80)))
        return ERR_END;
    if (r.bad || len > max)
        return err_set(ERR_DATA, "a frame's length makes no sense");
    *length = (size_t)len;
    *head = (size_t)(r.p - p);
    return ERR_OK;
}

enum err frame_put_varint(struct buf *b, uint64_t v)
{
    uint8_t p[FRAME_VARINT_MAX];
    size_t n = 0;
    do {
        p[n] = (uint8_t)(v & 0x7f);
        v >>= 7;
        p[n] |= v ? 0x80 : 0;
        n++;
    } while (v);
    return buf_add(b, p, n);
}

enum err frame_put_signed(struct buf *b, int64_t v)
{
    return frame_put_varint(b, v < 0 ? ((uint64_t) - (v + 1) << 1) | 1 : (uint64_t)v << 1);
}

enum err frame_put_text(struct buf *b, const char *s)
{
    size_t n = strlen(s);
    enum err e = frame_put_varint(b, n);
    return e ? e : buf_add(b, s, n);
}

enum err frame_put(struct buf *b, enum frame_type type, const void *payload, size_t n)
{
    uint8_t t = (uint8_t)type;
    size_t before = b->len;
    enum err e = buf_add(b, &t, 1);
    if (!e)
        e = frame_put_varint(b, n);
    if (!e)
        e = buf_add(b, payload, n);
    if (e)
        b->len = before;
    return e;
}
