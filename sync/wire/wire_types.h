#ifndef SYNC_WIRE_WIRE_TYPES_H
#define SYNC_WIRE_WIRE_TYPES_H

#include "storage/trust/notice.h"
#include "storage/vault/label.h"
#include "storage/vault/partial.h"

/* What conversations are about, and the side that stands behind one; wire.h
 * has the machine. */

enum wire_role { WIRE_STATION, WIRE_HUB };

enum wire_kind {
    WIRE_LABEL, /* of a chain; a short batch comes with it */
    WIRE_BATCH, /* objects: */
    WIRE_PARTS,
    WIRE_BLOB,
    WIRE_ROSTER, /* clear texts: */
    WIRE_NOTICE,
    WIRE_RECEIPT,
    WIRE_CONFIRMATION,
    WIRE_KINDS
};

struct wire_item {
    enum wire_kind kind;
    enum lane lane;
    char chain[CHAIN_ID]; /* label: whose; else "" */
    uint64_t seq;         /* label: its number */
    struct hash name;     /* of the bytes of an object or a text; label: not used */
    uint64_t size;        /* of these; label: not used */
    uint64_t sent;        /* bytes from its beginning that went out in an earlier conversation: they may have arrived.
                           * WIRE_ASK: not known, so the other side is asked before anything goes out */
};
#define WIRE_ASK UINT64_MAX

/* The last word about an item, but for WIRE_KEPT. */
enum wire_answer {
    WIRE_KEPT,  /* durable up to a number of bytes; more answers follow */
    WIRE_GOOD,  /* its hash or signature is right, and it is durable */
    WIRE_HAVE,  /* was there already */
    WIRE_LATER, /* not now: full, over the quota, or nothing here names it yet */
    WIRE_BAD,   /* not what its name or signature says, or nobody may send it: set aside */
};

#define WIRE_FLOATS_MAX 32u
struct wire_span {
    uint64_t from, to; /* both included */
};

/* What each side says first. */
struct wire_hello {
    enum wire_role role;
    char chain[CHAIN_ID]; /* of the station of this conversation, from both sides */
    char name[NAME_LEN];  /* station, or hub */
    uint64_t roster;      /* number of the highest it has; 0: none */
    int64_t clock;        /* its wall clock, ms since 1970 */
    uint64_t seq;         /* that chain's last label here; 0: none */
    struct hash head;     /* of that label */
    uint64_t n_notices;   /* and a digest of their ids in rising order: */
    uint8_t notices[8];   /* wire_notices_digest */
    size_t n_floats;      /* hub: labels behind seq that wait for those before them */
    struct wire_span floats[WIRE_FLOATS_MAX];
};

/* Where another chain ends at the station. The first 8 bytes of its id. */
struct wire_head {
    uint8_t chain[8];
    uint64_t seq;
};

/* The station asks for blobs of a parts list: number first to last, from 0.
 * last UINT64_MAX: all from first on. */
struct wire_want {
    struct hash parts;
    uint64_t first, last;
};

/* Why a conversation ends. */
enum wire_end {
    WIRE_END_DONE,     /* nothing left to say */
    WIRE_END_LATER,    /* busy, stopping, disk full: come back */
    WIRE_END_UNKNOWN,  /* the roster knows no such station, or hub */
    WIRE_END_REVOKED,  /* it is revoked */
    WIRE_END_CLONED,   /* two of it exist */
    WIRE_END_PROTOCOL, /* it sent what makes no sense */
};

/*
 * The side behind a conversation. Calls may call wire_offer, wire_answer and
 * wire_finish, nothing else of this header. NULL where a side has no use for
 * one. p and text are valid during the call alone.
 *
 * The taking calls return ERR_OK, or ERR_AGAIN: not just now, give me the same
 * again when wire_in is called next; any other error ends the conversation as
 * the other side's fault (ERR_DATA, ERR_BAD) or with "later" (the rest). What
 * they think of the item they say by wire_answer, then or at any later time.
 */
struct wire_side {
    void *ctx;

    enum err (*hello)(void *ctx, const struct wire_hello *h);
    enum err (*heads)(void *ctx, const struct wire_head *list, size_t n, bool last);
    enum err (*want)(void *ctx, const struct wire_want *list, size_t n);
    /* Ids of notices, in rising order, 20 hex digits each; after a hello with another digest. */
    enum err (*notices)(void *ctx, const char (*ids)[NOTICE_ID], size_t n, bool last);
    void (*end)(void *ctx, enum wire_end why, const char *text); /* the other side ends it */

    /* Giving. A label's text, and its batch if it is to come with it (at most
     * WIRE_INLINE_MAX); or a clear text of at most WIRE_INLINE_MAX. An error:
     * the item is dropped and answered as WIRE_BAD. */
    enum err (*load)(void *ctx, const struct wire_item *item, struct buf *text, struct buf *batch);
    /* Exactly n bytes of anything longer. */
    enum err (*read)(void *ctx, const struct wire_item *item, uint64_t offset, void *p, size_t n);
    /* kept: for WIRE_KEPT. why: "" or the other side's words, escape before showing. */
    void (*answered)(void *ctx, const struct wire_item *item, enum wire_answer a, uint64_t kept, const char *why);

    /* Taking. A label (text, batch; n_batch 0: it comes by itself, or not at
     * all) or a short clear text, item->size and ->name of it being set. */
    enum err (*take)(void *ctx, uint64_t id, const struct wire_item *item, const uint8_t *text, size_t n,
                     const uint8_t *batch, size_t n_batch);
    /* Something longer is about to come. held: what is here of it (n 0 at the
     * call). An answer other than WIRE_KEPT given within: it need not come. */
    enum err (*open)(void *ctx, uint64_t id, const struct wire_item *item,
                     struct partial_range held[static PARTIAL_RUNS_MAX], size_t *n);
    enum err (*write)(void *ctx, uint64_t id, const struct wire_item *item, uint64_t offset, const uint8_t *p,
                      size_t n);
    /* Every byte was written, or held before. To be answered. */
    enum err (*done)(void *ctx, uint64_t id, const struct wire_item *item);
    /* The other side gave up an open item: its own copy failed. No answer is awaited. */
    void (*gone)(void *ctx, uint64_t id, const struct wire_item *item);
};

#endif
