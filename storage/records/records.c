#include "storage/records/records.h"

#include "storage/base/bytes.h"
#include "storage/base/file.h"
#include "storage/base/log.h"
#include "storage/records/records_inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME "records-"
#define NAME_FULL (sizeof NAME - 1 + 8 + 3) /* records-xxxxxxxx.db */

/* Generations of one circle stand side by side (user_add_key). */
static bool begins_circle(const struct user *u, size_t i)
{
    return i == 0 || strcmp(u->circles[i - 1].name, u->circles[i].name) != 0;
}

/* The file's name: a hash of the circles' names. */
static void name_of(char out[static 32], const struct user *u)
{
    struct hash_state h;
    char hex[HASH_HEX];
    hash_init(&h);
    for (size_t i = 0; i < u->n_circles; i++)
        if (begins_circle(u, i))
            hash_add(&h, u->circles[i].name, strlen(u->circles[i].name) + 1);
    struct hash of_names = hash_end(&h);
    hash_hex(hex, &of_names);
    snprintf(out, 32, NAME "%.8s.db", hex);
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

/* The file's key: BLAKE2b-256 under "feldsher-records" of the sorted secrets of
 * every generation that the user holds: who holds fewer of the same circles
 * does not see what the others opened. */
static enum err key_of(uint8_t key[static BLOCK_KEY], const struct user *u)
{
    static const uint8_t person[crypto_generichash_blake2b_PERSONALBYTES] = "feldsher-records";
    uint8_t(*secrets)[32] = sodium_allocarray(USER_CIRCLES_MAX, sizeof *secrets);
    size_t n = 0;
    if (!secrets)
        return err_set(ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < u->n_circles; i++)
        memcpy(secrets[n++], u->circles[i].id.sk, sizeof *secrets);
    qsort(secrets, n, sizeof *secrets, by_bytes);
    crypto_generichash_blake2b_salt_personal(key, BLOCK_KEY, secrets[0], n * sizeof *secrets, NULL, 0, NULL, person);
    sodium_free(secrets);
    return ERR_OK;
}

static void free_chains(struct records *r)
{
    for (size_t i = 0; i < r->n_chains; i++)
        receipt_free(r->chains[i].receipt);
    free(r->chains);
    r->chains = NULL;
    r->n_chains = 0;
}

/* NULL: out of memory. */
static struct records_chain *one_more(struct records *r, const char *chain, const char *station)
{
    struct records_chain *more = reallocarray(r->chains, r->n_chains + 1, sizeof *more);
    if (!more) {
        err_set(ERR_NOMEM, "out of memory");
        return NULL;
    }
    r->chains = more;
    struct records_chain *c = &more[r->n_chains++];
    *c = (struct records_chain){.n = (int64_t)r->n_chains};
    snprintf(c->chain, CHAIN_ID, "%s", chain);
    snprintf(c->station, NAME_LEN, "%s", station);
    return c;
}

enum err records_read_chains(struct records *r)
{
    enum err e;
    free_chains(r);
    sqlite3_stmt *s = records_sql(&r->sql, SQL_CHAINS, &e);
    if (!s)
        return e;
    while (!(e = records_sql_row(&r->sql, s))) {
        const char *chain = (const char *)sqlite3_column_text(s, 1);
        const char *station = (const char *)sqlite3_column_text(s, 2);
        if (!chain || strlen(chain) != CHAIN_ID - 1 || sqlite3_column_int64(s, 0) != (int64_t)r->n_chains + 1) {
            e = err_set(ERR_BAD, "%s is damaged: its chains are out of order", r->name);
            break;
        }
        struct records_chain *c = one_more(r, chain, station ? station : "-");
        if (!c) {
            e = ERR_NOMEM;
            break;
        }
        c->seq = (uint64_t)sqlite3_column_int64(s, 3);
        if (sqlite3_column_bytes(s, 4) == HASH_LEN)
            memcpy(c->hash.b, sqlite3_column_blob(s, 4), HASH_LEN);
    }
    sqlite3_reset(s);
    return e == ERR_NOINPUT ? ERR_OK : e;
}

enum err records_chain(struct records *r, const char *chain, struct records_chain **out)
{
    enum err e;
    for (size_t i = 0; i < r->n_chains; i++) {
        if (strcmp(r->chains[i].chain, chain) == 0) {
            *out = &r->chains[i];
            return ERR_OK;
        }
    }
    const struct roster_station *from = roster_chain(r->s->roster, chain);
    sqlite3_stmt *s = records_sql(&r->sql, SQL_CHAIN_ADD, &e);
    if (!s)
        return e;
    *out = one_more(r, chain, from ? from->name : "-");
    if (!*out)
        return ERR_NOMEM;
    sqlite3_bind_int64(s, 1, (*out)->n);
    records_sql_text(s, 2, chain);
    records_sql_text(s, 3, (*out)->station);
    return records_sql_run(&r->sql, s);
}

/* Each applied head must be a label of its chain: else one of the two was put
 * back from an earlier time, or is another station's. */
static enum err check_heads(struct records *r)
{
    struct buf text = {0};
    enum err e = ERR_OK;
    for (size_t i = 0; i < r->n_chains && !e; i++) {
        const struct records_chain *c = &r->chains[i];
        struct label l;
        if (c->seq == 0)
            continue;
        buf_clear(&text);
        e = queue_label(r->s->queue, c->chain, c->seq, &text);
        if (e == ERR_NOINPUT)
            e = err_set(ERR_BAD, "%s is ahead of chain %s", r->name, c->chain);
        if (!e)
            e = label_parse(&l, (const char *)text.p, text.len);
        if (e)
            break;
        struct hash h = label_hash(&l);
        if (!hash_same(&h, &c->hash))
            e = err_set(ERR_BAD, "%s knows another label %llu of chain %s", r->name, (unsigned long long)c->seq,
                        c->chain);
    }
    buf_free(&text);
    return e;
}

enum err records_open(struct records **out, const struct station *s, const struct user *u)
{
    *out = NULL;
    if (!s->queue)
        return err_set(ERR_IO, "the index of the station is not readable; run feldsher rebuild");
    if (s->read_only)
        return err_set(ERR_IO, "the station folder can only be read, an index of its records cannot be kept");
    struct records *r = calloc(1, sizeof *r);
    uint8_t *key = r ? sodium_malloc(BLOCK_KEY) : NULL;
    if (!key) {
        free(r);
        return err_set(ERR_NOMEM, "out of memory");
    }
    r->s = s;
    r->owner = getpid();
    randombytes_buf(&r->opening, sizeof r->opening);
    name_of(r->name, u);
    enum err e = key_of(key, u);
    if (!e)
        e = file_path(r->path, s->dir, r->name);
    if (!e)
        e = records_sql_open(&r->sql, r->path, r->name, key);
    if (!e)
        e = records_read_chains(r);
    if (!e)
        e = check_heads(r);
    sodium_free(key);
    if (e) {
        records_close(r);
        return e;
    }
    *out = r;
    return ERR_OK;
}

void records_close(struct records *r)
{
    if (!r || (r->owner && r->owner != getpid()))
        return; /* a child's copy: closing it would write to the parent's file */
    free_chains(r);
    records_sql_close(&r->sql);
    free(r);
}

/* The database last: its lock guards the others. */
static enum err remove_one(const char *dir, const char *name)
{
    static const char *const behind[] = {"-journal", "-wal", ""};
    char path[4096], each[4096 + 16];
    struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    enum err e = file_path(path, dir, name);
    int fd = e ? -1 : open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && !e && errno != ENOENT && errno != ELOOP)
        e = err_errno(ERR_IO, "cannot open %s", name);
    if (fd >= 0 && fcntl(fd, F_SETLK, &all) < 0)
        e = err_set(ERR_AGAIN, "%s is in use by another program", name);
    for (size_t i = 0; i < sizeof behind / sizeof behind[0] && !e; i++) {
        snprintf(each, sizeof each, "%s%s", path, behind[i]);
        e = file_remove(each);
    }
    file_close(&fd);
    return e;
}

enum err records_remove(const struct station *s, const struct user *u)
{
    char name[32];
    name_of(name, u);
    log_line("removed %s", name);
    return remove_one(s->dir, name);
}

static bool is_ours(const char *name)
{
    return strlen(name) == NAME_FULL && strncmp(name, NAME, sizeof NAME - 1) == 0 &&
           strspn(name + sizeof NAME - 1, "0123456789abcdef") == 8 && strcmp(name + NAME_FULL - 3, ".db") == 0;
}

enum err records_remove_all(const char *dir, unsigned *n)
{
    enum err e = ERR_OK;
    *n = 0;
    DIR *d = opendir(dir);
    if (!d)
        return err_errno(ERR_IO, "cannot read %s", dir);
    for (struct dirent *f; !e && (f = readdir(d)) != NULL;) {
        if (!is_ours(f->d_name))
            continue;
        e = remove_one(dir, f->d_name);
        *n += e ? 0 : 1;
    }
    closedir(d);
    return e;
}

void records_attach(struct records *r, const struct station *s)
{
    r->s = s;
}
