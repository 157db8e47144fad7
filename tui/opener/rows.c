#include "tui/opener/rows.h"

#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {
    [RECORDS_RECORDINGS] = "recordings", [RECORDS_ENTRIES] = "entries",       [RECORDS_WAITING] = "waiting",
    [RECORDS_NOTES] = "notes",           [RECORDS_QUARANTINE] = "quarantine",
};
#define KINDS (sizeof kinds / sizeof kinds[0])

static enum err number(const char *option, const char *text, uint64_t max, uint64_t *out)
{
    char *end;
    *out = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || *out > max)
        return err_set(ERR_USAGE, "%s %s is no number of rows asks for", option, text);
    return ERR_OK;
}

static enum err filter(const char *words, unsigned *only, enum rows_where *where)
{
    for (const char *p = words; *p;) {
        size_t n = strcspn(p, ",");
        if (n == 4 && strncmp(p, "held", n) == 0)
            *only |= RECORDS_HELD;
        else if (n == 7 && strncmp(p, "flagged", n) == 0)
            *only |= RECORDS_FLAGGED;
        else if (n == 4 && strncmp(p, "here", n) == 0)
            *where = ROWS_HERE;
        else if (n == 4 && strncmp(p, "away", n) == 0)
            *where = ROWS_AWAY;
        else
            return err_set(ERR_USAGE, "rows can be filtered by `held`, `flagged`, `here` and `away`, not by %s", words);
        p += n + (p[n] == ',');
    }
    return ERR_OK;
}

static enum err option(struct records_query *q, enum rows_where *where, const char *name, const char *value)
{
    const struct {
        const char *name;
        const char **to;
    } texts[] = {{"--text", &q->text},          {"--unit", &q->unit},     {"--station", &q->station},
                 {"--camera", &q->camera},      {"--author", &q->author}, {"--type", &q->type},
                 {"--recording", &q->recording}};
    uint64_t ms = 0;
    enum err e;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strcmp(name, texts[i].name) == 0) {
            *texts[i].to = value;
            return ERR_OK;
        }
    if (strcmp(name, "--filter") == 0)
        return filter(value, &q->only, where);
    if (strcmp(name, "--from") == 0)
        return number(name, value, INT64_MAX, &q->skip);
    if (strcmp(name, "--count") == 0)
        return number(name, value, ROWS_COUNT_MAX, &q->count);
    if (strcmp(name, "--since") != 0 && strcmp(name, "--until") != 0)
        return err_set(ERR_USAGE, "rows knows no %s", name);
    e = number(name, value, INT64_MAX, &ms);
    *(name[2] == 's' ? &q->from : &q->to) = (int64_t)ms;
    return e;
}

bool rows_are_there(enum rows_where where, const json_t *row)
{
    json_int_t here = json_integer_value(json_object_get(row, "here"));
    json_int_t blobs = json_integer_value(json_object_get(row, "blobs"));
    return where == ROWS_ANYWHERE || (here == blobs) == (where == ROWS_HERE);
}

enum err rows_query(const json_t *argv, struct records_query *q, enum rows_where *where)
{
    const char *kind = json_string_value(json_array_get(argv, 1));
    size_t k = 0, n = json_array_size(argv);
    *q = (struct records_query){.count = 100};
    *where = ROWS_ANYWHERE;
    while (k < KINDS && (!kind || strcmp(kind, kinds[k]) != 0))
        k++;
    if (k == KINDS || n % 2)
        return err_set(ERR_USAGE, "rows of what? `recordings`, `entries`, `waiting`, `notes` or `quarantine`");
    q->kind = (enum records_kind)k;
    enum err e = ERR_OK;
    for (size_t i = 2; i + 1 < n && !e; i += 2) {
        const char *name = json_string_value(json_array_get(argv, i));
        const char *value = json_string_value(json_array_get(argv, i + 1));
        e = name && value ? option(q, where, name, value) : err_set(ERR_USAGE, "rows takes words");
    }
    if (!e && *where && q->kind != RECORDS_RECORDINGS)
        e = err_set(ERR_USAGE, "only recordings are here or away");
    return e;
}
