#include "tests/unit/erase_fixture.h"

#include "storage/records/custody.h"
#include "storage/vault/rebuild.h"

static void something_licensed_stays_or_something_else_goes(void **state)
{
    struct bench *b = *state;
    struct result o = bench_erase(b);
    if (o.e)
        fprintf(stderr, "erase: %s\n", o.why);
    assert_int_equal(o.e, ERR_OK);
    assert_false(o.incomplete);
    assert_all_gone(b);
    assert_int_equal(b->removed, 4);
    assert_int_equal(o.tell.count[OUTCOME_ERASED], 4);
    assert_story(b, "begun A:erased A:erased B:erased E:erased over");
}

static void custody_does_not_tell_of_it(void **state)
{
    struct bench *b = *state;
    struct recording_list *l;
    const struct recording *r;
    assert_int_equal(bench_erase(b).e, ERR_OK);
    assert_int_equal(recording_load(b->h->s, b->h->d->user, &l), ERR_OK);
    assert_int_equal(recording_find(l, b->ids[0], &r), ERR_OK);
    assert_int_equal(r->n_events, 2);
    for (size_t i = 0; i < 2; i++) {
        const json_t *data = r->events[i].data;
        assert_string_equal(r->events[i].type, "erase");
        assert_true(r->events[i].alone); /* so that it goes into a package */
        assert_string_equal(json_string_value(json_object_get(data, "licence")), b->licence);
        assert_string_equal(json_string_value(json_object_get(data, "by")), "nurse");
        assert_string_equal(json_string_value(json_object_get(data, "path")), b->clip[i]->path);
    }
    recording_free(l);
    /* and no licence is given a second time for what is gone */
    struct erasure_offer offer;
    assert_int_equal(bench_try_license(b, &offer), ERR_NOINPUT);
    assert_int_equal(offer.gone, 4);
}

/* What hindered it is gone: another run comes to its end. */
static void assert_finishes(struct bench *b)
{
    bench_again(b);
    struct result o = bench_erase(b);
    assert_int_equal(o.e, ERR_OK);
    assert_false(o.incomplete);
    assert_all_gone(b);
}

static void a_licence_is_used_twice(void **state)
{
    struct bench *b = *state;
    assert_int_equal(bench_erase(b).e, ERR_OK);
    for (size_t i = 0; i < 4; i++)
        bench_write(b, b->clip[i]); /* the same bytes again, as if put back */
    bench_again(b);
    struct result o = bench_erase(b);
    assert_int_equal(o.e, ERR_NOINPUT);
    assert_untouched(b);
    /* nor when the index, which could be put back, is made anew */
    assert_int_equal(rebuild_queue(b->h->s->dir, b->h->s, NULL), ERR_OK);
    bench_again(b);
    assert_int_equal(bench_erase(b).e, ERR_NOINPUT);
    assert_untouched(b);
}

static void changed_bytes_go(void **state)
{
    struct bench *b = *state;
    b->clip[0]->p[MIB] ^= 1;
    bench_write(b, b->clip[0]);
    struct result o = bench_erase(b);
    assert_int_equal(o.e, ERR_OK);
    assert_true(bench_has(b, 0));
    assert_false(bench_has(b, 1));
    assert_int_equal(b->removed, 3);
    assert_int_equal(o.tell.count[OUTCOME_LEFT], 1);
    assert_story(b, "begun A:erased B:erased E:erased A:left over");
}

static void the_same_bytes_under_another_name_go(void **state)
{
    struct bench *b = *state;
    char from[512], to[512];
    bench_path(b, "DCIM/B.MP4", from);
    bench_path(b, "DCIM/C.MP4", to);
    assert_int_equal(rename(from, to), 0);
    assert_int_equal(bench_erase(b).e, ERR_OK);
    assert_int_equal(access(to, F_OK), 0);
    assert_int_equal(b->removed, 3);
}

static void a_file_that_is_not_there_is_called_erased(void **state)
{
    struct bench *b = *state;
    char path[512];
    bench_path(b, "DCIM/B.MP4", path);
    assert_int_equal(unlink(path), 0);
    struct result o = bench_erase(b);
    assert_int_equal(o.e, ERR_OK);
    assert_int_equal(o.tell.count[OUTCOME_GONE], 1);
    assert_story(b, "begun A:erased A:erased E:erased B:gone over");
}

/* Which of two files of one size and second is meant is told by the bytes alone. */
static void the_twin_of_a_licensed_file_goes(void **state)
{
    struct bench *b = *state;
    char path[512];
    b->clip[4]->mtime = b->clip[2]->mtime;
    bench_write(b, b->clip[4]);
    bench_path(b, b->clip[2]->path, path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(bench_erase(b).e, ERR_OK);
    assert_all_gone(b);
    assert_int_equal(b->removed, 3);
    assert_story(b, "begun A:erased A:erased E:erased B:left over");
}

static void one_of_two_files_of_one_name_goes(void **state)
{
    struct bench *b = *state;
    b->twin = "DCIM/B.MP4";
    struct result o = bench_erase(b);
    assert_int_equal(o.e, ERR_OK);
    assert_true(o.incomplete);
    assert_true(bench_has(b, 2));
    assert_int_equal(b->removed, 3);
    assert_story(b, "begun A:erased A:erased E:erased B:failed open");
}

static void a_licence_none_of_whose_files_is_there_is_used_up(void **state)
{
    struct bench *b = *state;
    char path[512];
    for (size_t i = 0; i < 4; i++) {
        bench_path(b, b->clip[i]->path, path);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(bench_erase(b).e, ERR_OK);
    assert_story(b, "");
    for (size_t i = 0; i < 4; i++)
        bench_write(b, b->clip[i]);
    assert_int_equal(bench_erase(b).e, ERR_OK);
    assert_all_gone(b);
}

static void what_cannot_be_read_goes_or_stops_the_rest(void **state)
{
    struct bench *b = *state;
    b->bad_read = "DCIM/B.MP4";
    b->bad_read_with = ERR_IO;
    struct result o = bench_erase(b);
    assert_int_equal(o.e, ERR_OK);
    assert_true(o.incomplete);
    assert_true(bench_has(b, 2));
    assert_int_equal(b->removed, 3);
    assert_story(b, "begun A:erased A:erased E:erased B:failed open");
    b->bad_read = NULL;
    assert_finishes(b);
    assert_story(b, "begun A:erased A:erased E:erased B:failed open B:erased A:gone A:gone E:gone over");
}

static void what_the_camera_does_not_erase_is_called_erased(void **state)
{
    struct bench *b = *state;
    b->bad_remove = ERR_DENIED;
    struct result o = bench_erase(b);
    assert_int_equal(o.e, ERR_OK);
    assert_true(o.incomplete);
    assert_true(bench_has(b, 0));
    assert_int_equal(o.tell.count[OUTCOME_FAILED], 1);
    assert_story(b, "begun A:failed A:erased B:erased E:erased open");
}

static void a_camera_that_lies_is_believed(void **state)
{
    struct bench *b = *state;
    b->liar = true;
    struct result o = bench_erase(b);
    assert_int_equal(o.e, ERR_OK);
    assert_true(o.incomplete);
    assert_int_equal(o.tell.count[OUTCOME_FAILED], 4);
    b->liar = false;
    assert_finishes(b);
}

static void a_pulled_camera_loses_the_rest(void **state)
{
    struct bench *b = *state;
    b->bad_read = "DCIM/B.MP4";
    b->bad_read_with = ERR_AGAIN;
    struct result o = bench_erase(b);
    assert_int_equal(o.e, ERR_AGAIN);
    assert_true(o.incomplete);
    assert_string_equal(o.why, "the lens cap fell off");
    assert_story(b, "begun A:erased A:erased open");
    b->bad_read = NULL;
    assert_finishes(b);
}

static void stop(struct bench *b)
{
    b->stop = 1;
}

static void stopping_it_loses_the_rest(void **state)
{
    struct bench *b = *state;
    b->before_remove = stop;
    assert_int_equal(bench_erase(b).e, ERR_AGAIN);
    assert_int_equal(b->removed, 1);
    assert_story(b, "begun A:erased open");
    b->before_remove = NULL;
    b->stop = 0;
    assert_finishes(b);
}

/* One run in a process that ends at a step; was it there? */
static bool dies_at(struct bench *b, unsigned at)
{
    int status;
    fflush(stdout);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        b->h->s = district_open(b->h->d);
        b->die_at = at;
        b->step = 0;
        bench_erase(b);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_true(WEXITSTATUS(status) == 99 || WEXITSTATUS(status) == 0);
    return WEXITSTATUS(status) == 99;
}

static unsigned count_of(const char *text, const char *word)
{
    unsigned n = 0;
    for (const char *p = text; (p = strstr(p, word)) != NULL; p++)
        n++;
    return n;
}

static void a_kill_at_some_step_loses_the_truth(void **state)
{
    struct bench *b = *state;
    struct buf story = {0};
    char cmd[1024];
    station_close(b->h->s);
    b->h->s = NULL;
    snprintf(cmd, sizeof cmd, "cp -a %.100s %.100s.before && cp -a %.100s %.100s.before", b->h->d->station,
             b->h->d->station, b->folder, b->folder);
    assert_int_equal(system(cmd), 0);
    bool died = true;
    for (unsigned at = 1; died; at++) {
        died = dies_at(b, at);
        b->h->s = district_open(b->h->d);
        b->step = 0;
        struct result o = bench_erase(b);
        assert_true(o.e == ERR_OK || (!died && o.e == ERR_NOINPUT));
        assert_all_gone(b);
        bench_story(b, &story);
        const char *text = (const char *)story.p;
        /* begun once, used up once, and each of the four files is erased or gone at the end */
        if (count_of(text, "begun") != 1 || count_of(text, "over") != 1 ||
            count_of(text, ":erased") + count_of(text, ":gone") < 4 || strcmp(text + strlen(text) - 4, "over") != 0)
            fail_msg("killed at step %u: %s", at, text);
        assert_int_equal(district_verify(b->h->d, NULL), 0);
        station_close(b->h->s);
        b->h->s = NULL;
        snprintf(cmd, sizeof cmd,
                 "rm -rf %.100s %.100s/DCIM && cp -a %.100s.before %.100s && cp -a %.100s.before/DCIM %.100s/",
                 b->h->d->station, b->folder, b->h->d->station, b->h->d->station, b->folder, b->folder);
        assert_int_equal(system(cmd), 0);
    }
    buf_free(&story);
    b->h->s = district_open(b->h->d);
}

static void without_a_receipt(void **state)
{
    struct bench *b = *state;
    struct erasure_offer o;
    /* none at all: no licence is given */
    assert_int_equal(bench_try_license(b, &o), ERR_NOINPUT);
    assert_int_equal(o.not_held, 3);
    /* the hub lost the parts since the licence was given */
    int64_t now = clock_wall();
    bench_receipt(b, house_labels(b->h), 0, 0, now);
    bench_license(b);
    bench_receipt(b, house_labels(b->h), 1, 0, now + 2000);
    struct result out = bench_erase(b);
    assert_int_equal(out.e, ERR_OK);
    assert_true(out.incomplete);
    assert_true(bench_has(b, 0));
    assert_true(bench_has(b, 1));
    assert_false(bench_has(b, 2));
}

static enum err by_name(const char *path, char out[static 4096])
{
    snprintf(out, 4096, "%s",
             strstr(path, "same")    ? "disk of the station"
             : strstr(path, "other") ? path
                                     : "disk of the station");
    return ERR_OK;
}

/* Without a receipt, where the last one is weeks old. */
static void copies_stand_for_a_hub_too_easily(void **state)
{
    struct bench *b = *state;
    struct erasure_offer o;
    char cmd[1024], other[256], same[256];
    struct copies c = {.s = b->h->s, .medium = by_name};
    snprintf(other, sizeof other, "%.100s/other", b->h->d->dir);
    snprintf(same, sizeof same, "%.100s/same", b->h->d->dir);
    snprintf(cmd, sizeof cmd,
             "for d in %s %s; do mkdir -p $d/feldsher-backup && cp -a %.120s/objects $d/feldsher-backup/; done", other,
             same, b->h->d->station);
    assert_int_equal(system(cmd), 0);
    /* the hub was heard of: its receipt, over nothing of these, is young */
    bench_receipt(b, 1, 1, 0, clock_wall());
    assert_int_equal(bench_try_license_by(b, 2, &o), ERR_NOINPUT);
    char path[4096];
    snprintf(path, sizeof path, "%.200s/chain/%s.hub.receipt", b->h->s->dir, b->h->s->chain);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rebuild_queue(b->h->s->dir, b->h->s, NULL), ERR_OK);
    bench_again(b);
    c.s = b->h->s;
    bench_receipt(b, 1, 1, 0, clock_wall() - (int64_t)22 * 86400 * 1000);
    assert_int_equal(bench_try_license(b, &o), ERR_NOINPUT); /* a plain licence is none the less for a receipt */
    assert_int_equal(bench_try_license_by(b, 2, &o), ERR_OK);
    assert_int_equal(o.files, 4);
    /* no copy, one on the same disk, a damaged one */
    struct result out = bench_erase(b);
    assert_true(out.e == ERR_OK && out.incomplete);
    b->copies = &c;
    c.n = 1;
    c.dir[0] = same;
    assert_int_equal(copies_apart(&c), ERR_DENIED);
    c.dir[0] = other;
    assert_int_equal(copies_apart(&c), ERR_OK);
    snprintf(cmd, sizeof cmd,
             "cd %s/feldsher-backup/objects && f=$(find . -type f -size +1000k | head -n 1) && cp $f ../kept && printf "
             "x | dd of=$f bs=1 seek=1000 conv=notrunc 2>/dev/null && echo $f >../name",
             other);
    assert_int_equal(system(cmd), 0);
    out = bench_erase(b);
    assert_true(out.e == ERR_OK && out.incomplete);
    assert_true(bench_has(b, 0));
    assert_false(bench_has(b, 2));
    snprintf(cmd, sizeof cmd, "cd %s/feldsher-backup/objects && cp ../kept $(cat ../name)", other);
    assert_int_equal(system(cmd), 0);
    bench_again(b);
    c.s = b->h->s;
    c.seq = 0;
    out = bench_erase(b);
    assert_int_equal(out.e, ERR_OK);
    assert_false(out.incomplete);
    assert_all_gone(b);
}

static void a_disk_is_told_apart_from_itself(void **state)
{
    (void)state;
    char a[4096], b[4096];
    assert_int_equal(copies_medium("/nowhere", a), ERR_NOINPUT);
    if (copies_medium("/", a) == ERR_OK) {
        assert_int_equal(copies_medium("/etc", b), ERR_OK);
        assert_string_equal(a, b);
    }
    assert_int_equal(copies_medium("/proc", a), ERR_DENIED); /* no disk at all */
}

static void a_cloned_station(void **state)
{
    struct bench *b = *state;
    bench_receipt(b, house_labels(b->h), 0, 2, clock_wall() + 2000);
    struct result o = bench_erase(b);
    assert_true(o.e != ERR_OK || o.incomplete);
    assert_untouched(b);
}

static void hold(struct bench *b, const char *id)
{
    struct recording_list *l;
    const struct recording *r;
    assert_int_equal(recording_load(b->h->s, b->h->d->user, &l), ERR_OK);
    assert_int_equal(recording_find(l, id, &r), ERR_OK);
    assert_int_equal(custody_hold(b->h->s, b->h->d->user, r, true, "court"), ERR_OK);
    recording_free(l);
}

static void what_is_held_goes(void **state)
{
    struct bench *b = *state;
    hold(b, b->ids[0]);
    struct result o = bench_erase(b);
    assert_int_equal(o.e, ERR_OK);
    assert_true(o.incomplete);
    assert_true(bench_has(b, 0));
    assert_true(bench_has(b, 1));
    assert_false(bench_has(b, 2));
    struct erasure_offer offer;
    assert_int_equal(bench_try_license(b, &offer), ERR_NOINPUT);
    assert_int_equal(offer.on_hold, 1);
}

static void hold_b(struct bench *b)
{
    b->before_remove = NULL;
    hold(b, b->ids[2]);
}

static void a_hold_that_comes_meanwhile_comes_too_late(void **state)
{
    struct bench *b = *state;
    b->before_remove = hold_b;
    assert_int_equal(bench_erase(b).e, ERR_OK);
    assert_false(bench_has(b, 0));
    assert_true(bench_has(b, 2));
}

static void another_camera_or_volume_is_erased(void **state)
{
    struct bench *b = *state;
    struct result o = bench_erase_as(b, "SN-2", "", NULL, false);
    assert_int_equal(o.e, ERR_NOINPUT);
    o = bench_erase_as(b, SERIAL, "CARD-9", NULL, false);
    assert_int_equal(o.e, ERR_NOINPUT);
    o = bench_erase_as(b, "", "", NULL, false);
    assert_int_equal(o.e, ERR_DATA);
    o = bench_erase_as(b, "SN-2", "", b->licence, false);
    assert_int_equal(o.e, ERR_NOINPUT);
    assert_non_null(strstr(o.why, "another camera"));
    o = bench_erase_as(b, SERIAL, "", "00000000000000000000", false);
    assert_int_equal(o.e, ERR_NOINPUT);
    o = bench_erase_as(b, SERIAL, "", "../../etc/passwd", false);
    assert_int_equal(o.e, ERR_NOINPUT);
    assert_untouched(b);
    assert_int_equal(b->opened, 0);
    assert_story(b, "");
}

/* The licence that is there, changed and signed anew by whom. */
static void forge(struct bench *b, const char *who, const struct sign_secret *k, void (*change)(struct notice *n))
{
    char path[512];
    struct buf text = {0};
    struct notice *n;
    snprintf(path, sizeof path, "%.200s/notices/%s", b->h->s->dir, b->licence);
    assert_int_equal(file_read(path, NOTICE_MAX, &text), ERR_OK);
    assert_int_equal(notice_parse(&n, (const char *)text.p, text.len), ERR_OK);
    if (change)
        change(n);
    assert_int_equal(notice_write(n), ERR_OK);
    assert_int_equal(notice_sign(n, who, k), ERR_OK);
    assert_int_equal(file_write(path, n->text.p, n->text.len, 0600), ERR_OK);
    notice_free(n);
    buf_free(&text);
}

static void expire(struct notice *n)
{
    n->time -= (int64_t)30 * 86400 * 1000;
    n->licence->expires = clock_wall() - 5000;
}

static void an_expired_licence_is_obeyed(void **state)
{
    struct bench *b = *state;
    forge(b, "nurse", &b->h->d->user->sign, expire);
    struct result o = bench_erase(b);
    assert_int_equal(o.e, ERR_OK);
    assert_true(o.incomplete);
    assert_untouched(b);
    assert_int_equal(b->opened, 0);
    assert_story(b, "");
}

static void a_begun_licence_that_expired_tells_no_more_what_is_gone(void **state)
{
    struct bench *b = *state;
    b->bad_read = "DCIM/B.MP4";
    b->bad_read_with = ERR_IO;
    assert_int_equal(bench_erase(b).e, ERR_OK);
    b->bad_read = NULL;
    forge(b, "nurse", &b->h->d->user->sign, expire);
    bench_again(b);
    struct result o = bench_erase(b);
    assert_int_equal(o.e, ERR_OK);
    assert_true(o.incomplete);
    assert_int_equal(b->removed, 0);
    assert_story(b, "begun A:erased A:erased E:erased B:failed open A:gone A:gone E:gone open");
}

static void other_district(struct notice *n)
{
    strcpy(n->district, "west");
}

static void a_licence_that_no_supervisor_signed_is_obeyed(void **state)
{
    struct bench *b = *state;
    struct sign_secret stranger;
    sign_new(&stranger);
    forge(b, "nurse", &stranger, NULL);
    assert_int_equal(bench_erase(b).e, ERR_NOINPUT);
    forge(b, "authority", &b->h->d->authority, NULL);
    assert_int_equal(bench_erase(b).e, ERR_NOINPUT);
    forge(b, "nurse", &b->h->d->user->sign, other_district);
    assert_int_equal(bench_erase(b).e, ERR_NOINPUT);
    struct result o = bench_erase_as(b, SERIAL, "", b->licence, false);
    assert_int_equal(o.e, ERR_BAD);
    forge(b, "nurse", &b->h->d->user->sign, NULL);
    /* it was a supervisor's, but is a crew's by the roster now */
    b->h->d->roster.users[0].roles = ROLE_CREW;
    bench_roster(b);
    assert_int_equal(bench_erase(b).e, ERR_NOINPUT);
    struct erasure_offer offer;
    assert_int_equal(bench_try_license(b, &offer), ERR_DENIED);
    assert_untouched(b);
}

static void wrong_label(struct notice *n)
{
    for (size_t i = 0; i < n->licence->n_files; i++)
        n->licence->files[i].seq = n->licence->files[i].seq == 1 ? 2 : 1;
}

static void a_supervisors_lie_about_our_own_label_is_believed(void **state)
{
    struct bench *b = *state;
    forge(b, "nurse", &b->h->d->user->sign, wrong_label);
    struct result o = bench_erase(b);
    assert_int_equal(o.e, ERR_OK);
    for (size_t i = 0; i < 3; i++)
        assert_true(bench_has(b, i));
    assert_int_equal(o.tell.count[OUTCOME_LEFT], 3);
}

static void a_licence_that_was_used_is_not_missed(void **state)
{
    struct bench *b = *state;
    char path[512];
    assert_int_equal(bench_erase(b).e, ERR_OK);
    snprintf(path, sizeof path, "%.200s/notices/%s", b->h->s->dir, b->licence);
    assert_int_equal(district_verify(b->h->d, NULL), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(district_verify(b->h->d, NULL), 2); /* its first label and its last */
}

/* Another station's labels, of which one begins the licence. */
static void another_station_began_it(void **state)
{
    struct bench *b = *state;
    struct roster *r = &b->h->d->roster;
    struct roster_station other = r->stations[0];
    struct sign_secret key;
    struct buf text = {0};
    char path[4096];
    sign_new(&key);
    strcpy(other.name, "amb-2");
    other.key = key.pub;
    sign_new(&key);
    other.link = key.pub;
    sign_new(&key);
    other.key = key.pub;
    roster_chain_id(other.chain, &key.pub);
    assert_int_equal(roster_add_station(r, &other), ERR_OK);
    bench_roster(b);
    struct label l = {.seq = 1, .roster = 1, .object = hash_of("o", 1), .size = 9, .content = hash_of("c", 1)};
    strcpy(l.chain, other.chain);
    strcpy(l.to, "records/brigade-1 unit/brigade-1");
    strcpy(l.retain_class, "records");
    l.retain_until = INT64_MAX;
    l.time = clock_wall();
    l.count = 1;
    strcpy(l.licence, b->licence);
    assert_int_equal(label_write(&l, &key, &text), ERR_OK);
    assert_int_equal(chain_path(path, b->h->s->dir, other.chain), ERR_OK);
    /* a label that its station did not sign begins nothing */
    text.p[text.len - 10] ^= 1;
    assert_int_equal(file_write(path, text.p, text.len, 0600), ERR_OK);
    struct result o = bench_erase_as(b, SERIAL, "", NULL, true);
    assert_int_equal(o.e, ERR_OK);
    assert_int_equal(o.tell.count[OUTCOME_MAY], 4);
    text.p[text.len - 10] ^= 1;
    assert_int_equal(file_write(path, text.p, text.len, 0600), ERR_OK);
    o = bench_erase(b);
    assert_int_equal(o.e, ERR_NOINPUT);
    o = bench_erase_as(b, SERIAL, "", NULL, true);
    assert_int_equal(o.tell.count[OUTCOME_LEFT], 4);
    assert_untouched(b);
    buf_free(&text);
}

static void a_camera_without_a_way_is_read_or_touched(void **state)
{
    struct bench *b = *state;
    b->deleter.remove = NULL;
    b->deleter.why = "it offers no command for it";
    struct result o = bench_erase(b);
    assert_int_equal(o.e, ERR_DENIED);
    assert_non_null(strstr(o.why, "left alone"));
    assert_int_equal(b->step, 0);
    o = bench_erase_as(b, SERIAL, "", NULL, true);
    assert_int_equal(o.e, ERR_OK);
    assert_int_equal(o.tell.count[OUTCOME_LEFT], 4);
    assert_untouched(b);
}

static void a_plan_does_something(void **state)
{
    struct bench *b = *state;
    uint64_t labels = house_labels(b->h);
    struct result o = bench_erase_as(b, SERIAL, "", NULL, true);
    assert_int_equal(o.e, ERR_OK);
    assert_int_equal(o.tell.count[OUTCOME_MAY], 4);
    assert_int_equal(o.tell.count[OUTCOME_UNLICENSED], 1);
    assert_int_equal(house_labels(b->h), labels);
    assert_untouched(b);
}

static void a_plan_does_not_know_what_a_hub_holds(void **state)
{
    struct bench *b = *state;
    struct result o = bench_erase_as(b, SERIAL, "", NULL, true);
    assert_int_equal(o.tell.count[OUTCOME_UNLICENSED], 5);
    bench_receipt(b, house_labels(b->h), 0, 0, clock_wall());
    o = bench_erase_as(b, SERIAL, "", NULL, true);
    assert_int_equal(o.e, ERR_OK);
    assert_int_equal(o.tell.count[OUTCOME_HELD], 4);
    assert_int_equal(o.tell.count[OUTCOME_UNLICENSED], 1);
}

static void a_chain_that_cannot_be_written_lets_it_erase_without_a_word(void **state)
{
    struct bench *b = *state;
    assert_int_equal(queue_set_job(b->h->s->queue, "frozen", b->h->s->chain, "test", 4), ERR_OK);
    struct result o = bench_erase(b);
    assert_int_equal(o.e, ERR_DENIED);
    assert_untouched(b);
}

#define CASE(f, setup) cmocka_unit_test_setup_teardown(f, setup, bench_free)
int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(something_licensed_stays_or_something_else_goes, bench_new_licensed),
        CASE(custody_does_not_tell_of_it, bench_new_licensed),
        CASE(a_licence_is_used_twice, bench_new_licensed),
        CASE(changed_bytes_go, bench_new_licensed),
        CASE(the_same_bytes_under_another_name_go, bench_new_licensed),
        CASE(a_file_that_is_not_there_is_called_erased, bench_new_licensed),
        CASE(the_twin_of_a_licensed_file_goes, bench_new_licensed),
        CASE(one_of_two_files_of_one_name_goes, bench_new_licensed),
        CASE(a_licence_none_of_whose_files_is_there_is_used_up, bench_new_licensed),
        CASE(what_cannot_be_read_goes_or_stops_the_rest, bench_new_licensed),
        CASE(what_the_camera_does_not_erase_is_called_erased, bench_new_licensed),
        CASE(a_camera_that_lies_is_believed, bench_new_licensed),
        CASE(a_pulled_camera_loses_the_rest, bench_new_licensed),
        CASE(stopping_it_loses_the_rest, bench_new_licensed),
        CASE(a_kill_at_some_step_loses_the_truth, bench_new_licensed),
        CASE(without_a_receipt, bench_new),
        CASE(copies_stand_for_a_hub_too_easily, bench_new),
        cmocka_unit_test(a_disk_is_told_apart_from_itself),
        CASE(a_cloned_station, bench_new_licensed),
        CASE(what_is_held_goes, bench_new_licensed),
        CASE(a_hold_that_comes_meanwhile_comes_too_late, bench_new_licensed),
        CASE(another_camera_or_volume_is_erased, bench_new_licensed),
        CASE(an_expired_licence_is_obeyed, bench_new_licensed),
        CASE(a_begun_licence_that_expired_tells_no_more_what_is_gone, bench_new_licensed),
        CASE(a_licence_that_no_supervisor_signed_is_obeyed, bench_new_licensed),
        CASE(a_supervisors_lie_about_our_own_label_is_believed, bench_new_licensed),
        CASE(a_licence_that_was_used_is_not_missed, bench_new_licensed),
        CASE(another_station_began_it, bench_new_licensed),
        CASE(a_camera_without_a_way_is_read_or_touched, bench_new_licensed),
        CASE(a_plan_does_something, bench_new_licensed),
        CASE(a_plan_does_not_know_what_a_hub_holds, bench_new),
        CASE(a_chain_that_cannot_be_written_lets_it_erase_without_a_word, bench_new_licensed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
