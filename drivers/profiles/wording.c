#include "drivers/profiles/wording.h"

#include "storage/base/bytes.h"
#include "storage/base/lang.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *word;
    enum wording_kind kind;
    size_t n; /* 0: as the pattern says */
} words[] = {
    {"device", WORDING_DEVICE, 0}, {"officer", WORDING_OFFICER, 0}, {"YYYY", WORDING_YEAR, 4},
    {"YY", WORDING_YEAR, 2},       {"MM", WORDING_MONTH, 2},        {"DD", WORDING_DAY, 2},
    {"hh", WORDING_HOUR, 2},       {"mm", WORDING_MINUTE, 2},       {"ss", WORDING_SECOND, 2},
    {"secret", WORDING_SECRET, 0},
};
#define WORDS (sizeof words / sizeof words[0])

static bool is_time(enum wording_kind k)
{
    return k >= WORDING_YEAR && k <= WORDING_SECOND;
}

bool wording_has(const struct wording *w, enum wording_kind kind)
{
    for (size_t i = 0; i < w->n_pieces; i++)
        if (w->pieces[i].kind == kind)
            return true;
    return false;
}

/* "device:8" between its braces. */
static const char *parse_field(struct wording_piece *out, const char *s, size_t n)
{
    const char *colon = memchr(s, ':', n);
    size_t len = colon ? (size_t)(colon - s) : n, i = 0;
    uint64_t count = 0;
    while (i < WORDS && (strlen(words[i].word) != len || memcmp(words[i].word, s, len) != 0))
        i++;
    if (i == WORDS)
        return N_("between { and } stands one of device, officer, YYYY, YY, MM, DD, hh, mm, ss, secret");
    *out = (struct wording_piece){words[i].kind, 0, words[i].n};
    if (!colon)
        return NULL;
    if (is_time(words[i].kind) || words[i].kind == WORDING_SECRET ||
        !bytes_decimal(&count, colon + 1, n - len - 1, NAME_LEN - 1) || count == 0)
        return N_("behind : stands how many letters it is, 1 to 63, and only of device and officer");
    out->n = (size_t)count;
    return NULL;
}

static const char *check(const struct wording *w, bool question)
{
    for (size_t i = 0; i < w->n_pieces; i++) {
        const struct wording_piece *p = &w->pieces[i];
        bool open = p->n == 0 && p->kind != WORDING_SECRET;
        if (question && !is_time(p->kind) && p->kind != WORDING_LITERAL && p->kind != WORDING_SECRET)
            return N_("in a question only times and {secret} are filled in");
        if (!question && p->kind == WORDING_SECRET)
            return N_("{secret} is for questions, not for names");
        if (open && i + 1 < w->n_pieces && w->pieces[i + 1].kind != WORDING_LITERAL)
            return N_("* or a field without its number of letters needs a letter behind it that ends it");
        for (size_t k = i + 1; k < w->n_pieces; k++)
            if (p->kind == w->pieces[k].kind && p->kind != WORDING_LITERAL && p->kind < WORDING_ONE)
                return N_("a field stands in it twice");
    }
    unsigned day = 0;
    for (enum wording_kind k = WORDING_YEAR; k <= WORDING_DAY; k++)
        day += wording_has(w, k);
    if (!question && day != 0 && day != 3)
        return N_("a date needs all of year, month and day");
    if (!question && day == 0 && (wording_has(w, WORDING_HOUR) || wording_has(w, WORDING_MINUTE)))
        return N_("a time needs its date");
    return NULL;
}

const char *wording_parse(struct wording *out, const char *s, size_t n, bool question)
{
    *out = (struct wording){0};
    if (n == 0 || n >= sizeof out->text)
        return N_("it is empty or longer than 255 letters");
    memcpy(out->text, s, n);
    for (size_t i = 0; i < n;) {
        struct wording_piece *p = &out->pieces[out->n_pieces], *last = p - (out->n_pieces > 0);
        const char *close = s[i] == '{' ? memchr(s + i, '}', n - i) : NULL;
        if ((s[i] == '{' && !close) || s[i] == '}')
            return N_("a { or } is left over");
        if (close) {
            const char *mistake = parse_field(p, s + i + 1, (size_t)(close - s) - i - 1);
            if (mistake)
                return mistake;
            i = (size_t)(close - s) + 1;
        } else if (!question && (s[i] == '*' || s[i] == '?')) {
            *p = (struct wording_piece){s[i] == '*' ? WORDING_ANY : WORDING_ONE, i, s[i] == '?'};
            i++;
        } else if (out->n_pieces && last->kind == WORDING_LITERAL) {
            last->n++;
            i++;
            continue;
        } else {
            *p = (struct wording_piece){WORDING_LITERAL, i++, 1};
        }
        if (++out->n_pieces == WORDING_PIECES_MAX)
            return N_("it has too many fields");
    }
    return check(out, question);
}

static char low(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_id(char c)
{
    return (low(c) >= 'a' && low(c) <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

static bool take_number(const char *s, size_t n, unsigned *out)
{
    *out = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return false;
        *out = *out * 10 + (unsigned)(s[i] - '0');
    }
    return true;
}

static bool take_id(const char *s, size_t n, char out[static NAME_LEN])
{
    if (n == 0 || n >= NAME_LEN)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!is_id(s[i]))
            return false;
    memcpy(out, s, n);
    out[n] = '\0';
    return true;
}

/* One piece that takes n letters of s. */
static bool take(const struct wording *w, const struct wording_piece *p, const char *s, size_t n,
                 struct wording_read *out)
{
    unsigned value;
    if (p->kind == WORDING_LITERAL) {
        for (size_t i = 0; i < n; i++)
            if (low(s[i]) != low(w->text[p->at + i]))
                return false;
        return true;
    }
    if (p->kind == WORDING_DEVICE)
        return take_id(s, n, out->device);
    if (p->kind == WORDING_OFFICER)
        return take_id(s, n, out->officer);
    if (!is_time(p->kind))
        return true;
    if (!take_number(s, n, &value))
        return false;
    unsigned *const into[] = {&out->at.year, &out->at.month,  &out->at.day,
                              &out->at.hour, &out->at.minute, &out->at.second};
    *into[p->kind - WORDING_YEAR] = p->kind == WORDING_YEAR && n == 2 ? 2000 + value : value;
    return true;
}

/* How far a piece without a number of letters reaches: to the letter behind it. */
static size_t reach(const struct wording *w, size_t piece, const char *s, size_t n)
{
    if (piece + 1 == w->n_pieces)
        return n;
    char end = low(w->text[w->pieces[piece + 1].at]);
    size_t i = 0;
    while (i < n && low(s[i]) != end)
        i++;
    return i;
}

bool wording_read(const struct wording *w, const char *s, size_t n, struct wording_read *out)
{
    static const struct zone utc = {.kind = ZONE_UTC};
    int64_t ms;
    size_t at = 0;
    *out = (struct wording_read){0};
    for (size_t i = 0; i < w->n_pieces; i++) {
        const struct wording_piece *p = &w->pieces[i];
        size_t len = p->n ? p->n : reach(w, i, s + at, n - at);
        if (len > n - at || !take(w, p, s + at, len, out))
            return false;
        at += len;
    }
    return at == n && (!wording_has(w, WORDING_YEAR) || zone_moment(&utc, &out->at, &ms));
}

size_t wording_fill(const struct wording *w, const struct zone_digits *at, const void *secret, size_t secret_n,
                    char *out, size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n_pieces; i++) {
        const struct wording_piece *p = &w->pieces[i];
        char digits[16] = "";
        const void *from = w->text + p->at;
        size_t len = p->n;
        if (p->kind == WORDING_SECRET) {
            from = secret;
            len = secret ? secret_n : 0;
        } else if (is_time(p->kind)) {
            const unsigned values[] = {at->year, at->month, at->day, at->hour, at->minute, at->second};
            snprintf(digits, sizeof digits, "%04u", values[p->kind - WORDING_YEAR] % 10000);
            from = digits + 4 - len;
        }
        if (len > cap - n)
            return 0;
        if (len)
            memcpy(out + n, from, len);
        n += len;
    }
    return n;
}
