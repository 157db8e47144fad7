#include "drivers/ptp/naming.h"

#include "storage/base/err.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum err naming_add(struct buf *names, const char *name, size_t *at)
{
    *at = names->len;
    if (strcmp(name, "") == 0)
        name = "unnamed";
    else if (strcmp(name, ".") == 0)
        name = "_";
    else if (strcmp(name, "..") == 0)
        name = "__";
    enum err e = buf_add(names, name, strlen(name) + 1);
    for (size_t i = *at; !e && i < names->len; i++)
        if (names->p[i] == '/')
            names->p[i] = '_';
    return e;
}

static const char *text(const struct buf *names, size_t at)
{
    return (const char *)names->p + at;
}

static int by_name(const void *a, const void *b, void *names)
{
    const struct naming *x = a, *y = b;
    int d = strcmp(text(names, x->at), text(names, y->at));
    return d ? d : (x->handle > y->handle) - (x->handle < y->handle);
}

static bool is_there(const struct naming *all, size_t n, const struct buf *names, const char *name)
{
    size_t low = 0;
    while (low < n) {
        size_t mid = low + (n - low) / 2;
        int d = strcmp(text(names, all[mid].at), name);
        if (d == 0)
            return true;
        if (d < 0)
            low = mid + 1;
        else
            n = mid;
    }
    return false;
}

enum err naming_settle(struct naming *all, size_t n, struct buf *names)
{
    struct buf name = {0};
    enum err e = ERR_OK;
    if (n == 0)
        return ERR_OK;
    size_t *moved = calloc(n, sizeof *moved); /* where the new name is; 0: it stays */
    if (!moved)
        return err_set(ERR_NOMEM, "out of memory");
    qsort_r(all, n, sizeof *all, by_name, names);
    unsigned k = 2;
    for (size_t i = 1; i < n && !e; i++) {
        if (strcmp(text(names, all[i].at), text(names, all[i - 1].at)) != 0) {
            k = 2;
            continue;
        }
        do {
            buf_clear(&name);
            e = buf_fmt(&name, "%s~%u", text(names, all[i].at), k++);
        } while (!e && is_there(all, n, names, (const char *)name.p));
        moved[i] = names->len;
        if (!e)
            e = buf_add(names, name.p, name.len + 1);
    }
    for (size_t i = 0; moved && i < n && !e; i++)
        if (moved[i])
            all[i].at = moved[i];
    if (!e)
        qsort_r(all, n, sizeof *all, by_name, names);
    buf_free(&name);
    free(moved);
    return e;
}
