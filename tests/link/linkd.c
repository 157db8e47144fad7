/*
 * linkd LEFT RIGHT DELAY_MS UP_S DOWN_S PHASE_S MODE TOTAL_S [NS_LEFT NS_RIGHT]
 *
 * A wire between two interfaces of its own network namespace: every frame
 * comes out DELAY_MS later on the other side, and the wire goes away by a
 * timetable. Second t of the run belongs to an outage when (t + PHASE_S)
 * modulo (UP_S + DOWN_S) is not below UP_S; a frame that enters or would leave
 * in one is lost. What an outage is:
 *
 *   none   there is none
 *   down   the ends lose the carrier; their TCP is frozen, nothing else tells them
 *   drop   the carrier stays: somewhere on the way everything is swallowed
 *   kill   as down, and every TCP socket of NS_LEFT and NS_RIGHT is destroyed
 *
 * The rate is not made here: a tbf at each far end does that. Prints a line at
 * each turn, and ends by itself after TOTAL_S.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FRAME_MAX 65536
#define QUEUED_MAX ((size_t)64 << 20) /* bytes on the wire, one way; more is lost */
#define SECOND 1000000000LL
#define BURST 64 /* frames read before the clock is looked at again */

struct frame {
    struct frame *next;
    int64_t due;
    size_t len;
    unsigned char bytes[];
};

struct end {
    const char *name;
    int fd; /* frames that come from this end are read here, those for it written */
    struct frame *first, **last;
    size_t queued;
    unsigned long long passed, lost; /* bytes that came from this end */
};

struct timetable {
    bool always;
    int64_t up, cycle, phase;
};

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * SECOND + t.tv_nsec;
}

static int64_t seconds(const char *s)
{
    return (int64_t)(strtod(s, NULL) * (double)SECOND);
}

/* Is the wire there at that moment of the run, and for how long it stays so. */
static bool is_up(const struct timetable *t, int64_t at, int64_t *lasts)
{
    if (t->always) {
        *lasts = SECOND;
        return true;
    }
    int64_t in = (at + t->phase) % t->cycle;
    *lasts = in < t->up ? t->up - in : t->cycle - in;
    return in < t->up;
}

static bool end_open(struct end *e, const char *name)
{
    struct sockaddr_ll where = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    int on = 1, room = 8 << 20;
    e->name = name;
    e->last = &e->first;
    where.sll_ifindex = (int)if_nametoindex(name);
    e->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL));
    if (e->fd < 0 || where.sll_ifindex == 0 || bind(e->fd, (struct sockaddr *)&where, sizeof where) < 0 ||
        setsockopt(e->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) < 0 ||
        setsockopt(e->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) < 0) {
        fprintf(stderr, "linkd: cannot read frames of %s: %s\n", name, strerror(errno));
        return false;
    }
    return true;
}

static bool set_carrier(const struct end ends[2], bool up)
{
    bool good = true;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    for (int i = 0; i < 2 && fd >= 0; i++) {
        struct ifreq r = {0};
        snprintf(r.ifr_name, sizeof r.ifr_name, "%s", ends[i].name);
        good = good && ioctl(fd, SIOCGIFFLAGS, &r) == 0;
        r.ifr_flags = (short)(up ? r.ifr_flags | IFF_UP : r.ifr_flags & ~IFF_UP);
        good = good && ioctl(fd, SIOCSIFFLAGS, &r) == 0;
    }
    if (fd >= 0)
        close(fd);
    return good && fd >= 0;
}

/* Every TCP connection of both namespaces, at the same time, without waiting. */
static void destroy_sockets(char *const ns[2])
{
    for (int i = 0; i < 2; i++)
        if (fork() == 0) {
            if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
                _exit(1);
            execlp("ip", "ip", "netns", "exec", ns[i], "ss", "-K", "-t", "-n", "state", "connected", (char *)NULL);
            _exit(127);
        }
}

/* Frames whose time has come leave for the other side. */
static int64_t deliver(struct end *from, const struct end *to, bool up, int64_t t)
{
    struct frame *f;
    while ((f = from->first) != NULL && f->due <= t) {
        if (up && send(to->fd, f->bytes, f->len, 0) == (ssize_t)f->len)
            from->passed += f->len;
        else
            from->lost += f->len;
        from->queued -= f->len;
        from->first = f->next;
        if (!from->first)
            from->last = &from->first;
        free(f);
    }
    return f ? f->due : INT64_MAX;
}

static void collect(struct end *from, bool up, int64_t delay)
{
    static unsigned char bytes[FRAME_MAX];
    for (int i = 0; i < BURST; i++) {
        ssize_t n = recv(from->fd, bytes, sizeof bytes, 0);
        if (n <= 0)
            return;
        size_t len = (size_t)n;
        struct frame *f = up && from->queued + len <= QUEUED_MAX ? malloc(sizeof *f + len) : NULL;
        if (!f) {
            from->lost += len;
            continue;
        }
        memcpy(f->bytes, bytes, len);
        f->len = len;
        f->due = now() + delay;
        f->next = NULL;
        *from->last = f;
        from->last = &f->next;
        from->queued += len;
    }
}

static void tell(int64_t at, const char *what, const struct end ends[2])
{
    printf("%.3f %s passed %llu %llu lost %llu %llu\n", (double)at / (double)SECOND, what, ends[0].passed,
           ends[1].passed, ends[0].lost, ends[1].lost);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static const char *const modes[] = {"none", "down", "drop", "kill"};
    enum { NONE, DOWN, DROP, KILL, MODES } mode = NONE;
    struct end ends[2] = {0};
    while (argc >= 9 && mode < MODES && strcmp(argv[7], modes[mode]) != 0)
        mode++;
    if ((argc != 9 && argc != 11) || mode == MODES || (mode == KILL && argc != 11)) {
        fprintf(
            stderr,
            "usage: linkd LEFT RIGHT DELAY_MS UP_S DOWN_S PHASE_S none|down|drop|kill TOTAL_S [NS_LEFT NS_RIGHT]\n");
        return 64;
    }
    int64_t delay = seconds(argv[3]) / 1000, total = seconds(argv[8]);
    struct timetable table = {.up = seconds(argv[4]), .phase = seconds(argv[6])};
    table.cycle = table.up + seconds(argv[5]);
    table.always = mode == NONE || table.cycle <= table.up;
    if (!end_open(&ends[0], argv[1]) || !end_open(&ends[1], argv[2]))
        return 74;
    bool up = true;
    int64_t start = now();
    tell(0, "start", ends);
    for (;;) {
        int64_t at = now() - start, lasts;
        if (at > total)
            break;
        if (is_up(&table, at, &lasts) != up) {
            up = !up;
            if (mode != DROP && !set_carrier(ends, up))
                fprintf(stderr, "linkd: cannot switch the carrier: %s\n", strerror(errno));
            if (mode == KILL && !up)
                destroy_sockets(argv + 9);
            tell(at, up ? "up" : "down", ends);
        }
        int64_t wake = start + at + lasts;
        for (int i = 0; i < 2; i++) {
            int64_t due = deliver(&ends[i], &ends[1 - i], up, start + at);
            wake = due < wake ? due : wake;
        }
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
        int64_t left = wake - now();
        left = left < 0 ? 0 : left > SECOND ? SECOND : left;
        struct timespec wait = {left / SECOND, (long)(left % SECOND)};
        struct pollfd p[2] = {{.fd = ends[0].fd, .events = POLLIN}, {.fd = ends[1].fd, .events = POLLIN}};
        if (ppoll(p, 2, &wait, NULL) > 0)
            for (int i = 0; i < 2; i++)
                collect(&ends[i], up, delay);
    }
    tell(now() - start, "end", ends);
    return 0;
}
