#include "drivers/profiles/profile_inside.h"

#include "storage/base/file.h"
#include "storage/base/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUFFIX ".profile"

struct refused {
    char name[NAME_LEN]; /* what it would have been; "" unknown */
    char why[768];
};

struct profiles {
    size_t n;
    struct profile *all[PROFILES_MAX]; /* the station's by name, then those that come along */
    size_t n_refused;
    struct refused *refused;
};

/* The sentence that a reader left, with the file in front. */
static enum err in_file(enum err e, const char *path)
{
    return e == ERR_DATA ? err_set(e, "%s: %s", path, err_text()) : e;
}

/* "amba-ascii" of ".../amba-ascii.profile"; "" where it does not end so. */
static void name_of(const char *path, char out[static NAME_LEN])
{
    const char *base = strrchr(path, '/');
    base = base ? base + 1 : path;
    size_t n = strlen(base), end = strlen(SUFFIX);
    out[0] = '\0';
    if (n > end && n - end < NAME_LEN && strcmp(base + n - end, SUFFIX) == 0) {
        memcpy(out, base, n - end);
        out[n - end] = '\0';
    }
}

static enum err read_file(struct profile **out, const char *path)
{
    char name[NAME_LEN];
    struct buf text = {0};
    *out = NULL;
    name_of(path, name);
    enum err e = file_read(path, PROFILE_MAX, &text);
    if (!e && !text_is_name(name, false))
        e = err_set(ERR_DATA, "%s: its name is not NAME.profile with NAME of a-z, 0-9 and -", path);
    else if (!e)
        e = in_file(profile_read(out, name, text.p, text.len), path);
    buf_free(&text);
    return e;
}

enum err profile_check(const char *path)
{
    struct profile *p;
    enum err e = read_file(&p, path);
    free(p);
    return e;
}

static enum err keep(struct profiles *p, struct profile *one)
{
    if (p->n == PROFILES_MAX) {
        free(one);
        return err_set(ERR_DATA, "there are more than %u profiles", PROFILES_MAX);
    }
    p->all[p->n++] = one;
    return ERR_OK;
}

/* One bad file blocks no other; ours of its name is not used in its stead, for
 * it may have been there to say less. */
static enum err refuse(struct profiles *p, const char *path)
{
    char why[sizeof p->refused->why];
    snprintf(why, sizeof why, "%s", err_text());
    if (p->n_refused == PROFILES_MAX)
        return err_set(ERR_DATA, "there are more than %u profiles", PROFILES_MAX);
    struct refused *all = realloc(p->refused, (p->n_refused + 1) * sizeof *all);
    if (!all)
        return err_set(ERR_NOMEM, "out of memory");
    p->refused = all;
    struct refused *r = &all[p->n_refused++];
    name_of(path, r->name);
    memcpy(r->why, why, sizeof why);
    err_clear();
    return ERR_OK;
}

static bool is_refused(const struct profiles *p, const char *name)
{
    for (size_t i = 0; i < p->n_refused; i++)
        if (strcmp(p->refused[i].name, name) == 0)
            return true;
    return false;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(struct profile *const *)a)->name, (*(struct profile *const *)b)->name);
}

static enum err load_folder(struct profiles *p, const char *folder)
{
    DIR *d = opendir(folder);
    if (!d)
        return errno == ENOENT ? ERR_OK : err_errno(ERR_IO, "cannot read %s", folder);
    enum err e = ERR_OK;
    for (struct dirent *f; !e && (f = readdir(d)) != NULL;) {
        char path[4096];
        struct profile *one;
        size_t n = strlen(f->d_name), end = strlen(SUFFIX);
        if (f->d_name[0] == '.' || n <= end || strcmp(f->d_name + n - end, SUFFIX) != 0)
            continue;
        e = file_path(path, folder, f->d_name);
        if (e)
            break;
        e = read_file(&one, path);
        e = !e ? keep(p, one) : e == ERR_NOMEM ? e : refuse(p, path);
    }
    closedir(d);
    qsort(p->all, p->n, sizeof p->all[0], by_name);
    return e;
}

static enum err load_built_in(struct profiles *p)
{
    const char *name, *text;
    size_t n;
    enum err e = ERR_OK;
    for (size_t i = 0; !e && (name = profile_built_in(i, &text, &n)) != NULL; i++) {
        struct profile *one;
        if (profiles_find(p, name) || is_refused(p, name))
            continue;
        e = in_file(profile_read(&one, name, text, n), name);
        if (!e)
            e = keep(p, one);
    }
    return e;
}

enum err profiles_load(struct profiles **out, const char *dir)
{
    char folder[4096];
    struct profiles *p = calloc(1, sizeof *p);
    *out = NULL;
    if (!p)
        return err_set(ERR_NOMEM, "out of memory");
    zone_start();
    enum err e = dir ? file_path(folder, dir, "profiles") : ERR_OK;
    if (!e && dir)
        e = load_folder(p, folder);
    if (!e)
        e = load_built_in(p);
    if (e) {
        profiles_free(p);
        return e;
    }
    *out = p;
    return ERR_OK;
}

void profiles_free(struct profiles *p)
{
    for (size_t i = 0; p && i < p->n; i++)
        free(p->all[i]);
    if (p)
        free(p->refused);
    free(p);
}

const char *profiles_refused(const struct profiles *p, size_t i)
{
    return i < p->n_refused ? p->refused[i].why : NULL;
}

const struct profile *profiles_find(const struct profiles *p, const char *name)
{
    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->all[i]->name, name) == 0)
            return p->all[i];
    return NULL;
}

const struct profile *profiles_next(const struct profiles *p, const struct profile *before)
{
    size_t i = 0;
    while (before && i < p->n && p->all[i] != before)
        i++;
    i += before != NULL;
    return i < p->n ? p->all[i] : NULL;
}
