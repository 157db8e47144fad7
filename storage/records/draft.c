#include "storage/records/draft.h"

#include "storage/base/file.h"
#include "storage/base/text.h"
#include "storage/vault/object.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME (2 * NAME_LEN + 8)
#define SEALED_MAX ((size_t)2 * DRAFT_MAX)

/* drafts/USER.NAME.age */
static enum err path_of(char out[static 4096], const struct station *s, const char *user, const char *name)
{
    char file[FILE_NAME + 8];
    if (!text_is_name(name, false) || (user && !text_is_name(user, false)))
        return err_set(ERR_USAGE, "a draft's name is letters, digits and hyphens");
    snprintf(file, sizeof file, "drafts/%s.%s.age", user ? user : "-", name);
    return file_path(out, s->dir, file);
}

/* The author, or everybody who has a key here. The caller frees *to. */
static enum err readers(const struct station *s, const char *user, struct recipient **to, size_t *n)
{
    struct buf names = {0};
    size_t all = 1;
    const char *name = user;
    *n = 0;
    *to = NULL;
    enum err e = user ? ERR_OK : station_users(s, &names, &all);
    if (!e && !user)
        name = (const char *)names.p;
    if (!e)
        *to = calloc(all + 1, sizeof **to);
    if (!e && !*to)
        e = err_set(ERR_NOMEM, "out of memory");
    for (size_t i = 0; *to && i < all && name; i++, name += strlen(name) + 1) {
        const struct roster_user *u = roster_user(s->roster, name);
        if (u && !u->revoked)
            (*to)[(*n)++] = u->to;
    }
    if (!e && *n == 0)
        e = err_set(ERR_NOINPUT, "nobody of this station could open the draft");
    buf_free(&names);
    return e;
}

enum err draft_save(const struct station *s, const char *user, const char *name, const void *text, size_t n)
{
    char path[4096], folder[4096];
    struct recipient *to = NULL;
    size_t n_to;
    struct buf sealed = {0};
    enum err e = n > DRAFT_MAX ? err_set(ERR_DATA, "a draft has at most %u bytes", DRAFT_MAX) : ERR_OK;
    if (!e)
        e = path_of(path, s, user, name);
    if (!e)
        e = readers(s, user, &to, &n_to);
    if (!e)
        e = object_seal(text, n, to, n_to, &sealed);
    if (!e)
        e = file_path(folder, s->dir, "drafts");
    if (!e)
        e = file_mkdirs(folder, 0700);
    if (!e)
        e = file_write(path, sealed.p, sealed.len, 0600);
    free(to);
    buf_free(&sealed);
    return e;
}

enum err draft_load(const struct station *s, const struct user *u, bool anonymous, const char *name, struct buf *text)
{
    char path[4096];
    struct buf sealed = {0};
    *text = (struct buf){.secret = 1};
    enum err e = path_of(path, s, anonymous ? NULL : u->name, name);
    if (!e)
        e = file_read(path, SEALED_MAX, &sealed);
    if (!e)
        e = object_open(sealed.p, sealed.len, &u->id, 1, DRAFT_MAX, text);
    buf_free(&sealed);
    return e;
}

enum err draft_drop(const struct station *s, const char *user, const char *name)
{
    char path[4096];
    enum err e = path_of(path, s, user, name);
    if (!e && unlink(path) < 0 && errno != ENOENT)
        e = err_errno(ERR_IO, "cannot remove the draft %s", path);
    return e;
}

/* USER.NAME.age into its words; false: another file. */
static bool words_of(const char *file, char user[static NAME_LEN], char name[static NAME_LEN])
{
    const char *dot = strchr(file, '.'), *end = dot ? strchr(dot + 1, '.') : NULL;
    if (!end || strcmp(end, ".age") != 0)
        return false;
    return span_copy((struct span){file, (size_t)(dot - file)}, user, NAME_LEN) &&
           span_copy((struct span){dot + 1, (size_t)(end - dot - 1)}, name, NAME_LEN) && text_is_name(name, false);
}

enum err draft_each(const struct station *s, const char *user, draft_fn *fn, void *ctx)
{
    char folder[4096], of[NAME_LEN], name[NAME_LEN];
    struct stat st;
    enum err e = file_path(folder, s->dir, "drafts");
    DIR *d = e ? NULL : opendir(folder);
    for (struct dirent *f; d && !e && (f = readdir(d)) != NULL;) {
        bool anonymous = words_of(f->d_name, of, name) && strcmp(of, "-") == 0;
        if (!words_of(f->d_name, of, name) || (!anonymous && strcmp(of, user) != 0))
            continue;
        if (fstatat(dirfd(d), f->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
            e = fn(ctx, name, anonymous, (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000);
    }
    if (d)
        closedir(d);
    return e;
}
