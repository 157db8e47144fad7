/* What a hub gives to a station in a conversation: the same table of cases
 * against the store in memory and the one on disk. Station 1 brings, station 0
 * (of unit brigade-1) gets. */
#include "tests/unit/talk_fixture.h"

static void bring(struct hall *h, struct item *items, size_t n, int who)
{
    struct end s;
    struct talk *t;
    assert_true(n > 0);
    end_dial(&s, h, who, items[n - 1].l.seq, NULL, &t);
    s.items = items;
    s.n_items = n;
    for (size_t i = 0; i < n; i++) {
        bool apart = items[i].batch.len > WIRE_INLINE_MAX;
        end_label(&s, i, apart);
        if (apart)
            end_object(&s, WIRE_BATCH, &items[i].l.object, items[i].batch.len);
        if (items[i].parts.len)
            end_object(&s, WIRE_PARTS, &items[i].l.parts, items[i].parts.len);
        for (int k = 0; k < 2; k++)
            if (items[i].blob[k].len)
                end_object(&s, WIRE_BLOB, &items[i].blob_name[k], items[i].blob[k].len);
    }
    hall_run(h, &s, t);
    for (size_t i = 0; i < s.n_said; i++)
        assert_int_equal(s.said[i].a, WIRE_GOOD);
    end_hang_up(&s, t);
}

/* A label's text again, with what was changed in it. */
static void resign(struct post *p, struct item *it, int who)
{
    struct label l = it->l;
    l.object = hash_of(it->batch.p, it->batch.len);
    l.size = it->batch.len;
    buf_clear(&it->text);
    OK(label_write(&l, &p->chain[who], &it->text));
    OK(label_parse(&it->l, (const char *)it->text.p, it->text.len));
}

static const struct came *label_came(const struct end *s, const char *chain, uint64_t seq)
{
    for (size_t i = 0; i < s->n_came; i++)
        if (s->came[i].item.kind == WIRE_LABEL && s->came[i].item.seq == seq &&
            strcmp(s->came[i].item.chain, chain) == 0)
            return &s->came[i];
    return NULL;
}

static size_t came_of(const struct end *s, enum wire_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_came; i++)
        n += s->came[i].item.kind == kind;
    return n;
}

static bool batch_came(const struct end *s, const struct item *it)
{
    const struct came *c = label_came(s, it->l.chain, it->l.seq);
    return c && c->batch.len == it->batch.len && memcmp(c->batch.p, it->batch.p, it->batch.len) == 0;
}

static void receipt_comes_with_the_hello(struct hall *h)
{
    struct end s;
    struct talk *t;
    end_dial(&s, h, 0, 0, NULL, &t);
    hall_run(h, &s, t);
    struct receipt *r = end_receipt(&s);
    assert_true(r && r->labels == 0);
    receipt_free(r);
    assert_int_equal(s.n_came, 1);
    end_hang_up(&s, t);
}

static void restored_station_gets_the_rest_of_its_chain(struct hall *h)
{
    struct item it[3];
    struct end s;
    struct talk *t;
    chain_make(h->post, it, 3, 0, "a", 2);
    bring(h, it, 3, 0);
    end_dial(&s, h, 0, 1, NULL, &t);
    hall_run(h, &s, t);
    assert_int_equal(came_of(&s, WIRE_LABEL), 2);
    assert_true(batch_came(&s, &it[1]) && batch_came(&s, &it[2]));
    const struct came *parts = end_find(&s, WIRE_PARTS, &it[2].l.parts);
    assert_true(parts && parts->whole);
    assert_int_equal(came_of(&s, WIRE_BLOB), 0);
    end_hang_up(&s, t);
    chain_free(it, 3);
}

static void label_for_a_unit_goes_to_its_station_with_all_before_it(struct hall *h)
{
    struct item it[3];
    struct end s;
    struct talk *t;
    item_make(h->post, &it[0], 1, 1, NULL, "b", 0);
    strcpy(it[0].l.to, "unit/elsewhere");
    resign(h->post, &it[0], 1);
    struct hash prev = item_hash(&it[0]);
    item_make(h->post, &it[1], 1, 2, &prev, "b", 0);
    prev = item_hash(&it[1]);
    item_make(h->post, &it[2], 1, 3, &prev, "b", 0);
    strcpy(it[2].l.to, "unit/elsewhere");
    resign(h->post, &it[2], 1);
    bring(h, it, 3, 1);
    end_dial(&s, h, 0, 0, NULL, &t);
    hall_run(h, &s, t);
    assert_int_equal(came_of(&s, WIRE_LABEL), 2);
    assert_non_null(label_came(&s, it[0].l.chain, 1));
    assert_false(batch_came(&s, &it[0])); /* not for it */
    assert_true(batch_came(&s, &it[1]));
    end_hang_up(&s, t);
    chain_free(it, 3);
}

static void station_gets_only_what_is_beyond_its_head(struct hall *h)
{
    struct item it[4];
    struct end s;
    struct talk *t;
    struct wire_head head = {.seq = 3};
    chain_make(h->post, it, 4, 1, "b", 0);
    bring(h, it, 4, 1);
    for (unsigned i = 0; i < 8; i++) {
        const char hex[3] = {it[0].l.chain[2 * i], it[0].l.chain[2 * i + 1], '\0'};
        head.chain[i] = (uint8_t)strtoul(hex, NULL, 16);
    }
    struct wire_start more = {.heads = &head, .n_heads = 1};
    end_dial(&s, h, 0, 0, &more, &t);
    hall_run(h, &s, t);
    assert_int_equal(came_of(&s, WIRE_LABEL), 1);
    assert_true(batch_came(&s, &it[3]));
    end_hang_up(&s, t);
    chain_free(it, 4);
}

static void long_batch_goes_before_its_label(struct hall *h)
{
    struct item it[1];
    struct end s;
    struct talk *t;
    item_make(h->post, &it[0], 1, 1, NULL, "b", 0);
    for (int i = 0; i < 2000; i++)
        OK(buf_str(&it[0].batch, "0123456789"));
    resign(h->post, &it[0], 1);
    bring(h, it, 1, 1);
    end_dial(&s, h, 0, 0, NULL, &t);
    hall_run(h, &s, t);
    const struct came *batch = end_find(&s, WIRE_BATCH, &it[0].l.object), *label = label_came(&s, it[0].l.chain, 1);
    assert_true(batch && batch->whole && label && batch < label && label->batch.len == 0);
    assert_true(batch && batch->text.len == it[0].batch.len &&
                memcmp(batch->text.p, it[0].batch.p, batch->text.len) == 0);
    end_hang_up(&s, t);
    chain_free(it, 1);
}

static void blobs_come_only_when_wanted_and_only_those(struct hall *h)
{
    struct item it[1];
    struct end s;
    struct talk *t;
    chain_make(h->post, it, 1, 1, "b", 2);
    bring(h, it, 1, 1);
    struct wire_want want = {.parts = it[0].l.parts, .first = 1, .last = 1};
    struct wire_start more = {.wants = &want, .n_wants = 1};
    end_dial(&s, h, 0, 0, &more, &t);
    hall_run(h, &s, t);
    assert_int_equal(came_of(&s, WIRE_BLOB), 1);
    const struct came *c = end_find(&s, WIRE_BLOB, &it[0].blob_name[1]);
    assert_true(c && c->whole && memcmp(c->text.p, it[0].blob[1].p, it[0].blob[1].len) == 0);
    end_hang_up(&s, t);
    want = (struct wire_want){.parts = it[0].l.parts, .last = UINT64_MAX};
    end_dial(&s, h, 0, 0, &more, &t);
    hall_run(h, &s, t);
    assert_int_equal(came_of(&s, WIRE_BLOB), 2);
    end_hang_up(&s, t);
    chain_free(it, 1);
}

static void blobs_of_others_are_not_for_the_asking(struct hall *h)
{
    struct item it[1];
    struct end s;
    struct talk *t;
    item_make(h->post, &it[0], 1, 1, NULL, "b", 2);
    strcpy(it[0].l.to, "unit/elsewhere");
    resign(h->post, &it[0], 1);
    bring(h, it, 1, 1);
    struct wire_want want = {.parts = it[0].l.parts, .last = UINT64_MAX};
    struct wire_start more = {.wants = &want, .n_wants = 1};
    end_dial(&s, h, 0, 0, &more, &t);
    hall_run(h, &s, t);
    assert_int_equal(came_of(&s, WIRE_BLOB) + came_of(&s, WIRE_PARTS) + came_of(&s, WIRE_LABEL), 0);
    end_hang_up(&s, t);
    chain_free(it, 1);
}

static void wanted_blob_that_comes_later_is_passed_on(struct hall *h)
{
    struct item it[1];
    struct end s, from;
    struct talk *t, *u;
    chain_make(h->post, it, 1, 1, "b", 1);
    end_dial(&from, h, 1, 1, NULL, &u);
    from.items = it;
    from.n_items = 1;
    end_label(&from, 0, false);
    end_object(&from, WIRE_PARTS, &it[0].l.parts, it[0].parts.len);
    hall_run(h, &from, u);
    struct wire_want want = {.parts = it[0].l.parts, .last = UINT64_MAX};
    struct wire_start more = {.wants = &want, .n_wants = 1};
    end_dial(&s, h, 0, 0, &more, &t);
    hall_run(h, &s, t);
    assert_int_equal(came_of(&s, WIRE_BLOB), 0);
    assert_true(talk_waits(t));
    end_object(&from, WIRE_BLOB, &it[0].blob_name[0], it[0].blob[0].len);
    hall_run(h, &from, u);
    h->room.now += 60000;
    hall_run(h, &s, t);
    assert_int_equal(came_of(&s, WIRE_BLOB), 1);
    end_hang_up(&s, t);
    end_hang_up(&from, u);
    chain_free(it, 1);
}

static void label_waits_for_a_batch_that_is_on_its_way(struct hall *h)
{
    struct item it[1];
    struct end s, from;
    struct talk *t, *u;
    item_make(h->post, &it[0], 1, 1, NULL, "b", 0);
    it[0].l.time = h->room.wall - 1000;
    resign(h->post, &it[0], 1);
    end_dial(&from, h, 1, 1, NULL, &u);
    from.items = it;
    from.n_items = 1;
    end_label(&from, 0, true);
    hall_run(h, &from, u);
    end_dial(&s, h, 0, 0, NULL, &t);
    hall_run(h, &s, t);
    assert_int_equal(came_of(&s, WIRE_LABEL), 0);
    assert_true(talk_waits(t));
    end_object(&from, WIRE_BATCH, &it[0].l.object, it[0].batch.len);
    hall_run(h, &from, u);
    hall_run(h, &s, t);
    assert_true(batch_came(&s, &it[0]));
    assert_false(talk_waits(t));
    end_hang_up(&s, t);
    end_hang_up(&from, u);
    chain_free(it, 1);
}

static void new_label_goes_on_while_its_reader_is_connected(struct hall *h)
{
    struct item it[2];
    struct end s, from;
    struct talk *t, *u;
    chain_make(h->post, it, 2, 1, "b", 0);
    bring(h, it, 1, 1);
    end_dial(&s, h, 0, 0, NULL, &t);
    hall_run(h, &s, t);
    assert_int_equal(came_of(&s, WIRE_LABEL), 1);
    end_dial(&from, h, 1, 2, NULL, &u);
    from.items = it;
    from.n_items = 2;
    end_label(&from, 1, false);
    hall_run(h, &from, u);
    OK(talk_label(t, it[1].l.chain, 2, false));
    hall_run(h, &s, t);
    assert_int_equal(came_of(&s, WIRE_LABEL), 2);
    assert_true(batch_came(&s, &it[1]));
    end_hang_up(&s, t);
    end_hang_up(&from, u);
    chain_free(it, 2);
}

static void label_put_off_by_the_station_is_offered_again(struct hall *h)
{
    struct item it[2];
    struct end s;
    struct talk *t;
    chain_make(h->post, it, 2, 1, "b", 0);
    bring(h, it, 2, 1);
    end_dial(&s, h, 0, 0, NULL, &t);
    s.label_answer = WIRE_LATER;
    hall_run(h, &s, t);
    size_t before = came_of(&s, WIRE_LABEL);
    s.label_answer = WIRE_GOOD;
    h->room.now += 60000;
    hall_run(h, &s, t);
    assert_int_equal(came_of(&s, WIRE_LABEL), before + 2);
    end_hang_up(&s, t);
    chain_free(it, 2);
}

static void higher_roster_is_given_once(struct hall *h)
{
    struct end s;
    struct talk *t;
    struct wire_start more = {.hello = {.roster = 1}};
    sign_roster(h->post, 2, false, 0);
    h->room.roster = h->post->roster;
    room_text_free(h->room.roster_text);
    h->room.roster_text = room_text_new(h->post->roster->text.p, h->post->roster->text.len);
    end_dial(&s, h, 0, 0, &more, &t);
    hall_run(h, &s, t);
    const struct came *c = end_find(&s, WIRE_ROSTER, NULL);
    assert_true(c && c->whole);
    assert_memory_equal(c->text.p, h->post->roster->text.p, h->post->roster->text.len);
    assert_int_equal(came_of(&s, WIRE_ROSTER), 1);
    /* and a newer one while it is connected */
    sign_roster(h->post, 3, false, 0);
    h->room.roster = h->post->roster;
    room_text_free(h->room.roster_text);
    h->room.roster_text = room_text_new(h->post->roster->text.p, h->post->roster->text.len);
    OK(talk_roster(t));
    hall_run(h, &s, t);
    assert_int_equal(came_of(&s, WIRE_ROSTER), 2);
    end_hang_up(&s, t);
}

static const char ids[4][NOTICE_ID] = {"00000000000000000001", "00000000000000000002", "00000000000000000003",
                                       "00000000000000000004"};

static enum err notice_text(void *ctx, const char *id, struct buf *text)
{
    (void)ctx;
    buf_clear(text);
    return buf_fmt(text, "notice %s", id);
}

static void notices_that_it_lacks_are_given(struct hall *h)
{
    struct end s;
    struct talk *t;
    struct wire_start more = {.notices = &ids[1], .n_notices = 1};
    h->room.notices = ids;
    h->room.n_notices = 3;
    h->room.calls.notice_text = notice_text;
    end_dial(&s, h, 0, 0, &more, &t);
    hall_run(h, &s, t);
    assert_int_equal(came_of(&s, WIRE_NOTICE), 2);
    OK(talk_notice(t, ids[3]));
    hall_run(h, &s, t);
    assert_int_equal(came_of(&s, WIRE_NOTICE), 3);
    const struct came *c = end_find(&s, WIRE_NOTICE, NULL);
    assert_true(c && strcmp((const char *)c->text.p, "notice 00000000000000000004") == 0);
    end_hang_up(&s, t);
}

static enum err confirmation_text(void *ctx, size_t i, struct buf *text)
{
    (void)ctx;
    buf_clear(text);
    return buf_fmt(text, "confirmation %zu", i);
}

static void confirmations_go_to_whom_they_concern_and_once(struct hall *h)
{
    static char brigade[] = "unit/brigade-1", other[] = "unit/elsewhere";
    struct room_confirmation list[3] = {{.size = 14, .to = other}, {.size = 14, .to = brigade}, {.size = 14}};
    struct end s;
    struct talk *t;
    for (unsigned i = 0; i < 3; i++) {
        char text[32];
        snprintf(text, sizeof text, "confirmation %u", i);
        list[i].name = hash_of(text, 14);
    }
    roster_chain_id(list[2].chain, &h->post->chain[0].pub);
    list[2].to = other;
    h->room.confirmations = list;
    h->room.n_confirmations = 3;
    h->room.calls.confirmation = confirmation_text;
    for (int i = 0; i < 2; i++) {
        end_dial(&s, h, 0, 0, NULL, &t);
        hall_run(h, &s, t);
        assert_int_equal(came_of(&s, WIRE_CONFIRMATION), i ? 0 : 2);
        end_hang_up(&s, t);
    }
}

static void labels_behind_a_revocation_stay(struct hall *h)
{
    struct item it[3];
    struct end s;
    struct talk *t;
    chain_make(h->post, it, 3, 0, "a", 0);
    bring(h, it, 3, 0);
    sign_roster(h->post, 2, true, 1);
    h->room.roster = h->post->roster;
    /* another station of that unit */
    struct roster_station *st = &h->post->roster->stations[0];
    for (size_t i = 0; i < h->post->roster->n_stations; i++)
        if (!h->post->roster->stations[i].revoked)
            st = &h->post->roster->stations[i];
    strcpy(st->unit, "brigade-1");
    end_dial(&s, h, 1, 0, NULL, &t);
    hall_run(h, &s, t);
    assert_int_equal(came_of(&s, WIRE_LABEL), 1);
    end_hang_up(&s, t);
    chain_free(it, 3);
}

static void long_backlog_is_offered_bit_by_bit(struct hall *h)
{
    struct item *it = calloc(300, sizeof *it);
    struct end s;
    struct talk *t;
    chain_make(h->post, it, 300, 1, "b", 0);
    for (size_t i = 0; i < 300; i += 100)
        bring(h, it + i, 100, 1);
    end_dial(&s, h, 0, 0, NULL, &t);
    uint8_t a[4096];
    size_t n, used;
    OK(wire_out(s.wire, a, sizeof a, h->room.now, &n));
    OK(wire_in(talk_wire(t), a, n, h->room.now, &used));
    OK(talk_fill(t));
    assert_true(wire_waiting(talk_wire(t), LANE_BATCH) <= HUB_OFFERS_LOW);
    hall_run(h, &s, t);
    assert_int_equal(came_of(&s, WIRE_LABEL), 300);
    for (size_t i = 0; i < 300; i++)
        assert_true(batch_came(&s, &it[i]));
    end_hang_up(&s, t);
    chain_free(it, 300);
    free(it);
}

static void run(void (*fn)(struct hall *h), bool disk)
{
    struct post *p = post_new();
    struct store *s;
    struct hall h;
    if (disk)
        OK(store_sqlite_open(&s, p->hub, false));
    else
        OK(store_memory_open(&s, (uint64_t)1 << 40));
    hall_open(&h, p, s);
    fn(&h);
    hall_close(&h);
    s->close(s);
    post_free(p);
}

#define BOTH(name)                                                                                                     \
    static void memory_##name(void **state)                                                                            \
    {                                                                                                                  \
        (void)state;                                                                                                   \
        run(name, false);                                                                                              \
    }                                                                                                                  \
    static void disk_##name(void **state)                                                                              \
    {                                                                                                                  \
        (void)state;                                                                                                   \
        run(name, true);                                                                                               \
    }
#define TESTS(X)                                                                                                       \
    X(receipt_comes_with_the_hello)                                                                                    \
    X(restored_station_gets_the_rest_of_its_chain)                                                                     \
    X(label_for_a_unit_goes_to_its_station_with_all_before_it)                                                         \
    X(station_gets_only_what_is_beyond_its_head)                                                                       \
    X(long_batch_goes_before_its_label)                                                                                \
    X(blobs_come_only_when_wanted_and_only_those)                                                                      \
    X(blobs_of_others_are_not_for_the_asking)                                                                          \
    X(wanted_blob_that_comes_later_is_passed_on)                                                                       \
    X(label_waits_for_a_batch_that_is_on_its_way)                                                                      \
    X(new_label_goes_on_while_its_reader_is_connected)                                                                 \
    X(label_put_off_by_the_station_is_offered_again)                                                                   \
    X(higher_roster_is_given_once)                                                                                     \
    X(notices_that_it_lacks_are_given)                                                                                 \
    X(confirmations_go_to_whom_they_concern_and_once)                                                                  \
    X(labels_behind_a_revocation_stay)                                                                                 \
    X(long_backlog_is_offered_bit_by_bit)

TESTS(BOTH)

int main(void)
{
#define ROW(name) cmocka_unit_test(memory_##name), cmocka_unit_test(disk_##name),
    const struct CMUnitTest tests[] = {TESTS(ROW)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
