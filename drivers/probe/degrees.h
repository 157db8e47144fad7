#ifndef DRIVERS_PROBE_DEGREES_H
#define DRIVERS_PROBE_DEGREES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Places as cameras write them. Numbers are integers, in units of 1e-7
 * degrees (a centimetre), so that no locale and no rounding is in between. */
#define DEGREES_ONE ((int64_t)10000000)

/* A place without time, or with one (ms since 1970, UTC; INT64_MIN). */
struct place_point {
    int64_t time;
    int32_t lat, lon;
};

/* A decimal number: sign, at most 9 digits, a point, digits: times 1e7, what is beyond is cut off. */
bool degrees_decimal(const char *s, size_t n, int64_t *e7);
/* NMEA's 4314.5012 or 07657.03: degrees and minutes in one number. */
bool degrees_minutes(int64_t ddmm_e7, int64_t *e7);
/* False: not on this earth, or exactly 0,0, which is where a receiver without a position is. */
bool degrees_point(int64_t lat_e7, int64_t lon_e7, struct place_point *out);
/* ISO 6709, as QuickTime has it: +43.2567+076.9286+850.000/ */
bool degrees_iso6709(const char *s, size_t n, struct place_point *out);

#endif
