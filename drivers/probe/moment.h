#ifndef DRIVERS_PROBE_MOMENT_H
#define DRIVERS_PROBE_MOMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Times as cameras write them, to ms since 1970, UTC. A date that does not
 * exist, or not between 1970 and 2199, is none. */
#define MOMENT_NONE INT64_MIN
#define MOMENT_DAY ((int64_t)86400000)

bool moment_is_sane(int64_t ms);
/* MOMENT_NONE: no such date or time. */
int64_t moment_make(unsigned year, unsigned month, unsigned day, unsigned hour, unsigned minute, unsigned second);
/* ISO 8601: 2026-11-22T10:00:00, or with a blank; with a fraction; then Z, an
 * offset (+05:00, +0500, +05), or nothing, which is taken as UTC. */
bool moment_parse(int64_t *ms, const char *s, size_t n);

#endif
