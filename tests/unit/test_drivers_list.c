#include "drivers/dock/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The recordings of the named files: "PATH[+SIDECAR...]" a line. */
static void assert_recordings(const char *const *names, size_t n, const char *want)
{
    struct list l = {0};
    struct buf got = {0};
    struct list_recording r;
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        struct camera_file f = {names[i], i, 0, CAMERA_FILE, ""};
        assert_int_equal(list_add(&l, &f), ERR_OK);
    }
    list_sort(&l);
    assert_int_equal(buf_str(&got, ""), ERR_OK);
    while (list_next(&l, &at, &r)) {
        for (size_t i = 0; i <= r.n_sidecars; i++)
            assert_int_equal(buf_fmt(&got, "%s%s", i ? "+" : "", list_path(&l, r.first + i)), ERR_OK);
        assert_int_equal(buf_str(&got, "\n"), ERR_OK);
    }
    assert_string_equal((const char *)got.p, want);
    buf_free(&got);
    list_free(&l);
}
#define RECORDINGS(want, ...)                                                                                          \
    do {                                                                                                               \
        const char *const names[] = {__VA_ARGS__};                                                                     \
        assert_recordings(names, sizeof names / sizeof *names, want);                                                  \
    } while (0)

static void sidecar_finds_its_recording_whatever_its_case(void **state)
{
    (void)state;
    RECORDINGS("A/1.MP4+A/1.GPX+A/1.log\nA/2.MP4+A/2.Thm\n", "A/1.log", "A/2.Thm", "A/1.GPX", "A/2.MP4", "A/1.MP4");
}

static void sidecar_of_another_folder_or_stem_stays_alone(void **state)
{
    (void)state;
    RECORDINGS("A/1.mp4\nB/1.gpx\n", "B/1.gpx", "A/1.mp4");
    RECORDINGS("1.gpx\n1.2.mp4\n", "1.gpx", "1.2.mp4");
    RECORDINGS("1.mp4\n10.gpx\n", "10.gpx", "1.mp4");
}

static void lone_sidecars_are_recordings(void **state)
{
    (void)state;
    RECORDINGS("1.gpx\n1.log\n", "1.log", "1.gpx");
    RECORDINGS(".gpx\n", ".gpx");
}

static void names_without_extension_are_recordings_too(void **state)
{
    (void)state;
    RECORDINGS("A.b/clip\nclip+clip.srt\n", "clip", "clip.srt", "A.b/clip");
}

static void two_recordings_of_one_stem_share_no_sidecar(void **state)
{
    (void)state;
    RECORDINGS("1.avi\n1.mp4+1.srt\n", "1.mp4", "1.srt", "1.avi");
}

static void more_sidecars_than_an_entry_holds_are_recordings(void **state)
{
    (void)state;
    struct list l = {0};
    struct list_recording r;
    size_t at = 0, recordings = 0, files = 0;
    struct camera_file f = {"1.mp4", 0, 0, CAMERA_FILE, ""};
    assert_int_equal(list_add(&l, &f), ERR_OK);
    f.path = "1.srt";
    for (unsigned i = 0; i < INTAKE_SIDECARS_MAX + 2; i++)
        assert_int_equal(list_add(&l, &f), ERR_OK);
    list_sort(&l);
    while (list_next(&l, &at, &r)) {
        recordings++;
        files += 1 + r.n_sidecars;
        assert_in_range(r.n_sidecars, 0, INTAKE_SIDECARS_MAX);
    }
    assert_int_equal(recordings, 3);
    assert_int_equal(files, INTAKE_SIDECARS_MAX + 3);
    list_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sidecar_finds_its_recording_whatever_its_case),
        cmocka_unit_test(sidecar_of_another_folder_or_stem_stays_alone),
        cmocka_unit_test(lone_sidecars_are_recordings),
        cmocka_unit_test(names_without_extension_are_recordings_too),
        cmocka_unit_test(two_recordings_of_one_stem_share_no_sidecar),
        cmocka_unit_test(more_sidecars_than_an_entry_holds_are_recordings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
