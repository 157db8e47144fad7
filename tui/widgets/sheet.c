#include "tui/widgets/sheet.h"

#include "tui/widgets/cells.h"

#define COLS_FIRST 76 /* before it was painted */

void sheet_init(struct sheet *s, char *p, size_t cap)
{
    *s = (struct sheet){0};
    edit_init(&s->edit, p, cap, true);
}

/* A line that is seen: its first byte, its bytes, those up to the next one. */
struct line {
    size_t start, len, step;
};

static void measure(const struct edit *e, int cols, struct line *l)
{
    l->len = cells_line(e->p + l->start, cols, &l->step);
}

/* A newline at the very end has an empty line behind it. */
static bool next(const struct edit *e, int cols, struct line *l)
{
    size_t end = l->start + l->step;
    if (l->step == 0 || (end == e->len && e->p[end - 1] != '\n'))
        return false;
    l->start = end;
    measure(e, cols, l);
    return true;
}

static bool is_last(const struct edit *e, const struct line *l)
{
    size_t end = l->start + l->step;
    return l->step == 0 || (end == e->len && e->p[end - 1] != '\n');
}

static bool has_caret(const struct edit *e, const struct line *l)
{
    return e->caret >= l->start && (e->caret < l->start + l->step || is_last(e, l));
}

static int column_of(const struct edit *e, const struct line *l)
{
    int column = 0, w;
    size_t end = e->caret < l->start + l->len ? e->caret : l->start + l->len;
    for (size_t at = l->start, n; at < end && (n = cells_letter(e->p + at, &w)) > 0; at += n)
        column += w;
    return column;
}

size_t sheet_caret(const struct edit *e, int cols, int *column)
{
    struct line l = {0};
    size_t number = 0;
    measure(e, cols, &l);
    while (!has_caret(e, &l) && next(e, cols, &l))
        number++;
    *column = column_of(e, &l);
    return number;
}

/* To a column of line number to; false: there is no such line. */
static bool go(struct edit *e, int cols, size_t to, int column)
{
    struct line l = {0};
    size_t n;
    int w;
    measure(e, cols, &l);
    for (; to > 0; to--)
        if (!next(e, cols, &l))
            return false;
    size_t end = l.start + l.len;
    bool broken = l.len == l.step && !is_last(e, &l); /* its end is the next one's beginning */
    e->caret = l.start;
    while (column > 0 && e->caret < end && (n = cells_letter(e->p + e->caret, &w)) > 0) {
        if (broken && e->caret + n >= end)
            break;
        e->caret += n;
        column -= w;
    }
    return true;
}

bool sheet_key(struct sheet *s, const struct key *k)
{
    int cols = s->cols > 0 ? s->cols : COLS_FIRST, column;
    size_t page = s->rows > 1 ? (size_t)s->rows - 1 : 1;
    size_t at = sheet_caret(&s->edit, cols, &column), by = k->code == K_UP || k->code == K_DOWN ? 1 : page;
    if (k->code == K_UP || k->code == K_PAGE_UP)
        return go(&s->edit, cols, at > by ? at - by : 0, at ? column : 0);
    if (k->code == K_DOWN || k->code == K_PAGE_DOWN) {
        if (!go(&s->edit, cols, at + by, column))
            s->edit.caret = s->edit.len;
        return true;
    }
    return edit_key(&s->edit, k->code == K_TAB ? &(struct key){.code = K_CHAR, .c = ' '} : k);
}

void sheet_paint(struct sheet *s, const struct area *a)
{
    struct line l = {0};
    char text[CELLS_BYTES];
    int column;
    s->cols = a->cols > 1 ? a->cols - 1 : 1; /* the caret behind the last letter is seen, too */
    s->rows = a->rows;
    size_t caret = sheet_caret(&s->edit, s->cols, &column), rows = (size_t)a->rows;
    if (caret < s->top)
        s->top = caret;
    if (caret >= s->top + rows)
        s->top = caret - rows + 1;
    measure(&s->edit, s->cols, &l);
    bool more = true;
    for (size_t i = 0; i < s->top + rows; i++) {
        if (i >= s->top) {
            cells_copy(text, sizeof text, s->edit.p + l.start, more ? l.len : 0);
            term_cell(a, (int)(i - s->top), 0, a->cols, LOOK_TYPING, CELLS_LEFT, more ? text : "");
        }
        more = more && next(&s->edit, s->cols, &l);
    }
    term_caret(a, (int)(caret - s->top), column);
}
