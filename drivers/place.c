#include "drivers/place.h"

#include "drivers/fat/fat.h"
#include "drivers/fat/image.h"
#include "drivers/folder/folder.h"
#include "drivers/msc/msc.h"
#include "drivers/ptp/ptp.h"
#include "drivers/usb/seen.h"
#include "storage/base/clock.h"
#include "storage/base/lang.h"
#include "storage/vault/camera_secret.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define MEDIUM_TIME 20000u /* ms for a card to get ready */
#define DISK_TIME 30000    /* ms for a recorder to come back as a disk */
#define LOOK_AGAIN 1000    /* ms */
#define LEAVING 1000       /* ms that the system takes to miss a device */

static bool is_dialect(const struct profile *m)
{
    return profile_speaks(m) == PROFILE_ASCII || profile_speaks(m) == PROFILE_BINARY;
}

const struct profile *place_model(const struct profiles *all, const struct usb_seen *seen, uint8_t *interface)
{
    const struct profile *other = NULL;
    uint8_t at;
    for (const struct profile *m = NULL; (m = profiles_next(all, m)) != NULL;) {
        if (!profile_may_be(m, seen, &at) || (other && !profile_is_automatic(m)))
            continue;
        *interface = at;
        if (profile_is_automatic(m))
            return m;
        other = m;
    }
    return other;
}

/* Does this model count for p? */
static bool counts(const struct place *p, const struct profile *m)
{
    return p->profile ? m == p->profile : p->any || profile_is_automatic(m);
}

/* --- clocks ---------------------------------------------------------------- */

static void forget_clock(struct place *p)
{
    p->clock_before = p->clock_after = INT64_MIN;
    p->clock_asked = clock_wall();
    p->clock_set = false;
    p->clock_zone[0] = '\0';
}

static void take_clock(struct place *p, enum err (*ask)(void *, int64_t *), enum err (*set)(void *, int64_t),
                       void *self)
{
    forget_clock(p);
    if (!ask || ask(self, &p->clock_before) != ERR_OK)
        p->clock_before = INT64_MIN;
    if (p->trusted && set)
        p->clock_set = set(self, clock_wall()) == ERR_OK;
    if (p->clock_set && ask && ask(self, &p->clock_after) != ERR_OK)
        p->clock_after = INT64_MIN;
    err_clear(); /* a clock that cannot be read or set stops nothing */
}

static enum err ask_dialect(void *d, int64_t *ms)
{
    return dialect_clock(d, ms);
}

static enum err set_dialect(void *d, int64_t ms)
{
    return dialect_set_clock(d, ms);
}

static void take_dialect_clock(struct place *p, const struct profile *m, struct dialect *d)
{
    take_clock(p, ask_dialect, set_dialect, d);
    if (p->clock_before != INT64_MIN || p->clock_set)
        profile_zone(m, p->clock_asked, p->clock_zone);
}

/* MTP 1.1, 5.1.1: a time without a zone is local, of the camera's own place:
 * by the model's word, which is this station's where it says no other. */
struct mtp_clock {
    const struct camera *camera;
    const struct profile *model;
};

static bool tells_zone(const struct mtp_clock *c)
{
    return ptp_clock_has_zone(ptp_of(c->camera));
}

static enum err ask_mtp(void *self, int64_t *ms)
{
    const struct mtp_clock *c = self;
    enum err e = c->camera->clock(c->camera->self, ms);
    if (!e && !tells_zone(c))
        *ms = profile_of_wall(c->model, *ms);
    return e;
}

/* As it was read: ask_mtp comes first. */
static enum err set_mtp(void *self, int64_t ms)
{
    const struct mtp_clock *c = self;
    return c->camera->set_clock(c->camera->self, tells_zone(c) ? ms : profile_wall(c->model, ms));
}

static void take_mtp_clock(struct place *p, const struct profile *m, const struct camera *c)
{
    struct mtp_clock clock = {c, m};
    take_clock(p, c->clock ? ask_mtp : NULL, c->clock && c->set_clock ? set_mtp : NULL, &clock);
    if (p->clock_before != INT64_MIN && tells_zone(&clock))
        strcpy(p->clock_zone, "camera");
    else if (p->clock_before != INT64_MIN)
        profile_zone(m, p->clock_before, p->clock_zone);
}

/* --- what is on the other end ---------------------------------------------- */

static void begin_name(struct place *p, const struct profile *m, const struct usb_seen *seen)
{
    p->name = (struct camera_name){0};
    memcpy(p->name.vendor, seen->vendor, NAME_LEN);
    memcpy(p->name.product, seen->product, NAME_LEN);
    memcpy(p->name.serial, seen->serial, NAME_LEN);
    snprintf(p->name.profile, NAME_LEN, "%s", profile_name(m));
}

static void end_name(struct place *p, const struct camera *c)
{
    struct intake_camera is;
    c->describe(c->self, &is);
    snprintf(p->name.vendor, NAME_LEN, "%s", is.vendor);
    snprintf(p->name.product, NAME_LEN, "%s", is.product);
    snprintf(p->name.serial, NAME_LEN, "%s", is.serial);
    snprintf(p->name.volume, NAME_LEN, "%s", is.volume);
}

static enum err has_folder(void *ctx, const char *folder, bool *has)
{
    return fat_has(ctx, folder, has);
}

/* Its disk, claimed and opened; not yet proven to be a camera's. */
static enum err open_disk(struct place *p, const struct usb_seen *seen, uint8_t interface, struct camera *out)
{
    struct usb u;
    enum err e = usb_open(&u, p->bus, seen, interface, p->stop);
    p->reads = *seen;
    if (!e)
        e = msc_open(&p->disk, &u, MEDIUM_TIME);
    if (e)
        return e;
    struct disk given = p->disk;
    return fat_camera(out, &given, &p->name);
}

/* ERR_BAD: what the model wants proven is not. */
static enum err prove(const struct profile *m, const struct profile_evidence *evidence)
{
    bool proven = false;
    enum err e = profile_prove(m, evidence, &proven);
    return e || proven ? e : err_set(ERR_BAD, "it is no camera of the model %s", profile_name(m));
}

static enum err open_storage(struct place *p, const struct profile *m, const struct usb_seen *seen, uint8_t interface,
                             struct camera *out)
{
    enum err e = open_disk(p, seen, interface, out);
    if (e)
        return e;
    struct profile_evidence evidence = {.label = fat_label(out), .has = has_folder, .ctx = out};
    e = prove(m, &evidence);
    if (e)
        out->free(out->self);
    return e;
}

static enum err mtp_has_folder(void *ctx, const char *folder, bool *has)
{
    return ptp_has(ctx, folder, has);
}

static enum err open_mtp(struct place *p, const struct profile *m, const struct usb_seen *seen, uint8_t interface,
                         struct camera *out)
{
    struct usb u;
    struct ptp *ptp;
    struct ptp_said said;
    enum err e = usb_open(&u, p->bus, seen, interface, p->stop);
    if (!e)
        e = ptp_open(&ptp, &u);
    if (!e)
        e = ptp_camera(out, ptp, &p->name);
    if (e)
        return e;
    p->reads = *seen;
    ptp_said(out, &said);
    struct profile_evidence evidence = {said.label, said.vendor, said.model, said.extension, mtp_has_folder, out};
    e = prove(m, &evidence);
    if (e)
        out->free(out->self);
    else if (profile_clock(m) == PROFILE_CLOCK_PTP)
        take_mtp_clock(p, m, out);
    return e;
}

/* --- recorders that speak a dialect ---------------------------------------- */

static enum err unlock(struct place *p, const struct profile *m, const struct usb_seen *seen, struct dialect *d)
{
    struct keyring_secret *secret;
    if (p->refused == seen->arrival)
        return err_set(ERR_DENIED,
                       "it is locked, and the secret that is known for %s was wrong; enter the right one (feldsher "
                       "cameras secret %s), then unplug the camera and plug it in again",
                       profile_name(m), profile_name(m));
    enum err e = camera_secret_get(p->s, profile_name(m), &secret);
    if (e == ERR_NOINPUT)
        return err_set(ERR_DENIED,
                       "it is locked, and its secret is not known here since the machine was switched on; unlock the "
                       "station once, or enter it: feldsher cameras secret %s",
                       profile_name(m));
    if (e)
        return err_set(e, "it is locked, and its secret cannot be had: %s", err_text());
    e = dialect_unlock(d, secret->p, secret->n);
    sodium_free(secret);
    if (e == ERR_DENIED)
        p->refused = seen->arrival;
    return e;
}

/* e: of unlocking it. A battery that is too low is told with that: else it
 * would be charged, or unlocked, for nothing. */
static enum err check_battery(const struct place *p, const struct profile *m, enum err e)
{
    if (p->told.battery < 0 || p->told.battery >= profile_battery(m) || (e && e != ERR_DENIED))
        return e;
    if (!e)
        return err_set(ERR_DENIED, "its battery is at %d %%, and it needs %d: leave it plugged in and try again later",
                       p->told.battery, profile_battery(m));
    return err_set(e, "%s; its battery, too, is at %d %%, and it needs %d: leave it plugged in", err_text(),
                   p->told.battery, profile_battery(m));
}

/* In its own dialect: who it is, unlocked, its clock, then to its disk. */
static enum err talk(struct place *p, const struct profile *m, const struct usb_seen *seen, struct usb *u)
{
    struct dialect *d;
    enum err e = dialect_open(&d, m, u, &p->told);
    if (e)
        return e;
    if (p->told.device[0])
        memcpy(p->name.serial, p->told.device, NAME_LEN);
    if (p->told.locked)
        e = unlock(p, m, seen, d);
    e = check_battery(p, m, e);
    if (!e && profile_clock(m) == PROFILE_CLOCK_DIALECT)
        take_dialect_clock(p, m, d);
    if (!e)
        e = dialect_to_disk(d);
    dialect_close(d);
    return e;
}

/* The disk that a recorder comes back as, at the same port. */
static enum err wait_for_disk(struct place *p, const struct profile *m, const struct usb_seen *was,
                              struct usb_seen *disk, uint8_t *interface)
{
    int64_t until = clock_uptime() + DISK_TIME;
    while (!*p->stop && clock_uptime() < until) {
        struct usb_list now;
        bool changed;
        enum err e = usb_bus_list(p->bus, &now);
        if (e)
            return e;
        for (size_t i = 0; i < now.n; i++)
            if (strcmp(now.seen[i].port, was->port) == 0 && now.seen[i].arrival != was->arrival &&
                profile_becomes(m, &now.seen[i], interface)) {
                *disk = now.seen[i];
                usb_list_free(&now);
                return ERR_OK;
            }
        usb_list_free(&now);
        e = usb_bus_wait(p->bus, LOOK_AGAIN, p->stop, &changed);
        if (e)
            return e;
    }
    return *p->stop
               ? usb_err(USB_STOPPED, N_("it has not come back as a disk"))
               : err_set(ERR_AGAIN, "it was asked for its disk and has not come back; unplug it and plug it in again");
}

static enum err open_recorder(struct place *p, const struct profile *m, const struct usb_seen *seen, uint8_t interface,
                              struct camera *out)
{
    struct usb u;
    struct usb_seen disk;
    enum err e = usb_open(&u, p->bus, seen, interface, p->stop);
    if (e)
        return e;
    e = talk(p, m, seen, &u);
    u.free(u.self);
    if (!e)
        e = wait_for_disk(p, m, seen, &disk, &interface);
    if (!e)
        e = open_disk(p, &disk, interface, out);
    if (!e && profile_label_is_device(m) && strcasecmp(fat_label(out), p->told.device) != 0) {
        e = err_set(ERR_DENIED, "it calls itself %s, and its disk is labelled \"%s\": its card is another camera's",
                    p->told.device, fat_label(out));
        out->free(out->self);
    }
    return e;
}

/* --- opening --------------------------------------------------------------- */

static enum err open_as(struct place *p, const struct profile *m, const struct usb_seen *seen, uint8_t interface,
                        struct camera *out)
{
    begin_name(p, m, seen);
    p->disk = (struct disk){0};
    p->told = (struct dialect_facts){.battery = -1, .clock = INT64_MIN};
    forget_clock(p);
    if (is_dialect(m))
        return open_recorder(p, m, seen, interface, out);
    return profile_speaks(m) == PROFILE_MTP ? open_mtp(p, m, seen, interface, out)
                                            : open_storage(p, m, seen, interface, out);
}

/* A camera that was freed, and its disk with it. */
static void forget(struct place *p, struct camera *out)
{
    *out = (struct camera){0};
    p->disk = (struct disk){0};
}

/* Each model that counts and may be it, until one is. */
static enum err open_seen(struct place *p, const struct usb_seen *seen, struct camera *out)
{
    enum err e = err_set(ERR_BAD, "no model of camera fits it; feldsher cameras says what is plugged in");
    uint8_t interface;
    for (const struct profile *m = NULL; e == ERR_BAD && (m = profiles_next(p->profiles, m)) != NULL;) {
        if (!counts(p, m) || !profile_may_be(m, seen, &interface))
            continue;
        e = open_as(p, m, seen, interface, out);
        if (!e)
            p->is = m;
    }
    if (!e) {
        end_name(p, out);
    } else {
        forget(p, out); /* one that was opened and is not of its model was freed */
    }
    return e;
}

static enum err open_path(struct place *p, struct camera *out)
{
    struct stat st;
    struct camera_name name = {.profile = "image"};
    p->clock_before = p->clock_after = INT64_MIN;
    if (stat(p->from, &st) < 0 || S_ISDIR(st.st_mode))
        return folder_open(out, p->from, p->serial);
    enum err e = folder_check_serial(p->serial);
    if (!e)
        e = image_open(&p->disk, p->from);
    if (e)
        return e;
    snprintf(name.serial, NAME_LEN, "%s", p->serial);
    struct disk given = p->disk;
    p->disk = (struct disk){0};
    e = fat_camera(out, &given, &name);
    return e ? err_set(e, "%s: %s", p->from, err_text()) : ERR_OK;
}

enum err place_open(struct place *p, struct camera *out)
{
    enum err e = p->from ? open_path(p, out) : open_seen(p, &p->seen, out);
    if (!e && p->from)
        end_name(p, out);
    return e;
}

/* --- the same camera again ------------------------------------------------- */

/* By its descriptors: is it worth asking? */
static bool could_be(const struct place *p, const struct usb_seen *s)
{
    return s->vendor_id == p->seen.vendor_id && s->product_id == p->seen.product_id &&
           strcmp(s->serial, p->seen.serial) == 0;
}

static bool is_in(const struct usb_list *l, uint64_t arrival)
{
    size_t i = 0;
    while (i < l->n && l->seen[i].arrival != arrival)
        i++;
    return i < l->n;
}

/* others: what was there before, and is other cameras unless it proves to be
 * this one; it may be at work elsewhere now, and is looked at again. */
static enum err try_again(struct place *p, const struct camera_name *was, const struct usb_list *others,
                          struct camera *out, bool *found)
{
    struct usb_list now;
    enum err e = usb_bus_list(p->bus, &now);
    *found = false;
    for (size_t i = 0; i < now.n && !e && !*found; i++) {
        if (!could_be(p, &now.seen[i]) || now.seen[i].arrival == p->seen.arrival)
            continue;
        if (open_seen(p, &now.seen[i], out) != ERR_OK)
            continue; /* not ready yet */
        *found = strcmp(p->name.serial, was->serial) == 0 && strcmp(p->name.volume, was->volume) == 0;
        if (*found) {
            p->seen = now.seen[i];
        } else {
            out->free(out->self);
            forget(p, out);
        }
        if (!*found && !is_in(others, now.seen[i].arrival))
            e = err_set(ERR_BAD,
                        "a camera of the same number %s came back with another card (%s, and it was %s); what "
                        "was under way is not mixed with it: plug the first card in and run offload again",
                        was->serial, p->name.volume, was->volume);
    }
    usb_list_free(&now);
    return e;
}

enum err place_again(struct place *p, struct camera *out)
{
    struct camera_name was = p->name;
    struct usb_list others;
    bool found = false, changed;
    forget(p, out);
    enum err e = usb_bus_list(p->bus, &others);
    p->profile = p->is;
    while (!e && !found && !*p->stop) {
        e = try_again(p, &was, &others, out, &found);
        if (!e && !found)
            e = usb_bus_wait(p->bus, LOOK_AGAIN, p->stop, &changed);
    }
    usb_list_free(&others);
    if (!found)
        p->name = was;
    return e || found ? e : err_set(ERR_AGAIN, "stopped while the camera was waited for");
}

bool place_is_gone(const struct place *p)
{
    if (p->from)
        return false;
    for (int64_t until = clock_uptime() + LEAVING; seen_is_here(&p->reads); poll(NULL, 0, 20))
        if (clock_uptime() >= until)
            return false;
    return true;
}

/* --- for custody ----------------------------------------------------------- */

static json_t *usb_json(const struct usb_seen *s)
{
    return json_pack("{s:i,s:i,s:i,s:i,s:s,s:s,s:s,s:s,s:s}", "vendor_id", s->vendor_id, "product_id", s->product_id,
                     "release", s->release, "usb", s->version, "speed", s->speed, "port", s->port, "vendor", s->vendor,
                     "product", s->product, "serial", s->serial);
}

static json_t *disk_json(const struct place *p)
{
    struct msc_facts f;
    msc_facts(&p->disk, &f);
    return json_pack("{s:s,s:s,s:s,s:b,s:I,s:i,s:I,s:I,s:i}", "vendor", f.vendor, "product", f.product, "revision",
                     f.revision, "write_protected", (int)f.write_protected, "sectors", (json_int_t)p->disk.sectors,
                     "sector", (int)p->disk.sector, "retries", (json_int_t)f.retries, "resets", (json_int_t)f.resets,
                     "transfer", (int)f.transfer);
}

json_t *place_facts(const struct place *p, const struct camera *c)
{
    json_t *o = json_object();
    if (!o)
        return NULL;
    bool bad = false;
    if (!p->from) {
        bad = json_object_set_new(o, "device", usb_json(&p->seen)) < 0;
        if (p->reads.arrival != p->seen.arrival)
            bad = json_object_set_new(o, "came_back_as", usb_json(&p->reads)) < 0 || bad;
        if (p->disk.self)
            bad = json_object_set_new(o, "disk", disk_json(p)) < 0 || bad;
        if (p->told.battery >= 0)
            bad = json_object_set_new(o, "battery", json_integer(p->told.battery)) < 0 || bad;
        if (p->told.version[0])
            bad = json_object_set_new(o, "version", json_string(p->told.version)) < 0 || bad;
    }
    if (c->facts)
        bad = json_object_set_new(o, "driver", c->facts(c->self)) < 0 || bad;
    bad = json_object_set_new(o, "clock_before", clock_json(p->clock_before)) < 0 || bad;
    bad = json_object_set_new(o, "clock_asked", clock_json(p->clock_asked)) < 0 || bad;
    bad = json_object_set_new(o, "clock_after", clock_json(p->clock_after)) < 0 || bad;
    bad = json_object_set_new(o, "clock_set", json_boolean(p->clock_set)) < 0 || bad;
    if (p->clock_zone[0])
        bad = json_object_set_new(o, "clock_zone", json_string(p->clock_zone)) < 0 || bad;
    if (!bad)
        return o;
    json_decref(o);
    return NULL;
}
