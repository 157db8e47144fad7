#ifndef TUI_WIDGETS_PICTURE_H
#define TUI_WIDGETS_PICTURE_H

#include "tui/widgets/term.h"

#include <stdint.h>

/*
 * A small picture in half-blocks: a cell shows two pixels, one over the other,
 * in the 256 colours of the usual terminals.
 */
struct picture {
    unsigned w, h;      /* pixels, not 0 */
    const uint8_t *rgb; /* 3 * w * h bytes, by rows */
};

/* False: the terminal has too few colours (a bare console). */
bool picture_can(void);
/* As large as fits into the area with its sides in proportion, in its middle. */
void picture_paint(const struct picture *p, const struct area *a);

/* The nearest of xterm's colours 16 to 255: a cube of 6 x 6 x 6 (levels 0, 95,
 * 135, 175, 215, 255) and 24 greys (8, 18, ... 238). Pure. */
unsigned picture_colour(const uint8_t rgb[static 3]);
/* Columns and half rows that a picture takes in an area of cols by rows cells. Pure. */
void picture_fit(const struct picture *p, int rows, int cols, int *w, int *h);
/* The mean of the pixels that one dot of w by h covers. Pure. */
void picture_dot(const struct picture *p, int x, int y, int w, int h, uint8_t out[static 3]);

#endif
