#ifndef DRIVERS_LIMITS_H
#define DRIVERS_LIMITS_H

/* Every ceiling on what a camera may present. */

#define CAMERA_FILES_MAX 10000000u /* files and folders of one camera */
#define CAMERA_DEPTH_MAX 64u       /* folders inside folders */
#define CAMERA_PATH_MAX 4096u      /* bytes of a path on the camera, with NUL */
#define USB_STRING_MAX 1024u       /* bytes of a text in a descriptor */

/* fat */
#define PARTITIONS_MAX 128u           /* of one disk; a longer table is cut off there */
#define PARTITIONS_LOGICAL_MAX 64u    /* links of a chain of extended partitions */
#define GPT_TABLE_MAX (1u << 20)      /* bytes of a GPT's entries */
#define FAT_FOLDER_MAX (2u << 20)     /* bytes of a FAT folder, by its specification */
#define EXFAT_FOLDER_MAX (256u << 20) /* of an exFAT one */
#define FAT_TREE_MAX (128u << 20)     /* memory for the folders on one path */
#define FAT_VISITED_MAX (64u << 20)   /* memory for the clusters that belong to something */
#define FAT_COUNT_MAX (8u << 20)      /* bytes of a FAT or bitmap that is read just to count what is free */
#define FAT_AHEAD (1u << 20)          /* read at once */

/* ptp */
#define PTP_CONTAINER 12u             /* bytes of a container's header */
#define PTP_OUT_MAX 600u              /* bytes of data that are sent: a string */
#define PTP_TEXT_MAX 768u             /* a string: 255 UCS-2 letters as UTF-8, with NUL */
#define PTP_CODES_MAX 1024u           /* codes in a list of DeviceInfo */
#define PTP_DATASET_MAX 65536u        /* bytes of DeviceInfo, StorageInfo, ObjectInfo, a property */
#define PTP_ELEMENT_MAX 131072u       /* bytes of one property of an object */
#define PTP_PROPLIST_MAX (256u << 20) /* bytes of the properties of a folder's objects */
#define PTP_STORAGES_MAX 32u
#define PTP_FOLDER_MAX 1000000u  /* objects of one folder */
#define PTP_POST (512u << 10)    /* bytes of one transfer */
#define PTP_POSTED 4u            /* transfers in flight */
#define PTP_AHEAD (4u << 20)     /* bytes of a file asked for at once */
#define PTP_SHORT (64u << 10)    /* where it is read here and there */
#define PTP_OVERLAP (64u << 10)  /* compared when a file is read from its beginning again */
#define PTP_EMPTY_MAX 8u         /* empty transfers in a row */
#define PTP_STALE_MAX 8u         /* containers of an older transaction in a row */
#define PTP_DROP_MAX (64u << 20) /* bytes of what is not wanted any more that are read away */
#define PTP_POLLS_MAX 20u        /* asking whether a cancelled transaction has ended */
#define PTP_RECOVERIES_MAX 256u  /* failed transactions of one session */
#define PTP_FAILURES_MAX 4u      /* in a row, without a sign of life */
#define PTP_EVENTS_MAX 64u       /* taken at once */
#define PTP_BAD_MAX 64u          /* places of a file that cannot be read */
#define PTP_WAIT_MS 30000u       /* for an answer */
#define PTP_DATA_MS 15000u       /* for more data */
#define PTP_CLASS_MS 3000u       /* for a class request */
#define PTP_DRAIN_MS 100u        /* of silence */

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
