#include "drivers/dock/offload.h"

#include "drivers/dock/choose.h"
#include "drivers/dock/models.h"
#include "drivers/dock/take.h"
#include "drivers/probe/skew.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/records/custody.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One offload from end to end. */
struct dock {
    const struct offload *o;
    struct station *s;
    struct usb_bus *bus;
    struct profiles *profiles;
    struct admitted admitted;
    struct place place;
    struct camera camera;
    struct take take;
    char session[ENTRY_ID]; /* what its recordings' entries and its own have in common */
    int64_t clock, asked;   /* the camera's when it was plugged in, and ours then; INT64_MIN */
};

static void say_away(struct dock *d, bool away)
{
    say_event(&d->take.say, away ? "waiting" : "back", away ? err_text() : "");
    log_line(away ? "the camera was pulled out and is waited for" : "the camera is back");
}

static enum err again(void *ctx)
{
    struct dock *d = ctx;
    say_away(d, true);
    /* what is finished does not wait with it; if it cannot be kept now, it says so when the rest is in */
    if (intake_pause(d->take.in) != ERR_OK)
        err_clear();
    d->camera.free(d->camera.self);
    d->take.on.opened++;
    enum err e = place_again(&d->place, &d->camera);
    if (e)
        d->camera = (struct camera){0};
    else
        say_away(d, false);
    return e;
}

static bool gone(void *ctx)
{
    const struct dock *d = ctx;
    return d->camera.self && place_is_gone(&d->place);
}

/* When it really began, and how wrong the camera's clock was. name: what its name says. */
static json_t *skew_of(const struct dock *d, const struct reading *r, int64_t name)
{
    const struct probe_facts *is = &d->take.media.is;
    const struct skew_clocks c = {.name = name,
                                  .container = is->start,
                                  .modified = r->file.mtime,
                                  .duration = is->duration < 0 ? -1 : (int64_t)(is->duration * 1000),
                                  .gps = is->gps_start,
                                  .gps_after = is->gps_after,
                                  .camera = d->clock,
                                  .asked = d->asked,
                                  .trusted = d->place.trusted};
    return skew_json(&c);
}

static json_t *name_json(const struct profile_said *said)
{
    json_t *o = json_object();
    if (said->device[0])
        json_object_set_new(o, "device", json_string(said->device));
    if (said->officer[0])
        json_object_set_new(o, "officer", json_string(said->officer));
    if (said->start != INT64_MIN)
        json_object_set_new(o, "start", clock_json(said->start));
    return o;
}

static json_t *about(struct take *t, const struct group_file *g)
{
    const struct dock *d = t->ctx;
    struct profile_said said = {.start = INT64_MIN};
    if (t->model)
        profile_read_name(t->model, g->reading.file.path, &said);
    json_t *name = name_json(&said), *skew = skew_of(d, &g->reading, said.start);
    json_t *o = name && skew ? json_pack("{s:s}", "session", d->session) : NULL;
    if (o && json_object_size(name))
        json_object_set(o, "name_says", name);
    if (o && json_object_size(skew))
        json_object_set(o, "skew", skew);
    if (o && t->media.is.media)
        json_object_set(o, "media", t->media.is.media);
    json_decref(name);
    json_decref(skew);
    return o;
}

/* The session's own entry: with what it was done, and how it went. */
static enum err append_session(struct dock *d, const char *end)
{
    const struct camera_name *n = &d->place.name;
    const struct say *say = &d->take.say;
    char id[ENTRY_ID];
    json_t *facts = place_facts(&d->place, &d->camera);
    json_t *data =
        json_pack("{s:s,s:{s:s,s:s,s:s,s:s,s:s},s:I,s:I,s:I,s:I,s:I,s:s}", "session", d->session, "camera", "vendor",
                  n->vendor, "product", n->product, "serial", n->serial, "profile", n->profile, "volume", n->volume,
                  "stored", (json_int_t)say->count[SAY_STORED], "known", (json_int_t)say->count[SAY_KNOWN], "failed",
                  (json_int_t)say->count[SAY_FAILED], "not_taken", (json_int_t)say->count[SAY_NOT_TAKEN], "reopened",
                  (json_int_t)d->take.on.opened, "end", end);
    bool good = facts && data && json_object_update(data, facts) == 0;
    json_decref(facts);
    if (!good) {
        json_decref(data);
        return err_set(ERR_NOMEM, "out of memory");
    }
    return custody_entry(d->s, NULL, NULL, "offload", data, id);
}

static enum err take_camera(struct dock *d)
{
    const struct camera_name *n = &d->place.name;
    struct take *t = &d->take;
    char why[1024];
    d->clock = d->place.clock_before;
    d->asked = d->place.from ? clock_wall() : d->place.clock_asked;
    t->s = d->s;
    t->ctx = d;
    t->about = about;
    t->model = d->place.from ? NULL : d->place.is;
    t->described =
        (struct intake_camera){n->vendor, n->product, n->serial, n->profile, n->volume, d->place.clock_before};
    t->on = (struct reading_camera){.camera = &d->camera, .ctx = d, .stop = d->o->stop};
    if (!d->o->from && !d->o->no_wait) {
        t->on.again = again;
        t->on.gone = gone;
    }
    enum err e = take_run(t);
    snprintf(why, sizeof why, "%s", err_text());
    enum err noted = ERR_OK;
    /* of a folder that brought nothing new there is nothing to be said; a camera was here, at least */
    if (d->camera.self && (t->say.count[SAY_STORED] || (!e && !d->o->from)))
        noted = append_session(d, e ? why : *d->o->stop ? "stopped" : "");
    return e ? err_set(e, "%s", why) : noted;
}

/* A camera folder inside the station's, or the other way round, is a mistake. */
static enum err check_apart(const char *dir, const char *from)
{
    char a[PATH_MAX], b[PATH_MAX];
    if (!realpath(dir, a) || !realpath(from, b))
        return ERR_OK;
    size_t n = strlen(a) < strlen(b) ? strlen(a) : strlen(b);
    const char *longer = strlen(a) < strlen(b) ? b : a;
    if (strncmp(a, b, n) == 0 && (longer[n] == '/' || longer[n] == '\0' || n == 1))
        return err_set(ERR_USAGE, "%s is, holds or lies in the station's own folder; name the camera's folder", from);
    return ERR_OK;
}

static enum err from_path(struct dock *d)
{
    const struct confine_path camera[] = {{d->o->from, CONFINE_READ}, {"/dev/disk/by-uuid", CONFINE_READ}};
    enum err e = station_confine(d->s, camera, 2, CONFINE_NO_NET);
    return e ? e : check_apart(d->o->dir, d->o->from);
}

static enum err from_usb(struct dock *d)
{
    const struct confine_path usb[] = {
        {"/dev/bus/usb", CONFINE_USE}, {"/sys", CONFINE_READ}, {"/run/udev", CONFINE_READ}, {"/proc", CONFINE_READ}};
    enum err e = profiles_load(&d->profiles, d->o->dir);
    if (!e && !d->o->port) /* watch has said it once, for all of them */
        models_say_refused(d->profiles, d->o->json);
    if (!e)
        e = admitted_read(&d->admitted, d->o->dir);
    if (!e)
        e = usb_bus_open(&d->bus);
    d->place.bus = d->bus;
    d->place.profiles = d->profiles;
    if (!e)
        e = d->o->port ? choose_port(&d->place, &d->admitted, d->o->port)
                       : choose_named(&d->place, &d->admitted, d->o->camera);
    return e ? e : station_confine_keys(d->s, usb, sizeof usb / sizeof usb[0], CONFINE_NO_NET, CONFINE_READ_KEYS);
}

static enum err open_camera(struct dock *d)
{
    enum clock_mark mark;
    station_now(d->s, &mark);
    d->place.s = d->s;
    d->place.from = d->o->from;
    d->place.serial = d->o->camera;
    d->place.trusted = mark == CLOCK_FINE;
    d->place.stop = d->o->stop;
    batch_entry_id(d->session);
    enum err e = d->o->from ? from_path(d) : from_usb(d);
    return e ? e : place_open(&d->place, &d->camera);
}

/* One of several cameras: which one it is that cannot be taken in. */
static enum err name_error(const struct dock *d, enum err e)
{
    const char *name = d->place.name.serial[0] ? d->place.name.serial : d->o->port;
    return err_set(e, "camera %s: %s", name, err_text());
}

static void end(struct dock *d)
{
    if (d->camera.self)
        d->camera.free(d->camera.self);
    admitted_free(&d->admitted);
    profiles_free(d->profiles);
    usb_bus_close(d->bus);
    media_stop(&d->take.media);
    log_close();
    station_close(d->s);
}

enum err offload_run(const struct offload *o, bool *incomplete)
{
    struct dock d = {.o = o};
    *incomplete = false;
    say_begin(&d.take.say, o->json, o->quiet, o->progress);
    if (o->port)
        say_label(&d.take.say, o->port, o->port);
    media_start(&d.take.media, &d.take.say, o->stop);
    enum err e = station_open(&d.s, o->dir, STATION_CHAIN_KEY);
    if (e) {
        say_failed(&d.take.say, e);
        media_stop(&d.take.media);
        return e;
    }
    if (log_open(o->dir, "feldsher-dock") != ERR_OK)
        err_clear(); /* evidence goes before the log */
    e = open_camera(&d);
    if (!e) {
        if (o->port && d.place.name.serial[0])
            say_label(&d.take.say, d.place.name.serial, o->port);
        say_camera(&d.take.say, &d.place, &d.camera);
        log_line("offload begins");
        e = take_camera(&d);
        log_line("offload ends: %llu stored, %llu known, %llu failed", (unsigned long long)d.take.say.count[SAY_STORED],
                 (unsigned long long)d.take.say.count[SAY_KNOWN], (unsigned long long)d.take.say.count[SAY_FAILED]);
        *incomplete = d.take.say.count[SAY_FAILED] > 0;
        if (!e && *o->stop)
            e = err_set(ERR_AGAIN, "stopped; run offload again, it goes on where it stopped");
    }
    if (e)
        say_failed(&d.take.say, e);
    if (e && o->port)
        e = name_error(&d, e);
    end(&d);
    return e;
}
