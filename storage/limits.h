#ifndef STORAGE_LIMITS_H
#define STORAGE_LIMITS_H

/* Every ceiling on what comes from outside, and every size that a format
 * fixes. Sizes in bytes unless said. */

#define TEXT_LINE_MAX 16384u /* one line of a clear text */
#define NAME_LEN 64          /* a name of ours with NUL */
#define CIRCLE_LEN 128       /* "evidence/unit" with NUL */

/* seal */
#define AGE_HEADER_MAX 65536u /* an age header; ours are under 5 KiB */
#define AGE_STANZAS_MAX 256u
#define AGE_SCRYPT_LOGN 17u /* written: 128 MiB, about half a second */
#define AGE_SCRYPT_LOGN_MAX 20u
#define ZSTD_WINDOW_LOG_MAX 27 /* read */
#define PASSPHRASE_MAX 1024u

/* vault */
#define BLOB_PLAIN_MAX (8u << 20) /* of a recording, before sealing */
#define BLOB_SEALED_MAX ((8u << 20) + (64u << 10))
#define BATCH_PLAIN_MAX (4u << 20)
#define BATCH_SEALED_MAX (5u << 20)
#define BATCH_ENTRIES_MAX 4096u
#define PARTS_MAX (64u << 20) /* the text; a 5 TiB recording is 45 MiB */
#define LABEL_MAX 16384u
#define LABEL_TO_MAX 16u
#define RECEIPT_MAX (1u << 20)
#define JSON_DEPTH_MAX 32u

/* trust */
#define ROSTER_MAX (16u << 20)
#define NOTICE_MAX (1u << 20)
#define ENROLMENT_MAX (64u << 20)
#define STATIONS_MAX 20000u
#define USERS_MAX 50000u
#define CIRCLES_MAX 20000u
#define HUBS_MAX 64u
#define NOTICES_MAX 100000u

/* disk */
#define RESERVE_RECORDS (32u << 20) /* intake stops this far before the end; records go on */

#endif
