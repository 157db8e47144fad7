#include "drivers/dock/offload.h"

#include "drivers/dock/list.h"
#include "drivers/dock/say.h"
#include "drivers/folder/folder.h"
#include "storage/base/confine.h"
#include "storage/base/log.h"
#include "storage/vault/intake.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A recording that is gathered and not yet in the chain. */
struct waiting {
    size_t file;
    char id[ENTRY_ID];
    uint64_t size;
    uint64_t resumed_from;
};

struct dock {
    const struct offload *o;
    struct station *s;
    struct camera camera;
    struct intake *in;
    struct list list;
    struct say say;
    struct waiting *waiting;
    size_t n_waiting;
    size_t cap_waiting;
    uint64_t done; /* bytes of the recordings before the present one */
    uint64_t at;   /* number of the present one */
};

/* A file of the camera while it is open. */
struct reading {
    const struct dock *d;
    size_t file;
    void *handle;
    bool failed;
};

static enum err read_source(void *ctx, uint64_t offset, void *p, size_t n, size_t *got)
{
    struct reading *r = ctx;
    *got = 0;
    if (*r->d->o->stop)
        return err_set(ERR_AGAIN, "stopped; run offload again, it goes on where it stopped");
    enum err e = r->d->camera.read(r->handle, offset, p, n, got);
    r->failed = e != ERR_OK;
    return e;
}

static struct camera_file listed(const struct dock *d, size_t file)
{
    const struct list_file *f = &d->list.files[file];
    return (struct camera_file){list_path(&d->list, file), f->size, f->mtime, CAMERA_FILE, ""};
}

static enum err reading_open(const struct dock *d, size_t file, struct reading *r, struct intake_source *source)
{
    struct camera_file f = listed(d, file);
    *r = (struct reading){.d = d, .file = file};
    *source = (struct intake_source){read_source, r, f.path, f.size, f.mtime};
    return d->camera.open(d->camera.self, &f, &r->handle);
}

static void failed(struct dock *d, size_t file, const char *why)
{
    say_line(&d->say, &(struct say_line){.what = SAY_FAILED, .path = list_path(&d->list, file), .why = why});
}

/* What waited is in the chain now, or (why) lost and to be taken anew. */
static void settle(struct dock *d, const char *why)
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

static enum err wait_for(struct dock *d, const struct waiting *w)
{
    if (d->n_waiting == d->cap_waiting) {
        size_t cap = d->cap_waiting ? 2 * d->cap_waiting : 64;
        struct waiting *all = realloc(d->waiting, cap * sizeof *all);
        if (!all)
            return err_set(ERR_NOMEM, "out of memory");
        d->waiting = all;
        d->cap_waiting = cap;
    }
    d->waiting[d->n_waiting++] = *w;
    return ERR_OK;
}

/* The files of one recording: of those that are open, the first is it. */
struct group {
    size_t n;
    struct reading reading[1 + INTAKE_SIDECARS_MAX];
    struct intake_source source[1 + INTAKE_SIDECARS_MAX];
};

static void group_drop(struct group *g, const struct dock *d, size_t i)
{
    d->camera.close(g->reading[i].handle);
    g->n--;
    for (; i < g->n; i++) {
        g->reading[i] = g->reading[i + 1];
        g->source[i] = g->source[i + 1];
        g->source[i].ctx = &g->reading[i];
    }
}

/* A sidecar that cannot be opened is told and left out. */
static enum err group_open(struct group *g, struct dock *d, const struct list_recording *r)
{
    enum err e = reading_open(d, r->first, &g->reading[0], &g->source[0]);
    if (e)
        return e;
    g->n = 1;
    for (size_t i = 1; i <= r->n_sidecars; i++) {
        if (reading_open(d, r->first + i, &g->reading[g->n], &g->source[g->n]) == ERR_OK)
            g->n++;
        else
            failed(d, r->first + i, err_text());
    }
    return ERR_OK;
}

/* Leaves out the sidecars whose reading failed; were there any? */
static bool leave_out(struct group *g, struct dock *d)
{
    size_t before = g->n;
    for (size_t i = g->n; i-- > 1;)
        if (g->reading[i].failed) {
            failed(d, g->reading[i].file, err_text());
            group_drop(g, d, i);
        }
    return g->n < before;
}

static enum err take_group(struct dock *d, struct group *g, struct intake_report *r)
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
static enum err take(struct dock *d, const struct list_recording *rec, bool late)
{
    struct intake_report r = {0};
    struct group *g = calloc(1, sizeof *g);
    if (!g)
        return err_set(ERR_NOMEM, "out of memory");
    enum err e = group_open(g, d, rec);
    if (!e)
        e = take_group(d, g, &r);
    uint64_t size = 0;
    for (size_t i = 0; i < g->n; i++) {
        size += g->source[i].size;
        d->camera.close(g->reading[i].handle);
    }
    free(g);
    if (e && !r.stop && !*d->o->stop)
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
static enum err take_all_of(struct dock *d, const struct list_recording *rec)
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
    struct dock *d = ctx;
    say_progress(&d->say, d->at, d->done + done);
}

/* A full disk: how much all that is left needs. */
static enum err full(const struct dock *d, size_t from)
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

static enum err take_everything(struct dock *d)
{
    struct list_recording rec;
    enum err e = ERR_OK;
    size_t next = 0, first = 0;
    while (!e && !*d->o->stop && list_next(&d->list, &next, &rec)) {
        d->at++;
        e = take_all_of(d, &rec);
        d->done += bytes_of(&d->list, &rec);
        progress(d, 0);
        if (!e)
            first = next;
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
    struct dock *d = ctx;
    if (*d->o->stop)
        return err_set(ERR_AGAIN, "stopped before anything was taken");
    if (f->state == CAMERA_FILE)
        return list_add(&d->list, f);
    enum say_what what = f->state == CAMERA_FAILED ? SAY_FAILED : SAY_NOT_TAKEN;
    say_line(&d->say, &(struct say_line){.what = what, .path = f->path, .why = f->why});
    return ERR_OK;
}

static enum err take_camera(struct dock *d)
{
    struct intake_camera described;
    uint64_t recordings, bytes;
    d->camera.describe(d->camera.self, &described);
    enum err e = intake_new(&d->in, d->s, &described, progress, d);
    if (e)
        return e;
    e = d->camera.list(d->camera.self, list_one, d);
    if (!e) {
        list_sort(&d->list);
        total(&d->list, 0, &recordings, &bytes);
        say_found(&d->say, recordings, bytes);
        e = take_everything(d);
    }
    say_summary(&d->say);
    intake_free(d->in);
    return e;
}

/* A camera folder inside the station's, or the other way round, is a mistake. */
static enum err check_apart(const char *dir, const char *from)
{
    char a[PATH_MAX], b[PATH_MAX];
    if (!realpath(dir, a) || !realpath(from, b))
        return ERR_OK;
    size_t n = strlen(a) < strlen(b) ? strlen(a) : strlen(b);
    const char *longer = strlen(a) < strlen(b) ? b : a;
    if (strncmp(a, b, n) == 0 && (longer[n] == '/' || longer[n] == '\0' || n == 1))
        return err_set(ERR_USAGE, "%s is, holds or lies in the station's own folder; name the camera's folder", from);
    return ERR_OK;
}

enum err offload_run(const struct offload *o, bool *incomplete)
{
    struct dock d = {.o = o};
    *incomplete = false;
    enum err e = station_open(&d.s, o->dir, STATION_CHAIN_KEY);
    if (e)
        return e;
    if (log_open(o->dir, "feldsher-dock") != ERR_OK)
        err_clear(); /* evidence goes before the log */
    struct confine_path camera[] = {{o->from, CONFINE_READ}, {"/dev/disk/by-uuid", CONFINE_READ}};
    e = station_confine(d.s, camera, 2, CONFINE_NO_NET);
    if (!e)
        e = check_apart(o->dir, o->from);
    if (!e)
        e = folder_open(&d.camera, o->from, o->camera);
    if (!e) {
        say_begin(&d.say, o->json, o->quiet, o->progress);
        log_line("offload begins");
        e = take_camera(&d);
        log_line("offload ends: %llu stored, %llu known, %llu failed", (unsigned long long)d.say.count[SAY_STORED],
                 (unsigned long long)d.say.count[SAY_KNOWN], (unsigned long long)d.say.count[SAY_FAILED]);
        d.camera.free(d.camera.self);
        *incomplete = d.say.count[SAY_FAILED] > 0 || *o->stop;
    }
    list_free(&d.list);
    free(d.waiting);
    log_close();
    station_close(d.s);
    return e;
}
