#include "storage/records/recording.h"

#include "storage/base/bytes.h"
#include "storage/base/lang.h"
#include "storage/records/recording_entry.h"
#include "storage/records/records.h"
#include "storage/vault/object.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct load {
    const struct station *s;
    const struct user *u;
    struct recording_list *l;
};

static const char *string_of(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

/* One more element at the end of an array, zeroed; NULL: out of memory. */
static void *grown(void *array, size_t n, size_t size)
{
    if (n && (n & (n - 1)))
        return array; /* room up to the next power of two */
    return realloc(array, (n ? 2 * n : 1) * size);
}

static enum err quarantine(struct recording_list *l, const char *chain, uint64_t seq, const char *why)
{
    struct recording_fault *more = grown(l->faults, l->n_faults, sizeof *more);
    if (!more)
        return err_set(ERR_NOMEM, "out of memory");
    l->faults = more;
    struct recording_fault *f = &more[l->n_faults++];
    *f = (struct recording_fault){.seq = seq};
    memcpy(f->chain, chain, CHAIN_ID);
    snprintf(f->why, sizeof f->why, "%.255s", _(why));
    return ERR_OK;
}

static enum err add_recording(struct load *w, const struct label *l, const json_t *entry, unsigned gathered)
{
    struct recording *more = grown(w->l->r, w->l->n, sizeof *more);
    if (!more)
        return err_set(ERR_NOMEM, "out of memory");
    w->l->r = more;
    enum err e = recording_entry_read(&more[w->l->n], w->s, l, entry, gathered);
    w->l->n += e ? 0 : 1;
    return e;
}

static enum err add_event(struct load *w, const struct label *l, const struct batch *b, const json_t *entry, bool alone)
{
    const char *type = string_of(entry, "type");
    const char *recording = string_of(json_object_get(entry, "data"), "recording");
    if (strlen(recording) != ENTRY_ID - 1 || strlen(type) >= sizeof w->l->events->type)
        return ERR_OK; /* of a kind that this version does not know, or about no recording */
    struct recording_event *more = grown(w->l->events, w->l->n_events, sizeof *more);
    if (!more)
        return err_set(ERR_NOMEM, "out of memory");
    w->l->events = more;
    struct recording_event *v = &more[w->l->n_events++];
    *v = (struct recording_event){.seq = l->seq, .time = l->time, .author_key = b->author_key, .alone = alone};
    memcpy(v->recording, recording, ENTRY_ID);
    memcpy(v->id, string_of(entry, "id"), ENTRY_ID);
    memcpy(v->chain, l->chain, CHAIN_ID);
    memcpy(v->type, type, strlen(type) + 1);
    memcpy(v->author, b->author, NAME_LEN);
    v->data = json_incref(json_object_get(entry, "data"));
    return ERR_OK;
}

static enum err take_entries(struct load *w, const struct label *l, const struct batch *b)
{
    size_t i;
    const json_t *entry;
    unsigned recordings = 0;
    const char *about = NULL;
    bool alone = true;
    enum err e = ERR_OK;
    json_array_foreach(b->entries, i, entry)
    {
        const char *recording = string_of(json_object_get(entry, "data"), "recording");
        bool is_recording = strcmp(string_of(entry, "type"), "recording") == 0;
        recordings += is_recording;
        if (is_recording || (about && strcmp(about, recording) != 0))
            alone = false;
        about = recording;
    }
    json_array_foreach(b->entries, i, entry)
    {
        if (strcmp(string_of(entry, "type"), "recording") == 0)
            e = add_recording(w, l, entry, recordings);
        else
            e = add_event(w, l, b, entry, alone);
        if (e == ERR_DATA)
            e = quarantine(w->l, l->chain, l->seq, err_text());
        if (e)
            return e;
    }
    return ERR_OK;
}

static enum err take_label(void *ctx, const struct label *l)
{
    struct load *w = ctx;
    struct batch *b = NULL;
    struct buf plain = {.secret = 1};
    enum err e = label_authentic(l, w->s->roster);
    bool refused = e != ERR_OK;
    if (!e)
        e = chain_open_batch(w->s, l, w->u, &b, &plain);
    if (e == ERR_DENIED && !refused) {
        w->l->closed++;
        e = ERR_OK;
    } else if (e && e != ERR_NOMEM) {
        e = quarantine(w->l, l->chain, l->seq, err_text());
    } else if (!e) {
        w->l->batches++;
        e = take_entries(w, l, b);
    }
    batch_free(b);
    buf_free(&plain);
    return e;
}

static enum err take_chain(void *ctx, const char *chain, const struct queue_head *head)
{
    struct load *w = ctx;
    struct buf text = {.max = RECEIPT_MAX};
    struct receipt *r = NULL;
    (void)head;
    enum err e = queue_receipt(w->s->queue, chain, &text);
    if (!e)
        e = receipt_parse(&r, (const char *)text.p, text.len);
    if (!e)
        e = receipt_check(r, w->s->roster);
    if (!e && strcmp(r->chain, chain) == 0) {
        struct receipt **more = grown(w->l->receipts, w->l->n_receipts, sizeof(struct receipt *));
        if (more) {
            w->l->receipts = more;
            more[w->l->n_receipts++] = r;
            r = NULL;
        } else {
            e = err_set(ERR_NOMEM, "out of memory");
        }
    }
    receipt_free(r);
    buf_free(&text);
    return e == ERR_NOMEM ? e : ERR_OK; /* no receipt, or a bad one, is no word of the hub */
}

static int by_time(const void *a, const void *b)
{
    const struct recording *x = a, *y = b;
    int c = (x->time > y->time) - (x->time < y->time);
    if (!c)
        c = memcmp(x->chain, y->chain, CHAIN_ID);
    return c ? c : (x->seq > y->seq) - (x->seq < y->seq);
}

static int by_id(const void *a, const void *b)
{
    struct recording *const *x = a, *const *y = b;
    int c = memcmp((*x)->id, (*y)->id, ENTRY_ID);
    return c ? c : by_time(*x, *y);
}

static int event_order(const void *a, const void *b)
{
    const struct recording_event *x = a, *y = b;
    int c = memcmp(x->recording, y->recording, ENTRY_ID);
    if (!c)
        c = (x->time > y->time) - (x->time < y->time);
    if (!c)
        c = memcmp(x->chain, y->chain, CHAIN_ID);
    return c ? c : (x->seq > y->seq) - (x->seq < y->seq);
}

/* An ID is made of 80 random bits; a second recording under one was made so:
 * the earlier stands, the later is listed. Leaves the list sorted by time. */
static enum err drop_doubles(struct recording_list *l)
{
    enum err e = ERR_OK;
    size_t kept = 0;
    for (size_t i = 1; i < l->n && !e; i++) {
        struct recording *r = l->by_id[i];
        if (memcmp(l->by_id[i - 1]->id, r->id, ENTRY_ID) == 0) {
            e = quarantine(l, r->chain, r->seq, "its recording has the ID of another one");
            r->doubled = true;
        }
    }
    for (size_t i = 0; i < l->n; i++) {
        if (l->r[i].doubled)
            recording_entry_free(&l->r[i]);
        else
            l->r[kept++] = l->r[i];
    }
    l->n = kept;
    return e;
}

static void sort_by_id(struct recording_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        l->by_id[i] = &l->r[i];
    qsort(l->by_id, l->n, sizeof(struct recording *), by_id);
}

static enum err attach(struct recording_list *l)
{
    if (l->n == 0)
        return ERR_OK;
    struct recording **index = reallocarray(l->by_id, l->n, sizeof(struct recording *));
    if (!index)
        return err_set(ERR_NOMEM, "out of memory");
    l->by_id = index;
    qsort(l->r, l->n, sizeof *l->r, by_time);
    sort_by_id(l);
    enum err e = drop_doubles(l);
    if (e)
        return e;
    sort_by_id(l);
    if (l->n_events)
        qsort(l->events, l->n_events, sizeof *l->events, event_order);
    for (size_t i = 0, v = 0; i < l->n; i++) {
        struct recording *r = l->by_id[i];
        while (v < l->n_events && memcmp(l->events[v].recording, r->id, ENTRY_ID) < 0)
            v++;
        r->events = v < l->n_events ? &l->events[v] : NULL;
        for (; v < l->n_events && memcmp(l->events[v].recording, r->id, ENTRY_ID) == 0; v++)
            r->n_events++;
    }
    return ERR_OK;
}

size_t recording_group(const struct recording_list *l, size_t first)
{
    size_t end = first + 1;
    while (end < l->n && l->r[end].seq == l->r[first].seq && strcmp(l->r[end].chain, l->r[first].chain) == 0)
        end++;
    return end;
}

/* The first recording by ID that is not below a beginning of one. */
static size_t lower(const struct recording_list *l, const char *id)
{
    size_t a = 0, b = l->n;
    while (a < b) {
        size_t m = a + (b - a) / 2;
        if (strcmp(l->by_id[m]->id, id) < 0)
            a = m + 1;
        else
            b = m;
    }
    return a;
}

/* Notices come in order of time: a later one overrides. */
static enum err take_notice(void *ctx, const struct notice *n)
{
    struct recording_list *l = ctx;
    size_t at = lower(l, n->recording);
    if (!n->recording[0] || at == l->n || strcmp(l->by_id[at]->id, n->recording) != 0)
        return ERR_OK;
    struct recording *r = l->by_id[at];
    if (n->kind == NOTICE_HOLD || n->kind == NOTICE_RELEASE) {
        r->held = n->kind == NOTICE_HOLD;
    } else if (n->kind == NOTICE_DESTROY && !hash_is_zero(&r->parts) && hash_same(&n->parts, &r->parts)) {
        size_t first = (size_t)(r - l->r);
        while (first && recording_group(l, first - 1) > first)
            first--;
        for (size_t i = first, end = recording_group(l, first); i < end; i++)
            memcpy(l->r[i].order, n->id, NOTICE_ID);
    }
    return ERR_OK;
}

static enum err take_each(struct load *w, const struct records_position *at, size_t n)
{
    struct buf text = {0};
    struct label l;
    enum err e = ERR_OK;
    for (size_t i = 0; i < n && !e; i++) {
        buf_clear(&text);
        e = queue_label(w->s->queue, at[i].chain, at[i].seq, &text);
        if (!e)
            e = label_parse(&l, (const char *)text.p, text.len);
        if (!e)
            e = take_label(w, &l);
    }
    buf_free(&text);
    return e;
}

/* at NULL: every label. */
static enum err load(const struct station *s, const struct user *u, const struct records_position *at, size_t n,
                     struct recording_list **out)
{
    *out = NULL;
    if (!s->queue)
        return err_set(ERR_IO, "the index of the station is not readable; run feldsher rebuild");
    struct load w = {.s = s, .u = u, .l = calloc(1, sizeof *w.l)};
    if (!w.l)
        return err_set(ERR_NOMEM, "out of memory");
    enum err e = at ? take_each(&w, at, n) : queue_each_label(s->queue, NULL, 1, take_label, &w);
    if (!e)
        e = queue_each_chain(s->queue, take_chain, &w);
    if (!e)
        e = attach(w.l);
    if (!e)
        e = station_each_notice(s, take_notice, w.l);
    if (e) {
        recording_free(w.l);
        return e;
    }
    *out = w.l;
    return ERR_OK;
}

enum err recording_load(const struct station *s, const struct user *u, struct recording_list **out)
{
    return load(s, u, NULL, 0, out);
}

enum err recording_load_at(const struct station *s, const struct user *u, const struct records_position *at, size_t n,
                           struct recording_list **out)
{
    return load(s, u, at, n, out);
}

void recording_free(struct recording_list *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->n; i++)
        recording_entry_free(&l->r[i]);
    for (size_t i = 0; i < l->n_events; i++)
        json_decref(l->events[i].data);
    for (size_t i = 0; i < l->n_receipts; i++)
        receipt_free(l->receipts[i]);
    free(l->r);
    free(l->by_id);
    free(l->events);
    free(l->faults);
    free(l->receipts);
    free(l);
}

/* Is it an ID, or the beginning of one that is long enough? */
static bool is_prefix(const char *id)
{
    size_t n = strspn(id, "0123456789abcdef");
    return n >= 4 && n < ENTRY_ID && id[n] == '\0';
}

static enum err not_one(const char *what, const char *id, size_t found, const struct recording_list *l)
{
    if (!is_prefix(id))
        return err_set(ERR_NOINPUT, "%s is no %s; give at least the first 4 of its 20 digits", id, _(what));
    if (found)
        return err_set(ERR_NOINPUT, "%zu %ss begin with %s; give more digits", found, _(what), id);
    if (l->closed)
        return err_set(ERR_NOINPUT,
                       "no %s begins with %s; %" PRIu64 " batches are sealed to circles that you do not have", _(what),
                       id, l->closed);
    return err_set(ERR_NOINPUT, "no %s begins with %s; see feldsher recordings list", _(what), id);
}

enum err recording_find(const struct recording_list *l, const char *id, const struct recording **out)
{
    size_t at = lower(l, id), end = at;
    *out = NULL;
    while (is_prefix(id) && end < l->n && strncmp(l->by_id[end]->id, id, strlen(id)) == 0)
        end++;
    if (end != at + 1)
        return not_one("recording", id, end - at, l);
    *out = l->by_id[at];
    return ERR_OK;
}

enum err recording_event(const struct recording_list *l, const char *type, const char *id,
                         const struct recording_event **out, const struct recording **r)
{
    size_t found = 0;
    *out = NULL;
    *r = NULL;
    for (size_t i = 0; is_prefix(id) && i < l->n; i++) {
        for (size_t k = 0; k < l->r[i].n_events; k++) {
            const struct recording_event *v = &l->r[i].events[k];
            if (strcmp(v->type, type) == 0 && strncmp(v->id, id, strlen(id)) == 0) {
                *out = v;
                *r = &l->r[i];
                found++;
            }
        }
    }
    return found == 1 ? ERR_OK : not_one(type, id, found, l);
}

void recording_where(const struct station *s, const struct recording_list *l, const struct recording *r,
                     struct recording_held *out)
{
    *out = (struct recording_held){0};
    for (size_t i = 0; i < r->n_files; i++) {
        const struct recording_file *f = &r->files[i];
        for (size_t k = 0; k < f->n_blobs; k++) {
            uint64_t size;
            out->blobs++;
            out->here += object_size(s->dir, &f->blobs[k].name, &size) && size == f->blobs[k].size;
        }
    }
    for (size_t i = 0; i < l->n_receipts; i++) {
        const struct receipt *c = l->receipts[i];
        if (strcmp(c->chain, r->chain) == 0 && receipt_holds(c, r->seq) && receipt_holds_parts(c, r->seq)) {
            out->hub = true;
            out->as_of = c->time;
            memcpy(out->by, c->hub, NAME_LEN);
        }
    }
}

/* One blob's plaintext into plain, checked. */
static enum err open_blob(const struct station *s, const struct identity *ids, size_t n_ids,
                          const struct recording_blob *b, struct buf *sealed, struct buf *plain)
{
    char name[HASH_HEX];
    buf_clear(plain);
    enum err e = buf_reserve(plain, b->length);
    if (!e)
        e = object_get(s->dir, &b->name, BLOB_SEALED_MAX, sealed);
    if (!e)
        e = object_open(sealed->p, sealed->len, ids, n_ids, BLOB_PLAIN_MAX, plain);
    if (!e && plain->len != b->length) {
        hash_hex(name, &b->name);
        e = err_set(ERR_BAD, "blob %.16s... holds %zu bytes where its entry says %" PRIu64, name, plain->len,
                    b->length);
    }
    return e;
}

enum err recording_read(const struct station *s, const struct user *u, const struct recording_file *f, uint64_t from,
                        uint64_t to, sink_fn *sink, void *ctx)
{
    size_t n_ids;
    struct identity *ids = sodium_allocarray(USER_CIRCLES_MAX + 1, sizeof *ids);
    if (!ids)
        return err_set(ERR_NOMEM, "out of memory");
    user_identities(u, ids, &n_ids);
    struct buf sealed = {.max = BLOB_SEALED_MAX}, plain = {.max = BLOB_PLAIN_MAX, .secret = 1};
    struct hash_state h;
    hash_init(&h);
    bool whole = from == 0 && to >= f->size;
    if (to > f->size)
        to = f->size;
    enum err e = ERR_OK;
    for (size_t i = 0; i < f->n_blobs && !e; i++) {
        const struct recording_blob *b = &f->blobs[i];
        uint64_t start = from > b->offset ? from - b->offset : 0;
        uint64_t end = to > b->offset ? to - b->offset : 0;
        if (end > b->length)
            end = b->length;
        if (start >= end)
            continue;
        e = open_blob(s, ids, n_ids, b, &sealed, &plain);
        if (!e && whole)
            hash_add(&h, plain.p, plain.len);
        if (!e)
            e = sink(ctx, plain.p + start, (size_t)(end - start));
    }
    if (!e && whole) {
        struct hash got = hash_end(&h);
        if (!hash_same(&got, &f->hash))
            e = err_set(ERR_BAD, "%s is not what its entry says: the hash is another", f->path);
    }
    buf_free(&sealed);
    buf_free(&plain);
    sodium_free(ids);
    return e;
}
