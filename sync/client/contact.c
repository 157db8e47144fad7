#include "sync/client/contact.h"

#include "storage/base/clock.h"
#include "storage/base/lang.h"
#include "storage/base/log.h"
#include "storage/base/text.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PING_EVERY 25000   /* ms of silence, so that a NAT keeps the way open */
#define SILENCE 3000       /* ms beyond two round trips that are waited for an answer: a hub may wait for its disk */
#define SILENCE_UNMET 3000 /* the same before the round trip is known */
#define BESIDE_MOST 10000  /* ms that a new one is dialled beside one that speaks again */
#define PAUSE_FIRST 5000   /* ms, after the hub sent us away */
#define PAUSE_MAX 60000
#define SETTLED 500          /* ms without anything happening, beyond two round trips */
#define FINISH_PATIENCE 3000 /* ms for a goodbye */

static void show(struct contact *c, enum report_state state)
{
    if (c->shown->state != state || !c->shown->since)
        c->shown->since = clock_wall();
    c->shown->state = state;
}

static void say_why(struct contact *c, enum err verdict, bool final, const char *why)
{
    c->verdict = verdict;
    c->final = final;
    snprintf(c->why, sizeof c->why, "%s", why);
    snprintf(c->shown->error, sizeof c->shown->error, "%s", why);
}

enum err contact_open(struct contact *c, const struct contact_shared *all, const char *const *to, size_t n,
                      struct report_link *shown, int64_t now)
{
    const struct roster *r = all->in->station->roster;
    memset(c, 0, sizeof *c);
    c->all = all;
    c->shown = shown;
    for (size_t i = 0; i < n && c->n_at < DIAL_PLACES; i++) {
        enum err e = address_parse(&c->at[c->n_at], to[i]);
        if (e)
            return e;
        c->n_at++;
    }
    for (size_t i = 0; i < r->n_hubs && c->n_hubs < DIAL_HUBS; i++) {
        memcpy(c->hubs[c->n_hubs].name, r->hubs[i].name, sizeof c->hubs[0].name);
        c->hubs[c->n_hubs++].link = r->hubs[i].link;
    }
    if (!c->n_hubs)
        return err_set(ERR_DENIED, "the roster names no hub; ask the administrator for a newer one");
    address_text(shown->to, &c->at[0]);
    c->rate = shown->rate;
    const struct dial_setup setup = {.keys = all->keys,
                                     .resolver = all->resolver,
                                     .addresses = c->at,
                                     .n_addresses = c->n_at,
                                     .hubs = c->hubs,
                                     .n_hubs = c->n_hubs,
                                     .tuning = sock_usual};
    enum err e = dial_new(&c->dial, &setup);
    if (!e)
        dial_go(c->dial, now);
    show(c, REPORT_DIALLING);
    return e;
}

static void remember(struct contact *c)
{
    struct wire_status s;
    uint64_t in = 0, out = 0;
    if (c->stream) {
        wire_status(road_wire(stream_road(c->stream)), &s);
        tls_bytes(stream_tls(c->stream), &in, &out);
        c->rate = s.rate ? s.rate : c->rate;
        c->rtt = s.rtt ? s.rtt : c->rtt;
    }
    c->shown->rate = c->rate;
    c->shown->rtt = c->rtt;
    c->shown->sent = c->sent + out;
    c->shown->received = c->received + in;
}

static void hang_up(struct contact *c)
{
    uint64_t in, out;
    if (!c->stream)
        return;
    remember(c);
    tls_bytes(stream_tls(c->stream), &in, &out);
    c->sent += out;
    c->received += in;
    c->given += road_news(stream_road(c->stream))->given;
    stream_free(c->stream);
    c->stream = NULL;
    c->met = false;
    show(c, c->done ? REPORT_PAUSING : REPORT_DIALLING);
}

static void cut_off(struct contact *c)
{
    if (c->stream)
        stream_cut(c->stream);
    hang_up(c);
}

void contact_close(struct contact *c)
{
    hang_up(c);
    dial_free(c->dial);
    c->dial = NULL;
}

uint64_t contact_bytes(const struct contact *c)
{
    uint64_t in = 0, out = 0;
    if (c->stream)
        tls_bytes(stream_tls(c->stream), &in, &out);
    return c->sent + c->received + in + out;
}

size_t contact_poll(const struct contact *c, struct pollfd set[static CONTACT_FDS])
{
    size_t n = 0;
    if (c->stream)
        stream_poll(c->stream, &set[n++]);
    return n + dial_poll(c->dial, set + n);
}

static int64_t silence_at(const struct contact *c, const struct wire_status *s)
{
    uint64_t rtt = s->rtt ? s->rtt : c->rtt;
    if (s->waits_since == INT64_MAX)
        return INT64_MAX;
    return s->waits_since + (rtt ? (int64_t)(2 * rtt) + SILENCE : SILENCE_UNMET);
}

static int64_t ping_at(const struct contact *c, const struct wire_status *s)
{
    return (s->heard > c->pinged ? s->heard : c->pinged) + PING_EVERY;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t contact_next(const struct contact *c, int64_t now)
{
    struct wire_status s;
    int64_t at = dial_next(c->dial);
    if (!c->stream)
        return c->done || dial_going(c->dial) ? at : sooner(at, c->pause_until);
    wire_status(road_wire(stream_road(c->stream)), &s);
    at = sooner(at, stream_next(c->stream, now));
    if (!c->beside)
        at = sooner(at, silence_at(c, &s));
    if (c->finishing)
        at = sooner(at, c->stirred + FINISH_PATIENCE);
    return sooner(at, ping_at(c, &s));
}

/* The hub's goodbye, as one clear line. */
static void turned_away(struct contact *c, const struct road_news *news)
{
    const char *hub = c->hubs[c->hub].name;
    char words[2 * WIRE_WHY_MAX] = "", why[320];
    struct buf shown = {.max = sizeof words};
    if (news->text[0] && text_escape(&shown, news->text, strlen(news->text)) == ERR_OK && shown.p)
        snprintf(words, sizeof words, ": %.200s", (const char *)shown.p);
    buf_free(&shown);
    switch (news->why) {
    case WIRE_END_DONE:
        c->pause_until = 0;
        return;
    case WIRE_END_LATER:
        snprintf(why, sizeof why, _("hub %.63s is busy%s"), hub, words);
        say_why(c, ERR_AGAIN, false, why);
        break;
    case WIRE_END_UNKNOWN:
        snprintf(why, sizeof why, _("hub %.63s does not know this station%s; it needs the newest roster"), hub, words);
        say_why(c, ERR_DENIED, true, why);
        break;
    case WIRE_END_REVOKED:
        snprintf(why, sizeof why,
                 _("hub %.63s says that this station is revoked; ask the administrator to enrol it anew"), hub);
        say_why(c, ERR_DENIED, true, why);
        break;
    case WIRE_END_CLONED:
        snprintf(why, sizeof why, _("hub %.63s says that this station was cloned; a supervisor has it enrolled anew"),
                 hub);
        say_why(c, ERR_DENIED, true, why);
        break;
    case WIRE_END_PROTOCOL:
        snprintf(why, sizeof why, _("hub %.63s did not understand this station%s"), hub, words);
        say_why(c, ERR_BUG, true, why);
        break;
    }
}

/* A pause that doubles, give or take a fifth. */
static void pause_now(struct contact *c, int64_t now)
{
    uint32_t ms = PAUSE_FIRST;
    for (unsigned i = 0; i < c->pauses && ms < PAUSE_MAX; i++)
        ms *= 2;
    ms = c->final || ms > PAUSE_MAX ? PAUSE_MAX : ms;
    c->pauses++;
    c->pause_until = now + ms - ms / 5 + randombytes_uniform(2 * ms / 5);
    show(c, REPORT_PAUSING);
}

/* The conversation is over for reason e. */
static void over(struct contact *c, enum err e, int64_t now)
{
    struct road_news news = *road_news(stream_road(c->stream));
    char why[320];
    snprintf(why, sizeof why, "%s", err_text());
    hang_up(c);
    c->beside = false;
    c->pause_until = 0;
    if (c->done || (c->finishing && !news.ended)) {
        c->finishing = false;
    } else if (news.revoked) {
        pause_now(c, now);
    } else if (news.ended) {
        turned_away(c, &news);
        if (news.why != WIRE_END_DONE)
            pause_now(c, now);
    } else if (e != ERR_END && e != ERR_UNREACHABLE) {
        say_why(c, e, false, why);
        pause_now(c, now);
    } else {
        snprintf(c->shown->error, sizeof c->shown->error, "%s", why);
    }
    c->finishing = false;
    log_line("conversation over: %s", news.ended ? wire_end_text(news.why) : e == ERR_END ? "done" : "cut");
    if (!c->done && !c->pause_until && !dial_going(c->dial))
        dial_go(c->dial, now);
}

static enum err won(struct contact *c, const struct dial_won *w, int64_t now)
{
    cut_off(c); /* first: what it leaves is offered by the new one */
    if (w->rtt)
        c->rtt = w->rtt;
    struct road_setup s = {.in = c->all->in,
                           .offers = c->all->offers,
                           .hub = c->hubs[w->hub].name,
                           .rate = c->rate,
                           .rtt = c->rtt,
                           .wall = clock_wall(),
                           .lanes = c->all->lanes};
    c->beside = false;
    c->resumable = false;
    c->hub = w->hub;
    c->events = 0;
    c->stirred = c->pinged = now;
    address_text(c->shown->to, &w->at);
    memcpy(c->shown->hub, c->hubs[w->hub].name, sizeof c->shown->hub);
    show(c, REPORT_CONNECTED);
    tell_line(&c->all->in->tell,
              json_pack("{s:s,s:s,s:s,s:b}", "event", "connected", "hub", c->hubs[c->hub].name, "to", c->shown->to,
                        "resumed", (int)tls_resumed(w->tls)),
              _("connected to hub %s at %s"), c->hubs[c->hub].name, c->shown->to);
    log_line("conversation with hub %s%s", c->hubs[w->hub].name, tls_resumed(w->tls) ? ", resumed" : "");
    return stream_new(&c->stream, w, &s, c->all->rate, now);
}

static enum err step_dial(struct contact *c, int64_t now)
{
    struct dial_won w;
    if (!dial_going(c->dial))
        return ERR_OK;
    enum err e = dial_step(c->dial, now, &w);
    if (e == ERR_OK)
        return won(c, &w, now);
    if (e == ERR_DENIED)
        say_why(c, ERR_DENIED, c->n_at == 1 && c->at[0].numeric, err_text());
    else if (e == ERR_NOMEM)
        return e;
    else if (!c->stream && dial_why(c->dial)[0])
        snprintf(c->shown->error, sizeof c->shown->error, "%s", dial_why(c->dial));
    return ERR_OK;
}

/* What came of it: a first hello, a ticket for the next time, a roster that
 * has another key for this hub. */
static void look(struct contact *c, int64_t now)
{
    struct road_news *news = road_news(stream_road(c->stream));
    const struct roster *r = c->all->in->station->roster;
    struct buf ticket = {0};
    if (news->events != c->events) {
        c->events = news->events;
        c->stirred = now;
    }
    if (news->met && !c->met) {
        c->met = true;
        c->pauses = 0;
        say_why(c, ERR_OK, false, "");
    }
    if (!c->resumable && tls_ticket(stream_tls(c->stream), &ticket) == ERR_OK &&
        dial_ticket(c->dial, ticket.p, ticket.len) == ERR_OK)
        c->resumable = true;
    buf_free(&ticket);
    if (news->roster) {
        const struct roster_hub *h = roster_hub(r, c->hubs[c->hub].name);
        news->roster = false;
        if (!h || memcmp(&h->link, &c->hubs[c->hub].link, sizeof h->link) != 0)
            contact_finish(c, true);
    }
    if (news->revoked)
        say_why(c, ERR_DENIED, true,
                _("this station is revoked by the newest roster; ask the administrator to enrol it "
                  "anew"));
}

static void mind_silence(struct contact *c, int64_t now)
{
    struct wire_status s;
    struct wire *w = road_wire(stream_road(c->stream));
    wire_status(w, &s);
    if (c->rtt || s.rtt)
        dial_rtt(c->dial, (uint32_t)(s.rtt ? s.rtt : c->rtt));
    if (!c->finishing && !c->beside && now >= silence_at(c, &s)) {
        c->beside = true;
        c->beside_since = now;
        dial_go(c->dial, now);
    } else if (c->beside && s.heard > c->beside_since + BESIDE_MOST) {
        /* it speaks all the same. Not believed sooner: after an outage an old
         * connection may get a word through, and crawl from then on */
        c->beside = false;
        dial_stop(c->dial);
    }
    if (now >= ping_at(c, &s)) {
        c->pinged = now;
        wire_ping(w);
    }
}

enum err contact_step(struct contact *c, const struct pollfd *set, size_t n, int64_t now)
{
    struct stream *t = c->stream;
    enum err e = step_dial(c, now);
    if (e)
        return e;
    /* the path is there again, and the old connection would only send what
     * was lost once more, slowly, beside the new one */
    if (c->stream && c->beside && dial_near(c->dial)) {
        c->beside = false;
        cut_off(c);
    }
    if (c->stream) {
        short happened = t == c->stream && n && set[0].revents ? set[0].revents : 0;
        mind_silence(c, now);
        e = stream_step(c->stream, happened, now);
        if (!e && c->finishing && now >= c->stirred + FINISH_PATIENCE)
            e = ERR_END;
        look(c, now);
        if (e)
            over(c, e, now);
        if (e == ERR_NOMEM || e == ERR_BUG)
            return e;
    }
    if (!c->stream && !c->done && !dial_going(c->dial) && now >= c->pause_until) {
        c->pause_until = 0;
        dial_go(c->dial, now);
        show(c, REPORT_DIALLING);
    }
    remember(c);
    return ERR_OK;
}

enum err contact_stir(struct contact *c)
{
    return c->stream && !c->finishing ? stream_stir(c->stream) : ERR_OK;
}

void contact_lanes(struct contact *c)
{
    if (c->stream) {
        wire_lanes(road_wire(stream_road(c->stream)), c->all->lanes);
        if (stream_stir(c->stream) != ERR_OK)
            err_clear(); /* the next step meets it again */
    }
}

void contact_ask(struct contact *c, int64_t now)
{
    if (!c->stream || c->finishing)
        return;
    c->pinged = now;
    wire_ping(road_wire(stream_road(c->stream)));
}

void contact_route(struct contact *c, int64_t now)
{
    struct wire_status s;
    if (c->stream) {
        wire_status(road_wire(stream_road(c->stream)), &s);
        contact_ask(c, now);
        if (s.waits_since == INT64_MAX || now - s.waits_since < (int64_t)(c->rtt + c->rtt / 2) + 200 || c->finishing)
            return;
        c->beside = true;
        c->beside_since = now;
    }
    if (!c->done && (c->stream || !c->final)) {
        c->pause_until = 0;
        dial_go(c->dial, now);
        dial_hurry(c->dial, now);
    }
}

void contact_finish(struct contact *c, bool again)
{
    c->done = !again;
    if (!again)
        dial_stop(c->dial);
    if (!c->stream)
        return;
    c->finishing = true;
    wire_finish(road_wire(stream_road(c->stream)), WIRE_END_DONE, "");
    c->stirred = clock_uptime();
    if (stream_stir(c->stream) != ERR_OK)
        err_clear();
}

int64_t contact_tire(struct contact *c, int64_t now, int64_t patience)
{
    if (!c->met || !c->stream || !road_waits(stream_road(c->stream)))
        return INT64_MAX;
    if (now < c->stirred + patience)
        return c->stirred + patience;
    road_tire(stream_road(c->stream));
    return INT64_MAX;
}

bool contact_settled(const struct contact *c, int64_t now)
{
    struct wire_status s;
    if (!c->stream || !c->met)
        return false;
    const struct wire *w = road_wire(stream_road(c->stream));
    wire_status(w, &s);
    for (unsigned lane = 0; lane < LANES; lane++)
        if ((c->all->lanes & (1u << lane)) && wire_waiting(w, (enum lane)lane))
            return false;
    return s.unanswered == 0 && s.answered && now - c->stirred >= SETTLED + 2 * (int64_t)s.rtt;
}
