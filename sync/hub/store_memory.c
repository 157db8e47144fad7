#include "storage/base/text.h"
#include "storage/base/clock.h"
#include "sync/hub/store_memory_pieces.h"
#include "sync/hub/store_refused.h"
#include "sync/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The twin in memory: the plainest thing that keeps store.h's promises, but
 * that changes stand at once, so rollback undoes nothing. */

/* Lists stand in buffers: an element a piece, so that they grow by
 * themselves. */
struct mem_chain {
    struct store_chain c;
    struct buf labels; /* of struct mem_text */
    struct buf asides;
    uint64_t aside_bytes;
    struct store_refused_list refused;
};

struct mem_text {
    struct hash hash;
    size_t n;
    char text[LABEL_MAX];
};

struct mem_object {
    struct hash name;
    struct buf bytes;
    char payer[CHAIN_ID];
};

struct memory {
    struct store store; /* first: a struct store * is one of these */
    struct buf chains, needs, objects;
    struct store_memory_pieces pieces;
    uint64_t space;
};

static struct memory *self(struct store *s)
{
    return (struct memory *)s;
}

static size_t count(const struct buf *list, size_t size)
{
    return list->len / size;
}

static void *at(const struct buf *list, size_t i, size_t size)
{
    return list->p + i * size;
}

static struct mem_chain *find(const struct memory *m, const char *id)
{
    for (size_t i = 0; i < count(&m->chains, sizeof(struct mem_chain)); i++) {
        struct mem_chain *c = at(&m->chains, i, sizeof *c);
        if (strcmp(c->c.id, id) == 0)
            return c;
    }
    return NULL;
}

static enum err make(struct memory *m, const char *id, struct mem_chain **out)
{
    struct mem_chain new = {.aside_bytes = 0};
    enum err e = ERR_OK;
    *out = find(m, id);
    if (!*out) {
        strncpy(new.c.id, id, CHAIN_ID - 1);
        e = buf_add(&m->chains, &new, sizeof new);
        *out = find(m, id);
    }
    return !e && !*out ? ERR_BUG : e;
}

static struct mem_object *find_object(const struct memory *m, const struct hash *name)
{
    for (size_t i = 0; i < count(&m->objects, sizeof(struct mem_object)); i++) {
        struct mem_object *o = at(&m->objects, i, sizeof *o);
        if (hash_same(&o->name, name))
            return o;
    }
    return NULL;
}

static enum err add_text(struct buf *list, const struct label *l)
{
    struct mem_text t = {.hash = label_hash(l), .n = l->len};
    memcpy(t.text, l->text, l->len);
    return buf_add(list, &t, sizeof t);
}

static void close_store(struct store *s)
{
    struct memory *m = self(s);
    for (size_t i = 0; i < count(&m->chains, sizeof(struct mem_chain)); i++) {
        struct mem_chain *c = at(&m->chains, i, sizeof *c);
        buf_free(&c->labels);
        buf_free(&c->asides);
        store_refused_free(&c->refused);
    }
    for (size_t i = 0; i < count(&m->objects, sizeof(struct mem_object)); i++) {
        struct mem_object *o = at(&m->objects, i, sizeof *o);
        buf_free(&o->bytes);
    }
    store_memory_pieces_free(&m->pieces);
    buf_free(&m->chains);
    buf_free(&m->needs);
    buf_free(&m->objects);
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
    const struct memory *m = self(s);
    enum err e = ERR_OK;
    for (size_t i = 0; i < count(&m->chains, sizeof(struct mem_chain)) && !e; i++) {
        const struct mem_chain *c = at(&m->chains, i, sizeof *c);
        struct store_chain copy = c->c; /* fn may add chains */
        e = fn(ctx, &copy);
    }
    return e;
}

static size_t n_needs(const struct memory *m)
{
    return count(&m->needs, sizeof(struct store_need));
}

static struct store_need *need_at(const struct memory *m, size_t i)
{
    return at(&m->needs, i, sizeof(struct store_need));
}

static enum err add_need(struct memory *m, const char *id, uint64_t seq, enum store_kind kind, const struct hash *name,
                         uint64_t size)
{
    const struct mem_object *o = find_object(m, name);
    struct store_need new = {.kind = kind, .name = *name, .size = size, .seq = seq};
    for (size_t i = 0; i < n_needs(m); i++) {
        const struct store_need *n = need_at(m, i);
        if (hash_same(&n->name, name) && n->seq == seq && n->kind == kind && strcmp(n->chain, id) == 0)
            return ERR_OK;
    }
    new.state = o && (!size || o->bytes.len == size) ? STORE_HELD : STORE_WANTED;
    strncpy(new.chain, id, CHAIN_ID - 1);
    return buf_add(&m->needs, &new, sizeof new);
}

static enum err append(struct store *s, const struct label *l)
{
    struct memory *m = self(s);
    struct mem_chain *c;
    enum err e = make(m, l->chain, &c);
    if (!e)
        e = add_text(&c->labels, l);
    if (e)
        return e;
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
    const struct mem_text *t = at(&c->labels, seq - 1, sizeof *t);
    return buf_add(out, t->text, t->n);
}

static bool goes_to(const struct mem_text *t, const char *to)
{
    struct label l;
    struct span all, token;
    if (label_parse(&l, t->text, t->n) != ERR_OK)
        return false;
    all = (struct span){l.to, strlen(l.to)};
    while (span_word(&all, &token))
        if (span_is(token, to))
            return true;
    return false;
}

static enum err each_route(struct store *s, const char *to, store_route_fn *fn, void *ctx)
{
    const struct memory *m = self(s);
    enum err e = ERR_OK;
    for (size_t i = 0; i < count(&m->chains, sizeof(struct mem_chain)) && !e; i++) {
        const struct mem_chain *c = at(&m->chains, i, sizeof *c);
        uint64_t last = c->c.seq;
        while (last && !goes_to(at(&c->labels, last - 1, sizeof(struct mem_text)), to))
            last--;
        char id[CHAIN_ID];
        memcpy(id, c->c.id, sizeof id); /* fn may add chains */
        if (last)
            e = fn(ctx, id, last);
    }
    return e;
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

static enum err refused(struct store *s, const char *id, const char *what, const char *why, const void *bytes, size_t n)
{
    struct mem_chain *c;
    struct store_refused dropped;
    (void)bytes;
    (void)n;
    enum err e = make(self(s), id, &c);
    return e ? e : store_refused_note(&c->refused, what, why, clock_wall(), &dropped);
}

static enum err each_refused(struct store *s, const char *id, store_refused_fn *fn, void *ctx)
{
    const struct memory *m = self(s);
    enum err e = ERR_OK;
    for (size_t i = 0; i < count(&m->chains, sizeof(struct mem_chain)); i++) {
        const struct mem_chain *c = at(&m->chains, i, sizeof *c);
        for (size_t r = 0; r < store_refused_count(&c->refused) && !e; r++)
            if (!id || strcmp(c->c.id, id) == 0)
                e = fn(ctx, c->c.id, store_refused_at(&c->refused, r));
    }
    return e;
}

static enum err aside(struct store *s, const struct label *l, const void *batch, size_t n, bool *kept)
{
    struct mem_chain *c;
    struct hash h = label_hash(l);
    (void)batch;
    *kept = false;
    enum err e = make(self(s), l->chain, &c);
    size_t kept_now = e ? 0 : count(&c->asides, sizeof(struct mem_text));
    for (size_t i = 0; i < kept_now; i++) {
        const struct mem_text *t = at(&c->asides, i, sizeof *t);
        if (hash_same(&t->hash, &h))
            return ERR_OK;
    }
    if (e || kept_now >= ASIDE_LABELS_MAX)
        return e;
    e = add_text(&c->asides, l);
    if (!e && c->aside_bytes + n <= ASIDE_BYTES_MAX)
        c->aside_bytes += n;
    *kept = !e;
    char what[40];
    snprintf(what, sizeof what, "label %llu", (unsigned long long)l->seq);
    return e ? e : refused(s, l->chain, what, store_refused_aside(c->c.alarm_seq), NULL, 0);
}

static enum err want(struct store *s, const char *id, uint64_t seq, const struct hash *blob, uint64_t size)
{
    return add_need(self(s), id, seq, STORE_BLOB, blob, size);
}

static enum err look(struct store *s, const struct hash *name, uint64_t size, struct store_need *need)
{
    const struct memory *m = self(s);
    *need = (struct store_need){.state = STORE_UNKNOWN, .name = *name};
    for (size_t i = 0; i < n_needs(m); i++)
        if (hash_same(&need_at(m, i)->name, name))
            store_rank(need, need_at(m, i), size);
    return ERR_OK;
}

static enum err each_need(struct store *s, const struct hash *name, store_need_fn *fn, void *ctx)
{
    const struct memory *m = self(s);
    enum err e = ERR_OK;
    for (size_t i = 0; i < n_needs(m) && !e; i++) {
        struct store_need one = *need_at(m, i); /* fn may add needs */
        if (hash_same(&one.name, name))
            e = fn(ctx, &one);
    }
    return e;
}

static enum err each_wanted(struct store *s, const char *id, store_need_fn *fn, void *ctx)
{
    const struct memory *m = self(s);
    const struct mem_chain *c = find(m, id);
    enum err e = ERR_OK;
    for (uint64_t seq = 1; c && seq <= c->c.seq; seq++)
        for (size_t i = 0; i < n_needs(m) && !e; i++) {
            struct store_need one = *need_at(m, i);
            if (one.seq == seq && one.state == STORE_WANTED && strcmp(one.chain, id) == 0)
                e = fn(ctx, &one);
        }
    return e;
}

static enum err put_new(struct memory *m, const char *id, const struct hash *name, uint64_t size, stick_fill *fill,
                        void *ctx)
{
    struct mem_object o = {.name = *name, .bytes = {.max = size + 1}};
    enum err e = size > m->space ? err_set(ERR_FULL, "the store is full") : fill(ctx, buf_sink, &o.bytes);
    struct hash h = hash_of(o.bytes.p, o.bytes.len);
    if (!e && (o.bytes.len != size || !hash_same(&h, name)))
        e = err_set(ERR_BAD, "the bytes of an object do not match its name");
    strncpy(o.payer, id, CHAIN_ID - 1);
    if (!e)
        e = buf_add(&m->objects, &o, sizeof o);
    if (e) {
        buf_free(&o.bytes);
        return e;
    }
    m->space -= size;
    return ERR_OK;
}

static enum err put(struct store *s, const char *id, const struct hash *name, uint64_t size, stick_fill *fill,
                    void *ctx)
{
    struct memory *m = self(s);
    struct mem_chain *c;
    enum err e = make(m, id, &c);
    if (!e && !find_object(m, name)) {
        e = put_new(m, id, name, size, fill, ctx);
        if (!e)
            c->c.bytes += size;
    }
    for (size_t i = 0; i < n_needs(m) && !e; i++) {
        struct store_need *n = need_at(m, i);
        if (!hash_same(&n->name, name) || n->state != STORE_WANTED || (n->size && n->size != size))
            continue;
        n->state = STORE_HELD;
        e = make(m, n->chain, &c);
        if (!e)
            c->c.changed = true;
    }
    return e;
}

static enum err pieces(struct store *s, const struct hash *name, uint64_t size,
                       struct partial_range held[static PARTIAL_RUNS_MAX], size_t *n)
{
    store_memory_pieces_held(&self(s)->pieces, name, size, held, n);
    return ERR_OK;
}

static enum err piece(struct store *s, const struct hash *name, uint64_t size, uint64_t offset, const void *p, size_t n)
{
    return store_memory_pieces_write(&self(s)->pieces, name, size, offset, p, n);
}

static enum err push(void *ctx, sink_fn *sink, void *sink_ctx)
{
    const struct buf *b = ctx;
    return sink(sink_ctx, b->p, b->len);
}

static enum err join(struct store *s, const char *id, const struct hash *name, uint64_t size)
{
    struct buf bytes = {0};
    uint64_t has;
    char what[80] = "object ";
    enum err e = ERR_OK;
    if (s->size(s, name, &has) && has == size)
        store_memory_pieces_drop(&self(s)->pieces, name);
    else
        e = store_memory_pieces_take(&self(s)->pieces, name, size, &bytes);
    if (!e)
        e = put(s, id, name, size, push, &bytes);
    buf_free(&bytes);
    hash_hex(what + 7, name);
    if (e == ERR_BAD && refused(s, id, what, "its bytes do not match its name", NULL, 0) == ERR_OK)
        return err_set(ERR_BAD, "its bytes do not match its name");
    return e;
}

static enum err read_part(struct store *s, const struct hash *name, uint64_t offset, void *p, size_t n)
{
    const struct mem_object *o = find_object(self(s), name);
    if (!o)
        return err_set(ERR_NOINPUT, "an object is not here");
    if (offset > o->bytes.len || n > o->bytes.len - offset)
        return err_set(ERR_BAD, "an object is shorter than it should be");
    if (n)
        memcpy(p, o->bytes.p + offset, n);
    return ERR_OK;
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
    struct mem_chain *c = o ? find(m, o->payer) : NULL;
    *freed = o ? o->bytes.len : 0;
    if (c)
        c->c.bytes -= *freed;
    if (o) {
        buf_free(&o->bytes);
        m->objects.len -= sizeof *o;
        *o = *(struct mem_object *)at(&m->objects, count(&m->objects, sizeof *o), sizeof *o);
    }
    for (size_t i = 0; i < n_needs(m); i++)
        if (hash_same(&need_at(m, i)->name, name))
            need_at(m, i)->state = STORE_REMOVED;
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
    *t = (struct store_totals){.objects = count(&m->objects, sizeof(struct mem_object))};
    for (size_t i = 0; i < count(&m->chains, sizeof(struct mem_chain)); i++) {
        const struct mem_chain *c = at(&m->chains, i, sizeof *c);
        t->chains += c->c.seq > 0;
        t->labels += c->c.seq;
        t->bytes += c->c.bytes;
        t->alarms += c->c.alarm_seq > 0;
    }
    for (size_t i = 0; i < n_needs(m); i++) {
        t->wanted += need_at(m, i)->state == STORE_WANTED;
        t->removed += need_at(m, i)->state == STORE_REMOVED;
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
                              .flush = nothing,
                              .place = nothing,
                              .finish = nothing,
                              .rollback = rollback,
                              .chain = chain,
                              .each_chain = each_chain,
                              .append = append,
                              .label = label,
                              .each_route = each_route,
                              .heard = heard,
                              .settled = settled,
                              .alarm = alarm_chain,
                              .aside = aside,
                              .refused = refused,
                              .each_refused = each_refused,
                              .want = want,
                              .look = look,
                              .each_need = each_need,
                              .each_wanted = each_wanted,
                              .put = put,
                              .pieces = pieces,
                              .piece = piece,
                              .join = join,
                              .read = read_part,
                              .get = get,
                              .size = size_of,
                              .retire = retire,
                              .remove = remove_object,
                              .space = space,
                              .totals = totals};
    *out = (struct store *)m;
    return ERR_OK;
}
