#ifndef DRIVERS_PROBE_BOXES_H
#define DRIVERS_PROBE_BOXES_H

#include "drivers/probe/probe.h"

#include <stdbool.h>

/* The boxes of an MP4 or QuickTime file (ISO 14496-12, 4.2), one after the
 * other, in a range of it. */
struct boxes {
    const struct probe_source *source;
    uint64_t at, end;
    unsigned *left; /* how many more may be looked at, in all ranges together */
};

struct box {
    char type[4];
    uint64_t at, body, end; /* end is clipped to the range: a file may be cut off */
};

/* False: no more, or what is there is no box. */
bool boxes_next(struct boxes *b, struct box *out);
/* All n bytes at offset; false: they are not there. */
bool boxes_read(const struct probe_source *s, uint64_t offset, void *p, size_t n);

#endif
