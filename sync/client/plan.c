#include "sync/client/keeper.h"

#include "storage/base/clock.h"
#include "storage/base/lang.h"
#include "sync/client/report.h"
#include "sync/client/settings.h"
#include "sync/client/standing.h"
#include "sync/client/stock.h"
#include "sync/client/usage.h"
#include "sync/folder/load.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct plan {
    struct settings conf;
    struct usage usage;
    struct offers_left left;
    struct budget_now now;
    uint64_t rate;
};

static uint64_t say_lane(const struct tell *t, const struct plan *p, unsigned lane)
{
    const char *why = budget_why(&p->conf.budget, &p->now, (enum lane)lane);
    uint64_t items = p->left.items[lane], bytes = p->left.bytes[lane];
    char size[TELL_SIZE], time[32] = "";
    if (!items)
        return 0;
    tell_size(size, bytes);
    if (p->rate)
        reporter_time(time, bytes / p->rate);
    tell_line(t,
              json_pack("{s:s,s:i,s:I,s:I,s:s*,s:o}", "event", "plan", "lane", (int)lane, "items", (json_int_t)items,
                        "bytes", (json_int_t)bytes, "stays", why, "seconds",
                        p->rate ? json_integer((json_int_t)(bytes / p->rate)) : json_null()),
              why       ? _("lane %u (%s): %" PRIu64 " items, %s; stays: %s")
              : p->rate ? _("lane %u (%s): %" PRIu64 " items, %s, about %s")
                        : _("lane %u (%s): %" PRIu64 " items, %s%s"),
              lane, _(load_lane_name((enum lane)lane)), items, size, why ? _(why) : time);
    return why ? items : 0;
}

static enum err say(const struct tell *t, const struct plan *p)
{
    uint64_t stays = 0, bytes = 0;
    char size[TELL_SIZE], rate[TELL_SIZE], time[32] = "";
    for (unsigned i = 0; i < LANES; i++) {
        stays += say_lane(t, p, i);
        if (!budget_why(&p->conf.budget, &p->now, (enum lane)i))
            bytes += p->left.bytes[i];
    }
    uint64_t most = p->conf.budget.bytes_per_day, left = most > p->now.used ? most - p->now.used : 0;
    uint64_t speed = p->conf.budget.rate && p->conf.budget.rate < p->rate ? p->conf.budget.rate : p->rate;
    tell_size(size, bytes);
    tell_size(rate, speed);
    if (speed)
        reporter_time(time, bytes / speed);
    tell_line(t,
              json_pack("{s:s,s:I,s:I,s:I,s:I,s:o}", "event", "planned", "bytes", (json_int_t)bytes, "rate",
                        (json_int_t)speed, "stays", (json_int_t)stays, "used_today", (json_int_t)p->now.used,
                        "left_today", most ? json_integer((json_int_t)left) : json_null()),
              speed ? _("a contact would carry %s; at %s/s: %s")
                    : _("a contact would carry %s; how long it takes is known after the first"),
              size, rate, time);
    if (most && bytes > left) {
        tell_size(size, left);
        tell_line(t, NULL, _("of this day's bytes %s are left: the rest stays until tomorrow"), size);
    }
    if (stays || (most && bytes > left))
        return err_set(ERR_AGAIN, "some items would stay here; see above");
    return ERR_OK;
}

enum err keeper_plan(const struct keeper_options *o)
{
    struct plan p = {.rate = reporter_rate(o->dir)};
    struct taking in = {.tell = {.json = o->json}};
    struct offers *offers = NULL;
    struct receipt *best = NULL;
    int64_t day;
    enum err e = settings_read(&p.conf, o->dir);
    if (!e)
        e = station_open(&in.station, o->dir, STATION_READ_ONLY);
    if (!e && !in.station->queue)
        e = err_set(ERR_BAD, "the index queue.db is damaged; run `feldsher rebuild`");
    if (!e)
        e = usage_open(&p.usage, o->dir);
    if (!e) {
        struct offers_stock stock = stock_of(in.station);
        e = offers_new(&offers, &stock, in.station->chain);
    }
    if (!e)
        e = standing_receipt(&in, &best);
    if (!e && best)
        e = offers_receipt(offers, best);
    if (!e)
        e = offers_count(offers, &p.left);
    usage_today(&day, &p.now.minute);
    p.now.used = budget_used(&p.usage.days, day);
    p.now.urgent = p.left.items[LANE_URGENT];
    if (!e)
        e = say(&in.tell, &p);
    receipt_free(best);
    offers_free(offers);
    station_close(in.station);
    return e;
}
