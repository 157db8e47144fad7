/* A GPX file. */
#include "drivers/probe/gpx.h"
#include "tests/fuzz/track.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void read_all(struct track *t, const uint8_t *p, size_t n, size_t step)
{
    struct gpx m;
    track_init(t);
    gpx_init(&m, t);
    for (size_t i = 0; i < n; i += step)
        gpx_feed(&m, p + i, step < n - i ? step : n - i);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    check_track(read_all, p, n);
    return 0;
}
