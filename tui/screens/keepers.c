#include "tui/screens/keepers.h"

#include "tui/lang/lang.h"
#include "tui/screens/desk_inside.h"

#include <string.h>

#define ASK_AGAIN 2000 /* ms between two requests to end */

static const char *const sync_argv[] = {"sync", "--watch", NULL};
static const char *const link_argv[] = {"link", "--follow", NULL};
static const char *const stop_argv[] = {"sync", "--stop", NULL};
static const char *const rebuild_argv[] = {"rebuild", "--progress", NULL};

static bool job_runs(const struct desk *d, const char *name)
{
    const struct desk_job *j = desk_job_find(d, name);
    return j && j->running;
}

const json_t *keepers_link(const struct desk *d)
{
    const struct desk_job *j = desk_job_find(d, KEEPERS_LINK);
    const json_t *link = json_object_get(d->status, "link");
    if (j && j->running && j->row)
        return j->row;
    return json_is_object(link) ? link : NULL;
}

bool keepers_is_ours(const struct desk *d)
{
    return job_runs(d, KEEPERS_SYNC);
}

bool keepers_runs(const struct desk *d)
{
    return keepers_is_ours(d) || json_is_true(json_object_get(keepers_link(d), "running"));
}

static bool hub_is_known(const struct desk *d)
{
    return desk_str(d->status, "hub_address")[0] != '\0';
}

const char *keepers_why_not(const struct desk *d)
{
    const struct keepers *k = &d->in->keepers;
    const struct desk_job *j = desk_job_find(d, KEEPERS_SYNC);
    if (keepers_runs(d))
        return NULL;
    if (d->status && !hub_is_known(d))
        return _("No hub's address is known: set one under the limits, or use a stick");
    if (k->sync.gave_up)
        return j && j->error[0] ? j->error : _("It ended again and again");
    return k->sync.off ? _("It was stopped") : NULL;
}

/* Takes note of an end, once. */
static void note_end(const struct desk *d, const char *name, struct keeper *k, unsigned *seen, bool another,
                     int64_t now)
{
    const struct desk_job *j = desk_job_find(d, name);
    if (!j || j->running || j->id == *seen)
        return;
    *seen = j->id;
    keeper_ended(k, j->exit_code, j->ended - j->started, another, now);
}

/* A receipt came, or something was appended: the status is another. */
static void look_at_link(struct desk *d)
{
    struct keepers *k = &d->in->keepers;
    const json_t *link = keepers_link(d);
    json_int_t receipt = desk_int(link, "receipt_labels"), head = desk_int(link, "head");
    bool running = json_is_true(json_object_get(link, "running"));
    if (receipt != k->receipt || head != k->head || running != k->running)
        desk_refresh(d);
    k->receipt = receipt;
    k->head = head;
    k->running = running;
}

void keepers_settle(struct desk *d, int64_t now)
{
    struct keepers *k = &d->in->keepers;
    if (!d->in->is_station || !d->status)
        return;
    bool another = !keepers_is_ours(d) && json_is_true(json_object_get(keepers_link(d), "running"));
    note_end(d, KEEPERS_LINK, &k->link, &k->link_seen, false, now);
    note_end(d, KEEPERS_SYNC, &k->sync, &k->sync_seen, another, now);
    if (keeper_starts(&k->link, true, job_runs(d, KEEPERS_LINK), now))
        desk_watch(d, KEEPERS_LINK, link_argv);
    if (keepers_is_ours(d) && (k->sync.off || k->sync.again) && now >= k->ask_again) {
        desk_job_cancel(d, KEEPERS_SYNC); /* one that was just starting may not have heard */
        k->ask_again = now + ASK_AGAIN;
    }
    if (k->rebuild && !keepers_runs(d)) {
        k->rebuild = false;
        desk_job(d, "rebuild", rebuild_argv);
    }
    bool needed = hub_is_known(d) && !k->rebuild && !job_runs(d, "rebuild");
    if (keeper_starts(&k->sync, needed, keepers_runs(d), now))
        desk_watch(d, KEEPERS_SYNC, sync_argv);
    look_at_link(d);
}

int64_t keepers_due(const struct desk *d, int64_t now)
{
    const struct keepers *k = &d->in->keepers;
    const struct keeper *all[] = {&k->sync, &k->link};
    int64_t due = INT64_MAX;
    for (size_t i = 0; i < 2; i++)
        if (!all[i]->off && !all[i]->gave_up && all[i]->next > now && all[i]->next < due)
            due = all[i]->next;
    if (keepers_is_ours(d) && (k->sync.off || k->sync.again) && k->ask_again < due)
        due = k->ask_again;
    return due;
}

void keepers_start(struct desk *d)
{
    keeper_want(&d->in->keepers.sync);
    d->changed = true;
}

/* Ours may not have told yet that it runs: it is ended by its job. */
static bool end_sync(struct desk *d)
{
    if (!keepers_is_ours(d))
        return desk_job(d, "sync-stop", stop_argv);
    d->in->keepers.ask_again = 0; /* at once */
    d->changed = true;
    return true;
}

void keepers_stop(struct desk *d)
{
    if (end_sync(d))
        d->in->keepers.sync.off = true;
}

void keepers_restart(struct desk *d)
{
    bool ours = keepers_is_ours(d);
    if (!keepers_runs(d)) {
        keepers_start(d);
        return;
    }
    if (!end_sync(d))
        return;
    keeper_want(&d->in->keepers.sync);
    d->in->keepers.sync.again = ours;
}

void keepers_rebuild(struct desk *d)
{
    if (job_runs(d, "rebuild"))
        return;
    if (keepers_runs(d))
        keepers_restart(d);
    d->in->keepers.rebuild = true;
    d->changed = true;
}
