#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "drivers/probe/begins.h"

#include <string.h>

/* Nothing is read behind n; what media.sh makes with ffmpeg is known (tests/system/media.sh). */
static void a_beginning_is_read_behind_its_end(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        bool media;
    } rows[] = {
        {"", 0, false},
        {"\0\0\0\x18"
         "ftypmp42",
         12, true},
        {"\0\0\0\x18"
         "ftyp",
         7, false},
        {"\0\0\1\xba", 4, true},
        {"\0\0\1", 2, false},
        {"\xff\xf1", 2, true},
        {"\xff\xf1", 1, false},
        {"\xff\xd8\xff\xe0", 4, false},
        {"RIFF", 4, true},
        {"RIF", 3, false},
        {"recording 17", 12, false},
        {"#EXTM3U\n/etc/passwd\n", 16, false},
        {"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(begins_like_media((const uint8_t *)rows[i].bytes, rows[i].n), rows[i].media);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_beginning_is_read_behind_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
