#include "tui/commands/groups.h"

#include "storage/records/custody.h"
#include "storage/records/evidence.h"
#include "tui/lang/lang.h"
#include "tui/print.h"
#include "tui/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The beginning of every command here: unlocked, with the recording args[0]. */
static enum err begin(struct call *c, struct session *s, const struct recording **r)
{
    enum err e = session_begin(c, STATION_CHAIN_KEY, true, s);
    if (e)
        return e;
    e = recording_find(s->list, c->args[0], r);
    if (e)
        session_end(s);
    return e;
}

static void done(const struct call *c, const struct recording *r, const char *what, const char *key, const char *value,
                 const char *sentence)
{
    if (c->json)
        print_json(json_pack("{s:s,s:s,s:s*}", "recording", r->id, "done", what, key, value));
    else
        printf("%s: %s\n", r->id, sentence);
}

/* The pulse, where the screens want to hear it. */
static struct pulse *waited_for(const struct call *c, struct pulse *p)
{
    return c->json && command_has(c, "progress") ? p : NULL;
}

/* A place in a file of size bytes: "120M" (decimal, as sizes are shown), "25%",
 * "5000". */
static enum err place(const char *text, const char *option, uint64_t size, uint64_t *out)
{
    static const char units[] = "kMGT";
    char *end;
    double v = strtod(text, &end);
    const char *unit = *end ? strchr(units, *end == 'K' ? 'k' : *end) : NULL;
    bool good = text[0] >= '0' && text[0] <= '9' && v >= 0 && v < 1e15 && (!*end || !end[1]);
    if (good && *end == '%' && v <= 100)
        v = v / 100 * (double)size;
    else if (good && unit)
        for (const char *u = units; u <= unit; u++)
            v *= 1000;
    else
        good = good && !*end;
    if (!good)
        return err_set(ERR_USAGE,
                       "--%s %s is no place in the file; give bytes (120M) or a share (25%%): which time of the video "
                       "that is, is not known yet",
                       option, text);
    *out = (uint64_t)v;
    return ERR_OK;
}

static enum err pull(struct call *c)
{
    struct session s;
    const struct recording *r;
    const char *why = command_option(c, "why"), *from = command_option(c, "from"), *to = command_option(c, "to");
    uint64_t first = 0, last = UINT64_MAX;
    enum err e = begin(c, &s, &r);
    if (e)
        return e;
    if (from)
        e = place(from, "from", r->files[0].size, &first);
    if (!e && to)
        e = place(to, "to", r->files[0].size, &last);
    if (!e && first >= last)
        e = err_set(ERR_USAGE, "--from must be before --to");
    if (!e)
        e = custody_pull(s.station, s.user, s.list, r, first, last, why ? why : "");
    if (!e)
        done(c, r, "pull", "why", why,
             (from || to) && r->gathered > 1
                 ? _("asked for, whole: it is short; the next contact with the hub brings it")
             : from || to ? _("that part is asked for; the next contact with the hub brings it")
                          : _("asked for; the next contact with the hub brings it"));
    session_end(&s);
    return e;
}

static enum err request(struct call *c)
{
    struct session s;
    const struct recording *r;
    const char *why;
    char id[ENTRY_ID], sentence[512];
    enum err e = command_need(c, "why", &why);
    if (!e)
        e = begin(c, &s, &r);
    if (e)
        return e;
    e = evidence_request(s.station, s.user, r, why, id);
    if (!e) {
        snprintf(sentence, sizeof sentence, _("request %s; another supervisor: feldsher recordings approve %.8s"), id,
                 id);
        done(c, r, "request", "request", id, sentence);
    }
    session_end(&s);
    return e;
}

static enum err approve(struct call *c)
{
    struct session s;
    const struct recording *r;
    const struct recording_event *v;
    char id[ENTRY_ID], sentence[512];
    struct pulse pulse = {.tell = print_progress};
    enum err e = session_begin(c, STATION_CHAIN_KEY, true, &s);
    if (e)
        return e;
    e = recording_event(s.list, "request", c->args[0], &v, &r);
    if (!e)
        e = evidence_approve(s.station, s.user, s.list, r, v, waited_for(c, &pulse), id);
    if (!e) {
        snprintf(sentence, sizeof sentence, _("request %s is approved; %.63s exports it"), v->id, v->author);
        done(c, r, "approve", "request", v->id, sentence);
    }
    session_end(&s);
    return e;
}

static enum err export_package(struct call *c)
{
    struct session s;
    const struct recording *r;
    struct evidence_report report;
    struct pulse pulse = {.tell = print_progress};
    enum err e = begin(c, &s, &r);
    if (e)
        return e;
    e = evidence_export(s.station, s.user, s.list, r, c->args[1], waited_for(c, &pulse), &report);
    if (!e && c->json) {
        print_json(json_pack("{s:s,s:s,s:s,s:s,s:s,s:I,s:I}", "recording", r->id, "done", "export", "folder",
                             c->args[1], "request", report.request, "approver", report.approver, "files",
                             (json_int_t)report.files, "bytes", (json_int_t)report.bytes));
    } else if (!e) {
        printf(_("%s: exported to "), r->id);
        print_text(c->args[1]);
        printf(_(", approved by %s; CHECK.txt in it says how anybody checks it\n"), report.approver);
    }
    session_end(&s);
    return e;
}

static enum err hold_or_release(struct call *c, bool hold)
{
    struct session s;
    const struct recording *r;
    const char *why;
    enum err e = command_need(c, "why", &why);
    if (!e)
        e = begin(c, &s, &r);
    if (e)
        return e;
    e = custody_hold(s.station, s.user, r, hold, why);
    if (!e)
        done(c, r, hold ? "hold" : "release", "why", why,
             hold ? _("held: nobody may destroy or purge it") : _("released: retention and orders take their course"));
    session_end(&s);
    return e;
}

static enum err hold(struct call *c)
{
    return hold_or_release(c, true);
}

static enum err release(struct call *c)
{
    return hold_or_release(c, false);
}

static enum err flag(struct call *c)
{
    struct session s;
    const struct recording *r;
    enum err e = begin(c, &s, &r);
    if (e)
        return e;
    e = custody_flag(s.station, s.user, r);
    if (!e)
        done(c, r, "flag", "lane", "3", _("flagged: it goes before other recordings"));
    session_end(&s);
    return e;
}

static enum err link_to(struct call *c)
{
    struct session s;
    const struct recording *r;
    char id[ENTRY_ID];
    enum err e = begin(c, &s, &r);
    if (e)
        return e;
    e = custody_entry(s.station, s.user, r, "link", json_pack("{s:s}", "record", c->args[1]), id);
    if (!e)
        done(c, r, "link", "record", c->args[1], "linked");
    session_end(&s);
    return e;
}

static enum err destroy(struct call *c)
{
    struct session s;
    const struct recording *r;
    char order[NOTICE_ID], sentence[512];
    bool complete;
    enum err e = begin(c, &s, &r);
    if (e)
        return e;
    e = custody_destroy(s.station, s.user, s.list, r, command_option(c, "basis"), command_option(c, "why"),
                        command_has(c, "together"), order, &complete);
    if (!e) {
        snprintf(sentence, sizeof sentence,
                 complete ? _("order %s is in force: each holder carries it out at its next purge")
                          : _("order %s has one signature; a second supervisor: feldsher recordings destroy %.8s"),
                 order, r->id);
        done(c, r, complete ? "destroy" : "destroy-begun", "order", order, sentence);
    }
    session_end(&s);
    return e;
}

static const struct command rows[] = {
    {.name = "recordings",
     .sub = "pull",
     .args = "ID",
     .min = 1,
     .max = 1,
     .help = N_("asks the hub for one that is not here"),
     .run = pull,
     .options = {{"from", "T", N_("only from this place of the file on: bytes (120M) or a share (25%)")},
                 {"to", "T", N_("up to this place")},
                 {"why", "TEXT", N_("the reason, for the chain of custody")}}},
    {.name = "recordings",
     .sub = "request",
     .args = "ID",
     .min = 1,
     .max = 1,
     .help = N_("asks that one may leave as evidence"),
     .run = request,
     .options = {{"why", "TEXT", N_("who wants it, and on what ground")}}},
    {.name = "recordings",
     .sub = "approve",
     .args = "REQUEST",
     .min = 1,
     .max = 1,
     .help = N_("a second person, a supervisor, agrees and signs"),
     .run = approve,
     .options = {{"progress", NULL, N_("with --json: how far it is, four times a second")}}},
    {.name = "recordings",
     .sub = "export",
     .args = "ID DIR",
     .min = 2,
     .max = 2,
     .help = N_("writes an approved evidence package"),
     .run = export_package,
     .options = {{"progress", NULL, N_("with --json: how far it is, four times a second")}}},
    {.name = "recordings",
     .sub = "hold",
     .args = "ID",
     .min = 1,
     .max = 1,
     .help = N_("nobody may destroy it"),
     .run = hold,
     .options = {{"why", "TEXT", N_("the reason")}}},
    {.name = "recordings",
     .sub = "release",
     .args = "ID",
     .min = 1,
     .max = 1,
     .help = N_("ends a hold"),
     .run = release,
     .options = {{"why", "TEXT", N_("the reason")}}},
    {.name = "recordings",
     .sub = "flag",
     .args = "ID",
     .min = 1,
     .max = 1,
     .help = N_("sends it before other recordings"),
     .run = flag},
    {.name = "recordings",
     .sub = "link",
     .args = "ID RECORD",
     .min = 2,
     .max = 2,
     .help = N_("says which record it belongs to"),
     .run = link_to},
    {.name = "recordings",
     .sub = "destroy",
     .args = "ID",
     .min = 1,
     .max = 1,
     .help = N_("begins a destruction order, or adds the second signature"),
     .run = destroy,
     .options = {{"basis", "TEXT", N_("the legal basis")},
                 {"why", "TEXT", N_("the reason")},
                 {"together", NULL, N_("the recordings that share its parts list go with it")}}},
};
const struct command_group group_custody = {N_("Recordings and their custody"), rows, sizeof rows / sizeof rows[0]};
