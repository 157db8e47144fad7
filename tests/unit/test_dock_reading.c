/* Files of a camera in memory that is pulled out, wears out, and lies. */

#include "drivers/dock/reading.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GRAIN 512u
#define FILE_SIZE (3u * READING_OVERLAP + 1234u)
#define PIECE 65536u

struct fake {
    struct camera camera;
    struct reading_camera on;
    struct camera_file file;
    uint8_t *now; /* the bytes that are on it */
    uint64_t cut; /* bytes that it gives until it is pulled out; UINT64_MAX: never */
    uint64_t given;
    bool out;          /* it is pulled out */
    bool for_good;     /* nobody puts it back */
    uint64_t bad, end; /* a place that cannot be read */
    unsigned opens, closes, waits;
    volatile sig_atomic_t stop;
};

static enum err fake_open(void *self, const struct camera_file *f, void **file)
{
    struct fake *k = self;
    (void)f;
    if (k->out)
        return err_set(ERR_AGAIN, "it was pulled out");
    k->opens++;
    *file = k;
    return ERR_OK;
}

static void fake_close(void *file)
{
    struct fake *k = file;
    assert_non_null(k);
    k->closes++;
}

static enum err fake_read(void *file, uint64_t offset, void *p, size_t n, size_t *got)
{
    struct fake *k = file;
    *got = 0;
    if (k->out)
        return err_set(ERR_AGAIN, "it was pulled out");
    if (offset >= k->file.size)
        return ERR_OK;
    uint64_t left = k->file.size - offset, room = k->cut - k->given;
    n = left < n ? (size_t)left : n;
    bool is_cut = room < n;
    n = is_cut ? (size_t)room : n;
    bool is_bad = offset < k->end && offset + n > k->bad;
    if (is_bad)
        n = offset < k->bad ? (size_t)(k->bad - offset) : 0;
    memcpy(p, k->now + offset, n);
    *got = n;
    k->given += n;
    if (is_bad)
        return err_set(ERR_IO, "a sector is bad");
    k->out = is_cut;
    return is_cut ? err_set(ERR_AGAIN, "it was pulled out") : ERR_OK;
}

static enum err put_back(void *ctx)
{
    struct fake *k = ctx;
    assert_true(k->out);
    k->waits++;
    k->on.opened++;
    if (k->for_good) {
        k->stop = 1;
        k->camera = (struct camera){0};
        return err_set(ERR_AGAIN, "stopped");
    }
    k->out = false;
    k->cut = UINT64_MAX;
    return ERR_OK;
}

static bool is_gone(void *ctx)
{
    return ((struct fake *)ctx)->out;
}

static uint8_t byte_at(uint64_t i)
{
    return (uint8_t)((i * 2654435761u) >> 13 ^ i);
}

static int fake_new(void **state)
{
    struct fake *k = calloc(1, sizeof *k);
    assert_non_null(k);
    k->now = malloc(FILE_SIZE);
    assert_non_null(k->now);
    for (size_t i = 0; i < FILE_SIZE; i++)
        k->now[i] = byte_at(i);
    k->camera = (struct camera){.self = k, .grain = GRAIN, .open = fake_open, .read = fake_read, .close = fake_close};
    k->file = (struct camera_file){"A.MP4", FILE_SIZE, 0, CAMERA_FILE, ""};
    k->on = (struct reading_camera){
        .camera = &k->camera, .again = put_back, .gone = is_gone, .ctx = k, .stop = &k->stop, .opened = 0};
    k->cut = k->bad = UINT64_MAX;
    *state = k;
    return 0;
}

static int fake_free(void **state)
{
    struct fake *k = *state;
    free(k->now);
    free(k);
    return 0;
}

/* From its beginning to its end, as an intake does; *at: how far it came. */
static enum err read_all(struct reading *r, uint8_t *to, uint64_t *at)
{
    uint64_t size = r->file.size;
    enum err e = ERR_OK;
    for (*at = 0; *at < size && !e;) {
        size_t got = 0, n = size - *at < PIECE ? (size_t)(size - *at) : PIECE;
        e = reading_read(r, *at, to + *at, n, &got);
        assert_true(e || (got > 0 && got <= n));
        *at += e ? 0 : got;
    }
    return e;
}

static void assert_whole(struct fake *k, struct reading *r)
{
    uint8_t *to = malloc(FILE_SIZE);
    uint64_t at;
    assert_non_null(to);
    assert_int_equal(read_all(r, to, &at), ERR_OK);
    assert_memory_equal(to, k->now, FILE_SIZE);
    free(to);
}

static void cut_anywhere_and_back_gives_every_byte_once(void **state)
{
    struct fake *k = *state;
    for (uint64_t i = 0; i < 60; i++) {
        struct reading r;
        uint64_t cut = i < 4 ? i : i * 7919 * 7 % FILE_SIZE;
        k->cut = cut;
        k->given = k->opens = k->closes = k->waits = 0;
        assert_int_equal(reading_open(&r, &k->on, &k->file), ERR_OK);
        assert_whole(k, &r);
        assert_int_equal(k->waits, 1);
        assert_int_equal(r.waits, 1);
        assert_true(k->given <= FILE_SIZE + READING_OVERLAP + PIECE); /* but for the overlap nothing was read twice */
        assert_int_equal(reading_missing(&r), 0);
        reading_close(&r);
        assert_int_equal(k->opens, 2);
        assert_int_equal(k->closes, 2);
    }
}

static void cut_while_it_is_opened_is_waited_for(void **state)
{
    struct fake *k = *state;
    struct reading r;
    k->out = true;
    assert_int_equal(reading_open(&r, &k->on, &k->file), ERR_OK);
    assert_whole(k, &r);
    reading_close(&r);
    assert_int_equal(k->opens, k->closes);
}

static void another_file_is_not_gone_on_with(void **state)
{
    struct fake *k = *state;
    struct reading r;
    uint8_t *to = malloc(FILE_SIZE);
    uint64_t cut = 2 * READING_OVERLAP;
    assert_non_null(to);
    assert_int_equal(reading_open(&r, &k->on, &k->file), ERR_OK);
    k->cut = cut;
    size_t got, n = 0;
    while (n < cut)
        assert_int_equal(reading_read(&r, n, to + n, PIECE, &got), ERR_OK), n += got;
    k->now[cut - 70000] ^= 1; /* one bit, in the overlap */
    assert_int_equal(reading_read(&r, n, to + n, PIECE, &got), ERR_BAD);
    assert_non_null(strstr(err_text(), "another file"));
    assert_true(r.failed);
    reading_close(&r);
    free(to);
}

static void not_put_back_is_given_up_when_stopped(void **state)
{
    struct fake *k = *state;
    struct reading r, next;
    uint8_t *to = malloc(FILE_SIZE);
    uint64_t at;
    assert_non_null(to);
    assert_int_equal(reading_open(&r, &k->on, &k->file), ERR_OK);
    k->cut = 100000;
    k->for_good = true;
    assert_int_equal(read_all(&r, to, &at), ERR_AGAIN);
    reading_close(&r);
    k->stop = 0; /* whoever asks a camera that is gone for good */
    k->out = false;
    assert_int_equal(reading_open(&next, &k->on, &k->file), ERR_AGAIN);
    reading_close(&next);
    free(to);
}

static void nobody_waits_when_told_so(void **state)
{
    struct fake *k = *state;
    struct reading r;
    uint8_t *to = malloc(FILE_SIZE);
    uint64_t at;
    assert_non_null(to);
    k->on.again = NULL;
    assert_int_equal(reading_open(&r, &k->on, &k->file), ERR_OK);
    k->cut = 100000;
    assert_int_equal(read_all(&r, to, &at), ERR_AGAIN);
    assert_int_equal(k->waits, 0);
    reading_close(&r);
    free(to);
}

static void two_files_that_are_open_wait_once(void **state)
{
    struct fake *k = *state;
    struct reading a, b;
    uint8_t one[PIECE];
    size_t got;
    assert_int_equal(reading_open(&a, &k->on, &k->file), ERR_OK);
    assert_int_equal(reading_open(&b, &k->on, &k->file), ERR_OK);
    assert_int_equal(reading_read(&b, 0, one, PIECE, &got), ERR_OK);
    k->cut = k->given;
    assert_whole(k, &a);
    assert_int_equal(reading_read(&b, PIECE, one, PIECE, &got), ERR_OK);
    assert_memory_equal(one, k->now + PIECE, got);
    assert_int_equal(k->waits, 1);
    reading_close(&a);
    reading_close(&b);
}

static void bad_place_becomes_a_hole_of_its_size(void **state)
{
    struct fake *k = *state;
    struct reading r;
    uint8_t *to = malloc(FILE_SIZE);
    uint64_t at;
    assert_non_null(to);
    k->bad = 700 * GRAIN;
    k->end = k->bad + 3 * GRAIN;
    assert_int_equal(reading_open(&r, &k->on, &k->file), ERR_OK);
    assert_int_equal(read_all(&r, to, &at), ERR_OK);
    memset(k->now + k->bad, 0, 3 * GRAIN);
    assert_memory_equal(to, k->now, FILE_SIZE);
    assert_int_equal(r.n_holes, 1);
    assert_int_equal(r.holes[0].offset, k->bad);
    assert_int_equal(r.holes[0].length, 3 * GRAIN);
    assert_int_equal(reading_missing(&r), 3 * GRAIN);
    json_t *facts = reading_facts(&r), *hole = json_array_get(json_object_get(facts, "holes"), 0);
    assert_int_equal(json_integer_value(json_array_get(hole, 0)), k->bad);
    assert_int_equal(json_integer_value(json_array_get(hole, 1)), 3 * GRAIN);
    assert_true(json_integer_value(json_object_get(facts, "retries")) > 0);
    json_decref(facts);
    reading_close(&r);
    free(to);
}

static void hole_that_can_be_read_later_is_none(void **state)
{
    struct fake *k = *state;
    struct reading r;
    uint8_t sample[8 * GRAIN];
    size_t got;
    k->bad = 700 * GRAIN;
    k->end = k->bad + 4 * GRAIN;
    assert_int_equal(reading_open(&r, &k->on, &k->file), ERR_OK);
    for (size_t n = 0; n < 4 * GRAIN; n += got)
        assert_int_equal(reading_read(&r, k->bad + n, sample, 4 * GRAIN - n, &got), ERR_OK);
    assert_int_equal(reading_missing(&r), 4 * GRAIN);
    uint64_t was = k->bad;
    k->bad = k->end = UINT64_MAX; /* it reads at last: first its middle */
    assert_int_equal(reading_read(&r, was + GRAIN, sample, GRAIN, &got), ERR_OK);
    assert_int_equal(r.n_holes, 2);
    assert_int_equal(reading_missing(&r), 3 * GRAIN);
    assert_whole(k, &r);
    assert_int_equal(reading_missing(&r), 0);
    assert_int_equal(r.n_holes, 0);
    reading_close(&r);
}

static void card_that_is_bad_to_its_end_costs_few_attempts(void **state)
{
    struct fake *k = *state;
    struct reading r;
    uint8_t *to = malloc(FILE_SIZE);
    uint64_t at;
    assert_non_null(to);
    k->bad = 100000;
    k->end = UINT64_MAX;
    assert_int_equal(reading_open(&r, &k->on, &k->file), ERR_OK);
    assert_int_equal(read_all(&r, to, &at), ERR_OK);
    assert_int_equal(r.n_holes, 1);
    assert_int_equal(reading_missing(&r), FILE_SIZE - k->bad);
    assert_true(r.retries < 200); /* of 6,000 sectors */
    reading_close(&r);
    free(to);
}

/* As who takes samples of a file first, and then all of it. */
static void holes_that_were_found_first_are_counted_twice(void **state)
{
    struct fake *k = *state;
    struct reading r;
    uint8_t *to = malloc(FILE_SIZE), sample[GRAIN];
    uint64_t at;
    size_t got;
    assert_non_null(to);
    k->bad = 100000;
    k->end = UINT64_MAX;
    assert_int_equal(reading_open(&r, &k->on, &k->file), ERR_OK);
    for (uint64_t i = 1; i < 16; i++)
        assert_int_equal(reading_read(&r, FILE_SIZE / 16 * i, sample, sizeof sample, &got), ERR_OK);
    assert_true(r.n_holes > 10);
    assert_int_equal(read_all(&r, to, &at), ERR_OK);
    assert_int_equal(r.n_holes, 1);
    assert_int_equal(reading_missing(&r), FILE_SIZE - k->bad);
    reading_close(&r);
    free(to);
}

static void what_cannot_be_read_in_parts_fails_whole(void **state)
{
    struct fake *k = *state;
    struct reading r;
    uint8_t *to = malloc(FILE_SIZE);
    uint64_t at;
    assert_non_null(to);
    k->camera.grain = 0;
    k->bad = 100000;
    k->end = k->bad + 1;
    assert_int_equal(reading_open(&r, &k->on, &k->file), ERR_OK);
    assert_int_equal(read_all(&r, to, &at), ERR_IO);
    assert_int_equal(r.n_holes, 0);
    reading_close(&r);
    free(to);
}

static void worn_card_with_holes_everywhere_is_given_up(void **state)
{
    struct fake *k = *state;
    struct reading r;
    uint8_t one[GRAIN];
    size_t got;
    enum err e = ERR_OK;
    k->file.size = (uint64_t)1 << 40;
    assert_int_equal(reading_open(&r, &k->on, &k->file), ERR_OK);
    for (uint64_t at = 0, n = 0; !e; at += 4 * GRAIN, n++) {
        assert_true(n <= READING_HOLES_MAX);
        k->bad = at;
        k->end = at + GRAIN;
        e = reading_read(&r, at, one, GRAIN, &got);
    }
    assert_int_equal(e, ERR_IO);
    reading_close(&r);
}

static void hole_in_the_overlap_does_not_stop_it_going_on(void **state)
{
    struct fake *k = *state;
    struct reading r;
    uint8_t *to = malloc(FILE_SIZE);
    uint64_t at;
    assert_non_null(to);
    k->bad = 2 * READING_OVERLAP - 10 * GRAIN;
    k->end = k->bad + GRAIN;
    k->cut = 2 * READING_OVERLAP;
    assert_int_equal(reading_open(&r, &k->on, &k->file), ERR_OK);
    assert_int_equal(read_all(&r, to, &at), ERR_OK);
    assert_int_equal(k->waits, 1);
    assert_int_equal(reading_missing(&r), GRAIN);
    memset(k->now + k->bad, 0, GRAIN);
    assert_memory_equal(to, k->now, FILE_SIZE);
    reading_close(&r);
    free(to);
}

static void overlap_that_has_got_unreadable_proves_nothing(void **state)
{
    struct fake *k = *state;
    struct reading r;
    uint8_t *to = malloc(FILE_SIZE);
    size_t got, n = 0;
    assert_non_null(to);
    assert_int_equal(reading_open(&r, &k->on, &k->file), ERR_OK);
    while (n < 2 * READING_OVERLAP)
        assert_int_equal(reading_read(&r, n, to + n, PIECE, &got), ERR_OK), n += got;
    k->out = true;
    k->bad = READING_OVERLAP; /* all of what is to be compared */
    k->end = UINT64_MAX;
    assert_int_equal(reading_read(&r, n, to + n, PIECE, &got), ERR_BAD);
    assert_non_null(strstr(err_text(), "proven"));
    assert_int_equal(r.n_holes, 0);
    reading_close(&r);
    free(to);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fake_new, fake_free)
    const struct CMUnitTest tests[] = {
        CASE(cut_anywhere_and_back_gives_every_byte_once),
        CASE(cut_while_it_is_opened_is_waited_for),
        CASE(another_file_is_not_gone_on_with),
        CASE(not_put_back_is_given_up_when_stopped),
        CASE(nobody_waits_when_told_so),
        CASE(two_files_that_are_open_wait_once),
        CASE(bad_place_becomes_a_hole_of_its_size),
        CASE(hole_that_can_be_read_later_is_none),
        CASE(card_that_is_bad_to_its_end_costs_few_attempts),
        CASE(holes_that_were_found_first_are_counted_twice),
        CASE(what_cannot_be_read_in_parts_fails_whole),
        CASE(worn_card_with_holes_everywhere_is_given_up),
        CASE(hole_in_the_overlap_does_not_stop_it_going_on),
        CASE(overlap_that_has_got_unreadable_proves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
