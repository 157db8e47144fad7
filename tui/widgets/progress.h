#ifndef TUI_WIDGETS_PROGRESS_H
#define TUI_WIDGETS_PROGRESS_H

#include "tui/widgets/term.h"

#include <stdint.h>

/*
 * How far something is: a bar, percent, speed over the last seconds, time
 * left. Pure but for painting: the caller gives the time.
 */
#define PROGRESS_SAMPLES 16
#define PROGRESS_SPAN 8000 /* ms that the speed is taken over */

struct progress {
    uint64_t done, total; /* total 0: not known, no bar */
    int64_t started;
    size_t n;
    struct {
        int64_t at;
        uint64_t done;
    } sample[PROGRESS_SAMPLES];
};

void progress_start(struct progress *p, int64_t now, uint64_t total);
/* A later report; done going back begins anew. */
void progress_set(struct progress *p, int64_t now, uint64_t done, uint64_t total);
int progress_percent(const struct progress *p);    /* -1: not known */
uint64_t progress_speed(const struct progress *p); /* a second; 0: not known */
int64_t progress_left(const struct progress *p);   /* seconds; -1: not known */
/* One row: bar, percent, "12.3 MB/s", "4 min left". bytes: units are bytes. */
void progress_paint(const struct progress *p, const struct area *a, int row, bool bytes);
/* "12.3 MB" and "1 h 05 min", as everywhere on the screens. */
#define PROGRESS_TEXT 48
void progress_size(char out[static PROGRESS_TEXT], uint64_t bytes);
void progress_time(char out[static PROGRESS_TEXT], int64_t seconds);

#endif
