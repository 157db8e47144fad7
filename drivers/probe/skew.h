#ifndef DRIVERS_PROBE_SKEW_H
#define DRIVERS_PROBE_SKEW_H

#include <stdint.h>

/*
 * When a recording really began, and how wrong the camera's clock was, out of
 * clocks that may all lie. Times in ms, UTC; INT64_MIN: unknown.
 */
struct skew_clocks {
    int64_t name;      /* the file's name */
    int64_t container; /* the video's own */
    int64_t modified;  /* the file system's: about the end */
    int64_t duration;  /* ms; < 0 unknown */
    int64_t gps;       /* the first position's */
    int64_t gps_after; /* how long after the beginning that was, ms; 0 */
    int64_t camera;    /* the camera's clock when it was asked, and ... */
    int64_t asked;     /* ... ours at that moment */
    int trusted;       /* ours is right */
};

struct skew {
    int64_t start;            /* the best guess, corrected; INT64_MIN: none */
    int64_t skew;             /* camera minus truth, ms; INT64_MIN: unknown */
    const char *source;       /* of skew: "gps", "clock", ""; */
    const char *start_source; /* "name", "container", "modified", "gps", "" */
    int64_t apart;            /* the widest difference between the camera's own words, ms; -1: fewer than two */
};

void skew_work_out(const struct skew_clocks *c, struct skew *out);

#endif
