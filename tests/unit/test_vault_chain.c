#include "tests/unit/station_fixture.h"

#include "storage/vault/object.h"
#include "storage/vault/rebuild.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void chain_file(struct district *d, char path[4096])
{
    char chain[CHAIN_ID];
    roster_chain_id(chain, &d->chain.pub);
    assert_int_equal(chain_path(path, d->station, chain), ERR_OK);
}

static void appended_batches_open_and_verify(void **state)
{
    (void)state;
    struct district *d = district_new();
    struct station *s = district_open(d);
    for (uint64_t i = 1; i <= 5; i++)
        assert_int_equal(district_append(s, "note", i % 2 ? d->user : NULL), i);
    struct buf text = {0}, plain = {0};
    struct batch *b;
    struct label l;
    assert_int_equal(queue_label(s->queue, s->chain, 3, &text), ERR_OK);
    assert_int_equal(label_parse(&l, (const char *)text.p, text.len), ERR_OK);
    assert_int_equal(chain_open_batch(s, &l, d->user, &b, &plain), ERR_OK);
    assert_string_equal(b->author, "nurse");
    assert_int_equal(json_array_size(b->entries), 1);
    batch_free(b);
    struct user *stranger;
    assert_int_equal(user_new(&stranger, "stranger"), ERR_OK);
    assert_int_equal(chain_open_batch(s, &l, stranger, &b, &plain), ERR_DENIED);
    user_free(stranger);
    buf_free(&text);
    buf_free(&plain);
    station_close(s);
    assert_int_equal(district_verify(d, NULL), 0);
    district_free(d);
}

static void unlock_needs_the_passphrase_and_gives_the_circles(void **state)
{
    (void)state;
    struct district *d = district_new();
    struct station *s = district_open(d);
    struct user *u;
    assert_int_equal(station_unlock(s, "nurse", PASS, strlen(PASS), &u), ERR_OK);
    assert_true(user_has_circle(u, "evidence/brigade-1"));
    user_free(u);
    char wrong[256], absent[256];
    assert_int_equal(station_unlock(s, "nurse", "lusab-babad-gutih-tugad-mudoj", strlen(PASS), &u), ERR_DENIED);
    strcpy(wrong, err_text());
    assert_int_equal(station_unlock(s, "nobody", PASS, strlen(PASS), &u), ERR_DENIED);
    strcpy(absent, err_text());
    assert_string_equal(wrong, absent);
    station_close(s);
    district_free(d);
}

static void label_torn_by_a_power_cut_is_cut_off(void **state)
{
    (void)state;
    struct district *d = district_new();
    char path[4096];
    struct station *s = district_open(d);
    district_append(s, "note", NULL);
    district_append(s, "note", NULL);
    station_close(s);
    chain_file(d, path);
    struct buf whole = {0}, one = {0};
    assert_int_equal(file_read(path, 1 << 20, &whole), ERR_OK);
    size_t first = label_skip((const char *)whole.p, whole.len);
    assert_int_equal(buf_add(&one, whole.p, first), ERR_OK);
    static const size_t cuts[] = {1, 14, 40, 200, 500};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        /* a third label begins, and the machine stops; its index row was never written */
        assert_int_equal(buf_add(&whole, one.p, cuts[i]), ERR_OK);
        assert_int_equal(file_write(path, whole.p, whole.len, 0600), ERR_OK);
        assert_int_equal(district_verify(d, NULL), 0);
        s = district_open(d);
        assert_int_equal(district_append(s, "note", NULL), 3 + i);
        station_close(s);
        assert_int_equal(district_verify(d, NULL), 0);
        assert_int_equal(file_read(path, 1 << 20, &whole), ERR_OK);
    }
    buf_free(&whole);
    buf_free(&one);
    district_free(d);
}

/* A flipped bit at the end must not make the program throw a saved label away. */
static void damaged_last_label_is_kept_and_named_and_work_goes_on(void **state)
{
    (void)state;
    static const char *const marks[] = {"\n", "signature: ", "count: ", "feldsher-label"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        struct district *d = district_new();
        char path[4096];
        struct station *s = district_open(d);
        district_append(s, "note", NULL);
        district_append(s, "note", NULL);
        station_close(s);
        chain_file(d, path);
        struct buf b = {0}, after = {0}, faults = {0};
        assert_int_equal(file_read(path, 1 << 20, &b), ERR_OK);
        size_t second = label_skip((const char *)b.p, b.len);
        size_t at = i == 0 ? b.len - 1 : (size_t)(strstr((char *)b.p + second, marks[i]) - (char *)b.p + 2);
        b.p[at] ^= 4;
        assert_int_equal(file_write(path, b.p, b.len, 0600), ERR_OK);
        assert_true(district_verify(d, &faults) > 0);
        assert_non_null(strstr((char *)faults.p, "chain/"));
        s = district_open(d);
        assert_int_equal(district_append(s, "note", NULL), 3);
        station_close(s);
        assert_int_equal(file_read(path, 1 << 20, &after), ERR_OK);
        assert_true(after.len > b.len && memcmp(after.p, b.p, b.len) == 0);
        assert_true(district_verify(d, &faults) > 0);
        buf_free(&b);
        buf_free(&after);
        buf_free(&faults);
        district_free(d);
    }
}

static void chain_put_back_is_named(void **state)
{
    (void)state;
    struct district *d = district_new();
    char path[4096];
    struct station *s = district_open(d);
    district_append(s, "note", NULL);
    station_close(s);
    chain_file(d, path);
    struct buf old = {0}, faults = {0};
    assert_int_equal(file_read(path, 1 << 20, &old), ERR_OK);
    s = district_open(d);
    district_append(s, "note", NULL);
    station_close(s);
    assert_int_equal(file_write(path, old.p, old.len, 0600), ERR_OK);
    assert_int_equal(district_verify(d, &faults), 1);
    assert_non_null(strstr((char *)faults.p, "put back"));
    /* and what comes next does not take the number of what was put away */
    s = district_open(d);
    assert_int_equal(district_append(s, "note", NULL), 3);
    station_close(s);
    buf_free(&old);
    buf_free(&faults);
    district_free(d);
}

static void programs_that_append_at_once_lose_no_label(void **state)
{
    (void)state;
    struct district *d = district_new();
    enum { PROGRAMS = 4, EACH = 15 };
    pid_t pids[PROGRAMS];
    for (int i = 0; i < PROGRAMS; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            struct station *s;
            if (station_open(&s, d->station, STATION_CHAIN_KEY))
                _exit(1);
            for (int k = 0; k < EACH; k++)
                district_append(s, "note", NULL);
            station_close(s);
            _exit(0);
        }
    }
    for (int i = 0; i < PROGRAMS; i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    struct station *s = district_open(d);
    struct queue_head h;
    assert_int_equal(queue_head(s->queue, s->chain, &h), ERR_OK);
    assert_int_equal(h.seq, PROGRAMS * EACH);
    station_close(s);
    assert_int_equal(district_verify(d, NULL), 0);
    district_free(d);
}

static enum err list_row(void *ctx, const struct hash *name, uint64_t size, enum queue_kind kind, const char *chain,
                         uint64_t seq)
{
    char hex[HASH_HEX];
    hash_hex(hex, name);
    return buf_fmt(ctx, "%s %llu %d %s %llu\n", hex, (unsigned long long)size, (int)kind, chain,
                   (unsigned long long)seq);
}

static enum err list_label(void *ctx, const struct label *l)
{
    return buf_add(ctx, l->text, l->len);
}

static void rebuilt_index_gives_the_same_answers(void **state)
{
    (void)state;
    struct district *d = district_new();
    struct buf before = {0}, after = {0};
    struct station *s = district_open(d);
    for (int i = 0; i < 6; i++)
        district_append(s, "note", d->user);
    assert_int_equal(queue_set_job(s->queue, "want", "abc", "text", 4), ERR_OK);
    assert_int_equal(queue_each_object(s->queue, list_row, &before), ERR_OK);
    assert_int_equal(queue_each_label(s->queue, NULL, 0, list_label, &before), ERR_OK);
    station_close(s);
    char path[4096];
    assert_int_equal(file_path(path, d->station, "queue.db"), ERR_OK);
    for (int damaged = 0; damaged < 4; damaged++) {
        if (damaged == 1)
            assert_int_equal(unlink(path), 0);
        if (damaged == 2) {
            int fd = open(path, O_WRONLY | O_TRUNC);
            assert_int_equal(write(fd, "no database at all", 18), 18);
            close(fd);
            assert_int_equal(district_verify(d, &after), 1);
            buf_clear(&after);
        }
        if (damaged == 3) { /* its head is well: that is seen when a row is to go in */
            uint8_t nothing[4096] = {0};
            int fd = open(path, O_WRONLY);
            for (off_t at = 4096; at < lseek(fd, 0, SEEK_END); at += 4096)
                assert_int_equal(pwrite(fd, nothing, sizeof nothing, at), sizeof nothing);
            close(fd);
        }
        if (damaged == 0) {
            assert_int_equal(station_open(&s, d->station, STATION_READ_ONLY), ERR_OK);
            assert_int_equal(rebuild_queue(d->station, s, NULL), ERR_OK);
            station_close(s);
        }
        s = district_open(d); /* a damaged or missing index heals itself */
        buf_clear(&after);
        assert_int_equal(queue_each_object(s->queue, list_row, &after), ERR_OK);
        assert_int_equal(queue_each_label(s->queue, NULL, 0, list_label, &after), ERR_OK);
        assert_string_equal((char *)before.p, (char *)after.p);
        struct buf job = {0};
        assert_int_equal(queue_job(s->queue, "want", "abc", &job), damaged ? ERR_NOINPUT : ERR_OK);
        buf_free(&job);
        assert_int_equal(district_append(s, "note", NULL), 7 + damaged);
        buf_clear(&before);
        assert_int_equal(queue_each_object(s->queue, list_row, &before), ERR_OK);
        assert_int_equal(queue_each_label(s->queue, NULL, 0, list_label, &before), ERR_OK);
        station_close(s);
        assert_int_equal(district_verify(d, NULL), 0);
    }
    buf_free(&before);
    buf_free(&after);
    district_free(d);
}

static void index_row_of_another_program_catches_up(void **state)
{
    (void)state;
    struct district *d = district_new();
    char db[4096], keep[4096 + 8], sum[4096];
    struct station *s = district_open(d);
    district_append(s, "note", NULL);
    station_close(s);
    assert_int_equal(file_path(db, d->station, "queue.db"), ERR_OK);
    assert_int_equal(file_path(sum, d->station, "queue.db.sum"), ERR_OK);
    snprintf(keep, sizeof keep, "%s.keep", db);
    struct buf old = {0}, old_sum = {0}, faults = {0};
    assert_int_equal(file_read(db, 1 << 24, &old), ERR_OK);
    assert_int_equal(file_read(sum, 1 << 10, &old_sum), ERR_OK);
    s = district_open(d);
    district_append(s, "note", NULL);
    station_close(s);
    assert_int_equal(file_write(db, old.p, old.len, 0600), ERR_OK); /* queue.db put back with its sum */
    assert_int_equal(file_write(sum, old_sum.p, old_sum.len, 0600), ERR_OK);
    assert_int_equal(district_verify(d, &faults), 1);
    assert_non_null(strstr((char *)faults.p, "queue.db"));
    s = district_open(d);
    struct queue_head h;
    assert_int_equal(queue_head(s->queue, s->chain, &h), ERR_OK);
    assert_int_equal(h.seq, 2);
    station_close(s);
    assert_int_equal(district_verify(d, NULL), 0);
    buf_free(&old);
    buf_free(&old_sum);
    buf_free(&faults);
    district_free(d);
}

static void clock_wrong_by_years_is_marked_and_clamped(void **state)
{
    (void)state;
    enum clock_mark m;
    const int64_t day = 86400000, now = 1790000000000;
    struct hlc last = {now, 4};
    struct hlc t = clock_tick(last, now + 5000, 0, &m);
    assert_true(m == CLOCK_FINE && t.ms == now + 5000 && t.count == 0);
    t = clock_tick(last, now - 365 * 10 * day, 0, &m);
    assert_true(m == CLOCK_BEHIND && t.ms == now && t.count == 5);
    t = clock_tick(last, now + 365 * 10 * day, 0, &m);
    assert_true(m == CLOCK_AHEAD && t.ms == now && t.count == 5);
    t = clock_tick(last, now + 30 * day, now + 2 * day, &m);
    assert_true(m == CLOCK_FINE && t.ms == now + 30 * day);
    t = clock_tick(last, now - day, now + 2 * day, &m);
    assert_true(m == CLOCK_BEHIND && t.ms == now + 2 * day);
    /* others' clocks */
    t = clock_merge(last, (struct hlc){now + 365 * day, 0}, now);
    assert_true(t.ms == now && t.count == 4);
    t = clock_merge(last, (struct hlc){now + 1000, 2}, now);
    assert_true(t.ms == now + 1000 && t.count == 2);
}

static void revoked_or_frozen_station_appends_nothing(void **state)
{
    (void)state;
    struct district *d = district_new();
    struct station *s = district_open(d);
    district_append(s, "note", NULL);
    json_t *entries = json_pack("[{s:s,s:s,s:{}}]", "id", "00112233445566778899", "type", "note", "data");
    struct append a = {.entries = entries, .seal = ROSTER_RECORD, .lane = LANE_BATCH, .retain_class = "records"};
    uint64_t seq;
    static const char *const jobs[] = {"frozen", "restored"};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(queue_set_job(s->queue, jobs[i], s->chain, "why", 3), ERR_OK);
        assert_int_equal(chain_append(s, &a, &seq), ERR_DENIED);
        assert_int_equal(queue_end_job(s->queue, jobs[i], s->chain), ERR_OK);
    }
    struct receipt r = {.labels = 1, .alarm_seq = 1, .time = 1790000000000};
    strcpy(r.chain, s->chain);
    strcpy(r.hub, "hub");
    struct queue_head h;
    assert_int_equal(queue_head(s->queue, s->chain, &h), ERR_OK);
    r.head = h.hash;
    r.alarm_a = h.hash;
    assert_int_equal(receipt_write(&r, &d->hub), ERR_OK);
    assert_int_equal(station_take_receipt(s, (char *)r.text.p, r.text.len), ERR_OK);
    assert_int_equal(chain_append(s, &a, &seq), ERR_DENIED);
    buf_free(&r.text);
    json_decref(entries);
    station_close(s);
    district_free(d);
}

/* Killed between the copy in notices/ and `roster` itself. */
static void a_roster_half_taken_is_no_fault_and_is_finished(void **state)
{
    (void)state;
    struct district *d = district_new();
    struct buf faults = {0};
    char path[4096], aside[4096];
    d->roster.number = 7;
    assert_int_equal(roster_sign(&d->roster, &d->authority), ERR_OK);
    assert_int_equal(file_path(path, d->station, "notices/roster-7"), ERR_OK);
    assert_int_equal(file_write(path, d->roster.text.p, d->roster.text.len, 0600), ERR_OK);
    assert_int_equal(file_path(aside, d->station, "notices/roster-7.tmp"), ERR_OK);
    assert_int_equal(district_verify(d, &faults), 1); /* that is not how it is taken */
    assert_int_equal(file_write(aside, d->roster.text.p, d->roster.text.len - 1, 0600), ERR_OK);
    assert_int_equal(district_verify(d, &faults), 1);
    assert_int_equal(file_write(aside, d->roster.text.p, d->roster.text.len, 0600), ERR_OK);
    assert_int_equal(district_verify(d, NULL), 0);
    station_close(district_open(d));
    assert_false(file_exists(aside));
    assert_int_equal(district_verify(d, NULL), 0);
    buf_free(&faults);
    district_free(d);
}

static void roster_goes_only_forward_and_only_from_the_authority(void **state)
{
    (void)state;
    struct district *d = district_new();
    struct station *s = district_open(d);
    struct sign_secret thief;
    sign_new(&thief);
    d->roster.number = 5;
    assert_int_equal(roster_sign(&d->roster, &thief), ERR_OK);
    assert_int_equal(station_take_roster(s, (char *)d->roster.text.p, d->roster.text.len), ERR_BAD);
    assert_int_equal(roster_sign(&d->roster, &d->authority), ERR_OK);
    assert_int_equal(station_take_roster(s, (char *)d->roster.text.p, d->roster.text.len), ERR_OK);
    assert_int_equal(s->roster->number, 5);
    d->roster.number = 4;
    assert_int_equal(roster_sign(&d->roster, &d->authority), ERR_OK);
    assert_int_equal(station_take_roster(s, (char *)d->roster.text.p, d->roster.text.len), ERR_AGAIN);
    district_append(s, "note", NULL);
    station_close(s);
    /* an old roster put in its place is named and not obeyed */
    char path[4096];
    struct buf faults = {0};
    assert_int_equal(file_path(path, d->station, "roster"), ERR_OK);
    assert_int_equal(file_write(path, d->roster.text.p, d->roster.text.len, 0600), ERR_OK);
    assert_int_equal(district_verify(d, &faults), 1);
    assert_non_null(strstr((char *)faults.p, "roster"));
    s = district_open(d);
    assert_int_equal(s->roster->number, 5);
    station_close(s);
    /* and without any, work goes on from the copy */
    assert_int_equal(unlink(path), 0);
    s = district_open(d);
    assert_int_equal(s->roster->number, 5);
    district_append(s, "note", NULL);
    station_close(s);
    buf_free(&faults);
    district_free(d);
}

static void arrived_labels_must_follow_and_clones_are_seen(void **state)
{
    (void)state;
    struct district *d = district_new();
    struct station *s = district_open(d);
    struct label l = {
        .seq = 1, .roster = 1, .size = 10, .lane = 1, .time = 1790000000000, .count = 1, .retain_until = INT64_MAX};
    struct sign_secret other;
    struct buf one = {0}, two = {0}, fork = {0};
    sign_new(&other);
    /* the roster learns of another station */
    d->roster.stations = reallocarray(d->roster.stations, 2, sizeof *d->roster.stations);
    d->roster.stations[1] = d->roster.stations[0];
    d->roster.n_stations = 2;
    strcpy(d->roster.stations[1].name, "amb-2");
    d->roster.stations[1].key = other.pub;
    d->roster.stations[1].link = d->hub_link.pub;
    roster_chain_id(d->roster.stations[1].chain, &other.pub);
    d->roster.number = 2;
    assert_int_equal(roster_sign(&d->roster, &d->authority), ERR_OK);
    assert_int_equal(station_take_roster(s, (char *)d->roster.text.p, d->roster.text.len), ERR_OK);
    roster_chain_id(l.chain, &other.pub);
    strcpy(l.to, "records unit/brigade-1");
    strcpy(l.retain_class, "records");
    assert_int_equal(label_write(&l, &other, &one), ERR_OK);
    struct hash h = hash_of(one.p, one.len);
    l.seq = 2;
    l.prev = h;
    assert_int_equal(label_write(&l, &other, &two), ERR_OK);
    l.lane = 0;
    assert_int_equal(label_write(&l, &other, &fork), ERR_OK);
    assert_int_equal(chain_take(s, (char *)two.p, two.len), ERR_DATA);
    assert_int_equal(chain_take(s, (char *)one.p, one.len), ERR_OK);
    assert_int_equal(chain_take(s, (char *)one.p, one.len), ERR_AGAIN);
    assert_int_equal(chain_take(s, (char *)two.p, two.len), ERR_OK);
    assert_int_equal(chain_take(s, (char *)fork.p, fork.len), ERR_BAD);
    assert_non_null(strstr(err_text(), "cloned"));
    buf_free(&one);
    buf_free(&two);
    buf_free(&fork);
    station_close(s);
    district_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appended_batches_open_and_verify),
        cmocka_unit_test(unlock_needs_the_passphrase_and_gives_the_circles),
        cmocka_unit_test(label_torn_by_a_power_cut_is_cut_off),
        cmocka_unit_test(damaged_last_label_is_kept_and_named_and_work_goes_on),
        cmocka_unit_test(chain_put_back_is_named),
        cmocka_unit_test(programs_that_append_at_once_lose_no_label),
        cmocka_unit_test(rebuilt_index_gives_the_same_answers),
        cmocka_unit_test(index_row_of_another_program_catches_up),
        cmocka_unit_test(clock_wrong_by_years_is_marked_and_clamped),
        cmocka_unit_test(revoked_or_frozen_station_appends_nothing),
        cmocka_unit_test(a_roster_half_taken_is_no_fault_and_is_finished),
        cmocka_unit_test(roster_goes_only_forward_and_only_from_the_authority),
        cmocka_unit_test(arrived_labels_must_follow_and_clones_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
