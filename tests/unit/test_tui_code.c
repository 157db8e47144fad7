#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tui/screens/code.h"

#include <string.h>

static const char good[] = "lusab-babad-gutih-tugad-mudof-zovat-hinil";

static void a_code_is_typed_as_it_stands_on_no_paper(void **state)
{
    (void)state;
    static const char *const ways[] = {
        good,
        "LUSAB BABAD GUTIH TUGAD MUDOF ZOVAT HINIL",
        "lusabbabadgutihtugadmudofzovathinil",
        "  Lusab--babad\tgutih tugad - mudof zovat hinil ",
        "дгыфи ифифв пгешр егпфв ьгвща ящмфе рштшд", /* the same keys, ru */
    };
    char out[64];
    struct code c;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        code_look(&c, ways[i]);
        assert_true(c.whole && !c.odd);
        assert_int_equal(7, c.words);
        assert_int_equal(strlen(good), code_plain(out, sizeof out, ways[i]));
        assert_string_equal(good, out);
    }
}

static void a_slip_is_seen_only_by_the_age_file(void **state)
{
    (void)state;
    struct code c;
    char out[64];
    code_look(&c, "");
    assert_true(!c.whole && !c.odd && c.words == 0);
    code_look(&c, "lusab-baba");
    assert_true(!c.whole && !c.odd && c.words == 1);
    code_look(&c, "lusab-bbbad");
    assert_true(c.odd);
    code_look(&c, "lusab-babad-gutih-tugad-mudof-zovat-hinil-b");
    assert_true(!c.whole && c.words == 7);
    code_look(&c, "lusab-babad-gutih-tugad-mudof-zovat-hinel");
    assert_true(c.odd && !c.whole);
    assert_int_equal(5, code_plain(out, sizeof out, "wrong"));
    assert_string_equal("wrong", out);
    assert_int_equal(3, code_plain(out, 4, "wrong"));
    assert_string_equal("wro", out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_code_is_typed_as_it_stands_on_no_paper),
        cmocka_unit_test(a_slip_is_seen_only_by_the_age_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
