#ifndef TESTS_UNIT_LINK_FIXTURE_H
#define TESTS_UNIT_LINK_FIXTURE_H

/* Two ends of a TLS connection in one thread. */

#include "sync/limits.h"
#include "sync/link/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sodium.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* a test need not use all of it */
#define FIXTURE static __attribute__((unused))
#define PATIENCE 5000 /* ms: a test that waits longer has failed */

struct ends {
    struct sign_secret station, hub;
    struct tls_keys *ck, *sk;
    int cfd, sfd;
    struct tls *c, *s;
    struct buf ticket;
};

FIXTURE void ends_open(struct ends *x, int send_buffer)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    x->cfd = pair[0];
    x->sfd = pair[1];
    for (int i = 0; send_buffer && i < 2; i++)
        assert_int_equal(setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer), 0);
    assert_int_equal(tls_new(&x->c, x->ck, x->cfd, x->ticket.p, x->ticket.len), ERR_OK);
    assert_int_equal(tls_new(&x->s, x->sk, x->sfd, NULL, 0), ERR_OK);
}

FIXTURE void ends_close(struct ends *x)
{
    tls_free(x->c);
    tls_free(x->s);
    x->c = x->s = NULL;
    close(x->cfd);
    close(x->sfd);
}

FIXTURE void ends_new(struct ends *x)
{
    *x = (struct ends){.cfd = -1};
    assert_true(sodium_init() >= 0);
    sign_new(&x->station);
    sign_new(&x->hub);
    assert_int_equal(tls_keys_new(&x->ck, TLS_CLIENT, &x->station), ERR_OK);
    assert_int_equal(tls_keys_new(&x->sk, TLS_SERVER, &x->hub), ERR_OK);
}

FIXTURE void ends_free(struct ends *x)
{
    tls_keys_free(x->ck);
    tls_keys_free(x->sk);
    buf_free(&x->ticket);
}

/* Until both have said something else than ERR_AGAIN. */
FIXTURE void ends_shake(struct ends *x, enum err *c, enum err *s)
{
    *c = *s = ERR_AGAIN;
    for (int i = 0; i < 100 && (*c == ERR_AGAIN || *s == ERR_AGAIN); i++) {
        if (*c == ERR_AGAIN)
            *c = tls_handshake(x->c);
        if (*s == ERR_AGAIN)
            *s = tls_handshake(x->s);
    }
}

FIXTURE void ends_ready(struct ends *x)
{
    enum err c, s;
    ends_shake(x, &c, &s);
    assert_int_equal(c, ERR_OK);
    assert_int_equal(s, ERR_OK);
}

/* The client reads what is there, which brings the ticket, and keeps it. */
FIXTURE void ends_keep_ticket(struct ends *x)
{
    uint8_t b[16];
    size_t n;
    assert_int_equal(tls_read(x->c, b, sizeof b, &n), ERR_AGAIN);
    assert_int_equal(tls_ticket(x->c, &x->ticket), ERR_OK);
}

#endif
