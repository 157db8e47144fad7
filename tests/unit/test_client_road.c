/* A station's side of a conversation over a real station folder; the hub's
 * side is made by hand. */
#include "tests/unit/road_fixture.h"

#include "storage/base/clock.h"

#define OTHERS 3

/* Another station of the district: a chain of labels, the last with two blobs. */
struct other {
    struct sign_secret key;
    char chain[CHAIN_ID];
    struct buf text[OTHERS], batch[OTHERS], parts, blob[2];
    struct hash prev;
};

static void other_label(struct other *o, unsigned i, const char *to)
{
    struct label l = {
        .seq = i + 1, .prev = o->prev, .roster = 2, .lane = LANE_BATCH, .time = 1765000000000, .count = 1};
    memcpy(l.chain, o->chain, sizeof l.chain);
    OK(buf_fmt(&o->batch[i], "batch %u", i + 1));
    l.object = l.content = hash_of(o->batch[i].p, o->batch[i].len);
    l.size = o->batch[i].len;
    snprintf(l.to, sizeof l.to, "%s", to);
    snprintf(l.retain_class, sizeof l.retain_class, "records");
    l.retain_until = 1790000000000;
    if (i == OTHERS - 1) {
        OK(parts_begin(&o->parts));
        for (unsigned k = 0; k < 2; k++) {
            OK(buf_reserve(&o->blob[k], 30000));
            memset(o->blob[k].p, 'a' + (int)k, 30000);
            o->blob[k].len = 30000;
            struct hash name = hash_of(o->blob[k].p, o->blob[k].len);
            OK(parts_blob(&o->parts, &name, o->blob[k].len));
        }
        l.parts = hash_of(o->parts.p, o->parts.len);
    }
    OK(label_write(&l, &o->key, &o->text[i]));
    OK(label_parse(&l, (const char *)o->text[i].p, o->text[i].len));
    o->prev = label_hash(&l);
}

static struct other *other_new(void)
{
    struct other *o = calloc(1, sizeof *o);
    assert_non_null(o);
    sign_new(&o->key);
    roster_chain_id(o->chain, &o->key.pub);
    other_label(o, 0, "records/brigade-1 unit/brigade-1");
    other_label(o, 1, "records/elsewhere unit/elsewhere");
    other_label(o, 2, "records/brigade-1 unit/brigade-1");
    return o;
}

static void other_free(struct other *o)
{
    for (size_t i = 0; i < OTHERS; i++) {
        buf_free(&o->text[i]);
        buf_free(&o->batch[i]);
    }
    buf_free(&o->parts);
    buf_free(&o->blob[0]);
    buf_free(&o->blob[1]);
    free(o);
}

/* Roster `number` with the other station in it; ours revoked or not. */
static void next_roster(struct meeting *m, const struct other *o, uint64_t number, bool revoked, struct buf *out)
{
    struct roster *r = &m->d->roster;
    r->number = number;
    if (o && r->n_stations == 1) {
        struct roster_station s = {.kind = STATION_CREW, .key = o->key.pub, .link = o->key.pub};
        strcpy(s.name, "amb-2");
        strcpy(s.unit, "brigade-1");
        memcpy(s.chain, o->chain, sizeof s.chain);
        OK(roster_add_station(r, &s));
    }
    for (size_t i = 0; i < r->n_stations; i++)
        if (strcmp(r->stations[i].name, "amb-1") == 0) {
            r->stations[i].revoked = revoked;
            r->stations[i].revoked_at = revoked ? 1760000000000 : 0;
        }
    OK(roster_sign(r, &m->d->authority));
    OK(buf_add(out, r->text.p, r->text.len));
}

static void learn_roster(struct meeting *m, const struct other *o)
{
    struct buf text = {0};
    next_roster(m, o, 2, false, &text);
    OK(station_take_roster(m->in.station, (const char *)text.p, text.len));
    buf_free(&text);
}

/* A label of ours with `blobs` blobs of random bytes. */
static uint64_t append(struct meeting *m, unsigned blobs, size_t size, struct hash *parts)
{
    struct station *s = m->in.station;
    struct buf list = {0}, blob = {0};
    struct hash name = {{0}};
    uint64_t seq;
    char id[ENTRY_ID];
    if (blobs)
        OK(parts_begin(&list));
    for (unsigned i = 0; i < blobs; i++) {
        buf_clear(&blob);
        OK(buf_reserve(&blob, size));
        for (size_t k = 0; k < size; k++)
            blob.p[k] = (uint8_t)(k * 7 + i + (k >> 8));
        blob.len = size;
        OK(object_put(s->dir, blob.p, blob.len, &name));
        OK(parts_blob(&list, &name, blob.len));
    }
    if (blobs)
        OK(object_put(s->dir, list.p, list.len, &name));
    if (parts)
        *parts = name;
    batch_entry_id(id);
    json_t *entries = json_pack("[{s:s,s:s,s:{s:s}}]", "id", id, "type", "note", "data", "text", "a word");
    struct append a = {.entries = entries,
                       .seal = ROSTER_RECORD,
                       .lane = LANE_BATCH,
                       .parts = blobs ? &name : NULL,
                       .retain_class = "records"};
    OK(chain_append(s, &a, &seq));
    json_decref(entries);
    buf_free(&list);
    buf_free(&blob);
    return seq;
}

static void give_receipt(struct meeting *m, uint64_t labels, int64_t time)
{
    struct receipt *r = calloc(1, sizeof *r);
    struct buf text = {0};
    struct label l;
    assert_non_null(r);
    memcpy(r->chain, m->in.station->chain, sizeof r->chain);
    strcpy(r->hub, "hub");
    r->labels = labels;
    r->time = time;
    if (labels) {
        OK(queue_label(m->in.station->queue, r->chain, labels, &text));
        OK(label_parse(&l, (const char *)text.p, text.len));
        r->head = label_hash(&l);
    }
    OK(receipt_write(r, &m->d->hub));
    give_object(&m->hub, WIRE_RECEIPT, &r->text, NULL);
    receipt_free(r);
    buf_free(&text);
}

static uint64_t head(struct meeting *m, const char *chain)
{
    struct queue_head h;
    OK(queue_head(m->in.station->queue, chain, &h));
    return h.seq;
}

static void everything_goes_and_a_receipt_ends_it(void **state)
{
    struct meeting *m = meeting_new();
    struct hash parts;
    struct offers_left left;
    (void)state;
    append(m, 0, 0, NULL);
    append(m, 3, 50000, &parts);
    append(m, 0, 0, NULL);
    give_receipt(m, 3, m->wall + 5000);
    meet(m, 0, 1, m->wall);
    OK(talk(m, UINT64_MAX));
    assert_int_equal(m->hub.n_labels, 3);
    assert_true(hub_has(&m->hub, &parts));
    assert_int_equal(m->hub.n_objects, 4);
    assert_int_equal(m->hub.gifts[0].answer, WIRE_GOOD);
    assert_true(road_news(m->road)->receipt);
    OK(offers_count(m->offers, &left));
    for (size_t i = 0; i < LANES; i++)
        assert_int_equal(left.items[i], 0);
    assert_int_equal(m->in.taken.receipts, 1);
    meeting_free(m);
}

static void what_the_hub_refuses_is_listed_and_holds_nothing_up(void **state)
{
    struct meeting *m = meeting_new();
    char name[80];
    (void)state;
    append(m, 0, 0, NULL);
    append(m, 0, 0, NULL);
    m->hub.refuse = 1;
    meet(m, 0, 1, m->wall);
    OK(talk(m, UINT64_MAX));
    assert_int_equal(m->hub.n_labels, 2);
    snprintf(name, sizeof name, "hub/%s/1", m->in.station->chain);
    assert_true(job(m, "quarantine", name, "the hub refused it: it is\\x1b[31m red"));
    hang_up(m);
    OK(road_forget(&m->in));
    assert_false(job(m, "quarantine", name, NULL));
    meeting_free(m);
}

static void labels_wait_for_those_before_them_and_for_their_batch(void **state)
{
    struct meeting *m = meeting_new();
    struct other *o = other_new();
    (void)state;
    learn_roster(m, o);
    give_label(&m->hub, &o->text[2], &o->batch[2]);
    give_label(&m->hub, &o->text[0], NULL);
    give_object(&m->hub, WIRE_BATCH, &o->batch[0], NULL); /* behind its label */
    give_label(&m->hub, &o->text[1], NULL);               /* is for others: no batch */
    give_object(&m->hub, WIRE_PARTS, &o->parts, NULL);
    meet(m, 0, 2, m->wall);
    OK(talk(m, UINT64_MAX));
    assert_int_equal(head(m, o->chain), 3);
    for (size_t i = 0; i < m->hub.n_gifts; i++)
        assert_int_equal(m->hub.gifts[i].answer, WIRE_GOOD);
    assert_int_equal(m->in.taken.labels, 3);
    other_free(o);
    meeting_free(m);
}

/* The label comes beside this conversation: by the one before it, or by a stick. */
static void a_batch_stays_if_its_label_came_elsewhere(void **state)
{
    struct meeting *m = meeting_new();
    struct other *o = other_new();
    struct label l;
    uint64_t size;
    (void)state;
    learn_roster(m, o);
    give_object(&m->hub, WIRE_BATCH, &o->batch[0], NULL);
    give_object(&m->hub, WIRE_BATCH, &o->batch[2], NULL);
    meet(m, 0, 2, m->wall);
    OK(talk(m, UINT64_MAX));
    OK(label_parse(&l, (const char *)o->text[0].p, o->text[0].len));
    OK(taking_label(&m->in, &l));
    hang_up(m);
    assert_true(object_size(m->in.station->dir, &l.object, &size));
    struct hash loose = hash_of(o->batch[2].p, o->batch[2].len);
    assert_false(object_size(m->in.station->dir, &loose, &size));
    other_free(o);
    meeting_free(m);
}

static void a_batch_that_never_comes_holds_nobody_up(void **state)
{
    struct meeting *m = meeting_new();
    struct other *o = other_new();
    struct wire_status s;
    (void)state;
    learn_roster(m, o);
    struct gift *g = give_label(&m->hub, &o->text[0], NULL);
    meet(m, 0, 2, m->wall);
    OK(talk(m, UINT64_MAX));
    assert_int_equal(g->answer, -1);
    assert_int_equal(road_waits(m->road), 1);
    road_tire(m->road);
    OK(talk(m, UINT64_MAX));
    assert_int_equal(g->answer, WIRE_LATER);
    wire_status(road_wire(m->road), &s);
    assert_true(s.answered);
    other_free(o);
    meeting_free(m);
}

static void roster_comes_before_the_labels_it_names(void **state)
{
    struct meeting *m = meeting_new();
    struct other *o = other_new();
    struct buf roster = {0};
    (void)state;
    next_roster(m, o, 2, false, &roster);
    give_label(&m->hub, &o->text[0], &o->batch[0]); /* lane 1 goes before lane 2 */
    struct gift *g = give_object(&m->hub, WIRE_ROSTER, &roster, NULL);
    meet(m, 0, 2, m->wall);
    OK(talk(m, UINT64_MAX));
    assert_int_equal(g->answer, WIRE_GOOD);
    assert_int_equal(m->in.station->roster->number, 2);
    assert_int_equal(head(m, o->chain), 1);
    buf_free(&roster);
    other_free(o);
    meeting_free(m);
}

static void wrong_bytes_are_refused_and_listed_and_the_rest_goes_on(void **state)
{
    struct meeting *m = meeting_new();
    struct other *o = other_new();
    char name[HASH_HEX + 8] = "hub/";
    (void)state;
    learn_roster(m, o);
    struct hash h = hash_of(o->batch[0].p, o->batch[0].len);
    struct gift *bad = give_object(&m->hub, WIRE_BATCH, &o->batch[1], &h);
    give_label(&m->hub, &o->text[0], &o->batch[0]);
    meet(m, 0, 2, m->wall);
    OK(talk(m, UINT64_MAX));
    assert_int_equal(bad->answer, WIRE_BAD);
    hash_hex(name + 4, &h);
    assert_true(job(m, "quarantine", name, NULL));
    assert_int_equal(head(m, o->chain), 1);
    other_free(o);
    meeting_free(m);
}

static void forged_labels_are_refused(void **state)
{
    struct meeting *m = meeting_new();
    struct other *o = other_new();
    (void)state;
    learn_roster(m, o);
    uint8_t *letter = &o->text[0].p[o->text[0].len - 10]; /* of the signature, in base64 */
    *letter = *letter == 'A' ? 'B' : 'A';
    struct gift *g = give_label(&m->hub, &o->text[0], &o->batch[0]);
    meet(m, 0, 2, m->wall);
    enum err e = talk(m, UINT64_MAX);
    assert_true(e == ERR_OK || e == ERR_DATA);
    assert_true(e || g->answer == WIRE_BAD);
    assert_int_equal(head(m, o->chain), 0);
    other_free(o);
    meeting_free(m);
}

static void want(struct meeting *m, const struct other *o, const char *text)
{
    struct hash parts = hash_of(o->parts.p, o->parts.len);
    char hex[HASH_HEX];
    hash_hex(hex, &parts);
    OK(queue_set_job(m->in.station->queue, "want", hex, text, strlen(text)));
}

static void only_the_blobs_asked_for_come_and_end_the_wish(void **state)
{
    struct meeting *m = meeting_new();
    struct other *o = other_new();
    struct hash parts = hash_of(o->parts.p, o->parts.len);
    char hex[HASH_HEX];
    (void)state;
    learn_roster(m, o);
    want(m, o, "x\nblobs: 1-1");
    for (size_t i = 0; i < OTHERS; i++)
        give_label(&m->hub, &o->text[i], i == 1 ? NULL : &o->batch[i]);
    give_object(&m->hub, WIRE_PARTS, &o->parts, NULL);
    struct gift *unasked = give_object(&m->hub, WIRE_BLOB, &o->blob[0], NULL);
    struct gift *asked = give_object(&m->hub, WIRE_BLOB, &o->blob[1], NULL);
    meet(m, 0, 2, m->wall);
    OK(talk(m, UINT64_MAX));
    assert_int_equal(m->hub.n_wants, 1);
    assert_int_equal(m->hub.wants[0].first, 1);
    assert_int_equal(m->hub.wants[0].last, 1);
    assert_int_equal(unasked->answer, WIRE_LATER);
    assert_int_equal(asked->answer, WIRE_GOOD);
    hash_hex(hex, &parts);
    assert_false(job(m, "want", hex, NULL));
    other_free(o);
    meeting_free(m);
}

static void a_blob_goes_on_where_it_was_cut(void **state)
{
    struct meeting *m = meeting_new();
    struct other *o = other_new();
    uint64_t size;
    (void)state;
    learn_roster(m, o);
    want(m, o, "x");
    for (size_t i = 0; i < OTHERS; i++)
        give_label(&m->hub, &o->text[i], i == 1 ? NULL : &o->batch[i]);
    give_object(&m->hub, WIRE_PARTS, &o->parts, NULL);
    give_object(&m->hub, WIRE_BLOB, &o->blob[0], NULL);
    meet(m, 0, 2, m->wall);
    OK(talk(m, 24000));
    hang_up(m);
    struct gift *g = give_object(&m->hub, WIRE_BLOB, &o->blob[0], NULL);
    g->item.sent = WIRE_ASK;
    meet(m, 0, 2, m->wall);
    OK(talk(m, UINT64_MAX));
    assert_int_equal(g->answer, WIRE_GOOD);
    assert_true(m->passed < 20000); /* and not the 30000 bytes of it */
    struct hash name = hash_of(o->blob[0].p, o->blob[0].len);
    assert_true(object_size(m->in.station->dir, &name, &size) && size == 30000);
    other_free(o);
    meeting_free(m);
}

/* The newest labels are lost with a disk; the hub still has them. */
static void a_restored_station_does_not_append_before_the_rest_is_here(void **state)
{
    struct meeting *m = meeting_new();
    struct buf text[3] = {{0}}, batch[3] = {{0}};
    char cmd[512];
    (void)state;
    append(m, 0, 0, NULL);
    station_close(m->in.station);
    snprintf(cmd, sizeof cmd, "cp -a %s %s.old", m->d->station, m->d->station);
    assert_int_equal(system(cmd), 0);
    m->in.station = district_open(m->d);
    for (uint64_t i = 1; i < 3; i++) {
        struct label l;
        append(m, 0, 0, NULL);
        OK(queue_label(m->in.station->queue, m->in.station->chain, i + 1, &text[i]));
        OK(label_parse(&l, (const char *)text[i].p, text[i].len));
        OK(object_get(m->in.station->dir, &l.object, BATCH_SEALED_MAX, &batch[i]));
    }
    give_receipt(m, 3, m->wall + 60000);
    struct buf receipt = {0};
    OK(buf_add(&receipt, m->hub.gifts[0].text.p, m->hub.gifts[0].text.len));
    hang_up(m);
    station_close(m->in.station);
    snprintf(cmd, sizeof cmd, "rm -rf %s && mv %s.old %s", m->d->station, m->d->station, m->d->station);
    assert_int_equal(system(cmd), 0);
    m->in.station = district_open(m->d);
    offers_free(m->offers);
    struct offers_stock stock = stock_of(m->in.station);
    OK(offers_new(&m->offers, &stock, m->in.station->chain));
    meet(m, 3, 1, m->wall);
    OK(talk(m, UINT64_MAX));
    assert_true(job(m, "restored", m->in.station->chain, NULL));
    hang_up(m);
    give_label(&m->hub, &text[1], &batch[1]);
    give_label(&m->hub, &text[2], &batch[2]);
    give_object(&m->hub, WIRE_RECEIPT, &receipt, NULL);
    meet(m, 3, 1, m->wall);
    OK(talk(m, UINT64_MAX));
    assert_int_equal(head(m, m->in.station->chain), 3);
    assert_false(job(m, "restored", m->in.station->chain, NULL));
    append(m, 0, 0, NULL);
    for (size_t i = 0; i < 3; i++) {
        buf_free(&text[i]);
        buf_free(&batch[i]);
    }
    buf_free(&receipt);
    meeting_free(m);
}

static void another_label_under_its_name_freezes_the_station(void **state)
{
    struct meeting *m = meeting_new();
    struct other *o = other_new();
    struct buf batch = {0}, text = {0};
    struct label l = {.seq = 1, .roster = 1, .lane = LANE_BATCH, .time = 1765000000000, .count = 1};
    (void)state;
    append(m, 0, 0, NULL);
    OK(buf_str(&batch, "a clone's batch"));
    memcpy(l.chain, m->in.station->chain, sizeof l.chain);
    l.object = l.content = hash_of(batch.p, batch.len);
    l.size = batch.len;
    strcpy(l.to, "records/brigade-1 unit/brigade-1");
    strcpy(l.retain_class, "records");
    l.retain_until = 1790000000000;
    OK(label_write(&l, &m->d->chain, &text));
    struct gift *g = give_label(&m->hub, &text, &batch);
    meet(m, 1, 1, m->wall);
    OK(talk(m, UINT64_MAX));
    assert_int_equal(g->answer, WIRE_BAD);
    assert_true(job(m, "frozen", m->in.station->chain, "cloned"));
    buf_free(&batch);
    buf_free(&text);
    other_free(o);
    meeting_free(m);
}

static void a_revoking_roster_ends_the_conversation(void **state)
{
    struct meeting *m = meeting_new();
    struct buf roster = {0};
    (void)state;
    next_roster(m, NULL, 2, true, &roster);
    give_object(&m->hub, WIRE_ROSTER, &roster, NULL);
    meet(m, 0, 2, m->wall);
    OK(talk(m, UINT64_MAX));
    assert_true(road_news(m->road)->revoked);
    assert_true(job(m, "frozen", m->in.station->chain, "roster 2"));
    assert_true(m->hub.ended);
    assert_int_equal(m->hub.why, WIRE_END_REVOKED);
    buf_free(&roster);
    meeting_free(m);
}

static void a_clock_that_differs_is_noted_and_works_all_the_same(void **state)
{
    struct meeting *m = meeting_new();
    (void)state;
    append(m, 0, 0, NULL);
    meet(m, 0, 1, m->wall - 7380000);
    OK(talk(m, UINT64_MAX));
    assert_int_equal(m->hub.n_labels, 1);
    assert_true(job(m, "clock", "hub", "+7380"));
    hang_up(m);
    meet(m, 1, 1, m->wall + 100000);
    OK(talk(m, UINT64_MAX));
    assert_false(job(m, "clock", "hub", NULL));
    meeting_free(m);
}

static void notices_and_a_roster_go_where_they_are_not(void **state)
{
    struct meeting *m = meeting_new();
    struct notice n = {.kind = NOTICE_HOLD, .time = 1765000000000};
    (void)state;
    strcpy(n.district, "demo");
    strcpy(n.recording, "0123456789abcdef0123");
    n.parts = hash_of("x", 1);
    n.why = (char[]){"a complaint"};
    OK(notice_write(&n));
    m->d->roster.users[0].roles |= ROLE_SUPERVISOR;
    learn_roster(m, NULL);
    OK(notice_sign(&n, "nurse", &m->d->user->sign));
    OK(station_take_notice(m->in.station, (const char *)n.text.p, n.text.len));
    meet(m, 0, 0, m->wall); /* the hub has no roster either */
    OK(talk(m, UINT64_MAX));
    assert_int_equal(m->hub.texts, 2);
    buf_free(&n.text);
    meeting_free(m);
}

static void a_hub_under_another_name_than_its_key_is_not_talked_to(void **state)
{
    struct meeting *m = meeting_new();
    struct wire_start w = {.side = {.ctx = &m->hub, .hello = hub_hello}, .hello = {.role = WIRE_HUB, .name = "else"}};
    (void)state;
    meet(m, 0, 1, m->wall);
    wire_free(m->hub.wire);
    memcpy(w.hello.chain, m->in.station->chain, sizeof w.hello.chain);
    OK(wire_new(&m->hub.wire, &w, m->now));
    uint8_t bytes[8192];
    size_t n, used;
    OK(wire_out(m->hub.wire, bytes, sizeof bytes, m->now, &n));
    assert_int_equal(wire_in(road_wire(m->road), bytes, n, m->now, &used), ERR_DATA);
    assert_false(road_news(m->road)->met);
    meeting_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_goes_and_a_receipt_ends_it),
        cmocka_unit_test(what_the_hub_refuses_is_listed_and_holds_nothing_up),
        cmocka_unit_test(labels_wait_for_those_before_them_and_for_their_batch),
        cmocka_unit_test(a_batch_stays_if_its_label_came_elsewhere),
        cmocka_unit_test(a_batch_that_never_comes_holds_nobody_up),
        cmocka_unit_test(roster_comes_before_the_labels_it_names),
        cmocka_unit_test(wrong_bytes_are_refused_and_listed_and_the_rest_goes_on),
        cmocka_unit_test(forged_labels_are_refused),
        cmocka_unit_test(only_the_blobs_asked_for_come_and_end_the_wish),
        cmocka_unit_test(a_blob_goes_on_where_it_was_cut),
        cmocka_unit_test(a_restored_station_does_not_append_before_the_rest_is_here),
        cmocka_unit_test(another_label_under_its_name_freezes_the_station),
        cmocka_unit_test(a_revoking_roster_ends_the_conversation),
        cmocka_unit_test(a_clock_that_differs_is_noted_and_works_all_the_same),
        cmocka_unit_test(notices_and_a_roster_go_where_they_are_not),
        cmocka_unit_test(a_hub_under_another_name_than_its_key_is_not_talked_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
