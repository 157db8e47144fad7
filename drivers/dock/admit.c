#include "drivers/dock/admit.h"

#include "drivers/dock/choose.h"
#include "drivers/row.h"
#include "storage/base/clock.h"
#include "storage/base/lang.h"
#include "storage/base/log.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static void say(bool json, const char *done, const char *serial, const char *profile)
{
    if (json) {
        row_put(json_pack("{s:s,s:s,s:s}", "done", done, "serial", serial, "profile", profile));
    } else if (profile[0]) {
        printf(_("camera %s is admitted as %s: it is taken in when it is plugged in\n"), serial, profile);
    } else {
        printf(_("camera %s is forgotten: it is left alone when it is plugged in\n"), serial);
    }
}

/* The model that it is to be read as. */
static enum err find_model(const struct profiles *all, const struct usb_seen *seen, const char *name,
                           const struct profile **out)
{
    uint8_t interface;
    *out = name ? profiles_find(all, name) : place_model(all, seen, &interface);
    if (name && !*out)
        return err_set(ERR_NOINPUT, "there is no camera model %s; feldsher cameras profiles lists them", name);
    if (!*out || !profile_may_be(*out, seen, &interface))
        return err_set(ERR_DATA, "the device at port %s cannot be a camera%s%s", seen->port,
                       name ? " of the model " : "", name ? name : "");
    return ERR_OK;
}

static enum err admit(const char *dir, const char *camera, const char *name, const struct profiles *all,
                      struct usb_bus *bus, bool json)
{
    const struct admitted none = {0};
    const struct profile *model;
    struct place p = {.bus = bus, .profiles = all};
    enum err e = choose_named(&p, &none, camera);
    if (!e)
        e = find_model(all, &p.seen, name, &model);
    if (!e)
        e = admitted_add(dir, &p.seen, profile_name(model), clock_wall());
    if (!e)
        say(json, "admit", p.seen.serial, profile_name(model));
    return e;
}

enum err admit_run(const char *dir, const char *camera, const char *profile, bool json)
{
    struct profiles *all = NULL;
    struct usb_bus *bus = NULL;
    enum err e = profiles_load(&all, dir);
    if (!e)
        e = usb_bus_open(&bus);
    if (!e)
        e = admit(dir, camera, profile, all, bus, json);
    usb_bus_close(bus);
    profiles_free(all);
    return e;
}

enum err admit_forget(const char *dir, const char *serial, bool json)
{
    enum err e = admitted_forget(dir, serial);
    if (!e)
        say(json, "forget", serial, "");
    return e;
}
