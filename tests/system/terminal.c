#include "tests/system/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define ANSWERS_MAX 65536
#define END_MS 3000 /* for a program to end when its terminal is closed */
#define REPEAT_MAX 1000

struct terminal {
    VTerm *vt;
    VTermScreen *screen;
    int rows, cols;
    int pty, tty; /* the program's end is kept open: its modes can be read after it has gone */
    struct termios before;
    char term[64];
    int job;      /* what the session's leader tells of the program; -1: nobody runs */
    pid_t leader; /* 0: reaped */
    pid_t pid;
    bool running, stopped;
    int code;
    bool alternate, cursor_visible;
    unsigned bells;
    int repeat; /* REP, which this libvterm does not know: so often once more */
    char garbage[80];
    char answers[ANSWERS_MAX]; /* to the program's questions and the keys, not written yet */
    size_t n_answers;
    int64_t keyed, painted; /* microseconds; 0: none since */
    char row[TERMINAL_ROW_BYTES];
    int col_at[TERMINAL_ROW_BYTES]; /* the column of each byte of row */
    char error[256];
};

struct told {  /* by the session's leader */
    char what; /* 'P' pid, 'S' stopped, 'C' continued, 'X' ended, 'E' not started: errno */
    int value;
};

static bool fail(struct terminal *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool fail(struct terminal *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(t->error, sizeof t->error, fmt, ap);
    va_end(ap);
    return false;
}

static int64_t now_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* libvterm's side */

static void on_output(const char *s, size_t n, void *user)
{
    struct terminal *t = user;
    if (n > sizeof t->answers - t->n_answers)
        return;
    memcpy(t->answers + t->n_answers, s, n);
    t->n_answers += n;
}

static int on_prop(VTermProp prop, VTermValue *val, void *user)
{
    struct terminal *t = user;
    if (prop == VTERM_PROP_ALTSCREEN)
        t->alternate = val->boolean;
    if (prop == VTERM_PROP_CURSORVISIBLE)
        t->cursor_visible = val->boolean;
    return 1;
}

static int on_bell(void *user)
{
    ((struct terminal *)user)->bells++;
    return 1;
}

static void garbage(struct terminal *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void garbage(struct terminal *t, const char *fmt, ...)
{
    if (t->garbage[0])
        return;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(t->garbage, sizeof t->garbage, fmt, ap);
    va_end(ap);
}

static int on_control(unsigned char control, void *user)
{
    if (control != 0)
        garbage(user, "the control character 0x%02x", control);
    return 1;
}

static int on_escape(const char *bytes, size_t n, void *user)
{
    garbage(user, "ESC %.*s", (int)n, bytes);
    return 1;
}

/* xterm's own, which this libvterm does not know and which change no cell: titles (t), resources (m, p, q with a
 * leader), private modes (h, l). */
static int on_csi(const char *leader, const long args[], int n, const char *intermediate, char command, void *user)
{
    struct terminal *t = user;
    bool private = leader && leader[0];
    if (command == 'b' && !private) {
        long count = n > 0 && !CSI_ARG_IS_MISSING(args[0]) ? (long)CSI_ARG(args[0]) : 1;
        t->repeat = count > REPEAT_MAX ? REPEAT_MAX : (int)count;
        return 1;
    }
    if (command == 't' || (private && strchr("mpqhlnu", command)) || (intermediate && intermediate[0]))
        return 1;
    garbage(t, "CSI %s...%c", private ? leader : "", command);
    return 1;
}

static int on_osc(const char *command, size_t n, void *user)
{
    (void)command, (void)n, (void)user;
    return 1; /* titles and palettes: no cell changes */
}

static const VTermScreenCallbacks screen_calls = {.settermprop = on_prop, .bell = on_bell};
static const VTermParserCallbacks unknown_calls = {
    .control = on_control, .escape = on_escape, .csi = on_csi, .osc = on_osc, .dcs = on_osc};

static size_t put_utf8(char out[static 5], uint32_t c)
{
    size_t n = 0;
    if (c < 0x80) {
        out[n++] = (char)c;
    } else if (c < 0x800) {
        out[n++] = (char)(0xc0 | (c >> 6));
        out[n++] = (char)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        out[n++] = (char)(0xe0 | (c >> 12));
        out[n++] = (char)(0x80 | ((c >> 6) & 0x3f));
        out[n++] = (char)(0x80 | (c & 0x3f));
    } else {
        out[n++] = (char)(0xf0 | ((c >> 18) & 0x07));
        out[n++] = (char)(0x80 | ((c >> 12) & 0x3f));
        out[n++] = (char)(0x80 | ((c >> 6) & 0x3f));
        out[n++] = (char)(0x80 | (c & 0x3f));
    }
    out[n] = '\0';
    return n;
}

/* The character left of the cursor once more, as often as REP said. */
static void repeat(struct terminal *t)
{
    int count = t->repeat;
    t->repeat = 0;
    VTermPos at;
    vterm_state_get_cursorpos(vterm_obtain_state(t->vt), &at);
    VTermScreenCell cell;
    at.col--;
    if (at.col < 0 || !vterm_screen_get_cell(t->screen, at, &cell))
        return;
    char text[5];
    size_t n = put_utf8(text, cell.chars[0] ? cell.chars[0] : ' ');
    for (int i = 0; i < count; i++)
        vterm_input_write(t->vt, text, n);
}

static void take(struct terminal *t, const char *p, size_t n)
{
    while (n) { /* a piece up to each `b`: it may have been REP */
        const char *b = memchr(p, 'b', n);
        size_t piece = b ? (size_t)(b - p) + 1 : n;
        vterm_input_write(t->vt, p, piece);
        if (t->repeat)
            repeat(t);
        p += piece;
        n -= piece;
    }
    vterm_screen_flush_damage(t->screen);
}

/* the pty */

struct terminal *terminal_open(int rows, int cols)
{
    if (rows < 1 || cols < 1 || rows > TERMINAL_ROWS_MAX || cols > TERMINAL_COLS_MAX)
        return NULL;
    struct terminal *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->rows = rows;
    t->cols = cols;
    t->pty = t->tty = t->job = -1;
    t->cursor_visible = true;
    t->vt = vterm_new(rows, cols);
    if (!t->vt) {
        free(t);
        return NULL;
    }
    vterm_set_utf8(t->vt, 1);
    vterm_output_set_callback(t->vt, on_output, t);
    t->screen = vterm_obtain_screen(t->vt);
    vterm_screen_enable_altscreen(t->screen, 1);
    vterm_screen_set_callbacks(t->screen, &screen_calls, t);
    vterm_screen_set_unrecognised_fallbacks(t->screen, &unknown_calls, t);
    vterm_screen_set_damage_merge(t->screen, VTERM_DAMAGE_SCROLL);
    vterm_screen_reset(t->screen, 1);
    return t;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void terminal_close(struct terminal *t)
{
    if (!t)
        return;
    if (t->running) {
        terminal_hangup(t);
        if (!terminal_wait_end(t, END_MS, NULL) && t->pid > 0) {
            kill(-t->pid, SIGKILL);
            terminal_wait_end(t, END_MS, NULL);
        }
    }
    if (t->leader > 0) {
        kill(t->leader, SIGKILL);
        waitpid(t->leader, NULL, 0);
    }
    close_fd(&t->pty);
    close_fd(&t->tty);
    close_fd(&t->job);
    vterm_free(t->vt);
    free(t);
}

const char *terminal_error(const struct terminal *t)
{
    return t->error;
}

static pid_t job_group; /* in the leader's process only */

static void on_leader(int sig)
{
    if (job_group > 0) {
        kill(-job_group, sig == SIGHUP ? SIGHUP : SIGKILL);
        kill(-job_group, SIGCONT);
    }
}

static void tell(int fd, char what, int value)
{
    struct told told = {.what = what, .value = value};
    if (write(fd, &told, sizeof told) != (ssize_t)sizeof told)
        _exit(127);
}

/* The session's leader: what a shell does for its one foreground job. A hang-up goes on to the job; when the driver
 * is gone, the job is ended. */
static _Noreturn void lead(int tty, int job, const char *term, char *const argv[])
{
    struct sigaction sa = {.sa_handler = on_leader};
    signal(SIGTTOU, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    setsid();
    if (ioctl(tty, TIOCSCTTY, 0) != 0)
        tell(job, 'E', errno);
    int started[2] = {-1, -1}; /* closed by a good exec, else it brings the errno */
    pid_t pid = pipe2(started, O_CLOEXEC) == 0 ? fork() : -1;
    if (pid < 0) {
        tell(job, 'E', errno);
        _exit(127);
    }
    if (pid == 0) {
        setpgid(0, 0);
        tcsetpgrp(tty, getpid());
        for (int sig = 1; sig < NSIG; sig++)
            signal(sig, SIG_DFL);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        setenv("TERM", term, 1);
        unsetenv("LINES");
        unsetenv("COLUMNS");
        if (dup2(tty, 0) < 0 || dup2(tty, 1) < 0 || dup2(tty, 2) < 0)
            _exit(127);
        execvp(argv[0], argv);
        tell(started[1], 'E', errno);
        _exit(127);
    }
    setpgid(pid, pid);
    tcsetpgrp(tty, pid);
    close(tty);
    close(started[1]);
    struct told told;
    if (read(started[0], &told, sizeof told) == (ssize_t)sizeof told) {
        tell(job, 'E', told.value);
        _exit(127);
    }
    close(started[0]);
    job_group = pid;
    sigaction(SIGHUP, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    tell(job, 'P', pid);
    for (;;) {
        int status;
        pid_t who = waitpid(pid, &status, WUNTRACED | WCONTINUED);
        if (who < 0)
            continue;
        if (WIFSTOPPED(status))
            tell(job, 'S', WSTOPSIG(status));
        else if (WIFCONTINUED(status))
            tell(job, 'C', 0);
        else {
            tell(job, 'X', WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
            _exit(0);
        }
    }
}

static bool open_pty(struct terminal *t)
{
    close_fd(&t->pty);
    close_fd(&t->tty);
    close_fd(&t->job);
    t->pty = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    char name[64];
    if (t->pty < 0 || grantpt(t->pty) != 0 || unlockpt(t->pty) != 0 || ptsname_r(t->pty, name, sizeof name) != 0)
        return fail(t, "cannot make a pty: %s", strerror(errno));
    t->tty = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (t->tty < 0 || tcgetattr(t->tty, &t->before) != 0)
        return fail(t, "cannot open the pty %s: %s", name, strerror(errno));
    t->before.c_iflag |= IUTF8;
    tcsetattr(t->tty, TCSANOW, &t->before);
    struct winsize size = {.ws_row = (unsigned short)t->rows, .ws_col = (unsigned short)t->cols};
    ioctl(t->pty, TIOCSWINSZ, &size);
    fcntl(t->pty, F_SETFL, fcntl(t->pty, F_GETFL) | O_NONBLOCK);
    return true;
}

/* What the leader tells; true if anything was told. */
static bool hear(struct terminal *t)
{
    struct told told;
    ssize_t n = read(t->job, &told, sizeof told);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return false;
    if (n != (ssize_t)sizeof told) {
        close_fd(&t->job);
        if (t->running)
            t->code = 255;
        t->running = false;
    } else if (told.what == 'P') {
        t->pid = told.value;
    } else if (told.what == 'S') {
        t->stopped = true;
    } else if (told.what == 'C') {
        t->stopped = false;
    } else if (told.what == 'E') {
        fail(t, "cannot start it: %s", strerror(told.value));
    } else {
        t->running = t->stopped = false;
        t->code = told.value;
        close_fd(&t->job);
    }
    if (!t->running && t->leader > 0) {
        waitpid(t->leader, NULL, 0);
        t->leader = 0;
    }
    return true;
}

bool terminal_run(struct terminal *t, const char *term, char *const argv[])
{
    if (t->running)
        return fail(t, "a program runs already");
    if (!open_pty(t))
        return false;
    int job[2];
    if (pipe2(job, O_CLOEXEC) != 0)
        return fail(t, "cannot make a pipe: %s", strerror(errno));
    snprintf(t->term, sizeof t->term, "%s", term);
    t->alternate = false;
    t->cursor_visible = true;
    t->n_answers = 0;
    t->error[0] = '\0';
    vterm_screen_reset(t->screen, 1);
    fflush(NULL);
    t->leader = fork();
    if (t->leader < 0) {
        close(job[0]);
        close(job[1]);
        return fail(t, "cannot fork: %s", strerror(errno));
    }
    if (t->leader == 0) {
        close(job[0]);
        close(t->pty);
        lead(t->tty, job[1], term, argv);
    }
    close(job[1]);
    t->job = job[0];
    t->running = true;
    t->stopped = false;
    t->pid = 0;
    while (t->running && !t->pid && !t->error[0])
        hear(t);
    return t->pid != 0 && !t->error[0];
}

static void flush_answers(struct terminal *t)
{
    while (t->n_answers && t->pty >= 0) {
        ssize_t n = write(t->pty, t->answers, t->n_answers);
        if (n < 0)
            return; /* full, or hung up: read on first */
        t->n_answers -= (size_t)n;
        memmove(t->answers, t->answers + n, t->n_answers);
    }
}

bool terminal_read(struct terminal *t, int ms)
{
    flush_answers(t);
    struct pollfd p[2] = {{.fd = t->pty, .events = POLLIN}, {.fd = t->job, .events = POLLIN}};
    if (t->n_answers)
        p[0].events |= POLLOUT;
    int n = poll(p, 2, ms);
    if (n <= 0)
        return n < 0 && errno == EINTR;
    bool came = false;
    if (p[0].revents & (POLLIN | POLLHUP | POLLERR)) {
        char bytes[16384];
        ssize_t got = read(t->pty, bytes, sizeof bytes);
        if (got > 0) {
            if (t->keyed && !t->painted)
                t->painted = now_us();
            take(t, bytes, (size_t)got);
            came = true;
        } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
            close_fd(&t->pty);
        }
    }
    if (p[0].revents & POLLOUT)
        came = true;
    if (p[1].revents & (POLLIN | POLLHUP))
        came = hear(t) || came;
    flush_answers(t);
    return came;
}

void terminal_drain(struct terminal *t)
{
    while ((t->pty >= 0 || t->job >= 0) && terminal_read(t, 0))
        ;
}

/* keys */

struct key {
    const char *name;
    VTermKey key;
    const char *linux_console; /* where that one differs; NULL: it does not */
};

static const struct key keys[] = {
    {"Enter", VTERM_KEY_ENTER, NULL},
    {"Esc", VTERM_KEY_ESCAPE, NULL},
    {"Tab", VTERM_KEY_TAB, NULL},
    {"Backspace", VTERM_KEY_BACKSPACE, NULL},
    {"Up", VTERM_KEY_UP, NULL},
    {"Down", VTERM_KEY_DOWN, NULL},
    {"Left", VTERM_KEY_LEFT, NULL},
    {"Right", VTERM_KEY_RIGHT, NULL},
    {"PgUp", VTERM_KEY_PAGEUP, NULL},
    {"PgDn", VTERM_KEY_PAGEDOWN, NULL},
    {"Home", VTERM_KEY_HOME, "\033[1~"},
    {"End", VTERM_KEY_END, "\033[4~"},
    {"Ins", VTERM_KEY_INS, NULL},
    {"Del", VTERM_KEY_DEL, NULL},
    {"F1", VTERM_KEY_FUNCTION_0 + 1, "\033[[A"},
    {"F2", VTERM_KEY_FUNCTION_0 + 2, "\033[[B"},
    {"F3", VTERM_KEY_FUNCTION_0 + 3, "\033[[C"},
    {"F4", VTERM_KEY_FUNCTION_0 + 4, "\033[[D"},
    {"F5", VTERM_KEY_FUNCTION_0 + 5, "\033[[E"},
    {"F6", VTERM_KEY_FUNCTION_0 + 6, NULL},
    {"F7", VTERM_KEY_FUNCTION_0 + 7, NULL},
    {"F8", VTERM_KEY_FUNCTION_0 + 8, NULL},
    {"F9", VTERM_KEY_FUNCTION_0 + 9, NULL},
    {"F10", VTERM_KEY_FUNCTION_0 + 10, NULL},
    {"F11", VTERM_KEY_FUNCTION_0 + 11, NULL},
    {"F12", VTERM_KEY_FUNCTION_0 + 12, NULL},
};

/* One character of UTF-8; 0: the end, or none. */
static uint32_t next_char(const char **p)
{
    const unsigned char *s = (const unsigned char *)*p;
    if (!*s)
        return 0;
    unsigned more = *s < 0x80 ? 0 : *s >= 0xf0 ? 3 : *s >= 0xe0 ? 2 : *s >= 0xc0 ? 1 : 9;
    if (more == 9)
        return 0;
    uint32_t c = more ? *s & (0x3fu >> more) : *s;
    for (unsigned i = 1; i <= more; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        c = (c << 6) | (s[i] & 0x3fu);
    }
    *p += more + 1;
    return c;
}

/* Everything typed so far is on its way; false: the program takes no more. */
static bool send_keys(struct terminal *t)
{
    t->painted = 0;
    t->keyed = now_us();
    flush_answers(t);
    while (t->n_answers) {
        if (t->pty < 0 || !terminal_read(t, END_MS))
            return fail(t, "the program reads no keys");
    }
    return t->pty >= 0 || fail(t, "the terminal is closed");
}

static bool put_key(struct terminal *t, const char *name)
{
    VTermModifier mod = VTERM_MOD_NONE;
    const char *p = name;
    for (;;) {
        if (strncmp(p, "Ctrl-", 5) == 0 && p[5])
            mod |= VTERM_MOD_CTRL, p += 5;
        else if (strncmp(p, "Alt-", 4) == 0 && p[4])
            mod |= VTERM_MOD_ALT, p += 4;
        else if (strncmp(p, "Shift-", 6) == 0 && p[6])
            mod |= VTERM_MOD_SHIFT, p += 6;
        else
            break;
    }
    if (strcmp(p, "Space") == 0)
        p = " ";
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(p, keys[i].name) != 0)
            continue;
        if (!mod && keys[i].linux_console && strcmp(t->term, "linux") == 0)
            on_output(keys[i].linux_console, strlen(keys[i].linux_console), t);
        else
            vterm_keyboard_key(t->vt, keys[i].key, mod);
        return true;
    }
    uint32_t c = next_char(&p);
    if (!c || *p)
        return fail(t, "no key is called %s", name);
    if (mod == VTERM_MOD_CTRL && ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')))
        on_output(&(char){(char)(c & 0x1f)}, 1, t);
    else
        vterm_keyboard_unichar(t->vt, c, mod);
    return true;
}

bool terminal_key(struct terminal *t, const char *name)
{
    terminal_drain(t);
    return put_key(t, name) && send_keys(t);
}

bool terminal_type(struct terminal *t, const char *utf8, unsigned *typed)
{
    unsigned n = 0;
    const char *p = utf8;
    terminal_drain(t);
    for (uint32_t c; *p; n++) {
        if (!(c = next_char(&p)))
            return fail(t, "what is to be typed is not UTF-8");
        vterm_keyboard_unichar(t->vt, c, VTERM_MOD_NONE);
    }
    if (typed)
        *typed = n;
    return send_keys(t);
}

int64_t terminal_painted(struct terminal *t, int ms)
{
    int64_t until = now_us() + (int64_t)ms * 1000;
    while (!t->painted && (t->pty >= 0 || t->job >= 0)) {
        int64_t left = until - now_us();
        if (left <= 0)
            break;
        terminal_read(t, (int)(left / 1000) + 1);
    }
    return t->painted ? t->painted - t->keyed : -1;
}

/* the screen */

bool terminal_until(struct terminal *t, bool (*predicate)(struct terminal *t, void *ctx), void *ctx, int ms)
{
    int64_t until = now_us() + (int64_t)ms * 1000;
    terminal_drain(t);
    while (!predicate(t, ctx)) {
        int64_t left = until - now_us();
        if (left <= 0 || (t->pty < 0 && t->job < 0))
            return false;
        if (terminal_read(t, (int)(left / 1000) + 1))
            terminal_drain(t);
    }
    return true;
}

static bool shows(struct terminal *t, void *text)
{
    int row = 0, col = 0;
    return terminal_find(t, text, &row, &col);
}

static bool shows_not(struct terminal *t, void *text)
{
    return !shows(t, text);
}

bool terminal_wait(struct terminal *t, const char *text, int ms)
{
    return terminal_until(t, shows, (char *)(uintptr_t)text, ms) || fail(t, "\"%s\" did not come", text);
}

bool terminal_wait_gone(struct terminal *t, const char *text, int ms)
{
    return terminal_until(t, shows_not, (char *)(uintptr_t)text, ms) || fail(t, "\"%s\" did not go", text);
}

void terminal_size(const struct terminal *t, int *rows, int *cols)
{
    *rows = t->rows;
    *cols = t->cols;
}

bool terminal_resize(struct terminal *t, int rows, int cols)
{
    if (rows < 1 || cols < 1 || rows > TERMINAL_ROWS_MAX || cols > TERMINAL_COLS_MAX)
        return fail(t, "no terminal is that large: %d x %d", cols, rows);
    t->rows = rows;
    t->cols = cols;
    vterm_set_size(t->vt, rows, cols);
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
    if (t->pty >= 0 && ioctl(t->pty, TIOCSWINSZ, &size) != 0)
        return fail(t, "cannot resize: %s", strerror(errno));
    return true;
}

const char *terminal_row(struct terminal *t, int row)
{
    size_t n = 0, end = 0;
    VTermScreenCell cell;
    for (int col = 0; col < t->cols; col++) {
        if (!terminal_cell(t, row, col, &cell))
            break;
        if (cell.chars[0] == (uint32_t)-1)
            continue; /* the right half of a wide one */
        bool blank = !cell.chars[0] || cell.chars[0] == ' ';
        size_t from = n;
        n += put_utf8(t->row + n, cell.chars[0] ? cell.chars[0] : ' ');
        for (int i = 1; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i]; i++)
            n += put_utf8(t->row + n, cell.chars[i]);
        for (size_t i = from; i < n; i++)
            t->col_at[i] = col;
        if (!blank)
            end = n;
    }
    t->col_at[n] = t->cols;
    t->row[end] = '\0';
    return t->row;
}

bool terminal_find(struct terminal *t, const char *text, int *row, int *col)
{
    for (int r = *row, from = *col; r < t->rows; r++, from = 0) {
        const char *line = terminal_row(t, r);
        for (const char *at = line; (at = strstr(at, text)) != NULL; at++) {
            int c = t->col_at[at - line];
            if (c < from)
                continue;
            *row = r;
            *col = c;
            return true;
        }
    }
    return false;
}

int terminal_span(struct terminal *t, const char *text, int row, int col)
{
    int r = row, c = col;
    if (!terminal_find(t, text, &r, &c) || r != row || c != col)
        return 0;
    const char *line = terminal_row(t, row);
    for (const char *at = line; (at = strstr(at, text)) != NULL; at++) {
        size_t end = (size_t)(at - line) + strlen(text);
        if (t->col_at[at - line] == col)
            return (line[end] ? t->col_at[end] : t->col_at[end - 1] + 1) - col;
    }
    return 0;
}

bool terminal_cell(const struct terminal *t, int row, int col, VTermScreenCell *cell)
{
    if (row < 0 || col < 0 || row >= t->rows || col >= t->cols)
        return false;
    memset(cell, 0, sizeof *cell); /* libvterm fills chars up to the first that is none */
    return vterm_screen_get_cell(t->screen, (VTermPos){.row = row, .col = col}, cell) != 0;
}

void terminal_rgb(const struct terminal *t, VTermColor *c)
{
    vterm_screen_convert_color_to_rgb(t->screen, c);
}

void terminal_cursor(const struct terminal *t, int *row, int *col, bool *visible)
{
    VTermPos at;
    vterm_state_get_cursorpos(vterm_obtain_state(t->vt), &at);
    *row = at.row;
    *col = at.col;
    *visible = t->cursor_visible;
}

bool terminal_alternate(const struct terminal *t)
{
    return t->alternate;
}

unsigned terminal_bells(const struct terminal *t)
{
    return t->bells;
}

const char *terminal_garbage(const struct terminal *t)
{
    return t->garbage[0] ? t->garbage : NULL;
}

bool terminal_cooked(const struct terminal *t)
{
    struct termios now;
    if (t->tty < 0 || tcgetattr(t->tty, &now) != 0)
        return false;
    return now.c_lflag == t->before.c_lflag && now.c_iflag == t->before.c_iflag && now.c_oflag == t->before.c_oflag;
}

/* the program */

pid_t terminal_pid(const struct terminal *t)
{
    return t->running ? t->pid : 0;
}

bool terminal_stopped(const struct terminal *t)
{
    return t->stopped;
}

bool terminal_signal(struct terminal *t, int sig)
{
    if (!t->running || t->pid <= 0)
        return fail(t, "no program runs");
    if (kill(sig == SIGCONT ? -t->pid : t->pid, sig) != 0)
        return fail(t, "cannot signal the program: %s", strerror(errno));
    return true;
}

void terminal_hangup(struct terminal *t)
{
    close_fd(&t->pty);
    close_fd(&t->tty);
}

static bool ended(struct terminal *t, void *ctx)
{
    (void)ctx;
    return !t->running;
}

bool terminal_wait_end(struct terminal *t, int ms, int *code)
{
    if (!terminal_until(t, ended, NULL, ms))
        return fail(t, "the program still runs");
    terminal_drain(t);
    if (code)
        *code = t->code;
    return true;
}
