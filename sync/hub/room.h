#ifndef SYNC_HUB_ROOM_H
#define SYNC_HUB_ROOM_H

#include "storage/vault/receipt.h"
#include "sync/hub/store.h"
#include "sync/limits.h"
#include "sync/wire/wire.h"

/*
 * What all conversations of a hub share: the store and its open transaction,
 * the labels that float, the answers that wait until a commit is durable. No
 * socket, no file, no clock of its own; one thread.
 *
 * Whoever owns it sets now and wall before each call into it or into a
 * conversation (talk.h), and drives the commits:
 *
 *     if (room_due(r) <= r->now) {
 *         enum err e = room_commit(r, ERR_OK);
 *         while (e == ERR_AGAIN)
 *             e = room_commit(r, r->store->flush(r->store));
 *     }
 *
 * flush may as well run on another thread, with anything else going on here
 * meanwhile: what needs the transaction then pauses (the calls behind
 * wire_in return ERR_AGAIN), the rest goes on.
 */
struct room_inside;

/* ms that receipts' times run at most ahead of our clock */
#define ROOM_RECEIPT_AHEAD ((int64_t)5000)

/* A text that several conversations send; the last one frees it. */
struct room_text {
    size_t users;
    struct hash name;
    struct buf text;
};

/* That an order was carried out, and whom it concerns. */
struct room_confirmation {
    char id[NOTICE_ID];
    struct hash name; /* of its text */
    uint64_t size;
    char chain[CHAIN_ID]; /* that the recording belongs to */
    char *to;             /* of the label that names it */
};

/* NULL where there is no use for one. */
struct room_calls {
    void *ctx;
    /* After a commit: a label that is durable now; what its receipt says has
     * changed for a chain. */
    void (*accepted)(void *ctx, const char *chain, uint64_t seq, const char *to, bool urgent);
    void (*changed)(void *ctx, const char *chain);
    /* A station brought one. ERR_OK taken (r->roster and the like are
     * renewed); ERR_AGAIN known, or not newer; else why not. Without: not taken. */
    enum err (*roster)(void *ctx, const void *text, size_t n);
    enum err (*notice)(void *ctx, const void *text, size_t n);
    /* Something of a chain was not taken, "label N" or "object HASH"; the store
     * has a note of it. */
    void (*refused)(void *ctx, const char *chain, const char *what, const char *why);
    /* Two labels of one number: said once a chain. */
    void (*alarm)(void *ctx, const char *chain, uint64_t seq);
    /* A notice's text, replacing what is in text. */
    enum err (*notice_text)(void *ctx, const char *id, struct buf *text);
    /* Text of confirmation number i of the room's list. */
    enum err (*confirmation)(void *ctx, size_t i, struct buf *text);
    /* The time of the last receipt that was signed before this room was
     * opened, 0: none; and each that is signed here. */
    int64_t (*signed_before)(void *ctx, const char *chain);
    void (*signed_now)(void *ctx, const struct receipt *r);
};

struct room_counts {
    uint64_t labels, objects, bytes, pieces_bytes; /* taken */
    uint64_t given_labels, given_objects;          /* and answered as there */
    uint64_t good, have, later, bad;               /* answers */
    uint64_t aside, alarms, receipts;
    uint64_t commits, commits_failed, commit_ms, commit_ms_max;
    uint64_t urgent_ms_max;            /* from an urgent label's arrival to its answer, the longest */
    uint64_t floating, floating_bytes; /* now */
};

struct room {
    struct store *store;              /* NULL: given up for a while; room_pause before */
    const struct roster *roster;      /* not NULL */
    struct room_text *roster_text;    /* the same as signed */
    const char (*notices)[NOTICE_ID]; /* ids, rising */
    size_t n_notices;
    const struct room_confirmation *confirmations; /* new ones behind the others */
    size_t n_confirmations;
    const char *name; /* the hub's */
    const struct sign_secret *sign;
    uint64_t quota; /* bytes a station */
    int64_t now;    /* ms, the clock of the conversations */
    int64_t wall;   /* ms since 1970, hub_now */
    struct room_calls calls;
    struct room_counts counts;
    struct room_inside *in;
};

/* Makes r->in; everything else of r is the owner's. */
enum err room_open(struct room *r) MUST_USE;
/* Every conversation is closed before. A transaction is rolled back. */
void room_close(struct room *r);

/* When a commit or a flush of pieces is due, by r->now's clock; INT64_MAX. */
int64_t room_due(const struct room *r);
/* The next step of a commit; the first is called with ERR_OK. ERR_AGAIN: let
 * store->flush run, on any thread, and call again with what it returned.
 * ERR_OK: done, the answers are given. Else nothing of it is acknowledged,
 * every conversation that waited for it has said "later", and the store has
 * to be closed and opened anew (room_pause is implied). */
enum err room_commit(struct room *r, enum err flushed) MUST_USE;
bool room_busy(const struct room *r); /* between the first and the last step */
/* Nothing may use the store from now on, until r->store is set (perhaps to
 * another one) and room_resume is called. Not while room_busy; what is
 * uncommitted is lost, so commit before. */
void room_pause(struct room *r);
void room_resume(struct room *r);
/* Bytes of pieces written since the last flush began. */
uint64_t room_unflushed(const struct room *r);

struct room_text *room_text_new(const void *p, size_t n); /* NULL: out of memory; one user */
void room_text_free(struct room_text *t);                 /* one user less; NULL is fine */

/* A receipt of what the store holds now, later than any before it. */
enum err room_receipt(struct room *r, const char *chain, struct buf *text) MUST_USE;
/* Spans of labels of a chain that float. */
size_t room_floats(const struct room *r, const char *chain, struct wire_span out[static WIRE_FLOATS_MAX]);

#endif
