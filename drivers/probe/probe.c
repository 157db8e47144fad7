#include "drivers/probe/probe.h"

#include "drivers/probe/launcher.h"
#include "drivers/probe/said.h"
#include "drivers/probe/talk.h"
#include "storage/base/clock.h"
#include "storage/base/lang.h"
#include "storage/base/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "feldsher-probe"

struct probe {
    struct launcher launcher;
    const volatile sig_atomic_t *stop;
    char why[PROBE_WHY_LEN]; /* it cannot be asked at all */
    uint8_t out[TALK_ANSWER + PROBE_PIECE_MAX];
    uint8_t in[TALK_HEAD + PROBE_FACTS_MAX];
};
_Static_assert(PROBE_POSTER_MAX <= PROBE_FACTS_MAX, "either fits into in");

/* One file. */
struct exchange {
    struct probe *p;
    const struct probe_source *source;
    struct probe_facts *facts;
    int fd;
    int64_t wait; /* ms that may still be waited */
    size_t n_in, want, n_out, sent;
    struct talk_head head; /* once all of it is in */
    bool has_head;
    uint64_t served;
    unsigned requests, said;
    bool done;
};

enum err probe_start(struct probe **out, const volatile sig_atomic_t *stop)
{
    char path[4096];
    struct probe *p = calloc(1, sizeof *p);
    *out = p;
    if (!p)
        return err_set(ERR_NOMEM, "out of memory");
    p->launcher = (struct launcher){-1, -1};
    p->stop = stop;
    if (!program_find(path, PROGRAM))
        said_why(p->why, _("feldsher-probe is not installed"));
    else if (launcher_start(&p->launcher, path) != ERR_OK)
        said_why(p->why, err_text());
    return ERR_OK;
}

void probe_stop(struct probe *p)
{
    if (p)
        launcher_stop(&p->launcher);
    free(p);
}

void probe_facts_free(struct probe_facts *f)
{
    json_decref(f->media);
    buf_free(&f->poster);
    f->media = NULL;
}

static enum err lie(void)
{
    return err_set(ERR_DATA, "feldsher-probe said something that makes no sense");
}

static enum err answer(struct exchange *x)
{
    struct probe *p = x->p;
    const struct probe_source *s = x->source;
    size_t got = 0, want = x->head.length;
    if (x->requests++ == PROBE_REQUESTS_MAX || x->served + want > PROBE_BYTES_MAX)
        return err_set(ERR_DATA, "it takes too many pieces of the file to say what is in it");
    if (x->head.offset >= s->size)
        want = 0;
    else if (want > s->size - x->head.offset)
        want = (size_t)(s->size - x->head.offset);
    if (want) {
        enum err e = s->read(s->ctx, x->head.offset, p->out + TALK_ANSWER, want, &got);
        if (e)
            return e;
        if (got > want)
            return err_set(ERR_BUG, "more bytes were read than asked for");
    }
    x->served += got;
    talk_put_answer(p->out, (uint32_t)got, s->size);
    x->n_out = TALK_ANSWER + got;
    x->sent = 0;
    return ERR_OK;
}

/* A whole message is in. */
static enum err take(struct exchange *x, bool *is_sources)
{
    const uint8_t *body = x->p->in + TALK_HEAD;
    enum err e = ERR_OK;
    switch (x->head.what) {
    case TALK_ASK:
        e = answer(x);
        *is_sources = e && e != ERR_DATA;
        break;
    case TALK_FACTS:
        if (x->said++)
            return lie();
        e = said_facts(body, x->head.length, x->facts);
        *is_sources = e == ERR_NOMEM;
        break;
    case TALK_POSTER:
        if (x->said++ != 1 || !said_poster(body, x->head.length))
            return lie();
        e = buf_add(&x->facts->poster, body, x->head.length);
        *is_sources = e != ERR_OK;
        break;
    case TALK_DONE:
        if (!x->said)
            return lie();
        x->done = true;
        break;
    }
    x->n_in = 0;
    x->has_head = false;
    x->want = TALK_HEAD;
    return e;
}

/* What has come in; ERR_AGAIN: it has hung up. */
static enum err receive(struct exchange *x, bool *is_sources)
{
    ssize_t got = recv(x->fd, x->p->in + x->n_in, x->want - x->n_in, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return ERR_OK;
    if (got <= 0)
        return ERR_AGAIN;
    x->n_in += (size_t)got;
    if (x->n_in < x->want)
        return ERR_OK;
    if (!x->has_head) {
        if (!talk_get_head(&x->head, x->p->in))
            return lie();
        x->has_head = true;
        x->want = TALK_HEAD + (x->head.what == TALK_ASK ? 0 : x->head.length);
    }
    return x->n_in == x->want ? take(x, is_sources) : ERR_OK;
}

static enum err send_more(struct exchange *x)
{
    ssize_t n = send(x->fd, x->p->out + x->sent, x->n_out - x->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        return ERR_AGAIN;
    x->sent += n > 0 ? (size_t)n : 0;
    if (x->sent == x->n_out)
        x->n_out = x->sent = 0;
    return ERR_OK;
}

/* Until it is done, has ended, or its time is over. While it has an answer to
 * take, nothing more is heard: a flood waits in its own process. */
static enum err talk(struct exchange *x, bool *is_sources)
{
    enum err e = ERR_OK;
    x->want = TALK_HEAD;
    while (!e && !x->done) {
        *is_sources = x->p->stop && *x->p->stop;
        if (*is_sources)
            return err_set(ERR_AGAIN, "stopped");
        struct pollfd p = {x->fd, x->n_out ? POLLOUT : POLLIN, 0};
        int64_t begun = clock_uptime();
        int ready = x->wait > 0 ? poll(&p, 1, (int)x->wait) : 0;
        x->wait -= clock_uptime() - begun;
        if (ready < 0 && errno != EINTR)
            return err_errno(ERR_DATA, "cannot wait for feldsher-probe");
        if (ready == 0)
            return err_set(ERR_DATA, "feldsher-probe took too long");
        if (ready > 0)
            e = x->n_out ? send_more(x) : receive(x, is_sources);
    }
    return e;
}

/* It hung up before it was done: how it ended says why. */
static void tell_end(struct probe_facts *f, int status)
{
    char text[PROBE_WHY_LEN];
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        said_why(f->why, _("feldsher-probe was ended: it tried what it may not"));
    else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
        said_why(f->why, _("feldsher-probe took too long"));
    else {
        if (WIFSIGNALED(status))
            snprintf(text, sizeof text, _("feldsher-probe was ended by signal %d"), WTERMSIG(status));
        else
            snprintf(text, sizeof text, _("feldsher-probe ended too early, with %d"), WEXITSTATUS(status));
        said_why(f->why, text);
    }
}

enum err probe_file(struct probe *p, enum probe_kind kind, const struct probe_source *source, struct probe_facts *facts)
{
    *facts = (struct probe_facts){
        .start = INT64_MIN, .gps_start = INT64_MIN, .duration = -1, .poster.max = PROBE_POSTER_MAX};
    struct exchange x = {.p = p, .source = source, .facts = facts, .fd = -1, .wait = PROBE_WAIT_MS};
    bool is_sources = false;
    int status = 0;
    said_why(facts->why, p->why);
    facts->failed = true;
    if (p->launcher.fd < 0)
        return ERR_OK;
    enum err e = launcher_run(&p->launcher, kind, &x.fd);
    if (e) {
        said_why(facts->why, err_text());
        return ERR_OK;
    }
    e = talk(&x, &is_sources);
    char why[1024];
    snprintf(why, sizeof why, "%s", err_text());
    close(x.fd);
    enum err ended = launcher_end(&p->launcher, &status);
    if (is_sources) {
        probe_facts_free(facts);
        return err_set(e, "%s", why);
    }
    facts->failed = e || ended;
    if (e == ERR_AGAIN && !ended)
        tell_end(facts, status);
    else if (e || ended)
        said_why(facts->why, e && e != ERR_AGAIN ? why : err_text());
    err_clear();
    return ERR_OK;
}
