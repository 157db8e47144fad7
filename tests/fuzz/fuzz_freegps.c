/* A recorder's block, and a video with boxes in it: reading ends, stays
 * inside, and what comes out is a place on this earth. */
#include "drivers/probe/freegps.h"
#include "drivers/probe/moment.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

struct film {
    const uint8_t *p;
    size_t n;
    uint64_t reads;
};

static enum err film_read(void *ctx, uint64_t offset, void *p, size_t n, size_t *got)
{
    struct film *f = ctx;
    f->reads++;
    assert(offset <= f->n && n <= f->n - offset);
    *got = n > 5000 ? 5000 : n;
    memcpy(p, f->p + offset, *got);
    return ERR_OK;
}

static void check(const struct place_point *p)
{
    assert(p->lat >= -900000000 && p->lat <= 900000000 && p->lon >= -1800000000 && p->lon <= 1800000000);
    assert(moment_is_sane(p->time) || p->time == INT64_MIN);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct film f = {p, n, 0};
    struct place_point point, kept[TRACK_POINTS_MAX];
    struct track t;
    uint64_t unknown;
    enum freegps what = freegps_block(p, n, &point);
    if (what == FREEGPS_POINT || what == FREEGPS_SENTENCE)
        check(&point);
    track_init(&t);
    freegps_video(&(struct probe_source){film_read, &f, n}, &t, &unknown);
    /* as many as its ceilings allow: boxes, blocks, and a search in pieces of 5000 */
    assert(f.reads < 2 * BOXES_MAX + 4 * FREEGPS_READ_MAX + n / 100 + 100);
    for (size_t i = track_points(&t, kept); i-- > 0;)
        check(&kept[i]);
    return 0;
}
