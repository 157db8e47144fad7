#include "storage/trust/authority_inside.h"

#include "storage/base/lang.h"
#include "storage/base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum err check_name(const char *what, const char *name)
{
    if (text_is_name(name, false))
        return ERR_OK;
    return err_set(ERR_DATA, "not a %s's name (1 to 63 of a-z, 0-9 and -): %s", _(what), name);
}

enum err authority_unit(struct authority *a, const char *unit)
{
    static const char *const of_unit[] = {"records", "evidence"};
    static const char *const of_district[] = {"records", "evidence", "staff", "region"};
    struct roster *r = a->roster;
    char name[CIRCLE_LEN];
    enum err e = check_name("unit", unit);
    size_t i = 0;
    while (i < r->n_units && strcmp(r->units[i], unit) != 0)
        i++;
    if (!e && i == r->n_units)
        e = roster_add_unit(r, unit);
    for (i = 0; i < 4 && !e; i++)
        e = authority_circle_make(a, of_district[i]);
    for (i = 0; i < 2 && !e; i++) {
        snprintf(name, sizeof name, "%s/%s", of_unit[i], unit);
        e = authority_circle_make(a, name);
    }
    return e;
}

enum err authority_hub(struct authority *a, const char *card, size_t n)
{
    struct roster_hub h;
    enum err e = roster_hub_read(&h, card, n);
    if (e)
        return e;
    for (size_t i = 0; i < a->roster->n_hubs; i++) {
        struct roster_hub *known = &a->roster->hubs[i];
        if (strcmp(known->name, h.name) != 0)
            continue;
        if (!sign_same(&known->sign, &h.sign) || !sign_same(&known->link, &h.link))
            return err_set(ERR_CREATE,
                           "a hub of that name with other keys is in the roster: %s; give the new one "
                           "another name, for old receipts need the old key",
                           h.name);
        *known = h;
        return ERR_OK;
    }
    return roster_add_hub(a->roster, &h);
}

static struct roster_user *user_in_force(const struct authority *a, const char *name)
{
    for (size_t i = 0; i < a->roster->n_users; i++)
        if (!a->roster->users[i].revoked && strcmp(a->roster->users[i].name, name) == 0)
            return &a->roster->users[i];
    return NULL;
}

static enum err no_user(const char *name)
{
    return err_set(ERR_NOINPUT, "there is no user of that name in force in the roster: %s", name);
}

static enum err check_roles(const char *name, unsigned roles)
{
    if (roles != 0 && roles <= (ROLE_CREW | ROLE_DOCTOR | ROLE_SUPERVISOR | ROLE_ADMIN))
        return ERR_OK;
    return err_set(ERR_DATA, "user %s needs a role: crew, doctor, supervisor, admin", name);
}

static enum err check_user(const char *name, unsigned roles, int64_t since, int64_t until)
{
    enum err e = check_name("user", name);
    if (!e && strcmp(name, "authority") == 0)
        e = err_set(ERR_DATA, "no user may be called authority: its own signatures bear that name");
    if (!e)
        e = check_roles(name, roles);
    if (!e && until <= since)
        e = err_set(ERR_DATA, "user %s would be out of force before being in force", name);
    return e;
}

enum err authority_add_user(struct authority *a, const char *name, unsigned roles, const char *circles, int64_t since,
                            int64_t until, struct user **out)
{
    struct user *u = NULL;
    enum err e = check_user(name, roles, since, until);
    if (!e && user_in_force(a, name))
        e = err_set(ERR_CREATE,
                    "a user of that name is in force, and only that person has their keys: %s; pick "
                    "another name, or revoke the user first",
                    name);
    if (!e)
        e = user_new(&u, name);
    if (!e)
        e = authority_circle_keys(a, circles, u);
    if (!e) {
        struct roster_user line = {.sign = u->sign.pub, .to = u->id.to, .roles = roles, .since = since, .until = until};
        strcpy(line.name, name);
        struct buf list = {0};
        e = buf_str(&list, circles);
        line.circles = (char *)list.p;
        if (!e)
            e = roster_add_user(a->roster, &line);
        buf_free(&list);
    }
    if (e) {
        user_free(u);
        u = NULL;
    }
    *out = u;
    return e;
}

/* A notice for each circle of the list in which before is not. */
static enum err grant(struct authority *a, const char *user, const char *list, const struct roster_user *before)
{
    char name[CIRCLE_LEN];
    enum err e = ERR_OK;
    while (!e && authority_circle_next(&list, name))
        if (!before || !roster_user_in(before, name))
            e = authority_circle_grant(a, user, name);
    return e;
}

enum err authority_user(struct authority *a, const char *name, unsigned roles, const char *circles, int64_t since,
                        int64_t until, struct user **out)
{
    struct buf list = {0};
    *out = NULL;
    enum err e = authority_circle_list(a, circles ? circles : "", &list);
    if (!e)
        e = authority_add_user(a, name, roles, (const char *)list.p, since, until, out);
    if (!e)
        e = grant(a, name, (const char *)list.p, NULL);
    buf_free(&list);
    if (e) {
        user_free(*out);
        *out = NULL;
    }
    return e;
}

static enum err change_circles(struct authority *a, struct roster_user *u, const char *circles, bool returns)
{
    struct buf list = {0};
    char name[CIRCLE_LEN];
    enum err e = authority_circle_list(a, circles, &list);
    const struct roster_user stays = {.circles = (char *)list.p};
    for (const char *p = u->circles; !e && authority_circle_next(&p, name);)
        if (!roster_user_in(&stays, name))
            e = authority_circle_renew(a, name);
    if (!e)
        e = grant(a, u->name, stays.circles, returns ? NULL : u);
    if (e) {
        buf_free(&list);
        return e;
    }
    free(u->circles);
    u->circles = stays.circles;
    return ERR_OK;
}

enum err authority_user_change(struct authority *a, const char *name, unsigned roles, const char *circles,
                               int64_t until)
{
    struct roster_user *u = user_in_force(a, name);
    if (!u)
        return no_user(name);
    /* an end that comes later is seen by the save that follows it */
    bool was = u->until > a->roster->time, will = until > a->roster->time;
    enum err e = check_roles(name, roles ? roles : u->roles);
    if (!e && was && !will)
        e = authority_circle_renew_all(a, u->circles);
    if (!e && (circles || (will && !was)))
        e = change_circles(a, u, circles ? circles : u->circles, will && !was);
    if (e)
        return e;
    u->until = until;
    if (roles)
        u->roles = roles;
    return ERR_OK;
}

enum err authority_revoke_user(struct authority *a, const char *name)
{
    struct roster_user *u = user_in_force(a, name);
    if (!u)
        return no_user(name);
    u->revoked = true;
    u->revoked_at = authority_now(a);
    a->roster->sorted = false;
    return authority_circle_renew_all(a, u->circles);
}

enum err authority_revoke_station(struct authority *a, const char *name, uint64_t last_seq,
                                  const struct hash *last_hash)
{
    for (size_t i = 0; i < a->roster->n_stations; i++) {
        struct roster_station *s = &a->roster->stations[i];
        if (s->revoked || strcmp(s->name, name) != 0)
            continue;
        s->revoked = true;
        s->revoked_at = authority_now(a);
        s->last_seq = last_seq;
        memset(&s->last_hash, 0, sizeof s->last_hash);
        if (last_hash)
            s->last_hash = *last_hash;
        a->roster->sorted = false;
        return ERR_OK;
    }
    return err_set(ERR_NOINPUT, "there is no station of that name in force in the roster: %s", name);
}
