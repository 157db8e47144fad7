#ifndef DRIVERS_PROBE_NMEA_H
#define DRIVERS_PROBE_NMEA_H

#include "drivers/probe/track.h"

/*
 * A log of NMEA 0183 sentences, fed piece by piece. RMC has place, time and
 * date; GGA, where there is no RMC, takes its date from ZDA. A sentence may
 * stand behind other text on its line; one with a wrong checksum, or cut off,
 * is passed over. Years of two digits: 80 to 99 are the last century's. A
 * receiver that lost count of GPS weeks says dates 1,024 weeks too early: they
 * are given as found (skew.h knows).
 */
struct nmea {
    struct track *track;
    char line[NMEA_LINE_MAX];
    size_t n;
    int is_too_long; /* the present line: its rest is passed over */
    int has_rmc;
    int has_pending; /* a GGA that an RMC may follow */
    struct place_point pending;
    int64_t day;             /* of ZDA, ms at midnight; INT64_MIN */
    uint64_t voids;          /* RMCs without a position, before the first with one */
    int64_t second;          /* the time of the second RMC with another time than the first; INT64_MIN */
    uint64_t sentences, bad; /* RMC and GGA that were understood; that were not */
};

void nmea_init(struct nmea *m, struct track *t);
void nmea_feed(struct nmea *m, const uint8_t *p, size_t n);
/* The end of the file: track is whole. */
void nmea_end(struct nmea *m);

#endif
