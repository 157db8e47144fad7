#include "drivers/dock/choose.h"

#include <string.h>

enum choice choose(const struct profiles *all, const struct admitted *admitted, const struct usb_seen *seen,
                   const struct profile **model)
{
    const struct admitted_camera *known = admitted_find(admitted, seen);
    uint8_t interface;
    *model = known ? profiles_find(all, known->profile) : NULL;
    if (!*model)
        *model = place_model(all, seen, &interface);
    else if (!profile_may_be(*model, seen, &interface))
        *model = NULL;
    if (!*model)
        return CHOICE_NONE;
    if (seen->denied)
        return CHOICE_DENIED;
    return known ? CHOICE_ADMITTED : profile_is_automatic(*model) ? CHOICE_AUTOMATIC : CHOICE_POSSIBLE;
}

static void choose_seen(struct place *p, const struct admitted *admitted, const struct usb_seen *seen, bool named)
{
    const struct admitted_camera *known = admitted_find(admitted, seen);
    p->seen = p->reads = *seen;
    p->profile = known ? profiles_find(p->profiles, known->profile) : NULL;
    p->any = named && !p->profile;
}

enum err choose_named(struct place *p, const struct admitted *admitted, const char *camera)
{
    struct usb_list now;
    const struct usb_seen *found = NULL;
    const struct profile *model;
    size_t n = 0;
    enum err e = usb_bus_list(p->bus, &now);
    if (e)
        return e;
    for (size_t i = 0; i < now.n; i++) {
        const struct usb_seen *s = &now.seen[i];
        enum choice c = choose(p->profiles, admitted, s, &model);
        bool meant = camera[0] ? strcmp(camera, s->port) == 0 || strcmp(camera, s->serial) == 0
                               : c == CHOICE_ADMITTED || c == CHOICE_AUTOMATIC || c == CHOICE_DENIED;
        if (meant) {
            found = s;
            n++;
        }
    }
    if (n == 1)
        choose_seen(p, admitted, found, camera[0] != '\0');
    usb_list_free(&now);
    if (n == 1)
        return ERR_OK;
    if (n)
        return camera[0]
                   ? err_set(ERR_USAGE, "two devices call themselves %s; name the port (feldsher cameras)", camera)
                   : err_set(ERR_USAGE, "several cameras are plugged in; name one, or take all in: feldsher dock");
    return camera[0] ? err_set(ERR_NOINPUT, "no device %s is plugged in; feldsher cameras says what is", camera)
                     : err_set(ERR_NOINPUT, "no camera is plugged in; feldsher cameras says what is");
}

enum err choose_port(struct place *p, const struct admitted *admitted, const char *port)
{
    struct usb_list now;
    enum err e = usb_bus_list(p->bus, &now);
    size_t i = 0;
    if (e)
        return e;
    while (i < now.n && strcmp(now.seen[i].port, port) != 0)
        i++;
    if (i < now.n)
        choose_seen(p, admitted, &now.seen[i], false);
    else
        e = err_set(ERR_NOINPUT, "nothing is plugged in at port %s any more", port);
    usb_list_free(&now);
    return e;
}
