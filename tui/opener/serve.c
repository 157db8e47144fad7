#include "tui/opener/serve.h"

#include "storage/base/file.h"
#include "storage/base/lang.h"
#include "tui/opener/channel.h"
#include "tui/opener/opened.h"
#include "tui/opener/job.h"
#include "tui/opener/sane.h"
#include "tui/play/place.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define JOBS_MAX 64
#define OUT_MAX (64u << 20) /* of answers that nobody takes: then the worker gives the painter up */
#define OUT_CROWDED (64u << 10)

struct worker {
    const char *dir;
    struct opened *opened; /* the opener's; NULL: the starter */
    struct channel to;     /* the painter; closed: it has gone */
    struct job jobs[JOBS_MAX];
    pid_t opener;         /* the starter's child */
    struct sane terminal; /* the painter's */
    bool goodbye;         /* the painter leaves in order */
};

static void send_object(struct worker *w, json_t *o, int fd)
{
    if (w->to.out.len > OUT_MAX || channel_send(&w->to, o, NULL, 0, fd) == ERR_END)
        channel_close(&w->to);
}

static void send_row(void *ctx, unsigned id, json_t *row)
{
    struct worker *w = ctx;
    const char *event = json_string_value(json_object_get(row, "event"));
    /* a stopped painter does not stop the work: it misses where that stands now and then */
    bool passing = event && strcmp(event, "progress") == 0 && w->to.out.len > OUT_CROWDED;
    if (w->to.fd < 0 || passing)
        json_decref(row);
    else
        send_object(w, json_pack("{s:I,s:o}", "id", (json_int_t)id, "row", row), -1);
}

static void send_end(struct worker *w, unsigned id, int exit_code, const char *error)
{
    send_object(w, json_pack("{s:I,s:i,s:s}", "id", (json_int_t)id, "end", exit_code, "error", error), -1);
}

static void send_error(struct worker *w, unsigned id, enum err e)
{
    char text[ERR_WHOLE];
    err_whole(text, e);
    send_end(w, id, err_exit_code(e), text);
    err_clear();
}

static struct job *job_of(struct worker *w, unsigned id)
{
    for (size_t i = 0; i < JOBS_MAX; i++)
        if (w->jobs[i].id == id)
            return &w->jobs[i];
    return NULL;
}

#define CLOSED (2 + 3 * JOBS_MAX)

/* What is none of a job's business: with a pipe's reading end open in one that
 * outlives us, another would never see that nobody listens any more. */
static void closed(const struct worker *w, int fds[static CLOSED])
{
    size_t n = 0;
    fds[n++] = w->to.fd;
    for (size_t i = 0; i < JOBS_MAX; i++) {
        const struct job *j = &w->jobs[i];
        const int own[] = {j->out, j->err, j->pidfd};
        for (size_t k = 0; k < 3 && j->id; k++)
            if (own[k] >= 0)
                fds[n++] = own[k];
    }
    fds[n] = -1;
}

static enum err start_job(struct worker *w, const struct job_order *o)
{
    struct job *j = job_of(w, 0);
    return j ? job_start(j, o) : err_set(ERR_AGAIN, "%d things are going on already", JOBS_MAX);
}

/* feldsher-play on one end of a new pair; the other end goes to the painter,
 * who gives it to the opener. */
static void start_player(struct worker *w, unsigned id, const char *place)
{
    int pair[2] = {-1, -1}, others[CLOSED];
    char fd[16];
    enum err e = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0
                     ? err_errno(ERR_IO, "cannot make a socket for the player")
                     : ERR_OK;
    snprintf(fd, sizeof fd, "%d", pair[1]);
    const char *program[] = {"feldsher-play", "--fd", fd, place ? "--start" : NULL, place, NULL};
    struct job_order o = {.id = id, .dir = w->dir, .fd = pair[1], .program = program, .close = others};
    closed(w, others);
    o.tty = place_has_windows() ? -1 : w->terminal.tty;
    if (!e)
        e = start_job(w, &o);
    if (e)
        send_error(w, id, e);
    else
        send_object(w, json_pack("{s:I}", "id", (json_int_t)id), pair[0]);
    file_close(&pair[0]);
    file_close(&pair[1]);
}

/* In the fork: becomes `feldsher worker opener` on descriptor 3. */
static void be_opener(const char *dir, int fd)
{
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0)
        _exit(127);
    self[n] = '\0';
    if (fd == 3)
        fcntl(3, F_SETFD, 0);
    else
        dup2(fd, 3);
    execl(self, "feldsher", "-C", dir, "worker", "opener", (char *)NULL);
    _exit(127);
}

/* A program on one end of a new pair; the other end goes to the painter. */
static void start_opener(struct worker *w, unsigned id)
{
    int pair[2] = {-1, -1};
    if (w->opener > 0)
        waitpid(w->opener, NULL, WNOHANG);
    pid_t pid = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0 ? -1 : fork();
    if (pid == 0)
        be_opener(w->dir, pair[1]);
    if (pid < 0)
        send_error(w, id, err_errno(ERR_AGAIN, "cannot start another process"));
    else
        send_object(w, json_pack("{s:I}", "id", (json_int_t)id), pair[0]);
    w->opener = pid;
    file_close(&pair[0]);
    file_close(&pair[1]);
}

static void ask(struct worker *w, unsigned id, const json_t *argv, const char *secrets, size_t n, int fd)
{
    const char *first = json_string_value(json_array_get(argv, 0));
    int others[CLOSED];
    struct job_order o = {
        .id = id, .dir = w->dir, .argv = argv, .secrets = secrets, .n = n, .tty = -1, .fd = fd, .close = others};
    enum err e = ERR_OK;
    closed(w, others);
    if (!w->opened && first && strcmp(first, "opener") == 0) {
        start_opener(w, id);
        return;
    }
    if (!w->opened && first && strcmp(first, "player") == 0) {
        start_player(w, id, json_string_value(json_array_get(argv, 1)));
        return;
    }
    if (w->opened && opened_answer(w->opened, id, argv, secrets, n, send_row, w, &e)) {
        if (e)
            send_error(w, id, e);
        else
            send_end(w, id, 0, "");
        return;
    }
    struct records_position *at = NULL;
    if (w->opened) {
        o.user = opened_user(w->opened);
        if (o.user)
            opened_positions(w->opened, argv, &at, &o.n_at);
        o.at = at;
        opened_fork(w->opened);
    }
    e = start_job(w, &o);
    free(at);
    if (e)
        send_error(w, id, e);
}

/* The painter's language may have changed since. */
static void speak(const char *lang)
{
    if (lang && strcmp(lang, lang_name()) != 0 && lang_start(lang) != ERR_OK)
        err_clear();
}

static void take(struct worker *w, const json_t *object, const char *secrets, size_t n, int fd)
{
    unsigned cancel = (unsigned)json_integer_value(json_object_get(object, "cancel"));
    unsigned id = (unsigned)json_integer_value(json_object_get(object, "id"));
    struct job *j = cancel ? job_of(w, cancel) : NULL;
    if (j)
        job_cancel(j);
    speak(json_string_value(json_object_get(object, "lang")));
    if (json_is_true(json_object_get(object, "goodbye")))
        w->goodbye = true;
    if (id)
        ask(w, id, json_object_get(object, "argv"), secrets, n, fd);
    file_close(&fd);
}

static void listen_to_painter(struct worker *w)
{
    json_t *object;
    const char *secrets;
    size_t n;
    int fd;
    enum err e = channel_flush(&w->to);
    if (!e)
        e = channel_fill(&w->to);
    while (w->to.fd >= 0 && channel_next(&w->to, &object, &secrets, &n, &fd) == ERR_OK) {
        take(w, object, secrets, n, fd);
        json_decref(object);
    }
    if (e && w->to.fd >= 0)
        channel_close(&w->to);
}

static void listen_to_jobs(struct worker *w)
{
    int code;
    for (size_t i = 0; i < JOBS_MAX; i++) {
        struct job *j = &w->jobs[i];
        if (!j->id || !job_read(j, send_row, w, &code))
            continue;
        if (w->to.fd >= 0)
            send_end(w, j->id, code, code ? j->last : "");
        job_close(j);
    }
}

static bool works(const struct worker *w)
{
    for (size_t i = 0; i < JOBS_MAX; i++)
        if (w->jobs[i].id)
            return true;
    return false;
}

static int wait_for(struct worker *w, int timeout)
{
    struct pollfd on[2 + 3 * JOBS_MAX];
    nfds_t n = 0;
    on[n++] = (struct pollfd){.fd = w->to.fd, .events = channel_waits(&w->to) ? POLLIN | POLLOUT : POLLIN};
    on[n++] = (struct pollfd){.fd = w->opened ? opened_fd(w->opened) : -1, .events = POLLIN};
    for (size_t i = 0; i < JOBS_MAX; i++) {
        const struct job *j = &w->jobs[i];
        if (!j->id)
            continue;
        on[n++] = (struct pollfd){.fd = j->out, .events = POLLIN};
        on[n++] = (struct pollfd){.fd = j->err, .events = POLLIN};
        on[n++] = (struct pollfd){.fd = j->pidfd, .events = POLLIN};
    }
    return poll(on, n, timeout);
}

/* Nobody to tell, nothing to do. */
static void end_tellers(struct worker *w)
{
    for (size_t i = 0; i < JOBS_MAX; i++)
        if (w->jobs[i].id && w->jobs[i].tells) {
            w->jobs[i].tells = false;
            job_cancel(&w->jobs[i]);
        }
}

/* Until the painter has gone, and then until what it asked for has ended. That it
 * has gone shows in listening to it, or in sending to it. */
static void serve_on(struct worker *w)
{
    bool there = true;
    sane_keep(&w->terminal);
    for (;;) {
        if (there && w->to.fd < 0 && !w->opened && !w->goodbye)
            sane_restore(&w->terminal);
        there = w->to.fd >= 0;
        if (!there && !works(w))
            return;
        bool more = w->opened && w->to.fd >= 0 && opened_work(w->opened, send_row, w);
        if (wait_for(w, more ? 0 : w->opened ? opened_patience(w->opened) : -1) < 0 && errno != EINTR)
            return;
        if (w->to.fd >= 0)
            listen_to_painter(w);
        if (w->to.fd < 0)
            end_tellers(w);
        if (w->to.fd < 0 && w->opened)
            opened_lock(w->opened);
        listen_to_jobs(w);
    }
}

enum err serve(const char *dir, bool keys, int fd)
{
    struct worker *w = calloc(1, sizeof *w);
    if (!w)
        return err_set(ERR_NOMEM, "out of memory");
    enum err e = ERR_OK;
    prctl(PR_SET_DUMPABLE, 0);
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
        e = err_errno(ERR_USAGE, "the screens start this, nobody else");
    if (!e && keys)
        e = opened_new(&w->opened, dir);
    if (!e) {
        w->dir = dir;
        signal(SIGINT, SIG_IGN);
        channel_open(&w->to, fd);
        serve_on(w);
        channel_close(&w->to);
    }
    opened_free(w->opened);
    free(w);
    return e;
}
