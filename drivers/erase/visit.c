#include "drivers/erase/visit.h"

#include "drivers/erase/delete_mtp.h"
#include "drivers/erase/delete_vendor.h"
#include "drivers/erase/erase.h"
#include "drivers/erase/usage.h"
#include "drivers/place.h"
#include "storage/base/lang.h"
#include "storage/base/log.h"

#include <string.h>

struct visiting {
    const struct visit *v;
    struct station *s;
    struct usb_bus *bus;
    struct profiles *profiles;
    struct place place;
    struct camera camera;
    struct deleter deleter;
    struct delete_vendor vendor;
    struct copies copies;
};

#define PATHS 4 /* that a camera needs */

/* The one device that calls itself so, by serial number or port. */
static enum err find(struct visiting *w)
{
    struct usb_list now;
    size_t n = 0;
    enum err e = usb_bus_list(w->bus, &now);
    if (e)
        return e;
    for (size_t i = 0; i < now.n; i++) {
        if (strcmp(w->v->camera, now.seen[i].port) != 0 && strcmp(w->v->camera, now.seen[i].serial) != 0)
            continue;
        w->place.seen = w->place.reads = now.seen[i];
        n++;
    }
    usb_list_free(&now);
    if (n == 0)
        return err_set(ERR_NOINPUT, "no device %s is plugged in; feldsher cameras says what is", w->v->camera);
    return n == 1
               ? ERR_OK
               : err_set(ERR_USAGE, "two devices call themselves %s; name the port (feldsher cameras)", w->v->camera);
}

/* For good: to what the camera needs, and the copies. */
static enum err limit(struct visiting *w, const struct confine_path camera[static PATHS], enum confine_keys keys)
{
    struct confine_path all[PATHS + COPIES_MAX];
    size_t n = 0;
    for (size_t i = 0; i < PATHS; i++)
        if (camera[i].path)
            all[n++] = camera[i];
    for (size_t i = 0; i < w->copies.n; i++)
        all[n++] = (struct confine_path){w->copies.dir[i], CONFINE_READ};
    return station_confine_keys(w->s, all, n, CONFINE_NO_NET, keys);
}

/* Before anything is limited: which disks there are is seen outside. */
static enum err begin_copies(struct visiting *w)
{
    w->copies = (struct copies){.s = w->s, .n = w->v->n_copies, .medium = copies_medium};
    memcpy(w->copies.dir, w->v->copies, sizeof w->copies.dir);
    return copies_apart(&w->copies);
}

static enum err find_on_usb(struct visiting *w)
{
    const struct confine_path usb[PATHS] = {
        {"/dev/bus/usb", CONFINE_USE}, {"/sys", CONFINE_READ}, {"/run/udev", CONFINE_READ}, {"/proc", CONFINE_READ}};
    enum err e = profiles_load(&w->profiles, w->v->dir);
    if (!e)
        e = usb_bus_open(&w->bus);
    w->place.bus = w->bus;
    w->place.profiles = w->profiles;
    w->place.any = true; /* it is named */
    if (!e)
        e = find(w);
    return e ? e : limit(w, usb, CONFINE_READ_KEYS);
}

/* How this camera forgets a file, by its model. */
static void choose_way(struct visiting *w)
{
    const struct place *p = &w->place;
    w->deleter = (struct deleter){.why = _("its model knows no command by which it would erase a file itself")};
    if (p->from)
        w->deleter.why = _("what is mounted as a disk, or is a copy of one, is never written to");
    else if (profile_erase(p->is) == PROFILE_ERASE_MTP && !p->disk.self)
        delete_mtp(&w->deleter, &w->camera);
    else if (p->disk.self && profile_erase(p->is) == PROFILE_ERASE_COMMAND &&
             !delete_vendor(&w->deleter, &w->vendor, p->is, &w->place.disk))
        w->deleter.remove = NULL;
}

static enum err open_camera(struct visiting *w)
{
    const struct confine_path path[PATHS] = {{w->v->from, CONFINE_READ}, {"/dev/disk/by-uuid", CONFINE_READ}};
    w->place.s = w->s;
    w->place.from = w->v->from;
    w->place.serial = w->v->camera;
    w->place.stop = w->v->stop;
    enum err e = begin_copies(w);
    if (!e)
        e = w->v->from ? limit(w, path, CONFINE_NO_KEYS) : find_on_usb(w);
    return e ? e : place_open(&w->place, &w->camera);
}

static enum err work(struct visiting *w, bool *incomplete)
{
    const struct visit *v = w->v;
    const struct camera_name *name = &w->place.name;
    const char *volume = v->from && v->volume[0] ? v->volume : name->volume;
    struct outcome outcome;
    struct permit *permit;
    choose_way(w);
    enum err e = permit_load(&permit, w->s, name->serial, volume, v->licence, &w->copies);
    if (e)
        return e;
    outcome_begin(&outcome, v->json, v->progress);
    struct erase erase = {w->s, permit, &w->camera, name->serial, volume, &w->deleter, &outcome, v->stop};
    e = v->plan ? erase_plan(&erase) : erase_run(&erase, incomplete);
    permit_free(permit);
    return e;
}

enum err visit_run(const struct visit *v, bool *incomplete)
{
    struct visiting w = {.v = v};
    *incomplete = false;
    enum err e = station_open(&w.s, v->dir, STATION_CHAIN_KEY);
    if (e)
        return e;
    if (log_open(v->dir, ERASE) != ERR_OK)
        err_clear(); /* the chain has all of it */
    e = open_camera(&w);
    if (!e)
        e = work(&w, incomplete);
    if (w.camera.self)
        w.camera.free(w.camera.self);
    profiles_free(w.profiles);
    usb_bus_close(w.bus);
    log_close();
    station_close(w.s);
    return e;
}
