#include "drivers/erase/permit.h"

#include "storage/base/file.h"
#include "storage/base/lang.h"
#include "storage/base/log.h"
#include "storage/vault/licence_use.h"
#include "storage/vault/mark.h"
#include "storage/vault/object.h"
#include "storage/vault/parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct search {
    struct permit *p;
    const char *serial, *volume, *id;
    bool found; /* the notice of that id */
};

static enum err no_memory(void)
{
    return err_set(ERR_NOMEM, "out of memory");
}

static void refuse(struct permit_licence *l, const char *why)
{
    if (!l->why[0])
        snprintf(l->why, sizeof l->why, "%s", why);
}

/* station_each_notice frees what it shows. */
static enum err keep(struct permit *p, const struct notice *n, const char *why)
{
    if (p->n == PERMIT_LICENCES_MAX) {
        notice_free(p->licences[0].n);
        memmove(p->licences, p->licences + 1, --p->n * sizeof *p->licences);
    }
    struct permit_licence *l = &p->licences[p->n];
    *l = (struct permit_licence){.n = NULL};
    refuse(l, why);
    enum err e = notice_parse(&l->n, (const char *)n->text.p, n->text.len);
    p->n += !e;
    return e;
}

static enum err look_licence(void *ctx, const struct notice *n)
{
    struct search *w = ctx;
    bool asked = w->id && strcmp(n->id, w->id) == 0;
    if (n->kind != NOTICE_ERASE || (w->id && !asked))
        return ERR_OK;
    if (asked && !n->licence)
        return err_set(ERR_NOINPUT, "notice %s names no files that this version could erase", n->id);
    if (!n->licence)
        return ERR_OK;
    w->found = true;
    struct hash camera = licence_camera(n->id, w->serial), volume = licence_volume(n->id, w->volume);
    bool ours = hash_same(&camera, &n->licence->camera);
    if (!ours)
        return asked ? err_set(ERR_NOINPUT, "licence %s is for another camera than %s", n->id, w->serial) : ERR_OK;
    return keep(w->p, n,
                hash_same(&volume, &n->licence->volume) ? "" : _("it is for another volume than the camera has now"));
}

/* Why a notice that was asked for is not among the good ones. */
static enum err not_good(const struct station *s, const char *id)
{
    char name[64], path[4096];
    struct buf text = {0};
    struct notice *n = NULL;
    snprintf(name, sizeof name, "notices/%.40s", id);
    enum err e = strspn(id, "0123456789abcdef") == NOTICE_ID - 1 && id[NOTICE_ID - 1] == '\0'
                     ? file_path(path, s->dir, name)
                     : ERR_NOINPUT;
    if (!e)
        e = file_read(path, NOTICE_MAX, &text);
    if (!e)
        e = notice_parse(&n, (const char *)text.p, text.len);
    if (!e)
        e = notice_check(n, s->roster);
    buf_free(&text);
    notice_free(n);
    return e && e != ERR_NOINPUT
               ? e
               : err_set(ERR_NOINPUT, "there is no erase licence %s here; a supervisor's reaches this station by sync",
                         id);
}

static enum err look_use(void *ctx, const struct licence_use *u)
{
    struct permit *p = ctx;
    char why[256];
    for (size_t i = 0; i < p->n; i++) {
        struct permit_licence *l = &p->licences[i];
        if (strcmp(l->n->id, u->licence) != 0)
            continue;
        const struct roster_station *who = roster_chain(p->s->roster, u->chain);
        if (strcmp(u->chain, p->s->chain) == 0) {
            l->begun = !u->over;
            if (u->over)
                refuse(l, _("it is used up"));
        } else {
            snprintf(why, sizeof why, _("station %.63s began to use it: it alone may finish"), who ? who->name : "-");
            refuse(l, why);
        }
    }
    return ERR_OK;
}

/* Another station's word does not count where we began first: nobody knows
 * which came first, so neither deletes; it can be told what is gone. */
static enum err look_uses(struct permit *p)
{
    return p->n ? licence_use_each(p->s, look_use, p) : ERR_OK;
}

static enum err keep_receipt(struct permit *p, const void *text, size_t n)
{
    struct receipt *r = NULL;
    enum err e = receipt_parse(&r, text, n);
    if (!e)
        e = receipt_check(r, p->s->roster);
    if (!e) {
        struct receipt **more = reallocarray(p->receipts, p->n_receipts + 1, sizeof(struct receipt *));
        if (more) {
            p->receipts = more;
            more[p->n_receipts++] = r;
            return ERR_OK;
        }
        e = no_memory();
    }
    receipt_free(r);
    if (e == ERR_NOMEM)
        return e;
    log_line("a receipt that a licence brought is not good");
    err_clear();
    return ERR_OK;
}

static bool has_chain(const struct permit *p, const char *chain)
{
    for (size_t i = 0; i < p->n_receipts; i++)
        if (strcmp(p->receipts[i]->chain, chain) == 0)
            return true;
    return false;
}

/* Ours first: has_chain stops at the first of a chain's. */
static enum err take_receipts(struct permit *p)
{
    struct buf text = {.max = RECEIPT_MAX};
    enum err e = queue_receipt(p->s->queue, p->s->chain, &text);
    e = e ? ERR_OK : keep_receipt(p, text.p, text.len);
    for (size_t i = 0; i < p->n && !e; i++) {
        const struct licence *l = p->licences[i].n->licence;
        for (size_t k = 0; k < l->n_files && !e; k++) {
            buf_clear(&text);
            if (!has_chain(p, l->files[k].chain) && queue_receipt(p->s->queue, l->files[k].chain, &text) == ERR_OK)
                e = keep_receipt(p, text.p, text.len);
        }
    }
    for (size_t i = 0; i < p->n && !e; i++) {
        const struct licence *l = p->licences[i].n->licence;
        for (size_t k = 0; k < l->n_receipts && !e; k++)
            e = keep_receipt(p, l->receipts[k].p, l->receipts[k].len);
    }
    buf_free(&text);
    err_clear();
    return e;
}

static enum err look_hold(void *ctx, const struct notice *n)
{
    struct permit *p = ctx;
    size_t at = 0;
    if (n->kind != NOTICE_HOLD && n->kind != NOTICE_RELEASE)
        return ERR_OK;
    while (at < p->n_held && strcmp(p->held[at], n->recording) != 0)
        at++;
    if (n->kind == NOTICE_RELEASE) {
        if (at < p->n_held)
            memmove(p->held[at], p->held[--p->n_held], NOTICE_ID);
        return ERR_OK;
    }
    if (at < p->n_held)
        return ERR_OK;
    char(*more)[NOTICE_ID] = reallocarray(p->held, p->n_held + 1, NOTICE_ID);
    if (!more)
        return no_memory();
    p->held = more;
    memcpy(more[p->n_held++], n->recording, NOTICE_ID);
    return ERR_OK;
}

/* A hold that arrives while we are at work counts. */
static enum err look_holds(struct permit *p)
{
    char path[4096];
    struct stat st;
    enum err e = file_path(path, p->s->dir, "notices");
    if (e)
        return e;
    if (stat(path, &st) < 0)
        return err_errno(ERR_IO, "cannot look at %s", path);
    if (p->notices.tv_sec == st.st_mtim.tv_sec && p->notices.tv_nsec == st.st_mtim.tv_nsec)
        return ERR_OK;
    p->n_held = 0;
    p->notices = st.st_mtim;
    return station_each_notice(p->s, look_hold, p);
}

enum err permit_load(struct permit **out, struct station *s, const char *serial, const char *volume, const char *id,
                     struct copies *copies)
{
    *out = NULL;
    struct permit *p = calloc(1, sizeof *p);
    if (!p)
        return no_memory();
    p->s = s;
    p->copies = copies;
    marks_init(&p->marks, s);
    struct search w = {p, serial, volume, id, false};
    enum err e = serial[0] ? station_each_notice(s, look_licence, &w)
                           : err_set(ERR_DATA, "the camera tells no serial number; no licence can be meant for it");
    if (!e && id && !w.found)
        e = not_good(s, id);
    if (!e)
        e = look_uses(p);
    if (!e)
        e = take_receipts(p);
    if (!e)
        e = look_holds(p);
    if (e)
        permit_free(p);
    else
        *out = p;
    return e;
}

void permit_free(struct permit *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->n; i++)
        notice_free(p->licences[i].n);
    for (size_t i = 0; i < p->n_receipts; i++)
        receipt_free(p->receipts[i]);
    marks_free(&p->marks);
    free(p->receipts);
    free(p->held);
    free(p);
}

/* A valid receipt says that the hub holds label and parts, and no later one of
 * the same hub says otherwise. */
static bool is_held(const struct permit *p, const char *chain, uint64_t seq)
{
    const struct receipt *best = NULL;
    for (size_t i = 0; i < p->n_receipts; i++) {
        const struct receipt *r = p->receipts[i];
        if (strcmp(r->chain, chain) == 0 && receipt_holds_parts(r, seq) && (!best || r->time > best->time))
            best = r;
    }
    for (size_t i = 0; i < p->n_receipts && best; i++) {
        const struct receipt *r = p->receipts[i];
        if (strcmp(r->chain, chain) == 0 && strcmp(r->hub, best->hub) == 0 && r->time > best->time)
            return false;
    }
    return best != NULL;
}

/* Two labels of one number: which of them a licence means, nobody knows. */
static bool is_cloned(const struct permit *p, const char *chain)
{
    for (size_t i = 0; i < p->n_receipts; i++)
        if (strcmp(p->receipts[i]->chain, chain) == 0 && p->receipts[i]->alarm_seq)
            return true;
    return false;
}

static bool is_on_hold(const struct permit *p, const char *recording)
{
    for (size_t i = 0; i < p->n_held; i++)
        if (strcmp(p->held[i], recording) == 0)
            return true;
    return false;
}

/* No receipt covers it: may copies stand for one? Whether they are whole is
 * looked at when the file's turn comes. */
static enum err may_copies(const struct permit *p, const struct permit_licence *l, const struct licence_file *f)
{
    enum clock_mark mark;
    unsigned needed = l->n->licence->copies;
    if (!needed || strcmp(f->chain, p->s->chain) != 0)
        return err_set(ERR_DENIED, "no receipt says that a hub holds recording %s; sync first", f->recording);
    if (!licence_hub_is_silent(p->s, f->chain, station_now(p->s, &mark)))
        return err_set(ERR_DENIED,
                       "no receipt says that a hub holds recording %s, and copies stand for one only where no hub was "
                       "heard of for three weeks; sync first",
                       f->recording);
    if (!p->copies || p->copies->n + 1 < needed)
        return err_set(ERR_DENIED,
                       "no hub was heard of for weeks: %u copies on separate media are needed, with this "
                       "station's own; name the others by --copy",
                       needed);
    return ERR_OK;
}

enum err permit_file(struct permit *p, const struct permit_licence *l, const struct licence_file *f)
{
    enum clock_mark mark;
    char when[CLOCK_TEXT];
    enum err e = look_holds(p);
    if (e)
        return e;
    if (l->why[0])
        return err_set(ERR_DENIED, "licence %s may not be used: %s", l->n->id, l->why);
    if (station_now(p->s, &mark) > l->n->licence->expires) {
        clock_text(when, l->n->licence->expires);
        return err_set(ERR_DENIED, "licence %s expired at %s; a supervisor gives a new one", l->n->id, when);
    }
    if (is_on_hold(p, f->recording))
        return err_set(ERR_DENIED,
                       "recording %s is held, and what is held stays on its camera, too; a supervisor "
                       "releases it first",
                       f->recording);
    if (is_cloned(p, f->chain))
        return err_set(ERR_DENIED,
                       "the hub holds two different labels of chain %s: it was cloned, and what was taken "
                       "in there stays",
                       f->chain);
    return is_held(p, f->chain, f->seq) ? ERR_OK : may_copies(p, l, f);
}

/* Has the parts list of a label this mark? */
static enum err has_mark(const struct station *s, const struct label *l, const struct hash *mark, bool *found)
{
    struct buf text = {.max = PARTS_MAX};
    struct parts p;
    struct hash name;
    uint64_t size;
    bool is_mark;
    *found = false;
    enum err e = object_get(s->dir, &l->parts, PARTS_MAX, &text);
    if (!e)
        e = parts_open(&p, (const char *)text.p, text.len);
    while (!e && (e = parts_next(&p, &is_mark, &name, &size)) == ERR_OK)
        *found = *found || (is_mark && hash_same(&name, mark));
    buf_free(&text);
    return e == ERR_END ? ERR_OK : e;
}

static enum err no_label(const struct licence_file *f)
{
    return err_set(ERR_BAD, "the licence says that label %llu of this station holds the file, and it does not",
                   (unsigned long long)f->seq);
}

static enum err check_label(struct permit *p, const struct licence_file *f, const struct hash *plain)
{
    const struct station *s = p->s;
    struct buf text = {0};
    struct label l;
    struct hash mark;
    bool own = strcmp(f->chain, s->chain) == 0, found = false;
    enum err e = queue_label(s->queue, f->chain, f->seq, &text);
    if (!e)
        e = label_parse(&l, (const char *)text.p, text.len);
    if (!e)
        e = own ? label_check(&l, &s->key->pub) : label_authentic(&l, s->roster);
    if (!e && (strcmp(l.chain, f->chain) != 0 || l.seq != f->seq))
        e = ERR_BAD;
    if (!e && f->size && hash_is_zero(&l.parts))
        e = no_label(f);
    /* only who holds our key could have put the mark there, and the bytes in front of it */
    if (!e && own && f->size) {
        e = mark_content(&mark, s->mark_key, f->size, plain);
        if (!e)
            e = has_mark(s, &l, &mark, &found);
        if (e == ERR_NOMEM)
            found = true;
        if (!found)
            e = no_label(f);
    }
    buf_free(&text);
    if (e == ERR_NOINPUT && !own) {
        err_clear();
        return ERR_OK; /* another station's label need not be here */
    }
    return e && e != ERR_NOMEM && own ? no_label(f) : e;
}

enum err permit_bytes(struct permit *p, const struct permit_licence *l, const struct licence_file *f,
                      const struct hash *plain)
{
    enum err e = check_label(p, f, plain);
    if (e || is_held(p, f->chain, f->seq))
        return e;
    e = may_copies(p, l, f);
    return e ? e : copies_hold(p->copies, f->seq, l->n->licence->copies);
}

enum err permit_taken(struct permit *p, const char *camera, const struct intake_source *f, bool *taken, bool *held)
{
    struct buf bytes = {0};
    struct hash mark;
    uint64_t seq;
    bool changed;
    *taken = *held = false;
    enum err e = mark_fast(&mark, p->s->mark_key, camera, f, &bytes, &changed);
    if (!e)
        e = marks_know(&p->marks, &mark, taken, &seq);
    *held = !e && *taken && is_held(p, p->s->chain, seq);
    buf_free(&bytes);
    return e;
}
