#include "sync/client/needs.h"

#include <stdlib.h>
#include <string.h>

static size_t place(const struct needs *s, const struct hash *name)
{
    uint64_t h;
    memcpy(&h, name->b, sizeof h); /* a hash is as good as random */
    return (size_t)h & (s->cap - 1);
}

struct need *needs_find(const struct needs *s, const struct hash *name)
{
    if (!s->cap)
        return NULL;
    for (size_t i = place(s, name); s->v[i].state != NEED_FREE; i = (i + 1) & (s->cap - 1))
        if (s->v[i].state == NEED_SET && hash_same(&s->v[i].name, name))
            return &s->v[i];
    return NULL;
}

static void put(struct needs *s, const struct need *n)
{
    size_t i = place(s, &n->name);
    while (s->v[i].state != NEED_FREE)
        i = (i + 1) & (s->cap - 1);
    s->v[i] = *n;
    s->v[i].state = NEED_SET;
    s->used++;
}

static enum err grow(struct needs *s)
{
    struct needs more = {.cap = s->cap ? 2 * s->cap : 64};
    more.v = calloc(more.cap, sizeof *more.v);
    if (!more.v)
        return err_set(ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < s->cap; i++)
        if (s->v[i].state == NEED_SET)
            put(&more, &s->v[i]);
    free(s->v);
    *s = more;
    return ERR_OK;
}

enum err needs_add(struct needs *s, const struct need *n)
{
    struct need *old = needs_find(s, &n->name);
    if (old) {
        *old = *n;
        old->state = NEED_SET;
        return ERR_OK;
    }
    if (4 * (s->used + 1) > 3 * s->cap) {
        enum err e = grow(s);
        if (e)
            return e;
    }
    put(s, n);
    return ERR_OK;
}

void needs_drop(struct needs *s, const struct hash *name)
{
    struct need *n = needs_find(s, name);
    if (n)
        n->state = NEED_GONE;
}

void needs_free(struct needs *s)
{
    free(s->v);
    memset(s, 0, sizeof *s);
}
