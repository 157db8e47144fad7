#ifndef DRIVERS_PROBE_INSIDE_USAGE_H
#define DRIVERS_PROBE_INSIDE_USAGE_H

#include "drivers/manual.h"

#define PROBE "feldsher-probe"

extern const struct manual usage_probe;

#endif
