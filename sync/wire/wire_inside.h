#ifndef SYNC_WIRE_WIRE_INSIDE_H
#define SYNC_WIRE_WIRE_INSIDE_H

#include "sync/limits.h"
#include "sync/wire/compact.h"
#include "sync/wire/frame.h"
#include "sync/wire/pace.h"
#include "sync/wire/spans.h"
#include "sync/wire/wire.h"

/* What the files of the machine share; nobody else includes it. */

/* Offered, and not begun. */
struct waiting {
    struct wire_item *v; /* a ring */
    size_t first, n, cap;
};

/* Begun: ids rise by one. */
struct given {
    struct wire_item item;
    bool answered;
    bool object;
    bool asked; /* nothing, or no more than the plan, goes out before the other side said what it holds */
    bool begun_data;
    struct spans plan; /* still to go out */
    struct spans out;  /* went out in this conversation */
    uint64_t high;     /* behind the last byte that ever went out */
};

struct taken {
    struct wire_item item;
    bool answered;
    bool object;
    bool done; /* the side knows that all is there */
    struct spans have;
};

struct ring {
    void *v;
    size_t size; /* of one */
    size_t first, n, cap;
    uint64_t id; /* of the first */
};

struct wire {
    struct wire_side side;
    struct wire_hello hello;
    bool met;
    enum wire_role peer;
    struct wire_head *heads;
    size_t n_heads, heads_out;
    char (*notices)[NOTICE_ID];
    size_t n_notices, notices_out;
    bool notices_asked; /* digests differ: ours go out */
    struct pace pace;
    unsigned lanes;
    bool narrow; /* the last time something stayed because too much flew */
    bool
        full; /* the window was full, and is not a quarter empty yet: more small pieces would cost more than they bring */

    struct waiting waiting[LANES];
    struct ring given; /* of struct given */
    size_t open;       /* objects among them without an answer */
    struct compact out_context;

    struct ring taken; /* of struct taken */
    size_t taken_open;
    struct compact in_context;
    uint64_t heads_in, notices_in, wants_in;

    struct buf in; /* a frame that is not whole, or waits for the side */
    bool in_ready; /* it is whole */
    bool data;     /* inside a data frame: */
    uint64_t data_id, data_offset;
    size_t data_left;
    bool undone; /* the side wants to be told of data_id once more */
    uint64_t received;
    uint64_t elicited; /* received up to the last frame that asks for an acknowledgement */
    uint64_t told;     /* acknowledged */
    int64_t elicited_at, ack_at;
    int64_t heard;

    struct buf control, frame; /* on their way out */
    size_t control_at, frame_at;
    struct {
        enum frame_type type;
        uint64_t first, count;
        size_t at; /* where its frame begins in control */
        bool open; /* it is the last one there and may still grow */
    } run;         /* answers alike to ids in a row */
    uint64_t sent;
    uint64_t eliciting; /* sent up to the last frame that asks for an acknowledgement */
    int64_t waits;      /* since when an acknowledgement is awaited */
    bool ask;           /* a ping that is all that is awaited has not gone out yet */
    bool pong;
    uint64_t pong_token, ping_token, ping_seen;
    bool finishing, finished, peer_ended;
};

void *ring_at(const struct ring *r, uint64_t id); /* NULL: not among them */
/* A new one, zeroed, with the next id. */
void *ring_push(struct ring *r, uint64_t *id);
void ring_pop(struct ring *r); /* the last one */
/* Forgets the answered ones at the beginning. */
void ring_settle(struct ring *r, bool (*over)(const void *one));
void ring_end(struct ring *r);
bool wire_given_over(const void *one);
bool wire_taken_over(const void *one);

uint64_t wire_flying(const struct wire *w);
/* The last word about one of ours. */
void wire_settle_given(struct wire *w, uint64_t id, enum wire_answer a, const char *why);
enum err wire_put_control(struct wire *w, enum frame_type type, const struct buf *payload, bool elicits) MUST_USE;
/* The payload of a frame with the next heads, at most so many. */
enum err wire_put_heads(struct wire *w, size_t most, struct buf *out, bool *last) MUST_USE;

#endif
