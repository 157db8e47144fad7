#include "sync/hub/serve_inside.h"

#include <string.h>

static size_t bucket(const char *name)
{
    uint64_t h = 1469598103934665603u; /* FNV-1a */
    for (; *name; name++)
        h = (h ^ (uint8_t)*name) * 1099511628211u;
    return (size_t)(h % CROWD_BUCKETS);
}

/* All supervisors' stations stand together: no unit has that name. */
static const char *unit_of(const struct peer *p)
{
    return p->supervisor ? "" : p->unit;
}

void crowd_add(struct peer *p)
{
    struct peer **chain = &p->serve->by_chain[bucket(p->chain)], **unit = &p->serve->by_unit[bucket(unit_of(p))];
    p->next_chain = *chain;
    *chain = p;
    p->next_unit = *unit;
    *unit = p;
    p->serve->n_talking++;
}

void crowd_remove(struct peer *p)
{
    struct peer **at = &p->serve->by_chain[bucket(p->chain)];
    while (*at && *at != p)
        at = &(*at)->next_chain;
    if (!*at)
        return; /* it was not let in */
    *at = p->next_chain;
    at = &p->serve->by_unit[bucket(unit_of(p))];
    while (*at != p)
        at = &(*at)->next_unit;
    *at = p->next_unit;
    p->serve->n_talking--;
}

size_t crowd_count(const struct serve *s, const char *chain, struct peer **oldest)
{
    size_t n = 0;
    *oldest = NULL;
    for (struct peer *p = s->by_chain[bucket(chain)]; p; p = p->next_chain)
        if (strcmp(p->chain, chain) == 0) {
            n++;
            if (!*oldest || p->began < (*oldest)->began)
                *oldest = p;
        }
    return n;
}

void crowd_queue(struct peer *p)
{
    struct serve *s = p->serve;
    if (p->queued)
        return;
    p->queued = true;
    p->next_queued = NULL;
    *s->queue_end = p;
    s->queue_end = &p->next_queued;
}

void crowd_each_chain(struct serve *s, const char *chain, crowd_fn *fn, void *ctx)
{
    for (struct peer *p = s->by_chain[bucket(chain)], *next; p; p = next) {
        next = p->next_chain;
        if (strcmp(p->chain, chain) == 0)
            fn(p, ctx);
    }
}

static void each_of_unit(struct serve *s, const char *unit, crowd_fn *fn, void *ctx)
{
    for (struct peer *p = s->by_unit[bucket(unit)], *next; p; p = next) {
        next = p->next_unit;
        if (strcmp(unit_of(p), unit) == 0)
            fn(p, ctx);
    }
}

void crowd_each_reader(struct serve *s, const char *to, crowd_fn *fn, void *ctx)
{
    char word[CIRCLE_LEN];
    for (; *to; to += strcspn(to, " ")) {
        to += strspn(to, " ");
        const char *slash = memchr(to, '/', strcspn(to, " "));
        size_t n = slash ? strcspn(slash + 1, " ") : 0;
        if (!n || n >= sizeof word)
            continue;
        memcpy(word, slash + 1, n);
        word[n] = '\0';
        each_of_unit(s, word, fn, ctx); /* twice for one is no harm */
    }
    each_of_unit(s, "", fn, ctx);
}

void crowd_each(struct serve *s, crowd_fn *fn, void *ctx)
{
    for (size_t i = 0; i < s->n_slots; i++)
        if (s->peers[i])
            fn(s->peers[i], ctx);
}
