#include "tests/unit/records_fixture.h"

#include "storage/records/custody.h"
#include "storage/records/recording.h"
#include "storage/vault/object.h"

#include <dirent.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct district *d;
static struct station *s;

static int setup(void **state)
{
    (void)state;
    d = district_new();
    s = district_open(d);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    station_close(s);
    district_free(d);
    return 0;
}

static struct records *open_records(void)
{
    struct records *r;
    enum err e = records_open(&r, s, d->user);
    if (e)
        fprintf(stderr, "records_open: %s\n", err_text());
    assert_int_equal(e, ERR_OK);
    return r;
}

/* The one file of the index; "" none. */
static void database(char out[static 512])
{
    out[0] = '\0';
    DIR *dir = opendir(d->station);
    assert_non_null(dir);
    for (struct dirent *f; (f = readdir(dir)) != NULL;)
        if (strncmp(f->d_name, "records-", 8) == 0 && strcmp(f->d_name + strlen(f->d_name) - 3, ".db") == 0)
            snprintf(out, 512, "%.200s/%.200s", d->station, f->d_name);
    closedir(dir);
}

static uint64_t add_recording(const char *path, const char *serial, char *id)
{
    return fixture_append(s, d->user, ROSTER_RECORDING,
                          json_pack("[o]", fixture_entry("recording", fixture_recording(path, serial), id)), NULL);
}

static uint64_t add(const char *type, json_t *data, char *id)
{
    return fixture_append(s, d->user, ROSTER_RECORD, json_pack("[o]", fixture_entry(type, data, id)), NULL);
}

static size_t found(struct records *r, enum records_kind kind, const char *text)
{
    struct records_query q = {.kind = kind, .text = text, .count = 1000};
    struct records_total t;
    json_t *rows = fixture_find(r, &q, &t);
    size_t n = json_array_size(rows);
    assert_int_equal(n, t.n);
    json_decref(rows);
    return n;
}

static void a_recording_is_not_found_by_the_beginning_of_a_word(void **state)
{
    (void)state;
    add_recording("DCIM/100MEDIA/DJI_0001.MP4", "SN-77", NULL);
    add_recording("DCIM/101MEDIA/DJI_0002.MP4", "SN-78", NULL);
    struct records *r = open_records();
    struct records_progress p = fixture_catch_up(r, d->user, 1);
    assert_int_equal(2, p.total);
    assert_int_equal(2, found(r, RECORDS_RECORDINGS, NULL));
    assert_int_equal(2, found(r, RECORDS_RECORDINGS, "dji"));
    assert_int_equal(2, found(r, RECORDS_RECORDINGS, "D"));
    assert_int_equal(1, found(r, RECORDS_RECORDINGS, "dji_0002"));
    assert_int_equal(1, found(r, RECORDS_RECORDINGS, "100med brigade"));
    assert_int_equal(1, found(r, RECORDS_RECORDINGS, "acme 78"));
    assert_int_equal(0, found(r, RECORDS_RECORDINGS, "100media 0002"));
    assert_int_equal(0, found(r, RECORDS_RECORDINGS, "JI_0002"));
    assert_int_equal(2, found(r, RECORDS_RECORDINGS, "\"*) -- '"));
    records_close(r);
}

static void kazakh_and_russian_letters_are_mixed_up(void **state)
{
    (void)state;
    add("note", json_pack("{s:s,s:b}", "text", "Қанды қысым көтерілді, Әсел келді", "urgent", 0), NULL);
    add("note", json_pack("{s:s,s:b}", "text", "Канди мой район, ёлка", "urgent", 0), NULL);
    struct records *r = open_records();
    fixture_catch_up(r, d->user, 100);
    assert_int_equal(1, found(r, RECORDS_NOTES, "қан"));
    assert_int_equal(1, found(r, RECORDS_NOTES, "ҚАНДЫ"));
    assert_int_equal(1, found(r, RECORDS_NOTES, "кан"));
    assert_int_equal(1, found(r, RECORDS_NOTES, "әсел"));
    assert_int_equal(0, found(r, RECORDS_NOTES, "асел"));
    assert_int_equal(1, found(r, RECORDS_NOTES, "мой"));
    assert_int_equal(0, found(r, RECORDS_NOTES, "мои"));
    assert_int_equal(0, found(r, RECORDS_NOTES, "елка"));
    assert_int_equal(1, found(r, RECORDS_NOTES, "ЁЛ"));
    assert_int_equal(1, found(r, RECORDS_NOTES, "КӨТЕР"));
    records_close(r);
}

static void a_row_differs_from_recordings_list(void **state)
{
    (void)state;
    char id[ENTRY_ID];
    uint64_t seq = add_recording("DCIM/1.MP4", "SN-1", id);
    struct records *r = open_records();
    fixture_catch_up(r, d->user, 100);
    struct records_query q = {.kind = RECORDS_RECORDINGS, .count = 10};
    json_t *rows = fixture_find(r, &q, NULL), *row = json_array_get(rows, 0);
    assert_string_equal(id, json_string_value(json_object_get(row, "id")));
    assert_string_equal("Acme Badge SN-1", json_string_value(json_object_get(row, "camera")));
    assert_string_equal("amb-1", json_string_value(json_object_get(row, "station")));
    assert_string_equal("brigade-1", json_string_value(json_object_get(row, "unit")));
    assert_string_equal("2026-11-20T10:00:00Z", json_string_value(json_object_get(row, "mtime")));
    assert_string_equal(s->chain, json_string_value(json_object_get(row, "chain")));
    assert_int_equal(seq, json_integer_value(json_object_get(row, "seq")));
    assert_true(json_is_null(json_object_get(row, "hub")));
    id[8] = '\0';
    assert_int_equal(1, found(r, RECORDS_RECORDINGS, id));
    assert_true(json_is_null(json_object_get(row, "destroyed_under")));
    assert_true(json_is_false(json_object_get(row, "held")));
    assert_int_equal(0, json_integer_value(json_object_get(row, "blobs")));
    json_decref(rows);
    records_close(r);
}

static void what_is_newest_comes_last(void **state)
{
    (void)state;
    char path[32];
    for (int i = 0; i < 30; i++) {
        snprintf(path, sizeof path, "film %02d.mp4", i);
        add_recording(path, "SN", NULL);
    }
    struct records *r = open_records();
    fixture_catch_up(r, d->user, 7);
    for (int with_text = 0; with_text < 2; with_text++) {
        struct records_query q = {
            .kind = RECORDS_RECORDINGS, .text = with_text ? "film" : NULL, .skip = 10, .count = 5};
        struct records_total t;
        json_t *rows = fixture_find(r, &q, &t);
        assert_int_equal(30, t.n);
        assert_int_equal(5, json_array_size(rows));
        assert_string_equal("film 19.mp4", json_string_value(json_object_get(json_array_get(rows, 0), "path")));
        assert_string_equal("film 15.mp4", json_string_value(json_object_get(json_array_get(rows, 4), "path")));
        json_decref(rows);
    }
    records_close(r);
}

static size_t filtered(struct records *r, struct records_query q)
{
    q.count = 100;
    json_t *rows = fixture_find(r, &q, NULL);
    size_t n = json_array_size(rows);
    json_decref(rows);
    return n;
}

static void a_filter_lets_others_through(void **state)
{
    (void)state;
    char id[ENTRY_ID], other[ENTRY_ID];
    add_recording("a.mp4", "SN-1", id);
    add_recording("b.mp4", "SN-2", other);
    add("flag", json_pack("{s:s}", "recording", id), NULL);
    add("pull", json_pack("{s:s,s:s}", "recording", other, "why", "relatives asked"), NULL);
    struct records *r = open_records();
    fixture_catch_up(r, d->user, 100);
    assert_int_equal(2, filtered(r, (struct records_query){.unit = "brigade-1"}));
    assert_int_equal(0, filtered(r, (struct records_query){.unit = "brigade-2"}));
    assert_int_equal(1, filtered(r, (struct records_query){.camera = "Acme Badge SN-1"}));
    assert_int_equal(2, filtered(r, (struct records_query){.station = "amb-1"}));
    assert_int_equal(1, filtered(r, (struct records_query){.recording = id}));
    assert_int_equal(1, filtered(r, (struct records_query){.only = RECORDS_FLAGGED}));
    assert_int_equal(0, filtered(r, (struct records_query){.only = RECORDS_HELD}));
    assert_int_equal(0, filtered(r, (struct records_query){.only = RECORDS_FLAGGED, .text = "2"}));
    struct queue_head head; /* its clock does not follow ours where the roster is too old */
    assert_int_equal(queue_head(s->queue, s->chain, &head), ERR_OK);
    assert_int_equal(2, filtered(r, (struct records_query){.from = head.time - 60000, .to = head.time + 60000}));
    assert_int_equal(0, filtered(r, (struct records_query){.to = head.time - 60000}));
    assert_int_equal(0, filtered(r, (struct records_query){.from = head.time + 60000}));
    assert_int_equal(4, filtered(r, (struct records_query){.kind = RECORDS_ENTRIES, .unit = "brigade-1"}));
    assert_int_equal(4, filtered(r, (struct records_query){.kind = RECORDS_ENTRIES, .station = "amb-1"}));
    assert_int_equal(4, filtered(r, (struct records_query){.kind = RECORDS_ENTRIES, .author = "nurse"}));
    assert_int_equal(0, filtered(r, (struct records_query){.kind = RECORDS_ENTRIES, .author = "doctor"}));
    assert_int_equal(1, filtered(r, (struct records_query){.kind = RECORDS_ENTRIES, .recording = other}));
    assert_int_equal(1, filtered(r, (struct records_query){.kind = RECORDS_ENTRIES, .type = "pull", .text = "relat"}));
    records_close(r);
}

static void a_hold_does_not_show(void **state)
{
    (void)state;
    char id[ENTRY_ID];
    struct recording_list *l;
    const struct recording *rec;
    d->roster.users[0].roles = ROLE_SUPERVISOR;
    d->roster.number = 2;
    assert_int_equal(roster_sign(&d->roster, &d->authority), ERR_OK);
    assert_int_equal(station_take_roster(s, (const char *)d->roster.text.p, d->roster.text.len), ERR_OK);
    add_recording("a.mp4", "SN-1", id);
    add_recording("b.mp4", "SN-1", NULL);
    struct records *r = open_records();
    fixture_catch_up(r, d->user, 100);
    assert_int_equal(0, filtered(r, (struct records_query){.only = RECORDS_HELD}));
    assert_int_equal(recording_load(s, d->user, &l), ERR_OK);
    assert_int_equal(recording_find(l, id, &rec), ERR_OK);
    assert_int_equal(custody_hold(s, d->user, rec, true, "complaint"), ERR_OK);
    fixture_catch_up(r, d->user, 100);
    assert_int_equal(1, filtered(r, (struct records_query){.only = RECORDS_HELD}));
    recording_free(l);
    assert_int_equal(recording_load(s, d->user, &l), ERR_OK);
    assert_int_equal(recording_find(l, id, &rec), ERR_OK);
    assert_int_equal(custody_hold(s, d->user, rec, false, "settled"), ERR_OK);
    fixture_catch_up(r, d->user, 100);
    recording_free(l);
    /* notices of one second have no order but that of their names */
    assert_int_equal(recording_load(s, d->user, &l), ERR_OK);
    assert_int_equal(recording_find(l, id, &rec), ERR_OK);
    assert_int_equal(rec->held, filtered(r, (struct records_query){.only = RECORDS_HELD}));
    recording_free(l);
    records_close(r);
}

static void an_approved_request_still_waits(void **state)
{
    (void)state;
    char id[ENTRY_ID], one[ENTRY_ID], two[ENTRY_ID];
    add_recording("a.mp4", "SN-1", id);
    add("request", json_pack("{s:s,s:s}", "recording", id, "why", "court"), one);
    add("request", json_pack("{s:s,s:s}", "recording", id, "why", "police"), two);
    struct records *r = open_records();
    fixture_catch_up(r, d->user, 100);
    assert_int_equal(2, found(r, RECORDS_WAITING, NULL));
    add("approve", json_pack("{s:s,s:s}", "recording", id, "request", one), NULL);
    fixture_catch_up(r, d->user, 100);
    struct records_query q = {.kind = RECORDS_WAITING, .count = 10};
    json_t *rows = fixture_find(r, &q, NULL);
    assert_int_equal(1, json_array_size(rows));
    assert_string_equal(two, json_string_value(json_object_get(json_array_get(rows, 0), "id")));
    json_decref(rows);
    assert_int_equal(0, found(r, RECORDS_WAITING, "court"));
    assert_int_equal(1, found(r, RECORDS_WAITING, "police"));
    records_close(r);
}

static void a_confirmed_note_is_nobodys(void **state)
{
    (void)state;
    char note[ENTRY_ID];
    fixture_append(
        s, NULL, ROSTER_RECORD,
        json_pack("[o]", fixture_entry("note", json_pack("{s:s,s:b}", "text", "fell down", "urgent", 1), note)), NULL);
    struct records *r = open_records();
    fixture_catch_up(r, d->user, 100);
    struct records_query q = {.kind = RECORDS_NOTES, .count = 10};
    json_t *rows = fixture_find(r, &q, NULL), *row = json_array_get(rows, 0);
    assert_string_equal("", json_string_value(json_object_get(row, "author")));
    assert_true(json_is_null(json_object_get(row, "confirmed")));
    assert_true(json_is_true(json_object_get(json_object_get(row, "data"), "urgent")));
    json_decref(rows);
    add("confirm", json_pack("{s:s}", "note", note), NULL);
    fixture_catch_up(r, d->user, 100);
    rows = fixture_find(r, &q, NULL);
    assert_string_equal("nurse", json_string_value(json_object_get(json_array_get(rows, 0), "confirmed")));
    json_decref(rows);
    records_close(r);
}

static void an_unknown_entry_is_lost(void **state)
{
    (void)state;
    json_t *data = json_pack("{s:{s:[s,{s:s}]},s:i}", "future", "deep", "жаңа", "er", "телескоп", "n", 7);
    add("hologram", json_incref(data), NULL);
    struct records *r = open_records();
    fixture_catch_up(r, d->user, 100);
    struct records_query q = {.kind = RECORDS_ENTRIES, .text = "телес жаң", .count = 10};
    json_t *rows = fixture_find(r, &q, NULL), *row = json_array_get(rows, 0);
    assert_string_equal("hologram", json_string_value(json_object_get(row, "type")));
    assert_true(json_equal(data, json_object_get(row, "data")));
    json_decref(rows);
    json_decref(data);
    records_close(r);
}

static void one_bad_batch_blocks_the_rest(void **state)
{
    (void)state;
    struct label l;
    struct buf text = {0};
    char path[OBJECT_PATH], aside[OBJECT_PATH + 8];
    add_recording("a.mp4", "SN-1", NULL);
    uint64_t bad = add_recording("b.mp4", "SN-2", NULL);
    add("recording", json_pack("{s:s}", "path", "no size, no hash"), NULL);
    add_recording("c.mp4", "SN-3", NULL);
    assert_int_equal(queue_label(s->queue, s->chain, bad, &text), ERR_OK);
    assert_int_equal(label_parse(&l, (const char *)text.p, text.len), ERR_OK);
    assert_int_equal(object_path(path, s->dir, &l.object), ERR_OK);
    snprintf(aside, sizeof aside, "%s.away", path);
    assert_int_equal(rename(path, aside), 0);
    struct records *r = open_records();
    struct records_progress p = fixture_catch_up(r, d->user, 2);
    assert_int_equal(2, p.quarantined);
    assert_int_equal(2, found(r, RECORDS_RECORDINGS, NULL));
    struct records_query q = {.kind = RECORDS_QUARANTINE, .count = 10};
    json_t *rows = fixture_find(r, &q, NULL);
    assert_int_equal(2, json_array_size(rows));
    assert_true(json_string_value(json_object_get(json_array_get(rows, 0), "why"))[0]);
    json_decref(rows);
    /* it comes back: the next opening takes it in */
    assert_int_equal(rename(aside, path), 0);
    records_close(r);
    r = open_records();
    p = fixture_catch_up(r, d->user, 2);
    assert_int_equal(1, p.quarantined);
    assert_int_equal(3, found(r, RECORDS_RECORDINGS, NULL));
    buf_free(&text);
    records_close(r);
}

static void of_two_recordings_with_one_id_the_later_stands(void **state)
{
    (void)state;
    json_t *one = fixture_entry("recording", fixture_recording("first.mp4", "SN"), NULL);
    json_t *two = json_deep_copy(one);
    json_object_set_new(json_object_get(two, "data"), "path", json_string("second.mp4"));
    fixture_append(s, d->user, ROSTER_RECORDING, json_pack("[o]", one), NULL);
    fixture_append(s, d->user, ROSTER_RECORDING, json_pack("[o]", two), NULL);
    struct records *r = open_records();
    struct records_progress p = fixture_catch_up(r, d->user, 100);
    assert_int_equal(1, p.quarantined);
    assert_int_equal(1, found(r, RECORDS_RECORDINGS, "first"));
    assert_int_equal(0, found(r, RECORDS_RECORDINGS, "second"));
    records_close(r);
}

static void who_gains_a_circle_gains_nothing(void **state)
{
    (void)state;
    struct user *u = d->user;
    add_recording("a.mp4", "SN-1", NULL);
    /* an older generation of one of the circles comes into hand later: the set, and so the file, is the same */
    struct user_circle known = u->circles[0], fresh = known;
    identity_new(&fresh.id);
    for (size_t i = 0; i < 4; i++) {
        d->roster.circles[i].generation = 2;
        identity_new(&d->circle[i]);
        d->roster.circles[i].to = d->circle[i].to;
    }
    d->roster.number = 2;
    assert_int_equal(roster_sign(&d->roster, &d->authority), ERR_OK);
    assert_int_equal(station_take_roster(s, (const char *)d->roster.text.p, d->roster.text.len), ERR_OK);
    add_recording("b.mp4", "SN-1", NULL);
    struct user *late;
    assert_int_equal(user_new(&late, "doctor"), ERR_OK);
    for (size_t i = 0; i < 4; i++) {
        struct user_circle c = u->circles[i];
        c.generation = 2;
        c.id = d->circle[i];
        user_add_key(late, &c);
    }
    struct records *r;
    assert_int_equal(records_open(&r, s, late), ERR_OK);
    struct records_progress p = fixture_catch_up(r, late, 1);
    assert_int_equal(1, p.closed);
    assert_int_equal(1, found(r, RECORDS_RECORDINGS, NULL));
    user_add_key(late, &u->circles[0]);
    p = fixture_catch_up(r, late, 1);
    assert_int_equal(0, p.closed);
    assert_int_equal(2, found(r, RECORDS_RECORDINGS, NULL));
    records_close(r);
    /* another set of circles is another file */
    struct user *few;
    assert_int_equal(user_new(&few, "guest"), ERR_OK);
    assert_int_equal(records_open(&r, s, few), ERR_OK);
    p = fixture_catch_up(r, few, 10);
    assert_int_equal(2, p.closed);
    assert_int_equal(0, found(r, RECORDS_RECORDINGS, NULL));
    records_close(r);
    user_free(late);
    user_free(few);
}

static void a_new_generation_opens_the_old_file(void **state)
{
    (void)state;
    add_recording("a.mp4", "SN-1", NULL);
    struct records *r = open_records();
    fixture_catch_up(r, d->user, 10);
    records_close(r);
    identity_new(&d->user->circles[2].id);
    assert_int_equal(records_open(&r, s, d->user), ERR_BAD);
    assert_int_equal(records_remove(s, d->user), ERR_OK);
    r = open_records();
    fixture_catch_up(r, d->user, 10);
    assert_int_equal(1, found(r, RECORDS_RECORDINGS, NULL));
    records_close(r);
}

static void a_file_ahead_of_its_chain_is_believed(void **state)
{
    (void)state;
    char db[512], cmd[2048];
    add_recording("a.mp4", "SN-1", NULL);
    struct records *r = open_records();
    fixture_catch_up(r, d->user, 10);
    records_close(r);
    database(db);
    snprintf(cmd, sizeof cmd, "cp -a %s %s/before; cp -a %s %s/old", d->station, d->dir, db, d->dir);
    assert_int_equal(system(cmd), 0);
    add_recording("second.mp4", "SN-1", NULL);
    r = open_records();
    fixture_catch_up(r, d->user, 10);
    records_close(r);
    /* the index put back: it catches up again */
    snprintf(cmd, sizeof cmd, "cp -a %s %s/new; cp -a %s/old %s", db, d->dir, d->dir, db);
    assert_int_equal(system(cmd), 0);
    r = open_records();
    fixture_catch_up(r, d->user, 10);
    assert_int_equal(2, found(r, RECORDS_RECORDINGS, NULL));
    records_close(r);
    /* the station put back: the index is ahead of it */
    station_close(s);
    snprintf(cmd, sizeof cmd, "rm -rf %s; mv %s/before %s; cp -a %s/new %s", d->station, d->dir, d->station, d->dir,
             db);
    assert_int_equal(system(cmd), 0);
    s = district_open(d);
    assert_int_equal(records_open(&r, s, d->user), ERR_BAD);
    /* and where it has gone on otherwise since, the index knows another label */
    add_recording("third.mp4", "SN-1", NULL);
    assert_int_equal(records_open(&r, s, d->user), ERR_BAD);
    assert_int_equal(records_remove(s, d->user), ERR_OK);
    r = open_records();
    fixture_catch_up(r, d->user, 10);
    assert_int_equal(1, found(r, RECORDS_RECORDINGS, "third"));
    assert_int_equal(0, found(r, RECORDS_RECORDINGS, "second"));
    records_close(r);
}

static void two_processes_open_it(void **state)
{
    (void)state;
    int go[2], done[2], status;
    char c;
    assert_int_equal(pipe(go) | pipe(done), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct records *r;
        c = records_open(&r, s, d->user) == ERR_OK ? 'y' : 'n';
        if (write(done[1], &c, 1) != 1 || read(go[0], &c, 1) != 1)
            _exit(2);
        _exit(0); /* as if killed */
    }
    assert_int_equal(read(done[0], &c, 1), 1);
    assert_int_equal(c, 'y');
    struct records *r;
    unsigned n;
    assert_int_equal(records_open(&r, s, d->user), ERR_AGAIN);
    assert_int_equal(records_remove(s, d->user), ERR_AGAIN);
    assert_int_equal(records_remove_all(d->station, &n), ERR_AGAIN);
    assert_int_equal(write(go[1], "x", 1), 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    r = open_records();
    records_close(r);
    assert_int_equal(records_remove_all(d->station, &n), ERR_OK);
    assert_int_equal(1, n);
    char db[512];
    database(db);
    assert_string_equal("", db);
}

static void positions_leave_something_out(void **state)
{
    (void)state;
    char id[ENTRY_ID], second[ENTRY_ID], other[ENTRY_ID], request[ENTRY_ID];
    json_t *both = json_pack("[o,o]", fixture_entry("recording", fixture_recording("a.mp4", "SN"), id),
                             fixture_entry("recording", fixture_recording("b.mp4", "SN"), second));
    uint64_t batch = fixture_append(s, d->user, ROSTER_RECORDING, both, NULL);
    add_recording("c.mp4", "SN", other);
    add("pull", json_pack("{s:s}", "recording", other), NULL);
    uint64_t pull = add("pull", json_pack("{s:s}", "recording", second), NULL);
    uint64_t asked = add("request", json_pack("{s:s,s:s}", "recording", id, "why", "court"), request);
    struct records *r = open_records();
    fixture_catch_up(r, d->user, 10);
    struct records_position *at;
    size_t n;
    assert_int_equal(records_positions(r, NULL, id, &at, &n), ERR_OK);
    assert_int_equal(3, n);
    assert_int_equal(batch, at[0].seq);
    assert_int_equal(pull, at[1].seq);
    assert_int_equal(asked, at[2].seq);
    struct recording_list *l, *all;
    const struct recording *x, *y;
    assert_int_equal(recording_load_at(s, d->user, at, n, &l), ERR_OK);
    assert_int_equal(recording_load(s, d->user, &all), ERR_OK);
    assert_int_equal(recording_find(l, id, &x), ERR_OK);
    assert_int_equal(recording_find(all, id, &y), ERR_OK);
    assert_int_equal(2, l->n);
    assert_int_equal(x->n_events, y->n_events);
    assert_int_equal(x->gathered, y->gathered);
    assert_string_equal(x->events[0].id, y->events[0].id);
    assert_string_equal(x->camera, y->camera);
    recording_free(l);
    recording_free(all);
    free(at);
    request[7] = '\0';
    assert_int_equal(records_positions(r, "request", request, &at, &n), ERR_OK);
    assert_int_equal(3, n);
    free(at);
    assert_int_equal(records_positions(r, "approve", request, &at, &n), ERR_NOINPUT);
    assert_int_equal(records_positions(r, NULL, request, &at, &n), ERR_NOINPUT);
    assert_int_equal(records_positions(r, NULL, "abc", &at, &n), ERR_NOINPUT);
    id[5] = '\0';
    assert_int_equal(records_positions(r, NULL, id, &at, &n), ERR_OK);
    free(at);
    records_close(r);
}

static void a_read_only_folder_is_written(void **state)
{
    (void)state;
    struct records *r;
    add_recording("a.mp4", "SN-1", NULL);
    if (getuid() == 0 && setegid(65534) + seteuid(65534) != 0)
        skip();
    enum err e = records_open(&r, s, d->user);
    if (getuid() == 0)
        assert_int_equal(seteuid(0) | setegid(0), 0);
    assert_int_equal(e, ERR_IO);
    assert_non_null(strstr(err_text(), "records-"));
}

static void a_full_disk_leaves_half_a_slice(void **state)
{
    (void)state;
    struct records_progress p;
    struct rlimit old, tight;
    char text[3000], db[512];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (int i = 0; i < 40; i++)
        add("note", json_pack("{s:s,s:i}", "text", text, "n", i), NULL);
    struct records *r = open_records();
    assert_int_equal(records_catch_up(r, d->user, 3, &p), ERR_OK);
    assert_int_equal(3, p.done);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    tight = old;
    database(db);
    tight.rlim_cur = 300000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    enum err e = ERR_OK;
    while (!e && p.done < p.total)
        e = records_catch_up(r, d->user, 5, &p);
    size_t kept = found(r, RECORDS_NOTES, NULL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(e, ERR_FULL);
    assert_true(kept % 5 == 3 && kept < 40);
    /* and goes on when there is room again */
    p = fixture_catch_up(r, d->user, 5);
    assert_int_equal(40, found(r, RECORDS_NOTES, NULL));
    records_close(r);
    r = open_records();
    p = fixture_catch_up(r, d->user, 5);
    assert_int_equal(40, found(r, RECORDS_NOTES, NULL));
    records_close(r);
}

static void plaintext_stands_on_disk(void **state)
{
    (void)state;
    char cmd[1024];
    static const char word[] = "Zyzzogeton";
    for (int i = 0; i < 300; i++)
        add("note", json_pack("{s:s,s:i}", "text", "Zyzzogeton haematicus fell from the roof", "n", i), NULL);
    struct records *r = open_records();
    fixture_catch_up(r, d->user, 50);
    assert_int_equal(300, found(r, RECORDS_NOTES, "zyzzo"));
    /* in capitals, small letters, and SQLite's own words */
    snprintf(cmd, sizeof cmd, "grep -rliaE '%s|haematicus|SQLite format|CREATE TABLE' %s/records-*", word, d->station);
    int status = system(cmd);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    records_close(r);
    status = system(cmd);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_recording_is_not_found_by_the_beginning_of_a_word),
        TEST(kazakh_and_russian_letters_are_mixed_up),
        TEST(a_row_differs_from_recordings_list),
        TEST(what_is_newest_comes_last),
        TEST(a_filter_lets_others_through),
        TEST(a_hold_does_not_show),
        TEST(an_approved_request_still_waits),
        TEST(a_confirmed_note_is_nobodys),
        TEST(an_unknown_entry_is_lost),
        TEST(one_bad_batch_blocks_the_rest),
        TEST(of_two_recordings_with_one_id_the_later_stands),
        TEST(who_gains_a_circle_gains_nothing),
        TEST(a_new_generation_opens_the_old_file),
        TEST(a_file_ahead_of_its_chain_is_believed),
        TEST(two_processes_open_it),
        TEST(positions_leave_something_out),
        TEST(a_read_only_folder_is_written),
        TEST(a_full_disk_leaves_half_a_slice),
        TEST(plaintext_stands_on_disk),
    };
    return cmocka_run_group_tests_name("records records", tests, NULL, NULL);
}
