#include "drivers/dock/sight.h"

#include "drivers/row.h"
#include "storage/base/lang.h"

#include <stdio.h>

static const char *const states[] = {
    [CHOICE_NONE] = "none",         [CHOICE_ADMITTED] = "admitted", [CHOICE_AUTOMATIC] = "automatic",
    [CHOICE_POSSIBLE] = "possible", [CHOICE_DENIED] = "denied",
};

static json_t *row_of(const struct usb_seen *seen, enum choice c, const struct profile *model)
{
    char ids[16];
    snprintf(ids, sizeof ids, "%04x:%04x", seen->vendor_id, seen->product_id);
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "event", "device", "port", seen->port, "ids", ids,
                     "vendor", seen->vendor, "product", seen->product, "serial", seen->serial, "speed", seen->speed,
                     "state", states[c], "profile", model ? profile_name(model) : "");
}

static const char *words(enum choice c)
{
    switch (c) {
    case CHOICE_ADMITTED:
        return _("a camera, admitted");
    case CHOICE_AUTOMATIC:
        return _("a camera, by its maker's dialect");
    case CHOICE_POSSIBLE:
        return _("left alone: it could be a camera; feldsher cameras admit says that it is one");
    case CHOICE_DENIED:
        return _("this account may not use it; feldsher doctor says what to do");
    case CHOICE_NONE:
        break;
    }
    return _("no camera");
}

void sight_say(const struct usb_seen *seen, enum choice c, const struct profile *model, bool json, bool quiet)
{
    if (json)
        row_put(row_of(seen, c, model));
    else if (!(quiet && c == CHOICE_NONE)) {
        printf("%s %04x:%04x %s %s %s: %s\n", seen->port, seen->vendor_id, seen->product_id, seen->vendor,
               seen->product, seen->serial, words(c));
        fflush(stdout);
    }
}

void sight_left(const struct usb_seen *seen, bool json)
{
    if (json)
        row_put(json_pack("{s:s,s:s,s:s}", "event", "left", "port", seen->port, "serial", seen->serial));
}

void sight_ended(const struct usb_seen *seen, int exit_code, bool json)
{
    if (json)
        row_put(json_pack("{s:s,s:s,s:s,s:i}", "event", "ended", "port", seen->port, "serial", seen->serial, "exit",
                          exit_code));
}
