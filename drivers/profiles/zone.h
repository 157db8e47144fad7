#ifndef DRIVERS_PROFILES_ZONE_H
#define DRIVERS_PROFILES_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The zone of a camera's clock: its digits to a moment and back. Local is this
 * machine's, as it was when the process looked first (zone_start): a process
 * that has limited itself cannot read it any more.
 */
struct zone {
    enum { ZONE_UTC, ZONE_LOCAL, ZONE_OFFSET } kind;
    int minutes; /* OFFSET: east of UTC */
};

/* Digits as they stand on the camera. */
struct zone_digits {
    unsigned year, month, day, hour, minute, second;
};

void zone_start(void);
/* "utc", "local", "+05:00". */
bool zone_parse(struct zone *out, const char *s, size_t n);
/* ms since 1970, UTC. false: there is no such date or time, or the year is not 2000 to 2099. */
bool zone_moment(const struct zone *z, const struct zone_digits *d, int64_t *ms);
bool zone_digits(const struct zone *z, int64_t ms, struct zone_digits *out);
/* A moment, and the same digits as if they were UTC: ms each. */
int64_t zone_of_wall(const struct zone *z, int64_t wall);
int64_t zone_wall(const struct zone *z, int64_t ms);
/* "utc", "+05:00"; a local one as it is at that moment: "local +05:00". */
#define ZONE_TEXT 16
void zone_text(char out[static ZONE_TEXT], const struct zone *z, int64_t ms);

#endif
