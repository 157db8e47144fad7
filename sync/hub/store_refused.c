#include "sync/hub/store_refused.h"

#include "storage/base/bytes.h"
#include "storage/base/clock.h"
#include "storage/base/file.h"
#include "storage/base/text.h"
#include "sync/hub/store_files.h"
#include "sync/limits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REASONS_MAX ((size_t)ASIDE_LABELS_MAX * 512)
#define KEPT ".refused"

/* The file name for what: "label N" as label-N, "object HASH" as HASH. */
static bool file_name(char out[static 100], const char *what)
{
    uint64_t seq;
    struct hash h;
    if (strncmp(what, "label ", 6) == 0 && bytes_decimal(&seq, what + 6, strlen(what + 6), INT64_MAX))
        snprintf(out, 100, "label-%.20s" KEPT, what + 6);
    else if (strncmp(what, "object ", 7) == 0 && hash_unhex(&h, what + 7, strlen(what + 7)))
        snprintf(out, 100, "%.64s" KEPT, what + 7);
    else
        return false;
    return true;
}

size_t store_refused_count(const struct store_refused_list *l)
{
    return l->list.len / sizeof(struct store_refused);
}

static struct store_refused *at(const struct store_refused_list *l, size_t i)
{
    void *p = l->list.p + i * sizeof(struct store_refused);
    return p;
}

const struct store_refused *store_refused_at(const struct store_refused_list *l, size_t i)
{
    return at(l, i);
}

static void drop(struct store_refused_list *l, size_t i)
{
    size_t n = store_refused_count(l);
    memmove(at(l, i), at(l, i + 1), (n - i - 1) * sizeof(struct store_refused));
    l->list.len -= sizeof(struct store_refused);
}

/* As much of why as fits, one clean line. */
static enum err copy_why(char *out, size_t cap, const char *why)
{
    struct buf clean = {0};
    struct text t;
    struct field f;
    enum err e = buf_fmt(&clean, "feldsher-x 1\nx: %.200s\n", why);
    unsigned version;
    bool fine = !e && text_open(&t, "x", &version, (const char *)clean.p, clean.len) == ERR_OK &&
                text_next(&t, &f) == ERR_OK && text_next(&t, &f) == ERR_END;
    buf_clear(&clean);
    if (!e)
        e = fine ? buf_fmt(&clean, "%.200s", why) : text_escape(&clean, why, strnlen(why, 60));
    if (!e)
        snprintf(out, cap, "%s", (const char *)clean.p);
    buf_free(&clean);
    return e;
}

enum err store_refused_note(struct store_refused_list *l, const char *what, const char *why, int64_t now,
                            struct store_refused *dropped)
{
    char name[100];
    struct store_refused new = {.time = now};
    *dropped = (struct store_refused){.time = 0};
    if (!file_name(name, what))
        return err_set(ERR_BUG, "nothing of the form \"%.40s\" is refused", what);
    snprintf(new.what, sizeof new.what, "%s", what);
    enum err e = copy_why(new.why, sizeof new.why, why[0] ? why : "-");
    for (size_t i = 0; i < store_refused_count(l) && !e; i++)
        if (strcmp(at(l, i)->what, what) == 0)
            drop(l, i--);
    if (!e && store_refused_count(l) >= ASIDE_LABELS_MAX) {
        *dropped = *at(l, 0);
        drop(l, 0);
    }
    return e ? e : buf_add(&l->list, &new, sizeof new);
}

const char *store_refused_aside(bool cloned)
{
    return cloned ? "set aside: its station was cloned" : "set aside: it is behind the revocation of its station";
}

void store_refused_free(struct store_refused_list *l)
{
    buf_free(&l->list);
}

static enum err parse(struct store_refused_list *l, const struct buf *file)
{
    struct text t;
    struct field f;
    unsigned version;
    enum err e = text_open(&t, "quarantine", &version, (const char *)file->p, file->len);
    while (!e && (e = text_next(&t, &f)) == ERR_OK) {
        struct store_refused r = {.time = 0};
        struct span when;
        char name[100];
        if (!span_word(&f.value, &when) || !clock_parse(&r.time, when.p, when.n) || f.value.n < 2 ||
            !span_copy((struct span){f.value.p + 1, f.value.n - 1}, r.why, sizeof r.why) ||
            !span_copy(f.key, r.what, sizeof r.what) || !file_name(name, r.what) ||
            store_refused_count(l) >= ASIDE_LABELS_MAX)
            continue; /* a line of a later version */
        e = buf_add(&l->list, &r, sizeof r);
    }
    return e == ERR_END ? ERR_OK : e;
}

static enum err read_list(const char *dir, const char *chain, struct store_refused_list *l)
{
    char path[STORE_PATH];
    struct buf file = {0};
    enum err e = store_files_aside_path(path, dir, chain, "reasons");
    if (!e)
        e = file_read(path, REASONS_MAX, &file);
    if (!e)
        e = parse(l, &file);
    buf_free(&file);
    return e == ERR_NOINPUT || e == ERR_DATA ? ERR_OK : e;
}

static enum err write_list(const char *dir, const char *chain, const struct store_refused_list *l)
{
    char path[STORE_PATH];
    struct buf text = {0};
    enum err e = store_files_aside_path(path, dir, chain, "reasons");
    if (!e)
        e = buf_str(&text, "feldsher-quarantine 1\n");
    for (size_t i = 0; i < store_refused_count(l) && !e; i++) {
        char when[CLOCK_TEXT];
        clock_text(when, at(l, i)->time);
        e = buf_fmt(&text, "%s: %s %s\n", at(l, i)->what, when, at(l, i)->why);
    }
    if (!e)
        e = file_write_soon(path, text.p, text.len, 0600);
    buf_free(&text);
    return e;
}

/* quarantine/CHAIN/NAME.refused */
static enum err kept_path(char out[static STORE_PATH], const char *dir, const char *chain, const char *what)
{
    char name[100];
    return file_name(name, what) ? store_files_aside_path(out, dir, chain, name) : ERR_BUG;
}

static enum err forget_bytes(const char *dir, const char *chain, const char *what)
{
    char path[STORE_PATH];
    if (!what[0])
        return ERR_OK;
    enum err e = kept_path(path, dir, chain, what);
    return e ? e : file_remove(path);
}

/* Bytes in quarantine/CHAIN, whatever they are. */
static enum err bytes_kept(const char *dir, const char *chain, uint64_t *sum)
{
    char path[STORE_PATH];
    *sum = 0;
    enum err e = store_files_aside_path(path, dir, chain, "");
    DIR *d = e ? NULL : opendir(path);
    if (!d)
        return e ? e : err_errno(ERR_IO, "cannot read %s", path);
    for (struct dirent *f; (f = readdir(d)) != NULL;) {
        struct stat st;
        if (fstatat(dirfd(d), f->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
            *sum += (uint64_t)st.st_size;
    }
    closedir(d);
    return ERR_OK;
}

/* Makes room for n bytes of the newest of the list, from the oldest on. */
static enum err make_room(const char *dir, const char *chain, const struct store_refused_list *l, uint64_t n,
                          bool *fits)
{
    uint64_t sum;
    enum err e = bytes_kept(dir, chain, &sum);
    *fits = false;
    for (size_t i = 0; i + 1 < store_refused_count(l) && !e && n <= ASIDE_BYTES_MAX && sum + n > ASIDE_BYTES_MAX; i++) {
        e = forget_bytes(dir, chain, at(l, i)->what);
        if (!e)
            e = bytes_kept(dir, chain, &sum);
    }
    *fits = !e && n <= ASIDE_BYTES_MAX && sum + n <= ASIDE_BYTES_MAX;
    return e;
}

/* Notes the line, and says whether n bytes may be kept at path. */
static enum err note(const char *dir, const char *chain, const char *what, const char *why, uint64_t n,
                     char path[static STORE_PATH], bool *fits)
{
    struct store_refused_list l = {{0}};
    struct store_refused dropped = {.time = 0};
    *fits = false;
    enum err e = store_files_aside_folder(dir, chain);
    if (!e)
        e = read_list(dir, chain, &l);
    if (!e)
        e = store_refused_note(&l, what, why, clock_wall(), &dropped);
    if (!e)
        e = forget_bytes(dir, chain, dropped.what);
    if (!e)
        e = kept_path(path, dir, chain, what);
    if (!e && n)
        e = file_remove(path);
    if (!e && n)
        e = make_room(dir, chain, &l, n, fits);
    if (!e)
        e = write_list(dir, chain, &l);
    store_refused_free(&l);
    return e;
}

enum err store_refused_add(const char *dir, const char *chain, const char *what, const char *why, const void *bytes,
                           size_t n)
{
    char path[STORE_PATH];
    bool fits;
    enum err e = note(dir, chain, what, why, n, path, &fits);
    return e || !fits ? e : file_write_soon(path, bytes, n, 0600);
}

enum err store_refused_move(const char *dir, const char *chain, const struct hash *object, const char *file,
                            uint64_t size, const char *why)
{
    char path[STORE_PATH], hex[HASH_HEX], what[80];
    bool fits;
    hash_hex(hex, object);
    snprintf(what, sizeof what, "object %s", hex);
    enum err e = note(dir, chain, what, why, size, path, &fits);
    if (!e && fits && rename(file, path) < 0)
        e = err_errno(ERR_IO, "cannot rename to %s", path);
    return e;
}

enum err store_refused_each(const char *dir, const char *chain, store_refused_fn *fn, void *ctx)
{
    struct store_refused_list l = {{0}};
    enum err e = read_list(dir, chain, &l);
    for (size_t i = 0; i < store_refused_count(&l) && !e; i++)
        e = fn(ctx, chain, at(&l, i));
    store_refused_free(&l);
    return e;
}
