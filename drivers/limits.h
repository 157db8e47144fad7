#ifndef DRIVERS_LIMITS_H
#define DRIVERS_LIMITS_H

/* Every ceiling on what a camera may present. */

#define CAMERA_FILES_MAX 10000000u /* files and folders of one camera */
#define CAMERA_DEPTH_MAX 64u       /* folders inside folders */
#define CAMERA_PATH_MAX 4096u      /* bytes of a path on the camera, with NUL */
#define USB_STRING_MAX 1024u       /* bytes of a text in a descriptor */

/* profiles */
#define PROFILE_MAX 65536u /* the text of one */
#define PROFILES_MAX 200u  /* of a station */
#define PROFILE_TITLE_LEN 128u
#define PROFILE_IDS_MAX 32u
#define PROFILE_PROOFS_MAX 8u
#define PROFILE_FILES_MAX 16u
#define PROFILE_GLOB_LEN 256u
#define PROFILE_SIDECARS_MAX 16u
#define PROFILE_EXTENSION_LEN 16u
#define PROFILE_NAMES_MAX 8u
#define PROFILE_SAYS_LEN 32u
#define PROFILE_COMMAND_LINES_MAX 4u
#define PROFILE_SECRET_MAX 64u

/* dialects: bytes of what a recorder answers */
#define DIALECT_JUNK_MAX 512u  /* before an answer */
#define DIALECT_ASCII_MAX 64u  /* question or answer, '@' to '#' */
#define DIALECT_TEXT_MAX 256u  /* of a binary answer */
#define DIALECT_STALE_MAX 8u   /* answers to something else */
#define DIALECT_READS_MAX 256u /* transfers for one answer */

#endif
