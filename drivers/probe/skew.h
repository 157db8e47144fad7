#ifndef DRIVERS_PROBE_SKEW_H
#define DRIVERS_PROBE_SKEW_H

#include <jansson.h>
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
    int64_t zone;             /* the part of skew that is a time zone's: it keeps local time; 0: none, or just wrong */
    const char *source;       /* of skew: "gps", "clock", "" */
    const char *word;         /* what is that far from the truth: "name", "container", "modified", "" */
    const char *start_source; /* "name", "container", "modified", "gps", "" */
    int64_t apart;            /* the widest difference between the camera's own words, ms; -1: fewer than two */
};

/*
 * The words of the camera are the name's, else the container's, else the file
 * system's (its time less the duration). A container's time may be the end of
 * the recording, and each of them in another zone: that is told by how they
 * fit together. The satellites' first position comes late, never early, and
 * their dates may be 1,024 weeks too early (the receiver's counter of weeks
 * has 10 bits). The camera's clock speaks only for words that are not ahead of
 * it: those were said before it was set.
 */
void skew_work_out(const struct skew_clocks *c, struct skew *out);
/* The same for a recording's entry: skew, source, word, zone, start (RFC 3339),
 * start_source, apart; what is not known is left out. NULL: no memory. */
json_t *skew_json(const struct skew_clocks *c);

#endif
