#include "sync/hub/serve_inside.h"

#include "storage/base/bytes.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "sync/wire/frame.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECORDS_AT_ONCE 8u /* written to one connection before the next has its turn */

/* What the socket is watched for. */
static void watch(struct peer *p)
{
    bool reads = !p->dead && p->state != PEER_WAITS && !p->paused && !p->held;
    bool writes = p->blocked || (p->state == PEER_SHAKES && tls_wants_write(p->tls));
    struct epoll_event ev = {.events = (reads ? (uint32_t)EPOLLIN : 0) | (writes ? (uint32_t)EPOLLOUT : 0),
                             .data.u64 = p->slot | ((uint64_t)p->serve->turns[p->slot] << 32)};
    if (ev.events == p->events || p->dead)
        return;
    p->events = ev.events;
    (void)epoll_ctl(p->serve->epoll, EPOLL_CTL_MOD, p->fd, &ev);
}

static void schedule(struct peer *p)
{
    struct serve *s = p->serve;
    int64_t due = INT64_MAX;
    switch (p->state) {
    case PEER_SHAKES:
        due = p->since + HUB_HANDSHAKE_MS;
        break;
    case PEER_WAITS:
        due = p->since + HUB_IDLE_MS;
        break;
    case PEER_LEAVES:
        due = p->since + HUB_LINGER_MS;
        break;
    case PEER_TALKS:
        due = p->blocked ? INT64_MAX : wire_next(talk_wire(p->talk), s->room.now);
        break;
    }
    if (p->blocked && p->blocked_since + HUB_STUCK_MS < due)
        due = p->blocked_since + HUB_STUCK_MS;
    s->due[p->slot] = due;
}

static void settle(struct peer *p)
{
    watch(p);
    schedule(p);
}

enum err peer_new(struct serve *s, int fd)
{
    size_t slot = 0;
    while (slot < s->n_slots && s->peers[slot])
        slot++;
    struct peer *p = calloc(1, sizeof *p);
    enum err e = p && slot < s->max ? tls_new(&p->tls, s->tls, fd, NULL, 0) : err_set(ERR_NOMEM, "out of memory");
    if (e || !p) {
        free(p);
        close(fd);
        return e;
    }
    p->serve = s;
    p->slot = slot;
    p->fd = fd;
    p->began = p->since = s->room.now;
    p->events = EPOLLIN;
    struct epoll_event ev = {.events = EPOLLIN, .data.u64 = slot | ((uint64_t)++s->turns[slot] << 32)};
    if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &ev) < 0) {
        e = err_errno(ERR_AGAIN, "cannot watch a connection");
        tls_free(p->tls);
        free(p);
        close(fd);
        return e;
    }
    s->peers[slot] = p;
    s->n_slots = slot == s->n_slots ? slot + 1 : s->n_slots;
    s->n_peers++;
    s->n_shaking++;
    s->counts.accepted++;
    schedule(p);
    return ERR_OK;
}

void peer_close(struct peer *p)
{
    struct serve *s = p->serve;
    uint64_t in, out;
    if (p->queued) {
        struct peer **at = &s->queue;
        while (*at != p)
            at = &(*at)->next_queued;
        *at = p->next_queued;
        if (s->queue_end == &p->next_queued)
            s->queue_end = at;
    }
    if (p->chain[0])
        crowd_remove(p);
    s->n_shaking -= p->state == PEER_SHAKES;
    tls_bytes(p->tls, &in, &out);
    s->counts.bytes_in += in;
    s->counts.bytes_out += out;
    talk_free(p->talk);
    tls_free(p->tls);
    buf_free(&p->last);
    free(p->rest);
    close(p->fd); /* which takes it out of the epoll set */
    s->peers[p->slot] = NULL;
    s->due[p->slot] = INT64_MAX;
    s->n_peers--;
    while (s->n_slots && !s->peers[s->n_slots - 1])
        s->n_slots--;
    free(p);
}

static void become(struct peer *p, enum peer_state state)
{
    p->serve->n_shaking -= p->state == PEER_SHAKES;
    p->state = state;
    p->since = p->serve->room.now;
}

/* One frame says why, before there is a conversation. */
static void turn_away(struct peer *p, enum wire_end why)
{
    struct buf b = {0};
    uint8_t code = (uint8_t)why;
    if (buf_add(&b, &code, 1) == ERR_OK && frame_put_text(&b, "") == ERR_OK)
        (void)!frame_put(&p->last, FRAME_END, b.p, b.len);
    buf_free(&b);
    become(p, PEER_LEAVES);
    peer_serve(p);
}

void peer_leave(struct peer *p, enum wire_end why, const char *text)
{
    if (p->state == PEER_TALKS)
        wire_finish(talk_wire(p->talk), why, text);
    else if (p->state == PEER_WAITS) {
        turn_away(p, why);
        return;
    }
    crowd_queue(p);
}

/* Begins to talk with a station that is known. */
static void begin(struct peer *p)
{
    struct serve *s = p->serve;
    const struct roster_station *st = roster_chain(s->room.roster, p->chain);
    if (!st || st->revoked) {
        turn_away(p, st ? WIRE_END_REVOKED : WIRE_END_UNKNOWN);
        return;
    }
    enum err e = s->room.store ? talk_new(&p->talk, &s->room, st, 0, 0) : ERR_AGAIN;
    if (e == ERR_AGAIN) {
        become(p, PEER_WAITS);
        settle(p);
        return;
    }
    if (e) {
        log_line("%s cannot be served: %s", p->chain, err_text());
        turn_away(p, WIRE_END_LATER);
        return;
    }
    become(p, PEER_TALKS);
    peer_serve(p);
}

/* The handshake is done: who is it? */
static void let_in(struct peer *p)
{
    struct serve *s = p->serve;
    struct sign_public link;
    struct peer *oldest;
    char id[17];
    tls_peer(p->tls, &link);
    const struct keyring_one *k = keyring_find(&s->keys, &link);
    s->counts.resumed += tls_resumed(p->tls);
    if (!k || k->revoked) {
        struct hash h = hash_of(link.pk, sizeof link.pk);
        bytes_hex(id, h.b, 8);
        log_line("turned away: link key %s, %s", id, k ? "revoked" : "unknown");
        s->counts.refused_unknown += !k;
        s->counts.refused_revoked += k != NULL;
        turn_away(p, k ? WIRE_END_REVOKED : WIRE_END_UNKNOWN);
        return;
    }
    const struct roster_station *st = roster_chain(s->room.roster, k->chain);
    if (!st) {
        turn_away(p, WIRE_END_UNKNOWN);
        return;
    }
    /* a station's dead connections are not held against its new one */
    if (crowd_count(s, k->chain, &oldest) >= HUB_ROADS_MAX)
        peer_close(oldest);
    memcpy(p->chain, st->chain, sizeof p->chain);
    memcpy(p->station, st->name, sizeof p->station);
    memcpy(p->unit, st->unit, sizeof p->unit);
    p->supervisor = st->kind == STATION_SUPERVISOR;
    p->wall = clock_wall();
    crowd_add(p);
    log_line("%s connected", p->chain);
    begin(p);
}

static void shake(struct peer *p)
{
    enum err e = tls_handshake(p->tls);
    if (e == ERR_OK) {
        let_in(p);
    } else if (e == ERR_AGAIN) {
        settle(p);
    } else {
        p->serve->counts.refused_handshake += e == ERR_DENIED;
        peer_close(p);
    }
}

/* What the wire does not take now is kept until it does. */
static bool keep(struct peer *p, const uint8_t *bytes, size_t n)
{
    uint8_t *rest = n ? malloc(n) : NULL;
    if (n && !rest)
        return false;
    if (n)
        memcpy(rest, bytes, n);
    free(p->rest);
    p->rest = rest;
    p->n_rest = n;
    p->paused = n > 0 || talk_paused(p->talk);
    return true;
}

static bool feed(struct peer *p, const uint8_t *bytes, size_t n)
{
    size_t used = 0;
    enum err e = wire_in(talk_wire(p->talk), bytes, n, p->serve->room.now, &used);
    if (e) { /* its goodbye stands in the output */
        log_line("%s broke off: %s", p->chain, err_text());
        p->paused = false;
        return true;
    }
    return keep(p, bytes + used, n - used);
}

/* false: the peer is gone. */
static bool take(struct peer *p)
{
    struct serve *s = p->serve;
    bool bulk = talk_lane(p->talk) == LANE_FLAGGED || talk_lane(p->talk) == LANE_BLOB;
    if (bulk && room_unflushed(&s->room) >= HUB_FLUSH_BYTES) {
        p->held = true;
        return true;
    }
    for (size_t all = 0; all < HUB_ROUND_BYTES && !p->paused;) {
        size_t n;
        enum err e = tls_read(p->tls, s->buf, sizeof s->buf, &n);
        if (e == ERR_AGAIN)
            break;
        if (e || !feed(p, s->buf, n)) {
            peer_close(p);
            return false;
        }
        all += n;
    }
    return true;
}

/* Of one that leaves nothing is of interest any more but its end. */
static void drain(struct peer *p)
{
    size_t n;
    enum err e = ERR_OK;
    for (size_t all = 0; !e && all < HUB_ROUND_BYTES; all += n)
        e = tls_read(p->tls, p->serve->buf, sizeof p->serve->buf, &n);
    if (e && e != ERR_AGAIN)
        peer_close(p);
    else
        peer_serve(p);
}

static bool writable(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLOUT};
    return poll(&one, 1, 0) == 1;
}

static void block(struct peer *p)
{
    if (!p->blocked)
        p->blocked_since = p->serve->room.now;
    p->blocked = true;
}

/* The next bytes to send; n 0: none. */
static enum err next_bytes(struct peer *p, size_t *n)
{
    struct serve *s = p->serve;
    *n = 0;
    if (p->state == PEER_TALKS) {
        enum err e = talk_fill(p->talk);
        return e ? e : wire_out(talk_wire(p->talk), s->buf, sizeof s->buf, s->room.now, n);
    }
    if (p->state == PEER_LEAVES && p->last.len) {
        *n = p->last.len;
        memcpy(s->buf, p->last.p, *n);
        buf_free(&p->last);
    }
    return ERR_OK;
}

/* Everything was said: what is under way may still arrive. */
static void say_goodbye(struct peer *p)
{
    tls_bye(p->tls);
    (void)shutdown(p->fd, SHUT_WR);
    p->said_bye = true;
    p->paused = p->held = false;
    become(p, PEER_LEAVES);
}

void peer_serve(struct peer *p)
{
    enum err e = p->blocked ? tls_flush(p->tls) : ERR_OK;
    size_t n = 1;
    unsigned i = 0;
    if (p->state != PEER_TALKS && p->state != PEER_LEAVES) {
        settle(p);
        return;
    }
    for (; !e && n && i < RECORDS_AT_ONCE; i++) {
        if (!writable(p->fd)) { /* or the kernel's queue would grow */
            e = ERR_AGAIN;
            break;
        }
        p->blocked = false;
        e = next_bytes(p, &n);
        if (!e && n)
            e = tls_write(p->tls, p->serve->buf, n);
    }
    if (e == ERR_AGAIN) {
        block(p);
    } else if (e == ERR_UNREACHABLE) {
        peer_close(p);
        return;
    } else if (e) {
        log_line("%s cannot be served: %s", p->chain, err_text());
        peer_close(p);
        return;
    } else if (i == RECORDS_AT_ONCE) {
        crowd_queue(p);
    }
    struct wire_status st = {.ended = false};
    if (p->state == PEER_TALKS)
        wire_status(talk_wire(p->talk), &st);
    if (!e && !p->said_bye && (st.ended || (p->state == PEER_LEAVES && !p->last.len)))
        say_goodbye(p);
    settle(p);
}

void peer_event(struct peer *p, uint32_t events)
{
    p->spoke = p->spoke || (events & EPOLLIN);
    if (p->state == PEER_SHAKES) {
        shake(p);
        return;
    }
    bool reads = p->events & EPOLLIN;
    if ((events & (EPOLLHUP | EPOLLERR)) && !reads) {
        /* what it had said is dealt with first */
        p->dead = true;
        (void)epoll_ctl(p->serve->epoll, EPOLL_CTL_DEL, p->fd, NULL);
        if (!p->paused)
            peer_close(p);
        return;
    }
    if (p->state == PEER_LEAVES) {
        drain(p);
        return;
    }
    if (p->state == PEER_TALKS && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) && !take(p))
        return;
    peer_serve(p);
}

void peer_resume(struct peer *p)
{
    p->held = false;
    if (p->state == PEER_WAITS) {
        begin(p);
        return;
    }
    if (p->state != PEER_TALKS)
        return;
    if (p->paused) {
        uint8_t *rest = p->rest;
        size_t n = p->n_rest;
        p->rest = NULL;
        p->n_rest = 0;
        bool good = feed(p, rest ? rest : p->serve->buf, n); /* the wire may hold a frame of its own */
        free(rest);
        if (!good || (p->dead && !p->paused)) {
            peer_close(p);
            return;
        }
    }
    crowd_queue(p);
    watch(p);
}

void peer_due(struct peer *p)
{
    struct serve *s = p->serve;
    if (p->state != PEER_TALKS || (p->blocked && p->blocked_since + HUB_STUCK_MS <= s->room.now)) {
        s->counts.closed_stuck += p->state == PEER_TALKS;
        s->counts.refused_silent += p->state == PEER_SHAKES;
        peer_close(p);
        return;
    }
    peer_serve(p);
}
