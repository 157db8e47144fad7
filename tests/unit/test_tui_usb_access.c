/* What the doctor says of USB, by systems of folders: none, no files, a camera
 * that may not be used, and what is no camera. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tui/usb_access.h"

static char root[] = "/tmp/feldsher-usb.XXXXXX";

static void shell(const char *script)
{
    char line[2048];
    snprintf(line, sizeof line, "cd %s && %s", root, script);
    assert_int_equal(system(line), 0);
}

/* device PORT VENDOR CLASS SUBCLASS PROTOCOL NUMBER */
#define DEVICE                                                                                                         \
    "device() { d=sys/bus/usb/devices/$1; mkdir -p $d $d:1.0 dev/bus/usb/001; echo $2 >$d/idVendor; echo 1 "           \
    ">$d/busnum; "                                                                                                     \
    "echo $6 >$d/devnum; echo $3 >$d:1.0/bInterfaceClass; echo $4 >$d:1.0/bInterfaceSubClass; "                        \
    "echo $5 >$d:1.0/bInterfaceProtocol; echo >dev/bus/usb/001/00$6; chmod 0 dev/bus/usb/001/00$6; }; "

static int begin(void **state)
{
    (void)state;
    memcpy(root + strlen(root) - 6, "XXXXXX", 6);
    return mkdtemp(root) ? 0 : -1;
}

static int end(void **state)
{
    char line[128];
    (void)state;
    snprintf(line, sizeof line, "rm -rf %s", root);
    return system(line);
}

static struct usb_access look(void)
{
    struct usb_access a;
    usb_access_look(&a, root);
    return a;
}

/* Root may use everything, and needs no rule. */
static void run_as_nobody(void (*test)(void))
{
    if (geteuid() == 0) {
        assert_int_equal(chmod(root, 0755), 0);
        assert_int_equal(setresuid(65534, 65534, 0), 0);
    }
    test();
    if (getuid() == 65534)
        assert_int_equal(setresuid(0, 0, 0), 0);
}

static void nothing(void)
{
    struct usb_access a = look();
    assert_false(a.system || a.nodes || a.told || a.rule);
    assert_string_equal(a.denied, "");
}

static void a_machine_without_usb_has_some(void **state)
{
    (void)state;
    run_as_nobody(nothing);
    shell("mkdir -p sys/bus/usb/devices"); /* a kernel with a driver, a machine without a port */
    run_as_nobody(nothing);
}

static void files_alone(void)
{
    struct usb_access a = look();
    assert_true(a.system && a.nodes);
    assert_false(a.told || a.rule);
}

static void all(void)
{
    struct usb_access a = look();
    assert_true(a.system && a.nodes && a.told && a.rule);
}

static void what_is_there_is_not_seen(void **state)
{
    (void)state;
    shell("mkdir -p sys/bus/usb/devices/usb1 dev/bus/usb/001 run/udev usr/local/lib/udev/rules.d");
    run_as_nobody(files_alone);
    shell("touch run/udev/control usr/local/lib/udev/rules.d/70-feldsher.rules");
    run_as_nobody(all);
}

static void only_the_keyboard(void)
{
    assert_string_equal(look().denied, "");
}

static void the_disk(void)
{
    assert_string_equal(look().denied, "1-2");
}

static void the_recorder(void)
{
    assert_string_equal(look().denied, "1-4.1");
}

static void a_camera_that_may_not_be_used_is_not_told(void **state)
{
    (void)state;
    shell(DEVICE "mkdir -p sys/bus/usb/devices/usb1; device 1-1 046d 03 01 01 2; device 1-3 1234 ff 06 50 5");
    run_as_nobody(only_the_keyboard);
    shell(DEVICE "device 1-2 abcd 08 06 50 3");
    run_as_nobody(the_disk);
    shell(DEVICE "rm -r sys/bus/usb/devices/1-2*; device 1-2 abcd 06 01 01 3");
    run_as_nobody(the_disk);
    shell(DEVICE "rm -r sys/bus/usb/devices/1-2*; device 1-4.1 4255 ff 00 00 4");
    run_as_nobody(the_recorder);
    shell("chmod 666 dev/bus/usb/001/*");
    run_as_nobody(only_the_keyboard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_machine_without_usb_has_some, begin, end),
        cmocka_unit_test_setup_teardown(what_is_there_is_not_seen, begin, end),
        cmocka_unit_test_setup_teardown(a_camera_that_may_not_be_used_is_not_told, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
