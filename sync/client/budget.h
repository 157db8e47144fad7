#ifndef SYNC_CLIENT_BUDGET_H
#define SYNC_CLIENT_BUDGET_H

#include "storage/vault/label.h"

/*
 * What a station may spend on its links. Pure: time of day, day and whether
 * the link costs by the byte are passed in.
 */
#define BUDGET_HOURS_MAX 16u

enum budget_when {
    BUDGET_ALWAYS,
    BUDGET_UNMETERED, /* where the link does not cost by the byte */
    BUDGET_HOURS,     /* in the hours given */
    BUDGET_NEVER,     /* goes by stick */
};

enum budget_metered { BUDGET_METERED_NO, BUDGET_METERED_YES, BUDGET_METERED_ASK };

struct budget {
    uint64_t bytes_per_day; /* both ways, all links together; 0: no bound. Binds every lane but the urgent one */
    uint64_t rate;          /* bytes a second that go out over one link; 0: no bound */
    enum budget_metered metered;
    bool metered_unknown; /* what counts when asked and nobody knows */
    struct {
        unsigned from, to; /* minutes of the local day; to before from: over midnight */
    } hours[BUDGET_HOURS_MAX];
    size_t n_hours;
    enum budget_when lanes[LANES];
};

/* Lanes 0 to 3 always, 4 unmetered; metered is asked, unknown counts as no. */
void budget_default(struct budget *b);

enum budget_known { BUDGET_UNKNOWN, BUDGET_IS_FREE, BUDGET_COSTS };

struct budget_now {
    unsigned minute; /* of the local day */
    enum budget_known metered;
    uint64_t used; /* bytes of this day so far */
    bool urgent;   /* something urgent waits: labels go in order, so batches before it go, too */
};

/* Lanes that may go now, 1 << lane. */
unsigned budget_lanes(const struct budget *b, const struct budget_now *now);
/* Why a lane may not, for a person; NULL: it may. */
const char *budget_why(const struct budget *b, const struct budget_now *now, enum lane lane);
/* Minutes until the answer may change by the time of day alone: at most a day. */
unsigned budget_next(const struct budget *b, unsigned minute);

/*
 * A day's use. Days are numbers (of the local calendar, from any zero). What
 * was noted under a later day than today's was spent today, or yesterday: a
 * clock that is set back gives no day anew.
 */
#define BUDGET_DAYS 8u

struct budget_used {
    struct {
        int64_t day;
        uint64_t bytes;
    } days[BUDGET_DAYS]; /* rising */
    size_t n;
};

uint64_t budget_used(const struct budget_used *u, int64_t day);
void budget_spend(struct budget_used *u, int64_t day, uint64_t bytes);

/* At most rate bytes a second, and half a second's worth at once. */
struct budget_rate {
    uint64_t rate; /* 0: no bound */
    uint64_t have; /* bytes that may go */
    int64_t at;    /* ms of a clock that never goes back */
};
/* How many bytes may go now, at most want. */
uint64_t budget_may(struct budget_rate *r, int64_t now, uint64_t want);
void budget_went(struct budget_rate *r, uint64_t bytes);
/* ms until more may go. */
int64_t budget_wait(const struct budget_rate *r, uint64_t want);

#endif
