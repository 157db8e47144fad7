#include "tui/screens/deed.h"

#include "storage/trust/roster.h"
#include "tui/lang/lang.h"
#include "tui/screens/custody_words.h"

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

static bool opens(const struct deed_person *p, const char *unit)
{
    char circle[CIRCLE_LEN];
    size_t i;
    const json_t *name;
    if (!p->circles)
        return true;
    snprintf(circle, sizeof circle, "evidence/%s", unit);
    json_array_foreach(p->circles, i, name)
    {
        const char *s = json_string_value(name);
        if (s && (strcmp(s, "evidence") == 0 || strcmp(s, circle) == 0))
            return true;
    }
    return false;
}

static const struct {
    unsigned roles; /* 0: everybody */
    bool circle;    /* needs the evidence circle of the unit */
    bool whole;     /* needs all blobs here */
} needs[DEEDS] = {
    [DEED_PLAY] = {ROLE_CREW | ROLE_DOCTOR | ROLE_SUPERVISOR, true, false},
    [DEED_PULL] = {0, true, false},
    [DEED_VERIFY] = {0, false, false},
    [DEED_REQUEST] = {0, true, false},
    [DEED_EXPORT] = {0, true, true},
    [DEED_HOLD] = {ROLE_SUPERVISOR | ROLE_ADMIN, false, false},
    [DEED_RELEASE] = {ROLE_SUPERVISOR, false, false},
    [DEED_FLAG] = {0, false, false},
    [DEED_LINK] = {0, false, false},
    [DEED_DESTROY] = {ROLE_SUPERVISOR, true, false},
};

static const char *refuse_person(const struct deed_person *p, unsigned roles, bool circle, const char *unit)
{
    if (roles && !(p->roles & roles))
        return roles == ROLE_SUPERVISOR                  ? _("only a supervisor may")
               : roles == (ROLE_SUPERVISOR | ROLE_ADMIN) ? _("for supervisors and administrators")
                                                         : _("your role may not");
    if (circle && !opens(p, unit))
        return _("you are not in the unit's evidence circle");
    return NULL;
}

/* By what is known of the recording. */
static const char *refuse_row(enum deed d, const json_t *row)
{
    json_int_t here = number(row, "here"), blobs = number(row, "blobs");
    bool held = json_is_true(json_object_get(row, "held"));
    bool ordered = str(row, "destroyed_under")[0] != '\0', gone = ordered && here == 0;
    switch (d) {
    case DEED_PLAY:
        if (number(row, "size") == 0)
            return _("it is an empty file");
        return gone ? _("it was destroyed") : here == 0 ? _("it is not here: pull it first") : NULL;
    case DEED_PULL:
        return ordered ? _("it was destroyed") : here == blobs ? _("all of it is here") : NULL;
    case DEED_VERIFY:
        return !gone && blobs && here == 0 ? _("it is not here: pull it first") : NULL;
    case DEED_REQUEST:
        return gone ? _("it was destroyed") : NULL;
    case DEED_EXPORT:
        return gone ? _("it was destroyed") : here < blobs ? _("it is not here: pull it first") : NULL;
    case DEED_HOLD:
        return held ? _("it is held already") : NULL;
    case DEED_RELEASE:
        return held ? NULL : _("it is not held");
    case DEED_FLAG:
        return json_is_true(json_object_get(row, "flagged")) ? _("it is flagged already") : NULL;
    case DEED_DESTROY:
        if (held)
            return _("it is held: a supervisor ends the hold first");
        return ordered ? _("an order is in force already") : blobs == 0 ? _("it is an empty file") : NULL;
    case DEED_LINK:
    case DEEDS:
        break;
    }
    return NULL;
}

const char *deed_refuse(enum deed d, const struct deed_person *p, const json_t *row)
{
    if (!row)
        return _("no recording is selected");
    const char *why = refuse_person(p, needs[d].roles, needs[d].circle, str(row, "unit"));
    return why ? why : refuse_row(d, row);
}

const char *deed_refuse_second(const struct deed_person *p, const json_t *waiting)
{
    if (!waiting)
        return _("nothing is selected");
    if (strcmp(str(waiting, "author"), p->name) == 0)
        return _("it is your own: another supervisor must");
    return refuse_person(p, ROLE_SUPERVISOR, true, str(waiting, "unit"));
}

enum deed_evidence deed_evidence(const char *who, const json_t *row)
{
    const json_t *custody = json_object_get(row, "custody");
    enum deed_evidence so_far = DEED_NOT_ASKED;
    size_t i, k;
    const json_t *asked, *v;
    json_array_foreach(custody, i, asked)
    {
        if (strcmp(str(asked, "type"), "request") != 0 || strcmp(str(asked, "author"), who) != 0)
            continue;
        so_far = DEED_ASKED;
        json_array_foreach(custody, k, v)
        {
            if (strcmp(str(v, "type"), "approve") == 0 && strcmp(str(v, "author"), who) != 0 &&
                strcmp(str(json_object_get(v, "data"), "request"), str(asked, "id")) == 0)
                return DEED_APPROVED;
        }
    }
    return so_far;
}

void deed_order(const char *who, const json_t *row, struct deed_order *out)
{
    const json_t *custody = json_object_get(row, "custody");
    *out = (struct deed_order){0};
    if (str(row, "destroyed_under")[0])
        return;
    for (size_t i = json_array_size(custody); i-- > 0;) {
        const json_t *v = json_array_get(custody, i);
        const char *notice = str(json_object_get(v, "data"), "notice");
        bool own = strcmp(str(v, "author"), who) == 0;
        /* one by somebody else is signed by the next call of `destroy`, whatever came later */
        if (strcmp(str(v, "type"), "order") != 0 || (own && out->any))
            continue;
        out->any = true;
        out->own = own;
        snprintf(out->by, sizeof out->by, "%s", str(v, "author"));
        custody_line(notice, "basis", out->basis, sizeof out->basis);
        custody_line(notice, "why", out->why, sizeof out->why);
        if (!own)
            return;
    }
}

bool deed_is_place(const char *s)
{
    size_t digits = strspn(s, "0123456789");
    const char *end = s + digits;
    if (!s[0])
        return true;
    if (*end == '.') {
        size_t more = strspn(end + 1, "0123456789");
        digits = more ? digits : 0;
        end += 1 + more;
    }
    return digits > 0 && (!*end || (strchr("%kKMGT", *end) && !end[1]));
}

void deed_folder(char *out, size_t cap, const char *dir, const char *recording)
{
    size_t n = strlen(dir);
    snprintf(out, cap, "%s%sevidence-%.8s", dir, n && dir[n - 1] == '/' ? "" : "/", recording);
}
