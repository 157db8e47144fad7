#include "drivers/probe/inside/sidecar.h"

#include "drivers/probe/gpx.h"
#include "drivers/probe/nmea.h"

#include <stdlib.h>

#define PIECE 65536u

struct log {
    struct track track;
    struct nmea nmea;
    struct gpx gpx;
    uint8_t p[PIECE];
};

void sidecar_read(struct asking *a, enum probe_kind kind, struct report *r)
{
    struct log *l = malloc(sizeof *l);
    size_t got = 1;
    if (!l)
        return;
    track_init(&l->track);
    if (kind == PROBE_NMEA)
        nmea_init(&l->nmea, &l->track);
    else
        gpx_init(&l->gpx, &l->track);
    for (uint64_t at = 0; at < SIDECAR_READ_MAX && got; at += got) {
        if (asking_read(a, at, l->p, PIECE, &got) != ERR_OK)
            break;
        if (kind == PROBE_NMEA)
            nmea_feed(&l->nmea, l->p, got);
        else
            gpx_feed(&l->gpx, l->p, got);
    }
    if (kind == PROBE_NMEA)
        nmea_end(&l->nmea);
    report_track(r, &l->track, kind == PROBE_NMEA ? "nmea" : "gpx");
    r->why = l->track.total ? TALK_FINE : TALK_NO_PLACES;
    free(l);
}
