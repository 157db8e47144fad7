#include "tests/unit/intake_fixture.h"

#include "storage/vault/claim.h"

#include <signal.h>
#include <sys/wait.h>

/* --- one camera, two intakes ----------------------------------------------- */

static enum err open_second(struct house *h, const struct intake_camera *camera, struct intake **out)
{
    return intake_new(out, h->s, camera, NULL, NULL);
}

static void the_same_camera_is_taken_in_by_one_intake(void **state)
{
    struct house *h = *state;
    struct intake *second;
    struct intake_camera card = h->camera, other = h->camera;
    card.volume = "1234-ABCD";
    other.serial = "SN-2";
    house_open(h);
    assert_int_equal(open_second(h, &h->camera, &second), ERR_AGAIN);
    assert_non_null(strstr(err_text(), "another offload of this camera"));
    assert_int_equal(open_second(h, &card, &second), ERR_OK);
    intake_free(second);
    assert_int_equal(open_second(h, &other, &second), ERR_OK);
    intake_free(second);
    intake_free(h->in);
    h->in = NULL;
    house_open(h); /* whoever ended gave it back */
}

static void claims_end_with_who_made_them(void **state)
{
    struct house *h = *state;
    struct claims a, b;
    struct hash one = hash_of("one", 3), two = hash_of("two", 3);
    assert_int_equal(claims_open(&a, h->s->dir), ERR_OK);
    assert_int_equal(claims_open(&b, h->s->dir), ERR_OK);
    assert_int_equal(claims_take(&a, &one, 0), ERR_OK);
    assert_int_equal(claims_take(&a, &one, 0), ERR_OK);
    assert_int_equal(claims_take(&b, &one, 0), ERR_AGAIN);
    assert_int_equal(claims_take(&b, &two, 0), ERR_OK);
    assert_true(claims_is_taken(&b, &one));
    assert_false(claims_is_taken(&a, &one));
    claims_give_all(&a);
    assert_int_equal(claims_take(&b, &one, 0), ERR_OK);
    claims_close(&b);
    assert_int_equal(claims_take(&a, &two, 0), ERR_OK);
    claims_close(&a);
}

/* --- in processes of their own --------------------------------------------- */

static struct house *at_break_house;
static int at_break_code;

/* Another program: a camera of this serial, one clip. Its exit code is 100 +
 * the result, or the error. */
static pid_t other_program(struct district *d, const char *serial, struct clip *c)
{
    pid_t pid = fork();
    if (pid)
        return pid;
    struct house h = {.d = d, .s = district_open(d), .camera = {"Acme", "Cam 1", serial, "folder", "", INT64_MIN}};
    struct intake_report r;
    enum err e = intake_new(&h.in, h.s, &h.camera, NULL, NULL);
    if (!e)
        e = house_try(&h, c, NULL, &r);
    if (!e)
        e = intake_flush(h.in);
    if (e)
        fprintf(stderr, "the other program: %s\n", err_text());
    _exit(e ? (int)e : 100 + (int)r.result);
}

static int ended(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void other_camera_meanwhile(void)
{
    struct clip *c = clip_new("B.MP4", 9 * MIB, 9);
    at_break_code = ended(other_program(at_break_house->d, "SN-2", c));
    clip_free(c);
}

static void a_long_file_at_work_survives_what_another_sweeps(void **state)
{
    struct house *h = *state;
    struct clip *c = clip_new("A.MP4", 40 * MIB, 1);
    at_break_house = h;
    c->break_at = 30 * MIB;
    c->at_break = other_camera_meanwhile;
    house_open(h);
    struct intake_report r = house_take(h, c, NULL);
    assert_int_equal(at_break_code, 100 + INTAKE_STORED);
    assert_int_equal(r.result, INTAKE_STORED);
    json_t *entry = house_entry(h, 2, 0);
    assert_file_is(h, json_object_get(entry, "data"), c);
    json_decref(entry);
    assert_int_equal(house_jobs(h), 0);
    assert_int_equal(district_verify(h->d, NULL), 0);
    clip_free(c);
}

static void same_file_meanwhile(void)
{
    struct clip *c = clip_new("A.MP4", 40 * MIB, 1);
    at_break_house->camera.volume = "OTHER"; /* of another card: the camera's own lock does not help */
    pid_t pid = fork();
    if (pid == 0) {
        struct house h = {.d = at_break_house->d, .s = district_open(at_break_house->d)};
        struct intake_report r;
        h.camera = at_break_house->camera;
        enum err e = intake_new(&h.in, h.s, &h.camera, NULL, NULL);
        if (!e)
            e = house_try(&h, c, NULL, &r);
        _exit(e == ERR_AGAIN && !r.stop ? 99 : 1);
    }
    at_break_code = ended(pid);
    clip_free(c);
}

static void one_file_is_not_written_by_two(void **state)
{
    struct house *h = *state;
    struct clip *c = clip_new("A.MP4", 40 * MIB, 1);
    at_break_house = h;
    c->break_at = 30 * MIB;
    c->at_break = same_file_meanwhile;
    house_open(h);
    house_take(h, c, NULL);
    assert_int_equal(at_break_code, 99);
    json_t *entry = house_entry(h, 1, 0);
    assert_file_is(h, json_object_get(entry, "data"), c);
    json_decref(entry);
    assert_int_equal(district_verify(h->d, NULL), 0);
    clip_free(c);
}

static void the_same_bytes_of_two_cameras_at_once_are_stored_once(void **state)
{
    struct house *h = *state;
    struct clip *c = clip_new("A.MP4", 100000, 1);
    struct intake_report r;
    house_open(h);
    assert_int_equal(house_try(h, c, NULL, &r), ERR_OK);
    assert_false(r.durable); /* gathered, and in no chain: the other one cannot know of it */
    pid_t pid = other_program(h->d, "SN-2", c);
    assert_int_equal(intake_flush(h->in), ERR_OK);
    assert_int_equal(ended(pid), 100 + INTAKE_KNOWN);
    json_t *entry = house_entry(h, 2, 0);
    assert_string_equal(json_string_value(json_object_get(entry, "type")), "seen");
    json_decref(entry);
    assert_int_equal(district_verify(h->d, NULL), 0);
    clip_free(c);
}

/* --- kills ----------------------------------------------------------------- */

#define CAMERAS 4u
#define CLIPS 6u

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 33;
}

/* Two clips of each camera are on all of them, and so is the empty one. */
static bool is_shared(unsigned i)
{
    return i % 3 == 1 || i == 3;
}

static struct clip *clip_of(unsigned camera, unsigned i)
{
    static const size_t sizes[CLIPS] = {500, 70000, 9 * MIB, 0, 3 * MIB, 17 * MIB};
    char path[32];
    snprintf(path, sizeof path, "DCIM/CLIP%u.MP4", i);
    return clip_new(path, sizes[i], (uint8_t)(is_shared(i) ? 100 + i : 1 + camera * CLIPS + i));
}

static void die(void)
{
    raise(SIGKILL);
}

/* Takes a whole camera in, or dies somewhere; 0: all of it is in. */
static pid_t camera_program(struct district *d, unsigned camera, uint64_t seed)
{
    pid_t pid = fork();
    if (pid)
        return pid;
    char serial[16];
    snprintf(serial, sizeof serial, "SN-%u", camera);
    struct house h = {.d = d, .s = district_open(d), .camera = {"Acme", "Cam", serial, "folder", "", INT64_MIN}};
    int failed = 0;
    enum err e = intake_new(&h.in, h.s, &h.camera, NULL, NULL);
    for (unsigned i = 0; i < CLIPS && !e; i++) {
        struct intake_report r;
        struct clip *c = clip_of(camera, i);
        if (c->n && next_random(&seed) % 6 == 0) {
            c->break_at = next_random(&seed) % c->n;
            c->at_break = die;
        }
        e = house_try(&h, c, NULL, &r);
        failed += e != ERR_OK;
        if (e == ERR_AGAIN && !r.stop)
            e = ERR_OK; /* another one was at it */
        clip_free(c);
        if (!e && next_random(&seed) % 8 == 0)
            e = intake_flush(h.in);
        if (next_random(&seed) % 16 == 0)
            die();
    }
    if (!e)
        e = intake_flush(h.in);
    _exit(e || failed ? 75 : 0);
}

static bool is_in(struct house *h, const json_t *entry, unsigned held[static 256])
{
    const json_t *data = json_object_get(entry, "data");
    const char *path = json_string_value(json_object_get(data, "path"));
    const char *serial = json_string_value(json_object_get(json_object_get(data, "camera"), "serial"));
    unsigned i = (unsigned)(path[9] - '0'), camera = (unsigned)(serial[3] - '0');
    struct clip *c = clip_of(camera, i);
    assert_file_is(h, data, c);
    held[is_shared(i) ? 200 + i : camera * CLIPS + i]++;
    clip_free(c);
    return true;
}

static void cameras_killed_at_random_lose_and_double_nothing(void **state)
{
    struct house *h = *state;
    unsigned held[256] = {0}, killed = 0;
    bool in[CAMERAS] = {false};
    const char *given = getenv("SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : 42;
    for (unsigned round = 0, left = CAMERAS; left; round++) {
        pid_t pid[CAMERAS] = {0};
        assert_true(round < 200);
        for (unsigned k = 0; k < CAMERAS; k++)
            pid[k] = in[k] ? 0 : camera_program(h->d, k, next_random(&seed));
        for (unsigned k = 0; k < CAMERAS; k++) {
            if (!pid[k])
                continue;
            int code = ended(pid[k]);
            assert_true(code == 0 || code == 75 || code == -SIGKILL);
            killed += code == -SIGKILL;
            in[k] = code == 0;
            left -= code == 0;
        }
    }
    assert_true(killed > 0);
    station_close(h->s);
    h->s = district_open(h->d);
    house_open(h); /* clears away what the dead left */
    for (uint64_t seq = 1; seq <= house_labels(h); seq++) {
        struct batch *b = house_batch(h, seq);
        size_t i;
        json_t *entry;
        json_array_foreach(b->entries, i, entry)
        {
            if (strcmp(json_string_value(json_object_get(entry, "type")), "recording") == 0)
                assert_true(is_in(h, entry, held));
        }
        batch_free(b);
    }
    for (unsigned k = 0; k < CAMERAS; k++)
        for (unsigned i = 0; i < CLIPS; i++)
            assert_int_equal(held[is_shared(i) ? 200 + i : k * CLIPS + i], 1);
    assert_int_equal(house_jobs(h), 0);
    assert_int_equal(house_unfinished(h), 0);
    assert_int_equal(district_verify(h->d, NULL), 0);
}

/* --- holes ----------------------------------------------------------------- */

static uint64_t missing;
static uint64_t say_missing(void *ctx)
{
    (void)ctx;
    return missing;
}

/* Offers the clip with n zeros at offset. */
static enum intake_result offer(struct house *h, struct clip *c, size_t offset, size_t n)
{
    struct clip worn = *c;
    struct intake_source source;
    struct intake_file f = {.recording = &source};
    struct intake_report r;
    worn.p = malloc(c->n);
    assert_non_null(worn.p);
    memcpy(worn.p, c->p, c->n);
    memset(worn.p + offset, 0, n);
    missing = n;
    source = clip_source(&worn);
    source.holes = say_missing;
    assert_int_equal(intake_file(h->in, &f, &r), ERR_OK);
    assert_int_equal(intake_flush(h->in), ERR_OK);
    free(worn.p);
    return r.result;
}

static void a_recording_with_holes_is_known_again_and_stored_anew_when_whole(void **state)
{
    struct house *h = *state;
    struct clip *c = clip_new("A.MP4", 10 * MIB, 1);
    house_open(h);
    assert_int_equal(offer(h, c, 2 * MIB, 8192), INTAKE_STORED);
    uint64_t labels = house_labels(h);
    assert_int_equal(offer(h, c, 2 * MIB, 8192), INTAKE_KNOWN);
    assert_int_equal(offer(h, c, 2 * MIB, 100000), INTAKE_KNOWN); /* it got worse */
    assert_int_equal(house_labels(h), labels);                    /* of which nothing is to be noted */
    assert_int_equal(offer(h, c, 2 * MIB, 512), INTAKE_STORED);   /* nearly all */
    assert_int_equal(offer(h, c, 0, 0), INTAKE_STORED);           /* all of it */
    assert_int_equal(offer(h, c, 0, 0), INTAKE_KNOWN);
    assert_int_equal(offer(h, c, 5 * MIB, 512), INTAKE_KNOWN);
    json_t *entry = house_entry(h, house_labels(h), 0);
    assert_file_is(h, json_object_get(entry, "data"), c);
    json_decref(entry);
    assert_int_equal(house_jobs(h), 0);
    assert_int_equal(district_verify(h->d, NULL), 0);
    clip_free(c);
}

static void another_recording_with_holes_is_not_taken_for_the_one_held(void **state)
{
    struct house *h = *state;
    struct clip *c = clip_new("A.MP4", 10 * MIB, 1), *other = clip_new("A.MP4", 10 * MIB, 2);
    other->mtime = c->mtime; /* a camera whose clock begins anew, with files of one size */
    house_open(h);
    assert_int_equal(offer(h, c, 2 * MIB, 8192), INTAKE_STORED);
    assert_int_equal(offer(h, other, 2 * MIB, 8192), INTAKE_STORED);
    clip_free(c);
    clip_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_same_camera_is_taken_in_by_one_intake, house_new, house_free),
        cmocka_unit_test_setup_teardown(claims_end_with_who_made_them, house_new, house_free),
        cmocka_unit_test_setup_teardown(a_long_file_at_work_survives_what_another_sweeps, house_new, house_free),
        cmocka_unit_test_setup_teardown(one_file_is_not_written_by_two, house_new, house_free),
        cmocka_unit_test_setup_teardown(the_same_bytes_of_two_cameras_at_once_are_stored_once, house_new, house_free),
        cmocka_unit_test_setup_teardown(cameras_killed_at_random_lose_and_double_nothing, house_new, house_free),
        cmocka_unit_test_setup_teardown(a_recording_with_holes_is_known_again_and_stored_anew_when_whole, house_new,
                                        house_free),
        cmocka_unit_test_setup_teardown(another_recording_with_holes_is_not_taken_for_the_one_held, house_new,
                                        house_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
