#include "tui/play/ask.h"

#include "storage/base/socket.h"

#include <sys/socket.h>

/* Takes the n bytes of an answer, for a length that was asked for. */
static bool exchange(struct ask *a, void *p, uint32_t n, uint32_t *got)
{
    uint8_t request[WIRE_REQUEST], head[WIRE_ANSWER];
    struct wire_answer answer;
    wire_put_request(request, &(struct wire_request){a->at, n});
    if (socket_send(a->fd, request, sizeof request) || socket_receive(a->fd, head, sizeof head) ||
        !wire_get_answer(&answer, head) || answer.length > n || socket_receive(a->fd, p, answer.length)) {
        if (!atomic_load(&a->ended))
            atomic_store(&a->failed, ASK_GONE);
        return false;
    }
    if (answer.code != WIRE_OK) {
        atomic_store(&a->failed, (int)answer.code);
        return false;
    }
    a->size = answer.size;
    *got = answer.length;
    return true;
}

enum err ask_begin(struct ask *a, int fd)
{
    uint32_t none;
    uint8_t nothing;
    a->fd = fd;
    a->size = a->at = 0;
    atomic_init(&a->failed, 0);
    atomic_init(&a->ended, false);
    return exchange(a, &nothing, 0, &none) ? ERR_OK : ask_error(a);
}

int64_t ask_read(struct ask *a, void *p, uint64_t n)
{
    uint32_t got;
    if (atomic_load(&a->failed) == ASK_GONE || !exchange(a, p, n < WIRE_PIECE_MAX ? (uint32_t)n : WIRE_PIECE_MAX, &got))
        return -1;
    a->at += got;
    return got;
}

void ask_end(struct ask *a)
{
    atomic_store(&a->ended, true);
    shutdown(a->fd, SHUT_RDWR);
}

enum err ask_error(const struct ask *a)
{
    switch (atomic_load(&a->failed)) {
    case 0:
        return ERR_OK;
    case WIRE_NOT_HERE:
        return err_set(ERR_NOINPUT, "a part of the recording is not on this station; feldsher recordings pull");
    case WIRE_BAD:
        return err_set(ERR_BAD, "a part of the recording is damaged");
    case WIRE_FAULT:
        return err_set(ERR_IO, "a part of the recording cannot be opened");
    default:
        return err_set(ERR_AGAIN, "the program that opens the recording has ended; start playing again");
    }
}
