#include "storage/trust/authority.h"
#include "storage/trust/authority_inside.h"

#include "storage/base/bytes.h"
#include "storage/base/clock.h"
#include "storage/base/file.h"
#include "storage/base/text.h"
#include "storage/seal/age.h"
#include "storage/seal/minisign.h"
#include "storage/seal/passphrase.h"
#include "storage/seal/shares.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int64_t authority_now(const struct authority *a)
{
    int64_t wall = clock_wall();
    return wall > a->roster->time ? wall : a->roster->time;
}

enum err authority_path(char out[static 4096], const struct authority *a, const char *sub, const char *name)
{
    char dir[4096];
    enum err e = file_path(dir, a->dir, sub);
    return e ? e : file_path(out, dir, name);
}

enum err authority_each_file(const struct authority *a, const char *sub, authority_file_fn *fn, void *ctx)
{
    char dir[4096];
    enum err e = file_path(dir, a->dir, sub);
    if (e)
        return e;
    DIR *d = opendir(dir);
    if (!d)
        return errno == ENOENT ? ERR_OK : err_errno(ERR_IO, "cannot open folder %s", dir);
    errno = 0;
    for (struct dirent *f; !e && (f = readdir(d)) != NULL; errno = 0)
        if (f->d_name[0] != '.')
            e = fn(ctx, f->d_name);
    if (!e && errno)
        e = err_errno(ERR_IO, "cannot read folder %s", dir);
    closedir(d);
    return e;
}

void authority_free(struct authority *a)
{
    if (!a)
        return;
    roster_free(a->roster);
    free(a->renewed);
    free(a->grants);
    sodium_free(a);
}

const struct roster *authority_roster(const struct authority *a)
{
    return a->roster;
}

static enum err empty(struct authority **out, const char *dir)
{
    struct authority *a = sodium_malloc(sizeof *a);
    if (!a)
        return err_set(ERR_NOMEM, "out of locked memory");
    sodium_memzero(a, sizeof *a);
    if (strlen(dir) >= sizeof a->dir) {
        sodium_free(a);
        return err_set(ERR_DATA, "path too long: %.200s...", dir);
    }
    strcpy(a->dir, dir);
    *out = a;
    return ERR_OK;
}

/* authority.age */
static enum err write_secret(const struct authority *a, const char *pass, size_t pass_len)
{
    struct buf text = {.secret = 1}, file = {0};
    char seed[BYTES_B64(32)], path[4096];
    bytes_b64(seed, a->key.seed, sizeof a->key.seed, true);
    enum err e = buf_fmt(&text, "feldsher-authority 1\ndistrict: %s\nseed: %s\n", a->district, seed);
    if (!e)
        e = age_seal_bytes_pass(pass, pass_len, AGE_SCRYPT_LOGN, text.p, text.len, &file);
    if (!e)
        e = file_path(path, a->dir, "authority.age");
    if (!e)
        e = file_create(path, file.p, file.len, 0600);
    sodium_memzero(seed, sizeof seed);
    buf_free(&text);
    buf_free(&file);
    return e;
}

static bool read_secret_text(struct authority *a, const struct buf *text)
{
    struct text t;
    struct field f;
    unsigned version, seen = 0;
    enum err e = text_open(&t, "authority", &version, (const char *)text->p, text->len);
    while (!e && (e = text_next(&t, &f)) == ERR_OK) {
        uint8_t seed[32];
        size_t n;
        if (span_is(f.key, "district") && span_copy(f.value, a->district, sizeof a->district))
            seen |= 1;
        if (span_is(f.key, "seed") && bytes_unb64(seed, sizeof seed, &n, f.value.p, f.value.n, true) &&
            n == sizeof seed) {
            sign_from_seed(&a->key, seed);
            seen |= 2;
        }
        sodium_memzero(seed, sizeof seed);
    }
    return e == ERR_END && seen == 3;
}

static enum err read_secret(struct authority *a, const char *pass, size_t pass_len)
{
    struct buf file = {0}, text = {.max = TEXT_LINE_MAX, .secret = 1};
    char path[4096];
    enum err e = file_path(path, a->dir, "authority.age");
    if (!e)
        e = file_read(path, AGE_HEADER_MAX, &file);
    if (e == ERR_NOINPUT)
        err_set(e, "there is no authority in %s", a->dir);
    if (!e) {
        e = age_open_bytes_pass(pass, pass_len, file.p, file.len, &text);
        if (e == ERR_DENIED || e == ERR_DATA || (!e && !read_secret_text(a, &text)))
            e = err_set(ERR_DENIED,
                        "cannot unlock the authority in %s: the passphrase is wrong, or the file is damaged", a->dir);
    }
    buf_free(&file);
    buf_free(&text);
    return e;
}

static enum err higher(void *highest, const char *name)
{
    uint64_t *h = highest, n;
    if (bytes_decimal(&n, name, strlen(name), INT64_MAX) && n > *h)
        *h = n;
    return ERR_OK;
}

/* The highest number in rosters/; 0: none. */
static enum err highest(const struct authority *a, uint64_t *n)
{
    *n = 0;
    return authority_each_file(a, "rosters", higher, n);
}

static enum err roster_path(char out[static 4096], const struct authority *a, uint64_t n)
{
    char name[32];
    snprintf(name, sizeof name, "%" PRIu64, n);
    return authority_path(out, a, "rosters", name);
}

struct settling {
    const struct authority *a;
    size_t n;
};

static enum err count(void *settling, const char *name)
{
    (void)name;
    ((struct settling *)settling)->n++;
    return ERR_OK;
}

/* A staged notice whose roster was written is published; of one that never
 * was, it must not get out: its keys are sealed to people who were to stay. */
static enum err settle_one(void *settling, const char *name)
{
    const struct authority *a = ((const struct settling *)settling)->a;
    char from[4096], to[4096];
    const char *dot = strchr(name, '.');
    uint64_t n;
    bool written = dot && bytes_decimal(&n, name, (size_t)(dot - name), INT64_MAX) && n <= a->roster->number &&
                   !strchr(dot + 1, '.');
    enum err e = authority_path(from, a, "staged", name);
    if (!e && written)
        e = authority_path(to, a, "notices", dot + 1);
    if (e)
        return e;
    return written ? file_rename(from, to) : file_remove(from);
}

/* What file_create was writing when it was killed. */
static enum err sweep(void *settling, const char *name)
{
    const struct authority *a = ((const struct settling *)settling)->a;
    char path[4096];
    if (!strstr(name, ".tmp."))
        return ERR_OK;
    enum err e = authority_path(path, a, "rosters", name);
    return e ? e : file_remove(path);
}

/* Does nothing where nothing is left, so that a read-only folder opens. */
static enum err settle_staged(const struct authority *a)
{
    struct settling s = {.a = a};
    enum err e = authority_each_file(a, "rosters", sweep, &s);
    if (!e)
        e = authority_each_file(a, "staged", count, &s);
    return e || s.n == 0 ? e : authority_each_file(a, "staged", settle_one, &s);
}

/* What else belongs to rosters/N once that stands. */
static enum err settle(const struct authority *a)
{
    const struct buf *text = &a->roster->text;
    struct buf now = {0};
    char path[4096];
    enum err e = settle_staged(a);
    if (!e)
        e = file_path(path, a->dir, "roster");
    if (!e && (file_read(path, ROSTER_MAX, &now) || now.len != text->len || memcmp(now.p, text->p, now.len) != 0))
        e = file_write(path, text->p, text->len, 0644);
    buf_free(&now);
    return e;
}

static enum err lock(const struct authority *a, int *fd)
{
    char path[4096];
    enum err e = file_path(path, a->dir, "lock");
    return e ? e : file_lock(path, true, true, fd);
}

static enum err make_folders(const struct authority *a)
{
    static const char *const subs[] = {"rosters", "notices", "staged"};
    char path[4096];
    enum err e = ERR_OK;
    for (size_t i = 0; i < sizeof subs / sizeof subs[0] && !e; i++) {
        e = file_path(path, a->dir, subs[i]);
        if (!e)
            e = file_mkdirs(path, 0700);
    }
    return e;
}

/* Who is out of force by date since the last save has left the circles. */
static enum err renew_expired(struct authority *a, int64_t now)
{
    const struct roster *r = a->roster;
    enum err e = ERR_OK;
    for (size_t i = 0; i < r->n_users && !e; i++)
        if (!r->users[i].revoked && r->users[i].until > r->time && r->users[i].until <= now)
            e = authority_circle_renew_all(a, r->users[i].circles);
    return e;
}

static enum err write_roster(struct authority *a)
{
    char path[4096];
    enum err e = roster_sign(a->roster, &a->key);
    if (!e)
        e = authority_circle_stage(a);
    if (!e)
        e = roster_path(path, a, a->roster->number);
    /* this one file decides: with it the change is made, without it nothing is */
    if (!e)
        e = file_create(path, a->roster->text.p, a->roster->text.len, 0644);
    return e;
}

static enum err save_locked(struct authority *a)
{
    struct roster *r = a->roster;
    uint64_t on_disk;
    int64_t now = authority_now(a), before = r->time;
    enum err e = highest(a, &on_disk);
    if (!e && on_disk != r->number)
        e = err_set(ERR_AGAIN, "another program changed the authority in %s meanwhile", a->dir);
    if (!e)
        e = make_folders(a);
    if (!e)
        e = settle_staged(a);
    if (!e)
        e = renew_expired(a, now);
    if (e)
        return e;
    r->number++;
    r->time = now;
    e = write_roster(a);
    if (e) {
        r->number--;
        r->time = before;
        return e;
    }
    a->n_renewed = a->n_grants = 0;
    return settle(a);
}

enum err authority_save(struct authority *a)
{
    int fd = -1;
    enum err e = lock(a, &fd);
    if (!e)
        e = save_locked(a);
    file_close(&fd);
    return e;
}

static enum err write_once(const struct authority *a, const char *name, const void *p, size_t n)
{
    char path[4096];
    enum err e = file_path(path, a->dir, name);
    return e || file_exists(path) ? e : file_create(path, p, n, 0644);
}

/* authority.pub and authority.pem, where they are not there yet. */
static enum err write_public(const struct authority *a)
{
    struct buf pub = {0};
    char comment[NAME_LEN + 64], pem[SIGN_PEM];
    snprintf(comment, sizeof comment, "feldsher authority of %s", a->district);
    sign_public_pem(pem, &a->key.pub);
    enum err e = minisign_public_file(&pub, comment, &a->key.pub);
    if (!e)
        e = write_once(a, "authority.pub", pub.p, pub.len);
    if (!e)
        e = write_once(a, "authority.pem", pem, strlen(pem));
    buf_free(&pub);
    return e;
}

/* ERR_OK also where there is none. */
static enum err check_public(const struct authority *a, bool *there)
{
    struct buf file = {0};
    struct sign_public pub;
    char path[4096];
    enum err e = file_path(path, a->dir, "authority.pub");
    if (!e)
        e = file_read(path, TEXT_LINE_MAX, &file);
    *there = !e;
    if (!e) {
        const char *text = (const char *)file.p, *key = file.len ? strchr(text, '\n') : NULL;
        if (!key || !sign_public_parse(&pub, key + 1, strcspn(key + 1, "\n")) || !sign_same(&pub, &a->key.pub))
            e = err_set(ERR_BAD, "%s is not the key of this authority", path);
    }
    buf_free(&file);
    return e == ERR_NOINPUT ? ERR_OK : e;
}

static enum err first_roster(struct authority *a)
{
    a->roster = calloc(1, sizeof *a->roster);
    if (!a->roster)
        return err_set(ERR_NOMEM, "out of memory");
    strcpy(a->roster->district, a->district);
    return save_locked(a);
}

static enum err newest_roster(struct authority *a, uint64_t number)
{
    char path[4096];
    enum err e = roster_path(path, a, number);
    if (!e)
        e = roster_read(&a->roster, path, &a->key.pub);
    if (!e && (a->roster->number != number || strcmp(a->roster->district, a->district) != 0))
        e = err_set(ERR_BAD, "%s is another roster than its place says", path);
    return e ? e : settle(a);
}

/* With the seed known: the newest roster, and what an init or a save that was
 * cut short left undone. The public key is written last. */
static enum err load(struct authority *a)
{
    uint64_t number = 0;
    bool published = false;
    int fd = -1;
    enum err e = lock(a, &fd);
    if (!e)
        e = check_public(a, &published);
    if (!e)
        e = highest(a, &number);
    if (!e && number)
        e = newest_roster(a, number);
    else if (!e && published)
        e = err_set(ERR_DATA,
                    "the rosters of the authority in %s are missing; put them back, or join it anew from its "
                    "shares and a station's roster",
                    a->dir);
    else if (!e)
        e = first_roster(a);
    if (!e)
        e = write_public(a);
    file_close(&fd);
    return e;
}

enum err authority_open(struct authority **out, const char *dir, const char *pass, size_t pass_len)
{
    struct authority *a = NULL;
    *out = NULL;
    enum err e = empty(&a, dir);
    if (e || !a)
        return e;
    e = read_secret(a, pass, pass_len);
    if (!e)
        e = load(a);
    if (e)
        authority_free(a);
    else
        *out = a;
    return e;
}

/* A folder for the seed and district in a, where nothing of an authority is. */
static enum err make_folder(const struct authority *a, const char *pass, size_t pass_len)
{
    static const char *const parts[] = {"authority.age", "authority.pub", "roster"};
    char path[4096];
    enum err e = passphrase_check(pass, pass_len);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && !e; i++) {
        e = file_path(path, a->dir, parts[i]);
        if (!e && file_exists(path))
            e = err_set(ERR_CREATE, "%s is there already: an authority is never overwritten", path);
    }
    if (!e)
        e = file_mkdirs(a->dir, 0700);
    if (!e && chmod(a->dir, 0700) < 0 && errno != EPERM) /* a stick may know no modes */
        e = err_errno(ERR_CREATE, "cannot close the folder %s to others", a->dir);
    return e ? e : make_folders(a);
}

enum err authority_init(const char *dir, const char *district, const char *pass, size_t pass_len)
{
    struct authority *a = NULL;
    uint64_t number = 0;
    if (!text_is_name(district, false))
        return err_set(ERR_DATA, "not a district's name (1 to 63 of a-z, 0-9 and -): %s", district);
    enum err e = empty(&a, dir);
    if (e || !a)
        return e;
    strcpy(a->district, district);
    sign_new(&a->key);
    e = make_folder(a, pass, pass_len);
    if (!e)
        e = highest(a, &number);
    if (!e && number)
        e = err_set(ERR_CREATE, "%s holds the rosters of an authority already; join it from its shares", dir);
    if (!e)
        e = write_secret(a, pass, pass_len);
    if (!e)
        e = load(a);
    authority_free(a);
    return e;
}

enum err authority_split(const struct authority *a, struct share *shares)
{
    shares_split(shares, a->key.seed);
    return ERR_OK;
}

static enum err join(struct authority *a, const struct share *x, const struct share *y, const char *text, size_t n)
{
    enum err e = shares_join(a->key.seed, x, y);
    if (e)
        return e;
    uint8_t seed[32];
    memcpy(seed, a->key.seed, sizeof seed);
    sign_from_seed(&a->key, seed);
    sodium_memzero(seed, sizeof seed);
    struct roster *r;
    e = roster_parse(&r, text, n, &a->key.pub);
    if (e == ERR_BAD)
        err_set(e, "these two shares are not of the authority that signed this roster");
    if (e)
        return e;
    strcpy(a->district, r->district);
    a->roster = r;
    return ERR_OK;
}

enum err authority_join(const char *dir, const struct share *x, const struct share *y, const char *roster, size_t n,
                        const char *pass, size_t pass_len)
{
    struct authority *a = NULL;
    char path[4096];
    if (!roster || n == 0)
        return err_set(ERR_DATA, "to join an authority its newest roster is needed too, for numbers never go back; "
                                 "take the file roster of a station or the hub");
    enum err e = empty(&a, dir);
    if (e || !a)
        return e;
    e = join(a, x, y, roster, n);
    if (!e)
        e = make_folder(a, pass, pass_len);
    if (!e)
        e = roster_path(path, a, a->roster->number);
    if (!e)
        e = file_write(path, roster, n, 0644);
    roster_free(a->roster);
    a->roster = NULL;
    if (!e)
        e = write_secret(a, pass, pass_len);
    if (!e)
        e = load(a);
    authority_free(a);
    return e;
}
