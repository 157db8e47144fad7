#include "drivers/fat/tree.h"

#include "storage/base/bytes.h"
#include "storage/base/lang.h"

#include <stdio.h>
#include <string.h>

#define WHY_LEN 512u

struct listing {
    struct tree *t;
    camera_list_fn *fn;
    void *ctx;
};

static void pop(struct tree *t)
{
    level_drop(&t->level[--t->depth]);
}

void tree_clear(struct tree *t)
{
    while (t->depth)
        pop(t);
}

static size_t memory_left(const struct tree *t)
{
    size_t used = 0;
    for (size_t i = 0; i < t->depth; i++)
        used += level_memory(&t->level[i]);
    return used < FAT_TREE_MAX ? FAT_TREE_MAX - used : 0;
}

/* One level more, whose path are the first `path` bytes of t->path. */
static enum err push(struct tree *t, struct volume *v, const struct record *r, size_t path, bool claim, bool *taken)
{
    struct level *l = &t->level[t->depth];
    enum err e = level_load(l, v, r, claim, memory_left(t), taken);
    l->path = path;
    if (e)
        level_drop(l);
    else
        t->depth++;
    return e;
}

/* The path of a name in the folder at the top. False: too long. */
static bool join(struct tree *t, const char *name, size_t *len)
{
    size_t at = t->level[t->depth - 1].path, n = strlen(name), slash = at > 0;
    if (at + slash + n >= sizeof t->path)
        return false;
    if (slash)
        t->path[at] = '/';
    memcpy(t->path + at + slash, name, n + 1);
    *len = at + slash + n;
    return true;
}

static enum err tell(const struct listing *g, size_t path, enum camera_state state, const struct record *r,
                     const char *why)
{
    struct tree *t = g->t;
    t->path[path] = '\0';
    struct camera_file f = {
        .path = path ? t->path : ".",
        .size = r ? r->size : 0,
        .mtime = r ? stamp_ms(&r->modified) : INT64_MIN,
        .state = state,
        .why = why,
    };
    return g->fn(g->ctx, &f);
}

static enum err tell_place(const struct listing *g, size_t path, const char *why, uint64_t place)
{
    char text[WHY_LEN];
    if (place == 0)
        return tell(g, path, CAMERA_FAILED, NULL, _(why));
    snprintf(text, sizeof text, _("%s (byte %llu)"), _(why), (unsigned long long)place);
    return tell(g, path, CAMERA_FAILED, NULL, text);
}

static void count(struct volume *v, const struct trail *t)
{
    struct volume_counts *c = &v->counts;
    c->cyclic += t->fault == TRAIL_CYCLIC;
    c->truncated += t->fault != TRAIL_WHOLE && t->fault != TRAIL_CYCLIC;
    c->shared += t->shared != TRAIL_NONE;
    c->longer += t->beyond > 0;
    c->unallocated += t->unallocated > 0;
}

/* Why a file that is listed is not what it should be; false: it is. */
static bool complain(char why[static WHY_LEN], const struct record *r, const struct trail *t)
{
    unsigned long long cluster = t->volume->boot.cluster, there = trail_bytes(t);
    if (t->shared != TRAIL_NONE)
        snprintf(why, WHY_LEN,
                 _("from byte %llu on it has the same place on the card as another file; it is taken as it is, but "
                   "one of the two holds the other's bytes"),
                 t->shared * cluster);
    else if (t->fault != TRAIL_WHOLE && there < r->valid)
        snprintf(why, WHY_LEN, _("from byte %llu on it is missing, what is before is taken: %s"), there,
                 _(trail_fault_text(t->fault)));
    else
        return false;
    return true;
}

static enum err list_file(const struct listing *g, struct volume *v, const struct record *r, size_t path)
{
    char why[WHY_LEN];
    struct trail t;
    trail_begin(&t, v, r->first, r->contiguous, r->size);
    enum err e = trail_claim(&t, false);
    if (e)
        return e;
    v->counts.files++;
    count(v, &t);
    bool damaged = t.fault != TRAIL_WHOLE || t.shared != TRAIL_NONE;
    if (damaged && t.length == 0 && r->valid > 0)
        return tell(g, path, CAMERA_FAILED, r, _(trail_fault_text(t.fault)));
    /* what shares or misses its place may claim more than there is, again and again */
    if (damaged && (r->size > v->boot.bytes || v->claimed > v->boot.bytes - r->size))
        return tell(g, path, CAMERA_FAILED, r,
                    _("it is damaged, and the damaged files claim more bytes than the card holds"));
    v->claimed += damaged ? r->size : 0;
    e = tell(g, path, CAMERA_FILE, r, "");
    return !e && complain(why, r, &t) ? tell(g, path, CAMERA_FAILED, r, why) : e;
}

static enum err list_folder(const struct listing *g, struct volume *v, const struct record *r, size_t path)
{
    struct tree *t = g->t;
    bool taken;
    v->counts.folders++;
    if (t->depth > CAMERA_DEPTH_MAX)
        return tell(g, path, CAMERA_FAILED, NULL, _("too many folders inside folders"));
    enum err e = push(t, v, r, path, true, &taken);
    if (e)
        return e;
    const struct level *l = &t->level[t->depth - 1];
    if (l->why)
        e = tell_place(g, path, l->why, l->place);
    if (!taken)
        pop(t);
    return e;
}

static enum err list_one(const struct listing *g)
{
    struct tree *t = g->t;
    struct level *l = &t->level[t->depth - 1];
    size_t path;
    if (l->next == l->n) {
        pop(t);
        return ERR_OK;
    }
    if (++t->entries > CAMERA_FILES_MAX)
        return err_set(ERR_DATA, "there are more than %u files on the camera", CAMERA_FILES_MAX);
    const struct record r = l->at[l->next];
    if (!join(t, level_name(l, l->next++), &path))
        return tell(g, l->path, CAMERA_FAILED, NULL, _("a path in it is too long"));
    return r.attributes & RECORD_FOLDER ? list_folder(g, l->volume, &r, path) : list_file(g, l->volume, &r, path);
}

static size_t prefix(struct tree *t, const struct volume *v)
{
    t->path[0] = '\0';
    if (t->numbered)
        snprintf(t->path, sizeof t->path, "%u", v->number);
    return strlen(t->path);
}

/* exFAT's own tables have a place, too, and no file may have it. */
static enum err claim_tables(struct volume *v)
{
    struct trail bitmap, upcase;
    enum err e = ERR_OK;
    trail_begin(&bitmap, v, v->bitmap_first, false, TRAIL_NONE);
    trail_begin(&upcase, v, v->upcase_first, false, TRAIL_NONE);
    if (v->bitmap_first)
        e = trail_claim(&bitmap, false);
    if (!e && v->upcase_first)
        e = trail_claim(&upcase, false);
    return e;
}

enum err tree_list(struct tree *t, camera_list_fn *fn, void *ctx)
{
    struct listing g = {t, fn, ctx};
    enum err e = ERR_OK;
    tree_clear(t);
    t->entries = 0;
    for (size_t i = 0; i < t->n_volumes && !e; i++) {
        struct volume *v = &t->volumes[i];
        bool taken;
        visited_clear(&v->visited);
        v->counts = (struct volume_counts){0};
        v->claimed = 0;
        size_t path = prefix(t, v);
        e = push(t, v, NULL, path, true, &taken);
        if (!e)
            e = claim_tables(v);
        const struct level *root = &t->level[0];
        if (!e && root->why)
            e = tell_place(&g, path, root->why, root->place);
        while (t->depth && !e)
            e = list_one(&g);
        if (v->visited.full)
            wrong_note(&v->wrong, N_("the volume is too large to find all files that share their places"));
        v->listed = !e;
    }
    return e;
}

static enum err vanished(void)
{
    return err_set(ERR_AGAIN, "it is not there any more; run offload again");
}

/* Is the folder at the top the one of path's first `dir` bytes, or above it? */
static bool is_above(const struct tree *t, const char *path, size_t dir)
{
    size_t n = t->level[t->depth - 1].path;
    return n <= dir && memcmp(t->path, path, n) == 0 && (n == 0 || path[n] == '/' || n == dir);
}

static enum err enter_volume(struct tree *t, const char *path, size_t dir)
{
    size_t n = t->numbered ? strcspn(path, "/") : 0;
    bool taken;
    for (size_t i = 0; i < t->n_volumes; i++) {
        size_t length = prefix(t, &t->volumes[i]);
        if (length == n && n <= dir && memcmp(t->path, path, n) == 0)
            return push(t, &t->volumes[i], NULL, n, false, &taken);
    }
    return vanished();
}

enum err tree_find(struct tree *t, const char *path, struct level **in, const struct record **r)
{
    const char *slash = strrchr(path, '/');
    size_t dir = slash ? (size_t)(slash - path) : 0;
    enum err e = ERR_OK;
    *r = NULL;
    while (t->depth && !is_above(t, path, dir))
        pop(t);
    if (t->depth == 0)
        e = enter_volume(t, path, dir);
    while (!e) {
        struct level *top = &t->level[t->depth - 1];
        const char *name = path + top->path + (top->path > 0);
        size_t n = strcspn(name, "/"), end = (size_t)(name - path) + n;
        const struct record *found = level_find(top, name, n);
        bool last = path[end] == '\0', taken;
        if (!found || end >= sizeof t->path)
            return vanished();
        if (last) {
            *in = top;
            *r = found;
            return ERR_OK;
        }
        if (!(found->attributes & RECORD_FOLDER) || t->depth > CAMERA_DEPTH_MAX)
            return vanished();
        memcpy(t->path, path, end);
        t->path[end] = '\0';
        e = push(t, top->volume, found, end, false, &taken);
    }
    return e;
}
