/*
 * A terminal's screen as an SVG picture: a grid of fixed-width text, runs of
 * like cells merged, colours and bold and reverse kept. The source of the
 * pictures in README.md.
 */
#ifndef TESTS_SYSTEM_PICTURE_H
#define TESTS_SYSTEM_PICTURE_H

#include "tests/system/terminal.h"

/* Writes FILE with TITLE in its frame; false: it cannot be written, errno says why. */
bool picture_svg(struct terminal *t, const char *file, const char *title);

#endif
