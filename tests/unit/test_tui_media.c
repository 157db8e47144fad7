#include "tui/media.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct media m;

static void read_text(const char *s)
{
    static char text[8192];
    snprintf(text, sizeof text, "%s", s);
    media_read(&m, text);
}

static void only_what_is_mounted_where_media_are_counts(void **state)
{
    (void)state;
    read_text("21 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
              "40 21 8:17 / /media/nurse/STICK rw,nosuid - vfat /dev/sdb1 rw\n"
              "41 21 8:33 / /run/media/nurse/CARD rw - exfat /dev/sdc1 rw\n"
              "42 21 8:49 / /mnt rw - ext4 /dev/sdd1 rw\n"
              "43 21 0:5 / /mediaeval rw - tmpfs none rw\n");
    assert_int_equal(m.n, 3);
    assert_string_equal(m.path[0], "/media/nurse/STICK");
    assert_string_equal(m.path[2], "/mnt");
}

static void escapes_of_the_kernel_are_undone_and_doubles_left_out(void **state)
{
    (void)state;
    read_text("40 21 8:17 / /media/MY\\040STICK\\134 rw - vfat /dev/sdb1 rw\n"
              "41 21 8:18 / /media/MY\\040STICK\\134 rw - vfat /dev/sdb2 rw\n");
    assert_int_equal(m.n, 1);
    assert_string_equal(m.path[0], "/media/MY STICK\\");
}

static void broken_lines_and_too_many_are_passed_over(void **state)
{
    static char text[8192];
    int n = 0;
    (void)state;
    read_text("\n\n40\n40 21 8:17 /\n");
    assert_int_equal(m.n, 0);
    for (int i = 0; i < 60; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "4%d 21 8:17 / /media/S%d rw - vfat /dev/sdb1 rw\n", i, i);
    media_read(&m, text);
    assert_int_equal(m.n, MEDIA_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_mounted_where_media_are_counts),
        cmocka_unit_test(escapes_of_the_kernel_are_undone_and_doubles_left_out),
        cmocka_unit_test(broken_lines_and_too_many_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
