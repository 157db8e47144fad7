#ifndef DRIVERS_FOLDER_FOLDER_H
#define DRIVERS_FOLDER_FOLDER_H

#include "drivers/camera.h"

/*
 * A folder, or a mounted card, as a camera. It is only read, without touching
 * times of access where the kernel permits it; nothing leads out of it: no
 * symbolic link is followed, only regular files are opened. Hidden files
 * count. A file is believed to be the listed one while its size and time of
 * change stay.
 */

/* serial: "" unknown. Where path is the root of a mounted volume, the volume
 * gets its UUID. ERR_NOINPUT: path is not there; ERR_DATA: it is no folder. */
enum err folder_open(struct camera *out, const char *path, const char *serial) MUST_USE;
/* ERR_USAGE: too long, or no plain text. */
enum err folder_check_serial(const char *serial) MUST_USE;

#endif
