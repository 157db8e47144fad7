#include "storage/records/custody.h"

#include "storage/base/log.h"
#include "storage/vault/object.h"
#include "storage/vault/parts.h"
#include "storage/vault/want.h"

#include <stdlib.h>
#include <string.h>

enum err custody_role(const struct station *s, const struct user *u, unsigned roles)
{
    const struct roster_user *r = roster_user(s->roster, u->name);
    enum clock_mark mark;
    if (!r || r->revoked || !roster_user_valid(r, station_now(s, &mark)) || !(r->roles & roles))
        return err_set(ERR_DENIED, "%s does not have the role for this; ask a supervisor", u->name);
    return ERR_OK;
}

enum err custody_circle(const struct user *u, const struct recording *r)
{
    char circle[CIRCLE_LEN];
    snprintf(circle, sizeof circle, "evidence/%s", r->unit);
    if (user_has_circle(u, circle) || user_has_circle(u, "evidence"))
        return ERR_OK;
    return err_set(ERR_DENIED, "%s is not in the circle %s; a member can admit: feldsher admit", u->name, circle);
}

/* entries is consumed; NULL: there was no memory for it. */
static enum err append(struct station *s, const struct user *u, const struct recording *r, json_t *entries,
                       const struct hash *frees)
{
    if (!entries)
        return err_set(ERR_NOMEM, "out of memory");
    struct append a = {
        .entries = entries,
        .author = u,
        .unit = r ? r->unit : NULL,
        .seal = r ? ROSTER_RECORDING : ROSTER_RECORD,
        .lane = LANE_BATCH,
        .frees = frees,
        .retain_class = "records",
    };
    uint64_t seq = 0;
    enum err e = chain_append(s, &a, &seq);
    if (!e)
        log_line("%s %s in label %llu", json_string_value(json_object_get(json_array_get(entries, 0), "type")),
                 r ? r->id : "-", (unsigned long long)seq);
    json_decref(entries);
    return e;
}

/* data is consumed. */
static json_t *entry(const struct recording *r, const char *type, json_t *data, char id[static ENTRY_ID])
{
    batch_entry_id(id);
    if (data && r && json_object_set_new(data, "recording", json_string(r->id)) < 0) {
        json_decref(data);
        data = NULL;
    }
    return data ? json_pack("{s:s,s:s,s:o}", "id", id, "type", type, "data", data) : NULL;
}

enum err custody_entry(struct station *s, const struct user *u, const struct recording *r, const char *type,
                       json_t *data, char id[static ENTRY_ID])
{
    json_t *one = entry(r, type, data, id);
    return append(s, u, r, one ? json_pack("[o]", one) : NULL, NULL);
}

static void begin_notice(struct notice *n, enum notice_kind kind, const struct station *s, const struct recording *r)
{
    enum clock_mark mark;
    *n = (struct notice){.kind = kind, .time = station_now(s, &mark), .parts = r->parts};
    memcpy(n->district, s->district, NAME_LEN);
    memcpy(n->recording, r->id, NOTICE_ID);
}

/* Frees what hangs on a notice that stands on the stack. */
static void end_notice(struct notice *n)
{
    free(n->why);
    free(n->basis);
    buf_free(&n->key);
    buf_free(&n->text);
}

struct latest {
    const char *recording;
    int64_t time;
};

static enum err look_latest(void *ctx, const struct notice *n)
{
    struct latest *l = ctx;
    bool about = n->kind == NOTICE_HOLD || n->kind == NOTICE_RELEASE;
    if (about && strcmp(n->recording, l->recording) == 0 && n->time > l->time)
        l->time = n->time;
    return ERR_OK;
}

/* A hold and its end are told apart by their time, of which a notice has
 * seconds: in the same second neither would be the later one. */
static enum err set_later(const struct station *s, struct notice *n)
{
    struct latest l = {n->recording, INT64_MIN};
    enum err e = station_each_notice(s, look_latest, &l);
    if (!e && l.time != INT64_MIN && n->time / 1000 <= l.time / 1000)
        n->time = (l.time / 1000 + 1) * 1000;
    return e;
}

enum err custody_hold(struct station *s, const struct user *u, const struct recording *r, bool hold, const char *why)
{
    enum err e = custody_role(s, u, hold ? ROLE_SUPERVISOR | ROLE_ADMIN : ROLE_SUPERVISOR);
    if (e)
        return e;
    if (r->held == hold)
        return hold ? err_set(ERR_CREATE, "recording %s is held already", r->id)
                    : err_set(ERR_CREATE, "recording %s is not held; nothing to do", r->id);
    struct notice n;
    char id[ENTRY_ID];
    begin_notice(&n, hold ? NOTICE_HOLD : NOTICE_RELEASE, s, r);
    n.why = strdup(why);
    e = n.why ? set_later(s, &n) : err_set(ERR_NOMEM, "out of memory");
    if (!e)
        e = notice_write(&n);
    if (!e)
        e = notice_sign(&n, u->name, &u->sign);
    if (!e)
        e = station_take_notice(s, (const char *)n.text.p, n.text.len);
    if (!e)
        e = custody_entry(s, u, r, hold ? "hold" : "release", json_pack("{s:s,s:s}", "notice", n.id, "why", why), id);
    end_notice(&n);
    return e;
}

static enum err set_parts_job(struct station *s, const char *kind, const struct recording *r)
{
    char name[HASH_HEX];
    if (hash_is_zero(&r->parts))
        return ERR_OK; /* an empty file has no blobs */
    hash_hex(name, &r->parts);
    return queue_set_job(s->queue, kind, name, r->id, ENTRY_ID - 1);
}

enum err custody_flag(struct station *s, const struct user *u, const struct recording *r)
{
    char id[ENTRY_ID];
    enum err e = custody_entry(s, u, r, "flag", json_object(), id);
    return e ? e : set_parts_job(s, "flag", r);
}

/* Which blobs of its parts list hold bytes from..to, and are any of them not
 * here? A recording's own blobs stand first in a list that is its alone. */
static enum err blobs_of(const struct station *s, const struct recording *r, uint64_t from, uint64_t to,
                         uint64_t *first, uint64_t *last, bool *lacks)
{
    const struct recording_file *f = &r->files[0];
    bool some = false;
    *lacks = false;
    for (size_t i = 0; i < f->n_blobs; i++) {
        const struct recording_blob *b = &f->blobs[i];
        uint64_t has;
        if (b->offset >= to || b->offset + b->length <= from)
            continue;
        *first = some ? *first : i;
        *last = i;
        some = true;
        *lacks = *lacks || !object_size(s->dir, &b->name, &has) || has != b->size;
    }
    return some ? ERR_OK
                : err_set(ERR_USAGE, "recording %s has %llu bytes, none of them are there", r->id,
                          (unsigned long long)f->size);
}

/* Beside what was asked for of it before. */
static enum err set_want(struct station *s, const struct recording *r, bool whole, uint64_t first, uint64_t last)
{
    char name[HASH_HEX];
    struct buf text = {0};
    struct want_spans spans = {.n = 0};
    hash_hex(name, &r->parts);
    bool asked = queue_job(s->queue, "want", name, &text) == ERR_OK;
    if (asked)
        want_parse(&spans, (const char *)text.p, text.len);
    buf_clear(&text);
    if (whole || (asked && spans.n == 0))
        spans.n = 0;
    else
        want_add(&spans, first, last);
    enum err e = want_write(&text, r->id, &spans);
    if (!e)
        e = queue_set_job(s->queue, "want", name, text.p, text.len);
    buf_free(&text);
    return e;
}

enum err custody_pull(struct station *s, const struct user *u, const struct recording_list *l,
                      const struct recording *r, uint64_t from, uint64_t to, const char *why)
{
    struct recording_held held;
    char id[ENTRY_ID];
    uint64_t first = 0, last = 0;
    bool lacks = true, whole = (from == 0 && to == UINT64_MAX) || r->gathered > 1;
    recording_where(s, l, r, &held);
    if (r->order[0])
        return err_set(ERR_NOINPUT, "recording %s was destroyed under order %s", r->id, r->order);
    enum err e = whole ? ERR_OK : blobs_of(s, r, from, to, &first, &last, &lacks);
    if (!e && (held.here == held.blobs || !lacks))
        e = whole ? err_set(ERR_CREATE, "all of recording %s is here already; nothing to do", r->id)
                  : err_set(ERR_CREATE, "that part of recording %s is here already; nothing to do", r->id);
    if (!e)
        e = custody_circle(u, r);
    if (!e)
        e = custody_entry(s, u, r, "pull",
                          whole ? json_pack("{s:s}", "why", why)
                                : json_pack("{s:s,s:[I,I]}", "why", why, "blobs", (json_int_t)first, (json_int_t)last),
                          id);
    if (e || hash_is_zero(&r->parts))
        return e; /* an empty file has no blobs */
    return set_want(s, r, whole, first, last);
}

/* The order about r that one supervisor, not u, has signed; NULL: none. The
 * caller frees. */
static enum err pending_order(const struct recording *r, const struct user *u, struct notice **out)
{
    *out = NULL;
    for (size_t i = r->n_events; i-- > 0;) {
        const struct recording_event *v = &r->events[i];
        const char *text = json_string_value(json_object_get(v->data, "notice"));
        if (strcmp(v->type, "order") != 0 || !text || strcmp(v->author, u->name) == 0)
            continue;
        struct notice *n;
        enum err e = notice_parse(&n, text, strlen(text));
        if (e == ERR_NOMEM)
            return e;
        if (e)
            continue;
        if (n->kind == NOTICE_DESTROY && n->sig.n == 1 && strcmp(n->recording, r->id) == 0 &&
            hash_same(&n->parts, &r->parts) && sign_text_check(&n->sig, 0, &v->author_key)) {
            *out = n;
            return ERR_OK;
        }
        notice_free(n);
    }
    return ERR_OK;
}

static enum err may_destroy(const struct station *s, const struct user *u, const struct recording_list *l,
                            const struct recording *r, bool together)
{
    enum err e = custody_role(s, u, ROLE_SUPERVISOR);
    if (!e)
        e = custody_circle(u, r);
    if (e)
        return e;
    if (r->order[0])
        return err_set(ERR_CREATE, "recording %s is under destruction order %s already; nothing to do", r->id,
                       r->order);
    if (hash_is_zero(&r->parts))
        return err_set(ERR_CREATE, "recording %s is an empty file; there is nothing to destroy", r->id);
    if (r->gathered > 1 && !together)
        return err_set(ERR_DENIED, "recording %s shares its parts list with %u others, which would go too; --together",
                       r->id, r->gathered - 1);
    for (size_t i = 0; i < l->n; i++)
        if (l->r[i].held && l->r[i].seq == r->seq && strcmp(l->r[i].chain, r->chain) == 0)
            return err_set(ERR_DENIED, "recording %s is held; a supervisor releases it first", l->r[i].id);
    return ERR_OK;
}

enum err custody_destroy(struct station *s, const struct user *u, const struct recording_list *l,
                         const struct recording *r, const char *basis, const char *why, bool together,
                         char order[static NOTICE_ID], bool *complete)
{
    struct notice fresh, *pending = NULL, *n = &fresh;
    char id[ENTRY_ID];
    begin_notice(&fresh, NOTICE_DESTROY, s, r);
    enum err e = may_destroy(s, u, l, r, together);
    if (!e)
        e = pending_order(r, u, &pending);
    *complete = pending != NULL;
    if (pending) {
        n = pending;
    } else if (!e) {
        if (!basis || !why)
            e = err_set(ERR_USAGE, "an order needs --basis (the legal one) and --why");
        else if (!(fresh.basis = strdup(basis)) || !(fresh.why = strdup(why)))
            e = err_set(ERR_NOMEM, "out of memory");
        if (!e)
            e = notice_write(&fresh);
    }
    if (!e)
        e = notice_sign(n, u->name, &u->sign);
    if (!e && *complete)
        e = station_take_notice(s, (const char *)n->text.p, n->text.len);
    if (!e) {
        memcpy(order, n->id, NOTICE_ID);
        e = custody_entry(s, u, r, "order", json_pack("{s:s,s:s}", "order", n->id, "notice", (const char *)n->text.p),
                          id);
    }
    end_notice(&fresh);
    notice_free(pending);
    return e;
}

struct removal {
    const struct station *s;
    uint64_t bytes;
};

/* Removes every blob of a parts list that stands here. */
static enum err remove_blobs(struct removal *w, const struct hash *parts, bool count_only)
{
    struct buf text = {.max = PARTS_MAX};
    struct parts p;
    struct hash name;
    uint64_t size, there;
    bool mark;
    enum err e = object_get(w->s->dir, parts, PARTS_MAX, &text);
    if (!e)
        e = parts_open(&p, (const char *)text.p, text.len);
    while (!e && (e = parts_next(&p, &mark, &name, &size)) == ERR_OK) {
        if (mark || !object_size(w->s->dir, &name, &there))
            continue;
        w->bytes += there;
        if (count_only)
            continue;
        e = object_remove(w->s->dir, &name);
        if (!e)
            e = queue_drop_object(w->s->queue, &name);
    }
    buf_free(&text);
    return e == ERR_END ? ERR_OK : e;
}

/* An entry for each of the recordings of a batch. */
static json_t *gone(const struct recording *r, size_t n)
{
    char parts[HASH_HEX], id[ENTRY_ID];
    json_t *all = json_array();
    hash_hex(parts, &r->parts);
    for (size_t i = 0; i < n && all; i++) {
        const char *order = r[i].order;
        json_t *one = order[0] ? entry(&r[i], "destroyed", json_pack("{s:s,s:s}", "parts", parts, "order", order), id)
                               : entry(&r[i], "freed", json_pack("{s:s}", "parts", parts), id);
        if (!one || json_array_append_new(all, one) < 0) {
            json_decref(all);
            all = NULL;
        }
    }
    return all;
}

static enum err free_parts(struct station *s, const struct user *u, const struct recording *r, size_t n,
                           struct custody_purged *out)
{
    struct removal w = {.s = s};
    enum err e = remove_blobs(&w, &r->parts, true);
    if (e || w.bytes == 0)
        return e;
    /* the entries first: blobs that are gone without a word would be a fault */
    e = append(s, u, r, gone(r, n), &r->parts);
    w.bytes = 0;
    if (!e)
        e = remove_blobs(&w, &r->parts, false);
    out->bytes += w.bytes;
    if (!e)
        *(r->order[0] ? &out->destroyed : &out->freed) += n;
    return e;
}

/* One parts list: recordings first..end of one batch. */
static enum err purge_group(struct station *s, const struct user *u, const struct recording_list *l, size_t first,
                            size_t end, int64_t before, struct custody_purged *out)
{
    const struct recording *r = &l->r[first];
    bool here = false, hub = true, held = false;
    for (size_t i = first; i < end; i++) {
        struct recording_held w;
        recording_where(s, l, &l->r[i], &w);
        here = here || w.here;
        hub = hub && w.hub;
        held = held || l->r[i].held;
    }
    uint64_t *count = held ? &out->held : &out->kept;
    if (!here)
        return ERR_OK;
    if (held || (!r->order[0] && !(hub && r->time < before))) {
        *count += end - first;
        return ERR_OK;
    }
    enum err e = free_parts(s, u, r, end - first, out);
    if (e == ERR_NOINPUT || e == ERR_BAD || e == ERR_DATA) {
        log_line("purge of label %llu of chain %s failed", (unsigned long long)r->seq, r->chain);
        out->failed += end - first;
        return ERR_OK;
    }
    return e;
}

enum err custody_purge(struct station *s, const struct user *u, const struct recording_list *l, int64_t before,
                       struct custody_purged *out)
{
    enum err e = ERR_OK;
    *out = (struct custody_purged){0};
    for (size_t i = 0, end; i < l->n && !e; i = end) {
        end = recording_group(l, i);
        if (!hash_is_zero(&l->r[i].parts))
            e = purge_group(s, u, l, i, end, before, out);
    }
    return e;
}
