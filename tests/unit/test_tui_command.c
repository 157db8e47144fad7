#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tui/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct call c;

/* Parses words separated by blanks. */
static enum err parse(const char *line)
{
    static char text[512];
    static char *argv[32];
    int argc = 0;
    snprintf(text, sizeof text, "feldsher %s", line);
    for (char *p = strtok(text, " "); p && argc < 31; p = strtok(NULL, " "))
        argv[argc++] = p;
    argv[argc] = NULL;
    err_clear();
    return command_parse(&c, argc, argv);
}

static void is(const char *line, const char *name, const char *sub)
{
    assert_int_equal(ERR_OK, parse(line));
    assert_int_equal(CALL_RUN, c.what);
    assert_string_equal(name, c.command->name);
    if (sub)
        assert_string_equal(sub, c.command->sub);
    else
        assert_null(c.command->sub);
}

static void a_command_runs_another(void **state)
{
    (void)state;
    is("status", "status", NULL);
    is("recordings", "recordings", "list");
    is("recordings --json", "recordings", "list");
    is("recordings show 1234", "recordings", "show");
    is("recordings export 1234 /tmp/x", "recordings", "export");
    is("users", "users", "list");
    is("authority enrol dir --station s --unit u --out f", "authority", "enrol");
}

static void options_stand_only_in_front(void **state)
{
    (void)state;
    is("--json -C /a status", "status", NULL);
    assert_true(c.json);
    assert_string_equal("/a", c.dir);
    is("status --json -C /b", "status", NULL);
    assert_true(c.json);
    assert_string_equal("/b", c.dir);
    is("recordings hold 1234 --why x --user bolat", "recordings", "hold");
    assert_string_equal("bolat", c.user);
    assert_string_equal("x", command_option(&c, "why"));
    assert_string_equal("1234", c.args[0]);
    is("recordings hold --why=y 1234", "recordings", "hold");
    assert_string_equal("y", command_option(&c, "why"));
    assert_int_equal(1, c.n_args);
    assert_string_equal("1234", c.args[0]);
}

static void a_name_for_the_authority_is_taken_for_who_is_there(void **state)
{
    (void)state;
    is("authority enrol dir --user aigul", "authority", "enrol");
    assert_string_equal("aigul", command_option(&c, "user"));
    assert_null(c.user);
}

static void a_wrong_line_runs(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "offlaod",
        "recordings shwo 1",
        "recordings show",
        "recordings show 1 2",
        "status now",
        "status --verbose",
        "recordings hold 1 --why",
        "recordings hold 1 --why a --why b",
        "--lang de status",
        "status --json=yes",
        "-C",
        "authority",
        "recordings list --why x",
        "backup",
        "--user",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(ERR_USAGE, parse(wrong[i]));
        assert_true(err_text()[0]);
    }
}

static void a_text_that_looks_like_an_option_cannot_be_given(void **state)
{
    (void)state;
    is("recordings link 1234 -- --record", "recordings", "link");
    assert_string_equal("--record", c.args[1]);
}

static void help_runs_the_command(void **state)
{
    (void)state;
    assert_int_equal(ERR_OK, parse("recordings show 1234 --help"));
    assert_int_equal(CALL_HELP, c.what);
    assert_string_equal("recordings", c.topic);
    assert_int_equal(ERR_OK, parse("help sync"));
    assert_int_equal(CALL_HELP, c.what);
    assert_string_equal("sync", c.topic);
    assert_int_equal(ERR_OK, parse("help"));
    assert_int_equal(CALL_HELP, c.what);
    assert_int_equal(ERR_OK, parse("purge --help"));
    assert_int_equal(CALL_HELP, c.what);
    assert_int_equal(ERR_OK, parse("--man"));
    assert_int_equal(CALL_MAN, c.what);
    assert_int_equal(ERR_OK, parse(""));
    assert_int_equal(CALL_NOTHING, c.what);
    assert_int_equal(ERR_USAGE, command_help("nothing"));
}

static void another_folder_is_opened_than_was_said(void **state)
{
    (void)state;
    setenv("HOME", "/home/x", 1);
    unsetenv("FELDSHER_DIR");
    is("status", "status", NULL);
    assert_string_equal("/home/x/.feldsher", c.dir);
    setenv("FELDSHER_DIR", "/srv/station", 1);
    is("status", "status", NULL);
    assert_string_equal("/srv/station", c.dir);
    is("-C here status", "status", NULL);
    assert_string_equal("here", c.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_runs_another),
        cmocka_unit_test(options_stand_only_in_front),
        cmocka_unit_test(a_name_for_the_authority_is_taken_for_who_is_there),
        cmocka_unit_test(a_wrong_line_runs),
        cmocka_unit_test(a_text_that_looks_like_an_option_cannot_be_given),
        cmocka_unit_test(help_runs_the_command),
        cmocka_unit_test(another_folder_is_opened_than_was_said),
    };
    return cmocka_run_group_tests_name("tui command", tests, NULL, NULL);
}
