#include "tui/commands/groups.h"

#include "storage/base/file.h"
#include "storage/base/log.h"
#include "storage/base/text.h"
#include "tui/lang/lang.h"
#include "tui/print.h"
#include "tui/words.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

struct lines {
    struct span *line;
    size_t n;
    struct buf *text; /* that they point into */
    size_t n_text;
};

/* By time, which a line begins with; of one moment, as they were found. */
static int by_time(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    size_t n = x->n < 20 ? x->n : 20;
    int c = memcmp(x->p, y->p, n < y->n ? n : y->n);
    return c ? c : (x->p > y->p) - (x->p < y->p);
}

static enum err cut(struct lines *l, const struct buf *text)
{
    const char *p = (const char *)text->p, *end = p + text->len;
    while (p && p < end) {
        const char *lf = memchr(p, '\n', (size_t)(end - p));
        struct span s = {p, (size_t)((lf ? lf : end) - p)};
        p = lf ? lf + 1 : end;
        if (l->n % 1024 == 0) {
            struct span *more = reallocarray(l->line, l->n + 1024, sizeof *more);
            if (!more)
                return err_set(ERR_NOMEM, "out of memory");
            l->line = more;
        }
        l->line[l->n++] = s;
    }
    return ERR_OK;
}

static enum err read_one(struct lines *l, const char *folder, const char *name)
{
    char path[4096];
    struct buf *more = reallocarray(l->text, l->n_text + 1, sizeof *more);
    if (!more)
        return err_set(ERR_NOMEM, "out of memory");
    l->text = more;
    more[l->n_text++] = (struct buf){0};
    enum err e = file_path(path, folder, name);
    if (!e)
        e = file_read(path, (size_t)2 * LOG_MAX, &more[l->n_text - 1]);
    return e;
}

static enum err read_all(struct lines *l, const char *folder)
{
    DIR *d = opendir(folder);
    if (!d)
        return err_errno(errno == ENOENT ? ERR_NOINPUT : ERR_IO, "cannot open the logs in %s", folder);
    enum err e = ERR_OK;
    for (struct dirent *f; !e && (f = readdir(d));)
        if (strstr(f->d_name, ".log"))
            e = read_one(l, folder, f->d_name);
    closedir(d);
    for (size_t i = 0; i < l->n_text && !e; i++) /* now that no text moves any more */
        e = cut(l, &l->text[i]);
    return e;
}

static void show(const struct span *s, bool json)
{
    char line[2048];
    snprintf(line, sizeof line, "%.*s", (int)(s->n < sizeof line ? s->n : sizeof line - 1), s->p);
    if (json) {
        char *blank = strchr(line, ' ');
        if (blank)
            *blank = '\0';
        print_json(json_pack("{s:s%,s:s%}", "time", line, strlen(line), "event", blank ? blank + 1 : "",
                             blank ? strlen(blank + 1) : (size_t)0));
        return;
    }
    print_text(line);
    printf("\n");
}

/* A file whose lines are told as they come. */
#define TAILS_MAX 32
struct tail {
    char name[64];
    uint64_t at;
};

struct tails {
    const char *folder;
    bool json;
    size_t n;
    struct tail tail[TAILS_MAX];
};

static struct tail *tail_of(struct tails *t, const char *name)
{
    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->tail[i].name, name) == 0)
            return &t->tail[i];
    if (t->n == TAILS_MAX || strlen(name) >= sizeof t->tail[0].name)
        return NULL;
    struct tail *new = &t->tail[t->n++];
    snprintf(new->name, sizeof new->name, "%s", name);
    new->at = 0;
    return new;
}

/* The whole lines behind where it stood; a file that is shorter is a new one. */
static void read_tail(struct tails *t, const char *name, bool tell)
{
    char path[4096];
    struct buf text = {0};
    struct lines l = {0};
    struct tail *tail = tail_of(t, name);
    if (!tail || file_path(path, t->folder, name) || file_read(path, (size_t)2 * LOG_MAX, &text))
        text.len = 0;
    if (tail && text.len < tail->at)
        tail->at = 0;
    struct buf fresh = text;
    if (tail && text.len > tail->at) {
        fresh.p += tail->at;
        fresh.len -= tail->at;
        while (fresh.len && fresh.p[fresh.len - 1] != '\n')
            fresh.len--;
        tail->at += fresh.len;
        if (tell && cut(&l, &fresh) == ERR_OK)
            for (size_t i = 0; i < l.n; i++)
                show(&l.line[i], t->json);
    }
    free(l.line);
    buf_free(&text);
}

static void read_tails(struct tails *t, bool tell)
{
    DIR *d = opendir(t->folder);
    for (struct dirent *f; d && (f = readdir(d));) {
        size_t n = strlen(f->d_name);
        if (n > 4 && strcmp(f->d_name + n - 4, ".log") == 0)
            read_tail(t, f->d_name, tell);
    }
    if (d)
        closedir(d);
    err_clear();
}

/* Tells what is added, until nobody listens. */
static enum err follow(struct tails *t, int notify)
{
    char events[4096];
    for (;;) {
        struct pollfd on[] = {{.fd = notify, .events = POLLIN}, {.fd = STDOUT_FILENO}};
        if (fflush(stdout) != 0)
            return ERR_OK;
        if (poll(on, 2, -1) < 0 && errno != EINTR)
            return err_errno(ERR_IO, "cannot wait");
        if (on[1].revents & (POLLERR | POLLHUP))
            return ERR_OK;
        while (read(notify, events, sizeof events) > 0)
            ;
        read_tails(t, true);
    }
}

static enum err log_show(struct call *c)
{
    struct lines l = {0};
    struct tails tails = {.json = c->json};
    int notify = -1;
    char folder[4096];
    uint64_t last = UINT64_MAX;
    const char *want = command_option(c, "last");
    if (want && !words_number(&last, want, INT64_MAX))
        return err_set(ERR_USAGE, "--last takes a number of lines, not %s", want);
    enum err e = file_path(folder, c->dir, "log");
    if (!e && command_has(c, "follow")) {
        tails.folder = folder;
        notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        if (notify < 0 || inotify_add_watch(notify, folder, IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
            e = err_errno(ERR_IO, "cannot watch the logs in %s", folder);
        read_tails(&tails, false);
    }
    if (!e)
        e = read_all(&l, folder);
    if (!e && l.n)
        qsort(l.line, l.n, sizeof *l.line, by_time);
    for (size_t i = l.n > last ? l.n - (size_t)last : 0; i < l.n && !e; i++)
        show(&l.line[i], c->json);
    for (size_t i = 0; i < l.n_text; i++)
        buf_free(&l.text[i]);
    free(l.text);
    free(l.line);
    if (!e && notify >= 0)
        e = follow(&tails, notify);
    file_close(&notify);
    return e;
}

static const struct command rows[] = {
    {.name = "log",
     .args = "",
     .help = N_("what the programs of this station did, by time"),
     .run = log_show,
     .options = {{"last", "N", N_("the last N lines alone")}, {"follow", NULL, N_("goes on: says what is added")}}},
};
const struct command_group group_log = {N_("This station"), rows, sizeof rows / sizeof rows[0]};
