#include "drivers/probe/inside/report.h"

#include "storage/base/text.h"

#include <stdlib.h>
#include <string.h>

bool report_new(struct report *r)
{
    *r = (struct report){json_object(), TALK_FINE};
    return r->o != NULL;
}

void report_text(struct report *r, const char *name, const char *s)
{
    size_t n = strnlen(s, PROBE_TEXT_LEN);
    if (n && n < PROBE_TEXT_LEN && text_is_utf8(s, n))
        json_object_set_new(r->o, name, json_stringn(s, n));
}

static double degrees(int32_t e7)
{
    return (double)e7 / (double)DEGREES_ONE;
}

static json_t *moment(int64_t ms)
{
    return ms == INT64_MIN ? json_null() : json_integer(ms);
}

void report_track(struct report *r, const struct track *t, const char *source)
{
    struct place_point p[TRACK_POINTS_MAX];
    size_t n = track_points(t, p);
    json_t *points = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(points, json_pack("[o,f,f]", moment(p[i].time), degrees(p[i].lat), degrees(p[i].lon)));
    if (n)
        json_object_set_new(r->o, "track",
                            json_pack("{s:s,s:s,s:I,s:I,s:[f,f,f,f],s:O}", "source", source, "clock",
                                      t->satellites ? "satellites" : "recorder", "total", (json_int_t)t->total, "after",
                                      (json_int_t)t->after, "bounds", degrees(t->south), degrees(t->west),
                                      degrees(t->north), degrees(t->east), "points", points));
    json_decref(points);
}

bool report_say(struct report *r, struct asking *a)
{
    json_object_set_new(r->o, "why", json_string(talk_word(r->why)));
    char *text = json_dumps(r->o, JSON_COMPACT | JSON_REAL_PRECISION(10));
    bool good = text && asking_say(a, TALK_FACTS, text, strlen(text));
    free(text);
    report_free(r);
    return good;
}

void report_free(struct report *r)
{
    json_decref(r->o);
    r->o = NULL;
}
