#include "storage/vault/station_inside.h"

#include "storage/base/file.h"
#include "storage/base/log.h"
#include "storage/limits.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* notices/roster-NUMBER of s->dir, or beside it. It is written in notices/ and
 * moved: a confined program may not write beside keys/. */
static enum err roster_path(char out[static 4096], const struct station *s, uint64_t number, const char *suffix)
{
    char name[64];
    snprintf(name, sizeof name, "notices/roster-%llu%s", (unsigned long long)number, suffix);
    return file_path(out, s->dir, name);
}

static enum err put_roster(const struct station *s, const char *aside)
{
    char path[4096];
    enum err e = file_path(path, s->dir, "roster");
    return e ? e : file_rename(aside, path);
}

/* aside: where it lies. */
static bool pends(const struct station *s, char aside[static 4096])
{
    struct roster *r = NULL;
    bool whole = roster_path(aside, s, s->roster->number, ".tmp") == ERR_OK &&
                 roster_read(&r, aside, &s->authority) == ERR_OK && r->number == s->roster->number;
    roster_free(r);
    err_clear();
    return whole;
}

bool station_roster_pends(const struct station *s)
{
    char aside[4096];
    return pends(s, aside);
}

enum err station_finish_roster(const struct station *s)
{
    char aside[4096];
    return pends(s, aside) ? put_roster(s, aside) : ERR_OK;
}

enum err station_take_roster(struct station *s, const char *text, size_t n)
{
    char copy[4096], aside[4096];
    struct roster *r = NULL;
    enum err e = roster_parse(&r, text, n, &s->authority);
    if (e)
        return e;
    if (strcmp(r->district, s->district) != 0)
        e = err_set(ERR_BAD, "roster %llu is of another district, %s", (unsigned long long)r->number, r->district);
    else if (r->number <= s->roster->number)
        e = err_set(ERR_AGAIN, "roster %llu is not newer than ours, %llu", (unsigned long long)r->number,
                    (unsigned long long)s->roster->number);
    /* aside first: where a kill left it, the taking is finished by the next opening */
    if (!e)
        e = roster_path(aside, s, r->number, ".tmp");
    if (!e)
        e = file_write(aside, text, n, 0600);
    if (!e)
        e = roster_path(copy, s, r->number, "");
    if (!e)
        e = file_write(copy, text, n, 0600);
    if (!e)
        e = put_roster(s, aside);
    if (e) {
        roster_free(r);
        return e;
    }
    log_line("roster %llu taken", (unsigned long long)r->number);
    roster_free(s->roster);
    s->roster = r;
    return ERR_OK;
}

static enum err notice_path(char out[static 4096], const struct station *s, const char *id)
{
    char name[64];
    snprintf(name, sizeof name, "notices/%.40s", id);
    return file_path(out, s->dir, name);
}

enum err station_take_notice(struct station *s, const char *text, size_t n)
{
    char path[4096];
    struct notice *new = NULL, *old = NULL;
    struct buf known = {0};
    enum err e = notice_parse(&new, text, n);
    if (!e)
        e = notice_check(new, s->roster);
    if (!e)
        e = notice_path(path, s, new->id);
    if (!e && file_read(path, NOTICE_MAX, &known) == ERR_OK &&
        notice_parse(&old, (const char *)known.p, known.len) == ERR_OK && notice_check(old, s->roster) == ERR_OK)
        e = err_set(ERR_AGAIN, "notice %s is known", new->id);
    if (!e)
        e = file_write(path, text, n, 0600);
    if (!e)
        log_line("notice %s %s taken", new->id, notice_kind_text(new->kind));
    buf_free(&known);
    notice_free(old);
    notice_free(new);
    return e;
}

static enum err receipt_path(char out[static 4096], const struct station *s, const struct receipt *r)
{
    char name[CHAIN_ID + NAME_LEN + 32];
    snprintf(name, sizeof name, "chain/%s.%s.receipt", r->chain, r->hub);
    return file_path(out, s->dir, name);
}

/* A receipt over our own chain must name our own label; another one is a clone's. */
static enum err compare_head(struct station *s, const struct receipt *r)
{
    struct buf text = {0};
    struct label l;
    enum err e = ERR_OK;
    if (strcmp(r->chain, s->chain) == 0 && r->labels && queue_label(s->queue, s->chain, r->labels, &text) == ERR_OK &&
        label_parse(&l, (const char *)text.p, text.len) == ERR_OK) {
        struct hash mine = label_hash(&l);
        if (!hash_same(&mine, &r->head))
            e = err_set(ERR_BAD, "the hub %s holds another label %llu of this station: it was cloned", r->hub,
                        (unsigned long long)r->labels);
    }
    buf_free(&text);
    if (e && queue_set_job(s->queue, "frozen", s->chain, err_text(), strlen(err_text())) != ERR_OK)
        log_line("chain %s: clone seen, mark not kept", s->chain);
    return e;
}

enum err station_take_receipt(struct station *s, const char *text, size_t n)
{
    char path[4096];
    struct receipt *new = NULL, *old = NULL;
    struct buf known = {0};
    enum err e = receipt_parse(&new, text, n);
    if (!e)
        e = receipt_check(new, s->roster);
    if (!e)
        e = receipt_path(path, s, new);
    if (!e && file_read(path, RECEIPT_MAX, &known) == ERR_OK &&
        receipt_parse(&old, (const char *)known.p, known.len) == ERR_OK && receipt_check(old, s->roster) == ERR_OK &&
        (new->labels < old->labels || new->time < old->time || (new->labels == old->labels &&new->time == old->time)))
        e = err_set(ERR_AGAIN, "receipt for chain %s says no more than the one we have", new->chain);
    if (!e)
        e = compare_head(s, new);
    if (!e)
        e = file_write(path, text, n, 0600);
    if (!e)
        e = queue_set_receipt(s->queue, new);
    if (!e)
        log_line("receipt for %s up to %llu", new->chain, (unsigned long long)new->labels);
    buf_free(&known);
    receipt_free(old);
    receipt_free(new);
    return e;
}

static int by_time(const void *a, const void *b)
{
    const struct notice *const *x = a, *const *y = b;
    int64_t d = (*x)->time - (*y)->time;
    return d ? (d > 0) - (d < 0) : strcmp((*x)->id, (*y)->id);
}

/* All notices whose signatures are good now, sorted; the caller frees. */
static enum err read_all(const struct station *s, struct notice ***out, size_t *n)
{
    char folder[4096], path[4096];
    struct buf text = {0};
    *out = NULL;
    *n = 0;
    enum err e = file_path(folder, s->dir, "notices");
    DIR *d = e ? NULL : opendir(folder);
    if (!d)
        return e ? e : errno == ENOENT ? ERR_OK : err_errno(ERR_IO, "cannot read %s", folder);
    for (struct dirent *f; !e && (f = readdir(d)) != NULL;) {
        struct notice *one = NULL;
        if (strlen(f->d_name) != NOTICE_ID - 1 || *n >= NOTICES_MAX)
            continue;
        e = file_path(path, folder, f->d_name);
        if (e || file_read(path, NOTICE_MAX, &text) || notice_parse(&one, (const char *)text.p, text.len) ||
            notice_check(one, s->roster) || strcmp(one->id, f->d_name) != 0) {
            notice_free(one);
            continue;
        }
        struct notice **more = reallocarray(*out, *n + 1, sizeof **out);
        if (!more) {
            notice_free(one);
            e = err_set(ERR_NOMEM, "out of memory");
            break;
        }
        *out = more;
        more[(*n)++] = one;
    }
    closedir(d);
    buf_free(&text);
    if (*n)
        qsort(*out, *n, sizeof **out, by_time);
    return e;
}

enum err station_each_notice(const struct station *s, station_notice_fn *fn, void *ctx)
{
    struct notice **all;
    size_t n;
    enum err e = read_all(s, &all, &n);
    for (size_t i = 0; i < n; i++) {
        if (!e)
            e = fn(ctx, all[i]);
        notice_free(all[i]);
    }
    free(all);
    return e;
}

struct hold_search {
    const char *recording;
    bool held;
};

static enum err look_hold(void *ctx, const struct notice *n)
{
    struct hold_search *h = ctx;
    if ((n->kind == NOTICE_HOLD || n->kind == NOTICE_RELEASE) && strcmp(n->recording, h->recording) == 0)
        h->held = n->kind == NOTICE_HOLD;
    return ERR_OK;
}

bool station_on_hold(const struct station *s, const char *recording)
{
    struct hold_search h = {recording, false};
    /* what cannot be read may be a hold */
    return station_each_notice(s, look_hold, &h) != ERR_OK || h.held;
}

struct order_search {
    const struct hash *parts;
    char *order;
    bool found;
};

static enum err look_order(void *ctx, const struct notice *n)
{
    struct order_search *o = ctx;
    if (n->kind == NOTICE_DESTROY && hash_same(&n->parts, o->parts)) {
        o->found = true;
        memcpy(o->order, n->id, NOTICE_ID);
    }
    return ERR_OK;
}

bool station_destroyed(const struct station *s, const struct hash *parts, char order[static NOTICE_ID])
{
    struct order_search o = {parts, order, false};
    return station_each_notice(s, look_order, &o) == ERR_OK && o.found;
}
