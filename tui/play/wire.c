#include "tui/play/wire.h"

#include "storage/base/lang.h"

#include <errno.h>
#include <sys/socket.h>

static void put(uint8_t *p, int n, uint64_t v)
{
    for (int i = 0; i < n; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t get(const uint8_t *p, int n)
{
    uint64_t v = 0;
    for (int i = 0; i < n; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

void wire_put_request(uint8_t p[static WIRE_REQUEST], const struct wire_request *r)
{
    put(p, 8, r->offset);
    put(p + 8, 4, r->length);
}

bool wire_get_request(struct wire_request *r, const uint8_t p[static WIRE_REQUEST])
{
    *r = (struct wire_request){.offset = get(p, 8), .length = (uint32_t)get(p + 8, 4)};
    return r->length <= WIRE_PIECE_MAX;
}

void wire_put_answer(uint8_t p[static WIRE_ANSWER], const struct wire_answer *a)
{
    put(p, 4, a->code);
    put(p + 4, 4, a->length);
    put(p + 8, 8, a->size);
}

bool wire_get_answer(struct wire_answer *a, const uint8_t p[static WIRE_ANSWER])
{
    uint64_t code = get(p, 4);
    if (code > WIRE_FAULT)
        return false;
    *a = (struct wire_answer){.code = (enum wire_code)code, .length = (uint32_t)get(p + 4, 4), .size = get(p + 8, 8)};
    return a->length <= WIRE_PIECE_MAX && a->size <= INT64_MAX && (a->code == WIRE_OK || a->length == 0);
}

static enum err failed(const char *what)
{
    if (errno == EPIPE || errno == ECONNRESET)
        return ERR_END;
    return err_errno(ERR_IO, "%s", _(what));
}

enum err wire_send(int fd, const void *p, size_t n)
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

enum err wire_receive(int fd, void *p, size_t n)
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
