#include "storage/vault/station_inside.h"

#include "storage/base/bytes.h"
#include "storage/base/confine.h"
#include "storage/base/file.h"
#include "storage/base/log.h"
#include "storage/base/text.h"
#include "storage/seal/keyfile.h"
#include "storage/vault/index.h"
#include "storage/vault/verify.h"

#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err read_key(struct sign_secret **out, const char *dir, const char *name)
{
    char path[4096];
    enum err e = file_path(path, dir, name);
    return e ? e : keyfile_read(path, out);
}

enum err station_read_conf(struct station *s)
{
    char path[4096], kind[16] = "";
    struct buf b = {0};
    struct text t;
    struct field f;
    unsigned version, seen = 0;
    enum err e = file_path(path, s->dir, "station.conf");
    if (!e)
        e = file_read(path, CONF_MAX, &b);
    if (e == ERR_NOINPUT)
        e = err_set(ERR_NOINPUT, "no station in %s; make one with `feldsher -C DIR init --enrol FILE`", s->dir);
    if (!e)
        e = text_open(&t, "station", &version, (const char *)b.p, b.len);
    while (!e && (e = text_next(&t, &f)) == ERR_OK) {
        if (span_is(f.key, "name") && span_copy(f.value, s->name, sizeof s->name))
            seen |= 1;
        else if (span_is(f.key, "unit") && span_copy(f.value, s->unit, sizeof s->unit))
            seen |= 2;
        else if (span_is(f.key, "kind") && span_copy(f.value, kind, sizeof kind))
            seen |= 4;
        else if (span_is(f.key, "district") && span_copy(f.value, s->district, sizeof s->district))
            seen |= 8;
        else if (span_is(f.key, "authority") && sign_public_parse(&s->authority, f.value.p, f.value.n))
            seen |= 16;
        else if (span_is(f.key, "chain") && span_copy(f.value, s->chain, sizeof s->chain))
            seen |= 32;
    }
    buf_free(&b);
    s->kind = strcmp(kind, "supervisor") == 0 ? STATION_SUPERVISOR : STATION_CREW;
    if (e == ERR_END)
        e = ERR_OK;
    if (e == ERR_DATA || (!e && seen != 63))
        return err_set(ERR_BAD, "%s is damaged; restore it from a backup", path);
    return e;
}

enum err station_folders(const char *dir)
{
    static const char *const folders[] = {"notices", "keys/circles", "chain", "objects/tmp", "drafts", "log"};
    enum err e = ERR_OK;
    for (size_t i = 0; i < sizeof folders / sizeof *folders && !e; i++) {
        char path[4096];
        e = file_path(path, dir, folders[i]);
        if (!e)
            e = file_mkdirs(path, 0700);
    }
    return e;
}

/* The best of roster and notices/roster-*: the highest number that the
 * authority signed. */
static enum err best_roster(struct station *s)
{
    char path[4096], folder[4096];
    uint64_t best = 0;
    enum err e = file_path(path, s->dir, "roster");
    if (!e && roster_read(&s->roster, path, &s->authority) == ERR_OK)
        best = s->roster->number;
    if (!e)
        e = file_path(folder, s->dir, "notices");
    DIR *d = e ? NULL : opendir(folder);
    uint64_t again = UINT64_MAX; /* below that number they were tried */
    while (d && !e) {
        uint64_t top = 0, n;
        rewinddir(d);
        for (struct dirent *f; (f = readdir(d)) != NULL;)
            if (strncmp(f->d_name, "roster-", 7) == 0 &&
                bytes_decimal(&n, f->d_name + 7, strlen(f->d_name + 7), again - 1) && n > top)
                top = n;
        if (top <= best || top == 0)
            break;
        struct roster *r;
        char name[64];
        snprintf(name, sizeof name, "roster-%llu", (unsigned long long)top);
        e = file_path(path, folder, name);
        if (!e && roster_read(&r, path, &s->authority) == ERR_OK) {
            if (r->number > best) {
                roster_free(s->roster);
                s->roster = r;
                best = r->number;
            } else {
                roster_free(r);
            }
        }
        again = top;
    }
    if (d)
        closedir(d);
    if (!e && !s->roster)
        e = err_set(ERR_BAD,
                    "no roster in %s is signed by the authority of the district; take one from a stick or a backup",
                    s->dir);
    return e;
}

/* A new one, from chain and objects. */
static enum err renew_index(struct station *s)
{
    log_line("index damaged, rebuilding");
    queue_close(s->queue);
    s->queue = NULL;
    enum err e = rebuild_queue(s->dir, s, NULL);
    return e ? e : queue_open(&s->queue, s->dir, QUEUE_WRITE);
}

static enum err open_index(struct station *s)
{
    enum err e = station_folders(s->dir);
    if (!e)
        e = queue_open(&s->queue, s->dir, QUEUE_WRITE);
    if (e == ERR_BAD)
        e = renew_index(s);
    if (!e)
        e = station_finish_roster(s);
    if (!e)
        e = index_catch_up(s);
    if (e == ERR_BAD && queue_is_damaged(s->queue)) {
        e = renew_index(s);
        if (!e)
            e = index_catch_up(s);
    }
    if (e == ERR_FULL && s->queue)
        e = ERR_OK; /* the index catches up when there is room */
    return e;
}

enum err station_open(struct station **out, const char *dir, unsigned flags)
{
    *out = NULL;
    struct station *s = calloc(1, sizeof *s);
    if (!s)
        return err_set(ERR_NOMEM, "out of memory");
    snprintf(s->dir, sizeof s->dir, "%.4080s", dir);
    enum err e = station_read_conf(s);
    if (!e)
        e = best_roster(s);
    if (!e && (flags & STATION_CHAIN_KEY))
        e = read_key(&s->key, dir, "keys/station.key");
    if (!e && s->key) {
        char chain[CHAIN_ID];
        roster_chain_id(chain, &s->key->pub);
        if (strcmp(chain, s->chain) != 0)
            e = err_set(ERR_BAD, "station.key does not belong to this station's chain; run `feldsher init` again, or "
                                 "restore it from a backup");
        static const uint8_t purpose[] = "feldsher marks";
        struct hash h = hash_keyed(s->key->seed, purpose, sizeof purpose - 1);
        memcpy(s->mark_key, h.b, sizeof s->mark_key);
    }
    if (!e && (flags & STATION_LINK_KEY))
        e = read_key(&s->link, dir, "keys/link.key");
    s->read_only = flags & STATION_READ_ONLY;
    if (!e && !s->read_only) {
        e = open_index(s);
        if (e == ERR_IO || e == ERR_FULL) {
            /* a folder that cannot be written, or a disk without one byte: reading still works */
            log_line("index opened for reading alone");
            s->read_only = true;
            e = ERR_OK;
        }
    }
    if (!e && s->read_only && !s->queue && queue_open(&s->queue, dir, QUEUE_READ) != ERR_OK)
        s->queue = NULL;
    if (!e && !s->queue && !(flags & STATION_READ_ONLY))
        e = err_set(ERR_IO, "%s cannot be written, and its index cannot be read", dir);
    if (e) {
        station_close(s);
        return e;
    }
    *out = s;
    return ERR_OK;
}

void station_close(struct station *s)
{
    if (!s)
        return;
    queue_close(s->queue);
    roster_free(s->roster);
    sodium_free(s->key);
    sodium_free(s->link);
    sodium_memzero(s->mark_key, sizeof s->mark_key);
    free(s);
}

enum err station_confine(const struct station *s, const struct confine_path *further, size_t n, enum confine_net net)
{
    return station_confine_keys(s, further, n, net, CONFINE_NO_KEYS);
}

enum err station_confine_keys(const struct station *s, const struct confine_path *further, size_t n,
                              enum confine_net net, enum confine_keys keys)
{
    static const struct {
        const char *name;
        enum confine_access access;
    } own[] = {
        {"", CONFINE_MOVE},
        {"objects", CONFINE_WRITE},
        {"chain", CONFINE_WRITE},
        {"notices", CONFINE_WRITE},
        {"log", CONFINE_WRITE},
        {"queue.db", CONFINE_WRITE},
        {"station.conf", CONFINE_READ},
        {"queue.db-journal", CONFINE_WRITE},
        {"queue.db.sum", CONFINE_WRITE},
        {"queue.db.lock", CONFINE_WRITE},
        {"roster", CONFINE_READ},
    };
    enum { OWN = sizeof own / sizeof *own };
    struct confine_path all[OWN + 16];
    char paths[OWN][4096];
    if (n > 14)
        return err_set(ERR_BUG, "too many paths to limit itself to");
    for (size_t i = 0; i < OWN; i++) {
        enum err e = file_path(paths[i], s->dir, own[i].name);
        if (e)
            return e;
        all[i] = (struct confine_path){paths[i], own[i].access};
    }
    if (n)
        memcpy(all + OWN, further, n * sizeof *further);
    all[OWN + n] = (struct confine_path){"/dev/null", CONFINE_WRITE};
    all[OWN + n + 1] = (struct confine_path){"/proc/sys/kernel/random", CONFINE_READ};
    return confine_self_keys(all, OWN + n + 2, net, keys);
}

int64_t station_now(const struct station *s, enum clock_mark *mark)
{
    struct queue_head head = {0};
    struct buf text = {0};
    struct receipt *r = NULL;
    int64_t known = s->roster->time;
    if (s->queue && queue_head(s->queue, s->chain, &head) == ERR_OK && head.time > known)
        known = head.time;
    if (s->queue && queue_receipt(s->queue, s->chain, &text) == ERR_OK &&
        receipt_parse(&r, (const char *)text.p, text.len) == ERR_OK && receipt_check(r, s->roster) == ERR_OK &&
        r->time > known)
        known = r->time;
    receipt_free(r);
    buf_free(&text);
    return clock_tick((struct hlc){0}, clock_wall(), known, mark).ms;
}

/* fn for every regular file below dir whose name ends in suffix. */
static enum err each_file(const char *dir, const char *suffix, unsigned depth,
                          enum err (*fn)(void *ctx, const char *path), void *ctx)
{
    DIR *d = opendir(dir);
    if (!d)
        return errno == ENOENT ? ERR_OK : err_errno(ERR_IO, "cannot read %s", dir);
    enum err e = ERR_OK;
    size_t suffix_len = strlen(suffix);
    for (struct dirent *f; !e && (f = readdir(d)) != NULL;) {
        char path[4096];
        struct stat st;
        size_t n = strlen(f->d_name);
        if (f->d_name[0] == '.')
            continue;
        e = file_path(path, dir, f->d_name);
        if (e || lstat(path, &st) < 0)
            continue;
        if (S_ISDIR(st.st_mode) && depth)
            e = each_file(path, suffix, depth - 1, fn, ctx);
        else if (S_ISREG(st.st_mode) && n > suffix_len && strcmp(f->d_name + n - suffix_len, suffix) == 0)
            e = fn(ctx, path);
    }
    closedir(d);
    return e;
}

struct circle_files {
    struct user *u;
    const char *root; /* .../keys/circles/ */
};

/* Tries one circle file; not being a member is no error. */
static enum err try_circle(void *ctx, const char *path)
{
    struct circle_files *c = ctx;
    struct buf file = {0};
    char name[CIRCLE_LEN + 32];
    snprintf(name, sizeof name, "%s", path + strlen(c->root) + 1);
    char *dot = strrchr(name, '.');
    if (dot)
        *dot = '\0';
    dot = strrchr(name, '.');
    if (dot)
        *dot = '\0';
    if (dot && text_is_name(name, true) && file_read(path, NOTICE_MAX, &file) == ERR_OK &&
        user_add_circle(c->u, name, file.p, file.len) != ERR_OK)
        err_clear();
    buf_free(&file);
    return ERR_OK;
}

static enum err try_notice(void *ctx, const struct notice *n)
{
    struct circle_files *c = ctx;
    bool mine = strcmp(n->user, "-") == 0 || n->user[0] == '\0' || strcmp(n->user, c->u->name) == 0;
    for (size_t i = 0; i < c->u->n_circles && mine; i++)
        mine = strcmp(c->u->circles[i].name, n->circle) != 0 || c->u->circles[i].generation != n->generation;
    /* opening costs a multiplication a member: only where it can give something new */
    if (mine && (n->kind == NOTICE_ADMIT || n->kind == NOTICE_CIRCLE) &&
        user_add_circle(c->u, n->circle, n->key.p, n->key.len) != ERR_OK)
        err_clear();
    return ERR_OK;
}

enum err station_unlock(const struct station *s, const char *user, const char *pass, size_t pass_len, struct user **out)
{
    char name[NAME_LEN + 16], path[4096], root[4096];
    struct buf file = {0};
    *out = NULL;
    if (!text_is_name(user, false))
        return err_set(ERR_DENIED, "user or passphrase is wrong");
    snprintf(name, sizeof name, "keys/%.63s.age", user);
    enum err e = file_path(path, s->dir, name);
    if (!e && file_read(path, CONF_MAX, &file) != ERR_OK)
        e = ERR_DENIED;
    if (!e)
        e = user_open(out, user, file.p, file.len, pass, pass_len);
    buf_free(&file);
    if (e == ERR_NOMEM)
        return e;
    if (e)
        return err_set(ERR_DENIED, "user or passphrase is wrong");
    const struct roster_user *r = roster_user(s->roster, user);
    enum clock_mark mark;
    if (!r || r->revoked || !sign_same(&r->sign, &(*out)->sign.pub) || !roster_user_valid(r, station_now(s, &mark)))
        e = err_set(ERR_DENIED, "%s is not a user in force by roster %llu", user,
                    (unsigned long long)s->roster->number);
    if (!e)
        e = file_path(root, s->dir, "keys/circles");
    struct circle_files c = {*out, root};
    if (!e)
        e = each_file(root, ".age", 2, try_circle, &c);
    if (!e)
        e = station_each_notice(s, try_notice, &c);
    if (e) {
        user_free(*out);
        *out = NULL;
    }
    return e;
}

struct names {
    struct buf *out;
    size_t n;
};

static enum err add_name(void *ctx, const char *path)
{
    struct names *names = ctx;
    const char *base = strrchr(path, '/') + 1;
    names->n++;
    enum err e = buf_add(names->out, base, strlen(base) - strlen(".age"));
    return e ? e : buf_add(names->out, "", 1);
}

enum err station_users(const struct station *s, struct buf *out, size_t *n)
{
    char path[4096];
    struct names names = {out, 0};
    enum err e = file_path(path, s->dir, "keys");
    if (!e)
        e = each_file(path, ".age", 0, add_name, &names);
    *n = names.n;
    return e;
}
