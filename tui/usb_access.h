#ifndef TUI_USB_ACCESS_H
#define TUI_USB_ACCESS_H

#include <stdbool.h>

/*
 * May this account use cameras on USB? By what the system shows of itself:
 * nothing is opened, no device is asked. drivers/usb/70-feldsher.rules is what
 * lets an account use them.
 */
struct usb_access {
    bool system;     /* this machine has USB, and its kernel a driver for it */
    bool nodes;      /* devices have files in /dev/bus/usb */
    bool told;       /* udev tells of arrivals; else they are looked for */
    bool rule;       /* the rule is where udev reads it; root needs none */
    bool member;     /* of the group, or root; who sits at the screen needs not be */
    char denied[32]; /* the port of what could be a camera and may not be used; "" */
};

/* root: "", or a folder that stands for the system's in a test. */
void usb_access_look(struct usb_access *out, const char *root);

#endif
