#include "sync/client/budget.h"

#include "storage/base/lang.h"

#include <string.h>

#define DAY_MINUTES 1440u

void budget_default(struct budget *b)
{
    memset(b, 0, sizeof *b);
    b->metered = BUDGET_METERED_ASK;
    b->lanes[LANE_BLOB] = BUDGET_UNMETERED;
}

static bool costs(const struct budget *b, const struct budget_now *now)
{
    if (b->metered != BUDGET_METERED_ASK)
        return b->metered == BUDGET_METERED_YES;
    return now->metered == BUDGET_UNKNOWN ? b->metered_unknown : now->metered == BUDGET_COSTS;
}

static bool within(unsigned from, unsigned to, unsigned minute)
{
    return from <= to ? from <= minute && minute < to : minute >= from || minute < to;
}

static bool in_hours(const struct budget *b, unsigned minute)
{
    for (size_t i = 0; i < b->n_hours; i++)
        if (within(b->hours[i].from, b->hours[i].to, minute))
            return true;
    return false;
}

const char *budget_why(const struct budget *b, const struct budget_now *now, enum lane lane)
{
    if (lane == LANE_BATCH && now->urgent && !budget_why(b, now, LANE_URGENT))
        return NULL;
    switch (b->lanes[lane]) {
    case BUDGET_NEVER:
        return N_("link.conf sends it by stick");
    case BUDGET_UNMETERED:
        if (costs(b, now))
            return N_("the link costs by the byte");
        break;
    case BUDGET_HOURS:
        if (!in_hours(b, now->minute))
            return N_("it is outside the hours of link.conf");
        break;
    case BUDGET_ALWAYS:
        break;
    }
    if (lane != LANE_URGENT && b->bytes_per_day && now->used >= b->bytes_per_day)
        return N_("the bytes of this day are used up");
    return NULL;
}

unsigned budget_lanes(const struct budget *b, const struct budget_now *now)
{
    unsigned mask = 0;
    for (unsigned i = 0; i < LANES; i++)
        if (!budget_why(b, now, (enum lane)i))
            mask |= 1u << i;
    return mask;
}

unsigned budget_next(const struct budget *b, unsigned minute)
{
    unsigned next = DAY_MINUTES - minute % DAY_MINUTES; /* midnight gives a new day's bytes */
    for (size_t i = 0; i < b->n_hours; i++) {
        const unsigned edges[] = {b->hours[i].from, b->hours[i].to};
        for (size_t k = 0; k < 2; k++) {
            unsigned in = (edges[k] + DAY_MINUTES - minute % DAY_MINUTES) % DAY_MINUTES;
            if (in && in < next)
                next = in;
        }
    }
    return next;
}

uint64_t budget_used(const struct budget_used *u, int64_t day)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < u->n; i++)
        if (u->days[i].day >= day)
            sum += u->days[i].bytes;
    return sum;
}

void budget_spend(struct budget_used *u, int64_t day, uint64_t bytes)
{
    uint64_t sum = budget_used(u, day) + bytes;
    while (u->n && u->days[u->n - 1].day >= day)
        u->n--;
    if (u->n == BUDGET_DAYS) {
        memmove(u->days, u->days + 1, sizeof u->days - sizeof u->days[0]);
        u->n--;
    }
    u->days[u->n].day = day;
    u->days[u->n++].bytes = sum;
}

static uint64_t burst(const struct budget_rate *r)
{
    return r->rate / 2 + 1024;
}

uint64_t budget_may(struct budget_rate *r, int64_t now, uint64_t want)
{
    if (r->rate == 0)
        return want;
    if (r->at == 0)
        r->have = burst(r);
    else if (now > r->at)
        r->have += (uint64_t)(now - r->at) * r->rate / 1000;
    /* what a short step leaves over is not lost */
    if (r->at == 0 || (uint64_t)(now - r->at) * r->rate >= 1000)
        r->at = now;
    if (r->have > burst(r))
        r->have = burst(r);
    return r->have < want ? r->have : want;
}

void budget_went(struct budget_rate *r, uint64_t bytes)
{
    if (r->rate)
        r->have -= bytes < r->have ? bytes : r->have;
}

int64_t budget_wait(const struct budget_rate *r, uint64_t want)
{
    uint64_t most = burst(r);
    want = want < most ? want : most;
    return r->rate == 0 || r->have >= want ? 0 : (int64_t)((want - r->have) * 1000 / r->rate + 1);
}
