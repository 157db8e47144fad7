#ifndef SYNC_CLIENT_ROAD_H
#define SYNC_CLIENT_ROAD_H

#include "sync/client/offers.h"
#include "sync/client/taking.h"
#include "sync/limits.h"

/*
 * One conversation of a station with its hub: what stands behind the wire,
 * over the station's folder. Gives what the offers say, its notices and roster
 * where the hub lacks them; takes what a stick would bring, by the same rules.
 * What is bad on either side becomes a job "quarantine" "hub/...", and holds
 * nothing else up. No socket, no clock of its own.
 */
struct road;

struct road_setup {
    struct taking *in;     /* outlives the road, and so does: */
    struct offers *offers; /* the process's */
    const char *hub;       /* name of whose key it was; copied */
    uint64_t rate, rtt;    /* of this link: bytes a second, ms; 0 unknown */
    int64_t wall;          /* this station's clock, ms since 1970 */
    unsigned lanes;        /* that may go; blobs are asked for only in lane 3 */
};

enum err road_new(struct road **out, const struct road_setup *s, int64_t now) MUST_USE;
/* Over, cut or not: what has no last word is remembered. NULL is fine. */
void road_free(struct road *r);
struct wire *road_wire(struct road *r);
/* Tops up what is offered; after wire_in, and when labels were appended or a
 * receipt came by another road. */
enum err road_fill(struct road *r) MUST_USE;

/* Labels that wait for those before them or for their batch; and, when that
 * takes too long, putting them off: the hub has its reasons. */
size_t road_waits(const struct road *r);
void road_tire(struct road *r);

struct road_news {
    uint64_t events;  /* grows with every item, answer and hello */
    uint64_t given;   /* items of ours that the hub has now, by this conversation */
    uint64_t refused; /* items, either way */
    uint64_t later;   /* items that the hub put off */
    bool met;
    bool receipt; /* a new one of our chain: hand it to offers of other roads; the caller clears it */
    bool roster;  /* a new one: the caller clears it */
    bool revoked; /* by it */
    bool ended;   /* the hub said goodbye: */
    enum wire_end why;
    char text[WIRE_WHY_MAX + 1]; /* in its words */
    int64_t skew;                /* our clock less the hub's, ms */
};
struct road_news *road_news(struct road *r);

/* A clock that differs from the hub's by more is told. */
#define ROAD_SKEW_MAX ((int64_t)120 * 1000)
/* Waiting for those before them, or for their batch. */
#define ROAD_WAITING_MAX 64u
#define ROAD_LOOSE_MAX 64u /* batches that came before their label */

/* Ends the jobs "quarantine" of earlier conversations: what is still bad will
 * be listed anew. Once a process. */
enum err road_forget(struct taking *t) MUST_USE;

#endif
