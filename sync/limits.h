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
#define HUB_WAIT_MS 600000          /* that a command waits for a server to give way */
#define HUB_PIECES_AGE 7776000      /* seconds: 90 days that an object may stay half arrived */
#define RECEIPT_MISSING_MAX 16384u  /* numbers a receipt lists; it ends before the first that does not fit */
#define ASIDE_LABELS_MAX 64u        /* kept of a cloned or revoked chain */
#define ASIDE_BYTES_MAX (16u << 20) /* their batch objects */

/* a TLS connection (sync/link) */
#define TLS_RECORD_MAX 16384u      /* bytes in one record (RFC 8446) */
#define TLS_MESSAGE_MAX 4096u      /* one handshake message; ours are below 700 */
#define TLS_HANDSHAKE_MAX 16384u   /* bytes read before the handshake must be done */
#define TLS_TICKET_MAX 4096u       /* what a client keeps to resume */
#define TLS_TICKET_LIFETIME 86400u /* seconds that a hub resumes a session */

/* a conversation (sync/wire) */
#define WIRE_FRAME_MIN 512u /* data frames: half a second of the measured rate */
#define WIRE_FRAME_MAX 65536u
#define WIRE_PAYLOAD_MAX (80u << 10) /* of any frame */
#define WIRE_INLINE_MAX 4096u        /* a batch that comes with its label, a clear text in one frame */
#define WIRE_OFFERS_MAX 1024u        /* items of a lane offered and not begun */
#define WIRE_UNANSWERED_MAX 512u     /* items begun and not answered, each way */
#define WIRE_OPEN_MAX 256u           /* of these, objects */
#define WIRE_HEADS_MAX 65536u
#define WIRE_WANTS_MAX 4096u
#define WIRE_NOTICES_MAX 100000u
#define WIRE_CONTROL_MAX (512u << 10)  /* answers that the other side does not read: 512 of them are 128 KiB */
#define WIRE_WHY_MAX 200u              /* words of an answer or a goodbye */
#define WIRE_FLOATING_MAX 256u         /* labels ahead of their turn that a hub keeps of a station */
#define WIRE_FLOATING_BYTES (1u << 20) /* with their batches */
#define WIRE_WINDOW_FIRST 8192u        /* bytes under way before the rate is known */
#define WIRE_WINDOW_MIN (48u << 10)    /* beyond rate times round trip, at most */
#define WIRE_WINDOW_MAX (16u << 20)

/* a hub that serves */
#define HUB_COMMIT_MS 20               /* a group waits this long for company; an urgent label does not */
#define HUB_FLUSH_MS 1000              /* pieces of objects are made durable this often */
#define HUB_FLUSH_BYTES (64u << 20)    /* at most so many are not: nothing more in lanes 3 and 4 till then */
#define HUB_FLOATING_BYTES (64u << 20) /* labels ahead of their turn, of all chains */
#define HUB_TEXTS_BYTES (128u << 20)   /* parts lists and rosters half here, of all conversations */
#define HUB_ROADS_MAX 4u               /* conversations of one station at once */
#define HUB_OFFERS_LOW 16u             /* offered of a lane and not begun: below it, more are looked for */
#define HUB_CONNECTIONS_MAX 6000u      /* at once */
#define HUB_HANDSHAKES_MAX 512u        /* of these, not known yet: beyond, the oldest silent one goes */
#define HUB_HANDSHAKE_MS 20000         /* a handshake takes at most */
#define HUB_STUCK_MS 60000             /* a station that takes nothing goes */
#define HUB_SILENT_MS 90000            /* one that acknowledges nothing */
#define HUB_IDLE_MS 900000             /* one that says nothing at all */
#define HUB_LINGER_MS 5000             /* for the last words to arrive */
#define HUB_STOP_MS 3000               /* for all last words, when the hub stops */
#define HUB_ROUND_BYTES (64u << 10)    /* read of one connection before the next has its turn */
#define HUB_RECEIPTS_AT_ONCE 256u      /* written to their files in one go */
#define HUB_CONNECTED_MAX (4u << 20)   /* the text of who is connected */

#endif
