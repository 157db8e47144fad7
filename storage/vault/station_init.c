#include "storage/vault/station_inside.h"

#include "storage/base/bytes.h"
#include "storage/base/file.h"
#include "storage/seal/keyfile.h"
#include "storage/seal/passphrase.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err write_conf(struct buf *out, const struct enrolment *e)
{
    char authority[SIGN_PUBLIC_TEXT], chain[CHAIN_ID], when[CLOCK_TEXT];
    sign_public_text(authority, &e->authority);
    roster_chain_id(chain, &e->chain.pub);
    clock_text(when, clock_wall());
    return buf_fmt(out,
                   "feldsher-station 1\nname: %s\nunit: %s\nkind: %s\ndistrict: %s\nauthority: %s\nchain: %s\n"
                   "enrolled: %s\n",
                   e->station, e->unit, e->kind == STATION_SUPERVISOR ? "supervisor" : "station", e->roster->district,
                   authority, chain, when);
}

/* The members of a circle who have a key on this station, u among them. */
static enum err members(const struct station *s, const struct roster *r, const struct user *u, const char *circle,
                        struct recipient *to, size_t *n)
{
    struct buf names = {0};
    size_t n_names = 0;
    enum err e = station_users(s, &names, &n_names);
    const char *name = (const char *)names.p;
    to[0] = u->id.to;
    *n = 1;
    for (size_t i = 0; i < n_names && !e && *n < AGE_STANZAS_MAX; i++, name += strlen(name) + 1) {
        const struct roster_user *other = roster_user(r, name);
        if (other && !other->revoked && strcmp(name, u->name) != 0 && roster_user_in(other, circle))
            to[(*n)++] = other->to;
    }
    buf_free(&names);
    return e;
}

static enum err put_circles(const struct station *s, const struct roster *r, const struct user *u)
{
    struct recipient to[AGE_STANZAS_MAX];
    size_t n = 0;
    enum err e = ERR_OK;
    for (size_t i = 0; i < u->n_circles && !e; i++) {
        const struct user_circle *c = &u->circles[i];
        bool newest = true;
        for (size_t k = 0; k < u->n_circles; k++)
            newest = newest && (strcmp(c->name, u->circles[k].name) != 0 || u->circles[k].generation <= c->generation);
        if (!newest)
            continue;
        char name[256], folder[4096];
        struct buf file = {0};
        snprintf(name, sizeof name, "keys/circles/%s.%u.age", c->name, c->generation);
        e = file_path(folder, s->dir, name);
        if (!e) {
            *strrchr(folder, '/') = '\0';
            e = file_mkdirs(folder, 0700);
        }
        if (!e)
            e = members(s, r, u, c->name, to, &n);
        if (!e)
            e = user_circle_file(u, c->name, to, n, &file);
        if (!e)
            e = station_put(s, name, file.p, file.len, 0600);
        buf_free(&file);
    }
    return e;
}

static enum err put_roster(const struct station *s, const struct roster *r)
{
    char name[64], path[4096];
    snprintf(name, sizeof name, "notices/roster-%llu", (unsigned long long)r->number);
    enum err e = file_path(path, s->dir, name);
    if (!e)
        e = file_write(path, r->text.p, r->text.len, 0600);
    if (!e)
        e = file_path(path, s->dir, "roster");
    return e ? e : file_write(path, r->text.p, r->text.len, 0600);
}

static enum err put_user(const struct station *s, const struct roster *r, const struct user *u, const char *pass,
                         size_t pass_len)
{
    char name[NAME_LEN + 16];
    struct buf file = {0};
    snprintf(name, sizeof name, "keys/%s.age", u->name);
    enum err e = put_circles(s, r, u);
    if (!e)
        e = user_seal(u, pass, pass_len, &file);
    if (!e)
        e = station_put(s, name, file.p, file.len, 0600);
    buf_free(&file);
    return e;
}

/* Writes everything into s->dir; station.conf comes last and makes it one. */
static enum err furnish(const struct station *s, const struct enrolment *e, const char *pass, size_t pass_len)
{
    struct buf chain = {0}, link = {0}, conf = {0};
    enum err err = station_folders(s->dir);
    if (!err)
        err = put_roster(s, e->roster);
    if (!err)
        err = keyfile_text(&chain, &e->chain);
    if (!err)
        err = station_put(s, "keys/station.key", chain.p, chain.len, 0600);
    if (!err)
        err = keyfile_text(&link, &e->link);
    if (!err)
        err = station_put(s, "keys/link.key", link.p, link.len, 0600);
    if (!err)
        err = put_user(s, e->roster, e->user, pass, pass_len);
    if (!err)
        err = write_conf(&conf, e);
    if (!err)
        err = station_put(s, "station.conf", conf.p, conf.len, 0600);
    buf_free(&chain);
    buf_free(&link);
    buf_free(&conf);
    return err;
}

static enum err take_notices(const char *dir, const struct enrolment *e)
{
    struct station *s;
    enum err err = station_open(&s, dir, 0);
    for (size_t i = 0; !err && i < e->n_notices; i++) {
        err = station_take_notice(s, (const char *)e->notices[i].p, e->notices[i].len);
        if (err == ERR_AGAIN || err == ERR_BAD || err == ERR_DENIED || err == ERR_DATA)
            err = ERR_OK;
    }
    if (!err)
        station_close(s);
    return err;
}

/* A further person on a station; one who is there already has used the file. */
static enum err add_person(struct station *s, const struct enrolment *e, const char *pass, size_t pass_len)
{
    char name[NAME_LEN + 16], path[4096];
    struct station *open;
    snprintf(name, sizeof name, "keys/%s.age", e->user->name);
    enum err err = station_read_conf(s);
    if (!err && !sign_same(&s->authority, &e->authority))
        err = err_set(ERR_DENIED, "%s belongs to another district than this enrolment file", s->dir);
    if (!err)
        err = file_path(path, s->dir, name);
    if (!err)
        err = station_open(&open, s->dir, 0);
    if (err)
        return err;
    const struct roster_user *known = roster_user(open->roster, e->user->name);
    if (file_exists(path) && known && sign_same(&known->sign, &e->user->sign.pub))
        err =
            err_set(ERR_DENIED, "cannot open the enrolment file: the code is wrong, or the file was used already or is "
                                "damaged; ask the authority for a new one");
    if (!err)
        err = station_take_roster(open, (const char *)e->roster->text.p, e->roster->text.len);
    if (!err || err == ERR_AGAIN)
        err = put_user(open, open->roster, e->user, pass, pass_len);
    station_close(open);
    return err ? err : take_notices(s->dir, e);
}

/* Empties a folder that an interrupted init left; only what init makes. */
static enum err clear_away(const char *dir, unsigned depth)
{
    DIR *d = opendir(dir);
    if (!d)
        return errno == ENOENT ? ERR_OK : err_errno(ERR_IO, "cannot read %s", dir);
    enum err e = ERR_OK;
    for (struct dirent *f; !e && (f = readdir(d)) != NULL;) {
        char path[4096];
        struct stat st;
        if (strcmp(f->d_name, ".") == 0 || strcmp(f->d_name, "..") == 0)
            continue;
        e = file_path(path, dir, f->d_name);
        if (!e && lstat(path, &st) == 0)
            e = S_ISDIR(st.st_mode) && depth ? clear_away(path, depth - 1) : file_remove(path);
    }
    closedir(d);
    if (!e && rmdir(dir) < 0)
        e = err_errno(ERR_IO, "cannot remove %s", dir);
    return e;
}

enum err station_init(const char *dir, const struct enrolment *e, const char *pass, size_t pass_len)
{
    struct station s = {0};
    char real[4096];
    enum err err = passphrase_check(pass, pass_len);
    if (err)
        return err;
    snprintf(real, sizeof real, "%.4000s", dir);
    for (size_t n = strlen(real); n > 1 && real[n - 1] == '/'; n--)
        real[n - 1] = '\0';
    snprintf(s.dir, sizeof s.dir, "%.4080s", real);
    if (e->person_only)
        return add_person(&s, e, pass, pass_len);
    if (!file_is_empty_dir(real)) {
        /* a laptop that goes on under new keys */
        err = station_read_conf(&s);
        if (err)
            return err_set(ERR_CREATE, "%s holds something else than a station; choose an empty folder", real);
        char chain[CHAIN_ID];
        roster_chain_id(chain, &e->chain.pub);
        if (strcmp(s.chain, chain) == 0)
            return err_set(ERR_DENIED,
                           "cannot open the enrolment file: the code is wrong, or the file was used already "
                           "or is damaged; ask the authority for a new one");
        if (strcmp(s.name, e->station) != 0 || !sign_same(&s.authority, &e->authority))
            return err_set(ERR_CREATE, "%s holds another station, %s; choose an empty folder", real, s.name);
        err = furnish(&s, e, pass, pass_len);
        return err ? err : take_notices(real, e);
    }
    snprintf(s.dir, sizeof s.dir, "%.4080s.new", real);
    err = clear_away(s.dir, 4);
    if (!err)
        err = file_mkdirs(s.dir, 0700);
    if (!err)
        err = furnish(&s, e, pass, pass_len);
    if (!err)
        err = take_notices(s.dir, e);
    if (!err)
        err = file_rename(s.dir, real);
    return err;
}
