#include "sync/hub/gather.h"

#include "sync/hub/room_inside.h"

#include <stdlib.h>
#include <string.h>

static void drop(struct room *r, struct gathered *g)
{
    struct gathered **at = &r->in->texts;
    while (*at != g)
        at = &(*at)->next;
    *at = g->next;
    r->in->text_bytes -= spans_bytes(&g->have);
    free(g->bytes);
    free(g);
}

/* What nobody has been sending for the longest time gives way. */
static bool make_room(struct room *r, size_t n)
{
    while (r->in->text_bytes + n > HUB_TEXTS_BYTES) {
        struct gathered *oldest = NULL;
        for (struct gathered *g = r->in->texts; g; g = g->next)
            if (!g->users && (!oldest || g->used < oldest->used))
                oldest = g;
        if (!oldest)
            return false;
        drop(r, oldest);
    }
    return true;
}

enum err gather_open(struct room *r, const struct hash *name, uint64_t size, struct gathered **out)
{
    struct gathered *g = r->in->texts;
    while (g && !(hash_same(&g->name, name) && g->size == size))
        g = g->next;
    *out = g;
    if (g) {
        g->users++;
        return ERR_OK;
    }
    if (!make_room(r, 0) || size > PARTS_MAX)
        return err_set(ERR_FULL, "too many lists are half here already");
    g = calloc(1, sizeof *g);
    /* pages that nothing is written to take no memory: the size is a promise of
     * the other side's, what counts is what came */
    uint8_t *bytes = g ? malloc((size_t)size) : NULL;
    if (!bytes) {
        free(g);
        return err_set(ERR_NOMEM, "out of memory");
    }
    g->name = *name;
    g->size = size;
    g->bytes = bytes;
    g->users = 1;
    g->next = r->in->texts;
    r->in->texts = *out = g;
    return ERR_OK;
}

enum err gather_write(struct room *r, struct gathered *g, uint64_t offset, const uint8_t *p, size_t n)
{
    uint64_t before = spans_bytes(&g->have);
    if (offset > g->size || n > g->size - offset)
        return err_set(ERR_DATA, "bytes beyond the end");
    if (!make_room(r, n))
        return err_set(ERR_FULL, "too many lists are half here already");
    if (!spans_add(&g->have, offset, offset + n))
        return err_set(ERR_DATA, "it comes in too many pieces");
    memcpy(g->bytes + offset, p, n);
    r->in->text_bytes += spans_bytes(&g->have) - before;
    return ERR_OK;
}

void gather_close(struct room *r, struct gathered *g, bool over)
{
    g->users--;
    g->used = r->now;
    /* another conversation that sends it too goes on by itself */
    if (!g->users && (over || g->have.n == 0))
        drop(r, g);
}

void gather_free_all(struct room *r)
{
    while (r->in->texts)
        drop(r, r->in->texts);
}
