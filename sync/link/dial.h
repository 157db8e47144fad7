#ifndef SYNC_LINK_DIAL_H
#define SYNC_LINK_DIAL_H

#include "storage/limits.h"
#include "sync/link/address.h"
#include "sync/link/resolver.h"
#include "sync/link/sock.h"
#include "sync/link/tls.h"

#include <poll.h>

/*
 * Contenders racing to a hub: attempts to connect, started one after another
 * while the earlier ones still wait, since on a link that comes and goes a new
 * SYN gets through long before an old connection's retransmission does. The
 * first that has finished TCP and TLS with a key that is expected wins, the
 * others are closed.
 *
 * No loop and no sleep inside: the caller polls dial_poll's descriptors until
 * dial_next, then calls dial_step. Times are ms of any clock that never goes
 * back, the same in all calls. One thread.
 */
struct dial;

#define DIAL_PLACES 16u   /* addresses of one dial, resolved */
#define DIAL_ATTEMPTS 10u /* open at once */
#define DIAL_HUBS 16u
#define DIAL_FDS (DIAL_ATTEMPTS + DIAL_PLACES) /* what dial_poll gives at most */

/* While it is urgent (DIAL_URGENT after dial_go or dial_hurry) an attempt
 * every DIAL_EVERY, give or take a fifth; later the pause doubles up to
 * DIAL_PAUSE_MAX, give or take a fifth. A refusal is an answer: that address
 * is left alone for 1 s, 2 s, ... DIAL_PAUSE_MAX, unless hurried. */
#define DIAL_URGENT 30000
#define DIAL_EVERY 300
#define DIAL_PAUSE_MAX 60000

struct dial_hub {
    char name[NAME_LEN];
    struct sign_public link;
};

struct dial_setup {
    struct tls_keys *keys;     /* stays the caller's, outlives the dial and what it gives */
    struct resolver *resolver; /* may be NULL if every address is numeric */
    const struct address *addresses;
    size_t n_addresses; /* 1 to DIAL_PLACES; copied */
    const struct dial_hub *hubs;
    size_t n_hubs; /* whose keys are expected, at any of the addresses: 1 to DIAL_HUBS; copied */
    struct sock_tuning tuning;
    const void *ticket; /* what resumes the last session, or NULL; copied */
    size_t n_ticket;
};

struct dial_won {
    int fd;          /* the caller's from now on, as is */
    struct tls *tls; /* with its handshake done; free it before fd is closed */
    size_t hub;      /* number in setup's hubs */
    struct address at;
    uint32_t rtt; /* ms, as the kernel measured it; 0: not known */
};

/* ERR_USAGE: a name without a resolver, too many addresses; ERR_NOMEM. */
enum err dial_new(struct dial **out, const struct dial_setup *setup) MUST_USE;
void dial_free(struct dial *d);
/* For the attempts to come; replaces the one before, n 0 forgets it. */
enum err dial_ticket(struct dial *d, const void *ticket, size_t n) MUST_USE;
/* ms, when the caller knows a round trip on this link. */
void dial_rtt(struct dial *d, uint32_t rtt);

/* Begins; when it is dialling already, goes on. */
void dial_go(struct dial *d, int64_t now);
/* A route came back: a new attempt at once, every pause forgotten. */
void dial_hurry(struct dial *d, int64_t now);
/* Closes every attempt, until dial_go. */
void dial_stop(struct dial *d);
/* One of the contenders has been answered. */
bool dial_near(const struct dial *d);
bool dial_going(const struct dial *d);

/* Descriptors and events to wait for; how many. */
size_t dial_poll(const struct dial *d, struct pollfd set[static DIAL_FDS]);
/* When to call dial_step though nothing happens; INT64_MAX: never. */
int64_t dial_next(const struct dial *d);
/* ERR_OK: one has won, and dialling has stopped. ERR_AGAIN: it goes on.
 * ERR_DENIED: somebody else's key, or no feldsher, at one address; ERR_NOMEM:
 * as it says. It goes on in either case, at that address with pauses, so a
 * caller without patience remembers it and calls again. */
enum err dial_step(struct dial *d, int64_t now, struct dial_won *won) MUST_USE;
/* Why it has not come through yet, for a person: the last failure. "" none. */
const char *dial_why(const struct dial *d);

#endif
