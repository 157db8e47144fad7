/*
 * The terminal that the screens' tests stand on, tried with somebody else's
 * programs: what it shows is what they wrote.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "storage/base/file.h"
#include "tests/system/picture.h"
#include "tests/system/terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SOON 20000

static struct terminal *started(int rows, int cols, char *const argv[])
{
    struct terminal *t = terminal_open(rows, cols);
    assert_non_null(t);
    setenv("LC_ALL", "C.UTF-8", 1);
    if (!terminal_run(t, "xterm-256color", argv))
        fail_msg("%s", terminal_error(t));
    return t;
}

static struct terminal *shell(char *command)
{
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, command, NULL};
    return started(24, 80, argv);
}

static void write_text(char *path, const char *text)
{
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(ERR_OK, file_write_fd(fd, text, strlen(text), path));
    close(fd);
}

static void press(struct terminal *t, const char *key)
{
    if (!terminal_key(t, key))
        fail_msg("%s", terminal_error(t));
}

static void must_show(struct terminal *t, const char *text)
{
    if (!terminal_wait(t, text, SOON))
        fail_msg("%s", terminal_error(t));
}

static void less_shows_other_letters_than_the_file_s(void **state)
{
    (void)state;
    char path[] = "/tmp/test-terminal.XXXXXX", text[4096];
    int n = snprintf(text, sizeof text, "%s\n%s\n", "Қазақша: әіңғүұқөһ ӘІҢҒҮҰҚӨҺ", "Русский: ёъыэ ─│█▀");
    for (int i = 3; i <= 60; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "line %d\n", i);
    write_text(path, text);
    char *argv[] = {(char[]){"less"}, path, NULL};
    struct terminal *t = started(24, 80, argv);
    must_show(t, "line 23");
    assert_string_equal("Қазақша: әіңғүұқөһ ӘІҢҒҮҰҚӨҺ", terminal_row(t, 0));
    assert_string_equal("Русский: ёъыэ ─│█▀", terminal_row(t, 1));
    int row = 0, col = 0;
    assert_true(terminal_find(t, "әі", &row, &col));
    assert_int_equal(0, row);
    assert_int_equal(9, col);
    assert_int_equal(2, terminal_span(t, "әі", row, col));
    press(t, "PgDn");
    must_show(t, "line 40");
    assert_true(terminal_wait_gone(t, "Қазақша", SOON));
    press(t, "Home");
    press(t, "g");
    must_show(t, "Қазақша");
    unsigned typed = 0;
    assert_true(terminal_type(t, "/Русский", &typed));
    assert_int_equal(8, typed);
    press(t, "Enter");
    must_show(t, "line 24"); /* what was found is at the top now */
    assert_true(terminal_find(t, "Русский", (row = 0, &row), (col = 0, &col)));
    VTermScreenCell cell;
    assert_true(terminal_cell(t, row, col, &cell));
    assert_true(cell.attrs.reverse);
    assert_true(terminal_cell(t, row, col + 8, &cell));
    assert_false(cell.attrs.reverse);
    press(t, "q");
    int code = -1;
    assert_true(terminal_wait_end(t, SOON, &code));
    assert_int_equal(0, code);
    assert_true(terminal_cooked(t));
    assert_false(terminal_alternate(t));
    assert_null(terminal_garbage(t));
    terminal_close(t);
    unlink(path);
}

static void a_repeated_character_is_lost(void **state)
{
    (void)state;
    struct terminal *t = shell((char[]){"printf '\\033[5;3H─\\033[9bX'"});
    assert_true(terminal_wait_end(t, SOON, NULL));
    assert_string_equal("  ──────────X", terminal_row(t, 4));
    assert_null(terminal_garbage(t));
    terminal_close(t);
}

static void attributes_and_colours_differ_from_what_was_asked(void **state)
{
    (void)state;
    struct terminal *t =
        shell((char[]){"printf '\\033[1mB\\033[0;7mR\\033[0;4mU\\033[0;31;44mC\\033[38;5;196mX\\033[0m.'"});
    assert_true(terminal_wait_end(t, SOON, NULL));
    VTermScreenCell c;
    assert_true(terminal_cell(t, 0, 0, &c) && c.attrs.bold && !c.attrs.reverse);
    assert_true(terminal_cell(t, 0, 1, &c) && c.attrs.reverse && !c.attrs.bold);
    assert_true(terminal_cell(t, 0, 2, &c) && c.attrs.underline);
    assert_true(terminal_cell(t, 0, 3, &c) && c.fg.indexed.idx == 1 && c.bg.indexed.idx == 4);
    assert_true(VTERM_COLOR_IS_INDEXED(&c.fg) && !VTERM_COLOR_IS_DEFAULT_FG(&c.fg));
    assert_true(terminal_cell(t, 0, 4, &c) && c.fg.indexed.idx == 196);
    assert_true(terminal_cell(t, 0, 5, &c) && VTERM_COLOR_IS_DEFAULT_FG(&c.fg) && VTERM_COLOR_IS_DEFAULT_BG(&c.bg));
    terminal_close(t);
}

static void wide_and_combining_letters_shift_columns(void **state)
{
    (void)state;
    struct terminal *t = shell((char[]){"printf '漢字e\\314\\201|и\\314\\206'"});
    assert_true(terminal_wait_end(t, SOON, NULL));
    int row = 0, col = 0;
    assert_true(terminal_find(t, "|", &row, &col));
    assert_int_equal(5, col);
    assert_string_equal("漢字e\xcc\x81|и\xcc\x86", terminal_row(t, 0));
    terminal_close(t);
}

static void what_no_terminal_understands_passes_unseen(void **state)
{
    (void)state;
    struct terminal *t = shell((char[]){"printf 'a\\033[12yb'"});
    assert_true(terminal_wait_end(t, SOON, NULL));
    assert_non_null(terminal_garbage(t));
    terminal_close(t);
}

static void a_question_to_the_terminal_is_not_answered(void **state)
{
    (void)state;
    struct terminal *t = shell((char[]){"stty -icanon -echo; printf '\\033[7;9H\\033[6n'; a=$(dd bs=1 count=6 "
                                        "2>/dev/null | tr -d '\\033'); echo \"<$a>\""});
    must_show(t, "<[7;9R>");
    terminal_close(t);
}

static void keys_come_otherwise_than_terminfo_says(void **state)
{
    (void)state;
    /* the program compares each key with what terminfo has for it */
    static const char *const cap[] = {"kf1", "kf2",  "kf3",   "kf4",  "kf5",   "kf6",   "kf7",   "kf8",
                                      "kf9", "kf10", "kf11",  "kf12", "kcuu1", "kcud1", "kcub1", "kcuf1",
                                      "kpp", "knp",  "khome", "kend", "kich1", "kdch1", "kbs"};
    static const char *const name[] = {"F1",   "F2",   "F3",   "F4",  "F5",  "F6",   "F7",       "F8",
                                       "F9",   "F10",  "F11",  "F12", "Up",  "Down", "Left",     "Right",
                                       "PgUp", "PgDn", "Home", "End", "Ins", "Del",  "Backspace"};
    static const char *const terms[] = {"xterm-256color", "linux"};
    char script[512];
    for (size_t k = 0; k < 2; k++) {
        struct terminal *t = terminal_open(24, 80);
        assert_non_null(t);
        for (size_t i = 0; i < sizeof cap / sizeof cap[0]; i++) {
            if (k == 1 && i >= 10 && i < 12)
                continue; /* libvterm's F11 and F12 are xterm's; we bind neither there */
            snprintf(
                script, sizeof script,
                "stty -icanon -echo; want=$(tput %s); tput smkx; echo ready%zu; "
                "got=$(dd bs=1 count=${#want} 2>/dev/null); [ \"$got\" = \"$want\" ] && echo same%zu || echo no%zu",
                cap[i], i, i, i);
            char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, script, NULL};
            char want[32];
            if (!terminal_run(t, terms[k], argv))
                fail_msg("%s", terminal_error(t));
            snprintf(want, sizeof want, "ready%zu", i);
            must_show(t, want);
            press(t, name[i]);
            snprintf(want, sizeof want, "same%zu", i);
            if (!terminal_wait(t, want, SOON))
                fail_msg("%s in %s: %s", name[i], terms[k], terminal_error(t));
            assert_true(terminal_wait_end(t, SOON, NULL));
        }
        terminal_close(t);
    }
}

static bool stopped(struct terminal *t, void *ctx)
{
    return terminal_stopped(t) == (ctx != NULL);
}

static void a_program_cannot_be_stopped_or_hung_up(void **state)
{
    (void)state;
    char *argv[] = {(char[]){"less"}, (char[]){"/etc/passwd"}, NULL};
    struct terminal *t = started(24, 80, argv);
    must_show(t, "root:");
    assert_true(terminal_signal(t, SIGTSTP));
    assert_true(terminal_until(t, stopped, t, SOON));
    assert_true(terminal_cooked(t));
    assert_true(terminal_signal(t, SIGCONT));
    assert_true(terminal_until(t, stopped, NULL, SOON));
    must_show(t, "root:");
    assert_false(terminal_cooked(t));
    assert_true(terminal_resize(t, 10, 40));
    press(t, "G");
    terminal_hangup(t);
    int code = 0;
    assert_true(terminal_wait_end(t, SOON, &code));
    terminal_close(t);
}

static void a_closed_terminal_leaves_its_program_behind(void **state)
{
    (void)state;
    struct terminal *t = shell((char[]){"trap '' HUP TERM INT; echo deaf; exec sleep 1000"});
    must_show(t, "deaf");
    pid_t pid = terminal_pid(t);
    assert_true(pid > 0);
    terminal_close(t);
    assert_int_equal(-1, kill(-pid, 0));
}

static void a_program_that_is_not_there_seems_to_run(void **state)
{
    (void)state;
    struct terminal *t = terminal_open(24, 80);
    assert_non_null(t);
    char *argv[] = {(char[]){"no-such-program-here"}, NULL};
    assert_false(terminal_run(t, "xterm", argv));
    assert_non_null(strstr(terminal_error(t), "No such file"));
    terminal_close(t);
}

static void a_key_s_paint_is_not_timed(void **state)
{
    (void)state;
    struct terminal *t =
        shell((char[]){"stty -icanon -echo; echo ready; dd bs=1 count=1 2>/dev/null; dd bs=1 count=1 >/dev/null 2>&1"});
    must_show(t, "ready");
    press(t, "x");
    assert_true(terminal_painted(t, SOON) > 0);
    press(t, "y"); /* it is read and nothing is painted */
    assert_true(terminal_wait_end(t, SOON, NULL));
    assert_int_equal(-1, terminal_painted(t, 0));
    terminal_close(t);
}

static void a_picture_is_no_xml_or_loses_letters(void **state)
{
    (void)state;
    struct terminal *t = shell((char[]){"printf '<&>\"ә  ─█ 漢\\033[7m Қ \\033[0;1;31mred\\033[m'"});
    assert_true(terminal_wait_end(t, SOON, NULL));
    char path[] = "/tmp/test-picture.XXXXXX", command[128];
    write_text(path, "");
    assert_true(picture_svg(t, path, "a <title> & more"));
    terminal_close(t);
    struct buf b = {0};
    assert_int_equal(ERR_OK, file_read(path, 1 << 20, &b));
    assert_int_equal(ERR_OK, buf_add(&b, "", 1));
    const char *svg = (const char *)b.p;
    assert_non_null(strstr(svg, "&lt;&amp;>\"ә  ─█ 漢"));
    assert_non_null(strstr(svg, "fill=\"#d0605e\" font-weight=\"bold\">red</text>"));
    assert_non_null(strstr(svg, ">Қ</text>"));
    assert_non_null(strstr(svg, "a &lt;title> &amp; more"));
    assert_true(b.len < 2500);
    buf_free(&b);
    snprintf(command, sizeof command, "xmllint --noout %s", path);
    assert_int_equal(0, system(command));
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(less_shows_other_letters_than_the_file_s),
        cmocka_unit_test(a_repeated_character_is_lost),
        cmocka_unit_test(attributes_and_colours_differ_from_what_was_asked),
        cmocka_unit_test(wide_and_combining_letters_shift_columns),
        cmocka_unit_test(what_no_terminal_understands_passes_unseen),
        cmocka_unit_test(a_question_to_the_terminal_is_not_answered),
        cmocka_unit_test(keys_come_otherwise_than_terminfo_says),
        cmocka_unit_test(a_program_cannot_be_stopped_or_hung_up),
        cmocka_unit_test(a_closed_terminal_leaves_its_program_behind),
        cmocka_unit_test(a_program_that_is_not_there_seems_to_run),
        cmocka_unit_test(a_key_s_paint_is_not_timed),
        cmocka_unit_test(a_picture_is_no_xml_or_loses_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
