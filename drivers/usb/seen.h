#ifndef DRIVERS_USB_SEEN_H
#define DRIVERS_USB_SEEN_H

#include "drivers/usb/usb.h"

/* A device of libusb's as struct usb_seen; what the system knows of its
 * texts is asked there, nothing is opened. false: it is a hub, or is leaving. */
struct libusb_device;
bool seen_read(struct usb_seen *out, struct libusb_device *d);
/* Is it there still, the same arrival of it? */
bool seen_is_here(const struct usb_seen *s);
/* ERR_DENIED when a volume of it is mounted; says where. */
enum err seen_check_mounts(const struct usb_seen *s) MUST_USE;

#endif
