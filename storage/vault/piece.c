#include "storage/vault/piece.h"

#include "storage/base/log.h"
#include "storage/limits.h"
#include "storage/seal/age.h"
#include "storage/vault/mark.h"
#include "storage/vault/object.h"
#include "storage/vault/pipeline.h"

#include <stdio.h>
#include <string.h>

#define SLICE (256u << 10)
#define TELL (256u << 20) /* hashing alone is told this often */

bool piece_is_short(const struct intake_source *f)
{
    return f->size <= BLOB_PLAIN_MAX;
}

/* Remembers whether e, if it is an error, is the camera's. */
static enum err of_camera(struct piece_room *room, enum err e)
{
    room->camera_failed = e && e != ERR_NOMEM;
    return e;
}

enum err piece_begin(struct piece_room *room, struct piece *p, const struct intake_source *source,
                     enum compress_kind kind)
{
    bool changed;
    *p = (struct piece){.source = source, .kind = kind};
    enum err e = of_camera(
        room, mark_begin(&p->fast, &p->ends, room->s->mark_key, room->camera, source, &room->bytes, &changed));
    p->whole = source->size <= MARK_WHOLE;
    blobs_init(&p->blobs, room->s->queue, room->s->dir, &p->fast);
    return e;
}

enum err piece_resume(struct piece_room *room, struct piece *p)
{
    if (piece_is_short(p->source))
        return ERR_OK;
    enum err e = claims_take(&room->jobs, &p->fast, 0);
    room->camera_failed = e == ERR_AGAIN; /* the next file may fare better */
    return e ? e : blobs_resume(&p->blobs, p->source->size);
}

static enum err read_short(struct piece_room *room, struct piece *p)
{
    const struct intake_source *f = p->source;
    bool changed;
    enum err e = ERR_OK;
    if (!p->whole) {
        buf_clear(&room->bytes);
        e = buf_reserve(&room->bytes, (size_t)f->size);
        if (!e)
            e = of_camera(room, pipeline_read(f, 0, room->bytes.p, (size_t)f->size, &changed));
        room->bytes.len = e ? 0 : (size_t)f->size;
    }
    if (!e)
        e = of_camera(room, pipeline_read_end(f, &changed));
    p->read = f->size;
    p->plain = hash_of(room->bytes.p, room->bytes.len);
    return e;
}

/* Hashes the beginning again that durable blobs hold; if the bytes are others,
 * those are dropped, and the file begins anew. */
static enum err prove_beginning(struct piece_room *room, struct piece *p, struct hash_state *hash)
{
    uint64_t end = blobs_length(&p->blobs);
    bool changed;
    hash_init(hash);
    if (end == 0)
        return ERR_OK;
    buf_clear(&room->bytes);
    enum err e = buf_reserve(&room->bytes, SLICE);
    for (uint64_t at = 0; at < end && !e;) {
        size_t n = end - at < SLICE ? (size_t)(end - at) : SLICE;
        e = of_camera(room, pipeline_read(p->source, at, room->bytes.p, n, &changed));
        if (!e)
            hash_add(hash, room->bytes.p, n);
        at += n;
        if (room->progress && at % TELL == 0)
            room->progress(room->ctx, at);
    }
    if (e)
        return e;
    p->read = end;
    struct hash_state copy = *hash;
    struct hash is = hash_end(&copy);
    if (hash_same(&is, &p->blobs.v[p->blobs.n - 1].prefix)) {
        p->resumed_from = end;
        return ERR_OK;
    }
    log_line("an interrupted file is not the same any more, its %zu blobs are dropped", p->blobs.n);
    hash_init(hash);
    return blobs_drop(&p->blobs);
}

static enum err read_long(struct piece_room *room, struct piece *p)
{
    struct pipeline line = {
        .source = p->source,
        .to = room->to,
        .n_to = room->n_to,
        .compress = room->compress[p->kind],
        .blobs = &p->blobs,
        .progress = room->progress,
        .ctx = room->ctx,
    };
    enum err e = prove_beginning(room, p, &line.hash);
    if (e)
        return e;
    e = pipeline_run(&line);
    room->camera_failed = e && !line.ours;
    if (e && line.changed) {
        /* the file that the job stands for is no more */
        char why[1024];
        snprintf(why, sizeof why, "%s", err_text());
        enum err dropped = blobs_drop(&p->blobs);
        return dropped ? dropped : err_set(e, "%s", why);
    }
    p->read += p->source->size - p->resumed_from;
    if (!e)
        p->plain = hash_end(&line.hash);
    return e;
}

enum err piece_read(struct piece_room *room, struct piece *p)
{
    const struct intake_source *f = p->source;
    const uint8_t *key = room->s->mark_key;
    enum err e = piece_is_short(f) ? read_short(room, p) : read_long(room, p);
    if (!e)
        e = mark_full(&p->full, key, f->path, f->size, &p->plain);
    if (!e && f->size)
        e = mark_content(&p->content, key, f->size, &p->plain);
    p->holes = f->holes ? f->holes(f->ctx) : 0;
    return e ? e : mark_copy(&p->copy, key, &p->ends, mark_level(p->holes));
}

static enum err to_file(void *w, const uint8_t *bytes, size_t n)
{
    return object_add(w, bytes, n);
}

static enum err to_age(void *age, const uint8_t *bytes, size_t n)
{
    return age_seal_write(age, bytes, n);
}

static enum err seal_into(struct piece_room *room, const struct piece *p, struct object_writer *w)
{
    struct age_seal *age;
    struct compress *z = room->compress[p->kind];
    enum err e = age_seal_new(&age, room->to, room->n_to, to_file, w);
    if (e)
        return e;
    e = compress_reset(z, to_age, age);
    if (!e)
        e = compress_write(z, room->bytes.p, room->bytes.len);
    if (!e)
        e = compress_finish(z);
    if (!e)
        e = age_seal_finish(age);
    age_seal_free(age);
    return e;
}

enum err piece_seal(struct piece_room *room, struct piece *p)
{
    struct object_writer w;
    struct blob b;
    if (!piece_is_short(p->source) || p->source->size == 0)
        return ERR_OK;
    enum err e = aside_open(&room->aside);
    if (!e)
        e = object_begin(&w, room->s->dir);
    if (e)
        return e;
    e = seal_into(room, p, &w);
    if (e)
        object_abort(&w);
    else
        e = aside_keep(&room->aside, &w, p->source->size, &b);
    return e ? e : blobs_add(&p->blobs, &b);
}

enum err piece_drop(struct piece *p)
{
    return piece_is_short(p->source) ? ERR_OK : blobs_drop(&p->blobs);
}

void piece_free(struct piece *p)
{
    blobs_free(&p->blobs);
}
