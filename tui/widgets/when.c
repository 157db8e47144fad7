#include "tui/widgets/when.h"

#include "storage/base/clock.h"

#include <string.h>
#include <time.h>

void when_text(char out[static WHEN_TEXT], const char *time)
{
    int64_t ms;
    struct tm tm;
    out[0] = '\0';
    if (!clock_parse(&ms, time, strlen(time)))
        return;
    time_t seconds = (time_t)(ms / 1000);
    if (!localtime_r(&seconds, &tm) || strftime(out, WHEN_TEXT, "%Y-%m-%d %H:%M", &tm) == 0)
        out[0] = '\0';
}
