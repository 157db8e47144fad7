#include "drivers/probe/degrees.h"

#define DIGITS_MAX 9u

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool degrees_decimal(const char *s, size_t n, int64_t *e7)
{
    size_t i = 0, whole = 0, after = 0;
    int64_t v = 0;
    bool minus = n && s[0] == '-';
    if (n && (s[0] == '-' || s[0] == '+'))
        i++;
    for (; i < n && is_digit(s[i]); i++, whole++) {
        if (whole == DIGITS_MAX)
            return false;
        v = v * 10 + (s[i] - '0');
    }
    if (i < n && s[i] == '.')
        for (i++; i < n && is_digit(s[i]); i++)
            if (after < 7) {
                v = v * 10 + (s[i] - '0');
                after++;
            }
    if (i != n || !whole)
        return false;
    for (; after < 7; after++)
        v *= 10;
    *e7 = minus ? -v : v;
    return true;
}

bool degrees_minutes(int64_t ddmm_e7, int64_t *e7)
{
    int64_t degrees = ddmm_e7 / (100 * DEGREES_ONE), minutes = ddmm_e7 % (100 * DEGREES_ONE);
    if (ddmm_e7 < 0 || minutes >= 60 * DEGREES_ONE)
        return false;
    *e7 = degrees * DEGREES_ONE + minutes / 60;
    return true;
}

bool degrees_point(int64_t lat_e7, int64_t lon_e7, struct place_point *out)
{
    if (lat_e7 < -90 * DEGREES_ONE || lat_e7 > 90 * DEGREES_ONE || lon_e7 < -180 * DEGREES_ONE ||
        lon_e7 > 180 * DEGREES_ONE || (lat_e7 == 0 && lon_e7 == 0))
        return false;
    *out = (struct place_point){INT64_MIN, (int32_t)lat_e7, (int32_t)lon_e7};
    return true;
}

/* One number of it: how many digits stand in front of the point says whether
 * they are degrees, degrees and minutes, or seconds, too. */
static bool part(const char **p, const char *end, size_t degrees, int64_t *e7)
{
    const char *s = *p;
    size_t n = 0, whole = 0;
    int64_t v;
    if (s == end || (*s != '+' && *s != '-'))
        return false;
    for (n = 1; s + n < end && (is_digit(s[n]) || s[n] == '.'); n++)
        ;
    while (whole + 1 < n && is_digit(s[whole + 1]))
        whole++;
    *p += n;
    if (!degrees_decimal(s + 1, n - 1, &v))
        return false;
    if (whole == degrees + 4) {
        int64_t seconds = v % (100 * DEGREES_ONE);
        if (seconds >= 60 * DEGREES_ONE)
            return false;
        v = v / (100 * DEGREES_ONE) * DEGREES_ONE + seconds / 60;
        whole = degrees + 2;
    }
    if (whole == degrees + 2 && !degrees_minutes(v, &v))
        return false;
    *e7 = *s == '-' ? -v : v;
    return whole == degrees || whole == degrees + 2;
}

bool degrees_iso6709(const char *s, size_t n, struct place_point *out)
{
    const char *p = s;
    int64_t lat, lon;
    return part(&p, s + n, 2, &lat) && part(&p, s + n, 3, &lon) && degrees_point(lat, lon, out);
}
