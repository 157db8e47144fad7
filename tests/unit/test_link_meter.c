#include "storage/base/confine.h"
#include "sync/link/meter.h"
#include "tests/unit/link_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

/* A bus of our own (dbus-daemon), and on it a NetworkManager that python3's
 * dbusmock plays. The bus starts it when it is first asked for by a program
 * that wants it started, which the meter is not. */
struct bus {
    char dir[64];
    pid_t pid;
};

static void write_file(const char *dir, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void bus_open(struct bus *b)
{
    char text[1024], conf[128];
    int out[2];
    strcpy(b->dir, "/tmp/meter-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    snprintf(text, sizeof text,
             "<busconfig><type>session</type><listen>unix:path=%s/bus</listen><servicedir>%s</servicedir>"
             "<policy context=\"default\"><allow send_destination=\"*\"/><allow receive_sender=\"*\"/>"
             "<allow own=\"*\"/></policy></busconfig>",
             b->dir, b->dir);
    write_file(b->dir, "bus.conf", text);
    write_file(b->dir, "nm.service",
               "[D-BUS Service]\nName=org.freedesktop.NetworkManager\n"
               "Exec=/usr/bin/python3 -m dbusmock org.freedesktop.NetworkManager /org/freedesktop/NetworkManager "
               "org.freedesktop.NetworkManager\n");
    snprintf(conf, sizeof conf, "--config-file=%s/bus.conf", b->dir);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    b->pid = fork();
    assert_true(b->pid >= 0);
    if (b->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nobody behind */
        int null = open("/dev/null", O_RDWR);
        dup2(null, 1); /* the mock logs there */
        dup2(null, 2);
        dup2(out[1], 3);
        execlp("dbus-daemon", "dbus-daemon", conf, "--nofork", "--nopidfile", "--print-address=3", (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    assert_true(read(out[0], text, sizeof text) > 5); /* it listens now */
    close(out[0]);
    snprintf(text, sizeof text, "unix:path=%s/bus", b->dir);
    assert_int_equal(setenv("DBUS_SYSTEM_BUS_ADDRESS", text, 1), 0);
}

static void bus_stop(struct bus *b)
{
    int status;
    assert_int_equal(kill(b->pid, SIGTERM), 0);
    assert_int_equal(waitpid(b->pid, &status, 0), b->pid);
}

static void bus_close(struct bus *b)
{
    static const char *const names[] = {"bus", "bus.conf", "nm.service"};
    for (size_t i = 0; i < 3; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", b->dir, names[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(b->dir), 0);
}

static void tell_nm(const struct bus *b, const char *what)
{
    char command[512];
    snprintf(command, sizeof command,
             "dbus-send --bus=unix:path=%s/bus --print-reply --dest=org.freedesktop.NetworkManager "
             "/org/freedesktop/NetworkManager %s >/dev/null",
             b->dir, what);
    assert_int_equal(system(command), 0);
}

static void set_metered(const struct bus *b, unsigned v)
{
    char what[200];
    snprintf(what, sizeof what,
             "org.freedesktop.DBus.Properties.Set string:org.freedesktop.NetworkManager string:Metered "
             "variant:uint32:%u",
             v);
    tell_nm(b, what);
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Waits and steps until it says so, or ms have passed. */
static enum meter_state wait_for(struct meter *m, enum meter_state want, int ms)
{
    int64_t end = now_ms() + ms;
    while (now_ms() < end && meter_state(m) != want) {
        struct pollfd set[1];
        size_t n = meter_poll(m, set);
        int wait = meter_wait(m), left = (int)(end - now_ms());
        (void)poll(set, n, wait < left ? wait : left > 0 ? left : 0);
        int64_t before = now_ms();
        meter_step(m);
        assert_true(now_ms() - before < 400);
    }
    return meter_state(m);
}

static void network_manager_is_asked_and_its_changes_are_heard(void **state)
{
    struct bus b;
    struct meter *m;
    (void)state;
    bus_open(&b);
    tell_nm(&b, "org.freedesktop.DBus.Mock.AddProperty string:org.freedesktop.NetworkManager string:Metered "
                "variant:uint32:1");
    assert_int_equal(meter_open(&m), ERR_OK);
    assert_int_equal(meter_state(m), METER_UNKNOWN);
    assert_int_equal(wait_for(m, METER_YES, PATIENCE), METER_YES);
    set_metered(&b, 2);
    assert_int_equal(wait_for(m, METER_NO, PATIENCE), METER_NO);
    set_metered(&b, 3);
    assert_int_equal(wait_for(m, METER_YES, PATIENCE), METER_YES);
    set_metered(&b, 4);
    assert_int_equal(wait_for(m, METER_NO, PATIENCE), METER_NO);
    set_metered(&b, 0);
    assert_int_equal(wait_for(m, METER_UNKNOWN, PATIENCE), METER_UNKNOWN);
    set_metered(&b, 1);
    assert_int_equal(wait_for(m, METER_YES, PATIENCE), METER_YES);
    /* quiet until something changes */
    assert_true(meter_wait(m) > 1000);
    bus_stop(&b);
    assert_int_equal(wait_for(m, METER_UNKNOWN, PATIENCE), METER_UNKNOWN);
    struct pollfd set[1];
    assert_int_equal(meter_poll(m, set), 0);
    assert_true(meter_wait(m) > 1000);
    meter_free(m);
    bus_close(&b);
}

static void it_works_behind_the_limits_of_the_program(void **state)
{
    struct bus b;
    struct meter *m;
    int status;
    (void)state;
    bus_open(&b);
    tell_nm(&b, "org.freedesktop.DBus.Mock.AddProperty string:org.freedesktop.NetworkManager string:Metered "
                "variant:uint32:2");
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (confine_self(NULL, 0, CONFINE_NET) || meter_open(&m))
            _exit(1);
        int code = wait_for(m, METER_NO, PATIENCE) == METER_NO ? 0 : 2;
        meter_free(m);
        _exit(code);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    bus_stop(&b);
    bus_close(&b);
}

static void a_bus_without_network_manager_knows_nothing_and_starts_none(void **state)
{
    struct bus b;
    struct meter *m;
    char command[300];
    (void)state;
    bus_open(&b);
    assert_int_equal(meter_open(&m), ERR_OK);
    /* connected, asked, answered: then it is quiet for a minute */
    for (int i = 0; i < 100 && meter_wait(m) < 1000; i++) {
        struct pollfd set[1];
        (void)poll(set, meter_poll(m, set), meter_wait(m));
        meter_step(m);
    }
    struct pollfd set[1];
    assert_int_equal(meter_poll(m, set), 1);
    assert_true(meter_wait(m) > 1000);
    assert_int_equal(meter_state(m), METER_UNKNOWN);
    snprintf(command, sizeof command,
             "dbus-send --bus=unix:path=%s/bus --print-reply --dest=org.freedesktop.DBus / "
             "org.freedesktop.DBus.NameHasOwner string:org.freedesktop.NetworkManager | grep -q false",
             b.dir);
    assert_int_equal(system(command), 0);
    meter_free(m);
    bus_stop(&b);
    bus_close(&b);
}

static void without_a_bus_it_is_unknown_at_once(void **state)
{
    struct meter *m;
    struct pollfd set[1];
    (void)state;
    assert_int_equal(setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1), 0);
    assert_int_equal(meter_open(&m), ERR_OK);
    assert_int_equal(meter_wait(m), 0);
    meter_step(m);
    assert_int_equal(meter_state(m), METER_UNKNOWN);
    assert_int_equal(meter_poll(m, set), 0);
    assert_true(meter_wait(m) > METER_AGAIN / 2);
    meter_ask(m); /* the network has changed */
    assert_true(meter_wait(m) <= 1000);
    meter_free(m);
    meter_free(NULL);
}

static void a_bus_that_says_nothing_holds_up_nothing(void **state)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    struct meter *m;
    struct pollfd set[1];
    char dir[] = "/tmp/meter-XXXXXX", text[200];
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(to.sun_path, sizeof to.sun_path, "%s/bus", dir);
    int l = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(l, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(listen(l, 1), 0);
    snprintf(text, sizeof text, "unix:path=%s", to.sun_path);
    assert_int_equal(setenv("DBUS_SYSTEM_BUS_ADDRESS", text, 1), 0);
    assert_int_equal(meter_open(&m), ERR_OK);
    int64_t begun = now_ms();
    unsigned steps = 0;
    do {
        (void)poll(set, meter_poll(m, set), meter_wait(m));
        meter_step(m);
        steps++;
    } while (meter_poll(m, set) == 1 && now_ms() - begun < PATIENCE);
    assert_in_range(now_ms() - begun, METER_PATIENCE - 50, METER_PATIENCE + 1000);
    assert_true(steps < 20);
    assert_int_equal(meter_state(m), METER_UNKNOWN);
    meter_free(m);
    close(l);
    assert_int_equal(unlink(to.sun_path), 0);
    assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(network_manager_is_asked_and_its_changes_are_heard),
        cmocka_unit_test(it_works_behind_the_limits_of_the_program),
        cmocka_unit_test(a_bus_without_network_manager_knows_nothing_and_starts_none),
        cmocka_unit_test(without_a_bus_it_is_unknown_at_once),
        cmocka_unit_test(a_bus_that_says_nothing_holds_up_nothing),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
