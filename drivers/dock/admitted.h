#ifndef DRIVERS_DOCK_ADMITTED_H
#define DRIVERS_DOCK_ADMITTED_H

#include "drivers/usb/usb.h"
#include "storage/limits.h"

/*
 * STATION/cameras: the devices that an operator has called cameras, because no
 * model proves it of itself (a telephone has a DCIM folder, too). Clear text:
 *
 *   feldsher-cameras 1
 *   camera: 12ab:34cd generic-mtp 2026-11-25T07:30:00Z SERIAL NUMBER
 */
#define ADMITTED_MAX 1000u

struct admitted_camera {
    uint16_t vendor_id, product_id;
    char profile[NAME_LEN];
    int64_t time;
    char serial[NAME_LEN];
};

struct admitted {
    struct admitted_camera *v;
    size_t n;
};

/* None is no error. ERR_DATA with the line. The caller frees. */
enum err admitted_read(struct admitted *out, const char *dir) MUST_USE;
void admitted_free(struct admitted *a);
/* Another one whenever the list has been written; all 0: there is none. Made
 * to be compared byte by byte. */
struct admitted_stamp {
    uint64_t file;
    int64_t s, ns, size;
};
void admitted_stamp(const char *dir, struct admitted_stamp *out);
/* NULL: it is none of them. */
const struct admitted_camera *admitted_find(const struct admitted *a, const struct usb_seen *seen);
/* Durably; one of the same ids and serial is replaced. ERR_USAGE: the device
 * has no serial number. */
enum err admitted_add(const char *dir, const struct usb_seen *seen, const char *profile, int64_t now) MUST_USE;
/* By serial. ERR_NOINPUT: there is none. */
enum err admitted_forget(const char *dir, const char *serial) MUST_USE;

#endif
