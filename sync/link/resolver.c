#include "sync/link/resolver.h"

#include "storage/base/confine.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define TOO_LONG 60u /* seconds after which a name is given up */

struct resolver {
    int fd; /* datagrams: HOST:PORT, with the descriptor that the answer goes to */
    pid_t child;
};

/* In a child of the child, so that names do not wait for each other. */
static void look_up(const struct address *name, int fd)
{
    struct addrinfo hints = {.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM}, *found = NULL;
    char port[8], text[RESOLVER_ANSWERS * (ADDRESS_TEXT + 1)];
    size_t n = 0, len = 0;
    snprintf(port, sizeof port, "%u", name->port);
    int bad = getaddrinfo(name->host, port, &hints, &found);
    if (bad == EAI_NONAME || bad == EAI_NODATA || bad == EAI_ADDRFAMILY) { /* a machine with nothing but loopback */
        hints.ai_flags = AI_NUMERICSERV;
        bad = getaddrinfo(name->host, port, &hints, &found);
    }
    for (struct addrinfo *i = bad ? NULL : found; i && n < RESOLVER_ANSWERS; i = i->ai_next) {
        struct sockaddr_storage to = {.ss_family = AF_UNSPEC};
        struct address a;
        char one[ADDRESS_TEXT];
        if (i->ai_addrlen > sizeof to || (i->ai_family != AF_INET && i->ai_family != AF_INET6))
            continue;
        memcpy(&to, i->ai_addr, i->ai_addrlen);
        address_of(&a, &to, i->ai_addrlen);
        address_text(one, &a);
        len += (size_t)snprintf(text + len, sizeof text - len, "%s\n", one);
        n++;
    }
    /* one datagram, or none: then the end of the file says that there is no answer */
    if (len)
        (void)send(fd, text, len, MSG_NOSIGNAL);
}

static int take_question(int fd, struct address *name)
{
    char text[ADDRESS_TEXT] = "";
    union {
        char b[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec v = {text, sizeof text - 1};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control.b, .msg_controllen = sizeof control.b};
    int answer = -1;
    ssize_t n;
    do
        n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return -1;
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    if (c && c->cmsg_type == SCM_RIGHTS)
        memcpy(&answer, CMSG_DATA(c), sizeof answer);
    if (address_parse(name, text) != ERR_OK)
        name->host[0] = '\0';
    return answer;
}

/* Never returns. */
static void serve(int from, pid_t parent)
{
    static const struct confine_path paths[] = {
        {"/etc", CONFINE_READ},       {"/lib", CONFINE_READ}, {"/lib64", CONFINE_READ}, {"/usr/lib", CONFINE_READ},
        {"/usr/lib64", CONFINE_READ}, {"/run", CONFINE_READ}, {"/dev", CONFINE_READ},   {"/proc", CONFINE_READ},
    };
    struct address name;
    int fd;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* Ctrl-C reaches the whole group: who made this process decides when it ends */
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    if (getppid() != parent || dup2(from, 3) != 3 || close_range(4, ~0u, 0) < 0 ||
        confine_self(paths, sizeof paths / sizeof paths[0], CONFINE_NET) != ERR_OK)
        _exit(1);
    while ((fd = take_question(3, &name)) >= 0) {
        pid_t pid = name.host[0] ? fork() : -1;
        if (pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            close(3);
            alarm(TOO_LONG);
            look_up(&name, fd);
            _exit(0);
        }
        close(fd);
    }
    _exit(0);
}

enum err resolver_start(struct resolver **out)
{
    int pair[2];
    struct resolver *r = calloc(1, sizeof *r);
    *out = NULL;
    if (!r)
        return err_set(ERR_NOMEM, "out of memory");
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
        free(r);
        return err_errno(ERR_AGAIN, "cannot start looking up names");
    }
    pid_t parent = getpid();
    r->child = fork();
    if (r->child == 0)
        serve(pair[1], parent);
    close(pair[1]);
    r->fd = pair[0];
    if (r->child < 0) {
        enum err e = err_errno(ERR_AGAIN, "cannot start looking up names");
        close(r->fd);
        free(r);
        return e;
    }
    *out = r;
    return ERR_OK;
}

void resolver_free(struct resolver *r)
{
    if (!r)
        return;
    close(r->fd);
    kill(r->child, SIGKILL);
    while (waitpid(r->child, NULL, 0) < 0 && errno == EINTR)
        continue;
    free(r);
}

enum err resolver_ask(struct resolver *r, const struct address *name, int *fd)
{
    char text[ADDRESS_TEXT];
    int pair[2];
    union {
        char b[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    address_text(text, name);
    *fd = -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
        return err_errno(ERR_AGAIN, "cannot look up %s", name->host);
    struct iovec v = {text, strlen(text)};
    memset(&control, 0, sizeof control);
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control.b, .msg_controllen = sizeof control.b};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &pair[1], sizeof(int));
    ssize_t n = sendmsg(r->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
    close(pair[1]);
    if (n < 0) {
        close(pair[0]);
        return err_errno(ERR_AGAIN, "cannot look up %s", name->host);
    }
    *fd = pair[0];
    return ERR_OK;
}

enum err resolver_answer(int fd, struct address out[static RESOLVER_ANSWERS], size_t *n)
{
    char text[RESOLVER_ANSWERS * (ADDRESS_TEXT + 1) + 1];
    *n = 0;
    ssize_t got = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return ERR_AGAIN;
    if (got <= 0)
        return err_set(ERR_UNREACHABLE, "the name was not found");
    text[got] = '\0';
    char *rest = text;
    for (char *line; *n < RESOLVER_ANSWERS && (line = strsep(&rest, "\n")) && *line;)
        if (address_parse(&out[*n], line) == ERR_OK && out[*n].numeric)
            (*n)++;
    return *n ? ERR_OK : err_set(ERR_UNREACHABLE, "the name was not found");
}
