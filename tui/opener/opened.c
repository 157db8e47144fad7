#include "tui/opener/opened.h"

#include "tui/session.h"
#include "tui/words.h"

#include <stdlib.h>
#include <string.h>

struct opened {
    const char *dir;
    struct station *station; /* open while it is of use */
    struct user *user;       /* NULL: locked */
};

enum err opened_new(struct opened **out, const char *dir)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return err_set(ERR_NOMEM, "out of memory");
    (*out)->dir = dir;
    return ERR_OK;
}

void opened_fork(struct opened *o)
{
    station_close(o->station);
    o->station = NULL;
}

void opened_lock(struct opened *o)
{
    user_free(o->user);
    o->user = NULL;
    opened_fork(o);
}

void opened_free(struct opened *o)
{
    if (!o)
        return;
    opened_lock(o);
    free(o);
}

struct user *opened_user(const struct opened *o)
{
    return o->user;
}

static enum err open_station(struct opened *o)
{
    struct call c = {.dir = o->dir};
    return o->station ? ERR_OK : session_station(&c, 0, &o->station);
}

static json_t *user_row(const struct opened *o)
{
    char roles[WORDS_ROLES] = "";
    json_t *circles = json_array();
    const struct roster_user *u = roster_user(o->station->roster, o->user->name);
    if (u)
        words_roles_text(roles, u->roles);
    for (size_t i = 0; i < o->user->n_circles; i++)
        json_array_append_new(circles, json_string(o->user->circles[i].name));
    return json_pack("{s:s,s:s,s:o}", "user", o->user->name, "roles", roles, "circles", circles);
}

static enum err unlock(struct opened *o, unsigned id, const char *who, const char *secrets, size_t n, opened_row_fn *fn,
                       void *ctx)
{
    struct call c = {.dir = o->dir, .user = who};
    struct user *u = NULL;
    enum err e = open_station(o);
    if (!e)
        e = secret_open_text(&c.secrets, secrets, n);
    if (!e)
        e = session_unlock(&c, o->station, &u);
    secret_close(c.secrets);
    if (e)
        return e;
    opened_lock(o);
    o->user = u;
    e = open_station(o);
    if (!e)
        fn(ctx, id, user_row(o));
    return e;
}

bool opened_answer(struct opened *o, unsigned id, const json_t *argv, const char *secrets, size_t n, opened_row_fn *fn,
                   void *ctx, enum err *e)
{
    const char *word = json_string_value(json_array_get(argv, 0));
    const char *first = json_string_value(json_array_get(argv, 1));
    *e = ERR_OK;
    if (!word)
        return false;
    if (strcmp(word, "unlock") == 0) {
        *e = unlock(o, id, first, secrets, n, fn, ctx);
        return true;
    }
    if (strcmp(word, "lock") == 0) {
        opened_lock(o);
        return true;
    }
    opened_fork(o);
    return false;
}

bool opened_work(struct opened *o, opened_row_fn *fn, void *ctx)
{
    (void)o;
    (void)fn;
    (void)ctx;
    return false;
}
