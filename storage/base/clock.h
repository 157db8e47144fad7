#ifndef STORAGE_BASE_CLOCK_H
#define STORAGE_BASE_CLOCK_H

#include "storage/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Times. Wall times are int64 milliseconds since 1970 UTC. Text form is
 * RFC 3339 UTC with seconds: 2026-11-22T10:00:00Z.
 *
 * A station's order of events is a hybrid logical clock (Kulkarni et al.,
 * "Logical Physical Clocks", 2014): milliseconds and a counter, never going
 * back, and here clamped: a wall clock that is behind what the station
 * already knows (its last label, roster, receipts), or ahead of it by more
 * than CLOCK_AHEAD_MAX, is marked and does not move the logical clock.
 */
#define CLOCK_TEXT 21                                 /* "2026-11-22T10:00:00Z" and NUL */
#define CLOCK_AHEAD_MAX ((int64_t)400 * 86400 * 1000) /* longest silence believed of a station */
#define CLOCK_OTHERS_MAX ((int64_t)24 * 3600 * 1000)  /* others' clocks are followed this far ahead of ours */
#define CLOCK_BEHIND_SLACK ((int64_t)120 * 1000)

enum clock_mark { CLOCK_FINE, CLOCK_BEHIND, CLOCK_AHEAD };

struct hlc {
    int64_t ms;
    uint32_t count;
};

int64_t clock_wall(void);
/* Milliseconds since boot, suspension included. */
int64_t clock_uptime(void);
/* The kernel's boot id, 36 characters and NUL; "-" where there is none. */
void clock_boot_id(char out[static 37]);

void clock_text(char out[static CLOCK_TEXT], int64_t ms);
bool clock_parse(int64_t *ms, const char *s, size_t n);
/* As a new string for JSON; INT64_MIN, unknown: null. */
struct json_t *clock_json(int64_t ms);

/* Next reading after last, from the wall clock; known is the latest time that
 * a signed source vouches for (0: none). */
struct hlc clock_tick(struct hlc last, int64_t wall, int64_t known, enum clock_mark *mark);
/* last advanced past what another station says, as far as CLOCK_OTHERS_MAX
 * beyond our wall clock allows. */
struct hlc clock_merge(struct hlc last, struct hlc other, int64_t wall);
const char *clock_mark_text(enum clock_mark m); /* "ok", "behind", "ahead" */

#endif
