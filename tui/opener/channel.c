#include "tui/opener/channel.h"

#include "storage/base/file.h"
#include "storage/limits.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_SIZE 16384u
#define SECRETS_MAX (8 * (PASSPHRASE_MAX + 1))

void channel_open(struct channel *c, int fd)
{
    *c = (struct channel){.fd = fd};
    c->in = (struct buf){.secret = 1, .max = (size_t)2 * CHANNEL_LINE_MAX};
    c->out = (struct buf){.secret = 1};
}

void channel_close(struct channel *c)
{
    file_close(&c->fd);
    for (unsigned i = 0; i < c->n_fds; i++)
        close(c->fds[i]);
    c->n_fds = 0;
    c->at = 0;
    buf_free(&c->in);
    buf_free(&c->out);
}

bool channel_waits(const struct channel *c)
{
    return c->out.len > 0;
}

/* The first n bytes are done with. */
static void shift(struct buf *b, size_t n)
{
    memmove(b->p, b->p + n, b->len - n);
    sodium_memzero(b->p + b->len - n, n);
    b->len -= n;
}

/* Sends from the front of out, pass (-1: none) with its first byte. */
static enum err push(struct channel *c, int pass)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec bytes = {c->out.p, c->out.len};
    struct msghdr m = {.msg_iov = &bytes, .msg_iovlen = 1};
    if (pass >= 0) {
        m.msg_control = &control;
        m.msg_controllen = sizeof control.room;
        struct cmsghdr *h = CMSG_FIRSTHDR(&m);
        h->cmsg_level = SOL_SOCKET;
        h->cmsg_type = SCM_RIGHTS;
        h->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(h), &pass, sizeof pass);
    }
    ssize_t n;
    while ((n = sendmsg(c->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL)) < 0 && errno == EINTR)
        ;
    if (n < 0)
        return errno == EAGAIN ? ERR_AGAIN : ERR_END;
    shift(&c->out, (size_t)n);
    return ERR_OK;
}

enum err channel_flush(struct channel *c)
{
    enum err e = c->fd < 0 ? ERR_END : ERR_OK;
    while (!e && c->out.len)
        e = push(c, -1);
    return e == ERR_AGAIN ? ERR_OK : e;
}

enum err channel_send(struct channel *c, json_t *object, const char *secrets, size_t n, int fd)
{
    enum err e = channel_flush(c);
    if (!e && fd >= 0 && c->out.len)
        e = err_set(ERR_AGAIN, "the worker does not listen; try again");
    if (object && n)
        json_object_set_new(object, "secrets", json_integer((json_int_t)n));
    if (object && fd >= 0)
        json_object_set_new(object, "fd", json_true());
    char *line = object && !e ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    if (!e && !line)
        e = err_set(ERR_NOMEM, "out of memory");
    if (!e)
        e = buf_fmt(&c->out, "%s\n", line);
    if (!e && n)
        e = buf_add(&c->out, secrets, n);
    free(line);
    if (!e && fd >= 0)
        e = push(c, fd);
    return e ? e : channel_flush(c);
}

static void keep_descriptors(struct channel *c, struct msghdr *m)
{
    for (struct cmsghdr *h = CMSG_FIRSTHDR(m); h; h = CMSG_NXTHDR(m, h)) {
        if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
            continue;
        int fd;
        for (size_t i = 0; CMSG_LEN((i + 1) * sizeof fd) <= h->cmsg_len; i++) {
            memcpy(&fd, CMSG_DATA(h) + i * sizeof fd, sizeof fd);
            if (c->n_fds < CHANNEL_FDS)
                c->fds[c->n_fds++] = fd;
            else
                close(fd);
        }
    }
}

enum err channel_fill(struct channel *c)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(CHANNEL_FDS * sizeof(int))];
    } control;
    if (c->fd < 0)
        return ERR_END;
    if (c->at) {
        shift(&c->in, c->at);
        c->at = 0;
    }
    for (;;) {
        enum err e = buf_reserve(&c->in, READ_SIZE);
        if (e)
            return e == ERR_DATA ? ERR_OK : e; /* full: take some first */
        struct iovec bytes = {c->in.p + c->in.len, READ_SIZE};
        struct msghdr m = {
            .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control.room};
        ssize_t n = recvmsg(c->fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN ? ERR_OK : ERR_END;
        keep_descriptors(c, &m);
        if (n == 0)
            return ERR_END;
        c->in.len += (size_t)n;
    }
}

enum err channel_next(struct channel *c, json_t **object, const char **secrets, size_t *n, int *fd)
{
    const char *start = (const char *)c->in.p + c->at;
    const char *end = c->in.len > c->at ? memchr(start, '\n', c->in.len - c->at) : NULL;
    *object = NULL;
    *fd = -1;
    *n = 0;
    if (!end)
        return c->in.len - c->at > CHANNEL_LINE_MAX ? err_set(ERR_DATA, "a worker's line is too long") : ERR_AGAIN;
    size_t len = (size_t)(end - start);
    json_t *o = json_loadb(start, len, JSON_REJECT_DUPLICATES, NULL);
    json_int_t follow = json_integer_value(json_object_get(o, "secrets"));
    if (!json_is_object(o) || follow < 0 || follow > (json_int_t)SECRETS_MAX) {
        json_decref(o);
        return err_set(ERR_DATA, "a worker's line is no object");
    }
    if (c->in.len - c->at - len - 1 < (size_t)follow) {
        json_decref(o);
        return ERR_AGAIN;
    }
    if (secrets)
        *secrets = start + len + 1;
    *n = (size_t)follow;
    c->at += len + 1 + (size_t)follow;
    if (json_is_true(json_object_get(o, "fd")) && c->n_fds) {
        *fd = c->fds[0];
        memmove(c->fds, c->fds + 1, --c->n_fds * sizeof c->fds[0]);
    }
    *object = o;
    return ERR_OK;
}
