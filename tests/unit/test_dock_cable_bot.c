/* A card is taken in over USB storage, and the cable, or the device, does what it
 * should not at one place of the whole: at every command and every transfer, and
 * at random bytes. Each time the right recordings are in the station, or it is
 * said what is not; it ends; and where a bit of the contents was flipped, which
 * Bulk-Only Transport has nothing to find by, an erase finds it, because all is read
 * once more before anything goes. */
#include "drivers/fat/fat.h"
#include "drivers/msc/msc.h"
#include "storage/base/bytes.h"
#include "tests/unit/fat_card.h"
#include "tests/unit/ride_fixture.h"
#include "tests/unit/script_bot.h"

#define CLUSTERS 1200u

struct stick {
    struct card *card;
    struct script_bot bot;
    enum bot_quirk quirk;
    unsigned at; /* the command that it has it at; UINT32_MAX: none */
};

static struct stick stick;
static struct ride ride;
static struct script_moved moved[1024]; /* of a ride without a fault */
static size_t n_moved;
static unsigned n_commands;

static void plug(struct ride *r)
{
    struct stick *k = r->device;
    k->bot = (struct script_bot){.disk = k->card->p,
                                 .sector = S,
                                 .sectors = k->card->sectors,
                                 .bad = UINT64_MAX,
                                 .attentions = 1,
                                 .quirk = k->quirk,
                                 .at = k->at};
    k->at = UINT32_MAX; /* once */
    struct script_device device = script_bot(&k->bot);
    script_begin(&r->script, &r->usb, &device);
    /* other bytes, and not by one bit: that could be flipped back */
    for (size_t i = 0; i < r->n; i++)
        bytes_put_le64(r->file[i].p, r->number * 0x9e3779b97f4a7c15u);
}

static enum err open_stick(struct ride *r)
{
    struct disk d;
    enum err e = msc_open(&d, &r->usb, 1000);
    return e ? e : fat_camera(&r->camera, &d, &r->name);
}

static const struct script_moved *transfer_at(uint64_t at)
{
    for (size_t i = 0; i < n_moved; i++)
        if (at >= moved[i].at && at < moved[i].at + moved[i].n)
            return &moved[i];
    return NULL;
}

/* Commands but for the sector that they name, statuses, short answers. */
static bool is_framing(const struct ride *r, uint64_t at)
{
    const struct script_moved *m = transfer_at(at);
    (void)r;
    return !m || (m->in ? m->n < S : at - m->at < 17 || at - m->at >= 21);
}

static void file_at(size_t i, const char *path, uint32_t cluster, size_t n)
{
    uint8_t *p = card_cluster(stick.card, cluster);
    for (size_t k = 0; k < n; k++)
        p[k] = (uint8_t)((k + 7 * i) * 2654435761u >> 11);
    ride.file[i] = (struct ride_file){.path = path, .p = p, .n = n};
    ride.n = i + 1;
}

static void note(struct ride *r)
{
    n_moved = r->script.n_moved;
    memcpy(moved, r->script.moved, n_moved * sizeof moved[0]);
    n_commands = stick.bot.commands;
    assert_true(n_moved > 60 && n_moved < sizeof moved / sizeof moved[0]);
}

static void measure(void)
{
    ride.measured = note;
    ride_measure(&ride);
}

static int begin(void **state)
{
    struct card *c = card_fat32(CLUSTERS);
    (void)state;
    assert_int_equal(hash_start(), ERR_OK);
    stick = (struct stick){.card = c, .at = UINT32_MAX};
    ride =
        (struct ride){.device = &stick, .plug = plug, .open = open_stick, .is_framing = is_framing, .outlives = true};
    card_entry(c, 2, 0, "DCIM       ", 0x10, 3, 0);
    card_chain(c, 3, 1);
    card_entry(c, 3, 0, ".          ", 0x10, 3, 0);
    card_entry(c, 3, 1, "..         ", 0x10, 0, 0);
    card_entry(c, 3, 2, "100MEDIA   ", 0x10, 4, 0);
    card_chain(c, 4, 1);
    card_entry(c, 4, 0, "A       MP4", 0x20, 10, 100000);
    card_entry(c, 4, 1, "A       GPX", 0x20, 900, 700);
    card_entry(c, 4, 2, "B       MP4", 0x20, 300, 65536);
    card_entry(c, 4, 3, "D       LOG", 0x20, 910, 12);
    card_chain(c, 10, 196);
    card_chain(c, 300, 128);
    card_chain(c, 900, 2);
    card_chain(c, 910, 1);
    file_at(0, "DCIM/100MEDIA/A.MP4", 10, 100000);
    file_at(1, "DCIM/100MEDIA/A.GPX", 900, 700);
    file_at(2, "DCIM/100MEDIA/B.MP4", 300, 65536);
    file_at(3, "DCIM/100MEDIA/D.LOG", 910, 12);
    return 0;
}

static int end(void **state)
{
    (void)state;
    ride_close(&ride);
    card_free(stick.card);
    return 0;
}

static const char *const quirks[QUIRKS] = {
    [QUIRK_TAG] = "a wrong tag",
    [QUIRK_SIGNATURE] = "a wrong signature",
    [QUIRK_PHASE] = "a phase error",
    [QUIRK_RESIDUE] = "a residue of all",
    [QUIRK_RESIDUE_BIG] = "a residue of more than all",
    [QUIRK_SHORT_DATA] = "half of the data",
    [QUIRK_SHORT_LIE] = "half of the data and no residue",
    [QUIRK_STALL_DATA] = "a stall in the data",
    [QUIRK_STALL_CSW] = "a stall before the status",
    [QUIRK_EMPTY_CSW] = "an empty status",
    [QUIRK_SHORT_CSW] = "a short status",
    [QUIRK_HANG] = "silence until a reset",
    [QUIRK_STALE] = "the status of before",
    [QUIRK_ATTENTION] = "attention",
    [QUIRK_ABORTED] = "aborted",
    [QUIRK_GLUED] = "a status in the data",
    [QUIRK_PADDED] = "padded data",
};

/* What a device does wrong at one command. */
static void misbehave(enum bot_quirk q, unsigned command)
{
    stick.quirk = q;
    stick.at = command;
    ride_begin(&ride);
    ride.waits = false;
    ride_go(&ride);
    ride_expect(&ride, RIDE_FAULTS, quirks[q], command);
}

static void a_fault_at_any_boundary_ends_in_a_wrong_recording(void **state)
{
    (void)state;
    measure();
    for (size_t i = 0; i < n_moved; i++)
        for (enum ride_fault f = RIDE_CUT; f < RIDE_FAULTS; f++)
            ride_strike(&ride, f, moved[i].at);
    ride_tell(&ride, "at every transfer's first byte");
}

static void a_device_that_misbehaves_at_any_command_ends_in_a_wrong_recording(void **state)
{
    (void)state;
    measure();
    for (unsigned i = 0; i < n_commands; i++)
        for (enum bot_quirk q = QUIRK_TAG; q < QUIRKS; q++)
            misbehave(q, i);
    ride_tell(&ride, "at every command");
}

/* The command that goes on at that byte. */
static unsigned command_at(uint64_t at)
{
    unsigned n = 0;
    for (size_t i = 0; i < n_moved; i++)
        n += !moved[i].in && moved[i].at <= at;
    return n ? n - 1 : 0;
}

/* In turns: a cut, a stall, a short read, silence, a bit, an error, too much, a cut
 * and back; a wrong tag, a residue. */
static void one_random_fault(unsigned i)
{
    static const enum bot_quirk some[] = {QUIRK_TAG, QUIRK_RESIDUE, QUIRK_RESIDUE_BIG};
    unsigned kinds = RIDE_FAULTS - RIDE_CUT, kind = i % (kinds + 3);
    uint64_t at = chance_below(ride.whole_bytes);
    if (kind < kinds)
        ride_strike(&ride, (enum ride_fault)(RIDE_CUT + kind), at);
    else
        misbehave(some[kind - kinds], command_at(at));
}

static void a_thousand_random_bytes_end_in_a_wrong_recording(void **state)
{
    (void)state;
    measure();
    ride_randomly(one_random_fault, 1000, CHANCE_FIXED);
    ride_tell(&ride, "at random bytes");
}

static void random_bytes_of_today_end_in_a_wrong_recording(void **state)
{
    (void)state;
    measure();
    ride_randomly(one_random_fault, 250, CHANCE_NEW);
    ride_tell(&ride, "at random bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fault_at_any_boundary_ends_in_a_wrong_recording),
        cmocka_unit_test(a_device_that_misbehaves_at_any_command_ends_in_a_wrong_recording),
        cmocka_unit_test(a_thousand_random_bytes_end_in_a_wrong_recording),
        cmocka_unit_test(random_bytes_of_today_end_in_a_wrong_recording),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
