#include "drivers/erase/listing.h"

#include "storage/base/grow.h"

#include <stdlib.h>
#include <string.h>

struct walk {
    struct listing *l;
    const volatile sig_atomic_t *stop;
};

static enum err add(void *ctx, const struct camera_file *f)
{
    const struct walk *w = ctx;
    struct listing *l = w->l;
    if (*w->stop)
        return err_set(ERR_AGAIN, "stopped before anything was erased");
    if (f->state != CAMERA_FILE) {
        l->unread += f->state == CAMERA_FAILED;
        return ERR_OK;
    }
    struct listing_file *more = grow(l->files, l->n, &l->cap, 64, sizeof *more);
    if (!more)
        return ERR_NOMEM;
    l->files = more;
    l->files[l->n++] = (struct listing_file){.at = l->paths.len, .size = f->size, .mtime = f->mtime};
    return buf_add(&l->paths, f->path, strlen(f->path) + 1);
}

static int by_path(const void *a, const void *b)
{
    const struct listing_file *const *x = a, *const *y = b;
    return strcmp((*x)->path, (*y)->path);
}

static enum err mark_twins(struct listing *l)
{
    struct listing_file **sorted = calloc(l->n + 1, sizeof *sorted);
    if (!sorted)
        return err_set(ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < l->n; i++)
        sorted[i] = &l->files[i];
    qsort(sorted, l->n, sizeof *sorted, by_path);
    for (size_t i = 1; i < l->n; i++)
        if (strcmp(sorted[i - 1]->path, sorted[i]->path) == 0)
            sorted[i - 1]->twice = sorted[i]->twice = true;
    free(sorted);
    return ERR_OK;
}

enum err listing_read(struct listing *l, const struct camera *c, const volatile sig_atomic_t *stop)
{
    struct walk w = {l, stop};
    *l = (struct listing){.n = 0};
    enum err e = c->list(c->self, add, &w);
    for (size_t i = 0; i < l->n; i++)
        l->files[i].path = (const char *)l->paths.p + l->files[i].at;
    return e ? e : mark_twins(l);
}

void listing_free(struct listing *l)
{
    buf_free(&l->paths);
    free(l->files);
    *l = (struct listing){.n = 0};
}

struct camera_file listing_camera_file(const struct listing_file *f)
{
    return (struct camera_file){f->path, f->size, f->mtime, CAMERA_FILE, ""};
}
