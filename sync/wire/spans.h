#ifndef SYNC_WIRE_SPANS_H
#define SYNC_WIRE_SPANS_H

#include "storage/vault/partial.h"

/* A small set of byte ranges: rising, neither touching nor overlapping. */
#define SPANS_MAX 12u

struct spans {
    struct partial_range v[SPANS_MAX];
    size_t n;
};

/* false, and nothing is changed: it would take more than SPANS_MAX. */
bool spans_add(struct spans *s, uint64_t from, uint64_t to);
bool spans_whole(const struct spans *s, uint64_t size);
/* What of [0, size) is not in s. */
void spans_rest(const struct spans *s, uint64_t size, struct spans *out);
uint64_t spans_bytes(const struct spans *s);

#endif
