#include "drivers/dock/take.h"

#include "storage/base/grow.h"
#include "storage/base/lang.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SILENT_MAX 8u /* recordings in a row at which the camera did not answer */

/* A recording that is gathered and not yet in the chain. */
struct waiting {
    size_t file;
    char id[ENTRY_ID];
    uint64_t size;
    uint64_t resumed_from;
};

static struct camera_file listed(const struct take *d, size_t file)
{
    const struct list_file *f = &d->list.files[file];
    return (struct camera_file){list_path(&d->list, file), f->size, f->mtime, CAMERA_FILE, ""};
}

/* What the recording's entry says besides: who took it in, how it was read. */
static json_t *recording_facts(void *ctx)
{
    const struct group_file *g = ctx;
    json_t *o = reading_facts(&g->reading), *more = g->take->about ? g->take->about(g->take, g) : json_object();
    bool good = o && more && json_object_update(o, more) == 0;
    json_decref(more);
    if (good)
        return o;
    json_decref(o);
    return NULL;
}

static json_t *sidecar_facts(void *ctx)
{
    const struct group_file *g = ctx;
    return reading_facts(&g->reading);
}

static enum err read_group_file(void *ctx, uint64_t offset, void *p, size_t n, size_t *got)
{
    struct group_file *g = ctx;
    return reading_read(&g->reading, offset, p, n, got);
}

static uint64_t missing(void *ctx)
{
    const struct group_file *g = ctx;
    return reading_missing(&g->reading);
}

static enum err open_file(struct take *d, size_t file, struct group_file *g, struct intake_source *source)
{
    struct camera_file f = listed(d, file);
    g->take = d;
    g->file = file;
    *source = (struct intake_source){
        .read = read_group_file,
        .ctx = g,
        .path = f.path,
        .size = f.size,
        .mtime = f.mtime,
        .facts = d->list.files[file].sidecar ? sidecar_facts : recording_facts,
        .holes = missing,
    };
    return reading_open(&g->reading, &d->on, &f);
}

static void failed(struct take *d, size_t file, const char *why)
{
    say_line(&d->say, &(struct say_line){.what = SAY_FAILED, .path = list_path(&d->list, file), .why = why});
}

/* What waited is in the chain now, or (why) lost and to be taken anew. */
static void settle(struct take *d, const char *why)
{
    for (size_t i = 0; i < d->n_waiting; i++) {
        const struct waiting *w = &d->waiting[i];
        if (why)
            failed(d, w->file, why);
        else
            say_line(&d->say, &(struct say_line){SAY_STORED, w->id, list_path(&d->list, w->file), w->size,
                                                 w->resumed_from, NULL});
    }
    d->n_waiting = 0;
}

static enum err wait_for(struct take *d, const struct waiting *w)
{
    struct waiting *all = grow(d->waiting, d->n_waiting, &d->cap_waiting, 64, sizeof *all);
    if (!all)
        return ERR_NOMEM;
    d->waiting = all;
    d->waiting[d->n_waiting++] = *w;
    return ERR_OK;
}

/* The files of one recording: of those that are open, the first is it. */
struct group {
    size_t n;
    struct group_file *file[1 + INTAKE_SIDECARS_MAX];
    struct intake_source source[1 + INTAKE_SIDECARS_MAX];
};

static void group_drop(struct group *g, size_t i)
{
    reading_close(&g->file[i]->reading);
    free(g->file[i]);
    g->n--;
    for (; i < g->n; i++) {
        g->file[i] = g->file[i + 1];
        g->source[i] = g->source[i + 1];
    }
}

static enum err group_add(struct group *g, struct take *d, size_t file)
{
    struct group_file *f = calloc(1, sizeof *f);
    if (!f)
        return err_set(ERR_NOMEM, "out of memory");
    enum err e = open_file(d, file, f, &g->source[g->n]);
    g->file[g->n++] = f;
    if (e)
        group_drop(g, g->n - 1);
    return e;
}

/* A sidecar that cannot be opened is told and left out. */
static enum err group_open(struct group *g, struct take *d, const struct list_recording *r)
{
    enum err e = group_add(g, d, r->first);
    for (size_t i = 1; i <= r->n_sidecars && !e; i++)
        if (group_add(g, d, r->first + i) != ERR_OK)
            failed(d, r->first + i, err_text());
    return e;
}

/* Leaves out the sidecars whose reading failed; were there any? */
static bool leave_out(struct group *g, struct take *d)
{
    size_t before = g->n;
    for (size_t i = g->n; i-- > 1;)
        if (g->file[i]->reading.failed) {
            failed(d, g->file[i]->file, err_text());
            group_drop(g, i);
        }
    return g->n < before;
}

static enum err take_group(struct take *d, struct group *g, struct intake_report *r)
{
    enum err e;
    do {
        struct intake_file f = {&g->source[0], &g->source[1], g->n - 1};
        e = intake_file(d->in, &f, r);
    } while (e && !r->stop && leave_out(g, d));
    return e;
}

/* One recording. late: a sidecar of a known one, of which nothing is said when
 * it is known, too. An error is our side's: the next would fare no better. */
static enum err take(struct take *d, const struct list_recording *rec, bool late)
{
    struct intake_report r = {0};
    struct group *g = calloc(1, sizeof *g);
    if (!g)
        return err_set(ERR_NOMEM, "out of memory");
    enum err e = group_open(g, d, rec);
    if (!e)
        e = take_group(d, g, &r);
    uint64_t size = 0;
    for (size_t i = 0; i < g->n; i++)
        size += g->source[i].size;
    while (g->n)
        group_drop(g, g->n - 1);
    free(g);
    d->silent = e == ERR_AGAIN && !r.stop ? d->silent + 1 : 0;
    if (e && !r.stop && !*d->on.stop)
        failed(d, rec->first, err_text());
    if (r.lost || r.durable)
        settle(d, r.lost ? err_text() : NULL);
    if (e)
        return r.stop ? e : ERR_OK;
    if (r.result == INTAKE_KNOWN && !late)
        say_line(&d->say, &(struct say_line){.what = SAY_KNOWN, .path = list_path(&d->list, rec->first)});
    if (r.result == INTAKE_KNOWN)
        return ERR_OK;
    struct waiting w = {rec->first, "", size, r.resumed_from};
    memcpy(w.id, r.id, sizeof w.id);
    e = wait_for(d, &w);
    if (!e && r.durable)
        settle(d, NULL);
    return e;
}

/* A known recording may have got sidecars since. */
static enum err take_all_of(struct take *d, const struct list_recording *rec)
{
    uint64_t known = d->say.count[SAY_KNOWN];
    enum err e = take(d, rec, false);
    bool is_known = d->say.count[SAY_KNOWN] > known;
    for (size_t i = 1; i <= rec->n_sidecars && is_known && !e; i++)
        e = take(d, &(struct list_recording){.first = rec->first + i}, true);
    return e;
}

static uint64_t bytes_of(const struct list *l, const struct list_recording *rec)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i <= rec->n_sidecars; i++)
        bytes += l->files[rec->first + i].size;
    return bytes;
}

static void total(const struct list *l, size_t at, uint64_t *recordings, uint64_t *bytes)
{
    struct list_recording rec;
    *recordings = *bytes = 0;
    while (list_next(l, &at, &rec)) {
        *recordings += 1;
        *bytes += bytes_of(l, &rec);
    }
}

static void progress(void *ctx, uint64_t done)
{
    struct take *d = ctx;
    say_progress(&d->say, d->at, d->done + done);
}

/* A full disk: how much all that is left needs. */
static enum err full(const struct take *d, size_t from)
{
    uint64_t recordings, bytes;
    char why[1024];
    snprintf(why, sizeof why, "%s", err_text());
    why[strcspn(why, ";")] = '\0';
    total(&d->list, from, &recordings, &bytes);
    return err_set(
        ERR_FULL,
        "%s; for the %llu recordings that are left %.1f MB are needed in all: free them on the station's disk "
        "and run offload again, it goes on where it stopped",
        why, (unsigned long long)recordings, (double)bytes / 1e6);
}

static enum err take_everything(struct take *d)
{
    struct list_recording rec;
    enum err e = ERR_OK;
    size_t next = 0, first = 0;
    while (!e && !*d->on.stop && list_next(&d->list, &next, &rec)) {
        d->at++;
        e = take_all_of(d, &rec);
        d->done += bytes_of(&d->list, &rec);
        progress(d, 0);
        if (!e)
            first = next;
        if (!e && d->silent >= SILENT_MAX)
            e = err_set(ERR_AGAIN, "the camera does not answer any more; unplug it, plug it in again and run offload "
                                   "again, it goes on where it stopped");
    }
    if (e == ERR_FULL)
        e = full(d, first);
    /* what is finished is kept, whatever stopped the rest */
    char why[1024];
    snprintf(why, sizeof why, "%s", err_text());
    enum err last = intake_flush(d->in);
    settle(d, last ? err_text() : NULL);
    return e ? err_set(e, "%s", why) : last;
}

static enum err list_one(void *ctx, const struct camera_file *f)
{
    struct take *d = ctx;
    if (*d->on.stop)
        return err_set(ERR_AGAIN, "stopped before anything was taken");
    bool other = f->state == CAMERA_FILE && d->model && !profile_takes(d->model, f->path);
    if (f->state == CAMERA_FILE && !other)
        return list_add(&d->list, f);
    if (d->is_relisting)
        return ERR_OK; /* it was said */
    enum say_what what = f->state == CAMERA_FAILED ? SAY_FAILED : SAY_NOT_TAKEN;
    const char *why = other ? _("no recording, by the camera's model") : f->why;
    say_line(&d->say, &(struct say_line){.what = what, .path = f->path, .why = why});
    return ERR_OK;
}

static enum err list_all(struct take *d)
{
    struct camera *c = d->on.camera;
    enum err e = c->list(c->self, list_one, d);
    while (e == ERR_AGAIN && d->on.again && !*d->on.stop && d->on.gone(d->on.ctx)) {
        e = d->on.again(d->on.ctx);
        list_free(&d->list);
        d->is_relisting = true;
        if (!e)
            e = c->list(c->self, list_one, d);
    }
    return e;
}

enum err take_run(struct take *d)
{
    uint64_t recordings, bytes;
    enum err e = intake_new(&d->in, d->s, &d->described, progress, d);
    if (e)
        return e;
    e = list_all(d);
    if (!e) {
        list_sort(&d->list);
        total(&d->list, 0, &recordings, &bytes);
        say_found(&d->say, recordings, bytes);
        e = take_everything(d);
    }
    say_summary(&d->say);
    intake_free(d->in);
    list_free(&d->list);
    free(d->waiting);
    d->waiting = NULL;
    return e;
}
