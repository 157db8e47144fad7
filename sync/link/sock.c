#include "sync/link/sock.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#ifndef TCP_RTO_MAX_MS
#define TCP_RTO_MAX_MS 44 /* Linux 6.15 */
#endif

#define SYNS 32u

const struct sock_tuning sock_usual = {
    .unsent = 4096, .send_buffer = 256u << 10, .user_timeout = 60000, .retry_max = 4000};

static void set(int fd, int level, int option, uint32_t value)
{
    /* a setting that a kernel lacks makes a link slower, never wrong */
    (void)setsockopt(fd, level, option, &value, sizeof value);
}

void sock_tune(int fd, const struct sock_tuning *t)
{
    set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set(fd, SOL_SOCKET, SO_KEEPALIVE, 0);
    if (!t)
        return;
    if (t->unsent)
        set(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, t->unsent);
    if (t->send_buffer)
        set(fd, SOL_SOCKET, SO_SNDBUF, t->send_buffer);
    if (t->user_timeout)
        set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, t->user_timeout);
    if (t->retry_max)
        set(fd, IPPROTO_TCP, TCP_RTO_MAX_MS, t->retry_max);
}

static bool out_of_something(int code)
{
    return code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM;
}

enum err sock_connect(const struct address *a, const struct sock_tuning *t, int *fd)
{
    char text[ADDRESS_TEXT];
    address_text(text, a);
    *fd = -1;
    if (!a->numeric)
        return err_set(ERR_BUG, "%s was not resolved", text);
    int s = socket(a->to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s < 0)
        return err_errno(out_of_something(errno) ? ERR_AGAIN : ERR_UNREACHABLE, "cannot reach %s", text);
    sock_tune(s, t);
    set(s, IPPROTO_TCP, TCP_SYNCNT, SYNS); /* the caller closes what takes too long */
    if (connect(s, (const struct sockaddr *)&a->to, a->n) < 0 && errno != EINPROGRESS && errno != EINTR) {
        enum err e = err_errno(out_of_something(errno) ? ERR_AGAIN : ERR_UNREACHABLE, "cannot reach %s", text);
        close(s);
        return e;
    }
    *fd = s;
    return ERR_OK;
}

enum err sock_connected(int fd, bool *refused)
{
    int code = 0;
    socklen_t n = sizeof code;
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    *refused = false;
    if (poll(&p, 1, 0) <= 0)
        return ERR_AGAIN;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &n) < 0)
        code = errno;
    if (!code)
        return ERR_OK;
    errno = code;
    *refused = code == ECONNREFUSED;
    return err_errno(ERR_UNREACHABLE, "cannot connect");
}

uint32_t sock_rtt(int fd)
{
    struct tcp_info info = {0};
    socklen_t n = sizeof info;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) < 0)
        return 0;
    return (info.tcpi_rtt + 999) / 1000;
}

/* ERR_NOINPUT: this machine has no such addresses at all. */
static enum err listen_one(const struct sockaddr *to, socklen_t n, const char *text, int *fd)
{
    int s = socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s < 0)
        return err_errno(errno == EAFNOSUPPORT ? ERR_NOINPUT : ERR_CREATE, "cannot listen on %s", text);
    set(s, SOL_SOCKET, SO_REUSEADDR, 1);
    if (to->sa_family == AF_INET6)
        set(s, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (bind(s, to, n) < 0 || listen(s, SOCK_BACKLOG) < 0) {
        enum err e = err_errno(ERR_CREATE, "cannot listen on %s", text);
        close(s);
        return e;
    }
    *fd = s;
    return ERR_OK;
}

static enum err listen_everywhere(uint16_t port, const char *text, int fds[static SOCK_LISTENERS], size_t *n)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = in6addr_any};
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_ANY)};
    enum err e = listen_one((const struct sockaddr *)&v6, sizeof v6, text, &fds[0]);
    if (e && e != ERR_NOINPUT)
        return e;
    if (!e) {
        *n = 1;
        v4.sin_port = htons(sock_port(fds[0])); /* the same one, when the kernel chose */
    }
    e = listen_one((const struct sockaddr *)&v4, sizeof v4, text, &fds[*n]);
    if (!e)
        (*n)++;
    if (!e || (*n && e == ERR_NOINPUT))
        return ERR_OK;
    if (*n)
        close(fds[0]); /* the other half of the addresses would be somebody else's */
    *n = 0;
    return e == ERR_NOINPUT ? ERR_CREATE : e;
}

enum err sock_listen(const struct address *a, int fds[static SOCK_LISTENERS], size_t *n)
{
    char text[ADDRESS_TEXT];
    address_text(text, a);
    *n = 0;
    if (!a->host[0])
        return listen_everywhere(a->port, text, fds, n);
    if (!a->numeric)
        return err_set(ERR_USAGE, "cannot listen on %s: write the number of an address of this machine, or :%u", text,
                       a->port);
    enum err e = listen_one((const struct sockaddr *)&a->to, a->n, text, &fds[0]);
    *n = e ? 0 : 1;
    return e == ERR_NOINPUT ? ERR_CREATE : e;
}

uint16_t sock_port(int fd)
{
    struct sockaddr_storage to;
    struct address a;
    socklen_t n = sizeof to;
    if (getsockname(fd, (struct sockaddr *)&to, &n) < 0)
        return 0;
    address_of(&a, &to, n);
    return a.port;
}

enum err sock_accept(int listener, const struct sock_tuning *t, int *fd, struct address *from)
{
    struct sockaddr_storage to;
    *fd = -1;
    /* a caller that is gone already must not hide those behind it */
    for (unsigned i = 0; i < SOCK_BACKLOG; i++) {
        socklen_t n = sizeof to;
        int s = accept4(listener, (struct sockaddr *)&to, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (s >= 0) {
            sock_tune(s, t);
            address_of(from, &to, n);
            *fd = s;
            return ERR_OK;
        }
        if (out_of_something(errno))
            return err_errno(ERR_FULL, "cannot take a connection");
        if (errno == EAGAIN)
            return ERR_AGAIN;
    }
    return ERR_AGAIN;
}
