#include "sync/client/keeper.h"

#include "storage/base/clock.h"
#include "storage/base/file.h"
#include "storage/base/log.h"
#include "sync/client/keeper_inside.h"
#include "sync/client/standing.h"
#include "sync/client/stock.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define PARTIAL_AGE ((int64_t)30 * 86400) /* s: pieces that nobody added to for so long are dropped */
#define LANES_EVERY 30000                 /* ms: the time of day is looked at */
#define AGAIN_EVERY 60000                 /* ms: what the hub put off is offered again */

/* Once a label is in its file its row follows, and a flag or a wish follows
 * that: looked at soon, and once more when all is surely there. */
static const int64_t stir_after[] = {0, 50, 1000};

static enum err open_tools(struct keeper *k)
{
    char path[4096];
    sigset_t mask;
    const char *dir = k->o->dir;
    enum err e = watch_open(&k->watch);
    if (!e)
        e = meter_open(&k->meter);
    if (!e)
        e = usage_open(&k->usage, dir);
    if (!e)
        e = reporter_open(&k->reporter, dir, &k->in.tell);
    if (e)
        return e;
    k->in.tell.wipe = k->reporter.terminal;
    sigemptyset(&mask);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGINT);
    sigaddset(&mask, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0 || (k->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK)) < 0 ||
        (k->notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) < 0)
        return err_errno(ERR_IO, "cannot watch for signals and files");
    e = file_path(path, dir, "chain");
    if (!e && inotify_add_watch(k->notify, path, IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
        e = err_errno(ERR_IO, "cannot watch %s", path);
    if (!e)
        e = file_path(path, dir, "notices");
    if (!e && inotify_add_watch(k->notify, path, IN_MOVED_TO) < 0)
        e = err_errno(ERR_IO, "cannot watch %s", path);
    return e;
}

static enum err open_station(struct keeper *k)
{
    char path[4096];
    const char *dir = k->o->dir;
    enum err e = station_open(&k->in.station, dir, STATION_LINK_KEY);
    if (!e && !k->in.station->queue)
        e = err_set(ERR_BAD, "the index queue.db is damaged; run `feldsher rebuild`");
    if (!e)
        e = log_open(dir, "feldsher-sync");
    if (!e)
        e = file_path(path, dir, "log/sync.lock");
    if (!e)
        e = file_lock(path, true, false, &k->lock);
    if (e == ERR_AGAIN)
        e = err_set(ERR_AGAIN, "another feldsher-sync keeps this station's link; it carries whatever is new by itself");
    if (!e)
        e = tls_keys_new(&k->keys, TLS_CLIENT, k->in.station->link);
    if (!e)
        e = open_tools(k);
    if (!e)
        e = partial_sweep(dir, PARTIAL_AGE);
    if (!e)
        e = road_forget(&k->in);
    tzset(); /* reads /etc, which is out of reach from now on */
    return e ? e : station_confine(k->in.station, NULL, 0, CONFINE_NET);
}

static enum err open_offers(struct keeper *k)
{
    struct offers_stock stock = stock_of(k->in.station);
    enum err e = offers_new(&k->offers, &stock, k->in.station->chain);
    return e ? e : keeper_receipt(k);
}

static enum err open_contacts(struct keeper *k, int64_t now)
{
    const struct roster *r = k->in.station->roster;
    const char *to[DIAL_PLACES];
    size_t n = 0;
    uint64_t rate = reporter_rate(k->o->dir);
    k->all = (struct contact_shared){.in = &k->in,
                                     .offers = k->offers,
                                     .keys = k->keys,
                                     .resolver = k->resolver,
                                     .lanes = k->all.lanes,
                                     .rate = k->conf.budget.rate};
    enum err e = ERR_OK;
    for (size_t i = 0; i < k->o->n_links && !e; i++) {
        k->report.links[k->n].rate = rate / k->o->n_links;
        e = contact_open(&k->contacts[k->n], &k->all, &k->o->links[i], 1, &k->report.links[k->n], now);
        k->report.n_links = ++k->n;
    }
    if (k->n || e)
        return e;
    for (size_t i = 0; i < k->conf.n_hubs && n < DIAL_PLACES; i++)
        to[n++] = k->conf.hubs[i];
    for (size_t i = 0; i < r->n_hubs && !k->conf.n_hubs && n < DIAL_PLACES; i++)
        if (r->hubs[i].address[0])
            to[n++] = r->hubs[i].address;
    if (!n)
        return err_set(ERR_NOINPUT, "no hub's address is known: neither link.conf nor the roster names one; "
                                    "--link HOST:PORT");
    k->report.links[0].rate = rate;
    k->report.n_links = k->n = 1;
    return contact_open(&k->contacts[0], &k->all, to, n, &k->report.links[0], now);
}

static void close_all(struct keeper *k)
{
    int64_t day, again;
    unsigned minute;
    for (size_t i = 0; i < k->n; i++)
        contact_close(&k->contacts[i]);
    if (k->reporter.path[0] && k->n) {
        usage_today(&day, &minute);
        if (usage_spend(&k->usage, day, 0, INT64_MAX) != ERR_OK)
            err_report("feldsher-sync", ERR_IO);
        k->report.ended = true;
        reporter_show(&k->reporter, &k->report, 0, true, &again);
        reporter_close(&k->reporter);
    }
    offers_free(k->offers);
    receipt_free(k->receipt);
    buf_free(&k->wishes);
    tls_keys_free(k->keys);
    meter_free(k->meter);
    watch_free(k->watch);
    file_close(&k->signals);
    file_close(&k->notify);
    file_close(&k->lock);
    station_close(k->in.station);
    resolver_free(k->resolver);
    sticks_stop(&k->sticks);
    log_close();
}

/* The bytes that went since the last look, and which lanes may go now. */
static enum err spend(struct keeper *k, int64_t now)
{
    static const enum budget_known known[] = {
        [METER_UNKNOWN] = BUDGET_UNKNOWN, [METER_NO] = BUDGET_IS_FREE, [METER_YES] = BUDGET_COSTS};
    int64_t day;
    uint64_t bytes = 0;
    struct budget_now at = {.metered = known[meter_state(k->meter)]};
    for (size_t i = 0; i < k->n; i++)
        bytes += contact_bytes(&k->contacts[i]);
    if (bytes == k->bytes && now < k->lanes_at)
        return ERR_OK;
    k->lanes_at = now + LANES_EVERY;
    usage_today(&day, &at.minute);
    if (usage_spend(&k->usage, day, bytes - k->bytes, now) != ERR_OK)
        err_clear(); /* counted in memory all the same: a full disk is what sync empties */
    k->bytes = bytes;
    at.used = k->report.used = budget_used(&k->usage.days, day);
    unsigned lanes = budget_lanes(&k->conf.budget, &at);
    for (unsigned i = 0; i < LANES; i++)
        k->report.withheld[i] = budget_why(&k->conf.budget, &at, (enum lane)i);
    if (lanes == k->all.lanes)
        return ERR_OK;
    bool may_ask = lanes & ~k->all.lanes & (1u << LANE_FLAGGED);
    k->all.lanes = lanes;
    for (size_t i = 0; i < k->n; i++)
        contact_lanes(&k->contacts[i]);
    return may_ask ? keeper_wishes(k) : ERR_OK;
}

static size_t collect(struct keeper *k, struct pollfd *set, size_t *first)
{
    size_t n = 0;
    set[n++] = (struct pollfd){.fd = k->signals, .events = POLLIN};
    set[n++] = (struct pollfd){.fd = k->notify, .events = POLLIN};
    n += watch_poll(k->watch, set + n);
    n += meter_poll(k->meter, set + n);
    for (size_t i = 0; i < k->n; i++) {
        first[i] = n;
        n += contact_poll(&k->contacts[i], set + n);
    }
    first[k->n] = n;
    return n;
}

static int64_t next_time(const struct keeper *k, int64_t now)
{
    int64_t at = k->report_at;
    const int64_t others[] = {k->stir_at,  k->lanes_at, k->count_at,
                              k->again_at, k->judge_at, k->stopping ? k->stop_at : INT64_MAX};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        at = others[i] < at ? others[i] : at;
    for (size_t i = 0; i < k->n; i++) {
        int64_t one = contact_next(&k->contacts[i], now);
        at = one < at ? one : at;
    }
    int wait = meter_wait(k->meter);
    return wait >= 0 && now + wait < at ? now + wait : at;
}

static void drain(int fd)
{
    char bytes[4096];
    while (read(fd, bytes, sizeof bytes) > 0)
        ;
}

static enum err look_around(struct keeper *k, const struct pollfd *set, int64_t now)
{
    unsigned seen = watch_read(k->watch);
    enum meter_state metered = meter_state(k->meter);
    meter_step(k->meter);
    if (meter_state(k->meter) != metered)
        k->lanes_at = now;
    if (seen & WATCH_UP)
        for (size_t i = 0; i < k->n; i++)
            contact_route(&k->contacts[i], now);
    if (seen & (WATCH_UP | WATCH_DOWN)) {
        meter_ask(k->meter);
        k->lanes_at = now;
    }
    if (set[0].revents) {
        drain(k->signals);
        keeper_stop(k, now);
    }
    if (set[1].revents) {
        drain(k->notify);
        k->stirs = 0;
        k->stir_at = now;
    }
    if (now >= k->again_at) {
        offers_again(k->offers);
        k->again_at = now + AGAIN_EVERY;
        for (size_t i = 0; i < k->n; i++)
            if (contact_stir(&k->contacts[i]) != ERR_OK)
                err_clear(); /* its next step says it again */
    }
    if (now < k->stir_at)
        return ERR_OK;
    enum err e = keeper_stir(k);
    k->stirs++;
    k->stir_at = k->stirs < sizeof stir_after / sizeof stir_after[0] ? now + stir_after[k->stirs] : INT64_MAX;
    return e;
}

static enum err loop(struct keeper *k)
{
    struct pollfd set[2 + WATCH_FDS + 1 + REPORT_LINKS_MAX * CONTACT_FDS];
    size_t first[REPORT_LINKS_MAX + 1] = {0};
    enum err e = ERR_OK;
    bool over = false;
    while (!e && !over) {
        int64_t now = clock_uptime(), at = next_time(k, now);
        size_t n = collect(k, set, first);
        int wait = at == INT64_MAX ? -1 : at <= now ? 0 : at - now > 60000 ? 60000 : (int)(at - now);
        if (poll(set, n, wait) < 0) {
            if (errno != EINTR)
                return err_errno(ERR_IO, "cannot wait for the network");
            for (size_t i = 0; i < n; i++)
                set[i].revents = 0;
        }
        now = clock_uptime();
        e = look_around(k, set, now);
        for (size_t i = 0; i < k->n && !e; i++)
            e = contact_step(&k->contacts[i], set + first[i], first[i + 1] - first[i], now);
        if (!e)
            e = spend(k, now);
        if (!e)
            e = keeper_count(k, now, false);
        if (!e)
            e = keeper_judge(k, now, &over);
        reporter_show(&k->reporter, &k->report, now, false, &k->report_at);
    }
    return e;
}

enum err keeper_run(const struct keeper_options *o)
{
    struct keeper *k = calloc(1, sizeof *k);
    if (!k)
        return err_set(ERR_NOMEM, "out of memory");
    k->o = o;
    k->in.tell.json = o->json;
    k->lock = k->signals = k->notify = -1;
    k->sticks = (struct sticks){.pid = -1, .fd = -1};
    k->stir_at = k->count_at = k->report_at = k->judge_at = INT64_MAX;
    enum err e = settings_read(&k->conf, o->dir);
    /* children that may do more than this process will, before it holds keys */
    if (!e)
        e = resolver_start(&k->resolver);
    if (!e && o->watch)
        e = sticks_start(&k->sticks, o->dir, o->json);
    if (!e)
        e = open_station(k);
    if (!e)
        e = open_offers(k);
    int64_t now = clock_uptime();
    k->alone_since = now;
    k->again_at = now + AGAIN_EVERY;
    if (!e)
        e = keeper_wishes(k);
    if (!e)
        e = spend(k, now);
    if (!e)
        e = open_contacts(k, now);
    if (!e && standing_revoked(&k->in))
        e = err_set(ERR_DENIED, "this station is revoked by roster %" PRIu64 "; ask the administrator to enrol it anew",
                    k->in.station->roster->number);
    if (!e)
        e = loop(k);
    char why[1024];
    snprintf(why, sizeof why, "%s", err_text());
    if (k->n)
        keeper_summary(k, e);
    close_all(k);
    free(k);
    return e ? err_set(e, "%s", why) : tell_end();
}
