#include "sync/hub/store_group.h"

#include "storage/base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct store_grouped {
    char file[100]; /* under objects/: tmp/PID.N, partial/HASH.0 */
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
    const char *file = strstr(w->tmp + strlen(g->dir), "/objects/");
    if (!file || strlen(file) >= sizeof more->file)
        return err_set(ERR_BUG, "%s is no file of a group", w->tmp);
    strcpy(more[g->n].file, file + strlen("/objects/"));
    more[g->n].name = h;
    more[g->n].size = w->size;
    more[g->n++].keep = keep;
    w->tmp[0] = '\0';
    return ERR_OK;
}

static enum err file_of(const char *dir, const struct store_grouped *o, char path[static OBJECT_PATH])
{
    char folder[OBJECT_PATH];
    enum err e = file_path(folder, dir, "objects");
    return e ? e : file_path(path, folder, o->file);
}

static const struct store_grouped *find(const struct store_group *g, const struct hash *name)
{
    for (size_t i = 0; i < g->n && !g->placed; i++)
        if (hash_same(&g->list[i].name, name))
            return &g->list[i];
    return NULL;
}

bool store_group_has(const struct store_group *g, const struct hash *name, uint64_t *size)
{
    const struct store_grouped *o = find(g, name);
    if (o)
        *size = o->size;
    return o;
}

enum err store_group_file(const struct store_group *g, const struct hash *name, char path[static OBJECT_PATH])
{
    const struct store_grouped *o = find(g, name);
    return o ? file_of(g->dir, o, path) : object_path(path, g->dir, name);
}

/* Gives one file its name. */
static enum err place(const char *dir, const struct store_grouped *o)
{
    char from[OBJECT_PATH], path[OBJECT_PATH], folder[OBJECT_PATH];
    enum err e = file_of(dir, o, from);
    if (!e)
        e = object_path(path, dir, &o->name);
    if (e || rename(from, path) == 0)
        return e;
    if (errno != ENOENT)
        return err_errno(ERR_IO, "cannot rename to %s", path);
    size_t n = (size_t)(strrchr(path, '/') - path);
    memcpy(folder, path, n);
    folder[n] = '\0';
    /* durable with the flush behind */
    if ((mkdir(folder, 0700) < 0 && errno != EEXIST) || rename(from, path) < 0)
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
    char path[OBJECT_PATH];
    for (size_t i = 0; i < g->n; i++) {
        if (!g->list[i].keep && file_of(g->dir, &g->list[i], path) == ERR_OK)
            unlink(path); /* nothing is there when it was placed */
        if (g->placed && undo && object_remove(g->dir, &g->list[i].name) != ERR_OK)
            err_clear();
    }
    free(g->list);
    g->list = NULL;
    g->n = 0;
    g->placed = false;
}
