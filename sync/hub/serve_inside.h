#ifndef SYNC_HUB_SERVE_INSIDE_H
#define SYNC_HUB_SERVE_INSIDE_H

#include "sync/hub/disk.h"
#include "sync/hub/keyring.h"
#include "sync/hub/serve.h"
#include "sync/hub/shelf.h"
#include "sync/hub/talk.h"
#include "sync/link/sock.h"
#include "sync/link/tls.h"

/* What serve.c, peer.c, crowd.c and metrics.c share; nobody else includes it. */

enum peer_state {
    PEER_SHAKES, /* its handshake is not done */
    PEER_WAITS,  /* known; the store is given up for a moment */
    PEER_TALKS,
    PEER_LEAVES, /* the last words are out, or on their way */
};

struct serve;

/* One connection. */
struct peer {
    struct serve *serve;
    size_t slot;
    int fd;
    struct tls *tls;
    struct talk *talk;
    enum peer_state state;
    char chain[CHAIN_ID], station[NAME_LEN], unit[NAME_LEN];
    bool supervisor;
    bool spoke;    /* something came, if only of a handshake */
    bool paused;   /* wire_in stopped: wait for the commit */
    bool held;     /* nothing is read before the next flush */
    bool dead;     /* the socket ended while nothing was read */
    bool blocked;  /* the socket takes nothing */
    bool queued;   /* among those to be served */
    bool said_bye; /* nothing more is written */
    uint32_t events;
    int64_t began, since; /* of the connection; of its state */
    int64_t blocked_since;
    int64_t wall;  /* when it was let in, ms since 1970 */
    uint8_t *rest; /* read, and not taken by the wire */
    size_t n_rest;
    struct buf last; /* the last words of one that is turned away */
    struct peer *next_chain, *next_unit, *next_queued;
};

#define CROWD_BUCKETS 4096u

struct serve {
    struct hub *hub;
    struct room room;
    struct shelf shelf;
    struct keyring keys;
    struct tls_keys *tls;
    struct disk *disk;
    int epoll, signals, listeners[SOCK_LISTENERS];
    size_t n_listeners;
    bool listening; /* the listeners are looked at */
    size_t max;     /* connections */
    int64_t began;  /* room.wall when it started */

    struct peer **peers; /* by slot; NULL: free */
    int64_t *due;        /* when each is to be looked at; INT64_MAX */
    uint32_t *turns;     /* how often a slot was given away: old events are told by it */
    size_t n_peers, n_slots, n_shaking, n_talking;
    struct peer *by_chain[CROWD_BUCKETS], *by_unit[CROWD_BUCKETS];
    struct peer *queue, **queue_end;

    enum { JOB_NONE, JOB_FLUSH, JOB_RECEIPTS } job;
    bool roster_came; /* who is revoked is to be told */
    bool asked;       /* somebody waits for the folder: it is given up after the commit */
    bool away;        /* it is given up, or the store failed */
    bool stopping, farewell, gone;
    int64_t stop_at; /* when a stop is over, come what may */
    int64_t metrics_at, receipts_at, look_at, sweep_at, away_wait;
    struct serve_counts {
        uint64_t accepted, refused_full, refused_silent, refused_handshake, refused_unknown, refused_revoked;
        uint64_t resumed, bytes_in, bytes_out, closed_stuck, closed_silent;
    } counts;
    uint8_t buf[TLS_RECORD_MAX]; /* what is read or written at the moment */
};

/* peer.c. A peer may be gone after any of these. */
enum err peer_new(struct serve *s, int fd) MUST_USE; /* fd is the peer's from now on, also on an error */
void peer_event(struct peer *p, uint32_t events);
void peer_due(struct peer *p);   /* its time has come */
void peer_serve(struct peer *p); /* sends what there is */
/* After a commit, or when the store is back. */
void peer_resume(struct peer *p);
void peer_leave(struct peer *p, enum wire_end why, const char *text);
void peer_close(struct peer *p);

/* crowd.c: who is here. */
void crowd_add(struct peer *p);
void crowd_remove(struct peer *p);
size_t crowd_count(const struct serve *s, const char *chain, struct peer **oldest);
void crowd_queue(struct peer *p); /* to be served soon */
/* fn for every connection of a chain; for all that a label with that `to` may be for. */
typedef void crowd_fn(struct peer *p, void *ctx);
void crowd_each_chain(struct serve *s, const char *chain, crowd_fn *fn, void *ctx);
void crowd_each_reader(struct serve *s, const char *to, crowd_fn *fn, void *ctx);
void crowd_each(struct serve *s, crowd_fn *fn, void *ctx);

/* commits.c: the disk, and whose turn it is with the hub's folder. */
void commits_drive(struct serve *s); /* whatever is due */
void commits_done(struct serve *s);  /* the disk has finished something */
int64_t commits_due(const struct serve *s);
void commits_receipts(struct serve *s); /* writes them all, waiting */

/* news.c: what the room calls for. */
void news_calls(struct serve *s);
void news_roster(struct serve *s); /* a roster came: who is revoked goes */

/* metrics.c */
void metrics_write(struct serve *s);

int64_t serve_now(void);

#endif
