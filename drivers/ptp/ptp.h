#ifndef DRIVERS_PTP_PTP_H
#define DRIVERS_PTP_PTP_H

#include "drivers/camera.h"
#include "drivers/usb/usb.h"

/*
 * PTP (ISO 15740) and MTP 1.1 over USB as an initiator: a session on one
 * device. Only operations that read and the clock can be asked for here;
 * DeleteObject is sent by drivers/erase alone.
 */
struct ptp;
struct session;

/* Takes u, also with an error. ERR_AGAIN: gone; ERR_DENIED: locked (the
 * sentence says so); ERR_IO, ERR_DATA: it speaks nonsense. */
enum err ptp_open(struct ptp **out, struct usb *u) MUST_USE;
void ptp_close(struct ptp *p);
/* As a camera: takes p. name: copied, completed by DeviceInfo; its volume is
 * the storages' ids and labels. */
enum err ptp_camera(struct camera *out, struct ptp *p, const struct camera_name *name) MUST_USE;
/* For drivers/erase: the handle of a listed path; ERR_NOINPUT. */
enum err ptp_handle(const struct camera *c, const char *path, uint32_t *handle) MUST_USE;
struct ptp *ptp_of(const struct camera *c);
/* What it says of itself, whatever USB's strings say: as DeviceInfo and its
 * first storage have it. Texts live as long as the camera. */
struct ptp_said {
    const char *vendor, *model, *extension, *label;
};
void ptp_said(const struct camera *c, struct ptp_said *out);
/* Is there such a folder in the root of one of its storages? Capitals do not matter. */
enum err ptp_has(const struct camera *c, const char *folder, bool *has) MUST_USE;
/* Does its clock tell its zone? Else clock and set_clock take the digits as if
 * they were UTC, and whoever knows the model knows better. */
bool ptp_clock_has_zone(const struct ptp *p);
/* For drivers/erase: its session, to run an operation with a permit of its own
 * (session.h). What is being read meanwhile is ended. */
struct session *ptp_session(struct ptp *p);

#endif
