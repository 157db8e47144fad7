#ifndef DRIVERS_PLACE_H
#define DRIVERS_PLACE_H

#include "drivers/camera.h"
#include "drivers/disk.h"
#include "drivers/profiles/dialect.h"
#include "drivers/profiles/profile.h"
#include "drivers/usb/bus.h"

#include <signal.h>

/*
 * Where one camera is: a folder, an image, or somewhere on USB, and all that is
 * needed to have it open there: its maker's dialect, its lock, its clock.
 */
struct place {
    /* given; must live as long */
    const struct station *s;
    const char *from;   /* a folder or an image; NULL: on USB */
    const char *serial; /* with from: as told; "" unknown */
    struct usb_bus *bus;
    const struct profiles *profiles;
    const struct profile *profile; /* the only one that counts; NULL: the automatic ones */
    bool any;                      /* the operator named this device: every model may fit */
    bool trusted;                  /* our clock is right: the camera's is set by it */
    const volatile sig_atomic_t *stop;
    struct usb_seen seen; /* the device, on USB */
    /* found out when it was opened */
    const struct profile *is;
    struct usb_seen reads; /* as what it is read: a recorder comes back as a disk */
    struct camera_name name;
    struct dialect_facts told;                      /* by a recorder */
    int64_t clock_before, clock_asked, clock_after; /* ms; INT64_MIN */
    bool clock_set;
    char clock_zone[PROFILE_ZONE_TEXT]; /* that its digits were taken for; "camera": it tells it; "": no clock */
    struct disk disk;                   /* where it is one; self NULL: it is none */
    uint64_t refused;                   /* the arrival that a secret was wrong for */
};

/* What may be plugged in at p->seen's place: could it be a camera by its
 * descriptors? An automatic model before others; NULL: no model fits. */
const struct profile *place_model(const struct profiles *all, const struct usb_seen *seen, uint8_t *interface);

/* p's given members are set. ERR_AGAIN: gone, or not ready; ERR_DENIED: locked,
 * not permitted, battery; ERR_BAD: it is no camera of any model that counts;
 * each with a sentence that says what to do. */
enum err place_open(struct place *p, struct camera *out) MUST_USE;
/* Waits until the same camera (serial and volume) is plugged in again,
 * wherever, and opens it. It was open before; out was freed. ERR_AGAIN:
 * stopped; ERR_BAD: it came back with another card. */
enum err place_again(struct place *p, struct camera *out) MUST_USE;
/* Is it unplugged? Waits a moment for the system to have noticed. */
bool place_is_gone(const struct place *p);
/* Descriptors and what was done with it, for the custody entry. NULL: no memory. */
json_t *place_facts(const struct place *p, const struct camera *c);

#endif
