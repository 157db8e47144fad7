#include "drivers/probe/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROBE_FD 3
#define END 'e'
#define MOMENT 200 /* ms */

static const char *const kinds[] = {[PROBE_VIDEO] = "video", [PROBE_NMEA] = "nmea", [PROBE_GPX] = "gpx"};
#define KINDS (sizeof kinds / sizeof kinds[0])

/* A byte, or n bytes, and perhaps a descriptor with them. */
static bool send_one(int fd, const void *p, size_t n, int with)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    char bytes[sizeof(int)];
    memcpy(bytes, p, n);
    struct iovec v = {bytes, n};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    if (with >= 0) {
        m.msg_control = control.room;
        m.msg_controllen = sizeof control.room;
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &with, sizeof with);
    }
    ssize_t sent;
    while ((sent = sendmsg(fd, &m, MSG_NOSIGNAL)) < 0 && errno == EINTR)
        ;
    return sent == (ssize_t)n;
}

/* Exactly n bytes; *with: the descriptor that came along, -1. */
static bool receive_one(int fd, void *p, size_t n, int *with)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec v = {p, n};
    struct msghdr m = {
        .msg_iov = &v, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
    ssize_t got;
    *with = -1;
    while ((got = recvmsg(fd, &m, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
        ;
    const struct cmsghdr *c = got < 0 ? NULL : CMSG_FIRSTHDR(&m);
    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(with, CMSG_DATA(c), sizeof *with);
    return got == (ssize_t)n;
}

/* In the probe's process: becomes it. */
static void become(const char *path, const char *kind, int fd, pid_t launcher)
{
    char argv[4][16] = {"feldsher-probe", "--fd", "3"};
    strncpy(argv[3], kind, sizeof argv[3] - 1);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != launcher || dup2(fd, PROBE_FD) < 0 || close_range(PROBE_FD + 1, UINT_MAX, 0) < 0)
        return;
    execv(path, (char *const[]){argv[0], argv[1], argv[2], argv[3], NULL});
}

/* It may have hung up because it is ending: how it does is worth a moment. */
static void let_end(pid_t pid)
{
    struct pollfd p = {(int)syscall(SYS_pidfd_open, pid, 0), POLLIN, 0};
    if (p.fd >= 0) {
        (void)poll(&p, 1, MOMENT);
        close(p.fd);
    }
}

static int end_probe(pid_t *pid)
{
    int status = 0;
    if (*pid > 0) {
        let_end(*pid);
        kill(*pid, SIGKILL);
        while (waitpid(*pid, &status, 0) < 0 && errno == EINTR)
            ;
    }
    *pid = 0;
    return status;
}

/* *pid: of the new probe. */
static bool start_probe(int fd, const char *path, const char *kind, pid_t *pid)
{
    int pair[2];
    pid_t self = getpid();
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return send_one(fd, "n", 1, -1);
    *pid = fork();
    if (*pid == 0) {
        become(path, kind, pair[1], self);
        _exit(127);
    }
    close(pair[1]);
    bool good = *pid > 0 ? send_one(fd, "y", 1, pair[0]) : send_one(fd, "n", 1, -1);
    close(pair[0]);
    return good;
}

static void be_launcher(int fd, const char *path)
{
    pid_t pid = 0;
    int none;
    bool good = true;
    for (uint8_t byte; good && receive_one(fd, &byte, 1, &none);) {
        int status = end_probe(&pid);
        if (byte == END)
            good = send_one(fd, &status, sizeof status, -1);
        else
            good = byte < KINDS && start_probe(fd, path, kinds[byte], &pid);
    }
    end_probe(&pid);
}

/* Nothing of the program's is left in the new process but fd: not its
 * terminal, not its locks, not its handlers. */
static bool come_off(int fd)
{
    static const int defaults[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGCHLD, SIGUSR1, SIGUSR2, SIGXFSZ};
    sigset_t none;
    sigemptyset(&none);
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++)
        signal(defaults[i], SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
        return false;
    return (fd == 3 || close_range(3, (unsigned)fd - 1, 0) == 0) && close_range((unsigned)fd + 1, UINT_MAX, 0) == 0;
}

enum err launcher_start(struct launcher *l, const char *path)
{
    int pair[2];
    *l = (struct launcher){-1, -1};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return err_errno(ERR_AGAIN, "cannot make a socket for feldsher-probe");
    pid_t pid = fork();
    if (pid == 0) {
        if (come_off(pair[1]))
            be_launcher(pair[1], path);
        _exit(0);
    }
    enum err e = pid < 0 ? err_errno(ERR_AGAIN, "cannot start another process for feldsher-probe") : ERR_OK;
    close(pair[1]);
    if (e) {
        close(pair[0]);
        return e;
    }
    *l = (struct launcher){pair[0], pid};
    return ERR_OK;
}

static enum err gone(void)
{
    return err_set(ERR_AGAIN, "the process that starts feldsher-probe is gone");
}

enum err launcher_run(const struct launcher *l, enum probe_kind kind, int *fd)
{
    uint8_t byte = (uint8_t)kind;
    char answer = 0;
    if (!send_one(l->fd, &byte, 1, -1) || !receive_one(l->fd, &answer, 1, fd))
        return gone();
    return *fd >= 0 ? ERR_OK : err_set(ERR_AGAIN, "feldsher-probe cannot be started");
}

enum err launcher_end(const struct launcher *l, int *status)
{
    int none;
    if (!send_one(l->fd, &(char){END}, 1, -1) || !receive_one(l->fd, status, sizeof *status, &none))
        return gone();
    return ERR_OK;
}

void launcher_stop(struct launcher *l)
{
    if (l->fd >= 0)
        close(l->fd); /* it ends by that */
    while (l->pid > 0 && waitpid(l->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    *l = (struct launcher){-1, -1};
}
