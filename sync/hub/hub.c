#include "sync/hub/hub.h"

#include "storage/base/bytes.h"
#include "storage/base/clock.h"
#include "storage/base/file.h"
#include "storage/base/log.h"
#include "storage/base/text.h"
#include "storage/trust/notice.h"
#include "storage/vault/object.h"
#include "sync/hub/hub_key.h"
#include "sync/hub/hub_lock.h"
#include "sync/limits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum err hub_path(const struct hub *h, char out[static 4096], const char *name)
{
    return file_path(out, h->dir, name);
}

static enum err write_conf(const struct hub *h)
{
    char path[4096], key[SIGN_PUBLIC_TEXT];
    struct buf text = {0};
    enum err e = hub_path(h, path, "hub.conf");
    if (!e)
        e = buf_fmt(&text, "feldsher-hub-conf 1\nname: %s\naddress: %s\nquota: %llu\n", h->name,
                    h->address[0] ? h->address : "-", (unsigned long long)h->quota);
    if (!e && h->pinned) {
        sign_public_text(key, &h->authority);
        e = buf_fmt(&text, "authority: %s\n", key);
    }
    if (!e)
        e = file_write(path, text.p, text.len, 0644);
    buf_free(&text);
    return e;
}

static enum err read_conf(struct hub *h)
{
    char path[4096];
    struct buf file = {0};
    struct text t = {0};
    struct field f;
    unsigned version;
    bool good = true;
    h->quota = HUB_QUOTA;
    enum err e = hub_path(h, path, "hub.conf");
    if (!e)
        e = file_read(path, HUB_CONF_MAX, &file);
    if (e == ERR_NOINPUT)
        e = err_set(ERR_NOINPUT, "no hub in %s; make one with `feldsher-hub init %s`", h->dir, h->dir);
    if (!e)
        e = text_open(&t, "hub-conf", &version, (const char *)file.p, file.len);
    while (!e && good && (e = text_next(&t, &f)) == ERR_OK) {
        if (span_is(f.key, "name"))
            good = span_copy(f.value, h->name, sizeof h->name) && text_is_name(h->name, false);
        else if (span_is(f.key, "address"))
            good = span_copy(f.value, h->address, sizeof h->address);
        else if (span_is(f.key, "quota"))
            good = bytes_decimal(&h->quota, f.value.p, f.value.n, INT64_MAX);
        else if (span_is(f.key, "authority"))
            good = h->pinned = sign_public_parse(&h->authority, f.value.p, f.value.n);
    }
    buf_free(&file);
    if (e == ERR_END)
        e = ERR_OK;
    if (!e && (!good || !h->name[0]))
        e = err_set(ERR_DATA, "%s: line %u is not what belongs there", path, t.line);
    return e;
}

static enum err make_folders(const struct hub *h)
{
    static const char *const folders[] = {"keys",       "notices",  "chains",        "objects/tmp",
                                          "quarantine", "receipts", "confirmations", "log"};
    enum err e = ERR_OK;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0] && !e; i++) {
        char path[4096];
        e = hub_path(h, path, folders[i]);
        if (!e)
            e = file_mkdirs(path, 0700);
    }
    return e;
}

static enum err write_card(const struct hub *h, const struct sign_secret *sign, const struct sign_secret *link)
{
    char path[4096];
    struct buf text = {0};
    struct roster_hub card = {.sign = sign->pub, .link = link->pub};
    memcpy(card.name, h->name, sizeof card.name);
    memcpy(card.address, h->address, sizeof card.address);
    enum err e = roster_hub_write(&text, &card);
    if (!e)
        e = hub_path(h, path, "hub.card");
    if (!e)
        e = file_write(path, text.p, text.len, 0644);
    buf_free(&text);
    return e;
}

enum err hub_init(const char *dir, const char *name, const char *address)
{
    struct hub h = {.quota = HUB_QUOTA, .lock = -1, .ask = -1};
    struct sign_secret sign, link;
    if (!text_is_name(name, false))
        return err_set(ERR_USAGE, "a hub's name is 1 to 63 of a-z, 0-9, -: not %s", name);
    if (!span_copy((struct span){address, strlen(address)}, h.address, sizeof h.address) || strchr(address, ' '))
        return err_set(ERR_USAGE, "an address is HOST:PORT without blanks");
    if (!file_is_empty_dir(dir))
        return err_set(ERR_CREATE, "%s holds something already; choose an empty folder", dir);
    snprintf(h.dir, sizeof h.dir, "%.4000s", dir);
    snprintf(h.name, sizeof h.name, "%s", name);
    enum err e = file_mkdirs(dir, 0700);
    if (!e)
        e = make_folders(&h);
    sign_new(&sign);
    sign_new(&link);
    if (!e)
        e = hub_key_write(&h, "keys/sign.key", &sign);
    if (!e)
        e = hub_key_write(&h, "keys/link.key", &link);
    if (!e)
        e = write_card(&h, &sign, &link);
    if (!e)
        e = store_sqlite_open(&h.store, dir, false);
    if (h.store)
        h.store->close(h.store);
    if (!e)
        e = write_conf(&h); /* last: it makes the folder a hub */
    sodium_memzero(&sign, sizeof sign);
    sodium_memzero(&link, sizeof link);
    return e;
}

static enum err read_roster(struct hub *h, bool needed)
{
    char path[4096];
    enum err e = hub_path(h, path, "roster");
    if (!e && h->pinned)
        e = roster_read(&h->roster, path, &h->authority);
    if (!e && !h->roster)
        e = ERR_NOINPUT;
    /* a damaged one is for verify to name, and can be replaced */
    if (!needed && (e == ERR_NOINPUT || e == ERR_BAD || e == ERR_DATA))
        return ERR_OK;
    if (e == ERR_NOINPUT)
        e = err_set(ERR_NOINPUT, "this hub has no roster yet; give it one with `feldsher-hub roster %s FILE`", h->dir);
    return e;
}

static enum err limit(const struct hub *h, const struct confine_path *further, size_t n, enum confine_net net)
{
    struct confine_path all[16] = {
        {h->dir, CONFINE_WRITE}, {"/dev/null", CONFINE_WRITE}, {"/proc/sys/kernel/random", CONFINE_READ}};
    if (n > sizeof all / sizeof all[0] - 3)
        return err_set(ERR_BUG, "too many paths to limit itself to");
    for (size_t i = 0; i < n; i++)
        all[3 + i] = further[i];
    return confine_self(all, n + 3, net);
}

static enum err open_store(struct hub *h, bool write)
{
    enum err e = ERR_OK;
    /* nobody else writes: what stands in objects/tmp is a dead writer's */
    if (write)
        e = object_sweep(h->dir);
    if (!e && write)
        e = partial_sweep(h->dir, HUB_PIECES_AGE);
    return e ? e : store_sqlite_open(&h->store, h->dir, !write);
}

static enum err take_lock(struct hub *h, unsigned flags)
{
    if (!(flags & (HUB_ALONE | HUB_WRITE)))
        return ERR_OK;
    enum err e = flags & HUB_SERVE ? hub_lock_serve(h) : hub_lock_take(h, HUB_WAIT_MS);
    return e ? e : read_conf(h); /* whoever had it may have changed that */
}

enum err hub_open(struct hub **out, const char *dir, unsigned flags, const struct confine_path *further, size_t n)
{
    *out = NULL;
    struct hub *h = calloc(1, sizeof *h);
    if (!h)
        return err_set(ERR_NOMEM, "out of memory");
    h->lock = h->ask = -1;
    snprintf(h->dir, sizeof h->dir, "%.4000s", dir);
    enum err e = read_conf(h);
    if (!e)
        e = limit(h, further, n, flags & HUB_NET ? CONFINE_NET : CONFINE_NO_NET);
    if (!e)
        e = take_lock(h, flags);
    if (!e && (flags & HUB_WRITE)) {
        e = make_folders(h);
        if (!e)
            e = log_open(dir, "feldsher-hub");
    }
    if (!e)
        e = read_roster(h, flags & HUB_ROSTER);
    if (!e && (flags & HUB_KEYS))
        e = hub_key_read(h, "keys/sign.key", &h->sign);
    if (!e && (flags & HUB_KEYS))
        e = hub_key_read(h, "keys/link.key", &h->link);
    if (!e && (flags & HUB_STORE))
        e = open_store(h, flags & HUB_WRITE);
    if (e) {
        hub_close(h);
        return e;
    }
    *out = h;
    return ERR_OK;
}

enum err hub_serve_open(struct hub **out, const char *dir, const struct confine_path *further, size_t n)
{
    enum err e = hub_open(out, dir, HUB_KEYS | HUB_ROSTER | HUB_WRITE | HUB_STORE | HUB_NET | HUB_SERVE, further, n);
    return e == ERR_AGAIN
               ? err_set(ERR_AGAIN, "another server runs on hub %s, or another program is at work on it", dir)
               : e;
}

bool hub_asked(const struct hub *h)
{
    return hub_lock_asked(h);
}

static void close_store(struct hub *h)
{
    if (h->store)
        h->store->close(h->store);
    h->store = NULL;
}

void hub_yield(struct hub *h)
{
    close_store(h);
    file_close(&h->lock); /* ask stays open: we look there */
}

/* A newer roster than ours; ours when there is none, or it is damaged. */
static enum err renew_roster(struct hub *h)
{
    struct roster *ours = h->roster;
    h->roster = NULL;
    enum err e = read_roster(h, false);
    if (e || !h->roster || (ours && h->roster->number <= ours->number)) {
        roster_free(h->roster);
        h->roster = ours;
        return e;
    }
    roster_free(h->former);
    h->former = ours;
    return ERR_OK;
}

enum err hub_resume(struct hub *h)
{
    enum err e = hub_lock_serve(h);
    if (e)
        return e;
    e = read_conf(h);
    if (!e)
        e = renew_roster(h);
    if (!e)
        e = open_store(h, true);
    if (e) {
        char why[1024];
        snprintf(why, sizeof why, "%s", err_text());
        hub_yield(h);
        return err_set(e == ERR_AGAIN ? ERR_IO : e, "%s", why);
    }
    return ERR_OK;
}

void hub_close(struct hub *h)
{
    if (!h)
        return;
    close_store(h);
    roster_free(h->roster);
    roster_free(h->former);
    sodium_free(h->sign);
    sodium_free(h->link);
    hub_lock_give(h);
    log_close();
    free(h);
}

int64_t hub_now(const struct hub *h, int64_t t)
{
    int64_t now = clock_wall();
    if (h->roster && h->roster->time > now)
        now = h->roster->time;
    return t > now ? t : now;
}

enum err hub_take_roster(struct hub *h, const char *text, size_t n, bool *pinned)
{
    char path[4096];
    struct roster *r = NULL;
    *pinned = false;
    enum err e = roster_parse(&r, text, n, h->pinned ? &h->authority : NULL);
    if (e)
        return e;
    if (h->roster && r->number <= h->roster->number)
        e = err_set(ERR_AGAIN, "roster %llu is not newer than this hub's, %llu", (unsigned long long)r->number,
                    (unsigned long long)h->roster->number);
    else if (h->roster && strcmp(r->district, h->roster->district) != 0)
        e = err_set(ERR_BAD, "roster %llu is of another district, %s", (unsigned long long)r->number, r->district);
    if (!e && !h->pinned) {
        h->authority = r->authority;
        h->pinned = *pinned = true;
        e = write_conf(h);
    }
    if (!e)
        e = hub_path(h, path, "roster");
    if (!e)
        e = file_write(path, text, n, 0600);
    if (e) {
        roster_free(r);
        return e;
    }
    log_line("roster %llu taken", (unsigned long long)r->number);
    roster_free(h->former);
    h->former = h->roster;
    h->roster = r;
    return ERR_OK;
}

enum err hub_take_notice(struct hub *h, const char *text, size_t n, char id[static 21])
{
    char name[64], path[4096];
    struct notice *one = NULL, *old = NULL;
    struct buf known = {0};
    enum err e = notice_parse(&one, text, n);
    if (!e)
        e = notice_check(one, h->roster);
    if (!e) {
        memcpy(id, one->id, NOTICE_ID);
        snprintf(name, sizeof name, "notices/%s", one->id);
        e = hub_path(h, path, name);
    }
    if (!e && file_read(path, NOTICE_MAX, &known) == ERR_OK &&
        notice_parse(&old, (const char *)known.p, known.len) == ERR_OK && notice_check(old, h->roster) == ERR_OK)
        e = err_set(ERR_AGAIN, "notice %s is known", one->id);
    if (!e)
        e = file_write(path, text, n, 0600);
    if (!e)
        log_line("notice %s %s taken", one->id, notice_kind_text(one->kind));
    buf_free(&known);
    notice_free(one);
    notice_free(old);
    return e;
}
