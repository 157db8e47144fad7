#ifndef SYNC_CLIENT_TALK_H
#define SYNC_CLIENT_TALK_H

#include "sync/client/budget.h"
#include "sync/client/road.h"
#include "sync/link/dial.h"

/* A road over a connection: bytes between TLS and the wire. No loop inside:
 * poll talk_poll until talk_next, then talk_step. */
struct talk;

/* Takes what was won, also when it fails. rate: bytes a second that may go
 * out, 0 any number. */
enum err talk_new(struct talk **out, const struct dial_won *won, const struct road_setup *s, uint64_t rate,
                  int64_t now) MUST_USE;
void talk_free(struct talk *t);

struct road *talk_road(struct talk *t);
struct tls *talk_tls(struct talk *t);
void talk_poll(const struct talk *t, struct pollfd *p);
int64_t talk_next(const struct talk *t, int64_t now);
/* ERR_OK it goes on. ERR_END: one side said goodbye, and it is sent.
 * ERR_UNREACHABLE: cut. ERR_DATA, ERR_BAD: the hub sent nonsense; others are
 * trouble of ours. */
enum err talk_step(struct talk *t, short happened, int64_t now) MUST_USE;
/* There may be something to send now: labels, a ping, other lanes. */
enum err talk_stir(struct talk *t) MUST_USE;

#endif
