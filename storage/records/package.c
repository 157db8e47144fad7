#include "storage/records/package.h"

#include "storage/base/file.h"
#include "storage/seal/minisign.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a half-made package has from its first moment, so that a folder of
 * somebody else's is not taken for one. It goes when B2SUMS is there. */
#define MARK "unfinished"

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static enum err clear_part(const char *part)
{
    char mark[4096], sums[4096];
    if (!file_exists(part))
        return ERR_OK;
    enum err e = file_path(mark, part, MARK);
    if (!e)
        e = file_path(sums, part, "B2SUMS");
    if (!e && !file_exists(mark) && !file_exists(sums) && !file_is_empty_dir(part))
        return err_set(ERR_CREATE, "%s is in the way and is no unfinished package; move it or choose another folder",
                       part);
    if (!e && nftw(part, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
        e = err_errno(ERR_IO, "cannot remove the unfinished %s", part);
    return e;
}

enum err package_begin(struct package *p, const char *dir)
{
    char mark[4096];
    size_t n = strlen(dir);
    *p = (struct package){0};
    while (n > 1 && dir[n - 1] == '/')
        n--;
    if (n == 0 || n > sizeof p->dir - 8)
        return n ? err_set(ERR_DATA, "that path is too long and is no name for a folder")
                 : err_set(ERR_DATA, "an empty text is no name for a folder");
    memcpy(p->dir, dir, n);
    if (file_exists(p->dir) && !file_is_empty_dir(p->dir))
        return err_set(ERR_CREATE, "%s is there already and is not an empty folder; choose another", p->dir);
    snprintf(p->part, sizeof p->part, "%.4080s.part", p->dir);
    p->files = calloc(PACKAGE_FILES_MAX, sizeof *p->files);
    if (!p->files)
        return err_set(ERR_NOMEM, "out of memory");
    enum err e = clear_part(p->part);
    if (!e && mkdir(p->part, 0700) < 0)
        e = err_errno(ERR_CREATE, "cannot make folder %s", p->part);
    p->made = !e;
    if (!e)
        e = file_path(mark, p->part, MARK);
    if (!e)
        e = file_write(mark, "", 0, 0600);
    return e;
}

/* Full path of a file in the part folder; makes its folder. */
static enum err path_of(char out[static 4096], const struct package *p, const char *name)
{
    char folder[4096];
    const char *slash = strchr(name, '/');
    enum err e = file_path(out, p->part, name);
    if (e || !slash)
        return e;
    snprintf(folder, sizeof folder, "%.*s", (int)(strlen(p->part) + 1 + (size_t)(slash - name)), out);
    return file_mkdirs(folder, 0700);
}

static enum err note(struct package *p, const char *name, struct package_entry **out)
{
    if (p->n == PACKAGE_FILES_MAX || strlen(name) >= PACKAGE_NAME)
        return err_set(ERR_DATA, "a package of more than %u files, or a name too long in it", PACKAGE_FILES_MAX);
    *out = &p->files[p->n++];
    memcpy((*out)->name, name, strlen(name) + 1);
    return ERR_OK;
}

enum err package_stream_open(struct package_stream *w, struct package *p, const char *name)
{
    char path[4096];
    *w = (struct package_stream){.p = p, .fd = -1};
    hash_init(&w->blake2b);
    crypto_hash_sha256_init(&w->sha256);
    enum err e = path_of(path, p, name);
    if (!e)
        e = note(p, name, &w->entry);
    if (e)
        return e;
    w->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    return w->fd < 0 ? err_errno(ERR_CREATE, "cannot create %s", path) : ERR_OK;
}

enum err package_stream_add(void *stream, const uint8_t *bytes, size_t n)
{
    struct package_stream *w = stream;
    hash_add(&w->blake2b, bytes, n);
    crypto_hash_sha256_update(&w->sha256, bytes, n);
    w->size += n;
    return file_write_fd(w->fd, bytes, n, w->entry->name);
}

enum err package_stream_close(struct package_stream *w, enum err so_far)
{
    enum err e = so_far;
    if (w->fd >= 0) {
        if (!e)
            e = file_sync_fd(w->fd, w->entry->name);
        if (close(w->fd) < 0 && !e)
            e = err_errno(ERR_IO, "cannot close %s", w->entry->name);
        w->fd = -1;
    }
    if (w->entry) {
        w->entry->blake2b = hash_end(&w->blake2b);
        crypto_hash_sha256_final(&w->sha256, w->entry->sha256);
    }
    return e;
}

enum err package_put(struct package *p, const char *name, const void *bytes, size_t n)
{
    struct package_stream w;
    enum err e = package_stream_open(&w, p, name);
    if (!e)
        e = package_stream_add(&w, bytes, n);
    return package_stream_close(&w, e);
}

enum err package_str(struct package *p, const char *name, const char *text)
{
    return package_put(p, name, text, strlen(text));
}

enum err package_signed(struct package *p, const char *stem, const char *extension, const char *text, size_t n)
{
    char name[PACKAGE_NAME];
    struct sign_text t;
    enum err e = sign_split(&t, text, n);
    if (!e && t.n == 0)
        e = err_set(ERR_DATA, "%s is not signed", stem);
    snprintf(name, sizeof name, "%.120s.%.16s", stem, extension);
    if (!e)
        e = package_put(p, name, text, n);
    snprintf(name, sizeof name, "%.120s.body", stem);
    if (!e)
        e = package_put(p, name, t.body, t.body_len);
    snprintf(name, sizeof name, "%.120s.sig", stem);
    if (!e)
        e = package_put(p, name, t.sigs[0].sig, sizeof t.sigs[0].sig);
    return e;
}

static int by_name(const void *a, const void *b)
{
    const struct package_entry *x = a, *y = b;
    return strcmp(x->name, y->name);
}

/* "HEX  NAME" lines as sha256sum and b2sum write them. */
static enum err sums_text(struct package *p, bool sha, struct buf *out)
{
    enum err e = ERR_OK;
    qsort(p->files, p->n, sizeof *p->files, by_name);
    for (size_t i = 0; i < p->n && !e; i++) {
        struct hash h = p->files[i].blake2b;
        char hex[HASH_HEX];
        if (sha)
            memcpy(h.b, p->files[i].sha256, HASH_LEN);
        hash_hex(hex, &h);
        e = buf_fmt(out, "%s  %s\n", hex, p->files[i].name);
    }
    return e;
}

enum err package_sums(struct package *p, const char *comment, const struct sign_secret *k)
{
    struct buf sums = {0}, sig = {0};
    enum err e = sums_text(p, true, &sums);
    if (!e)
        e = minisign_write(&sig, k, comment, sums.p, sums.len);
    if (!e)
        e = package_put(p, "SHA256SUMS", sums.p, sums.len);
    if (!e)
        e = package_put(p, "SHA256SUMS.minisig", sig.p, sig.len);
    buf_clear(&sums);
    if (!e)
        e = sums_text(p, false, &sums);
    if (!e)
        e = package_put(p, "B2SUMS", sums.p, sums.len);
    buf_free(&sums);
    buf_free(&sig);
    return e;
}

enum err package_publish(struct package *p)
{
    static const char *const folders[] = {"batches", "labels", "parts", "receipts", "keys"};
    char path[4096];
    enum err e = file_path(path, p->part, MARK);
    if (!e)
        e = file_remove(path);
    for (size_t i = 0; i < sizeof folders / sizeof folders[0] && !e; i++) {
        e = file_path(path, p->part, folders[i]);
        if (!e && file_exists(path))
            e = file_sync_dir(path);
    }
    if (!e)
        e = file_sync_dir(p->part);
    if (!e)
        e = file_rename(p->part, p->dir); /* also over an empty folder */
    p->made = e != ERR_OK;
    return e;
}

void package_end(struct package *p)
{
    if (p->made)
        nftw(p->part, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(p->files);
    *p = (struct package){0};
}
