/*
 * cutter [--seed N] [--cuts N] [--bytes N] [--even] [--rate N] [--kill PERCENT] [--freeze PERCENT] HUB STATION...
 *
 * Stands between stations and their hub on the loopback and cuts connections
 * after a random number of bytes. HUB and STATION are shell commands, started
 * here; the hub prints "listening on HOST:PORT", the stations find the port to
 * dial in $CUTTER_PORT. What a cut is:
 *
 *   most       both sides get a reset, or an end, in the middle of a record
 *   --freeze   nothing passes any more, and nobody is told, for some seconds
 *   --kill     the hub and every station get kill -9 with it, and start again
 *
 * --bytes: a connection is cut after 1 to N bytes, both ways counted, as often
 * within each power of ten; --even: each number as likely. --rate: bytes a
 * second over all connections. After --cuts cuts it is a plain road. Ends on
 * SIGTERM: ends the programs, prints what it carried as the last line; exit 1
 * if one of them had ended by itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROADS_MAX 64
#define PROGRAMS_MAX 16
#define CHUNK 16384
#define FROZEN_MS 3000
#define AGAIN_MS 200     /* a program that ended by itself starts again after */
#define GOODBYE_MS 15000 /* for a program to end when asked */

struct road {
    int fd[2]; /* station, hub; -1: free */
    unsigned char held[2][CHUNK];
    size_t from[2], to[2]; /* of held[i]: what came from side i and has not left */
    bool ended[2];         /* side i says no more */
    uint64_t carried, cut_at;
    int64_t frozen; /* until then; 0: it is not */
};

struct program {
    const char *command;
    pid_t pid; /* 0: does not run */
    int64_t again;
};

static struct road roads[ROADS_MAX];
static struct program programs[PROGRAMS_MAX];
static size_t n_programs;
static int hub_says = -1; /* the hub's output */
static char said[4096];
static size_t n_said;
static uint16_t hub_port; /* 0: not known now */
static int wake[2];

static uint64_t seed = 1, cuts = 40, bytes_max = 20000, rate, kill_percent, freeze_percent;
static bool even;
static uint64_t done, kills, freezes, connections, carried[2], deaths;

static void on_term(int sig)
{
    ssize_t n = write(wake[1], "t", 1);
    (void)n;
    (void)sig;
}

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* splitmix64: the same cuts for the same seed, everywhere */
static uint64_t draw(uint64_t below)
{
    uint64_t z = seed += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (z ^ (z >> 31)) % below;
}

static uint64_t draw_cut(void)
{
    if (done >= cuts)
        return UINT64_MAX;
    if (even)
        return 1 + draw(bytes_max);
    uint64_t powers = 1, least = 1;
    for (uint64_t b = bytes_max; b >= 10; b /= 10)
        powers++;
    for (uint64_t power = draw(powers); power; power--)
        least *= 10;
    uint64_t n = least + draw(least * 9);
    return n > bytes_max ? bytes_max : n;
}

static void start(struct program *p)
{
    int out[2] = {-1, -1};
    bool is_hub = p == programs;
    if (is_hub && pipe2(out, O_CLOEXEC) < 0) {
        perror("cutter: pipe");
        exit(70);
    }
    p->again = 0;
    p->pid = fork();
    if (p->pid == 0) {
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* nothing stays behind if the test is killed */
        signal(SIGPIPE, SIG_DFL);
        if (is_hub)
            dup2(out[1], STDOUT_FILENO);
        execl("/bin/sh", "sh", "-c", p->command, (char *)NULL);
        _exit(127);
    }
    if (p->pid < 0) {
        perror("cutter: fork");
        exit(70);
    }
    setpgid(p->pid, p->pid);
    if (is_hub) {
        close(out[1]);
        if (hub_says >= 0)
            close(hub_says);
        hub_says = out[0];
        n_said = 0;
        hub_port = 0;
    }
}

static void hear_hub(void)
{
    ssize_t n = read(hub_says, said + n_said, sizeof said - 1 - n_said);
    if (n <= 0 || n_said + (size_t)n >= sizeof said - 1) {
        n_said = 0;
        if (n <= 0) {
            close(hub_says);
            hub_says = -1;
        }
        return;
    }
    n_said += (size_t)n;
    said[n_said] = '\0';
    const char *where = strstr(said, "listening on ");
    if (!where || !strchr(where, '\n'))
        return;
    const char *colon = strrchr(where, ':');
    hub_port = colon ? (uint16_t)strtoul(colon + 1, NULL, 10) : 0;
    n_said = 0;
}

static void close_road(struct road *r, bool reset)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    for (int i = 0; i < 2; i++) {
        if (reset)
            setsockopt(r->fd[i], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close(r->fd[i]);
        r->fd[i] = -1;
    }
}

static void kill_all(void)
{
    for (size_t i = 0; i < n_programs; i++)
        if (programs[i].pid > 0)
            kill(-programs[i].pid, SIGKILL);
    for (size_t i = 0; i < n_programs; i++) {
        if (programs[i].pid > 0)
            waitpid(programs[i].pid, NULL, 0);
        start(&programs[i]);
    }
    kills++;
}

static void cut(struct road *r)
{
    done++;
    if (draw(100) < kill_percent) {
        kill_all();
        close_road(r, true);
    } else if (draw(100) < freeze_percent) {
        freezes++;
        r->frozen = now() + FROZEN_MS;
    } else {
        close_road(r, draw(2));
    }
    if (done == cuts) {
        printf("cuts done\n");
        fflush(stdout);
    }
}

static int dial_hub(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(hub_port)};
    int on = 1, fd = hub_port ? socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) < 0) {
        close(fd);
        return -1;
    }
    if (fd >= 0)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static void welcome(int listener)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    int on = 1, fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    struct road *r = roads;
    while (r < roads + ROADS_MAX && r->fd[0] >= 0)
        r++;
    if (fd < 0)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    int hub = r < roads + ROADS_MAX ? dial_hub() : -1;
    if (hub < 0) {
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close(fd);
        return;
    }
    *r = (struct road){.fd = {fd, hub}, .cut_at = draw_cut()};
    for (int i = 0; i < 2; i++)
        fcntl(r->fd[i], F_SETFL, O_NONBLOCK);
    connections++;
}

/* One way of a road, as far as it goes now. *room: what the rate allows. */
static void carry(struct road *r, int i, uint64_t *room)
{
    if (r->to[i] == r->from[i] && !r->ended[i] && *room > 0) {
        uint64_t most = r->cut_at - r->carried;
        most = most > *room ? *room : most;
        ssize_t n = recv(r->fd[i], r->held[i], most > CHUNK ? CHUNK : (size_t)most, 0);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
            r->ended[i] = true;
        r->from[i] = 0;
        r->to[i] = n > 0 ? (size_t)n : 0;
        r->carried += r->to[i];
        carried[i] += r->to[i];
        *room -= r->to[i];
    }
    if (r->to[i] > r->from[i]) {
        ssize_t n = send(r->fd[1 - i], r->held[i] + r->from[i], r->to[i] - r->from[i], MSG_NOSIGNAL);
        if (n > 0)
            r->from[i] += (size_t)n;
        else if (n < 0 && errno != EAGAIN && errno != EINTR)
            r->ended[i] = r->ended[1 - i] = true;
    }
}

static void reap(bool ending)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        for (size_t i = 0; i < n_programs; i++)
            if (programs[i].pid == pid) {
                programs[i].pid = 0;
                if (ending)
                    continue;
                deaths++;
                programs[i].again = now() + AGAIN_MS;
                printf("ended by itself: %s (%s %d)\n", programs[i].command, WIFSIGNALED(status) ? "signal" : "exit",
                       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
                fflush(stdout);
            }
}

static void say_goodbye(void)
{
    int64_t until = now() + GOODBYE_MS;
    bool left = true;
    for (size_t i = 0; i < n_programs; i++)
        if (programs[i].pid > 0)
            kill(programs[i].pid, SIGTERM);
    while (left && now() < until) {
        reap(true);
        left = false;
        for (size_t i = 0; i < n_programs; i++)
            left = left || programs[i].pid > 0;
        poll(NULL, 0, 20);
    }
    for (size_t i = 0; i < n_programs; i++)
        if (programs[i].pid > 0) {
            printf("does not end when asked: %s\n", programs[i].command);
            kill(-programs[i].pid, SIGKILL);
            deaths++;
        }
}

static int listen_here(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t n = sizeof a;
    char port[8];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, 64) < 0 ||
        getsockname(fd, (struct sockaddr *)&a, &n) < 0) {
        perror("cutter: cannot listen");
        exit(70);
    }
    snprintf(port, sizeof port, "%u", ntohs(a.sin_port));
    setenv("CUTTER_PORT", port, 1);
    return fd;
}

/* Waits for the first thing to happen. The descriptors are asked about anew
 * each time: there are few. */
static bool wait_for(int listener, bool has_room)
{
    struct pollfd set[2 * ROADS_MAX + 3] = {{.fd = wake[0], .events = POLLIN}, {.fd = listener, .events = POLLIN}};
    set[2] = (struct pollfd){.fd = hub_says, .events = POLLIN};
    for (size_t i = 0; i < ROADS_MAX; i++)
        for (int k = 0; k < 2; k++) {
            const struct road *r = &roads[i];
            bool full = r->to[k] > r->from[k], other = r->to[1 - k] > r->from[1 - k];
            short events = (short)((!full && has_room && !r->ended[k] ? POLLIN : 0) | (other ? POLLOUT : 0));
            set[3 + 2 * i + (size_t)k] = (struct pollfd){.fd = r->frozen || !events ? -1 : r->fd[k], .events = events};
        }
    poll(set, sizeof set / sizeof set[0], has_room ? 50 : 5);
    if (set[2].revents)
        hear_hub();
    if (set[1].revents)
        welcome(listener);
    return set[0].revents != 0;
}

static void run(int listener)
{
    int64_t last = now();
    uint64_t room = rate ? 0 : UINT64_MAX;
    while (!wait_for(listener, room > 0)) {
        int64_t t = now();
        if (rate) {
            room += rate * (uint64_t)(t - last) / 1000;
            room = room > rate / 10 + CHUNK ? rate / 10 + CHUNK : room;
        } else {
            room = UINT64_MAX;
        }
        last = t;
        for (struct road *r = roads; r < roads + ROADS_MAX; r++) {
            if (r->fd[0] < 0)
                continue;
            if (r->frozen) {
                if (t >= r->frozen)
                    close_road(r, true);
                continue;
            }
            carry(r, 0, &room);
            carry(r, 1, &room);
            bool empty = r->from[0] == r->to[0] && r->from[1] == r->to[1];
            if (r->carried >= r->cut_at && (empty || r->ended[0] || r->ended[1]))
                cut(r);
            else if ((r->ended[0] || r->ended[1]) && (empty || (r->ended[0] && r->ended[1])))
                close_road(r, false);
        }
        reap(false);
        for (size_t i = 0; i < n_programs; i++)
            if (programs[i].again && programs[i].again <= t)
                start(&programs[i]);
    }
}

static uint64_t number(const char *s)
{
    char *end;
    uint64_t v = s ? strtoull(s, &end, 10) : 0;
    if (!s || *end || end == s) {
        fprintf(stderr, "cutter: %s is no number\n", s ? s : "nothing");
        exit(64);
    }
    return v;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        uint64_t *value;
    } options[] = {{"--seed", &seed}, {"--cuts", &cuts},         {"--bytes", &bytes_max},
                   {"--rate", &rate}, {"--kill", &kill_percent}, {"--freeze", &freeze_percent}};
    int i = 1;
    for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        size_t k = 0;
        even = even || strcmp(argv[i], "--even") == 0;
        while (k < sizeof options / sizeof options[0] && strcmp(argv[i], options[k].name) != 0)
            k++;
        if (k < sizeof options / sizeof options[0])
            *options[k].value = number(argv[++i]);
        else if (strcmp(argv[i], "--even") != 0)
            argc = 0;
    }
    if (argc - i < 2 || argc - i > PROGRAMS_MAX || bytes_max == 0) {
        fprintf(stderr, "usage: cutter [--seed N] [--cuts N] [--bytes N] [--even] [--rate N] [--kill PERCENT]\n"
                        "              [--freeze PERCENT] HUB STATION...\n");
        return 64;
    }
    for (struct road *r = roads; r < roads + ROADS_MAX; r++)
        r->fd[0] = r->fd[1] = -1;
    if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) < 0)
        return 70;
    signal(SIGTERM, on_term);
    signal(SIGINT, on_term);
    signal(SIGPIPE, SIG_IGN);
    int listener = listen_here();
    uint64_t replay = seed;
    for (; i < argc; i++) {
        programs[n_programs].command = argv[i];
        start(&programs[n_programs++]);
    }
    run(listener);
    say_goodbye();
    printf("seed %llu cuts %llu kills %llu freezes %llu connections %llu up %llu down %llu deaths %llu\n",
           (unsigned long long)replay, (unsigned long long)done, (unsigned long long)kills, (unsigned long long)freezes,
           (unsigned long long)connections, (unsigned long long)carried[0], (unsigned long long)carried[1],
           (unsigned long long)deaths);
    return deaths ? 1 : 0;
}
