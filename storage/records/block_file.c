#include "storage/records/block_file.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define HELD 32u /* blocks of plaintext in memory */

struct held {
    uint64_t no;
    uint64_t used;  /* at this tick; 0: free */
    uint64_t dirty; /* since this tick; 0: not */
};

struct block_file {
    struct block_disk disk;
    uint64_t size;
    uint64_t tick;
    unsigned dirty;
    struct held held[HELD];
    uint8_t *plain; /* HELD blocks */
};

static uint8_t *bytes_of(const struct block_file *f, unsigned i)
{
    return f->plain + (size_t)i * BLOCK_SIZE;
}

/* n blocks that stand side by side: at[i] is where one is held. */
static enum err write_run(struct block_file *f, const unsigned *at, unsigned n)
{
    const uint8_t *plain[HELD];
    uint64_t no = f->held[at[0]].no, behind = (no + n) * BLOCK_SIZE;
    for (unsigned i = 0; i < n; i++)
        plain[i] = bytes_of(f, at[i]);
    unsigned length = f->size < behind ? BLOCK_SIZE - (unsigned)(behind - f->size) : BLOCK_SIZE;
    enum err e = block_disk_write(&f->disk, no, plain, n, length);
    for (unsigned i = 0; i < n && !e; i++)
        f->held[at[i]].dirty = 0;
    f->dirty -= e ? 0 : n;
    return e;
}

enum err block_file_flush(struct block_file *f)
{
    unsigned at[HELD], n = 0;
    for (unsigned i = 0; i < HELD && f->dirty; i++) {
        if (!f->held[i].dirty)
            continue;
        unsigned k = n++; /* in the order in which they were written */
        for (; k > 0 && f->held[at[k - 1]].dirty > f->held[i].dirty; k--)
            at[k] = at[k - 1];
        at[k] = i;
    }
    enum err e = ERR_OK;
    for (unsigned i = 0, end; i < n && !e; i = end) {
        for (end = i + 1; end < n && f->held[at[end]].no == f->held[at[end - 1]].no + 1;)
            end++;
        e = write_run(f, at + i, end - i);
    }
    return e;
}

static bool find_held(const struct block_file *f, uint64_t no, unsigned *out)
{
    for (unsigned i = 0; i < HELD; i++) {
        if (f->held[i].used && f->held[i].no == no) {
            *out = i;
            return true;
        }
    }
    return false;
}

/* The one used longest ago that is not dirty; HELD: all are. */
static unsigned oldest_clean(const struct block_file *f)
{
    unsigned best = HELD;
    for (unsigned i = 0; i < HELD; i++)
        if (!f->held[i].dirty && (best == HELD || f->held[i].used < f->held[best].used))
            best = i;
    return best;
}

/* A block in memory; with load as it stands, else zeros. */
static enum err hold(struct block_file *f, uint64_t no, bool load, unsigned *out)
{
    enum err e = ERR_OK;
    if (find_held(f, no, out)) {
        f->held[*out].used = ++f->tick;
        return ERR_OK;
    }
    unsigned i = oldest_clean(f);
    if (i == HELD) {
        e = block_file_flush(f);
        if (e)
            return e;
        i = oldest_clean(f);
    }
    f->held[i] = (struct held){0};
    if (load && no < f->disk.blocks)
        e = block_disk_read(&f->disk, no, bytes_of(f, i));
    else
        memset(bytes_of(f, i), 0, BLOCK_SIZE);
    if (!e)
        f->held[i] = (struct held){.no = no, .used = ++f->tick};
    *out = i;
    return e;
}

static void soil(struct block_file *f, unsigned i)
{
    if (!f->held[i].dirty) {
        f->held[i].dirty = ++f->tick;
        f->dirty++;
    }
}

enum err block_file_read(struct block_file *f, void *p, size_t n, uint64_t offset, size_t *got)
{
    uint8_t *to = p;
    size_t there = offset >= f->size ? 0 : f->size - offset < n ? (size_t)(f->size - offset) : n;
    *got = there;
    memset(to + there, 0, n - there);
    while (there) {
        uint64_t no = offset / BLOCK_SIZE;
        size_t skip = (size_t)(offset % BLOCK_SIZE), part = BLOCK_SIZE - skip < there ? BLOCK_SIZE - skip : there;
        enum err e = ERR_OK;
        unsigned i;
        if (part == BLOCK_SIZE && !find_held(f, no, &i)) {
            e = block_disk_read(&f->disk, no, to);
        } else {
            e = hold(f, no, true, &i);
            if (!e)
                memcpy(to, bytes_of(f, i) + skip, part);
        }
        if (e)
            return e;
        to += part;
        offset += part;
        there -= part;
    }
    return ERR_OK;
}

/* bytes NULL: zeros. There is no gap before offset. */
static enum err put(struct block_file *f, const uint8_t *bytes, uint64_t n, uint64_t offset)
{
    while (n) {
        size_t skip = (size_t)(offset % BLOCK_SIZE), part = BLOCK_SIZE - skip < n ? BLOCK_SIZE - skip : (size_t)n;
        unsigned i;
        enum err e = hold(f, offset / BLOCK_SIZE, part < BLOCK_SIZE, &i);
        if (e)
            return e;
        if (bytes)
            memcpy(bytes_of(f, i) + skip, bytes, part);
        else
            memset(bytes_of(f, i) + skip, 0, part);
        soil(f, i);
        bytes = bytes ? bytes + part : NULL;
        offset += part;
        n -= part;
        if (f->size < offset)
            f->size = offset;
    }
    return ERR_OK;
}

enum err block_file_write(struct block_file *f, const void *p, size_t n, uint64_t offset)
{
    enum err e = ERR_OK;
    if (n && offset > f->size)
        e = put(f, NULL, offset - f->size, f->size);
    return e ? e : put(f, p, n, offset);
}

enum err block_file_truncate(struct block_file *f, uint64_t size)
{
    uint64_t keep = (size + BLOCK_SIZE - 1) / BLOCK_SIZE;
    unsigned i;
    if (size >= f->size)
        return put(f, NULL, size - f->size, f->size);
    if (size) { /* the block that becomes the last must say its length */
        enum err e = hold(f, keep - 1, true, &i);
        if (e)
            return e;
        memset(bytes_of(f, i) + (size - 1) % BLOCK_SIZE + 1, 0, BLOCK_SIZE - 1 - (size - 1) % BLOCK_SIZE);
        soil(f, i);
    }
    for (i = 0; i < HELD; i++) {
        if (f->held[i].used && f->held[i].no >= keep) {
            f->dirty -= f->held[i].dirty != 0;
            f->held[i] = (struct held){0};
        }
    }
    f->size = size;
    enum err e = block_disk_cut(&f->disk, keep);
    return e ? e : block_file_flush(f);
}

enum err block_file_sync(struct block_file *f)
{
    if (f->disk.kind == BLOCK_TEMP)
        return ERR_OK;
    enum err e = block_file_flush(f);
    return e ? e : block_disk_sync(&f->disk);
}

uint64_t block_file_size(const struct block_file *f)
{
    return f->size;
}

bool block_file_torn(const struct block_file *f)
{
    return f->disk.torn;
}

const uint8_t *block_file_id(const struct block_file *f)
{
    return f->disk.id;
}

enum err block_file_open(struct block_file **out, const char *path, enum block_kind kind,
                         const uint8_t key[static BLOCK_KEY], const uint8_t *parent, bool create)
{
    unsigned last = 0;
    *out = NULL;
    struct block_file *f = sodium_malloc(sizeof *f);
    if (!f)
        return err_set(ERR_NOMEM, "out of memory");
    memset(f, 0, sizeof *f);
    f->disk.fd = -1;
    f->plain = malloc((size_t)HELD * BLOCK_SIZE);
    enum err e = f->plain ? block_disk_open(&f->disk, path, kind, key, parent, create, &last)
                          : err_set(ERR_NOMEM, "out of memory");
    if (e) {
        (void)!block_file_close(f);
        return e;
    }
    f->size = f->disk.blocks ? (f->disk.blocks - 1) * BLOCK_SIZE + last : 0;
    *out = f;
    return ERR_OK;
}

enum err block_file_close(struct block_file *f)
{
    if (!f)
        return ERR_OK;
    enum err e = f->disk.kind == BLOCK_TEMP ? ERR_OK : block_file_flush(f);
    if (f->plain)
        sodium_memzero(f->plain, (size_t)HELD * BLOCK_SIZE);
    free(f->plain);
    block_disk_close(&f->disk);
    sodium_free(f);
    return e;
}
