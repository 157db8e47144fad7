#include "storage/catalog/retention.h"

#include "storage/base/bytes.h"
#include "storage/base/clock.h"

#include <stdio.h>
#include <string.h>

/* The file itself, so that a non-programmer changes a period in one place. */
__asm__(".section .rodata\n"
        ".global retention_csv\n"
        "retention_csv:\n"
        ".incbin \"storage/catalog/retention.csv\"\n"
        ".byte 0\n"
        ".previous\n");
extern const char retention_csv[];

int64_t retention_until(const char *class, int64_t at)
{
    int64_t best = INT64_MIN, until = INT64_MAX;
    for (const char *p = strchr(retention_csv, '\n'); p && p[1]; p = strchr(p + 1, '\n')) {
        char name[64], day[11], days[12], when[CLOCK_TEXT];
        int64_t from;
        uint64_t n;
        days[0] = '\0';
        if (sscanf(p + 1, "%63[^,],%10[0-9-],%11[0-9]", name, day, days) < 2 || strcmp(name, class) != 0)
            continue;
        snprintf(when, sizeof when, "%sT00:00:00Z", day);
        if (!clock_parse(&from, when, strlen(when)) || from > at || from < best)
            continue;
        best = from;
        until = bytes_decimal(&n, days, strlen(days), 365000) ? at + (int64_t)n * 86400000 : INT64_MAX;
    }
    return until;
}
