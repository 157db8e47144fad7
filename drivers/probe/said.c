#include "drivers/probe/said.h"

#include "drivers/probe/moment.h"
#include "drivers/probe/talk.h"
#include "drivers/probe/track.h"
#include "storage/base/bytes.h"
#include "storage/base/clock.h"
#include "storage/base/text.h"

#include <math.h>
#include <string.h>

#define DURATION_MAX 1e7 /* s */
#define SIDE_MAX 65536
#define RATE_MAX 100000.0
#define SAMPLES_MAX 10000000
#define CHANNELS_MAX 64
#define AFTER_MAX ((json_int_t)86400000)

/* Takes v, which may be NULL: out of memory is said once, at the end. */
static void put(json_t *o, const char *name, json_t *v)
{
    json_object_set_new(o, name, v);
}

/* A word of a library's: letters, digits and a few signs. */
static void word(json_t *o, const json_t *from, const char *name)
{
    const json_t *v = json_object_get(from, name);
    const char *s = json_string_value(v);
    size_t n = s ? json_string_length(v) : 0;
    if (n && n < PROBE_TEXT_LEN && strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789,._-") == n)
        put(o, name, json_stringn(s, n));
}

/* A text of a camera's: one line that a terminal can show. */
static void text(json_t *o, const json_t *from, const char *name)
{
    const json_t *v = json_object_get(from, name);
    const char *s = json_string_value(v);
    size_t n = s ? json_string_length(v) : 0;
    struct buf shown = {.max = 8 * (size_t)PROBE_TEXT_LEN};
    if (n && n < PROBE_TEXT_LEN && text_escape(&shown, s, n) == ERR_OK)
        put(o, name, json_stringn((const char *)shown.p, shown.len));
    buf_free(&shown);
}

static void integer(json_t *o, const json_t *from, const char *name, json_int_t most)
{
    const json_t *v = json_object_get(from, name);
    if (json_is_integer(v) && json_integer_value(v) > 0 && json_integer_value(v) <= most)
        put(o, name, json_integer(json_integer_value(v)));
}

static bool number(const json_t *v, double least, double most, double *out)
{
    *out = json_number_value(v);
    return json_is_number(v) && isfinite(*out) && *out >= least && *out <= most;
}

static bool moment(const json_t *v, int64_t *ms)
{
    *ms = json_integer_value(v);
    return json_is_integer(v) && moment_is_sane(*ms);
}

static void put_moment(json_t *o, const char *name, int64_t ms)
{
    char t[CLOCK_TEXT];
    clock_text(t, ms);
    put(o, name, json_string(t));
}

static json_t *streams(const json_t *from)
{
    json_t *all = json_array();
    for (size_t i = 0; i < json_array_size(from) && i < PROBE_STREAMS_MAX; i++) {
        const json_t *s = json_array_get(from, i);
        json_t *o = json_object();
        double rate;
        word(o, s, "kind");
        word(o, s, "codec");
        integer(o, s, "width", SIDE_MAX);
        integer(o, s, "height", SIDE_MAX);
        integer(o, s, "sample_rate", SAMPLES_MAX);
        integer(o, s, "channels", CHANNELS_MAX);
        if (number(json_object_get(s, "rate"), 0.001, RATE_MAX, &rate))
            put(o, "rate", json_real(rate));
        json_array_append_new(all, o);
    }
    return all;
}

/* A point's time moves start and end. */
static json_t *point(const json_t *p, int64_t *start, int64_t *end)
{
    double lat, lon;
    int64_t ms = INT64_MIN;
    const json_t *time = json_array_get(p, 0);
    if (json_array_size(p) != 3 || !number(json_array_get(p, 1), -90, 90, &lat) ||
        !number(json_array_get(p, 2), -180, 180, &lon) || (!json_is_null(time) && !moment(time, &ms)))
        return NULL;
    if (ms != INT64_MIN) {
        *start = *start == INT64_MIN ? ms : *start;
        *end = ms;
    }
    return json_pack("[o,f,f]", ms == INT64_MIN ? json_null() : json_integer(ms), lat, lon);
}

static bool is_one_of(const json_t *v, const char *const words[], size_t n)
{
    const char *s = json_string_value(v);
    for (size_t i = 0; s && i < n; i++)
        if (strcmp(s, words[i]) == 0)
            return true;
    return false;
}

/* Four numbers, in order and on this earth. */
static json_t *bounds(const json_t *from)
{
    double v[4];
    if (json_array_size(from) != 4)
        return NULL;
    for (size_t i = 0; i < 4; i++)
        if (!number(json_array_get(from, i), i % 2 ? -180 : -90, i % 2 ? 180 : 90, &v[i]))
            return NULL;
    return v[0] <= v[2] && v[1] <= v[3] ? json_pack("[f,f,f,f]", v[0], v[1], v[2], v[3]) : NULL;
}

static json_t *track(const json_t *from, struct probe_facts *facts)
{
    static const char *const sources[] = {"quicktime", "freegps", "nmea", "gpx"};
    static const char *const clocks[] = {"satellites", "recorder"};
    const json_t *points = json_object_get(from, "points"), *source = json_object_get(from, "source"),
                 *clock = json_object_get(from, "clock"), *after = json_object_get(from, "after");
    int64_t start = INT64_MIN, end = INT64_MIN;
    if (!is_one_of(source, sources, 4) || !is_one_of(clock, clocks, 2))
        return NULL;
    json_t *kept = json_array();
    for (size_t i = 0; i < json_array_size(points) && i < TRACK_POINTS_MAX; i++) {
        json_t *p = point(json_array_get(points, i), &start, &end);
        if (p)
            json_array_append_new(kept, p);
    }
    if (json_array_size(kept) == 0) {
        json_decref(kept);
        return NULL;
    }
    json_t *o = json_pack("{s:s,s:s,s:o}", "source", json_string_value(source), "clock", json_string_value(clock),
                          "points", kept);
    integer(o, from, "total", (json_int_t)1 << 40);
    json_t *b = bounds(json_object_get(from, "bounds"));
    if (b)
        put(o, "bounds", b);
    if (start != INT64_MIN) {
        put_moment(o, "start", start);
        put_moment(o, "end", end);
    }
    if (start != INT64_MIN && strcmp(json_string_value(clock), "satellites") == 0) {
        json_int_t ms = json_integer_value(after);
        facts->gps_start = start;
        facts->gps_after = json_is_integer(after) && ms > 0 && ms <= AFTER_MAX ? ms : 0;
    }
    return o;
}

static void all(const json_t *from, struct probe_facts *facts)
{
    json_t *o = facts->media;
    double seconds;
    word(o, from, "container");
    text(o, from, "make");
    text(o, from, "model");
    integer(o, from, "unknown_blocks", FREEGPS_BLOCKS_MAX);
    if (moment(json_object_get(from, "start"), &facts->start))
        put_moment(o, "start", facts->start);
    else
        facts->start = INT64_MIN;
    if (number(json_object_get(from, "duration"), 0, DURATION_MAX, &seconds)) {
        facts->duration = seconds;
        put(o, "duration", json_real(seconds));
    }
    if (json_array_size(json_object_get(from, "streams")))
        put(o, "streams", streams(json_object_get(from, "streams")));
    json_t *t = track(json_object_get(from, "track"), facts);
    if (t)
        put(o, "track", t);
}

void said_why(char why[static PROBE_WHY_LEN], const char *sentence)
{
    size_t n = strlen(sentence), at = 0, len;
    uint32_t cp;
    while (at < n && (len = text_letter(sentence + at, n - at, &cp)) != 0 && at + len < PROBE_WHY_LEN)
        at += len;
    memcpy(why, sentence, at);
    why[at] = '\0';
}

enum err said_facts(const void *p, size_t n, struct probe_facts *facts)
{
    json_t *from = json_loadb(p, n, JSON_REJECT_DUPLICATES, NULL);
    const char *why = json_string_value(json_object_get(from, "why"));
    const char *sentence = talk_sentence(why ? why : "");
    if (!json_is_object(from) || !sentence) {
        json_decref(from);
        return err_set(ERR_DATA, "feldsher-probe said something that makes no sense");
    }
    said_why(facts->why, sentence);
    facts->media = json_object();
    if (facts->media)
        all(from, facts);
    json_decref(from);
    if (!facts->media)
        return err_set(ERR_NOMEM, "out of memory");
    if (json_object_size(facts->media) == 0) {
        json_decref(facts->media);
        facts->media = NULL;
    }
    return ERR_OK;
}

/* A decimal number up to what ends it; 0: none. */
static size_t side(const char **p, const char *end, char stop)
{
    const char *close = memchr(*p, stop, (size_t)(end - *p));
    uint64_t v = 0;
    if (!close || !bytes_decimal(&v, *p, (size_t)(close - *p), 999))
        return 0;
    *p = close + 1;
    return (size_t)v;
}

bool said_poster(const void *bytes, size_t n)
{
    const char *p = bytes, *end = p + n;
    if (n < 3 || memcmp(p, "P6\n", 3) != 0)
        return false;
    p += 3;
    size_t w = side(&p, end, ' '), h = side(&p, end, '\n');
    return w && h && w <= PROBE_POSTER_W && h <= PROBE_POSTER_H && side(&p, end, '\n') == 255 &&
           (size_t)(end - p) == 3 * w * h;
}
