#include "drivers/probe/gpx.h"

#include "drivers/probe/moment.h"

#include <string.h>

void gpx_init(struct gpx *g, struct track *t)
{
    memset(g, 0, sizeof *g);
    g->track = t;
    t->satellites = 1;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The value of an attribute; NULL: there is none. */
static const char *attribute(const char *p, const char *end, const char *name, size_t *n)
{
    size_t len = strlen(name);
    while (p < end) {
        while (p < end && is_blank(*p))
            p++;
        const char *key = p;
        while (p < end && *p != '=' && !is_blank(*p))
            p++;
        size_t key_len = (size_t)(p - key);
        while (p < end && (*p == '=' || is_blank(*p)))
            p++;
        if (p == end || (*p != '"' && *p != '\''))
            return NULL;
        const char *value = p + 1, *close = memchr(value, *p, (size_t)(end - value));
        if (!close)
            return NULL;
        if (key_len == len && memcmp(key, name, len) == 0) {
            *n = (size_t)(close - value);
            return value;
        }
        p = close + 1;
    }
    return NULL;
}

static bool place(const char *p, const char *end, struct place_point *out)
{
    size_t lat_n, lon_n;
    int64_t lat_e7, lon_e7;
    const char *lat = attribute(p, end, "lat", &lat_n), *lon = attribute(p, end, "lon", &lon_n);
    return lat && lon && degrees_decimal(lat, lat_n, &lat_e7) && degrees_decimal(lon, lon_n, &lon_e7) &&
           degrees_point(lat_e7, lon_e7, out);
}

static void point_end(struct gpx *g)
{
    if (g->in_point && g->has_place)
        track_add(g->track, &g->point);
    g->in_point = 0;
}

/* A whole tag, without its brackets. */
static void tag(struct gpx *g)
{
    const char *p = g->tag, *end = p + g->n_tag;
    bool closes = p<end && * p == '/', empty = g->n_tag> 1 && end[-1] == '/';
    p += closes;
    const char *name = p;
    while (p < end && !is_blank(*p) && *p != '/') {
        if (*p == ':')
            name = p + 1;
        p++;
    }
    size_t n = (size_t)(p - name);
    if (n == 5 && memcmp(name, "trkpt", 5) == 0) {
        point_end(g); /* the one before, if it was left open */
        if (!closes) {
            g->in_point = 1;
            g->in_time = 0;
            g->has_place = place(p, end, &g->point);
        }
        if (empty)
            point_end(g);
    } else if (n == 4 && memcmp(name, "time", 4) == 0 && g->in_point) {
        if (closes && g->in_time && !moment_parse(&g->point.time, g->text, g->n_text))
            g->point.time = INT64_MIN;
        g->in_time = !closes && !empty;
        g->n_text = 0;
    }
}

/* A letter of text; blanks around a time are no part of it. */
static void text(struct gpx *g, char c)
{
    if (!g->in_time || is_blank(c))
        return;
    if (g->n_text < sizeof g->text)
        g->text[g->n_text++] = c;
    else
        g->in_time = 0;
}

/* Was this the last letter of what ends a comment or a CDATA section? */
static bool is_end(struct gpx *g, char c, char twice)
{
    if (c == twice)
        g->ends += g->ends < 2;
    else if (c == '>' && g->ends == 2)
        return true;
    else
        g->ends = 0;
    return false;
}

static void tag_letter(struct gpx *g, char c)
{
    if (g->quote) {
        if (c == g->quote)
            g->quote = 0;
    } else if (c == '>') {
        g->state = GPX_TEXT;
        if (g->n_tag && g->n_tag < sizeof g->tag && g->tag[0] != '?' && g->tag[0] != '!')
            tag(g);
        return;
    } else if (c == '"' || c == '\'') {
        g->quote = c;
    } else if (c == '[' && g->n_tag > 1 && g->tag[0] == '!' && g->tag[1] == 'D') {
        g->state = GPX_STOPPED;
        return;
    }
    if (g->n_tag < sizeof g->tag)
        g->tag[g->n_tag++] = c;
    g->ends = 0;
    if (g->n_tag == 3 && memcmp(g->tag, "!--", 3) == 0)
        g->state = GPX_COMMENT;
    else if (g->n_tag == 8 && memcmp(g->tag, "![CDATA[", 8) == 0)
        g->state = GPX_CDATA;
}

void gpx_feed(struct gpx *g, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n && g->state != GPX_STOPPED; i++) {
        char c = (char)p[i];
        switch (g->state) {
        case GPX_TEXT:
            if (c == '<') {
                g->state = GPX_TAG;
                g->n_tag = 0;
                g->quote = 0;
            } else {
                text(g, c);
            }
            break;
        case GPX_TAG:
            tag_letter(g, c);
            break;
        case GPX_COMMENT:
            if (is_end(g, c, '-'))
                g->state = GPX_TEXT;
            break;
        case GPX_CDATA:
            if (is_end(g, c, ']'))
                g->state = GPX_TEXT;
            break;
        case GPX_STOPPED:
            break;
        }
    }
}
