#include "sync/folder/labels.h"

#include "storage/base/bytes.h"
#include "sync/limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct file {
    uint64_t from, to;
};

struct list {
    struct walk *walk;
    struct file *files;
    size_t n;
};

static int by_from(const void *a, const void *b)
{
    const struct file *x = a, *y = b;
    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    return (x->to < y->to) - (x->to > y->to); /* the longer one first */
}

static bool parse_name(struct file *f, const char *name)
{
    const char *dash = strchr(name, '-');
    return dash && bytes_decimal(&f->from, name, (size_t)(dash - name), INT64_MAX) &&
           bytes_decimal(&f->to, dash + 1, strlen(dash + 1), INT64_MAX) && f->from >= 1 && f->to >= f->from &&
           f->to - f->from < LABELS_PER_FILE;
}

static enum err add_file(void *ctx, const char *path, const char *name, uint64_t size)
{
    struct list *l = ctx;
    struct file f;
    if (!parse_name(&f, name))
        return refuse_item(l->walk->refuse, path, "its name is no range of labels");
    if (size > LABELS_FILE_MAX)
        return refuse_item(l->walk->refuse, path, "it is larger than a file of labels can be");
    if (l->n == LABELS_FILES_MAX)
        return refuse_item(l->walk->refuse, path, "too many files of labels for one chain");
    if ((l->n & (l->n - 1)) == 0) {
        struct file *more = reallocarray(l->files, l->n ? 2 * l->n : 1, sizeof *more);
        if (!more)
            return err_set(ERR_NOMEM, "out of memory");
        l->files = more;
    }
    l->files[l->n++] = f;
    return ERR_OK;
}

static void file_name(char out[static STICK_NAME_MAX], const char *chain, const struct file *f)
{
    snprintf(out, STICK_NAME_MAX, "labels/%s/%" PRIu64 "-%" PRIu64, chain, f->from, f->to);
}

/* The files of one chain in rising order. The caller frees list->files. */
static enum err list_files(struct list *list, struct walk *w, const char *chain)
{
    char folder[STICK_NAME_MAX];
    *list = (struct list){.walk = w};
    snprintf(folder, sizeof folder, "labels/%s", chain);
    enum err e = walk_folder(w, folder, WALK_FILE, add_file, list);
    if (!e && list->n)
        qsort(list->files, list->n, sizeof *list->files, by_from);
    return e;
}

static enum err each_in(struct walk *w, const char *chain, const struct file *f, const struct buf *text,
                        const char *name, labels_fn *fn, void *ctx)
{
    const char *p = (const char *)text->p;
    enum err e = ERR_OK;
    bool damaged = false;
    for (size_t i = 0; i < text->len && !e;) {
        struct label l;
        e = label_parse(&l, p + i, text->len - i);
        if (e == ERR_END)
            return refuse_item(w->refuse, name, "its last label is cut short");
        if (stick_stops(e))
            return e;
        if (e == ERR_OK && (strcmp(l.chain, chain) != 0 || l.seq < f->from || l.seq > f->to))
            e = err_set(ERR_DATA, "a label of another chain or number stands in it");
        if (e) {
            /* a file is one refusal, however many stretches of it are bad */
            e = damaged ? ERR_OK : refuse_item(w->refuse, name, err_text());
            damaged = true;
            i += label_skip(p + i, text->len - i);
            continue;
        }
        i += l.len;
        e = fn(ctx, &l, name);
    }
    return e;
}

enum err labels_each(struct walk *w, const char *chain, labels_fn *fn, void *ctx)
{
    struct list list;
    struct buf text = {.max = LABELS_FILE_MAX};
    enum err e = list_files(&list, w, chain);
    for (size_t i = 0; i < list.n && !e; i++) {
        char name[STICK_NAME_MAX];
        file_name(name, chain, &list.files[i]);
        e = stick_read(w->stick, name, LABELS_FILE_MAX, &text);
        if (e && !stick_stops(e))
            e = refuse_item(w->refuse, name, err_text());
        else if (!e)
            e = each_in(w, chain, &list.files[i], &text, name, fn, ctx);
    }
    buf_free(&text);
    free(list.files);
    return e == ERR_END ? ERR_OK : e;
}

/* The last label of the file that begins at from, in a chain of to labels. */
static uint64_t file_end(uint64_t from, uint64_t to)
{
    return to - from >= LABELS_PER_FILE ? from + LABELS_PER_FILE - 1 : to;
}

/* Removes files from first on that end before the file now in their place. */
static enum err remove_shorter(struct load *l, const char *chain, uint64_t first, uint64_t to)
{
    struct walk w = {.stick = l->stick, .refuse = l->refuse, .left = LABELS_FILES_MAX};
    struct list list;
    enum err e = list_files(&list, &w, chain);
    for (size_t i = 0; i < list.n && !e; i++) {
        const struct file *f = &list.files[i];
        char name[STICK_NAME_MAX];
        if (f->from < first || f->from > to || (f->from - 1) % LABELS_PER_FILE || f->to >= file_end(f->from, to))
            continue;
        file_name(name, chain, f);
        e = stick_remove(l->stick, name);
    }
    free(list.files);
    return e;
}

enum err labels_put(struct load *l, const char *chain, uint64_t from, uint64_t to, labels_source *source, void *ctx)
{
    struct buf text = {.max = LABELS_FILE_MAX};
    enum err e = ERR_OK;
    uint64_t first = (from - 1) / LABELS_PER_FILE * LABELS_PER_FILE + 1;
    for (struct file f = {.from = first}; f.from <= to && !e; f.from += LABELS_PER_FILE) {
        char name[STICK_NAME_MAX];
        f.to = file_end(f.from, to);
        file_name(name, chain, &f);
        buf_clear(&text);
        for (uint64_t seq = f.from; seq <= f.to && !e; seq++)
            e = source(ctx, seq, &text);
        if (!e)
            e = load_text(l, LANE_CONTROL, name, text.p, text.len);
    }
    if (!e && !l->plan && !l->full)
        e = remove_shorter(l, chain, first, to);
    buf_free(&text);
    return e;
}
