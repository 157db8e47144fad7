#include "tui/widgets/page.h"

#include "tui/widgets/cells.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PAIR_COLUMNS 26 /* of a label */
#define PAIR '\v'       /* between label and value: neither has one once it is escaped */
#define PAGE_MAX ((size_t)1 << 20)

void page_clear(struct page *p)
{
    buf_clear(&p->text);
    p->top = 0;
}

void page_free(struct page *p)
{
    buf_free(&p->text);
    *p = (struct page){0};
}

/* Each piece is escaped when it is painted. */
static void add(struct page *p, const char *s)
{
    p->text.max = PAGE_MAX;
    enum err e = buf_str(&p->text, s);
    if (!e)
        e = buf_str(&p->text, "\n");
    (void)e; /* as the header says: the text ends early */
}

void page_line(struct page *p, const char *fmt, ...)
{
    char line[8192];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    add(p, line);
}

void page_text(struct page *p, const char *text)
{
    add(p, text);
}

void page_title(struct page *p, const char *title)
{
    page_line(p, "\t%s", title);
}

void page_pair(struct page *p, const char *label, const char *value)
{
    page_line(p, "%s%c%s", label, PAIR, value);
}

static void scroll(struct page *p, int64_t by)
{
    size_t rows = p->rows > 0 ? (size_t)p->rows : 1;
    size_t last = p->lines > rows ? p->lines - rows : 0;
    int64_t top = (int64_t)p->top + by;
    p->top = top < 0 ? 0 : (size_t)top > last ? last : (size_t)top;
}

bool page_key(struct page *p, const struct key *k)
{
    int page = p->rows > 1 ? p->rows - 1 : 1;
    if (k->code == K_UP)
        scroll(p, -1);
    else if (k->code == K_DOWN)
        scroll(p, 1);
    else if (k->code == K_PAGE_UP)
        scroll(p, -page);
    else if (k->code == K_PAGE_DOWN || (k->code == K_CHAR && k->c == ' '))
        scroll(p, page);
    else if (k->code == K_HOME)
        p->top = 0;
    else if (k->code == K_END)
        scroll(p, (int64_t)p->lines);
    else
        return false;
    return true;
}

/* Text in an area of its own, from this row of the page on; returns its rows. */
static size_t paint_text(const struct page *p, const struct area *a, size_t row, enum look look, const char *s,
                         size_t n)
{
    char raw[8192], clean[8192], part[CELLS_BYTES];
    size_t used = 0, next, len;
    cells_copy(raw, sizeof raw, s, n);
    cells_escape(clean, sizeof clean, raw);
    const char *c = clean;
    do {
        len = cells_line(c, a->cols, &next);
        if (row + used >= p->top && row + used < p->top + (size_t)a->rows) {
            cells_copy(part, sizeof part, c, len);
            term_text(a, (int)(row + used - p->top), 0, 0, look, part);
        }
        c += next;
        used++;
    } while (*c);
    return used;
}

static size_t paint_line(const struct page *p, const struct area *a, size_t row, const char *s, size_t n)
{
    const char *pair = n ? memchr(s, PAIR, n) : NULL;
    if (n && s[0] == '\t')
        return paint_text(p, a, row, LOOK_WARN, s + 1, n - 1);
    if (!pair)
        return paint_text(p, a, row, LOOK_NORMAL, s, n);
    size_t label = (size_t)(pair - s);
    struct area left = area_part(a, 0, 0, a->rows, PAIR_COLUMNS);
    struct area right = area_part(a, 0, PAIR_COLUMNS + 2, a->rows, a->cols - PAIR_COLUMNS - 2);
    size_t rows = paint_text(p, &left, row, LOOK_NORMAL, s, label);
    size_t more = paint_text(p, &right, row, LOOK_NORMAL, pair + 1, n - label - 1);
    return rows > more ? rows : more;
}

void page_paint(struct page *p, const struct area *a)
{
    const char *s = p->text.len ? (const char *)p->text.p : "";
    struct area text = area_part(a, 0, 0, a->rows - 1, a->cols);
    size_t lines = 0;
    p->rows = text.rows;
    for (size_t n; *s; s += n + (s[n] ? 1 : 0)) {
        n = strcspn(s, "\n");
        lines += paint_line(p, &text, lines, s, n);
    }
    p->lines = lines;
    if (lines > (size_t)text.rows)
        term_textf(a, a->rows - 1, 0, 0, LOOK_DIM, "%zu-%zu / %zu", p->top + 1,
                   p->top + (size_t)text.rows < lines ? p->top + (size_t)text.rows : lines, lines);
}
