#include "tui/commands/groups.h"

#include "storage/base/confine.h"
#include "storage/records/custody.h"
#include "tui/play/pieces.h"
#include "tui/play/place.h"
#include "tui/print.h"
#include "tui/session.h"
#include "tui/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

/* The player, as this command has it. */
struct viewer {
    int fd;    /* the opener's end of the socket */
    pid_t pid; /* -1: somebody else has started it */
    struct termios terminal;
    bool has_terminal;
};

/* Who may look: the role, the circle; and is there anything to look at? */
static enum err may_view(const struct session *s, const struct recording *r)
{
    struct recording_held w;
    recording_where(s->station, s->list, r, &w);
    enum err e = custody_role(s->station, s->user, ROLE_CREW | ROLE_DOCTOR | ROLE_SUPERVISOR);
    if (!e)
        e = custody_circle(s->user, r);
    if (e)
        return e;
    if (w.blobs && !w.here && r->order[0])
        return err_set(ERR_NOINPUT, "recording %s was destroyed under order %s", r->id, r->order);
    if (w.blobs && !w.here && w.hub)
        return err_set(ERR_NOINPUT, "recording %s is not here; hub %s holds it; feldsher recordings pull %.8s", r->id,
                       w.by, r->id);
    if (w.blobs && !w.here)
        return err_set(ERR_NOINPUT, "recording %s is not here, and no receipt says where it is", r->id);
    return r->files[0].size ? ERR_OK : err_set(ERR_DATA, "recording %s is an empty file", r->id);
}

/* A socket that somebody has given us. */
static enum err given(const char *text, struct viewer *v)
{
    char *end;
    long n = strtol(text, &end, 10);
    int type;
    socklen_t len = sizeof type;
    if (text[0] < '0' || text[0] > '9' || *end || n < 3 || n > 1023 ||
        getsockopt((int)n, SOL_SOCKET, SO_TYPE, &type, &len) < 0 || type != SOCK_STREAM)
        return err_set(ERR_USAGE, "--fd %s is not the number of a socket to a player", text);
    v->fd = (int)n;
    return ERR_OK;
}

/* feldsher-play with its end of the socket, and what options it takes from us. */
static enum err launch(const struct call *c, const char *title, int fd, struct viewer *v)
{
    static const char *const passed[] = {"start", "vo"};
    static const char *const names[] = {"--start", "--vo"};
    const char *argv[12] = {"feldsher-play", "--fd", "3", "--title", title};
    size_t n = 5;
    for (size_t i = 0; i < sizeof passed / sizeof passed[0]; i++) {
        const char *value = command_option(c, passed[i]);
        if (!value)
            continue;
        argv[n++] = names[i];
        argv[n++] = value;
    }
    if (command_has(c, "report"))
        argv[n++] = "--report";
    v->has_terminal = tcgetattr(STDIN_FILENO, &v->terminal) == 0;
    return spawn_start(argv, fd, &v->pid);
}

static enum err start(const struct call *c, const struct recording *r, struct viewer *v)
{
    char title[48];
    int pair[2];
    /* other programs of this machine can see it: no name of a file */
    snprintf(title, sizeof title, "Feldsher: recording %.8s", r->id);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return err_errno(ERR_IO, "cannot speak to the player");
    enum err e = launch(c, title, pair[1], v);
    close(pair[1]);
    if (e)
        close(pair[0]);
    else
        v->fd = pair[0];
    return e;
}

/* From its first question on it is a view: the entry comes first. */
static enum err serve(const struct call *c, struct session *s, const struct recording *r, const struct viewer *v,
                      const char *why)
{
    const struct confine_path own = {c->dir, CONFINE_WRITE};
    char id[ENTRY_ID];
    struct pieces *p = NULL;
    struct pulse pulse = {.tell = print_progress};
    uint64_t bytes = 0;
    enum err e = pieces_wait(v->fd);
    if (!e)
        e = custody_entry(s->station, s->user, r, "view", json_pack("{s:s}", "why", why), id);
    if (!e)
        e = confine_self(&own, 1, CONFINE_NO_NET);
    if (!e)
        e = pieces_new(&p, s->station, s->user, &r->files[0]);
    if (!e)
        e = pieces_serve(p, v->fd, c->json && command_has(c, "progress") ? &pulse : NULL, &bytes);
    pieces_free(p);
    if (e)
        return e;
    if (c->json)
        print_json(json_pack("{s:s,s:s,s:s,s:s,s:I}", "recording", r->id, "done", "view", "entry", id, "why", why,
                             "bytes", (json_int_t)bytes));
    else
        printf("%s: viewed; entry %s says so\n", r->id, id);
    return ERR_OK;
}

/* A killed player leaves it without echo, cursor or its own colours. */
static void mend_terminal(const struct viewer *v)
{
    if (!v->has_terminal)
        return;
    tcsetattr(STDIN_FILENO, TCSANOW, &v->terminal);
    if (isatty(STDOUT_FILENO))
        printf("\033[0m\033[?25h\033[2J\033[H");
}

/* Hangs up, so that the player ends. What it has said stands on stderr
 * already, unless it broke the rules. */
static enum err finish(struct call *c, const struct viewer *v, enum err e)
{
    char why[512];
    int code = 0;
    snprintf(why, sizeof why, "%s", err_text());
    close(v->fd);
    if (v->pid < 0)
        return e;
    if (spawn_wait("feldsher-play", v->pid, &code) != ERR_OK) {
        mend_terminal(v);
        return err_set(ERR_AGAIN, "the player was killed; play the recording again");
    }
    if (code && e != ERR_DATA) {
        c->exit_code = code;
        return ERR_OK;
    }
    return e ? err_set(e, "%s", why) : ERR_OK;
}

static enum err play(struct call *c)
{
    struct session s;
    const struct recording *r;
    struct viewer v = {.fd = -1, .pid = -1};
    const char *why, *fd = command_option(c, "fd");
    enum err e = command_need(c, "why", &why);
    if (!e && fd)
        e = given(fd, &v);
    if (!e)
        e = session_begin(c, STATION_CHAIN_KEY, true, &s);
    if (e)
        return e;
    e = recording_find(s.list, c->args[0], &r);
    if (!e)
        e = may_view(&s, r);
    if (!e && !fd)
        e = start(c, r, &v);
    if (!e) {
        signal(SIGINT, SIG_IGN); /* it reaches the player, too, which ends in its own time */
        e = finish(c, &v, serve(c, &s, r, &v, why));
    }
    session_end(&s);
    return e;
}

static const struct command rows[] = {
    {.name = "recordings",
     .sub = "play",
     .args = "ID",
     .min = 1,
     .max = 1,
     .help = "shows one; that it was viewed, by whom and why goes into the chain",
     .run = play,
     .spawns = true,
     .options = {{"why", "TEXT", "the reason"},
                 {"start", "PLACE", "where to begin: seconds, 1:30 or 50%"},
                 {"vo", "NAME", "where to show it, as libmpv calls it: gpu, x11, drm, tct (letters), null (nowhere)"},
                 {"report", NULL, "what was played, as the player saw it, as a JSON object"},
                 {"progress", NULL, "with --json: a line now and then while it is looked at"},
                 {"fd", "N", "a socket to a player that somebody else has started"}}},
};
const struct command_group group_play = {"Recordings and their custody", rows, sizeof rows / sizeof rows[0]};
