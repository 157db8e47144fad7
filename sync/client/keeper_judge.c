#include "sync/client/keeper_inside.h"

#include "storage/base/clock.h"
#include "storage/base/file.h"
#include "storage/base/lang.h"
#include "sync/client/standing.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_EVERY 500       /* ms at least, and twenty times what the last count took */
#define RECEIPT_PATIENCE 8000 /* ms without anything happening, for a receipt or for what was put off */
#define STILL_PATIENCE 60000  /* ms without anything happening, in one contact */
#define ASK_EVERY 1500        /* ms: while a receipt is awaited */
#define FINISH_MS 4000        /* for goodbyes */

enum err keeper_receipt(struct keeper *k)
{
    struct receipt *best;
    enum err e = standing_receipt(&k->in, &best);
    if (e || !best)
        return e;
    receipt_free(k->receipt);
    k->receipt = best;
    k->report.receipt_labels = best->labels;
    k->report.receipt_time = best->time;
    return offers_receipt(k->offers, best);
}

static enum err read_roster(struct keeper *k, const char *folder, const char *name)
{
    char path[4096];
    struct buf text = {.max = ROSTER_MAX};
    enum err e = file_path(path, folder, name);
    if (!e)
        e = file_read(path, ROSTER_MAX, &text);
    if (!e)
        e = taking_roster(&k->in, (const char *)text.p, text.len);
    buf_free(&text);
    return e == ERR_NOMEM || e == ERR_IO ? e : ERR_OK;
}

/* A roster that another process took, from a stick: the same file again is no
 * harm, and makes it ours. The copy in notices/ is within this one's reach. */
static enum err take_roster(struct keeper *k)
{
    static const char prefix[] = "roster-";
    char folder[4096];
    enum err e = file_path(folder, k->in.station->dir, "notices");
    DIR *d = e ? NULL : opendir(folder);
    for (struct dirent *f; !e && d && (f = readdir(d)) != NULL;) {
        const char *number = f->d_name + sizeof prefix - 1;
        if (strncmp(f->d_name, prefix, sizeof prefix - 1) == 0 && !strchr(number, '.') &&
            strtoull(number, NULL, 10) > k->in.station->roster->number)
            e = read_roster(k, folder, f->d_name);
    }
    if (d)
        closedir(d);
    return e;
}

struct wishes {
    struct buf *known;
    bool news;
};

static enum err add_wish(void *ctx, const char *name, const char *text, size_t n)
{
    struct wishes *w = ctx;
    struct hash_state state;
    hash_init(&state);
    hash_add(&state, name, strlen(name));
    hash_add(&state, text, n);
    struct hash h = hash_end(&state);
    for (size_t i = 0; i < w->known->len; i += HASH_LEN)
        if (memcmp(w->known->p + i, h.b, HASH_LEN) == 0)
            return ERR_OK;
    w->news = true;
    return buf_add(w->known, h.b, HASH_LEN);
}

enum err keeper_wishes(struct keeper *k)
{
    struct wishes w = {.known = &k->wishes};
    enum err e = queue_each_job(k->in.station->queue, "want", add_wish, &w);
    for (size_t i = 0; i < k->n && w.news && !k->stopping && !e; i++)
        if (k->contacts[i].stream)
            contact_finish(&k->contacts[i], true);
    return e;
}

enum err keeper_stir(struct keeper *k)
{
    enum err e = take_roster(k);
    if (!e)
        e = keeper_receipt(k);
    uint64_t roster = k->in.station->roster->number;
    if (!e && (roster != k->stood_roster || k->report.receipt_time != k->stood_receipt))
        e = standing_check(&k->in);
    k->stood_roster = roster;
    k->stood_receipt = k->report.receipt_time;
    if (!e)
        e = keeper_wishes(k);
    offers_again(k->offers);
    for (size_t i = 0; i < k->n && !e; i++)
        e = contact_stir(&k->contacts[i]);
    k->changed = true;
    return e;
}

enum err keeper_count(struct keeper *k, int64_t now, bool at_once)
{
    struct queue_head head;
    uint64_t events = 0, given = 0;
    bool receipt = false;
    for (size_t i = 0; i < k->n; i++) {
        const struct contact *c = &k->contacts[i];
        struct road_news *news = c->stream ? road_news(stream_road(c->stream)) : NULL;
        events += (uint64_t)c->stirred;
        given += c->given + (news ? news->given : 0);
        receipt = receipt || (news && news->receipt);
        if (news)
            news->receipt = false;
    }
    k->report.given = given;
    k->report.taken_labels = k->in.taken.labels;
    k->report.taken_objects = k->in.taken.objects;
    k->report.taken_bytes = k->in.taken.bytes;
    enum err e = receipt ? keeper_receipt(k) : ERR_OK;
    k->changed = k->changed || receipt || events != k->events;
    k->events = events;
    k->count_at = k->changed ? k->count_min : INT64_MAX;
    if (e || (!at_once && (!k->changed || now < k->count_min)))
        return e;
    bool urgent = k->report.left.items[LANE_URGENT];
    e = queue_head(k->in.station->queue, k->in.station->chain, &head);
    k->report.head = head.seq;
    if (!e)
        e = offers_count(k->offers, &k->report.left);
    if (urgent != (k->report.left.items[LANE_URGENT] > 0))
        k->lanes_at = now;
    int64_t took = clock_uptime() - now;
    k->count_min = now + (20 * took > COUNT_EVERY ? 20 * took : COUNT_EVERY);
    k->count_at = INT64_MAX;
    k->changed = false;
    return e;
}

void keeper_stop(struct keeper *k, int64_t now)
{
    if (k->stopping)
        return;
    k->stopping = true;
    k->stop_at = now + FINISH_MS;
    k->judge_at = now; /* nothing else may wake us */
    for (size_t i = 0; i < k->n; i++)
        contact_finish(&k->contacts[i], false);
}

static void end_with(struct keeper *k, int64_t now, enum err e, const char *why)
{
    k->verdict = e;
    snprintf(k->why, sizeof k->why, "%s", _(why));
    keeper_stop(k, now);
}

struct rest {
    uint64_t may, withheld;
    bool labels;     /* withheld, too: no receipt can cover them */
    const char *why; /* withheld */
};

static struct rest rest_of(const struct keeper *k)
{
    struct rest r = {.why = NULL};
    for (size_t i = 0; i < LANES; i++) {
        uint64_t items = k->report.left.items[i];
        if (k->report.withheld[i] && items) {
            r.withheld += items;
            r.labels = r.labels || i <= LANE_BATCH;
            r.why = r.why ? r.why : k->report.withheld[i];
        } else {
            r.may += items;
        }
    }
    return r;
}

/* Cloned: what was carried is carried, but nothing more is recorded. */
static bool is_frozen(struct keeper *k, int64_t now)
{
    char why[700];
    struct buf text = {0};
    bool yes = queue_job(k->in.station->queue, "frozen", k->in.station->chain, &text) == ERR_OK;
    if (yes) {
        snprintf(why, sizeof why, "this station is frozen: %.400s; a supervisor has it enrolled anew",
                 (const char *)text.p);
        end_with(k, now, ERR_DENIED, why);
    }
    buf_free(&text);
    return yes;
}

/* Everything is given, and no receipt says so yet: is the hub still there, and
 * has it perhaps something to say? */
static void await_receipt(struct keeper *k, struct contact *c, int64_t now)
{
    if (now - c->pinged >= ASK_EVERY)
        contact_ask(c, now);
    k->judge_at = now + ASK_EVERY;
}

static bool is_covered(const struct keeper *k)
{
    const struct receipt *r = k->receipt;
    return k->report.head == 0 || (r && r->labels >= k->report.head && r->n_missing == 0 && r->n_parts_missing == 0);
}

/* A conversation that has nothing more to do: is everything done? */
static enum err judge_settled(struct keeper *k, struct contact *c, int64_t now)
{
    char why[512];
    enum err e = keeper_count(k, now, true);
    if (e || is_frozen(k, now))
        return e;
    const struct receipt *r = k->receipt;
    struct rest rest = rest_of(k);
    bool covered = k->report.head == 0 || (r && r->labels >= k->report.head && !r->n_missing);
    bool whole = is_covered(k);
    if (rest.may == 0 && (whole || (rest.withheld && (covered || rest.labels)))) {
        if (rest.withheld)
            snprintf(why, sizeof why, _("%" PRIu64 " items stay here: %s"), rest.withheld, _(rest.why));
        if (k->in.full)
            end_with(k, now, ERR_FULL, "this station's disk is full, blobs that it asked for stay at the hub");
        else
            end_with(k, now, rest.withheld ? ERR_AGAIN : ERR_OK, rest.withheld ? why : "");
        return ERR_OK;
    }
    if (now - c->stirred < RECEIPT_PATIENCE) {
        await_receipt(k, c, now);
        return ERR_OK;
    }
    const char *hub = c->hubs[c->hub].name;
    if (k->report.left.refused)
        snprintf(why, sizeof why,
                 _("hub %s refused %" PRIu64 " items; `feldsher status` lists them, everything else is done"), hub,
                 k->report.left.refused);
    else if (rest.may)
        snprintf(why, sizeof why, "hub %s put %" PRIu64 " items off; they go at another time", hub, rest.may);
    else if (!covered)
        snprintf(why, sizeof why, "hub %s took everything, but its receipt ends at label %" PRIu64 " of %" PRIu64, hub,
                 r ? r->labels : 0, k->report.head);
    else
        snprintf(why, sizeof why, "hub %s still misses blobs of %zu labels that are not here", hub, r->n_parts_missing);
    end_with(k, now, ERR_AGAIN, why);
    return ERR_OK;
}

/* Nobody answers: for how long, and why? */
static void judge_alone(struct keeper *k, int64_t now)
{
    const struct contact *c = &k->contacts[0];
    char why[800];
    bool final = true;
    for (size_t i = 0; i < k->n; i++) {
        final = final && k->contacts[i].final;
        if (k->contacts[i].verdict)
            c = &k->contacts[i];
    }
    if (k->alone_since == INT64_MAX)
        k->alone_since = now;
    int64_t end = k->alone_since + (int64_t)k->o->patience * 1000;
    if (!final && now < end) {
        k->judge_at = end;
        return;
    }
    if (c->verdict) {
        end_with(k, now, c->verdict, c->why);
        return;
    }
    const char *last = dial_why(c->dial)[0] ? dial_why(c->dial) : c->shown->error;
    snprintf(why, sizeof why, "no hub answers at %s within %" PRIu64 " s%s%s", c->shown->to, k->o->patience,
             last[0] ? ": " : "", last);
    end_with(k, now, ERR_UNREACHABLE, why);
}

enum err keeper_judge(struct keeper *k, int64_t now, bool *over)
{
    bool met = false, streams = false;
    enum err e = ERR_OK;
    k->judge_at = INT64_MAX;
    for (size_t i = 0; i < k->n; i++) {
        met = met || k->contacts[i].met;
        streams = streams || k->contacts[i].stream;
    }
    if (k->stopping) {
        *over = !streams || now >= k->stop_at;
        return *over && k->verdict ? err_set(k->verdict, "%s", k->why) : ERR_OK;
    }
    if (met)
        k->alone_since = INT64_MAX;
    for (size_t i = 0; i < k->n; i++) {
        int64_t at = contact_tire(&k->contacts[i], now, RECEIPT_PATIENCE);
        k->judge_at = at < k->judge_at ? at : k->judge_at;
    }
    for (size_t i = 0; i < k->n && k->o->watch && !is_covered(k); i++)
        if (now - k->contacts[i].stirred < RECEIPT_PATIENCE && k->contacts[i].met)
            await_receipt(k, &k->contacts[i], now);
    if (k->o->watch)
        return ERR_OK;
    if (!met) {
        judge_alone(k, now);
        return ERR_OK;
    }
    for (size_t i = 0; i < k->n && !e && !k->stopping; i++) {
        struct contact *c = &k->contacts[i];
        if (contact_settled(c, now))
            e = judge_settled(k, c, now);
        else if (c->met && now - c->stirred >= STILL_PATIENCE)
            end_with(k, now, ERR_AGAIN, "the hub says nothing more; what is left goes at the next contact");
        else if (c->met)
            k->judge_at = now + (now - c->stirred < 5000 ? 100 : 1000);
    }
    return e;
}

void keeper_summary(struct keeper *k, enum err e)
{
    char in[TELL_SIZE], why[512];
    uint64_t left = 0;
    snprintf(why, sizeof why, "%s", e ? err_text() : "");
    for (size_t i = 0; i < LANES; i++)
        left += k->report.left.items[i];
    tell_size(in, k->in.taken.bytes);
    tell_line(
        &k->in.tell,
        json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:s}", "event", "ended", "given", (json_int_t)k->report.given,
                  "left", (json_int_t)left, "refused", (json_int_t)k->report.left.refused, "taken_labels",
                  (json_int_t)k->in.taken.labels, "taken_objects", (json_int_t)k->in.taken.objects, "taken_bytes",
                  (json_int_t)k->in.taken.bytes, "head", (json_int_t)k->report.head, "receipt_labels",
                  (json_int_t)k->report.receipt_labels, "why", why),
        _("gave %" PRIu64 " items, took %" PRIu64 " labels and %" PRIu64 " objects (%s); %" PRIu64
          " items left; a receipt covers %" PRIu64 " of %" PRIu64 " labels"),
        k->report.given, k->in.taken.labels, k->in.taken.objects, in, left, k->report.receipt_labels, k->report.head);
    if (e)
        err_set(e, "%s", why);
}
