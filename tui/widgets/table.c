#include "tui/widgets/table.h"

#include "tui/lang/lang.h"
#include "tui/widgets/cells.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GAP 2 /* between two columns */

void table_init(struct table *l, const struct table_column *columns, size_t n, table_want_fn *want, void *ctx)
{
    assert(n > 0 && n <= TABLE_COLUMNS);
    *l = (struct table){.columns = columns, .n_columns = n, .want = want, .ctx = ctx, .page = TERM_ROWS};
}

static void drop(struct table_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(rows[i].id);
}

void table_free(struct table *l)
{
    drop(l->rows, l->n_rows);
    drop(l->coming, l->n_coming);
    free(l->rows);
    free(l->coming);
    free(l->shown);
    *l = (struct table){0};
}

static const struct table_row *row_at(const struct table *l, size_t i)
{
    if (!l->want)
        return i < l->n_shown ? &l->rows[l->shown[i]] : NULL;
    return i >= l->first && i - l->first < l->n_rows ? &l->rows[i - l->first] : NULL;
}

const struct table_row *table_selected(const struct table *l)
{
    return row_at(l, l->at);
}

static void note_id(struct table *l)
{
    const struct table_row *r = table_selected(l);
    snprintf(l->id, sizeof l->id, "%s", r ? r->id : "");
}

static void scroll(struct table *l)
{
    if (l->total == 0)
        l->at = 0;
    else if (l->at >= l->total)
        l->at = l->total - 1;
    if (l->at < l->top)
        l->top = l->at;
    else if (l->page && l->at >= l->top + l->page)
        l->top = l->at - l->page + 1;
    if (l->total <= l->page)
        l->top = 0;
    else if (l->top > l->total - l->page)
        l->top = l->total - l->page;
}

static void ask(struct table *l)
{
    l->coming_first = l->at > TABLE_WINDOW / 2 ? l->at - TABLE_WINDOW / 2 : 0;
    l->waiting = true;
    l->stale = l->failed = false;
    drop(l->coming, l->n_coming);
    l->n_coming = 0;
    l->ticket++;
    l->want(l->ctx, l->ticket, l->find, l->coming_first, TABLE_WINDOW);
}

/* Are the rows in view here? */
static bool has_view(const struct table *l)
{
    size_t end = l->top + l->page < l->total ? l->top + l->page : l->total;
    return l->top >= l->first && end <= l->first + l->n_rows;
}

static void see(struct table *l)
{
    scroll(l);
    if (l->want && !l->waiting && !has_view(l))
        ask(l);
}

static void filter(struct table *l)
{
    l->n_shown = 0;
    for (size_t i = 0; i < l->n_rows; i++) {
        bool found = l->find[0] == '\0';
        for (size_t c = 0; c < l->n_columns && !found; c++)
            found = cells_find(l->rows[i].cells[c], l->find);
        if (found)
            l->shown[l->n_shown++] = i;
    }
    l->total = l->n_shown;
}

/* Back to the row that was selected, wherever it is now. */
static void find_id(struct table *l)
{
    size_t from = l->want ? l->first : 0, n = l->want ? l->n_rows : l->n_shown;
    for (size_t i = from; i < from + n && l->id[0]; i++) {
        const struct table_row *r = row_at(l, i);
        if (!r || strcmp(r->id, l->id) != 0)
            continue;
        size_t place = l->at - l->top; /* the same line of the screen, if it can be */
        l->at = i;
        l->top = i > place ? i - place : 0;
        break;
    }
    scroll(l);
    note_id(l);
}

void table_reload(struct table *l)
{
    if (!l->want) {
        drop(l->coming, l->n_coming);
        l->n_coming = 0;
    } else if (l->waiting) {
        l->stale = true;
    } else {
        ask(l);
    }
}

static enum err more_room(struct table *l)
{
    if (l->n_coming >= (l->want ? TABLE_WINDOW : TABLE_HELD))
        return err_set(ERR_DATA, "a list has more rows than are shown at once; find by typing");
    if (l->n_coming < l->cap_coming)
        return ERR_OK;
    size_t cap = l->cap_coming ? 2 * l->cap_coming : 64;
    struct table_row *p = realloc(l->coming, cap * sizeof *p);
    if (!p)
        return err_set(ERR_NOMEM, "out of memory for a list");
    l->coming = p;
    l->cap_coming = cap;
    return ERR_OK;
}

enum err table_add(struct table *l, unsigned ticket, const char *id, enum look look, const char *const cells[])
{
    size_t n = strlen(id) + 1;
    if (l->want && (!l->waiting || ticket != l->ticket))
        return ERR_OK;
    enum err e = more_room(l);
    if (e)
        return e;
    for (size_t i = 0; i < l->n_columns; i++)
        n += (cells[i] ? strlen(cells[i]) : 0) + 1;
    struct table_row r = {.id = malloc(n), .look = look};
    if (!r.id)
        return err_set(ERR_NOMEM, "out of memory for a list");
    char *p = stpcpy(r.id, id) + 1;
    for (size_t i = 0; i < l->n_columns; i++) {
        r.cells[i] = p;
        p = stpcpy(p, cells[i] ? cells[i] : "") + 1;
    }
    l->coming[l->n_coming++] = r;
    return ERR_OK;
}

static void take_coming(struct table *l)
{
    struct table_row *rows = l->rows;
    size_t n = l->n_rows, cap = l->cap_rows;
    l->rows = l->coming;
    l->n_rows = l->n_coming;
    l->cap_rows = l->cap_coming;
    l->coming = rows;
    l->cap_coming = cap;
    l->n_coming = 0;
    drop(rows, n);
}

void table_end(struct table *l, unsigned ticket, size_t total)
{
    if (l->want && (!l->waiting || ticket != l->ticket))
        return;
    l->waiting = false;
    if (l->want && l->stale) {
        ask(l);
        return;
    }
    size_t came = l->n_coming;
    size_t *shown = l->want ? NULL : realloc(l->shown, (came ? came : 1) * sizeof *shown);
    if (!l->want && !shown)
        return; /* out of memory: the rows of before stay */
    l->known = true;
    l->failed = false;
    take_coming(l);
    if (l->want) {
        l->first = l->coming_first;
        l->total = total;
    } else {
        l->shown = shown;
        filter(l);
    }
    find_id(l);
    if (came > 0) /* an empty answer to a good question is not asked again */
        see(l);
}

void table_fail(struct table *l, unsigned ticket)
{
    if (l->want && (!l->waiting || ticket != l->ticket))
        return;
    l->waiting = false;
    l->failed = true;
    if (l->want && l->stale)
        ask(l);
}

/* What is typed has changed. */
static void find_again(struct table *l)
{
    if (l->want) {
        l->at = l->top = 0;
        l->id[0] = '\0';
        table_reload(l);
    } else {
        filter(l);
        find_id(l);
    }
}

static bool find_key(struct table *l, const struct key *k)
{
    if (k->code == K_CHAR && (k->c > ' ' || (k->c == ' ' && l->find[0])))
        cells_put(l->find, sizeof l->find, k->c);
    else if (k->code == K_BACKSPACE && l->find[0])
        cells_chop(l->find);
    else if (k->code == K_ESC && l->find[0])
        l->find[0] = '\0';
    else
        return k->code == K_CHAR || k->code == K_BACKSPACE;
    find_again(l);
    return true;
}

bool table_key(struct table *l, const struct key *k)
{
    size_t page = l->page ? l->page : 1, last = l->total ? l->total - 1 : 0;
    size_t at = l->at;
    if (k->code == K_UP)
        at -= at > 0;
    else if (k->code == K_DOWN)
        at += at < last;
    else if (k->code == K_PAGE_UP)
        at = at > page ? at - page : 0;
    else if (k->code == K_PAGE_DOWN)
        at = at + page < last ? at + page : last;
    else if (k->code == K_HOME)
        at = 0;
    else if (k->code == K_END)
        at = last;
    else
        return find_key(l, k);
    l->at = at;
    see(l);
    note_id(l);
    return true;
}

static void widths(const struct table *l, int cols, int out[static TABLE_COLUMNS])
{
    int left = cols, shares = 0;
    for (size_t i = 0; i < l->n_columns; i++) {
        out[i] = l->columns[i].width;
        left -= out[i] + (i ? GAP : 0);
        shares += l->columns[i].grow;
    }
    for (size_t i = 0; i < l->n_columns && left > 0 && shares > 0; i++) {
        int more = left * l->columns[i].grow / shares;
        out[i] += more;
        left -= more;
        shares -= l->columns[i].grow;
    }
}

static void paint_row(const struct table *l, const struct area *a, int y, const int w[static TABLE_COLUMNS],
                      enum look look, const char *const cells[])
{
    int x = 0;
    term_cell(a, y, 0, a->cols, look, CELLS_LEFT, "");
    for (size_t i = 0; i < l->n_columns; i++) {
        term_cell(a, y, x, w[i], look, l->columns[i].side, cells[i]);
        x += w[i] + GAP;
    }
}

static void paint_foot(const struct table *l, const struct area *a)
{
    int row = a->rows - 1, col = 0;
    if (l->find[0]) {
        col = term_text(a, row, 0, 0, LOOK_NORMAL, _("Find:"));
        col += 1 + term_text(a, row, col + 1, a->cols / 2, LOOK_TYPING, l->find);
        term_caret(a, row, col);
    } else {
        term_text(a, row, 0, a->cols / 2, LOOK_DIM, _("Type to find"));
    }
    if (l->total) {
        char count[64];
        snprintf(count, sizeof count, _("%zu of %zu%s"), l->at + 1, l->total, l->more ? "+" : "");
        term_cell(a, row, a->cols - 30, 30, LOOK_DIM, CELLS_RIGHT, count);
    }
}

void table_paint(struct table *l, const struct area *a)
{
    int w[TABLE_COLUMNS];
    const char *titles[TABLE_COLUMNS];
    if (a->rows < 3)
        return;
    l->page = (size_t)a->rows - 2;
    scroll(l);
    widths(l, a->cols, w);
    for (size_t i = 0; i < l->n_columns; i++)
        titles[i] = l->columns[i].title[0] ? _(l->columns[i].title) : "";
    paint_row(l, a, 0, w, LOOK_DIM, titles);
    for (size_t i = 0; i < l->page && l->top + i < l->total; i++) {
        const struct table_row *r = row_at(l, l->top + i);
        bool selected = l->top + i == l->at;
        if (r)
            paint_row(l, a, (int)i + 1, w, selected ? LOOK_SELECTED : r->look, r->cells);
        else if (selected)
            term_cell(a, (int)i + 1, 0, a->cols, LOOK_SELECTED, CELLS_LEFT, CELLS_ELLIPSIS);
    }
    if (l->failed && l->total == 0)
        term_text(a, 2, 0, 0, LOOK_WARN, _("This list cannot be read now"));
    else if (!l->known)
        term_text(a, 2, 0, 0, LOOK_DIM, _("Reading"));
    else if (l->total == 0 && l->find[0])
        term_text(a, 2, 0, 0, LOOK_NORMAL, _("Nothing has this in it"));
    else if (l->total == 0 && l->empty)
        term_wrap(a, 2, a->rows - 3, LOOK_NORMAL, _(l->empty));
    paint_foot(l, a);
}
