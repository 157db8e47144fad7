#include "storage/vault/pipeline.h"

#include "storage/base/clock.h"
#include "storage/limits.h"
#include "storage/seal/age.h"
#include "storage/vault/object.h"
#include "storage/vault/ring.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define PROGRESS_EVERY 250        /* ms */
#define WRITEBACK_STEP (1u << 20) /* the disk is given work this often */
#define SETTLE_BEHIND (4u << 20)  /* the blob before is made durable this far into the next */

/* One blob at the writer. */
struct writing {
    struct object_writer w;
    struct blob blob;
    uint64_t handed; /* to the disk */
    bool open;
    bool whole;
};

struct run {
    struct pipeline *p;
    struct ring plain;  /* reader to sealer */
    struct ring sealed; /* sealer to writer */
    /* sealer */
    struct age_seal *age;
    struct ring_slot *out;
    uint64_t length; /* plaintext of the present blob */
    /* writer */
    struct writing blobs[2];
    unsigned at;
    /* why a worker stopped; under lock */
    pthread_mutex_t lock;
    enum err failed;
    char why[1024];
};

static enum err to_age(void *ctx, const uint8_t *bytes, size_t n)
{
    struct run *r = ctx;
    return age_seal_write(r->age, bytes, n);
}

/* Sealed bytes into the ring; ERR_END when the writer has given up. */
static enum err to_writer(void *ctx, const uint8_t *bytes, size_t n)
{
    struct run *r = ctx;
    while (n) {
        if (r->out && r->out->n == RING_SLICE) {
            ring_put(&r->sealed);
            r->out = NULL;
        }
        if (!r->out && !(r->out = ring_room(&r->sealed)))
            return ERR_END;
        size_t room = RING_SLICE - r->out->n;
        size_t some = n < room ? n : room;
        memcpy(r->out->p + r->out->n, bytes, some);
        r->out->n += some;
        bytes += some;
        n -= some;
    }
    return ERR_OK;
}

static void note_failure(struct run *r, enum err e)
{
    pthread_mutex_lock(&r->lock);
    if (!r->failed && e != ERR_END) {
        r->failed = e;
        snprintf(r->why, sizeof r->why, "%s", err_text());
    }
    pthread_mutex_unlock(&r->lock);
}

static enum err seal_slice(struct run *r, const struct ring_slot *in)
{
    enum err e = ERR_OK;
    if (!r->age) {
        r->length = 0;
        e = age_seal_new(&r->age, r->p->to, r->p->n_to, to_writer, r);
        if (!e)
            e = compress_reset(r->p->compress, to_age, r);
    }
    if (!e)
        e = compress_write(r->p->compress, in->p, in->n);
    r->length += in->n;
    if (e || !in->end)
        return e;
    e = compress_finish(r->p->compress);
    if (!e)
        e = age_seal_finish(r->age);
    age_seal_free(r->age);
    r->age = NULL;
    if (!e) {
        r->out->end = true;
        r->out->length = r->length;
        r->out->prefix = in->prefix;
        ring_put(&r->sealed);
        r->out = NULL;
    }
    return e;
}

static void *sealer(void *arg)
{
    struct run *r = arg;
    struct ring_slot *in;
    enum err e = ERR_OK;
    while (!e && (in = ring_next(&r->plain)) != NULL) {
        e = seal_slice(r, in);
        ring_done(&r->plain);
    }
    if (e) {
        note_failure(r, e);
        ring_break(&r->plain);
    }
    age_seal_free(r->age);
    ring_close(&r->sealed);
    return NULL;
}

/* Makes a whole blob durable under its name, which the job knows before. */
static enum err settle(struct run *r, struct writing *b)
{
    if (!b->whole)
        return ERR_OK;
    struct hash_state copy = b->w.hash;
    b->blob.name = hash_end(&copy);
    b->blob.size = b->w.size;
    enum err e = blobs_record(r->p->blobs, &b->blob);
    if (!e)
        e = object_commit(&b->w, &b->blob.name, NULL);
    if (e)
        object_abort(&b->w);
    b->open = b->whole = false;
    return e;
}

static enum err write_slice(struct run *r, const struct ring_slot *in)
{
    struct writing *b = &r->blobs[r->at];
    struct writing *before = &r->blobs[!r->at];
    enum err e = ERR_OK;
    if (!b->open) {
        e = object_begin(&b->w, r->p->blobs->root);
        b->open = !e;
        b->handed = 0;
    }
    if (!e)
        e = object_add(&b->w, in->p, in->n);
    if (!e && b->w.size - b->handed >= WRITEBACK_STEP) {
        /* only starts it; whether the bytes reached the disk is fsync's word */
        sync_file_range(b->w.fd, (off_t)b->handed, (off_t)(b->w.size - b->handed), SYNC_FILE_RANGE_WRITE);
        b->handed = b->w.size;
    }
    if (!e && (in->end || b->w.size >= SETTLE_BEHIND))
        e = settle(r, before);
    if (!e && in->end) {
        b->blob.length = in->length;
        b->blob.prefix = in->prefix;
        b->whole = true;
        r->at = !r->at;
    }
    return e;
}

static void *writer(void *arg)
{
    struct run *r = arg;
    struct ring_slot *in;
    enum err e = ERR_OK;
    while (!e && (in = ring_next(&r->sealed)) != NULL) {
        e = write_slice(r, in);
        ring_done(&r->sealed);
    }
    if (e) {
        note_failure(r, e);
        ring_break(&r->sealed);
    }
    for (unsigned i = 0; i < 2; i++) {
        struct writing *b = &r->blobs[(r->at + i) % 2];
        enum err late = settle(r, b);
        if (late)
            note_failure(r, late);
        if (b->open)
            object_abort(&b->w);
    }
    return NULL;
}

/* The camera's ERR_BAD is a file that is not as it was listed. */
static enum err from_camera(enum err e, bool *changed)
{
    if (e == ERR_BAD)
        *changed = true;
    return e == ERR_BAD ? ERR_AGAIN : e;
}

enum err pipeline_read(const struct intake_source *s, uint64_t offset, void *p, size_t n, bool *changed)
{
    uint8_t *to = p;
    enum err e = ERR_OK;
    while (n && !e) {
        size_t got = 0;
        e = s->read(s->ctx, offset, to, n, &got);
        if (!e && (got == 0 || got > n))
            e = err_set(ERR_BAD, "it changed while it was read: it is shorter now; run offload again");
        to += got;
        offset += got;
        n -= got;
    }
    return from_camera(e, changed);
}

enum err pipeline_read_end(const struct intake_source *s, bool *changed)
{
    uint8_t more;
    size_t got = 0;
    enum err e = s->read(s->ctx, s->size, &more, 1, &got);
    if (!e && got)
        e = err_set(ERR_BAD, "it changed while it was read: it is longer now; run offload again");
    return from_camera(e, changed);
}

/* The calling thread's part. ERR_END: a worker gave up and says why. */
static enum err reader(struct run *r)
{
    struct pipeline *p = r->p;
    uint64_t at = blobs_length(p->blobs);
    int64_t told = clock_uptime();
    while (at < p->source->size) {
        struct ring_slot *s = ring_room(&r->plain);
        if (!s)
            return ERR_END;
        uint64_t blob_left = BLOB_PLAIN_MAX - at % BLOB_PLAIN_MAX;
        uint64_t left = p->source->size - at;
        uint64_t n = left < blob_left ? left : blob_left;
        s->n = n < RING_SLICE ? (size_t)n : RING_SLICE;
        enum err e = pipeline_read(p->source, at, s->p, s->n, &p->changed);
        if (e)
            return e;
        hash_add(&p->hash, s->p, s->n);
        at += s->n;
        s->end = s->n == n;
        if (s->end) {
            struct hash_state copy = p->hash;
            s->prefix = hash_end(&copy);
        }
        ring_put(&r->plain);
        int64_t now = clock_uptime();
        if (p->progress && now - told >= PROGRESS_EVERY) {
            told = now;
            p->progress(p->ctx, at);
        }
    }
    return pipeline_read_end(p->source, &p->changed);
}

/* Starts a worker with all signals blocked, so that they reach the caller. */
static enum err start(pthread_t *t, void *(*fn)(void *), struct run *r)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int bad = pthread_create(t, NULL, fn, r);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return bad ? err_set(ERR_NOMEM, "cannot start a thread") : ERR_OK;
}

static enum err run_threads(struct run *r)
{
    pthread_t seal_thread, write_thread;
    enum err e = start(&write_thread, writer, r);
    if (e)
        return e;
    e = start(&seal_thread, sealer, r);
    if (!e) {
        e = reader(r);
        r->p->ours = e == ERR_END;
        ring_close(&r->plain);
        pthread_join(seal_thread, NULL);
    } else {
        ring_close(&r->sealed);
    }
    pthread_join(write_thread, NULL);
    if (!r->failed)
        return e;
    r->p->ours = true; /* outweighs what the camera may have said */
    return err_set(r->failed, "%s", r->why);
}

enum err pipeline_run(struct pipeline *p)
{
    struct run r = {.p = p};
    p->changed = false;
    p->ours = true;
    if (pthread_mutex_init(&r.lock, NULL) != 0)
        return err_set(ERR_NOMEM, "out of memory");
    enum err e = ring_init(&r.plain);
    if (!e) {
        e = ring_init(&r.sealed);
        if (!e) {
            e = run_threads(&r);
            ring_free(&r.sealed);
        }
        ring_free(&r.plain);
    }
    pthread_mutex_destroy(&r.lock);
    return e;
}
