#include "drivers/probe/moment.h"

#include "storage/base/clock.h"

#include <stdio.h>

#define MOMENT_MAX ((int64_t)7258118400000) /* 2200-01-01 */

bool moment_is_sane(int64_t ms)
{
    return ms >= 0 && ms < MOMENT_MAX;
}

int64_t moment_make(unsigned year, unsigned month, unsigned day, unsigned hour, unsigned minute, unsigned second)
{
    char text[CLOCK_TEXT];
    int64_t ms;
    if (year > 9999 || month > 99 || day > 99 || hour > 99 || minute > 99 || second > 99)
        return MOMENT_NONE;
    /* 23:59:60 is a leap second, which nobody's clock shows afterwards */
    bool leap = second == 60;
    snprintf(text, sizeof text, "%04u-%02u-%02uT%02u:%02u:%02uZ", year % 10000, month % 100, day % 100, hour % 100,
             minute % 100, (leap ? 59 : second) % 100);
    if (!clock_parse(&ms, text, CLOCK_TEXT - 1))
        return MOMENT_NONE;
    ms += leap ? 1000 : 0;
    return moment_is_sane(ms) ? ms : MOMENT_NONE;
}

/* n digits at *p, which moves behind them. */
static bool digits(const char **p, const char *end, unsigned n, unsigned *out)
{
    unsigned v = 0;
    for (; n; n--, (*p)++) {
        if (*p == end || **p < '0' || **p > '9')
            return false;
        v = v * 10 + (unsigned)(**p - '0');
    }
    *out = v;
    return true;
}

static bool letter(const char **p, const char *end, const char *any)
{
    for (; *any && *p < end; any++)
        if (**p == *any) {
            (*p)++;
            return true;
        }
    return false;
}

/* Z, an offset, or nothing, up to the end. */
static bool zone(const char *p, const char *end, int64_t *ms)
{
    unsigned hour, minute = 0;
    if (p == end || (letter(&p, end, "Zz") && p == end))
        return true;
    bool west = p < end && *p == '-';
    if (!letter(&p, end, "+-") || !digits(&p, end, 2, &hour) || hour > 14)
        return false;
    if (p < end && (letter(&p, end, ":"), !digits(&p, end, 2, &minute) || minute > 59))
        return false;
    int64_t off = ((int64_t)hour * 60 + minute) * 60000;
    *ms += west ? off : -off;
    return p == end;
}

bool moment_parse(int64_t *ms, const char *s, size_t n)
{
    const char *p = s, *end = s + n;
    unsigned y, mo, d, h, mi, se, digit;
    int64_t scale = 100;
    if (!digits(&p, end, 4, &y) || !letter(&p, end, "-") || !digits(&p, end, 2, &mo) || !letter(&p, end, "-") ||
        !digits(&p, end, 2, &d) || !letter(&p, end, "Tt ") || !digits(&p, end, 2, &h) || !letter(&p, end, ":") ||
        !digits(&p, end, 2, &mi) || !letter(&p, end, ":") || !digits(&p, end, 2, &se))
        return false;
    int64_t v = moment_make(y, mo, d, h, mi, se);
    if (v == MOMENT_NONE)
        return false;
    if (letter(&p, end, ".,"))
        for (; digits(&p, end, 1, &digit); scale /= 10)
            v += digit * scale;
    if (!zone(p, end, &v) || !moment_is_sane(v))
        return false;
    *ms = v;
    return true;
}
