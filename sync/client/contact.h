#ifndef SYNC_CLIENT_CONTACT_H
#define SYNC_CLIENT_CONTACT_H

#include "sync/client/report.h"
#include "sync/client/stream.h"

/*
 * One link to the hub: dials, converses, notices silence and dials anew beside
 * it, waits when the hub says so. Several may share one taking and one struct
 * offers (two modems). No loop inside.
 */
struct contact_shared {
    struct taking *in;
    struct offers *offers;
    struct tls_keys *keys;
    struct resolver *resolver; /* NULL: addresses are numeric */
    unsigned lanes;            /* that may go now; contact_lanes after a change */
    uint64_t rate;             /* bytes a second that may go out; 0 any number */
};

struct contact {
    const struct contact_shared *all;
    struct report_link *shown;
    struct address at[DIAL_PLACES];
    size_t n_at;
    struct dial *dial;
    struct dial_hub hubs[DIAL_HUBS];
    size_t n_hubs;
    struct stream *stream; /* NULL: none */
    size_t hub;            /* of the stream */
    bool met;              /* its hello came */
    bool resumable;        /* its ticket is with the dial */
    bool beside;           /* dialling because it is silent */
    uint64_t rate, rtt;
    uint64_t sent, received; /* of conversations that are over */
    uint64_t given;          /* the same */
    uint64_t events;         /* as seen last */
    int64_t stirred;         /* when something happened last */
    int64_t pinged;
    int64_t pause_until; /* 0: dial at once */
    unsigned pauses;
    bool finishing;   /* we said goodbye */
    bool done;        /* over, and nobody dials again */
    enum err verdict; /* why the hub, or its key, turned us away last; ERR_OK: it did not */
    bool final;       /* trying again soon makes no sense */
    char why[320];
};

/* to: addresses, HOST:PORT each; several are contenders for one link. shown
 * outlives it. ERR_USAGE. */
enum err contact_open(struct contact *c, const struct contact_shared *all, const char *const *to, size_t n,
                      struct report_link *shown, int64_t now) MUST_USE;
void contact_close(struct contact *c);

#define CONTACT_FDS (DIAL_FDS + 1)
size_t contact_poll(const struct contact *c, struct pollfd set[static CONTACT_FDS]);
int64_t contact_next(const struct contact *c, int64_t now);
/* set, n: what contact_poll gave. Errors: this station's trouble, that no other
 * conversation would be spared. */
enum err contact_step(struct contact *c, const struct pollfd *set, size_t n, int64_t now) MUST_USE;

/* Labels were appended, or flags set. */
enum err contact_stir(struct contact *c) MUST_USE;
void contact_lanes(struct contact *c);
/* Asks the hub for a sign of life. */
void contact_ask(struct contact *c, int64_t now);
/* A route or an address came. */
void contact_route(struct contact *c, int64_t now);
/* Says goodbye and dials no more (stay: dials at once again). */
void contact_finish(struct contact *c, bool again);
/* What it was sent and received, everything together. */
uint64_t contact_bytes(const struct contact *c);
/* Puts off what has waited for its turn without anything happening for so
 * long; when to ask again, INT64_MAX never. */
int64_t contact_tire(struct contact *c, int64_t now, int64_t patience);
/* Has nothing to do, and nothing has happened for a while. */
bool contact_settled(const struct contact *c, int64_t now);

#endif
