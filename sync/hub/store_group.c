#include "sync/hub/store_group.h"

#include "storage/base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct store_grouped {
    char *tmp;
    struct hash name;
    uint64_t size;
    bool keep;
};

enum err store_group_add(struct store_group *g, struct object_writer *w, const struct hash *name, bool keep)
{
    struct hash h = hash_end(&w->hash);
    if (!hash_same(&h, name))
        return err_set(ERR_BAD, "the bytes of an object do not match its name");
    int fd = w->fd;
    w->fd = -1;
    if (close(fd) < 0)
        return err_errno(ERR_IO, "cannot close %s", w->tmp);
    struct store_grouped *more = reallocarray(g->list, g->n + 1, sizeof *more);
    if (!more)
        return err_set(ERR_NOMEM, "out of memory");
    g->list = more;
    char *tmp = strdup(w->tmp);
    if (!tmp)
        return err_set(ERR_NOMEM, "out of memory");
    more[g->n++] = (struct store_grouped){tmp, h, w->size, keep};
    w->tmp[0] = '\0';
    return ERR_OK;
}

const char *store_group_file(const struct store_group *g, const struct hash *name, uint64_t *size)
{
    for (size_t i = 0; i < g->n && !g->placed; i++)
        if (hash_same(&g->list[i].name, name)) {
            *size = g->list[i].size;
            return g->list[i].tmp;
        }
    return NULL;
}

/* Gives one file its name. */
static enum err place(const char *dir, const struct store_grouped *o)
{
    char path[OBJECT_PATH], folder[OBJECT_PATH];
    enum err e = object_path(path, dir, &o->name);
    if (e || rename(o->tmp, path) == 0)
        return e;
    if (errno != ENOENT)
        return err_errno(ERR_IO, "cannot rename to %s", path);
    size_t n = (size_t)(strrchr(path, '/') - path);
    memcpy(folder, path, n);
    folder[n] = '\0';
    /* durable with the flush behind */
    if ((mkdir(folder, 0700) < 0 && errno != EEXIST) || rename(o->tmp, path) < 0)
        e = err_errno(ERR_IO, "cannot rename to %s", path);
    return e;
}

enum err store_group_place(struct store_group *g)
{
    enum err e = ERR_OK;
    for (size_t i = 0; i < g->n && !e; i++)
        e = place(g->dir, &g->list[i]);
    g->placed = true;
    return e;
}

void store_group_drop(struct store_group *g, bool undo)
{
    for (size_t i = 0; i < g->n; i++) {
        if (!g->list[i].keep)
            unlink(g->list[i].tmp); /* nothing is there when it was placed */
        if (g->placed && undo && object_remove(g->dir, &g->list[i].name) != ERR_OK)
            err_clear();
        free(g->list[i].tmp);
    }
    free(g->list);
    g->list = NULL;
    g->n = 0;
    g->placed = false;
}
