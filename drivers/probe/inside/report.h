#ifndef DRIVERS_PROBE_INSIDE_REPORT_H
#define DRIVERS_PROBE_INSIDE_REPORT_H

#include "drivers/probe/inside/asking.h"
#include "drivers/probe/track.h"

#include <jansson.h>

/* What is said of a file, as JSON (said.h has the members). */
struct report {
    json_t *o;
    enum talk_why why;
};

/* True: there is memory for it. */
bool report_new(struct report *r);
/* Text of n bytes that a video holds; what is no UTF-8, or too long, is left out. */
void report_text(struct report *r, const char *name, const char *s);
/* source: "quicktime", "freegps", "nmea", "gpx". A track without points is left out. */
void report_track(struct report *r, const struct track *t, const char *source);
/* Takes r. */
bool report_say(struct report *r, struct asking *a);
void report_free(struct report *r);

#endif
