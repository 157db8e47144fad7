#ifndef SYNC_HUB_ROOM_INSIDE_H
#define SYNC_HUB_ROOM_INSIDE_H

#include "sync/hub/accept.h"
#include "sync/hub/desk.h"
#include "sync/wire/spans.h"

/* What room.c, floats.c and desk.c share; nobody else includes it. */

/* A text that comes in pieces and stays in memory until it is whole: a parts
 * list, a roster, a long notice. It survives the conversation, not the room. */
struct gathered {
    struct gathered *next;
    struct hash name;
    uint64_t size;
    struct spans have;
    uint8_t *bytes;
    unsigned users;
    int64_t used; /* when a conversation let it go */
};

/* An object that is arriving. */
struct opened {
    uint64_t id;
    struct wire_item item;
    char chain[CHAIN_ID];    /* whose need it is, for the quota */
    struct gathered *text;   /* NULL: pieces in the store */
    struct spans have;       /* of pieces */
    uint64_t flushing, kept; /* from the beginning on: being made durable; told as durable */
};

struct desk {
    struct room *room;
    struct desk *prev, *next;
    struct wire *wire;
    char chain[CHAIN_ID], station[NAME_LEN];
    struct opened *open;
    size_t n_open, cap_open, last_open;
    bool paused;
};

/* Somebody who waits for the word about an item. */
struct waiter {
    struct desk *desk; /* NULL: gone */
    uint64_t id;
};

struct answer {
    struct waiter to;
    enum wire_answer a;
    int64_t urgent_since; /* 0: not urgent */
};

/* A label ahead of its turn, with the batch that came with it. */
struct floating {
    uint64_t seq;
    struct buf text, batch;
    struct waiter to[HUB_ROADS_MAX];
    size_t n_to;
};

struct room_chain {
    char id[CHAIN_ID];
    struct floating *floats; /* rising */
    size_t n_floats;
    uint64_t bytes;
    int64_t signed_at; /* time of its last receipt */
    bool signed_known;
    size_t confirmed; /* confirmations that its station has */
};

struct accepted {
    char chain[CHAIN_ID];
    uint64_t seq;
    char *to;
    bool urgent;
};

struct heard {
    char chain[CHAIN_ID];
    int64_t time;
};

enum room_step { ROOM_IDLE, ROOM_PIECES, ROOM_FIRST, ROOM_SECOND };

/* Lists stand in buffers, an element a piece. */
struct room_inside {
    enum room_step step;
    bool open;     /* the transaction */
    bool paused;   /* room_pause */
    bool failed;   /* in the middle of the transaction: room_commit says so */
    char why[300]; /* it failed */
    unsigned changes;
    bool urgent;
    int64_t since; /* of the first change */
    int64_t began; /* the commit */
    uint64_t unflushed;
    int64_t unflushed_since;
    struct desk *desks;
    struct buf answers;  /* of struct answer */
    struct buf accepted; /* of struct accepted */
    struct buf changed;  /* of char[CHAIN_ID] */
    struct buf fresh;    /* of struct hash: objects of this transaction */
    struct buf heard;    /* of struct heard */
    int64_t heard_since;
    struct room_chain **chains; /* by id */
    size_t n_chains;
    struct gathered *texts;
    uint64_t text_bytes;
    unsigned noted; /* in the store's list of what was refused, since: */
    int64_t noted_since;
};

bool room_ready(const struct room *r); /* something may be changed now */
/* The transaction is open when it returns ERR_OK; ERR_AGAIN: not now. */
enum err room_begin(struct room *r) MUST_USE;
/* Something was changed in it. */
void room_touch(struct room *r, bool urgent);
/* The transaction is lost after trouble of our own. Returns e. */
enum err room_fail(struct room *r, enum err e);
bool room_usable(const struct room *r); /* there is a store, and it is in order */
struct accept room_accept(const struct room *r);

/* GOOD and HAVE: when what was changed so far is durable. */
enum err room_answer(struct room *r, struct waiter to, enum wire_answer a, bool urgent) MUST_USE;
/* At once. */
void room_refuse(struct room *r, struct waiter to, enum wire_answer a, const char *why);
/* A conversation goes away: nobody answers it any more. */
void room_forget(struct room *r, const struct desk *d);

/* An object of the open transaction, for the receipts of who needs it. */
enum err room_fresh(struct room *r, const struct hash *name, uint64_t size, bool urgent) MUST_USE;
/* Something of a chain was not taken: noted in the store, with its bytes. */
void room_refused(struct room *r, const char *chain, const char *what, const char *why, const void *p, size_t n);
enum err room_changed(struct room *r, const char *chain) MUST_USE;
enum err room_heard(struct room *r, const char *chain, int64_t time) MUST_USE;
struct room_chain *room_chain(const struct room *r, const char *id); /* NULL: none */
enum err room_chain_make(struct room *r, const char *id, struct room_chain **out) MUST_USE;

/* Not now: the frame comes again after the commit. ERR_AGAIN. */
enum err desk_pause(struct desk *d);
/* desk_label.c */
enum err desk_label(struct desk *d, uint64_t id, const uint8_t *text, size_t n, const uint8_t *batch,
                    size_t n_batch) MUST_USE;

/* floats.c: keeps a label ahead of its turn. LATER is answered when there is no room. */
enum err floats_keep(struct room *r, const struct label *l, const uint8_t *batch, size_t n, struct waiter to) MUST_USE;
/* Takes the first one out, if its turn has come (seq at most next). The caller frees text and batch. */
bool floats_take(struct room *r, const char *chain, uint64_t next, struct floating *out);
void floats_forget(struct room_chain *c, const struct desk *d);
void floats_free(struct room *r, struct room_chain *c);

/* gather.c. ERR_FULL: too much is half here already. */
enum err gather_open(struct room *r, const struct hash *name, uint64_t size, struct gathered **out) MUST_USE;
enum err gather_write(struct room *r, struct gathered *g, uint64_t offset, const uint8_t *p, size_t n) MUST_USE;
/* One user less; over: nobody needs it any more. */
void gather_close(struct room *r, struct gathered *g, bool over);
void gather_free_all(struct room *r);

#endif
