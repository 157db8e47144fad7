#include "sync/hub/store_pieces.h"

#include <stdlib.h>
#include <sys/resource.h>

#define FILES_MIN 64u
#define FILES_MAX 4096u

struct store_piece {
    struct partial p;
    uint64_t used; /* when last, by the clock */
};

/* A quarter of what this process may open; the rest is for connections. */
void store_pieces_init(struct store_pieces *s, const char *dir)
{
    struct rlimit l = {.rlim_cur = 0};
    *s = (struct store_pieces){.dir = dir};
    if (getrlimit(RLIMIT_NOFILE, &l) < 0)
        l.rlim_cur = 0;
    s->files_max = l.rlim_cur / 4 > FILES_MAX ? FILES_MAX : (size_t)l.rlim_cur / 4;
    if (s->files_max < FILES_MIN)
        s->files_max = FILES_MIN;
}

static void forget(struct store_pieces *s, size_t i)
{
    partial_close(&s->list[i].p);
    s->list[i] = s->list[--s->n];
}

void store_pieces_close(struct store_pieces *s)
{
    while (s->n)
        forget(s, s->n - 1);
    free(s->list);
    s->list = NULL;
    s->cap = 0;
}

static size_t find(const struct store_pieces *s, const struct hash *name)
{
    size_t i = 0;
    while (i < s->n && !hash_same(&s->list[i].p.name, name))
        i++;
    return i;
}

/* Room for one more, with all the files that it may have. */
static void make_room(struct store_pieces *s)
{
    for (;;) {
        size_t files = PARTIAL_RUNS_MAX, oldest = 0;
        for (size_t i = 0; i < s->n; i++) {
            files += s->list[i].p.n ? s->list[i].p.n : 1;
            if (s->list[i].used < s->list[oldest].used)
                oldest = i;
        }
        if (files <= s->files_max)
            return;
        forget(s, oldest);
    }
}

static enum err get(struct store_pieces *s, const struct hash *name, uint64_t size, struct partial **out)
{
    size_t i = find(s, name);
    *out = NULL;
    if (i < s->n && s->list[i].p.size != size) {
        forget(s, i);
        i = s->n;
    }
    if (i == s->n) {
        make_room(s);
        i = s->n;
        if (i == s->cap) {
            size_t cap = s->cap ? 2 * s->cap : 16;
            struct store_piece *more = reallocarray(s->list, cap, sizeof *more);
            if (!more)
                return err_set(ERR_NOMEM, "out of memory");
            s->list = more;
            s->cap = cap;
        }
        enum err e = partial_open(&s->list[i].p, s->dir, name, size);
        if (e)
            return e;
        s->n++;
    }
    s->list[i].used = ++s->clock;
    *out = &s->list[i].p;
    return ERR_OK;
}

enum err store_pieces_held(struct store_pieces *s, const struct hash *name, uint64_t size,
                           struct partial_range held[static PARTIAL_RUNS_MAX], size_t *n)
{
    struct partial *p;
    *n = 0;
    enum err e = get(s, name, size, &p);
    if (p)
        partial_held(p, held, n);
    return e;
}

enum err store_pieces_write(struct store_pieces *s, const struct hash *name, uint64_t size, uint64_t offset,
                            const void *p, size_t n)
{
    struct partial *one;
    enum err e = get(s, name, size, &one);
    return one ? partial_write(one, offset, p, n) : e;
}

enum err store_pieces_finish(struct store_pieces *s, const struct hash *name, uint64_t size, struct object_writer *w)
{
    struct partial *p;
    enum err e = get(s, name, size, &p);
    if (p)
        e = partial_finish(p, w);
    size_t i = find(s, name);
    if (i < s->n)
        forget(s, i);
    return e;
}

enum err store_pieces_drop(struct store_pieces *s, const struct hash *name)
{
    size_t i = find(s, name);
    if (i < s->n)
        forget(s, i);
    return partial_drop(s->dir, name);
}
