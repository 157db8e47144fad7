#include "sync/client/taking.h"

#include "storage/base/file.h"
#include "storage/base/lang.h"
#include "storage/vault/chain.h"
#include "sync/client/standing.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum err taking_roster(struct taking *t, const char *text, size_t n)
{
    const struct buf *ours = &t->station->roster->text;
    if (n == ours->len && memcmp(text, ours->p, n) == 0)
        return err_set(ERR_AGAIN, "it is the roster that is here");
    enum err e = station_take_roster(t->station, text, n);
    if (e)
        return e;
    uint64_t number = t->station->roster->number;
    t->taken.rosters++;
    tell_line(&t->tell, json_pack("{s:s, s:s, s:I}", "event", "taken", "kind", "roster", "number", (json_int_t)number),
              _("roster %" PRIu64 " taken"), number);
    return ERR_OK;
}

enum err taking_notice(struct taking *t, const char *text, size_t n)
{
    struct notice *one;
    enum err e = notice_parse(&one, text, n);
    if (e)
        return e;
    e = station_take_notice(t->station, text, n);
    if (!e) {
        t->taken.notices++;
        tell_line(&t->tell, json_pack("{s:s, s:s, s:s}", "event", "taken", "kind", "notice", "id", one->id),
                  _("notice %s taken"), one->id);
    }
    notice_free(one);
    return e;
}

/* A hub signs many while it takes much: a person hears of labels, and of the
 * end of what was missing. */
static void say_receipt(struct taking *t, const struct receipt *r, bool ours)
{
    char what[320];
    snprintf(what, sizeof what, "%s", _("nothing yet"));
    int n = 0;
    if (ours && !t->tell.json && r->labels == t->told_labels && r->n_missing + r->n_parts_missing)
        return;
    if (ours)
        t->told_labels = r->labels;
    if (r->labels)
        n = snprintf(what, sizeof what, _("labels 1 to %" PRIu64), r->labels);
    if (r->n_missing)
        n += snprintf(what + n, sizeof what - (size_t)n, _(", %zu without their batch"), r->n_missing);
    if (r->n_parts_missing)
        snprintf(what + n, sizeof what - (size_t)n, _(", %zu without all their blobs"), r->n_parts_missing);
    tell_line(&t->tell,
              json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "event", "taken", "kind", "receipt", "chain", r->chain,
                        "hub", r->hub, "labels", (json_int_t)r->labels, "missing", (json_int_t)r->n_missing,
                        "parts_missing", (json_int_t)r->n_parts_missing),
              _("receipt: hub %s holds of %s %s"), r->hub, ours ? _("this station") : r->chain, what);
}

/* Do we hold the same text, or nothing at all of its chain? */
static bool is_news(const struct taking *t, const struct receipt *r)
{
    char name[CHAIN_ID + NAME_LEN + 32], known[4096];
    struct buf old = {.max = RECEIPT_MAX};
    struct queue_head head;
    bool same = false;
    snprintf(name, sizeof name, "chain/%s.%s.receipt", r->chain, r->hub);
    if (file_path(known, t->station->dir, name) == ERR_OK && file_read(known, RECEIPT_MAX, &old) == ERR_OK)
        same = old.len == r->text.len && memcmp(old.p, r->text.p, old.len) == 0;
    buf_free(&old);
    if (same || strcmp(r->chain, t->station->chain) == 0)
        return !same;
    return queue_head(t->station->queue, r->chain, &head) == ERR_OK && head.seq;
}

enum err taking_receipt(struct taking *t, const char *text, size_t n, const char *chain, const char *hub)
{
    struct receipt *r;
    enum err e = receipt_parse(&r, text, n);
    if (e)
        return e;
    bool ours = strcmp(r->chain, t->station->chain) == 0;
    if ((chain && strcmp(r->chain, chain) != 0) || (hub && strcmp(r->hub, hub) != 0))
        e = err_set(ERR_DATA, "it is the receipt of another chain or hub than its name says");
    else if (!is_news(t, r))
        e = err_set(ERR_AGAIN, "this receipt says nothing new here");
    if (!e)
        e = station_take_receipt(t->station, text, n);
    if (!e) {
        t->taken.receipts++;
        t->receipt_news = t->receipt_news || ours;
        say_receipt(t, r, ours);
    }
    receipt_free(r);
    return e;
}

bool taking_delivered(const struct taking *t, const struct label *l)
{
    const struct station *s = t->station;
    const struct roster_station *me = roster_chain(s->roster, s->chain);
    return strcmp(l->chain, s->chain) == 0 || (me && roster_delivers(s->roster, me, l->to));
}

enum err taking_compare(struct taking *t, const struct label *l)
{
    const struct station *s = t->station;
    struct buf mine = {0}, job = {0};
    enum err e = queue_label(s->queue, l->chain, l->seq, &mine);
    bool same = !e && mine.len == l->len && memcmp(mine.p, l->text, l->len) == 0;
    if (!e && !same && label_authentic(l, s->roster) == ERR_OK) {
        char why[160];
        snprintf(why, sizeof why, "another label %" PRIu64 " under its name exists, it was cloned", l->seq);
        if (queue_job(s->queue, "frozen", l->chain, &job) == ERR_NOINPUT)
            e = standing_freeze(t, why);
        if (!e)
            e = err_set(ERR_BAD, "%s", why);
    }
    buf_free(&mine);
    buf_free(&job);
    return e == ERR_NOINPUT ? ERR_OK : e;
}

static enum err want_back(const struct taking *t, const struct label *l)
{
    static const char why[] = "restored";
    char hex[HASH_HEX];
    if (hash_is_zero(&l->parts))
        return ERR_OK;
    hash_hex(hex, &l->parts);
    return queue_set_job(t->station->queue, "want", hex, why, sizeof why - 1);
}

enum err taking_label(struct taking *t, const struct label *l)
{
    enum err e = chain_take(t->station, l->text, l->len);
    if (!e)
        t->taken.labels++;
    if (!e && strcmp(l->chain, t->station->chain) == 0)
        e = want_back(t, l);
    return e;
}

void taking_tell_labels(const struct taking *t, const char *chain, uint64_t from, uint64_t to)
{
    const struct roster_station *who = roster_chain(t->station->roster, chain);
    const char *name = who ? who->name : chain;
    tell_line(&t->tell,
              json_pack("{s:s, s:s, s:s, s:s, s:I, s:I}", "event", "taken", "kind", "labels", "chain", chain, "station",
                        name, "from", (json_int_t)from, "to", (json_int_t)to),
              _("labels %" PRIu64 " to %" PRIu64 " of station %s taken"), from, to, name);
}
