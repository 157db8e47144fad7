#include "drivers/dock/kept.h"

#include "drivers/limits.h"

#include <stdlib.h>
#include <string.h>

#define ENDS (2 * (uint64_t)MEDIA_KEPT)

void kept_begin(struct kept *k, uint64_t size)
{
    size_t room = size < ENDS ? (size_t)size : (size_t)ENDS;
    *k = (struct kept){room ? calloc(1, room) : NULL, size};
}

void kept_end(struct kept *k)
{
    free(k->p);
    k->p = NULL;
}

/* How many of n bytes at offset lie in one row in the room, from *at on; or,
 * where the first does not, how many are to be passed over (*at: SIZE_MAX). */
static size_t row(const struct kept *k, uint64_t offset, size_t n, size_t *at)
{
    uint64_t left = k->size - offset;
    *at = (size_t)offset;
    if (k->size > ENDS && offset < MEDIA_KEPT) {
        left = MEDIA_KEPT - offset;
    } else if (k->size > ENDS && left > MEDIA_KEPT) {
        left -= MEDIA_KEPT;
        *at = SIZE_MAX;
    } else if (k->size > ENDS) {
        *at = (size_t)(ENDS - left);
    }
    return left < n ? (size_t)left : n;
}

void kept_put(struct kept *k, uint64_t offset, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    size_t at;
    while (k->p && n && offset < k->size) {
        size_t some = row(k, offset, n, &at);
        if (at != SIZE_MAX)
            memcpy(k->p + at, p, some);
        offset += some;
        p += some;
        n -= some;
    }
}

size_t kept_get(const struct kept *k, uint64_t offset, void *p, size_t n)
{
    size_t at;
    if (!k->p || n == 0 || offset >= k->size)
        return 0;
    n = row(k, offset, n, &at);
    if (at == SIZE_MAX)
        return 0;
    memcpy(p, k->p + at, n);
    return n;
}
