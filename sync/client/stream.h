#ifndef SYNC_CLIENT_STREAM_H
#define SYNC_CLIENT_STREAM_H

#include "sync/client/budget.h"
#include "sync/client/road.h"
#include "sync/link/dial.h"

/* A road over a connection: bytes between TLS and the wire. No loop inside:
 * poll stream_poll until stream_next, then stream_step. */
struct stream;

/* Takes what was won, also when it fails. rate: bytes a second that may go
 * out, 0 any number. */
enum err stream_new(struct stream **out, const struct dial_won *won, const struct road_setup *s, uint64_t rate,
                    int64_t now) MUST_USE;
void stream_free(struct stream *t);

/* It is cut: nothing of it goes on in the kernel when it is freed. */
void stream_cut(struct stream *t);
struct road *stream_road(struct stream *t);
struct tls *stream_tls(struct stream *t);
void stream_poll(const struct stream *t, struct pollfd *p);
int64_t stream_next(const struct stream *t, int64_t now);
/* ERR_OK it goes on. ERR_END: one side said goodbye, and it is sent.
 * ERR_UNREACHABLE: cut. ERR_DATA, ERR_BAD: the hub sent nonsense; others are
 * trouble of ours. */
enum err stream_step(struct stream *t, short happened, int64_t now) MUST_USE;
/* There may be something to send now: labels, a ping, other lanes. */
enum err stream_stir(struct stream *t) MUST_USE;

#endif
