#include "drivers/dock/list.h"

#include "storage/base/grow.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void list_free(struct list *l)
{
    buf_free(&l->paths);
    free(l->files);
    l->files = NULL;
    l->n = l->cap = 0;
}

const char *list_path(const struct list *l, size_t file)
{
    return (const char *)l->paths.p + l->files[file].path;
}

static bool is_sidecar(const char *extension)
{
    static const char *const known[] = {".nmea", ".gpx", ".srt", ".log", ".json", ".thm"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcasecmp(extension, known[i]) == 0)
            return true;
    return false;
}

enum err list_add(struct list *l, const struct camera_file *f)
{
    struct list_file *files = grow(l->files, l->n, &l->cap, 256, sizeof *files);
    if (!files)
        return ERR_NOMEM;
    l->files = files;
    const char *slash = strrchr(f->path, '/');
    const char *name = slash ? slash + 1 : f->path;
    const char *dot = strrchr(name, '.');
    bool extension = dot && dot != name;
    size_t length = strlen(f->path);
    l->files[l->n] = (struct list_file){
        .path = l->paths.len,
        .stem = extension ? (size_t)(dot - f->path) : length,
        .size = f->size,
        .mtime = f->mtime,
        .sidecar = extension && is_sidecar(dot),
    };
    enum err e = buf_add(&l->paths, f->path, length + 1);
    l->n += !e;
    return e;
}

static bool same_stem(const struct list *l, size_t a, size_t b)
{
    size_t n = l->files[a].stem;
    return n == l->files[b].stem && memcmp(list_path(l, a), list_path(l, b), n) == 0;
}

/* By stem; then recordings, sidecars; then the rest of the name. */
static int by_stem(const void *pa, const void *pb, void *paths)
{
    const struct list_file *a = pa, *b = pb;
    const char *p = paths;
    size_t n = a->stem < b->stem ? a->stem : b->stem;
    int c = memcmp(p + a->path, p + b->path, n);
    if (c == 0 && a->stem != b->stem)
        c = a->stem < b->stem ? -1 : 1;
    if (c == 0 && a->sidecar != b->sidecar)
        c = a->sidecar ? 1 : -1;
    return c ? c : strcmp(p + a->path + n, p + b->path + n);
}

void list_sort(struct list *l)
{
    if (l->n)
        qsort_r(l->files, l->n, sizeof *l->files, by_stem, l->paths.p);
}

bool list_next(const struct list *l, size_t *at, struct list_recording *r)
{
    if (*at >= l->n)
        return false;
    *r = (struct list_recording){.first = *at};
    *at += 1;
    /* only the last recording of a stem has the sidecars behind it */
    if (!l->files[r->first].sidecar)
        while (*at < l->n && l->files[*at].sidecar && same_stem(l, r->first, *at) &&
               r->n_sidecars < INTAKE_SIDECARS_MAX) {
            r->n_sidecars++;
            *at += 1;
        }
    return true;
}
