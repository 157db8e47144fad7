#include "storage/vault/want.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool number(const char **p, const char *end, uint64_t *out)
{
    const char *at = *p;
    *out = 0;
    while (at < end && *at >= '0' && *at <= '9' && *out < UINT64_MAX / 16)
        *out = *out * 10 + (uint64_t)(*at++ - '0');
    bool any = at > *p;
    *p = at;
    return any;
}

void want_add(struct want_spans *w, uint64_t first, uint64_t last)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->span[i].first <= first && last <= w->span[i].last)
            return;
    if (w->n == WANT_SPANS_MAX) {
        w->n = 1;
        w->span[0].first = 0;
        w->span[0].last = UINT64_MAX;
        return;
    }
    w->span[w->n].first = first;
    w->span[w->n++].last = last;
}

void want_parse(struct want_spans *out, const char *text, size_t n)
{
    static const char key[] = "blobs: ";
    const char *p = text, *end = text + n;
    out->n = 0;
    while (p < end) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        uint64_t first, last;
        stop = stop ? stop : end;
        if ((size_t)(stop - p) > sizeof key - 1 && memcmp(p, key, sizeof key - 1) == 0) {
            p += sizeof key - 1;
            if (number(&p, stop, &first) && p < stop && *p++ == '-' && number(&p, stop, &last) && p == stop &&
                first <= last)
                want_add(out, first, last);
        }
        p = stop + (stop < end);
    }
}

bool want_covers(const struct want_spans *w, uint64_t blob)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->span[i].first <= blob && blob <= w->span[i].last)
            return true;
    return w->n == 0;
}

enum err want_write(struct buf *out, const char *who, const struct want_spans *w)
{
    enum err e = buf_str(out, who);
    for (size_t i = 0; i < w->n && !e; i++)
        if (w->span[i].last != UINT64_MAX)
            e = buf_fmt(out, "\nblobs: %" PRIu64 "-%" PRIu64, w->span[i].first, w->span[i].last);
    return e;
}
