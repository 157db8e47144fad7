#include "sync/hub/store.h"

#include "sync/limits.h"

#include <stdlib.h>
#include <string.h>

/* The twin in memory: the plainest thing that keeps store.h's promises, but
 * that changes stand at once, so rollback undoes nothing. */

struct text {
    struct buf b;
    struct hash hash;
};

struct mem_chain {
    struct store_chain c;
    struct text *labels; /* c.seq of them */
    struct text *asides;
    size_t n_asides;
    uint64_t aside_bytes;
};

struct mem_object {
    struct hash name;
    struct buf bytes;
    size_t payer; /* a chain's place */
};

struct memory {
    struct store store; /* first: a struct store * is one of these */
    struct mem_chain *chains;
    size_t n_chains;
    struct store_need *needs;
    size_t n_needs;
    struct mem_object *objects;
    size_t n_objects;
    uint64_t space;
};

static struct memory *self(struct store *s)
{
    return (struct memory *)s;
}

/* list with one more element, zeroed; NULL leaves list as it was. */
static void *grown(void *list, size_t n, size_t size)
{
    char *more = reallocarray(list, n + 1, size);
    if (!more)
        (void)err_set(ERR_NOMEM, "out of memory");
    else
        memset(more + n * size, 0, size);
    return more;
}

static struct mem_chain *find(struct memory *m, const char *id)
{
    for (size_t i = 0; i < m->n_chains; i++)
        if (strcmp(m->chains[i].c.id, id) == 0)
            return &m->chains[i];
    return NULL;
}

static enum err make(struct memory *m, const char *id, struct mem_chain **out)
{
    *out = find(m, id);
    if (*out)
        return ERR_OK;
    struct mem_chain *more = grown(m->chains, m->n_chains, sizeof *more);
    if (!more)
        return ERR_NOMEM;
    m->chains = more;
    *out = &more[m->n_chains++];
    strncpy((*out)->c.id, id, CHAIN_ID - 1);
    return ERR_OK;
}

static struct mem_object *find_object(struct memory *m, const struct hash *name)
{
    for (size_t i = 0; i < m->n_objects; i++)
        if (hash_same(&m->objects[i].name, name))
            return &m->objects[i];
    return NULL;
}

static void close_store(struct store *s)
{
    struct memory *m = self(s);
    for (size_t i = 0; i < m->n_chains; i++) {
        struct mem_chain *c = &m->chains[i];
        for (uint64_t k = 0; k < c->c.seq; k++)
            buf_free(&c->labels[k].b);
        for (size_t k = 0; k < c->n_asides; k++)
            buf_free(&c->asides[k].b);
        free(c->labels);
        free(c->asides);
    }
    for (size_t i = 0; i < m->n_objects; i++)
        buf_free(&m->objects[i].bytes);
    free(m->chains);
    free(m->needs);
    free(m->objects);
    free(m);
}

static enum err nothing(struct store *s)
{
    (void)s;
    return ERR_OK;
}

static void rollback(struct store *s)
{
    (void)s;
}

static enum err chain(struct store *s, const char *id, struct store_chain *out)
{
    const struct mem_chain *c = find(self(s), id);
    *out = (struct store_chain){.seq = 0};
    strncpy(out->id, id, CHAIN_ID - 1);
    if (c)
        *out = c->c;
    return ERR_OK;
}

static enum err each_chain(struct store *s, store_chain_fn *fn, void *ctx)
{
    struct memory *m = self(s);
    enum err e = ERR_OK;
    for (size_t i = 0; i < m->n_chains && !e; i++) {
        struct store_chain copy = m->chains[i].c;
        e = fn(ctx, &copy);
    }
    return e;
}

static enum err add_need(struct memory *m, const char *chain_id, uint64_t seq, enum store_kind kind,
                         const struct hash *name, uint64_t size)
{
    for (size_t i = 0; i < m->n_needs; i++) {
        const struct store_need *n = &m->needs[i];
        if (hash_same(&n->name, name) && n->seq == seq && n->kind == kind && strcmp(n->chain, chain_id) == 0)
            return ERR_OK;
    }
    struct store_need *more = grown(m->needs, m->n_needs, sizeof *more);
    if (!more)
        return ERR_NOMEM;
    m->needs = more;
    struct store_need *n = &more[m->n_needs++];
    const struct mem_object *o = find_object(m, name);
    n->kind = kind;
    n->state = o && (!size || o->bytes.len == size) ? STORE_HELD : STORE_WANTED;
    n->name = *name;
    n->size = size;
    n->seq = seq;
    strncpy(n->chain, chain_id, CHAIN_ID - 1);
    return ERR_OK;
}

static enum err append(struct store *s, const struct label *l)
{
    struct memory *m = self(s);
    struct mem_chain *c;
    enum err e = make(m, l->chain, &c);
    struct text *more = e ? NULL : grown(c->labels, c->c.seq, sizeof *more);
    if (!more)
        return ERR_NOMEM;
    c->labels = more;
    e = buf_add(&c->labels[c->c.seq].b, l->text, l->len);
    if (e)
        return e;
    c->labels[c->c.seq].hash = label_hash(l);
    c->c.seq = l->seq;
    c->c.head = label_hash(l);
    c->c.time = l->time;
    c->c.bytes += l->len;
    c->c.changed = true;
    e = add_need(m, l->chain, l->seq, STORE_BATCH, &l->object, l->size);
    if (!e && !hash_is_zero(&l->parts))
        e = add_need(m, l->chain, l->seq, STORE_PARTS, &l->parts, 0);
    return e;
}

static enum err label(struct store *s, const char *id, uint64_t seq, struct buf *out)
{
    const struct mem_chain *c = find(self(s), id);
    buf_clear(out);
    if (!c || seq == 0 || seq > c->c.seq)
        return err_set(ERR_NOINPUT, "label %llu of chain %s is not here", (unsigned long long)seq, id);
    return buf_add(out, c->labels[seq - 1].b.p, c->labels[seq - 1].b.len);
}

static enum err heard(struct store *s, const char *id, int64_t now)
{
    struct mem_chain *c;
    enum err e = make(self(s), id, &c);
    if (!e) {
        c->c.heard = now;
        c->c.changed = true;
    }
    return e;
}

static enum err settled(struct store *s, const char *id)
{
    struct mem_chain *c = find(self(s), id);
    if (c)
        c->c.changed = false;
    return ERR_OK;
}

static enum err alarm_chain(struct store *s, const char *id, uint64_t seq, const struct hash *a, const struct hash *b)
{
    struct mem_chain *c;
    enum err e = make(self(s), id, &c);
    if (e || c->c.alarm_seq)
        return e;
    c->c.alarm_seq = seq;
    c->c.alarm_a = *a;
    c->c.alarm_b = *b;
    c->c.changed = true;
    return ERR_OK;
}

static enum err aside(struct store *s, const struct label *l, const void *batch, size_t n, bool *kept)
{
    struct mem_chain *c;
    struct hash h = label_hash(l);
    (void)batch;
    *kept = false;
    enum err e = make(self(s), l->chain, &c);
    for (size_t i = 0; !e && i < c->n_asides; i++)
        if (hash_same(&c->asides[i].hash, &h))
            return ERR_OK;
    if (e || c->n_asides >= ASIDE_LABELS_MAX)
        return e;
    struct text *more = grown(c->asides, c->n_asides, sizeof *more);
    if (!more)
        return ERR_NOMEM;
    c->asides = more;
    e = buf_add(&c->asides[c->n_asides].b, l->text, l->len);
    if (e)
        return e;
    c->asides[c->n_asides++].hash = h;
    if (c->aside_bytes + n <= ASIDE_BYTES_MAX)
        c->aside_bytes += n;
    *kept = true;
    return ERR_OK;
}

static enum err want(struct store *s, const char *id, uint64_t seq, const struct hash *blob, uint64_t size)
{
    return add_need(self(s), id, seq, STORE_BLOB, blob, size);
}

static enum err look(struct store *s, const struct hash *name, uint64_t size, struct store_need *need)
{
    const struct memory *m = self(s);
    *need = (struct store_need){.state = STORE_UNKNOWN, .name = *name};
    for (size_t i = 0; i < m->n_needs; i++)
        if (hash_same(&m->needs[i].name, name))
            store_rank(need, &m->needs[i], size);
    return ERR_OK;
}

static enum err each_need(struct store *s, const struct hash *name, store_need_fn *fn, void *ctx)
{
    const struct memory *m = self(s);
    enum err e = ERR_OK;
    for (size_t i = 0; i < m->n_needs && !e; i++)
        if (hash_same(&m->needs[i].name, name)) {
            struct store_need one = m->needs[i]; /* fn may add needs */
            e = fn(ctx, &one);
        }
    return e;
}

static enum err each_wanted(struct store *s, const char *id, store_need_fn *fn, void *ctx)
{
    const struct memory *m = self(s);
    const struct mem_chain *c = find(self(s), id);
    enum err e = ERR_OK;
    for (uint64_t seq = 1; c && seq <= c->c.seq; seq++)
        for (size_t i = 0; i < m->n_needs && !e; i++)
            if (m->needs[i].seq == seq && m->needs[i].state == STORE_WANTED && strcmp(m->needs[i].chain, id) == 0) {
                struct store_need one = m->needs[i];
                e = fn(ctx, &one);
            }
    return e;
}

static enum err put(struct store *s, const char *id, const struct hash *name, uint64_t size, stick_fill *fill,
                    void *ctx)
{
    struct memory *m = self(s);
    struct mem_chain *c;
    struct buf bytes = {.max = size + 1};
    enum err e = make(m, id, &c);
    if (!e && size > m->space)
        e = err_set(ERR_FULL, "the store is full");
    if (!e && !find_object(m, name)) {
        e = fill(ctx, buf_sink, &bytes);
        struct hash h = hash_of(bytes.p, bytes.len);
        if (e == ERR_OK && (bytes.len != size || !hash_same(&h, name)))
            e = err_set(ERR_BAD, "the bytes of an object do not match its name");
        struct mem_object *more = e ? NULL : grown(m->objects, m->n_objects, sizeof *more);
        if (!more) {
            buf_free(&bytes);
            return e ? e : ERR_NOMEM;
        }
        m->objects = more;
        struct mem_object *o = &more[m->n_objects++];
        o->name = *name;
        o->bytes = bytes;
        o->payer = (size_t)(c - m->chains);
        m->space -= size;
        c->c.bytes += size;
    }
    for (size_t i = 0; i < m->n_needs && !e; i++) {
        struct store_need *n = &m->needs[i];
        if (!hash_same(&n->name, name) || n->state != STORE_WANTED || (n->size && n->size != size))
            continue;
        n->state = STORE_HELD;
        struct mem_chain *needs = find(m, n->chain);
        if (needs)
            needs->c.changed = true;
    }
    return e;
}

static enum err get(struct store *s, const struct hash *name, sink_fn *sink, void *ctx)
{
    const struct mem_object *o = find_object(self(s), name);
    return o ? sink(ctx, o->bytes.p, o->bytes.len) : err_set(ERR_NOINPUT, "an object is not here");
}

static bool size_of(struct store *s, const struct hash *name, uint64_t *size)
{
    const struct mem_object *o = find_object(self(s), name);
    *size = o ? o->bytes.len : 0;
    return o != NULL;
}

static enum err retire(struct store *s, const struct hash *parts, const char *order, int64_t now)
{
    (void)s;
    (void)parts;
    (void)order;
    (void)now;
    return ERR_OK;
}

static enum err remove_object(struct store *s, const struct hash *name, uint64_t *freed)
{
    struct memory *m = self(s);
    struct mem_object *o = find_object(m, name);
    *freed = o ? o->bytes.len : 0;
    if (o) {
        m->chains[o->payer].c.bytes -= o->bytes.len;
        buf_free(&o->bytes);
        *o = m->objects[--m->n_objects];
    }
    for (size_t i = 0; i < m->n_needs; i++)
        if (hash_same(&m->needs[i].name, name))
            m->needs[i].state = STORE_REMOVED;
    return ERR_OK;
}

static enum err space(struct store *s, uint64_t *bytes)
{
    *bytes = self(s)->space;
    return ERR_OK;
}

static enum err totals(struct store *s, struct store_totals *t)
{
    const struct memory *m = self(s);
    *t = (struct store_totals){.objects = m->n_objects};
    for (size_t i = 0; i < m->n_chains; i++) {
        t->chains += m->chains[i].c.seq > 0;
        t->labels += m->chains[i].c.seq;
        t->bytes += m->chains[i].c.bytes;
        t->alarms += m->chains[i].c.alarm_seq > 0;
    }
    for (size_t i = 0; i < m->n_needs; i++) {
        t->wanted += m->needs[i].state == STORE_WANTED;
        t->removed += m->needs[i].state == STORE_REMOVED;
    }
    return ERR_OK;
}

enum err store_memory_open(struct store **out, uint64_t room)
{
    struct memory *m = calloc(1, sizeof *m);
    *out = NULL;
    if (!m)
        return err_set(ERR_NOMEM, "out of memory");
    m->space = room;
    m->store = (struct store){.close = close_store,
                              .begin = nothing,
                              .commit = nothing,
                              .rollback = rollback,
                              .chain = chain,
                              .each_chain = each_chain,
                              .append = append,
                              .label = label,
                              .heard = heard,
                              .settled = settled,
                              .alarm = alarm_chain,
                              .aside = aside,
                              .want = want,
                              .look = look,
                              .each_need = each_need,
                              .each_wanted = each_wanted,
                              .put = put,
                              .get = get,
                              .size = size_of,
                              .retire = retire,
                              .remove = remove_object,
                              .space = space,
                              .totals = totals};
    *out = &m->store;
    return ERR_OK;
}
