#ifndef SYNC_LIMITS_H
#define SYNC_LIMITS_H

/* Ceilings on what stands on a stick and on what a hub keeps for a station.
 * Sizes in bytes unless said. What a format fixes is in storage/limits.h. */

/* a stick */
#define STICK_ENTRIES_MAX 4000000u /* names looked at in one contact */
#define STICK_REFUSED_LISTED 100u  /* refusals printed and kept one by one; the rest are counted */
#define STICK_RESERVE (1u << 20)   /* left free on a stick */
#define STICK_NAME_MAX 512u        /* a path under feldsher/ with NUL */
#define LINK_MAX 4096u             /* the link file */
#define LABELS_PER_FILE 256u       /* labels in one file, aligned: 1-256, 257-512 */
#define LABELS_FILE_MAX (4u << 20) /* LABELS_PER_FILE * LABEL_MAX */
#define LABELS_FILES_MAX 65536u    /* of one chain on one stick */
#define HAVE_MAX (8u << 20)        /* a have text */
#define HAVE_WANTS_MAX 65536u

/* an export */
#define EXPORT_TARGETS_MAX 256u      /* stations served on one stick */
#define EXPORT_HAVES_MAX (64u << 20) /* their have texts together */

/* a hub */
#define HUB_QUOTA ((uint64_t)200 << 30) /* a station's labels and objects, unless hub.conf says otherwise */
#define HUB_CONF_MAX 65536u
#define HUB_GROUP 256u              /* labels or objects made durable in the index at once */
#define HUB_SMALL (1u << 20)        /* objects up to here are made durable in groups */
#define RECEIPT_MISSING_MAX 16384u  /* numbers a receipt lists; it ends before the first that does not fit */
#define ASIDE_LABELS_MAX 64u        /* kept of a cloned or revoked chain */
#define ASIDE_BYTES_MAX (16u << 20) /* their batch objects */

#endif
