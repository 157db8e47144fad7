#ifndef DRIVERS_USB_BUS_H
#define DRIVERS_USB_BUS_H

#include "drivers/usb/usb.h"

#include <signal.h>

/*
 * What is plugged into this machine, by libusb. Descriptors are read, no
 * device is opened for it where the system knows them already.
 *
 * usb_bus_open opens the one socket (netlink, of udev's news) and starts
 * libusb's thread that listens to it; after that a program may confine itself
 * (storage/base/confine.h) to /dev/bus/usb (CONFINE_USE), /sys, /run/udev and /proc
 * (CONFINE_READ), without any net, and all the rest here works. Not across fork.
 */
struct usb_bus;
struct usb_list {
    struct usb_seen *seen; /* by port */
    size_t n;
};

/* ERR_NOINPUT: this machine has no USB; ERR_DENIED: it may not be used; each says what to do. */
enum err usb_bus_open(struct usb_bus **out) MUST_USE;
void usb_bus_close(struct usb_bus *b);
/* Everything that is there now. The caller frees with usb_list_free. */
enum err usb_bus_list(struct usb_bus *b, struct usb_list *out) MUST_USE;
void usb_list_free(struct usb_list *l);
/* Until something came or went, ms passed (-1: for ever), or *stop. Where
 * nobody tells of arrivals it looks anew now and then. */
enum err usb_bus_wait(struct usb_bus *b, int ms, const volatile sig_atomic_t *stop, bool *changed) MUST_USE;
/* Claims an interface (by number) of what was seen; a driver of the kernel is
 * let go of it and given it back by free. ERR_AGAIN: it is gone or another
 * program has it; ERR_DENIED: no permission, or a volume of it is mounted (the
 * sentence says where). */
enum err usb_open(struct usb *out, struct usb_bus *b, const struct usb_seen *seen, uint8_t interface,
                  const volatile sig_atomic_t *stop) MUST_USE;

#endif
