#include "tui/opener/opener.h"

#include "storage/base/file.h"
#include "storage/base/lang.h"
#include "tui/command.h"
#include "tui/opener/channel.h"
#include "tui/opener/sane.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define ASKED_MAX 64 /* requests under way */
#define WORDS_MAX 32
#define START_WAIT 10000 /* ms */

enum worker { OPENER, STARTER, WORKERS };
static const char *const names[WORKERS] = {"opener", "starter"};

struct asked {
    unsigned id; /* 0: free */
    enum worker of;
    opener_fn *fn; /* NULL: forgotten */
    void *ctx;
    const char *error; /* could not be sent: ends at the next read */
    /* `recordings play`: two processes at two ends of a socket. The command
     * waits for its end of it, and ends when the player has ended, too. */
    json_t *waiting; /* the command, until then; or until a new opener is there */
    unsigned player; /* the request to the starter; 0: none, or ended */
    bool ended;      /* the command itself */
    int code;        /* of the first that went wrong */
    char why[1024];
};

struct opener {
    struct channel to[WORKERS];
    struct asked asked[ASKED_MAX];
    unsigned last;
    int soon;              /* always readable: polled while something is to end at the next read */
    unsigned opener_asked; /* the request to the starter for a new opener */
    opener_fn *event;
    void *ctx;
};

static void say_event(struct opener *o, json_t *row)
{
    struct opener_reply r = {.row = row, .error = ""};
    o->event(o->ctx, &r);
    json_decref(row);
}

static struct asked *find(struct opener *o, unsigned id)
{
    for (size_t i = 0; id && i < ASKED_MAX; i++)
        if (o->asked[i].id == id)
            return &o->asked[i];
    return NULL;
}

static void finish(struct opener *o, struct asked *a, int exit_code, const char *error)
{
    struct asked was = *a;
    json_decref(was.waiting);
    struct opener_reply r = {.id = was.id, .end = true, .exit_code = exit_code};
    r.error = error == a->why ? was.why : error;
    (void)o;
    *a = (struct asked){0};
    if (was.fn)
        was.fn(was.ctx, &r);
}

/* What the player's process has to say: the one who asked hears it at the end. */
static void hear_player(struct opener *o, struct asked *a, int code, const char *error)
{
    a->player = 0;
    if (code && !a->code) {
        a->code = code;
        snprintf(a->why, sizeof a->why, "%s", error);
    }
    if (a->waiting) /* it never came up */
        a->ended = true;
    if (a->ended)
        finish(o, a, a->code, a->why);
}

static void ask_for_opener(struct opener *o);

static void cancel_player(struct opener *o, const struct asked *a)
{
    if (channel_send(&o->to[STARTER], json_pack("{s:I}", "cancel", (json_int_t)a->player), NULL, 0, -1) != ERR_OK)
        err_clear(); /* its death is seen at the next read */
}

/* A worker has gone: what it was asked ends, and the opener is made anew. */
static void lose(struct opener *o, enum worker w)
{
    static const char gone[] = "the program that did this has stopped; what was done stays, try again";
    channel_close(&o->to[w]);
    if (w == OPENER)
        ask_for_opener(o); /* whoever hears of it may ask on */
    for (size_t i = 0; i < ASKED_MAX; i++)
        if (o->asked[i].id && o->asked[i].of == w && !o->asked[i].error) {
            if (o->asked[i].player)
                cancel_player(o, &o->asked[i]);
            finish(o, &o->asked[i], 75, gone);
        } else if (w == STARTER && o->asked[i].player)
            hear_player(o, &o->asked[i], 75, gone);
    say_event(o, json_pack("{s:s,s:s}", "event", "stopped", "worker", names[w]));
}

/* The command has ended; true: the player has not. What went wrong first is
 * what is said. */
static bool waits_for_player(struct asked *a, int code, const char *error)
{
    a->ended = true;
    if (code && !a->code) {
        a->code = code;
        snprintf(a->why, sizeof a->why, "%s", error);
    }
    return a->player != 0;
}

static struct asked *player_of(struct opener *o, unsigned id)
{
    for (size_t i = 0; id && i < ASKED_MAX; i++)
        if (o->asked[i].id && o->asked[i].player == id)
            return &o->asked[i];
    return NULL;
}

/* Its end of the socket has come: now the command may begin. */
static void give_socket(struct opener *o, struct asked *a, int fd)
{
    json_t *object = a->waiting;
    a->waiting = NULL;
    if (channel_send(&o->to[OPENER], object, NULL, 0, fd) != ERR_OK)
        a->error = "the worker that opens is being started; try again";
}

static void got_opener(struct opener *o, int fd)
{
    channel_close(&o->to[OPENER]);
    channel_open(&o->to[OPENER], fd);
    o->opener_asked = 0;
    for (size_t i = 0; i < ASKED_MAX; i++) {
        struct asked *a = &o->asked[i];
        if (!a->id || !a->waiting || a->player)
            continue;
        json_t *object = a->waiting;
        a->waiting = NULL;
        if (channel_send(&o->to[OPENER], object, NULL, 0, -1) != ERR_OK)
            a->error = "the worker that opens is being started; try again";
    }
}

static void answer(struct opener *o, const json_t *object, int fd)
{
    unsigned id = (unsigned)json_integer_value(json_object_get(object, "id"));
    const json_t *row = json_object_get(object, "row"), *end = json_object_get(object, "end");
    const char *error = json_string_value(json_object_get(object, "error"));
    if (fd >= 0 && id && id == o->opener_asked) {
        got_opener(o, fd);
        return;
    }
    struct asked *viewer = player_of(o, id);
    if (viewer && fd >= 0 && viewer->waiting)
        give_socket(o, viewer, fd);
    file_close(&fd);
    if (viewer && json_is_integer(end))
        hear_player(o, viewer, (int)json_integer_value(end), error ? error : "");
    if (id == 0 && row) {
        struct opener_reply r = {.row = row, .error = ""};
        o->event(o->ctx, &r);
        return;
    }
    struct asked *a = find(o, id);
    if (!a)
        return;
    if (row && a->fn) {
        struct opener_reply r = {.id = id, .row = row, .error = ""};
        a->fn(a->ctx, &r);
        a = find(o, id);
    }
    if (a && json_is_integer(end) && !waits_for_player(a, (int)json_integer_value(end), error ? error : ""))
        finish(o, a, a->code, a->why);
}

static void read_worker(struct opener *o, enum worker w)
{
    json_t *object;
    size_t n;
    int fd;
    if (o->to[w].fd < 0)
        return;
    enum err e = channel_flush(&o->to[w]);
    if (!e)
        e = channel_fill(&o->to[w]);
    enum err taken;
    while (o->to[w].fd >= 0 && (taken = channel_next(&o->to[w], &object, NULL, &n, &fd)) != ERR_AGAIN) {
        if (taken) {
            e = taken;
            break;
        }
        answer(o, object, fd);
        json_decref(object);
    }
    if (e)
        lose(o, w);
}

void opener_read(struct opener *o)
{
    for (size_t i = 0; i < ASKED_MAX; i++)
        if (o->asked[i].id && o->asked[i].error)
            finish(o, &o->asked[i], 75, o->asked[i].error);
    for (int w = WORKERS - 1; w >= 0; w--) /* the starter may bring a new opener */
        read_worker(o, (enum worker)w);
}

void opener_fds(const struct opener *o, int fds[static 2])
{
    for (int w = 0; w < WORKERS; w++)
        fds[w] = o->to[w].fd;
    for (size_t i = 0; i < ASKED_MAX; i++)
        if (o->asked[i].id && o->asked[i].error)
            fds[STARTER] = o->soon;
}

/* Which worker runs this command line? A line that is none goes to the opener,
 * which says so. */
static enum worker worker_of(const char *const argv[])
{
    struct call c;
    char *words[WORDS_MAX + 1] = {0};
    int n = 1;
    static char program[] = "feldsher";
    words[0] = program;
    for (; argv[n - 1] && n < WORDS_MAX; n++)
        memcpy(&words[n], &argv[n - 1], sizeof words[n]); /* nothing writes to the words */
    bool known = command_parse(&c, n, words) == ERR_OK && c.command;
    err_clear();
    /* what follows goes on and on: not with keys in its memory */
    return known && (c.command->spawns || command_has(&c, "follow")) ? STARTER : OPENER;
}

/* "secret LF secret LF"; the caller wipes and frees. */
static char *join(const struct secret *const secrets[], size_t n, size_t *len)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += secrets[i]->len + 1;
    char *all = n ? sodium_malloc(total) : NULL;
    *len = 0;
    for (size_t i = 0; all && i < n; i++) {
        memcpy(all + *len, secrets[i]->p, secrets[i]->len);
        *len += secrets[i]->len;
        all[(*len)++] = '\n';
    }
    return all;
}

static json_t *request(unsigned id, const char *const argv[])
{
    json_t *words = json_array();
    for (size_t i = 0; argv[i]; i++)
        json_array_append_new(words, json_string(argv[i]));
    return json_pack("{s:I,s:s,s:o}", "id", (json_int_t)id, "lang", lang_name(), "argv", words);
}

static enum err send_to(struct opener *o, enum worker w, unsigned id, const char *const argv[],
                        const struct secret *const secrets[], size_t n, int fd)
{
    size_t len;
    char *all = join(secrets, n, &len);
    enum err e = n && !all ? err_set(ERR_NOMEM, "out of memory") : ERR_OK;
    json_t *object = request(id, argv);
    if (!e)
        e = channel_send(&o->to[w], object, all, len, fd);
    else
        json_decref(object);
    sodium_free(all);
    return e;
}

static unsigned next_id(struct opener *o)
{
    if (++o->last == 0)
        o->last = 1;
    return o->last;
}

static struct asked *new_asked(struct opener *o)
{
    struct asked *a = find(o, 0);
    for (size_t i = 0; !a && i < ASKED_MAX; i++)
        if (!o->asked[i].id)
            a = &o->asked[i];
    (void)next_id(o);
    if (a)
        a->id = o->last;
    return a;
}

static bool is_play(const char *const argv[])
{
    return argv[0] && argv[1] && argv[2] && strcmp(argv[0], "recordings") == 0 && strcmp(argv[1], "play") == 0;
}

/* Asks the starter for a player and keeps the command until its socket comes. */
static enum err ask_player(struct opener *o, struct asked *a, const char *const argv[])
{
    const char *player[] = {"player", NULL, NULL}; /* and where to begin */
    for (size_t i = 0; argv[i]; i++)
        if (strcmp(argv[i], "--start") == 0)
            player[1] = argv[i + 1];
    a->waiting = request(a->id, argv);
    a->player = next_id(o);
    return a->waiting ? send_to(o, STARTER, a->player, player, NULL, 0, -1) : err_set(ERR_NOMEM, "out of memory");
}

unsigned opener_ask(struct opener *o, const char *const argv[], const struct secret *const secrets[], size_t n, int fd,
                    opener_fn *fn, void *ctx)
{
    struct asked *a = new_asked(o);
    if (!a)
        return o->last; /* 64 at once: the oldest screens wait for their answers still */
    a->of = is_play(argv) ? OPENER : worker_of(argv);
    a->fn = fn;
    a->ctx = ctx;
    unsigned id = a->id;
    bool plays = fd < 0 && is_play(argv);
    bool soon = a->of == OPENER && o->to[OPENER].fd < 0 && o->opener_asked && !plays && !n && fd < 0;
    if (soon)
        a->waiting = request(id, argv); /* it is being made anew */
    enum err e = soon ? ERR_OK : plays ? ask_player(o, a, argv) : send_to(o, a->of, id, argv, secrets, n, fd);
    if (e)
        a->error = a->of == OPENER && !plays
                       ? "the worker that opens is being started; try again"
                       : "the worker that starts programs has stopped; leave the screens and start again";
    return id;
}

static void ask_for_opener(struct opener *o)
{
    static const char *const argv[] = {"opener", NULL};
    o->opener_asked = next_id(o);
    if (send_to(o, STARTER, o->last, argv, NULL, 0, -1) != ERR_OK)
        o->opener_asked = 0;
}

void opener_cancel(struct opener *o, unsigned id)
{
    struct asked *a = find(o, id);
    if (!a || a->error)
        return;
    if (a->player)
        cancel_player(o, a); /* the command ends with it */
    else if (channel_send(&o->to[a->of], json_pack("{s:I}", "cancel", (json_int_t)id), NULL, 0, -1) != ERR_OK)
        err_clear();
}

void opener_forget(struct opener *o, unsigned id)
{
    struct asked *a = find(o, id);
    if (a)
        a->fn = NULL;
}

/* Becomes the starter, on descriptor 3. */
static void be_starter(const char *dir, int fd)
{
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    int nothing = fcntl(open("/dev/null", O_RDWR | O_CLOEXEC), F_DUPFD_CLOEXEC, SANE_FD + 1);
    if (n <= 0 || nothing < 0)
        _exit(127);
    self[n] = '\0';
    setsid();
    if (fd == 3)
        fcntl(3, F_SETFD, 0);
    else
        dup2(fd, 3);
    if (isatty(STDOUT_FILENO))
        dup2(STDOUT_FILENO, SANE_FD); /* without a controlling terminal: its signals do not come here */
    else
        close(SANE_FD);
    for (int i = 0; i < 3; i++)
        dup2(nothing, i);
    execl(self, "feldsher", "-C", dir, "worker", "starter", (char *)NULL);
    _exit(127);
}

static enum err start_starter(struct opener *o, const char *dir)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return err_errno(ERR_IO, "cannot make a socket for the workers");
    pid_t pid = fork();
    if (pid == 0)
        be_starter(dir, pair[1]);
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return err_errno(ERR_IO, "cannot start the workers");
    }
    channel_open(&o->to[STARTER], pair[0]);
    return ERR_OK;
}

/* The first opener is waited for. */
static enum err wait_for_opener(struct opener *o)
{
    ask_for_opener(o);
    while (o->to[OPENER].fd < 0 && o->to[STARTER].fd >= 0) {
        struct pollfd on = {.fd = o->to[STARTER].fd, .events = POLLIN};
        int n = poll(&on, 1, START_WAIT);
        if (n == 0 || (n < 0 && errno != EINTR))
            break;
        read_worker(o, STARTER);
    }
    return o->to[OPENER].fd >= 0 ? ERR_OK : err_set(ERR_AGAIN, "the screens' workers do not start; try again");
}

static void no_event(void *ctx, const struct opener_reply *r)
{
    (void)ctx;
    (void)r;
}

enum err opener_start(struct opener **out, const char *dir, opener_fn *event, void *ctx)
{
    *out = NULL;
    struct opener *o = calloc(1, sizeof *o);
    if (!o)
        return err_set(ERR_NOMEM, "out of memory");
    for (int w = 0; w < WORKERS; w++)
        channel_open(&o->to[w], -1);
    o->event = no_event;
    o->soon = eventfd(1, EFD_CLOEXEC);
    enum err e = o->soon < 0 ? err_errno(ERR_IO, "cannot make an event descriptor") : start_starter(o, dir);
    if (!e)
        e = wait_for_opener(o);
    if (e) {
        opener_stop(o);
        return e;
    }
    o->event = event;
    o->ctx = ctx;
    *out = o;
    return ERR_OK;
}

void opener_stop(struct opener *o)
{
    if (!o)
        return;
    if (channel_send(&o->to[STARTER], json_pack("{s:b}", "goodbye", 1), NULL, 0, -1) != ERR_OK)
        err_clear();
    for (int w = 0; w < WORKERS; w++)
        channel_close(&o->to[w]); /* its end is their sign */
    file_close(&o->soon);
    free(o);
}
