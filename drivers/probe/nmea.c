#include "drivers/probe/nmea.h"

#include "drivers/probe/moment.h"

#include <string.h>

#define FIELDS_MAX 20u
#define EVERY ((int64_t)1000) /* ms between sentences, unless the log shows another pace */

struct part {
    const char *p;
    size_t n;
};

void nmea_init(struct nmea *m, struct track *t)
{
    memset(m, 0, sizeof *m);
    m->track = t;
    m->day = m->second = INT64_MIN;
    t->satellites = 1;
}

static bool two(const char *p, unsigned *out)
{
    if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
        return false;
    *out = (unsigned)(p[0] - '0') * 10 + (unsigned)(p[1] - '0');
    return true;
}

/* hhmmss or hhmmss.sss, in ms of the day. */
static bool clock_time(struct part f, int64_t *ms)
{
    unsigned h, m, s;
    if (f.n < 6 || !two(f.p, &h) || !two(f.p + 2, &m) || !two(f.p + 4, &s) || h > 23 || m > 59 || s > 60)
        return false;
    *ms = (((int64_t)h * 60 + m) * 60 + s) * 1000;
    if (f.n > 6 && f.p[6] != '.')
        return false;
    int64_t scale = 100;
    for (size_t i = 7; i < f.n; i++, scale /= 10) {
        if (f.p[i] < '0' || f.p[i] > '9')
            return false;
        *ms += (f.p[i] - '0') * scale;
    }
    return true;
}

/* ddmmyy, ms at midnight. */
static bool date(struct part f, int64_t *ms)
{
    unsigned d, m, y;
    if (f.n != 6 || !two(f.p, &d) || !two(f.p + 2, &m) || !two(f.p + 4, &y))
        return false;
    *ms = moment_make(y + (y < 80 ? 2000u : 1900u), m, d, 0, 0, 0);
    return *ms != MOMENT_NONE;
}

/* lat, N, lon, E */
static bool place(const struct part f[static 4], struct place_point *out)
{
    int64_t lat, lon;
    if (f[1].n != 1 || f[3].n != 1 || !strchr("NS", *f[1].p) || !strchr("EW", *f[3].p) ||
        !degrees_decimal(f[0].p, f[0].n, &lat) || !degrees_decimal(f[2].p, f[2].n, &lon) ||
        !degrees_minutes(lat, &lat) || !degrees_minutes(lon, &lon))
        return false;
    return degrees_point(*f[1].p == 'S' ? -lat : lat, *f[3].p == 'W' ? -lon : lon, out);
}

static void flush_pending(struct nmea *m)
{
    if (m->has_pending && !m->has_rmc)
        track_add(m->track, &m->pending);
    m->has_pending = 0;
}

/* How long the log ran before its first position. */
static void note_beginning(struct nmea *m, int64_t when)
{
    if (m->track->start == INT64_MIN || when <= m->track->start || m->second != INT64_MIN)
        return;
    m->second = when;
    int64_t every = when - m->track->start;
    if (every > 10 * EVERY)
        every = EVERY;
    m->track->after = m->voids < 100000 ? (int64_t)m->voids * every : 0;
}

/* $GPRMC,time,A,lat,N,lon,E,knots,course,ddmmyy,... */
static bool rmc(struct nmea *m, const struct part *f, size_t n)
{
    struct place_point p;
    int64_t day, time;
    if (n < 10 || f[2].n != 1 || !strchr("AV", *f[2].p))
        return false;
    if (*f[2].p == 'V') {
        m->voids += m->track->total == 0;
        return true;
    }
    if (!clock_time(f[1], &time) || !date(f[9], &day) || !place(f + 3, &p))
        return false;
    m->has_rmc = 1;
    p.time = day + time;
    note_beginning(m, p.time);
    track_add(m->track, &p);
    return true;
}

/* $GPGGA,time,lat,N,lon,E,quality,... */
static bool gga(struct nmea *m, const struct part *f, size_t n)
{
    int64_t time;
    flush_pending(m);
    if (n < 7 || f[6].n != 1 || !clock_time(f[1], &time))
        return false;
    if (*f[6].p == '0')
        return true;
    if (!place(f + 2, &m->pending))
        return false;
    m->pending.time = m->day == INT64_MIN ? INT64_MIN : m->day + time;
    m->has_pending = 1;
    return true;
}

/* $GPZDA,time,dd,mm,yyyy,... */
static bool zda(struct nmea *m, const struct part *f, size_t n)
{
    unsigned d, mo, century, y;
    if (n < 5 || f[2].n != 2 || f[3].n != 2 || f[4].n != 4 || !two(f[2].p, &d) || !two(f[3].p, &mo) ||
        !two(f[4].p, &century) || !two(f[4].p + 2, &y))
        return false;
    m->day = moment_make(century * 100 + y, mo, d, 0, 0, 0);
    return m->day != MOMENT_NONE;
}

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

/* s begins behind the '$'. Without a checksum it is taken as it is: the
 * standard asks for one in RMC only since its version 2.3. */
static bool sentence(struct nmea *m, const char *s, size_t n)
{
    struct part f[FIELDS_MAX];
    size_t fields = 0, body = 0;
    unsigned sum = 0;
    for (; body < n && s[body] != '*' && s[body] != '\r'; body++)
        sum ^= (unsigned char)s[body];
    if (body < n && s[body] == '*' &&
        (body + 3 > n || hex(s[body + 1]) < 0 || hex(s[body + 2]) < 0 ||
         (unsigned)(hex(s[body + 1]) * 16 + hex(s[body + 2])) != sum))
        return false;
    for (size_t i = 0; fields < FIELDS_MAX && i <= body; fields++) {
        const char *comma = memchr(s + i, ',', body - i);
        f[fields] = (struct part){s + i, comma ? (size_t)(comma - s) - i : body - i};
        i += f[fields].n + 1;
    }
    const char *kind = f[0].p + 2; /* behind the talker: GP, GN, GL, GA, BD, ... */
    if (memcmp(kind, "RMC", 3) == 0)
        return rmc(m, f, fields);
    return memcmp(kind, "GGA", 3) == 0 ? gga(m, f, fields) : zda(m, f, fields);
}

static bool is_wanted(const char *s, size_t n)
{
    return n > 6 && s[5] == ',' &&
           (memcmp(s + 2, "RMC", 3) == 0 || memcmp(s + 2, "GGA", 3) == 0 || memcmp(s + 2, "ZDA", 3) == 0);
}

static void line(struct nmea *m)
{
    for (size_t i = 0; i < m->n && !m->is_too_long; i++)
        if (m->line[i] == '$' && is_wanted(m->line + i + 1, m->n - i - 1)) {
            bool good = sentence(m, m->line + i + 1, m->n - i - 1);
            m->sentences += good;
            m->bad += !good;
            break;
        }
    m->n = 0;
    m->is_too_long = 0;
}

void nmea_feed(struct nmea *m, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        /* a NUL ends what stands in a block of fixed size */
        if (p[i] == '\n' || p[i] == '\r' || p[i] == '\0')
            line(m);
        else if (m->n < sizeof m->line)
            m->line[m->n++] = (char)p[i];
        else
            m->is_too_long = 1;
    }
}

void nmea_end(struct nmea *m)
{
    line(m);
    flush_pending(m);
    if (m->second == INT64_MIN && m->voids < 100000 && m->has_rmc)
        m->track->after = (int64_t)m->voids * EVERY;
}
