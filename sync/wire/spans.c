#include "sync/wire/spans.h"

#include <string.h>

bool spans_add(struct spans *s, uint64_t from, uint64_t to)
{
    size_t first = 0;
    if (from >= to)
        return true;
    while (first < s->n && s->v[first].to < from)
        first++;
    size_t last = first; /* behind the last one that it touches */
    while (last < s->n && s->v[last].from <= to) {
        from = s->v[last].from < from ? s->v[last].from : from;
        to = s->v[last].to > to ? s->v[last].to : to;
        last++;
    }
    if (first == last && s->n == SPANS_MAX)
        return false;
    memmove(&s->v[first + 1], &s->v[last], (s->n - last) * sizeof *s->v);
    s->n = s->n + 1 - (last - first);
    s->v[first] = (struct partial_range){from, to};
    return true;
}

bool spans_whole(const struct spans *s, uint64_t size)
{
    return s->n == 1 && s->v[0].from == 0 && s->v[0].to >= size;
}

void spans_rest(const struct spans *s, uint64_t size, struct spans *out)
{
    uint64_t at = 0;
    out->n = 0;
    for (size_t i = 0; i <= s->n && at < size; i++) {
        uint64_t next = i < s->n && s->v[i].from < size ? s->v[i].from : size;
        if (next > at && out->n < SPANS_MAX)
            out->v[out->n++] = (struct partial_range){at, next};
        at = i < s->n ? s->v[i].to : size;
    }
}

uint64_t spans_bytes(const struct spans *s)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < s->n; i++)
        sum += s->v[i].to - s->v[i].from;
    return sum;
}
