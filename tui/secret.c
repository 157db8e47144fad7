#include "tui/secret.h"

#include "storage/base/buf.h"
#include "storage/seal/passphrase.h"
#include "tui/lang/lang.h"
#include "tui/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#define FILE_MAX (64u << 10)
#define TRIES 3

struct secret_source {
    char *text; /* locked; NULL: the terminal */
    size_t len, at;
};

static enum err read_all(const char *path, struct secret_source *s)
{
    /* not file_read: <(...) and pipes are welcome here */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return err_errno(ERR_NOINPUT, "cannot open the passphrase file %s", path);
    enum err e = ERR_OK;
    while (!e) {
        ssize_t n = read(fd, s->text + s->len, FILE_MAX - s->len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            e = err_errno(ERR_IO, "cannot read the passphrase file %s", path);
        else if (n == 0)
            break;
        s->len += (size_t)(n > 0 ? n : 0);
        if (s->len == FILE_MAX)
            e = err_set(ERR_DATA, "the passphrase file %s is larger than %u bytes", path, FILE_MAX);
    }
    close(fd);
    return e;
}

enum err secret_open(struct secret_source **out, const char *path)
{
    *out = NULL;
    struct secret_source *s = calloc(1, sizeof *s);
    if (!s)
        return err_set(ERR_NOMEM, "out of memory");
    enum err e = ERR_OK;
    if (path) {
        s->text = sodium_malloc(FILE_MAX);
        e = s->text ? read_all(path, s) : err_set(ERR_NOMEM, "out of memory");
    }
    if (e) {
        secret_close(s);
        return e;
    }
    *out = s;
    return ERR_OK;
}

enum err secret_open_text(struct secret_source **out, const char *lines, size_t n)
{
    enum err e = secret_open(out, NULL);
    struct secret_source *s = *out;
    if (e || !s)
        return e;
    s->text = n < FILE_MAX ? sodium_malloc(FILE_MAX) : NULL;
    if (!s->text) {
        secret_close(s);
        *out = NULL;
        return err_set(ERR_NOMEM, "out of memory");
    }
    memcpy(s->text, lines, n);
    s->len = n;
    return ERR_OK;
}

void secret_close(struct secret_source *s)
{
    if (!s)
        return;
    sodium_free(s->text);
    free(s);
}

void secret_free(struct secret *p)
{
    sodium_free(p);
}

static enum err next_line(struct secret_source *s, const char *prompt, struct secret *p)
{
    if (s->at >= s->len)
        return err_set(ERR_NOINPUT, "the passphrase file has no line for \"%s\"", prompt);
    const char *start = s->text + s->at;
    const char *lf = memchr(start, '\n', s->len - s->at);
    size_t n = lf ? (size_t)(lf - start) : s->len - s->at;
    s->at += n + 1;
    if (n && start[n - 1] == '\r')
        n--;
    if (n > PASSPHRASE_MAX)
        return err_set(ERR_DATA, "a line of the passphrase file is longer than %u bytes", PASSPHRASE_MAX);
    memcpy(p->p, start, n);
    p->p[n] = '\0';
    p->len = n;
    return ERR_OK;
}

/* Signals that end or stop a program wait while echo is off; one that came
 * shows on the descriptor. */
static int hold_signals(sigset_t *old)
{
    sigset_t set;
    sigemptyset(&set);
    static const int which[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
    for (size_t i = 0; i < sizeof which / sizeof which[0]; i++)
        sigaddset(&set, which[i]);
    sigprocmask(SIG_BLOCK, &set, old);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* One line from the terminal; ERR_AGAIN: a signal is waiting. */
static enum err type_line(int tty, int signals, struct secret *p)
{
    p->len = 0;
    for (;;) {
        struct pollfd on[2] = {{.fd = tty, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
        char c;
        if (poll(on, signals < 0 ? 1 : 2, -1) < 0) {
            if (errno == EINTR)
                continue;
            return err_errno(ERR_IO, "cannot wait for the terminal");
        }
        if (signals >= 0 && on[1].revents)
            return ERR_AGAIN;
        ssize_t n = read(tty, &c, 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(ERR_IO, "cannot read from the terminal");
        if (n == 0 && p->len == 0)
            return err_set(ERR_DENIED, "no passphrase was typed");
        if (n == 0 || c == '\n')
            break;
        if (p->len == PASSPHRASE_MAX)
            return err_set(ERR_DATA, "a passphrase has at most %u bytes", PASSPHRASE_MAX);
        p->p[p->len++] = c;
    }
    p->p[p->len] = '\0';
    return ERR_OK;
}

static void say(int tty, const char *text)
{
    size_t n = strlen(text);
    for (ssize_t w; n; text += w, n -= (size_t)w)
        if ((w = write(tty, text, n)) <= 0)
            return; /* a prompt that cannot be shown stops nothing */
}

static enum err ask_terminal(const char *prompt, struct secret *p)
{
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    struct termios was, quiet;
    if (tty < 0 || tcgetattr(tty, &was) < 0) {
        if (tty >= 0)
            close(tty);
        return err_set(ERR_USAGE, "there is no terminal to ask for \"%s\"; use --passphrase-file", prompt);
    }
    quiet = was;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    quiet.c_lflag |= ICANON | ECHONL;
    enum err e;
    do {
        sigset_t old;
        int signals = hold_signals(&old);
        tcsetattr(tty, TCSAFLUSH, &quiet);
        say(tty, prompt);
        say(tty, ": ");
        e = type_line(tty, signals, p);
        tcsetattr(tty, TCSAFLUSH, &was);
        if (signals >= 0)
            close(signals);
        sigprocmask(SIG_SETMASK, &old, NULL); /* here it takes effect; after a stop we ask again */
    } while (e == ERR_AGAIN);
    close(tty);
    return e;
}

enum err secret_ask(struct secret_source *s, const char *prompt, struct secret **out)
{
    *out = NULL;
    struct secret *p = sodium_malloc(sizeof *p);
    if (!p)
        return err_set(ERR_NOMEM, "out of memory");
    enum err e = s->text ? next_line(s, prompt, p) : ask_terminal(prompt, p);
    if (e) {
        secret_free(p);
        return e;
    }
    *out = p;
    return ERR_OK;
}

enum err secret_try(const struct secret *typed, secret_try_fn *fn, void *ctx)
{
    char first[512];
    enum err e = fn(ctx, typed->p, typed->len);
    if (e != ERR_DENIED)
        return e;
    snprintf(first, sizeof first, "%s", err_text());
    struct secret *reading = sodium_malloc(sizeof *reading);
    if (!reading)
        return err_set(ERR_NOMEM, "out of memory");
    for (size_t i = 1; i < SECRET_TRIES && e == ERR_DENIED; i++) {
        if (!layout_reading(typed->p, typed->len, i, reading->p, sizeof reading->p, &reading->len))
            break;
        e = fn(ctx, reading->p, reading->len);
    }
    secret_free(reading);
    return e == ERR_DENIED ? err_set(e, "%s", first) : e;
}

static enum err generate(struct secret *p)
{
    struct buf words = {.secret = 1, .max = PASSPHRASE_MAX};
    enum err e = passphrase_words(&words, PASSPHRASE_WORDS);
    int tty = e ? -1 : open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (!e && tty < 0)
        e = err_errno(ERR_IO, "cannot open the terminal");
    if (!e) {
        say(tty, _("Your new passphrase, shown this once; write it down and keep it with you:"));
        say(tty, "\n\n    ");
        say(tty, (const char *)words.p);
        say(tty, "\n\n");
        close(tty);
        memcpy(p->p, words.p, words.len + 1);
        p->len = words.len;
    }
    buf_free(&words);
    return e;
}

/* Asked twice; ERR_DATA: weak, or the two differ. */
static enum err ask_twice(struct secret_source *s, const char *prompt, struct secret **out)
{
    char again[320];
    struct secret *second = NULL;
    snprintf(again, sizeof again, _("%s, again"), prompt);
    enum err e = secret_ask(s, prompt, out);
    if (e || !*out)
        return e;
    if ((*out)->len == 0)
        return generate(*out);
    e = passphrase_check((*out)->p, (*out)->len);
    if (!e)
        e = secret_ask(s, again, &second);
    if (!e && second && ((*out)->len != second->len || sodium_memcmp((*out)->p, second->p, second->len) != 0))
        e = err_set(ERR_DATA, "the two are not the same");
    secret_free(second);
    return e;
}

enum err secret_new(struct secret_source *s, const char *prompt, struct secret **out)
{
    char asked[256];
    enum err e;
    if (s->text) {
        e = secret_ask(s, prompt, out);
        if (!e && *out)
            e = passphrase_check((*out)->p, (*out)->len);
    } else {
        snprintf(asked, sizeof asked, _("%s (empty: words are made for you)"), prompt);
        e = ERR_DATA;
        for (int i = 0; e == ERR_DATA && i < TRIES; i++) {
            if (i) {
                fprintf(stderr, "%s\n", err_text());
                secret_free(*out);
            }
            e = ask_twice(s, asked, out);
        }
    }
    if (e) {
        secret_free(*out);
        *out = NULL;
    } else if (*out && layout_mixed((*out)->p, (*out)->len)) {
        fprintf(stderr, "feldsher: %s\n",
                _("the passphrase mixes letters of two alphabets; it takes two keyboard layouts to type it again"));
    }
    return e;
}
