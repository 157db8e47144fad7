#ifndef TESTS_UNIT_TALK_FIXTURE_H
#define TESTS_UNIT_TALK_FIXTURE_H

/* A hub's talk and a station's wire at the two ends of a pipe in memory; the
 * station sends what a test tells it to, and remembers what is said to it. */

#include "sync/hub/talk.h"
#include "tests/unit/sync_fixture.h"

#define SAID_MAX 512

struct said {
    struct wire_item item;
    enum wire_answer a;
    char why[WIRE_WHY_MAX];
};

/* What came from the hub. */
struct came {
    struct wire_item item;
    struct buf text, batch; /* an object's bytes: text */
    bool whole;
};

struct end {
    struct post *post;
    struct wire *wire;
    const struct item *items; /* what it can send */
    size_t n_items;
    struct said said[SAID_MAX];
    size_t n_said;
    struct came *came;
    size_t n_came;
    bool has_all; /* of what it is asked about */
    enum wire_answer label_answer;
    bool ended;
    enum wire_end why;
};

struct hall {
    struct post *post;
    struct store *store;
    struct room room;
    uint64_t accepted, changed, refused, alarms, rosters;
    bool no_commit; /* the disk is slow */
};

FIXTURE const struct buf *bytes_of(const struct end *s, const struct hash *name)
{
    for (size_t i = 0; i < s->n_items; i++) {
        const struct item *it = &s->items[i];
        const struct buf *all[] = {&it->batch, &it->parts, &it->blob[0], &it->blob[1]};
        for (unsigned k = 0; k < 4; k++) {
            /* the first word of a flipped one keeps its name */
            struct hash h = hash_of(all[k]->p, all[k]->len);
            if (hash_same(&h, name) || (k == 2 && hash_same(&it->blob_name[0], name)))
                return all[k];
        }
    }
    return NULL;
}

FIXTURE enum err end_load(void *ctx, const struct wire_item *item, struct buf *text, struct buf *batch)
{
    const struct end *s = ctx;
    if (item->kind != WIRE_LABEL) {
        const struct buf *b = bytes_of(s, &item->name);
        return b ? buf_add(text, b->p, b->len) : ERR_NOINPUT;
    }
    for (size_t i = 0; i < s->n_items; i++)
        if (s->items[i].l.seq == item->seq && strcmp(s->items[i].l.chain, item->chain) == 0 &&
            (!item->size || item->size == i + 1)) {
            OK(buf_add(text, s->items[i].text.p, s->items[i].text.len));
            return item->sent ? ERR_OK : buf_add(batch, s->items[i].batch.p, s->items[i].batch.len);
        }
    return ERR_NOINPUT;
}

FIXTURE enum err end_read(void *ctx, const struct wire_item *item, uint64_t offset, void *p, size_t n)
{
    const struct buf *b = bytes_of(ctx, &item->name);
    if (!b || offset + n > b->len)
        return err_set(ERR_NOINPUT, "the station has no such bytes");
    memcpy(p, b->p + offset, n);
    return ERR_OK;
}

FIXTURE void end_answered(void *ctx, const struct wire_item *item, enum wire_answer a, uint64_t kept, const char *why)
{
    struct end *s = ctx;
    (void)kept;
    if (a == WIRE_KEPT)
        return;
    assert_true(s->n_said < SAID_MAX);
    struct said *one = &s->said[s->n_said++];
    one->item = *item;
    one->a = a;
    snprintf(one->why, sizeof one->why, "%s", why);
}

FIXTURE struct came *end_new(struct end *s, const struct wire_item *item)
{
    s->came = reallocarray(s->came, s->n_came + 1, sizeof *s->came);
    assert_non_null(s->came);
    struct came *c = &s->came[s->n_came++];
    *c = (struct came){.item = *item};
    return c;
}

FIXTURE enum err end_take(void *ctx, uint64_t id, const struct wire_item *item, const uint8_t *text, size_t n,
                          const uint8_t *batch, size_t n_batch)
{
    struct end *s = ctx;
    struct came *c = end_new(s, item);
    OK(buf_add(&c->text, text, n));
    if (n_batch)
        OK(buf_add(&c->batch, batch, n_batch));
    c->whole = true;
    wire_answer(s->wire, id, item->kind == WIRE_LABEL ? s->label_answer : WIRE_GOOD, 0, "");
    return ERR_OK;
}

FIXTURE enum err end_open(void *ctx, uint64_t id, const struct wire_item *item,
                          struct partial_range held[static PARTIAL_RUNS_MAX], size_t *n)
{
    struct end *s = ctx;
    (void)held;
    *n = 0;
    struct came *c = end_new(s, item);
    if (s->has_all)
        wire_answer(s->wire, id, WIRE_HAVE, 0, "");
    else
        OK(buf_reserve(&c->text, (size_t)item->size));
    return ERR_OK;
}

FIXTURE struct came *end_find(const struct end *s, enum wire_kind kind, const struct hash *name)
{
    for (size_t i = s->n_came; i-- > 0;)
        if (s->came[i].item.kind == kind && (!name || hash_same(&s->came[i].item.name, name)))
            return &s->came[i];
    return NULL;
}

FIXTURE enum err end_write(void *ctx, uint64_t id, const struct wire_item *item, uint64_t offset, const uint8_t *p,
                           size_t n)
{
    struct came *c = end_find(ctx, item->kind, &item->name);
    (void)id;
    if (!c)
        return ERR_BUG;
    memcpy(c->text.p + offset, p, n);
    return ERR_OK;
}

FIXTURE enum err end_done(void *ctx, uint64_t id, const struct wire_item *item)
{
    struct end *s = ctx;
    struct came *c = end_find(s, item->kind, &item->name);
    if (!c)
        return ERR_BUG;
    c->text.len = (size_t)item->size;
    c->whole = true;
    wire_answer(s->wire, id, WIRE_GOOD, 0, "");
    return ERR_OK;
}

FIXTURE void end_end(void *ctx, enum wire_end why, const char *text)
{
    struct end *s = ctx;
    (void)text;
    s->ended = true;
    s->why = why;
}

FIXTURE void count_accepted(void *ctx, const char *chain, uint64_t seq, const char *to, bool urgent)
{
    (void)chain;
    (void)seq;
    (void)to;
    (void)urgent;
    ((struct hall *)ctx)->accepted++;
}

FIXTURE void count_changed(void *ctx, const char *chain)
{
    (void)chain;
    ((struct hall *)ctx)->changed++;
}

FIXTURE void count_refused(void *ctx, const char *chain, const char *what, const char *why)
{
    (void)chain;
    (void)what;
    (void)why;
    ((struct hall *)ctx)->refused++;
}

FIXTURE void count_alarm(void *ctx, const char *chain, uint64_t seq)
{
    (void)chain;
    (void)seq;
    ((struct hall *)ctx)->alarms++;
}

FIXTURE enum err take_roster(void *ctx, const void *text, size_t n)
{
    struct hall *h = ctx;
    struct roster *r;
    enum err e = roster_parse(&r, text, n, &h->post->authority.pub);
    h->rosters += e == ERR_OK;
    roster_free(r);
    return e;
}

FIXTURE void hall_open(struct hall *h, struct post *p, struct store *s)
{
    *h = (struct hall){.post = p, .store = s};
    h->room = (struct room){.store = s,
                            .roster = p->roster,
                            .name = "hub",
                            .sign = &p->sign,
                            .quota = (uint64_t)1 << 40,
                            .now = 1000,
                            .wall = 1768000000000,
                            .calls = {.ctx = h,
                                      .accepted = count_accepted,
                                      .changed = count_changed,
                                      .refused = count_refused,
                                      .alarm = count_alarm,
                                      .roster = take_roster}};
    h->room.roster_text = room_text_new(p->roster->text.p, p->roster->text.len);
    OK(room_open(&h->room));
}

FIXTURE void hall_close(struct hall *h)
{
    room_close(&h->room);
    room_text_free(h->room.roster_text);
}

/* Station `who` dials: head is what it says of its own chain. */
FIXTURE void end_dial(struct end *s, struct hall *h, int who, uint64_t head, const struct wire_start *more,
                      struct talk **talk)
{
    struct wire_start st = more ? *more : (struct wire_start){.rate = 0};
    *s = (struct end){.post = h->post, .label_answer = WIRE_GOOD};
    st.side = (struct wire_side){.ctx = s,
                                 .load = end_load,
                                 .read = end_read,
                                 .answered = end_answered,
                                 .take = end_take,
                                 .open = end_open,
                                 .write = end_write,
                                 .done = end_done,
                                 .end = end_end};
    st.hello.role = WIRE_STATION;
    st.hello.seq = head;
    if (!st.hello.roster)
        st.hello.roster = h->room.roster->number;
    roster_chain_id(st.hello.chain, &h->post->chain[who].pub);
    strcpy(st.hello.name, who ? "office-1" : "amb-1");
    OK(talk_new(talk, &h->room, roster_chain(h->room.roster, st.hello.chain), 0, 0));
    OK(wire_new(&s->wire, &st, h->room.now));
}

FIXTURE void end_hang_up(struct end *s, struct talk *talk)
{
    for (size_t i = 0; i < s->n_came; i++) {
        buf_free(&s->came[i].text);
        buf_free(&s->came[i].batch);
    }
    free(s->came);
    wire_free(s->wire);
    talk_free(talk);
}

/* Offers label i of its items; without: its batch does not come with it. */
FIXTURE void end_label(struct end *s, size_t i, bool without)
{
    struct wire_item item = {
        .kind = WIRE_LABEL, .lane = LANE_BATCH, .seq = s->items[i].l.seq, .size = i + 1, .sent = without};
    memcpy(item.chain, s->items[i].l.chain, sizeof item.chain);
    OK(wire_offer(s->wire, &item));
}

FIXTURE void end_object(struct end *s, enum wire_kind kind, const struct hash *name, uint64_t size)
{
    struct wire_item item = {.kind = kind, .lane = kind == WIRE_BATCH ? LANE_BATCH : LANE_CONTROL, .name = *name};
    item.size = size;
    OK(wire_offer(s->wire, &item));
}

/* Everything that can be said is said, both ways; commits unless no_commit. */
FIXTURE void hall_run(struct hall *h, struct end *s, struct talk *t)
{
    uint8_t a[16384];
    size_t n, used, still = 0;
    static uint8_t rest[1 << 20]; /* what the hub did not take yet */
    size_t n_rest = 0;
    for (unsigned round = 0; round < 20000 && still < 60; round++) {
        size_t moved = 0;
        h->room.now += 5;
        h->room.wall += 5;
        OK(talk_fill(t));
        OK(wire_out(s->wire, a, sizeof a, h->room.now, &n));
        moved += n;
        assert_true(n_rest + n <= sizeof rest);
        memcpy(rest + n_rest, a, n);
        n_rest += n;
        enum err e = wire_in(talk_wire(t), rest, n_rest, h->room.now, &used);
        (void)e; /* then its goodbye says so */
        memmove(rest, rest + used, n_rest - used);
        n_rest -= used;
        if (!h->no_commit && room_due(&h->room) <= h->room.now) {
            e = room_commit(&h->room, ERR_OK);
            while (e == ERR_AGAIN)
                e = room_commit(&h->room, h->room.store->flush(h->room.store));
            OK(e);
            moved++;
        }
        OK(wire_out(talk_wire(t), a, sizeof a, h->room.now, &n));
        moved += n;
        OK(wire_in(s->wire, a, n, h->room.now, &used));
        assert_int_equal(used, n);
        still = moved || n_rest ? 0 : still + 1;
        if (h->no_commit && round > 200)
            break;
    }
}

/* The last word about label seq, or an object; -1: none. */
FIXTURE int said_label(const struct end *s, uint64_t seq)
{
    int a = -1;
    for (size_t i = 0; i < s->n_said; i++)
        if (s->said[i].item.kind == WIRE_LABEL && s->said[i].item.seq == seq)
            a = (int)s->said[i].a;
    return a;
}

FIXTURE int said_object(const struct end *s, const struct hash *name)
{
    int a = -1;
    for (size_t i = 0; i < s->n_said; i++)
        if (s->said[i].item.kind != WIRE_LABEL && hash_same(&s->said[i].item.name, name))
            a = (int)s->said[i].a;
    return a;
}

/* The last reason that was given for a no. */
FIXTURE const char *last_why(const struct end *s)
{
    for (size_t i = s->n_said; i-- > 0;)
        if (s->said[i].why[0])
            return s->said[i].why;
    return "";
}

/* The last receipt that came, checked. The caller frees. */
FIXTURE struct receipt *end_receipt(const struct end *s)
{
    struct receipt *r = NULL;
    const struct came *c = end_find(s, WIRE_RECEIPT, NULL);
    if (!c || !c->whole)
        return NULL;
    OK(receipt_parse(&r, (const char *)c->text.p, c->text.len));
    OK(receipt_check(r, s->post->roster));
    return r;
}

#endif
