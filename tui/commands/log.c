#include "tui/commands/groups.h"

#include "storage/base/bytes.h"
#include "storage/base/file.h"
#include "storage/base/log.h"
#include "storage/base/text.h"
#include "tui/lang/lang.h"
#include "tui/print.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static enum err log_show(struct call *c)
{
    struct lines l = {0};
    char folder[4096];
    uint64_t last = UINT64_MAX;
    const char *want = command_option(c, "last");
    if (want && !bytes_decimal(&last, want, strlen(want), INT64_MAX))
        return err_set(ERR_USAGE, "--last takes a number of lines, not %s", want);
    enum err e = file_path(folder, c->dir, "log");
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
    return e;
}

static const struct command rows[] = {
    {.name = "log",
     .args = "",
     .help = N_("what the programs of this station did, by time"),
     .run = log_show,
     .options = {{"last", "N", N_("the last N lines alone")}}},
};
const struct command_group group_log = {N_("This station"), rows, sizeof rows / sizeof rows[0]};
