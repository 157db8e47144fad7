#include "tui/widgets/cells.h"

#include "storage/base/text.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

/* Columns of one letter; what the locale does not know: -1. */
static int columns(uint32_t c)
{
    return c < 0x7f && c >= 0x20 ? 1 : wcwidth((wchar_t)c);
}

static bool is_plain(const char *s)
{
    for (; *s; s++)
        if (*s < 0x20 || *s > 0x7e)
            return false;
    return true;
}

static bool append(char *out, size_t cap, size_t *at, const char *s, size_t n)
{
    if (*at + n >= cap)
        return false;
    memcpy(out + *at, s, n);
    *at += n;
    return true;
}

/* b is text_escape's: valid UTF-8 with every backslash doubled or its own. */
static void copy_known(char *out, size_t cap, const struct buf *b)
{
    const char *p = (const char *)b->p;
    size_t at = 0;
    bool room = true;
    for (size_t i = 0, n; i < b->len && room; i += n) {
        uint32_t c = 0;
        char number[16];
        n = text_letter(p + i, b->len - i, &c);
        if (n == 0)
            break;
        int width = columns(c);
        if (width < 0) {
            snprintf(number, sizeof number, "\\u{%04x}", (unsigned)c);
            room = append(out, cap, &at, number, strlen(number));
        } else {
            if (width == 0 && i == 0)
                room = append(out, cap, &at, " ", 1); /* something for it to stand on */
            room = room && append(out, cap, &at, p + i, n);
        }
        if (c == '\\' && i + 1 < b->len && p[i + 1] == '\\')
            n++;
    }
    out[at] = '\0';
}

void cells_escape(char *out, size_t cap, const char *s)
{
    struct buf b = {0};
    if (is_plain(s)) {
        size_t n = strlen(s);
        n = n < cap ? n : cap - 1;
        memcpy(out, s, n);
        out[n] = '\0';
        return;
    }
    out[0] = '\0';
    if (text_escape(&b, s, strlen(s)) == ERR_OK)
        copy_known(out, cap, &b);
    buf_free(&b);
}

void cells_copy(char *out, size_t cap, const char *s, size_t n)
{
    size_t at = n;
    if (n >= cap) {
        int w;
        at = 0;
        for (size_t k; (k = cells_letter(s + at, &w)) > 0 && at + k < cap; at += k)
            ;
    }
    memcpy(out, s, at);
    out[at] = '\0';
}

size_t cells_letter(const char *s, int *width)
{
    uint32_t c = 0;
    *width = 0;
    if (!*s)
        return 0;
    size_t n = text_letter(s, strlen(s), &c);
    if (n == 0) {
        *width = 1;
        return 1;
    }
    int w = columns(c);
    *width = w < 0 ? 1 : w;
    for (size_t more; s[n]; n += more) {
        more = text_letter(s + n, strlen(s + n), &c);
        if (more == 0 || columns(c) != 0)
            break;
    }
    return n;
}

int cells_width(const char *s)
{
    int all = 0, width;
    for (size_t n; (n = cells_letter(s, &width)) > 0; s += n)
        all += width;
    return all;
}

/* Bytes of s that fit into width columns, *used of them. */
static size_t prefix(const char *s, int width, int *used)
{
    size_t at = 0;
    int w;
    *used = 0;
    for (size_t n; (n = cells_letter(s + at, &w)) > 0 && *used + w <= width; at += n)
        *used += w;
    return at;
}

static void blanks(char *out, size_t cap, size_t *at, int n)
{
    for (; n > 0 && *at + 1 < cap; n--)
        out[(*at)++] = ' ';
}

void cells_fit(char *out, size_t cap, const char *s, int width, enum cells_side side)
{
    size_t at = 0, take;
    int used = 0;
    bool cut = cells_width(s) > width;
    take = prefix(s, cut ? width - 1 : width, &used);
    int gap = width - used - (cut ? 1 : 0);
    int before = cut || side == CELLS_LEFT ? 0 : side == CELLS_RIGHT ? gap : gap / 2;
    blanks(out, cap, &at, before);
    bool whole = append(out, cap, &at, s, take);
    if (whole && cut && width > 0)
        append(out, cap, &at, CELLS_ELLIPSIS, strlen(CELLS_ELLIPSIS));
    blanks(out, cap, &at, whole ? gap - before : width);
    out[at] = '\0';
}

size_t cells_line(const char *s, int width, size_t *next)
{
    size_t at = 0, blank = 0, n;
    int used = 0, w;
    bool has_blank = false;
    while ((n = cells_letter(s + at, &w)) > 0 && s[at] != '\n' && used + w <= width) {
        if (s[at] == ' ') {
            blank = at;
            has_blank = true;
        }
        used += w;
        at += n;
    }
    if (n == 0 || s[at] == '\n' || s[at] == ' ') {
        *next = n == 0 ? at : at + 1;
        return at;
    }
    if (has_blank) {
        *next = blank + 1;
        return blank;
    }
    if (at == 0) /* not even one letter fits */
        at = n;
    *next = at;
    return at;
}

static uint32_t folded(const char *s, size_t *n)
{
    uint32_t c = 0;
    *n = text_letter(s, strlen(s), &c);
    if (*n == 0) {
        *n = *s ? 1 : 0;
        return (unsigned char)*s;
    }
    return (uint32_t)towlower((wint_t)c);
}

static bool begins(const char *s, const char *find)
{
    size_t a, b;
    while (*find) {
        if (folded(s, &a) != folded(find, &b))
            return false;
        s += a;
        find += b;
    }
    return true;
}

bool cells_find(const char *s, const char *find)
{
    size_t n;
    for (; *s; s += n) {
        if (begins(s, find))
            return true;
        folded(s, &n);
    }
    return *find == '\0';
}

bool cells_put(char *s, size_t cap, uint32_t c)
{
    char bytes[4];
    size_t n = strlen(s), len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    if (n + len >= cap || c > 0x10ffff)
        return false;
    if (len == 1)
        bytes[0] = (char)c;
    else
        bytes[0] = (char)((0xf00u >> len & 0xffu) | c >> (6 * (len - 1)));
    for (size_t i = 1; i < len; i++)
        bytes[i] = (char)(0x80 | (c >> (6 * (len - 1 - i)) & 0x3f));
    memcpy(s + n, bytes, len);
    s[n + len] = '\0';
    return true;
}

void cells_chop(char *s)
{
    size_t at = 0, n;
    int w;
    while ((n = cells_letter(s + at, &w)) > 0 && s[at + n])
        at += n;
    s[at] = '\0';
}
