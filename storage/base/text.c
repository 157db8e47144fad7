#include "storage/base/text.h"

#include "storage/base/bytes.h"
#include "storage/limits.h"

#include <stdio.h>
#include <string.h>

size_t text_letter(const void *bytes, size_t n, uint32_t *cp)
{
    const unsigned char *p = bytes;
    if (n == 0)
        return 0;
    if (p[0] < 0x80) {
        *cp = p[0];
        return 1;
    }
    size_t len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || n < len)
        return 0;
    uint32_t c = p[0] & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3fu);
    }
    if ((len == 3 && c < 0x800) || (len == 4 && (c < 0x10000 || c > 0x10ffff)) || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    *cp = c;
    return len;
}

bool text_is_utf8(const char *s, size_t n)
{
    const unsigned char *p = (const unsigned char *)s;
    for (size_t i = 0; i < n;) {
        uint32_t cp;
        size_t len = text_letter(p + i, n - i, &cp);
        if (len == 0)
            return false;
        i += len;
    }
    return true;
}

/* What would move the cursor, change direction or hide itself on a screen. */
static bool is_hidden(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x00ad || c == 0x061c || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
           (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe0fff);
}

#define ESCAPED 16 /* more than one letter ever becomes */

/* The letter at p, or the byte that is none, of n bytes that are left; *len: how
 * many of these it is. How long it is when it is shown. */
static size_t escape_letter(char out[static ESCAPED], const unsigned char *p, size_t n, size_t *len)
{
    uint32_t cp = p[0];
    size_t letter = text_letter(p, n, &cp);
    int shown = 2;
    *len = letter ? letter : 1;
    if (letter && cp != '\\' && !is_hidden(cp)) {
        memcpy(out, p, letter);
        return letter;
    }
    if (cp == '\\')
        out[0] = out[1] = '\\';
    else if (!letter || cp < 0x80)
        shown = snprintf(out, ESCAPED, "\\x%02x", (unsigned)cp & 0xff);
    else
        shown = snprintf(out, ESCAPED, "\\u{%04x}", (unsigned)cp);
    return (size_t)shown;
}

enum err text_escape(struct buf *out, const char *s, size_t n)
{
    const unsigned char *p = (const unsigned char *)s;
    char shown[ESCAPED];
    enum err e = buf_add(out, "", 0); /* even nothing is a string */
    for (size_t i = 0, len; i < n && !e; i += len) {
        size_t size = escape_letter(shown, p + i, n - i, &len);
        e = buf_add(out, shown, size);
    }
    return e;
}

void text_escape_cut(char *out, size_t cap, const char *s, size_t n)
{
    const unsigned char *p = (const unsigned char *)s;
    char shown[ESCAPED];
    size_t at = 0;
    for (size_t i = 0, len; i < n; i += len) {
        size_t size = escape_letter(shown, p + i, n - i, &len);
        if (at + size >= cap)
            break;
        memcpy(out + at, shown, size);
        at += size;
    }
    out[at] = '\0';
}

bool span_is(struct span s, const char *str)
{
    return s.n == strlen(str) && memcmp(s.p, str, s.n) == 0;
}

bool span_word(struct span *s, struct span *word)
{
    while (s->n && *s->p == ' ') {
        s->p++;
        s->n--;
    }
    word->p = s->p;
    word->n = 0;
    while (s->n && *s->p != ' ') {
        s->p++;
        s->n--;
        word->n++;
    }
    return word->n > 0;
}

bool span_copy(struct span s, char *out, size_t cap)
{
    if (s.n >= cap)
        return false;
    memcpy(out, s.p, s.n);
    out[s.n] = '\0';
    return true;
}

/* The next line without its LF, checked; ERR_END behind the last. */
static enum err next_line(struct text *t, struct span *line)
{
    if (t->p == t->end)
        return ERR_END;
    t->line++;
    size_t left = (size_t)(t->end - t->p);
    const char *lf = memchr(t->p, '\n', left < TEXT_LINE_MAX ? left : TEXT_LINE_MAX);
    if (!lf)
        return err_set(ERR_DATA, "line %u is cut short or too long", t->line);
    line->p = t->p;
    line->n = (size_t)(lf - t->p);
    t->p = lf + 1;
    const unsigned char *p = (const unsigned char *)line->p;
    for (size_t i = 0; i < line->n;) {
        uint32_t cp;
        size_t len = text_letter(p + i, line->n - i, &cp);
        if (len == 0 || cp < 0x20 || cp == 0x7f)
            return err_set(ERR_DATA, "line %u holds a byte that is no text", t->line);
        i += len;
    }
    return ERR_OK;
}

enum err text_open(struct text *t, const char *name, unsigned *version, const char *p, size_t n)
{
    *t = (struct text){.p = p, .end = n ? p + n : p};
    struct span line = {0}, word;
    enum err e = next_line(t, &line);
    if (e)
        return e == ERR_END ? err_set(ERR_DATA, "a feldsher-%s text is empty", name) : e;
    uint64_t v;
    if (!span_word(&line, &word) || word.n != strlen(name) + 9 || memcmp(word.p, "feldsher-", 9) != 0 ||
        memcmp(word.p + 9, name, word.n - 9) != 0 || line.n < 2 || !bytes_decimal(&v, line.p + 1, line.n - 1, 999999) ||
        v == 0)
        return err_set(ERR_DATA, "it does not begin with \"feldsher-%s 1\"", name);
    *version = (unsigned)v;
    return ERR_OK;
}

enum err text_next(struct text *t, struct field *f)
{
    struct span line = {0};
    enum err e;
    do
        e = next_line(t, &line);
    while (!e && t->comments && (line.n == 0 || *line.p == '#'));
    if (e)
        return e;
    const char *colon = line.n ? memchr(line.p, ':', line.n) : NULL;
    if (!colon || colon == line.p || colon + 1 == line.p + line.n || colon[1] != ' ')
        return err_set(ERR_DATA, "line %u is not \"key: value\"", t->line);
    f->start = line.p;
    f->key = (struct span){line.p, (size_t)(colon - line.p)};
    f->value = (struct span){colon + 2, (size_t)(line.p + line.n - colon - 2)};
    return ERR_OK;
}

bool text_is_name(const char *s, bool allow_slash)
{
    size_t part = 0;
    unsigned slashes = 0;
    for (; *s; s++) {
        if (*s == '/') {
            if (!allow_slash || part == 0 || slashes++)
                return false;
            part = 0;
            continue;
        }
        bool letter = (*s >= 'a' && *s <= 'z') || (*s >= '0' && *s <= '9');
        if (!letter && (*s != '-' || part == 0))
            return false;
        if (++part > NAME_LEN - 1)
            return false;
    }
    return part > 0;
}
