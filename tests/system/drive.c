/*
 * drive [--tap] [--slow N] [SCRIPT]
 *
 * Plays a script (a file, or stdin) on a program in a terminal in process; tests/README.md tells the steps. Exit 0:
 * every step held; 1: one did not, and the screen is printed; 64: wrong usage. --tap prints "ok - NAME" for each
 * `test NAME`. --slow: every deadline N times as long. The program is ended when the script is.
 */
#include "tests/system/picture.h"
#include "tests/system/terminal.h"

#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORDS_MAX 64
#define LINE_MAX_BYTES 8192
#define GRACE_MS 1000 /* for what is on its way when `expect` looks */
#define NESTED_MAX 8
#define PAINT_MS 5000

static struct terminal *t;
static bool tap;
static int slow = 1, deadline_ms = 10000;
static char term[64] = "xterm-256color";
static const char *script; /* and the line in it that is played */
static unsigned line_no;
static char test_name[256]; /* "": none is open */
static unsigned keystrokes;
static FILE *timing;
static int64_t marked, pressed; /* when: `mark`, the last key */
static int pace_ms;             /* between keys; 0: as fast as they are painted */
static int exit_code = -1;

static bool failed(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static int64_t now_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* The first N bytes of P, as many as OUT holds. */
static void piece(char *out, size_t cap, const char *p, size_t n)
{
    n = n < cap ? n : cap - 1;
    memcpy(out, p, n);
    out[n] = '\0';
}

static void screen_print(FILE *f, const char *before)
{
    int rows, cols, row, col;
    bool visible;
    terminal_size(t, &rows, &cols);
    terminal_cursor(t, &row, &col, &visible);
    fprintf(f, "%s+-- %d x %d, cursor at %d %d%s\n", before, cols, rows, row, col, visible ? "" : ", hidden");
    for (int r = 0; r < rows; r++)
        fprintf(f, "%s|%s\n", before, terminal_row(t, r));
    fprintf(f, "%s+--\n", before);
}

static bool screen_has_text(void)
{
    int rows, cols;
    terminal_size(t, &rows, &cols);
    for (int r = 0; r < rows; r++)
        if (*terminal_row(t, r))
            return true;
    return false;
}

static bool failed(const char *fmt, ...)
{
    char why[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    if (tap)
        printf("not ok - %s\n", test_name[0] ? test_name : script ? script : "drive");
    printf("%s%s:%u: %s\n", tap ? "#   " : "", script ? script : "drive", line_no, why);
    screen_print(stdout, tap ? "#   " : "");
    if (terminal_garbage(t))
        printf("%sit wrote what no terminal understands: %s\n", tap ? "#   " : "", terminal_garbage(t));
    test_name[0] = '\0';
    return false;
}

static bool why(bool held)
{
    return held || failed("%s", terminal_error(t));
}

static void test_end(void)
{
    if (tap && test_name[0])
        printf("ok - %s\n", test_name);
    fflush(stdout);
    test_name[0] = '\0';
}

/* Splits LINE in place of OUT: blanks part words, "..." with \" \\ \n \t \e, '...' as it stands, ${NAME} from the
 * environment outside '...'. False: a quote is open, or too much. */
static bool words_of(const char *line, char out[static LINE_MAX_BYTES * 2], char *word[static WORDS_MAX + 1], size_t *n)
{
    char *o = out, *end = out + (size_t)LINE_MAX_BYTES * 2 - 1;
    *n = 0;
    for (const char *p = line;;) {
        p += strspn(p, " \t");
        if (!*p || *p == '#')
            break;
        if (*n == WORDS_MAX)
            return failed("too many words");
        word[(*n)++] = o;
        for (char quote = '\0'; *p && (quote || !isblank((unsigned char)*p)) && o < end;) {
            if (*p == quote) {
                quote = '\0';
                p++;
            } else if (!quote && (*p == '"' || *p == '\'')) {
                quote = *p++;
                if (!strchr(p, quote))
                    return failed("a quotation is not closed");
            } else if (quote != '\'' && *p == '\\' && p[1]) {
                *o++ = p[1] == 'n' ? '\n' : p[1] == 't' ? '\t' : p[1] == 'e' ? '\033' : p[1];
                p += 2;
            } else if (quote != '\'' && p[0] == '$' && p[1] == '{') {
                size_t len = strcspn(p + 2, "}");
                char name[128];
                piece(name, sizeof name, p + 2, len);
                const char *value = getenv(name);
                if (!value)
                    return failed("${%s} is not set", name);
                if (strlen(value) >= (size_t)(end - o))
                    return failed("too long");
                o = stpcpy(o, value);
                p += len + 2 + (p[len + 2] == '}');
            } else {
                *o++ = *p++;
            }
        }
        if (o >= end)
            return failed("too long");
        *o++ = '\0';
    }
    word[*n] = NULL;
    return true;
}

static bool number(const char *s, int min, int max, int *out)
{
    char *end;
    errno = 0;
    long v = strtol(s, &end, 10);
    if (errno || end == s || *end || v < min || v > max)
        return failed("%s is not a number from %d to %d", s, min, max);
    *out = (int)v;
    return true;
}

/* keys */

static bool key_timed(void)
{
    if (!timing)
        return true;
    int64_t us = terminal_painted(t, PAINT_MS * slow);
    if (us < 0)
        return failed("nothing was painted within %d s of a key", PAINT_MS * slow / 1000);
    fprintf(timing, "%lld\n", (long long)us);
    return true;
}

/* A finger, or a keyboard that repeats, takes its time; the terminal is read meanwhile. */
static void pace(void)
{
    for (int64_t left; pace_ms && (left = pressed + pace_ms * 1000 - now_us()) > 0;)
        terminal_read(t, (int)(left / 1000) + 1);
    pressed = now_us();
}

/* NAME or NAME*TIMES */
static bool do_key(const char *name)
{
    char key[64];
    int times = 1;
    const char *star = strrchr(name, '*');
    if (star && star != name && !number(star + 1, 1, 100000, &times))
        return false;
    piece(key, sizeof key, name, star && star != name ? (size_t)(star - name) : strlen(name));
    for (int i = 0; i < times; i++) {
        pace();
        if (!terminal_key(t, key))
            return why(false);
        keystrokes++;
        if (!key_timed())
            return false;
    }
    return true;
}

static bool do_type(const char *text)
{
    unsigned n;
    if (!terminal_type(t, text, &n))
        return why(false);
    keystrokes += n;
    return key_timed();
}

static bool do_type_from(const char *file)
{
    FILE *f = fopen(file, "r");
    if (!f)
        return failed("cannot read %s: %s", file, strerror(errno));
    char secret[1024] = "";
    bool got = fgets(secret, sizeof secret, f) != NULL;
    fclose(f);
    secret[strcspn(secret, "\r\n")] = '\0';
    if (!got || !secret[0])
        return failed("%s has no first line", file);
    return do_type(secret);
}

/* the screen */

struct wanted {
    char *const *attrs; /* NULL: only the text */
    const char *text;
    int row, col; /* -1: anywhere */
};

static bool colour_is(const VTermColor *c, const char *want, bool usual)
{
    if (strcmp(want, "default") == 0)
        return usual;
    return !usual && VTERM_COLOR_IS_INDEXED(c) && c->indexed.idx == atoi(want);
}

static bool attr_holds(const VTermScreenCell *c, const char *attr)
{
    if (attr[0] == '!')
        return !attr_holds(c, attr + 1);
    if (strcmp(attr, "reverse") == 0)
        return c->attrs.reverse;
    if (strcmp(attr, "bold") == 0)
        return c->attrs.bold;
    if (strcmp(attr, "underline") == 0)
        return c->attrs.underline != VTERM_UNDERLINE_OFF;
    if (strcmp(attr, "blink") == 0)
        return c->attrs.blink;
    if (strncmp(attr, "fg=", 3) == 0)
        return colour_is(&c->fg, attr + 3, VTERM_COLOR_IS_DEFAULT_FG(&c->fg));
    if (strncmp(attr, "bg=", 3) == 0)
        return colour_is(&c->bg, attr + 3, VTERM_COLOR_IS_DEFAULT_BG(&c->bg));
    return false;
}

static bool attr_known(const char *attr)
{
    static const char *const known[] = {"reverse", "bold", "underline", "blink"};
    attr += attr[0] == '!';
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(attr, known[i]) == 0)
            return true;
    return strncmp(attr, "fg=", 3) == 0 || strncmp(attr, "bg=", 3) == 0;
}

static bool stands(struct terminal *term_, void *ctx)
{
    const struct wanted *w = ctx;
    int row = w->row < 0 ? 0 : w->row, col = w->row < 0 ? 0 : w->col;
    for (; terminal_find(term_, w->text, &row, &col); col++) {
        if (w->row >= 0 && (row != w->row || col != w->col))
            return false;
        bool all = true;
        for (int i = 0, n = terminal_span(term_, w->text, row, col); w->attrs && i < n; i++) {
            VTermScreenCell cell;
            if (!terminal_cell(term_, row, col + i, &cell) || cell.chars[0] == (uint32_t)-1)
                continue;
            for (char *const *a = w->attrs; *a; a++)
                all = all && attr_holds(&cell, *a);
        }
        if (all)
            return true;
    }
    return false;
}

static bool expect(struct wanted w, int ms, const char *what)
{
    for (char *const *a = w.attrs; a && *a; a++)
        if (!attr_known(*a))
            return failed("no attribute is called %s", *a);
    return terminal_until(t, stands, &w, ms) || failed("\"%s\" %s", w.text, what);
}

struct at {
    int row, col;
};

static bool cursor_at(struct terminal *term_, void *ctx)
{
    const struct at *at = ctx;
    int row, col;
    bool visible;
    terminal_cursor(term_, &row, &col, &visible);
    return visible && row == at->row && col == at->col;
}

struct grab {
    regex_t regex;
    char found[1024];
};

static bool matches(struct terminal *term_, void *ctx)
{
    struct grab *g = ctx;
    int rows, cols;
    terminal_size(term_, &rows, &cols);
    for (int r = 0; r < rows; r++) {
        const char *row = terminal_row(term_, r);
        regmatch_t m[2];
        if (regexec(&g->regex, row, 2, m, 0) != 0)
            continue;
        const regmatch_t *part = m[1].rm_so >= 0 ? &m[1] : &m[0];
        piece(g->found, sizeof g->found, row + part->rm_so, (size_t)(part->rm_eo - part->rm_so));
        return true;
    }
    return false;
}

static bool do_grab(const char *name, const char *pattern)
{
    struct grab g;
    if (regcomp(&g.regex, pattern, REG_EXTENDED) != 0)
        return failed("not a regular expression: %s", pattern);
    bool found = terminal_until(t, matches, &g, deadline_ms * slow);
    regfree(&g.regex);
    if (!found)
        return failed("nothing on the screen is like %s", pattern);
    return setenv(name, g.found, 1) == 0 || failed("not a name: %s", name);
}

static bool is_sane(struct terminal *term_, void *ctx)
{
    (void)ctx;
    int row, col;
    bool visible;
    terminal_cursor(term_, &row, &col, &visible);
    return visible && !terminal_alternate(term_) && terminal_cooked(term_);
}

static bool do_clean(void)
{
    int row = 0, col = 0;
    terminal_drain(t);
    if (terminal_garbage(t))
        return failed("what it wrote is no terminal's");
    return !terminal_find(t, "\xef\xbf\xbd", &row, &col) || failed("there is a character that is none");
}

/* the program */

static bool is_stopped(struct terminal *term_, void *ctx)
{
    (void)ctx;
    return terminal_stopped(term_);
}

static bool is_continued(struct terminal *term_, void *ctx)
{
    (void)ctx;
    return !terminal_stopped(term_);
}

static bool do_signal(const char *name)
{
    static const struct {
        const char *name;
        int sig;
    } known[] = {{"TSTP", SIGTSTP}, {"STOP", SIGSTOP}, {"CONT", SIGCONT}, {"HUP", SIGHUP},    {"KILL", SIGKILL},
                 {"TERM", SIGTERM}, {"INT", SIGINT},   {"USR1", SIGUSR1}, {"WINCH", SIGWINCH}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(name, known[i].name) != 0)
            continue;
        if (!terminal_signal(t, known[i].sig))
            return why(false);
        int ms = deadline_ms * slow;
        if (known[i].sig == SIGTSTP || known[i].sig == SIGSTOP)
            return terminal_until(t, is_stopped, NULL, ms) || failed("it does not stop");
        if (known[i].sig == SIGCONT)
            return terminal_until(t, is_continued, NULL, ms) || failed("it does not go on");
        return true;
    }
    return failed("no signal is called %s", name);
}

/* The rest of the line to a shell, which has ${NAME}s and the program's PID; the terminal is read meanwhile, so that
 * the program is not held up. */
static bool do_shell(const char *command)
{
    char pid[32];
    snprintf(pid, sizeof pid, "%d", (int)terminal_pid(t));
    setenv("PID", pid, 1);
    fflush(NULL);
    int done[2];
    if (pipe(done) != 0)
        return failed("cannot make a pipe: %s", strerror(errno));
    pid_t child = fork();
    if (child == 0) {
        close(done[0]);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    close(done[1]);
    close(done[0]);
    int status;
    while (waitpid(child, &status, WNOHANG) == 0)
        terminal_read(t, 5);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    return failed("exit %d of: %s", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), command);
}

static bool append(const char *file, const char *text)
{
    FILE *f = fopen(file, "a");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0)
        return failed("cannot write %s: %s", file, strerror(errno));
    return true;
}

/* steps: each its words, how many, the line's rest after the first word */

static bool play(const char *file);

static bool called(char **w, size_t n, const char *name, size_t few, size_t many)
{
    return strcmp(w[0], name) == 0 && n > few && n <= many + 1;
}

static bool step_words(char **w, size_t n, const char *rest)
{
    int a, b, ms = deadline_ms * slow, grace = GRACE_MS * slow;
#define STEP(name, few, many) called(w, n, name, few, many)
    if (STEP("size", 2, 2))
        return number(w[1], 1, TERMINAL_COLS_MAX, &a) && number(w[2], 1, TERMINAL_ROWS_MAX, &b) &&
               why(terminal_resize(t, b, a));
    if (STEP("resize", 2, 2))
        return number(w[1], 1, TERMINAL_COLS_MAX, &a) && number(w[2], 1, TERMINAL_ROWS_MAX, &b) &&
               why(terminal_resize(t, b, a));
    if (STEP("term", 1, 1))
        return snprintf(term, sizeof term, "%s", w[1]) > 0;
    if (STEP("env", 2, 2))
        return setenv(w[1], w[2], 1) == 0 || failed("not a name: %s", w[1]);
    if (STEP("unset", 1, 1))
        return unsetenv(w[1]) == 0 || failed("not a name: %s", w[1]);
    if (STEP("deadline", 1, 1)) {
        if (!number(w[1], 1, 3600, &a))
            return false;
        deadline_ms = a * 1000;
        return true;
    }
    if (STEP("run", 1, WORDS_MAX))
        return why(terminal_run(t, term, w + 1));
    if (STEP("key", 1, WORDS_MAX)) {
        for (size_t i = 1; i < n; i++)
            if (!do_key(w[i]))
                return false;
        return true;
    }
    if (STEP("type", 1, 1))
        return do_type(w[1]);
    if (STEP("type-from", 1, 1))
        return do_type_from(w[1]);
    if (STEP("wait", 1, 1))
        return expect((struct wanted){.text = w[1], .row = -1}, ms, "did not come");
    if (STEP("wait-gone", 1, 1))
        return why(terminal_wait_gone(t, w[1], ms));
    if (STEP("expect", 1, 1))
        return expect((struct wanted){.text = w[1], .row = -1}, grace, "is not on the screen");
    if (STEP("expect-not", 1, 1)) {
        a = b = 0;
        terminal_drain(t);
        return !terminal_find(t, w[1], &a, &b) || failed("\"%s\" is on the screen", w[1]);
    }
    if (STEP("expect-at", 3, 3))
        return number(w[1], 0, TERMINAL_ROWS_MAX, &a) && number(w[2], 0, TERMINAL_COLS_MAX, &b) &&
               expect((struct wanted){.text = w[3], .row = a, .col = b}, grace, "is not there");
    if (STEP("expect-attr", 2, WORDS_MAX))
        return expect((struct wanted){.text = w[1], .row = -1, .attrs = w + 2}, grace, "does not stand there so");
    if (STEP("wait-attr", 2, WORDS_MAX))
        return expect((struct wanted){.text = w[1], .row = -1, .attrs = w + 2}, ms, "did not come so");
    if (STEP("expect-cursor", 2, 2)) {
        struct at at;
        return number(w[1], 0, TERMINAL_ROWS_MAX, &at.row) && number(w[2], 0, TERMINAL_COLS_MAX, &at.col) &&
               (terminal_until(t, cursor_at, &at, grace) || failed("the cursor is not there"));
    }
    if (STEP("grab", 2, 2))
        return do_grab(w[1], w[2]);
    if (STEP("shell", 1, WORDS_MAX))
        return do_shell(rest);
    if (STEP("signal", 1, 1))
        return do_signal(w[1]);
    if (STEP("hangup", 0, 0)) {
        terminal_hangup(t);
        return true;
    }
    if (STEP("closed", 0, 0))
        return why(terminal_wait_end(t, ms, &exit_code));
    if (STEP("exit-code", 1, 1))
        return number(w[1], 0, 255, &a) && why(terminal_wait_end(t, ms, &exit_code)) &&
               (exit_code == a || failed("it ended with %d", exit_code));
    if (STEP("sane", 0, 0))
        return terminal_until(t, is_sane, NULL, grace) || failed("the terminal was not left as it was");
    if (STEP("clean", 0, 0))
        return do_clean();
    if (STEP("screen", 0, 0)) {
        terminal_drain(t);
        screen_print(stdout, tap ? "# " : "");
        return true;
    }
    if (STEP("svg", 2, 2)) {
        terminal_drain(t);
        if (!screen_has_text())
            return failed("there is nothing to draw: wait for the screen first");
        return picture_svg(t, w[1], w[2]) || failed("cannot draw %s: %s", w[1], strerror(errno));
    }
    if (STEP("count", 0, 0))
        return printf("%s%u keystrokes\n", tap ? "# " : "", keystrokes) > 0;
    if (STEP("count-from", 0, 0)) {
        keystrokes = 0;
        return true;
    }
    if (STEP("count-is", 1, 1))
        return number(w[1], 0, 1000000, &a) && (keystrokes == (unsigned)a || failed("%u keystrokes", keystrokes));
    char text[512];
    if (STEP("count-print", 2, 2)) {
        snprintf(text, sizeof text, "%s\t%u\n", w[1], keystrokes);
        return append(w[2], text);
    }
    if (STEP("timing", 1, 1)) {
        if (timing && fclose(timing) != 0)
            return failed("cannot write the timings: %s", strerror(errno));
        timing = NULL;
        if (strcmp(w[1], "off") != 0 && !(timing = fopen(w[1], "a")))
            return failed("cannot write %s: %s", w[1], strerror(errno));
        return true;
    }
    if (STEP("pace", 1, 1))
        return number(w[1], 0, 10000, &pace_ms);
    if (STEP("mark", 0, 0)) {
        marked = now_us();
        return true;
    }
    if (STEP("lap", 2, 2)) {
        snprintf(text, sizeof text, "%s\t%lld\n", w[1], (long long)(now_us() - marked));
        return append(w[2], text);
    }
    if (STEP("include", 1, 1))
        return play(w[1]);
    if (STEP("test", 1, WORDS_MAX)) {
        test_end();
        snprintf(test_name, sizeof test_name, "%s", rest);
        return true;
    }
#undef STEP
    return failed("no step is called %s, or not with %zu words", w[0], n - 1);
}

static bool step(const char *line)
{
    static char out[LINE_MAX_BYTES * 2]; /* a step's words live as long as the step */
    char *word[WORDS_MAX + 1];
    size_t n;
    line += strspn(line, " \t");
    size_t first = strcspn(line, " \t");
    const char *rest = line + first + strspn(line + first, " \t");
    /* a shell's line and a test's name are not ours to read */
    if (strncmp(line, "shell ", 6) == 0 || strncmp(line, "test ", 5) == 0) {
        piece(out, sizeof out, line, first);
        char *raw[] = {out, (char *)(uintptr_t)rest, NULL};
        return step_words(raw, 2, rest);
    }
    if (!words_of(line, out, word, &n))
        return false;
    return n == 0 || step_words(word, n, rest);
}

/* FILE "-": stdin. A FILE without a folder's name is looked for beside the script that includes it. */
static bool play(const char *file)
{
    static int nested;
    const char *outer = script;
    unsigned outer_line = line_no;
    char path[4096];
    const char *slash = outer ? strrchr(outer, '/') : NULL;
    size_t beside = slash && !strchr(file, '/') ? (size_t)(slash - outer) + 1 : 0;
    piece(path, sizeof path, outer ? outer : "", beside);
    piece(path + strlen(path), sizeof path - strlen(path), file, strlen(file));
    if (nested == NESTED_MAX)
        return failed("too deeply included: %s", path);
    FILE *f = strcmp(file, "-") == 0 ? stdin : fopen(path, "re");
    if (!f)
        return failed("cannot read %s: %s", path, strerror(errno));
    nested++;
    script = strcmp(file, "-") == 0 ? "script" : path;
    line_no = 0;
    char line[LINE_MAX_BYTES];
    bool good = true;
    while (good && fgets(line, sizeof line, f)) {
        line_no++;
        line[strcspn(line, "\r\n")] = '\0';
        good = step(line);
    }
    if (good && ferror(f))
        good = failed("cannot read it: %s", strerror(errno));
    if (f != stdin)
        fclose(f);
    nested--;
    script = outer;
    line_no = outer_line;
    return good;
}

static int usage(void)
{
    fputs("usage: drive [--tap] [--slow N] [SCRIPT]\n", stderr);
    return 64;
}

int main(int argc, char **argv)
{
    int i = 1;
    for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
        if (strcmp(argv[i], "--tap") == 0)
            tap = true;
        else if (strcmp(argv[i], "--slow") == 0 && i + 1 < argc)
            slow = atoi(argv[++i]);
        else
            return usage();
    }
    if (i + 1 < argc || slow < 1)
        return usage();
    t = terminal_open(24, 80);
    if (!t) {
        fputs("drive: no memory for a terminal\n", stderr);
        return 71;
    }
    setenv("LC_ALL", "C.UTF-8", 1);
    signal(SIGPIPE, SIG_IGN);
    script = NULL;
    bool good = play(i < argc ? argv[i] : "-");
    if (good)
        test_end();
    if (timing && fclose(timing) != 0)
        good = false;
    terminal_close(t);
    return good ? 0 : 1;
}
