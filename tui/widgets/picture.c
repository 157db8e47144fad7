#include "tui/widgets/picture.h"

#include "tui/widgets/looks.h"

#include <ncurses.h>

#define FIRST_PAIR (LOOKS + 1)
#define PAIRS 4096 /* of them for pictures */

/* Which colours a pair has now; one picture stands on the screen at a time. */
static uint16_t pairs[PAIRS];

static int level(unsigned v)
{
    return v < 48 ? 0 : v < 115 ? 1 : (int)(v - 35) / 40;
}

static int apart(const uint8_t rgb[static 3], int r, int g, int b)
{
    int dr = rgb[0] - r, dg = rgb[1] - g, db = rgb[2] - b;
    return dr * dr + dg * dg + db * db;
}

unsigned picture_colour(const uint8_t rgb[static 3])
{
    static const int levels[] = {0, 95, 135, 175, 215, 255};
    int r = level(rgb[0]), g = level(rgb[1]), b = level(rgb[2]);
    int mean = (rgb[0] + rgb[1] + rgb[2]) / 3;
    int grey = mean < 8 ? 0 : mean > 238 ? 23 : (mean - 3) / 10;
    int cube = apart(rgb, levels[r], levels[g], levels[b]);
    int shade = 8 + 10 * grey;
    if (apart(rgb, shade, shade, shade) < cube)
        return (unsigned)(232 + grey);
    return (unsigned)(16 + 36 * r + 6 * g + b);
}

void picture_fit(const struct picture *p, int rows, int cols, int *w, int *h)
{
    int most = 2 * rows;
    *w = cols;
    *h = (int)((uint64_t)p->h * (unsigned)cols / p->w);
    if (*h > most) {
        *h = most;
        *w = (int)((uint64_t)p->w * (unsigned)most / p->h);
    }
    *w = *w > 0 ? *w : 1;
    *h = *h > 0 ? *h : 1;
}

void picture_dot(const struct picture *p, int x, int y, int w, int h, uint8_t out[static 3])
{
    unsigned x0 = (unsigned)x * p->w / (unsigned)w, x1 = (unsigned)(x + 1) * p->w / (unsigned)w;
    unsigned y0 = (unsigned)y * p->h / (unsigned)h, y1 = (unsigned)(y + 1) * p->h / (unsigned)h;
    unsigned sum[3] = {0}, n = 0;
    x1 = x1 > x0 ? x1 : x0 + 1;
    y1 = y1 > y0 ? y1 : y0 + 1;
    for (unsigned py = y0; py < y1; py++)
        for (unsigned px = x0; px < x1; px++, n++)
            for (unsigned c = 0; c < 3; c++)
                sum[c] += p->rgb[3 * ((size_t)py * p->w + px) + c];
    for (unsigned c = 0; c < 3; c++)
        out[c] = (uint8_t)(sum[c] / n);
}

bool picture_can(void)
{
    return has_colors() && COLORS >= 256 && COLOR_PAIRS >= FIRST_PAIR + PAIRS;
}

/* The pair of two colours: found, or made; *used of them are in use. */
static int pair_of(unsigned fg, unsigned bg, int *used)
{
    uint16_t both = (uint16_t)(fg << 8 | bg);
    int i = 0;
    while (i < *used && pairs[i] != both)
        i++;
    if (i == *used && i < PAIRS) {
        pairs[i] = both;
        init_pair((short)(FIRST_PAIR + i), (short)fg, (short)bg);
        *used += 1;
    }
    return FIRST_PAIR + (i < PAIRS ? i : 0);
}

void picture_paint(const struct picture *p, const struct area *a)
{
    int w, h, used = 0;
    if (a->rows <= 0 || a->cols <= 0 || !picture_can())
        return;
    picture_fit(p, a->rows, a->cols, &w, &h);
    int top = a->y + (a->rows - (h + 1) / 2) / 2, left = a->x + (a->cols - w) / 2;
    for (int y = 0; y < h; y += 2) {
        for (int x = 0; x < w; x++) {
            uint8_t upper[3], lower[3] = {0};
            picture_dot(p, x, y, w, h, upper);
            if (y + 1 < h)
                picture_dot(p, x, y + 1, w, h, lower);
            attr_set(A_NORMAL, (short)pair_of(picture_colour(upper), picture_colour(lower), &used), NULL);
            mvaddstr(top + y / 2, left + x, "▀");
        }
    }
    looks_set(LOOK_NORMAL);
}
