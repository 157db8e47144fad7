#include "storage/trust/authority_inside.h"

#include "storage/base/file.h"
#include "storage/base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A notice's key stands in one line. This many generations to this many
 * members fit: 102 bytes of age, 98 a stanza, 231 a generation. */
#define NOTICE_GENERATIONS 24u
#define NOTICE_MEMBERS 64u
_Static_assert((102 + 98 * NOTICE_MEMBERS + 231 * NOTICE_GENERATIONS + 2) / 3 * 4 + 8 < TEXT_LINE_MAX,
               "a full notice fits its line");

bool authority_circle_next(const char **list, char name[static CIRCLE_LEN])
{
    size_t n = strcspn(*list, ",");
    if (n == 0 || n >= CIRCLE_LEN)
        return false;
    memcpy(name, *list, n);
    name[n] = '\0';
    *list += n + ((*list)[n] == ',');
    return true;
}

static int order(const void *a, const void *b)
{
    return strcmp(a, b);
}

enum err authority_circle_list(const struct authority *a, const char *circles, struct buf *out)
{
    size_t n = 0, max = 1;
    for (const char *p = circles; *p; p++)
        max += *p == ',';
    char(*names)[CIRCLE_LEN] = calloc(max, sizeof *names);
    if (!names)
        return err_set(ERR_NOMEM, "out of memory");
    enum err e = buf_add(out, "", 0);
    for (const char *p = circles; *p && !e; n++)
        if (!authority_circle_next(&p, names[n]) || !roster_circle(a->roster, names[n]))
            e = err_set(ERR_NOINPUT, "there is no circle in the roster for each name of this list: %s", circles);
    qsort(names, n, sizeof *names, order);
    for (size_t i = 0; i < n && !e; i++)
        if (i == 0 || strcmp(names[i - 1], names[i]) != 0)
            e = buf_fmt(out, "%s%s", i ? "," : "", names[i]);
    free(names);
    return e;
}

static enum err add_generation(struct authority *a, const char *name, unsigned generation)
{
    struct user_circle *key = sodium_malloc(sizeof *key);
    if (!key)
        return err_set(ERR_NOMEM, "out of locked memory");
    enum err e = circle_derive(key, a->key.seed, name, generation);
    if (!e) {
        struct roster_circle c = {.generation = generation, .to = key->id.to};
        strcpy(c.name, name);
        e = roster_add_circle(a->roster, &c);
    }
    sodium_free(key);
    return e;
}

enum err authority_circle_make(struct authority *a, const char *name)
{
    return roster_circle(a->roster, name) ? ERR_OK : add_generation(a, name, 1);
}

enum err authority_circle_renew(struct authority *a, const char *name)
{
    for (size_t i = 0; i < a->n_renewed; i++)
        if (strcmp(a->renewed[i], name) == 0)
            return ERR_OK;
    const struct roster_circle *c = roster_circle(a->roster, name);
    if (!c)
        return err_set(ERR_NOINPUT, "there is no circle %s in the roster", name);
    void *p = realloc(a->renewed, (a->n_renewed + 1) * sizeof a->renewed[0]);
    if (!p)
        return err_set(ERR_NOMEM, "out of memory");
    a->renewed = p;
    enum err e = add_generation(a, name, c->generation + 1);
    if (!e)
        snprintf(a->renewed[a->n_renewed++], CIRCLE_LEN, "%s", name);
    return e;
}

enum err authority_circle_renew_all(struct authority *a, const char *circles)
{
    char name[CIRCLE_LEN];
    enum err e = ERR_OK;
    while (!e && authority_circle_next(&circles, name))
        e = authority_circle_renew(a, name);
    return e;
}

enum err authority_circle_grant(struct authority *a, const char *user, const char *circle)
{
    struct grant *p = realloc(a->grants, (a->n_grants + 1) * sizeof *p);
    if (!p)
        return err_set(ERR_NOMEM, "out of memory");
    a->grants = p;
    snprintf(p[a->n_grants].user, NAME_LEN, "%s", user);
    snprintf(p[a->n_grants].circle, CIRCLE_LEN, "%s", circle);
    a->n_grants++;
    return ERR_OK;
}

enum err authority_circle_keys(const struct authority *a, const char *circles, struct user *u)
{
    struct user_circle *key = sodium_malloc(sizeof *key);
    if (!key)
        return err_set(ERR_NOMEM, "out of locked memory");
    char name[CIRCLE_LEN];
    enum err e = ERR_OK;
    while (!e && authority_circle_next(&circles, name)) {
        const struct roster_circle *c = roster_circle(a->roster, name);
        for (unsigned g = c ? c->generation : 0; g > 0 && !e; g--) {
            e = circle_derive(key, a->key.seed, name, g);
            if (!e)
                user_add_key(u, key);
        }
    }
    sodium_free(key);
    return e;
}

static enum err write_notice(const struct authority *a, struct notice *n)
{
    enum err e = notice_write(n);
    if (!e)
        e = notice_sign(n, "authority", &a->key);
    char name[NOTICE_ID + 32], path[4096];
    snprintf(name, sizeof name, "%" PRIu64 ".%s", a->roster->number, n->id);
    if (!e)
        e = authority_path(path, a, "staged", name);
    return e ? e : file_create(path, n->text.p, n->text.len, 0644);
}

/* One notice: generations from newest down, sealed to these. */
static enum err stage_one(const struct authority *a, const char *circle, unsigned newest, const char *user,
                          const struct recipient *to, size_t n_to)
{
    const struct user_circle *held[NOTICE_GENERATIONS];
    struct user_circle *keys = sodium_malloc(sizeof *keys * NOTICE_GENERATIONS);
    struct notice n = {.kind = NOTICE_CIRCLE, .time = a->roster->time, .generation = newest};
    if (!keys)
        return err_set(ERR_NOMEM, "out of locked memory");
    snprintf(n.district, sizeof n.district, "%s", a->district);
    snprintf(n.circle, sizeof n.circle, "%s", circle);
    snprintf(n.user, sizeof n.user, "%s", user);
    size_t count = 0;
    enum err e = ERR_OK;
    for (unsigned g = newest; g > 0 && count < NOTICE_GENERATIONS && !e; g--) {
        e = circle_derive(&keys[count], a->key.seed, circle, g);
        held[count] = &keys[count];
        count++;
    }
    if (!e)
        e = circle_seal(held, count, to, n_to, &n.key);
    if (!e)
        e = write_notice(a, &n);
    sodium_free(keys);
    buf_free(&n.key);
    buf_free(&n.text);
    return e;
}

/* Those who stay have the older generations from older notices: as many as
 * fit go along. */
static enum err stage_renewed(const struct authority *a, const char *circle)
{
    struct recipient *to;
    size_t n;
    enum err e = roster_members(a->roster, circle, a->roster->time, &to, &n);
    for (size_t i = 0; i < n && !e; i += NOTICE_MEMBERS)
        e = stage_one(a, circle, roster_circle(a->roster, circle)->generation, "", to + i,
                      n - i < NOTICE_MEMBERS ? n - i : NOTICE_MEMBERS);
    free(to);
    return e;
}

/* A new member gets all of them, in as many notices as it takes. */
static enum err stage_grant(const struct authority *a, const struct grant *g)
{
    const struct roster_user *u = roster_user(a->roster, g->user);
    const struct roster_circle *c = roster_circle(a->roster, g->circle);
    enum err e = ERR_OK;
    if (!u || u->revoked || !c || !roster_user_in(u, g->circle))
        return ERR_OK; /* taken back before it was saved */
    for (unsigned newest = c->generation; newest > 0 && !e;) {
        e = stage_one(a, g->circle, newest, g->user, &u->to, 1);
        newest = newest > NOTICE_GENERATIONS ? newest - NOTICE_GENERATIONS : 0;
    }
    return e;
}

enum err authority_circle_stage(const struct authority *a)
{
    enum err e = ERR_OK;
    for (size_t i = 0; i < a->n_renewed && !e; i++)
        e = stage_renewed(a, a->renewed[i]);
    for (size_t i = 0; i < a->n_grants && !e; i++)
        e = stage_grant(a, &a->grants[i]);
    return e;
}
