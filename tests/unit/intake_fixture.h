#ifndef TESTS_UNIT_INTAKE_FIXTURE_H
#define TESTS_UNIT_INTAKE_FIXTURE_H

/* A station, a camera in memory, and an intake between the two. */

#include "storage/limits.h"
#include "storage/seal/age.h"
#include "storage/vault/batch.h"
#include "storage/vault/blobs.h"
#include "storage/vault/intake.h"
#include "storage/vault/object.h"
#include "tests/unit/station_fixture.h"

#include <dirent.h>

/* a test need not use all of it */
#define FIXTURE static __attribute__((unused))
#define MIB ((size_t)1 << 20)

#define SAMPLE 4096u /* of the fast mark */

/* A file of the camera. */
struct clip {
    char path[64];
    uint8_t *p;
    size_t n;
    size_t listed; /* its size when it was listed */
    int64_t mtime;
    size_t break_at; /* reading fails there, but for samples; SIZE_MAX: never */
    enum err break_with;
    void (*at_break)(void);
    uint64_t reads; /* bytes handed out */
};

struct house {
    struct district *d;
    struct station *s;
    struct intake *in;
    struct intake_camera camera;
};

FIXTURE enum err clip_read(void *ctx, uint64_t offset, void *p, size_t n, size_t *got)
{
    struct clip *c = ctx;
    *got = 0;
    if (n != SAMPLE && offset + n > c->break_at) {
        if (c->at_break) {
            c->at_break();
            c->at_break = NULL;
            c->break_at = SIZE_MAX;
        } else {
            return err_set(c->break_with, "the lens cap fell off");
        }
    }
    if (offset >= c->n)
        return ERR_OK;
    *got = c->n - offset < n ? c->n - (size_t)offset : n;
    memcpy(p, c->p + offset, *got);
    c->reads += *got;
    return ERR_OK;
}

/* n bytes that do not compress, the same for the same seed. */
FIXTURE struct clip *clip_new(const char *path, size_t n, uint8_t seed)
{
    struct clip *c = calloc(1, sizeof *c);
    uint8_t key[randombytes_SEEDBYTES] = {seed};
    assert_non_null(c);
    snprintf(c->path, sizeof c->path, "%s", path);
    c->p = malloc(n + 1);
    assert_non_null(c->p);
    randombytes_buf_deterministic(c->p, n, key);
    c->n = c->listed = n;
    c->mtime = 1763000000000 + seed;
    c->break_at = SIZE_MAX;
    return c;
}

FIXTURE void clip_free(struct clip *c)
{
    free(c->p);
    free(c);
}

FIXTURE struct intake_source clip_source(struct clip *c)
{
    return (struct intake_source){clip_read, c, c->path, c->listed, c->mtime, NULL, NULL, false};
}

FIXTURE int house_new(void **state)
{
    struct house *h = calloc(1, sizeof *h);
    assert_non_null(h);
    h->d = district_new();
    h->s = district_open(h->d);
    h->camera = (struct intake_camera){"Acme", "Cam 1", "SN-1", "folder", "", INT64_MIN};
    *state = h;
    return 0;
}

FIXTURE int house_free(void **state)
{
    struct house *h = *state;
    intake_free(h->in);
    station_close(h->s);
    district_free(h->d);
    free(h);
    return 0;
}

FIXTURE void house_open(struct house *h)
{
    enum err e = intake_new(&h->in, h->s, &h->camera, NULL, NULL);
    if (e)
        fprintf(stderr, "intake_new: %s\n", err_text());
    assert_int_equal(e, ERR_OK);
}

/* As a new process would find the station. */
FIXTURE void house_again(struct house *h)
{
    intake_free(h->in);
    h->in = NULL;
    station_close(h->s);
    h->s = district_open(h->d);
    house_open(h);
}

FIXTURE enum err house_try(struct house *h, struct clip *c, struct clip *sidecar, struct intake_report *r)
{
    struct intake_source a = clip_source(c), b;
    struct intake_file f = {.recording = &a};
    if (sidecar) {
        b = clip_source(sidecar);
        f.sidecars = &b;
        f.n_sidecars = 1;
    }
    return intake_file(h->in, &f, r);
}

/* Takes one in and makes it durable. */
FIXTURE struct intake_report house_take(struct house *h, struct clip *c, struct clip *sidecar)
{
    struct intake_report r;
    enum err e = house_try(h, c, sidecar, &r);
    if (!e)
        e = intake_flush(h->in);
    if (e)
        fprintf(stderr, "intake: %s\n", err_text());
    assert_int_equal(e, ERR_OK);
    return r;
}

FIXTURE uint64_t house_labels(struct house *h)
{
    struct queue_head head;
    assert_int_equal(queue_head(h->s->queue, h->s->chain, &head), ERR_OK);
    return head.seq;
}

/* The opened batch of label seq. */
FIXTURE struct batch *house_batch(struct house *h, uint64_t seq)
{
    struct buf text = {0}, plain = {0};
    struct label l;
    struct batch *b = NULL;
    assert_int_equal(queue_label(h->s->queue, h->s->chain, seq, &text), ERR_OK);
    assert_int_equal(label_parse(&l, (const char *)text.p, text.len), ERR_OK);
    enum err e = chain_open_batch(h->s, &l, h->d->user, &b, &plain);
    if (e)
        fprintf(stderr, "batch: %s\n", err_text());
    assert_int_equal(e, ERR_OK);
    buf_free(&text);
    buf_free(&plain);
    return b;
}

/* Entry i of label seq, with a reference of the caller's. */
FIXTURE json_t *house_entry(struct house *h, uint64_t seq, size_t i)
{
    struct batch *b = house_batch(h, seq);
    json_t *entry = json_incref(json_array_get(b->entries, i));
    batch_free(b);
    assert_non_null(entry);
    return entry;
}

/* Opens every blob of a file of an entry and compares the whole with the clip. */
FIXTURE void assert_file_is(struct house *h, const json_t *file, const struct clip *c)
{
    size_t i;
    json_t *blob;
    uint64_t at = 0;
    char want[HASH_HEX];
    struct hash plain = hash_of(c->p, c->n);
    hash_hex(want, &plain);
    assert_string_equal(json_string_value(json_object_get(file, "blake2b")), want);
    assert_int_equal(json_integer_value(json_object_get(file, "size")), c->n);
    json_array_foreach(json_object_get(file, "blobs"), i, blob)
    {
        struct hash name;
        struct buf sealed = {0}, open = {0};
        const char *hex = json_string_value(json_object_get(blob, "name"));
        assert_true(hash_unhex(&name, hex, strlen(hex)));
        assert_int_equal(json_integer_value(json_object_get(blob, "offset")), at);
        assert_int_equal(object_get(h->s->dir, &name, BLOB_SEALED_MAX, &sealed), ERR_OK);
        assert_int_equal(json_integer_value(json_object_get(blob, "size")), sealed.len);
        assert_int_equal(object_open(sealed.p, sealed.len, h->d->circle, 4, BLOB_PLAIN_MAX, &open), ERR_OK);
        assert_int_equal(json_integer_value(json_object_get(blob, "length")), open.len);
        assert_true(at + open.len <= c->n);
        assert_memory_equal(open.p, c->p + at, open.len);
        at += open.len;
        buf_free(&sealed);
        buf_free(&open);
    }
    assert_int_equal(at, c->n);
}

FIXTURE enum err count_object(void *ctx, const struct hash *name, const char *path)
{
    size_t *n = ctx;
    assert_non_null(name);
    assert_non_null(path);
    *n += 1;
    return ERR_OK;
}

FIXTURE size_t house_objects(struct house *h)
{
    size_t n = 0;
    assert_int_equal(object_each(h->s->dir, count_object, &n), ERR_OK);
    return n;
}

FIXTURE size_t house_unfinished(struct house *h)
{
    char path[256];
    size_t n = 0;
    snprintf(path, sizeof path, "%.200s/objects/tmp", h->s->dir);
    DIR *d = opendir(path);
    assert_non_null(d);
    for (struct dirent *f; (f = readdir(d)) != NULL;)
        n += f->d_name[0] != '.';
    closedir(d);
    return n;
}

FIXTURE enum err count_job(void *ctx, const char *name, const char *text, size_t n)
{
    size_t *jobs = ctx;
    assert_non_null(name);
    assert_true(text != NULL || n == 0);
    *jobs += 1;
    return ERR_OK;
}

FIXTURE size_t house_jobs(struct house *h)
{
    size_t n = 0;
    assert_int_equal(queue_each_job(h->s->queue, BLOBS_JOB, count_job, &n), ERR_OK);
    return n;
}

#endif
