#include "drivers/probe/freegps.h"

#include "drivers/probe/boxes.h"
#include "drivers/probe/moment.h"
#include "drivers/probe/nmea.h"
#include "storage/base/bytes.h"

#include <string.h>

#define MAGIC "freeGPS "
#define BLOCK_MIN 96u /* the longest layout's end */
#define BLOCK_EVERY 1000
#define SEARCH_PIECE 32768u

static bool is_one_of(uint8_t c, const char *letters)
{
    return c != 0 && strchr(letters, c);
}

static double f32(const uint8_t *p)
{
    uint32_t bits = bytes_le32(p);
    float v;
    memcpy(&v, &bits, sizeof v);
    return (double)v;
}

static double f64(const uint8_t *p)
{
    uint64_t bits = bytes_le64(p);
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* ddmm.mmmm of a hemisphere. What is next to nothing is an encrypted or
 * missing one: no camera stands within meters of the equator's zero. */
static bool angle(double ddmm, bool negative, int64_t *e7)
{
    int64_t v;
    if (!(ddmm > 0.01 && ddmm < 18000.1) || !degrees_minutes((int64_t)(ddmm * 1e7), &v))
        return false;
    *e7 = negative ? -v : v;
    return true;
}

/* Hour, minute, second from one place, year, month, day from another. */
static int64_t when(const uint8_t *time, const uint8_t *date)
{
    uint32_t year = bytes_le32(date);
    return moment_make(year < 100 ? year + 2000 : year, bytes_le32(date + 4), bytes_le32(date + 8), bytes_le32(time),
                       bytes_le32(time + 4), bytes_le32(time + 8));
}

static enum freegps finish(bool good, int64_t lat, int64_t lon, int64_t time, struct place_point *out)
{
    if (!good || time == MOMENT_NONE || !degrees_point(lat, lon, out))
        return FREEGPS_UNKNOWN;
    out->time = time;
    return FREEGPS_POINT;
}

static bool is_text(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] < ' ' || p[i] > '~')
            return false;
    return true;
}

static enum freegps clock_first(const uint8_t *p, size_t base, struct place_point *out)
{
    const uint8_t *q = p + base;
    int64_t lat, lon;
    bool good;
    if (memcmp(p + 16, "IQS", 3) == 0) {
        lat = (int32_t)bytes_le32(q + 28);
        lon = (int32_t)bytes_le32(q + 32);
        good = true;
    } else {
        /* letters there are an encrypted text */
        good = !is_text(q + 28, 8) && angle(f32(q + 28), q[25] == 'S', &lat) && angle(f32(q + 32), q[26] == 'W', &lon);
    }
    return finish(good, good ? lat : 0, good ? lon : 0, when(q, q + 12), out);
}

static bool is_clock_first(const uint8_t *q)
{
    return is_one_of(q[24], "AV") && (q[24] == 'V' || (is_one_of(q[25], "NS") && is_one_of(q[26], "EW"))) &&
           bytes_le32(q) < 24 && bytes_le32(q + 4) < 60 && bytes_le32(q + 8) < 61;
}

/* A sentence somewhere in it; its own checksum says whether it is one. */
static bool sentence(const uint8_t *p, size_t n, struct place_point *out)
{
    struct track t;
    struct nmea m;
    track_init(&t);
    nmea_init(&m, &t);
    nmea_feed(&m, p, n);
    nmea_end(&m);
    *out = t.last;
    return t.total != 0;
}

enum freegps freegps_block(const uint8_t *p, size_t n, struct place_point *out)
{
    static const size_t bases[] = {16, 48, 64};
    int64_t lat, lon;
    bool good;
    if (n < 12 || memcmp(p + 4, MAGIC, 8) != 0)
        return FREEGPS_NONE;
    if (sentence(p + 12, n - 12, out))
        return FREEGPS_SENTENCE;
    if (n < BLOCK_MIN + 4)
        return FREEGPS_UNKNOWN;
    for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++)
        if (is_clock_first(p + bases[i]))
            return p[bases[i] + 24] == 'V' ? FREEGPS_NO_FIX : clock_first(p, bases[i], out);
    if (p[60] == 'A' && is_one_of(p[68], "NS") && is_one_of(p[76], "EW")) {
        good = angle(f32(p + 64), p[68] == 'S', &lat) && angle(f32(p + 72), p[76] == 'W', &lon);
        return finish(good, good ? lat : 0, good ? lon : 0, when(p + 48, p + 88), out);
    }
    if (p[28] == 'A' && is_one_of(p[40], "NS") && is_one_of(p[56], "EW")) {
        good = angle(f64(p + 32), p[40] == 'S', &lat) && angle(f64(p + 48), p[56] == 'W', &lon);
        return finish(good, good ? lat : 0, good ? lon : 0, when(p + 16, p + 80), out);
    }
    return FREEGPS_UNKNOWN;
}

struct reading {
    const struct probe_source *s;
    struct track *t;
    uint64_t *unknown;
    uint64_t blocks;
};

/* after: since the recording's beginning, ms. */
static void block(struct reading *r, uint64_t at, uint64_t size, int64_t after)
{
    uint8_t p[FREEGPS_BLOCK];
    struct place_point point;
    size_t n = size < sizeof p ? (size_t)size : sizeof p;
    if (!boxes_read(r->s, at, p, n))
        return;
    enum freegps what = freegps_block(p, n, &point);
    r->blocks += what != FREEGPS_NONE;
    *r->unknown += what == FREEGPS_UNKNOWN;
    if (what != FREEGPS_POINT && what != FREEGPS_SENTENCE)
        return;
    if (r->t->total == 0) {
        r->t->after = after;
        r->t->satellites = what == FREEGPS_SENTENCE;
    }
    track_add(r->t, &point);
}

/* The table: version, count, then offset and size (big-endian) of each. */
static void table(struct reading *r, const struct box *b)
{
    uint8_t head[8], entry[8];
    if (b->end - b->body < 8 || !boxes_read(r->s, b->body, head, 8))
        return;
    uint64_t n = bytes_be32(head + 4), room = (b->end - b->body - 8) / 8;
    n = n < room ? n : room;
    n = n < FREEGPS_BLOCKS_MAX ? n : FREEGPS_BLOCKS_MAX;
    uint64_t reads = n < FREEGPS_READ_MAX ? n : FREEGPS_READ_MAX;
    for (uint64_t i = 0; i < reads; i++) {
        uint64_t which = reads == n ? i : i * (n - 1) / (reads - 1);
        if (boxes_read(r->s, b->body + 8 + 8 * which, entry, 8))
            block(r, bytes_be32(entry), bytes_be32(entry + 4), (int64_t)which * BLOCK_EVERY);
    }
}

/* Where no table says: the first stretch of the media itself. */
static void search(struct reading *r, uint64_t from, uint64_t end)
{
    uint8_t p[SEARCH_PIECE + 12];
    uint64_t stop = end - from < FREEGPS_SEARCH ? end : from + FREEGPS_SEARCH;
    for (uint64_t at = from; at < stop && stop - at >= 12; at += SEARCH_PIECE) {
        size_t n = stop - at < sizeof p ? (size_t)(stop - at) : sizeof p;
        if (!boxes_read(r->s, at, p, n))
            return;
        for (const uint8_t *q = p; (q = memmem(q, (size_t)(p + n - q), MAGIC, 8)) != NULL; q++)
            if (q - p >= 4 && (size_t)(q - p) < SEARCH_PIECE + 4 && r->blocks < FREEGPS_READ_MAX)
                block(r, at + (uint64_t)(q - p) - 4, end - at - (uint64_t)(q - p) + 4,
                      (int64_t)r->blocks * BLOCK_EVERY);
    }
}

void freegps_video(const struct probe_source *s, struct track *t, uint64_t *unknown)
{
    unsigned left = BOXES_MAX;
    struct boxes file = {s, 0, s->size, &left};
    struct box b, inner, media = {.at = 0};
    struct reading r = {s, t, unknown, 0};
    *unknown = 0;
    while (boxes_next(&file, &b)) {
        if (memcmp(b.type, "moov", 4) == 0) {
            struct boxes moov = {s, b.body, b.end, &left};
            while (boxes_next(&moov, &inner))
                if (memcmp(inner.type, "gps ", 4) == 0 && r.blocks == 0)
                    table(&r, &inner);
        } else if (memcmp(b.type, "free", 4) == 0 && r.blocks < FREEGPS_READ_MAX) {
            block(&r, b.at, b.end - b.at, (int64_t)r.blocks * BLOCK_EVERY);
        } else if (memcmp(b.type, "mdat", 4) == 0 && media.end == 0) {
            media = b;
        }
    }
    if (r.blocks == 0 && media.end > media.body)
        search(&r, media.body, media.end);
}
