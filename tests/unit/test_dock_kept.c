/* The ends of a file that is read in any pieces, and pieces of it once more. */

#include "drivers/dock/reading.h"
#include "drivers/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LONG (2 * (uint64_t)MEDIA_KEPT + 1000001)

static uint8_t byte_at(uint64_t i)
{
    return (uint8_t)((i * 2654435761u) >> 13 ^ i);
}

struct fake {
    struct camera camera;
    struct reading_camera on;
    struct camera_file file;
    unsigned reads;
    enum err fails;
    volatile sig_atomic_t stop;
};

static enum err fake_open(void *self, const struct camera_file *f, void **file)
{
    assert_non_null(f);
    *file = self;
    return ERR_OK;
}

static void fake_close(void *file)
{
    assert_non_null(file);
}

static enum err fake_read(void *file, uint64_t offset, void *p, size_t n, size_t *got)
{
    struct fake *k = file;
    uint64_t left = offset < k->file.size ? k->file.size - offset : 0;
    k->reads++;
    *got = left < n ? (size_t)left : n;
    for (size_t i = 0; i < *got; i++)
        ((uint8_t *)p)[i] = byte_at(offset + i);
    return k->fails ? err_set(k->fails, "it fell off") : ERR_OK;
}

static void begin(struct fake *k, struct reading *r, uint64_t size)
{
    *k = (struct fake){.file = {"A.MP4", size, 0, CAMERA_FILE, ""}};
    k->camera = (struct camera){.self = k, .open = fake_open, .read = fake_read, .close = fake_close, .grain = 512};
    k->on = (struct reading_camera){.camera = &k->camera, .stop = &k->stop};
    assert_int_equal(reading_open(r, &k->on, &k->file), ERR_OK);
    reading_keep(r);
}

static void read_all(struct reading *r, size_t piece)
{
    uint8_t *p = malloc(piece);
    assert_non_null(p);
    for (uint64_t at = 0; at < r->file.size;) {
        size_t got;
        assert_int_equal(reading_read(r, at, p, piece, &got), ERR_OK);
        at += got;
    }
    free(p);
}

/* Is n bytes at offset what it is, however many pieces it takes? */
static bool is_there(struct reading *r, uint64_t offset, size_t n)
{
    static uint8_t p[70000];
    assert_true(n <= sizeof p);
    for (size_t done = 0, got; done < n; done += got) {
        assert_int_equal(reading_piece(r, offset + done, p, n - done, &got), ERR_OK);
        if (got == 0)
            return false;
        for (size_t i = 0; i < got; i++)
            assert_int_equal(p[i], byte_at(offset + done + i));
    }
    return true;
}

static void an_end_is_kept_wrong_or_read_twice(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {1, 70000, MEDIA_KEPT, 2 * MEDIA_KEPT, 2 * MEDIA_KEPT + 1, LONG};
    static const size_t pieces[] = {65536, 65537, 3 << 20, 16 << 20};
    for (size_t s = 0; s < 6; s++)
        for (size_t i = 0; i < 4; i++) {
            struct fake k;
            struct reading r;
            begin(&k, &r, sizes[s]);
            read_all(&r, pieces[i]);
            unsigned reads = k.reads;
            size_t n = sizes[s] < 70000 ? (size_t)sizes[s] : 70000;
            size_t end = sizes[s] < MEDIA_KEPT ? (size_t)sizes[s] : MEDIA_KEPT;
            assert_true(is_there(&r, 0, n) && is_there(&r, sizes[s] - n, n));
            assert_true(is_there(&r, end - 1, 1) && is_there(&r, sizes[s] - end, 1));
            assert_int_equal(k.reads, reads);
            assert_false(is_there(&r, sizes[s], 1));
            assert_false(is_there(&r, UINT64_MAX, 1));
            reading_close(&r);
        }
}

static void the_middle_is_asked_of_a_camera_that_cannot_give_it(void **state)
{
    (void)state;
    struct fake k;
    struct reading r;
    size_t got;
    uint8_t p[16];
    begin(&k, &r, LONG);
    read_all(&r, 65536);
    assert_true(is_there(&r, MEDIA_KEPT - 100, 70000)); /* over the edge */
    assert_true(is_there(&r, LONG - MEDIA_KEPT - 100, 70000));
    unsigned reads = k.reads;
    k.camera.in_order = true;
    assert_false(is_there(&r, MEDIA_KEPT, 1));
    assert_int_equal(k.reads, reads);
    k.camera.in_order = false;
    k.fails = ERR_AGAIN; /* pulled out: nobody waits, nobody asks a second time */
    assert_int_equal(reading_piece(&r, MEDIA_KEPT, p, sizeof p, &got), ERR_OK);
    assert_int_equal(got, 0);
    k.fails = ERR_OK;
    assert_false(is_there(&r, MEDIA_KEPT, 1));
    assert_int_equal(k.reads, reads + 1);
    assert_true(is_there(&r, 5, 70000) && is_there(&r, LONG - 70000, 70000));
    k.on.opened++; /* another opening of the camera: this handle is worth nothing */
    assert_true(is_there(&r, 5, 10));
    assert_false(is_there(&r, MEDIA_KEPT, 1));
    reading_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_end_is_kept_wrong_or_read_twice),
        cmocka_unit_test(the_middle_is_asked_of_a_camera_that_cannot_give_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
