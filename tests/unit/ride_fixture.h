#ifndef TESTS_UNIT_RIDE_FIXTURE_H
#define TESTS_UNIT_RIDE_FIXTURE_H

/* An offload from end to end over a scripted cable: a device that is a model,
 * its driver, the dock, a station; and what is in the station behind it,
 * compared with what was put on the device. Every ride is another camera's, with
 * other bytes in every file.
 *
 * Faults strike at the bytes that a seed gives, and at those of another seed each
 * time. To ride again what failed:
 *
 *     SEED=17 RIDES=250 build/unit/test_dock_cable_bot
 */

#include "drivers/dock/take.h"
#include "tests/unit/chance.h"
#include "tests/unit/erase_fixture.h"
#include "tests/unit/script.h"

#define RIDE_FILES 8
#define RIDES_OF_ONE_STATION 100u

/* What is tried here is a cable. The station's disk is not waited for: that
 * would take ten times as long, and is tried elsewhere. */
int fsync(int fd)
{
    return fd < 0;
}

int fdatasync(int fd)
{
    return fd < 0;
}

int syncfs(int fd)
{
    return fd < 0;
}

enum ride_fault {
    RIDE_CUT = SCRIPT_CUT, /* nobody plugs it in again */
    RIDE_STALL = SCRIPT_STALL,
    RIDE_SHORT = SCRIPT_SHORT,
    RIDE_LATE = SCRIPT_LATE,
    RIDE_FLIP = SCRIPT_FLIP,
    RIDE_BROKEN = SCRIPT_BROKEN,
    RIDE_LONG = SCRIPT_LONG,
    RIDE_CUT_AND_BACK, /* it is plugged in again, and goes on */
    RIDE_FAULTS,
};

struct ride_file {
    const char *path;
    uint8_t *p;
    size_t n;
    bool right;  /* the station holds its bytes, under its path */
    bool erased; /* an erase was let have it */
};

struct ride {
    /* given: what is plugged in, with fresh bytes by number; and its driver */
    void *device;
    void (*plug)(struct ride *r);
    enum err (*open)(struct ride *r);
    /* Is this byte one of a message's own, in which a wrong bit must be found?
     * Others are contents, or say where these are. */
    bool (*is_framing)(const struct ride *r, uint64_t at);
    bool outlives;                    /* its driver mends whatever passes */
    void (*measured)(struct ride *r); /* a ride without a fault went over the cable */
    struct ride_file file[RIDE_FILES];
    size_t n;
    /* under way */
    struct house *h;
    unsigned number;
    bool waits; /* a cable that is pulled out is plugged in again */
    struct script script;
    struct usb usb;
    struct camera_name name;
    char volume[NAME_LEN];
    struct camera camera;
    struct take take;
    volatile sig_atomic_t stop;
    /* what came of it */
    enum err e;
    char why[512];
    uint64_t bytes, transfers;
    unsigned right, wrong, failed;
    unsigned back; /* times that it was plugged in again */
    /* of all since they were measured */
    uint64_t whole_bytes, whole_transfers;
    unsigned whole, said, kept; /* kept: wrong; an erase leaves what is not held */
};

/* What the programs say goes nowhere; whoever wants to read it says LOUD=1. */
FIXTURE int ride_hush(void)
{
    int was = dup(STDOUT_FILENO), nowhere = getenv("LOUD") ? -1 : open("/dev/null", O_WRONLY | O_CLOEXEC);
    fflush(stdout);
    if (nowhere >= 0)
        dup2(nowhere, STDOUT_FILENO);
    file_close(&nowhere);
    return was;
}

FIXTURE void ride_speak(int was)
{
    fflush(stdout);
    dup2(was, STDOUT_FILENO);
    file_close(&was);
}

/* The next camera is there, and nothing has gone over its cable yet. */
FIXTURE void ride_begin(struct ride *r)
{
    if (!r->h || r->number % RIDES_OF_ONE_STATION == 0) {
        void *h = r->h;
        if (h)
            house_free(&h);
        house_new(&h);
        r->h = h;
        r->h->d->roster.users[0].roles = ROLE_SUPERVISOR;
        r->h->d->roster.number++;
        assert_int_equal(roster_sign(&r->h->d->roster, &r->h->d->authority), ERR_OK);
        assert_int_equal(station_take_roster(r->h->s, (const char *)r->h->d->roster.text.p, r->h->d->roster.text.len),
                         ERR_OK);
    }
    r->number++;
    r->name = (struct camera_name){.vendor = "Maker", .product = "Model", .profile = "unit"};
    snprintf(r->name.serial, sizeof r->name.serial, "SN-%06u", r->number);
    r->right = r->wrong = r->failed = r->back = 0;
    for (size_t i = 0; i < r->n; i++)
        r->file[i].right = r->file[i].erased = false;
    r->plug(r);
}

FIXTURE void ride_unplug(struct ride *r)
{
    if (r->camera.self)
        r->camera.free(r->camera.self);
    r->camera = (struct camera){0};
    r->transfers += r->script.transfers;
    r->bytes = r->script.bytes;
    script_end(&r->script);
    r->script = (struct script){0};
}

FIXTURE void ride_close(struct ride *r)
{
    void *h = r->h;
    if (h)
        house_free(&h);
    r->h = NULL;
}

FIXTURE bool ride_is_gone(void *ctx)
{
    return ((struct ride *)ctx)->script.gone;
}

FIXTURE enum err ride_again(void *ctx)
{
    struct ride *r = ctx;
    assert_true(++r->back < 4);
    if (intake_pause(r->take.in) != ERR_OK)
        err_clear();
    ride_unplug(r);
    r->take.on.opened++;
    r->plug(r);
    return r->open(r);
}

FIXTURE void ride_offload(struct ride *r)
{
    struct intake_camera is;
    r->transfers = 0;
    err_clear();
    r->e = r->open(r);
    if (!r->e) {
        r->camera.describe(r->camera.self, &is);
        snprintf(r->volume, sizeof r->volume, "%s", is.volume);
        r->take = (struct take){.s = r->h->s,
                                .described = {"Maker", "Model", r->name.serial, "unit", r->volume, INT64_MIN},
                                .on = {.camera = &r->camera,
                                       .again = r->waits ? ride_again : NULL,
                                       .gone = ride_is_gone,
                                       .ctx = r,
                                       .stop = &r->stop}};
        say_begin(&r->take.say, false, false, false);
        r->e = take_run(&r->take);
        r->failed = (unsigned)(r->take.say.count[SAY_FAILED] + r->take.say.count[SAY_NOT_TAKEN]);
    } else {
        r->camera = (struct camera){0};
    }
    snprintf(r->why, sizeof r->why, "%s", r->e ? err_text() : "");
}

/* A file as far as it could be read: zeros in its holes, its own bytes around them. */
FIXTURE bool ride_has_holes(const struct ride *r, const json_t *file, const char *path)
{
    const json_t *holes = json_object_get(file, "holes"), *hole;
    struct buf right = {0};
    size_t i = 0, k;
    if (json_array_size(holes) == 0)
        return false;
    while (i < r->n && strcmp(path, r->file[i].path) != 0)
        i++;
    if (i == r->n || json_integer_value(json_object_get(file, "size")) != (json_int_t)r->file[i].n)
        return false;
    assert_int_equal(buf_add(&right, r->file[i].p, r->file[i].n), ERR_OK);
    json_array_foreach(holes, k, hole)
    {
        uint64_t at = (uint64_t)json_integer_value(json_array_get(hole, 0));
        uint64_t n = (uint64_t)json_integer_value(json_array_get(hole, 1));
        assert_true(n > 0 && at < right.len && n <= right.len - at);
        memset(right.p + at, 0, n);
    }
    struct clip c = {.p = right.p, .n = right.len};
    struct hash plain = hash_of(c.p, c.n);
    char hex[HASH_HEX];
    hash_hex(hex, &plain);
    bool is = strcmp(hex, json_string_value(json_object_get(file, "blake2b"))) == 0;
    if (is)
        assert_file_is(r->h, file, &c);
    buf_free(&right);
    return is;
}

FIXTURE void ride_check_file(struct ride *r, const json_t *file)
{
    const char *path = json_string_value(json_object_get(file, "path"));
    const char *hash = json_string_value(json_object_get(file, "blake2b"));
    char want[HASH_HEX];
    assert_true(path && hash);
    if (ride_has_holes(r, file, path))
        return; /* its entry says which bytes are missing, and the others are right */
    for (size_t i = 0; i < r->n; i++) {
        struct hash plain = hash_of(r->file[i].p, r->file[i].n);
        hash_hex(want, &plain);
        if (strcmp(path, r->file[i].path) != 0 || strcmp(hash, want) != 0)
            continue;
        struct clip c = {.p = r->file[i].p, .n = r->file[i].n};
        assert_file_is(r->h, file, &c);
        assert_false(r->file[i].right); /* once */
        r->file[i].right = true;
        r->right++;
        return;
    }
    r->wrong++;
}

/* What is in the station that was not before. */
FIXTURE void ride_check(struct ride *r, uint64_t before)
{
    for (uint64_t seq = before + 1; seq <= house_labels(r->h); seq++) {
        struct batch *b = house_batch(r->h, seq);
        size_t i, k;
        json_t *entry, *sidecar;
        json_array_foreach(b->entries, i, entry)
        {
            const json_t *data = json_object_get(entry, "data");
            if (strcmp(json_string_value(json_object_get(entry, "type")), "recording") != 0)
                continue;
            ride_check_file(r, data);
            json_array_foreach(json_object_get(data, "sidecars"), k, sidecar) ride_check_file(r, sidecar);
        }
        batch_free(b);
    }
}

/* The whole of it. What was not taken in must have been said: by the end of the
 * offload, by a line, or by the entry of a recording. */
FIXTURE void ride_go(struct ride *r)
{
    uint64_t before = house_labels(r->h);
    int was = ride_hush();
    ride_offload(r);
    ride_speak(was);
    ride_check(r, before);
    if (r->measured)
        r->measured(r);
    r->measured = NULL;
    ride_unplug(r);
}

FIXTURE bool ride_is_whole(const struct ride *r)
{
    return r->right == r->n && !r->wrong && !r->e && !r->failed;
}

FIXTURE bool ride_is_said(const struct ride *r)
{
    return (r->e && r->why[0]) || r->failed;
}

/* --- what may be erased afterwards ------------------------------------------ */

FIXTURE enum err ride_remove(void *self, const struct camera_file *f)
{
    struct ride *r = self;
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(f->path, r->file[i].path) == 0)
            r->file[i].erased = true;
    return ERR_OK;
}

/* Everything of this camera that is held is licensed, and it is plugged in again. */
FIXTURE enum err ride_erase(struct ride *r)
{
    struct bench b = {.h = r->h};
    struct erasure_wish wish = {.serial = r->name.serial, .days = 1, .why = "the card is full"};
    struct deleter deleter = {.self = r, .how = "unit", .remove = ride_remove};
    struct intake_camera is;
    struct outcome outcome;
    struct erasure_offer offer;
    struct recording_list *l;
    struct permit *p;
    bool incomplete;
    bench_receipt(&b, house_labels(r->h), 0, 0, clock_wall());
    assert_int_equal(recording_load(r->h->s, r->h->d->user, &l), ERR_OK);
    enum err e = erasure_license(r->h->s, r->h->d->user, l, &wish, take_id, &b, &offer);
    recording_free(l);
    if (e)
        return e; /* nothing is held */
    r->plug(r);
    assert_int_equal(r->open(r), ERR_OK);
    r->camera.describe(r->camera.self, &is);
    e = permit_load(&p, r->h->s, r->name.serial, is.volume, NULL, NULL);
    if (!e) {
        outcome_begin(&outcome, false, false);
        struct erase erase = {r->h->s, p, &r->camera, r->name.serial, is.volume, &deleter, &outcome, &r->stop};
        e = erase_run(&erase, &incomplete);
        permit_free(p);
    }
    ride_unplug(r);
    return e;
}

/* Of a camera whose recordings may be wrong nothing goes that is not held. */
FIXTURE void ride_check_erase(struct ride *r, const char *what, uint64_t at)
{
    int was = ride_hush();
    (void)!ride_erase(r); /* mostly it is said that there is nothing that may go */
    ride_speak(was);
    for (size_t i = 0; i < r->n; i++)
        if (r->file[i].erased && !r->file[i].right)
            fail_msg("%s at byte %llu: %s was erased and is not held", what, (unsigned long long)at, r->file[i].path);
}

/* --- one fault -------------------------------------------------------------- */

static const char *const ride_words[RIDE_FAULTS] = {"no fault",      "a cut",    "a stall",  "a short read",  "silence",
                                                    "a flipped bit", "an error", "too much", "a cut and back"};

/* The right bytes, or a clear failure; soon. */
FIXTURE void ride_expect(struct ride *r, enum ride_fault f, const char *what, uint64_t at)
{
    bool whole = ride_is_whole(r), is_flip = f == RIDE_FLIP, is_cut = f == RIDE_CUT || f == RIDE_CUT_AND_BACK;
    bool may_fail = is_flip || f == RIDE_CUT || (is_cut && !r->back) || !r->outlives;
    bool may_be_wrong = is_flip && !r->is_framing(r, at);
    if ((r->wrong && !may_be_wrong) || (!whole && !may_fail) || (!whole && !may_be_wrong && !ride_is_said(r)) ||
        (f == RIDE_CUT && r->e && r->e != ERR_AGAIN) || r->transfers > 3 * r->whole_transfers + 400)
        fail_msg("%s at byte %llu: %u files right, %u wrong, %u failed, error %d (%s), %llu transfers", what,
                 (unsigned long long)at, r->right, r->wrong, r->failed, r->e, r->why, (unsigned long long)r->transfers);
    r->whole += whole;
    r->said += !whole && ride_is_said(r);
    r->kept += !whole && !ride_is_said(r);
    if (!whole && may_be_wrong)
        ride_check_erase(r, what, at);
}

FIXTURE void ride_strike(struct ride *r, enum ride_fault f, uint64_t at)
{
    ride_begin(r);
    script_fault(&r->script, f == RIDE_CUT_AND_BACK ? SCRIPT_CUT : (enum script_fault)f, at);
    r->waits = f == RIDE_CUT_AND_BACK;
    ride_go(r);
    ride_expect(r, f, ride_words[f], at);
}

/* Without a fault: all is taken in, all of it may go, and it is known how much that is. */
FIXTURE void ride_measure(struct ride *r)
{
    ride_begin(r);
    r->waits = false;
    ride_go(r);
    if (!ride_is_whole(r))
        fail_msg("without a fault %u files are right, %u wrong: %s", r->right, r->wrong, r->why);
    r->whole_transfers = r->transfers;
    r->whole_bytes = r->bytes;
    int was = ride_hush();
    enum err e = ride_erase(r);
    ride_speak(was);
    assert_int_equal(e, ERR_OK);
    for (size_t i = 0; i < r->n; i++)
        assert_true(r->file[i].erased);
    r->whole = r->said = r->kept = 0;
}

FIXTURE void ride_tell(const struct ride *r, const char *what)
{
    print_message("%s: %u whole, %u failed and said so, %u not what is on the camera, which an erase leaves\n", what,
                  r->whole, r->said, r->kept);
}

/* --- at random bytes -------------------------------------------------------- */

/* fn for each of n rides; RIDES stands for n. */
FIXTURE void ride_randomly(void (*fn)(unsigned i), unsigned n, enum chance kind)
{
    const char *rides = getenv("RIDES");
    chance_begin(kind);
    n = rides ? (unsigned)strtoul(rides, NULL, 10) : n;
    for (unsigned i = 0; i < n; i++)
        fn(i);
}

#endif
