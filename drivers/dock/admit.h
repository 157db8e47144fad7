#ifndef DRIVERS_DOCK_ADMIT_H
#define DRIVERS_DOCK_ADMIT_H

#include "storage/base/err.h"

#include <stdbool.h>

/* An operator says that a device is a camera: it is taken in by itself from
 * now on. camera: serial number or port. profile: NULL: the model that fits. */
enum err admit_run(const char *dir, const char *camera, const char *profile, bool json) MUST_USE;
/* And that it is none. By serial number. */
enum err admit_forget(const char *dir, const char *serial, bool json) MUST_USE;

#endif
