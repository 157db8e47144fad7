#include "sync/client/progress.h"

#include <stdlib.h>
#include <string.h>

/* Names are hashes already. */
static size_t place(const struct progress *t, const struct hash *name)
{
    size_t i = 0;
    memcpy(&i, name->b, sizeof i);
    i &= t->cap - 1;
    while (t->v[i].state != PROGRESS_NONE && !hash_same(&t->v[i].name, name))
        i = (i + 1) & (t->cap - 1);
    return i;
}

struct progress_of *progress_find(const struct progress *t, const struct hash *name)
{
    if (!t->cap)
        return NULL;
    struct progress_of *o = &t->v[place(t, name)];
    return o->state == PROGRESS_NONE ? NULL : o;
}

static enum err grow(struct progress *t)
{
    struct progress more = {.cap = t->cap ? 2 * t->cap : 64, .n = t->n};
    more.v = calloc(more.cap, sizeof *more.v);
    if (!more.v)
        return err_set(ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < t->cap; i++)
        if (t->v[i].state != PROGRESS_NONE)
            more.v[place(&more, &t->v[i].name)] = t->v[i];
    free(t->v);
    *t = more;
    return ERR_OK;
}

enum err progress_add(struct progress *t, const struct hash *name, struct progress_of **out)
{
    enum err e = ERR_OK;
    *out = progress_find(t, name);
    if (*out)
        return ERR_OK;
    if (2 * t->n >= t->cap)
        e = grow(t);
    if (e)
        return e;
    *out = &t->v[place(t, name)];
    **out = (struct progress_of){.name = *name, .state = PROGRESS_SOME};
    t->n++;
    return ERR_OK;
}

void progress_free(struct progress *t)
{
    free(t->v);
}
