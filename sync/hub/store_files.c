#include "sync/hub/store_files.h"

#include "storage/base/bytes.h"
#include "storage/base/clock.h"
#include "storage/base/file.h"
#include "storage/base/text.h"
#include "storage/trust/notice.h"
#include "storage/vault/object.h"
#include "sync/limits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REMOVED_MAGIC "feldsher-removed 1\n"
#define REMOVED_LINE_MAX 256u

enum err store_files_chain_path(char out[static STORE_PATH], const char *dir, const char *chain)
{
    int n = snprintf(out, STORE_PATH, "%s/chains/%s.labels", dir, chain);
    return n > 0 && n < STORE_PATH ? ERR_OK : err_set(ERR_DATA, "path too long: %.200s...", dir);
}

static enum err parent_sync(const char *path)
{
    char folder[STORE_PATH];
    size_t n = (size_t)(strrchr(path, '/') - path);
    memcpy(folder, path, n);
    folder[n] = '\0';
    return file_sync_dir(folder);
}

/* Appends behind end of a file, making it when fresh. What a failed write left
 * is cut off again. */
static enum err append(const char *path, off_t end, const void *p, size_t n, bool durable)
{
    bool fresh = durable && !file_exists(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_errno(ERR_IO, "cannot open %s", path);
    enum err e = ERR_OK;
    off_t size = lseek(fd, 0, SEEK_END);
    if (size != end)
        e = err_set(ERR_BAD, "%s has %lld bytes instead of %lld", path, (long long)size, (long long)end);
    if (!e) {
        e = file_write_fd(fd, p, n, path);
        if (!e && durable && fdatasync(fd) < 0)
            e = err_errno(ERR_IO, "cannot make %s durable", path);
        if (e && ftruncate(fd, end) < 0)
            e = err_errno(ERR_IO, "cannot cut %s back", path);
    }
    file_close(&fd);
    return !e && fresh ? parent_sync(path) : e;
}

enum err store_files_append(const char *dir, const char *chain, uint64_t offset, const void *p, size_t n)
{
    char path[STORE_PATH];
    enum err e = store_files_chain_path(path, dir, chain);
    return e ? e : append(path, (off_t)offset, p, n, false);
}

enum err store_files_read(const char *dir, const char *chain, uint64_t offset, size_t n, struct buf *out)
{
    char path[STORE_PATH];
    buf_clear(out);
    enum err e = store_files_chain_path(path, dir, chain);
    if (!e)
        e = buf_reserve(out, n);
    if (e)
        return e;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return err_errno(errno == ENOENT ? ERR_BAD : ERR_IO, "cannot open %s", path);
    while (!e && out->len < n) {
        uint8_t chunk[LABEL_MAX];
        size_t want = n - out->len < sizeof chunk ? n - out->len : sizeof chunk;
        ssize_t got = pread(fd, chunk, want, (off_t)(offset + out->len));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            e = err_errno(ERR_IO, "cannot read %s", path);
        else if (got == 0)
            e = err_set(ERR_BAD, "%s is shorter than the index says", path);
        else
            e = buf_add(out, chunk, (size_t)got);
    }
    file_close(&fd);
    return e;
}

enum err store_files_cut(const char *dir, const char *chain, uint64_t end)
{
    char path[STORE_PATH];
    enum err e = store_files_chain_path(path, dir, chain);
    if (e)
        return e;
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || ftruncate(fd, (off_t)end) < 0)
        e = err_errno(ERR_IO, "cannot cut the unfinished label off %s", path);
    else
        e = file_sync_fd(fd, path);
    file_close(&fd);
    return e;
}

enum err store_files_get(const char *path, const struct hash *name, sink_fn *sink, void *ctx)
{
    uint8_t chunk[65536];
    struct hash_state state;
    enum err e = ERR_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return err_errno(errno == ENOENT ? ERR_NOINPUT : ERR_IO, "cannot open %s", path);
    hash_init(&state);
    for (ssize_t n = 1; n && !e;) {
        n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            e = err_errno(ERR_BAD, "cannot read %s", path);
        } else if (n) {
            hash_add(&state, chunk, (size_t)n);
            e = sink(ctx, chunk, (size_t)n);
        }
    }
    file_close(&fd);
    struct hash h = hash_end(&state);
    if (!e && !hash_same(&h, name))
        e = err_set(ERR_BAD, "object %s: its bytes do not match its name", path);
    return e;
}

enum err store_files_part(const char *path, uint64_t offset, void *p, size_t n)
{
    uint8_t *to = p;
    enum err e = ERR_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return err_errno(errno == ENOENT ? ERR_NOINPUT : ERR_IO, "cannot open %s", path);
    while (n && !e) {
        ssize_t got = pread(fd, to, n, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            e = err_errno(ERR_IO, "cannot read %s", path);
        else if (got == 0)
            e = err_set(ERR_BAD, "%s is shorter than it should be", path);
        else {
            to += got;
            offset += (uint64_t)got;
            n -= (size_t)got;
        }
    }
    file_close(&fd);
    return e;
}

enum err store_files_each(const char *dir, bool aside, store_files_fn *fn, void *ctx)
{
    char folder[STORE_PATH], chain[CHAIN_ID];
    const char *suffix = aside ? "" : ".labels";
    enum err e = file_path(folder, dir, aside ? "quarantine" : "chains");
    DIR *d = e ? NULL : opendir(folder);
    if (!d)
        return e ? e : errno == ENOENT ? ERR_OK : err_errno(ERR_IO, "cannot read %s", folder);
    for (struct dirent *f; !e && (f = readdir(d)) != NULL;) {
        uint8_t id[16];
        if (strlen(f->d_name) != CHAIN_ID - 1 + strlen(suffix) || strcmp(f->d_name + CHAIN_ID - 1, suffix) != 0 ||
            !bytes_unhex(id, sizeof id, f->d_name, CHAIN_ID - 1))
            continue;
        memcpy(chain, f->d_name, CHAIN_ID - 1);
        chain[CHAIN_ID - 1] = '\0';
        e = fn(ctx, chain);
    }
    closedir(d);
    return e;
}

enum err store_files_aside_path(char out[static STORE_PATH], const char *dir, const char *chain, const char *name)
{
    int n = snprintf(out, STORE_PATH, "%s/quarantine/%s/%s", dir, chain, name);
    return n > 0 && n < STORE_PATH ? ERR_OK : err_set(ERR_DATA, "path too long: %.200s...", dir);
}

enum err store_files_aside_folder(const char *dir, const char *chain)
{
    char folder[STORE_PATH];
    enum err e = store_files_aside_path(folder, dir, chain, "");
    if (e)
        return e;
    folder[strlen(folder) - 1] = '\0';
    return file_mkdirs(folder, 0700);
}

struct aside_list {
    size_t labels;
    size_t end;     /* of the whole labels */
    uint64_t bytes; /* of their objects */
    bool known;
};

/* What quarantine/CHAIN holds, and whether this label is among it. */
static enum err aside_look(const char *dir, const struct label *l, struct aside_list *a)
{
    char path[STORE_PATH];
    struct buf text = {.max = ASIDE_FILE_MAX};
    *a = (struct aside_list){0};
    enum err e = store_files_aside_path(path, dir, l->chain, "labels");
    if (!e)
        e = file_read(path, ASIDE_FILE_MAX, &text);
    if (e == ERR_NOINPUT)
        e = ERR_OK;
    while (!e && a->end < text.len) {
        struct label one;
        char hex[HASH_HEX], object[STORE_PATH];
        uint64_t size;
        if (label_parse(&one, (const char *)text.p + a->end, text.len - a->end) != ERR_OK)
            break; /* a write cut short: it is written over */
        hash_hex(hex, &one.object);
        e = store_files_aside_path(object, dir, l->chain, hex);
        if (!e && file_size(object, &size))
            a->bytes += size;
        a->known = a->known || (one.len == l->len && memcmp(one.text, l->text, one.len) == 0);
        a->end += one.len;
        a->labels++;
    }
    buf_free(&text);
    return e;
}

enum err store_files_aside(const char *dir, const struct label *l, const void *batch, size_t n, bool *kept)
{
    struct aside_list a;
    char path[STORE_PATH], hex[HASH_HEX];
    *kept = false;
    enum err e = store_files_aside_folder(dir, l->chain);
    if (!e)
        e = aside_look(dir, l, &a);
    if (e || a.known || a.labels >= ASIDE_LABELS_MAX)
        return e;
    hash_hex(hex, &l->object);
    e = store_files_aside_path(path, dir, l->chain, hex);
    if (!e && n && a.bytes + n <= ASIDE_BYTES_MAX)
        e = file_write_soon(path, batch, n, 0600);
    if (!e)
        e = store_files_aside_path(path, dir, l->chain, "labels");
    if (!e && file_exists(path) && truncate(path, (off_t)a.end) < 0)
        e = err_errno(ERR_IO, "cannot cut %s", path);
    if (!e)
        e = append(path, (off_t)a.end, l->text, l->len, true);
    *kept = !e;
    return e;
}

enum err store_files_alarm(const char *dir, const char *chain, const struct store_alarm *a)
{
    char path[STORE_PATH], held[HASH_HEX], other[HASH_HEX], when[CLOCK_TEXT];
    struct buf text = {0};
    hash_hex(held, &a->held);
    hash_hex(other, &a->other);
    clock_text(when, clock_wall());
    enum err e = store_files_aside_folder(dir, chain);
    if (!e)
        e = store_files_aside_path(path, dir, chain, "alarm");
    if (!e)
        e = buf_fmt(&text, "feldsher-alarm 1\nchain: %s\nseq: %llu\nheld: %s\nother: %s\ntime: %s\n", chain,
                    (unsigned long long)a->seq, held, other, when);
    if (!e)
        e = file_write(path, text.p, text.len, 0600);
    buf_free(&text);
    return e;
}

enum err store_files_read_alarm(const char *dir, const char *chain, struct store_alarm *a)
{
    char path[STORE_PATH];
    struct buf file = {0};
    struct text t;
    struct field f;
    unsigned version, seen = 0;
    enum err e = store_files_aside_path(path, dir, chain, "alarm");
    if (!e)
        e = file_read(path, TEXT_LINE_MAX, &file);
    if (!e)
        e = text_open(&t, "alarm", &version, (const char *)file.p, file.len);
    while (!e && (e = text_next(&t, &f)) == ERR_OK) {
        if (span_is(f.key, "seq") && bytes_decimal(&a->seq, f.value.p, f.value.n, INT64_MAX) && a->seq)
            seen |= 1;
        else if (span_is(f.key, "held") && hash_unhex(&a->held, f.value.p, f.value.n))
            seen |= 2;
        else if (span_is(f.key, "other") && hash_unhex(&a->other, f.value.p, f.value.n))
            seen |= 4;
    }
    buf_free(&file);
    if (e == ERR_END)
        e = seen == 7 ? ERR_OK : ERR_DATA;
    return e == ERR_DATA ? err_set(ERR_BAD, "%s is damaged", path) : e;
}

/* Where the next line of `removed` goes, and whether a write that was cut
 * short must be ended first: then it is a line that says nothing. */
static enum err removed_end(const char *path, off_t *end, bool *torn)
{
    char last = '\n';
    *end = 0;
    *torn = false;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? ERR_OK : err_errno(ERR_IO, "cannot open %s", path);
    enum err e = ERR_OK;
    *end = lseek(fd, 0, SEEK_END);
    if (*end < 0 || (*end > 0 && pread(fd, &last, 1, *end - 1) != 1))
        e = err_errno(ERR_IO, "cannot read %s", path);
    *torn = last != '\n';
    file_close(&fd);
    return e;
}

enum err store_files_retire(const char *dir, const struct hash *parts, const char *order, int64_t now)
{
    char path[STORE_PATH], line[REMOVED_LINE_MAX], hex[HASH_HEX], when[CLOCK_TEXT];
    off_t end;
    bool torn;
    hash_hex(hex, parts);
    clock_text(when, now);
    enum err e = file_path(path, dir, "removed");
    if (!e)
        e = removed_end(path, &end, &torn);
    if (e)
        return e;
    const char *before = end == 0 ? REMOVED_MAGIC : torn ? "\n" : "";
    int n = order[0] ? snprintf(line, sizeof line, "%sdestroyed: %s %s %s\n", before, hex, order, when)
                     : snprintf(line, sizeof line, "%sexpired: %s %s\n", before, hex, when);
    return append(path, end, line, (size_t)n, true);
}

static enum err read_retired(struct span line, store_files_retired_fn *fn, void *ctx)
{
    struct span key, hex, id;
    struct hash parts;
    char order[NOTICE_ID] = "";
    bool destroyed = span_word(&line, &key) && span_is(key, "destroyed:");
    if ((!destroyed && !span_is(key, "expired:")) || !span_word(&line, &hex) || !hash_unhex(&parts, hex.p, hex.n))
        return ERR_OK; /* the magic line, or one of a later version */
    if (destroyed && (!span_word(&line, &id) || !span_copy(id, order, sizeof order)))
        return ERR_OK;
    return fn(ctx, &parts, order);
}

enum err store_files_each_retired(const char *dir, uint64_t from, uint64_t *end, store_files_retired_fn *fn, void *ctx)
{
    char path[STORE_PATH];
    struct buf text = {0};
    *end = from;
    enum err e = file_path(path, dir, "removed");
    if (!e)
        e = file_read(path, BUF_MAX, &text);
    const char *p = (const char *)text.p;
    while (!e && *end < text.len) {
        const char *lf = memchr(p + *end, '\n', text.len - (size_t)*end);
        if (!lf)
            break;
        e = read_retired((struct span){p + *end, (size_t)(lf - p) - (size_t)*end}, fn, ctx);
        *end = (uint64_t)(lf - p) + 1;
    }
    buf_free(&text);
    return e == ERR_NOINPUT ? ERR_OK : e;
}
