#ifndef SYNC_CLIENT_USAGE_H
#define SYNC_CLIENT_USAGE_H

#include "sync/client/budget.h"

/*
 * What each of the last days took, kept in DIR/log/sync.usage:
 *
 *     feldsher-usage 1
 *     day: NUMBER BYTES            days since 1970 of the local calendar, rising
 */
struct usage {
    char path[4096];
    struct budget_used days;
    uint64_t unsaved;
    int64_t saved; /* when, ms of a clock that never goes back */
};

/* It is written again when so many bytes are spent; or some, and it is a while
 * ago; or any, and it is long ago: a kill costs no more than that. */
#define USAGE_BYTES (256u << 10)
#define USAGE_SOME (16u << 10)
#define USAGE_MS 10000
#define USAGE_LONG_MS 900000

/* A file that is damaged or not there counts as nothing used. */
enum err usage_open(struct usage *u, const char *dir) MUST_USE;
/* Spends; writes when it is due, or (now INT64_MAX) what is unsaved. */
enum err usage_spend(struct usage *u, int64_t day, uint64_t bytes, int64_t now) MUST_USE;
/* The local day and the minute of it. */
void usage_today(int64_t *day, unsigned *minute);

#endif
