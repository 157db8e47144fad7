#include "tui/opener/opened.h"

#include "storage/base/file.h"
#include "storage/records/draft.h"
#include "storage/records/recording.h"
#include "tui/opener/rows.h"
#include "tui/opener/slow.h"
#include "tui/print.h"
#include "tui/session.h"
#include "tui/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define SLICE 256  /* labels caught up between two looks at the painter */
#define TELL 250   /* ms between two events about it */
#define RETRY 2000 /* ms, while another program has records.db */

enum state { AHEAD, BEHIND, BUSY, WITHOUT }; /* of records.db: all applied, not yet, another has it, cannot be */

struct opened {
    const char *dir;
    struct station *station; /* open while it is of use */
    struct user *user;       /* NULL: locked */
    struct records *records;
    struct recording_list *list; /* WITHOUT: what the batches say, once asked for */
    enum state state;
    char why[512]; /* WITHOUT */
    int64_t told, tried;
    bool renewed; /* once already: a disk that spoils it again and again is not believed */
    int watch;    /* inotify: chain/ and notices/ */
    bool grown;   /* it has said so, and nobody has looked yet */
};

/* A chain's file is closed once its label is in queue.db, too; while it is
 * written the index does not know of it yet. */
static void watch_folder(const struct opened *o, const char *name)
{
    char path[4096];
    if (file_path(path, o->dir, name) != ERR_OK ||
        inotify_add_watch(o->watch, path, IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_DELETE) < 0)
        err_clear(); /* not there yet: looked at again at each unlock */
}

enum err opened_new(struct opened **out, const char *dir)
{
    struct opened *o = calloc(1, sizeof *o);
    *out = o;
    if (!o)
        return err_set(ERR_NOMEM, "out of memory");
    o->dir = dir;
    o->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    watch_folder(o, "chain");
    watch_folder(o, "notices");
    return ERR_OK;
}

int opened_fd(const struct opened *o)
{
    return o->watch;
}

int opened_patience(const struct opened *o)
{
    return o->user && o->state == BUSY ? RETRY : -1;
}

void opened_fork(struct opened *o)
{
    station_close(o->station);
    o->station = NULL;
}

/* Nobody is unlocked; the station stays open. */
static void wipe(struct opened *o)
{
    records_close(o->records);
    o->records = NULL;
    recording_free(o->list);
    o->list = NULL;
    user_free(o->user);
    o->user = NULL;
}

void opened_lock(struct opened *o)
{
    wipe(o);
    opened_fork(o);
}

void opened_free(struct opened *o)
{
    if (!o)
        return;
    opened_lock(o);
    file_close(&o->watch);
    free(o);
}

struct user *opened_user(const struct opened *o)
{
    return o->user;
}

static enum err open_station(struct opened *o)
{
    struct call c = {.dir = o->dir};
    if (o->station)
        return ERR_OK;
    enum err e = session_station(&c, 0, &o->station);
    if (!e && o->records)
        records_attach(o->records, o->station);
    return e;
}

/* Damaged, of older keys: an index, so it is made anew, and the person sees how far that is. */
static void open_records(struct opened *o)
{
    enum err e = open_station(o);
    if (!e)
        e = records_open(&o->records, o->station, o->user);
    if (e == ERR_BAD) {
        e = records_remove(o->station, o->user);
        if (!e)
            e = records_open(&o->records, o->station, o->user);
    }
    o->tried = clock_uptime();
    o->state = !e ? BEHIND : e == ERR_AGAIN ? BUSY : WITHOUT;
    snprintf(o->why, sizeof o->why, "%s", e ? err_text() : "");
    err_clear();
}

/* Something in it fails its check: it is made anew, from the chains. */
static void renew(struct opened *o)
{
    records_close(o->records);
    o->records = NULL;
    if (records_remove(o->station, o->user) != ERR_OK)
        err_clear(); /* the opening says so */
    open_records(o);
}

static void tell(struct opened *o, const struct records_progress *p, opened_row_fn *fn, void *ctx)
{
    int64_t now = clock_uptime();
    if (o->state == BEHIND && now - o->told < TELL)
        return;
    o->told = now;
    static const char *const names[] = {"ahead", "behind", "busy", "without"};
    fn(ctx, 0,
       json_pack("{s:s,s:s,s:I,s:I,s:I,s:I,s:s}", "event", "records", "state", names[o->state], "done",
                 (json_int_t)p->done, "total", (json_int_t)p->total, "closed", (json_int_t)p->closed, "quarantined",
                 (json_int_t)p->quarantined, "why", o->why));
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
    wipe(o);
    o->user = u;
    e = open_station(o);
    if (e)
        return e;
    fn(ctx, id, user_row(o));
    watch_folder(o, "chain");
    watch_folder(o, "notices");
    o->renewed = false;
    open_records(o);
    return ERR_OK;
}

struct listing {
    unsigned id;
    opened_row_fn *fn;
    void *ctx;
    enum rows_where where; /* and which of those that are there are asked for */
    uint64_t skip, count, n;
};

static enum err list_row(void *ctx, const json_t *row)
{
    struct listing *l = ctx;
    if (l->where && !rows_are_there(l->where, row))
        return ERR_OK;
    uint64_t at = l->n++;
    if (!l->where || (at >= l->skip && at - l->skip < l->count))
        l->fn(l->ctx, l->id, json_deep_copy(row));
    return ERR_OK;
}

static enum err rows(struct opened *o, struct listing *l, const json_t *argv)
{
    struct records_query q;
    struct records_total total = {0};
    enum err e = rows_query(argv, &q, &l->where);
    if (!e && l->where) {
        l->skip = q.skip;
        l->count = q.count;
        q.skip = 0;
        q.count = RECORDS_COUNT_MAX;
    }
    if (!e && !o->user)
        e = err_set(ERR_DENIED, "nobody is unlocked");
    if (!e && o->state == BUSY)
        e = err_set(ERR_AGAIN, "another program of this station has the index open");
    if (!e)
        e = open_station(o);
    if (!e && o->state == WITHOUT && !o->list)
        e = recording_load(o->station, o->user, &o->list);
    if (!e)
        e = o->state == WITHOUT ? slow_find(o->station, o->list, &q, list_row, l, &total)
                                : records_find(o->records, &q, list_row, l, &total);
    if (e == ERR_BAD && o->state != WITHOUT) {
        renew(o);
        e = err_set(ERR_AGAIN, "the index was damaged and is being made anew");
    }
    if (!e && l->where) {
        total.more = total.more || total.n > RECORDS_COUNT_MAX;
        total.n = l->n;
    }
    if (!e)
        l->fn(l->ctx, l->id, json_pack("{s:I,s:b}", "total", (json_int_t)total.n, "more", total.more));
    return e;
}

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

/* What was typed while nobody was unlocked becomes the person's own. */
static enum err adopt_draft(struct opened *o, const char *name)
{
    struct buf text;
    enum err e = draft_load(o->station, o->user, true, name, &text);
    if (!e)
        e = draft_save(o->station, o->user->name, name, text.p, text.len);
    if (!e)
        e = draft_drop(o->station, NULL, name);
    buf_free(&text);
    return e;
}

/* draft save NAME TEXT [AUTHOR] | list | show NAME | adopt NAME | drop NAME */
static enum err draft(struct opened *o, struct listing *l, const json_t *argv)
{
    const char *verb = json_string_value(json_array_get(argv, 1));
    const char *name = json_string_value(json_array_get(argv, 2));
    const char *text = json_string_value(json_array_get(argv, 3));
    const char *user = o->user ? o->user->name : NULL, *author = json_string_value(json_array_get(argv, 4));
    enum err e = open_station(o);
    if (e)
        return e;
    /* whose words they are the screens know: another may be unlocked by now, or, after a kill, nobody */
    if (verb && strcmp(verb, "save") == 0 && name && text)
        return draft_save(o->station, author ? author : user, name, text, strlen(text));
    if (!user && verb && strcmp(verb, "drop") == 0 && name)
        return draft_drop(o->station, NULL, name);
    if (!user)
        return err_set(ERR_DENIED, "drafts are opened by their author; unlock first");
    if (verb && strcmp(verb, "list") == 0)
        return draft_each(o->station, user, list_draft, l);
    if (verb && strcmp(verb, "show") == 0 && name)
        return show_draft(o, l, name);
    if (verb && strcmp(verb, "adopt") == 0 && name)
        return adopt_draft(o, name);
    if (!verb || strcmp(verb, "drop") != 0 || !name)
        return err_set(ERR_USAGE, "draft save NAME TEXT, list, show NAME, adopt NAME or drop NAME");
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
    if (strcmp(word, "who") == 0) {
        *e = open_station(o);
        if (!*e && o->user)
            fn(ctx, id, user_row(o));
        return true;
    }
    struct listing l = {.id = id, .fn = fn, .ctx = ctx};
    if (strcmp(word, "rows") == 0) {
        *e = rows(o, &l, argv);
        return true;
    }
    if (strcmp(word, "draft") == 0) {
        *e = draft(o, &l, argv);
        return true;
    }
    if (strcmp(word, "rebuild") == 0 && o->records) { /* it removes the index, which is then opened anew */
        records_close(o->records);
        o->records = NULL;
        o->state = BUSY;
        o->tried = clock_uptime();
    }
    return false;
}

/* What inotify says is only that something is new. */
static bool grown(struct opened *o)
{
    char events[4096];
    while (o->watch >= 0 && read(o->watch, events, sizeof events) > 0)
        o->grown = true;
    if (o->grown && o->state == AHEAD)
        o->state = BEHIND;
    return o->grown;
}

void opened_positions(struct opened *o, const json_t *argv, struct records_position **at, size_t *n)
{
    const char *word = json_string_value(json_array_get(argv, 0));
    const char *verb = json_string_value(json_array_get(argv, 1));
    const char *id = json_string_value(json_array_get(argv, 2));
    *at = NULL;
    *n = 0;
    if (!id || strcmp(word, "recordings") != 0 || grown(o) || o->state != AHEAD || open_station(o) != ERR_OK ||
        records_positions(o->records, strcmp(verb, "approve") == 0 ? "request" : NULL, id, at, n) != ERR_OK)
        err_clear(); /* the command says what is wrong with it */
}

bool opened_work(struct opened *o, opened_row_fn *fn, void *ctx)
{
    struct records_progress p = {0};
    if (grown(o)) {
        fn(ctx, 0, json_pack("{s:s}", "event", "news"));
        recording_free(o->list);
        o->list = NULL;
        o->grown = false;
    }
    if (!o->user || o->state == AHEAD || o->state == WITHOUT)
        return false;
    if (o->state == BUSY) {
        if (clock_uptime() - o->tried < RETRY)
            return false;
        open_records(o);
        tell(o, &p, fn, ctx);
        return o->state == BEHIND;
    }
    enum err e = open_station(o);
    if (!e)
        e = records_catch_up(o->records, o->user, SLICE, &p);
    if (e == ERR_BAD && !o->renewed) {
        o->renewed = true;
        renew(o);
        return o->state == BEHIND;
    }
    if (e) {
        snprintf(o->why, sizeof o->why, "%s", err_text());
        err_clear();
        records_close(o->records);
        o->records = NULL;
        o->state = WITHOUT;
    } else if (p.done >= p.total) {
        o->state = AHEAD;
    }
    tell(o, &p, fn, ctx);
    return o->state == BEHIND;
}
