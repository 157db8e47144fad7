#include "storage/vault/station.h"

#include "storage/base/file.h"
#include "storage/base/lang.h"
#include "storage/base/text.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SUMS_MAX (1u << 20)
#define SUM_FILE_MAX (1u << 20)

/*
 * `sums`: "feldsher-sums 1", lines "sum: HASH NAME", and last "check: HASH" of
 * all before it, so that a flipped bit in any byte of it is seen. A name with
 * two lines is being replaced.
 */
static enum err sums_read(const struct station *s, struct buf *lines)
{
    char path[4096], hex[HASH_HEX];
    struct hash h;
    buf_clear(lines);
    enum err e = file_path(path, s->dir, "sums");
    if (!e)
        e = file_read(path, SUMS_MAX, lines);
    if (e)
        return e;
    static const size_t last = sizeof "check: " - 1 + HASH_HEX;
    if (lines->len < last)
        return err_set(ERR_BAD, "sums is damaged");
    size_t body = lines->len - last;
    h = hash_of(lines->p, body);
    hash_hex(hex, &h);
    if (memcmp(lines->p + body, "check: ", 7) != 0 || memcmp(lines->p + body + 7, hex, HASH_HEX - 1) != 0 ||
        lines->p[lines->len - 1] != '\n')
        return err_set(ERR_BAD, "sums is damaged");
    lines->len = body;
    lines->p[body] = 0;
    return ERR_OK;
}

/* Is NAME with this hash (NULL: any) among the lines? */
static bool sums_has(const struct buf *lines, const char *name, const char *hex)
{
    struct text t;
    struct field f;
    unsigned version;
    if (text_open(&t, "sums", &version, (const char *)lines->p, lines->len))
        return false;
    while (text_next(&t, &f) == ERR_OK) {
        struct span h;
        if (!span_is(f.key, "sum") || !span_word(&f.value, &h) || f.value.n < 2)
            continue;
        struct span file = {f.value.p + 1, f.value.n - 1};
        if (span_is(file, name) && (!hex || span_is(h, hex)))
            return true;
    }
    return false;
}

/* Writes the lines without those of NAME (unless keep), with one more for it. */
static enum err sums_write(const struct station *s, const struct buf *old, const char *name, const char *hex, bool keep)
{
    struct buf out = {0};
    struct text t;
    struct field f;
    unsigned version;
    char path[4096], check[HASH_HEX];
    enum err e = buf_str(&out, "feldsher-sums 1\n");
    if (!e && old->len && text_open(&t, "sums", &version, (const char *)old->p, old->len) == ERR_OK)
        while (!e && text_next(&t, &f) == ERR_OK) {
            struct span v = f.value, h;
            bool same = span_word(&v, &h) && v.n > 1 && span_is((struct span){v.p + 1, v.n - 1}, name);
            if (same && (!keep || span_is(h, hex)))
                continue;
            e = buf_fmt(&out, "%.*s: %.*s\n", (int)f.key.n, f.key.p, (int)f.value.n, f.value.p);
        }
    if (!e)
        e = buf_fmt(&out, "sum: %s %s\n", hex, name);
    if (!e) {
        struct hash h = hash_of(out.p, out.len);
        hash_hex(check, &h);
        e = buf_fmt(&out, "check: %s\n", check);
    }
    if (!e)
        e = file_path(path, s->dir, "sums");
    if (!e)
        e = file_write(path, out.p, out.len, 0600);
    buf_free(&out);
    return e;
}

enum err station_put(const struct station *s, const char *name, const void *p, size_t n, mode_t mode)
{
    char path[4096], lock[4096], hex[HASH_HEX];
    struct buf lines = {0};
    struct hash h = hash_of(p, n);
    int fd = -1;
    hash_hex(hex, &h);
    enum err e = file_path(lock, s->dir, "sums.lock");
    if (!e)
        e = file_lock(lock, true, true, &fd);
    if (!e && sums_read(s, &lines) != ERR_OK) {
        err_clear();
        buf_clear(&lines); /* lost: verify names what is not in it any more */
    }
    if (!e)
        e = file_path(path, s->dir, name);
    if (!e)
        e = sums_write(s, &lines, name, hex, true);
    if (!e)
        e = file_write(path, p, n, mode);
    if (!e)
        e = sums_write(s, &lines, name, hex, false);
    file_close(&fd);
    buf_free(&lines);
    return e;
}

struct sums_check {
    const struct station *s;
    const struct buf *lines;
    void (*fn)(void *ctx, const char *name, const char *what);
    void *ctx;
    bool bad;
};

static void sums_one(struct sums_check *c, const char *name)
{
    char path[4096], hex[HASH_HEX];
    struct hash h;
    uint64_t size;
    const char *what = NULL;
    if (file_path(path, c->s->dir, name) || hash_file(path, &h, &size))
        what = _("missing or not readable");
    else if (hash_hex(hex, &h), !sums_has(c->lines, name, hex))
        what = _("changed, flipped or put back since the program wrote it");
    if (what) {
        c->bad = true;
        c->fn(c->ctx, name, what);
    }
}

/* Every file below keys/ must be in sums. */
static void sums_walk(struct sums_check *c, const char *folder, unsigned depth)
{
    char path[4096], name[4096];
    DIR *d = file_path(path, c->s->dir, folder) ? NULL : opendir(path);
    for (struct dirent *f; d && (f = readdir(d)) != NULL;) {
        struct stat st;
        if (strcmp(f->d_name, ".") == 0 || strcmp(f->d_name, "..") == 0 || strstr(f->d_name, ".tmp.") ||
            file_path(name, folder, f->d_name) || file_path(path, c->s->dir, name) || lstat(path, &st) < 0)
            continue;
        if (S_ISDIR(st.st_mode) && depth)
            sums_walk(c, name, depth - 1);
        else if (!sums_has(c->lines, name, NULL)) {
            c->bad = true;
            c->fn(c->ctx, name, _("not a file that the program wrote"));
        }
    }
    if (d)
        closedir(d);
}

enum err station_sums(const struct station *s, void (*fn)(void *ctx, const char *name, const char *what), void *ctx)
{
    struct buf lines = {0};
    struct text t;
    struct field f;
    unsigned version;
    struct sums_check c = {s, &lines, fn, ctx, false};
    enum err e = sums_read(s, &lines);
    if (e == ERR_BAD || e == ERR_NOINPUT || e == ERR_DATA) {
        fn(ctx, "sums", _("damaged or missing"));
        buf_free(&lines);
        return err_set(ERR_BAD, "sums is damaged");
    }
    if (!e)
        e = text_open(&t, "sums", &version, (const char *)lines.p, lines.len);
    while (!e && (e = text_next(&t, &f)) == ERR_OK) {
        struct span h;
        char name[4096], hex[HASH_HEX];
        if (!span_is(f.key, "sum") || !span_word(&f.value, &h) || f.value.n < 2 || !span_copy(h, hex, sizeof hex) ||
            !span_copy((struct span){f.value.p + 1, f.value.n - 1}, name, sizeof name))
            continue;
        sums_one(&c, name);
    }
    if (e == ERR_END)
        e = ERR_OK;
    sums_walk(&c, "keys", 3);
    if (!sums_has(&lines, "station.conf", NULL))
        sums_one(&c, "station.conf");
    buf_free(&lines);
    return e ? e : c.bad ? err_set(ERR_BAD, "settings or keys were changed") : ERR_OK;
}
