#ifndef TESTS_FUZZ_TRACK_H
#define TESTS_FUZZ_TRACK_H

/* What must hold of a log of positions: whatever is in it, and however it is
 * cut, the track is the same, bounded, and on this earth. */
#include "drivers/probe/moment.h"
#include "drivers/probe/track.h"

#include <assert.h>

/* A track out of n bytes, fed step by step. */
typedef void track_reader(struct track *t, const uint8_t *p, size_t n, size_t step);

static void check_track(track_reader *read_all, const uint8_t *p, size_t n)
{
    struct track whole, cut;
    struct place_point kept[TRACK_POINTS_MAX];
    read_all(&whole, p, n, n + 1);
    read_all(&cut, p, n, n ? 1 + p[0] % 7 : 1);
    assert(whole.total == cut.total && whole.start == cut.start && whole.after == cut.after);
    size_t kept_n = track_points(&whole, kept);
    assert(kept_n <= TRACK_POINTS_MAX && (kept_n > 0) == (whole.total > 0));
    for (size_t i = 0; i < kept_n; i++) {
        assert(kept[i].lat >= -900000000 && kept[i].lat <= 900000000);
        assert(kept[i].lon >= -1800000000 && kept[i].lon <= 1800000000);
        assert(kept[i].time == INT64_MIN || moment_is_sane(kept[i].time));
    }
    assert(whole.after >= 0);
}

#endif
