#include "sync/hub/serve_inside.h"

#include "storage/base/clock.h"
#include "storage/base/log.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS 512
#define ACCEPTS_AT_ONCE 64u
#define DEFER_S 5 /* a connection that says nothing is not even shown to us for so long */
#define METRICS_MS 10000
#define SWEEP_MS 5000
/* instead of a peer's slot and turn */
#define OF_SIGNALS (UINT64_MAX)
#define OF_DISK (UINT64_MAX - 1)
#define OF_LISTENER (UINT64_MAX - 2)

int64_t serve_now(void)
{
    return clock_uptime();
}

static void tick(struct serve *s)
{
    s->room.now = serve_now();
    s->room.wall = hub_now(s->hub, 0);
}

static enum err watch(struct serve *s, int fd, uint64_t what)
{
    struct epoll_event ev = {.events = EPOLLIN, .data.u64 = what};
    return epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &ev) < 0 ? err_errno(ERR_IO, "cannot watch a descriptor") : ERR_OK;
}

static enum err listen_on(struct serve *s, const char *listen)
{
    struct address a;
    char text[16];
    uint16_t port = SERVE_PORT;
    if (!listen && s->hub->address[0] && address_parse(&a, s->hub->address) == ERR_OK && a.port)
        port = a.port;
    err_clear();
    snprintf(text, sizeof text, ":%u", (unsigned)port);
    enum err e = address_parse(&a, listen ? listen : text);
    if (!e)
        e = sock_listen(&a, s->listeners, &s->n_listeners);
    for (size_t i = 0; i < s->n_listeners && !e; i++) {
        int seconds = DEFER_S;
        (void)setsockopt(s->listeners[i], IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof seconds);
        e = watch(s, s->listeners[i], OF_LISTENER);
    }
    if (e)
        return e;
    s->listening = true;
    a.port = sock_port(s->listeners[0]);
    char where[ADDRESS_TEXT];
    address_text(where, &a);
    printf("listening on %s%s\n", a.host[0] ? "" : "0.0.0.0", where);
    log_line("serving on port %u", (unsigned)a.port);
    return fflush(stdout) == 0 ? ERR_OK : err_errno(ERR_IO, "cannot write to standard output");
}

static void look_away(struct serve *s, bool away)
{
    for (size_t i = 0; i < s->n_listeners; i++) {
        struct epoll_event ev = {.events = away ? 0 : EPOLLIN, .data.u64 = OF_LISTENER};
        (void)epoll_ctl(s->epoll, EPOLL_CTL_MOD, s->listeners[i], &ev);
    }
    s->listening = !away;
}

static void stop_listening(struct serve *s)
{
    while (s->n_listeners)
        close(s->listeners[--s->n_listeners]);
    s->listening = false;
}

/* Has something come of it, read or not? */
static bool has_spoken(struct peer *p)
{
    uint8_t one;
    p->spoke = p->spoke || recv(p->fd, &one, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
    return p->spoke;
}

/* Of those whose handshake is not done, one that is silent goes, the oldest
 * first; or one that has taken far longer than a handshake does. */
static bool evict(struct serve *s)
{
    struct peer *worst = NULL;
    for (size_t i = 0; i < s->n_slots; i++) {
        struct peer *p = s->peers[i];
        if (p && p->state == PEER_SHAKES && (!has_spoken(p) || p->began + HUB_HANDSHAKE_MS / 3 < s->room.now) &&
            (!worst || p->spoke < worst->spoke || (p->spoke == worst->spoke && p->began < worst->began)))
            worst = p;
    }
    if (!worst)
        return false;
    s->counts.refused_silent++;
    peer_close(worst);
    return true;
}

/* While everybody is in the middle of a handshake, others wait in the kernel's
 * queue. */
static bool crowded(struct serve *s)
{
    return s->n_shaking >= HUB_HANDSHAKES_MAX && !evict(s);
}

static void accept_some(struct serve *s, int listener)
{
    struct address from;
    for (unsigned i = 0; i < ACCEPTS_AT_ONCE; i++) {
        int fd;
        if (crowded(s)) {
            look_away(s, true);
            return;
        }
        enum err e = sock_accept(listener, &sock_usual, &fd, &from);
        if (e == ERR_FULL && !evict(s))
            look_away(s, true);
        if (e)
            return;
        if (s->n_peers >= s->max && !evict(s)) {
            s->counts.refused_full++;
            close(fd);
        } else if (peer_new(s, fd) != ERR_OK) {
            log_line("a connection was not taken: %s", err_text());
        }
    }
}

static void on_signal(struct serve *s)
{
    struct signalfd_siginfo info;
    if (read(s->signals, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    if (s->stopping) {
        s->gone = true;
        return;
    }
    log_line("stopping");
    s->stopping = true;
    s->stop_at = s->room.now + HUB_STOP_MS;
    stop_listening(s);
}

static struct peer *peer_of(const struct serve *s, uint64_t what)
{
    size_t slot = (size_t)(what & 0xffffffffu);
    return slot < s->n_slots && s->turns[slot] == what >> 32 ? s->peers[slot] : NULL;
}

/* The most urgent lanes first, over all stations. */
static void peers_of(struct serve *s, const struct epoll_event *ev, size_t n)
{
    uint8_t lane[EVENTS];
    for (size_t i = 0; i < n; i++) {
        const struct peer *p = peer_of(s, ev[i].data.u64);
        enum lane of = p && p->state == PEER_TALKS ? talk_lane(p->talk) : LANE_URGENT;
        lane[i] = (uint8_t)(of == LANES ? LANE_URGENT : of);
    }
    for (unsigned now = 0; now < LANES; now++)
        for (size_t i = 0; i < n; i++) {
            struct peer *p = lane[i] == now ? peer_of(s, ev[i].data.u64) : NULL;
            if (p)
                peer_event(p, ev[i].events);
        }
}

static void events(struct serve *s, struct epoll_event *ev, size_t n)
{
    size_t peers = 0;
    for (size_t i = 0; i < n; i++) {
        if (ev[i].data.u64 == OF_SIGNALS)
            on_signal(s);
        else if (ev[i].data.u64 == OF_DISK)
            commits_done(s);
        else if (ev[i].data.u64 == OF_LISTENER)
            for (size_t k = 0; k < s->n_listeners; k++)
                accept_some(s, s->listeners[k]);
        else
            ev[peers++] = ev[i];
    }
    peers_of(s, ev, peers);
}

static void queued(struct serve *s)
{
    /* who is queued meanwhile waits for the next round */
    struct peer *p = s->queue;
    size_t n = 0;
    for (; p; p = p->next_queued)
        n++;
    while (n-- && s->queue) {
        p = s->queue;
        s->queue = p->next_queued;
        if (!s->queue)
            s->queue_end = &s->queue;
        p->queued = false;
        peer_serve(p);
    }
}

/* Stations that are gone without a word. */
static void sweep(struct serve *s)
{
    for (size_t i = 0; i < s->n_slots; i++) {
        struct wire_status st;
        struct peer *p = s->peers[i];
        if (!p || p->state != PEER_TALKS)
            continue;
        wire_status(talk_wire(p->talk), &st);
        bool silent = st.waits_since != INT64_MAX && st.waits_since + HUB_SILENT_MS < s->room.now;
        if ((silent && !p->paused && !p->held && !s->away) || st.heard + HUB_IDLE_MS < s->room.now) {
            s->counts.closed_silent++;
            peer_close(p);
        }
    }
}

static void timers(struct serve *s)
{
    for (size_t i = 0; i < s->n_slots; i++)
        if (s->due[i] <= s->room.now && s->peers[i])
            peer_due(s->peers[i]);
    if (s->sweep_at <= s->room.now) {
        s->sweep_at = s->room.now + SWEEP_MS;
        sweep(s);
    }
    if (s->metrics_at <= s->room.now && !s->away) {
        s->metrics_at = s->room.now + METRICS_MS;
        metrics_write(s);
    }
    if (!s->listening && s->n_listeners && s->n_peers < s->max && !crowded(s))
        look_away(s, false);
}

static int patience(const struct serve *s)
{
    int64_t due = commits_due(s);
    if (s->queue)
        return 0;
    for (size_t i = 0; i < s->n_slots; i++)
        due = s->due[i] < due ? s->due[i] : due;
    due = s->sweep_at < due ? s->sweep_at : due;
    due = s->metrics_at < due && !s->away ? s->metrics_at : due;
    due = s->stopping && s->stop_at < due ? s->stop_at : due;
    int64_t ms = due - s->room.now;
    int64_t most = s->listening || !s->n_listeners ? SWEEP_MS : SWEEP_MS / 10;
    return ms < 0 ? 0 : ms > most ? (int)most : (int)ms;
}

static enum err loop(struct serve *s)
{
    struct epoll_event ev[EVENTS];
    while (!s->gone) {
        tick(s);
        int n = epoll_wait(s->epoll, ev, EVENTS, patience(s));
        if (n < 0 && errno != EINTR)
            return err_errno(ERR_IO, "cannot wait for events");
        tick(s);
        events(s, ev, n > 0 ? (size_t)n : 0);
        if (s->roster_came)
            news_roster(s);
        timers(s);
        commits_drive(s);
        queued(s);
        if (s->stopping && ((s->farewell && !s->n_peers) || s->stop_at <= s->room.now))
            s->gone = true;
    }
    return ERR_OK;
}

static enum err signals(struct serve *s)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return err_errno(ERR_IO, "cannot block signals");
    signal(SIGPIPE, SIG_IGN);
    s->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return s->signals < 0 ? err_errno(ERR_IO, "cannot watch signals") : watch(s, s->signals, OF_SIGNALS);
}

/* A quarter of the descriptors is the store's. */
static enum err tables(struct serve *s)
{
    struct rlimit l = {.rlim_cur = 1024};
    (void)getrlimit(RLIMIT_NOFILE, &l);
    size_t most = l.rlim_cur > 1024 ? (size_t)l.rlim_cur / 4 * 3 : 512;
    s->max = most < HUB_CONNECTIONS_MAX ? most : HUB_CONNECTIONS_MAX;
    s->peers = calloc(s->max, sizeof(struct peer *));
    s->due = calloc(s->max, sizeof *s->due);
    s->turns = calloc(s->max, sizeof *s->turns);
    s->queue_end = &s->queue;
    if (!s->peers || !s->due || !s->turns)
        return err_set(ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < s->max; i++)
        s->due[i] = INT64_MAX;
    return ERR_OK;
}

static enum err open_room(struct serve *s)
{
    struct hub *h = s->hub;
    s->room =
        (struct room){.store = h->store, .roster = h->roster, .name = h->name, .sign = h->sign, .quota = h->quota};
    tick(s);
    news_calls(s);
    s->began = hub_now(s->hub, 0);
    enum err e = room_open(&s->room);
    if (!e)
        e = shelf_open(&s->shelf, h, &s->room);
    return e ? e : keyring_make(&s->keys, h->roster);
}

static void close_all(struct serve *s)
{
    /* a job that runs has the store, or receipts, in its hands */
    disk_stop(s->disk);
    for (size_t i = 0; s->peers && i < s->max; i++)
        if (s->peers[i])
            peer_close(s->peers[i]);
    if (s->shelf.hub && !s->away) {
        commits_receipts(s);
        metrics_write(s);
    }
    room_close(&s->room);
    if (s->shelf.hub)
        shelf_close(&s->shelf);
    keyring_free(&s->keys);
    stop_listening(s);
    tls_keys_free(s->tls);
    if (s->signals >= 0)
        close(s->signals);
    if (s->epoll >= 0)
        close(s->epoll);
    free(s->peers);
    free(s->due);
    free(s->turns);
    free(s);
}

enum err serve_run(struct hub *hub, const char *listen)
{
    struct serve *s = calloc(1, sizeof *s);
    if (!s)
        return err_set(ERR_NOMEM, "out of memory");
    s->hub = hub;
    s->signals = -1;
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    enum err e = s->epoll < 0 ? err_errno(ERR_IO, "cannot watch anything") : tables(s);
    if (!e)
        e = open_room(s);
    if (!e)
        e = tls_keys_new(&s->tls, TLS_SERVER, hub->link);
    if (!e)
        e = signals(s);
    if (!e)
        e = disk_start(&s->disk);
    if (!e)
        e = watch(s, disk_fd(s->disk), OF_DISK);
    if (!e)
        e = listen_on(s, listen);
    if (!e)
        e = loop(s);
    char why[1024];
    snprintf(why, sizeof why, "%s", err_text());
    close_all(s);
    return e ? err_set(e, "%s", why) : ERR_OK;
}
