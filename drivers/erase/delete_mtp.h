#ifndef DRIVERS_ERASE_DELETE_MTP_H
#define DRIVERS_ERASE_DELETE_MTP_H

#include "drivers/erase/deleter.h"

/* DeleteObject (PIMA 15740, 10.5.11; MTP 1.1, D.2.11) of a camera that
 * ptp_camera made. camera must live as long. */
void delete_mtp(struct deleter *out, struct camera *camera);

#endif
