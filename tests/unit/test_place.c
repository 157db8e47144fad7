/* A camera on USB as the dock opens it: what proves its model, its lock and
 * its battery, its clock. */
#include "drivers/place.h"
#include "storage/base/file.h"
#include "tests/unit/bus_fixture.h"
#include "tests/unit/script_ptp.h"

#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static struct profiles *profiles;
static struct script_ptp mtp;
static struct place place;
static struct camera camera;
static volatile sig_atomic_t stop;

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

static int end(void **state)
{
    char path[96];
    (void)state;
    if (camera.self)
        camera.free(camera.self);
    camera = (struct camera){0};
    bus_end();
    profiles_free(profiles);
    profiles = NULL;
    free(mtp.objects);
    mtp.objects = NULL;
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
        bus_end();
        profiles_free(profiles);
        free(mtp.objects);
    }
    assert_int_equal(open_mtp("proof: label LABEL\n"), ERR_OK);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, start, end)
    const struct CMUnitTest tests[] = {
        CASE(an_mtp_model_is_proven_by_usbs_strings_or_never),
        CASE(what_an_mtp_device_does_not_show_proves_it),
    };
    return cmocka_run_group_tests_name("place", tests, NULL, NULL);
}
