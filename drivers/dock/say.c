#include "drivers/dock/say.h"

#include "drivers/row.h"
#include "storage/base/clock.h"
#include "storage/base/lang.h"
#include "storage/base/text.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define EVERY 250 /* ms */

static const char *const words[SAY_KINDS] = {N_("stored"), N_("known"), N_("failed"), N_("not taken")};

void say_begin(struct say *s, bool json, bool quiet, bool progress)
{
    *s = (struct say){.json = json, .quiet = quiet, .told_json = json && progress, .start = clock_uptime()};
    s->bar = !json && !quiet && isatty(STDERR_FILENO);
}

static void wipe_bar(struct say *s)
{
    if (s->drawn)
        fputs("\r\033[K", stderr);
    s->drawn = false;
}

/* Takes o. */
static void put_json(const struct say *s, json_t *o)
{
    if (o && s->label[0])
        json_object_set_new(o, "camera", json_string(s->label));
    if (o && s->port)
        json_object_set_new(o, "port", json_string(s->port));
    row_put(o);
}

void say_label(struct say *s, const char *label, const char *port)
{
    s->port = port;
    snprintf(s->label, sizeof s->label, "%s", label);
}

void say_failed(struct say *s, enum err e)
{
    char why[ERR_WHOLE];
    if (!s->json || !s->port)
        return;
    err_whole(why, e);
    put_json(s, json_pack("{s:s,s:s}", "event", "failed", "why", why));
}

void say_camera(struct say *s, const struct place *p, const struct camera *c)
{
    struct camera_status is = {.battery = -1};
    const struct camera_name *n = &p->name;
    if (p->from)
        return;
    if (c->status && c->status(c->self, &is) != ERR_OK)
        err_clear();
    if (is.battery < 0)
        is.battery = p->told.battery;
    if (s->json)
        put_json(s, json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:i,s:I,s:I,s:o,s:o,s:b}", "event", "taking", "port",
                              p->seen.port, "vendor", n->vendor, "product", n->product, "serial", n->serial, "profile",
                              n->profile, "volume", n->volume, "battery", is.battery, "free", (json_int_t)is.free,
                              "size", (json_int_t)is.total, "clock", clock_json(p->clock_before), "asked",
                              clock_json(p->clock_asked), "clock_set", (int)p->clock_set));
    else if (!s->quiet)
        printf(_("camera %s %s, number %s, at port %s\n"), n->vendor, n->product, n->serial, p->seen.port);
    fflush(stdout);
}

void say_event(struct say *s, const char *event, const char *why)
{
    wipe_bar(s);
    if (s->json)
        put_json(s, json_pack("{s:s,s:s}", "event", event, "why", why));
    else if (strcmp(event, "waiting") == 0)
        printf(_("the camera was pulled out; plug it in again, it goes on where it was\n"));
    else if (strcmp(event, "media") == 0)
        printf(_("what is in a recording could not be looked at: %s\n"), why);
    else
        printf(_("the camera is back; going on\n"));
    fflush(stdout);
}

void say_found(struct say *s, uint64_t recordings, uint64_t bytes)
{
    s->recordings = recordings;
    s->bytes = bytes;
    if (s->json)
        put_json(s, json_pack("{s:s,s:I,s:I}", "event", "found", "recordings", (json_int_t)recordings, "bytes",
                              (json_int_t)bytes));
    else if (!s->quiet)
        printf(_("found %llu recordings, %llu bytes\n"), (unsigned long long)recordings, (unsigned long long)bytes);
    fflush(stdout);
}

static void put_line(const struct say_line *l, const char *path)
{
    const char *word = _(words[l->what]);
    if (l->what == SAY_STORED && l->resumed_from)
        printf(_("%s %s %s %llu, gone on from %llu\n"), word, l->id, path, (unsigned long long)l->size,
               (unsigned long long)l->resumed_from);
    else if (l->what == SAY_STORED)
        printf("%s %s %s %llu\n", word, l->id, path, (unsigned long long)l->size);
    else if (l->what == SAY_KNOWN)
        printf("%s %s\n", word, path);
    else
        printf("%s %s: %s\n", word, path, l->why);
}

static void put_line_json(const struct say *s, const struct say_line *l, const char *path)
{
    json_t *o = json_pack("{s:s,s:s,s:s}", "event", "recording", "result", words[l->what], "path", path);
    if (l->what == SAY_STORED) {
        json_object_set_new(o, "id", json_string(l->id));
        json_object_set_new(o, "size", json_integer((json_int_t)l->size));
        json_object_set_new(o, "resumed_from", json_integer((json_int_t)l->resumed_from));
    } else if (l->what != SAY_KNOWN) {
        json_object_set_new(o, "why", json_string(l->why));
    }
    put_json(s, o);
}

void say_line(struct say *s, const struct say_line *l)
{
    struct buf path = {0};
    s->count[l->what]++;
    if (l->what == SAY_STORED)
        s->stored += l->size;
    if (s->quiet && !s->json && (l->what == SAY_STORED || l->what == SAY_KNOWN))
        return;
    const char *shown = text_escape(&path, l->path, strlen(l->path)) == ERR_OK ? (const char *)path.p : "?";
    wipe_bar(s);
    if (s->json)
        put_line_json(s, l, shown);
    else
        put_line(l, shown);
    buf_free(&path);
    fflush(stdout);
}

void say_progress(struct say *s, uint64_t recording, uint64_t done)
{
    int64_t now = clock_uptime();
    if (!(s->bar || s->told_json) || now - s->told < EVERY)
        return;
    s->told = now;
    double rate = (double)done / ((double)(now - s->start + 1) / 1000);
    uint64_t left = rate > 0 && done < s->bytes ? (uint64_t)((double)(s->bytes - done) / rate) : 0;
    if (s->told_json) {
        put_json(s, json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:I}", "event", "progress", "recording", (json_int_t)recording,
                              "recordings", (json_int_t)s->recordings, "done", (json_int_t)done, "bytes",
                              (json_int_t)s->bytes, "rate", (json_int_t)rate, "seconds_left", (json_int_t)left));
        return;
    }
    fputs("\r\033[K", stderr);
    fprintf(stderr, _("recording %llu of %llu, %.0f of %.0f MB, %.1f MB/s, %llu:%02llu left"),
            (unsigned long long)recording, (unsigned long long)s->recordings, (double)done / 1e6,
            (double)s->bytes / 1e6, rate / 1e6, (unsigned long long)(left / 60), (unsigned long long)(left % 60));
    s->drawn = true;
}

void say_summary(struct say *s)
{
    double seconds = (double)(clock_uptime() - s->start) / 1000;
    wipe_bar(s);
    if (s->json)
        put_json(s, json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:f}", "event", "summary", "stored",
                              (json_int_t)s->count[SAY_STORED], "known", (json_int_t)s->count[SAY_KNOWN], "failed",
                              (json_int_t)s->count[SAY_FAILED], "not_taken", (json_int_t)s->count[SAY_NOT_TAKEN],
                              "bytes", (json_int_t)s->stored, "seconds", seconds));
    else
        printf(_("offload: %llu stored, %llu known, %llu failed, %llu not taken, %llu bytes in %.1f s\n"),
               (unsigned long long)s->count[SAY_STORED], (unsigned long long)s->count[SAY_KNOWN],
               (unsigned long long)s->count[SAY_FAILED], (unsigned long long)s->count[SAY_NOT_TAKEN],
               (unsigned long long)s->stored, seconds);
    fflush(stdout);
}
