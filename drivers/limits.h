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
#define FAT_COUNT_MAX (16u << 20)     /* bytes of a FAT or bitmap that is read just to count what is free */
#define FAT_AHEAD (1u << 20)          /* read at once */

#endif
