#include "sync/client/sticks.h"

#include "storage/base/buf.h"
#include "storage/base/file.h"
#include "sync/client/client.h"
#include "sync/link/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct mounted {
    const char *dir;
    bool json;
    struct buf *before, *now; /* folders, NUL-ended */
};

static bool listed(const struct buf *list, const char *folder)
{
    for (size_t i = 0; i < list->len; i += strlen((char *)list->p + i) + 1)
        if (strcmp((char *)list->p + i, folder) == 0)
            return true;
    return false;
}

static enum err one(void *ctx, const char *folder)
{
    struct mounted *m = ctx;
    enum err e = buf_add(m->now, folder, strlen(folder) + 1);
    if (e || listed(m->before, folder))
        return e;
    struct client_options o = {.dir = m->dir, .folder = folder, .json = m->json};
    if (client_run_apart(&o) != ERR_OK)
        err_clear(); /* it has said why */
    return ERR_OK;
}

static void look(const char *dir, bool json, struct buf *known)
{
    struct buf now = {0};
    struct mounted m = {dir, json, known, &now};
    if (watch_sticks(one, &m) != ERR_OK)
        err_report("feldsher-sync", ERR_IO);
    buf_free(known);
    *known = now;
}

static _Noreturn void run(const char *dir, bool json, int parent)
{
    struct watch *w;
    struct buf known = {0};
    struct pollfd set[WATCH_FDS + 1];
    signal(SIGINT, SIG_IGN); /* the other process says when */
    if (watch_open(&w) != ERR_OK)
        _exit(err_report("feldsher-sync", ERR_IO));
    look(dir, json, &known);
    for (;;) {
        size_t n = watch_poll(w, set);
        set[n] = (struct pollfd){.fd = parent, .events = POLLIN};
        if (poll(set, n + 1, -1) < 0 && errno != EINTR)
            _exit(1);
        if (set[n].revents)
            _exit(0);
        if (watch_read(w) & WATCH_MOUNT)
            look(dir, json, &known);
    }
}

enum err sticks_start(struct sticks *s, const char *dir, bool json)
{
    int ends[2];
    *s = (struct sticks){.pid = -1, .fd = -1};
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_errno(ERR_IO, "cannot make a pipe");
    fflush(NULL);
    s->pid = fork();
    if (s->pid < 0) {
        file_close(&ends[0]);
        file_close(&ends[1]);
        return err_errno(ERR_IO, "cannot start a process");
    }
    if (s->pid == 0) {
        close(ends[1]);
        run(dir, json, ends[0]);
    }
    file_close(&ends[0]);
    s->fd = ends[1];
    return ERR_OK;
}

void sticks_stop(struct sticks *s)
{
    if (s->fd < 0)
        return;
    file_close(&s->fd); /* it ends when its contact, if any, is over */
    while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
        ;
}
