/* What a hub takes in a conversation and what it says to it: the same table
 * of cases against the store in memory and the one on disk. */
#include "tests/unit/talk_fixture.h"

static struct store *open_memory(struct post *p, uint64_t space)
{
    struct store *s;
    (void)p;
    OK(store_memory_open(&s, space));
    return s;
}

static struct store *open_disk(struct post *p)
{
    struct store *s;
    OK(store_sqlite_open(&s, p->hub, false));
    return s;
}

static void label_with_its_batch_is_good_only_when_durable(struct hall *h)
{
    struct item it[3];
    struct end s;
    struct talk *t;
    uint64_t size;
    chain_make(h->post, it, 3, 0, "a", 0);
    end_dial(&s, h, 0, 3, NULL, &t);
    s.items = it;
    s.n_items = 3;
    for (size_t i = 0; i < 3; i++)
        end_label(&s, i, false);
    h->no_commit = true;
    hall_run(h, &s, t);
    assert_int_equal(s.n_said, 0);
    assert_int_equal(h->accepted, 0);
    h->no_commit = false;
    hall_run(h, &s, t);
    for (uint64_t seq = 1; seq <= 3; seq++)
        assert_int_equal(said_label(&s, seq), WIRE_GOOD);
    assert_true(h->store->size(h->store, &it[2].l.object, &size));
    assert_int_equal(head_of(h->store, &it[0]), 3);
    assert_int_equal(h->accepted, 3);
    end_hang_up(&s, t);
    chain_free(it, 3);
}

static void known_label_is_had_already(struct hall *h)
{
    struct item it[2];
    struct end s;
    struct talk *t;
    chain_make(h->post, it, 2, 0, "a", 0);
    for (int i = 0; i < 2; i++) {
        end_dial(&s, h, 0, 2, NULL, &t);
        s.items = it;
        s.n_items = 2;
        end_label(&s, 0, false);
        end_label(&s, 1, false);
        hall_run(h, &s, t);
        assert_int_equal(said_label(&s, 2), i ? WIRE_HAVE : WIRE_GOOD);
        end_hang_up(&s, t);
    }
    assert_int_equal(h->room.counts.labels, 2);
    chain_free(it, 2);
}

static void gap_floats_without_a_word_until_it_closes(struct hall *h)
{
    struct item it[4];
    struct end s;
    struct talk *t;
    struct wire_span spans[WIRE_FLOATS_MAX];
    chain_make(h->post, it, 4, 0, "a", 0);
    end_dial(&s, h, 0, 4, NULL, &t);
    s.items = it;
    s.n_items = 4;
    end_label(&s, 0, false);
    end_label(&s, 2, false);
    end_label(&s, 3, false);
    hall_run(h, &s, t);
    assert_int_equal(s.n_said, 1);
    assert_int_equal(room_floats(&h->room, it[0].l.chain, spans), 1);
    assert_int_equal(spans[0].from, 3);
    assert_int_equal(spans[0].to, 4);
    end_label(&s, 1, false);
    hall_run(h, &s, t);
    assert_int_equal(said_label(&s, 3), WIRE_GOOD);
    assert_int_equal(said_label(&s, 4), WIRE_GOOD);
    assert_int_equal(head_of(h->store, &it[0]), 4);
    assert_int_equal(h->room.counts.floating, 0);
    assert_int_equal(h->room.counts.floating_bytes, 0);
    end_hang_up(&s, t);
    chain_free(it, 4);
}

static void floats_outlive_the_conversation(struct hall *h)
{
    struct item it[3];
    struct end s;
    struct talk *t;
    uint64_t size;
    chain_make(h->post, it, 3, 0, "a", 0);
    end_dial(&s, h, 0, 3, NULL, &t);
    s.items = it;
    s.n_items = 3;
    end_label(&s, 1, false);
    end_label(&s, 2, false);
    hall_run(h, &s, t);
    end_hang_up(&s, t);
    end_dial(&s, h, 0, 3, NULL, &t);
    s.items = it;
    s.n_items = 3;
    end_label(&s, 0, false);
    hall_run(h, &s, t);
    assert_int_equal(head_of(h->store, &it[0]), 3);
    assert_true(h->store->size(h->store, &it[2].l.object, &size));
    assert_int_equal(s.n_said, 1);
    end_hang_up(&s, t);
    chain_free(it, 3);
}

static void too_many_floats_are_put_off(struct hall *h)
{
    struct item *it = calloc(WIRE_FLOATING_MAX + 10, sizeof *it);
    struct end s;
    struct talk *t;
    chain_make(h->post, it, WIRE_FLOATING_MAX + 10, 0, "a", 0);
    end_dial(&s, h, 0, 1, NULL, &t);
    s.items = it;
    s.n_items = WIRE_FLOATING_MAX + 10;
    for (size_t i = 1; i < s.n_items; i++)
        end_label(&s, i, true);
    hall_run(h, &s, t);
    assert_int_equal(h->room.counts.floating, WIRE_FLOATING_MAX);
    assert_int_equal(s.n_said, 9);
    assert_int_equal(s.said[0].a, WIRE_LATER);
    end_hang_up(&s, t);
    chain_free(it, WIRE_FLOATING_MAX + 10);
    free(it);
}

static void other_label_of_a_number_raises_the_alarm(struct hall *h)
{
    struct item it[4];
    struct end s;
    struct talk *t;
    struct store_chain c;
    struct hash prev;
    chain_make(h->post, it, 2, 0, "a", 0);
    prev = item_hash(&it[0]);
    item_make(h->post, &it[2], 0, 2, &prev, "clone", 0);
    prev = item_hash(&it[1]);
    item_make(h->post, &it[3], 0, 3, &prev, "a", 0);
    end_dial(&s, h, 0, 2, NULL, &t);
    s.items = it;
    s.n_items = 4;
    for (size_t i = 0; i < 4; i++)
        end_label(&s, i, false);
    hall_run(h, &s, t);
    assert_int_equal(s.n_said, 4);
    assert_int_equal(s.said[0].a, WIRE_BAD); /* the clone's; those before wait for the disk */
    assert_int_equal(s.said[0].item.size, 3);
    assert_int_equal(s.said[1].a, WIRE_BAD);
    assert_int_equal(s.said[1].item.seq, 3);
    assert_int_equal(h->alarms, 1);
    assert_int_equal(h->room.counts.aside, 2);
    OK(h->store->chain(h->store, it[0].l.chain, &c));
    assert_int_equal(c.alarm_seq, 2);
    assert_int_equal(c.seq, 2);
    end_hang_up(&s, t);
    chain_free(it, 4);
}

static void label_behind_another_head_raises_the_alarm(struct hall *h)
{
    struct item it[2];
    struct end s;
    struct talk *t;
    struct store_chain c;
    struct hash prev = {{7}};
    chain_make(h->post, it, 1, 0, "a", 0);
    item_make(h->post, &it[1], 0, 2, &prev, "clone", 0);
    end_dial(&s, h, 0, 2, NULL, &t);
    s.items = it;
    s.n_items = 2;
    end_label(&s, 0, false);
    end_label(&s, 1, false);
    hall_run(h, &s, t);
    assert_int_equal(said_label(&s, 2), WIRE_BAD);
    OK(h->store->chain(h->store, it[0].l.chain, &c));
    assert_int_equal(c.alarm_seq, 1);
    end_hang_up(&s, t);
    chain_free(it, 2);
}

static void label_behind_a_revocation_is_set_aside(struct hall *h)
{
    struct item it[3];
    struct end s;
    struct talk *t;
    chain_make(h->post, it, 3, 0, "a", 0);
    end_dial(&s, h, 0, 3, NULL, &t);
    s.items = it;
    s.n_items = 3;
    sign_roster(h->post, 2, true, 1);
    h->room.roster = h->post->roster;
    for (size_t i = 0; i < 3; i++)
        end_label(&s, i, false);
    hall_run(h, &s, t);
    assert_int_equal(said_label(&s, 1), WIRE_GOOD);
    assert_int_equal(said_label(&s, 2), WIRE_BAD);
    assert_int_equal(said_label(&s, 3), WIRE_BAD);
    assert_non_null(strstr(last_why(&s), "revoked"));
    assert_int_equal(head_of(h->store, &it[0]), 1);
    assert_int_equal(h->room.counts.aside, 2);
    end_hang_up(&s, t);
    chain_free(it, 3);
}

static void forged_label_is_bad(struct hall *h)
{
    struct item it[2];
    struct end s;
    struct talk *t;
    chain_make(h->post, it, 2, 0, "a", 0);
    it[0].text.p[it[0].text.len - 20] ^= 1;
    end_dial(&s, h, 0, 2, NULL, &t);
    s.items = it;
    s.n_items = 2;
    end_label(&s, 0, false);
    hall_run(h, &s, t);
    assert_int_equal(said_label(&s, 1), WIRE_BAD);
    assert_int_equal(head_of(h->store, &it[0]), 0);
    assert_false(s.ended);
    end_hang_up(&s, t);
    chain_free(it, 2);
}

static void over_the_quota_is_later(struct hall *h)
{
    struct item it[2];
    struct end s;
    struct talk *t;
    chain_make(h->post, it, 2, 0, "a", 0);
    h->room.quota = it[0].text.len + it[0].batch.len + 5;
    end_dial(&s, h, 0, 2, NULL, &t);
    s.items = it;
    s.n_items = 2;
    end_label(&s, 0, false);
    end_label(&s, 1, false);
    hall_run(h, &s, t);
    assert_int_equal(said_label(&s, 1), WIRE_GOOD);
    assert_int_equal(said_label(&s, 2), WIRE_LATER);
    assert_non_null(strstr(last_why(&s), "quota"));
    h->room.quota = (uint64_t)1 << 40;
    end_label(&s, 1, false);
    hall_run(h, &s, t);
    assert_int_equal(said_label(&s, 2), WIRE_GOOD);
    end_hang_up(&s, t);
    chain_free(it, 2);
}

static void recording_comes_in_label_list_and_blobs(struct hall *h)
{
    struct item it[1];
    struct end s;
    struct talk *t;
    struct receipt *r;
    chain_make(h->post, it, 1, 0, "a", 2);
    end_dial(&s, h, 0, 1, NULL, &t);
    s.items = it;
    s.n_items = 1;
    end_label(&s, 0, true);
    end_object(&s, WIRE_BATCH, &it[0].l.object, it[0].batch.len);
    end_object(&s, WIRE_PARTS, &it[0].l.parts, it[0].parts.len);
    for (int i = 0; i < 2; i++)
        end_object(&s, WIRE_BLOB, &it[0].blob_name[i], it[0].blob[i].len);
    hall_run(h, &s, t);
    assert_int_equal(s.n_said, 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(s.said[i].a, WIRE_GOOD);
    r = end_receipt(&s);
    assert_true(r && receipt_holds_parts(r, 1));
    receipt_free(r);
    end_object(&s, WIRE_BLOB, &it[0].blob_name[1], it[0].blob[1].len);
    hall_run(h, &s, t);
    assert_int_equal(said_object(&s, &it[0].blob_name[1]), WIRE_HAVE);
    end_hang_up(&s, t);
    chain_free(it, 1);
}

static void object_that_no_label_names_is_later(struct hall *h)
{
    struct item it[1];
    struct end s;
    struct talk *t;
    chain_make(h->post, it, 1, 0, "a", 1);
    end_dial(&s, h, 0, 1, NULL, &t);
    s.items = it;
    s.n_items = 1;
    end_object(&s, WIRE_BATCH, &it[0].l.object, it[0].batch.len);
    end_label(&s, 0, true);
    end_object(&s, WIRE_BLOB, &it[0].blob_name[0], it[0].blob[0].len);
    hall_run(h, &s, t);
    assert_int_equal(said_object(&s, &it[0].l.object), WIRE_LATER);
    assert_int_equal(said_object(&s, &it[0].blob_name[0]), WIRE_LATER);
    assert_int_equal(said_label(&s, 1), WIRE_GOOD);
    end_hang_up(&s, t);
    chain_free(it, 1);
}

static void object_of_another_size_is_bad(struct hall *h)
{
    struct item it[1];
    struct end s;
    struct talk *t;
    chain_make(h->post, it, 1, 0, "a", 0);
    end_dial(&s, h, 0, 1, NULL, &t);
    s.items = it;
    s.n_items = 1;
    end_label(&s, 0, true);
    end_object(&s, WIRE_BATCH, &it[0].l.object, it[0].batch.len - 1);
    hall_run(h, &s, t);
    assert_int_equal(said_object(&s, &it[0].l.object), WIRE_BAD);
    assert_non_null(strstr(last_why(&s), "bytes instead of"));
    end_hang_up(&s, t);
    chain_free(it, 1);
}

static void flipped_object_is_bad_and_comes_again(struct hall *h)
{
    struct item it[1];
    struct end s;
    struct talk *t;
    uint64_t size;
    chain_make(h->post, it, 1, 0, "a", 1);
    end_dial(&s, h, 0, 1, NULL, &t);
    s.items = it;
    s.n_items = 1;
    end_label(&s, 0, false);
    end_object(&s, WIRE_PARTS, &it[0].l.parts, it[0].parts.len);
    it[0].blob[0].p[3] ^= 1;
    end_object(&s, WIRE_BLOB, &it[0].blob_name[0], it[0].blob[0].len);
    hall_run(h, &s, t);
    assert_int_equal(said_object(&s, &it[0].blob_name[0]), WIRE_BAD);
    assert_int_equal(h->refused, 1);
    assert_false(h->store->size(h->store, &it[0].blob_name[0], &size));
    it[0].blob[0].p[3] ^= 1;
    end_object(&s, WIRE_BLOB, &it[0].blob_name[0], it[0].blob[0].len);
    hall_run(h, &s, t);
    assert_int_equal(said_object(&s, &it[0].blob_name[0]), WIRE_GOOD);
    end_hang_up(&s, t);
    chain_free(it, 1);
}

static void flipped_batch_does_not_hold_its_label_up(struct hall *h)
{
    struct item it[1];
    struct end s;
    struct talk *t;
    struct receipt *r;
    uint64_t size;
    chain_make(h->post, it, 1, 0, "a", 0);
    end_dial(&s, h, 0, 1, NULL, &t);
    s.items = it;
    s.n_items = 1;
    end_label(&s, 0, true);
    struct wire_item item = {.kind = WIRE_BATCH, .lane = LANE_BATCH, .name = it[0].l.object, .size = it[0].batch.len};
    OK(wire_offer(s.wire, &item));
    it[0].blob_name[0] = it[0].l.object; /* so that it is found under its name */
    OK(buf_add(&it[0].blob[0], it[0].batch.p, it[0].batch.len));
    buf_clear(&it[0].batch);
    it[0].blob[0].p[0] ^= 1;
    hall_run(h, &s, t);
    assert_int_equal(said_label(&s, 1), WIRE_GOOD);
    assert_int_equal(said_object(&s, &it[0].l.object), WIRE_BAD);
    assert_false(h->store->size(h->store, &it[0].l.object, &size));
    r = end_receipt(&s);
    assert_true(r && r->labels == 1 && !receipt_holds(r, 1));
    receipt_free(r);
    end_hang_up(&s, t);
    chain_free(it, 1);
}

static void parts_list_that_is_no_text_is_bad_and_not_kept(struct hall *h)
{
    struct item it[1];
    struct end s;
    struct talk *t;
    uint64_t size;
    item_make(h->post, &it[0], 0, 1, NULL, "a", 0);
    OK(buf_str(&it[0].parts, "feldsher-parts 1\nblob: not-a-hash 5\n"));
    it[0].l.parts = hash_of(it[0].parts.p, it[0].parts.len);
    buf_clear(&it[0].text);
    OK(label_write(&it[0].l, &h->post->chain[0], &it[0].text));
    OK(label_parse(&it[0].l, (const char *)it[0].text.p, it[0].text.len));
    end_dial(&s, h, 0, 1, NULL, &t);
    s.items = it;
    s.n_items = 1;
    end_label(&s, 0, false);
    end_object(&s, WIRE_PARTS, &it[0].l.parts, it[0].parts.len);
    hall_run(h, &s, t);
    assert_int_equal(said_object(&s, &it[0].l.parts), WIRE_BAD);
    assert_false(h->store->size(h->store, &it[0].l.parts, &size));
    assert_false(s.ended);
    end_hang_up(&s, t);
    chain_free(it, 1);
}

static void receipt_from_a_station_is_bad(struct hall *h)
{
    struct end s;
    struct talk *t;
    struct item it = {.text = {0}};
    for (int i = 0; i < 5000; i++)
        OK(buf_str(&it.batch, "r"));
    end_dial(&s, h, 0, 0, NULL, &t);
    s.items = &it;
    s.n_items = 1;
    struct wire_item item = {.kind = WIRE_RECEIPT, .lane = LANE_CONTROL, .size = 5000};
    item.name = hash_of(it.batch.p, it.batch.len);
    OK(wire_offer(s.wire, &item));
    hall_run(h, &s, t);
    assert_int_equal(s.n_said, 1);
    assert_int_equal(s.said[0].a, WIRE_BAD);
    end_hang_up(&s, t);
    item_free(&it);
}

/* Both modems of a station bring the same. */
static void two_roads_bring_one_label_once(struct hall *h)
{
    struct item it[2];
    struct end s[2];
    struct talk *t[2];
    chain_make(h->post, it, 2, 0, "a", 0);
    for (int i = 0; i < 2; i++) {
        end_dial(&s[i], h, 0, 2, NULL, &t[i]);
        s[i].items = it;
        s[i].n_items = 2;
        end_label(&s[i], 1, false);
    }
    for (int i = 0; i < 2; i++)
        hall_run(h, &s[i], t[i]);
    end_label(&s[0], 0, false);
    hall_run(h, &s[0], t[0]);
    hall_run(h, &s[1], t[1]);
    assert_int_equal(said_label(&s[0], 2), WIRE_GOOD);
    assert_int_equal(said_label(&s[1], 2), WIRE_HAVE);
    assert_int_equal(head_of(h->store, &it[0]), 2);
    for (int i = 0; i < 2; i++)
        end_hang_up(&s[i], t[i]);
    chain_free(it, 2);
}

static void nothing_is_said_to_a_conversation_that_is_over(struct hall *h)
{
    struct item it[2];
    struct end s;
    struct talk *t;
    chain_make(h->post, it, 2, 0, "a", 0);
    end_dial(&s, h, 0, 2, NULL, &t);
    s.items = it;
    s.n_items = 2;
    end_label(&s, 0, false);
    h->no_commit = true;
    hall_run(h, &s, t);
    end_hang_up(&s, t);
    h->no_commit = false;
    end_dial(&s, h, 0, 2, NULL, &t);
    s.items = it;
    s.n_items = 2;
    end_label(&s, 1, false);
    hall_run(h, &s, t);
    assert_int_equal(head_of(h->store, &it[0]), 2);
    assert_int_equal(s.n_said, 1);
    end_hang_up(&s, t);
    chain_free(it, 2);
}

static void paused_room_takes_nothing_until_it_goes_on(struct hall *h)
{
    struct item it[1];
    struct end s;
    struct talk *t;
    chain_make(h->post, it, 1, 0, "a", 0);
    end_dial(&s, h, 0, 1, NULL, &t);
    s.items = it;
    s.n_items = 1;
    hall_run(h, &s, t);
    room_pause(&h->room);
    talk_pause(t);
    end_label(&s, 0, false);
    h->no_commit = true;
    uint8_t a[4096];
    size_t n, used;
    OK(wire_out(s.wire, a, sizeof a, h->room.now, &n));
    OK(wire_in(talk_wire(t), a, n, h->room.now, &used));
    assert_true(used < n);
    assert_true(talk_paused(t));
    h->room.store = h->store;
    room_resume(&h->room);
    talk_resume(t);
    h->no_commit = false;
    size_t more;
    OK(wire_in(talk_wire(t), a + used, n - used, h->room.now, &more));
    assert_int_equal(used + more, n);
    hall_run(h, &s, t);
    assert_int_equal(said_label(&s, 1), WIRE_GOOD);
    end_hang_up(&s, t);
    chain_free(it, 1);
}

static void more_than_a_commit_holds_waits_for_the_next(struct hall *h)
{
    struct item *it = calloc(1200, sizeof *it);
    struct end s[3];
    struct talk *t[3];
    chain_make(h->post, it, 1200, 0, "a", 0);
    h->no_commit = true;
    for (size_t i = 0; i < 3; i++) {
        end_dial(&s[i], h, 0, 1200, NULL, &t[i]);
        s[i].items = it;
        s[i].n_items = 1200;
        for (size_t k = 0; k < 400; k++)
            end_label(&s[i], i * 400 + k, false);
        hall_run(h, &s[i], t[i]);
    }
    assert_true(h->room.counts.labels <= 4 * HUB_GROUP);
    assert_true(talk_paused(t[2]));
    h->no_commit = false;
    for (size_t i = 0; i < 3; i++)
        hall_run(h, &s[i], t[i]);
    assert_int_equal(head_of(h->store, &it[0]), 1200);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(s[i].n_said, 400);
        end_hang_up(&s[i], t[i]);
    }
    chain_free(it, 1200);
    free(it);
}

static void roster_from_a_station_reaches_the_hub(struct hall *h)
{
    struct end s;
    struct talk *t;
    struct item it = {.text = {0}};
    struct post *p = h->post;
    OK(buf_add(&it.batch, p->roster->text.p, p->roster->text.len));
    for (int i = 0; i < 5000; i++) /* too long for one frame, and no roster */
        OK(buf_str(&it.parts, "x"));
    h->room.roster_text->name = (struct hash){{1}}; /* the hub has another one */
    end_dial(&s, h, 0, 0, NULL, &t);
    s.items = &it;
    s.n_items = 1;
    struct wire_item item = {.kind = WIRE_ROSTER, .lane = LANE_CONTROL, .size = it.parts.len};
    item.name = hash_of(it.parts.p, it.parts.len);
    OK(wire_offer(s.wire, &item));
    item.size = it.batch.len;
    item.name = hash_of(it.batch.p, it.batch.len);
    OK(wire_offer(s.wire, &item));
    hall_run(h, &s, t);
    assert_int_equal(h->rosters, 1);
    struct hash bad = hash_of(it.parts.p, it.parts.len);
    assert_int_equal(said_object(&s, &bad), WIRE_BAD);
    assert_int_equal(said_object(&s, &item.name), WIRE_GOOD);
    end_hang_up(&s, t);
    item_free(&it);
}

static void run(void (*fn)(struct hall *h), bool disk)
{
    struct post *p = post_new();
    struct store *s = disk ? open_disk(p) : open_memory(p, (uint64_t)1 << 40);
    struct hall h;
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
    X(label_with_its_batch_is_good_only_when_durable)                                                                  \
    X(known_label_is_had_already)                                                                                      \
    X(gap_floats_without_a_word_until_it_closes)                                                                       \
    X(floats_outlive_the_conversation)                                                                                 \
    X(too_many_floats_are_put_off)                                                                                     \
    X(other_label_of_a_number_raises_the_alarm)                                                                        \
    X(label_behind_another_head_raises_the_alarm)                                                                      \
    X(label_behind_a_revocation_is_set_aside)                                                                          \
    X(forged_label_is_bad)                                                                                             \
    X(over_the_quota_is_later)                                                                                         \
    X(recording_comes_in_label_list_and_blobs)                                                                         \
    X(object_that_no_label_names_is_later)                                                                             \
    X(object_of_another_size_is_bad)                                                                                   \
    X(flipped_object_is_bad_and_comes_again)                                                                           \
    X(flipped_batch_does_not_hold_its_label_up)                                                                        \
    X(parts_list_that_is_no_text_is_bad_and_not_kept)                                                                  \
    X(receipt_from_a_station_is_bad)                                                                                   \
    X(two_roads_bring_one_label_once)                                                                                  \
    X(nothing_is_said_to_a_conversation_that_is_over)                                                                  \
    X(paused_room_takes_nothing_until_it_goes_on)                                                                      \
    X(more_than_a_commit_holds_waits_for_the_next)                                                                     \
    X(roster_from_a_station_reaches_the_hub)

TESTS(BOTH)

static void full_disk_puts_blobs_off_and_takes_labels(void **state)
{
    struct post *p = post_new();
    struct store *s = open_memory(p, RESERVE_RECORDS + 10);
    struct hall h;
    struct item it[1];
    struct end e;
    struct talk *t;
    (void)state;
    hall_open(&h, p, s);
    chain_make(p, it, 1, 0, "a", 1);
    end_dial(&e, &h, 0, 1, NULL, &t);
    e.items = it;
    e.n_items = 1;
    end_label(&e, 0, false);
    end_object(&e, WIRE_PARTS, &it[0].l.parts, it[0].parts.len);
    end_object(&e, WIRE_BLOB, &it[0].blob_name[0], it[0].blob[0].len);
    hall_run(&h, &e, t);
    assert_int_equal(said_label(&e, 1), WIRE_GOOD);
    assert_int_equal(said_object(&e, &it[0].l.parts), WIRE_GOOD);
    assert_int_equal(said_object(&e, &it[0].blob_name[0]), WIRE_LATER);
    assert_non_null(strstr(last_why(&e), "full"));
    end_hang_up(&e, t);
    chain_free(it, 1);
    hall_close(&h);
    s->close(s);
    post_free(p);
}

static enum err broken_flush(struct store *s)
{
    (void)s;
    return err_set(ERR_FULL, "no space left");
}

static void failed_commit_says_later_and_keeps_nothing(void **state)
{
    struct post *p = post_new();
    struct store *s = open_disk(p);
    struct hall h;
    struct item it[1];
    struct end e;
    struct talk *t;
    (void)state;
    hall_open(&h, p, s);
    chain_make(p, it, 1, 0, "a", 0);
    end_dial(&e, &h, 0, 1, NULL, &t);
    e.items = it;
    e.n_items = 1;
    end_label(&e, 0, false);
    h.no_commit = true;
    hall_run(&h, &e, t);
    enum err (*flush)(struct store *) = s->flush;
    s->flush = broken_flush;
    enum err er = room_commit(&h.room, ERR_OK);
    assert_int_equal(er, ERR_AGAIN);
    assert_int_equal(room_commit(&h.room, s->flush(s)), ERR_FULL);
    s->flush = flush;
    hall_run(&h, &e, t);
    assert_true(e.ended);
    assert_int_equal(e.why, WIRE_END_LATER);
    assert_int_equal(e.n_said, 0);
    end_hang_up(&e, t);
    s->close(s);
    OK(store_sqlite_open(&s, p->hub, false));
    h.store = h.room.store = s;
    room_resume(&h.room);
    assert_int_equal(head_of(s, &it[0]), 0);
    h.no_commit = false;
    end_dial(&e, &h, 0, 1, NULL, &t);
    e.items = it;
    e.n_items = 1;
    end_label(&e, 0, false);
    hall_run(&h, &e, t);
    assert_int_equal(said_label(&e, 1), WIRE_GOOD);
    end_hang_up(&e, t);
    chain_free(it, 1);
    hall_close(&h);
    s->close(s);
    post_free(p);
}

int main(void)
{
#define ROW(name) cmocka_unit_test(memory_##name), cmocka_unit_test(disk_##name),
    const struct CMUnitTest tests[] = {TESTS(ROW) cmocka_unit_test(full_disk_puts_blobs_off_and_takes_labels),
                                       cmocka_unit_test(failed_commit_says_later_and_keeps_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
