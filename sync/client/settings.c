#include "sync/client/settings.h"

#include "storage/base/file.h"
#include "storage/base/text.h"
#include "sync/link/address.h"

#include <string.h>

static bool number(struct span v, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] < '0' || v.p[i] > '9' || *out > UINT64_MAX / 16)
            return false;
        *out = *out * 10 + (uint64_t)(v.p[i] - '0');
    }
    return v.n > 0;
}

static bool one_of(struct span v, const char *const *words, size_t n, unsigned *out)
{
    for (*out = 0; *out < n; (*out)++)
        if (span_is(v, words[*out]))
            return true;
    return false;
}

/* "HH:MM" in front of *p. */
static bool clock_time(const char *p, unsigned *minute)
{
    for (int i = 0; i < 5; i++)
        if (i == 2 ? p[i] != ':' : p[i] < '0' || p[i] > '9')
            return false;
    unsigned hour = (unsigned)(p[0] - '0') * 10 + (unsigned)(p[1] - '0');
    unsigned rest = (unsigned)(p[3] - '0') * 10 + (unsigned)(p[4] - '0');
    *minute = hour * 60 + rest;
    return rest < 60 && *minute <= 24 * 60;
}

static enum err take_hours(struct budget *b, struct span v)
{
    unsigned from, to;
    if (v.n != 11 || v.p[5] != '-' || !clock_time(v.p, &from) || !clock_time(v.p + 6, &to) || from == to)
        return err_set(ERR_DATA, "hours want two different times like 22:00-06:00");
    if (b->n_hours == BUDGET_HOURS_MAX)
        return err_set(ERR_DATA, "at most %u lines of hours", BUDGET_HOURS_MAX);
    b->hours[b->n_hours].from = from;
    b->hours[b->n_hours++].to = to;
    return ERR_OK;
}

static enum err take_hub(struct settings *s, struct span v)
{
    struct address a;
    if (s->n_hubs == SETTINGS_HUBS_MAX)
        return err_set(ERR_DATA, "at most %u hubs", SETTINGS_HUBS_MAX);
    if (!span_copy(v, s->hubs[s->n_hubs], sizeof s->hubs[0]))
        return err_set(ERR_DATA, "a hub's address is HOST:PORT");
    if (address_parse(&a, s->hubs[s->n_hubs]) != ERR_OK)
        return ERR_DATA; /* the sentence stands */
    s->n_hubs++;
    return ERR_OK;
}

static enum err take(struct settings *s, const struct field *f)
{
    static const char *const yes_no[] = {"no", "yes", "ask"};
    static const char *const when[] = {"always", "unmetered", "hours", "never"};
    struct budget *b = &s->budget;
    unsigned word;
    if (span_is(f->key, "hub"))
        return take_hub(s, f->value);
    if (span_is(f->key, "hours"))
        return take_hours(b, f->value);
    if (span_is(f->key, "bytes-per-day"))
        return number(f->value, &b->bytes_per_day) ? ERR_OK : err_set(ERR_DATA, "bytes-per-day wants a number");
    if (span_is(f->key, "rate"))
        return number(f->value, &b->rate) ? ERR_OK : err_set(ERR_DATA, "rate wants a number of bytes a second");
    if (span_is(f->key, "metered")) {
        if (!one_of(f->value, yes_no, 3, &word))
            return err_set(ERR_DATA, "metered is yes, no or ask");
        b->metered = (enum budget_metered)word;
        return ERR_OK;
    }
    if (span_is(f->key, "metered-unknown")) {
        if (!one_of(f->value, yes_no, 2, &word))
            return err_set(ERR_DATA, "metered-unknown is yes or no");
        b->metered_unknown = word;
        return ERR_OK;
    }
    if (f->key.n == 6 && memcmp(f->key.p, "lane ", 5) == 0 && f->key.p[5] >= '0' && f->key.p[5] < '0' + LANES) {
        if (!one_of(f->value, when, 4, &word))
            return err_set(ERR_DATA, "a lane goes always, unmetered, hours or never");
        b->lanes[f->key.p[5] - '0'] = (enum budget_when)word;
        return ERR_OK;
    }
    return err_set(ERR_DATA, "there is no setting of that name");
}

/* Hours that no lane keeps to, and the other way round, are a mistake. */
static enum err check_hours(const struct budget *b)
{
    bool kept = false;
    for (size_t i = 0; i < LANES; i++)
        kept = kept || b->lanes[i] == BUDGET_HOURS;
    if (kept == (b->n_hours > 0))
        return ERR_OK;
    return kept ? err_set(ERR_DATA, "a lane keeps to hours, and none are given; add `hours: 22:00-06:00`")
                : err_set(ERR_DATA, "hours are given, and no lane keeps to them; add `lane 4: hours`");
}

enum err settings_parse(struct settings *s, const char *name, const char *text, size_t n)
{
    struct text t;
    struct field f;
    unsigned version;
    char why[512];
    memset(s, 0, sizeof *s);
    budget_default(&s->budget);
    enum err e = text_open(&t, "link-conf", &version, text, n);
    while (!e && (e = text_next(&t, &f)) == ERR_OK) {
        e = take(s, &f);
        if (e) {
            snprintf(why, sizeof why, "%s", err_text());
            return err_set(e, "%s, line %u: %s", name, t.line, why);
        }
    }
    if (e == ERR_END)
        e = check_hours(&s->budget);
    if (e) {
        snprintf(why, sizeof why, "%s", err_text());
        return err_set(e, "%s: %s", name, why);
    }
    return ERR_OK;
}

enum err settings_read(struct settings *s, const char *dir)
{
    char path[4096];
    struct buf text = {.max = SETTINGS_MAX};
    enum err e = file_path(path, dir, "link.conf");
    if (!e)
        e = file_read(path, SETTINGS_MAX, &text);
    if (!e)
        e = settings_parse(s, path, (const char *)text.p, text.len);
    buf_free(&text);
    if (e == ERR_NOINPUT) {
        memset(s, 0, sizeof *s);
        budget_default(&s->budget);
        return ERR_OK;
    }
    return e;
}
