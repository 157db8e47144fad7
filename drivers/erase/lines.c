#include "drivers/erase/lines.h"

#include <stdio.h>
#include <stdlib.h>

static int by_size(const void *a, const void *b)
{
    const struct line *const *x = a, *const *y = b;
    int c = ((*x)->f->size > (*y)->f->size) - ((*x)->f->size < (*y)->f->size);
    return c ? c : (*x > *y) - (*x < *y);
}

void line_bar(struct line *l, const char *why)
{
    l->state = LINE_BARRED;
    snprintf(l->why, sizeof l->why, "%s", why);
}

static enum err judge(struct permit *p, struct line *l)
{
    enum err e = permit_file(p, l->l, l->f);
    if (e != ERR_DENIED)
        return e;
    line_bar(l, err_text());
    return ERR_OK;
}

enum err lines_gather(struct lines *out, struct permit *p, bool usable)
{
    size_t n = 0;
    *out = (struct lines){.n = 0};
    for (size_t i = 0; i < p->n; i++)
        n += p->licences[i].n->licence->n_files;
    out->v = calloc(n + 1, sizeof *out->v);
    out->by_size = calloc(n + 1, sizeof *out->by_size);
    if (!out->v || !out->by_size)
        return err_set(ERR_NOMEM, "out of memory");
    enum err e = ERR_OK;
    for (size_t i = 0; i < p->n; i++) {
        struct permit_licence *l = &p->licences[i];
        if (usable && l->why[0])
            continue;
        for (size_t k = 0; k < l->n->licence->n_files && !e; k++) {
            struct line *line = &out->v[out->n++];
            *line = (struct line){.f = &l->n->licence->files[k], .l = l};
            e = judge(p, line);
        }
    }
    for (size_t i = 0; i < out->n; i++)
        out->by_size[i] = &out->v[i];
    qsort(out->by_size, out->n, sizeof *out->by_size, by_size);
    return e;
}

void lines_free(struct lines *l)
{
    free(l->v);
    free(l->by_size);
    *l = (struct lines){.n = 0};
}

struct line **lines_of_size(const struct lines *l, uint64_t size, size_t *n)
{
    size_t a = 0, b = l->n;
    while (a < b) {
        size_t m = a + (b - a) / 2;
        if (l->by_size[m]->f->size < size)
            a = m + 1;
        else
            b = m;
    }
    for (*n = 0; a + *n < l->n && l->by_size[a + *n]->f->size == size;)
        ++*n;
    return l->by_size + a;
}

bool line_is_of_time(const struct line *l, int64_t mtime)
{
    if (l->f->mtime == INT64_MIN || mtime == INT64_MIN)
        return true;
    int64_t a = l->f->mtime / 1000, b = mtime / 1000;
    return a == b;
}
