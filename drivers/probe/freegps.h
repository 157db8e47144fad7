#ifndef DRIVERS_PROBE_FREEGPS_H
#define DRIVERS_PROBE_FREEGPS_H

#include "drivers/probe/probe.h"
#include "drivers/probe/track.h"

#include <stdbool.h>

/*
 * Positions that recorders write between the frames: blocks that begin with a
 * length and "freeGPS ", one a second, named by a table in moov/"gps ". There
 * is no standard; the layouts are those that public programs describe
 * (ExifTool's QuickTimeStream, nvtk_mp42gpx). Offsets from the block's
 * beginning, numbers little-endian, places as NMEA's ddmm.mmmm:
 *
 *   clock first, at b = 16, 48 or 64: hour minute second year month day (u32),
 *     then 'A' 'N' 'E', then lat lon (f32) at b + 28; as integers of 1e-7
 *     degrees where "IQS" stands at 16
 *   spread:  hour minute second at 48, 'A' 60, lat (f32) 64, 'N' 68, lon 72,
 *     'E' 76, year month day 88
 *   doubles: hour minute second at 16, 'A' 28, lat (f64) 32, 'N' 40, lon 48,
 *     'E' 56, year month day 80
 *   text:    an RMC sentence, wherever it stands
 *
 * Others, and those with an encrypted place, are unknown. The clock is the
 * recorder's, often local time; only that of a sentence is the satellites'.
 */
enum freegps { FREEGPS_NONE, FREEGPS_NO_FIX, FREEGPS_UNKNOWN, FREEGPS_POINT, FREEGPS_SENTENCE };

/* One block of n bytes. out is set by the latter two; of FREEGPS_POINT its
 * time is the recorder's. */
enum freegps freegps_block(const uint8_t *p, size_t n, struct place_point *out);

/* A whole video's; unknown: blocks that were there and could not be read. */
void freegps_video(const struct probe_source *s, struct track *t, uint64_t *unknown);

#endif
