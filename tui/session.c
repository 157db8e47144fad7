#include "tui/session.h"

#include "storage/base/log.h"
#include "storage/records/records.h"
#include "storage/base/text.h"
#include "storage/vault/camera_secret.h"
#include "tui/lang/lang.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLICE 1024 /* labels of one transaction */

enum err session_station(const struct call *c, unsigned flags, struct station **out)
{
    *out = NULL;
    enum err e = station_open(out, c->dir, flags);
    if (!e && !(flags & STATION_READ_ONLY))
        if (log_open(c->dir, "feldsher") != ERR_OK)
            err_clear(); /* a folder that can only be read is read without a log */
    if (e) {
        station_close(*out);
        *out = NULL;
    }
    return e;
}

enum err session_who(const struct call *c, const struct station *s, char out[static NAME_LEN])
{
    struct buf names = {0}, choice = {0};
    size_t n;
    const char *set = getenv("FELDSHER_USER");
    enum err e = station_users(s, &names, &n);
    const char *who = c->user ? c->user : !e && n == 1 ? (const char *)names.p : set && set[0] ? set : NULL;
    if (who && strlen(who) < NAME_LEN && text_is_name(who, false)) {
        memcpy(out, who, strlen(who) + 1);
        e = ERR_OK;
    } else if (who) {
        e = err_set(ERR_USAGE, "%s is no user's name", who);
    } else if (!e && n == 0) {
        e = err_set(ERR_DENIED, "nobody has a key on this station");
    } else if (!e) {
        const char *name = (const char *)names.p;
        for (size_t i = 0; name && i < n && !e; i++, name += strlen(name) + 1)
            e = buf_fmt(&choice, "%s%s", i ? ", " : "", name);
        if (!e)
            e = err_set(ERR_USAGE, "who are you? --user with one of: %s", (const char *)choice.p);
    }
    buf_free(&names);
    buf_free(&choice);
    return e;
}

struct unlocking {
    const struct station *s;
    const char *who;
    struct user **out;
};

static enum err try_unlock(void *ctx, const char *p, size_t n)
{
    const struct unlocking *u = ctx;
    return station_unlock(u->s, u->who, p, n, u->out);
}

enum err session_unlock(const struct call *c, const struct station *s, struct user **out)
{
    char who[NAME_LEN], prompt[NAME_LEN + 96];
    struct secret *pass;
    *out = NULL;
    if (c->unlocked && (!c->user || strcmp(c->user, c->unlocked->name) == 0)) {
        *out = c->unlocked;
        return ERR_OK;
    }
    enum err e = session_who(c, s, who);
    if (e)
        return e;
    snprintf(prompt, sizeof prompt, _("Passphrase of %s"), who);
    e = secret_ask(c->secrets, prompt, &pass);
    if (e)
        return e;
    struct unlocking u = {s, who, out};
    e = secret_try(pass, try_unlock, &u);
    secret_free(pass);
    log_line("%s %s", e ? "refused" : "unlocked", e ? "-" : who);
    if (!e)
        camera_secret_bring(s, *out);
    return e;
}

enum err session_records(const struct session *s, struct records **out)
{
    struct records_progress p = {0};
    enum err e = records_open(out, s->station, s->user);
    if (e == ERR_BAD) {
        e = records_remove(s->station, s->user);
        if (!e)
            e = records_open(out, s->station, s->user);
    }
    do
        e = e ? e : records_catch_up(*out, s->user, SLICE, &p);
    while (!e && p.done < p.total);
    if (e) {
        records_close(*out);
        *out = NULL;
    }
    return e;
}

/* Where the recording args[0] stands, by records.db; where that cannot be had
 * (another program has it open, the disk is full), nothing is known. */
static void find_positions(const struct call *c, const struct session *s, struct records_position **at, size_t *n)
{
    struct records *r;
    const char *type = strcmp(c->command->sub, "approve") == 0 ? "request" : NULL;
    enum err e = session_records(s, &r);
    if (!e)
        e = records_positions(r, type, c->args[0], at, n);
    records_close(r);
    if (e)
        err_clear();
}

/* A command on one recording reads that one's batches alone. */
static enum err load(const struct call *c, struct session *s)
{
    struct records_position *found = NULL;
    const struct records_position *at = c->at;
    size_t n = c->n_at;
    bool one = c->command && strcmp(c->command->name, "recordings") == 0 && c->n_args > 0;
    if (one && !n && !c->unlocked) {
        find_positions(c, s, &found, &n);
        at = found;
    }
    enum err e = one && n ? recording_load_at(s->station, s->user, at, n, &s->list)
                          : recording_load(s->station, s->user, &s->list);
    free(found);
    return e;
}

enum err session_begin(const struct call *c, unsigned flags, bool recordings, struct session *out)
{
    *out = (struct session){0};
    enum err e = session_station(c, flags, &out->station);
    if (!e)
        e = session_unlock(c, out->station, &out->user);
    if (!e && recordings)
        e = load(c, out);
    for (size_t i = 0; !e && out->list && i < out->list->n_faults; i++)
        fprintf(stderr, _("feldsher: quarantined: label %" PRIu64 " of chain %s: %s\n"), out->list->faults[i].seq,
                out->list->faults[i].chain, out->list->faults[i].why);
    if (e)
        session_end(out);
    return e;
}

void session_end(struct session *s)
{
    recording_free(s->list);
    user_free(s->user);
    station_close(s->station);
    *s = (struct session){0};
}
