#include "storage/vault/verify.h"

#include "storage/base/file.h"
#include "storage/base/lang.h"
#include "storage/base/log.h"
#include "storage/vault/chain.h"
#include "storage/vault/index.h"
#include "storage/vault/object.h"
#include "storage/vault/parts.h"
#include "storage/vault/station_inside.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct verify {
    struct station *s;
    const char *dir;
    const struct user *u;
    verify_fn *fn;
    void *ctx;
    struct verify_totals *t;
    struct pulse *pulse;
    /* of the chain being read */
    const char *chain;
    bool own;
    uint64_t seq;
    struct hash prev;
    bool follows;        /* seq and prev are of the label just before */
    uint64_t max_roster; /* named by any label of ours */
    struct hash *freed;  /* parts lists that our labels say were removed */
    size_t n_freed;
};

static void fault(struct verify *v, const char *why, const char *fmt, ...) PRINTF_LIKE(3, 4);

static void fault(struct verify *v, const char *why, const char *fmt, ...)
{
    char what[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, _(fmt), ap);
    va_end(ap);
    v->t->faults++;
    v->fn(v->ctx, what, _(why));
}

static void sum_fault(void *ctx, const char *name, const char *what)
{
    fault(ctx, what, "%s", name);
}

static const char *relative(const struct verify *v, const char *path)
{
    size_t n = strlen(v->dir);
    return strncmp(path, v->dir, n) == 0 && path[n] == '/' ? path + n + 1 : path;
}

/* A whole file is an authentic roster. */
static void check_roster(struct verify *v, const char *name, uint64_t *number)
{
    char path[4096];
    struct roster *r = NULL;
    *number = 0;
    if (file_path(path, v->dir, name) || roster_read(&r, path, &v->s->authority))
        fault(v, err_text(), "%s", name);
    else
        *number = r->number;
    roster_free(r);
}

static void check_notices(struct verify *v)
{
    char path[4096], name[300];
    uint64_t number = 0, best = 0;
    struct buf text = {0};
    DIR *d = file_path(path, v->dir, "notices") ? NULL : opendir(path);
    for (struct dirent *f; d && (f = readdir(d)) != NULL;) {
        struct notice *n = NULL;
        snprintf(name, sizeof name, "notices/%s", f->d_name);
        if (strcmp(f->d_name, ".") == 0 || strcmp(f->d_name, "..") == 0 || strstr(f->d_name, ".tmp"))
            continue;
        if (strncmp(f->d_name, "roster-", 7) == 0) {
            check_roster(v, name, &number);
            char want[64];
            snprintf(want, sizeof want, "roster-%llu", (unsigned long long)number);
            if (number && strcmp(want, f->d_name) != 0)
                fault(v, "a roster under another number", "%s", name);
            best = number > best ? number : best;
            continue;
        }
        enum err e = file_path(path, v->dir, name);
        if (!e)
            e = file_read(path, NOTICE_MAX, &text);
        if (!e)
            e = notice_parse(&n, (const char *)text.p, text.len);
        if (!e)
            e = notice_check(n, v->s->roster);
        if (!e && strcmp(n->id, f->d_name) != 0)
            e = err_set(ERR_BAD, "a notice under another name");
        if (e)
            fault(v, err_text(), "%s", name);
        notice_free(n);
    }
    if (d)
        closedir(d);
    buf_free(&text);
    check_roster(v, "roster", &number);
    if (number && number < best && station_roster_pends(v->s))
        v->t->torn++; /* killed in taking it: the next program ends that */
    else if (number && number < best)
        fault(v, "an older roster than this station has had; the newer one is obeyed", "roster");
}

/* The blobs of a parts list: here and whole, or rightly elsewhere. */
static void check_blob(struct verify *v, const struct label *l, const struct hash *name, uint64_t size, bool may_lack)
{
    char hex[HASH_HEX];
    uint64_t here = 0;
    hash_hex(hex, name);
    enum err e = object_check(v->dir, name, &here);
    pulse_add(v->pulse, here);
    if (!e && here == size) {
        v->t->objects++;
        v->t->bytes += size;
    } else if (e == ERR_NOINPUT && may_lack) {
        v->t->elsewhere++;
    } else {
        fault(v,
              e == ERR_NOINPUT ? N_("missing")
              : e              ? err_text()
                               : N_("its size is not the one listed"),
              "object %s, a blob of label %llu of chain %s", hex, (unsigned long long)l->seq, l->chain);
    }
}

static bool is_freed(const struct verify *v, const struct hash *parts)
{
    for (size_t i = 0; i < v->n_freed; i++)
        if (hash_same(&v->freed[i], parts))
            return true;
    return false;
}

static void check_parts(struct verify *v, const struct label *l)
{
    char hex[HASH_HEX], order[NOTICE_ID];
    struct buf text = {0};
    struct parts p;
    bool mark;
    struct hash name;
    uint64_t size;
    hash_hex(hex, &l->parts);
    enum err e = object_get(v->dir, &l->parts, PARTS_MAX, &text);
    if (!e)
        e = parts_open(&p, (const char *)text.p, text.len);
    if (e == ERR_NOINPUT && !v->own) {
        v->t->elsewhere++;
    } else if (e) {
        fault(v, e == ERR_NOINPUT ? N_("missing") : err_text(), "object %s, the parts of label %llu of chain %s", hex,
              (unsigned long long)l->seq, l->chain);
    } else {
        bool destroyed = station_destroyed(v->s, &l->parts, order);
        bool may_lack = !v->own || destroyed || is_freed(v, &l->parts);
        v->t->objects++;
        v->t->destroyed += destroyed;
        v->t->freed += may_lack && v->own && !destroyed;
        while (!e && (e = parts_next(&p, &mark, &name, &size)) == ERR_OK)
            if (!mark)
                check_blob(v, l, &name, size, may_lack);
        if (e != ERR_END)
            fault(v, err_text(), "object %s, the parts of label %llu", hex, (unsigned long long)l->seq);
    }
    buf_free(&text);
}

static void check_batch(struct verify *v, const struct label *l)
{
    char hex[HASH_HEX];
    uint64_t size = 0;
    hash_hex(hex, &l->object);
    enum err e = object_check(v->dir, &l->object, &size);
    pulse_add(v->pulse, size);
    if (e == ERR_NOINPUT && !v->own) {
        v->t->elsewhere++;
        return;
    }
    if (!e && size != l->size)
        e = err_set(ERR_BAD, "its size is not the label's");
    if (e) {
        fault(v, e == ERR_NOINPUT ? N_("missing") : err_text(), "object %s, the batch of label %llu of chain %s", hex,
              (unsigned long long)l->seq, l->chain);
        return;
    }
    v->t->objects++;
    v->t->bytes += size;
    if (v->u) {
        struct batch *b = NULL;
        struct buf plain = {0};
        e = chain_open_batch(v->s, l, v->u, &b, &plain);
        if (e && e != ERR_DENIED)
            fault(v, err_text(), "batch of label %llu of chain %s", (unsigned long long)l->seq, l->chain);
        batch_free(b);
        buf_free(&plain);
    }
}

/* What allowed an erase must be here as long as what tells of it. */
static void check_licence(struct verify *v, const struct label *l)
{
    char name[64], path[4096];
    snprintf(name, sizeof name, "notices/%s", l->licence);
    if (file_path(path, v->dir, name) || !file_exists(path))
        fault(v, "the erase licence that it names is missing", "chain/%s.labels, label %llu", v->chain,
              (unsigned long long)l->seq);
    v->t->licences += !l->licence_over;
}

static enum err check_label(void *ctx, const struct label *l, uint64_t offset, const char *damage)
{
    struct verify *v = ctx;
    if (damage) {
        fault(v, damage, "chain/%s.labels, behind label %llu (byte %llu)", v->chain, (unsigned long long)v->seq,
              (unsigned long long)offset);
        v->follows = false;
        return ERR_OK;
    }
    unsigned long long n = (unsigned long long)l->seq;
    enum err e = label_authentic(l, v->s->roster);
    if (e) {
        fault(v, err_text(), "chain/%s.labels, label %llu (byte %llu)", v->chain, n, (unsigned long long)offset);
        v->follows = false;
        return e == ERR_NOMEM ? e : ERR_OK;
    }
    if (strcmp(l->chain, v->chain) != 0)
        fault(v, "a label of another chain", "chain/%s.labels, label %llu", v->chain, n);
    else if (l->seq <= v->seq)
        fault(v, "a label stands twice or out of order", "chain/%s.labels, label %llu", v->chain, n);
    else if (l->seq != v->seq + 1 && v->follows)
        fault(v, "labels are missing before it", "chain/%s.labels, label %llu", v->chain, n);
    else if (l->seq == v->seq + 1 && v->follows && !hash_same(&l->prev, &v->prev))
        fault(v, "it does not follow the label before", "chain/%s.labels, label %llu", v->chain, n);
    v->seq = l->seq;
    v->prev = label_hash(l);
    v->follows = true;
    v->t->labels++;
    if (v->own && l->roster > v->max_roster)
        v->max_roster = l->roster;
    if (v->own && l->licence[0])
        check_licence(v, l);
    check_batch(v, l);
    if (!hash_is_zero(&l->parts))
        check_parts(v, l);
    return ERR_OK;
}

static enum err note_freed(void *ctx, const struct label *l, uint64_t offset, const char *damage)
{
    struct verify *v = ctx;
    (void)offset;
    if (damage || hash_is_zero(&l->frees) || label_authentic(l, v->s->roster))
        return ERR_OK;
    struct hash *more = reallocarray(v->freed, v->n_freed + 1, sizeof *more);
    if (!more)
        return err_set(ERR_NOMEM, "out of memory");
    v->freed = more;
    more[v->n_freed++] = l->frees;
    return ERR_OK;
}

/* The index must know what the file holds, and no more. */
static void check_index(struct verify *v)
{
    struct queue_head known;
    /* looked at now, before and after: somebody may have begun to append since */
    bool closed = queue_is_closed(v->dir);
    if (!v->s->queue || queue_head(v->s->queue, v->chain, &known) != ERR_OK)
        return;
    if (known.seq > v->seq)
        fault(v, "the index knows a later label: the chain was cut or put back",
              "chain/%s.labels ends at label %llu, not %llu", v->chain, (unsigned long long)v->seq,
              (unsigned long long)known.seq);
    else if (known.seq < v->seq && !(closed && queue_is_closed(v->dir)))
        v->t->torn++; /* killed between a label and its rows: the next program catches up */
    else if (known.seq < v->seq)
        fault(v, "it is behind the chain: an old one was put back; any other command brings it up to date",
              "queue.db, chain %s", v->chain);
    else if (v->follows && !hash_same(&known.hash, &v->prev))
        fault(v, "it holds another label than the chain; run `feldsher rebuild`", "queue.db, chain %s", v->chain);
}

static enum err check_chain(void *ctx, const char *chain)
{
    struct verify *v = ctx;
    char path[4096];
    bool torn;
    v->chain = chain;
    v->own = strcmp(chain, v->s->chain) == 0;
    v->seq = 0;
    v->follows = true;
    memset(&v->prev, 0, sizeof v->prev);
    enum err e = chain_path(path, v->dir, chain);
    if (!e && v->own)
        e = chain_read(path, 0, note_freed, v, &torn);
    if (!e)
        e = chain_read(path, 0, check_label, v, &torn);
    if (e)
        return e;
    v->t->torn += torn;
    check_index(v);
    return ERR_OK;
}

/* What a hub signed for must still be here. */
static void check_receipt(struct verify *v, const char *name)
{
    char path[4096];
    struct buf text = {0}, mine = {0};
    struct receipt *r = NULL;
    struct label l;
    enum err e = file_path(path, v->dir, name);
    if (!e)
        e = file_read(path, RECEIPT_MAX, &text);
    if (!e)
        e = receipt_parse(&r, (const char *)text.p, text.len);
    if (!e)
        e = receipt_check(r, v->s->roster);
    if (e) {
        fault(v, err_text(), "%s", name);
    } else if (strcmp(r->chain, v->s->chain) == 0 && r->labels && v->s->queue) {
        struct queue_head head;
        if (queue_head(v->s->queue, r->chain, &head) == ERR_OK && head.seq < r->labels)
            fault(v, "the hub holds later labels: the chain was put back; sync, so that they come back",
                  "chain/%s.labels ends at label %llu, the receipt says %llu", r->chain, (unsigned long long)head.seq,
                  (unsigned long long)r->labels);
        else if (queue_label(v->s->queue, r->chain, r->labels, &mine) == ERR_OK &&
                 label_parse(&l, (const char *)mine.p, mine.len) == ERR_OK) {
            struct hash h = label_hash(&l);
            if (!hash_same(&h, &r->head))
                fault(v, "the hub holds another label of that number: a cloned station", "chain/%s.labels, label %llu",
                      r->chain, (unsigned long long)r->labels);
        }
        if (r->alarm_seq)
            fault(v, "the hub says that this station was cloned", "%s", name);
    }
    receipt_free(r);
    buf_free(&text);
    buf_free(&mine);
}

static void check_chain_folder(struct verify *v)
{
    char path[4096], name[300], own[4096];
    DIR *d = file_path(path, v->dir, "chain") ? NULL : opendir(path);
    for (struct dirent *f; d && (f = readdir(d)) != NULL;) {
        const char *dot = strrchr(f->d_name, '.');
        snprintf(name, sizeof name, "chain/%s", f->d_name);
        if (dot && strcmp(dot, ".receipt") == 0)
            check_receipt(v, name);
    }
    if (d)
        closedir(d);
    struct queue_head head = {0};
    if (chain_path(own, v->dir, v->s->chain) == ERR_OK && !file_exists(own) && v->s->queue &&
        queue_head(v->s->queue, v->s->chain, &head) == ERR_OK && head.seq)
        fault(v, "missing", "chain/%s.labels", v->s->chain);
}

/* Files under objects/ that no label names are no fault (a power cut between
 * object and label leaves one), but one with other bytes than its name is. */
static enum err check_file(void *ctx, const struct hash *name, const char *path)
{
    struct verify *v = ctx;
    char chain[CHAIN_ID];
    uint64_t seq, size = 0;
    enum queue_kind kind;
    if (!name) {
        fault(v, "no object: its name is no hash", "%s", relative(v, path));
        return ERR_OK;
    }
    if (v->s->queue && queue_owner(v->s->queue, name, chain, &seq, &size, &kind) == ERR_OK)
        return ERR_OK;
    if (object_check(v->dir, name, &size) != ERR_OK)
        fault(v, err_text(), "%s", relative(v, path));
    pulse_add(v->pulse, size);
    return ERR_OK;
}

/* What was durable here once and is here no more. */
static enum err check_row(void *ctx, const struct hash *name, uint64_t size, enum queue_kind kind, const char *chain,
                          uint64_t seq)
{
    struct verify *v = ctx;
    char hex[HASH_HEX];
    uint64_t here = 0;
    (void)size;
    if (strcmp(chain, v->s->chain) == 0) /* ours were looked at label by label */
        return ERR_OK;
    hash_hex(hex, name);
    enum err e = object_check(v->dir, name, &here);
    pulse_add(v->pulse, here);
    if (!e && kind == QUEUE_OBJ_BLOB) {
        v->t->objects++;
        v->t->bytes += here;
    } else if (e == ERR_NOINPUT && kind != QUEUE_OBJ_BLOB) {
        fault(v, "missing, it was here", "object %s of label %llu of chain %s", hex, (unsigned long long)seq, chain);
    }
    return ERR_OK;
}

struct log_fault {
    struct verify *v;
    const char *name;
};

static void log_bad(void *ctx, unsigned line)
{
    struct log_fault *l = ctx;
    fault(l->v, "a line does not match its check", "%s, line %u", l->name, line);
}

static void check_logs(struct verify *v)
{
    char path[4096], name[300];
    DIR *d = file_path(path, v->dir, "log") ? NULL : opendir(path);
    for (struct dirent *f; d && (f = readdir(d)) != NULL;) {
        struct log_fault l = {v, name};
        /* what feldsher-sync keeps there is no log: its state, and the day's use */
        if (f->d_name[0] == '.' || strncmp(f->d_name, "sync.status", 11) == 0 ||
            strncmp(f->d_name, "sync.usage", 10) == 0)
            continue;
        snprintf(name, sizeof name, "log/%s", f->d_name);
        if (file_path(path, v->dir, name) || log_check(path, log_bad, &l))
            fault(v, err_text(), "%s", name);
    }
    if (d)
        closedir(d);
}

/* All that object_check will read. */
static enum err expect(void *ctx, const struct hash *name, const char *path)
{
    uint64_t size;
    if (name && file_size(path, &size))
        pulse_expect(ctx, size);
    return ERR_OK;
}

enum err verify_station(const char *dir, const struct user *u, verify_fn *fn, void *ctx, struct pulse *pulse,
                        struct verify_totals *t)
{
    struct verify v = {.dir = dir, .u = u, .fn = fn, .ctx = ctx, .t = t, .pulse = pulse};
    *t = (struct verify_totals){0};
    enum err index = queue_check_file(dir);
    if (index == ERR_BAD)
        fault(&v, err_text(), "queue.db");
    enum err e = station_open(&v.s, dir, STATION_CHAIN_KEY | STATION_LINK_KEY | STATION_READ_ONLY);
    if (e == ERR_BAD) {
        /* a key or the settings: say so, and look at the rest without them */
        fault(&v, err_text(), "keys or station.conf");
        e = station_open(&v.s, dir, STATION_READ_ONLY);
    }
    if (e)
        return e == ERR_BAD ? err_set(ERR_BAD, "verify: %llu fault(s) found", (unsigned long long)t->faults) : e;
    if (!v.s->queue && index != ERR_BAD)
        fault(&v, err_text(), "queue.db");
    if (station_sums(v.s, sum_fault, &v) == ERR_NOMEM)
        e = ERR_NOMEM;
    check_notices(&v);
    if (!e && pulse)
        e = object_each(dir, expect, pulse);
    if (!e)
        e = index_each_chain(dir, check_chain, &v);
    if (!e) {
        check_chain_folder(&v);
        e = object_each(dir, check_file, &v);
    }
    if (!e && v.s->queue)
        e = queue_each_object(v.s->queue, check_row, &v);
    if (!e && v.max_roster > v.s->roster->number)
        fault(&v, "labels of this station name a newer one: it was put back", "roster %llu",
              (unsigned long long)v.s->roster->number);
    check_logs(&v);
    if (!e)
        pulse_end(pulse);
    station_close(v.s);
    free(v.freed);
    if (!e && t->faults)
        e = err_set(ERR_BAD, "verify: %llu fault(s) found", (unsigned long long)t->faults);
    return e;
}
