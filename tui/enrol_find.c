#include "tui/enrol_find.h"

#include "storage/base/file.h"
#include "storage/limits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD 128 /* bytes of a file that tell */
#define SMALLEST 150

static const char magic[] = "age-encryption.org/v1\n-> scrypt ";
static const char armor[] = "-----BEGIN AGE ENCRYPTED FILE-----";
static const char stretch[] = " 12"; /* a one-time code needs no more (storage/trust/enrolment.c); a passphrase does */

bool enrol_find_is(const char *name, const char *head, size_t n)
{
    size_t len = strlen(name);
    if (n >= sizeof armor - 1 && memcmp(head, armor, sizeof armor - 1) == 0)
        return len > 6 && strcmp(name + len - 6, ".enrol") == 0;
    if (n < sizeof magic || memcmp(head, magic, sizeof magic - 1) != 0)
        return false;
    const char *at = head + sizeof magic - 1;
    const char *end = memchr(at, '\n', n - (sizeof magic - 1));
    return end && (size_t)(end - at) > sizeof stretch &&
           memcmp(end - (sizeof stretch - 1), stretch, sizeof stretch - 1) == 0;
}

struct search {
    enrol_find_fn *fn;
    void *ctx;
    unsigned found, looks;
};

static bool tells(const char *path, const char *name)
{
    char head[HEAD];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    ssize_t n;
    if (fd < 0)
        return false;
    while ((n = read(fd, head, sizeof head)) < 0 && errno == EINTR)
        ;
    close(fd);
    return n > 0 && enrol_find_is(name, head, (size_t)n);
}

static enum err look(struct search *s, const char *folder, unsigned depth)
{
    DIR *d = opendir(folder);
    enum err e = ERR_OK;
    for (struct dirent *f; !e && d && (f = readdir(d)) != NULL && s->found < ENROL_FIND_MAX;) {
        char path[4096];
        struct stat st;
        if (++s->looks > ENROL_FIND_LOOKS)
            break;
        if (f->d_name[0] == '.' || file_path(path, folder, f->d_name) || lstat(path, &st) < 0)
            continue;
        if (S_ISDIR(st.st_mode) && depth) {
            e = look(s, path, depth - 1);
        } else if (S_ISREG(st.st_mode) && st.st_size >= SMALLEST && st.st_size <= (off_t)ENROLMENT_MAX &&
                   tells(path, f->d_name)) {
            s->found++;
            e = s->fn(s->ctx, path, (uint64_t)st.st_size, (int64_t)st.st_mtime * 1000);
        }
    }
    if (d)
        closedir(d);
    err_clear();
    return e;
}

/* Is it the folder of a place before, or below it? Then it has been seen. */
static bool is_seen(const struct enrol_place *places, size_t n, const char *path)
{
    for (size_t i = 0; i < n; i++) {
        char *before = realpath(places[i].path, NULL);
        bool same = before && strcmp(before, path) == 0;
        free(before);
        if (same)
            return true;
    }
    return false;
}

enum err enrol_find(const struct enrol_place *places, size_t n, enrol_find_fn *fn, void *ctx)
{
    struct search s = {.fn = fn, .ctx = ctx};
    enum err e = ERR_OK;
    for (size_t i = 0; i < n && !e; i++) {
        char *path = realpath(places[i].path, NULL);
        if (path && !is_seen(places, i, path))
            e = look(&s, path, places[i].depth);
        free(path);
    }
    return e;
}
