#ifndef DRIVERS_LIMITS_H
#define DRIVERS_LIMITS_H

/* Every ceiling on what a camera may present. */

#define CAMERA_FILES_MAX 10000000u /* files and folders of one camera */
#define CAMERA_DEPTH_MAX 64u       /* folders inside folders */
#define CAMERA_PATH_MAX 4096u      /* bytes of a path on the camera, with NUL */
#define USB_STRING_MAX 1024u       /* bytes of a text in a descriptor */

#endif
