#include "storage/vault/blobs.h"

#include "storage/base/bytes.h"
#include "storage/base/clock.h"
#include "storage/base/grow.h"
#include "storage/base/text.h"
#include "storage/limits.h"
#include "storage/vault/object.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEGMENT 128u /* blobs of one row */
#define JOB_NAME 96u

void blobs_init(struct blobs *b, struct queue *q, const char *root, const struct hash *mark)
{
    *b = (struct blobs){.queue = q, .root = root, .mark = *mark};
}

void blobs_free(struct blobs *b)
{
    free(b->v);
    b->v = NULL;
    b->n = b->cap = 0;
}

enum err blobs_add(struct blobs *b, const struct blob *blob)
{
    struct blob *v = grow(b->v, b->n, &b->cap, 1, sizeof *v);
    if (!v)
        return ERR_NOMEM;
    b->v = v;
    b->v[b->n++] = *blob;
    return ERR_OK;
}

uint64_t blobs_length(const struct blobs *b)
{
    return b->n ? (uint64_t)(b->n - 1) * BLOB_PLAIN_MAX + b->v[b->n - 1].length : 0;
}

static void job_name(char out[static JOB_NAME], const struct blobs *b, size_t segment)
{
    char hex[HASH_HEX];
    hash_hex(hex, &b->mark);
    if (segment)
        snprintf(out, JOB_NAME, "%s.%zu", hex, segment);
    else
        snprintf(out, JOB_NAME, "%s", hex);
}

static enum err write_row(struct blobs *b, size_t segment)
{
    char name[JOB_NAME], now[CLOCK_TEXT];
    struct buf text = {0};
    clock_text(now, clock_wall());
    enum err e = buf_fmt(&text, "feldsher-intake 1\ntime: %s\n", now);
    for (size_t i = segment * SEGMENT; i < b->n && i < (segment + 1) * SEGMENT && !e; i++) {
        char hex[HASH_HEX], prefix[HASH_HEX];
        hash_hex(hex, &b->v[i].name);
        hash_hex(prefix, &b->v[i].prefix);
        e = buf_fmt(&text, "blob: %s %llu %llu %s\n", hex, (unsigned long long)b->v[i].size,
                    (unsigned long long)b->v[i].length, prefix);
    }
    job_name(name, b, segment);
    if (!e)
        e = queue_set_job(b->queue, BLOBS_JOB, name, text.p, text.len);
    if (!e && b->rows <= segment)
        b->rows = segment + 1;
    buf_free(&text);
    return e;
}

enum err blobs_write(struct blobs *b, size_t first)
{
    enum err e = queue_begin(b->queue);
    if (e)
        return e;
    for (size_t segment = first / SEGMENT; segment * SEGMENT < b->n && !e; segment++)
        e = write_row(b, segment);
    if (!e)
        e = queue_commit(b->queue);
    if (e)
        queue_rollback(b->queue);
    return e;
}

static bool read_blob(struct span value, struct blob *out)
{
    struct span name, size, length, prefix;
    return span_word(&value, &name) && span_word(&value, &size) && span_word(&value, &length) &&
           span_word(&value, &prefix) && value.n == 0 && hash_unhex(&out->name, name.p, name.n) &&
           bytes_decimal(&out->size, size.p, size.n, BLOB_SEALED_MAX) &&
           bytes_decimal(&out->length, length.p, length.n, BLOB_PLAIN_MAX) &&
           hash_unhex(&out->prefix, prefix.p, prefix.n);
}

/* Appends the blobs of one row; whatever is no line of ours ends it. */
static enum err read_row(struct blobs *b, const struct buf *row, int64_t *time)
{
    struct text t;
    struct field f;
    unsigned version;
    enum err e = text_open(&t, "intake", &version, (const char *)row->p, row->len);
    while (!e && (e = text_next(&t, &f)) == ERR_OK) {
        struct blob blob;
        if (span_is(f.key, "time") && !clock_parse(time, f.value.p, f.value.n))
            return ERR_OK;
        if (!span_is(f.key, "blob"))
            continue;
        if (!read_blob(f.value, &blob))
            return ERR_OK;
        e = blobs_add(b, &blob);
    }
    return e == ERR_NOMEM ? e : ERR_OK;
}

/* All rows of the job, as they stand. time: of the first row; INT64_MIN when
 * that cannot be read. */
static enum err read_job(struct blobs *b, int64_t *time)
{
    struct buf row = {0};
    enum err e = ERR_OK;
    int64_t later;
    *time = INT64_MIN;
    for (size_t segment = 0; !e; segment++) {
        char name[JOB_NAME];
        job_name(name, b, segment);
        e = queue_job(b->queue, BLOBS_JOB, name, &row);
        if (e)
            break;
        b->rows = segment + 1;
        e = read_row(b, &row, segment ? &later : time);
    }
    buf_free(&row);
    return e == ERR_NOINPUT ? ERR_OK : e;
}

enum err blobs_remove(struct queue *q, const char *root, const struct hash *name)
{
    char chain[CHAIN_ID];
    uint64_t seq, size;
    enum queue_kind kind;
    enum err e = queue_owner(q, name, chain, &seq, &size, &kind);
    return e == ERR_NOINPUT ? object_remove(root, name) : e;
}

static enum err remove_from(struct blobs *b, size_t first)
{
    enum err e = ERR_OK;
    for (size_t i = first; i < b->n && !e; i++)
        e = blobs_remove(b->queue, b->root, &b->v[i].name);
    return e;
}

/* Ends the rows behind the first n. */
static enum err end_rows(struct blobs *b, size_t n)
{
    enum err e = ERR_OK;
    while (b->rows > n && !e) {
        char name[JOB_NAME];
        job_name(name, b, b->rows - 1);
        e = queue_end_job(b->queue, BLOBS_JOB, name);
        b->rows -= !e;
    }
    return e;
}

enum err blobs_resume(struct blobs *b, uint64_t size)
{
    int64_t time;
    enum err e = read_job(b, &time);
    size_t good = 0;
    for (uint64_t end = 0; !e && good < b->n; good++) {
        const struct blob *v = &b->v[good];
        uint64_t here, length = size - end < BLOB_PLAIN_MAX ? size - end : BLOB_PLAIN_MAX;
        if (length == 0 || v->length != length || !object_size(b->root, &v->name, &here) || here != v->size)
            break;
        end += length;
    }
    if (e || good == b->n)
        return e;
    e = remove_from(b, good);
    if (!e)
        e = end_rows(b, (good + SEGMENT - 1) / SEGMENT);
    b->n = good;
    return e;
}

enum err blobs_end(struct blobs *b)
{
    return end_rows(b, 0);
}

enum err blobs_drop(struct blobs *b)
{
    /* the rows go last: what could not be removed is not forgotten */
    enum err e = remove_from(b, 0);
    if (!e)
        e = blobs_end(b);
    b->n = 0;
    return e;
}

struct sweep {
    struct hash *marks;
    size_t n;
    size_t cap;
};

static enum err note_job(void *ctx, const char *name, const char *text, size_t n)
{
    struct sweep *s = ctx;
    struct hash mark;
    (void)text;
    (void)n;
    if (!hash_unhex(&mark, name, strlen(name))) /* a later row, or the blobs set aside */
        return ERR_OK;
    struct hash *marks = grow(s->marks, s->n, &s->cap, 16, sizeof *marks);
    if (!marks)
        return ERR_NOMEM;
    s->marks = marks;
    s->marks[s->n++] = mark;
    return ERR_OK;
}

enum err blobs_sweep(struct queue *q, const char *root, int64_t now, bool (*over)(void *ctx, const struct hash *mark),
                     void *ctx)
{
    struct sweep s = {0};
    enum err e = queue_each_job(q, BLOBS_JOB, note_job, &s);
    for (size_t i = 0; i < s.n && !e; i++) {
        struct blobs b;
        int64_t time;
        blobs_init(&b, q, root, &s.marks[i]);
        e = read_job(&b, &time);
        if (!e && (time == INT64_MIN || time < now - BLOBS_JOB_AGE || over(ctx, &b.mark)))
            e = blobs_drop(&b);
        blobs_free(&b);
    }
    free(s.marks);
    return e;
}
