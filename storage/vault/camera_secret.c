#include "storage/vault/camera_secret.h"

#include "storage/base/file.h"
#include "storage/base/text.h"
#include "storage/seal/age.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "keys/cameras"
#define SUFFIX ".age"
#define FILES_MAX 200u

static void name_in_keyring(char out[static KEYRING_NAME_LEN], const struct station *s, const char *profile)
{
    snprintf(out, KEYRING_NAME_LEN, "feldsher:%.32s:camera:%.63s", s->chain, profile);
}

/* Whoever has a key here and is in force. */
static enum err recipients(const struct station *s, struct recipient **to, size_t *n)
{
    struct buf names = {0};
    size_t users = 0;
    enum clock_mark mark;
    int64_t now = station_now(s, &mark);
    *n = 0;
    *to = NULL;
    enum err e = station_users(s, &names, &users);
    struct recipient *all = e ? NULL : calloc(users + 1, sizeof *all);
    const char *name = (const char *)names.p;
    for (size_t i = 0; all && i < users; i++, name += strlen(name) + 1) {
        const struct roster_user *u = roster_user(s->roster, name);
        if (u && !u->revoked && roster_user_valid(u, now))
            all[(*n)++] = u->to;
    }
    buf_free(&names);
    if (!e && !all)
        return err_set(ERR_NOMEM, "out of memory");
    *to = all;
    return e || *n ? e : err_set(ERR_DENIED, "nobody who has a key on this station is in force");
}

static enum err seal(const struct station *s, const char *profile, const void *p, size_t n)
{
    char path[4096], name[NAME_LEN + 32];
    struct buf file = {0};
    struct recipient *to;
    size_t n_to;
    enum err e = recipients(s, &to, &n_to);
    if (!e)
        e = age_seal_bytes(to, n_to, p, n, &file);
    if (!e)
        e = file_path(path, s->dir, FOLDER);
    if (!e)
        e = file_mkdirs(path, 0700);
    snprintf(name, sizeof name, FOLDER "/%.63s" SUFFIX, profile);
    if (!e)
        e = station_put(s, name, file.p, file.len, 0600);
    buf_free(&file);
    free(to);
    return e;
}

enum err camera_secret_keep(const struct station *s, const char *profile, const void *p, size_t n)
{
    char name[KEYRING_NAME_LEN];
    if (!text_is_name(profile, false))
        return err_set(ERR_USAGE, "%s is no profile's name (a-z, 0-9 and -)", profile);
    if (n > CAMERA_SECRET_MAX)
        return err_set(ERR_DATA, "a camera's secret has at most %u bytes", CAMERA_SECRET_MAX);
    enum err e = seal(s, profile, p, n);
    if (e)
        return e;
    name_in_keyring(name, s, profile);
    return n ? keyring_put(name, p, n) : keyring_drop(name);
}

static enum err bring_one(const struct station *s, const struct user *u, const char *file, const char *profile)
{
    char path[4096], folder[4096], name[KEYRING_NAME_LEN];
    struct buf sealed = {0}, secret = {.secret = 1, .max = CAMERA_SECRET_MAX};
    enum err e = file_path(folder, s->dir, FOLDER);
    if (!e)
        e = file_path(path, folder, file);
    if (!e)
        e = file_read(path, AGE_HEADER_MAX + 4096, &sealed);
    if (!e)
        e = age_open_bytes(&u->id, 1, sealed.p, sealed.len, &secret);
    name_in_keyring(name, s, profile);
    if (!e && secret.len)
        e = keyring_put(name, secret.p, secret.len);
    buf_free(&secret);
    buf_free(&sealed);
    return e;
}

void camera_secret_bring(const struct station *s, const struct user *u)
{
    char folder[4096];
    DIR *d = file_path(folder, s->dir, FOLDER) == ERR_OK ? opendir(folder) : NULL;
    unsigned files = 0;
    for (struct dirent *f; d && files < FILES_MAX && (f = readdir(d)) != NULL;) {
        char profile[NAME_LEN];
        size_t n = strlen(f->d_name), end = strlen(SUFFIX);
        if (n <= end || n - end >= sizeof profile || strcmp(f->d_name + n - end, SUFFIX) != 0)
            continue;
        memcpy(profile, f->d_name, n - end);
        profile[n - end] = '\0';
        files++;
        if (text_is_name(profile, false) && bring_one(s, u, f->d_name, profile) != ERR_OK)
            err_clear(); /* sealed before this person came, or no keyring: dock says what it lacks */
    }
    if (d)
        closedir(d);
}

enum err camera_secret_get(const struct station *s, const char *profile, struct keyring_secret **out)
{
    char name[KEYRING_NAME_LEN];
    name_in_keyring(name, s, profile);
    enum err e = keyring_get(name, out);
    if (e == ERR_NOINPUT)
        return err_set(e,
                       "the secret of profile %s is not at hand; unlock this station once since it was switched on, or "
                       "enter it with feldsher cameras secret %s",
                       profile, profile);
    return e;
}
