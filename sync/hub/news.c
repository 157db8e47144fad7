#include "sync/hub/serve_inside.h"

#include "storage/base/log.h"

#include <string.h>

/* A label for those who are here, as their cursors want it. */
struct news {
    const char *chain, *to;
    uint64_t seq;
    bool urgent;
};

static void tell_reader(struct peer *p, void *ctx)
{
    const struct news *n = ctx;
    const struct roster *r = p->serve->room.roster;
    const struct roster_station *st = roster_chain(r, p->chain);
    if (p->state != PEER_TALKS || !st || !roster_delivers(r, st, n->to))
        return;
    if (talk_label(p->talk, n->chain, n->seq, n->urgent) == ERR_OK)
        crowd_queue(p);
}

static void accepted(void *ctx, const char *chain, uint64_t seq, const char *to, bool urgent)
{
    struct news n = {chain, to, seq, urgent};
    crowd_each_reader(ctx, to, tell_reader, &n);
}

static void tell_changed(struct peer *p, void *ctx)
{
    (void)ctx;
    if (p->state == PEER_TALKS) {
        talk_changed(p->talk);
        crowd_queue(p);
    }
}

static void changed(void *ctx, const char *chain)
{
    crowd_each_chain(ctx, chain, tell_changed, NULL);
}

/* Inside a conversation: who is revoked is told when it is over. */
static enum err take_roster(void *ctx, const void *text, size_t n)
{
    struct serve *s = ctx;
    bool pinned;
    enum err e = hub_take_roster(s->hub, text, n, &pinned);
    if (!e)
        e = shelf_roster(&s->shelf, &s->room);
    s->roster_came = s->roster_came || !e;
    return e;
}

static void tell_notice(struct peer *p, void *ctx)
{
    if (p->state == PEER_TALKS && talk_notice(p->talk, ctx) == ERR_OK)
        crowd_queue(p);
}

static enum err take_notice(void *ctx, const void *text, size_t n)
{
    struct serve *s = ctx;
    char id[NOTICE_ID];
    enum err e = hub_take_notice(s->hub, text, n, id);
    if (!e)
        e = shelf_notice(&s->shelf, &s->room, id);
    if (!e)
        crowd_each(s, tell_notice, id);
    return e;
}

static void alarm_said(void *ctx, const char *chain, uint64_t seq)
{
    (void)ctx;
    log_line("ALARM: two labels %llu of chain %s: cloned, frozen", (unsigned long long)seq, chain);
}

static void refused(void *ctx, const char *chain, const char *what, const char *why)
{
    (void)ctx;
    log_line("%s: %s refused: %s", chain, what, why);
}

static enum err notice_text(void *ctx, const char *id, struct buf *text)
{
    return shelf_notice_text(&((struct serve *)ctx)->shelf, id, text);
}

static enum err confirmation(void *ctx, size_t i, struct buf *text)
{
    return shelf_confirmation_text(&((struct serve *)ctx)->shelf, i, text);
}

/* A hub that was killed may have signed receipts that did not reach its disk,
 * so far ahead of the clock as receipts ever are. A station takes none that is
 * earlier than one it has. */
static int64_t signed_before(void *ctx, const char *chain)
{
    const struct serve *s = ctx;
    int64_t kept = shelf_signed_before(&s->shelf, chain), unkept = s->began + ROOM_RECEIPT_AHEAD;
    return kept > unkept ? kept : unkept;
}

static void signed_now(void *ctx, const struct receipt *r)
{
    shelf_signed_now(&((struct serve *)ctx)->shelf, r);
}

void news_calls(struct serve *s)
{
    struct room_calls *c = &s->room.calls;
    c->ctx = s;
    c->accepted = accepted;
    c->changed = changed;
    c->roster = take_roster;
    c->notice = take_notice;
    c->alarm = alarm_said;
    c->refused = refused;
    c->notice_text = notice_text;
    c->confirmation = confirmation;
    c->signed_before = signed_before;
    c->signed_now = signed_now;
}

/* A new roster is in force at once. */
static void look_up(struct peer *p, void *ctx)
{
    struct serve *s = ctx;
    const struct roster_station *st = p->chain[0] ? roster_chain(s->room.roster, p->chain) : NULL;
    if (p->state != PEER_TALKS && p->state != PEER_WAITS)
        return;
    if (!st || st->revoked) {
        log_line("%s is %s now", p->chain, st ? "revoked" : "unknown");
        s->counts.refused_revoked += st != NULL;
        s->counts.refused_unknown += st == NULL;
        peer_leave(p, st ? WIRE_END_REVOKED : WIRE_END_UNKNOWN, "");
        return;
    }
    crowd_remove(p);
    memcpy(p->unit, st->unit, sizeof p->unit);
    p->supervisor = st->kind == STATION_SUPERVISOR;
    crowd_add(p);
    if (p->state == PEER_TALKS && talk_roster(p->talk) == ERR_OK)
        crowd_queue(p);
}

void news_roster(struct serve *s)
{
    s->roster_came = false;
    if (keyring_make(&s->keys, s->room.roster) != ERR_OK) {
        s->roster_came = true;
        return;
    }
    crowd_each(s, look_up, s);
}
