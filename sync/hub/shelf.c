#include "sync/hub/shelf.h"

#include "storage/base/file.h"
#include "storage/base/text.h"
#include "sync/hub/orders.h"
#include "sync/hub/receipts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct signed_one {
    char chain[CHAIN_ID];
    struct buf text;
};

struct shelf_receipts {
    const char *dir;
    struct signed_one *list; /* by chain */
    size_t n, cap;
    char next[CHAIN_ID]; /* where to go on taking: every one has its turn */
};

enum err shelf_roster(struct shelf *s, struct room *r)
{
    const struct buf *text = &s->hub->roster->text;
    struct room_text *t = room_text_new(text->p, text->len);
    if (!t)
        return err_set(ERR_NOMEM, "out of memory");
    room_text_free(s->roster_text);
    s->roster_text = r->roster_text = t;
    r->roster = s->hub->roster;
    return ERR_OK;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(a, b);
}

static enum err read_notices(struct shelf *s, struct room *r)
{
    struct orders all;
    enum err e = orders_read(&all, s->hub->dir, s->hub->roster);
    char(*ids)[NOTICE_ID] = e ? NULL : calloc(all.n + 1, sizeof *ids);
    if (!e && !ids)
        e = err_set(ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < all.n && !e && ids; i++)
        memcpy(ids[i], all.all[i]->id, NOTICE_ID);
    if (!e && ids) {
        qsort(ids, all.n, sizeof *ids, by_id);
        free(s->notices);
        s->notices = ids;
        s->n_notices = all.n;
        r->notices = (const char(*)[NOTICE_ID])ids;
        r->n_notices = all.n;
    }
    orders_free(&all);
    return e;
}

enum err shelf_notice(struct shelf *s, struct room *r, const char *id)
{
    size_t i = 0;
    while (i < s->n_notices && strcmp(s->notices[i], id) < 0)
        i++;
    if ((i < s->n_notices && strcmp(s->notices[i], id) == 0) || s->n_notices == WIRE_NOTICES_MAX)
        return ERR_OK;
    char(*more)[NOTICE_ID] = reallocarray(s->notices, s->n_notices + 1, sizeof *more);
    if (!more)
        return err_set(ERR_NOMEM, "out of memory");
    memmove(more + i + 1, more + i, (s->n_notices - i) * sizeof *more);
    memcpy(more[i], id, NOTICE_ID);
    s->notices = more;
    r->notices = (const char(*)[NOTICE_ID])more;
    r->n_notices = ++s->n_notices;
    return ERR_OK;
}

enum err shelf_notice_text(const struct shelf *s, const char *id, struct buf *text)
{
    char name[64], path[4096];
    snprintf(name, sizeof name, "notices/%s", id);
    enum err e = hub_path(s->hub, path, name);
    return e ? e : file_read(path, NOTICE_MAX, text);
}

enum err shelf_confirmation_text(const struct shelf *s, size_t i, struct buf *text)
{
    char name[64], path[4096];
    if (i >= s->n_confirmations)
        return err_set(ERR_NOINPUT, "a confirmation is not here any more");
    snprintf(name, sizeof name, "confirmations/%s", s->confirmations[i].id);
    enum err e = hub_path(s->hub, path, name);
    return e ? e : file_read(path, NOTICE_MAX, text);
}

static void drop_confirmations(struct shelf *s)
{
    for (size_t i = 0; i < s->n_confirmations; i++)
        free(s->confirmations[i].to);
    free(s->confirmations);
    s->confirmations = NULL;
    s->n_confirmations = 0;
}

struct naming {
    struct store *store;
    struct room_confirmation *c;
    struct buf to;
};

/* The first label that names its recording says whom it concerns. */
static enum err named_by(void *ctx, const struct store_need *n)
{
    struct naming *in = ctx;
    struct buf text = {.max = LABEL_MAX};
    struct label l;
    if (n->kind != STORE_PARTS || in->to.len)
        return ERR_OK;
    enum err e = in->store->label(in->store, n->chain, n->seq, &text);
    if (!e)
        e = label_parse(&l, (const char *)text.p, text.len);
    if (!e) {
        memcpy(in->c->chain, n->chain, CHAIN_ID);
        e = buf_str(&in->to, l.to);
    }
    buf_free(&text);
    return stick_stops(e) ? e : ERR_OK;
}

static enum err one_confirmation(struct shelf *s, const char *id, struct room_confirmation *c)
{
    char name[64], path[4096];
    struct buf file = {.max = NOTICE_MAX};
    struct text t;
    struct field f;
    struct hash parts = {{0}};
    unsigned version;
    struct naming in = {.store = s->hub->store, .c = c};
    snprintf(name, sizeof name, "confirmations/%s", id);
    memcpy(c->id, id, NOTICE_ID);
    enum err e = hub_path(s->hub, path, name);
    if (!e)
        e = file_read(path, NOTICE_MAX, &file);
    if (!e)
        e = text_open(&t, "confirmation", &version, (const char *)file.p, file.len);
    while (!e && (e = text_next(&t, &f)) == ERR_OK)
        if (span_is(f.key, "parts") && !hash_unhex(&parts, f.value.p, f.value.n))
            e = err_set(ERR_DATA, "a confirmation names no recording");
    c->name = hash_of(file.p, file.len);
    c->size = file.len;
    buf_free(&file);
    if (e == ERR_END)
        e = s->hub->store->each_need(s->hub->store, &parts, named_by, &in);
    c->to = (char *)in.to.p;
    return e;
}

struct dated {
    struct timespec when;
    char id[NOTICE_ID];
};

static int by_time(const void *a, const void *b)
{
    const struct dated *x = a, *y = b;
    if (x->when.tv_sec != y->when.tv_sec)
        return x->when.tv_sec < y->when.tv_sec ? -1 : 1;
    if (x->when.tv_nsec != y->when.tv_nsec)
        return x->when.tv_nsec < y->when.tv_nsec ? -1 : 1;
    return strcmp(x->id, y->id);
}

static enum err list_confirmations(const struct shelf *s, struct buf *list)
{
    char folder[4096];
    enum err e = hub_path(s->hub, folder, "confirmations");
    DIR *d = e ? NULL : opendir(folder);
    if (!d)
        return e ? e : errno == ENOENT ? ERR_OK : err_errno(ERR_IO, "cannot read %s", folder);
    for (struct dirent *f; !e && (f = readdir(d)) != NULL;) {
        struct dated one = {.when = {0}};
        struct stat st;
        if (strlen(f->d_name) != NOTICE_ID - 1 || fstatat(dirfd(d), f->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        one.when = st.st_mtim;
        memcpy(one.id, f->d_name, NOTICE_ID);
        e = buf_add(list, &one, sizeof one);
    }
    closedir(d);
    return e;
}

/* By the time of their files, so that new ones stand behind the others. */
static enum err read_confirmations(struct shelf *s, struct room *r)
{
    struct buf list = {0};
    enum err e = list_confirmations(s, &list);
    size_t n = list.len / sizeof(struct dated);
    drop_confirmations(s);
    if (!e && n) {
        qsort(list.p, n, sizeof(struct dated), by_time);
        s->confirmations = calloc(n, sizeof *s->confirmations);
        e = s->confirmations ? ERR_OK : err_set(ERR_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < n && !e && s->confirmations; i++) {
        struct room_confirmation *c = &s->confirmations[s->n_confirmations];
        struct dated one;
        memcpy(&one, list.p + i * sizeof one, sizeof one);
        e = one_confirmation(s, one.id, c);
        if (!e && c->to) {
            s->n_confirmations++;
        } else { /* a damaged one is for verify to name */
            free(c->to);
            *c = (struct room_confirmation){.size = 0};
        }
        e = stick_stops(e) ? e : ERR_OK;
    }
    r->confirmations = s->confirmations;
    r->n_confirmations = s->n_confirmations;
    buf_free(&list);
    return e;
}

static size_t place(const struct shelf_receipts *k, const char *chain)
{
    size_t lo = 0, hi = k->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (strcmp(k->list[mid].chain, chain) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

int64_t shelf_signed_before(const struct shelf *s, const char *chain)
{
    struct buf text = {.max = RECEIPT_MAX};
    struct receipt *old = NULL;
    int64_t time = 0;
    if (receipts_read(s->hub, chain, &text) == ERR_OK &&
        receipt_parse(&old, (const char *)text.p, text.len) == ERR_OK && old)
        time = old->time;
    receipt_free(old);
    buf_free(&text);
    err_clear();
    return time;
}

void shelf_signed_now(struct shelf *s, const struct receipt *r)
{
    struct shelf_receipts *k = s->receipts;
    size_t i = place(k, r->chain);
    if (i == k->n || strcmp(k->list[i].chain, r->chain) != 0) {
        if (k->n == k->cap) {
            size_t cap = k->cap ? 2 * k->cap : 64;
            struct signed_one *more = reallocarray(k->list, cap, sizeof *more);
            if (!more)
                return; /* its file stays older */
            k->list = more;
            k->cap = cap;
        }
        memmove(&k->list[i + 1], &k->list[i], (k->n++ - i) * sizeof k->list[0]);
        k->list[i] = (struct signed_one){.text = {.max = RECEIPT_MAX}};
        memcpy(k->list[i].chain, r->chain, CHAIN_ID);
    }
    buf_clear(&k->list[i].text);
    if (buf_add(&k->list[i].text, r->text.p, r->text.len) != ERR_OK)
        buf_clear(&k->list[i].text);
}

enum err shelf_read(struct shelf *s, struct room *r)
{
    enum err e = shelf_roster(s, r);
    if (!e)
        e = read_notices(s, r);
    return e ? e : read_confirmations(s, r);
}

enum err shelf_open(struct shelf *s, struct hub *hub, struct room *r)
{
    *s = (struct shelf){.hub = hub, .receipts = calloc(1, sizeof *s->receipts)};
    if (!s->receipts)
        return err_set(ERR_NOMEM, "out of memory");
    s->receipts->dir = hub->dir;
    return shelf_read(s, r);
}

static void drop_receipts(struct shelf_receipts *k)
{
    for (size_t i = 0; k && i < k->n; i++)
        buf_free(&k->list[i].text);
    if (k)
        free(k->list);
    free(k);
}

void shelf_close(struct shelf *s)
{
    drop_receipts(s->receipts);
    drop_confirmations(s);
    free(s->notices);
    room_text_free(s->roster_text);
    *s = (struct shelf){.hub = NULL};
}

struct shelf_receipts *shelf_take(struct shelf *s, size_t n)
{
    struct shelf_receipts *all = s->receipts, *some;
    size_t from = place(all, all->next);
    from = from == all->n ? 0 : from;
    n = n < all->n - from ? n : all->n - from;
    some = n ? calloc(1, sizeof *some) : NULL;
    struct signed_one *list = some ? calloc(n, sizeof *list) : NULL;
    if (!list) {
        free(some);
        return NULL;
    }
    memcpy(list, all->list + from, n * sizeof *list);
    memcpy(all->next, list[n - 1].chain, CHAIN_ID);
    all->n -= n;
    memmove(all->list + from, all->list + from + n, (all->n - from) * sizeof *list);
    *some = (struct shelf_receipts){.dir = all->dir, .list = list, .n = n, .cap = n};
    return some;
}

/* Written aside first, where the next opening sweeps. */
static enum err paths(const struct shelf_receipts *k, size_t i, char tmp[static 4096], char path[static 4096])
{
    char name[64];
    snprintf(name, sizeof name, "objects/tmp/receipt-%s", k->list[i].chain);
    enum err e = file_path(tmp, k->dir, name);
    snprintf(name, sizeof name, "receipts/%s", k->list[i].chain);
    return e ? e : file_path(path, k->dir, name);
}

static enum err write_one(const char *path, const struct buf *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(ERR_IO, "cannot write %s", path);
    enum err e = file_write_fd(fd, text->p, text->len, path);
    if (close(fd) < 0 && !e)
        e = err_errno(ERR_IO, "cannot close %s", path);
    return e;
}

enum err shelf_write(void *receipts)
{
    struct shelf_receipts *k = receipts;
    char tmp[4096], path[4096];
    enum err e = ERR_OK;
    for (size_t i = 0; i < k->n && !e; i++) {
        e = paths(k, i, tmp, path);
        if (!e && k->list[i].text.len)
            e = write_one(tmp, &k->list[i].text);
    }
    int fd = e ? -1 : open(k->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!e && (fd < 0 || syncfs(fd) < 0))
        e = err_errno(ERR_IO, "cannot make receipts durable");
    file_close(&fd);
    for (size_t i = 0; i < k->n && !e; i++) {
        e = paths(k, i, tmp, path);
        if (!e && k->list[i].text.len && rename(tmp, path) < 0)
            e = err_errno(ERR_IO, "cannot rename to %s", path);
    }
    drop_receipts(k);
    return e;
}
