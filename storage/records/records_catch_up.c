#include "storage/records/records.h"

#include "storage/base/bytes.h"
#include "storage/base/clock.h"
#include "storage/base/file.h"
#include "storage/base/log.h"
#include "storage/base/text.h"
#include "storage/records/records_apply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct slice {
    struct records *r;
    struct user *u;   /* the circles of the user without the user's own key */
    struct user *one; /* of these the one that the label before was for */
    unsigned left;    /* labels that may still be looked at */
    struct records_chain *chain;
    struct buf text; /* of labels of this chain, one behind the other */
};

/* A number for the keys that a person opens batches with. */
static int64_t state_of(const struct user *u)
{
    struct hash_state h;
    int64_t out;
    hash_init(&h);
    for (size_t i = 0; i < u->n_circles; i++) {
        uint8_t generation[8];
        bytes_put_le64(generation, u->circles[i].generation);
        hash_add(&h, u->circles[i].name, strlen(u->circles[i].name) + 1);
        hash_add(&h, generation, sizeof generation);
    }
    struct hash all = hash_end(&h);
    memcpy(&out, all.b, sizeof out);
    return out;
}

/* Persons of equal circles share the index: what is sealed to one of them
 * alone does not enter it. */
static enum err circles_alone(const struct user *u, struct user **out)
{
    enum err e = user_new(out, u->name);
    for (size_t i = 0; i < u->n_circles && !e; i++)
        user_add_key(*out, &u->circles[i]);
    return e;
}

static enum err two_numbers(struct records *r, enum records_stmt id, int64_t bound, uint64_t *all, uint64_t *some)
{
    enum err e;
    sqlite3_stmt *s = records_sql(&r->sql, id, &e);
    if (!s)
        return e;
    sqlite3_bind_int64(s, 1, bound);
    e = records_sql_row(&r->sql, s);
    *all = e ? 0 : (uint64_t)sqlite3_column_int64(s, 0);
    *some = e ? 0 : (uint64_t)sqlite3_column_int64(s, 1);
    sqlite3_reset(s);
    return e == ERR_NOINPUT ? ERR_OK : e;
}

static enum err count(struct records *r)
{
    enum err e = two_numbers(r, SQL_CLOSED_COUNT, r->state, &r->closed, &r->closed_again);
    if (!e)
        e = two_numbers(r, SQL_FAULT_COUNT, r->opening, &r->faults, &r->faults_again);
    memset(r->at_closed, 0, sizeof r->at_closed);
    memset(r->at_fault, 0, sizeof r->at_fault);
    r->counted = !e;
    return e;
}

static enum err add_closed(struct records *r, int64_t chain, uint64_t seq)
{
    enum err e;
    sqlite3_stmt *s = records_sql(&r->sql, SQL_CLOSED_ADD, &e);
    if (!s)
        return e;
    sqlite3_bind_int64(s, 1, chain);
    sqlite3_bind_int64(s, 2, (int64_t)seq);
    sqlite3_bind_int64(s, 3, r->state);
    r->closed++;
    return records_sql_run(&r->sql, s);
}

/* The first circle that a label is delivered to and that the user has: trying
 * each key of each circle on a batch is most of the work. */
static bool choose(struct slice *w, const struct label *l)
{
    struct span rest = {l->to, strlen(l->to)}, name;
    while (span_word(&rest, &name)) {
        if (w->one->n_circles && span_is(name, w->one->circles[0].name))
            return true;
        bool found = false;
        for (size_t i = 0; i < w->u->n_circles; i++) {
            if (!span_is(name, w->u->circles[i].name))
                continue;
            if (!found)
                w->one->n_circles = 0;
            found = true;
            user_add_key(w->one, &w->u->circles[i]);
        }
        if (found)
            return true;
    }
    return false;
}

/* The checks of recording_load; vouched: the label's signature needs none, a
 * later one names it. */
static enum err take_label(struct slice *w, const struct label *l, bool vouched)
{
    struct batch *b = NULL;
    struct buf plain = {.secret = 1};
    enum err e = vouched ? ERR_OK : label_authentic(l, w->r->s->roster);
    bool refused = e != ERR_OK;
    if (!e) {
        bool one = choose(w, l);
        e = chain_open_batch(w->r->s, l, one ? w->one : w->u, &b, &plain);
        if (e == ERR_DENIED && one)
            e = chain_open_batch(w->r->s, l, w->u, &b, &plain);
    }
    if (e == ERR_DENIED && !refused)
        e = add_closed(w->r, w->chain->n, l->seq);
    else if (e && e != ERR_NOMEM)
        e = records_apply_fault(w->r, w->chain->n, l->seq, -1, l->time, NULL, err_text());
    else if (!e)
        e = records_apply(w->r, w->chain, l, b);
    batch_free(b);
    buf_free(&plain);
    return e;
}

static enum err drop(struct records *r, enum records_stmt id, int64_t chain, uint64_t seq)
{
    enum err e;
    sqlite3_stmt *s = records_sql(&r->sql, id, &e);
    if (!s)
        return e;
    sqlite3_bind_int64(s, 1, chain);
    sqlite3_bind_int64(s, 2, (int64_t)seq);
    return records_sql_run(&r->sql, s);
}

/* The next one of a table that was not tried again yet, behind at. */
static enum err next_again(struct records *r, enum records_stmt id, int64_t bound, int64_t at[2])
{
    enum err e;
    sqlite3_stmt *s = records_sql(&r->sql, id, &e);
    if (!s)
        return e;
    sqlite3_bind_int64(s, 1, at[0]);
    sqlite3_bind_int64(s, 2, at[1]);
    sqlite3_bind_int64(s, 3, bound);
    sqlite3_bind_int64(s, 4, 1);
    e = records_sql_row(&r->sql, s);
    if (!e) {
        at[0] = sqlite3_column_int64(s, 0);
        at[1] = sqlite3_column_int64(s, 1);
    }
    sqlite3_reset(s);
    return e;
}

static enum err one_again(struct slice *w, enum records_stmt id, const int64_t at[2])
{
    struct buf text = {0};
    struct label l;
    if (at[0] < 1 || (uint64_t)at[0] > w->r->n_chains)
        return err_set(ERR_BAD, "%s is damaged: a row names no chain", w->r->name);
    w->chain = &w->r->chains[at[0] - 1];
    enum err e = queue_label(w->r->s->queue, w->chain->chain, (uint64_t)at[1], &text);
    if (e == ERR_NOINPUT)
        e = err_set(ERR_BAD, "%s is ahead of chain %s", w->r->name, w->chain->chain);
    if (!e)
        e = label_parse(&l, (const char *)text.p, text.len);
    if (!e)
        e = drop(w->r, id, at[0], (uint64_t)at[1]);
    if (!e)
        e = take_label(w, &l, false);
    buf_free(&text);
    return e;
}

static enum err again(struct slice *w)
{
    struct records *r = w->r;
    enum err e = ERR_OK;
    while (r->closed_again && w->left && !e) {
        e = next_again(r, SQL_CLOSED_AGAIN, r->state, r->at_closed);
        if (e == ERR_NOINPUT) {
            r->closed_again = 0;
            e = ERR_OK;
            break;
        }
        r->closed -= e ? 0 : 1;
        r->closed_again -= e ? 0 : 1;
        w->left--;
        if (!e)
            e = one_again(w, SQL_CLOSED_DROP, r->at_closed);
    }
    while (r->faults_again && w->left && !e) {
        e = next_again(r, SQL_FAULT_AGAIN, r->opening, r->at_fault);
        if (e == ERR_NOINPUT) {
            r->faults_again = 0;
            return ERR_OK;
        }
        r->faults -= e ? 0 : 1;
        r->faults_again -= e ? 0 : 1;
        w->left--;
        if (!e)
            e = one_again(w, SQL_FAULT_DROP, r->at_fault);
    }
    return e;
}

static enum err collect(void *ctx, const struct label *l)
{
    struct slice *w = ctx;
    if (w->left == 0)
        return ERR_END;
    w->left--;
    return buf_add(&w->text, l->text, l->len);
}

static enum err parse_all(const struct buf *text, struct label **out, size_t *n)
{
    enum err e = ERR_OK;
    *out = NULL;
    *n = 0;
    for (size_t at = 0; at < text->len && !e; at += (*out)[(*n)++].len) {
        struct label *more = *n & (*n - 1) ? *out : reallocarray(*out, *n ? 2 * *n : 1, sizeof *more);
        if (!more)
            return err_set(ERR_NOMEM, "out of memory");
        *out = more;
        e = label_parse(&more[*n], (const char *)text->p + at, text->len - at);
        if (e)
            break;
    }
    return e;
}

/*
 * The collected labels, in order. A label whose signature is good vouches for
 * the one that it names as the one before it, and so on back: one signature is
 * checked, not each. Not of a revoked station: its labels count up to one.
 */
static enum err take_collected(struct slice *w)
{
    const struct roster_station *from = roster_chain(w->r->s->roster, w->chain->chain);
    struct label *l;
    size_t n, vouched;
    enum err e = parse_all(&w->text, &l, &n);
    vouched = n;
    if (!e && n && from && !from->revoked && label_authentic(&l[n - 1], w->r->s->roster) == ERR_OK) {
        for (vouched = n - 1; vouched > 0; vouched--) {
            struct hash before = label_hash(&l[vouched - 1]);
            if (!hash_same(&before, &l[vouched].prev))
                break;
        }
    }
    for (size_t i = 0; i < n && !e; i++) {
        e = take_label(w, &l[i], i >= vouched);
        w->chain->seq = l[i].seq;
        w->chain->hash = label_hash(&l[i]);
    }
    free(l);
    return e;
}

static enum err put_head(struct records *r, const struct records_chain *c)
{
    enum err e;
    sqlite3_stmt *s = records_sql(&r->sql, SQL_CHAIN_HEAD, &e);
    if (!s)
        return e;
    sqlite3_bind_int64(s, 1, c->n);
    sqlite3_bind_int64(s, 2, (int64_t)c->seq);
    records_sql_blob(s, 3, c->hash.b, HASH_LEN);
    return records_sql_run(&r->sql, s);
}

struct heads {
    struct records *r;
    struct head {
        char chain[CHAIN_ID];
        uint64_t seq;
    } * v;
    size_t n;
};

static enum err take_head(void *ctx, const char *chain, const struct queue_head *head)
{
    struct heads *h = ctx;
    struct head *more = reallocarray(h->v, h->n + 1, sizeof *more);
    if (!more)
        return err_set(ERR_NOMEM, "out of memory");
    h->v = more;
    snprintf(more[h->n].chain, CHAIN_ID, "%s", chain);
    more[h->n++].seq = head->seq;
    return ERR_OK;
}

static enum err forward(struct slice *w, const struct heads *h)
{
    enum err e = ERR_OK;
    for (size_t i = 0; i < h->n && !e && w->left; i++) {
        e = records_chain(w->r, h->v[i].chain, &w->chain);
        if (e || w->chain->seq >= h->v[i].seq)
            continue;
        buf_clear(&w->text);
        e = queue_each_label(w->r->s->queue, w->chain->chain, w->chain->seq + 1, collect, w);
        if (!e || e == ERR_END)
            e = take_collected(w);
        if (!e)
            e = put_head(w->r, w->chain);
    }
    return e;
}

static enum err take_notice(void *ctx, const struct notice *n)
{
    struct records *r = ctx;
    enum err e;
    sqlite3_stmt *s;
    if (n->kind == NOTICE_HOLD || n->kind == NOTICE_RELEASE) {
        s = records_sql(&r->sql, n->kind == NOTICE_HOLD ? SQL_HOLD_ADD : SQL_HOLD_DROP, &e);
        if (s)
            records_sql_id(s, 1, n->recording);
    } else if (n->kind == NOTICE_DESTROY && !hash_is_zero(&n->parts)) {
        s = records_sql(&r->sql, SQL_ORDER_ADD, &e);
        if (s) {
            records_sql_blob(s, 1, n->parts.b, HASH_LEN);
            records_sql_id(s, 2, n->id);
        }
    } else {
        return ERR_OK;
    }
    return s ? records_sql_run(&r->sql, s) : e;
}

/* What the folder of notices and the roster that judges them look like; ""
 * where that cannot be told from what comes within the next moment. */
static void notices_look(const struct station *s, char out[static 96])
{
    char path[4096];
    struct stat st;
    out[0] = '\0';
    if (file_path(path, s->dir, "notices") != ERR_OK || stat(path, &st) < 0)
        return;
    int64_t changed = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
    if (clock_wall() - changed > 2000 || changed > clock_wall())
        snprintf(out, 96, "%lld.%09ld %llu", (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
                 (unsigned long long)s->roster->number);
}

/* Holds and orders in force: their tables anew when a notice or roster came. */
static enum err take_notices(struct records *r)
{
    char look[96];
    enum err e;
    notices_look(r->s, look);
    sqlite3_stmt *s = records_sql(&r->sql, SQL_META_GET, &e);
    if (!s)
        return e;
    records_sql_text(s, 1, "notices");
    e = records_sql_row(&r->sql, s);
    const char *known = e ? NULL : (const char *)sqlite3_column_text(s, 0);
    bool same = known && look[0] && strcmp(known, look) == 0;
    sqlite3_reset(s);
    if (same || (e && e != ERR_NOINPUT))
        return same ? ERR_OK : e;
    e = records_sql_simple(&r->sql, SQL_HOLDS_CLEAR);
    if (!e)
        e = records_sql_simple(&r->sql, SQL_ORDERS_CLEAR);
    if (!e)
        e = station_each_notice(r->s, take_notice, r);
    s = e ? NULL : records_sql(&r->sql, SQL_META_SET, &e);
    if (s) {
        records_sql_text(s, 1, "notices");
        records_sql_text(s, 2, look);
        e = records_sql_run(&r->sql, s);
    }
    return e;
}

static void tell(const struct records *r, const struct heads *h, struct records_progress *out)
{
    *out = (struct records_progress){.closed = r->closed, .quarantined = r->faults};
    out->total = r->closed_again + r->faults_again;
    for (size_t i = 0; i < h->n; i++)
        out->total += h->v[i].seq;
    for (size_t i = 0; i < r->n_chains; i++)
        out->done += r->chains[i].seq;
}

enum err records_catch_up(struct records *r, const struct user *u, unsigned labels_at_most,
                          struct records_progress *out)
{
    struct slice w = {.r = r, .left = labels_at_most};
    struct heads h = {.r = r};
    int64_t state = state_of(u);
    *out = (struct records_progress){0};
    if (state != r->state)
        r->counted = false;
    r->state = state;
    enum err e = queue_each_chain(r->s->queue, take_head, &h);
    if (!e)
        e = circles_alone(u, &w.u);
    if (!e)
        e = user_new(&w.one, u->name);
    bool begun = false;
    if (!e) {
        e = records_sql_simple(&r->sql, SQL_BEGIN);
        begun = !e;
    }
    if (!e && !r->counted)
        e = count(r);
    if (!e)
        e = take_notices(r);
    if (!e)
        e = forward(&w, &h);
    if (!e)
        e = again(&w);
    if (!e)
        e = records_sql_simple(&r->sql, SQL_COMMIT);
    if (e && begun) {
        char why[512];
        snprintf(why, sizeof why, "%s", err_text());
        r->counted = false;
        if (records_sql_simple(&r->sql, SQL_ROLLBACK) != ERR_OK || records_read_chains(r) != ERR_OK)
            log_line("%s cannot be gone back", r->name);
        err_set(e, "%s", why);
    }
    if (!e)
        tell(r, &h, out);
    user_free(w.u);
    user_free(w.one);
    buf_free(&w.text);
    free(h.v);
    return e;
}
