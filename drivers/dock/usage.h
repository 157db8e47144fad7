#ifndef DRIVERS_DOCK_USAGE_H
#define DRIVERS_DOCK_USAGE_H

#include "drivers/manual.h"

#define DOCK "feldsher-dock"

extern const struct manual usage_dock;

#endif
