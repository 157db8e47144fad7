#include "sync/client/usage.h"

#include "storage/base/file.h"
#include "storage/base/text.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#define USAGE_MAX 4096u

static bool number(struct span *s, uint64_t *out)
{
    struct span w;
    *out = 0;
    if (!span_word(s, &w) || w.n > 18)
        return false;
    for (size_t i = 0; i < w.n; i++) {
        if (w.p[i] < '0' || w.p[i] > '9')
            return false;
        *out = *out * 10 + (uint64_t)(w.p[i] - '0');
    }
    return true;
}

enum err usage_open(struct usage *u, const char *dir)
{
    struct buf text = {.max = USAGE_MAX};
    struct text t;
    struct field f;
    unsigned version;
    memset(u, 0, sizeof *u);
    enum err e = file_path(u->path, dir, "log/sync.usage");
    if (e)
        return e;
    e = file_read(u->path, USAGE_MAX, &text);
    if (!e)
        e = text_open(&t, "usage", &version, (const char *)text.p, text.len);
    while (!e && (e = text_next(&t, &f)) == ERR_OK) {
        uint64_t day, bytes;
        if (span_is(f.key, "day") && number(&f.value, &day) && number(&f.value, &bytes))
            budget_spend(&u->days, (int64_t)day, bytes);
    }
    buf_free(&text);
    err_clear();
    return e == ERR_NOMEM || e == ERR_IO ? e : ERR_OK;
}

static enum err save(struct usage *u, int64_t now)
{
    struct buf text = {0};
    enum err e = buf_str(&text, "feldsher-usage 1\n");
    for (size_t i = 0; i < u->days.n && !e; i++)
        e = buf_fmt(&text, "day: %" PRId64 " %" PRIu64 "\n", u->days.days[i].day, u->days.days[i].bytes);
    if (!e)
        e = file_write(u->path, text.p, text.len, 0600);
    buf_free(&text);
    if (!e) {
        u->unsaved = 0;
        u->saved = now;
    }
    return e;
}

enum err usage_spend(struct usage *u, int64_t day, uint64_t bytes, int64_t now)
{
    if (bytes)
        budget_spend(&u->days, day, bytes);
    u->unsaved += bytes;
    int64_t ago = now - u->saved;
    bool due = u->unsaved >= USAGE_BYTES || (u->unsaved >= USAGE_SOME && ago >= USAGE_MS) || ago >= USAGE_LONG_MS;
    if (u->unsaved == 0 || !due)
        return ERR_OK;
    return save(u, now == INT64_MAX ? u->saved : now);
}

void usage_today(int64_t *day, unsigned *minute)
{
    time_t now = time(NULL);
    struct tm tm;
    localtime_r(&now, &tm);
    int64_t local = (int64_t)now + tm.tm_gmtoff;
    *day = local / 86400;
    *minute = (unsigned)(tm.tm_hour * 60 + tm.tm_min);
}
