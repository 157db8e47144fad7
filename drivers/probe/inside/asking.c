#include "drivers/probe/inside/asking.h"

#include "storage/base/socket.h"

static bool head(struct asking *a, enum talk what, size_t n, uint64_t offset)
{
    uint8_t p[TALK_HEAD];
    talk_put_head(p, &(struct talk_head){what, (uint32_t)n, offset});
    a->gone = a->gone || socket_send(a->fd, p, sizeof p) != ERR_OK;
    return !a->gone;
}

enum err asking_read(void *asking, uint64_t offset, void *p, size_t n, size_t *got)
{
    struct asking *a = asking;
    uint8_t answer[TALK_ANSWER];
    uint32_t length = 0;
    size_t want = n < PROBE_PIECE_MAX ? n : PROBE_PIECE_MAX;
    *got = 0;
    if (!head(a, TALK_ASK, want, offset))
        return ERR_IO;
    a->gone = socket_receive(a->fd, answer, sizeof answer) != ERR_OK;
    if (!a->gone)
        talk_get_answer(answer, &length, &a->size);
    a->gone = a->gone || length > want || socket_receive(a->fd, p, length) != ERR_OK;
    *got = a->gone ? 0 : length;
    return a->gone ? ERR_IO : ERR_OK;
}

bool asking_say(struct asking *a, enum talk what, const void *p, size_t n)
{
    if (head(a, what, n, 0) && n)
        a->gone = socket_send(a->fd, p, n) != ERR_OK;
    return !a->gone;
}
