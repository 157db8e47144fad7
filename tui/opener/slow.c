#include "tui/opener/slow.h"

#include "tui/print.h"
#include "tui/recording_row.h"

#include <string.h>

struct answer {
    const struct records_query *q;
    records_row_fn *fn;
    void *ctx;
    struct records_total *total;
};

/* A found row: counted, and given if it lies in the asked part. */
static enum err give(struct answer *a, json_t *row)
{
    enum err e = ERR_OK;
    uint64_t at = a->total->n++;
    if (row && at >= a->q->skip && at - a->q->skip < a->q->count)
        e = a->fn(a->ctx, row);
    json_decref(row);
    return row ? e : err_set(ERR_NOMEM, "out of memory");
}

static bool has_word(const char *in, const char *word, size_t n)
{
    char copy[128];
    n = n < sizeof copy ? n : sizeof copy - 1;
    memcpy(copy, word, n);
    copy[n] = '\0';
    return strcasestr(in, copy) != NULL;
}

/* Each word of text stands in one of the recording's own texts. */
static bool found(const struct recording *r, const char *text)
{
    const char *in[] = {r->files[0].path, r->camera, r->unit, r->station, r->id};
    for (const char *p = text ? text : ""; *p;) {
        size_t n = strcspn(p, " ");
        bool any = n == 0;
        for (size_t i = 0; i < sizeof in / sizeof in[0] && !any; i++)
            any = has_word(in[i], p, n);
        if (!any)
            return false;
        p += n + (p[n] == ' ');
    }
    return true;
}

static bool has_event(const struct recording *r, const char *type)
{
    for (size_t i = 0; i < r->n_events; i++)
        if (strcmp(r->events[i].type, type) == 0)
            return true;
    return false;
}

static bool is(const char *want, const char *has)
{
    return !want || strcmp(want, has) == 0;
}

static bool wanted(const struct recording *r, const struct records_query *q)
{
    return is(q->unit, r->unit) && is(q->station, r->station) && is(q->camera, r->camera) && is(q->recording, r->id) &&
           (!q->from || r->time >= q->from) && (!q->to || r->time < q->to) && (!(q->only & RECORDS_HELD) || r->held) &&
           (!(q->only & RECORDS_FLAGGED) || has_event(r, "flag")) && found(r, q->text);
}

static enum err recordings(const struct station *s, const struct recording_list *l, struct answer *a)
{
    enum err e = ERR_OK;
    for (size_t i = l->n; i-- > 0 && !e;) {
        const struct recording *r = &l->r[i];
        struct recording_held w;
        if (!wanted(r, a->q))
            continue;
        recording_where(s, l, r, &w);
        json_t *row = recording_row(r, &w);
        if (row)
            json_object_set_new(row, "flagged", json_boolean(has_event(r, "flag")));
        e = give(a, row);
    }
    return e;
}

/* Is there an approval of this request? */
static bool approved(const struct recording *r, const char *request)
{
    for (size_t i = 0; i < r->n_events; i++) {
        const char *of = json_string_value(json_object_get(r->events[i].data, "request"));
        if (of && strcmp(r->events[i].type, "approve") == 0 && strcmp(of, request) == 0)
            return true;
    }
    return false;
}

static enum err waiting(const struct recording_list *l, struct answer *a)
{
    enum err e = ERR_OK;
    for (size_t i = 0; i < l->n && !e; i++) {
        const struct recording *r = &l->r[i];
        for (size_t k = 0; k < r->n_events && !e; k++) {
            const struct recording_event *v = &r->events[k];
            if (strcmp(v->type, "request") == 0 && !approved(r, v->id))
                e = give(a, json_pack("{s:s,s:s,s:o,s:s,s:s,s:s,s:I,s:s,s:O}", "id", v->id, "type", v->type, "time",
                                      print_time(v->time), "author", v->author, "unit", r->unit, "chain", v->chain,
                                      "seq", (json_int_t)v->seq, "recording", r->id, "data", v->data));
        }
    }
    return e;
}

static enum err quarantine(const struct recording_list *l, struct answer *a)
{
    enum err e = ERR_OK;
    for (size_t i = 0; i < l->n_faults && !e; i++)
        e = give(a, json_pack("{s:s,s:I,s:s}", "chain", l->faults[i].chain, "seq", (json_int_t)l->faults[i].seq, "why",
                              l->faults[i].why));
    return e;
}

enum err slow_find(const struct station *s, const struct recording_list *l, const struct records_query *q,
                   records_row_fn *fn, void *ctx, struct records_total *total)
{
    struct answer a = {q, fn, ctx, total};
    *total = (struct records_total){0};
    switch (q->kind) {
    case RECORDS_RECORDINGS:
        return recordings(s, l, &a);
    case RECORDS_WAITING:
        return waiting(l, &a);
    case RECORDS_QUARANTINE:
        return quarantine(l, &a);
    case RECORDS_ENTRIES:
    case RECORDS_NOTES:
        break;
    }
    return ERR_OK;
}
