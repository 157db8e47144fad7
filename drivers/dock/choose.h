#ifndef DRIVERS_DOCK_CHOOSE_H
#define DRIVERS_DOCK_CHOOSE_H

#include "drivers/dock/admitted.h"
#include "drivers/place.h"

/*
 * Which device on USB is a camera: one that an operator admitted, or whose
 * model proves it of itself. Nothing is opened for it.
 */
enum choice {
    CHOICE_NONE,      /* no model fits: a keyboard, a printer */
    CHOICE_ADMITTED,  /* by an operator, as one of this model */
    CHOICE_AUTOMATIC, /* to be asked in its dialect */
    CHOICE_POSSIBLE,  /* could be one: an operator has to say so */
    CHOICE_DENIED,    /* a camera, perhaps, and this account may not use it */
};

/* *model: the one that fits best; NULL: none. */
enum choice choose(const struct profiles *all, const struct admitted *admitted, const struct usb_seen *seen,
                   const struct profile **model);
/* Sets p's seen, profile and any to the device that `camera` names (serial
 * number or port; ""; the only camera there is). ERR_NOINPUT: it is not
 * plugged in; ERR_USAGE: several are meant. */
enum err choose_named(struct place *p, const struct admitted *admitted, const char *camera) MUST_USE;
/* The same for whatever is plugged in at a port, which nobody named: it has
 * been admitted, or proves itself. */
enum err choose_port(struct place *p, const struct admitted *admitted, const char *port) MUST_USE;

#endif
