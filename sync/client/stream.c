#include "sync/client/stream.h"

#include "storage/base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 16384u
#define RECORD_HEAD 22u /* what TLS adds to a record */
#define UNSENT_MIN 4096u
#define ROUNDS 16 /* of reading or writing before others have their turn */

struct stream {
    int fd;
    struct tls *tls;
    struct road *road;
    struct budget_rate rate;
    uint32_t unsent; /* as the socket is tuned */
    bool flushing;   /* TLS holds bytes that the socket did not take */
    bool idle;       /* the wire had nothing to send when asked last */
    bool broken;     /* the last frame is in the output: send it, and close */
    int64_t hold;    /* the rate allows more then */
};

enum err stream_new(struct stream **out, const struct dial_won *won, const struct road_setup *s, uint64_t rate,
                    int64_t now)
{
    *out = NULL;
    struct stream *t = calloc(1, sizeof *t);
    enum err e = t ? ERR_OK : err_set(ERR_NOMEM, "out of memory");
    if (t) {
        t->fd = won->fd;
        t->tls = won->tls;
        t->rate.rate = rate;
        t->hold = INT64_MAX;
        e = road_new(&t->road, s, now);
    } else {
        int fd = won->fd;
        tls_free(won->tls);
        file_close(&fd);
    }
    if (e) {
        stream_free(t);
        return e;
    }
    *out = t;
    return ERR_OK;
}

void stream_free(struct stream *t)
{
    if (!t)
        return;
    road_free(t->road);
    tls_free(t->tls);
    file_close(&t->fd);
    free(t);
}

void stream_cut(struct stream *t)
{
    sock_abandon(t->fd);
}

struct road *stream_road(struct stream *t)
{
    return t->road;
}

struct tls *stream_tls(struct stream *t)
{
    return t->tls;
}

void stream_poll(const struct stream *t, struct pollfd *p)
{
    bool out = t->flushing || (!t->idle && t->hold == INT64_MAX);
    *p = (struct pollfd){.fd = t->fd, .events = (short)(POLLIN | (out ? POLLOUT : 0))};
}

int64_t stream_next(const struct stream *t, int64_t now)
{
    int64_t at = t->idle ? wire_next(road_wire(t->road), now) : INT64_MAX;
    return t->hold < at ? t->hold : at;
}

enum err stream_stir(struct stream *t)
{
    t->idle = false;
    return road_fill(t->road);
}

/* TLS may hold decrypted bytes that poll does not see, so it is read until it
 * has none, or others should have their turn: what is left wakes it again. */
static enum err take_in(struct stream *t, int64_t now)
{
    uint8_t bytes[CHUNK];
    for (int i = 0; i < ROUNDS; i++) {
        size_t n = 0, used;
        enum err e = tls_read(t->tls, bytes, sizeof bytes, &n);
        if (e == ERR_AGAIN)
            return ERR_OK;
        if (e == ERR_END)
            return road_news(t->road)->ended ? ERR_END : err_set(ERR_UNREACHABLE, "the hub closed the connection");
        if (e)
            return e;
        t->idle = false;
        e = wire_in(road_wire(t->road), bytes, n, now, &used);
        if (!e && used < n)
            e = err_set(ERR_BUG, "the station's side of a conversation put bytes off");
        if (e)
            return e;
    }
    return ERR_OK;
}

/* What the socket holds unsent stays about an eighth of a second's worth, so
 * that something urgent need not wait behind it. */
static size_t chunk_of(struct stream *t)
{
    struct wire_status s;
    wire_status(road_wire(t->road), &s);
    uint64_t part = s.rate / 8;
    uint32_t unsent = part < UNSENT_MIN ? UNSENT_MIN : part > (1u << 20) ? 1u << 20 : (uint32_t)part;
    if (unsent > t->unsent + t->unsent / 4 || unsent < t->unsent - t->unsent / 4) {
        t->unsent = unsent;
        sock_tune(t->fd, &(struct sock_tuning){.unsent = unsent});
    }
    /* whole packets, two at least: their heads cost five percent as it is */
    size_t segment = sock_segment(t->fd), most = (CHUNK + RECORD_HEAD) / segment, n = (size_t)(part / segment);
    if (most < 2)
        return CHUNK;
    n = n < 2 ? 2 : n > most ? most : n;
    return n * segment - RECORD_HEAD;
}

static bool writable(const struct stream *t)
{
    struct pollfd p = {.fd = t->fd, .events = POLLOUT};
    return poll(&p, 1, 0) == 1 && (p.revents & POLLOUT);
}

static enum err give_out(struct stream *t, int64_t now)
{
    uint8_t bytes[CHUNK];
    size_t chunk = chunk_of(t);
    t->hold = INT64_MAX;
    for (int i = 0; i < ROUNDS && writable(t); i++) {
        size_t n = 0;
        if (t->flushing) {
            enum err e = tls_flush(t->tls);
            if (e)
                return e == ERR_AGAIN ? ERR_OK : e;
            t->flushing = false;
        }
        uint64_t may = budget_may(&t->rate, now, chunk);
        if (may < chunk && budget_wait(&t->rate, chunk) > 0) {
            t->hold = now + budget_wait(&t->rate, chunk);
            return ERR_OK;
        }
        enum err e = wire_out(road_wire(t->road), bytes, chunk, now, &n);
        if (e)
            return e;
        t->idle = n == 0;
        if (n == 0)
            return ERR_OK;
        budget_went(&t->rate, n);
        e = tls_write(t->tls, bytes, n);
        t->flushing = e == ERR_AGAIN;
        if (e && e != ERR_AGAIN)
            return e;
    }
    return ERR_OK;
}

enum err stream_step(struct stream *t, short happened, int64_t now)
{
    struct wire_status s;
    struct wire *w = road_wire(t->road);
    enum err e = ERR_OK;
    if (happened & (POLLIN | POLLHUP | POLLERR))
        e = take_in(t, now);
    if (e == ERR_END || e == ERR_UNREACHABLE)
        return e;
    if (!e && !t->broken)
        e = road_fill(t->road);
    if (e && !t->broken) {
        /* its last frame says so to the hub, as far as the socket takes it */
        t->broken = true;
        t->idle = false;
        char why[512];
        snprintf(why, sizeof why, "%s", err_text());
        wire_finish(w, WIRE_END_LATER, "the station is in trouble"); /* unless the wire has said more already */
        if (give_out(t, now) == ERR_OK)
            tls_bye(t->tls);
        return err_set(e, "%s", why);
    }
    if (t->hold <= now || wire_next(w, now) <= now)
        t->idle = false;
    if (!t->idle || t->flushing)
        e = give_out(t, now);
    if (e)
        return e;
    wire_status(w, &s);
    if (s.ended && !t->flushing) {
        tls_bye(t->tls);
        return ERR_END;
    }
    return ERR_OK;
}
