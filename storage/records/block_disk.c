#include "storage/records/block_disk.h"

#include "storage/base/bytes.h"
#include "storage/base/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "feldsher-blocks\n"
#define VERSION 1u
#define GROUP 48u /* blocks behind one page of seals */
#define NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG crypto_aead_xchacha20poly1305_ietf_ABYTES
#define SEAL (TAG + NONCE + 2)
#define HEAD_SIGNED (16u + 2u + BLOCK_ID)
#define ABOUT (BLOCK_ID + 8 + 2)

static_assert(GROUP * 2 * SEAL <= BLOCK_SIZE, "a page holds the seals of its group");

enum { UNKNOWN, FIRST, SECOND }; /* which of a block's seals is in force */

struct block_seals {
    uint64_t group; /* UINT64_MAX: none */
    uint8_t live[GROUP];
    uint8_t raw[BLOCK_SIZE];
};

const char *block_disk_name(const struct block_disk *d)
{
    const char *slash = strrchr(d->path, '/');
    return d->kind == BLOCK_TEMP ? "a temporary file" : slash ? slash + 1 : d->path;
}

static off_t place_of_seals(uint64_t group)
{
    return (off_t)((1 + group * (GROUP + 1)) * BLOCK_SIZE);
}

static off_t place(uint64_t no)
{
    return place_of_seals(no / GROUP) + (off_t)((1 + no % GROUP) * BLOCK_SIZE);
}

static enum err write_at(struct block_disk *d, const uint8_t *p, size_t n, off_t at)
{
    while (n) {
        ssize_t put = pwrite(d->fd, p, n, at);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return err_errno(ERR_IO, "cannot write %s", block_disk_name(d));
        p += put;
        n -= (size_t)put;
        at += put;
    }
    return ERR_OK;
}

/* One whole page; what lies behind the end of the file stays as it was. */
static enum err read_page(struct block_disk *d, uint8_t *p, off_t at)
{
    for (size_t have = 0; have < BLOCK_SIZE;) {
        ssize_t got = pread(d->fd, p + have, BLOCK_SIZE - have, at + (off_t)have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(ERR_IO, "cannot read %s", block_disk_name(d));
        if (got == 0)
            break;
        have += (size_t)got;
    }
    return ERR_OK;
}

/* The seals of a group; NULL: *e. */
static struct block_seals *find_seals(struct block_disk *d, uint64_t group, enum err *e)
{
    struct block_seals *s = d->pages[group % BLOCK_SEAL_PAGES];
    *e = ERR_OK;
    if (!s) {
        s = malloc(sizeof *s);
        if (!s) {
            *e = err_set(ERR_NOMEM, "out of memory");
            return NULL;
        }
        s->group = UINT64_MAX;
        d->pages[group % BLOCK_SEAL_PAGES] = s;
    }
    if (s->group != group) {
        s->group = UINT64_MAX;
        memset(s->raw, 0, sizeof s->raw);
        memset(s->live, UNKNOWN, sizeof s->live);
        if (group * GROUP < d->blocks)
            *e = read_page(d, s->raw, place_of_seals(group));
        if (*e)
            return NULL;
        s->group = group;
    }
    return s;
}

static uint8_t *seal_at(struct block_seals *s, uint64_t no, int which)
{
    return s->raw + (no % GROUP) * 2 * SEAL + (which == SECOND ? SEAL : 0);
}

static unsigned field_of(const uint8_t *seal)
{
    return (unsigned)seal[TAG + NONCE] | (unsigned)seal[TAG + NONCE + 1] << 8;
}

#define LENGTH(field) ((field)&0x1fffu)
#define SERIAL(field) ((field) >> 13)

static void about(uint8_t ad[ABOUT], const struct block_disk *d, uint64_t no, unsigned field)
{
    memcpy(ad, d->id, BLOCK_ID);
    bytes_put_le64(ad + BLOCK_ID, no);
    ad[BLOCK_ID + 8] = (uint8_t)field;
    ad[BLOCK_ID + 9] = (uint8_t)(field >> 8);
}

static bool fits(const struct block_disk *d, const uint8_t *seal, uint64_t no, const uint8_t *sealed, uint8_t *plain)
{
    uint8_t ad[ABOUT];
    unsigned field = field_of(seal), n = LENGTH(field);
    about(ad, d, no, field);
    return n > 0 && n <= BLOCK_SIZE &&
           crypto_aead_xchacha20poly1305_ietf_decrypt_detached(plain, NULL, sealed, BLOCK_SIZE, seal, ad, ABOUT,
                                                               seal + TAG, d->key) == 0;
}

/* Reads and opens a block that stands on disk; *length 0: no seal fits it. */
static enum err open_block(struct block_disk *d, uint64_t no, uint8_t *plain, unsigned *length)
{
    uint8_t page[BLOCK_SIZE] = {0};
    enum err e;
    *length = 0;
    struct block_seals *s = find_seals(d, no / GROUP, &e);
    if (!s)
        return e;
    e = read_page(d, page, place(no));
    if (e)
        return e;
    int which = s->live[no % GROUP];
    if (which == UNKNOWN) { /* the later one is the likelier */
        unsigned a = field_of(seal_at(s, no, FIRST)), b = field_of(seal_at(s, no, SECOND));
        which = LENGTH(b) && SERIAL(b) == ((SERIAL(a) + 1) & 7u) ? SECOND : FIRST;
    }
    for (int i = 0; i < 2; i++, which = FIRST + SECOND - which) {
        const uint8_t *seal = seal_at(s, no, which);
        if (fits(d, seal, no, page, plain)) {
            s->live[no % GROUP] = (uint8_t)which;
            *length = LENGTH(field_of(seal));
            break;
        }
    }
    return ERR_OK;
}

enum err block_disk_read(struct block_disk *d, uint64_t no, uint8_t plain[static BLOCK_SIZE])
{
    unsigned length;
    enum err e = open_block(d, no, plain, &length);
    if (e || length)
        return e;
    memset(plain, 0, BLOCK_SIZE);
    if (d->kind != BLOCK_LOG)
        return err_set(ERR_BAD, "block %llu of %s fails its check", (unsigned long long)no, block_disk_name(d));
    d->torn = true;
    return ERR_OK;
}

/* Seals a block in place of the seal that is not in force. */
static enum err seal_block(struct block_disk *d, struct block_seals *s, uint64_t no, const uint8_t *plain,
                           unsigned length, uint8_t *sealed, int *which)
{
    uint8_t ad[ABOUT];
    int live = UNKNOWN;
    if (no < d->blocks) {
        unsigned there;
        /* sealed is as large as a block and not used yet */
        enum err e = s->live[no % GROUP] == UNKNOWN ? open_block(d, no, sealed, &there) : ERR_OK;
        if (e)
            return e;
        live = s->live[no % GROUP];
    }
    *which = live == FIRST ? SECOND : FIRST;
    uint8_t *seal = seal_at(s, no, *which);
    unsigned serial = (SERIAL(field_of(seal_at(s, no, FIRST + SECOND - *which))) + 1) & 7u;
    unsigned field = length | serial << 13;
    about(ad, d, no, field);
    randombytes_buf(seal + TAG, NONCE);
    crypto_aead_xchacha20poly1305_ietf_encrypt_detached(sealed, seal, NULL, plain, BLOCK_SIZE, ad, ABOUT, NULL,
                                                        seal + TAG, d->key);
    seal[TAG + NONCE] = (uint8_t)field;
    seal[TAG + NONCE + 1] = (uint8_t)(field >> 8);
    return ERR_OK;
}

/* Blocks of one group. */
static enum err write_run(struct block_disk *d, uint64_t no, const uint8_t *const plain[], unsigned n, unsigned length)
{
    int which[BLOCK_RUN];
    uint64_t group = no / GROUP;
    bool fresh = group * GROUP >= d->blocks; /* its seals' page, too */
    enum err e;
    struct block_seals *s = find_seals(d, group, &e);
    if (!s)
        return e;
    for (unsigned i = 0; i < n && !e; i++)
        e = seal_block(d, s, no + i, plain[i], i + 1 < n ? BLOCK_SIZE : length, d->sealed + (size_t)i * BLOCK_SIZE,
                       &which[i]);
    size_t from = fresh ? 0 : no % GROUP * 2 * SEAL, to = fresh ? BLOCK_SIZE : (no % GROUP + n) * 2 * SEAL;
    if (!e)
        e = write_at(d, s->raw + from, to - from, place_of_seals(group) + (off_t)from);
    if (!e)
        e = write_at(d, d->sealed, (size_t)n * BLOCK_SIZE, place(no));
    if (e) {
        s->group = UINT64_MAX; /* what stands on disk is to be read again */
        return e;
    }
    for (unsigned i = 0; i < n; i++)
        s->live[(no + i) % GROUP] = (uint8_t)which[i];
    if (d->blocks < no + n)
        d->blocks = no + n;
    return ERR_OK;
}

enum err block_disk_write(struct block_disk *d, uint64_t no, const uint8_t *const plain[], unsigned n, unsigned length)
{
    enum err e = ERR_OK;
    assert(no <= d->blocks && n <= BLOCK_RUN);
    for (unsigned done = 0, part; done < n && !e; done += part) {
        part = (unsigned)(GROUP - (no + done) % GROUP);
        if (part > n - done)
            part = n - done;
        e = write_run(d, no + done, plain + done, part, done + part < n ? BLOCK_SIZE : length);
    }
    return e;
}

enum err block_disk_cut(struct block_disk *d, uint64_t blocks)
{
    if (blocks >= d->blocks)
        return ERR_OK;
    for (size_t i = 0; i < BLOCK_SEAL_PAGES; i++)
        if (d->pages[i] && d->pages[i]->group >= (blocks + GROUP - 1) / GROUP)
            d->pages[i]->group = UINT64_MAX;
    d->blocks = blocks;
    if (ftruncate(d->fd, blocks ? place(blocks - 1) + BLOCK_SIZE : BLOCK_SIZE) < 0)
        return err_errno(ERR_IO, "cannot cut off the end of %s", block_disk_name(d));
    return ERR_OK;
}

enum err block_disk_sync(struct block_disk *d)
{
    char dir[4096];
    if (fdatasync(d->fd) < 0)
        return err_errno(ERR_IO, "cannot make %s durable", block_disk_name(d));
    if (!d->unnamed)
        return ERR_OK;
    const char *slash = strrchr(d->path, '/');
    snprintf(dir, sizeof dir, "%.*s", slash ? (int)(slash - d->path) : 1, slash ? d->path : ".");
    enum err e = file_sync_dir(dir[0] ? dir : "/");
    d->unnamed = e != ERR_OK;
    return e;
}

static void head_check(const struct block_disk *d, const uint8_t *head, const uint8_t *parent, uint8_t mac[32])
{
    uint8_t all[HEAD_SIGNED + BLOCK_ID] = {0};
    memcpy(all, head, HEAD_SIGNED);
    if (parent)
        memcpy(all + HEAD_SIGNED, parent, BLOCK_ID);
    crypto_generichash(mac, 32, all, sizeof all, d->key, BLOCK_KEY);
}

static enum err write_head(struct block_disk *d, const uint8_t *parent)
{
    uint8_t head[BLOCK_SIZE] = MAGIC;
    head[16] = VERSION;
    head[17] = (uint8_t)d->kind;
    randombytes_buf(d->id, BLOCK_ID);
    memcpy(head + 18, d->id, BLOCK_ID);
    head_check(d, head, parent, head + HEAD_SIGNED);
    d->unnamed = d->kind != BLOCK_TEMP;
    return write_at(d, head, sizeof head, 0);
}

static enum err read_head(struct block_disk *d, const uint8_t *parent)
{
    uint8_t head[BLOCK_SIZE] = {0}, mac[32];
    enum err e = read_page(d, head, 0);
    if (e)
        return e;
    if (memcmp(head, MAGIC, 16) != 0)
        return err_set(ERR_BAD, "%s is no file of sealed blocks", block_disk_name(d));
    if (head[16] != VERSION)
        return err_set(ERR_BAD, "%s is of another version (%u)", block_disk_name(d), head[16]);
    head_check(d, head, parent, mac);
    if (head[17] != (uint8_t)d->kind || sodium_memcmp(mac, head + HEAD_SIGNED, sizeof mac) != 0)
        return err_set(ERR_BAD, "%s does not open with this key", block_disk_name(d));
    memcpy(d->id, head + 18, BLOCK_ID);
    return ERR_OK;
}

/* How many blocks an existing file has, and how long the last one is. */
static enum err measure(struct block_disk *d, uint64_t size, unsigned *last)
{
    uint64_t pages = size / BLOCK_SIZE - 1, in_group = pages % (GROUP + 1);
    enum err e = ERR_OK;
    d->blocks = pages / (GROUP + 1) * GROUP + (in_group ? in_group - 1 : 0);
    *last = 0;
    while (d->blocks && !*last && !e) {
        e = open_block(d, d->blocks - 1, d->sealed, last);
        if (*last || e)
            break;
        if (d->kind == BLOCK_LOG) { /* begun and not finished */
            d->torn = true;
            d->blocks--;
        } else {
            *last = BLOCK_SIZE; /* whoever reads it is told */
        }
    }
    sodium_memzero(d->sealed, BLOCK_SIZE);
    return e;
}

static enum err lock(struct block_disk *d)
{
    struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(d->fd, F_SETLK, &all) == 0)
        return ERR_OK;
    if (errno == EACCES || errno == EAGAIN)
        return err_set(ERR_AGAIN, "%s is in use by another program", block_disk_name(d));
    return err_errno(ERR_IO, "cannot lock %s", block_disk_name(d));
}

static enum err set_up(struct block_disk *d, const uint8_t *parent, unsigned *last)
{
    struct stat st;
    enum err e = d->kind == BLOCK_MAIN ? lock(d) : ERR_OK;
    if (!e && fstat(d->fd, &st) < 0)
        e = err_errno(ERR_IO, "cannot look at %s", block_disk_name(d));
    if (e)
        return e;
    if (!S_ISREG(st.st_mode))
        return err_set(ERR_BAD, "%s is no regular file", block_disk_name(d));
    if (st.st_size == 0)
        return write_head(d, parent);
    e = st.st_size < (off_t)BLOCK_SIZE ? err_set(ERR_BAD, "%s is cut short", block_disk_name(d)) : read_head(d, parent);
    if (e == ERR_BAD && d->kind == BLOCK_LOG) {
        /* a power cut before its first sync, or the log of a database that is gone */
        d->torn = true;
        if (ftruncate(d->fd, 0) < 0)
            return err_errno(ERR_IO, "cannot begin %s anew", block_disk_name(d));
        return write_head(d, parent);
    }
    return e ? e : measure(d, (uint64_t)st.st_size, last);
}

static enum err open_temp(struct block_disk *d)
{
    char name[4096];
    randombytes_buf(d->key, BLOCK_KEY);
    d->fd = open(d->path, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
    if (d->fd >= 0)
        return ERR_OK;
    enum err e = file_path(name, d->path, "records-XXXXXX");
    if (!e && (d->fd = mkostemp(name, O_CLOEXEC)) < 0)
        e = err_errno(ERR_IO, "cannot make a temporary file in %s", d->path);
    if (!e && unlink(name) < 0)
        e = err_errno(ERR_IO, "cannot remove the name of a temporary file in %s", d->path);
    return e;
}

enum err block_disk_open(struct block_disk *d, const char *path, enum block_kind kind,
                         const uint8_t key[static BLOCK_KEY], const uint8_t *parent, bool create, unsigned *last)
{
    memset(d, 0, sizeof *d);
    *last = 0;
    d->fd = -1;
    d->kind = kind;
    memcpy(d->key, key, BLOCK_KEY);
    d->sealed = malloc((size_t)BLOCK_RUN * BLOCK_SIZE);
    if (!d->sealed)
        return err_set(ERR_NOMEM, "out of memory");
    if (snprintf(d->path, sizeof d->path, "%s", path) >= (int)sizeof d->path)
        return err_set(ERR_DATA, "a path is too long: %s", path);
    enum err e = ERR_OK;
    if (kind == BLOCK_TEMP) {
        e = open_temp(d);
    } else {
        d->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT : 0), 0600);
        if (d->fd < 0)
            e = err_errno(errno == ENOENT ? ERR_NOINPUT : ERR_IO, "cannot open %s", block_disk_name(d));
    }
    return e ? e : set_up(d, parent, last);
}

void block_disk_close(struct block_disk *d)
{
    free(d->sealed);
    for (size_t i = 0; i < BLOCK_SEAL_PAGES; i++)
        free(d->pages[i]);
    file_close(&d->fd);
    sodium_memzero(d, sizeof *d);
    d->fd = -1;
}
