#ifndef TUI_CARRIERS_H
#define TUI_CARRIERS_H

#include "storage/vault/station.h"

/*
 * Sticks that are on their way with things no receipt covers, and who has
 * them. When a stick left stands in the index; who took it along is an entry
 * of the chain, sealed like any other.
 */
struct carrier {
    const char *stick;
    int64_t left;      /* ms; INT64_MIN: not known */
    char due[11];      /* "2026-11-22"; "": not said */
    bool overdue;      /* that day is over */
    char courier[128]; /* "": nobody is named, or u cannot open it */
};

/* u NULL: nobody's keys are here. */
typedef enum err carriers_fn(void *ctx, const struct carrier *c);
enum err carriers_each(const struct station *s, const struct user *u, carriers_fn *fn, void *ctx) MUST_USE;

/* Is the day over, by a clock in ms? */
bool carriers_overdue(const char *due, int64_t now);

#endif
