#include "sync/client/settings.h"

#include "storage/base/file.h"
#include "storage/base/text.h"
#include "sync/link/address.h"

#include <stdio.h>
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

static const char *const yes_no[] = {"no", "yes", "ask"};
static const char *const when[] = {"always", "unmetered", "hours", "never"};

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

/* "KEY: VALUE..." in its two pieces; false: it is none. */
static bool split(const char *change, struct span *key, struct span *values)
{
    const char *colon = strchr(change, ':');
    if (!colon || colon == change)
        return false;
    *key = (struct span){change, (size_t)(colon - change)};
    *values = (struct span){colon + 1, strlen(colon + 1)};
    return true;
}

static bool repeats(struct span key)
{
    return span_is(key, "hub") || span_is(key, "hours");
}

static enum err put_lines(struct buf *out, struct span key, struct span values)
{
    struct span word;
    enum err e = ERR_OK;
    if (!repeats(key)) {
        while (values.n && *values.p == ' ') {
            values.p++;
            values.n--;
        }
        return values.n ? buf_fmt(out, "%.*s: %.*s\n", (int)key.n, key.p, (int)values.n, values.p) : ERR_OK;
    }
    while (!e && span_word(&values, &word))
        e = buf_fmt(out, "%.*s: %.*s\n", (int)key.n, key.p, (int)word.n, word.p);
    return e;
}

/* The change that a line of the file falls under; n_changes: none. */
static size_t change_of(struct span key, const char *const changes[], size_t n_changes)
{
    struct span k, v;
    size_t i = 0;
    while (i < n_changes && (!split(changes[i], &k, &v) || k.n != key.n || memcmp(k.p, key.p, k.n) != 0))
        i++;
    return i;
}

enum err settings_change(const char *text, size_t n, const char *const changes[], size_t n_changes, struct buf *out)
{
    struct text t;
    struct field f;
    struct span key, values;
    unsigned version = 1;
    bool done[SETTINGS_CHANGES_MAX] = {false};
    if (n_changes > SETTINGS_CHANGES_MAX)
        return err_set(ERR_USAGE, "at most %u settings are changed at once", SETTINGS_CHANGES_MAX);
    for (size_t i = 0; i < n_changes; i++)
        if (!split(changes[i], &key, &values) || strchr(changes[i], '\n'))
            return err_set(ERR_USAGE, "a setting is KEY: VALUE, not %s", changes[i]);
    enum err e = text ? text_open(&t, "link-conf", &version, text, n) : ERR_END;
    if (!e || e == ERR_END) {
        enum err made = buf_fmt(out, "feldsher-link-conf %u\n", version);
        e = made ? made : e;
    }
    while (!e && (e = text_next(&t, &f)) == ERR_OK) {
        size_t i = change_of(f.key, changes, n_changes);
        if (i == n_changes)
            e = buf_fmt(out, "%.*s: %.*s\n", (int)f.key.n, f.key.p, (int)f.value.n, f.value.p);
        else if (!done[i] && split(changes[i], &key, &values))
            e = put_lines(out, key, values);
        if (i < n_changes)
            done[i] = true;
    }
    if (e != ERR_END)
        return e;
    e = ERR_OK;
    for (size_t i = 0; i < n_changes && !e; i++)
        if (!done[i] && split(changes[i], &key, &values))
            e = put_lines(out, key, values);
    return e;
}

enum err settings_write(const char *dir, const char *const changes[], size_t n)
{
    char path[4096];
    struct settings s;
    struct buf old = {.max = SETTINGS_MAX}, text = {.max = SETTINGS_MAX};
    enum err e = file_path(path, dir, "link.conf");
    if (!e)
        e = file_read(path, SETTINGS_MAX, &old);
    bool none = e == ERR_NOINPUT;
    if (!e || none)
        e = settings_change(none ? NULL : (const char *)old.p, old.len, changes, n, &text);
    if (!e)
        e = settings_parse(&s, "link.conf", (const char *)text.p, text.len);
    if (!e)
        e = file_write(path, text.p, text.len, 0600);
    buf_free(&old);
    buf_free(&text);
    return e;
}

json_t *settings_json(const struct settings *s)
{
    const struct budget *b = &s->budget;
    json_t *hubs = json_array(), *hours = json_array(), *lanes = json_array();
    for (size_t i = 0; i < s->n_hubs; i++)
        json_array_append_new(hubs, json_string(s->hubs[i]));
    for (size_t i = 0; i < b->n_hours; i++)
        json_array_append_new(hours, json_sprintf("%02u:%02u-%02u:%02u", b->hours[i].from / 60, b->hours[i].from % 60,
                                                  b->hours[i].to / 60, b->hours[i].to % 60));
    for (size_t i = 0; i < LANES; i++)
        json_array_append_new(lanes, json_string(when[b->lanes[i]]));
    return json_pack("{s:o,s:I,s:I,s:o,s:s,s:s,s:o}", "hubs", hubs, "bytes_per_day", (json_int_t)b->bytes_per_day,
                     "rate", (json_int_t)b->rate, "hours", hours, "metered", yes_no[b->metered], "metered_unknown",
                     yes_no[b->metered_unknown], "lanes", lanes);
}
