#ifndef DRIVERS_PROBE_SAID_H
#define DRIVERS_PROBE_SAID_H

#include "drivers/probe/probe.h"

#include <stdbool.h>

/*
 * What a probe said of a file, checked: it may be a hostile video that speaks.
 * The members of media, all of which may be missing:
 *
 *   container       libavformat's name of it
 *   start           RFC 3339, UTC; duration: s
 *   make, model     of the camera
 *   streams         [{kind, codec, width, height, rate, sample_rate, channels}]
 *   track           source (quicktime, freegps, nmea, gpx), clock (satellites,
 *                   recorder: whose the times are), start, end (RFC 3339),
 *                   total (points in the file), bounds [south, west, north,
 *                   east], points [[ms since 1970 or null, lat, lon]]
 *   unknown_blocks  positions of a kind that cannot be read
 *
 * A member that is unknown, of another type, or beyond its range is dropped.
 */

/* ERR_DATA: it is no such JSON. Fills facts but the poster; the caller frees. */
enum err said_facts(const void *p, size_t n, struct probe_facts *facts) MUST_USE;
/* Into why, cut off between two letters where it is too long. */
void said_why(char why[static PROBE_WHY_LEN], const char *sentence);
/* Is this a P6 of at most PROBE_POSTER_W x PROBE_POSTER_H? */
bool said_poster(const void *p, size_t n);

#endif
