#include "tui/opener/opened.h"

#include "storage/records/draft.h"
#include "tui/print.h"
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

struct listing {
    unsigned id;
    opened_row_fn *fn;
    void *ctx;
};

static enum err list_draft(void *ctx, const char *name, bool anonymous, int64_t time)
{
    const struct listing *l = ctx;
    l->fn(l->ctx, l->id, json_pack("{s:s,s:b,s:o}", "draft", name, "anonymous", anonymous, "time", print_time(time)));
    return ERR_OK;
}

static enum err show_draft(struct opened *o, const struct listing *l, const char *name)
{
    struct buf text;
    bool anonymous = false;
    enum err e = draft_load(o->station, o->user, false, name, &text);
    if (e == ERR_NOINPUT) {
        anonymous = true;
        e = draft_load(o->station, o->user, true, name, &text);
    }
    if (!e)
        l->fn(
            l->ctx, l->id,
            json_pack("{s:s,s:b,s:s%}", "draft", name, "anonymous", anonymous, "text", (const char *)text.p, text.len));
    buf_free(&text);
    return e;
}

/* draft save NAME TEXT | list | show NAME | drop NAME */
static enum err draft(struct opened *o, struct listing *l, const json_t *argv)
{
    const char *verb = json_string_value(json_array_get(argv, 1));
    const char *name = json_string_value(json_array_get(argv, 2));
    const char *text = json_string_value(json_array_get(argv, 3));
    const char *user = o->user ? o->user->name : NULL;
    enum err e = open_station(o);
    if (e)
        return e;
    if (verb && strcmp(verb, "save") == 0 && name && text)
        return draft_save(o->station, user, name, text, strlen(text));
    if (!user && verb && strcmp(verb, "drop") == 0 && name)
        return draft_drop(o->station, NULL, name);
    if (!user)
        return err_set(ERR_DENIED, "drafts are opened by their author; unlock first");
    if (verb && strcmp(verb, "list") == 0)
        return draft_each(o->station, user, list_draft, l);
    if (verb && strcmp(verb, "show") == 0 && name)
        return show_draft(o, l, name);
    if (!verb || strcmp(verb, "drop") != 0 || !name)
        return err_set(ERR_USAGE, "draft save NAME TEXT, list, show NAME or drop NAME");
    e = draft_drop(o->station, user, name);
    return e ? e : draft_drop(o->station, NULL, name);
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
    if (strcmp(word, "draft") == 0) {
        struct listing l = {id, fn, ctx};
        *e = draft(o, &l, argv);
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
