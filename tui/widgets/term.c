#include "tui/widgets/term.h"

#include "storage/base/clock.h"
#include "tui/lang/lang.h"
#include "tui/widgets/looks.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <linux/kd.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <ncurses.h>

/* There is one terminal, as in ncurses, whose own state is global too. */
static struct {
    SCREEN *screen;
    struct key_reader keys;
    bool late;    /* no more bytes of an open sequence came in time */
    int64_t read; /* clock_uptime() of the last ones */
    bool closed;
    bool lent; /* to another program */
    unsigned burst;
    int pipe[2];
} term = {.pipe = {-1, -1}};

static const int signals[] = {SIGWINCH, SIGTSTP, SIGCONT, SIGHUP, SIGTERM, SIGINT, SIGQUIT};
#define SIGNALS (sizeof signals / sizeof signals[0])

static void on_signal(int number)
{
    int kept = errno;
    unsigned char c = (unsigned char)number;
    ssize_t n = write(term.pipe[1], &c, 1); /* full: as many are waiting already */
    (void)n;
    errno = kept;
}

static enum err catch_signals(void)
{
    struct sigaction s = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    if (pipe2(term.pipe, O_CLOEXEC | O_NONBLOCK) != 0)
        return err_errno(ERR_IO, "cannot make a pipe for signals");
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &s, NULL);
    return ERR_OK;
}

static void release_signals(void)
{
    for (size_t i = 0; i < SIGNALS; i++)
        signal(signals[i], SIG_DFL);
    for (int i = 0; i < 2; i++) {
        if (term.pipe[i] >= 0)
            close(term.pipe[i]);
        term.pipe[i] = -1;
    }
}

static bool is_utf8(void)
{
    const char *set = nl_langinfo(CODESET);
    return strcmp(set, "UTF-8") == 0 || strcmp(set, "utf8") == 0;
}

static enum err want_utf8(void)
{
    if (!is_utf8())
        setlocale(LC_CTYPE, "");
    if (!is_utf8() && (!setlocale(LC_CTYPE, "C.UTF-8") || !is_utf8()))
        return err_set(ERR_NOINPUT,
                       "the locale is not UTF-8 and this system has no C.UTF-8; install the locales of libc");
    return ERR_OK;
}

/* The kernel's console shows UTF-8 only in its UTF-8 mode: console_codes(4). */
static void want_utf8_console(void)
{
    int mode;
    if (ioctl(STDIN_FILENO, KDGKBMODE, &mode) == 0) {
        ssize_t n = write(STDOUT_FILENO, "\033%G", 3);
        (void)n;
    }
}

static bool can_place(void)
{
    const char *cup = tigetstr("cup");
    return cup && cup != (const char *)-1;
}

static enum err open_screen(void)
{
    static const char *const plain[] = {"linux", "ansi", "vt100"};
    const char *name = getenv("TERM");
    use_tioctl(TRUE);
    term.screen = newterm(NULL, stdout, stdin);
    if (term.screen && can_place())
        return ERR_OK;
    if (term.screen) {
        endwin();
        delscreen(term.screen);
        term.screen = NULL;
        return err_set(ERR_NOINPUT,
                       "a terminal of the kind \"%s\" cannot show screens; use the commands, see feldsher help",
                       name ? name : "");
    }
    for (size_t i = 0; i < sizeof plain / sizeof plain[0] && !term.screen; i++)
        term.screen = newterm(plain[i], stdout, stdin);
    return term.screen ? ERR_OK
                       : err_set(ERR_NOINPUT,
                                 "no description of terminal \"%s\" is installed; set TERM, or install ncurses-base",
                                 name ? name : "");
}

static void learn(void)
{
    static const struct {
        const char *name;
        enum key_code code;
    } known[] = {
        {"kcuu1", K_UP},     {"kcud1", K_DOWN},  {"kcub1", K_LEFT},    {"kcuf1", K_RIGHT},  {"khome", K_HOME},
        {"kend", K_END},     {"kpp", K_PAGE_UP}, {"knp", K_PAGE_DOWN}, {"kdch1", K_DELETE}, {"kich1", K_INSERT},
        {"kcbt", K_BACKTAB}, {"kent", K_ENTER},  {"kf1", K_F1},        {"kf2", K_F2},       {"kf3", K_F3},
        {"kf4", K_F4},       {"kf5", K_F5},      {"kf6", K_F6},        {"kf7", K_F7},       {"kf8", K_F8},
        {"kf9", K_F9},       {"kf10", K_F10},    {"kf11", K_F11},      {"kf12", K_F12},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const char *s = tigetstr(known[i].name);
        if (s && s != (const char *)-1)
            key_learn(&term.keys, s, known[i].code);
    }
}

static void fit_size(void)
{
    struct winsize w;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_row && w.ws_col && (w.ws_row != LINES || w.ws_col != COLS))
        resizeterm(w.ws_row, w.ws_col);
}

static void set_modes(void)
{
    raw(); /* no key of the terminal driver's ends or freezes the screens */
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    leaveok(stdscr, FALSE);
    curs_set(0);
}

enum err term_start(void)
{
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return err_set(ERR_USAGE, "the screens need a terminal; for scripts there are the commands, see feldsher help");
    enum err e = want_utf8();
    if (e)
        return e;
    want_utf8_console();
    e = open_screen();
    if (e)
        return e;
    e = catch_signals();
    set_modes();
    looks_start();
    learn();
    fit_size();
    erase();
    if (e)
        term_stop();
    return e;
}

/* Nothing of what was shown stays behind for the next one at the machine. */
static void give_back(void)
{
    erase();
    refresh();
    curs_set(1);
    endwin();
    /* terminals that keep the caret's look with its place hide it again with the other screen (libvterm) */
    const char *shown = tigetstr("cnorm");
    if (shown && shown != (const char *)-1)
        putp(shown);
    fflush(stdout);
}

void term_stop(void)
{
    if (!term.screen)
        return;
    if (!term.closed && !term.lent)
        give_back();
    term.lent = false;
    delscreen(term.screen);
    term.screen = NULL;
    release_signals();
}

void term_fds(int fds[static 2])
{
    fds[0] = STDIN_FILENO;
    fds[1] = term.pipe[0];
}

static void resume(void)
{
    reset_prog_mode();
    set_modes();
    fit_size();
    clearok(curscr, TRUE);
}

void term_suspend(void)
{
    give_back();
    signal(SIGTSTP, SIG_DFL);
    raise(SIGTSTP); /* nothing, where no shell is behind us */
    struct sigaction s = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigaction(SIGTSTP, &s, NULL);
    resume();
}

void term_lend(void)
{
    struct termios t;
    if (!term.screen || term.lent)
        return;
    give_back();
    term.lent = true;
    /* key by key: it is in no foreground of this terminal, and libmpv sets no modes there */
    if (tcgetattr(STDIN_FILENO, &t) != 0)
        return;
    t.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
    t.c_cc[VMIN] = 1;
    t.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &t);
}

void term_take(void)
{
    if (!term.lent)
        return;
    term.lent = false;
    tcflush(STDIN_FILENO, TCIFLUSH); /* keys that were for the other program */
    resume();
}

bool term_is_lent(void)
{
    return term.lent;
}

static unsigned read_signals(void)
{
    unsigned char c[64];
    unsigned events = 0;
    ssize_t n = read(term.pipe[0], c, sizeof c);
    for (ssize_t i = 0; i < n; i++) {
        switch (c[i]) {
        case SIGWINCH:
            fit_size();
            events |= TERM_RESIZED;
            break;
        case SIGTSTP:
            if (term.lent)
                break;
            term_suspend();
            events |= TERM_RESUMED;
            break;
        case SIGCONT:
            if (term.lent)
                break;
            resume();
            events |= TERM_RESUMED;
            break;
        default:
            events |= TERM_CLOSED;
        }
    }
    return events;
}

static unsigned read_keys(void)
{
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    char bytes[KEY_BYTES];
    term.late = false;
    if (term.lent)
        return 0;
    if (poll(&p, 1, 0) <= 0) {
        term.late = clock_uptime() >= term.read + KEY_WAIT;
        return 0;
    }
    if (p.revents & (POLLHUP | POLLERR | POLLNVAL))
        return TERM_CLOSED;
    size_t room = KEY_BYTES - term.keys.n;
    ssize_t n = room ? read(STDIN_FILENO, bytes, room) : 0;
    if (room && (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)))
        return TERM_CLOSED;
    if (n > 0) {
        key_feed(&term.keys, bytes, (size_t)n);
        term.burst++;
        term.read = clock_uptime();
    }
    return 0;
}

unsigned term_read(void)
{
    unsigned events = read_signals() | read_keys();
    struct pollfd p = {.fd = STDOUT_FILENO};
    if ((events & TERM_CLOSED) && poll(&p, 1, 0) > 0)
        term.closed = true; /* nobody to give it back to */
    return events;
}

bool term_is_waiting(void)
{
    return key_is_open(&term.keys);
}

bool term_key(struct key *out)
{
    return key_next(&term.keys, term.late, out);
}

unsigned term_burst(void)
{
    return term.burst;
}

struct area term_area(void)
{
    return (struct area){0, 0, LINES, COLS};
}

bool term_is_small(void)
{
    return LINES < TERM_ROWS || COLS < TERM_COLS;
}

void term_too_small(void)
{
    struct area all = term_area();
    erase();
    term_textf(&all, 0, 0, 0, LOOK_WARN, _("%d x %d is too small: make it %d x %d"), COLS, LINES, TERM_COLS, TERM_ROWS);
}

void term_show(void)
{
    wnoutrefresh(stdscr);
    doupdate();
}

void term_redraw(void)
{
    clearok(curscr, TRUE);
}
