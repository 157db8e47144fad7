#include "drivers/probe/boxes.h"

#include "storage/base/bytes.h"

#include <string.h>

bool boxes_read(const struct probe_source *s, uint64_t offset, void *p, size_t n)
{
    uint8_t *to = p;
    size_t got = 0;
    if (offset > s->size || n > s->size - offset)
        return false;
    for (size_t done = 0; done < n; done += got)
        if (s->read(s->ctx, offset + done, to + done, n - done, &got) != ERR_OK || got == 0 || got > n - done)
            return false;
    return true;
}

bool boxes_next(struct boxes *b, struct box *out)
{
    uint8_t head[16];
    if (b->at >= b->end || b->end - b->at < 8 || *b->left == 0 || !boxes_read(b->source, b->at, head, 8))
        return false;
    --*b->left;
    uint64_t size = bytes_be32(head), header = 8;
    for (size_t i = 4; i < 8; i++)
        if (head[i] < ' ' && head[i] != 0)
            return false;
    memcpy(out->type, head + 4, 4);
    if (size == 1) {
        if (!boxes_read(b->source, b->at, head, 16))
            return false;
        size = bytes_be64(head + 8);
        header = 16;
    } else if (size == 0) {
        size = b->end - b->at; /* the last one */
    }
    if (size < header)
        return false;
    out->at = b->at;
    out->end = size < b->end - b->at ? b->at + size : b->end;
    out->body = out->at + header < out->end ? out->at + header : out->end;
    b->at = out->end;
    return true;
}
