#ifndef DRIVERS_DOCK_SIGHT_H
#define DRIVERS_DOCK_SIGHT_H

#include "drivers/dock/choose.h"

/* What is said of a device on USB: rows in README.md. model: the one that fits; NULL: none. */
/* quiet: of what is no camera nothing. */
void sight_say(const struct usb_seen *seen, enum choice c, const struct profile *model, bool json, bool quiet);
void sight_left(const struct usb_seen *seen, bool json);
/* The process that took it in has ended. */
void sight_ended(const struct usb_seen *seen, int exit_code, bool json);

#endif
