#include "tui/commands/groups.h"

#include "storage/records/erasure.h"
#include "storage/vault/licence_use.h"
#include "tui/lang/lang.h"
#include "tui/print.h"
#include "tui/session.h"
#include "tui/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAYS "14"

static void given(void *ctx, const struct notice *n, const char *volume)
{
    const struct call *c = ctx;
    char expires[CLOCK_TEXT];
    clock_text(expires, n->licence->expires);
    if (c->json) {
        print_json(json_pack("{s:s,s:s,s:s,s:s,s:s,s:I}", "licence", n->id, "done", "licence", "camera", c->args[0],
                             "volume", volume, "expires", expires, "files", (json_int_t)n->licence->n_files));
        return;
    }
    printf(_("licence %s: %zu files of camera "), n->id, n->licence->n_files);
    print_text(c->args[0]);
    printf(_(", until %s; it goes to the stations with the next sync\n"), expires);
}

static enum err new_licence(struct call *c)
{
    struct session s;
    struct erasure_offer o;
    struct erasure_wish w = {.serial = c->args[0], .volume = command_option(c, "volume")};
    const char *days = command_option(c, "days");
    uint64_t n = 0;
    enum err e = command_need(c, "why", &w.why);
    if (!e && !words_number(&n, days ? days : DAYS, ERASURE_DAYS_MAX))
        e = err_set(ERR_USAGE, "--days takes a number of days up to %u, not %s", ERASURE_DAYS_MAX, days);
    w.days = (unsigned)n;
    w.copies = command_has(c, "without-hub") ? LICENCE_COPIES_MIN : 0;
    if (!e)
        e = session_begin(c, STATION_CHAIN_KEY, true, &s);
    if (e)
        return e;
    e = erasure_license(s.station, s.user, s.list, &w, given, c, &o);
    if (!e && !c->json && (o.not_held || o.on_hold))
        printf(_("left out: %" PRIu64 " recordings that no receipt covers, %" PRIu64 " that are held\n"), o.not_held,
               o.on_hold);
    session_end(&s);
    return e;
}

/* Where a licence stands, by the labels that are here. */
struct standing {
    char id[NOTICE_ID];
    char by[NAME_LEN]; /* the station that began it last; "" none did */
    bool over;
    int64_t time;
};

struct licences {
    const struct call *c;
    const struct station *s;
    const struct session *session; /* NULL: nobody is unlocked */
    struct standing *v;
    size_t n;
    uint64_t shown;
    int64_t now;
};

static enum err note_use(void *ctx, const struct licence_use *u)
{
    struct licences *l = ctx;
    const struct roster_station *who = roster_chain(l->s->roster, u->chain);
    size_t i = 0;
    while (i < l->n && strcmp(l->v[i].id, u->licence) != 0)
        i++;
    if (i == l->n) {
        struct standing *more = reallocarray(l->v, l->n + 1, sizeof *more);
        if (!more)
            return err_set(ERR_NOMEM, "out of memory");
        l->v = more;
        more[l->n++] = (struct standing){.over = false};
        memcpy(more[i].id, u->licence, NOTICE_ID);
    }
    l->v[i].over = u->over;
    l->v[i].time = u->time;
    snprintf(l->v[i].by, sizeof l->v[i].by, "%s", who ? who->name : "-");
    return ERR_OK;
}

static const struct standing *standing_of(const struct licences *l, const char *id)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->v[i].id, id) == 0)
            return &l->v[i];
    return NULL;
}

static const char *state_of(const struct licences *l, const struct notice *n, const struct standing *used)
{
    if (used)
        return used->over ? "used" : "begun";
    return l->now > n->licence->expires ? "expired" : "open";
}

static json_t *licence_json(const struct licences *l, const struct notice *n)
{
    const struct standing *used = standing_of(l, n->id);
    return json_pack("{s:s,s:s,s:o,s:o,s:I,s:s,s:s,s:s?,s:o}", "licence", n->id, "by", n->sig.sigs[0].who, "time",
                     print_time(n->time), "expires", print_time(n->licence->expires), "files",
                     (json_int_t)n->licence->n_files, "why", n->why, "state", state_of(l, n, used), "station",
                     used ? used->by : NULL, "used", print_time(used ? used->time : INT64_MIN));
}

static void licence_text(const struct licences *l, const struct notice *n)
{
    const struct standing *used = standing_of(l, n->id);
    char at[CLOCK_TEXT], expires[CLOCK_TEXT];
    clock_text(at, n->time);
    clock_text(expires, n->licence->expires);
    printf(_("%s  %s by %s, until %s, %zu files"), n->id, at, n->sig.sigs[0].who, expires, n->licence->n_files);
    if (used)
        printf(used->over ? _(", used up at %s") : _(", begun at %s"), used->by);
    else if (l->now > n->licence->expires)
        printf("%s", _(", expired"));
    printf(": ");
    print_text(n->why);
    printf("\n");
}

static enum err list_one(void *ctx, const struct notice *n)
{
    struct licences *l = ctx;
    if (n->kind != NOTICE_ERASE || !n->licence)
        return ERR_OK;
    l->shown++;
    if (l->c->json)
        print_json(licence_json(l, n));
    else
        licence_text(l, n);
    return ERR_OK;
}

static void begin(struct licences *l, const struct call *c, const struct station *s)
{
    enum clock_mark mark;
    *l = (struct licences){.c = c, .s = s, .now = station_now(s, &mark)};
}

static enum err list(struct call *c)
{
    struct station *s;
    struct licences l;
    enum err e = session_station(c, 0, &s);
    if (e)
        return e;
    begin(&l, c, s);
    e = licence_use_each(s, note_use, &l);
    if (!e)
        e = station_each_notice(s, list_one, &l);
    if (!e && !c->json)
        printf(_("%" PRIu64 " licences\n"), l.shown);
    free(l.v);
    station_close(s);
    return e;
}

/* The file that a line means, where its recording can be opened; NULL. */
static const struct recording_file *file_of(const struct session *s, const struct notice *n,
                                            const struct licence_file *f)
{
    const struct recording *r;
    struct hash proof;
    if (recording_find(s->list, f->recording, &r) != ERR_OK) {
        err_clear();
        return NULL;
    }
    for (size_t i = 0; i < r->n_files; i++)
        if (licence_proof(&proof, n->id, &r->files[i].hash, r->files[i].path) == ERR_OK && hash_same(&proof, &f->proof))
            return &r->files[i];
    return NULL;
}

static void show_file(const struct licences *l, const struct notice *n, const struct licence_file *f, json_t *all)
{
    const struct recording_file *known = file_of(l->session, n, f);
    if (all) {
        json_array_append_new(all, json_pack("{s:s,s:s?,s:I,s:o,s:s,s:I}", "recording", f->recording, "path",
                                             known ? known->path : NULL, "size", (json_int_t)f->size, "mtime",
                                             print_time(f->mtime), "chain", f->chain, "seq", (json_int_t)f->seq));
        return;
    }
    char size[PRINT_SIZE];
    print_size(size, f->size);
    printf("  %.8s  %10s  ", f->recording, size);
    print_text(known ? known->path : _("its recording is sealed to circles that you do not have"));
    printf("\n");
}

static enum err show_one(void *ctx, const struct notice *n)
{
    struct licences *l = ctx;
    if (n->kind != NOTICE_ERASE || !n->licence || strncmp(n->id, l->c->args[0], strlen(l->c->args[0])) != 0)
        return ERR_OK;
    l->shown++;
    json_t *row = l->c->json ? licence_json(l, n) : NULL, *files = l->c->json ? json_array() : NULL;
    if (!row)
        licence_text(l, n);
    for (size_t i = 0; i < n->licence->n_files; i++)
        show_file(l, n, &n->licence->files[i], files);
    if (row) {
        json_object_set_new(row, "list", files);
        print_json(row);
    }
    return ERR_OK;
}

static enum err show(struct call *c)
{
    struct session s;
    struct licences l;
    if (strspn(c->args[0], "0123456789abcdef") < 4)
        return err_set(ERR_NOINPUT, "%s is no licence; give at least the first 4 of its 20 digits", c->args[0]);
    enum err e = session_begin(c, 0, true, &s);
    if (e)
        return e;
    begin(&l, c, s.station);
    l.session = &s;
    e = licence_use_each(s.station, note_use, &l);
    if (!e)
        e = station_each_notice(s.station, show_one, &l);
    if (!e && l.shown == 0)
        e = err_set(ERR_NOINPUT, "no licence begins with %s; see feldsher licence list", c->args[0]);
    free(l.v);
    session_end(&s);
    return e;
}

static const struct command rows[] = {
    {.name = "licence",
     .sub = "list",
     .args = "",
     .help = N_("erase licences: who gave them, until when, and who used them"),
     .run = list,
     .by_default = true},
    {.name = "licence",
     .sub = "show",
     .args = "ID",
     .min = 1,
     .max = 1,
     .help = N_("one, with its files as far as you may know them"),
     .run = show},
    {.name = "licence",
     .sub = "new",
     .args = "SERIAL",
     .min = 1,
     .max = 1,
     .help = N_("a supervisor licenses a camera to forget what a hub holds"),
     .run = new_licence,
     .options = {{"why", "TEXT", N_("the reason")},
                 {"days", "N", N_("good for so long (14)")},
                 {"volume", "ID", N_("only what was on that volume")},
                 {"without-hub", NULL, N_("no hub for weeks: two verified copies on separate media will do")}}},
};
const struct command_group group_licence = {N_("Recordings and their custody"), rows, sizeof rows / sizeof rows[0]};
