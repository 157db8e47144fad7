#include "storage/vault/ring.h"

#include <stdlib.h>
#include <string.h>

#define ALIGN 4096u

enum err ring_init(struct ring *r, size_t slots, size_t slice)
{
    memset(r, 0, sizeof *r);
    r->n_slots = slots;
    r->slice = slice;
    r->mem = aligned_alloc(ALIGN, slots * slice);
    if (!r->mem)
        return err_set(ERR_NOMEM, "out of memory");
    if (pthread_mutex_init(&r->lock, NULL) != 0) {
        free(r->mem);
        return err_set(ERR_NOMEM, "out of memory");
    }
    if (pthread_cond_init(&r->moved, NULL) != 0) {
        pthread_mutex_destroy(&r->lock);
        free(r->mem);
        return err_set(ERR_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < slots; i++)
        r->slots[i].p = r->mem + i * slice;
    return ERR_OK;
}

void ring_free(struct ring *r)
{
    pthread_cond_destroy(&r->moved);
    pthread_mutex_destroy(&r->lock);
    free(r->mem);
}

struct ring_slot *ring_room(struct ring *r)
{
    pthread_mutex_lock(&r->lock);
    while (!r->broken && r->filled == r->n_slots)
        pthread_cond_wait(&r->moved, &r->lock);
    struct ring_slot *s = r->broken ? NULL : &r->slots[(r->first + r->filled) % r->n_slots];
    pthread_mutex_unlock(&r->lock);
    if (s) {
        s->n = 0;
        s->end = false;
    }
    return s;
}

void ring_put(struct ring *r)
{
    pthread_mutex_lock(&r->lock);
    r->filled++;
    if (r->filled == 1) /* the drainer may wait */
        pthread_cond_signal(&r->moved);
    pthread_mutex_unlock(&r->lock);
}

void ring_close(struct ring *r)
{
    pthread_mutex_lock(&r->lock);
    r->closed = true;
    pthread_cond_signal(&r->moved);
    pthread_mutex_unlock(&r->lock);
}

struct ring_slot *ring_next(struct ring *r)
{
    pthread_mutex_lock(&r->lock);
    while (!r->closed && r->filled == 0)
        pthread_cond_wait(&r->moved, &r->lock);
    struct ring_slot *s = r->filled ? &r->slots[r->first] : NULL;
    pthread_mutex_unlock(&r->lock);
    return s;
}

void ring_done(struct ring *r)
{
    pthread_mutex_lock(&r->lock);
    r->first = (r->first + 1) % r->n_slots;
    r->filled--;
    if (r->filled == r->n_slots / 2) /* a filler that waits is woken for several slots, not for each */
        pthread_cond_signal(&r->moved);
    pthread_mutex_unlock(&r->lock);
}

void ring_break(struct ring *r)
{
    pthread_mutex_lock(&r->lock);
    r->broken = true;
    pthread_cond_signal(&r->moved);
    pthread_mutex_unlock(&r->lock);
}
