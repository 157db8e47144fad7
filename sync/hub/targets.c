#include "sync/hub/targets.h"

#include "sync/limits.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static enum err add(struct targets *t, const struct roster_station *station, struct have *have)
{
    if (t->n == EXPORT_TARGETS_MAX)
        return err_set(ERR_DATA, "more than %u stations on one stick; export the rest onto another one",
                       EXPORT_TARGETS_MAX);
    struct target *more = reallocarray(t->list, t->n + 1, sizeof *more);
    if (!more)
        return err_set(ERR_NOMEM, "out of memory");
    t->list = more;
    more[t->n++] = (struct target){.station = station, .have = have};
    return ERR_OK;
}

struct reading {
    struct targets *t;
    struct walk *w;
    const struct roster *r;
};

static enum err one_have(void *ctx, const char *path, const char *name, uint64_t size)
{
    const struct reading *in = ctx;
    struct buf text = {.max = HAVE_MAX};
    struct have *h = NULL;
    enum err e = ERR_OK;
    if (in->t->bytes + size > EXPORT_HAVES_MAX)
        e = err_set(ERR_DATA, "the have texts on this stick are too large together");
    if (!e)
        e = stick_read(in->w->stick, path, HAVE_MAX, &text);
    if (!e)
        e = have_parse(&h, (const char *)text.p, text.len);
    if (!e)
        e = have_check(h, in->r);
    if (!e && strcmp(h->chain, name) != 0)
        e = err_set(ERR_DATA, "it is the have text of another chain than its name says");
    if (!e)
        e = add(in->t, roster_chain(in->r, h->chain), h);
    if (!e)
        in->t->bytes += text.len;
    else
        have_free(h);
    buf_free(&text);
    if (e == ERR_DENIED) { /* of a station revoked since: no fault of the stick; the roster tells it */
        in->t->revoked++;
        return ERR_OK;
    }
    return e && !stick_stops(e) ? refuse_item(in->w->refuse, path, err_text()) : e;
}

enum err targets_read(struct targets *t, struct walk *w, const struct roster *r)
{
    struct reading in = {t, w, r};
    return walk_folder(w, "have", WALK_FILE, one_have, &in);
}

enum err targets_name(struct targets *t, const struct roster *r, const char *name)
{
    const struct roster_station *s = roster_station(r, name);
    if (!s)
        return err_set(ERR_NOINPUT, "the roster knows no station %s in force", name);
    for (size_t i = 0; i < t->n; i++)
        if (t->list[i].station == s)
            return ERR_OK;
    return add(t, s, NULL);
}

struct routing {
    struct target *target;
    struct store *store;
    const struct roster *roster;
};

/* The last label behind `after` that is delivered to the station; 0: none. */
static enum err last_delivered(const struct routing *in, const struct store_chain *c, uint64_t after, uint64_t *last)
{
    struct buf text = {.max = LABEL_MAX};
    enum err e = ERR_OK;
    *last = 0;
    for (uint64_t seq = c->seq; seq > after && !*last && !e; seq--) {
        struct label l;
        e = in->store->label(in->store, c->id, seq, &text);
        if (!e)
            e = label_parse(&l, (const char *)text.p, text.len);
        if (!e && roster_delivers(in->roster, in->target->station, l.to))
            *last = seq;
    }
    buf_free(&text);
    return e;
}

static enum err one_chain(void *ctx, const struct store_chain *c)
{
    const struct routing *in = ctx;
    struct target *t = in->target;
    const struct have_head *head = t->have ? have_head(t->have, c->id) : NULL;
    struct route r = {.own = strcmp(c->id, t->station->chain) == 0, .from = head ? head->seq + 1 : 1, .upto = c->seq};
    if (c->seq == 0 || c->damaged)
        return ERR_OK;
    memcpy(r.chain, c->id, sizeof r.chain);
    if (!r.own) {
        enum err e = last_delivered(in, c, r.from - 1, &r.upto);
        if (stick_stops(e))
            return e;
        if (e || (r.upto == 0 && !head))
            return ERR_OK; /* damaged (for verify to name), or not for this station */
    }
    /* what came behind the last label that a revocation accepts stays here */
    const struct roster_station *of = roster_chain(in->roster, c->id);
    if (of && of->revoked && of->last_seq < r.upto)
        r.upto = of->last_seq;
    struct route *more = reallocarray(t->routes, t->n_routes + 1, sizeof *more);
    if (!more)
        return err_set(ERR_NOMEM, "out of memory");
    t->routes = more;
    more[t->n_routes++] = r;
    return ERR_OK;
}

enum err targets_route(struct targets *t, struct store *s, const struct roster *r)
{
    enum err e = ERR_OK;
    for (size_t i = 0; i < t->n && !e; i++) {
        struct routing in = {&t->list[i], s, r};
        e = s->each_chain(s, one_chain, &in);
    }
    return e;
}

void targets_free(struct targets *t)
{
    for (size_t i = 0; i < t->n; i++) {
        have_free(t->list[i].have);
        free(t->list[i].routes);
    }
    free(t->list);
    *t = (struct targets){0};
}
