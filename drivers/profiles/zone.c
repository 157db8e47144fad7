#include "drivers/profiles/zone.h"

#include "storage/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void zone_start(void)
{
    tzset();
}

static bool two(const char *s, int max, int *out)
{
    if (s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9')
        return false;
    *out = (s[0] - '0') * 10 + (s[1] - '0');
    return *out <= max;
}

bool zone_parse(struct zone *out, const char *s, size_t n)
{
    int hours, minutes;
    *out = (struct zone){.kind = ZONE_UTC};
    if (n == 3 && memcmp(s, "utc", n) == 0)
        return true;
    out->kind = ZONE_LOCAL;
    if (n == 5 && memcmp(s, "local", n) == 0)
        return true;
    out->kind = ZONE_OFFSET;
    if (n != 6 || (s[0] != '+' && s[0] != '-') || s[3] != ':' || !two(s + 1, 14, &hours) || !two(s + 4, 59, &minutes))
        return false;
    out->minutes = (s[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
    return true;
}

/* ms east of UTC at a moment. */
static int64_t east(const struct zone *z, int64_t ms)
{
    struct tm tm;
    time_t s = (time_t)(ms / 1000);
    if (z->kind == ZONE_OFFSET)
        return (int64_t)z->minutes * 60000;
    /* localtime_r: mktime would look at the zone's file anew, which may be out of reach by now */
    return z->kind == ZONE_LOCAL && localtime_r(&s, &tm) ? (int64_t)tm.tm_gmtoff * 1000 : 0;
}

bool zone_moment(const struct zone *z, const struct zone_digits *d, int64_t *ms)
{
    char text[80];
    int64_t wall;
    int n = snprintf(text, sizeof text, "%04u-%02u-%02uT%02u:%02u:%02uZ", d->year, d->month, d->day, d->hour, d->minute,
                     d->second);
    if (d->year < 2000 || d->year > 2099 || n != CLOCK_TEXT - 1 || !clock_parse(&wall, text, (size_t)n))
        return false;
    *ms = zone_of_wall(z, wall);
    return true;
}

int64_t zone_of_wall(const struct zone *z, int64_t wall)
{
    /* the second look counts where the first stood on the other side of a change */
    return wall - east(z, wall - east(z, wall));
}

int64_t zone_wall(const struct zone *z, int64_t ms)
{
    return ms + east(z, ms);
}

void zone_text(char out[static ZONE_TEXT], const struct zone *z, int64_t ms)
{
    unsigned minutes = (unsigned)(llabs(east(z, ms)) / 60000) % 6000;
    if (z->kind == ZONE_UTC)
        strcpy(out, "utc");
    else
        snprintf(out, ZONE_TEXT, "%s%c%02u:%02u", z->kind == ZONE_LOCAL ? "local " : "", east(z, ms) < 0 ? '-' : '+',
                 minutes / 60, minutes % 60);
}

bool zone_digits(const struct zone *z, int64_t ms, struct zone_digits *out)
{
    struct tm tm;
    time_t s;
    if (ms < 0 || ms > (int64_t)4102444800 * 1000)
        return false;
    s = (time_t)((ms + east(z, ms)) / 1000);
    if (!gmtime_r(&s, &tm) || tm.tm_year < 100 || tm.tm_year > 199)
        return false;
    *out = (struct zone_digits){(unsigned)tm.tm_year + 1900, (unsigned)tm.tm_mon + 1, (unsigned)tm.tm_mday,
                                (unsigned)tm.tm_hour,        (unsigned)tm.tm_min,     (unsigned)tm.tm_sec};
    return true;
}
