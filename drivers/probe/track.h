#ifndef DRIVERS_PROBE_TRACK_H
#define DRIVERS_PROBE_TRACK_H

#include "drivers/limits.h"
#include "drivers/probe/degrees.h"

/*
 * A track of positions, of any length, in fixed memory: every stride-th point
 * is kept, and the stride doubles when the room is used up.
 */
struct track {
    struct place_point point[TRACK_POINTS_MAX];
    struct place_point last;
    size_t n;
    uint64_t total, stride;
    int64_t start;  /* the first time in it; INT64_MIN: none */
    int64_t after;  /* how long after the recording's beginning that was, ms; 0 where it is not known */
    int64_t end;    /* the last time */
    int satellites; /* times are the satellites' (UTC); else the recorder's own */
    int32_t south, west, north, east;
};

void track_init(struct track *t);
void track_add(struct track *t, const struct place_point *p);
/* At most TRACK_POINTS_MAX of them, evenly spread, the first and the last among them. */
size_t track_points(const struct track *t, struct place_point out[static TRACK_POINTS_MAX]);

#endif
