#include "storage/seal/armor.h"

#include "storage/base/bytes.h"

#include <string.h>

#define COLUMNS 64
#define LINE_BYTES 48

static const char begin_line[] = "-----BEGIN AGE ENCRYPTED FILE-----";
static const char end_line[] = "-----END AGE ENCRYPTED FILE-----";

static bool is_blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool armor_starts(uint8_t first)
{
    return first == '-' || is_blank(first);
}

void armor_begin(struct armor *a, sink_fn *sink, void *ctx)
{
    *a = (struct armor){.sink = sink, .ctx = ctx, .at = ARMOR_BEFORE};
}

static enum err malformed(const char *why)
{
    return err_set(ERR_DATA, "this is not a whole age file: %s", why);
}

static bool line_is(const struct armor *a, const char *want)
{
    return a->len == strlen(want) && memcmp(a->line, want, a->len) == 0;
}

static enum err take_data(struct armor *a)
{
    uint8_t bytes[LINE_BYTES];
    size_t n;
    if (line_is(a, end_line)) {
        a->at = ARMOR_BEHIND;
        return ERR_OK;
    }
    /* libsodium 1.0.18 takes a byte over 127 for a '/' */
    for (size_t i = 0; i < a->len; i++)
        if ((unsigned char)a->line[i] > 126)
            return malformed("its armor is no plain text");
    if (a->len == 0 || a->len > COLUMNS || !bytes_unb64(bytes, sizeof bytes, &n, a->line, a->len, true))
        return malformed("a line of its armor is malformed");
    if (n < LINE_BYTES)
        a->at = ARMOR_END_DUE;
    return a->sink(a->ctx, bytes, n);
}

static bool line_blank(const struct armor *a)
{
    for (size_t i = 0; i < a->len; i++)
        if (!is_blank((uint8_t)a->line[i]))
            return false;
    return true;
}

static enum err take_line(struct armor *a)
{
    enum err e = ERR_OK;
    bool blank = line_blank(a);
    if (a->len && a->line[a->len - 1] == '\r')
        a->len--;
    if (a->at == ARMOR_BEFORE && line_is(a, begin_line))
        a->at = ARMOR_DATA;
    else if (a->at == ARMOR_BEFORE && !blank)
        e = malformed("it does not begin as one");
    else if (a->at == ARMOR_DATA)
        e = take_data(a);
    else if (a->at == ARMOR_END_DUE && !line_is(a, end_line))
        e = malformed("its armor has no last line");
    else if (a->at == ARMOR_END_DUE)
        a->at = ARMOR_BEHIND;
    a->len = 0;
    return e;
}

static enum err take_behind(struct armor *a, uint8_t c)
{
    if (!is_blank(c))
        return malformed("other bytes follow its armor");
    return ++a->blanks < ARMOR_BLANK_MAX ? ERR_OK : malformed("too many blanks follow its armor");
}

static enum err take_byte(struct armor *a, uint8_t c)
{
    if (a->at == ARMOR_BEHIND)
        return take_behind(a, c);
    if (a->at == ARMOR_BEFORE && is_blank(c) && ++a->blanks > ARMOR_BLANK_MAX)
        return malformed("too many blanks stand before its armor");
    if (c == '\n')
        return take_line(a);
    if (a->at == ARMOR_BEFORE && is_blank(c) && a->len && line_blank(a))
        return ERR_OK; /* one blank stands for all of a blank line */
    if (a->len == sizeof a->line)
        return malformed("a line of its armor is too long");
    a->line[a->len++] = (char)c;
    return ERR_OK;
}

enum err armor_write(struct armor *a, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool before = a->at != ARMOR_BEHIND;
        enum err e = take_byte(a, p[i]);
        if (e)
            return e;
        if (before && a->at == ARMOR_BEHIND)
            a->blanks = 0;
    }
    return ERR_OK;
}

enum err armor_finish(struct armor *a)
{
    enum err e = a->at != ARMOR_BEHIND ? take_line(a) : ERR_OK; /* the last line may lack its end */
    if (!e && a->at != ARMOR_BEHIND)
        e = malformed("its armor is cut off");
    return e;
}
