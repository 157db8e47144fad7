#include "tui/screens/desk_inside.h"

#include "storage/base/clock.h"
#include "tui/lang/lang.h"

#include <stdio.h>
#include <string.h>

#define RESULT_MAX 5000 /* rows of a job that are kept */

/* Its place; DESK_JOBS: there is none. */
static size_t find(const struct desk *d, const char *name)
{
    size_t i = 0;
    while (i < DESK_JOBS && (d->jobs[i].id == 0 || strcmp(d->jobs[i].name, name) != 0))
        i++;
    return i;
}

const struct desk_job *desk_job_find(const struct desk *d, const char *name)
{
    size_t i = find(d, name);
    return i < DESK_JOBS ? &d->jobs[i] : NULL;
}

static void take_row(struct desk *d, struct desk_job *j, const json_t *row)
{
    json_t *copy = json_deep_copy(row);
    if (!json_object_get(row, "event") && json_array_size(j->result) < RESULT_MAX)
        json_array_append(j->result, copy);
    if (strcmp(desk_str(row, "event"), "progress") == 0) {
        json_int_t total = desk_int(row, json_object_get(row, "bytes") ? "bytes" : "total");
        progress_set(&j->progress, clock_uptime(), (uint64_t)desk_int(row, "done"), (uint64_t)total);
    }
    json_decref(j->row);
    j->row = copy;
    if (j->fn)
        j->fn(d, j, j->row);
}

static struct desk_job *of_reply(struct desk *d, const struct opener_reply *r)
{
    for (size_t i = 0; i < DESK_JOBS; i++)
        if (d->jobs[i].id == r->id)
            return &d->jobs[i];
    return NULL;
}

/* May who sits there now hear of it? */
static bool is_heard(const struct desk *d, const struct desk_job *j)
{
    return j->user[0] == '\0' || strcmp(j->user, d->user) == 0;
}

/* What came of it is gone with the person. */
static void wipe(struct desk_job *j)
{
    json_decref(j->row);
    json_decref(j->result);
    *j = (struct desk_job){0};
}

void desk_jobs_leave(struct desk *d)
{
    for (size_t i = 0; i < DESK_JOBS; i++) {
        struct desk_job *j = &d->jobs[i];
        if (j->id == 0 || j->user[0] == '\0')
            continue;
        if (!j->running)
            wipe(j);
        else if (strcmp(j->name, "play") == 0) /* nobody looks on */
            opener_cancel(d->opener, j->id);
    }
}

static void on_job(void *ctx, const struct opener_reply *r)
{
    struct desk *d = ctx;
    struct desk_job *j = of_reply(d, r);
    if (!j)
        return;
    if (!r->end) {
        take_row(d, j, r->row);
        if (strcmp(j->name, "play") == 0) /* it moves: whoever looks is here, and the keys go there */
            d->touched = clock_uptime();
        desk_news(d, NULL);
        return;
    }
    if (j->terminal)
        term_take();
    j->running = false;
    j->ended = clock_uptime();
    j->exit_code = r->exit_code;
    snprintf(j->error, sizeof j->error, "%s", r->error);
    if (r->exit_code && r->error[0] && !(j->watching && j->fn) && is_heard(d, j))
        desk_say(d, j->cancelled ? LOOK_WARN : LOOK_ALARM, "%s",
                 j->cancelled ? _("Stopped; what was done stays") : r->error);
    if (j->fn && is_heard(d, j))
        j->fn(d, j, NULL);
    if (!is_heard(d, j))
        wipe(j);
    desk_refresh(d);
    desk_news(d, NULL);
}

/* Its own former place, a free one, or that of one that ended. */
static struct desk_job *place(struct desk *d, const char *name)
{
    size_t i = find(d, name);
    for (size_t k = 0; k < DESK_JOBS && i == DESK_JOBS; k++)
        if (d->jobs[k].id == 0)
            i = k;
    for (size_t k = 0; k < DESK_JOBS && i == DESK_JOBS; k++)
        if (!d->jobs[k].running)
            i = k;
    return i < DESK_JOBS ? &d->jobs[i] : NULL;
}

static bool begin(struct desk *d, const struct desk_order *o, int fd)
{
    struct desk_job *j = place(d, o->name);
    if (!j || j->running) {
        desk_say(d, LOOK_WARN, "%s",
                 j ? _("This runs already; wait until it ends, or stop it")
                   : _("Too much runs at once; wait until something ends"));
        return false;
    }
    json_decref(j->row);
    json_decref(j->result);
    *j = (struct desk_job){
        .running = true, .started = clock_uptime(), .result = json_array(), .fn = o->fn, .watching = o->watching};
    j->terminal = o->terminal;
    if (j->terminal)
        term_lend();
    if (o->personal)
        snprintf(j->user, sizeof j->user, "%s", d->user);
    snprintf(j->name, sizeof j->name, "%s", o->name);
    snprintf(j->about, sizeof j->about, "%s", o->about ? o->about : "");
    j->id = opener_ask(d->opener, o->argv, o->secrets, o->n, fd, on_job, d);
    desk_refresh(d);
    desk_news(d, NULL);
    return true;
}

bool desk_job_order(struct desk *d, const struct desk_order *o)
{
    return begin(d, o, -1);
}

bool desk_job_secret(struct desk *d, const char *name, const char *const argv[], const struct secret *const secrets[],
                     size_t n, int fd)
{
    return begin(d, &(struct desk_order){.name = name, .argv = argv, .secrets = secrets, .n = n}, fd);
}

bool desk_job(struct desk *d, const char *name, const char *const argv[])
{
    return desk_job_secret(d, name, argv, NULL, 0, -1);
}

bool desk_watch(struct desk *d, const char *name, const char *const argv[])
{
    return begin(d, &(struct desk_order){.name = name, .argv = argv, .watching = true}, -1);
}

void desk_job_cancel(struct desk *d, const char *name)
{
    size_t i = find(d, name);
    if (i == DESK_JOBS || !d->jobs[i].running)
        return;
    d->jobs[i].cancelled = true;
    opener_cancel(d->opener, d->jobs[i].id);
}

bool desk_is_busy(const struct desk *d)
{
    for (size_t i = 0; i < DESK_JOBS; i++)
        if (d->jobs[i].running && !d->jobs[i].watching)
            return true;
    return false;
}
