/* The running dock: who is taken in, and when. The process that it starts for a
 * camera is this program, which notes the port that it was started for. */
#include "drivers/dock/admitted.h"
#include "drivers/dock/halt.h"
#include "drivers/dock/watch.h"
#include "storage/base/file.h"
#include "tests/unit/bus_fixture.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE 2000 /* ticks of 5 ms */

static char dir[64];
static volatile sig_atomic_t stop;
static unsigned ticks, step;

static const char *in_dir(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

/* What the dock starts: feldsher-dock -C DIR offload --port PORT ... */
static int note_port(char **argv)
{
    char path[256], pid[16];
    snprintf(path, sizeof path, "%s/started-%s", argv[2], argv[5]);
    snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    if (file_write(path, pid, strlen(pid), 0600))
        return 1;
    snprintf(path, sizeof path, "%s/busy", argv[2]);
    while (file_exists(path))
        pause();
    return 0;
}

static int start(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/feldsher-watch-XXXXXX");
    assert_non_null(mkdtemp(dir));
    assert_int_equal(mkdir(in_dir("objects"), 0700), 0);
    assert_int_equal(mkdir(in_dir("objects/tmp"), 0700), 0);
    stop = 0;
    ticks = step = 0;
    strcpy(bus_plug(0, "1-1", 8, 6, 0x50, NULL)->seen.serial, "SN-1");
    strcpy(bus_plug(1, "1-2", 8, 6, 0x50, NULL)->seen.serial, "SN-2");
    return 0;
}

static int end(void **state)
{
    static const char *const files[] = {
        "started-1-1", "started-1-2", "cameras", "log/feldsher-dock.log", "log", "busy", "objects/tmp/.dock",
        "objects/tmp", "objects",     ""};
    (void)state;
    bus_end();
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        remove(in_dir(files[i]));
    return access(dir, F_OK) == 0 ? -1 : 0;
}

static bool is_started(const char *port)
{
    char name[64];
    snprintf(name, sizeof name, "started-%s", port);
    return file_exists(in_dir(name));
}

static bool is_at_work(const char *port)
{
    char name[64];
    struct buf text = {0};
    snprintf(name, sizeof name, "started-%s", port);
    assert_int_equal(file_read(in_dir(name), 64, &text), ERR_OK);
    long pid = strtol((const char *)text.p, NULL, 10);
    buf_free(&text);
    return pid > 0 && kill((pid_t)pid, 0) == 0;
}

static enum err run(bool (*tick)(void))
{
    bus_tick = tick;
    const struct watch w = {.dir = dir, .json = true, .stop = &stop};
    return watch_run(&w);
}

static bool admit_the_second(void)
{
    stop = ++ticks > PATIENCE || is_started("1-2");
    if (ticks == 3)
        assert_int_equal(admitted_add(dir, &bus_devices[1].seen, "generic-storage", 0), ERR_OK);
    poll(NULL, 0, 5);
    return false; /* nothing came or went */
}

static void a_device_that_is_admitted_waits_for_the_next_plugging(void **state)
{
    (void)state;
    assert_int_equal(run(admit_the_second), ERR_OK);
    assert_true(is_started("1-2"));
    assert_false(is_started("1-1"));
}

static bool spoil_the_list(void)
{
    static const char bad[] = "feldsher-cameras 1\ncamera: nonsense\n";
    ticks++;
    if (step == 0 && ticks == 3) {
        assert_int_equal(file_write(in_dir("cameras"), bad, sizeof bad - 1, 0600), ERR_OK);
    } else if (step == 0 && ticks == 6) {
        remove(in_dir("cameras"));
        assert_int_equal(admitted_add(dir, &bus_devices[0].seen, "generic-storage", 0), ERR_OK);
        step = 1;
    }
    stop = ticks > PATIENCE || is_started("1-1");
    poll(NULL, 0, 5);
    return false;
}

static void a_list_that_is_spoilt_meanwhile_ends_the_dock(void **state)
{
    (void)state;
    assert_int_equal(run(spoil_the_list), ERR_OK);
    assert_true(is_started("1-1"));
}

static bool stop_the_second(void)
{
    if (step == 0 && is_started("1-1") && is_started("1-2")) {
        assert_int_equal(halt_run(dir, "1-2", true), ERR_OK);
        step = 1;
    } else if (step == 1 && !is_at_work("1-2")) {
        assert_true(is_at_work("1-1"));
        step = 2;
    }
    stop = ++ticks > PATIENCE || step == 2;
    poll(NULL, 0, 5);
    return false;
}

static void one_camera_cannot_be_stopped_alone(void **state)
{
    (void)state;
    assert_int_equal(file_write(in_dir("busy"), "x", 1, 0600), ERR_OK);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(admitted_add(dir, &bus_devices[i].seen, "generic-storage", 0), ERR_OK);
    assert_int_equal(run(stop_the_second), ERR_OK);
    assert_int_equal(step, 2);
}

static void an_order_is_left_for_a_dock_that_does_not_run(void **state)
{
    (void)state;
    assert_int_equal(halt_run(dir, "1-2", true), ERR_NOINPUT);
    assert_int_equal(halt_run(dir, "../x", true), ERR_USAGE);
    assert_false(halt_take(dir, "1-2"));
}

int main(int argc, char **argv)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, start, end)
    const struct CMUnitTest tests[] = {
        CASE(a_device_that_is_admitted_waits_for_the_next_plugging),
        CASE(one_camera_cannot_be_stopped_alone),
        CASE(an_order_is_left_for_a_dock_that_does_not_run),
        CASE(a_list_that_is_spoilt_meanwhile_ends_the_dock),
    };
    if (argc > 5 && strcmp(argv[3], "offload") == 0)
        return note_port(argv);
    return cmocka_run_group_tests_name("dock", tests, NULL, NULL);
}
