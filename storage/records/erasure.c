#include "storage/records/erasure.h"

#include "storage/records/custody.h"
#include "storage/vault/licence_use.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DAY ((int64_t)86400 * 1000)

/* One licence while it is filled. */
struct draft {
    struct notice n;
    const char *volume;
    uint64_t bytes;
};

struct work {
    struct station *s;
    const struct user *u;
    const struct recording_list *l;
    const struct erasure_wish *w;
    erasure_fn *fn;
    void *ctx;
    struct erasure_offer *offer;
    struct draft draft;
    int64_t now;
};

/* The receipt by which a hub holds r; NULL: none. */
static const struct receipt *holder(const struct recording_list *l, const struct recording *r)
{
    for (size_t i = 0; i < l->n_receipts; i++) {
        const struct receipt *c = l->receipts[i];
        if (strcmp(c->chain, r->chain) == 0 && !c->alarm_seq && receipt_holds_parts(c, r->seq))
            return c;
    }
    return NULL;
}

static const char *member(const struct recording_event *v, const char *key)
{
    const char *s = json_string_value(json_object_get(v->data, key));
    return s ? s : "";
}

/* An entry says that the file is not on its camera any more. */
static bool is_gone(const struct recording *r, const struct recording_file *f)
{
    for (size_t i = 0; i < r->n_events; i++) {
        const struct recording_event *v = &r->events[i];
        const char *state = member(v, "state");
        if (strcmp(v->type, "erase") == 0 && strcmp(member(v, "path"), f->path) == 0 &&
            (strcmp(state, "erased") == 0 || strcmp(state, "gone") == 0))
            return true;
    }
    return false;
}

static bool is_there(const struct recording *r, const struct recording_file *f)
{
    return !f->made && !is_gone(r, f);
}

static void draft_free(struct draft *d)
{
    licence_free(d->n.licence);
    free(d->n.why);
    buf_free(&d->n.text);
    *d = (struct draft){.volume = NULL};
}

static enum err draft_begin(struct work *w, const char *volume)
{
    struct draft *d = &w->draft;
    enum clock_mark mark;
    d->volume = volume;
    d->n.kind = NOTICE_ERASE;
    d->n.time = station_now(w->s, &mark);
    memcpy(d->n.district, w->s->district, NAME_LEN);
    notice_new_id(d->n.id);
    d->n.why = strdup(w->w->why);
    d->n.licence = calloc(1, sizeof *d->n.licence);
    if (!d->n.why || !d->n.licence)
        return err_set(ERR_NOMEM, "out of memory");
    d->n.licence->camera = licence_camera(d->n.id, w->w->serial);
    d->n.licence->volume = licence_volume(d->n.id, volume);
    d->n.licence->expires = d->n.time + w->w->days * DAY;
    d->n.licence->copies = w->w->copies;
    return ERR_OK;
}

static enum err draft_enter(struct work *w)
{
    const struct draft *d = &w->draft;
    char expires[CLOCK_TEXT], id[ENTRY_ID];
    clock_text(expires, d->n.licence->expires);
    return custody_entry(w->s, w->u, NULL, "licence",
                         json_pack("{s:s,s:s,s:s,s:s,s:I,s:s}", "licence", d->n.id, "serial", w->w->serial, "volume",
                                   d->volume, "expires", expires, "files", (json_int_t)d->n.licence->n_files, "why",
                                   w->w->why),
                         id);
}

/* Signs what is in it, if anything is. */
static enum err draft_end(struct work *w)
{
    struct draft *d = &w->draft;
    enum err e = ERR_OK;
    if (d->n.licence && d->n.licence->n_files) {
        e = notice_write(&d->n);
        if (!e)
            e = notice_sign(&d->n, w->u->name, &w->u->sign);
        if (!e)
            e = station_take_notice(w->s, (const char *)d->n.text.p, d->n.text.len);
        if (!e)
            e = draft_enter(w);
        if (!e) {
            w->offer->licences++;
            w->offer->files += d->n.licence->n_files;
            w->offer->bytes += d->bytes;
            w->fn(w->ctx, &d->n, d->volume);
        }
    }
    draft_free(d);
    return e;
}

/* The receipt goes with it: whoever erases need not have it. One that is too
 * long must be there already. */
static enum err draft_receipt(struct licence *l, const struct receipt *c)
{
    if (c->text.len > LICENCE_RECEIPT_MAX)
        return ERR_OK;
    for (size_t i = 0; i < l->n_receipts; i++)
        if (l->receipts[i].len == c->text.len && memcmp(l->receipts[i].p, c->text.p, c->text.len) == 0)
            return ERR_OK;
    return licence_add_receipt(l, c->text.p, c->text.len);
}

static enum err draft_file(struct draft *d, const struct recording *r, const struct recording_file *f)
{
    struct licence_file one = {.size = f->size, .mtime = f->mtime, .seq = r->seq};
    memcpy(one.recording, r->id, sizeof one.recording);
    memcpy(one.chain, r->chain, sizeof one.chain);
    enum err e = licence_proof(&one.proof, d->n.id, &f->hash, f->path);
    if (!e)
        e = licence_add_file(d->n.licence, &one);
    d->bytes += f->size;
    return e;
}

/* One recording with its sidecars, in one licence. */
static enum err take(struct work *w, const struct recording *r)
{
    const struct receipt *held = holder(w->l, r);
    size_t there = 0, gone = 0;
    for (size_t i = 0; i < r->n_files; i++) {
        gone += is_gone(r, &r->files[i]);
        there += is_there(r, &r->files[i]);
    }
    w->offer->gone += gone;
    if (there == 0)
        return ERR_OK;
    bool copied = !held && w->w->copies && licence_hub_is_silent(w->s, r->chain, w->now);
    if (r->held || (!held && !copied)) {
        *(r->held ? &w->offer->on_hold : &w->offer->not_held) += 1;
        return ERR_OK;
    }
    const struct licence *l = w->draft.n.licence;
    enum err e = ERR_OK;
    if (l && (strcmp(w->draft.volume, r->volume) != 0 || l->n_files + there > LICENCE_FILES_MAX ||
              l->n_receipts == LICENCE_RECEIPTS_MAX))
        e = draft_end(w);
    if (!e && !w->draft.n.licence)
        e = draft_begin(w, r->volume);
    if (!e && held)
        e = draft_receipt(w->draft.n.licence, held);
    for (size_t i = 0; i < r->n_files && !e; i++)
        if (is_there(r, &r->files[i]))
            e = draft_file(&w->draft, r, &r->files[i]);
    w->offer->recordings += !e;
    return e;
}

static int by_volume(const void *a, const void *b)
{
    const struct recording *const *x = a, *const *y = b;
    int c = strcmp((*x)->volume, (*y)->volume);
    return c ? c : (*x > *y) - (*x < *y);
}

/* Those of the camera, by volume; the caller frees. */
static enum err of_camera(const struct work *w, const struct recording ***out, size_t *n)
{
    *n = 0;
    *out = calloc(w->l->n + 1, sizeof **out);
    if (!*out)
        return err_set(ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < w->l->n; i++) {
        const struct recording *r = &w->l->r[i];
        if (strcmp(r->serial, w->w->serial) == 0 && (!w->w->volume || strcmp(r->volume, w->w->volume) == 0))
            (*out)[(*n)++] = r;
    }
    qsort(*out, *n, sizeof **out, by_volume);
    return ERR_OK;
}

static enum err nothing(const struct work *w, size_t n)
{
    const struct erasure_offer *o = w->offer;
    if (n == 0)
        return err_set(ERR_NOINPUT,
                       "no recording that you may open was taken off the camera %s; see feldsher recordings show",
                       w->w->serial);
    return err_set(ERR_NOINPUT,
                   "nothing of the camera %s can be licensed: of its %zu recordings no receipt covers %" PRIu64
                   ", %" PRIu64 " are held back by a hold, and %" PRIu64 " files are gone already",
                   w->w->serial, n, o->not_held, o->on_hold, o->gone);
}

enum err erasure_license(struct station *s, const struct user *u, const struct recording_list *l,
                         const struct erasure_wish *w, erasure_fn *fn, void *ctx, struct erasure_offer *out)
{
    struct work work = {.s = s, .u = u, .l = l, .w = w, .fn = fn, .ctx = ctx, .offer = out};
    const struct recording **r = NULL;
    enum clock_mark mark;
    size_t n = 0;
    work.now = station_now(s, &mark);
    *out = (struct erasure_offer){0};
    enum err e = custody_role(s, u, ROLE_SUPERVISOR);
    if (!e && !w->serial[0])
        e = err_set(ERR_USAGE, "a licence needs the camera's serial number");
    if (!e && (w->days == 0 || w->days > ERASURE_DAYS_MAX))
        e = err_set(ERR_USAGE, "a licence is good for 1 to %u days", ERASURE_DAYS_MAX);
    if (!e)
        e = of_camera(&work, &r, &n);
    for (size_t i = 0; i < n && !e; i++)
        e = take(&work, r[i]);
    if (!e)
        e = draft_end(&work);
    if (!e && out->licences == 0)
        e = nothing(&work, n);
    draft_free(&work.draft);
    free(r);
    return e;
}
