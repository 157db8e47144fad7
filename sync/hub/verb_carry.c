#include "sync/hub/verbs.h"

#include "storage/base/bytes.h"
#include "storage/base/log.h"
#include "storage/trust/notice.h"
#include "sync/hub/export.h"
#include "sync/hub/import.h"
#include "sync/hub/receipts.h"
#include "sync/limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* One contact of this hub with a stick. */
struct carry {
    struct hub *hub;
    struct stick stick;
    struct refuse refuse;
    struct walk walk;
};

static enum err carry_open(struct carry *c, const struct args *a)
{
    const char *folder = args_operand(a, 1);
    const struct confine_path further[] = {{folder, CONFINE_WRITE}};
    *c = (struct carry){.stick = {.fd = -1}};
    enum err e = stick_open(&c->stick, folder);
    if (!e)
        e = hub_open(&c->hub, args_operand(a, 0), HUB_KEYS | HUB_ROSTER | HUB_WRITE | HUB_STORE, further, 1);
    if (e)
        return e;
    c->hub->tell.json = args_has(a, "json");
    c->refuse.tell = &c->hub->tell;
    c->walk = (struct walk){.stick = &c->stick, .refuse = &c->refuse, .left = STICK_ENTRIES_MAX};
    if (c->stick.linked && strcmp(c->stick.district, c->hub->roster->district) != 0)
        e = err_set(ERR_DENIED, "the stick %s belongs to district %s, not to %s; take another one", c->stick.label,
                    c->stick.district, c->hub->roster->district);
    return e;
}

static void carry_close(struct carry *c)
{
    stick_close(&c->stick);
    hub_close(c->hub);
}

static enum err take_roster(struct carry *c)
{
    struct buf text = {.max = ROSTER_MAX};
    const struct buf *ours = &c->hub->roster->text;
    bool pinned;
    enum err e = stick_read(&c->stick, "roster", ROSTER_MAX, &text);
    bool same = !e && text.len == ours->len && memcmp(text.p, ours->p, ours->len) == 0;
    if (!e && !same)
        e = hub_take_roster(c->hub, (const char *)text.p, text.len, &pinned);
    if (!e && !same) {
        uint64_t number = c->hub->roster->number;
        tell_line(&c->hub->tell,
                  json_pack("{s:s, s:s, s:I}", "event", "taken", "kind", "roster", "number", (json_int_t)number),
                  "roster %" PRIu64 " taken", number);
    }
    buf_free(&text);
    if (!e || e == ERR_NOINPUT || e == ERR_AGAIN)
        return ERR_OK;
    return stick_stops(e) ? e : refuse_item(&c->refuse, "roster", err_text());
}

static enum err take_notice(void *ctx, const char *path, const char *name, uint64_t size)
{
    struct carry *c = ctx;
    struct buf text = {.max = NOTICE_MAX};
    uint8_t b[10];
    char id[NOTICE_ID];
    (void)size;
    if (!bytes_unhex(b, sizeof b, name, strlen(name)))
        return refuse_item(&c->refuse, path, "its name is no notice's number");
    enum err e = stick_read(&c->stick, path, NOTICE_MAX, &text);
    if (!e)
        e = hub_take_notice(c->hub, (const char *)text.p, text.len, id);
    buf_free(&text);
    if (e == ERR_OK)
        tell_line(&c->hub->tell, json_pack("{s:s, s:s, s:s}", "event", "taken", "kind", "notice", "id", id),
                  "notice %s taken", id);
    if (e == ERR_OK || e == ERR_AGAIN)
        return ERR_OK;
    return stick_stops(e) ? e : refuse_item(&c->refuse, path, err_text());
}

static enum err import_said(struct carry *c, const struct import *im, uint64_t receipts)
{
    char bytes[TELL_SIZE];
    refuse_end(&c->refuse);
    tell_size(bytes, im->bytes);
    tell_line(&c->hub->tell,
              json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "event", "summary", "stick",
                        c->stick.label, "labels", (json_int_t)im->labels, "objects", (json_int_t)im->objects, "bytes",
                        (json_int_t)im->bytes, "known", (json_int_t)im->known, "receipts", (json_int_t)receipts,
                        "refused", (json_int_t)c->refuse.n, "aside", (json_int_t)im->aside, "alarms",
                        (json_int_t)im->alarms),
              "stick %s: took %" PRIu64 " labels, %" PRIu64 " objects (%s); %" PRIu64 " were known; %" PRIu64
              " receipts signed; %" PRIu64 " refused, %" PRIu64 " set aside",
              c->stick.linked ? c->stick.label : "(no label)", im->labels, im->objects, bytes, im->known, receipts,
              c->refuse.n, im->aside);
    log_line("import: %" PRIu64 " labels %" PRIu64 " objects, refused %" PRIu64 ", alarms %" PRIu64, im->labels,
             im->objects, c->refuse.n, im->alarms);
    enum err e = tell_end();
    if (!e && c->refuse.n)
        e = err_set(ERR_AGAIN, "%" PRIu64 " items were refused; everything else is done", c->refuse.n);
    return e;
}

enum err verb_import(const struct args *a)
{
    struct carry c;
    uint64_t receipts = 0;
    enum err e = carry_open(&c, a);
    if (!e && c.stick.fd < 0)
        e = err_set(ERR_NOINPUT, "there is no folder feldsher/ in %s: nothing to take", args_operand(a, 1));
    if (!e)
        e = walk_top(&c.walk);
    if (!e)
        e = take_roster(&c);
    if (!e)
        e = walk_folder(&c.walk, "notices", WALK_FILE, take_notice, &c);
    struct import im = {.stick = &c.stick, .refuse = &c.refuse};
    if (!e) {
        im.store = c.hub->store;
        im.roster = c.hub->roster;
        im.tell = &c.hub->tell;
        im.quota = c.hub->quota;
        im.now = hub_now(c.hub, 0);
        e = import_run(&im);
    }
    if (!e)
        e = receipts_renew(c.hub, &receipts);
    if (!e)
        e = import_said(&c, &im, receipts);
    carry_close(&c);
    return e;
}

static enum err export_said(struct carry *c, const struct load *load, const struct export *x)
{
    struct load_lane all;
    char out[TELL_SIZE], rest[TELL_SIZE];
    load_total(load, &all);
    load_say(load, &c->hub->tell);
    refuse_end(&c->refuse);
    tell_size(out, all.bytes);
    tell_size(rest, all.stays_bytes);
    tell_line(&c->hub->tell,
              json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "event", "summary", "stick",
                        c->stick.label, "stations", (json_int_t)x->targets, "put", (json_int_t)all.items, "put_bytes",
                        (json_int_t)all.bytes, "there", (json_int_t)all.there, "stays", (json_int_t)all.stays,
                        "stays_bytes", (json_int_t)all.stays_bytes, "absent", (json_int_t)x->absent, "refused",
                        (json_int_t)c->refuse.n),
              "stick %s: for %" PRIu64 " stations put %" PRIu64 " items (%s); %" PRIu64 " were there; %" PRIu64
              " stay (%s); %" PRIu64 " refused",
              c->stick.label, x->targets, all.items, out, all.there, all.stays, rest, c->refuse.n);
    enum err e = tell_end();
    if (!e && all.stays)
        e = err_set(ERR_AGAIN, "the stick is full, %" PRIu64 " items stay here; bring it twice, or a larger one",
                    all.stays);
    else if (!e && c->refuse.n)
        e = err_set(ERR_AGAIN, "%" PRIu64 " items were refused; everything else is done", c->refuse.n);
    return e;
}

enum err verb_export(const struct args *a)
{
    struct carry c;
    struct load load;
    const char *names[EXPORT_TARGETS_MAX];
    size_t n = 0;
    enum err e = ERR_OK;
    for (const char *name; (name = args_value(a, "station", n)) != NULL; n++) {
        if (n == EXPORT_TARGETS_MAX)
            return err_set(ERR_USAGE, "more than %u stations", EXPORT_TARGETS_MAX);
        names[n] = name;
    }
    e = carry_open(&c, a);
    if (!e)
        e = stick_make(&c.stick, NULL, c.hub->roster->district);
    if (!e)
        e = load_begin(&load, &c.stick, &c.refuse, false);
    struct export x = {.hub = c.hub, .stick = &c.stick, .load = &load, .walk = &c.walk};
    if (!e)
        e = export_run(&x, names, n);
    if (!e)
        e = stick_sync(&c.stick);
    if (!e)
        e = export_said(&c, &load, &x);
    carry_close(&c);
    return e;
}
