#include "sync/hub/verbs.h"

#include "storage/base/clock.h"
#include "storage/base/text.h"
#include "storage/base/file.h"
#include "sync/hub/audit.h"
#include "sync/hub/connected.h"
#include "sync/hub/store_sqlite.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct wanted {
    uint64_t batches, parts;
};

static enum err count_wanted(void *ctx, const struct store_need *n)
{
    struct wanted *w = ctx;
    w->batches += n->kind == STORE_BATCH;
    w->parts += n->kind != STORE_BATCH;
    return ERR_OK;
}

static enum err count_refused(void *ctx, const char *chain, const struct store_refused *r)
{
    uint64_t *n = ctx;
    (void)chain;
    (void)r;
    (*n)++;
    return ERR_OK;
}

static void when(char out[static CLOCK_TEXT], int64_t ms)
{
    if (ms)
        clock_text(out, ms);
    else
        snprintf(out, CLOCK_TEXT, "never");
}

static enum err one_station(struct hub *h, const struct connected *here, const struct roster_station *s)
{
    struct store_chain at;
    struct wanted w = {0};
    uint64_t refused = 0, floating;
    unsigned roads;
    char heard[CLOCK_TEXT], last[CLOCK_TEXT], bytes[TELL_SIZE], note[160] = "", aside[80] = "";
    char since[CLOCK_TEXT], now[64], floats[64] = "";
    enum err e = h->store->chain(h->store, s->chain, &at);
    if (!e)
        e = h->store->each_wanted(h->store, s->chain, count_wanted, &w);
    if (!e)
        e = h->store->each_refused(h->store, s->chain, count_refused, &refused);
    if (e)
        return e;
    when(heard, at.heard);
    when(last, at.time);
    tell_size(bytes, at.bytes);
    connected_find(here, s->chain, &roads, since, &floating);
    snprintf(now, sizeof now, "%s since %s", roads ? "connected" : "silent", roads ? since : heard);
    if (floating)
        snprintf(floats, sizeof floats, "; %" PRIu64 " floating until those before them come", floating);
    if (at.alarm_seq)
        snprintf(note, sizeof note, "; CLONED: two labels %" PRIu64 ", frozen", at.alarm_seq);
    else if (at.damaged)
        snprintf(note, sizeof note, "; its file here is damaged, run verify");
    if (refused)
        snprintf(aside, sizeof aside, "; %" PRIu64 " in quarantine, see status", refused);
    tell_line(&h->tell,
              json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:I, s:s, s:s, s:I, s:I, s:I, s:I, s:b, s:I, s:I, s:s, s:I}",
                        "event", "station", "name", s->name, "unit", s->unit, "kind",
                        s->kind == STATION_SUPERVISOR ? "supervisor" : "station", "chain", s->chain, "revoked",
                        (int)s->revoked, "labels", (json_int_t)at.seq, "last_label", last, "silent_since", heard,
                        "bytes", (json_int_t)at.bytes, "missing_batches", (json_int_t)w.batches, "missing_blobs",
                        (json_int_t)w.parts, "alarm", (json_int_t)at.alarm_seq, "damaged", (int)at.damaged,
                        "quarantine", (json_int_t)refused, "connections", (json_int_t)roads, "connected_since", since,
                        "floating", (json_int_t)floating),
              "%s (%s)%s: %" PRIu64 " labels, last of %s, %s; %s; missing %" PRIu64 " batches, %" PRIu64
              " parts lists and blobs%s%s%s",
              s->name, s->unit, s->revoked ? ", revoked" : "", at.seq, last, now, bytes, w.batches, w.parts, floats,
              note, aside);
    return ERR_OK;
}

enum err verb_stations(const struct args *a)
{
    struct hub *h;
    struct connected here;
    enum err e = hub_open(&h, args_operand(a, 0), HUB_ROSTER | HUB_STORE, NULL, 0);
    if (e)
        return e;
    h->tell.json = args_has(a, "json");
    e = connected_read(&here, h->dir);
    for (size_t i = 0; i < h->roster->n_stations && !e; i++)
        e = one_station(h, &here, &h->roster->stations[i]);
    if (!e)
        e = tell_end();
    connected_free(&here);
    hub_close(h);
    return e;
}

static enum err say_alarm(void *ctx, const struct store_chain *c)
{
    struct hub *h = ctx;
    const struct roster_station *s = h->roster ? roster_chain(h->roster, c->id) : NULL;
    const char *name = s ? s->name : "-";
    if (c->alarm_seq)
        tell_line(&h->tell,
                  json_pack("{s:s, s:s, s:s, s:I}", "event", "alarm", "station", name, "chain", c->id, "seq",
                            (json_int_t)c->alarm_seq),
                  "ALARM: station %s is cloned: two labels %" PRIu64 " of chain %s; the chain is frozen, both are kept",
                  name, c->alarm_seq, c->id);
    return ERR_OK;
}

/* Another side's words may be in it. */
static enum err say_refused(void *ctx, const char *chain, const struct store_refused *r)
{
    struct hub *h = ctx;
    const struct roster_station *s = h->roster ? roster_chain(h->roster, chain) : NULL;
    const char *name = s ? s->name : chain;
    char date[CLOCK_TEXT];
    struct buf why = {0};
    enum err e = text_escape(&why, r->why, strlen(r->why));
    clock_text(date, r->time);
    if (!e)
        tell_line(&h->tell,
                  json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "event", "quarantine", "station", s ? s->name : "-",
                            "chain", chain, "what", r->what, "time", date, "why", (const char *)why.p),
                  "quarantine: station %s, %s, %s: %s", name, r->what, date, (const char *)why.p);
    buf_free(&why);
    return e;
}

enum err verb_status(const struct args *a)
{
    struct hub *h;
    struct store_totals t = {0};
    uint64_t space = 0, refused = 0;
    char bytes[TELL_SIZE], room[TELL_SIZE];
    enum err e = hub_open(&h, args_operand(a, 0), HUB_STORE, NULL, 0);
    if (e)
        return e;
    h->tell.json = args_has(a, "json");
    e = h->store->totals(h->store, &t);
    if (!e)
        e = h->store->space(h->store, &space);
    if (!e)
        e = h->store->each_refused(h->store, NULL, count_refused, &refused);
    tell_size(bytes, t.bytes);
    tell_size(room, space);
    uint64_t number = h->roster ? h->roster->number : 0;
    const char *district = h->roster ? h->roster->district : "-";
    if (!e)
        tell_line(&h->tell,
                  json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "event", "status",
                            "hub", h->name, "district", district, "roster", (json_int_t)number, "stations",
                            (json_int_t)(h->roster ? h->roster->n_stations : 0), "chains", (json_int_t)t.chains,
                            "labels", (json_int_t)t.labels, "objects", (json_int_t)t.objects, "bytes",
                            (json_int_t)t.bytes, "missing", (json_int_t)t.wanted, "removed", (json_int_t)t.removed,
                            "alarms", (json_int_t)t.alarms, "free", (json_int_t)space, "quarantine",
                            (json_int_t)refused),
                  "hub %s, district %s, roster %" PRIu64 ": %" PRIu64 " chains, %" PRIu64 " labels, %" PRIu64
                  " objects (%s), %" PRIu64 " missing, %" PRIu64 " removed, %" PRIu64 " alarms, %" PRIu64
                  " in quarantine; %s free",
                  h->name, district, number, t.chains, t.labels, t.objects, bytes, t.wanted, t.removed, t.alarms,
                  refused, room);
    if (!e)
        e = h->store->each_chain(h->store, say_alarm, h);
    if (!e)
        e = h->store->each_refused(h->store, NULL, say_refused, h);
    if (!e)
        e = tell_end();
    hub_close(h);
    return e;
}

static void say_fault(void *ctx, const char *what, const char *why)
{
    struct refuse *faults = ctx;
    struct buf shown = {0};
    if (text_escape(&shown, what, strlen(what)) == ERR_OK)
        tell_line(faults->tell,
                  json_pack("{s:s, s:s, s:s}", "event", "fault", "what", (const char *)shown.p, "why", why),
                  "fault: %s: %s", (const char *)shown.p, why);
    buf_free(&shown);
}

enum err verb_verify(const struct args *a)
{
    struct hub *h;
    enum err e = hub_open(&h, args_operand(a, 0), HUB_ALONE, NULL, 0);
    if (e)
        return e;
    h->tell.json = args_has(a, "json");
    struct refuse faults = {.tell = &h->tell};
    struct audit c = {.hub = h, .fault = say_fault, .ctx = &faults};
    e = store_sqlite_open_trial(&h->store, h->dir);
    if (e && e != ERR_NOMEM) {
        char why[1024];
        snprintf(why, sizeof why, "%s", err_text());
        say_fault(&faults, "hub.db", why);
        c.faults++;
        e = ERR_OK;
    }
    if (!e)
        e = audit_run(&c);
    if (e == ERR_OK || e == ERR_BAD) {
        char bytes[TELL_SIZE], why[256];
        snprintf(why, sizeof why, "%s", err_text());
        tell_size(bytes, c.bytes);
        if (h->store && h->store->each_chain(h->store, say_alarm, h) != ERR_OK)
            err_clear();
        tell_line(&h->tell,
                  json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "event", "verify", "labels",
                            (json_int_t)c.labels, "objects", (json_int_t)c.objects, "bytes", (json_int_t)c.bytes,
                            "faults", (json_int_t)c.faults, "torn", (json_int_t)c.torn, "missing", (json_int_t)c.wanted,
                            "alarms", (json_int_t)c.alarms),
                  "%" PRIu64 " labels, %" PRIu64 " objects (%s) checked: %" PRIu64 " faults, %" PRIu64
                  " unfinished labels, %" PRIu64 " objects missing, %" PRIu64 " alarms",
                  c.labels, c.objects, bytes, c.faults, c.torn, c.wanted, c.alarms);
        enum err end = tell_end();
        e = e ? err_set(e, "%s", why) : end;
    }
    hub_close(h);
    return e;
}
