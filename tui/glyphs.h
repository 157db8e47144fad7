#ifndef TUI_GLYPHS_H
#define TUI_GLYPHS_H

#include "storage/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Can what we write be seen? The characters of all our texts, in every
 * language, against those that a font has. A bare Linux console shows 512
 * glyphs at most, and most fonts have no Kazakh letters.
 */

/* What screens draw besides letters: nothing else than this. */
#define GLYPHS_DRAWN U"─│┌┐└┘├┤┬┴┼█▌▐▀▄░▒▓·•…←→↑↓▲▼«»№—–"

/* What people write in Russian and Kazakh: names and notes hold them all. */
#define GLYPHS_TYPED U"АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдеёжзийклмнопрстуфхцчшщъыьэюяӘҒҚҢӨҰҮҺІәғқңөұүһі"

/* A set of code points below 65536; a font's table knows no others. */
struct glyphs {
    uint8_t bits[65536 / 8];
    size_t n;
};

void glyphs_add(struct glyphs *g, uint32_t letter);
bool glyphs_have(const struct glyphs *g, uint32_t letter);

/* Adds everything that we write: ASCII, the two above, the texts of every
 * language as they are installed. ERR_NOINPUT: a language's file is missing. */
enum err glyphs_ours(struct glyphs *g) MUST_USE;

/* Adds what a console font shows: a PSF file, version 1 or 2 (psf(5) of kbd;
 * include/linux has no header of it), packed by gzip or not. ERR_DATA: it is
 * none, or has no Unicode table. */
enum err glyphs_font(struct glyphs *g, const char *path) MUST_USE;

/* Adds what the terminal on fd shows, where the kernel knows that (GIO_UNIMAP,
 * ioctl_console(2)). false: no bare console, so nobody can be asked. */
bool glyphs_console(struct glyphs *g, int fd);

/* The first few of ours that shown has not, "ә (U+04D9), ..."; returns how
 * many they are in all. */
size_t glyphs_missing(const struct glyphs *ours, const struct glyphs *shown, char *out, size_t room);

#endif
