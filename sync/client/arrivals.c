#include "sync/client/arrivals.h"

#include "storage/base/bytes.h"
#include "storage/base/file.h"
#include "storage/vault/chain.h"
#include "storage/vault/object.h"
#include "sync/client/standing.h"
#include "sync/folder/labels.h"
#include "sync/limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool is_hex(const char *s, size_t bytes)
{
    uint8_t b[16];
    return bytes_unhex(b, bytes, s, strlen(s));
}

static enum err take_roster(struct client *c)
{
    struct buf text = {.max = ROSTER_MAX};
    const struct buf *ours = &c->station->roster->text;
    enum err e = stick_read(&c->stick, "roster", ROSTER_MAX, &text);
    if (e == ERR_NOINPUT || (!e && text.len == ours->len && memcmp(text.p, ours->p, ours->len) == 0)) {
        buf_free(&text);
        return ERR_OK;
    }
    if (!e)
        e = station_take_roster(c->station, (const char *)text.p, text.len);
    if (!e) {
        uint64_t number = c->station->roster->number;
        c->taken.rosters++;
        tell_line(&c->tell,
                  json_pack("{s:s, s:s, s:I}", "event", "taken", "kind", "roster", "number", (json_int_t)number),
                  "roster %" PRIu64 " taken", number);
    } else {
        e = e == ERR_AGAIN ? ERR_OK : client_refuse(c, "roster", e);
    }
    buf_free(&text);
    return e;
}

static enum err take_notice(void *ctx, const char *path, const char *name, uint64_t size)
{
    struct client *c = ctx;
    char known[4096];
    struct buf text = {.max = NOTICE_MAX};
    (void)size;
    if (strlen(name) != NOTICE_ID - 1 || !is_hex(name, 10))
        return refuse_item(&c->refuse, path, "its name is no notice's number");
    enum err e = file_path(known, c->station->dir, path); /* it has the same place there */
    if (e || file_exists(known))
        return e;
    e = stick_read(&c->stick, path, NOTICE_MAX, &text);
    if (!e)
        e = station_take_notice(c->station, (const char *)text.p, text.len);
    buf_free(&text);
    if (e)
        return client_refuse(c, path, e);
    c->taken.notices++;
    tell_line(&c->tell, json_pack("{s:s, s:s, s:s}", "event", "taken", "kind", "notice", "id", name), "notice %s taken",
              name);
    return ERR_OK;
}

enum err arrivals_control(struct client *c)
{
    enum err e = take_roster(c);
    return e ? e : walk_folder(&c->walk, "notices", WALK_FILE, take_notice, c);
}

static void say_receipt(const struct client *c, const struct receipt *r, bool ours)
{
    char what[160] = "nothing yet";
    int n = 0;
    if (r->labels)
        n = snprintf(what, sizeof what, "labels 1 to %" PRIu64, r->labels);
    if (r->n_missing)
        n += snprintf(what + n, sizeof what - (size_t)n, ", %zu without their batch", r->n_missing);
    if (r->n_parts_missing)
        snprintf(what + n, sizeof what - (size_t)n, ", %zu without all their blobs", r->n_parts_missing);
    tell_line(&c->tell,
              json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "event", "taken", "kind", "receipt", "chain", r->chain,
                        "hub", r->hub, "labels", (json_int_t)r->labels, "missing", (json_int_t)r->n_missing,
                        "parts_missing", (json_int_t)r->n_parts_missing),
              "receipt: hub %s holds of %s %s", r->hub, ours ? "this station" : r->chain, what);
}

static enum err take_receipt(struct client *c, const char *path, const char *chain, const char *hub)
{
    struct buf text = {.max = RECEIPT_MAX}, old = {.max = RECEIPT_MAX};
    struct receipt *r = NULL;
    char name[CHAIN_ID + NAME_LEN + 32], known[4096];
    bool same = false;
    enum err e = stick_read(&c->stick, path, RECEIPT_MAX, &text);
    snprintf(name, sizeof name, "chain/%s.%s.receipt", chain, hub);
    if (!e && file_path(known, c->station->dir, name) == ERR_OK && file_read(known, RECEIPT_MAX, &old) == ERR_OK)
        same = old.len == text.len && memcmp(old.p, text.p, old.len) == 0;
    if (!e && !same) {
        e = receipt_parse(&r, (const char *)text.p, text.len);
        if (!e && (strcmp(r->chain, chain) != 0 || strcmp(r->hub, hub) != 0))
            e = err_set(ERR_DATA, "it is the receipt of another chain or hub than its name says");
        if (!e)
            e = station_take_receipt(c->station, (const char *)text.p, text.len);
        if (!e) {
            bool ours = strcmp(chain, c->station->chain) == 0;
            c->taken.receipts++;
            c->receipt_news = c->receipt_news || ours;
            say_receipt(c, r, ours);
        }
    }
    receipt_free(r);
    buf_free(&text);
    buf_free(&old);
    /* one that says less than ours is an old stick, no fault */
    return !e || e == ERR_NOINPUT || e == ERR_AGAIN ? ERR_OK : client_refuse(c, path, e);
}

static enum err other_receipt(void *ctx, const char *path, const char *name, uint64_t size)
{
    struct client *c = ctx;
    struct queue_head head;
    char chain[CHAIN_ID];
    (void)size;
    if (strlen(name) <= CHAIN_ID || name[CHAIN_ID - 1] != '.')
        return refuse_item(&c->refuse, path, "its name is not that of a receipt");
    memcpy(chain, name, CHAIN_ID - 1);
    chain[CHAIN_ID - 1] = '\0';
    if (!is_hex(chain, 16) || !roster_hub(c->station->roster, name + CHAIN_ID))
        return refuse_item(&c->refuse, path, "no chain, or no hub of the roster, has such a name");
    if (strcmp(chain, c->station->chain) == 0)
        return ERR_OK;
    enum err e = queue_head(c->station->queue, chain, &head);
    return e || head.seq == 0 ? e : take_receipt(c, path, chain, name + CHAIN_ID);
}

enum err arrivals_receipts(struct client *c, bool own)
{
    if (!own)
        return walk_folder(&c->walk, "receipts", WALK_FILE, other_receipt, c);
    const struct roster *r = c->station->roster;
    enum err e = ERR_OK;
    for (size_t i = 0; i < r->n_hubs && !e; i++) {
        char path[STICK_NAME_MAX];
        snprintf(path, sizeof path, "receipts/%s.%s", c->station->chain, r->hubs[i].name);
        e = take_receipt(c, path, c->station->chain, r->hubs[i].name);
    }
    return e;
}

/* One chain of the stick while it is read. */
struct incoming {
    struct client *c;
    const struct roster_station *me;
    bool own;
    bool stopped; /* the reason was said */
    uint64_t head;
    uint64_t upto; /* last label that is delivered here */
    uint64_t taken;
};

static enum err find_delivered(void *ctx, const struct label *l, const char *file)
{
    struct incoming *in = ctx;
    (void)file;
    if (l->seq > in->head && l->seq > in->upto && roster_delivers(in->c->station->roster, in->me, l->to))
        in->upto = l->seq;
    return ERR_OK;
}

/* A label of ours on a stick must be the one we hold. */
static enum err compare_own(struct incoming *in, const struct label *l, const char *file)
{
    struct client *c = in->c;
    struct buf mine = {0}, job = {0};
    enum err e = queue_label(c->station->queue, l->chain, l->seq, &mine);
    bool same = !e && mine.len == l->len && memcmp(mine.p, l->text, l->len) == 0;
    if (!e && !same && label_authentic(l, c->station->roster) == ERR_OK) {
        char why[160];
        snprintf(why, sizeof why, "a stick carries another label %" PRIu64 " under its name, it was cloned", l->seq);
        if (queue_job(c->station->queue, "frozen", l->chain, &job) == ERR_NOINPUT)
            e = standing_freeze(c, why);
        if (!e && !in->stopped)
            e = refuse_item(&c->refuse, file, why);
        in->stopped = true;
    }
    buf_free(&mine);
    buf_free(&job);
    return e == ERR_NOINPUT ? ERR_OK : e;
}

/* The objects of a label that is for us: its batch must come with it, its
 * parts list may come later. */
static enum err take_objects(struct incoming *in, const struct label *l)
{
    enum err e = client_take_object(in->c, &l->object, l->size, true);
    if (e == ERR_NOINPUT)
        return err_set(ERR_NOINPUT, "the batch of label %" PRIu64 " is not on the stick; it and those behind it wait",
                       l->seq);
    if (e || hash_is_zero(&l->parts))
        return e;
    e = client_take_object(in->c, &l->parts, PARTS_MAX, false);
    if (!e || e == ERR_NOINPUT)
        return ERR_OK;
    char path[80];
    stick_object(path, &l->parts);
    return client_refuse(in->c, path, e);
}

/* After a restore our own blobs are asked back, too. */
static enum err want_back(struct client *c, const struct label *l)
{
    static const char why[] = "restored";
    char hex[HASH_HEX];
    if (hash_is_zero(&l->parts))
        return ERR_OK;
    hash_hex(hex, &l->parts);
    return queue_set_job(c->station->queue, "want", hex, why, sizeof why - 1);
}

static enum err take_label(void *ctx, const struct label *l, const char *file)
{
    struct incoming *in = ctx;
    struct client *c = in->c;
    if (l->seq <= in->head)
        return in->own ? compare_own(in, l, file) : ERR_OK;
    if (l->seq > in->upto)
        return ERR_END;
    if (l->seq > in->head + 1 && in->stopped)
        return ERR_OK; /* why those before it did not come was said */
    enum err e = ERR_OK;
    if (l->seq != in->head + 1)
        e = err_set(ERR_DATA, "labels %" PRIu64 " to %" PRIu64 " are missing before it", in->head + 1, l->seq - 1);
    if (!e)
        e = label_authentic(l, c->station->roster);
    if (!e && (in->own || roster_delivers(c->station->roster, in->me, l->to)))
        e = take_objects(in, l);
    if (!e)
        e = chain_take(c->station, l->text, l->len);
    if (!e && in->own)
        e = want_back(c, l);
    if (e == ERR_OK || e == ERR_AGAIN) {
        in->taken += e == ERR_OK;
        in->head = l->seq;
        in->stopped = false;
        return ERR_OK;
    }
    /* another file may hold a good one of that number: go on */
    in->stopped = true;
    return client_refuse(c, file, e);
}

static enum err take_chain(void *ctx, const char *path, const char *name, uint64_t size)
{
    struct client *c = ctx;
    const struct station *s = c->station;
    struct queue_head head;
    struct incoming in = {.c = c, .me = roster_chain(s->roster, s->chain), .own = strcmp(name, s->chain) == 0};
    (void)size;
    const struct roster_station *from = strlen(name) == CHAIN_ID - 1 ? roster_chain(s->roster, name) : NULL;
    if (!from)
        return refuse_item(&c->refuse, path, "the roster knows no such chain");
    enum err e = queue_head(s->queue, name, &head);
    in.head = head.seq;
    if (!e && in.own)
        in.upto = UINT64_MAX;
    else if (!e)
        e = labels_each(&c->walk, name, find_delivered, &in);
    if (!e && in.upto > in.head)
        e = labels_each(&c->walk, name, take_label, &in);
    c->taken.labels += in.taken;
    if (!e && in.taken)
        tell_line(&c->tell,
                  json_pack("{s:s, s:s, s:s, s:s, s:I, s:I}", "event", "taken", "kind", "labels", "chain", name,
                            "station", from->name, "from", (json_int_t)head.seq + 1, "to", (json_int_t)in.head),
                  "labels %" PRIu64 " to %" PRIu64 " of station %s taken", head.seq + 1, in.head, from->name);
    return e;
}

enum err arrivals_labels(struct client *c)
{
    return walk_folder(&c->walk, "labels", WALK_FOLDER, take_chain, c);
}
