#include "sync/client/standing.h"

#include "storage/base/clock.h"
#include "storage/base/lang.h"
#include "storage/base/log.h"
#include "sync/folder/stick.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool standing_revoked(const struct taking *t)
{
    const struct roster_station *me = roster_chain(t->station->roster, t->station->chain);
    return !me || me->revoked;
}

enum err standing_freeze(struct taking *t, const char *why)
{
    const char *chain = t->station->chain;
    enum err e = queue_set_job(t->station->queue, "frozen", chain, why, strlen(why));
    log_line("chain %s frozen", chain);
    tell_line(&t->tell, json_pack("{s:s, s:s, s:s}", "event", "frozen", "chain", chain, "why", why),
              _("this station is frozen: %s; it records nothing more until a supervisor has it enrolled anew"), why);
    return e;
}

enum err standing_receipt(const struct taking *t, struct receipt **out)
{
    struct buf text = {0};
    *out = NULL;
    enum err e = queue_receipt(t->station->queue, t->station->chain, &text);
    if (!e)
        e = receipt_parse(out, (const char *)text.p, text.len);
    if (!e)
        e = receipt_check(*out, t->station->roster);
    if (e) {
        receipt_free(*out);
        *out = NULL;
    }
    buf_free(&text);
    return stick_stops(e) ? e : ERR_OK;
}

/* Is our chain what the receipt holds, and at least as long? */
static enum err follows(const struct taking *t, const struct receipt *r, bool *longer, bool *other)
{
    struct buf text = {0};
    struct queue_head head;
    struct label l;
    const struct station *s = t->station;
    enum err e = queue_head(s->queue, s->chain, &head);
    *longer = !e && r->labels <= head.seq;
    *other = false;
    if (*longer && r->labels) {
        e = queue_label(s->queue, s->chain, r->labels, &text);
        if (!e)
            e = label_parse(&l, (const char *)text.p, text.len);
        if (!e) {
            struct hash mine = label_hash(&l);
            *other = !hash_same(&mine, &r->head);
        }
    }
    buf_free(&text);
    return e;
}

/* Has the hub spoken since the backup was put back? The job's text begins
 * with the time of the restore. */
static enum err check_restored(struct taking *t, const struct receipt *r)
{
    struct station *s = t->station;
    struct buf text = {0};
    int64_t since = INT64_MIN;
    bool longer, other;
    enum err e = queue_job(s->queue, "restored", s->chain, &text);
    if (e) {
        buf_free(&text);
        return e == ERR_NOINPUT ? ERR_OK : e;
    }
    if (text.len < CLOCK_TEXT - 1 || !clock_parse(&since, (const char *)text.p, CLOCK_TEXT - 1))
        since = t->receipt_news ? INT64_MIN : INT64_MAX;
    buf_free(&text);
    if (!r || r->time <= since) {
        tell_line(&t->tell, json_pack("{s:s, s:s}", "event", "restored", "state", "waiting"),
                  _("restored from a backup: waiting for a receipt that the hub signs after it has seen this station; "
                    "until then nothing is recorded"));
        return ERR_OK;
    }
    e = follows(t, r, &longer, &other);
    if (e || other)
        return e;
    if (!longer) {
        tell_line(&t->tell,
                  json_pack("{s:s, s:s, s:I}", "event", "restored", "state", "behind", "labels", (json_int_t)r->labels),
                  _("restored from a backup: the hub holds %" PRIu64 " labels of this station, some are not here yet"),
                  r->labels);
        return ERR_OK;
    }
    tell_line(&t->tell,
              json_pack("{s:s, s:s, s:I}", "event", "restored", "state", "done", "labels", (json_int_t)r->labels),
              _("restored from a backup: the chain is whole again, recording goes on"));
    return queue_end_job(s->queue, "restored", s->chain);
}

enum err standing_check(struct taking *t)
{
    char why[256];
    struct station *s = t->station;
    struct receipt *r;
    struct buf text = {0};
    bool longer, other = false;
    enum err e = standing_receipt(t, &r);
    why[0] = '\0';
    if (!e && r)
        e = follows(t, r, &longer, &other);
    if (standing_revoked(t))
        snprintf(why, sizeof why, _("roster %" PRIu64 " revokes it"), s->roster->number);
    else if (!e && r && r->alarm_seq)
        snprintf(why, sizeof why, _("the hub %s holds two different labels %" PRIu64 " of it, it was cloned"), r->hub,
                 r->alarm_seq);
    else if (!e && other)
        snprintf(why, sizeof why, _("the hub %s holds another label %" PRIu64 " than this station, it was cloned"),
                 r->hub, r->labels);
    /* the first reason stays */
    if (!e && why[0] && queue_job(s->queue, "frozen", s->chain, &text) == ERR_NOINPUT)
        e = standing_freeze(t, why);
    if (!e && !why[0])
        e = check_restored(t, r);
    receipt_free(r);
    buf_free(&text);
    return e;
}
