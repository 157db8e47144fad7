#include "sync/hub/store_memory_pieces.h"

#include <string.h>

struct pieces {
    struct hash name;
    struct buf bytes;
    struct partial_range held[PARTIAL_RUNS_MAX];
    size_t n;
};

static size_t count(const struct store_memory_pieces *s)
{
    return s->list.len / sizeof(struct pieces);
}

static struct pieces *at(const struct store_memory_pieces *s, size_t i)
{
    void *p = s->list.p + i * sizeof(struct pieces);
    return p;
}

static struct pieces *find(const struct store_memory_pieces *s, const struct hash *name)
{
    for (size_t i = 0; i < count(s); i++)
        if (hash_same(&at(s, i)->name, name))
            return at(s, i);
    return NULL;
}

void store_memory_pieces_free(struct store_memory_pieces *s)
{
    for (size_t i = 0; i < count(s); i++)
        buf_free(&at(s, i)->bytes);
    buf_free(&s->list);
}

void store_memory_pieces_held(const struct store_memory_pieces *s, const struct hash *name, uint64_t size,
                              struct partial_range held[static PARTIAL_RUNS_MAX], size_t *n)
{
    const struct pieces *p = find(s, name);
    *n = 0;
    for (size_t i = 0; p && i < p->n; i++)
        if (p->held[i].from < size)
            held[(*n)++] = (struct partial_range){p->held[i].from, p->held[i].to < size ? p->held[i].to : size};
}

/* Copies what is not held; the first that came stays. */
static void fill_gaps(struct pieces *p, uint64_t from, const uint8_t *bytes, uint64_t to)
{
    uint64_t place = from;
    for (size_t i = 0; i <= p->n && place < to; i++) {
        uint64_t end = i < p->n && p->held[i].from < to ? p->held[i].from : to;
        if (end > place)
            memcpy(p->bytes.p + place, bytes + (place - from), end - place);
        if (i < p->n && p->held[i].to > place)
            place = p->held[i].to;
    }
}

static enum err add(struct pieces *p, uint64_t offset, const void *bytes, size_t n)
{
    struct partial_range held[PARTIAL_RUNS_MAX];
    size_t n_held = p->n, end = (size_t)offset + n;
    memcpy(held, p->held, sizeof held);
    bool first = offset == 0 || (n_held && held[0].from == 0); /* the first byte always has a place */
    if (!partial_range_add(held, &n_held, offset, end) || n_held > PARTIAL_RUNS_MAX - !first)
        return err_set(ERR_DATA, "an object came in more than %u places at once", PARTIAL_RUNS_MAX);
    enum err e = end > p->bytes.len ? buf_reserve(&p->bytes, end - p->bytes.len) : ERR_OK;
    if (e)
        return e;
    if (end > p->bytes.len)
        p->bytes.len = end;
    fill_gaps(p, offset, bytes, end);
    memcpy(p->held, held, sizeof held);
    p->n = n_held;
    return ERR_OK;
}

enum err store_memory_pieces_write(struct store_memory_pieces *s, const struct hash *name, uint64_t size,
                                   uint64_t offset, const void *bytes, size_t n)
{
    const struct pieces new = {.name = *name};
    enum err e = ERR_OK;
    if (offset > size || n > size - offset)
        return err_set(ERR_DATA, "bytes behind the end of an object of %llu", (unsigned long long)size);
    if (n && !find(s, name))
        e = buf_add(&s->list, &new, sizeof new);
    struct pieces *p = find(s, name);
    return e || !p || n == 0 ? e : add(p, offset, bytes, n);
}

enum err store_memory_pieces_take(struct store_memory_pieces *s, const struct hash *name, uint64_t size,
                                  struct buf *out)
{
    struct pieces *p = find(s, name);
    if (size == 0)
        return ERR_OK;
    if (!p || p->n == 0 || p->held[0].from || p->held[0].to < size)
        return err_set(ERR_AGAIN, "pieces of an object went meanwhile");
    *out = p->bytes;
    out->len = (size_t)size;
    p->bytes = (struct buf){0};
    store_memory_pieces_drop(s, name);
    return ERR_OK;
}

void store_memory_pieces_drop(struct store_memory_pieces *s, const struct hash *name)
{
    struct pieces *p = find(s, name);
    if (!p)
        return;
    buf_free(&p->bytes);
    s->list.len -= sizeof *p;
    *p = *at(s, count(s));
}
