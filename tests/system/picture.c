#include "tests/system/picture.h"

#include <stdio.h>
#include <string.h>

/* Cells of 8 x 17 under a bar of 30; a fixed text length keeps columns true whatever font the reader has. */
#define CELL_W 8
#define CELL_H 17
#define BAR 30
#define PAD 10
#define BASELINE 13
#define PAPER 0x16181dU
#define INK 0xd8dadfU

struct look {
    uint32_t ink, paper;
    bool bold, underline;
};

static uint32_t colour(const struct terminal *t, VTermColor c, uint32_t usual)
{
    /* softer than the palette's pure red, green and blue, readable on dark paper */
    static const uint32_t sixteen[16] = {0x16181d, 0xd0605e, 0x79b06a, 0xc9a54f, 0x5f93d6, 0xb07fc4,
                                         0x58adb0, 0xd8dadf, 0x6b7079, 0xf0807d, 0x98d088, 0xe8c670,
                                         0x82b3f2, 0xd0a0e4, 0x7accce, 0xffffff};
    if (VTERM_COLOR_IS_DEFAULT_FG(&c) || VTERM_COLOR_IS_DEFAULT_BG(&c))
        return usual;
    if (VTERM_COLOR_IS_INDEXED(&c) && c.indexed.idx < 16)
        return sixteen[c.indexed.idx];
    terminal_rgb(t, &c);
    return (uint32_t)c.rgb.red << 16 | (uint32_t)c.rgb.green << 8 | c.rgb.blue;
}

static struct look look(const struct terminal *t, const VTermScreenCell *cell)
{
    struct look l = {.ink = colour(t, cell->fg, INK),
                     .paper = colour(t, cell->bg, PAPER),
                     .bold = cell->attrs.bold,
                     .underline = cell->attrs.underline != VTERM_UNDERLINE_OFF};
    if (cell->attrs.reverse) {
        uint32_t ink = l.ink;
        l.ink = l.paper;
        l.paper = ink;
    }
    return l;
}

static void put_char(FILE *f, uint32_t c)
{
    if (c == '<')
        fputs("&lt;", f);
    else if (c == '&')
        fputs("&amp;", f);
    else if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xfffe || c == 0xffff)
        fputs("\xef\xbf\xbd", f);
    else if (c < 0x80)
        putc((int)c, f);
    else if (c < 0x800)
        fprintf(f, "%c%c", 0xc0 | (int)(c >> 6), 0x80 | (int)(c & 0x3f));
    else if (c < 0x10000)
        fprintf(f, "%c%c%c", 0xe0 | (int)(c >> 12), 0x80 | (int)((c >> 6) & 0x3f), 0x80 | (int)(c & 0x3f));
    else
        fprintf(f, "%c%c%c%c", 0xf0 | (int)(c >> 18), 0x80 | (int)((c >> 12) & 0x3f), 0x80 | (int)((c >> 6) & 0x3f),
                0x80 | (int)(c & 0x3f));
}

static void put_text(FILE *f, const char *s)
{
    for (; *s; s++) {
        if (*s == '<' || *s == '&' || (unsigned char)*s < 0x20)
            put_char(f, (unsigned char)*s);
        else
            putc(*s, f);
    }
}

static bool blank(const VTermScreenCell *c)
{
    return !c->chars[0] || c->chars[0] == ' ';
}

/* The papers of a row that are not the usual one. */
static void papers(struct terminal *t, FILE *f, int row, int cols)
{
    VTermScreenCell cell;
    for (int col = 0, end; col < cols; col = end) {
        terminal_cell(t, row, col, &cell);
        uint32_t paper = look(t, &cell).paper;
        for (end = col + 1; end < cols; end++) {
            terminal_cell(t, row, end, &cell);
            if (cell.chars[0] != (uint32_t)-1 && look(t, &cell).paper != paper)
                break;
        }
        if (paper != PAPER)
            fprintf(f, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#%06x\"/>\n", PAD + col * CELL_W,
                    BAR + row * CELL_H, (end - col) * CELL_W, CELL_H, paper);
    }
}

static bool alike(struct look a, struct look b)
{
    return a.ink == b.ink && a.bold == b.bold && a.underline == b.underline;
}

/* A run of like cells from COL on: up to two blanks in a row belong to it. Gives the column after it. */
static int run(struct terminal *t, FILE *f, int row, int col, int cols)
{
    VTermScreenCell cell;
    terminal_cell(t, row, col, &cell);
    struct look l = look(t, &cell);
    int end = col;
    for (int c = col; c < cols && c - end <= 2; c++) {
        terminal_cell(t, row, c, &cell);
        if (cell.chars[0] == (uint32_t)-1) {
            end = c + 1;
            continue;
        }
        if (!alike(look(t, &cell), l))
            break;
        if (!blank(&cell))
            end = c + 1;
    }
    fprintf(f, "<text x=\"%d\" y=\"%d\" textLength=\"%d\"", PAD + col * CELL_W, BAR + row * CELL_H + BASELINE,
            (end - col) * CELL_W);
    if (l.ink != INK)
        fprintf(f, " fill=\"#%06x\"", l.ink);
    fputs(l.bold ? " font-weight=\"bold\"" : "", f);
    fputs(l.underline ? " text-decoration=\"underline\"" : "", f);
    putc('>', f);
    for (int c = col; c < end; c++) {
        terminal_cell(t, row, c, &cell);
        if (cell.chars[0] == (uint32_t)-1)
            continue;
        put_char(f, cell.chars[0] ? cell.chars[0] : ' ');
        for (int i = 1; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i]; i++)
            put_char(f, cell.chars[i]);
    }
    fputs("</text>\n", f);
    return end;
}

bool picture_svg(struct terminal *t, const char *file, const char *title)
{
    int rows, cols;
    terminal_size(t, &rows, &cols);
    FILE *f = fopen(file, "w");
    if (!f)
        return false;
    int w = cols * CELL_W + 2 * PAD, h = rows * CELL_H + BAR + PAD;
    fprintf(f,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
            "role=\"img\" aria-labelledby=\"t\">\n<title id=\"t\">",
            w, h, w, h);
    put_text(f, title);
    fprintf(f,
            "</title>\n<rect width=\"%d\" height=\"%d\" rx=\"8\" fill=\"#%06x\" stroke=\"#80858f\"/>\n"
            "<text x=\"%d\" y=\"19\" text-anchor=\"middle\" fill=\"#9aa0aa\" font-family=\"sans-serif\" "
            "font-size=\"12\">",
            w, h, PAPER, w / 2);
    put_text(f, title);
    fprintf(f,
            "</text>\n<g xml:space=\"preserve\" fill=\"#%06x\" font-size=\"13.3\" font-family=\"'DejaVu Sans Mono',"
            "'Liberation Mono',Menlo,Consolas,monospace\">\n",
            INK);
    for (int row = 0; row < rows; row++) {
        papers(t, f, row, cols);
        for (int col = 0; col < cols;) {
            VTermScreenCell cell;
            terminal_cell(t, row, col, &cell);
            if ((blank(&cell) && cell.attrs.underline == VTERM_UNDERLINE_OFF) || cell.chars[0] == (uint32_t)-1)
                col++;
            else
                col = run(t, f, row, col, cols);
        }
    }
    fputs("</g>\n</svg>\n", f);
    bool good = !ferror(f);
    return (fclose(f) == 0) && good;
}
