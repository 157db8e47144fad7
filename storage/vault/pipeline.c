#include "storage/vault/pipeline.h"

#include "storage/base/clock.h"
#include "storage/base/file.h"
#include "storage/limits.h"
#include "storage/seal/age.h"
#include "storage/vault/object.h"
#include "storage/vault/ring.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROGRESS_EVERY 250 /* ms */
#define PLAIN_SLOTS 16u
#define PLAIN_SLICE (256u << 10)
#define SEALED_SLOTS 8u
#define SEALED_SLICE (1u << 20)
#define TOGETHER 4u /* blobs that are made durable at once */

/* One blob at the writer. */
struct writing {
    struct object_writer w;
    struct blob blob;
};

struct run {
    struct ring plain;              /* reader, sealer */
    struct ring sealed;             /* sealer, hasher, writer */
    struct writing blobs[TOGETHER]; /* writer */
    struct pipeline *p;
    /* sealer: of the present blob */
    struct age_seal *age;
    struct ring_slot *out;
    uint64_t length; /* of its plaintext */
    /* writer */
    size_t whole; /* blobs; the next is being written if open */
    bool open;
    bool direct;   /* it bypasses the page cache */
    bool buffered; /* the file system does not like that */
    /* why a worker stopped */
    enum err failed;
    pthread_mutex_t lock;
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
        if (r->out && r->out->n == SEALED_SLICE) {
            ring_pass(&r->sealed, 0);
            r->out = NULL;
        }
        if (!r->out && !(r->out = ring_take(&r->sealed, 0)))
            return ERR_END;
        size_t room = SEALED_SLICE - r->out->n;
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
        ring_pass(&r->sealed, 0);
        r->out = NULL;
    }
    return e;
}

static void *sealer(void *arg)
{
    struct run *r = arg;
    struct ring_slot *in;
    enum err e = ERR_OK;
    while (!e && (in = ring_take(&r->plain, 1)) != NULL) {
        e = seal_slice(r, in);
        ring_pass(&r->plain, 1);
    }
    if (e) {
        note_failure(r, e);
        ring_break(&r->plain);
    }
    age_seal_free(r->age);
    ring_close(&r->sealed, 0);
    return NULL;
}

static void *hasher(void *arg)
{
    struct run *r = arg;
    struct ring_slot *s;
    struct hash_state hash;
    hash_init(&hash);
    while ((s = ring_take(&r->sealed, 1)) != NULL) {
        hash_add(&hash, s->p, s->n);
        if (s->end) {
            s->sealed = hash;
            hash_init(&hash);
        }
        ring_pass(&r->sealed, 1);
    }
    ring_close(&r->sealed, 1);
    return NULL;
}

/* Makes the whole blobs durable under their names, which the job knows before. */
static enum err settle(struct run *r)
{
    struct blobs *blobs = r->p->blobs;
    size_t first = blobs->n, done = 0;
    enum err e = ERR_OK;
    for (size_t i = 0; i < r->whole && !e; i++)
        e = blobs_add(blobs, &r->blobs[i].blob);
    if (!e && r->whole)
        e = blobs_write(blobs, first);
    for (; done < r->whole && !e; done++)
        e = object_commit(&r->blobs[done].w, &r->blobs[done].blob.name, NULL);
    for (; done < r->whole; done++)
        object_abort(&r->blobs[done].w);
    r->whole = 0;
    return e;
}

/* Writes bytes that are hashed already. A file system that says only now
 * that it wants the page cache, or a limit that cuts a write at an odd place,
 * gets them the ordinary way. */
static enum err write_on(struct run *r, struct object_writer *w, const struct ring_slot *in)
{
    enum err e = file_write_fd(w->fd, in->p, in->n, w->tmp);
    if (e == ERR_IO && r->direct && fcntl(w->fd, F_SETFL, 0) == 0 && lseek(w->fd, (off_t)w->size, SEEK_SET) >= 0) {
        r->direct = false;
        r->buffered = true;
        e = file_write_fd(w->fd, in->p, in->n, w->tmp);
    }
    w->size += in->n;
    return e;
}

static enum err write_slice(struct run *r, const struct ring_slot *in)
{
    struct writing *b = &r->blobs[r->whole];
    bool full = in->n == SEALED_SLICE;
    enum err e = ERR_OK;
    if (!r->open) {
        e = object_begin(&b->w, r->p->blobs->root);
        r->open = !e;
        r->direct = !e && full && !r->buffered && fcntl(b->w.fd, F_SETFL, O_DIRECT) == 0;
    } else if (r->direct && !full && fcntl(b->w.fd, F_SETFL, 0) == 0) {
        r->direct = false;
    }
    if (!e)
        e = write_on(r, &b->w, in);
    if (e || !in->end)
        return e;
    struct hash_state copy = in->sealed;
    b->w.hash = in->sealed;
    b->blob = (struct blob){hash_end(&copy), in->prefix, in->length, b->w.size};
    r->open = false;
    r->whole++;
    return r->whole == TOGETHER ? settle(r) : ERR_OK;
}

static void *writer(void *arg)
{
    struct run *r = arg;
    struct ring_slot *in;
    enum err e = ERR_OK;
    while (!e && (in = ring_take(&r->sealed, 2)) != NULL) {
        e = write_slice(r, in);
        ring_pass(&r->sealed, 2);
    }
    if (e) {
        note_failure(r, e);
        ring_break(&r->sealed);
    }
    if (r->open)
        object_abort(&r->blobs[r->whole].w);
    e = settle(r);
    if (e)
        note_failure(r, e);
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
        struct ring_slot *s = ring_take(&r->plain, 0);
        if (!s)
            return ERR_END;
        uint64_t blob_left = BLOB_PLAIN_MAX - at % BLOB_PLAIN_MAX;
        uint64_t left = p->source->size - at;
        uint64_t n = left < blob_left ? left : blob_left;
        s->n = n < PLAIN_SLICE ? (size_t)n : PLAIN_SLICE;
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
        ring_pass(&r->plain, 0);
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
    static void *(*const workers[])(void *) = {writer, hasher, sealer};
    enum { WORKERS = sizeof workers / sizeof *workers };
    pthread_t threads[WORKERS];
    size_t n = 0;
    enum err e = ERR_OK;
    while (n < WORKERS && !e) {
        e = start(&threads[n], workers[n], r);
        n += !e;
    }
    if (!e) {
        e = reader(r);
        r->p->ours = e == ERR_END;
        ring_close(&r->plain, 0);
    } else {
        ring_break(&r->sealed);
    }
    while (n)
        pthread_join(threads[--n], NULL);
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
    enum err e = ring_init(&r.plain, 2, PLAIN_SLOTS, PLAIN_SLICE);
    if (!e) {
        e = ring_init(&r.sealed, 3, SEALED_SLOTS, SEALED_SLICE);
        if (!e) {
            e = run_threads(&r);
            ring_free(&r.sealed);
        }
        ring_free(&r.plain);
    }
    pthread_mutex_destroy(&r.lock);
    return e;
}
