#ifndef SYNC_WIRE_WIRE_H
#define SYNC_WIRE_WIRE_H

#include "sync/wire/wire_types.h"

/*
 * One conversation between a station and its hub: a state machine, the same
 * for both. Bytes in, bytes out, clock in; no socket, no file. What it carries
 * are items; which ones, and in what order within a lane, is for whoever
 * offers them, and what becomes of those that arrive is for the side behind
 * it. README.md describes every byte.
 *
 * Times are milliseconds of any clock that never goes back. One thread.
 */
struct wire;

struct wire_start {
    struct wire_side side;
    struct wire_hello hello;
    /* station: in the first flight */
    const struct wire_head *heads;
    size_t n_heads;
    const struct wire_want *wants;
    size_t n_wants;
    /* our own notices, in rising order; sent only if the digests differ */
    const char (*notices)[NOTICE_ID];
    size_t n_notices;
    uint64_t rate; /* bytes a second that the last conversation on this link measured; 0: not known */
    uint64_t rtt;  /* ms, the same */
};

/* Copies what s points to. ERR_NOMEM. */
enum err wire_new(struct wire **out, const struct wire_start *s, int64_t now) MUST_USE;
void wire_free(struct wire *w);

/* Bytes that arrived; *used of them were dealt with. Fewer than n: the side
 * said ERR_AGAIN; keep the rest, and call again (n may be 0 bytes more) when
 * it can go on. ERR_DATA, ERR_BAD: the other side broke the protocol;
 * ERR_AGAIN and others: ours is in trouble. Then a last frame stands in the
 * output: send what wire_out gives, and close. */
enum err wire_in(struct wire *w, const uint8_t *p, size_t n, int64_t now, size_t *used) MUST_USE;
/* What to send now, at most cap bytes. Ask when the transport takes bytes,
 * and only then: what is asked for later can still give way to something
 * more urgent. *n 0: nothing before wire_in or wire_next. */
enum err wire_out(struct wire *w, uint8_t *p, size_t cap, int64_t now, size_t *n) MUST_USE;
/* When wire_out should be asked again though nothing arrived; INT64_MAX. */
int64_t wire_next(const struct wire *w, int64_t now);

/* Offers an item, behind those of its lane. ERR_AGAIN: WIRE_OFFERS_MAX of the
 * lane wait already. */
enum err wire_offer(struct wire *w, const struct wire_item *item) MUST_USE;
/* How many of a lane were offered and have not begun to go out. */
size_t wire_waiting(const struct wire *w, enum lane lane);
/* The word about an item that came. Once, but for WIRE_KEPT; unknown and
 * answered ids are passed over. */
void wire_answer(struct wire *w, uint64_t id, enum wire_answer a, uint64_t kept, const char *why);
/* Only lanes in mask (1 << lane) may begin to go out. At first all. */
void wire_lanes(struct wire *w, unsigned mask);
/* Asks the other side for a sign of life. */
void wire_ping(struct wire *w);
/* Says goodbye: the last frame. Nothing else goes out behind it. */
void wire_finish(struct wire *w, enum wire_end why, const char *text);

struct wire_status {
    bool met;                /* the other side's hello came */
    bool ended;              /* it said goodbye, or we did and it is sent */
    bool quiet;              /* nothing offered, nothing unanswered, nothing to send */
    bool answered;           /* nothing of what came waits for our answer */
    uint64_t rate, rtt;      /* bytes a second, ms; 0: not known yet */
    uint64_t sent, received; /* bytes of the conversation */
    uint64_t flying;         /* sent and not acknowledged */
    size_t unanswered;       /* items that went out whole or in part, without a last word */
    int64_t waits_since;     /* since when something is awaited and nothing was heard; INT64_MAX: nothing is */
    int64_t heard;           /* when bytes came last */
};
void wire_status(const struct wire *w, struct wire_status *s);
/* Every item that was offered and has no last word, with ->sent brought up to
 * date: what to remember when the link is cut. Those not begun come too. */
void wire_each(const struct wire *w, void (*fn)(void *ctx, const struct wire_item *item, bool begun), void *ctx);

/* ids in rising order. */
void wire_notices_digest(uint8_t out[static 8], const char (*ids)[NOTICE_ID], size_t n);
const char *wire_end_text(enum wire_end why);

#endif
