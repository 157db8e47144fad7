#include "drivers/probe/skew.h"

#include "drivers/probe/moment.h"
#include "storage/base/clock.h"

#include <stdbool.h>
#include <stddef.h>

#define NONE INT64_MIN
#define SECOND ((int64_t)1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define QUARTER (15 * MINUTE)
#define WEEKS_1024 (1024 * (7 * MOMENT_DAY))
#define NEAR (2 * MINUTE)      /* clocks that agree */
#define LATE_MAX (15 * MINUTE) /* until a receiver has a first position */
#define ZONE_WEST (-12 * HOUR)
#define ZONE_EAST (14 * HOUR)
#define LENGTH_MAX (400 * MOMENT_DAY)
#define ROUNDING (5 * SECOND) /* of FAT's times, and of when a file is closed */

enum { NAME, CONTAINER, MODIFIED, WORDS };
static const char *const words[WORDS] = {"name", "container", "modified"};

static int64_t magnitude(int64_t v)
{
    return v < 0 ? -v : v;
}

/* Whole and half hours, and the four quarters that are somebody's zone. */
static bool is_zone(int64_t ms)
{
    static const int64_t quarters[] = {23 * QUARTER, 35 * QUARTER, 51 * QUARTER, 55 * QUARTER};
    if (ms < ZONE_WEST || ms > ZONE_EAST)
        return false;
    for (size_t i = 0; i < sizeof quarters / sizeof quarters[0]; i++)
        if (ms == quarters[i])
            return true;
    return ms % (2 * QUARTER) == 0;
}

/* The zone next to ms; what is left is that far from one. */
static int64_t zone_of(int64_t ms)
{
    int64_t best = 0;
    for (int64_t z = ZONE_WEST; z <= ZONE_EAST; z += QUARTER)
        if (is_zone(z) && magnitude(ms - z) < magnitude(ms - best))
            best = z;
    return best;
}

/* How far two times are from the same moment in any two zones. */
static int64_t apart(int64_t a, int64_t b)
{
    int64_t east = magnitude(a - b - zone_of(a - b)), west = magnitude(b - a - zone_of(b - a));
    return east < west ? east : west;
}

static int64_t sane(int64_t ms)
{
    return ms > 0 && moment_is_sane(ms) ? ms : NONE;
}

static int64_t length(int64_t ms)
{
    return ms > 0 && ms < LENGTH_MAX ? ms : 0;
}

/* The container's time is the end where it fits that better. */
static int64_t container_start(const struct skew_clocks *c, int64_t name, int64_t modified)
{
    int64_t at = c->container, start = name != NONE ? name : modified;
    if (at == NONE || start == NONE || c->duration < 2 * ROUNDING)
        return at;
    return apart(at, start + c->duration) + ROUNDING < apart(at, start) ? at - c->duration : at;
}

static int64_t widest(const int64_t said[WORDS])
{
    int64_t low = INT64_MAX, high = INT64_MIN;
    int n = 0;
    for (size_t i = 0; i < WORDS; i++)
        if (said[i] != NONE) {
            low = said[i] < low ? said[i] : low;
            high = said[i] > high ? said[i] : high;
            n++;
        }
    return n < 2 ? -1 : high - low;
}

/* When the satellites say that it began. */
static int64_t gps_start(const struct skew_clocks *c, int64_t word)
{
    int64_t at = c->gps, now = c->trusted ? c->asked : NONE;
    if (at == NONE)
        return NONE;
    at -= c->gps_after;
    /* nobody brings a recording of twenty years ago */
    while (now != NONE && at + WEEKS_1024 <= now + MOMENT_DAY)
        at += WEEKS_1024;
    for (int64_t k = 1; now == NONE && word != NONE && k <= 2; k++)
        if (magnitude(word - at - k * WEEKS_1024) <= ZONE_EAST + LATE_MAX)
            return at + k * WEEKS_1024;
    return now != NONE && at > now + MOMENT_DAY ? NONE : at;
}

/* The first word that the camera's clock, as it was asked, can speak for. */
static size_t by_clock(const struct skew_clocks *c, const int64_t said[WORDS])
{
    size_t i = 0;
    if (!c->trusted || c->camera == NONE || c->asked == NONE)
        return WORDS;
    while (i < WORDS && (said[i] == NONE || said[i] + c->duration > c->camera + NEAR))
        i++;
    return i;
}

static void settle(struct skew *out, int64_t start, const char *start_source, int64_t skew, const char *source,
                   size_t word)
{
    out->word = skew == NONE ? "" : words[word];
    out->start = start;
    out->start_source = start_source;
    out->skew = skew;
    out->source = source;
    if (skew != NONE && magnitude(skew - zone_of(skew)) <= NEAR)
        out->zone = zone_of(skew);
}

static void work_out(const struct skew_clocks *c, struct skew *out)
{
    int64_t said[WORDS] = {[NAME] = c->name, [MODIFIED] = c->modified};
    if (said[MODIFIED] != NONE)
        said[MODIFIED] = sane(said[MODIFIED] - c->duration);
    said[CONTAINER] = container_start(c, said[NAME], said[MODIFIED]);
    size_t first = 0;
    while (first < WORDS && said[first] == NONE)
        first++;
    *out = (struct skew){NONE, NONE, 0, "", "", "", widest(said)};
    int64_t word = first < WORDS ? said[first] : NONE, gps = gps_start(c, word);
    size_t clock = by_clock(c, said);
    int64_t by = clock < WORDS ? c->camera - c->asked : NONE;
    /* the clock is the more exact one where the first position may just have been late */
    bool late = gps != NONE && clock < WORDS && gps >= said[clock] - by && gps - (said[clock] - by) <= LATE_MAX;
    if (gps != NONE && !late)
        settle(out, gps, "gps", word == NONE ? NONE : word - gps, word == NONE ? "" : "gps", first);
    else if (clock < WORDS)
        settle(out, said[clock] - by, words[clock], by, "clock", clock);
    else if (first < WORDS)
        settle(out, word, words[first], NONE, "", first);
}

void skew_work_out(const struct skew_clocks *c, struct skew *out)
{
    const struct skew_clocks known = {sane(c->name),       sane(c->container), sane(c->modified),
                                      length(c->duration), sane(c->gps),       length(c->gps_after),
                                      sane(c->camera),     sane(c->asked),     c->trusted};
    work_out(&known, out);
}

json_t *skew_json(const struct skew_clocks *c)
{
    struct skew s;
    skew_work_out(c, &s);
    json_t *o = json_object();
    if (s.skew != NONE)
        json_object_update_new(
            o, json_pack("{s:I,s:s,s:s}", "skew", (json_int_t)s.skew, "source", s.source, "word", s.word));
    if (s.zone)
        json_object_set_new(o, "zone", json_integer((json_int_t)s.zone));
    if (s.start != NONE)
        json_object_update_new(o, json_pack("{s:o,s:s}", "start", clock_json(s.start), "start_source", s.start_source));
    if (s.apart >= 0)
        json_object_set_new(o, "apart", json_integer((json_int_t)s.apart));
    return o;
}
