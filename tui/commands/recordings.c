#include "tui/commands/groups.h"

#include "storage/base/pulse.h"
#include "storage/base/text.h"
#include "storage/records/custody.h"
#include "storage/vault/object.h"
#include "tui/contents.h"
#include "tui/lang/lang.h"
#include "tui/print.h"
#include "tui/recording_row.h"
#include "tui/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WHERE 512
static void where_text(char out[static WHERE], const struct recording *r, const struct recording_held *w)
{
    char as_of[CLOCK_TEXT];
    bool destroyed = r->order[0] && w->here == 0;
    int n;
    if (destroyed)
        n = snprintf(out, WHERE, _("destroyed under order %s"), r->order);
    else
        n = snprintf(out, WHERE, "%s", w->here == w->blobs ? _("here") : w->here ? _("partly here") : _("not here"));
    if (w->hub && !destroyed) {
        clock_text(as_of, w->as_of);
        n += snprintf(out + n, WHERE - (size_t)n, _(", held by hub %s as of %s"), w->by, as_of);
    }
    if (r->held)
        n += snprintf(out + n, WHERE - (size_t)n, "%s", _(", HOLD"));
    if (r->order[0] && !destroyed)
        snprintf(out + n, WHERE - (size_t)n, "%s", _(", destruction ordered"));
}

/* What the mark of an entry's time says to a person. */
static const char *clock_word(const char *mark)
{
    return strcmp(mark, "ok") == 0       ? ""
           : strcmp(mark, "behind") == 0 ? _(", the station's clock was behind")
                                         : _(", the station's clock was ahead");
}

static enum err list(struct call *c)
{
    struct session s;
    enum err e = session_begin(c, 0, true, &s);
    if (e)
        return e;
    for (size_t i = 0; i < s.list->n; i++) {
        const struct recording *r = &s.list->r[i];
        struct recording_held w;
        char size[PRINT_SIZE], when[CLOCK_TEXT], where[WHERE];
        recording_where(s.station, s.list, r, &w);
        if (c->json) {
            print_json(recording_row(r, &w));
            continue;
        }
        print_size(size, r->files[0].size);
        clock_text(when, r->time);
        where_text(where, r, &w);
        printf("%.8s  %s  %-12s %10s  ", r->id, when, r->unit, size);
        print_text(r->files[0].path);
        printf("  (%s%s)\n", where, clock_word(r->clock));
    }
    if (!c->json)
        printf(_("%zu recordings"), s.list->n);
    if (!c->json && s.list->closed)
        printf(_("; %" PRIu64 " batches are sealed to circles that you do not have"), s.list->closed);
    if (!c->json && s.list->n_faults)
        printf(_("; %zu batches are quarantined"), s.list->n_faults);
    if (!c->json)
        printf("\n");
    session_end(&s);
    return ERR_OK;
}

static json_t *events_json(const struct recording *r)
{
    json_t *all = json_array();
    for (size_t i = 0; i < r->n_events; i++) {
        const struct recording_event *v = &r->events[i];
        json_array_append_new(all, json_pack("{s:s,s:s,s:o,s:s,s:s,s:I,s:O}", "id", v->id, "type", v->type, "time",
                                             print_time(v->time), "author", v->author, "chain", v->chain, "seq",
                                             (json_int_t)v->seq, "data", v->data));
    }
    return all;
}

static void show_events(const struct recording *r)
{
    if (r->n_events)
        printf(_("custody:\n"));
    for (size_t i = 0; i < r->n_events; i++) {
        const struct recording_event *v = &r->events[i];
        const char *why = json_string_value(json_object_get(v->data, "why"));
        const char *state = json_string_value(json_object_get(v->data, "state"));
        const char *licence = json_string_value(json_object_get(v->data, "licence"));
        const char *by = json_string_value(json_object_get(v->data, "by"));
        char when[CLOCK_TEXT];
        clock_text(when, v->time);
        printf("  %s  ", when);
        print_text(v->type);
        if (state) {
            printf(" ");
            print_text(state);
        }
        printf(_(" by %s (entry %s)"), v->author[0] ? v->author : _("nobody logged in"), v->id);
        if (licence && by && text_is_name(licence, false) && text_is_name(by, false))
            printf(_(", by licence %.20s of %.63s"), licence, by);
        if (why) {
            printf(": ");
            print_text(why);
        }
        printf("\n");
    }
}

/* Places that could not be read: zeros stand there. */
static void show_holes(const json_t *holes)
{
    size_t i;
    const json_t *one;
    json_int_t bytes = 0;
    json_array_foreach(holes, i, one) bytes += json_integer_value(json_array_get(one, 1));
    if (json_array_size(holes))
        printf(_("holes:    %zu places of the camera could not be read, %" PRIu64 " bytes in all; the first at %" PRIu64
                 "\n"),
               json_array_size(holes), (uint64_t)bytes,
               (uint64_t)json_integer_value(json_array_get(json_array_get(holes, 0), 0)));
}

static void show_fact(const char *label, const char *text)
{
    if (!text[0])
        return;
    printf("%s", label);
    print_text(text);
    printf("\n");
}

static void show_more(const json_t *more)
{
    static const struct {
        const char *key, *label;
    } names[] = {{"device", N_("device:   ")}, {"officer", N_("officer:  ")}};
    char text[CONTENTS_TEXT];
    show_holes(json_object_get(more, "holes"));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *name = json_string_value(json_object_get(json_object_get(more, "name_says"), names[i].key));
        if (!name)
            continue;
        printf("%s", _(names[i].label));
        print_text(name);
        printf(_(" (by its name)\n"));
    }
    contents_begins(text, more, contents_start(more));
    show_fact(_("begins:   "), text);
    contents_clock(text, more);
    show_fact(_("clock:    the camera's was "), text);
    contents_video(text, more);
    show_fact(_("video:    "), text);
    contents_place(text, more);
    show_fact(_("position: "), text);
}

static void show_text(const struct recording *r, const struct recording_held *w)
{
    char size[PRINT_SIZE], when[CLOCK_TEXT], where[WHERE], hex[HASH_HEX];
    clock_text(when, r->time);
    where_text(where, r, w);
    printf(_("recording %s\nstation:  %s, unit %s\ntaken in: %s\ncamera:   "), r->id, r->station, r->unit, when);
    print_text(r->camera);
    printf(_("\nwhere:    %s\n"), where);
    for (size_t i = 0; i < r->n_files; i++) {
        const struct recording_file *f = &r->files[i];
        print_size(size, f->size);
        hash_hex(hex, &f->hash);
        printf("%s", i ? _("sidecar:  ") : _("file:     "));
        print_text(f->path);
        printf(_("  (%s, %zu blobs)\n          blake2b %s\n"), size, f->n_blobs, hex);
    }
    show_more(r->more);
    printf(_("label:    %" PRIu64 " of chain %s\n"), r->seq, r->chain);
    show_events(r);
}

static enum err show(struct call *c)
{
    struct session s;
    const struct recording *r;
    enum err e = session_begin(c, 0, true, &s);
    if (e)
        return e;
    e = recording_find(s.list, c->args[0], &r);
    if (!e) {
        struct recording_held w;
        recording_where(s.station, s.list, r, &w);
        if (c->json) {
            json_t *j = recording_row(r, &w);
            json_object_set_new(j, "gathered", json_integer(r->gathered));
            json_object_update_missing(j, r->more);
            json_object_set_new(j, "custody", events_json(r));
            print_json(j);
        } else {
            show_text(r, &w);
        }
    }
    session_end(&s);
    return e;
}

struct weighing {
    uint64_t bytes;
    struct pulse *pulse; /* NULL: nobody waits */
};

static enum err nowhere(void *ctx, const uint8_t *bytes, size_t n)
{
    struct weighing *w = ctx;
    (void)bytes;
    w->bytes += n;
    pulse_add(w->pulse, n);
    return ERR_OK;
}

/* Without the evidence circle the sealed blobs can still be told by name. */
static enum err check_sealed(const struct station *s, const struct recording *r, struct weighing *w)
{
    enum err e = ERR_OK;
    for (size_t i = 0; i < r->n_files; i++)
        for (size_t k = 0; k < r->files[i].n_blobs; k++)
            pulse_expect(w->pulse, r->files[i].blobs[k].size);
    for (size_t i = 0; i < r->n_files && !e; i++) {
        for (size_t k = 0; k < r->files[i].n_blobs && !e; k++) {
            uint64_t size = 0;
            e = object_check(s->dir, &r->files[i].blobs[k].name, &size);
            w->bytes += size;
            pulse_add(w->pulse, size);
        }
    }
    return e;
}

enum finding { GOOD, SEALED, DESTROYED };
static const char *const finding[] = {"good", "sealed", N_("destroyed")};

static enum err check(struct session *s, const struct recording *r, struct weighing *weighing, enum finding *what)
{
    struct recording_held w;
    enum err e = ERR_OK;
    recording_where(s->station, s->list, r, &w);
    if (r->order[0] && w.here == 0) {
        *what = DESTROYED;
        return ERR_OK;
    }
    if (w.here == 0 && w.blobs)
        return w.hub ? err_set(ERR_NOINPUT, "recording %s is not here; hub %s holds it; feldsher recordings pull %.8s",
                               r->id, w.by, r->id)
                     : err_set(ERR_NOINPUT, "recording %s is not here, and no receipt says where it is", r->id);
    if (w.here < w.blobs)
        return err_set(ERR_BAD, "%" PRIu64 " of the %" PRIu64 " blobs of recording %s are not here", w.blobs - w.here,
                       w.blobs, r->id);
    if (custody_circle(s->user, r) != ERR_OK) {
        *what = SEALED;
        return check_sealed(s->station, r, weighing);
    }
    *what = GOOD;
    for (size_t i = 0; i < r->n_files; i++)
        pulse_expect(weighing->pulse, r->files[i].size);
    for (size_t i = 0; i < r->n_files && !e; i++)
        e = recording_read(s->station, s->user, &r->files[i], 0, UINT64_MAX, nowhere, weighing);
    return e;
}

static enum err verify(struct call *c)
{
    struct session s;
    const struct recording *r;
    enum finding what = GOOD;
    struct pulse pulse = {.tell = print_progress};
    struct weighing w = {.pulse = c->json && command_has(c, "progress") ? &pulse : NULL};
    enum err e = session_begin(c, 0, true, &s);
    if (e)
        return e;
    e = recording_find(s.list, c->args[0], &r);
    if (!e)
        e = check(&s, r, &w, &what);
    if (!e && c->json)
        print_json(json_pack("{s:s,s:s,s:I,s:o}", "id", r->id, "result", finding[what], "bytes", (json_int_t)w.bytes,
                             "destroyed_under", r->order[0] ? json_string(r->order) : json_null()));
    else if (!e && what == DESTROYED)
        printf(_("%s: destroyed under order %s\n"), r->id, r->order);
    else if (!e && what == SEALED)
        printf(_("%s: its sealed blobs are whole (%" PRIu64 " bytes); its contents need the circle evidence/%s\n"),
               r->id, w.bytes, r->unit);
    else if (!e)
        printf(_("%s: good: label, batch, blobs, age, zstd, and the hash of all %" PRIu64 " bytes\n"), r->id, w.bytes);
    session_end(&s);
    return e;
}

static const struct command rows[] = {
    {.name = "recordings",
     .sub = "list",
     .args = "",
     .help = N_("what was recorded, as far as you may know"),
     .run = list,
     .by_default = true},
    {.name = "recordings",
     .sub = "show",
     .args = "ID",
     .min = 1,
     .max = 1,
     .help = N_("one, with its custody"),
     .run = show},
    {.name = "recordings",
     .sub = "verify",
     .args = "ID",
     .min = 1,
     .max = 1,
     .help = N_("reads one whole and checks it against its entry"),
     .run = verify,
     .options = {{"progress", NULL, N_("with --json: how far it is, four times a second")}}},
};
const struct command_group group_recordings = {N_("Recordings and their custody"), rows, sizeof rows / sizeof rows[0]};
