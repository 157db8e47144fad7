/* STATION/cameras, and which device is a camera by it. */

#include "drivers/dock/choose.h"
#include "storage/base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64], path[96];

static int folder_new(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/feldsher-unit-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/cameras", dir);
    return 0;
}

static int folder_free(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir);
}

static struct usb_seen seen_of(const char *serial, const char *port)
{
    struct usb_seen s = {.arrival = 1, .vendor_id = 0x12ab, .product_id = 0x34cd, .speed = "high"};
    snprintf(s.serial, sizeof s.serial, "%s", serial);
    snprintf(s.port, sizeof s.port, "%s", port);
    s.interfaces[0] = (struct usb_interface){.class = 8, .subclass = 6, .protocol = 0x50, .in = 0x81, .out = 2};
    s.n_interfaces = 1;
    return s;
}

static enum err read_text(const char *text, struct admitted *a)
{
    assert_int_equal(file_write(path, text, strlen(text), 0600), ERR_OK);
    return admitted_read(a, dir);
}

static void who_is_admitted_is_known_until_forgotten(void **state)
{
    (void)state;
    struct usb_seen one = seen_of("SN 1 of 2", "1-1"), same = seen_of("SN 1 of 2", "3-4"),
                    other = seen_of("SN 2", "1-2");
    struct admitted a;
    assert_int_equal(admitted_read(&a, dir), ERR_OK); /* no file: none */
    assert_null(admitted_find(&a, &one));
    admitted_free(&a);
    assert_int_equal(admitted_add(dir, &one, "generic-storage", 1764057600000), ERR_OK);
    assert_int_equal(admitted_add(dir, &one, "generic-mtp", 1764057600000), ERR_OK); /* in its place */
    assert_int_equal(admitted_read(&a, dir), ERR_OK);
    assert_int_equal(a.n, 1);
    assert_string_equal(admitted_find(&a, &same)->profile, "generic-mtp");
    assert_null(admitted_find(&a, &other));
    same.product_id++;
    assert_null(admitted_find(&a, &same));
    admitted_free(&a);
    assert_int_equal(admitted_forget(dir, "SN 2"), ERR_NOINPUT);
    assert_int_equal(admitted_forget(dir, "SN 1 of 2"), ERR_OK);
    assert_int_equal(admitted_read(&a, dir), ERR_OK);
    assert_int_equal(a.n, 0);
    admitted_free(&a);
}

static void without_a_number_nobody_is_admitted(void **state)
{
    (void)state;
    struct usb_seen none = seen_of("", "1-1");
    struct admitted a;
    assert_int_equal(admitted_add(dir, &none, "generic-storage", 0), ERR_USAGE);
    assert_int_equal(read_text("feldsher-cameras 1\n", &a), ERR_OK);
    assert_null(admitted_find(&a, &none));
    admitted_free(&a);
}

static void damaged_list_is_said_with_its_line(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "feldsher-cameras 1\ncamera: 12ab:34cd generic-mtp 2026-11-25T07:30:00Z\n",
        "feldsher-cameras 1\ncamera: 12ab:34cg generic-mtp 2026-11-25T07:30:00Z SN\n",
        "feldsher-cameras 1\ncamera: 12ab-34cd generic-mtp 2026-11-25T07:30:00Z SN\n",
        "feldsher-cameras 1\ncamera: 12ab:34cd generic-mtp yesterday SN\n",
        "feldsher-cameras 1\ncamera: 12ab:34cd\n",
    };
    struct admitted a;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(read_text(bad[i], &a), ERR_DATA);
        assert_non_null(strstr(err_text(), "line 2"));
        assert_null(a.v);
    }
    assert_int_equal(read_text("feldsher-cameras 1\nlater: word\n"
                               "camera: 12ab:34cd generic-mtp 2026-11-25T07:30:00Z SN 7\n",
                               &a),
                     ERR_OK);
    assert_int_equal(a.n, 1);
    assert_string_equal(a.v[0].serial, "SN 7");
    admitted_free(&a);
}

static void only_who_is_admitted_or_proves_itself_is_chosen(void **state)
{
    (void)state;
    struct profiles *all;
    const struct profile *model;
    struct usb_seen stick = seen_of("SN 7", "1-1"), keyboard = stick;
    struct admitted a;
    keyboard.interfaces[0] = (struct usb_interface){.class = 3, .subclass = 1, .protocol = 1, .event = 0x81};
    assert_int_equal(profiles_load(&all, dir), ERR_OK);
    assert_int_equal(admitted_read(&a, dir), ERR_OK);
    assert_int_equal(choose(all, &a, &stick, &model), CHOICE_POSSIBLE);
    assert_int_equal(choose(all, &a, &keyboard, &model), CHOICE_NONE);
    assert_null(model);
    assert_int_equal(admitted_add(dir, &stick, "generic-storage", 0), ERR_OK);
    admitted_free(&a);
    assert_int_equal(admitted_read(&a, dir), ERR_OK);
    assert_int_equal(choose(all, &a, &stick, &model), CHOICE_ADMITTED);
    assert_string_equal(profile_name(model), "generic-storage");
    stick.denied = true;
    assert_int_equal(choose(all, &a, &stick, &model), CHOICE_DENIED);
    keyboard.denied = true; /* whoever may not use a keyboard is not bothered with it */
    assert_int_equal(choose(all, &a, &keyboard, &model), CHOICE_NONE);
    admitted_free(&a);
    profiles_free(all);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, folder_new, folder_free)
    const struct CMUnitTest tests[] = {
        CASE(who_is_admitted_is_known_until_forgotten),
        CASE(without_a_number_nobody_is_admitted),
        CASE(damaged_list_is_said_with_its_line),
        CASE(only_who_is_admitted_or_proves_itself_is_chosen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
