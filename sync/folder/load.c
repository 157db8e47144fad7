#include "sync/folder/load.h"

#include "storage/base/lang.h"
#include "storage/base/text.h"
#include "sync/limits.h"

#include <inttypes.h>
#include <string.h>

enum err load_begin(struct load *l, struct stick *stick, struct refuse *refuse, bool plan)
{
    uint64_t bytes, unit;
    *l = (struct load){.stick = stick, .refuse = refuse, .plan = plan, .reserve = STICK_RESERVE};
    enum err e = stick_space(stick, &bytes, &unit);
    l->room = bytes;
    return e;
}

static enum err fits(struct load *l, uint64_t size, bool *yes)
{
    uint64_t bytes, unit;
    enum err e = stick_space(l->stick, &bytes, &unit);
    /* its last block, and one for the folder's entry */
    uint64_t takes = (size / unit + 2) * unit;
    if (!l->plan)
        l->room = bytes;
    *yes = !e && !l->full && l->room >= l->reserve && takes <= l->room - l->reserve;
    if (*yes && l->plan)
        l->room -= takes;
    return e;
}

static void stays(struct load *l, struct load_lane *lane, uint64_t size)
{
    l->full = true;
    lane->stays++;
    lane->stays_bytes += size;
}

static enum err item(struct load *l, enum lane which, const char *name, uint64_t size, stick_fill *fill, void *ctx)
{
    struct load_lane *lane = &l->lanes[which];
    bool yes;
    enum err e = fits(l, size, &yes);
    if (e)
        return e;
    if (!yes) {
        stays(l, lane, size);
        return ERR_OK;
    }
    if (!l->plan)
        e = stick_write(l->stick, name, fill, ctx);
    if (e == ERR_FULL) {
        stays(l, lane, size);
        return ERR_OK;
    }
    if (e == ERR_BAD || e == ERR_NOINPUT || e == ERR_DATA)
        return refuse_item(l->refuse, name, err_text());
    if (e)
        return e;
    lane->items++;
    lane->bytes += size;
    pulse_add(l->pulse, size);
    return ERR_OK;
}

enum err load_object(struct load *l, enum lane lane, const struct hash *name, uint64_t size, stick_fill *fill,
                     void *ctx)
{
    char path[80];
    stick_object(path, name);
    if (stick_has(l->stick, path, size)) {
        l->lanes[lane].there++;
        return ERR_OK;
    }
    return item(l, lane, path, size, fill, ctx);
}

static enum err fill_span(void *ctx, sink_fn *sink, void *sink_ctx)
{
    const struct span *bytes = ctx;
    return sink(sink_ctx, (const uint8_t *)bytes->p, bytes->n);
}

enum err load_text(struct load *l, enum lane lane, const char *name, const void *p, size_t n)
{
    struct buf old = {0};
    enum err e = stick_read(l->stick, name, n, &old);
    bool same = !e && old.len == n && memcmp(old.p, p, n) == 0;
    buf_free(&old);
    if (e == ERR_NOMEM)
        return e;
    if (same) {
        l->lanes[lane].there++;
        return ERR_OK;
    }
    struct span bytes = {p, n};
    return item(l, lane, name, n, fill_span, &bytes);
}

void load_merge(struct load *second, const struct load *first)
{
    for (size_t i = 0; i < LANES; i++) {
        struct load_lane *lane = &second->lanes[i];
        uint64_t put = first->lanes[i].items;
        lane->items += put;
        lane->bytes += first->lanes[i].bytes;
        lane->there -= put < lane->there ? put : lane->there;
    }
}

void load_total(const struct load *l, struct load_lane *sum)
{
    *sum = (struct load_lane){0};
    for (size_t i = 0; i < LANES; i++) {
        sum->items += l->lanes[i].items;
        sum->bytes += l->lanes[i].bytes;
        sum->there += l->lanes[i].there;
        sum->stays += l->lanes[i].stays;
        sum->stays_bytes += l->lanes[i].stays_bytes;
    }
}

const char *load_lane_name(enum lane lane)
{
    switch (lane) {
    case LANE_URGENT:
        return N_("urgent");
    case LANE_BATCH:
        return N_("batches");
    case LANE_CONTROL:
        return N_("control");
    case LANE_FLAGGED:
        return N_("flagged blobs");
    case LANE_BLOB:
        return N_("blobs");
    case LANES:
        break;
    }
    return "";
}

void load_say(const struct load *l, const struct tell *s)
{
    for (unsigned i = 0; i < LANES; i++) {
        const struct load_lane *a = &l->lanes[i];
        char fits_text[TELL_SIZE], stays_text[TELL_SIZE];
        if (a->items + a->there + a->stays == 0)
            continue;
        tell_size(fits_text, a->bytes);
        tell_size(stays_text, a->stays_bytes);
        const char *name = load_lane_name((enum lane)i);
        tell_line(s,
                  json_pack("{s:s, s:i, s:s, s:I, s:I, s:I, s:I, s:I}", "event", "lane", "lane", (int)i, "name", name,
                            "items", (json_int_t)a->items, "bytes", (json_int_t)a->bytes, "there", (json_int_t)a->there,
                            "stays", (json_int_t)a->stays, "stays_bytes", (json_int_t)a->stays_bytes),
                  l->plan ? _("lane %u (%s): %" PRIu64 " fit (%s), %" PRIu64 " there already, %" PRIu64 " stay (%s)")
                          : _("lane %u (%s): %" PRIu64 " put (%s), %" PRIu64 " there already, %" PRIu64 " stay (%s)"),
                  i, _(name), a->items, fits_text, a->there, a->stays, stays_text);
    }
}
