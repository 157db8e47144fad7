#include "drivers/fat/stamp.h"

#include <stdbool.h>
#include <stdio.h>

#define MINUTE ((int64_t)60000)

struct civil {
    int year, month, day, hour, minute, second, ms;
};

static bool read_civil(struct civil *c, const struct stamp *s)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    *c = (struct civil){1980 + (s->date >> 9), s->date >> 5 & 15, s->date & 31,
                        s->time >> 11,         s->time >> 5 & 63, 2 * (s->time & 31) + s->tens / 100,
                        10 * (s->tens % 100)};
    return s->tens < 200 && c->month >= 1 && c->month <= 12 && c->day >= 1 && c->day <= days[c->month - 1] &&
           c->hour < 24 && c->minute < 60 && (s->time & 31) < 30;
}

/* Days from 1970 to a day of the Gregorian calendar. */
static int64_t days_to(const struct civil *c)
{
    int64_t year = c->month > 2 ? c->year : c->year - 1, month = c->month > 2 ? c->month - 3 : c->month + 9;
    return 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + c->day - 1 - 719468;
}

static int64_t quarters(const struct stamp *s)
{
    int q = s->zone & 0x7f;
    return (s->zone & 0x80) == 0 ? 0 : q >= 64 ? q - 128 : q;
}

int64_t stamp_ms(const struct stamp *s)
{
    struct civil c;
    if (!read_civil(&c, s))
        return INT64_MIN;
    int64_t minutes = (days_to(&c) * 24 + c.hour) * 60 + c.minute - 15 * quarters(s);
    return minutes * MINUTE + 1000 * (int64_t)c.second + c.ms;
}

json_t *stamp_json(const struct stamp *s)
{
    char text[96] = "", zone[16] = "";
    struct civil c;
    if (read_civil(&c, s))
        snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%02d", c.year, c.month, c.day, c.hour, c.minute,
                 c.second, c.ms / 10);
    int q = (int)quarters(s), far = q < 0 ? -q : q;
    if (s->zone & 0x80)
        snprintf(zone, sizeof zone, "%c%02d:%02d", q < 0 ? '-' : '+', far / 4, far % 4 * 15);
    return json_pack("{s:s, s:s, s:[i,i,i,i]}", "local", text, "zone", zone, "raw", (int)s->date, (int)s->time,
                     (int)s->tens, (int)s->zone);
}
