#ifndef DRIVERS_FAT_STAMP_H
#define DRIVERS_FAT_STAMP_H

#include <jansson.h>
#include <stdint.h>

/*
 * A time as a folder's entry holds it. FAT knows no zone: its times are what the
 * camera's clock showed, and are taken here as if that were UTC, the same on
 * every station and at every time of the year. exFAT may say its zone; then it
 * is UTC indeed.
 */
struct stamp {
    uint16_t date, time;
    uint8_t tens; /* more time, in 10 ms: up to 1.99 s */
    uint8_t zone; /* exFAT: bit 7 it is known, below it signed quarters of an hour; FAT 0 */
};

/* ms since 1970; INT64_MIN: none, or nonsense. */
int64_t stamp_ms(const struct stamp *s);
/* As written there, {"local", "zone", "raw"}; NULL: out of memory. */
json_t *stamp_json(const struct stamp *s);

#endif
