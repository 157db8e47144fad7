#include "drivers/dock/media.h"

#include "drivers/limits.h"
#include "drivers/probe/begins.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/records/recording.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

void media_start(struct media *m, struct say *say, const volatile sig_atomic_t *stop)
{
    *m = (struct media){.say = say};
    if (probe_start(&m->probe, stop) != ERR_OK)
        err_clear(); /* there is no memory: what comes next will say so */
}

void media_stop(struct media *m)
{
    probe_facts_free(&m->is);
    probe_stop(m->probe);
    m->probe = NULL;
}

bool media_is_log(const char *path, enum probe_kind *kind)
{
    const char *dot = strrchr(path, '.');
    *kind = dot && strcasecmp(dot, ".gpx") == 0 ? PROBE_GPX : PROBE_NMEA;
    return dot && (*kind == PROBE_GPX || strcasecmp(dot, ".nmea") == 0);
}

static void tell(struct media *m, const char *why)
{
    if (m->told)
        return;
    m->told = true;
    log_line("feldsher-probe failed");
    say_event(m->say, "media", why);
}

/* False: stopped, or no memory. */
static bool ask(struct media *m, enum probe_kind kind, struct reading *r, struct probe_facts *f)
{
    const struct probe_source source = {reading_piece, r, r->file.size};
    int64_t begun = clock_uptime();
    enum err e = probe_file(m->probe, kind, &source, f);
    if (!e && f->failed) {
        m->spent += clock_uptime() - begun;
        tell(m, f->why);
    }
    err_clear();
    return e == ERR_OK;
}

static bool is_media(struct reading *r)
{
    uint8_t p[BEGINS_LEN];
    size_t got = 0;
    return reading_piece(r, 0, p, sizeof p, &got) == ERR_OK && begins_like_media(p, got);
}

/* A log beside a video has more positions than are in it, by a better clock. */
static bool take_log(struct media *m, const struct probe_facts *log)
{
    json_t *track = json_object_get(log->media, "track");
    if (track && !m->is.media)
        m->is.media = json_object();
    if (!track || json_object_set(m->is.media, "track", track) < 0)
        return false;
    m->is.gps_start = log->gps_start;
    m->is.gps_after = log->gps_after;
    return true;
}

static enum err read_poster(void *ctx, uint64_t offset, void *p, size_t n, size_t *got)
{
    const struct media *m = ctx;
    const struct buf *b = &m->is.poster;
    size_t left = offset < b->len ? b->len - (size_t)offset : 0;
    *got = left < n ? left : n;
    if (*got)
        memcpy(p, b->p + offset, *got);
    return ERR_OK;
}

static json_t *poster_facts(void *ctx)
{
    (void)ctx;
    return json_pack("{s:s}", "made", "feldsher-probe");
}

const struct intake_source *media_look(struct media *m, struct reading *const files[], size_t n, size_t stem)
{
    unsigned logs = 0;
    bool asked = m->probe && m->spent < MEDIA_PATIENCE_MS;
    probe_facts_free(&m->is);
    m->is = (struct probe_facts){.start = INT64_MIN, .gps_start = INT64_MIN, .duration = -1};
    if (asked && is_media(files[0]))
        asked = ask(m, PROBE_VIDEO, files[0], &m->is);
    for (size_t i = 1; i < n && asked && logs < MEDIA_LOGS_MAX; i++) {
        struct probe_facts log;
        enum probe_kind kind;
        if (!media_is_log(files[i]->file.path, &kind))
            continue;
        asked = ask(m, kind, files[i], &log);
        logs = asked && take_log(m, &log) ? MEDIA_LOGS_MAX : logs + 1;
        probe_facts_free(&log);
    }
    if (m->is.poster.len == 0 || stem + strlen(RECORDING_POSTER) >= sizeof m->path)
        return NULL;
    snprintf(m->path, sizeof m->path, "%.*s" RECORDING_POSTER, (int)stem, files[0]->file.path);
    m->poster = (struct intake_source){.read = read_poster,
                                       .ctx = m,
                                       .path = m->path,
                                       .size = m->is.poster.len,
                                       .mtime = INT64_MIN,
                                       .facts = poster_facts};
    return &m->poster;
}
