/* A camera on USB as the dock opens it: what proves its model, its lock and
 * its battery, its clock. */
#include "drivers/place.h"
#include "storage/base/file.h"
#include "tests/unit/bus_fixture.h"
#include "tests/unit/fat_card.h"
#include "tests/unit/script_bot.h"
#include "tests/unit/script_ptp.h"

#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static struct profiles *profiles;
static struct script_ptp mtp;
static struct place place;
static struct camera camera;
static volatile sig_atomic_t stop;
static const char *mtp_clock;
static bool ours_is_right;

static const struct ptp_object tree[] = {
    {.handle = 1, .parent = 0, .name = "DCIM", .folder = true},
    {.handle = 2, .parent = 1, .name = "A.MP4", .size = 700},
    {.handle = 3, .parent = 0, .name = "MOVIES", .size = 5},
};

static int start(void **state)
{
    char path[96];
    (void)state;
    strcpy(dir, "/tmp/feldsher-place-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof path, "%s/profiles", dir);
    return mkdir(path, 0700);
}

/* The station's only model besides ours, as x.profile. */
static void model(const char *speaks, const char *more)
{
    char path[96], text[1024];
    snprintf(path, sizeof path, "%s/profiles/x.profile", dir);
    snprintf(text, sizeof text, "feldsher-profile 1\nname: x\ntitle: X\nspeaks: %s\nautomatic: yes\nfiles: **\n%s",
             speaks, more);
    assert_int_equal(file_write(path, text, strlen(text), 0600), ERR_OK);
    assert_int_equal(profiles_load(&profiles, dir), ERR_OK);
    if (profiles_refused(profiles, 0))
        fail_msg("%s", profiles_refused(profiles, 0));
    place = (struct place){.profiles = profiles, .profile = profiles_find(profiles, "x"), .stop = &stop};
}

static void put_away(void)
{
    if (camera.self)
        camera.free(camera.self);
    camera = (struct camera){0};
    bus_end();
    profiles_free(profiles);
    profiles = NULL;
    free(mtp.objects);
    mtp.objects = NULL;
}

static int end(void **state)
{
    char path[96];
    (void)state;
    put_away();
    mtp_clock = NULL;
    bus_tick = NULL;
    stop = 0;
    ours_is_right = false;
    snprintf(path, sizeof path, "%s/profiles/x.profile", dir);
    unlink(path);
    snprintf(path, sizeof path, "%s/profiles", dir);
    rmdir(path);
    return rmdir(dir);
}

static enum err open_mtp(const char *more)
{
    model("mtp", more);
    mtp = (struct script_ptp){.objects = malloc(sizeof tree), .n = sizeof tree / sizeof tree[0]};
    assert_non_null(mtp.objects);
    memcpy(mtp.objects, tree, sizeof tree);
    struct script_device device = script_ptp(&mtp);
    if (mtp_clock)
        strcpy(mtp.clock, mtp_clock);
    place.trusted = ours_is_right;
    struct bus_device *d = bus_plug(0, "1-1", 6, 1, 1, &device);
    d->pipes = script_ptp_pipes;
    strcpy(d->seen.vendor, "Chips Inc.");
    strcpy(d->seen.product, "Bridge");
    strcpy(d->seen.serial, "SN-1");
    place.seen = d->seen;
    return place_open(&place, &camera);
}

static void an_mtp_model_is_proven_by_usbs_strings_or_never(void **state)
{
    (void)state;
    /* "Maker", "Model", ... are what the device says in MTP */
    enum err e = open_mtp("proof: vendor Mak*\nproof: model Model\nproof: extension *microsoft*\nproof: label LABEL\n"
                          "proof: folder dcim\n");
    if (e)
        fail_msg("%s", err_text());
    assert_string_equal(place.name.vendor, "Chips Inc."); /* its name stays that of USB */
}

static void what_an_mtp_device_does_not_show_proves_it(void **state)
{
    (void)state;
    static const char *const wrong[] = {"proof: vendor Chips*\n", "proof: model Bridge\n",   "proof: label CARD\n",
                                        "proof: folder MOVIES\n", "proof: folder PRIVATE\n", "proof: extension x\n"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (open_mtp(wrong[i]) != ERR_BAD)
            fail_msg("%s%s", wrong[i], err_text());
        put_away();
    }
    assert_int_equal(open_mtp("proof: label LABEL\n"), ERR_OK);
}

/* Its clock says noon of 2026-11-25, whatever its zone. */
#define NOON_UTC 1795608000000

static json_t *clock_facts(const char *more, const char *clock, bool trusted)
{
    char text[128];
    put_away();
    mtp_clock = clock;
    ours_is_right = trusted;
    snprintf(text, sizeof text, "proof: model Model\n%s", more);
    if (open_mtp(text))
        fail_msg("%s", err_text());
    json_t *facts = place_facts(&place, &camera);
    assert_non_null(facts);
    return facts;
}

static void a_clock_without_a_zone_is_taken_for_utc(void **state)
{
    (void)state;
    static const struct {
        const char *profile, *clock, *zone;
        int64_t is;
    } cases[] = {
        {"clock: ptp +05:00\n", "20261125T120000", "+05:00", NOON_UTC - 5 * 3600000},
        {"clock: ptp -03:30\n", "20261125T120000", "-03:30", NOON_UTC + 7 * 1800000},
        {"clock: ptp utc\n", "20261125T120000", "utc", NOON_UTC},
        {"clock: ptp local\n", "20261125T120000.0", "local +06:00", NOON_UTC - 6 * 3600000},
        {"clock: ptp local\n", "20261125T120000Z", "camera", NOON_UTC},
        {"clock: ptp utc\n", "20261125T120000+0500", "camera", NOON_UTC - 5 * 3600000},
    };
    setenv("TZ", "HERE-6", 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *facts = clock_facts(cases[i].profile, cases[i].clock, false);
        assert_int_equal(place.clock_before, cases[i].is);
        assert_string_equal(json_string_value(json_object_get(facts, "clock_zone")), cases[i].zone);
        assert_string_equal(mtp.clock, cases[i].clock); /* ours is not to be trusted */
        json_decref(facts);
    }
    assert_int_equal(place.clock_set, false);
    unsetenv("TZ");
}

static void a_clock_is_set_in_another_zone_than_it_was_read_in(void **state)
{
    (void)state;
    static const char *const clocks[] = {"20201125T120000", "20201125T120000Z", "20201125T120000+0500"};
    for (size_t i = 0; i < 3; i++) {
        json_t *facts = clock_facts("clock: ptp +05:00\n", clocks[i], true);
        assert_true(place.clock_set);
        assert_true(llabs(place.clock_after - place.clock_asked) < 3600000);
        assert_int_equal(strlen(mtp.clock), i ? 16 : 15); /* as it had it: with a zone or without */
        json_decref(facts);
    }
}

static void a_clock_that_the_model_does_not_name_is_touched(void **state)
{
    (void)state;
    json_t *facts = clock_facts("", "20201125T120000", true);
    assert_string_equal(mtp.clock, "20201125T120000");
    assert_null(json_object_get(facts, "clock_zone"));
    json_decref(facts);
}

/* --- the same camera again ---------------------------------------------------- */

static struct script_ptp other; /* a second device, with the same files */

static struct bus_device *plug_another(size_t i, const char *port, const char *serial, unsigned quirks)
{
    other = (struct script_ptp){.objects = mtp.objects, .n = mtp.n, .quirks = quirks};
    struct script_device device = script_ptp(&other);
    struct bus_device *d = bus_plug(i, port, 6, 1, 1, &device);
    d->pipes = script_ptp_pipes;
    snprintf(d->seen.serial, sizeof d->seen.serial, "%s", serial);
    return d;
}

static void pull_out(void)
{
    if (open_mtp("proof: model Model\n"))
        fail_msg("%s", err_text());
    bus_devices[0].plugged = false;
    bus_devices[0].script.gone = true;
    assert_true(place_is_gone(&place));
    camera.free(camera.self);
    camera = (struct camera){0};
}

static void one_that_comes_back_at_another_port_is_not_known(void **state)
{
    (void)state;
    pull_out();
    plug_another(1, "2-4", "SN-7", 0); /* somebody else's, plugged in meanwhile */
    plug_another(2, "3-1", "SN-1", 0);
    assert_int_equal(place_again(&place, &camera), ERR_OK);
    assert_string_equal(place.seen.port, "3-1");
    assert_string_equal(place.name.serial, "SN-1");
}

static bool plug_with_another_card(void)
{
    plug_another(1, "1-1", "SN-1", PTP_TWO_STORAGES); /* its volume is told by its storages */
    return true;
}

static void another_card_in_the_same_camera_is_gone_on_with(void **state)
{
    (void)state;
    pull_out();
    bus_tick = plug_with_another_card;
    assert_int_equal(place_again(&place, &camera), ERR_BAD);
    assert_non_null(strstr(err_text(), "came back with another card"));
    assert_non_null(strstr(err_text(), "SN-1"));
    assert_non_null(strstr(err_text(), "plug the first card in"));
}

static bool stop_at_the_third(void)
{
    static unsigned n;
    stop = ++n % 3 == 0;
    return true;
}

/* Two of one number: what was here before is another one, and is not taken for the one that was pulled out. */
static void a_second_camera_of_its_number_is_taken_for_it(void **state)
{
    (void)state;
    if (open_mtp("proof: model Model\n"))
        fail_msg("%s", err_text());
    plug_another(1, "1-2", "SN-1", PTP_TWO_STORAGES);
    bus_devices[0].plugged = false;
    camera.free(camera.self);
    camera = (struct camera){0};
    bus_tick = stop_at_the_third;
    assert_int_equal(place_again(&place, &camera), ERR_AGAIN); /* goes on waiting until it is stopped */
}

/* A disk is a part of its camera, and goes with it. */
static void the_disk_of_one_that_is_away_is_asked_for_its_facts(void **state)
{
    (void)state;
    struct card *card = card_fat32(100);
    struct script_bot bot = {
        .disk = card->p, .sector = S, .sectors = card->sectors, .bad = UINT64_MAX, .at = UINT32_MAX};
    struct script_device device = script_bot(&bot);
    model("storage", "proof: label BOOTLABEL\n");
    place.seen = bus_plug(0, "1-1", 8, 6, 0x50, &device)->seen;
    if (place_open(&place, &camera))
        fail_msg("%s", err_text());
    json_t *facts = place_facts(&place, &camera);
    assert_non_null(json_object_get(facts, "disk"));
    json_decref(facts);
    bus_devices[0].plugged = false;
    camera.free(camera.self);
    camera = (struct camera){0};
    stop = 1;
    assert_int_equal(place_again(&place, &camera), ERR_AGAIN);
    facts = place_facts(&place, &camera);
    assert_null(json_object_get(facts, "disk"));
    json_decref(facts);
    card_free(card);
}

/* --- a recorder of the binary dialect ---------------------------------------- */

static struct recorder {
    const char *battery;
    bool locked;
    uint8_t code;
} recorder;

static void hear(void *self, struct script *s, const uint8_t *p, size_t n)
{
    struct recorder *r = self;
    uint8_t all[64] = {0x45, 0x3a, 0x02, 0x67, 0x7e, 0x7e, 0};
    const char *text = "OK";
    if (n == 16)
        r->code = p[7];
    if (n == 16 && p[8])
        return; /* its payload follows */
    if (r->code == 3)
        text = r->battery;
    else if (r->code == 2)
        text = "BC1";
    else if (r->code > 3 && r->locked)
        text = "ERROR LOCKED";
    all[7] = r->code;
    all[8] = (uint8_t)(strlen(text) + 4);
    memcpy(all + 12, "\xba\xc5\xfd\x98", 4);
    all[16] = (uint8_t)strlen(text);
    memcpy(all + 20, text, strlen(text));
    script_say(s, all, 20 + strlen(text));
}

static const char binary[] = "usb: 1234:5678\ncommand hello: 7E 7E 00 01\ncommand device: 7E 7E 00 02\n"
                             "command battery: 7E 7E 00 03\ncommand unlock: 7E 7E 00 06\ncommand disk: 7E 7E 00 07\n"
                             "lock: 6\nbattery: 10\n";

static enum err open_recorder(const char *battery, bool locked)
{
    static struct station station = {.chain = "none"};
    const struct script_device device = {.self = &recorder, .out = hear};
    model("binary", locked ? binary
                           : "usb: 1234:5678\ncommand hello: 7E 7E 00 01\ncommand battery: 7E 7E 00 03\n"
                             "command disk: 7E 7E 00 07\nbattery: 10\n");
    recorder = (struct recorder){.battery = battery, .locked = locked};
    place.seen = bus_plug(0, "1-1", 0xff, 0, 0, &device)->seen;
    place.s = &station;
    return place_open(&place, &camera);
}

static void a_low_battery_is_not_told_of_one_that_is_locked(void **state)
{
    (void)state;
    assert_int_equal(open_recorder("3", true), ERR_DENIED);
    assert_non_null(strstr(err_text(), "it is locked"));
    assert_non_null(strstr(err_text(), "is at 3 %, and it needs 10"));
}

static void a_full_one_is_told_to_be_charged(void **state)
{
    (void)state;
    assert_int_equal(open_recorder("80", true), ERR_DENIED);
    assert_non_null(strstr(err_text(), "it is locked"));
    assert_null(strstr(err_text(), "battery"));
}

static void one_that_is_not_locked_says_only_that_its_battery_is_low(void **state)
{
    (void)state;
    assert_int_equal(open_recorder("3", false), ERR_DENIED);
    assert_null(strstr(err_text(), "locked"));
    assert_non_null(strstr(err_text(), "leave it plugged in and try again later"));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, start, end)
    const struct CMUnitTest tests[] = {
        CASE(an_mtp_model_is_proven_by_usbs_strings_or_never),
        CASE(what_an_mtp_device_does_not_show_proves_it),
        CASE(a_clock_without_a_zone_is_taken_for_utc),
        CASE(a_clock_is_set_in_another_zone_than_it_was_read_in),
        CASE(a_clock_that_the_model_does_not_name_is_touched),
        CASE(one_that_comes_back_at_another_port_is_not_known),
        CASE(another_card_in_the_same_camera_is_gone_on_with),
        CASE(a_second_camera_of_its_number_is_taken_for_it),
        CASE(the_disk_of_one_that_is_away_is_asked_for_its_facts),
        CASE(a_low_battery_is_not_told_of_one_that_is_locked),
        CASE(a_full_one_is_told_to_be_charged),
        CASE(one_that_is_not_locked_says_only_that_its_battery_is_low),
    };
    return cmocka_run_group_tests_name("place", tests, NULL, NULL);
}
