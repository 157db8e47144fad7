#include "storage/vault/aside.h"
#include "tests/unit/intake_fixture.h"

#include <signal.h>
#include <sys/resource.h>

static void interrupted_file_goes_on_behind_its_last_durable_blob(void **state)
{
    struct house *h = *state;
    struct clip *c = clip_new("A.MP4", 60 * MIB + 99, 1);
    struct intake_report r;
    house_open(h);
    c->break_at = 45 * MIB;
    c->break_with = ERR_AGAIN;
    assert_int_equal(house_try(h, c, NULL, &r), ERR_AGAIN);
    assert_false(r.stop);
    assert_int_equal(house_labels(h), 0);
    assert_int_equal(house_unfinished(h), 0);
    assert_int_equal(house_objects(h), 5);
    assert_int_equal(district_verify(h->d, NULL), 0);
    house_again(h);
    c->break_at = SIZE_MAX;
    r = house_take(h, c, NULL);
    assert_int_equal(r.result, INTAKE_RESUMED);
    assert_int_equal(r.resumed_from, 40 * MIB);
    json_t *entry = house_entry(h, 1, 0);
    assert_file_is(h, json_object_get(entry, "data"), c);
    json_decref(entry);
    assert_int_equal(house_jobs(h), 0);
    assert_int_equal(house_objects(h), 10);
    assert_int_equal(district_verify(h->d, NULL), 0);
    clip_free(c);
}

static void resumed_file_with_other_bytes_begins_anew(void **state)
{
    struct house *h = *state;
    struct clip *c = clip_new("A.MP4", 60 * MIB, 1);
    struct intake_report r;
    house_open(h);
    c->break_at = 30 * MIB;
    c->break_with = ERR_IO;
    assert_int_equal(house_try(h, c, NULL, &r), ERR_IO);
    assert_false(r.stop);
    assert_int_equal(house_objects(h), 3);
    c->p[1 * MIB] ^= 1; /* between the samples: the fast mark stays */
    c->break_at = SIZE_MAX;
    house_again(h);
    r = house_take(h, c, NULL);
    assert_int_equal(r.result, INTAKE_STORED);
    assert_int_equal(r.resumed_from, 0);
    json_t *entry = house_entry(h, 1, 0);
    assert_file_is(h, json_object_get(entry, "data"), c);
    json_decref(entry);
    assert_int_equal(house_objects(h), 10); /* none of the old blobs is left */
    clip_free(c);
}

/* The text of the one job, and its name. */
struct job {
    char name[128];
    struct buf text;
};

static enum err take_job(void *ctx, const char *name, const char *text, size_t n)
{
    struct job *j = ctx;
    snprintf(j->name, sizeof j->name, "%s", name);
    buf_clear(&j->text);
    return buf_add(&j->text, text, n);
}

static struct hash job_blob(const struct job *j, unsigned i)
{
    struct hash h;
    const char *p = (const char *)j->text.p;
    for (unsigned k = 0; k <= i; k++) {
        p = strstr(p, "blob: ");
        assert_non_null(p);
        p += 6;
    }
    assert_true(hash_unhex(&h, p, 64));
    return h;
}

static void lost_blob_of_an_interrupted_file_is_sealed_again(void **state)
{
    struct house *h = *state;
    struct clip *c = clip_new("A.MP4", 60 * MIB, 1);
    struct intake_report r;
    struct job j = {0};
    house_open(h);
    c->break_at = 50 * MIB;
    c->break_with = ERR_AGAIN;
    assert_int_equal(house_try(h, c, NULL, &r), ERR_AGAIN);
    assert_int_equal(queue_each_job(h->s->queue, BLOBS_JOB, take_job, &j), ERR_OK);
    struct hash third = job_blob(&j, 2);
    assert_int_equal(object_remove(h->s->dir, &third), ERR_OK);
    c->break_at = SIZE_MAX;
    house_again(h);
    r = house_take(h, c, NULL);
    assert_int_equal(r.resumed_from, 16 * MIB);
    json_t *entry = house_entry(h, 1, 0);
    assert_file_is(h, json_object_get(entry, "data"), c);
    json_decref(entry);
    assert_int_equal(house_objects(h), 10);
    buf_free(&j.text);
    clip_free(c);
}

static void damaged_job_is_no_ground_to_skip_bytes(void **state)
{
    struct house *h = *state;
    struct clip *c = clip_new("A.MP4", 60 * MIB, 1);
    struct intake_report r;
    struct job j = {0};
    house_open(h);
    c->break_at = 50 * MIB;
    c->break_with = ERR_AGAIN;
    assert_int_equal(house_try(h, c, NULL, &r), ERR_AGAIN);
    assert_int_equal(queue_each_job(h->s->queue, BLOBS_JOB, take_job, &j), ERR_OK);
    /* a blob less in the middle: what follows stands for other bytes */
    char *second = strstr(strstr((char *)j.text.p, "blob: ") + 1, "blob: "), *third = strstr(second + 1, "blob: ");
    size_t rest = strlen(third);
    memmove(second, third, rest + 1);
    assert_int_equal(queue_set_job(h->s->queue, BLOBS_JOB, j.name, j.text.p, strlen((char *)j.text.p)), ERR_OK);
    c->break_at = SIZE_MAX;
    house_again(h);
    assert_int_equal(house_take(h, c, NULL).resumed_from, 0);
    json_t *entry = house_entry(h, 1, 0);
    assert_file_is(h, json_object_get(entry, "data"), c);
    json_decref(entry);
    buf_free(&j.text);
    clip_free(c);
}

static void interrupted_file_of_many_blobs_goes_on_from_its_last_row(void **state)
{
    struct house *h = *state;
    struct blobs b, again;
    struct hash mark = {{7}};
    house_open(h);
    blobs_init(&b, h->s->queue, h->s->dir, &mark);
    for (unsigned i = 0; i < 300; i++) {
        struct blob one = {.length = BLOB_PLAIN_MAX, .size = sizeof i};
        assert_int_equal(object_put(h->s->dir, &i, sizeof i, &one.name), ERR_OK);
        assert_int_equal(blobs_add(&b, &one), ERR_OK);
        if (i % 4 == 3)
            assert_int_equal(blobs_write(&b, b.n - 4), ERR_OK);
    }
    assert_int_equal(house_jobs(h), 3);
    blobs_init(&again, h->s->queue, h->s->dir, &mark);
    assert_int_equal(blobs_resume(&again, (uint64_t)301 * BLOB_PLAIN_MAX), ERR_OK);
    assert_int_equal(again.n, 300);
    assert_memory_equal(again.v, b.v, 300 * sizeof *b.v);
    /* with a gap in the second row, the third is void */
    assert_int_equal(object_remove(h->s->dir, &b.v[200].name), ERR_OK);
    blobs_free(&again);
    blobs_init(&again, h->s->queue, h->s->dir, &mark);
    assert_int_equal(blobs_resume(&again, (uint64_t)301 * BLOB_PLAIN_MAX), ERR_OK);
    assert_int_equal(again.n, 200);
    assert_int_equal(house_objects(h), 200);
    assert_int_equal(house_jobs(h), 2);
    assert_int_equal(blobs_drop(&again), ERR_OK);
    assert_int_equal(house_objects(h), 0);
    assert_int_equal(house_jobs(h), 0);
    blobs_free(&again);
    blobs_free(&b);
}

static void growing_shrinking_or_touched_file_is_refused_and_leaves_nothing(void **state)
{
    struct house *h = *state;
    struct intake_report r;
    size_t sizes[] = {5000, 30 * MIB};
    house_open(h);
    for (int i = 0; i < 2; i++)
        for (int how = 0; how < 3; how++) {
            struct clip *c = clip_new("A.MP4", sizes[i], 1);
            if (how == 0)
                c->listed -= 10; /* grew */
            if (how == 1)
                c->listed += 10; /* shrank */
            if (how == 2) {
                c->break_at = c->n; /* the camera says so, at the end */
                c->break_with = ERR_BAD;
            }
            assert_int_equal(house_try(h, c, NULL, &r), ERR_AGAIN);
            assert_false(r.stop);
            assert_int_equal(intake_flush(h->in), ERR_OK);
            assert_int_equal(house_labels(h), 0);
            assert_int_equal(house_objects(h), 0);
            assert_int_equal(house_jobs(h), 0);
            assert_int_equal(house_unfinished(h), 0);
            clip_free(c);
        }
}

static void unreadable_sidecar_leaves_nothing_of_its_recording(void **state)
{
    struct house *h = *state;
    struct clip *before = clip_new("0.MP4", 500, 3), *c = clip_new("A.MP4", 5000, 1), *gpx = clip_new("A.GPX", 5000, 2);
    struct intake_report r;
    house_open(h);
    assert_int_equal(house_try(h, before, NULL, &r), ERR_OK);
    gpx->break_at = 100;
    gpx->break_with = ERR_IO;
    assert_int_equal(house_try(h, c, gpx, &r), ERR_IO);
    assert_false(r.stop);
    assert_false(r.lost);
    assert_int_equal(intake_flush(h->in), ERR_OK);
    assert_int_equal(house_labels(h), 1);
    assert_int_equal(house_objects(h), 3);
    assert_int_equal(house_unfinished(h), 0);
    gpx->break_at = SIZE_MAX;
    assert_int_equal(house_take(h, c, gpx).result, INTAKE_STORED);
    assert_int_equal(district_verify(h->d, NULL), 0);
    clip_free(before);
    clip_free(c);
    clip_free(gpx);
}

static void limit_files(rlim_t bytes)
{
    struct rlimit l;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &l), 0);
    l.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

static void disk_is_full_now(void)
{
    limit_files(3 * MIB + 1234);
}

static void full_disk_in_the_middle_keeps_what_is_durable(void **state)
{
    struct house *h = *state;
    struct clip *small = clip_new("0.MP4", 500, 3), *c = clip_new("A.MP4", 100 * MIB, 1);
    struct intake_report r;
    house_open(h);
    assert_int_equal(house_try(h, small, NULL, &r), ERR_OK);
    c->break_at = 60 * MIB;
    c->at_break = disk_is_full_now;
    enum err e = house_try(h, c, NULL, &r);
    limit_files(RLIM_INFINITY);
    assert_int_equal(e, ERR_FULL);
    assert_true(r.stop);
    assert_false(r.lost);
    assert_true(r.durable); /* the small one */
    assert_int_equal(house_labels(h), 1);
    assert_int_equal(house_unfinished(h), 0);
    assert_int_equal(district_verify(h->d, NULL), 0);
    house_again(h);
    r = house_take(h, c, NULL);
    assert_int_equal(r.result, INTAKE_RESUMED);
    json_t *entry = house_entry(h, 2, 0);
    assert_file_is(h, json_object_get(entry, "data"), c);
    json_decref(entry);
    assert_int_equal(district_verify(h->d, NULL), 0);
    clip_free(small);
    clip_free(c);
}

static void full_disk_for_a_short_file_keeps_those_before(void **state)
{
    struct house *h = *state;
    struct clip *a = clip_new("A.MP4", 500, 1), *b = clip_new("B.MP4", 5 * MIB, 2);
    struct intake_report r;
    house_open(h);
    assert_int_equal(house_try(h, a, NULL, &r), ERR_OK);
    limit_files(MIB);
    enum err e = house_try(h, b, NULL, &r);
    limit_files(RLIM_INFINITY);
    assert_int_equal(e, ERR_FULL);
    assert_true(r.stop);
    assert_false(r.lost);
    assert_int_equal(intake_flush(h->in), ERR_OK);
    assert_int_equal(house_labels(h), 1);
    assert_int_equal(house_objects(h), 3);
    assert_int_equal(house_unfinished(h), 0);
    clip_free(a);
    clip_free(b);
}

static enum err read_zeros(void *ctx, uint64_t offset, void *p, size_t n, size_t *got)
{
    uint64_t size = *(const uint64_t *)ctx;
    *got = offset >= size ? 0 : size - offset < n ? (size_t)(size - offset) : n;
    memset(p, 0, *got);
    return ERR_OK;
}

static void too_large_is_said_before_it_is_read(void **state)
{
    struct house *h = *state;
    struct intake_report r;
    uint64_t size = INTAKE_FILE_MAX + 1;
    struct intake_source s = {read_zeros, &size, "A.MP4", size, 0, NULL, NULL, false};
    struct intake_file f = {.recording = &s};
    char path[INTAKE_PATH_MAX + 2];
    house_open(h);
    assert_int_equal(intake_space(h->s, 0), ERR_OK);
    assert_int_equal(intake_space(h->s, (uint64_t)1 << 60), ERR_FULL);
    assert_non_null(strstr(err_text(), "MB are needed"));
    assert_int_equal(intake_file(h->in, &f, &r), ERR_DATA);
    assert_false(r.stop);
    memset(path, 'p', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    size = s.size = 10;
    s.path = path;
    assert_int_equal(intake_file(h->in, &f, &r), ERR_DATA);
    assert_false(r.stop);
    path[sizeof path - 2] = '\0';
    assert_int_equal(intake_file(h->in, &f, &r), ERR_OK);
    assert_int_equal(intake_flush(h->in), ERR_OK);
    assert_int_equal(district_verify(h->d, NULL), 0);
}

static void row_of_the_index_alone_does_not_make_a_file_known(void **state)
{
    struct house *h = *state;
    struct clip *a = clip_new("A.MP4", 5000, 1), *b = clip_new("B.MP4", 20 * MIB, 2);
    struct intake_report r;
    struct job j = {0};
    house_open(h);
    house_take(h, a, NULL);
    /* the mark of b, from the job that it leaves */
    b->break_at = 10 * MIB;
    b->break_with = ERR_AGAIN;
    assert_int_equal(house_try(h, b, NULL, &r), ERR_AGAIN);
    assert_int_equal(queue_each_job(h->s->queue, BLOBS_JOB, take_job, &j), ERR_OK);
    struct hash mark;
    assert_true(hash_unhex(&mark, j.name, 64));
    assert_int_equal(queue_add_mark(h->s->queue, &mark, 1), ERR_OK);
    b->break_at = SIZE_MAX;
    house_again(h);
    assert_int_equal(house_take(h, b, NULL).result, INTAKE_RESUMED);
    assert_int_equal(house_labels(h), 2);
    buf_free(&j.text);
    clip_free(a);
    clip_free(b);
}

static enum err note_blob(void *ctx, const struct hash *name, uint64_t size, enum queue_kind kind, const char *chain,
                          uint64_t seq)
{
    assert_non_null(chain);
    assert_true(size > 0 && seq > 0);
    if (kind == QUEUE_OBJ_BLOB)
        *(struct hash *)ctx = *name;
    return ERR_OK;
}

static void recording_whose_blob_is_lost_is_taken_anew(void **state)
{
    struct house *h = *state;
    struct clip *c = clip_new("A.MP4", 5000, 1);
    struct hash blob;
    house_open(h);
    house_take(h, c, NULL);
    assert_int_equal(queue_each_object(h->s->queue, note_blob, &blob), ERR_OK);
    assert_int_equal(object_remove(h->s->dir, &blob), ERR_OK);
    house_again(h);
    assert_int_equal(house_take(h, c, NULL).result, INTAKE_STORED);
    assert_int_equal(house_labels(h), 2);
    assert_int_equal(house_take(h, c, NULL).result, INTAKE_KNOWN);
    clip_free(c);
}

static void recording_that_the_hub_holds_is_not_taken_anew(void **state)
{
    struct house *h = *state;
    struct clip *c = clip_new("A.MP4", 5000, 1);
    struct hash blob;
    struct queue_head head;
    struct receipt *r = calloc(1, sizeof *r);
    assert_non_null(r);
    house_open(h);
    house_take(h, c, NULL);
    assert_int_equal(queue_each_object(h->s->queue, note_blob, &blob), ERR_OK);
    assert_int_equal(object_remove(h->s->dir, &blob), ERR_OK);
    assert_int_equal(queue_head(h->s->queue, h->s->chain, &head), ERR_OK);
    strcpy(r->chain, h->s->chain);
    strcpy(r->hub, "hub");
    r->labels = 1;
    r->head = head.hash;
    r->time = 1770000000000;
    assert_int_equal(receipt_write(r, &h->d->hub), ERR_OK);
    assert_int_equal(station_take_receipt(h->s, (const char *)r->text.p, r->text.len), ERR_OK);
    house_again(h);
    assert_int_equal(house_take(h, c, NULL).result, INTAKE_KNOWN);
    assert_int_equal(house_labels(h), 1);
    receipt_free(r);
    clip_free(c);
}

static void frozen_station_keeps_nothing_that_no_label_names(void **state)
{
    struct house *h = *state;
    struct clip *a = clip_new("A.MP4", 5000, 1), *b = clip_new("B.MP4", 20 * MIB, 2);
    struct intake_report r;
    house_open(h);
    assert_int_equal(queue_set_job(h->s->queue, "frozen", h->s->chain, "cloned", 6), ERR_OK);
    assert_int_equal(house_try(h, a, NULL, &r), ERR_OK);
    assert_int_equal(intake_flush(h->in), ERR_DENIED);
    assert_int_equal(house_objects(h), 0);
    assert_int_equal(house_try(h, b, NULL, &r), ERR_DENIED);
    assert_true(r.stop);
    assert_true(r.lost);
    assert_int_equal(house_unfinished(h), 0);
    assert_int_equal(house_objects(h), 3); /* of b, for the day when it may append again */
    assert_int_equal(queue_end_job(h->s->queue, "frozen", h->s->chain), ERR_OK);
    house_again(h);
    assert_int_equal(house_take(h, b, NULL).result, INTAKE_RESUMED);
    assert_int_equal(house_objects(h), 5);
    assert_int_equal(house_jobs(h), 0);
    clip_free(a);
    clip_free(b);
}

static void second_intake_is_sent_away(void **state)
{
    struct house *h = *state;
    struct intake *other;
    house_open(h);
    assert_int_equal(intake_new(&other, h->s, &h->camera, NULL, NULL), ERR_AGAIN);
    assert_non_null(strstr(err_text(), "another offload"));
    assert_null(other);
}

static void killed_gathering_leaves_no_blob_behind(void **state)
{
    struct house *h = *state;
    struct aside a;
    struct hash name;
    char path[256];
    house_open(h);
    /* what a kill between the renames and the label leaves */
    aside_init(&a, h->s->queue, h->s->dir);
    for (unsigned i = 0; i < 200; i++)
        assert_int_equal(aside_put(&a, &i, sizeof i, &name), ERR_OK);
    assert_int_equal(aside_commit(&a), ERR_OK);
    a.blobs.n = a.blobs.rows = a.placed = 0;
    aside_free(&a);
    assert_int_equal(house_objects(h), 200);
    /* and one in the middle of a write, by a process that is no more */
    snprintf(path, sizeof path, "%.200s/objects/tmp/2147483646.7", h->s->dir);
    assert_int_equal(file_write(path, "x", 1, 0600), ERR_OK);
    house_again(h);
    assert_int_equal(house_objects(h), 0);
    assert_int_equal(house_jobs(h), 0);
    assert_int_equal(house_unfinished(h), 0);
}

static void file_left_for_months_is_given_up(void **state)
{
    struct house *h = *state;
    struct clip *c = clip_new("A.MP4", 60 * MIB, 1);
    struct intake_report r;
    struct job j = {0};
    house_open(h);
    c->break_at = 50 * MIB;
    c->break_with = ERR_AGAIN;
    assert_int_equal(house_try(h, c, NULL, &r), ERR_AGAIN);
    house_again(h);
    assert_int_equal(house_objects(h), 6);
    assert_int_equal(queue_each_job(h->s->queue, BLOBS_JOB, take_job, &j), ERR_OK);
    memcpy(strstr((char *)j.text.p, "time: ") + 6, "2020", 4);
    assert_int_equal(queue_set_job(h->s->queue, BLOBS_JOB, j.name, j.text.p, j.text.len), ERR_OK);
    house_again(h);
    assert_int_equal(house_objects(h), 0);
    assert_int_equal(house_jobs(h), 0);
    buf_free(&j.text);
    clip_free(c);
}

static void job_that_outlived_its_label_does_not_take_its_blobs_away(void **state)
{
    struct house *h = *state;
    struct clip *c = clip_new("A.MP4", 60 * MIB, 1);
    struct intake_report r;
    struct job j = {0};
    house_open(h);
    c->break_at = 50 * MIB;
    c->break_with = ERR_AGAIN;
    assert_int_equal(house_try(h, c, NULL, &r), ERR_AGAIN);
    assert_int_equal(queue_each_job(h->s->queue, BLOBS_JOB, take_job, &j), ERR_OK);
    c->break_at = SIZE_MAX;
    house_take(h, c, NULL);
    assert_int_equal(queue_set_job(h->s->queue, BLOBS_JOB, j.name, j.text.p, j.text.len), ERR_OK);
    house_again(h);
    assert_int_equal(house_jobs(h), 0);
    assert_int_equal(house_objects(h), 10);
    assert_int_equal(district_verify(h->d, NULL), 0);
    buf_free(&j.text);
    clip_free(c);
}

static void other_entries_in_between_harm_nothing(void **state)
{
    struct house *h = *state;
    struct clip *a = clip_new("A.MP4", 5000, 1), *b = clip_new("B.MP4", 5000, 2);
    house_open(h);
    house_take(h, a, NULL);
    district_append(h->s, "note", h->d->user);
    house_take(h, b, NULL);
    district_append(h->s, "note", NULL);
    assert_int_equal(house_take(h, a, NULL).result, INTAKE_KNOWN);
    assert_int_equal(house_take(h, b, NULL).result, INTAKE_KNOWN);
    assert_int_equal(house_labels(h), 4);
    assert_int_equal(district_verify(h->d, NULL), 0);
    clip_free(a);
    clip_free(b);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, house_new, house_free)
    const struct CMUnitTest tests[] = {
        TEST(interrupted_file_goes_on_behind_its_last_durable_blob),
        TEST(resumed_file_with_other_bytes_begins_anew),
        TEST(lost_blob_of_an_interrupted_file_is_sealed_again),
        TEST(damaged_job_is_no_ground_to_skip_bytes),
        TEST(interrupted_file_of_many_blobs_goes_on_from_its_last_row),
        TEST(growing_shrinking_or_touched_file_is_refused_and_leaves_nothing),
        TEST(unreadable_sidecar_leaves_nothing_of_its_recording),
        TEST(full_disk_in_the_middle_keeps_what_is_durable),
        TEST(full_disk_for_a_short_file_keeps_those_before),
        TEST(too_large_is_said_before_it_is_read),
        TEST(row_of_the_index_alone_does_not_make_a_file_known),
        TEST(recording_whose_blob_is_lost_is_taken_anew),
        TEST(recording_that_the_hub_holds_is_not_taken_anew),
        TEST(frozen_station_keeps_nothing_that_no_label_names),
        TEST(second_intake_is_sent_away),
        TEST(killed_gathering_leaves_no_blob_behind),
        TEST(file_left_for_months_is_given_up),
        TEST(job_that_outlived_its_label_does_not_take_its_blobs_away),
        TEST(other_entries_in_between_harm_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
