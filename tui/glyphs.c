#include "tui/glyphs.h"

#include "storage/base/file.h"
#include "tui/lang/lang.h"

#include <linux/kd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <wchar.h>
#include <zlib.h>

#define TEXTS_MAX (4u << 20)
#define FONT_MAX (1u << 20)
#define PAIRS_MAX 65535u
#define NAMED 8u /* missing ones that are named */

void glyphs_add(struct glyphs *g, uint32_t letter)
{
    if (letter >= 65536 || glyphs_have(g, letter))
        return;
    g->bits[letter / 8] |= (uint8_t)(1u << letter % 8);
    g->n++;
}

bool glyphs_have(const struct glyphs *g, uint32_t letter)
{
    return letter < 65536 && (g->bits[letter / 8] >> letter % 8 & 1);
}

/* One code point of up to three bytes; 0 bytes: none at p. */
static size_t decode(const uint8_t *p, size_t n, uint32_t *letter)
{
    size_t len = n == 0 ? 0 : p[0] < 0x80 ? 1 : p[0] < 0xC2 ? 0 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 0;
    if (len == 0 || len > n)
        return 0;
    *letter = len == 1 ? p[0] : len == 2 ? p[0] & 0x1Fu : p[0] & 0x0Fu;
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
        *letter = *letter << 6 | (p[i] & 0x3Fu);
    }
    return len;
}

static void add_text(struct glyphs *g, const uint8_t *p, size_t n)
{
    uint32_t letter;
    for (size_t at = 0, step; at < n; at += step ? step : 1) {
        step = decode(p + at, n - at, &letter);
        if (step && letter > ' ')
            glyphs_add(g, letter);
    }
}

static uint32_t word(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* A .mo file (gettext's manual, "The Format of GNU MO Files"), as msgfmt
 * writes it here: little endian. Strings with system-dependent parts stand in
 * tables of their own, all of them in one place: so the bytes behind the
 * tables are read, whatever they are to. */
static enum err add_texts(struct glyphs *g, const char *lang)
{
    char path[4096];
    struct buf text = {0};
    const char *dir = lang_folder();
    int n = snprintf(path, sizeof path, "%s/%s/LC_MESSAGES/feldsher.mo", dir, lang);
    enum err e = n > 0 && (size_t)n < sizeof path ? file_read(path, TEXTS_MAX, &text) : ERR_NOINPUT;
    if (!e && (text.len < 28 || word(text.p) != 0x950412de || word(text.p + 8) == 0))
        e = err_set(ERR_DATA, "%s is no file of texts; install it again", path);
    if (!e) {
        size_t from = text.len;
        const uint32_t strings = word(text.p + 8), table = word(text.p + 12);
        for (uint32_t i = 0; i < strings && table + 8 * (size_t)i + 8 <= text.len; i++) {
            size_t at = word(text.p + table + 8 * (size_t)i + 4);
            from = at < from ? at : from;
        }
        add_text(g, text.p + from, text.len - from);
    }
    buf_free(&text);
    return e;
}

enum err glyphs_ours(struct glyphs *g)
{
    enum err e = ERR_OK;
    for (uint32_t c = '!'; c <= '~'; c++)
        glyphs_add(g, c);
    for (const uint32_t *d = GLYPHS_DRAWN GLYPHS_TYPED; *d; d++)
        glyphs_add(g, *d);
    for (size_t i = 0; lang_names[i] && !e; i++)
        if (strcmp(lang_names[i], "en") != 0)
            e = add_texts(g, lang_names[i]);
    return e;
}

/* 16 bits a letter; 0xFFFF ends a glyph, 0xFFFE begins sequences. */
static void table_1(struct glyphs *g, const uint8_t *p, size_t n, size_t glyphs)
{
    bool sequence = false;
    for (size_t at = 0; at + 1 < n && glyphs; at += 2) {
        uint32_t v = (uint32_t)p[at] | (uint32_t)p[at + 1] << 8;
        glyphs -= v == 0xFFFF;
        sequence = v == 0xFFFE || (sequence && v != 0xFFFF);
        if (v < 0xFFFE && !sequence)
            glyphs_add(g, v);
    }
}

/* UTF-8; 0xFF ends a glyph, 0xFE begins sequences. */
static void table_2(struct glyphs *g, const uint8_t *p, size_t n, size_t glyphs)
{
    bool sequence = false;
    uint32_t letter;
    for (size_t at = 0, step; at < n && glyphs; at += step ? step : 1) {
        step = decode(p + at, n - at, &letter);
        glyphs -= p[at] == 0xFF;
        sequence = p[at] == 0xFE || (sequence && p[at] != 0xFF);
        if (step && !sequence)
            glyphs_add(g, letter);
    }
}

static enum err unpack(const char *path, uint8_t *font, size_t *n)
{
    gzFile f = gzopen(path, "rbe");
    if (!f)
        return err_errno(ERR_NOINPUT, "cannot open %s", path);
    int got = gzread(f, font, FONT_MAX);
    *n = got > 0 ? (size_t)got : 0;
    bool bad = gzclose(f) != Z_OK || got < 0;
    return bad ? err_set(ERR_DATA, "%s is no console font", path) : ERR_OK;
}

enum err glyphs_font(struct glyphs *g, const char *path)
{
    uint8_t *font = malloc(FONT_MAX);
    size_t n = 0;
    enum err e = font ? unpack(path, font, &n) : err_set(ERR_NOMEM, "out of memory");
    if (!e && n > 4 && font[0] == 0x36 && font[1] == 0x04 && (font[2] & 6)) {
        size_t glyphs = font[2] & 1 ? 512 : 256, at = 4 + glyphs * font[3];
        if (at < n)
            table_1(g, font + at, n - at, glyphs);
    } else if (!e && n > 32 && word(font) == 0x864ab572 && (word(font + 12) & 1)) {
        uint64_t at = word(font + 8) + (uint64_t)word(font + 16) * word(font + 20);
        if (at < n)
            table_2(g, font + at, n - (size_t)at, word(font + 16));
    }
    if (!e && g->n == 0)
        e = err_set(ERR_DATA, "%s is no console font", path);
    free(font);
    return e;
}

bool glyphs_console(struct glyphs *g, int fd)
{
    struct unipair *pairs = calloc(PAIRS_MAX, sizeof *pairs);
    struct unimapdesc map = {.entry_ct = PAIRS_MAX, .entries = pairs};
    bool asked = pairs && ioctl(fd, GIO_UNIMAP, &map) == 0;
    for (size_t i = 0; asked && i < map.entry_ct; i++)
        glyphs_add(g, pairs[i].unicode);
    free(pairs);
    return asked;
}

size_t glyphs_missing(const struct glyphs *ours, const struct glyphs *shown, char *out, size_t room)
{
    size_t missing = 0, used = 0;
    out[0] = '\0';
    for (uint32_t c = 0; c < 65536; c++) {
        if (!glyphs_have(ours, c) || glyphs_have(shown, c))
            continue;
        int n = missing < NAMED ? snprintf(out + used, room - used, "%s%lc (U+%04X)", missing ? ", " : "", (wint_t)c, c)
                                : 0;
        used += n > 0 && (size_t)n < room - used ? (size_t)n : 0;
        missing++;
    }
    return missing;
}
