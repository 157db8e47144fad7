#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "storage/base/file.h"
#include "tui/screens_conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/test-settings.XXXXXX";
static char path[4096];

static void put(const char *text)
{
    assert_int_equal(ERR_OK, file_write(path, text, strlen(text), 0600));
}

static int make(void **state)
{
    (void)state;
    return mkdtemp(dir) && file_path(path, dir, SCREENS_CONF) == ERR_OK ? 0 : -1;
}

static int drop(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir);
}

static void a_station_without_the_file_never_locks(void **state)
{
    (void)state;
    struct screens_conf s;
    assert_int_equal(ERR_OK, screens_conf_read(dir, &s));
    assert_int_equal(5, s.idle_minutes);
    assert_string_equal("", s.language);
}

static void what_is_set_is_not_what_is_read(void **state)
{
    (void)state;
    struct screens_conf s = {.idle_minutes = 12, .language = "kk"}, read;
    assert_int_equal(ERR_OK, screens_conf_write(dir, &s));
    assert_int_equal(ERR_OK, screens_conf_read(dir, &read));
    assert_int_equal(12, read.idle_minutes);
    assert_string_equal("kk", read.language);
}

static void a_line_of_a_later_version_is_lost(void **state)
{
    (void)state;
    struct screens_conf s;
    struct buf text = {0};
    put("feldsher-screens-conf 1\ncolours: 8\nidle-minutes: 3\n");
    assert_int_equal(ERR_OK, screens_conf_read(dir, &s));
    s.idle_minutes = 4;
    assert_int_equal(ERR_OK, screens_conf_write(dir, &s));
    assert_int_equal(ERR_OK, file_read(path, 4096, &text));
    assert_string_equal("feldsher-screens-conf 1\nidle-minutes: 4\ncolours: 8\n", (const char *)text.p);
    buf_free(&text);
}

static void a_wrong_value_leaves_the_screens_open_for_ever(void **state)
{
    (void)state;
    static const char *const wrong[] = {"0", "61", "-1", "5 ", "five", "18446744073709551617"};
    struct screens_conf s;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char text[128];
        snprintf(text, sizeof text, "feldsher-screens-conf 1\nidle-minutes: %s\nlanguage: ru\n", wrong[i]);
        put(text);
        assert_int_equal(ERR_DATA, screens_conf_read(dir, &s));
        assert_int_equal(5, s.idle_minutes);
        assert_string_equal("ru", s.language);
    }
    put("feldsher-screens-conf 1\nlanguage: de\n");
    assert_int_equal(ERR_DATA, screens_conf_read(dir, &s));
    assert_string_equal("", s.language);
    put("\x01\x02");
    assert_int_equal(ERR_DATA, screens_conf_read(dir, &s));
    assert_int_equal(5, s.idle_minutes);
    s.idle_minutes = 0;
    assert_int_equal(ERR_USAGE, screens_conf_write(dir, &s));
    s = (struct screens_conf){.idle_minutes = 5, .language = "xx"};
    assert_int_equal(ERR_USAGE, screens_conf_write(dir, &s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_station_without_the_file_never_locks),
        cmocka_unit_test(what_is_set_is_not_what_is_read),
        cmocka_unit_test(a_line_of_a_later_version_is_lost),
        cmocka_unit_test(a_wrong_value_leaves_the_screens_open_for_ever),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
