#include "storage/base/clock.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int64_t clock_wall(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_uptime(void)
{
    struct timespec t;
    clock_gettime(CLOCK_BOOTTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void clock_boot_id(char out[static 37])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, out, 36);
    if (fd >= 0)
        close(fd);
    if (n == 36)
        out[36] = '\0';
    else
        strcpy(out, "-");
}

void clock_text(char out[static CLOCK_TEXT], int64_t ms)
{
    time_t s = (time_t)(ms >= 0 ? ms / 1000 : (ms - 999) / 1000);
    struct tm tm;
    if (!gmtime_r(&s, &tm) || tm.tm_year + 1900 > 9999 || tm.tm_year + 1900 < 0) {
        strcpy(out, "0000-00-00T00:00:00Z");
        return;
    }
    unsigned year = (unsigned)(tm.tm_year + 1900) % 10000;
    snprintf(out, CLOCK_TEXT, "%04u-%02u-%02uT%02u:%02u:%02uZ", year, (unsigned)(tm.tm_mon + 1) % 100,
             (unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100,
             (unsigned)tm.tm_sec % 100);
}

/* Days since 1970-01-01 of a proleptic Gregorian date (Hinnant, "chrono-compatible
 * low-level date algorithms"). */
static int64_t days_from_civil(int64_t y, unsigned m, unsigned d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    unsigned yoe = (unsigned)(y - era * 400);
    unsigned doy = (153 * (m + (m > 2 ? -3u : 9u)) + 2) / 5 + d - 1;
    unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + (int64_t)doe - 719468;
}

json_t *clock_json(int64_t ms)
{
    char text[CLOCK_TEXT];
    if (ms == INT64_MIN)
        return json_null();
    clock_text(text, ms);
    return json_string(text);
}

bool clock_parse(int64_t *ms, const char *s, size_t n)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:ddZ";
    if (n != sizeof shape - 1)
        return false;
    for (size_t i = 0; i < n; i++)
        if (shape[i] == 'd' ? s[i] < '0' || s[i] > '9' : s[i] != shape[i])
            return false;
#define TWO(i) ((unsigned)(s[i] - '0') * 10 + (unsigned)(s[(i) + 1] - '0'))
    unsigned y = TWO(0) * 100 + TWO(2), mo = TWO(5), d = TWO(8), h = TWO(11), mi = TWO(14), se = TWO(17);
#undef TWO
    static const uint8_t days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (mo < 1 || mo > 12 || d < 1 || d > days[mo - 1] || h > 23 || mi > 59 || se > 59)
        return false;
    if (mo == 2 && d == 29 && (y % 4 || (y % 100 == 0 && y % 400)))
        return false;
    *ms = (days_from_civil((int64_t)y, mo, d) * 86400 + (int64_t)(h * 3600 + mi * 60 + se)) * 1000;
    return true;
}

struct hlc clock_tick(struct hlc last, int64_t wall, int64_t known, enum clock_mark *mark)
{
    int64_t floor_ms = last.ms > known ? last.ms : known;
    *mark = CLOCK_FINE;
    if (wall < floor_ms - CLOCK_BEHIND_SLACK)
        *mark = CLOCK_BEHIND;
    else if (floor_ms > 0 && wall > floor_ms + CLOCK_AHEAD_MAX)
        *mark = CLOCK_AHEAD;
    if (*mark == CLOCK_FINE && wall > floor_ms)
        return (struct hlc){wall, 0};
    if (known > last.ms)
        return (struct hlc){known, 0};
    return last.count == UINT32_MAX ? (struct hlc){last.ms + 1, 0} : (struct hlc){last.ms, last.count + 1};
}

struct hlc clock_merge(struct hlc last, struct hlc other, int64_t wall)
{
    if (other.ms > wall + CLOCK_OTHERS_MAX)
        return last;
    bool later = other.ms > last.ms || (other.ms == last.ms && other.count > last.count);
    return later ? other : last;
}

const char *clock_mark_text(enum clock_mark m)
{
    return m == CLOCK_BEHIND ? "behind" : m == CLOCK_AHEAD ? "ahead" : "ok";
}
