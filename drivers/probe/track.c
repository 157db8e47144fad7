#include "drivers/probe/track.h"

#include <string.h>

void track_init(struct track *t)
{
    memset(t, 0, sizeof *t);
    t->stride = 1;
    t->start = t->end = INT64_MIN;
}

void track_add(struct track *t, const struct place_point *p)
{
    if (t->total == 0) {
        t->south = t->north = p->lat;
        t->west = t->east = p->lon;
    }
    if (p->time != INT64_MIN && t->start == INT64_MIN)
        t->start = p->time;
    if (p->time != INT64_MIN)
        t->end = p->time;
    t->south = p->lat < t->south ? p->lat : t->south;
    t->north = p->lat > t->north ? p->lat : t->north;
    t->west = p->lon < t->west ? p->lon : t->west;
    t->east = p->lon > t->east ? p->lon : t->east;
    if (t->total % t->stride == 0 && t->n == TRACK_POINTS_MAX) {
        for (size_t i = 0; i < TRACK_POINTS_MAX / 2; i++)
            t->point[i] = t->point[2 * i];
        t->n = TRACK_POINTS_MAX / 2;
        t->stride *= 2;
    }
    if (t->total % t->stride == 0)
        t->point[t->n++] = *p;
    t->last = *p;
    t->total++;
}

size_t track_points(const struct track *t, struct place_point out[static TRACK_POINTS_MAX])
{
    size_t n = t->n;
    memcpy(out, t->point, n * sizeof *out);
    /* the last one that came takes the place behind the kept ones, or theirs */
    if (n && (t->total - 1) % t->stride != 0)
        out[n < TRACK_POINTS_MAX ? n++ : n - 1] = t->last;
    return n;
}
