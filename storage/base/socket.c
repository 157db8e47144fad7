#include "storage/base/socket.h"

#include "storage/base/lang.h"

#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>

static enum err failed(const char *what)
{
    if (errno == EPIPE || errno == ECONNRESET)
        return ERR_END;
    return err_errno(ERR_IO, "%s", _(what));
}

enum err socket_send(int fd, const void *p, size_t n)
{
    const uint8_t *at = p;
    while (n) {
        ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return failed(N_("cannot write to the other program"));
        at += sent;
        n -= (size_t)sent;
    }
    return ERR_OK;
}

enum err socket_receive(int fd, void *p, size_t n)
{
    uint8_t *at = p;
    while (n) {
        ssize_t got = recv(fd, at, n, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return failed(N_("cannot read from the other program"));
        if (got == 0)
            return ERR_END;
        at += got;
        n -= (size_t)got;
    }
    return ERR_OK;
}
