#include "tui/opener/job.h"

#include "storage/base/file.h"
#include "tui/answer.h"
#include "tui/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 40
#define ROW_MAX (8u << 20)
#define BEHIND 5     /* nice(2) */
#define READS_MAX 64 /* of a pipe, before the others have their turn */

struct line {
    char *argv[WORDS_MAX + 1];
    int argc;
    char fd[16];
};

static bool add(struct line *l, const char *word)
{
    if (!word || l->argc == WORDS_MAX)
        return false;
    memcpy(&l->argv[l->argc++], &word, sizeof word); /* the parser moves words, and writes to none */
    return true;
}

/* feldsher -C DIR --json ARGV [--fd N] */
static enum err line_of(struct line *l, const struct job_order *o)
{
    size_t i;
    const json_t *word;
    bool good = add(l, "feldsher") && add(l, "-C") && add(l, o->dir) && add(l, "--json");
    json_array_foreach(o->argv, i, word) good = good && add(l, json_string_value(word));
    if (good && o->fd >= 0) {
        snprintf(l->fd, sizeof l->fd, "--fd=%d", o->fd);
        good = add(l, l->fd);
    }
    return good ? ERR_OK : err_set(ERR_USAGE, "the screens asked for something that is no command line");
}

/* In the fork: never returns. */
static void run(struct line *l, const struct job_order *o, int out, int err)
{
    struct call call;
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    setpgid(0, 0);
    setpriority(PRIO_PROCESS, 0, BEHIND); /* whoever types goes first */
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
        _exit(74);
    for (const int *fd = o->close; *fd >= 0; fd++)
        close(*fd);
    if (o->fd >= 0)
        fcntl(o->fd, F_SETFD, o->program ? 0 : FD_CLOEXEC);
    if (o->program) {
        if (o->tty >= 0 && (dup2(o->tty, 0) < 0 || dup2(o->tty, 1) < 0))
            _exit(74);
        spawn_become(o->program);
        exit(err_report("feldsher", ERR_NOINPUT));
    }
    if (o->user && mlock(o->user, sizeof *o->user) < 0)
        err_clear(); /* a lock on memory is not inherited; without it the swap may see it: doctor warns */
    enum err e = command_parse(&call, l->argc, l->argv);
    call.unlocked = o->user;
    call.typed = o->secrets;
    call.typed_n = o->n;
    call.at = o->at;
    call.n_at = o->n_at;
    int code = e ? err_report("feldsher", e) : answer(&call);
    fflush(stderr);
    _exit(code); /* what the opener has open is not the fork's to take down */
}

/* --follow, and --watch of what only looks; a player shows. What the dock takes in while the screens watch goes on
 * when the next dock begins: one that outlived them could be seen and ended by nobody. */
static bool tells(const json_t *argv)
{
    size_t i;
    const json_t *word;
    const char *first = json_string_value(json_array_get(argv, 0));
    bool looks = first && strcmp(first, "cameras") == 0;
    if (first && strcmp(first, "dock") == 0)
        return true;
    json_array_foreach(argv, i, word)
    {
        const char *s = json_string_value(word);
        if (s && (strcmp(s, "--follow") == 0 || (looks && strcmp(s, "--watch") == 0)))
            return true;
    }
    return false;
}

enum err job_start(struct job *j, const struct job_order *o)
{
    struct line l = {0};
    int out[2] = {-1, -1}, err[2] = {-1, -1};
    *j = (struct job){.pidfd = -1, .out = -1, .err = -1, .row = {.max = ROW_MAX}, .said = {.max = ROW_MAX}};
    enum err e = o->program ? ERR_OK : line_of(&l, o);
    if (!e && (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0))
        e = err_errno(ERR_IO, "cannot make a pipe");
    pid_t pid = e ? -1 : fork();
    if (pid == 0) {
        close(out[0]); /* or it would listen to itself, and never see that nobody else does */
        close(err[0]);
        run(&l, o, out[1], err[1]);
    }
    if (!e && pid < 0)
        e = err_errno(ERR_AGAIN, "cannot start another process");
    file_close(&out[1]);
    file_close(&err[1]);
    if (e) {
        file_close(&out[0]);
        file_close(&err[0]);
        return e;
    }
    j->tells = o->program || tells(o->argv);
    setpgid(pid, pid); /* the child does it too: whoever is first */
    j->id = o->id;
    j->pid = pid;
    j->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    j->out = out[0];
    j->err = err[0];
    fcntl(j->out, F_SETFL, O_NONBLOCK);
    fcntl(j->err, F_SETFL, O_NONBLOCK);
    return ERR_OK;
}

/* What stands in the pipe now; closes it at its end. */
static bool drain(int *fd, struct buf *b)
{
    uint8_t part[4096];
    bool any = false;
    for (int i = 0; *fd >= 0 && i < READS_MAX; i++) {
        ssize_t n = read(*fd, part, sizeof part);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        if (n == 0) {
            file_close(fd);
            break;
        }
        any = true;
        if (buf_add(b, part, (size_t)n) != ERR_OK)
            buf_clear(b); /* a line beyond any of ours */
    }
    return any;
}

/* The next whole line of b, NUL-ended, taken with shift; NULL: none. */
static char *line_in(struct buf *b, size_t *n)
{
    char *lf = b->len ? memchr(b->p, '\n', b->len) : NULL;
    if (!lf)
        return NULL;
    *lf = '\0';
    *n = (size_t)(lf - (char *)b->p) + 1;
    return (char *)b->p;
}

static void shift(struct buf *b, size_t n)
{
    memmove(b->p, b->p + n, b->len - n);
    b->len -= n;
}

static void take_rows(struct job *j, job_row_fn *fn, void *ctx)
{
    size_t n;
    for (char *p; (p = line_in(&j->row, &n)) != NULL; shift(&j->row, n)) {
        json_t *row = json_loads(p, 0, NULL);
        if (json_is_object(row))
            fn(ctx, j->id, row);
        else
            json_decref(row);
    }
    for (char *p; (p = line_in(&j->said, &n)) != NULL; shift(&j->said, n)) {
        const char *colon = strncmp(p, "feldsher", 8) == 0 ? strstr(p, ": ") : NULL;
        snprintf(j->last, sizeof j->last, "%s", colon ? colon + 2 : p);
    }
}

bool job_read(struct job *j, job_row_fn *fn, void *ctx, int *exit_code)
{
    int status;
    struct pollfd ended = {.fd = j->pidfd, .events = POLLIN};
    bool gone = j->pidfd < 0 || poll(&ended, 1, 0) > 0;
    bool any = drain(&j->out, &j->row);
    any = drain(&j->err, &j->said) || any;
    take_rows(j, fn, ctx);
    /* what it left in the pipes is taken first; programs that it left behind keep them open */
    if (!gone || any)
        return false;
    pid_t got;
    while ((got = waitpid(j->pid, &status, 0)) < 0 && errno == EINTR)
        ;
    if (got == j->pid && WIFEXITED(status)) {
        *exit_code = WEXITSTATUS(status);
    } else {
        *exit_code = 75;
        snprintf(j->last, sizeof j->last, "it was ended; what it had done stays, try again");
    }
    return true;
}

void job_cancel(const struct job *j)
{
    kill(-j->pid, SIGINT);
}

void job_close(struct job *j)
{
    file_close(&j->pidfd);
    file_close(&j->out);
    file_close(&j->err);
    buf_free(&j->row);
    buf_free(&j->said);
    *j = (struct job){.pidfd = -1, .out = -1, .err = -1};
}
