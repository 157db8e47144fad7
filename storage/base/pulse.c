#include "storage/base/pulse.h"

#include "storage/base/clock.h"

#include <stddef.h>

void pulse_expect(struct pulse *p, uint64_t n)
{
    if (p)
        p->total += n;
}

void pulse_add(struct pulse *p, uint64_t n)
{
    if (!p)
        return;
    int64_t now = clock_uptime();
    p->done += n;
    if (p->told && now - p->told < PULSE_EVERY)
        return;
    p->told = now;
    p->tell(p->ctx, p->done < p->total ? p->done : p->total, p->total);
}

void pulse_end(struct pulse *p)
{
    if (p)
        p->tell(p->ctx, p->total, p->total);
}
