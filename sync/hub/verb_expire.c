#include "sync/hub/verbs.h"

#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "sync/hub/expire.h"
#include "sync/hub/receipts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static enum err latest(void *ctx, const struct store_chain *c)
{
    int64_t *known = ctx;
    if (c->time > *known)
        *known = c->time;
    return ERR_OK;
}

/* A clock that is years ahead would end every retention: what the roster and
 * the stations tell bounds it, unless a person gives the date. */
static enum err as_of(struct hub *h, const char *date, int64_t *ms)
{
    int64_t known = h->roster->time;
    char text[CLOCK_TEXT];
    if (date) {
        int n = snprintf(text, sizeof text, "%sT00:00:00Z", date);
        if (n != CLOCK_TEXT - 1 || !clock_parse(ms, text, CLOCK_TEXT - 1))
            return err_set(ERR_USAGE, "--as-of wants a date like 2026-11-29, not %s", date);
        return ERR_OK;
    }
    *ms = clock_wall();
    enum err e = h->store->each_chain(h->store, latest, &known);
    if (!e && *ms > known + CLOCK_AHEAD_MAX)
        e = err_set(ERR_AGAIN, "this hub's clock is more than a year ahead of its roster and stations; set it right, "
                               "or tell the date with --as-of");
    return e;
}

static enum err confirm(void *ctx, const struct notice *order, uint64_t blobs, uint64_t bytes)
{
    return expire_confirm(ctx, order, blobs, bytes);
}

enum err verb_expire(const struct args *a)
{
    struct hub *h;
    struct orders orders = {0};
    uint64_t receipts;
    enum err e = hub_open(&h, args_operand(a, 0), HUB_KEYS | HUB_ROSTER | HUB_WRITE | HUB_STORE, NULL, 0);
    if (e)
        return e;
    h->tell.json = args_has(a, "json");
    struct expire x = {
        .store = h->store, .orders = &orders, .tell = &h->tell, .now = hub_now(h, 0), .confirm = confirm, .ctx = h};
    e = as_of(h, args_value(a, "as-of", 0), &x.as_of);
    if (!e)
        e = orders_read(&orders, h->dir, h->roster);
    if (!e)
        e = expire_run(&x);
    if (!e)
        e = receipts_renew(h, &receipts);
    if (!e) {
        char bytes[TELL_SIZE], date[CLOCK_TEXT];
        tell_size(bytes, x.bytes);
        clock_text(date, x.as_of);
        tell_line(&h->tell,
                  json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "event", "summary", "as_of", date, "recordings",
                            (json_int_t)x.lists, "blobs", (json_int_t)x.blobs, "bytes", (json_int_t)x.bytes, "orders",
                            (json_int_t)x.orders_done, "held", (json_int_t)x.held),
                  "as of %.10s: blobs of %" PRIu64 " recordings removed (%" PRIu64 " blobs, %s), %" PRIu64
                  " orders carried out, %" PRIu64 " kept on hold",
                  date, x.lists, x.blobs, bytes, x.orders_done, x.held);
        log_line("expire: %" PRIu64 " recordings %" PRIu64 " blobs, %" PRIu64 " held", x.lists, x.blobs, x.held);
        e = tell_end();
    }
    orders_free(&orders);
    hub_close(h);
    return e;
}
