#include "tui/contents.h"

#include "storage/base/clock.h"
#include "tui/lang/lang.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define CODECS_MAX 4           /* of one recording that are named */
#define FAR ((json_int_t)1e15) /* ms */

static const char *text_of(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

/* The sentence that belongs to a word of the entry; "": none does. */
struct source {
    const char *word, *sentence;
};

static const char *sentence_of(const struct source *all, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(all[i].word, word) == 0)
            return _(all[i].sentence);
    return "";
}

static void put_time(char out[static 32], int64_t ms)
{
    long long s = (ms + 500) / 1000;
    snprintf(out, 32, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
}

void contents_video(char out[static CONTENTS_TEXT], const json_t *row)
{
    const json_t *media = json_object_get(row, "media"), *streams = json_object_get(media, "streams");
    double seconds = json_number_value(json_object_get(media, "duration"));
    size_t at = 0;
    out[0] = '\0';
    if (seconds > 0 && seconds < 1e9) {
        put_time(out, (int64_t)(seconds * 1000));
        at = strlen(out);
    }
    for (size_t i = 0; i < json_array_size(streams) && i < CODECS_MAX; i++) {
        const json_t *one = json_array_get(streams, i);
        const char *codec = text_of(one, "codec");
        json_int_t w = json_integer_value(json_object_get(one, "width")),
                   h = json_integer_value(json_object_get(one, "height"));
        if (codec[0])
            at += (size_t)snprintf(out + at, CONTENTS_TEXT - at, "%s%.40s", at ? ", " : "", codec);
        if (codec[0] && w > 0 && h > 0 && w <= INT32_MAX && h <= INT32_MAX)
            at += (size_t)snprintf(out + at, CONTENTS_TEXT - at, " %dx%d", (int)w, (int)h);
    }
}

const char *contents_start(const json_t *row)
{
    const json_t *skew = json_object_get(row, "skew");
    bool is_file = strcmp(text_of(skew, "start_source"), "modified") == 0;
    if (is_file && !json_object_get(json_object_get(row, "media"), "duration"))
        return ""; /* its end, or any time: it is shown as what it is */
    /* an older entry has what the name says alone */
    return text_of(skew, "start")[0] ? text_of(skew, "start") : text_of(json_object_get(row, "name_says"), "start");
}

void contents_begins(char out[static CONTENTS_TEXT], const json_t *row, const char *start)
{
    static const struct source sources[] = {{"", N_("by its name")},
                                            {"name", N_("by its name")},
                                            {"container", N_("by the video itself")},
                                            {"modified", N_("by the time of its file")},
                                            {"gps", N_("by the satellites")}};
    const char *by =
        sentence_of(sources, sizeof sources / sizeof sources[0], text_of(json_object_get(row, "skew"), "start_source"));
    out[0] = '\0';
    if (start[0])
        snprintf(out, CONTENTS_TEXT, by[0] ? "%.40s (%s)" : "%.40s", start, by);
}

void contents_clock(char out[static CONTENTS_TEXT], const json_t *row)
{
    static const struct source sources[] = {{"gps", N_("by the satellites")}, {"clock", N_("by the station's clock")}};
    const json_t *skew = json_object_get(row, "skew"), *off = json_object_get(skew, "skew");
    const char *by = sentence_of(sources, sizeof sources / sizeof sources[0], text_of(skew, "source"));
    json_int_t ms = json_integer_value(off);
    char how[32];
    out[0] = '\0';
    /* a file that was copied has the time of that */
    if (strcmp(text_of(skew, "word"), "modified") == 0 && strcmp(text_of(skew, "source"), "gps") == 0)
        return;
    if (!json_is_integer(off) || ms > FAR || ms < -FAR)
        return;
    put_time(how, ms < 0 ? -ms : ms);
    snprintf(out, CONTENTS_TEXT, ms < 0 ? _("%s behind (%s)") : _("%s ahead (%s)"), how, by);
}

void contents_place(char out[static CONTENTS_TEXT], const json_t *row)
{
    const json_t *track = json_object_get(json_object_get(row, "media"), "track");
    const json_t *first = json_array_get(json_object_get(track, "points"), 0);
    double lat = json_number_value(json_array_get(first, 1)), lon = json_number_value(json_array_get(first, 2));
    json_int_t n = json_integer_value(json_object_get(track, "total"));
    out[0] = '\0';
    if (json_array_size(first) != 3 || !(lat >= -90 && lat <= 90) || !(lon >= -180 && lon <= 180))
        return;
    snprintf(out, CONTENTS_TEXT, "%.5f, %.5f", lat, lon);
    if (n > 1)
        snprintf(out + strlen(out), CONTENTS_TEXT - strlen(out),
                 ngettext("; %lld position in all", "; %lld positions in all", (unsigned long)n), (long long)n);
}
