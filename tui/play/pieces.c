#include "tui/play/pieces.h"

#include "storage/base/socket.h"
#include "storage/limits.h"
#include "tui/play/wire.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct kept {
    const struct recording_blob *blob; /* NULL: none */
    uint8_t *p;                        /* BLOB_PLAIN_MAX, made at the first use */
    size_t n;
    uint64_t used; /* the count of questions then */
};

struct pieces {
    const struct station *station;
    const struct user *user;
    const struct recording_file *file;
    struct kept kept[PIECES_KEPT];
    uint64_t questions;
};

enum err pieces_new(struct pieces **out, const struct station *s, const struct user *u, const struct recording_file *f)
{
    struct pieces *p = calloc(1, sizeof *p);
    *out = p;
    if (!p)
        return err_set(ERR_NOMEM, "out of memory");
    p->station = s;
    p->user = u;
    p->file = f;
    return ERR_OK;
}

void pieces_free(struct pieces *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < PIECES_KEPT; i++) {
        if (p->kept[i].p)
            sodium_munlock(p->kept[i].p, BLOB_PLAIN_MAX); /* wipes it, too */
        free(p->kept[i].p);
    }
    free(p);
}

/* Blobs cover the file without a gap, in order; offset is within it. */
static const struct recording_blob *blob_at(const struct recording_file *f, uint64_t offset)
{
    size_t low = 0, high = f->n_blobs;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (f->blobs[middle].offset <= offset)
            low = middle;
        else
            high = middle;
    }
    return &f->blobs[low];
}

static enum err keep(void *ctx, const uint8_t *bytes, size_t n)
{
    struct kept *k = ctx;
    assert(n <= BLOB_PLAIN_MAX - k->n);
    memcpy(k->p + k->n, bytes, n);
    k->n += n;
    return ERR_OK;
}

static enum err unseal(struct pieces *p, const struct recording_blob *b, struct kept *k)
{
    k->blob = NULL;
    k->n = 0;
    if (!k->p) {
        k->p = malloc(BLOB_PLAIN_MAX);
        if (!k->p)
            return err_set(ERR_NOMEM, "out of memory");
        /* beyond the account's limit of locked memory it works all the same */
        if (sodium_mlock(k->p, BLOB_PLAIN_MAX) != 0)
            errno = 0;
    }
    enum err e = recording_read(p->station, p->user, p->file, b->offset, b->offset + b->length, keep, k);
    if (!e)
        k->blob = b;
    return e;
}

enum err pieces_get(struct pieces *p, uint64_t offset, size_t n, const uint8_t **bytes, size_t *got)
{
    *bytes = NULL;
    *got = 0;
    if (offset >= p->file->size || n == 0)
        return ERR_OK;
    const struct recording_blob *b = blob_at(p->file, offset);
    struct kept *k = NULL, *oldest = &p->kept[0];
    for (size_t i = 0; i < PIECES_KEPT; i++) {
        if (p->kept[i].blob == b)
            k = &p->kept[i];
        if (p->kept[i].used < oldest->used)
            oldest = &p->kept[i];
    }
    if (!k) {
        k = oldest;
        enum err e = unseal(p, b, k);
        if (e)
            return e;
    }
    k->used = ++p->questions;
    size_t start = (size_t)(offset - b->offset);
    *bytes = k->p + start;
    *got = k->n - start < n ? k->n - start : n;
    return ERR_OK;
}

enum err pieces_wait(int fd)
{
    struct pollfd ask = {.fd = fd, .events = POLLIN | POLLRDHUP};
    while (poll(&ask, 1, -1) < 0)
        if (errno != EINTR)
            return err_errno(ERR_IO, "cannot wait for the player");
    return ask.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)
               ? err_set(ERR_AGAIN, "the player ended before it asked for anything")
               : ERR_OK;
}

static enum wire_code code_of(enum err e)
{
    return e == ERR_OK        ? WIRE_OK
           : e == ERR_NOINPUT ? WIRE_NOT_HERE
           : e == ERR_BAD     ? WIRE_BAD
           : e == ERR_DATA    ? WIRE_BAD
                              : WIRE_FAULT;
}

enum err pieces_serve(struct pieces *p, int fd, struct pulse *pulse, uint64_t *served)
{
    uint8_t head[WIRE_ANSWER];
    char why[512] = "";
    enum err first = ERR_OK, e;
    *served = 0;
    while ((e = socket_receive(fd, head, WIRE_REQUEST)) == ERR_OK) {
        struct wire_request r;
        const uint8_t *bytes;
        size_t n;
        if (!wire_get_request(&r, head)) {
            e = err_set(ERR_DATA, "the player asked for %u bytes at once, at most %u are allowed; playing was ended",
                        r.length, WIRE_PIECE_MAX);
            break;
        }
        enum err got = pieces_get(p, r.offset, r.length, &bytes, &n);
        if (got && !first) {
            first = got;
            snprintf(why, sizeof why, "%s", err_text());
        }
        wire_put_answer(head,
                        &(struct wire_answer){.code = code_of(got), .length = (uint32_t)n, .size = p->file->size});
        e = socket_send(fd, head, WIRE_ANSWER);
        if (!e)
            e = socket_send(fd, bytes, n);
        if (e)
            break;
        *served += n;
        pulse_add(pulse, n);
    }
    if (e != ERR_END)
        return e;
    return first ? err_set(first, "%s", why) : ERR_OK;
}
