#ifndef DRIVERS_ERASE_USAGE_H
#define DRIVERS_ERASE_USAGE_H

#include "drivers/manual.h"

#define ERASE "feldsher-erase"

extern const struct manual usage_erase;

#endif
