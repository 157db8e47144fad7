#include "drivers/erase/erase.h"

#include "drivers/erase/lines.h"
#include "drivers/erase/listing.h"
#include "storage/base/lang.h"
#include "storage/base/text.h"

#include <string.h>

struct plan {
    const struct erase *e;
    struct lines lines;
    struct listing listing;
};

struct sampled {
    const struct erase *e;
    void *file;
};

static enum err read_sample(void *ctx, uint64_t offset, void *p, size_t n, size_t *got)
{
    const struct sampled *s = ctx;
    *got = 0;
    if (*s->e->stop)
        return err_set(ERR_AGAIN, "stopped");
    return s->e->camera->read(s->file, offset, p, n, got);
}

/* Was an unlicensed file taken in here, and does a hub hold it? Told by
 * samples of it. */
static enum err look(const struct plan *p, const struct camera_file *f, bool *taken, bool *held)
{
    const struct camera *c = p->e->camera;
    struct sampled s = {.e = p->e};
    *taken = *held = false;
    enum err e = c->open(c->self, f, &s.file);
    if (!e) {
        struct intake_source source = {read_sample, &s, f->path, f->size, f->mtime, NULL, NULL, c->in_order};
        e = permit_taken(p->e->permit, p->e->serial[0] ? p->e->serial : p->e->volume, &source, taken, held);
        c->close(s.file);
    }
    return e == ERR_IO || e == ERR_BAD ? ERR_OK : e;
}

static enum err unlicensed(struct plan *p, const struct camera_file *f, const char *path)
{
    bool taken, held;
    struct outcome_line l = {.what = OUTCOME_UNLICENSED, .path = path, .size = f->size};
    enum err e = look(p, f, &taken, &held);
    if (held)
        l.what = OUTCOME_HELD;
    l.why = held    ? _("no licence names it")
            : taken ? _("no licence names it, and no receipt covers it")
                    : _("no licence names it");
    if (!e)
        outcome_line(p->e->outcome, &l);
    return e;
}

/* The line that a file may be of: an open one first. */
static const struct line *likely(const struct plan *p, const struct listing_file *f)
{
    size_t n;
    struct line *const *l = lines_of_size(&p->lines, f->size, &n);
    const struct line *best = NULL;
    for (size_t i = 0; i < n; i++)
        if (line_is_of_time(l[i], f->mtime) && (!best || l[i]->state == LINE_OPEN))
            best = l[i];
    return best;
}

static enum err say(struct plan *p, const struct listing_file *f, const char *path)
{
    const struct line *l = likely(p, f);
    struct camera_file file = listing_camera_file(f);
    const struct deleter *d = p->e->deleter;
    if (!l)
        return unlicensed(p, &file, path);
    bool may = l->state == LINE_OPEN && d->remove;
    const char *why = may ? NULL : l->state == LINE_OPEN ? d->why : l->why;
    outcome_line(p->e->outcome, &(struct outcome_line){may ? OUTCOME_MAY : OUTCOME_LEFT, path, f->size, l->l->n->id,
                                                       l->f->recording, why});
    return ERR_OK;
}

enum err erase_plan(const struct erase *e)
{
    struct plan p = {.e = e};
    struct buf path = {0};
    outcome_camera(e->outcome, e->serial, e->volume, e->deleter->remove ? e->deleter->how : NULL, e->deleter->why);
    for (size_t i = 0; i < e->permit->n; i++)
        outcome_licence(e->outcome, &e->permit->licences[i]);
    enum err err = lines_gather(&p.lines, e->permit, false);
    if (!err)
        err = listing_read(&p.listing, e->camera, e->stop);
    for (size_t i = 0; i < p.listing.n && !err; i++) {
        const struct listing_file *f = &p.listing.files[i];
        buf_clear(&path);
        err = text_escape(&path, f->path, strlen(f->path));
        if (!err)
            err = say(&p, f, (const char *)path.p);
    }
    if (!err)
        outcome_summary(e->outcome);
    buf_free(&path);
    lines_free(&p.lines);
    listing_free(&p.listing);
    return err;
}
