#ifndef DRIVERS_PROBE_PROBE_H
#define DRIVERS_PROBE_PROBE_H

#include "storage/base/buf.h"
#include "storage/base/err.h"

#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Asks feldsher-probe, a program without files, network or keys, what is in an
 * untrusted file. Whatever it does, dies, hangs or lies, is an answer.
 */
struct probe;

enum probe_kind { PROBE_VIDEO, PROBE_NMEA, PROBE_GPX };

struct probe_source {
    enum err (*read)(void *ctx, uint64_t offset, void *p, size_t n, size_t *got);
    void *ctx;
    uint64_t size;
};

#define PROBE_WHY_LEN 256
struct probe_facts {
    json_t *media;           /* container, codecs, duration, track, ...: checked and bounded; NULL: nothing is known */
    char why[PROBE_WHY_LEN]; /* "" or why something is not known */
    bool failed;             /* that is the probe's own failure: it is missing, died, hung, lied */
    int64_t start;           /* ms, UTC, as the container says; INT64_MIN */
    int64_t gps_start; /* the first position's time by the satellites' clock; INT64_MIN, also where only the recorder's
                          own (local time, often) is known */
    int64_t gps_after; /* how long after the recording's beginning that was, ms, as far as it is known */
    double duration;   /* s; < 0 unknown */
    struct buf poster; /* a binary PPM (P6) of at most PROBE_POSTER_W x PROBE_POSTER_H; empty: none */
};
#define PROBE_POSTER_W 160u
#define PROBE_POSTER_H 96u

/* Before the program limits itself: starts a launcher that makes a new
 * feldsher-probe for each file. Where there is no feldsher-probe, facts say so.
 * stop: not 0: it is not worth waiting for any more; may be NULL. */
enum err probe_start(struct probe **out, const volatile sig_atomic_t *stop) MUST_USE;
void probe_stop(struct probe *p);
/* An error is ours (ERR_NOMEM), the source's (ERR_AGAIN, ERR_IO), or says that
 * it was stopped (ERR_AGAIN); the probe's own failures are in facts->why. The caller frees. */
enum err probe_file(struct probe *p, enum probe_kind kind, const struct probe_source *source,
                    struct probe_facts *facts) MUST_USE;
void probe_facts_free(struct probe_facts *f);

#endif
