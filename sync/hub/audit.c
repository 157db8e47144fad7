#include "sync/hub/audit.h"

#include "storage/base/bytes.h"
#include "storage/base/file.h"
#include "storage/trust/notice.h"
#include "storage/vault/chain.h"
#include "storage/vault/object.h"
#include "storage/vault/receipt.h"
#include "sync/hub/hub_key.h"
#include "sync/hub/store_files.h"
#include "sync/hub/store_sqlite.h"
#include "sync/limits.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fault(struct audit *c, const char *what, const char *why)
{
    c->faults++;
    c->fault(c->ctx, what, why);
}

/* Notes a failed step as a fault, unless the check itself cannot go on. */
static enum err noted(struct audit *c, const char *what, enum err e)
{
    if (!e)
        return ERR_OK;
    if (e == ERR_NOMEM || e == ERR_BUG)
        return e;
    fault(c, what, err_text());
    return ERR_OK;
}

static enum err check_keys(struct audit *c)
{
    char path[4096];
    struct buf text = {.max = HUB_CONF_MAX};
    struct roster_hub card;
    struct hub *h = c->hub;
    enum err e = noted(c, "keys/sign.key", hub_key_read(h, "keys/sign.key", &h->sign));
    if (!e)
        e = noted(c, "keys/link.key", hub_key_read(h, "keys/link.key", &h->link));
    if (!e)
        e = hub_path(h, path, "hub.card");
    if (e)
        return e;
    e = file_read(path, HUB_CONF_MAX, &text);
    if (!e)
        e = roster_hub_read(&card, (const char *)text.p, text.len);
    if (!e && ((h->sign && !sign_same(&card.sign, &h->sign->pub)) ||
               (h->link && !sign_same(&card.link, &h->link->pub)) || strcmp(card.name, h->name) != 0))
        e = err_set(ERR_BAD, "it does not name this hub's keys");
    buf_free(&text);
    return noted(c, "hub.card", e);
}

static enum err check_roster(struct audit *c)
{
    struct hub *h = c->hub;
    if (!h->roster) {
        if (h->pinned)
            fault(c, "roster", "it is not here, or not signed by this hub's authority");
        return ERR_OK;
    }
    const struct roster_hub *me = roster_hub(h->roster, h->name);
    if (me && h->sign && !sign_same(&me->sign, &h->sign->pub))
        fault(c, "roster", "it names another signing key for this hub: no station will take its receipts");
    return ERR_OK;
}

/* fn for every entry of a folder of the hub. */
static enum err each_file(struct audit *c, const char *folder,
                          enum err (*fn)(struct audit *c, const char *what, const char *path, const char *name))
{
    char dir[4096], path[4096], what[512];
    enum err e = hub_path(c->hub, dir, folder);
    DIR *d = e ? NULL : opendir(dir);
    if (!d)
        return e || errno == ENOENT ? e : noted(c, folder, err_errno(ERR_IO, "cannot read it"));
    for (struct dirent *f; !e && (f = readdir(d)) != NULL;) {
        if (strcmp(f->d_name, ".") == 0 || strcmp(f->d_name, "..") == 0 || strstr(f->d_name, ".tmp."))
            continue; /* a write that a power cut ended is no fault */
        snprintf(what, sizeof what, "%s/%s", folder, f->d_name);
        e = file_path(path, dir, f->d_name);
        if (!e)
            e = fn(c, what, path, f->d_name);
    }
    closedir(d);
    return e;
}

static enum err one_notice(struct audit *c, const char *what, const char *path, const char *name)
{
    struct buf text = {.max = NOTICE_MAX};
    struct notice *n = NULL;
    enum err e = file_read(path, NOTICE_MAX, &text);
    if (!e)
        e = notice_parse(&n, (const char *)text.p, text.len);
    if (!e && c->hub->roster)
        e = notice_check(n, c->hub->roster);
    if (!e && strcmp(n->id, name) != 0)
        e = err_set(ERR_BAD, "it holds notice %s", n->id);
    notice_free(n);
    buf_free(&text);
    return noted(c, what, e);
}

static enum err one_confirmation(struct audit *c, const char *what, const char *path, const char *name)
{
    struct buf text = {.max = NOTICE_MAX};
    struct sign_text t;
    (void)name;
    enum err e = file_read(path, NOTICE_MAX, &text);
    if (!e)
        e = sign_split(&t, (const char *)text.p, text.len);
    if (!e && c->hub->sign && !sign_text_check(&t, 0, &c->hub->sign->pub))
        e = err_set(ERR_BAD, "the signature is not this hub's");
    buf_free(&text);
    return noted(c, what, e);
}

struct chain_check {
    struct audit *c;
    const char *chain;
    struct store_chain at; /* by the index */
    uint64_t seq;
    struct hash head;
};

static void chain_fault(struct chain_check *k, uint64_t seq, const char *why)
{
    char what[96];
    snprintf(what, sizeof what, "chain %s label %" PRIu64, k->chain, seq);
    fault(k->c, what, why);
}

static enum err one_label(void *ctx, const struct label *l, uint64_t offset, const char *damage)
{
    struct chain_check *k = ctx;
    struct buf text = {.max = LABEL_MAX};
    (void)offset;
    if (damage) {
        chain_fault(k, k->seq + 1, damage);
        return ERR_OK;
    }
    k->c->labels++;
    enum err e = k->c->hub->roster ? label_authentic(l, k->c->hub->roster) : ERR_OK;
    if (e == ERR_NOMEM)
        return e;
    if (e && e != ERR_DENIED) /* accepted before its station was revoked */
        chain_fault(k, l->seq, err_text());
    if (l->seq != k->seq + 1 || !hash_same(&l->prev, &k->head) || strcmp(l->chain, k->chain) != 0)
        chain_fault(k, l->seq, "it does not follow the label before it");
    k->seq = l->seq;
    k->head = label_hash(l);
    struct store *s = k->c->hub->store;
    if (l->seq <= k->at.seq && s) {
        e = s->label(s, k->chain, l->seq, &text);
        if (e || text.len != l->len || memcmp(text.p, l->text, l->len) != 0)
            chain_fault(k, l->seq, "the index names another label");
        buf_free(&text);
    }
    return ERR_OK;
}

static enum err one_chain(void *ctx, const char *chain)
{
    struct audit *c = ctx;
    struct chain_check k = {.c = c, .chain = chain};
    char path[STORE_PATH];
    bool torn = false;
    enum err e = c->hub->store ? c->hub->store->chain(c->hub->store, chain, &k.at) : ERR_OK;
    if (!e)
        e = store_files_chain_path(path, c->hub->dir, chain);
    if (!e)
        e = chain_read(path, 0, one_label, &k, &torn);
    c->torn += torn;
    if (!e && k.seq < k.at.seq)
        chain_fault(&k, k.seq + 1, "the file ends here, the index knows more labels");
    snprintf(path, sizeof path, "chains/%s.labels", chain);
    return noted(c, path, e);
}

static enum err without_file(void *ctx, const struct store_chain *at)
{
    struct audit *c = ctx;
    char path[STORE_PATH], what[96];
    enum err e = store_files_chain_path(path, c->hub->dir, at->id);
    snprintf(what, sizeof what, "chains/%s.labels", at->id);
    if (!e && at->seq && !file_exists(path))
        fault(c, what, "the file of this chain is gone");
    c->alarms += at->alarm_seq > 0;
    return e;
}

static enum err one_aside(void *ctx, const char *chain)
{
    struct audit *c = ctx;
    char name[96], path[4096];
    struct buf text = {.max = ASIDE_FILE_MAX};
    struct store_alarm alarm;
    snprintf(name, sizeof name, "quarantine/%s/alarm", chain);
    enum err e = store_files_read_alarm(c->hub->dir, chain, &alarm);
    e = e == ERR_NOINPUT ? ERR_OK : noted(c, name, e);
    snprintf(name, sizeof name, "quarantine/%s/labels", chain);
    if (!e)
        e = hub_path(c->hub, path, name);
    if (!e)
        e = file_read(path, ASIDE_FILE_MAX, &text);
    if (e == ERR_NOINPUT)
        e = ERR_OK;
    for (size_t i = 0; !e && i < text.len;) {
        struct label l;
        e = label_parse(&l, (const char *)text.p + i, text.len - i);
        if (e == ERR_END) {
            e = ERR_OK;
            break;
        }
        if (!e && c->hub->roster)
            e = label_authentic(&l, c->hub->roster);
        if (e == ERR_DENIED)
            e = ERR_OK; /* that is why it is here */
        i += l.len;
    }
    buf_free(&text);
    return noted(c, name, e);
}

struct retired {
    struct hash *lists;
    size_t n;
};

static enum err one_retired(void *ctx, const struct hash *parts, const char *order)
{
    struct retired *r = ctx;
    (void)order;
    struct hash *more = reallocarray(r->lists, r->n + 1, sizeof *more);
    if (!more)
        return err_set(ERR_NOMEM, "out of memory");
    r->lists = more;
    more[r->n++] = *parts;
    return ERR_OK;
}

/* Is a missing blob on its way out, by the file `removed`? */
struct leaving {
    struct audit *c;
    const struct retired *retired;
    bool yes;
};

static enum err one_need(void *ctx, const struct store_need *n)
{
    struct leaving *v = ctx;
    struct store *s = v->c->hub->store;
    struct buf text = {.max = LABEL_MAX};
    struct label l;
    if (n->kind == STORE_BLOB && s->label(s, n->chain, n->seq, &text) == ERR_OK &&
        label_parse(&l, (const char *)text.p, text.len) == ERR_OK)
        for (size_t i = 0; i < v->retired->n && !v->yes; i++)
            v->yes = hash_same(&v->retired->lists[i], &l.parts);
    buf_free(&text);
    return ERR_OK;
}

static enum err present(void *ctx, const struct hash *name, uint64_t size)
{
    struct leaving *v = ctx;
    char path[80];
    uint64_t has;
    if (object_size(v->c->hub->dir, name, &has) && has == size)
        return ERR_OK;
    v->yes = false;
    enum err e = v->c->hub->store->each_need(v->c->hub->store, name, one_need, v);
    stick_object(path, name);
    if (!e && !v->yes)
        fault(v->c, path, "it was held, and is missing or has another size");
    return e;
}

static enum err one_object(void *ctx, const struct hash *name, const char *path)
{
    struct audit *c = ctx;
    struct store_need need;
    uint64_t size = 0;
    char what[80];
    const char *shown = path + strlen(c->hub->dir) + 1;
    if (!name) {
        fault(c, shown, "its name is no hash, or not of this folder");
        return ERR_OK;
    }
    stick_object(what, name);
    enum err e = object_check(c->hub->dir, name, &size);
    if (e)
        return noted(c, what, e);
    c->objects++;
    c->bytes += size;
    if (!c->hub->store)
        return ERR_OK;
    e = c->hub->store->look(c->hub->store, name, size, &need);
    if (!e && need.state == STORE_UNKNOWN)
        fault(c, what, "no label names it");
    else if (!e && need.state == STORE_OTHER_SIZE)
        fault(c, what, "it has another size than its label says");
    return e;
}

static enum err check_objects(struct audit *c)
{
    struct retired retired = {0};
    struct leaving v = {c, &retired, false};
    uint64_t end;
    enum err e = object_each(c->hub->dir, one_object, c);
    if (!e && c->hub->store)
        e = store_files_each_retired(c->hub->dir, 0, &end, one_retired, &retired);
    if (!e && c->hub->store)
        e = store_index_each_object(store_sqlite_index(c->hub->store), present, &v);
    free(retired.lists);
    return e;
}

struct claim {
    struct audit *c;
    const struct receipt *r;
    const char *what;
    bool said;
};

/* What a receipt acknowledged must not be wanted. */
static enum err one_wanted(void *ctx, const struct store_need *n)
{
    struct claim *k = ctx;
    bool claimed = n->kind == STORE_BATCH ? receipt_holds(k->r, n->seq) : receipt_holds_parts(k->r, n->seq);
    k->c->wanted++;
    if (claimed && !k->said) {
        char why[120];
        snprintf(why, sizeof why, "it acknowledges label %" PRIu64 ", of which something is missing", n->seq);
        fault(k->c, k->what, why);
        k->said = true;
    }
    return ERR_OK;
}

/* A receipt is not waited for: a power cut may leave a beginning of it. */
static bool is_torn(const struct buf *text)
{
    static const char sign[] = "\nsignature: ";
    return text->len == 0 || text->p[text->len - 1] != '\n' || memchr(text->p, '\0', text->len) ||
           !memmem(text->p, text->len, sign, sizeof sign - 1);
}

static enum err one_receipt(struct audit *c, const char *what, const char *path, const char *name)
{
    struct buf text = {.max = RECEIPT_MAX}, label = {.max = LABEL_MAX};
    struct receipt *r = NULL;
    struct store *s = c->hub->store;
    enum err e = file_read(path, RECEIPT_MAX, &text);
    if (!e && is_torn(&text)) {
        buf_free(&text);
        return ERR_OK;
    }
    if (!e)
        e = receipt_parse(&r, (const char *)text.p, text.len);
    if (!e && (strcmp(r->chain, name) != 0 || (c->hub->sign && !sign_text_check(&r->sig, 0, &c->hub->sign->pub))))
        e = err_set(ERR_BAD, "it is not signed by this hub, or of another chain");
    if (!e && s && r->labels) {
        e = s->label(s, r->chain, r->labels, &label);
        struct hash h = hash_of(label.p, label.len);
        if (e || !hash_same(&h, &r->head))
            e = err_set(ERR_BAD, "it acknowledges label %" PRIu64 ", which is not here", r->labels);
    }
    if (!e && s) {
        struct claim k = {c, r, what, false};
        e = s->each_wanted(s, r->chain, one_wanted, &k);
    }
    receipt_free(r);
    buf_free(&text);
    buf_free(&label);
    return noted(c, what, e);
}

static void index_fault(void *ctx, const char *why)
{
    fault(ctx, "hub.db", why);
}

enum err audit_run(struct audit *c)
{
    enum err e = check_keys(c);
    if (!e)
        e = check_roster(c);
    if (!e && c->hub->store)
        e = store_index_check(store_sqlite_index(c->hub->store), index_fault, c);
    if (!e)
        e = each_file(c, "notices", one_notice);
    if (!e)
        e = store_files_each(c->hub->dir, false, one_chain, c);
    if (!e && c->hub->store)
        e = c->hub->store->each_chain(c->hub->store, without_file, c);
    if (!e)
        e = store_files_each(c->hub->dir, true, one_aside, c);
    if (!e)
        e = check_objects(c);
    if (!e)
        e = each_file(c, "receipts", one_receipt);
    if (!e)
        e = each_file(c, "confirmations", one_confirmation);
    if (e)
        return e;
    return c->faults ? err_set(ERR_BAD, "%" PRIu64 " faults found", c->faults) : ERR_OK;
}
