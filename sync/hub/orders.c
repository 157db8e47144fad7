#include "sync/hub/orders.h"

#include "storage/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum err orders_add(struct orders *o, struct notice *n)
{
    if ((o->n & (o->n - 1)) == 0) {
        struct notice **more = reallocarray(o->all, o->n ? 2 * o->n : 1, sizeof(struct notice *));
        if (!more) {
            notice_free(n);
            return err_set(ERR_NOMEM, "out of memory");
        }
        o->all = more;
    }
    o->all[o->n++] = n;
    return ERR_OK;
}

static int by_time(const void *a, const void *b)
{
    const struct notice *const *x = a, *const *y = b;
    int64_t d = (*x)->time - (*y)->time;
    return d ? (d > 0) - (d < 0) : strcmp((*x)->id, (*y)->id);
}

enum err orders_read(struct orders *o, const char *dir, const struct roster *r)
{
    char folder[4096], path[4096];
    struct buf text = {.max = NOTICE_MAX};
    *o = (struct orders){0};
    enum err e = file_path(folder, dir, "notices");
    DIR *d = e ? NULL : opendir(folder);
    if (!d)
        return e ? e : errno == ENOENT ? ERR_OK : err_errno(ERR_IO, "cannot read %s", folder);
    for (struct dirent *f; !e && (f = readdir(d)) != NULL;) {
        struct notice *one = NULL;
        if (strlen(f->d_name) != NOTICE_ID - 1 || o->n >= NOTICES_MAX)
            continue;
        e = file_path(path, folder, f->d_name);
        if (e)
            break;
        if (file_read(path, NOTICE_MAX, &text) || notice_parse(&one, (const char *)text.p, text.len) ||
            notice_check(one, r) || strcmp(one->id, f->d_name) != 0)
            notice_free(one);
        else
            e = orders_add(o, one);
    }
    closedir(d);
    buf_free(&text);
    if (o->n)
        qsort(o->all, o->n, sizeof(struct notice *), by_time);
    if (e)
        orders_free(o);
    return e;
}

void orders_free(struct orders *o)
{
    for (size_t i = 0; i < o->n; i++)
        notice_free(o->all[i]);
    free(o->all);
    *o = (struct orders){0};
}

/* Is the hold at place i the last word about its recording? */
static bool stands(const struct orders *o, size_t i)
{
    for (size_t k = i + 1; k < o->n; k++)
        if ((o->all[k]->kind == NOTICE_HOLD || o->all[k]->kind == NOTICE_RELEASE) &&
            strcmp(o->all[k]->recording, o->all[i]->recording) == 0)
            return o->all[k]->kind == NOTICE_HOLD;
    return true;
}

bool orders_held(const struct orders *o, const struct hash *parts)
{
    for (size_t i = 0; i < o->n; i++)
        if (o->all[i]->kind == NOTICE_HOLD && hash_same(&o->all[i]->parts, parts) && stands(o, i))
            return true;
    return false;
}

const struct notice *orders_destroy(const struct orders *o, const struct hash *parts)
{
    for (size_t i = 0; i < o->n; i++)
        if (o->all[i]->kind == NOTICE_DESTROY && hash_same(&o->all[i]->parts, parts))
            return o->all[i];
    return NULL;
}
