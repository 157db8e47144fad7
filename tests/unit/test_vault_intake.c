#include "tests/unit/intake_fixture.h"

#define S(entry, key) json_string_value(json_object_get(entry, key))

static void recording_of_three_blobs_comes_back_byte_for_byte(void **state)
{
    struct house *h = *state;
    struct clip *c = clip_new("DCIM/A.MP4", 20 * MIB + 12345, 1);
    house_open(h);
    struct intake_report r = house_take(h, c, NULL);
    assert_int_equal(r.result, INTAKE_STORED);
    assert_int_equal(r.bytes, c->n);
    assert_true(r.durable);
    json_t *entry = house_entry(h, 1, 0), *data = json_object_get(entry, "data");
    assert_string_equal(S(entry, "id"), r.id);
    assert_string_equal(S(entry, "type"), "recording");
    assert_string_equal(S(data, "path"), "DCIM/A.MP4");
    assert_string_equal(S(data, "station"), "amb-1");
    assert_string_equal(S(json_object_get(data, "camera"), "serial"), "SN-1");
    assert_int_equal(json_array_size(json_object_get(data, "blobs")), 3);
    assert_file_is(h, data, c);
    json_decref(entry);
    assert_int_equal(house_jobs(h), 0);
    assert_int_equal(house_unfinished(h), 0);
    assert_int_equal(house_objects(h), 5); /* blobs, parts, batch */
    assert_int_equal(district_verify(h->d, NULL), 0);
    clip_free(c);
}

static void recording_of_exactly_one_and_of_two_blobs_has_no_empty_blob(void **state)
{
    struct house *h = *state;
    house_open(h);
    for (uint8_t i = 1; i <= 2; i++) {
        struct clip *c = clip_new("A.MP4", i * (size_t)BLOB_PLAIN_MAX, i);
        house_take(h, c, NULL);
        json_t *entry = house_entry(h, i, 0), *data = json_object_get(entry, "data");
        assert_int_equal(json_array_size(json_object_get(data, "blobs")), i);
        assert_file_is(h, data, c);
        json_decref(entry);
        clip_free(c);
    }
}

static void compressible_bytes_come_back_and_are_smaller(void **state)
{
    struct house *h = *state;
    struct clip *c = clip_new("ZERO.AVI", 9 * MIB, 1);
    memset(c->p, 7, c->n);
    house_open(h);
    house_take(h, c, NULL);
    json_t *entry = house_entry(h, 1, 0), *data = json_object_get(entry, "data");
    assert_true(json_integer_value(json_object_get(json_array_get(json_object_get(data, "blobs"), 0), "size")) < 65536);
    assert_file_is(h, data, c);
    json_decref(entry);
    clip_free(c);
}

static void empty_file_is_a_recording_without_blobs(void **state)
{
    struct house *h = *state;
    struct clip *c = clip_new("EMPTY.MP4", 0, 1), *other = clip_new("OTHER.MP4", 0, 2);
    house_open(h);
    assert_int_equal(house_take(h, c, NULL).result, INTAKE_STORED);
    assert_int_equal(house_take(h, c, NULL).result, INTAKE_KNOWN);
    /* two empty files are not the same recording */
    assert_int_equal(house_take(h, other, NULL).result, INTAKE_STORED);
    json_t *entry = house_entry(h, 1, 0);
    assert_file_is(h, json_object_get(entry, "data"), c);
    json_decref(entry);
    assert_int_equal(district_verify(h->d, NULL), 0);
    clip_free(c);
    clip_free(other);
}

static void sidecars_go_with_their_recording(void **state)
{
    struct house *h = *state;
    struct clip *c = clip_new("A.MP4", 100000, 1), *gpx = clip_new("A.GPX", 5000, 2),
                *log = clip_new("B.LOG", 9 * MIB, 3), *big = clip_new("B.MP4", 17 * MIB, 4);
    memset(gpx->p, 'x', gpx->n);
    house_open(h);
    house_take(h, c, gpx);
    house_take(h, big, log);
    json_t *one = house_entry(h, 1, 0), *two = house_entry(h, 2, 0);
    json_t *sidecar = json_array_get(json_object_get(json_object_get(one, "data"), "sidecars"), 0);
    assert_string_equal(S(sidecar, "path"), "A.GPX");
    assert_file_is(h, sidecar, gpx);
    assert_file_is(h, json_object_get(one, "data"), c);
    assert_file_is(h, json_array_get(json_object_get(json_object_get(two, "data"), "sidecars"), 0), log);
    assert_file_is(h, json_object_get(two, "data"), big);
    json_decref(one);
    json_decref(two);
    /* on its own, a sidecar that came with a recording is known */
    house_again(h);
    assert_int_equal(house_take(h, gpx, NULL).result, INTAKE_KNOWN);
    assert_int_equal(house_take(h, log, NULL).result, INTAKE_KNOWN);
    assert_int_equal(house_jobs(h), 0);
    assert_int_equal(district_verify(h->d, NULL), 0);
    clip_free(c);
    clip_free(gpx);
    clip_free(log);
    clip_free(big);
}

/* A sidecar that is made out of what has just been read. */
struct making {
    struct clip *of, *log, *made;
    struct intake_source source;
    unsigned asked;
};

static const struct intake_source *make(void *ctx)
{
    struct making *m = ctx;
    m->asked++;
    assert_true(m->of->reads >= m->of->n && m->log->reads >= m->log->n);
    m->source = clip_source(m->made);
    return m->made->n ? &m->source : NULL;
}

static void made_sidecar_is_kept_like_any_and_made_of_nothing_that_is_held(void **state)
{
    struct house *h = *state;
    struct clip *made = clip_new("A.ppm", 4000, 9);
    house_open(h);
    for (uint8_t i = 0; i < 3; i++) { /* short, long, and one of which none can be made */
        struct clip *c = clip_new("A.MP4", i == 1 ? 17 * MIB : 100000, i), *log = clip_new("A.LOG", 300, i + 3);
        struct making m = {.of = c, .log = log, .made = made};
        struct intake_source a = clip_source(c), b = clip_source(log);
        struct intake_file f = {&a, &b, 1, make, &m};
        struct intake_report r;
        made->n = made->listed = i == 2 ? 0 : 4000;
        assert_int_equal(intake_file(h->in, &f, &r), ERR_OK);
        assert_int_equal(intake_flush(h->in), ERR_OK);
        json_t *entry = house_entry(h, i + 1u, 0), *data = json_object_get(entry, "data");
        json_t *sidecars = json_object_get(data, "sidecars");
        assert_int_equal(json_array_size(sidecars), i == 2 ? 1 : 2);
        assert_file_is(h, data, c);
        assert_file_is(h, json_array_get(sidecars, 0), log);
        if (i < 2)
            assert_file_is(h, json_array_get(sidecars, 1), made);
        json_decref(entry);
        assert_int_equal(intake_file(h->in, &f, &r), ERR_OK);
        assert_int_equal(r.result, INTAKE_KNOWN);
        assert_int_equal(m.asked, 1);
        clip_free(c);
        clip_free(log);
    }
    assert_int_equal(district_verify(h->d, NULL), 0);
    clip_free(made);
}

static void odd_path_is_kept_escaped_and_raw(void **state)
{
    struct house *h = *state;
    struct clip *c = clip_new("a\x1b[2J\n\xff\\.mp4", 10, 1), *clean = clip_new("Видео 1.mp4", 10, 2);
    house_open(h);
    house_take(h, c, NULL);
    house_take(h, clean, NULL);
    json_t *one = house_entry(h, 1, 0), *two = house_entry(h, 2, 0);
    assert_string_equal(S(json_object_get(one, "data"), "path"), "a\\x1b[2J\\x0a\\xff\\\\.mp4");
    assert_string_equal(S(json_object_get(one, "data"), "path_b64"), "YRtbMkoK/1wubXA0");
    assert_string_equal(S(json_object_get(two, "data"), "path"), "Видео 1.mp4");
    assert_null(json_object_get(json_object_get(two, "data"), "path_b64"));
    json_decref(one);
    json_decref(two);
    clip_free(c);
    clip_free(clean);
}

static void same_file_again_is_known_without_being_read(void **state)
{
    struct house *h = *state;
    struct clip *c = clip_new("A.MP4", 20 * MIB, 1);
    house_open(h);
    house_take(h, c, NULL);
    district_append(h->s, "note", NULL);
    size_t objects = house_objects(h);
    house_again(h);
    c->reads = 0;
    struct intake_report r = house_take(h, c, NULL);
    assert_int_equal(r.result, INTAKE_KNOWN);
    assert_string_equal(r.id, "");
    assert_true(c->reads <= 16 * 4096);
    assert_int_equal(house_labels(h), 2);
    assert_int_equal(house_objects(h), objects);
    clip_free(c);
}

static void moved_clock_of_a_card_costs_one_more_reading_only(void **state)
{
    struct house *h = *state;
    struct clip *c = clip_new("A.MP4", 20 * MIB, 1);
    house_open(h);
    house_take(h, c, NULL);
    size_t blobs = house_objects(h);
    c->mtime += 3600000;
    assert_int_equal(house_take(h, c, NULL).result, INTAKE_KNOWN);
    assert_int_equal(house_labels(h), 2); /* seen with another time */
    assert_int_equal(house_objects(h), blobs + 2);
    assert_int_equal(house_jobs(h), 0);
    house_again(h);
    c->reads = 0;
    assert_int_equal(house_take(h, c, NULL).result, INTAKE_KNOWN);
    assert_true(c->reads <= 16 * 4096);
    assert_int_equal(house_labels(h), 2);
    assert_int_equal(district_verify(h->d, NULL), 0);
    clip_free(c);
}

static void same_bytes_under_another_path_are_seen_not_stored(void **state)
{
    struct house *h = *state;
    size_t sizes[] = {3000, 20 * MIB};
    house_open(h);
    for (uint8_t i = 0; i < 2; i++) {
        struct clip *a = clip_new(i ? "BIG.MP4" : "A.MP4", sizes[i], 1),
                    *b = clip_new(i ? "COPY.MP4" : "B.MP4", sizes[i], 1);
        uint64_t before = house_labels(h);
        house_take(h, a, NULL);
        size_t objects = house_objects(h);
        assert_int_equal(house_take(h, b, NULL).result, INTAKE_KNOWN);
        assert_int_equal(house_labels(h), before + 2);
        assert_int_equal(house_objects(h), objects + 2);
        json_t *seen = house_entry(h, before + 2, 0), *data = json_object_get(seen, "data");
        assert_string_equal(S(seen, "type"), "seen");
        assert_int_equal(json_integer_value(json_object_get(data, "seq")), before + 1);
        assert_string_equal(S(data, "path"), b->path);
        json_decref(seen);
        assert_int_equal(house_take(h, b, NULL).result, INTAKE_KNOWN);
        assert_int_equal(house_labels(h), before + 2);
        clip_free(a);
        clip_free(b);
    }
    assert_int_equal(house_jobs(h), 0);
    assert_int_equal(house_unfinished(h), 0);
    assert_int_equal(district_verify(h->d, NULL), 0);
}

static void twins_in_one_gathering_are_stored_once(void **state)
{
    struct house *h = *state;
    struct clip *a = clip_new("A.MP4", 3000, 1), *b = clip_new("B.MP4", 3000, 1);
    struct intake_report r;
    house_open(h);
    assert_int_equal(house_try(h, a, NULL, &r), ERR_OK);
    assert_false(r.durable);
    assert_int_equal(house_try(h, b, NULL, &r), ERR_OK);
    assert_int_equal(r.result, INTAKE_KNOWN);
    assert_int_equal(intake_flush(h->in), ERR_OK);
    assert_int_equal(house_objects(h), 5); /* one blob, two parts lists, two batches */
    clip_free(a);
    clip_free(b);
}

static void many_small_files_share_labels_and_are_all_known_afterwards(void **state)
{
    enum { FILES = 600 };
    struct house *h = *state;
    struct intake_report r;
    house_open(h);
    for (int pass = 0; pass < 2; pass++) {
        for (unsigned i = 0; i < FILES; i++) {
            char path[32];
            snprintf(path, sizeof path, "F%04u.MP4", i);
            struct clip *c = clip_new(path, 1000, 1);
            memcpy(c->p, &i, sizeof i);
            assert_int_equal(house_try(h, c, NULL, &r), ERR_OK);
            assert_int_equal(r.result, pass ? INTAKE_KNOWN : INTAKE_STORED);
            assert_true(pass == 0 || c->reads == c->n);
            clip_free(c);
        }
        assert_int_equal(intake_flush(h->in), ERR_OK);
        assert_in_range(house_labels(h), FILES / 256 + 1, 20);
        house_again(h);
    }
    assert_int_equal(house_jobs(h), 0);
    assert_int_equal(district_verify(h->d, NULL), 0);
}

static void index_made_anew_knows_the_same_files(void **state)
{
    struct house *h = *state;
    struct clip *a = clip_new("A.MP4", 20 * MIB, 1), *b = clip_new("B.MP4", 20 * MIB, 1);
    char path[256];
    house_open(h);
    house_take(h, a, NULL);
    house_take(h, b, NULL);
    intake_free(h->in);
    station_close(h->s);
    h->in = NULL;
    snprintf(path, sizeof path, "%.200s/queue.db", h->d->station);
    assert_int_equal(unlink(path), 0);
    h->s = district_open(h->d);
    house_open(h);
    a->reads = b->reads = 0;
    assert_int_equal(house_take(h, a, NULL).result, INTAKE_KNOWN);
    assert_int_equal(house_take(h, b, NULL).result, INTAKE_KNOWN);
    assert_true(a->reads + b->reads <= 32 * 4096);
    clip_free(a);
    clip_free(b);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, house_new, house_free)
    const struct CMUnitTest tests[] = {
        TEST(recording_of_three_blobs_comes_back_byte_for_byte),
        TEST(recording_of_exactly_one_and_of_two_blobs_has_no_empty_blob),
        TEST(compressible_bytes_come_back_and_are_smaller),
        TEST(empty_file_is_a_recording_without_blobs),
        TEST(sidecars_go_with_their_recording),
        TEST(made_sidecar_is_kept_like_any_and_made_of_nothing_that_is_held),
        TEST(odd_path_is_kept_escaped_and_raw),
        TEST(same_file_again_is_known_without_being_read),
        TEST(moved_clock_of_a_card_costs_one_more_reading_only),
        TEST(same_bytes_under_another_path_are_seen_not_stored),
        TEST(twins_in_one_gathering_are_stored_once),
        TEST(many_small_files_share_labels_and_are_all_known_afterwards),
        TEST(index_made_anew_knows_the_same_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
