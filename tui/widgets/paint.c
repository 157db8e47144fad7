#include "tui/widgets/looks.h"

#include "tui/widgets/cells.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <ncurses.h>

/* Columns of the area right of col, at most width (0: all of them); 0 when
 * row, col lies outside. */
static int room(const struct area *a, int row, int col, int width)
{
    if (row < 0 || row >= a->rows || col < 0 || col >= a->cols || a->y + row >= LINES || a->x + col >= COLS)
        return 0;
    int most = a->cols - col;
    if (most > COLS - a->x - col)
        most = COLS - a->x - col;
    return width > 0 && width < most ? width : most;
}

/* s is escaped. */
static void put(const struct area *a, int row, int col, enum look look, const char *s)
{
    looks_set(look);
    mvaddstr(a->y + row, a->x + col, s);
    looks_set(LOOK_NORMAL);
}

void term_clear(const struct area *a)
{
    looks_set(LOOK_NORMAL);
    for (int row = 0; row < a->rows; row++)
        if (a->cols > 0)
            mvhline(a->y + row, a->x, ' ', a->cols);
}

int term_text(const struct area *a, int row, int col, int width, enum look look, const char *s)
{
    char clean[CELLS_BYTES], cut[CELLS_BYTES];
    int columns = room(a, row, col, width);
    if (columns == 0)
        return 0;
    cells_escape(clean, sizeof clean, s);
    int all = cells_width(clean);
    if (all <= columns) {
        put(a, row, col, look, clean);
        return all;
    }
    cells_fit(cut, sizeof cut, clean, columns, CELLS_LEFT);
    put(a, row, col, look, cut);
    return columns;
}

int term_textf(const struct area *a, int row, int col, int width, enum look look, const char *fmt, ...)
{
    char s[CELLS_BYTES];
    va_list args;
    va_start(args, fmt);
    vsnprintf(s, sizeof s, fmt, args);
    va_end(args);
    return term_text(a, row, col, width, look, s);
}

void term_cell(const struct area *a, int row, int col, int width, enum look look, int side, const char *s)
{
    char clean[CELLS_BYTES], fit[CELLS_BYTES];
    int columns = width > 0 ? room(a, row, col, width) : 0;
    if (columns == 0)
        return;
    cells_escape(clean, sizeof clean, s);
    cells_fit(fit, sizeof fit, clean, columns, (enum cells_side)side);
    put(a, row, col, look, fit);
}

/* One paragraph; more: something follows, so a last line ends with an ellipsis. */
static int wrap(const struct area *a, int row, int rows, enum look look, const char *s, bool more)
{
    char line[CELLS_BYTES + 4];
    int used = 0;
    do {
        size_t next, n = cells_line(s, a->cols, &next);
        bool cut = used + 1 == rows && (s[next] || more);
        snprintf(line, sizeof line, "%.*s%s", (int)n, s, cut ? CELLS_ELLIPSIS : "");
        term_text(a, row + used, 0, 0, look, line);
        s += next;
        used++;
    } while (*s && used < rows);
    return used;
}

int term_wrap(const struct area *a, int row, int rows, enum look look, const char *s)
{
    char part[CELLS_BYTES], clean[CELLS_BYTES];
    int used = 0;
    while (*s && used < rows) {
        size_t n = strcspn(s, "\n");
        cells_copy(part, sizeof part, s, n);
        cells_escape(clean, sizeof clean, part);
        s += s[n] ? n + 1 : n;
        used += wrap(a, row + used, rows - used, look, clean, *s != '\0');
    }
    return used;
}

void term_caret(const struct area *a, int row, int col)
{
    if (row < 0) {
        curs_set(0);
        return;
    }
    curs_set(1);
    move(a->y + row, a->x + (col < a->cols ? col : a->cols - 1));
}

struct area area_part(const struct area *a, int row, int col, int rows, int cols)
{
    struct area part = {a->y + row, a->x + col, rows, cols};
    if (part.rows > a->rows - row)
        part.rows = a->rows - row;
    if (part.cols > a->cols - col)
        part.cols = a->cols - col;
    part.rows = part.rows > 0 ? part.rows : 0;
    part.cols = part.cols > 0 ? part.cols : 0;
    return part;
}

void term_box(const struct area *a, int rows, int cols, const char *title, struct area *out)
{
    rows = rows + 2 < a->rows ? rows + 2 : a->rows;
    cols = cols + 4 < a->cols ? cols + 4 : a->cols;
    struct area box = area_part(a, (a->rows - rows) / 2, (a->cols - cols) / 2, rows, cols);
    term_clear(&box);
    term_cell(&box, 0, 0, box.cols, LOOK_TITLE, CELLS_MIDDLE, title);
    for (int row = 1; row + 1 < box.rows; row++) {
        term_cell(&box, row, 0, 1, LOOK_TITLE, CELLS_LEFT, "");
        term_cell(&box, row, box.cols - 1, 1, LOOK_TITLE, CELLS_LEFT, "");
    }
    term_cell(&box, box.rows - 1, 0, box.cols, LOOK_TITLE, CELLS_LEFT, "");
    *out = area_part(&box, 1, 2, box.rows - 2, box.cols - 4);
}
