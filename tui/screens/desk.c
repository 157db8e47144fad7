#include "tui/screens/desk_inside.h"

#include "storage/base/clock.h"
#include "tui/lang/lang.h"
#include "tui/screens/dock.h"
#include "tui/screens/screens.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATUS_SOON 500  /* ms between two askings of the status, at least */
#define STATUS_REST 30   /* and so many times as long as one takes */
#define STATUS_BUSY 5000 /* and while something runs */

const char *desk_str(const json_t *row, const char *member)
{
    const char *s = json_string_value(json_object_get(row, member));
    return s ? s : "";
}

json_int_t desk_int(const json_t *row, const char *member)
{
    return json_integer_value(json_object_get(row, member));
}

void desk_say(struct desk *d, enum look look, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(d->message, sizeof d->message, fmt, args);
    va_end(args);
    d->message_look = look;
    d->changed = true;
}

void desk_say_error(struct desk *d, enum err e)
{
    char text[ERR_WHOLE];
    err_whole(text, e);
    desk_say(d, LOOK_ALARM, "%s", text);
}

void desk_news(struct desk *d, const json_t *event)
{
    for (struct view *v = d->top; v; v = v->below)
        if (v->screen->news && !v->closing)
            v->screen->news(v, event);
    d->changed = true;
}

static void on_reply(void *ctx, const struct opener_reply *r)
{
    struct desk_request *q = ctx, was = *q;
    bool heard = false;
    if (r->end)
        *q = (struct desk_request){0};
    if (was.fn)
        heard = was.fn(was.view, r);
    if (r->end && r->exit_code && r->error[0] && !heard)
        desk_say(was.desk, LOOK_ALARM, "%s", r->error);
    was.desk->changed = true;
}

unsigned desk_ask_secret(struct view *v, desk_fn *fn, const char *const argv[], const struct secret *const secrets[],
                         size_t n)
{
    struct desk *d = v->desk;
    for (size_t i = 0; i < DESK_REQUESTS; i++) {
        struct desk_request *q = &d->in->requests[i];
        if (q->id)
            continue;
        *q = (struct desk_request){.desk = d, .view = v, .fn = fn};
        q->id = opener_ask(d->opener, argv, secrets, n, -1, on_reply, q);
        return q->id;
    }
    desk_say(d, LOOK_ALARM, "%s", _("Too much is being asked at once; wait a moment and try again"));
    return 0;
}

unsigned desk_ask(struct view *v, desk_fn *fn, const char *const argv[])
{
    return desk_ask_secret(v, fn, argv, NULL, 0);
}

void desk_cancel(struct view *v, unsigned id)
{
    opener_cancel(v->desk->opener, id);
}

void desk_forget(struct view *v)
{
    for (size_t i = 0; i < DESK_REQUESTS; i++) {
        struct desk_request *q = &v->desk->in->requests[i];
        if (q->id == 0 || q->view != v)
            continue;
        opener_forget(v->desk->opener, q->id);
        *q = (struct desk_request){0};
    }
}

static void on_status(void *ctx, const struct opener_reply *r)
{
    struct desk *d = ctx;
    if (r->end) {
        d->in->status_id = 0;
        d->in->status_at = clock_uptime();
        d->in->status_took = d->in->status_at - d->in->status_asked;
        if (desk_is_busy(d))
            d->in->status_due = d->in->status_at + STATUS_BUSY;
        return;
    }
    if (!json_is_object(r->row))
        return;
    if (json_equal(d->status, r->row))
        return;
    json_decref(d->status);
    d->status = json_deep_copy(r->row);
    desk_news(d, NULL);
}

void desk_refresh(struct desk *d)
{
    int64_t now = clock_uptime(), rest = STATUS_REST * d->in->status_took;
    int64_t soon = d->in->status_at + (rest > STATUS_SOON ? rest : STATUS_SOON);
    int64_t due = d->in->status_at && soon > now ? soon : now;
    if (!d->in->status_due || due < d->in->status_due)
        d->in->status_due = due;
}

static void ask_status(struct desk *d)
{
    static const char *const argv[] = {"status", NULL};
    d->in->status_due = 0;
    d->in->status_asked = clock_uptime();
    if (d->in->status_id == 0)
        d->in->status_id = opener_ask(d->opener, argv, NULL, 0, -1, on_status, d);
}

/* What the opener says unasked. */
static void on_event(void *ctx, const struct opener_reply *r)
{
    struct desk *d = ctx;
    const char *what = desk_str(r->row, "event");
    if (strcmp(what, "stopped") == 0 && strcmp(desk_str(r->row, "worker"), "opener") == 0 && d->user[0]) {
        desk_lock(d);
        desk_say(d, LOOK_ALARM, "%s", _("The program with the keys has stopped and was started anew; unlock again"));
    } else if (strcmp(what, "stopped") == 0 && strcmp(desk_str(r->row, "worker"), "starter") == 0) {
        desk_say(d, LOOK_ALARM, "%s",
                 _("The program that starts others has stopped; end the screens and open them again"));
    } else if (strcmp(what, "locked") == 0) {
        desk_lock(d);
    } else if (strcmp(what, "news") == 0) {
        desk_refresh(d);
    }
    desk_news(d, r->row);
}

void desk_lock(struct desk *d)
{
    static const char *const argv[] = {"lock", NULL};
    if (d->user[0] == '\0')
        return;
    d->user[0] = '\0';
    d->roles = 0;
    desk_jobs_leave(d);
    views_close_all(d); /* first, so that drafts arrive in front of it */
    unsigned id = opener_ask(d->opener, argv, NULL, 0, -1, NULL, NULL);
    (void)id; /* without the opener there are no keys */
    d->message[0] = '\0';
    desk_news(d, NULL);
    desk_show(d, &screen_unlock, NULL);
}

void desk_unlocked(struct desk *d, const char *user, unsigned roles)
{
    if (strcmp(user, d->user) != 0)
        desk_jobs_leave(d);
    snprintf(d->user, sizeof d->user, "%s", user);
    d->roles = roles;
    d->touched = clock_uptime(); /* however long the passphrase took */
    for (struct view *v = d->top; v; v = v->below)
        if (v->screen == &screen_unlock)
            v->closing = true;
    desk_refresh(d);
    desk_news(d, NULL);
}

void desk_end(struct desk *d)
{
    d->ending = true;
}

/* What everything stands on: home, or what leads there. */
static void open_bottom(struct desk *d)
{
    char conf[4096 + 16];
    snprintf(conf, sizeof conf, "%s/station.conf", d->dir);
    if (!d->in->is_station)
        d->in->is_station = access(conf, F_OK) == 0;
    if (!d->in->is_station && desk_show_name(d, "first", NULL))
        return;
    desk_show(d, d->user[0] ? &screen_home : &screen_unlock, NULL);
}

/* Who unlocked from under another screen: that one stays, on home. */
static void put_home_below(struct desk *d)
{
    struct view **last = &d->top;
    while ((*last)->below)
        last = &(*last)->below;
    struct view *top = d->top, *old = *last;
    if (d->user[0] == '\0' || old->screen == &screen_home)
        return;
    desk_show(d, &screen_home, NULL);
    if (d->top == top)
        return; /* no memory */
    old->below = d->top;
    d->top = top;
    old->below->below = NULL;
}

void desk_settle(struct desk *d, int64_t now)
{
    views_sweep(d);
    if (!d->top) {
        open_bottom(d);
        views_sweep(d);
    }
    if (d->top)
        put_home_below(d);
    if (d->in->status_due && d->in->status_due <= now)
        ask_status(d);
    keepers_settle(d, now);
    dock_settle(d, now);
    for (struct view *v = d->top; v; v = v->below) {
        if (v->wake == 0 || v->wake > now)
            continue;
        v->wake = 0;
        if (v->screen->tick)
            v->screen->tick(v, now);
    }
}

int64_t desk_due(const struct desk *d)
{
    int64_t due = dock_due(d), keepers = keepers_due(d, clock_uptime());
    due = keepers < due ? keepers : due;
    if (d->in->status_due && d->in->status_due < due)
        due = d->in->status_due;
    for (const struct view *v = d->top; v; v = v->below)
        if (v->wake && v->wake < due)
            due = v->wake;
    return due;
}

enum err desk_start(struct desk *d, const char *dir)
{
    *d = (struct desk){.dir = dir, .in = calloc(1, sizeof *d->in), .touched = clock_uptime()};
    if (!d->in)
        return err_set(ERR_NOMEM, "out of memory for the screens");
    enum err e = dock_new(&d->dock);
    if (!e)
        e = opener_start(&d->opener, dir, on_event, d);
    if (!e)
        desk_refresh(d);
    return e;
}

void desk_stop(struct desk *d)
{
    if (d->opener) {
        views_close_all(d);
        opener_stop(d->opener);
    }
    for (size_t i = 0; i < DESK_JOBS; i++) {
        json_decref(d->jobs[i].row);
        json_decref(d->jobs[i].result);
    }
    json_decref(d->status);
    dock_free(d->dock);
    free(d->in);
    *d = (struct desk){0};
}
