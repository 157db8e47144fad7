#include "tui/backup.h"

#include "storage/base/bytes.h"
#include "storage/base/file.h"
#include "storage/base/text.h"
#include "storage/seal/age.h"
#include "storage/vault/object.h"
#include "storage/vault/verify.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOT "feldsher-backup"
#define CHUNK (256u << 10)
#define KEY_FILE_MAX 4096u
#define DEPTH_MAX 4u /* of folders under keys/ and chain/ */

/* What is copied besides objects: in this order, the chain before anything
 * that it names can change. */
static const char *const trees[] = {"chain", "notices", "keys", "drafts"};
static const char *const files[] = {"roster", "sums", "station.conf"};

struct copying {
    const char *from;
    const char *to;
    struct queue *queue; /* with it, blobs are left out */
    struct backup_report *r;
    struct pulse *pulse;
};

static enum err pour(int in, int out, const char *path, struct hash *h, uint64_t *bytes)
{
    uint8_t *chunk = malloc(CHUNK);
    struct hash_state state;
    enum err e = chunk ? ERR_OK : err_set(ERR_NOMEM, "out of memory");
    hash_init(&state);
    *bytes = 0;
    while (!e) {
        ssize_t n = read(in, chunk, CHUNK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            e = err_errno(ERR_IO, "cannot read %s", path);
        if (n <= 0)
            break;
        hash_add(&state, chunk, (size_t)n);
        *bytes += (uint64_t)n;
        if (out >= 0)
            e = file_write_fd(out, chunk, (size_t)n, path);
    }
    *h = hash_end(&state);
    free(chunk);
    return e;
}

/* What stands on the medium, not in memory. */
static enum err read_back(int fd, const char *path, const struct hash *want)
{
    struct hash got;
    uint64_t bytes;
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    if (lseek(fd, 0, SEEK_SET) < 0)
        return err_errno(ERR_IO, "cannot read back %s", path);
    enum err e = pour(fd, -1, path, &got, &bytes);
    if (!e && !hash_same(&got, want))
        e = err_set(ERR_IO, "%s reads back other than it was written; take another medium", path);
    return e;
}

/* name: an object's, or NULL. ERR_BAD: the source is not what its name says. */
static enum err copy_file(const char *from, const char *to, const struct hash *name, struct backup_report *r)
{
    char part[4096];
    struct hash h;
    uint64_t bytes = 0;
    if (strlen(to) > sizeof part - 8)
        return err_set(ERR_DATA, "path too long: %.200s...", to);
    snprintf(part, sizeof part, "%.4080s.part", to);
    int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (in < 0)
        return err_errno(errno == ENOENT ? ERR_NOINPUT : ERR_IO, "cannot open %s", from);
    int out = open(part, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    enum err e = out < 0 ? err_errno(ERR_IO, "cannot write %s", part) : pour(in, out, from, &h, &bytes);
    if (!e && name && !hash_same(&h, name))
        e = err_set(ERR_BAD, "%s is not what its name says", from);
    if (!e)
        e = file_sync_fd(out, part);
    if (!e)
        e = read_back(out, part, &h);
    file_close(&in);
    if (out >= 0 && close(out) < 0 && !e)
        e = err_errno(ERR_IO, "cannot close %s", part);
    if (!e)
        e = file_rename(part, to);
    if (e)
        unlink(part);
    if (!e) {
        r->files++;
        r->bytes += bytes;
    }
    return e;
}

/* Not the bare keys (they go into secret.age), nor what is being written. */
static bool is_copied(const char *name)
{
    static const char *const never[] = {".key", ".lock", ".part", ".tmp"};
    size_t n = strlen(name);
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        if (n >= strlen(never[i]) && strcmp(name + n - strlen(never[i]), never[i]) == 0)
            return false;
    return name[0] != '.' && !strstr(name, ".tmp.");
}

/* Regular files and folders under one folder; links and devices are not followed. */
static enum err copy_tree(struct copying *c, const char *folder, unsigned depth)
{
    char from[4096], to[4096], name[4096];
    enum err e = file_path(from, c->from, folder);
    if (!e)
        e = file_path(to, c->to, folder);
    DIR *d = e ? NULL : opendir(from);
    if (!e && !d)
        return errno == ENOENT ? ERR_OK : err_errno(ERR_IO, "cannot open %s", from);
    if (!e)
        e = file_mkdirs(to, 0700);
    for (struct dirent *f; d && !e && (f = readdir(d));) {
        struct stat st;
        if (!is_copied(f->d_name))
            continue;
        e = file_path(name, folder, f->d_name);
        if (!e)
            e = file_path(from, c->from, name);
        if (!e)
            e = file_path(to, c->to, name);
        if (e || lstat(from, &st) < 0)
            continue;
        if (S_ISDIR(st.st_mode) && depth)
            e = copy_tree(c, name, depth - 1);
        else if (S_ISREG(st.st_mode))
            e = copy_file(from, to, NULL, c->r);
    }
    if (d)
        closedir(d);
    return e;
}

/* An object that goes along; its size. */
static bool goes(const struct copying *c, const struct hash *name, const char *path, uint64_t *size)
{
    char chain[CHAIN_ID];
    uint64_t there, seq;
    enum queue_kind kind;
    if (!name || !file_size(path, size))
        return false;
    return !c->queue || queue_owner(c->queue, name, chain, &seq, &there, &kind) != ERR_OK || kind != QUEUE_OBJ_BLOB;
}

static enum err expect_object(void *ctx, const struct hash *name, const char *path)
{
    struct copying *c = ctx;
    uint64_t size;
    if (goes(c, name, path, &size))
        pulse_expect(c->pulse, size);
    return ERR_OK;
}

static enum err copy_object(void *ctx, const struct hash *name, const char *path)
{
    struct copying *c = ctx;
    char to[OBJECT_PATH];
    uint64_t size, there;
    if (!goes(c, name, path, &size))
        return ERR_OK;
    pulse_add(c->pulse, size);
    if (object_size(c->to, name, &there) && there == size) {
        c->r->there++;
        return ERR_OK;
    }
    enum err e = object_path(to, c->to, name);
    if (!e) {
        char *slash = strrchr(to, '/');
        *slash = '\0';
        e = file_mkdirs(to, 0700);
        *slash = '/';
    }
    if (!e)
        e = copy_file(path, to, name, c->r);
    if (e == ERR_BAD || e == ERR_NOINPUT) { /* NOINPUT: removed meanwhile */
        c->r->damaged += e == ERR_BAD;
        e = ERR_OK;
    }
    return e;
}

static enum err copy_all(struct copying *c)
{
    char from[4096], to[4096];
    enum err e = file_mkdirs(c->to, 0700);
    for (size_t i = 0; i < sizeof trees / sizeof trees[0] && !e; i++)
        e = copy_tree(c, trees[i], DEPTH_MAX);
    if (!e && c->pulse)
        e = object_each(c->from, expect_object, c);
    if (!e)
        e = object_each(c->from, copy_object, c);
    if (!e)
        pulse_end(c->pulse);
    for (size_t i = 0; i < sizeof files / sizeof files[0] && !e; i++) {
        e = file_path(from, c->from, files[i]);
        if (!e)
            e = file_path(to, c->to, files[i]);
        if (!e)
            e = copy_file(from, to, NULL, c->r);
    }
    return e;
}

/* "NAME: BASE64" of a key file. */
static enum err add_key(const char *dir, const char *name, struct buf *out)
{
    char path[4096], b64[BYTES_B64(KEY_FILE_MAX)];
    struct buf key = {.secret = 1};
    enum err e = file_path(path, dir, name);
    if (!e)
        e = file_read(path, KEY_FILE_MAX, &key);
    if (!e) {
        bytes_b64(b64, key.p, key.len, true);
        e = buf_fmt(out, "%s: %s\n", name, b64);
    }
    explicit_bzero(b64, sizeof b64);
    buf_free(&key);
    return e;
}

static enum err write_secret(const char *from, const char *root, const struct user *u)
{
    char path[4096];
    struct buf text = {.secret = 1}, sealed = {0};
    enum err e = buf_str(&text, "feldsher-backup-secret 1\n");
    if (!e)
        e = add_key(from, "keys/station.key", &text);
    if (!e)
        e = add_key(from, "keys/link.key", &text);
    if (!e)
        e = age_seal_bytes(&u->id.to, 1, text.p, text.len, &sealed);
    if (!e)
        e = file_path(path, root, "secret.age");
    if (!e)
        e = file_write(path, sealed.p, sealed.len, 0600);
    buf_free(&text);
    buf_free(&sealed);
    return e;
}

enum err backup_write(const struct station *s, const struct user *u, const char *dir, bool blobs, struct pulse *pulse,
                      struct backup_report *r)
{
    char root[4096], path[4096], when[CLOCK_TEXT];
    struct buf mark = {0};
    *r = (struct backup_report){0};
    struct copying c = {.from = s->dir, .to = root, .queue = blobs ? NULL : s->queue, .r = r, .pulse = pulse};
    clock_text(when, clock_wall());
    enum err e = file_path(root, dir, ROOT);
    if (!e)
        e = copy_all(&c);
    if (!e)
        e = write_secret(s->dir, root, u);
    if (!e)
        e = buf_fmt(&mark, "feldsher-backup 1\nstation: %s\nchain: %s\nuser: %s\ntime: %s\nblobs: %s\n", s->name,
                    s->chain, u->name, when, blobs ? "yes" : "no");
    if (!e)
        e = file_path(path, root, "backup");
    if (!e)
        e = file_write(path, mark.p, mark.len, 0600);
    buf_free(&mark);
    return e;
}

enum err backup_users(const char *dir, struct buf *names, size_t *n)
{
    char path[4096];
    *n = 0;
    enum err e = file_path(path, dir, ROOT "/backup");
    if (!e && !file_exists(path))
        return err_set(ERR_NOINPUT, "there is no whole backup in %s", dir);
    if (!e)
        e = file_path(path, dir, ROOT "/keys");
    DIR *d = e ? NULL : opendir(path);
    for (struct dirent *f; d && !e && (f = readdir(d));) {
        size_t len = strlen(f->d_name);
        if (len < 5 || strcmp(f->d_name + len - 4, ".age") != 0)
            continue;
        e = buf_add(names, f->d_name, len - 4);
        if (!e)
            e = buf_add(names, "", 1);
        (*n)++;
    }
    if (d)
        closedir(d);
    return e;
}

static enum err put_key(const char *to, struct span value, const char *name)
{
    char path[4096];
    uint8_t key[KEY_FILE_MAX];
    size_t n = 0;
    enum err e = bytes_unb64(key, sizeof key, &n, value.p, value.n, true) ? file_path(path, to, name)
                                                                          : err_set(ERR_BAD, "secret.age is damaged");
    if (!e)
        e = file_write(path, key, n, 0600);
    explicit_bzero(key, sizeof key);
    return e;
}

/* station.key and link.key out of secret.age. */
static enum err read_secret(const char *root, const char *to, const struct user *u)
{
    char path[4096];
    struct buf sealed = {0}, text = {.secret = 1};
    struct text t;
    struct field f;
    unsigned version, found = 0;
    enum err e = file_path(path, root, "secret.age");
    if (!e)
        e = file_read(path, AGE_HEADER_MAX + 4 * KEY_FILE_MAX, &sealed);
    if (!e)
        e = age_open_bytes(&u->id, 1, sealed.p, sealed.len, &text);
    if (!e)
        e = text_open(&t, "backup-secret", &version, (const char *)text.p, text.len);
    while (!e && (e = text_next(&t, &f)) == ERR_OK) {
        bool station = span_is(f.key, "keys/station.key");
        if (!station && !span_is(f.key, "keys/link.key"))
            continue;
        e = put_key(to, f.value, station ? "keys/station.key" : "keys/link.key");
        found++;
    }
    buf_free(&sealed);
    buf_free(&text);
    return e == ERR_END ? (found == 2 ? ERR_OK : err_set(ERR_BAD, "secret.age lacks a key")) : e;
}

static enum err open_backup_user(const char *root, const char *name, const char *pass, size_t pass_len, struct user **u)
{
    char path[4096], file[NAME_LEN + 16];
    struct buf key = {0};
    *u = NULL;
    if (strlen(name) >= NAME_LEN || !text_is_name(name, false))
        return err_set(ERR_USAGE, "%s is no user's name", name);
    snprintf(file, sizeof file, "keys/%s.age", name);
    enum err e = file_path(path, root, file);
    if (!e)
        e = file_read(path, AGE_HEADER_MAX, &key);
    if (e == ERR_NOINPUT)
        e = err_set(ERR_DENIED, "wrong user or passphrase");
    if (!e)
        e = user_open(u, name, key.p, key.len, pass, pass_len);
    buf_free(&key);
    return e;
}

/* The half-made folder becomes a station that waits for its hub. */
static enum err wake(const char *part)
{
    struct station *s = NULL;
    char when[CLOCK_TEXT];
    clock_text(when, clock_wall());
    enum err e = station_open(&s, part, 0);
    if (!e)
        e = queue_set_job(s->queue, "restored", s->chain, when, strlen(when));
    if (!e)
        e = rebuild_queue(part, s, NULL);
    station_close(s);
    return e;
}

enum err backup_restore(const char *dir, const char *target, const char *user, const char *pass, size_t pass_len,
                        struct pulse *pulse, struct backup_report *r)
{
    char root[4096], part[4096];
    struct user *u = NULL;
    *r = (struct backup_report){0};
    struct copying c = {.from = root, .to = part, .r = r, .pulse = pulse};
    size_t n = strlen(target);
    while (n > 1 && target[n - 1] == '/')
        n--;
    if (n > 4000)
        return err_set(ERR_DATA, "path too long: %.200s...", target);
    snprintf(part, sizeof part, "%.*s.restoring", (int)n, target);
    if (!file_is_empty_dir(target))
        return err_set(ERR_CREATE, "%s is not an empty folder; a backup is restored into an empty one", target);
    enum err e = file_path(root, dir, ROOT);
    if (!e)
        e = open_backup_user(root, user, pass, pass_len, &u);
    if (!e)
        e = copy_all(&c);
    if (!e)
        e = read_secret(root, part, u);
    if (!e)
        e = wake(part);
    if (!e)
        e = file_rename(part, target);
    user_free(u);
    return e;
}
