#ifndef TESTS_UNIT_ERASE_FIXTURE_H
#define TESTS_UNIT_ERASE_FIXTURE_H

/* A station that took in a camera, a hub's receipt, a supervisor's licence, and
 * the camera again: a folder, with a deleter that only tests have. What it does
 * is counted in steps, and at a step it may fail, or the process end. */

#include "drivers/erase/erase.h"
#include "drivers/folder/folder.h"
#include "storage/records/erasure.h"
#include "tests/unit/intake_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define SERIAL "SN-1"
#define CLIPS 5

struct bench {
    struct house *h;
    struct clip *clip[CLIPS]; /* 1 is a sidecar of 0; 4 is not taken in */
    char folder[128];
    char licence[NOTICE_ID];
    char ids[CLIPS][ENTRY_ID];
    /* the camera */
    struct camera inner, camera;
    struct deleter deleter;
    unsigned step, die_at; /* 0: never */
    const char *bad_read;  /* of this path */
    enum err bad_read_with;
    enum err bad_remove; /* the next one only */
    const char *twin;    /* a path that it lists once more */
    bool liar;           /* "erased", and it is not */
    unsigned removed, opened;
    void (*before_remove)(struct bench *b);
    struct copies *copies;
    volatile sig_atomic_t stop;
};

static struct bench *bench_now; /* open and close of a file know no camera */

FIXTURE void step(struct bench *b)
{
    if (++b->step == b->die_at)
        _exit(99); /* as kill -9: nothing is flushed, nothing is closed in order */
}

FIXTURE enum err bench_list(void *self, camera_list_fn *fn, void *ctx)
{
    struct bench *b = self;
    step(b);
    enum err e = b->inner.list(b->inner.self, fn, ctx);
    if (!e && b->twin)
        e = fn(ctx, &(struct camera_file){b->twin, 70000, INT64_MIN, CAMERA_FILE, ""});
    step(b);
    return e;
}

FIXTURE enum err bench_open_file(void *self, const struct camera_file *f, void **file)
{
    struct bench *b = self;
    step(b);
    b->opened++;
    if (b->bad_read && strcmp(b->bad_read, f->path) == 0)
        return err_set(b->bad_read_with, "the lens cap fell off");
    return b->inner.open(b->inner.self, f, file);
}

FIXTURE enum err bench_read(void *file, uint64_t offset, void *p, size_t n, size_t *got)
{
    step(bench_now);
    return bench_now->inner.read(file, offset, p, n, got);
}

FIXTURE void bench_close(void *file)
{
    bench_now->inner.close(file);
    step(bench_now);
}

FIXTURE void bench_path(const struct bench *b, const char *path, char out[static 512])
{
    snprintf(out, 512, "%.120s/%.300s", b->folder, path);
}

FIXTURE enum err bench_remove(void *self, const struct camera_file *f)
{
    struct bench *b = self;
    char path[512];
    step(b);
    if (b->before_remove)
        b->before_remove(b);
    if (b->bad_remove) {
        enum err e = b->bad_remove;
        b->bad_remove = ERR_OK;
        return err_set(e, "the camera does not want to");
    }
    bench_path(b, f->path, path);
    if (!b->liar)
        assert_int_equal(unlink(path), 0);
    b->removed++;
    step(b);
    return ERR_OK;
}

FIXTURE void bench_write(const struct bench *b, const struct clip *c)
{
    char path[512];
    struct timespec t[2] = {{.tv_sec = c->mtime / 1000}, {.tv_sec = c->mtime / 1000}};
    bench_path(b, c->path, path);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(c->p, 1, c->n, f), c->n);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(utimensat(AT_FDCWD, path, t, 0), 0);
}

FIXTURE bool bench_has(const struct bench *b, size_t clip)
{
    char path[512];
    bench_path(b, b->clip[clip]->path, path);
    return access(path, F_OK) == 0;
}

/* A hub's receipt over the first n labels, or fewer. */
FIXTURE void bench_receipt(struct bench *b, uint64_t n, uint64_t parts_missing, uint64_t alarm, int64_t time)
{
    struct receipt r = {.labels = n, .time = time};
    struct buf text = {0};
    struct label l;
    strcpy(r.chain, b->h->s->chain);
    strcpy(r.hub, "hub");
    assert_int_equal(queue_label(b->h->s->queue, r.chain, n, &text), ERR_OK);
    assert_int_equal(label_parse(&l, (const char *)text.p, text.len), ERR_OK);
    r.head = label_hash(&l);
    if (parts_missing) {
        r.parts_missing = &parts_missing;
        r.n_parts_missing = 1;
    }
    r.alarm_seq = alarm;
    assert_int_equal(receipt_write(&r, &b->h->d->hub), ERR_OK);
    assert_int_equal(station_take_receipt(b->h->s, (const char *)r.text.p, r.text.len), ERR_OK);
    buf_free(&r.text);
    buf_free(&text);
}

FIXTURE void bench_roster(struct bench *b)
{
    struct roster *r = &b->h->d->roster;
    r->number++;
    assert_int_equal(roster_sign(r, &b->h->d->authority), ERR_OK);
    assert_int_equal(station_take_roster(b->h->s, (const char *)r->text.p, r->text.len), ERR_OK);
}

FIXTURE void take_id(void *ctx, const struct notice *n, const char *volume)
{
    struct bench *b = ctx;
    (void)volume;
    memcpy(b->licence, n->id, NOTICE_ID);
}

FIXTURE enum err bench_try_license_by(struct bench *b, unsigned copies, struct erasure_offer *o)
{
    struct recording_list *l;
    struct erasure_wish w = {.serial = SERIAL, .days = 14, .why = "the card is full", .copies = copies};
    assert_int_equal(recording_load(b->h->s, b->h->d->user, &l), ERR_OK);
    enum err e = erasure_license(b->h->s, b->h->d->user, l, &w, take_id, b, o);
    recording_free(l);
    return e;
}

FIXTURE enum err bench_try_license(struct bench *b, struct erasure_offer *o)
{
    return bench_try_license_by(b, 0, o);
}

FIXTURE void bench_license(struct bench *b)
{
    struct erasure_offer o;
    enum err e = bench_try_license(b, &o);
    if (e)
        fprintf(stderr, "licence: %s\n", err_text());
    assert_int_equal(e, ERR_OK);
    assert_int_equal(o.licences, 1);
    assert_int_equal(o.files, 4);
    assert_int_equal(o.recordings, 3);
}

/* Taken in, and the receipt; no licence yet. */
FIXTURE int bench_new(void **state)
{
    static const char *const paths[CLIPS] = {"DCIM/A.MP4", "DCIM/A.nmea", "DCIM/B.MP4", "DCIM/E.MP4", "DCIM/N.MP4"};
    static const size_t sizes[CLIPS] = {3 * MIB + 17, 500, 70000, 0, 70000};
    struct bench *b = calloc(1, sizeof *b);
    struct intake_report r;
    void *h;
    char path[512];
    assert_non_null(b);
    house_new(&h);
    b->h = h;
    snprintf(b->folder, sizeof b->folder, "%.60s/camera", b->h->d->dir);
    bench_path(b, "DCIM", path);
    assert_int_equal(file_mkdirs(path, 0700), ERR_OK);
    b->h->d->roster.users[0].roles = ROLE_SUPERVISOR;
    bench_roster(b);
    for (size_t i = 0; i < CLIPS; i++) {
        b->clip[i] = clip_new(paths[i], sizes[i], (uint8_t)(i + 1));
        b->clip[i]->mtime = 1763000000000 + (int64_t)i * 2000;
        bench_write(b, b->clip[i]);
    }
    house_open(b->h);
    for (size_t i = 0; i < 4; i++) {
        if (i == 1)
            continue;
        r = house_take(b->h, b->clip[i], i ? NULL : b->clip[1]);
        memcpy(b->ids[i], r.id, ENTRY_ID);
    }
    intake_free(b->h->in);
    b->h->in = NULL;
    assert_int_equal(folder_open(&b->inner, b->folder, SERIAL), ERR_OK);
    b->camera = (struct camera){
        .self = b, .grain = 1, .list = bench_list, .open = bench_open_file, .read = bench_read, .close = bench_close};
    b->deleter = (struct deleter){.self = b, .how = "mtp", .remove = bench_remove, .lists_anew = true};
    bench_now = b;
    *state = b;
    return 0;
}

FIXTURE int bench_new_licensed(void **state)
{
    bench_new(state);
    struct bench *b = *state;
    bench_receipt(b, house_labels(b->h), 0, 0, clock_wall());
    bench_license(b);
    return 0;
}

FIXTURE int bench_free(void **state)
{
    struct bench *b = *state;
    void *h = b->h;
    b->inner.free(b->inner.self);
    for (size_t i = 0; i < CLIPS; i++)
        clip_free(b->clip[i]);
    house_free(&h);
    free(b);
    return 0;
}

/* As a new process would find the station. */
FIXTURE void bench_again(struct bench *b)
{
    station_close(b->h->s);
    b->h->s = district_open(b->h->d);
    b->removed = b->opened = b->step = 0;
}

struct result {
    enum err e;
    bool incomplete;
    struct outcome tell;
    char why[512];
};

FIXTURE struct result bench_erase_as(struct bench *b, const char *serial, const char *volume, const char *id, bool plan)
{
    struct result o = {.e = ERR_OK};
    struct permit *p;
    err_clear();
    outcome_begin(&o.tell, true, false);
    o.e = permit_load(&p, b->h->s, serial, volume, id, b->copies);
    if (!o.e) {
        struct erase e = {b->h->s, p, &b->camera, serial, volume, &b->deleter, &o.tell, &b->stop};
        o.e = plan ? erase_plan(&e) : erase_run(&e, &o.incomplete);
        permit_free(p);
    }
    snprintf(o.why, sizeof o.why, "%s", err_text());
    return o;
}

FIXTURE struct result bench_erase(struct bench *b)
{
    return bench_erase_as(b, SERIAL, "", NULL, false);
}

/* Erased what was licensed, and nothing else. */
FIXTURE void assert_all_gone(const struct bench *b)
{
    for (size_t i = 0; i < 4; i++)
        if (bench_has(b, i))
            fail_msg("%s is still there", b->clip[i]->path);
    assert_true(bench_has(b, 4));
}

FIXTURE void assert_untouched(const struct bench *b)
{
    for (size_t i = 0; i < CLIPS; i++)
        assert_true(bench_has(b, i));
    assert_int_equal(b->removed, 0);
}

/* The states of the entries of type erase, in order: "begun A:erased ... over". */
FIXTURE void bench_story(struct bench *b, struct buf *out)
{
    uint64_t last = house_labels(b->h);
    buf_clear(out);
    assert_int_equal(buf_str(out, ""), ERR_OK);
    for (uint64_t seq = 1; seq <= last; seq++) {
        struct batch *batch = house_batch(b->h, seq);
        size_t i;
        json_t *entry;
        json_array_foreach(batch->entries, i, entry)
        {
            const json_t *data = json_object_get(entry, "data");
            const char *state = json_string_value(json_object_get(data, "state"));
            const char *id = json_string_value(json_object_get(data, "recording"));
            if (strcmp(json_string_value(json_object_get(entry, "type")), "erase") != 0)
                continue;
            const char *name = "";
            for (size_t k = 0; id && k < 4; k++)
                if (strcmp(b->ids[k], id) == 0)
                    name = k == 0 ? "A:" : k == 2 ? "B:" : "E:";
            assert_int_equal(buf_fmt(out, "%s%s%s", out->len ? " " : "", name, state), ERR_OK);
        }
        batch_free(batch);
    }
}

#define assert_story(b, want)                                                                                          \
    do {                                                                                                               \
        struct buf story_ = {0};                                                                                       \
        bench_story(b, &story_);                                                                                       \
        assert_string_equal((const char *)story_.p, want);                                                             \
        buf_free(&story_);                                                                                             \
        assert_int_equal(district_verify((b)->h->d, NULL), 0);                                                         \
    } while (0)

#endif
