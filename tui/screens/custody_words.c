#include "tui/screens/custody_words.h"

#include "tui/lang/lang.h"
#include "tui/widgets/cells.h"
#include "tui/widgets/when.h"

#include <stdio.h>
#include <string.h>

static const char *str(const json_t *row, const char *member)
{
    const char *s = json_string_value(json_object_get(row, member));
    return s ? s : "";
}

static json_int_t number(const json_t *row, const char *member)
{
    return json_integer_value(json_object_get(row, member));
}

void custody_what(const json_t *event, char *out, size_t cap)
{
    static const struct {
        const char *type, *text;
    } words[] = {
        {"request", N_("asked that it may leave as evidence")},
        {"approve", N_("approved: it may leave as evidence")},
        {"export", N_("wrote it out as evidence")},
        {"view", N_("viewed it")},
        {"poster", N_("looked at its poster")},
        {"flag", N_("flagged it: it goes before others")},
        {"hold", N_("held it: nobody may destroy it")},
        {"release", N_("ended the hold")},
        {"pull", N_("asked the hub for it")},
        {"order", N_("signed a destruction order")},
        {"destroyed", N_("removed it here under a destruction order")},
        {"freed", N_("made room here: the hub holds it")},
    };
    const char *type = str(event, "type");
    static const struct {
        const char *state, *text;
    } erased[] = {
        {"erased", N_("erased it on the camera")},
        {"gone", N_("found it gone from the camera")},
        {"left", N_("left it on the camera")},
        {"failed", N_("could not erase it on the camera")},
    };
    const char *state = str(json_object_get(event, "data"), "state");
    for (size_t i = 0; strcmp(type, "erase") == 0 && i < sizeof erased / sizeof erased[0]; i++)
        if (strcmp(state, erased[i].state) == 0) {
            snprintf(out, cap, "%s", _(erased[i].text));
            return;
        }
    if (strcmp(type, "link") == 0) {
        snprintf(out, cap, _("linked it to record %s"), str(json_object_get(event, "data"), "record"));
        return;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(type, words[i].type) == 0) {
            snprintf(out, cap, "%s", _(words[i].text));
            return;
        }
    snprintf(out, cap, "%s", type); /* of a later version */
}

const char *custody_why(const json_t *event)
{
    return str(json_object_get(event, "data"), "why");
}

enum place { GONE, HERE, HERE_AND_HUB, PARTLY, HUB, NOWHERE };

static enum place place_of(const json_t *row)
{
    json_int_t here = number(row, "here"), blobs = number(row, "blobs");
    bool hub = str(row, "hub")[0] != '\0';
    if (str(row, "destroyed_under")[0] && here == 0)
        return GONE;
    if (here >= blobs)
        return hub ? HERE_AND_HUB : HERE;
    return here > 0 ? PARTLY : hub ? HUB : NOWHERE;
}

const char *custody_where(const json_t *row)
{
    static const char *const words[] = {
        [GONE] = FIELD(12, "destroyed"), [HERE] = FIELD(12, "here"), [HERE_AND_HUB] = FIELD(12, "here, hub"),
        [PARTLY] = FIELD(12, "partly"),  [HUB] = FIELD(12, "hub"),   [NOWHERE] = FIELD(12, "not here"),
    };
    return _(words[place_of(row)]);
}

void custody_where_text(const json_t *row, char *out, size_t cap)
{
    char when[WHEN_TEXT];
    const char *hub = str(row, "hub");
    long long here = number(row, "here"), blobs = number(row, "blobs");
    when_text(when, str(row, "hub_as_of"));
    switch (place_of(row)) {
    case GONE:
        snprintf(out, cap, _("destroyed under order %s"), str(row, "destroyed_under"));
        break;
    case HERE:
        snprintf(out, cap, "%s", _("all of it is here; no receipt says that a hub holds it"));
        break;
    case HERE_AND_HUB:
        snprintf(out, cap, _("all of it is here, and held by hub %s: receipt of %s"), hub, when);
        break;
    case PARTLY:
        if (hub[0])
            snprintf(out, cap, _("%lld of %lld pieces are here; held by hub %s: receipt of %s"), here, blobs, hub,
                     when);
        else
            snprintf(out, cap, _("%lld of %lld pieces are here; no receipt says that a hub holds it"), here, blobs);
        break;
    case HUB:
        snprintf(out, cap, _("not here; held by hub %s: receipt of %s"), hub, when);
        break;
    case NOWHERE:
        snprintf(out, cap, "%s", _("not here, and no receipt says where it is"));
        break;
    }
}

const char *custody_mark(const json_t *row)
{
    if (str(row, "destroyed_under")[0])
        return "D";
    if (json_is_true(json_object_get(row, "held")))
        return "H";
    return json_is_true(json_object_get(row, "flagged")) ? "!" : "";
}

void custody_line(const char *text, const char *key, char *out, size_t cap)
{
    size_t n = strlen(key);
    out[0] = '\0';
    for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
        if (strncmp(p, key, n) != 0 || strncmp(p + n, ": ", 2) != 0)
            continue;
        cells_copy(out, cap, p + n + 2, strcspn(p + n + 2, "\n"));
        return;
    }
}
