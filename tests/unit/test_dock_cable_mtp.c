/* An MTP camera is taken in, and the cable, or the device, does what it should not
 * at one place of the whole: at the head of every message, and at random bytes.
 * Each time the right recordings are in the station, or it is said what is not; it
 * ends; and where a bit of the contents was flipped, which MTP has nothing to find
 * by, an erase finds it, because all is read once more before anything goes. */
#include "drivers/ptp/ptp.h"
#include "storage/base/bytes.h"
#include "tests/unit/ride_fixture.h"
#include "tests/unit/script_ptp.h"

#define HEAD 12u    /* bytes that every message begins with */
#define HANDLES 16u /* of one ride: what a file holds goes by its handle */

static const struct ptp_object tree[] = {
    {.handle = 1, .parent = 0, .name = "DCIM", .folder = true},
    {.handle = 2, .parent = 1, .name = "100MEDIA", .folder = true},
    {.handle = 3, .parent = 2, .name = "A.MP4", .size = 70001},
    {.handle = 4, .parent = 2, .name = "A.NMEA", .size = 512 * 3},   /* full packets without its head, */
    {.handle = 5, .parent = 2, .name = "B.MP4", .size = 65536 - 12}, /* and with it */
    {.handle = 6, .parent = 2, .name = "C.LOG", .size = 12},         /* as long as an answer */
};
#define OBJECTS (sizeof tree / sizeof tree[0])
#define FOLDERS 2u

static struct {
    struct script_ptp model;
    struct ptp_object objects[OBJECTS];
    uint64_t heads[4096]; /* of a ride without a fault */
    size_t n_heads;
} device;

static struct ride ride;

static void plug(struct ride *r)
{
    memcpy(device.objects, tree, sizeof tree);
    for (size_t i = 0; i < OBJECTS; i++) {
        struct ptp_object *o = &device.objects[i];
        o->handle += HANDLES * r->number;
        o->parent += o->parent ? HANDLES * r->number : 0;
        if (i >= FOLDERS)
            script_ptp_bytes(o, 0, r->file[i - FOLDERS].p, o->size);
    }
    device.model = (struct script_ptp){.quirks = device.model.quirks, .objects = device.objects, .n = OBJECTS};
    struct script_device model = script_ptp(&device.model);
    script_begin(&r->script, &r->usb, &model);
    script_ptp_pipes(&r->usb);
}

static enum err open_camera(struct ride *r)
{
    struct ptp *p;
    enum err e = ptp_open(&p, &r->usb);
    return e ? e : ptp_camera(&r->camera, p, &r->name);
}

static bool is_framing(const struct ride *r, uint64_t at)
{
    (void)r;
    for (size_t i = 0; i < device.n_heads; i++)
        if (at >= device.heads[i] && at < device.heads[i] + HEAD)
            return true;
    return false;
}

static void note(struct ride *r)
{
    (void)r;
    device.n_heads = device.model.n_heads;
    memcpy(device.heads, device.model.heads, device.n_heads * sizeof device.heads[0]);
    assert_true(device.n_heads > 20 && device.n_heads < sizeof device.heads / sizeof device.heads[0]);
}

static void measure(unsigned quirks)
{
    device.model.quirks = quirks;
    ride.measured = note;
    ride_measure(&ride);
}

static int begin(void **state)
{
    static const char *const paths[] = {"DCIM/100MEDIA/A.MP4", "DCIM/100MEDIA/A.NMEA", "DCIM/100MEDIA/B.MP4",
                                        "DCIM/100MEDIA/C.LOG"};
    (void)state;
    assert_int_equal(hash_start(), ERR_OK);
    ride = (struct ride){.plug = plug, .open = open_camera, .is_framing = is_framing, .n = OBJECTS - FOLDERS};
    for (size_t i = 0; i < ride.n; i++) {
        ride.file[i] = (struct ride_file){.path = paths[i], .n = tree[i + FOLDERS].size};
        ride.file[i].p = malloc(ride.file[i].n);
        assert_non_null(ride.file[i].p);
    }
    return 0;
}

static int end(void **state)
{
    (void)state;
    ride_close(&ride);
    for (size_t i = 0; i < ride.n; i++)
        free(ride.file[i].p);
    return 0;
}

static void at_every_message(unsigned quirks, const char *what)
{
    measure(quirks);
    for (size_t i = 0; i < device.n_heads; i++)
        for (enum ride_fault f = RIDE_CUT; f < RIDE_FAULTS; f++)
            ride_strike(&ride, f, device.heads[i]);
    ride_tell(&ride, what);
}

static void a_fault_at_any_message_of_pieces_ends_in_a_wrong_recording(void **state)
{
    (void)state;
    at_every_message(0, "at every message, in pieces");
}

static void a_fault_at_any_message_of_whole_files_ends_in_a_wrong_recording(void **state)
{
    (void)state;
    at_every_message(PTP_NO_PARTIAL | PTP_NO_PROPLIST, "at every message, whole files");
}

/* Of every message its length (what is Bulk-Only Transport's residue), its kind, its
 * code, its number (what is there a tag). */
static void a_head_that_lies_ends_in_a_wrong_recording(void **state)
{
    (void)state;
    measure(0);
    for (size_t i = 0; i < device.n_heads; i++)
        for (uint64_t off = 0; off < HEAD; off += off < 4 ? 1 : 2)
            ride_strike(&ride, RIDE_FLIP, device.heads[i] + off);
    ride_tell(&ride, "a bit of every head");
}

/* In turns: a cut, a stall, a short read, silence, a bit, an error, too much, a cut and back. */
static void one_random_fault(unsigned i)
{
    ride_strike(&ride, (enum ride_fault)(RIDE_CUT + i % (RIDE_FAULTS - RIDE_CUT)), chance_below(ride.whole_bytes));
}

static void a_thousand_random_bytes_end_in_a_wrong_recording(void **state)
{
    (void)state;
    measure(0);
    ride_randomly(one_random_fault, 1000, CHANCE_FIXED);
    ride_tell(&ride, "at random bytes");
}

static void random_bytes_of_today_end_in_a_wrong_recording(void **state)
{
    (void)state;
    measure(PTP_NO_PARTIAL);
    ride_randomly(one_random_fault, 250, CHANCE_NEW);
    ride_tell(&ride, "at random bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fault_at_any_message_of_pieces_ends_in_a_wrong_recording),
        cmocka_unit_test(a_fault_at_any_message_of_whole_files_ends_in_a_wrong_recording),
        cmocka_unit_test(a_head_that_lies_ends_in_a_wrong_recording),
        cmocka_unit_test(a_thousand_random_bytes_end_in_a_wrong_recording),
        cmocka_unit_test(random_bytes_of_today_end_in_a_wrong_recording),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
