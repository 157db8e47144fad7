#include "sync/hub/store_group.h"

#include "storage/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct store_grouped {
    char *tmp;
    struct hash name;
    uint64_t size;
};

enum err store_group_add(struct store_group *g, struct object_writer *w, const struct hash *name)
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
    more[g->n].tmp = tmp;
    more[g->n].name = h;
    more[g->n++].size = w->size;
    w->tmp[0] = '\0';
    return ERR_OK;
}

bool store_group_has(const struct store_group *g, const struct hash *name, uint64_t *size)
{
    for (size_t i = 0; i < g->n; i++)
        if (hash_same(&g->list[i].name, name)) {
            *size = g->list[i].size;
            return true;
        }
    return false;
}

static enum err flush(const char *dir)
{
    char path[OBJECT_PATH];
    enum err e = file_path(path, dir, "objects");
    if (e)
        return e;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || syncfs(fd) < 0)
        e = err_errno(ERR_IO, "cannot make %s durable", path);
    file_close(&fd);
    return e;
}

/* Gives one file its name. */
static enum err settle(const char *dir, const struct store_grouped *o)
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
    e = file_mkdirs(folder, 0700);
    if (!e && rename(o->tmp, path) < 0)
        e = err_errno(ERR_IO, "cannot rename to %s", path);
    return e;
}

enum err store_group_settle(struct store_group *g)
{
    if (g->n == 0)
        return ERR_OK;
    enum err e = flush(g->dir);
    for (size_t i = 0; i < g->n && !e; i++)
        e = settle(g->dir, &g->list[i]);
    if (!e)
        e = flush(g->dir);
    store_group_drop(g);
    return e;
}

void store_group_drop(struct store_group *g)
{
    for (size_t i = 0; i < g->n; i++) {
        unlink(g->list[i].tmp); /* nothing is there when it was settled */
        free(g->list[i].tmp);
    }
    free(g->list);
    g->list = NULL;
    g->n = 0;
}
