/* A log of NMEA sentences. */
#include "drivers/probe/nmea.h"
#include "tests/fuzz/track.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void read_all(struct track *t, const uint8_t *p, size_t n, size_t step)
{
    struct nmea m;
    track_init(t);
    nmea_init(&m, t);
    for (size_t i = 0; i < n; i += step)
        nmea_feed(&m, p + i, step < n - i ? step : n - i);
    nmea_end(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    check_track(read_all, p, n);
    return 0;
}
