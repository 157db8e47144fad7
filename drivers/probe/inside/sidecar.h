#ifndef DRIVERS_PROBE_INSIDE_SIDECAR_H
#define DRIVERS_PROBE_INSIDE_SIDECAR_H

#include "drivers/probe/inside/report.h"

/* A log of positions beside a video: its track. */
void sidecar_read(struct asking *a, enum probe_kind kind, struct report *r);

#endif
