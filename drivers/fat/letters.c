#include "drivers/fat/letters.h"

#include <string.h>

/* Code page 866, 0xb0 to 0xdf and 0xf2 to 0xff; the rest are runs. */
static const uint16_t lines866[48] = {
    0x2591, 0x2592, 0x2593, 0x2502, 0x2524, 0x2561, 0x2562, 0x2556, 0x2555, 0x2563, 0x2551, 0x2557,
    0x255d, 0x255c, 0x255b, 0x2510, 0x2514, 0x2534, 0x252c, 0x251c, 0x2500, 0x253c, 0x255e, 0x255f,
    0x255a, 0x2554, 0x2569, 0x2566, 0x2560, 0x2550, 0x256c, 0x2567, 0x2568, 0x2564, 0x2565, 0x2559,
    0x2558, 0x2552, 0x2553, 0x256b, 0x256a, 0x2518, 0x250c, 0x2588, 0x2584, 0x258c, 0x2590, 0x2580,
};
static const uint16_t signs866[16] = {
    0x0401, 0x0451, 0x0404, 0x0454, 0x0407, 0x0457, 0x040e, 0x045e,
    0x00b0, 0x2219, 0x00b7, 0x221a, 0x2116, 0x00a4, 0x25a0, 0x00a0,
};

static uint32_t from866(uint8_t c)
{
    if (c < 0x80)
        return c;
    if (c < 0xb0)
        return 0x410u + (c - 0x80u);
    if (c < 0xe0)
        return lines866[c - 0xb0];
    return c < 0xf0 ? 0x440u + (c - 0xe0u) : signs866[c - 0xf0];
}

static uint8_t lower866(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return (uint8_t)(c + 32);
    if (c >= 0x80 && c < 0x90)
        return (uint8_t)(c + 0x20);
    if (c >= 0x90 && c < 0xa0)
        return (uint8_t)(c + 0x50);
    return c >= 0xf0 && c < 0xf8 ? (uint8_t)(c | 1) : c;
}

static enum err put(struct buf *out, uint32_t c)
{
    uint8_t p[4];
    if (c < 0x20 || c == 0x7f || c == '/' || c == '\\')
        return buf_fmt(out, "\\x%02x", (unsigned)c);
    if (c >= 0xd800 && c < 0xe000)
        return buf_fmt(out, "\\u%04x", (unsigned)c);
    if (c < 0x80) {
        p[0] = (uint8_t)c;
        return buf_add(out, p, 1);
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; c >>= 6)
        p[i] = (uint8_t)(0x80 | (c & 0x3f));
    p[0] = (uint8_t)(0xf00u >> n | c);
    return buf_add(out, p, n);
}

/* What was appended from `from` on is a whole name: none that a path gives a
 * meaning to. */
static enum err close_name(struct buf *out, size_t from)
{
    size_t n = out->len - from;
    if (n == 0)
        return buf_str(out, "\\x20");
    if (n > 2 || memcmp(out->p + from, "..", n) != 0)
        return ERR_OK;
    out->len = from;
    return buf_str(out, n == 2 ? "\\x2e\\x2e" : "\\x2e");
}

enum err letters_long(struct buf *out, const uint16_t *units, size_t n)
{
    size_t from = out->len;
    enum err e = ERR_OK;
    for (size_t i = 0; i < n && !e; i++) {
        uint32_t c = units[i];
        bool pair = c >= 0xd800 && c < 0xdc00 && i + 1 < n && units[i + 1] >= 0xdc00 && units[i + 1] < 0xe000;
        if (pair)
            c = 0x10000u + ((c - 0xd800u) << 10) + (units[++i] - 0xdc00u);
        e = put(out, c);
    }
    return e ? e : close_name(out, from);
}

static size_t trimmed(const uint8_t *p, size_t n)
{
    while (n && p[n - 1] == ' ')
        n--;
    return n;
}

static enum err put866(struct buf *out, const uint8_t *p, size_t n, bool lower)
{
    enum err e = ERR_OK;
    for (size_t i = 0; i < n && !e; i++)
        e = put(out, from866(lower ? lower866(p[i]) : p[i]));
    return e;
}

enum err letters_short(struct buf *out, const uint8_t raw[static 11], uint8_t lower)
{
    uint8_t name[11];
    size_t from = out->len;
    memcpy(name, raw, sizeof name);
    if (name[0] == 0x05) /* 0xe5 is the sign of a deleted entry */
        name[0] = 0xe5;
    size_t base = trimmed(name, 8), extension = trimmed(name + 8, 3);
    enum err e = put866(out, name, base, (lower & 0x08) != 0);
    if (!e && extension)
        e = buf_str(out, ".");
    if (!e)
        e = put866(out, name + 8, extension, (lower & 0x10) != 0);
    return e ? e : close_name(out, from);
}

enum err letters_label(struct buf *out, const uint8_t raw[static 11])
{
    uint8_t name[11];
    memcpy(name, raw, sizeof name);
    if (name[0] == 0x05)
        name[0] = 0xe5;
    enum err e = buf_str(out, "");
    return e ? e : put866(out, name, trimmed(name, sizeof name), false);
}
