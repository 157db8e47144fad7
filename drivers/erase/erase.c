#include "drivers/erase/erase.h"

#include "drivers/erase/ledger.h"
#include "drivers/erase/lines.h"
#include "drivers/erase/listing.h"
#include "storage/base/lang.h"
#include "storage/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE ((size_t)1 << 20)

struct run {
    const struct erase *e;
    struct lines lines;
    struct listing listing;
    struct ledger ledger;
    uint8_t *piece;
};

static void tell(struct run *r, enum outcome_what what, const char *path, const struct line *l, const char *why)
{
    outcome_line(r->e->outcome, &(struct outcome_line){what, path, l->f->size, l->l->n->id, l->f->recording, why});
}

/* For the chain: only a licence that was begun has a story. */
static enum err enter(struct run *r, const struct line *l, const char *state, const char *path, const char *why)
{
    if (!l->l->begun)
        return ERR_OK;
    return ledger_file(&r->ledger, &(struct ledger_file){l->l->n, l->f, state, path, why});
}

/* The whole file through the hash. ERR_BAD: it is not as long as it was listed. */
static enum err read_whole(struct run *r, const struct camera_file *f, struct hash *plain)
{
    const struct camera *c = r->e->camera;
    struct hash_state h;
    uint64_t at = 0;
    size_t got = 1;
    void *file;
    enum err e = c->open(c->self, f, &file);
    if (e)
        return e;
    hash_init(&h);
    /* a byte behind the end is asked for: then the driver looks whether the file changed */
    while (!e && got) {
        if (*r->e->stop) {
            e = err_set(ERR_AGAIN, "stopped; run erase again, it finishes what was begun");
            break;
        }
        e = c->read(file, at, r->piece, PIECE, &got);
        if (!e && got > f->size - at)
            e = err_set(ERR_BAD, "it is longer than it was listed");
        if (!e) {
            hash_add(&h, r->piece, got);
            at += got;
            outcome_progress(r->e->outcome, got);
        }
    }
    if (!e && at != f->size)
        e = err_set(ERR_BAD, "it is shorter than it was listed");
    c->close(file);
    *plain = hash_end(&h);
    return e;
}

/* Before the first file of a licence goes. */
static enum err begin(struct run *r, struct permit_licence *l)
{
    if (l->begun)
        return ERR_OK;
    enum err e = ledger_flush(&r->ledger);
    if (!e)
        e = ledger_begin(&r->ledger, l, r->e->serial, r->e->volume, r->e->deleter->how);
    l->begun = !e;
    return e;
}

/* The line has stood up to everything; its file goes. */
static enum err remove_file(struct run *r, struct line *l, const struct camera_file *f, const char *path, size_t file)
{
    enum err e = begin(r, l->l);
    if (e)
        return e;
    e = r->e->deleter->remove(r->e->deleter->self, f);
    if (!e) {
        l->state = LINE_ERASED;
        l->file = file;
        e = enter(r, l, "erased", path, NULL);
        tell(r, OUTCOME_ERASED, path, l, NULL);
        return e;
    }
    char why[512];
    snprintf(why, sizeof why, "%s", err_text());
    l->state = LINE_FAILED;
    tell(r, OUTCOME_FAILED, path, l, why);
    enum err entered = enter(r, l, "failed", path, why);
    return entered ? entered : e == ERR_AGAIN || e == ERR_NOMEM ? err_set(e, "%s", why) : ERR_OK;
}

/* The line whose file it is, by its bytes and its path; NULL: none. */
static enum err find(struct line *const *l, size_t n, const struct hash *plain, const char *path, struct line **out)
{
    struct hash proof;
    const struct permit_licence *of = NULL;
    enum err e = ERR_OK;
    *out = NULL;
    for (size_t i = 0; i < n && !e; i++) {
        if (l[i]->l != of)
            e = licence_proof(&proof, l[i]->l->n->id, plain, path);
        of = l[i]->l;
        bool waits = l[i]->state == LINE_OPEN || l[i]->state == LINE_BARRED;
        if (!e && waits && hash_same(&proof, &l[i]->f->proof) && (!*out || (*out)->state == LINE_BARRED))
            *out = l[i];
    }
    return e;
}

/* A file that was read and is none of the lines': those of its time are
 * licensed, and there is something else in their place. */
static void differs(struct run *r, struct line *const *l, size_t n, const struct camera_file *f, const char *path)
{
    bool told = false;
    for (size_t i = 0; i < n; i++) {
        if (l[i]->state != LINE_OPEN || !line_is_of_time(l[i], f->mtime))
            continue;
        l[i]->differs = true;
        if (!told)
            tell(r, OUTCOME_LEFT, path, l[i], _("its bytes or its name are others than a licence says"));
        told = true;
    }
}

static enum err read_failed(struct run *r, enum err e, struct line *const *l, size_t n, const char *path)
{
    if (e == ERR_NOMEM || *r->e->stop)
        return e;
    for (size_t i = 0; i < n; i++)
        l[i]->unread = true;
    tell(r, OUTCOME_FAILED, path, l[0], err_text());
    return e == ERR_AGAIN ? e : ERR_OK;
}

static enum err settle(struct run *r, struct line *l, const struct camera_file *f, const char *path,
                       const struct hash *plain, size_t file)
{
    enum err e = ERR_OK;
    if (l->state == LINE_OPEN) {
        e = permit_file(r->e->permit, l->l, l->f); /* again: reading took its time */
        if (e == ERR_DENIED) {
            line_bar(l, err_text());
            e = ERR_OK;
        }
    }
    if (!e && l->state == LINE_BARRED) {
        tell(r, OUTCOME_LEFT, path, l, l->why);
        return ERR_OK;
    }
    if (!e)
        e = permit_bytes(r->e->permit, l->l, l->f, plain);
    if (e == ERR_DENIED) {
        line_bar(l, err_text());
        tell(r, OUTCOME_LEFT, path, l, l->why);
        return enter(r, l, "left", path, l->why);
    }
    if (e == ERR_BAD) {
        l->state = LINE_LEFT;
        tell(r, OUTCOME_LEFT, path, l, err_text());
        return enter(r, l, "left", path, err_text());
    }
    return e ? e : remove_file(r, l, f, path, file);
}

/* One file of the camera that may be one of these n lines'. */
static enum err examine(struct run *r, size_t file, struct line *const *l, size_t n, const char *path)
{
    struct camera_file f = listing_camera_file(&r->listing.files[file]);
    struct line *its;
    struct hash plain;
    enum err e = r->listing.files[file].twice
                     ? err_set(ERR_DATA, "the camera lists two files of this name, and which is meant cannot be told")
                     : read_whole(r, &f, &plain);
    if (e)
        return read_failed(r, e, l, n, path);
    e = find(l, n, &plain, path, &its);
    if (e)
        return e;
    if (its)
        return settle(r, its, &f, path, &plain, file);
    differs(r, l, n, &f, path);
    return ERR_OK;
}

/* Lines of a file's size, if one of them may go; else it is only said why not. */
static bool is_wanted(struct run *r, const struct listing_file *f, struct line *const *l, size_t n, const char *path)
{
    const struct line *barred = NULL;
    bool open = false;
    for (size_t i = 0; i < n; i++) {
        l[i]->there = true;
        open = open || l[i]->state == LINE_OPEN;
        if (l[i]->state == LINE_BARRED && line_is_of_time(l[i], f->mtime))
            barred = l[i];
    }
    if (barred && !open)
        tell(r, OUTCOME_LEFT, path, barred, barred->why);
    return open;
}

static enum err each_file(struct run *r)
{
    struct buf path = {0};
    enum err e = ERR_OK;
    for (size_t i = 0; i < r->listing.n && !e; i++) {
        const struct listing_file *f = &r->listing.files[i];
        size_t n;
        struct line *const *l = lines_of_size(&r->lines, f->size, &n);
        if (n == 0)
            continue;
        buf_clear(&path);
        e = text_escape(&path, f->path, strlen(f->path));
        if (!e && is_wanted(r, f, l, n, (const char *)path.p))
            e = examine(r, i, l, n, (const char *)path.p);
    }
    buf_free(&path);
    return e;
}

/* What came of a line that no file was found for. */
static enum err conclude(struct run *r, struct line *l)
{
    static const char unread[] = N_("not all of the camera could be read: whether it is there is not known");
    static const char other[] = N_("what is there of its size and time has other bytes, or another name");
    if (!l->l->begun || (l->state != LINE_OPEN && (l->state != LINE_BARRED || l->there)))
        return ERR_OK;
    if (l->unread || r->listing.unread) {
        l->state = LINE_FAILED;
        if (!l->unread)
            tell(r, OUTCOME_FAILED, NULL, l, _(unread));
        return enter(r, l, "failed", NULL, unread);
    }
    if (l->differs) {
        l->state = LINE_LEFT;
        return enter(r, l, "left", NULL, other);
    }
    l->state = LINE_GONE;
    tell(r, OUTCOME_GONE, NULL, l, NULL);
    return enter(r, l, "gone", NULL, NULL);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct listing_file *)a)->path, ((const struct listing_file *)b)->path);
}

/* A camera that says "done" and still lists the file is not believed. */
static enum err look_again(struct run *r)
{
    struct listing now = {0};
    if (!r->e->deleter->lists_anew)
        return ERR_OK;
    enum err e = listing_read(&now, r->e->camera, r->e->stop);
    if (!e && now.n)
        qsort(now.files, now.n, sizeof *now.files, by_path);
    for (size_t i = 0; i < r->lines.n && !e; i++) {
        struct line *l = &r->lines.v[i];
        struct buf path = {0};
        const struct listing_file *was = &r->listing.files[l->file];
        if (l->state != LINE_ERASED || !now.n || !bsearch(was, now.files, now.n, sizeof *was, by_path))
            continue;
        l->state = LINE_FAILED;
        e = text_escape(&path, was->path, strlen(was->path));
        if (!e)
            e = enter(r, l, "failed", (const char *)path.p, "the camera said that it erased it, and lists it still");
        if (!e)
            tell(r, OUTCOME_FAILED, (const char *)path.p, l,
                 _("the camera said that it erased it, and lists it still"));
        buf_free(&path);
    }
    listing_free(&now);
    return e;
}

/* The last word on a licence that was begun. */
static enum err end(struct run *r, struct permit_licence *l, bool stopped)
{
    struct ledger_counts c = {0};
    bool over = !stopped;
    for (size_t i = 0; i < r->lines.n; i++) {
        const struct line *line = &r->lines.v[i];
        if (line->l != l)
            continue;
        c.erased += line->state == LINE_ERASED;
        c.gone += line->state == LINE_GONE;
        c.left += line->state == LINE_LEFT || line->state == LINE_BARRED;
        c.failed += line->state == LINE_FAILED;
        over = over && line->state != LINE_OPEN && line->state != LINE_BARRED && line->state != LINE_FAILED;
    }
    enum err e = ledger_flush(&r->ledger);
    return e ? e : ledger_end(&r->ledger, l->n, &c, over);
}

static enum err end_all(struct run *r, bool stopped)
{
    enum err e = ERR_OK;
    for (size_t i = 0; i < r->e->permit->n && !e; i++)
        if (r->e->permit->licences[i].begun && !r->e->permit->licences[i].why[0])
            e = end(r, &r->e->permit->licences[i], stopped);
    return e;
}

static bool is_incomplete(const struct run *r)
{
    for (size_t i = 0; i < r->lines.n; i++) {
        enum line_state s = r->lines.v[i].state;
        if (s == LINE_FAILED || (s == LINE_BARRED && r->lines.v[i].there))
            return true;
    }
    return false;
}

static void expect(struct run *r)
{
    for (size_t i = 0; i < r->listing.n; i++) {
        size_t n;
        struct line *const *l = lines_of_size(&r->lines, r->listing.files[i].size, &n);
        bool open = false;
        for (size_t k = 0; k < n; k++)
            open = open || l[k]->state == LINE_OPEN;
        r->e->outcome->bytes += open ? r->listing.files[i].size : 0;
    }
}

static enum err work(struct run *r)
{
    enum err e = each_file(r);
    for (size_t i = 0; i < r->lines.n && !e; i++)
        e = conclude(r, &r->lines.v[i]);
    if (!e)
        e = ledger_flush(&r->ledger);
    if (!e)
        e = look_again(r);
    if (e && e != ERR_AGAIN)
        return e;
    char why[512];
    snprintf(why, sizeof why, "%s", err_text());
    enum err ended = end_all(r, e != ERR_OK);
    return ended ? ended : e ? err_set(e, "%s", why) : ERR_OK;
}

static enum err no_way(const struct erase *e)
{
    return err_set(ERR_DENIED, "the camera %s is left alone: %s", e->serial, e->deleter->why);
}

enum err erase_run(const struct erase *e, bool *incomplete)
{
    struct run r = {.e = e, .ledger = {.s = e->s}};
    *incomplete = false;
    if (!e->deleter->remove)
        return no_way(e);
    for (size_t i = 0; i < e->permit->n; i++)
        outcome_licence(e->outcome, &e->permit->licences[i]);
    enum err err = lines_gather(&r.lines, e->permit, true);
    if (!err && r.lines.n == 0)
        err = err_set(ERR_NOINPUT,
                      "no erase licence that may be used names files of the camera %s; see feldsher erase "
                      "--plan",
                      e->serial);
    if (!err && !(r.piece = malloc(PIECE)))
        err = err_set(ERR_NOMEM, "out of memory");
    if (!err)
        err = listing_read(&r.listing, e->camera, e->stop);
    if (!err) {
        expect(&r);
        err = work(&r);
        *incomplete = err == ERR_AGAIN || is_incomplete(&r);
        outcome_summary(e->outcome);
    }
    lines_free(&r.lines);
    listing_free(&r.listing);
    ledger_free(&r.ledger);
    free(r.piece);
    return err;
}
