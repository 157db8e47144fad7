#include "storage/vault/ring.h"

#include <stdlib.h>
#include <string.h>

#define ALIGN 4096u

enum err ring_init(struct ring *r, unsigned stages, size_t slots, size_t slice)
{
    memset(r, 0, sizeof *r);
    r->n_slots = slots;
    r->mem = aligned_alloc(ALIGN, slots * slice);
    if (!r->mem)
        return err_set(ERR_NOMEM, "out of memory");
    bool good = pthread_mutex_init(&r->lock, NULL) == 0;
    while (good && r->n_stages < stages) {
        good = pthread_cond_init(&r->stages[r->n_stages].more, NULL) == 0;
        r->n_stages += good;
    }
    if (!good) {
        ring_free(r);
        return err_set(ERR_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < slots; i++)
        r->slots[i].p = r->mem + i * slice;
    r->stages[0].ready = slots;
    return ERR_OK;
}

void ring_free(struct ring *r)
{
    for (unsigned i = 0; i < r->n_stages; i++)
        pthread_cond_destroy(&r->stages[i].more);
    pthread_mutex_destroy(&r->lock);
    free(r->mem);
}

struct ring_slot *ring_take(struct ring *r, unsigned stage)
{
    struct ring_stage *s = &r->stages[stage];
    pthread_mutex_lock(&r->lock);
    while (!r->broken && !s->closed && s->ready == 0)
        pthread_cond_wait(&s->more, &r->lock);
    struct ring_slot *slot = r->broken || s->ready == 0 ? NULL : &r->slots[s->next];
    pthread_mutex_unlock(&r->lock);
    if (slot && stage == 0) {
        slot->n = 0;
        slot->end = false;
    }
    return slot;
}

void ring_pass(struct ring *r, unsigned stage)
{
    unsigned to = (stage + 1) % r->n_stages;
    pthread_mutex_lock(&r->lock);
    r->stages[stage].ready--;
    r->stages[stage].next = (r->stages[stage].next + 1) % r->n_slots;
    r->stages[to].ready++;
    /* a filler that waits is woken for several slots, not for each */
    if (r->stages[to].ready == (to ? 1 : r->n_slots / 2))
        pthread_cond_signal(&r->stages[to].more);
    pthread_mutex_unlock(&r->lock);
}

void ring_close(struct ring *r, unsigned stage)
{
    pthread_mutex_lock(&r->lock);
    r->stages[stage + 1].closed = true;
    pthread_cond_signal(&r->stages[stage + 1].more);
    pthread_mutex_unlock(&r->lock);
}

void ring_break(struct ring *r)
{
    pthread_mutex_lock(&r->lock);
    r->broken = true;
    for (unsigned i = 0; i < r->n_stages; i++)
        pthread_cond_signal(&r->stages[i].more);
    pthread_mutex_unlock(&r->lock);
}
