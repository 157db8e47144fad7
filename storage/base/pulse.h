#ifndef STORAGE_BASE_PULSE_H
#define STORAGE_BASE_PULSE_H

#include <stdint.h>

/*
 * How far long work is, told to whoever waits: four times a second at most,
 * and when all is done. NULL in place of a pulse: nobody waits.
 */
#define PULSE_EVERY 250 /* ms */

struct pulse {
    void (*tell)(void *ctx, uint64_t done, uint64_t total); /* done <= total */
    void *ctx;
    uint64_t done, total; /* the work's own units: bytes */
    int64_t told;         /* clock_uptime() */
};

/* More work than was known. */
void pulse_expect(struct pulse *p, uint64_t n);
void pulse_add(struct pulse *p, uint64_t n);
/* All is done: told once more. */
void pulse_end(struct pulse *p);

#endif
